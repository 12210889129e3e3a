//! Killed at each row of §1.9's table, as far as a journal on the disk tells: what the next start does of it.
//!
//! Each test leaves the files that the row names and starts the agent over them; the bank's memory and the
//! journal say what came of it. Kills of the running program are `tests/kill`'s.

use std::time::Duration;

use agent::journal::{EntryId, Journal, Moment, Past, Sending};
use protocol::{BankTime, Endpoint as Journaled};
use serde_json::json;
use session::DopaPolicy;
use simulator::bank::{Acting, Cut, Endpoint, Fault, Kind, Record, Stage as BankStage};
use tests::stage::Stage;

use crate::stage::{check, confirm, records, until, up_to_the_data};

const TRANSACTION: &str = "a01fa0ae-190a-49d5-9cc1-465f9f9ab0dc";

/// What the journal says of a customer's data when the power is back.
#[derive(Clone, Copy)]
enum Left {
    /// Sealed so many minutes ago, never sent.
    Prepared { minutes: i64 },
    /// One attempt began.
    Sent,
}

fn now() -> BankTime {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = since.expect("a clock after 1970").as_millis();
    BankTime::from_millis(i64::try_from(millis).expect("a year before 292 million"))
}

/// A machine that was killed under a submit which met this at the bank, with the journal left so.
async fn killed(reference: &str, met: Cut, left: Left) -> Stage {
    let mut stage = Stage::open(DopaPolicy::Off).await;
    stage.bank.add_fault(Fault::new(Kind::Cut(met)).at(Endpoint::Submit));
    let (customer, _) = up_to_the_data(&stage, reference).await;
    confirm(&customer).await;
    until(|| records(&stage, Endpoint::Submit).pop()).await;
    stage.stop_agent().await;
    stage.world.slot().eject();

    let journal = journal(&stage);
    let entry = journal.unfinished().expect("readable").pop().expect("it is open");
    let body = journal.body(entry.id).expect("this machine's key");
    let reference = entry.reference.expect("this machine's key");
    let (age_ms, sent) = match left {
        Left::Prepared { minutes } => (minutes * 60_000, false),
        Left::Sent => (0, true),
    };
    let created = BankTime::from_millis(now().millis() - age_ms);
    let sending = Sending { endpoint: Journaled::Submit, reference: &reference, body: &body };
    let id = journal
        .prepare(sending, Moment::vouched(created))
        .expect("it takes the place of the other");
    if sent {
        journal.sent(id, TRANSACTION, created).expect("written");
    }
    drop(journal);
    stage.bank.clear_faults();
    stage.bank.forget_records();
    stage
}

fn journal(stage: &Stage) -> Journal {
    Journal::open(&stage.folder.path().join("journal")).expect("the journal is sound")
}

/// How the newest entry of the journal ended, once it has.
async fn ended(stage: &Stage) -> String {
    let journal = journal(stage);
    until(|| newest(&journal).answer).await
}

fn newest(journal: &Journal) -> Past {
    journal.history().expect("readable").pop().expect("an entry")
}

fn submits_of(stage: &Stage, reference: &str) -> Vec<Record> {
    let mut submits = records(stage, Endpoint::Submit);
    submits.retain(|submit| submit.reference() == Some(reference));
    submits
}

/// The agent runs over what was left, and has served a customer beside it.
async fn started_anew(stage: &mut Stage, other: &str) {
    stage.start_agent().await;
    check(&stage.walk("bangkok", other).await, "done", "0000");
}

#[tokio::test]
async fn killed_before_the_confirmation_nothing_is_sent_and_the_code_stays_valid() {
    let mut stage = Stage::open(DopaPolicy::Off).await;
    let (_customer, _) = up_to_the_data(&stage, "SIM-0000-ROW-1").await;
    stage.stop_agent().await;
    stage.world.slot().eject();
    assert!(journal(&stage).history().expect("readable").is_empty(), "nothing was written");

    stage.start_agent().await;
    let customer = stage.customer().await;
    let view = customer.view().await.expect("the page is there");
    assert_eq!(view.pointer("/screen/name"), Some(&json!("attract")));
    customer.leave().await.expect("the page is free again");
    let sent = |one: &Record| matches!(one.endpoint(), Endpoint::Submit | Endpoint::ReportFailure);
    assert!(!stage.bank.records().iter().any(sent));
    check(&stage.walk("somchai", "SIM-0000-ROW-1").await, "done", "0000");
}

