//! How often a customer who confirms waits for the disk: counted in the calls of the program, not timed.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use agent::journal::{Journal, Moment, Sending};
use agent::sendings::Sendings;
use protocol::{BankTime, Endpoint, Reference};
use serde_json::json;
use session::DopaPolicy;
use simulator::bank::{Cut, Endpoint as AtTheBank, Fault, Kind, Record};
use simulator::customer::Hands as _;
use tests::stage::Stage;

use crate::disk::{self, Operation};
use crate::recorded;
use crate::script::{FOLDER, PROMISES, marker};

/// From the confirmation to the first byte of a submit.
const SYNCS_MOST: usize = 2;
const NOW: BankTime = BankTime::from_millis(1_790_000_000_000);
const TRANSACTION: &str = "a01fa0ae-190a-49d5-9cc1-465f9f9ab0dc";

/// The syncs of the journal's files between two marks, pair by pair.
fn syncs(operations: &[Operation]) -> Vec<(String, usize)> {
    let mut counted: Vec<(String, usize)> = Vec::new();
    let mut counts = false;
    for operation in operations {
        if let Some(mark) = marker(operation) {
            counts = mark.trim() != "end";
            if counts {
                counted.push((mark.trim().to_owned(), 0));
            }
        }
        let Operation::Sync { name } = operation else { continue };
        if let Some((_, count)) = counted.last_mut().filter(|_| counts)
            && name.contains("journal.sqlite")
        {
            *count += 1;
        }
    }
    counted
}

fn count(script: &str) -> Vec<(String, usize)> {
    let work = tempfile::tempdir().expect("a folder");
    let folder = work.path().join("folder");
    let counted = syncs(&disk::read(&recorded(work.path(), &folder, script), &folder));
    println!("{counted:?}");
    counted
}

fn marks(folder: &Path) -> impl FnMut(&str) {
    let mut file: File =
        OpenOptions::new().create(true).append(true).open(folder.join(PROMISES)).expect("a file");
    move |mark| file.write_all(format!("{mark}\n").as_bytes()).expect("a mark")
}

#[test]
fn a_submit_waits_for_two_syncs_and_its_repetition_for_one() {
    let counted = count("cost::the_customers_path");
    assert_eq!(counted.len(), 40, "every submit was marked");
    for (what, syncs) in counted {
        let most = if what == "first" { SYNCS_MOST } else { 1 };
        assert_eq!(syncs, most, "{what}: none too many, and none that would break a promise");
    }
}

#[test]
fn the_whole_agent_waits_for_two_syncs_before_a_submit_reaches_the_bank() {
    let counted = count("cost::the_whole_journey");
    assert_eq!(counted, [("journey".to_owned(), SYNCS_MOST)]);
}

/// Not a test of its own: twenty customers beside thirty that the bank owes an answer.
#[test]
fn the_customers_path() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let mut mark = marks(folder);
    let reference = |text: String| Reference::parse(&text).expect("a reference");
    let journal = Journal::open(folder).expect("a journal");
    for number in 0..30 {
        let reference = reference(format!("SIM-0000-OPEN-{number:02}"));
        let (endpoint, body) = (Endpoint::Submit, &[b'x'; 30_000]);
        let id = journal
            .prepare(Sending { endpoint, reference: &reference, body }, Moment::vouched(NOW));
        journal.sent(id.expect("prepared"), TRANSACTION, NOW).expect("sent");
    }
    let sendings = Sendings::new(journal);
    for number in 0..20 {
        let reference = reference(format!("SIM-0000-COST-{number:02}"));
        mark("first");
        let prepared =
            sendings.submit(&reference, &[b'x'; 190_000], Moment::vouched(NOW)).expect("prepared");
        sendings.sent(prepared.id, TRANSACTION, NOW).expect("sent");
        mark("end");
        mark("again");
        sendings.sent(prepared.id, TRANSACTION, NOW).expect("sent");
        mark("end");
        sendings.answered(prepared.id, Ok(()), NOW).expect("closed");
        // As the outbox does between two customers.
        sendings.entries().tidy(Moment::unvouched(NOW)).expect("tidied");
    }
}

fn compactions() -> usize {
    let log = agent::log::captured().bytes();
    String::from_utf8_lossy(&log).matches("the journal is compacted").count()
}

/// Not a test of its own: a customer of the whole agent, marked until the bank has the submit.
#[test]
fn the_whole_journey() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let mut mark = marks(Path::new(&folder));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let stage = Stage::open(DopaPolicy::Off).await;
        let mut every = tokio::time::interval(Duration::from_millis(10));
        let mut hands = stage.hands("somchai", "SIM-0000-COST-AGENT");
        let customer = stage.customer().await;
        customer.act(&json!({"action": "start"})).await.expect("started");
        hands.show_code();
        hands.insert_card();
        customer.until_screen("confirm").await.expect("the data");
        // After the start, while nobody waits: not within the marks.
        while compactions() == 0 {
            every.tick().await;
        }
        // No answer to be written down before the mark; the repetition comes two seconds later.
        let cut = Fault::new(Kind::Cut(Cut::BeforeAnswer));
        stage.bank.add_fault(cut.at(AtTheBank::Submit).times(1));
        stage.bank.forget_records();
        mark("journey");
        let confirm = json!({"action": "confirm", "postal_code": "50200", "mobile": null});
        customer.act(&confirm).await.expect("confirmed");
        let submit = |one: &Record| one.endpoint() == AtTheBank::Submit;
        while !stage.bank.records().iter().any(submit) {
            every.tick().await;
        }
        mark("end");
        customer.until_screen("result").await.expect("the journey ends");
        stage.world.slot().eject();
        customer.leave().await.expect("the page is free again");
    });
}
