//! The power goes: writes that no `fsync` has covered are lost, torn or kept, in any mixture.
//!
//! A scripted run of the journal is recorded write by write (`record.c`). For every prefix of the record the
//! files are built as a disk could hold them then, opened, and held against what the calls had promised.

mod cost;
mod disk;
mod script;

use std::path::{Path, PathBuf};
use std::process::Command;

use agent::journal::{Journal, violations};

use disk::{Disk, Loss, Operation};
use script::{FOLDER, Promises};

/// The run that the first two tests record.
const SCRIPT: &str = "script::the_scripted_run";
/// The database and its log begin so.
const DATABASE: &str = "journal.sqlite";
/// Mixtures of lost, torn and kept writes for each prefix, beside all lost and all kept.
const MIXTURES: u64 = 4;

#[test]
fn every_promise_of_the_journal_outlives_a_power_cut_at_any_write() {
    let work = tempfile::tempdir().expect("a folder");
    let folder = work.path().join("journal");
    let trace = recorded(work.path(), &folder, SCRIPT);
    let operations = disk::read(&trace, &folder);
    let writes = operations.iter().filter(|one| matches!(one, Operation::Write { .. })).count();
    assert!(writes > 50, "the run was recorded: {writes} writes");

    let quick = in_memory();
    let copy = quick.path().join("copy");
    let mut disk = Disk::default();
    let mut promises = Promises::default();
    let mut opened = 0;
    for (number, operation) in (1..).zip(&operations) {
        if let Some(line) = script::marker(operation) {
            promises.add(&line);
            continue;
        }
        disk.take(operation);
        let mixtures = (0..MIXTURES).map(|mixture| Loss::Mixture(number * MIXTURES + mixture));
        for loss in [Loss::Everything, Loss::Nothing].into_iter().chain(mixtures) {
            disk.after(loss, &copy);
            if let Some(broken) = broken(&copy, &promises) {
                panic!("after operation {number} ({operation}), {loss:?}: {broken}");
            }
            opened += 1;
        }
    }
    assert!(promises.count() >= 20, "the script promised something");
    println!("{} operations, {opened} disks, {} promises kept", operations.len(), promises.count());
}

#[test]
fn a_journal_that_does_not_wait_for_its_disk_is_found_out() {
    let work = tempfile::tempdir().expect("a folder");
    let folder = work.path().join("journal");
    let trace = recorded(work.path(), &folder, SCRIPT);
    let mut disk = Disk::default();
    let mut promises = Promises::default();
    let mut found = false;
    for operation in disk::read(&trace, &folder) {
        if let Some(line) = script::marker(&operation) {
            promises.add(&line);
            disk.after(Loss::Everything, &work.path().join("copy"));
            found |= broken(&work.path().join("copy"), &promises).is_some();
        } else if !matches!(&operation, Operation::Sync { name } if name.contains(DATABASE)) {
            // As if `synchronous` were OFF: no write of the database is ever forced. The key's are.
            disk.take(&operation);
        }
        if found {
            break;
        }
    }
    assert!(found, "lost promises are noticed");
}

/// What is looked at need not be kept: opening four thousand journals is quicker without a disk.
fn in_memory() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    folder.expect("a folder")
}

/// What is wrong with these files, given the promises.
fn broken(folder: &Path, promises: &Promises) -> Option<String> {
    let journal = match Journal::open(folder) {
        Ok(journal) => journal,
        Err(error) => return Some(format!("it does not open: {error}")),
    };
    match journal.history() {
        Ok(history) => {
            let local = violations(&history).first().map(ToString::to_string);
            local.or_else(|| promises.broken_by(&history))
        }
        Err(error) => Some(format!("it cannot be read: {error}")),
    }
}

/// Runs the script in a process of its own, with the recorder loaded.
fn recorded(work: &Path, folder: &Path, script: &str) -> PathBuf {
    let recorder = work.join("record.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("power/record.c");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&recorder, &source])
        .arg("-ldl")
        .status();
    assert!(built.expect("a C compiler").success(), "the recorder is built");
    std::fs::create_dir(folder).expect("a new folder");
    let trace = work.join("trace");
    let test = std::env::current_exe().expect("a test knows its own file");
    let ran = Command::new(test)
        .args(["--exact", script, "--nocapture"])
        .env("LD_PRELOAD", &recorder)
        .env("POWER_FOLDER", folder)
        .env("POWER_TRACE", &trace)
        .env(FOLDER, folder)
        .env("TMPDIR", folder)
        .output()
        .expect("the script runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    trace
}