#[tokio::test]
async fn killed_after_sealing_a_young_body_is_sent_once() {
    let prepared = Left::Prepared { minutes: 9 };
    let mut stage = killed("SIM-0000-ROW-2A", Cut::BeforeBody, prepared).await;
    stage.start_agent().await;
    assert_eq!(ended(&stage).await, "0000");
    assert_eq!(submits_of(&stage, "SIM-0000-ROW-2A").len(), 1);
}

#[tokio::test]
async fn killed_after_sealing_an_old_body_is_discarded_and_audited() {
    let prepared = Left::Prepared { minutes: 11 };
    let mut stage = killed("SIM-0000-ROW-2B", Cut::BeforeBody, prepared).await;
    stage.start_agent().await;
    assert_eq!(ended(&stage).await, "NOT_SENT");
    assert!(submits_of(&stage, "SIM-0000-ROW-2B").is_empty());
    let audit = stage.folder.path().join("journal/audit.jsonl");
    let said = || {
        let text = std::fs::read_to_string(&audit).ok()?;
        text.contains(r#""what":"settled""#).then_some(text)
    };
    assert!(until(said).await.contains(r#""answer":"NOT_SENT""#));
}

#[tokio::test]
async fn that_a_submit_is_sent_is_written_down_before_the_bank_hears_of_it() {
    let stage = Stage::open(DopaPolicy::Off).await;
    // The bank keeps a record of a request after this time.
    let late = Fault::new(Kind::Latency(Duration::from_secs(3)));
    stage.bank.add_fault(late.at(Endpoint::Submit));
    let (customer, _) = up_to_the_data(&stage, "SIM-0000-ROW-3-BEFORE").await;
    let journal = journal(&stage);
    confirm(&customer).await;
    let attempts = || journal.history().expect("readable").pop().map_or(0, |past| past.attempts);
    until(|| (attempts() > 0).then_some(())).await;
    assert!(records(&stage, Endpoint::Submit).is_empty(), "the bank has heard of it before");
    customer.until_screen("result").await.expect("the journey ends");
    assert_eq!(attempts(), 1);
}

#[tokio::test]
async fn killed_between_the_sent_record_and_the_first_byte_the_bank_says_0000() {
    let mut stage = killed("SIM-0000-ROW-3", Cut::BeforeBody, Left::Sent).await;
    stage.start_agent().await;
    assert_eq!(ended(&stage).await, "0000");
    assert_eq!(submits_of(&stage, "SIM-0000-ROW-3").len(), 1);
}

#[tokio::test]
async fn killed_before_the_answer_the_bank_says_that_it_has_it() {
    let mut stage = killed("SIM-0000-ROW-4", Cut::BeforeAnswer, Left::Sent).await;
    stage.start_agent().await;
    assert_eq!(ended(&stage).await, "1602", "done, inferred");
    assert_eq!(stage.bank.stage("SIM-0000-ROW-4"), Some(BankStage::Submitted));
}

#[tokio::test]
async fn killed_between_the_answer_and_its_record_the_bank_says_that_it_has_it() {
    let mut stage = killed("SIM-0000-ROW-5", Cut::InsideAnswer, Left::Sent).await;
    stage.start_agent().await;
    assert_eq!(ended(&stage).await, "1602", "done, inferred");
    // Whoever comes back with it is told so.
    let walk = stage.walk("somchai", "SIM-0000-ROW-5").await;
    check(&walk, "done", "0000");
    assert_eq!(submits_of(&stage, "SIM-0000-ROW-5").len(), 1, "it is not sent a second time");
}

#[tokio::test]
async fn killed_after_the_answers_record_nothing_is_sent_again() {
    let mut stage = Stage::open(DopaPolicy::Off).await;
    check(&stage.walk("somchai", "SIM-0000-ROW-6").await, "done", "0000");
    let answered = stage.folder.path().join("journal");
    stage.stop_agent().await;
    let past = newest(&Journal::open(&answered).expect("the journal is sound"));
    assert_eq!(past.answer.as_deref(), Some("0000"));
    stage.bank.forget_records();
    started_anew(&mut stage, "SIM-0000-ROW-6-NEXT").await;
    assert!(submits_of(&stage, "SIM-0000-ROW-6").is_empty());
}

/// A report queued, and sent once when asked so.
async fn killed_under_a_report(attempts: u32) -> Vec<Record> {
    let mut stage = Stage::open(DopaPolicy::Off).await;
    let nothing = Fault::new(Kind::Cut(Cut::BeforeBody));
    stage.bank.add_fault(nothing.at(Endpoint::ReportFailure));
    check(&stage.walk("expired", "SIM-0000-ROW-7").await, "refused", "CARD_EXPIRED");
    until(|| records(&stage, Endpoint::ReportFailure).pop()).await;
    stage.stop_agent().await;
    let journal = journal(&stage);
    let open = journal.unfinished().expect("readable").pop().expect("it is open");
    let body = journal.body(open.id).expect("this machine's key");
    let reference = open.reference.expect("this machine's key");
    journal.close(open.id, "KILLED", now()).expect("written");
    let sending =
        Sending { endpoint: Journaled::ReportFailure, reference: &reference, body: &body };
    let id: EntryId = journal.prepare(sending, Moment::vouched(now())).expect("written");
    for _ in 0..attempts {
        journal.sent(id, TRANSACTION, now()).expect("written");
    }
    drop(journal);
    stage.bank.clear_faults();
    stage.bank.forget_records();
    stage.start_agent().await;
    assert_eq!(ended(&stage).await, "0000");
    records(&stage, Endpoint::ReportFailure)
}

#[tokio::test]
async fn killed_with_a_report_queued_it_is_sent() {
    assert_eq!(killed_under_a_report(0).await.len(), 1);
}

#[tokio::test]
async fn killed_under_a_report_it_is_sent_until_the_bank_answers() {
    assert_eq!(killed_under_a_report(1).await.len(), 1);
}

#[tokio::test]
async fn whoever_comes_back_is_asked_about_once_the_report_under_way_is_answered() {
    let (stage, reference) = (Stage::open(DopaPolicy::Off).await, "SIM-0000-BACK");
    let late = Kind::Latency(Duration::from_secs(2));
    stage.bank.add_fault(Fault::new(late).at(Endpoint::ReportFailure));
    let busy = Kind::Status { status: 503, acting: Acting::Idle };
    stage.bank.add_fault(Fault::new(busy).at(Endpoint::ReportFailure));
    check(&stage.walk("expired", reference).await, "refused", "CARD_EXPIRED");
    let journal = journal(&stage);
    until(|| (newest(&journal).attempts > 0).then_some(())).await;

    check(&stage.walk("expired", reference).await, "refused", "CARD_EXPIRED");
    let asked: Vec<_> = stage.bank.records().iter().map(Record::endpoint).collect();
    let calls: Vec<_> = asked.into_iter().filter(|at| *at != Endpoint::Token).take(3).collect();
    let question = Endpoint::ValidateQr;
    assert_eq!(calls, [question, Endpoint::ReportFailure, question]);
}

#[tokio::test]
async fn after_a_damaged_journal_no_reference_is_submitted_unless_the_bank_validates_it() {
    // The bank has the first one and not the second one.
    for (reference, met) in
        [("SIM-0000-ROW-9A", Cut::BeforeAnswer), ("SIM-0000-ROW-9B", Cut::BeforeBody)]
    {
        let mut stage = killed(reference, met, Left::Sent).await;
        let database = stage.folder.path().join("journal/journal.sqlite");
        for part in ["-wal", "-shm"] {
            let mut path = database.clone().into_os_string();
            path.push(part);
            // Gone already where it was closed in order.
            let _ = std::fs::remove_file(path);
        }
        std::fs::write(&database, [b'x'; 8192]).expect("the file is ours");
        started_anew(&mut stage, "SIM-0000-ROW-9-NEXT").await;
        assert!(submits_of(&stage, reference).is_empty(), "what waited in it is not sent");

        let walk = stage.walk("somchai", reference).await;
        let (submits, used) = (submits_of(&stage, reference).len(), met == Cut::BeforeAnswer);
        assert_eq!((walk.outcome == "done", submits), (!used, usize::from(!used)), "{reference}");
    }
}
