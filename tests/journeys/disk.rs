//! What the machine wrote down, and what becomes of a customer when it cannot (§1.9, §1.12).

use std::fs;

use agent::audit::verify_file;
use serde_json::json;
use session::DopaPolicy;
use simulator::bank::Endpoint;
use tests::personal::Person;
use tests::stage::Stage;

use crate::stage::{check, until};

#[tokio::test]
async fn the_audit_holds_the_evidence_of_a_journey_and_nobodys_name() {
    let stage = Stage::open(DopaPolicy::BeforeSubmit).await;
    check(&stage.walk("somchai", "SIM-0000-FACE-AUDIT").await, "done", "0000");
    let file = stage.folder.path().join("journal/audit.jsonl");
    let written =
        || fs::read_to_string(&file).ok().filter(|text| text.contains(r#""outcome":"done""#));
    let text = until(written).await;
    until(|| verify_file(&file, None).ok()).await;
    let with = |word: &str| text.lines().filter(|line| line.contains(word)).count();
    assert!(
        with(r#""what":"consent""#) > 0 && with(r#""answer":"Y""#) == with(r#""what":"consent""#)
    );
    assert_eq!(with(r#""entry":"#), 1, "one submit, under one transaction id");
    for record in stage.bank.records().iter().filter(|record| record.endpoint() != Endpoint::Token)
    {
        let id = record.transaction_id().expect("each call has one");
        let of_it = |what: &str| {
            let line = |line: &&str| line.contains(what) && line.contains(id);
            text.lines().filter(line).count()
        };
        let endpoint = record.endpoint();
        assert_eq!(of_it(r#""what":"attempt""#), 1, "{endpoint:?}");
        assert_eq!(of_it(r#""server_transaction_id":""#), 1, "{endpoint:?}");
    }
    assert_eq!(with(r#""what":"card""#), 1);
    let turned = with(r#""turned":"left""#) + with(r#""turned":"right""#);
    assert_eq!((with(r#""what":"selfie""#), turned, with(r#""motion":"moving""#)), (1, 1, 1));
    assert!(with(r#""what":"stage""#) >= 6, "{text}");
    let person = Person::of_card("somchai").and_reference("SIM-0000-FACE-AUDIT");
    let found = person.found_in(text.as_bytes());
    assert!(found.is_empty(), "the audit holds {found:?}");
}

#[tokio::test]
async fn a_damaged_journal_is_set_aside_and_the_next_customer_is_served() {
    let mut stage = Stage::open(DopaPolicy::Off).await;
    stage.stop_agent().await;
    let journal = stage.folder.path().join("journal");
    for name in ["journal.sqlite-wal", "journal.sqlite-shm"] {
        // Gone already where the agent ended in order.
        let _ = fs::remove_file(journal.join(name));
    }
    fs::write(journal.join("journal.sqlite"), [b'x'; 8192]).expect("the file is ours");
    stage.start_agent().await;
    let files = fs::read_dir(&journal).expect("a folder").map(|entry| entry.expect("a file"));
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    // Its log may lie beside it under the same name.
    let aside = names.filter(|name| name.contains(".damaged-") && !name.ends_with("-wal"));
    assert_eq!(aside.filter(|name| !name.ends_with("-shm")).count(), 1);
    check(&stage.walk("somchai", "SIM-0000-DAMAGED-1").await, "done", "0000");
}

#[tokio::test]
async fn nobody_is_served_by_a_machine_whose_journal_cannot_be_written() {
    let mut stage = Stage::open(DopaPolicy::Off).await;
    stage.stop_agent().await;
    let journal = stage.folder.path().join("journal");
    // Moved, not emptied: what the agent still has open may make files in it for a moment longer.
    fs::rename(&journal, stage.folder.path().join("before")).expect("the folder is ours");
    fs::write(&journal, b"in the way").expect("the place is free");
    stage.start_agent().await;
    let customer = stage.customer().await;
    let told = |view: &serde_json::Value| view["screen"]["trouble"]["code"] == "DISK_READ_ONLY";
    customer.until(told).await.expect("the page says why");
    customer.act(&json!({"action": "start"})).await.expect("taken");
    stage.world.show_code("SIM-0000-CLOSED-01");
    let view = customer.view().await.expect("the page is there");
    assert_eq!(view["screen"]["name"], "out_of_service", "no journey begins");
    assert_eq!(stage.bank.records().iter().filter(|one| one.reference().is_some()).count(), 0);
}

#[tokio::test]
async fn nobody_is_served_by_a_machine_whose_audit_cannot_be_written() {
    let mut stage = Stage::open(DopaPolicy::Off).await;
    stage.stop_agent().await;
    let audit = stage.folder.path().join("journal/audit.jsonl");
    let before = stage.folder.path().join("before.jsonl");
    fs::rename(&audit, &before).expect("the file is ours");
    fs::create_dir(&audit).expect("the place is free");
    stage.start_agent().await;
    let customer = stage.customer().await;
    let told = |view: &serde_json::Value| view["screen"]["trouble"]["code"] == "DISK_FAILING";
    customer.until(told).await.expect("the page says why");
    fs::remove_dir(&audit).expect("nobody writes into it");
    fs::rename(&before, &audit).expect("it is where it was");
    let serves = |view: &serde_json::Value| view["screen"]["name"] == "attract";
    customer.until(serves).await.expect("the disk is tried again by itself");
    check(&stage.walk("somchai", "SIM-0000-AUDIT-AGAIN").await, "done", "0000");
    let kept = fs::read_to_string(&audit).expect("it is ours");
    let started = kept.matches(r#""what":"started""#).count();
    assert_eq!(started, 2, "what waited is in it");
    verify_file(&audit, None).expect("the chain goes on");
}
