//! A disk that is full, cannot be written, or fails, for real: each ends as §1.9 decides, and is told.
//!
//! Full and read-only are a small file system in memory, mounted by a process of its own in a namespace of its
//! own; EIO comes from `failing-disk.c`, loaded before libc. Where nothing may be mounted, the test says so.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use session::DopaPolicy;
use simulator::bank::{Cut, Endpoint, Fault, Kind};
use simulator::customer::Customer;
use tests::stage::Stage;

use crate::stage::{check, confirm, records, until, up_to_the_data};

/// Set for the process that has the disk: where it is.
const DISK: &str = "DIPCHIP_TEST_DISK";
/// Room for the reserve, as much beside it, and a journey.
const DISK_SIZE: &str = "40m";

/// Runs a test of this file again in a process with a disk of its own; false where that is not allowed.
fn with_a_disk(test: &str) -> bool {
    let disk = tempfile::tempdir().expect("a folder");
    let own = "mount -t tmpfs -o size=\"$1\" none \"$2\" && shift 2 && exec \"$@\"";
    let allowed = unshared(&["true"], own, disk.path()).output();
    if !allowed.is_ok_and(|tried| tried.status.success()) {
        println!("SKIPPED {test}: this machine lets nobody mount a file system");
        assert!(std::env::var_os("CI").is_none(), "CI must be able to mount a file system");
        return false;
    }
    let this = std::env::current_exe().expect("a test knows its own file");
    let name = format!("storage::{test}");
    let words = [this.as_os_str(), "--exact".as_ref(), name.as_ref(), "--nocapture".as_ref()];
    let run = unshared(&words, own, disk.path())
        .env(DISK, disk.path())
        .env("TMPDIR", disk.path())
        .status();
    assert!(run.expect("it was allowed before").success(), "{test} with a disk of its own");
    true
}

fn unshared(words: &[impl AsRef<OsStr>], script: &str, disk: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", script, "sh", DISK_SIZE]).arg(disk).args(words);
    command
}

/// The disk that this process has, if it is the one that has it.
fn disk() -> Option<PathBuf> {
    std::env::var_os(DISK).map(PathBuf::from)
}

#[track_caller]
fn mount(arguments: &[&OsStr]) {
    let mounted = Command::new("mount").args(arguments).status();
    assert!(mounted.expect("mount is there").success(), "{arguments:?}");
}

/// Takes all the room that is left.
fn fill(disk: &Path) -> PathBuf {
    let path = disk.join("filler");
    let mut filler = fs::File::create(&path).expect("a last file");
    while filler.write_all(&[0; 4096]).is_ok() {}
    while filler.write_all(&[0]).is_ok() {}
    path
}

