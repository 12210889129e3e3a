//! Whoever else is at the reader: another program in the middle of a reading, a card that is changed for
//! another between two looks or within a reading, and a service that is started anew.
#![expect(clippy::panic, reason = "a test fails with what the page or the program said")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use simulator::bank::Endpoint;
use simulator::customer::{Customer, Hands as _};
use tests::pcscd::{FIRST_SLOT, InsertedCard, PrivatePcscd, stage_is_on};
use tests::personal::expected;

use crate::journey::{Kiosk, NOTICED_WITHIN, poll, until_trouble};
use crate::preference::listed;

/// A hold of a second, a block of 0.3 s, and a look every 100 ms; the rest is for a busy machine.
const TURN_WITHIN_MS: u64 = 10_000;
/// A service that is started anew has the card again within 3 s; the rest is for a busy machine.
const HEALED_WITHIN: Duration = Duration::from_secs(20);
/// A time in which nothing happens at the readers.
const QUIET: Duration = Duration::from_secs(3);
/// One look every half second, to see whether the program ends; some of them more.
const LOOKS_MAX: usize = 10;
/// How often the service is started anew; more by hand.
const RESTARTS: usize = 2;

/// Another program at the same reader.
struct Rival {
    program: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Rival {
    fn at(pcscd: &PrivatePcscd) -> Self {
        let mut command = pcscd.command("rival");
        command.arg(FIRST_SLOT).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut program = command.spawn().expect("the rival is built");
        let orders = program.stdin.take().expect("a pipe");
        let answers = BufReader::new(program.stdout.take().expect("a pipe"));
        Self { program, orders, answers }
    }

    /// Takes a turn at the card; how many milliseconds it had to wait.
    #[track_caller]
    fn turn(&mut self, order: &str) -> u64 {
        writeln!(self.orders, "{order}").expect("the rival listens");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("the rival answers");
        answer.trim().parse().unwrap_or_else(|_| panic!("{order}: {answer}"))
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// From the first touch to the consents, while the card is still being read.
async fn to_consents(kiosk: &mut Kiosk, customer: &Customer, reference: &str) -> Value {
    kiosk.reference = reference.to_owned();
    customer.act(&json!({"action": "start"})).await.expect("started");
    kiosk.show_code();
    kiosk.card = Some(InsertedCard::insert_slow(&kiosk.pcscd, "somchai").expect("a card goes in"));
    customer.until_screen("consents").await.expect("consents")
}

async fn agree(customer: &Customer, consents: &Value) {
    let texts = consents.pointer("/screen/texts").and_then(Value::as_array).map_or(0, Vec::len);
    let agreed = json!({"action": "consents", "answers": vec!["Y"; texts]});
    customer.act(&agreed).await.expect("agreed");
}

/// Waits for the result, and takes its outcome and code.
async fn result(customer: &Customer) -> (String, String) {
    let view = customer.until_screen("result").await.expect("a result");
    let text = |pointer: &str| {
        view.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    (text("/screen/outcome"), text("/screen/failure/code"))
}

#[tokio::test]
async fn another_program_has_its_turn_during_a_photo_and_resets_the_card_unnoticed() {
    if !stage_is_on("another_program_has_its_turn_during_a_photo_and_resets_the_card_unnoticed") {
        return;
    }
    let mut kiosk = Kiosk::start();
    let customer = kiosk.customer().await;
    let consents = to_consents(&mut kiosk, &customer, "SIM-0000-SHARED-01").await;
    let mut rival = Rival::at(&kiosk.pcscd);
    let broken_off = || kiosk.log().matches("reading the card broke off").count();
    let mut waited = vec![rival.turn("look")];
    for recoveries in 1..=2 {
        waited.push(rival.turn("reset"));
        let recovered = || (broken_off() >= recoveries).then_some(());
        poll(NOTICED_WITHIN, recovered).await.expect("the reset came into the reading");
    }
    eprintln!("another program waited {waited:?} ms for its turns");
    assert!(waited.iter().all(|ms| *ms < TURN_WITHIN_MS), "{waited:?} ms");

    agree(&customer, &consents).await;
    customer.until_screen("confirm").await.expect("the photo came all the same");
    let confirmed = json!({"action": "confirm", "postal_code": null, "mobile": null});
    customer.act(&confirmed).await.expect("confirmed");
    assert_eq!(result(&customer).await, ("done".to_owned(), String::new()), "{}", kiosk.log());
    let submits = kiosk.submits();
    let [submit] = submits.as_slice() else { panic!("expected one submit") };
    assert_eq!(submit.get("customerImage"), expected("somchai").get("customerImage"));
}

#[tokio::test]
async fn a_card_that_becomes_another_during_its_photo_is_told_as_swapped_and_reported() {
    if !stage_is_on("a_card_that_becomes_another_during_its_photo_is_told_as_swapped_and_reported")
    {
        return;
    }
    let mut kiosk = Kiosk::start();
    let customer = kiosk.customer().await;
    drop(to_consents(&mut kiosk, &customer, "SIM-0000-SWAPPED-1").await);
    // Faster than the service looks: it sees one card all the time.
    kiosk.card.as_ref().expect("a card").order("become bangkok").expect("the simulator listens");
    let ended = result(&customer).await;
    assert_eq!(ended, ("refused".to_owned(), "CARD_SWAPPED".to_owned()), "{}", kiosk.log());
    let reported = || {
        let records = kiosk.bank.records();
        records.iter().any(|one| one.endpoint() == Endpoint::ReportFailure).then_some(())
    };
    poll(NOTICED_WITHIN, reported).await.expect("the bank is told");
    assert!(kiosk.submits().is_empty());
}

#[tokio::test]
async fn a_card_changed_for_another_between_two_looks_ends_the_journey() {
    if !stage_is_on("a_card_changed_for_another_between_two_looks_ends_the_journey") {
        return;
    }
    let mut kiosk = Kiosk::start();
    let customer = kiosk.customer().await;
    let consents = to_consents(&mut kiosk, &customer, "SIM-0000-UNSEEN-01").await;
    agree(&customer, &consents).await;
    customer.until_screen("confirm").await.expect("everything is read");

    // While the program sees nothing, the card goes and another comes: only the service counts.
    let program = Pid::from_child(&kiosk.program);
    kill_process(program, Signal::STOP).expect("the program runs");
    let card = kiosk.card.as_ref().expect("a card");
    card.order("eject").expect("the simulator listens");
    poll(NOTICED_WITHIN, || (listed(&kiosk.pcscd, "card") == 0).then_some(())).await.expect("out");
    card.order("become bangkok").expect("the simulator listens");
    card.order("insert").expect("the simulator listens");
    poll(NOTICED_WITHIN, || (listed(&kiosk.pcscd, "card") == 1).then_some(())).await.expect("in");
    kill_process(program, Signal::CONT).expect("the program is there");

    let ended = result(&customer).await;
    assert_eq!(ended, ("stopped".to_owned(), "CARD_REMOVED".to_owned()), "{}", kiosk.log());
    assert!(kiosk.log().contains("the card was out and in between two looks"));
    assert!(kiosk.submits().is_empty());
}

#[tokio::test]
async fn the_readers_are_waited_for_and_not_asked_again_and_again() {
    if !stage_is_on("the_readers_are_waited_for_and_not_asked_again_and_again") {
        return;
    }
    let mut kiosk = Kiosk::start();
    let customer = kiosk.customer().await;
    kiosk.insert_card();
    customer.until_screen("scan").await.expect("the card is noticed");
    let looks = || kiosk.log().matches("the readers were looked at").count();
    let before = looks();
    assert!(poll(QUIET, || None::<()>).await.is_none());
    let looks = looks() - before;
    eprintln!("{looks} looks at the readers in {QUIET:?} in which nothing happened");
    assert!((1..=LOOKS_MAX).contains(&looks), "{looks}");
}

#[tokio::test]
async fn a_service_that_is_started_anew_has_the_card_again_soon() {
    if !stage_is_on("a_service_that_is_started_anew_has_the_card_again_soon") {
        return;
    }
    let mut kiosk = Kiosk::start();
    let customer = kiosk.customer().await;
    kiosk.insert_card();
    let restarts = std::env::var("DIPCHIP_RESTARTS").ok().and_then(|text| text.parse().ok());
    let mut times = Vec::new();
    for round in 0..restarts.unwrap_or(RESTARTS) {
        kiosk.pcscd.kill();
        until_trouble(&customer, "READER_SERVICE_DOWN").await;
        kiosk.reference = format!("SIM-0000-HEALED-{round:02}");
        customer.act(&json!({"action": "start"})).await.expect("started");
        kiosk.show_code();
        customer.until_screen("insert_card").await.expect("only the card is missing");
        let begun = Instant::now();
        kiosk.pcscd.restart().expect("pcscd starts again");
        // The bank has been asked: chip number and identifier were read.
        customer.until_screen("consents").await.expect("the card is read again");
        times.push(begun.elapsed());
        customer.act(&json!({"action": "cancel"})).await.expect("cancelled");
        customer.leave().await.expect("the page is free again");
    }
    times.sort_unstable();
    let (median, max) = (times.get(times.len() / 2), times.last());
    eprintln!("{} restarts: median {median:?}, max {max:?}", times.len());
    assert!(max.is_some_and(|max| *max < HEALED_WITHIN), "{times:?}");
}
