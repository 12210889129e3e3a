//! After a journey nothing of the customer is left in the program's memory.
//!
//! The production program's own memory is read while it runs, within a second of the end, and searched for
//! every value that the card told, for the portrait, for what the camera saw and for the selfie that the
//! bank received, in every form in which they could lie there.

#![expect(clippy::panic, reason = "a slip of another form fails the test")]

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use simulator::bank::{Bank, Endpoint, Fault, Kind};
use tests::camera::picture;
use tests::pcscd::stage_is_on;
use tests::personal::Person;
use vision::Frame;

use crate::kiosk::{FACE, Kiosk, MOBILE, poll};
use crate::{number, say};

/// How many journeys to walk, every other one with a selfie; a build walks so many.
const JOURNEYS: (&str, u32) = ("DIPCHIP_JOURNEYS", 6);
/// What is read later than this after the end shows nothing.
const READ_WITHIN: Duration = Duration::from_secs(1);
/// A connection that the bank has ended is noticed at once, on a busy machine a little later.
const HUNG_UP_WITHIN: Duration = Duration::from_secs(10);
/// The bank thinks for so long, while the program's memory is read.
const THINKING: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_finished_journey_is_left_in_the_programs_memory() {
    if !stage_is_on("nothing_of_a_finished_journey_is_left_in_the_programs_memory") {
        return;
    }
    let journeys = number(JOURNEYS);
    let mut kiosk = Kiosk::open();
    let mut program = kiosk.live();
    let (mut found, mut latest, mut bytes) = (Vec::new(), Duration::ZERO, 0);
    let mut slip = Vec::new();
    for journey in 1..=journeys {
        let errand = if journey % 2 == 0 { "0000-FACE" } else { "0000" };
        let reference = format!("SIM-{errand}-MEMORY-{journey:05}");
        slip = kiosk.whole_journey(&reference).await;
        let ended = Instant::now();
        let memory = memory_of(program.id());
        (latest, bytes) = (latest.max(ended.elapsed()), memory.len());
        let selfie = selfie(&kiosk.bank);
        assert_eq!(selfie.is_some(), journey % 2 == 0, "every other journey has a selfie");
        let person = person(&reference, selfie.as_deref());
        for trace in person.found_in(&memory) {
            found.push(format!("{reference}: {} ({})", trace.field, trace.form));
        }
        kiosk.put_the_card_in();
    }
    // An open connection's buffers are not ours to wipe, and hold what came last: it may say the slip's numbers.
    kiosk.bank.close();
    let numbers = numbers(&slip);
    let wiped = || numbers.found_in(&memory_of(program.id())).is_empty().then_some(());
    let wiped = poll(HUNG_UP_WITHIN, wiped).await;
    program.kill();
    say(&format!(
        "{journeys} journeys, {} values left; {} MB were read at most {latest:?} after the end",
        found.len(),
        bytes / 1_000_000,
    ));
    assert!(latest <= READ_WITHIN, "read {latest:?} after the end, expected {READ_WITHIN:?}");
    assert!(found.is_empty(), "the memory holds {found:#?}");
    assert!(wiped.is_some(), "the slip's numbers are left although the bank has hung up");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_a_journey_under_way_is_found_by_the_same_search() {
    if !stage_is_on("the_memory_of_a_journey_under_way_is_found_by_the_same_search") {
        return;
    }
    let reference = "SIM-0000-FACE-MEMORY-00000";
    let mut kiosk = Kiosk::open();
    kiosk.bank.add_fault(Fault::new(Kind::Latency(THINKING)).at(Endpoint::Submit));
    let mut program = kiosk.live();
    let customer = kiosk.customer().await;
    let walking = kiosk.walk(&customer, reference);
    let sending = customer.until(|view| view["stage"] == "submit");
    let memory = tokio::select! {
        _ = walking => Vec::new(),
        _ = sending => memory_of(program.id()),
    };
    let answered = customer.until(|view| view["stage"] == "result");
    answered.await.expect("an answer");
    program.kill();
    let selfie = selfie(&kiosk.bank).expect("a selfie was sent");
    let found = person(reference, Some(&selfie)).found_in(&memory);
    for field in ["citizenId", "firstNameTH", "customerImage", "customerSelfieImage", "reference"] {
        assert!(found.iter().any(|trace| trace.field == field), "{field} is not found");
    }
}

#[tokio::test]
async fn no_core_file_may_be_written() {
    if !stage_is_on("no_core_file_may_be_written") {
        return;
    }
    let kiosk = Kiosk::open();
    let mut program = kiosk.live();
    drop(kiosk.customer().await);
    let limits = fs::read_to_string(format!("/proc/{}/limits", program.id())).expect("it runs");
    program.kill();
    let cores = limits.lines().find(|line| line.starts_with("Max core file size"));
    let cores: Vec<&str> = cores.unwrap_or_default().split_whitespace().skip(4).take(2).collect();
    assert_eq!(cores, ["0", "0"], "no core file may be written");
}

/// Everything that there is to know of the customer of a journey.
fn person(reference: &str, selfie: Option<&[u8]>) -> Person {
    let person = Person::of_card("somchai").and_reference(reference);
    let person = person.and_typed("mobileNumber", MOBILE);
    let seen = picture(FACE);
    let pixels = Frame::from_jpeg(&seen).expect("the camera's picture");
    let person = person.and_picture("camera", &seen).and_picture("pixels", pixels.luma());
    match selfie {
        Some(jpeg) => person.and_picture("customerSelfieImage", jpeg),
        None => person,
    }
}

/// The channel's and the customer's numbers are the bank's first two lines of a slip (§3).
fn numbers(slip: &[String]) -> Person {
    let [.., channel, customer, _kind] = slip else { panic!("a slip of {} lines", slip.len()) };
    Person::default().and_typed("ref1", channel).and_typed("ref2", customer)
}

/// The selfie of the last submit, as the bank received it.
fn selfie(bank: &Bank) -> Option<Vec<u8>> {
    let records = bank.records();
    let submit = records.iter().rfind(|record| record.endpoint() == Endpoint::Submit)?.json();
    let text = submit.get("customerSelfieImage")?.as_str()?;
    Some(STANDARD.decode(text).expect("Base64"))
}

/// Everything that the process can write to.
fn memory_of(process: u32) -> Vec<u8> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).expect("the program runs");
    let memory = File::open(format!("/proc/{process}/mem")).expect("root reads any memory");
    let mut all = Vec::new();
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let bounds = range.split_once('-').and_then(|(from, to)| {
            Some((u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?))
        });
        let Some((from, to)) = bounds.filter(|_| rights.starts_with("rw")) else { continue };
        let mut piece = vec![0; usize::try_from(to - from).unwrap_or(0)];
        // A mapping of a device cannot be read this way.
        if memory.read_exact_at(&mut piece, from).is_ok() {
            all.extend_from_slice(&piece);
        }
    }
    assert!(!all.is_empty(), "the memory can be read");
    all
}
