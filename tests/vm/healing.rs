//! A reader that was unplugged, and a service that died: how long after their return the card is read again.
//!
//! The card itself is the witness: it counts the agent's exchanges. What is printed is measured in an
//! emulated machine; the bounds asserted here only say that it heals at all.

use std::time::{Duration, Instant};

use simulator::bank::{Bank, Options};

use crate::kiosk::{Codes, Kiosk, until};
use crate::machine::{Card, Controls, Service, stage_is_on};

const ROUNDS: usize = 10;
/// So long without an exchange, the agent has read what it wanted.
const QUIET: Duration = Duration::from_millis(700);

/// An agent before which a card lies in the reader, its identifier read.
struct Desk {
    kiosk: Kiosk,
    card: Card,
    service: Service,
    /// How many exchanges the identifier takes.
    identity: u32,
}

impl Desk {
    async fn start() -> Self {
        let service = Service::start().expect("pcscd starts");
        let folder = tempfile::tempdir().expect("a folder");
        let bank = Bank::start(Options::default()).expect("the simulated bank starts");
        bank.write_files(&folder.path().join("bank")).expect("the credentials are written");
        let kiosk = Kiosk::start(folder, &bank.base_url(), Codes::Scanner);
        drop(kiosk.customer().await);
        let card = Card::insert("somchai").expect("a card goes in");
        let mut desk = Self { kiosk, card, service, identity: 0 };
        desk.quiet_after(1).await;
        desk.identity = desk.card.exchanges();
        desk
    }

    /// Waits until the card has seen `count` exchanges and then none for a while.
    async fn quiet_after(&self, count: u32) {
        let (mut last, mut since) = (0, Instant::now());
        let quiet = until(|| {
            let now = self.card.exchanges();
            if now != last {
                (last, since) = (now, Instant::now());
            }
            (now >= count && since.elapsed() >= QUIET).then_some(())
        });
        assert!(quiet.await.is_some(), "the card is not read: {}", self.kiosk.log());
    }

    /// How long from `begun` until the agent has read the identifier anew.
    async fn read_anew(&self, before: u32, begun: Instant) -> Duration {
        let wanted = before + self.identity;
        let read = until(|| (self.card.exchanges() >= wanted).then(|| begun.elapsed())).await;
        let read = read.unwrap_or(Duration::MAX);
        assert!(read < Duration::MAX, "not healed: {}", self.kiosk.log());
        self.quiet_after(wanted).await;
        read
    }
}

fn print(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |index: usize| times.get(index).map_or(0, Duration::as_millis);
    println!(
        "{what}: {} times, median {} ms, max {} ms",
        times.len(),
        at(times.len() / 2),
        at(times.len() - 1),
    );
}

#[tokio::test]
async fn a_reader_that_is_plugged_in_again_is_used_without_a_person() {
    if !stage_is_on("a_reader_that_is_plugged_in_again_is_used_without_a_person") {
        return;
    }
    let mut controls = Controls::open().expect("the machine's controls");
    let desk = Desk::start().await;
    let customer = desk.kiosk.customer().await;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        controls.unplug_reader().expect("unplugged");
        desk.kiosk.reader_trouble(&customer, Some("READER_GONE")).await;
        let before = desk.card.exchanges();
        let begun = Instant::now();
        controls.plug_reader().expect("plugged in");
        times.push(desk.read_anew(before, begun).await);
        desk.kiosk.reader_trouble(&customer, None).await;
    }
    print("reader plugged in until the card is read", &mut times);
}

#[tokio::test]
async fn a_service_that_comes_back_is_used_without_a_person() {
    if !stage_is_on("a_service_that_comes_back_is_used_without_a_person") {
        return;
    }
    let mut desk = Desk::start().await;
    let customer = desk.kiosk.customer().await;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        desk.service.kill();
        desk.kiosk.reader_trouble(&customer, Some("READER_SERVICE_DOWN")).await;
        let before = desk.card.exchanges();
        let begun = desk.service.restart().expect("pcscd starts again");
        times.push(desk.read_anew(before, begun).await);
        desk.kiosk.reader_trouble(&customer, None).await;
    }
    print("service ready until the card is read", &mut times);
}
