//! The production program, killed at random moments and at every named transition, again and again.
//!
//! Real files and `fsync`, a real pcscd, HTTPS to the simulated bank. After every kill the bank's memory is
//! held against the journal (`promises`). Run by `tests/run kill`; `DIPCHIP_KILLS` says how often.

mod chance;
mod evidence;
mod kiosk;
mod memory;
mod plan;
mod promises;

use std::io::Write as _;
use std::time::Instant;

use simulator::bank::Stage;
use tests::pcscd::stage_is_on;

use chance::Chance;
use kiosk::Kiosk;
use plan::Plan;
use promises::Promises;

/// How often to kill; a build does it so often within four minutes.
const KILLS: (&str, u32) = ("DIPCHIP_KILLS", 300);
/// Which row of chances; another one kills at other moments.
const SEED: (&str, u32) = ("DIPCHIP_SEED", 1);
/// After so many kills everything must come to its end, and the journal begins anew.
const GENERATION: u32 = 50;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_sent_twice_however_often_the_program_is_killed() {
    let name = "nothing_is_lost_and_nothing_is_sent_twice_however_often_the_program_is_killed";
    if !stage_is_on(name) {
        return;
    }
    let (kills, begun) = (number(KILLS), Instant::now());
    let mut chance = Chance::new(number(SEED));
    let mut kiosk = Kiosk::open();
    let mut promises = Promises::default();
    for kill in 1..=kills {
        let plan = Plan::draw(kill, &mut chance);
        kiosk.live_and_die(&plan).await;
        look(&mut promises, &kiosk);
        if kill % GENERATION == 0 || kill == kills {
            kiosk.settle_everything().await;
            look(&mut promises, &kiosk);
            all_kept(&mut promises, &kiosk);
            kiosk.begin_anew();
            promises.begin_anew();
            let each = begun.elapsed().as_millis() / u128::from(kill);
            say(&format!("{kill} kills, {each} ms each; {}", promises.told()));
        }
        if let Some(broken) = promises.broken() {
            panic!("{broken}\nafter {}\n{}", plan.told(), kiosk.log());
        }
    }
    say(&kiosk.table());
}

fn look(promises: &mut Promises, kiosk: &Kiosk) {
    promises
        .look(&evidence::receipts(&kiosk.bank, kiosk.began), &evidence::journal(&kiosk.journal()));
}

fn all_kept(promises: &mut Promises, kiosk: &Kiosk) {
    let (entries, _) = evidence::journal(&kiosk.journal());
    promises.all_kept(&entries, |name| kiosk.bank.stage(name) == Some(Stage::Failed));
}

/// Not by a macro, whose output a passing test keeps to itself.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn number((variable, otherwise): (&str, u32)) -> u32 {
    let given = std::env::var(variable).ok().and_then(|text| text.parse().ok());
    given.unwrap_or(otherwise)
}