/// What `/v1/health` says of the journal.
fn health(stage: &Stage) -> String {
    let url = stage.page_url().strip_prefix("http://").expect("the page's address");
    let authority = url.split_once('/').map_or(url, |(authority, _)| authority);
    let mut stream = TcpStream::connect(authority).expect("the agent listens");
    let request =
        format!("GET /v1/health HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let health: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    health.get("journal").and_then(Value::as_str).unwrap_or(body).to_owned()
}

/// Confirms, and says outcome and code of the end.
async fn confirmed(stage: &Stage, customer: Customer) -> (String, String) {
    confirm(&customer).await;
    let view = customer.until_screen("result").await.expect("the journey ends");
    let said = |pointer: &str| view.pointer(pointer).and_then(Value::as_str).unwrap_or("");
    let end = (said("/screen/outcome").to_owned(), said("/screen/failure/code").to_owned());
    stage.world.slot().eject();
    customer.leave().await.expect("the page is free again");
    end
}

/// The page says why, health says it in a word, and nobody can begin.
async fn nobody_is_served(stage: &Stage, code: &str, word: &str) {
    let customer = stage.customer().await;
    let view = customer.until_screen("out_of_service").await.expect("the page says why");
    assert_eq!(view.pointer("/screen/trouble/code"), Some(&json!(code)));
    assert_eq!(health(stage), word);
    stage.world.show_code("SIM-0000-CLOSED-01");
    let view = customer.view().await.expect("the page is there");
    assert_eq!(view.pointer("/screen/name"), Some(&json!("out_of_service")), "no journey begins");
    customer.leave().await.expect("the page is free again");
}

async fn served_again(stage: &Stage, reference: &str) {
    until(|| (health(stage) == "sound").then_some(())).await;
    check(&stage.walk("somchai", reference).await, "done", "0000");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_costs_no_customer_under_way_and_turns_the_next_one_away() {
    let Some(disk) = disk() else {
        with_a_disk("a_full_disk_costs_no_customer_under_way_and_turns_the_next_one_away");
        return;
    };
    let stage = Stage::open(DopaPolicy::Off).await;
    check(&stage.walk("somchai", "SIM-0000-FULL-0001").await, "done", "0000");
    let (customer, _) = up_to_the_data(&stage, "SIM-0000-FULL-0002").await;
    let filler = fill(&disk);
    let end = confirmed(&stage, customer).await;
    assert_eq!(end, ("done".to_owned(), String::new()), "the reserve carries it");
    nobody_is_served(&stage, "DISK_FULL", "full").await;
    fs::remove_file(filler).expect("room again");
    served_again(&stage, "SIM-0000-FULL-0003").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_cannot_be_written_serves_nobody_until_it_can() {
    let Some(disk) = disk() else {
        with_a_disk("a_disk_that_cannot_be_written_serves_nobody_until_it_can");
        return;
    };
    let mut stage = Stage::open(DopaPolicy::Off).await;
    check(&stage.walk("somchai", "SIM-0000-READ-0001").await, "done", "0000");
    stage.stop_agent().await;
    let remount = |how: &str| mount(&["-o".as_ref(), how.as_ref(), disk.as_os_str()]);
    // A file system with a file open for writing cannot be made read-only: the journal's is closed by a
    // task that ends a moment later.
    let path = disk.clone();
    until(|| {
        let tried = Command::new("mount").args(["-o", "remount,ro"]).arg(&path).output().ok()?;
        tried.status.success().then_some(())
    })
    .await;
    stage.start_agent().await;
    nobody_is_served(&stage, "DISK_READ_ONLY", "read_only").await;
    remount("remount,rw");
    served_again(&stage, "SIM-0000-READ-0002").await;
}

/// Paths that tell the journal's files.
const JOURNAL: &str = "/journal/journal.sqlite";

/// Runs a test of this file again with a disk that can be made to fail under these files.
fn with_a_failing_disk(test: &str, files: &str) {
    let work = tempfile::tempdir().expect("a folder");
    let library = work.path().join("failing-disk.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("journeys/failing-disk.c");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .status();
    assert!(built.expect("a C compiler").success(), "the library is built");
    let run = Command::new(std::env::current_exe().expect("a test knows its own file"))
        .args(["--exact", &format!("storage::{test}"), "--nocapture"])
        .env("LD_PRELOAD", &library)
        .env("FAULT_FOLDER", files)
        .env("FAULT_SWITCH", work.path().join("switch"))
        .status();
    assert!(run.expect("the test runs").success(), "{test} with a failing disk");
}

/// The switch of the failing disk, in the process that has it.
fn switch() -> Option<PathBuf> {
    std::env::var_os("FAULT_SWITCH").map(PathBuf::from)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_before_a_submit_keeps_it_from_being_sent_and_is_told() {
    let Some(switch) = switch() else {
        return with_a_failing_disk(
            "a_disk_that_fails_before_a_submit_keeps_it_from_being_sent_and_is_told",
            JOURNAL,
        );
    };
    for (number, what) in (1..).zip(["S", "W"]) {
        let stage = Stage::open(DopaPolicy::Off).await;
        let (customer, _) = up_to_the_data(&stage, &format!("SIM-0000-EIO-{number:04}")).await;
        fs::write(&switch, what).expect("the switch");
        let end = confirmed(&stage, customer).await;
        assert_eq!(end, ("failed".to_owned(), "DISK_FAILING".to_owned()), "{what}");
        assert!(records(&stage, Endpoint::Submit).is_empty(), "{what}: nothing was sent");
        nobody_is_served(&stage, "DISK_FAILING", "failing").await;
        fs::remove_file(&switch).expect("the disk is well again");
        served_again(&stage, &format!("SIM-0000-EIO-AGAIN-{number}")).await;
        assert_eq!(records(&stage, Endpoint::Submit).len(), 1, "{what}: that customer's alone");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_under_a_submit_leaves_it_unresolved_and_found_out_later() {
    let Some(switch) = switch() else {
        return with_a_failing_disk(
            "a_disk_that_fails_under_a_submit_leaves_it_unresolved_and_found_out_later",
            JOURNAL,
        );
    };
    let stage = Stage::open(DopaPolicy::Off).await;
    let cut = Fault::new(Kind::Cut(Cut::BeforeAnswer));
    stage.bank.add_fault(cut.at(Endpoint::Submit).times(1));
    let (customer, _) = up_to_the_data(&stage, "SIM-0000-EIO-UNDER").await;
    confirm(&customer).await;
    until(|| records(&stage, Endpoint::Submit).pop()).await;
    fs::write(&switch, "S").expect("the switch");
    let view = customer.until_screen("result").await.expect("the journey ends");
    assert_eq!(view.pointer("/screen/outcome"), Some(&json!("unresolved")));
    assert_eq!(view.pointer("/screen/failure/code"), Some(&json!("DISK_FAILING")));
    stage.world.slot().eject();
    customer.leave().await.expect("the page is free again");
    fs::remove_file(&switch).expect("the disk is well again");
    let again = || {
        let submits = records(&stage, Endpoint::Submit);
        submits.get(1).and_then(|submit| submit.code()).map(|code| code.to_string())
    };
    assert_eq!(until(again).await, "1602", "the first one had arrived");
    served_again(&stage, "SIM-0000-EIO-AFTER").await;
}

/// What lies in the journal's folder.
fn names(stage: &Stage) -> Vec<String> {
    let folder = fs::read_dir(stage.folder.path().join("journal")).expect("a folder");
    folder.map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_cannot_be_read_serves_nobody_and_is_not_taken_for_a_damaged_one() {
    let Some(switch) = switch() else {
        return with_a_failing_disk(
            "a_journal_that_cannot_be_read_serves_nobody_and_is_not_taken_for_a_damaged_one",
            JOURNAL,
        );
    };
    for (number, what) in (1..).zip(["R", "B"]) {
        let mut stage = Stage::open(DopaPolicy::Off).await;
        let reference = format!("SIM-0000-EIO-READ-{number}");
        stage.bank.add_fault(Fault::new(Kind::Cut(Cut::BeforeAnswer)).at(Endpoint::Submit));
        let (customer, _) = up_to_the_data(&stage, &reference).await;
        confirm(&customer).await;
        until(|| records(&stage, Endpoint::Submit).pop()).await;
        stage.stop_agent().await;
        stage.world.slot().eject();
        stage.bank.clear_faults();
        stage.bank.forget_records();

        fs::write(&switch, what).expect("the switch");
        stage.start_agent().await;
        nobody_is_served(&stage, "DISK_FAILING", "failing").await;
        assert!(records(&stage, Endpoint::Submit).is_empty(), "{what}: nothing was sent");
        fs::remove_file(&switch).expect("the disk is well again");
        let again = || records(&stage, Endpoint::Submit).pop()?.code().map(|code| code.to_string());
        assert_eq!(until(again).await, "1602", "{what}: what waited in it is found out");
        let aside = names(&stage).into_iter().find(|name| name.contains(".damaged-"));
        assert_eq!(aside, None, "{what}: it was sound all the time");
        served_again(&stage, &format!("SIM-0000-EIO-READ-AGAIN-{number}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audit_that_cannot_be_read_is_no_changed_one_and_loses_nothing() {
    let Some(switch) = switch() else {
        return with_a_failing_disk(
            "an_audit_that_cannot_be_read_is_no_changed_one_and_loses_nothing",
            "/journal/audit",
        );
    };
    let mut stage = Stage::open(DopaPolicy::Off).await;
    check(&stage.walk("somchai", "SIM-0000-AUDIT-EIO-1").await, "done", "0000");
    stage.stop_agent().await;
    fs::write(&switch, "R").expect("the switch");
    stage.start_agent().await;
    nobody_is_served(&stage, "DISK_FAILING", "failing").await;
    fs::remove_file(&switch).expect("the disk is well again");
    served_again(&stage, "SIM-0000-AUDIT-EIO-2").await;

    let file = stage.folder.path().join("journal/audit.jsonl");
    let ends = || {
        let text = fs::read_to_string(&file).ok()?;
        let (starts, ends) = (r#""what":"started""#, r#""outcome":"done""#);
        let counts = [starts, ends].map(|what| text.matches(what).count());
        (counts == [2, 2]).then_some(())
    };
    until(ends).await;
    until(|| agent::audit::verify_file(&file, None).ok()).await;
    assert_eq!(names(&stage).into_iter().find(|name| name.starts_with("audit-broken")), None);
}
