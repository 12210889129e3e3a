//! Files, journal and address of the machine itself.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use super::super::{Check, Report, Verdict, machine};
use super::world::World;
use super::{LONG, check};

async fn look(world: &World) -> Report {
    Report { findings: machine::check(&world.config, LONG).await }
}

#[tokio::test]
async fn a_machine_in_order_has_no_fault_and_nothing_is_created() {
    let world = World::without_a_bank();
    let report = look(&world).await;
    check(&report, Check::Secrets, Verdict::Ok, "client_secret");
    check(&report, Check::PublicKey, Verdict::Ok, "2048 bits, SHA-256 ");
    check(&report, Check::Journal, Verdict::Ok, "none yet");
    check(&report, Check::Disk, Verdict::Ok, "MB are free");
    assert_eq!(report.exit_code(), 0, "{}", report.text());
    assert!(!world.config.journal.dir.exists());
}

#[tokio::test]
async fn each_missing_secret_is_a_fault_of_its_own() {
    let world = World::without_a_bank();
    world.remove("client_id");
    world.remove("api_key");
    let report = look(&world).await;
    let faults = report.findings.iter().filter(|one| one.check == Check::Secrets);
    let faults: Vec<_> = faults.map(|one| (one.verdict, one.finding.as_str())).collect();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults.iter().all(|(verdict, _)| *verdict == Verdict::Fault));
    assert!(faults.iter().any(|(_, text)| text.contains("credentials.api_key")), "{faults:?}");
}

#[tokio::test]
async fn a_secret_that_others_can_read_is_a_fault_and_is_not_shown() {
    let world = World::without_a_bank();
    let file = world.path("client_secret");
    fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap();
    let report = look(&world).await;
    check(&report, Check::Secrets, Verdict::Fault, "open to others");
    assert!(!report.json().contains(World::SECRET));
}

#[tokio::test]
async fn a_missing_or_wrong_public_key_is_a_fault() {
    let world = World::without_a_bank();
    fs::write(world.path("bank.pub.pem"), "-----BEGIN RUBBISH-----").unwrap();
    check(&look(&world).await, Check::PublicKey, Verdict::Fault, "END line");
    world.remove("bank.pub.pem");
    check(&look(&world).await, Check::PublicKey, Verdict::Fault, "which is not there");
}

#[tokio::test]
async fn an_address_that_is_taken_is_a_warning() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = format!("[api]\nlisten = \"{}\"\n", taken.local_addr().unwrap());
    let world = World::at("https://127.0.0.1:1", &api);
    check(&look(&world).await, Check::LocalApi, Verdict::Warning, "the agent itself is running");
}
