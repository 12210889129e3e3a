//! The files under every hand that could change them, and over crashes and rotation.

use std::fs;

use super::super::chain::verify_file;
use super::*;

fn now() -> BankTime {
    BankTime::from_millis(1_790_000_000_000)
}

fn key(folder: &Path) -> DeviceKey {
    DeviceKey::of_folder(folder).unwrap()
}

fn happened(journey: u64) -> Happened {
    Happened::Outcome { journey, outcome: "done", code: "0000".to_owned() }
}

/// A file of so many records, all kept.
fn written(records: u64) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let mut file = AuditFile::new(folder.path(), Some(key(folder.path())));
    for journey in 1..=records {
        file.append(now(), &happened(journey)).unwrap();
    }
    file.keep().unwrap();
    let path = folder.path().join(NAME);
    (folder, path)
}

/// Verifies after a change to the lines.
fn changed(change: impl FnOnce(&mut Vec<String>)) -> Result<u64, Broken> {
    let (_folder, path) = written(10);
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    fs::write(&path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    verify_file(&path, None).map(|found| found.records)
}

#[test]
fn what_was_written_is_verified() {
    assert_eq!(changed(|_| {}).unwrap(), 10);
}

#[test]
fn a_folder_means_the_file_in_it_and_the_record_that_it_was_held_to_is_told() {
    let (folder, path) = written(3);
    let found = verify_file(folder.path(), None).unwrap();
    assert_eq!((found.records, found.head), (3, Some(3)));
    fs::remove_file(folder.path().join(HEAD)).unwrap();
    assert_eq!(verify_file(&path, None).unwrap().head, None);
}

#[test]
fn a_flipped_bit_anywhere_is_found() {
    let (_folder, path) = written(3);
    let sound = fs::read(&path).unwrap();
    for at in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(verify_file(&path, None).is_err(), "byte {at}");
    }
}

#[test]
fn a_record_removed_anywhere_is_found() {
    for at in 0..10 {
        assert!(changed(|lines| drop(lines.remove(at))).is_err(), "line {at}");
    }
}

#[test]
fn any_two_records_in_each_others_place_are_found() {
    for first in 0..10 {
        for second in first + 1..10 {
            assert!(changed(|lines| lines.swap(first, second)).is_err(), "{first} and {second}");
        }
    }
}

#[test]
fn a_record_written_anew_with_its_own_hash_is_found_by_the_next() {
    let anew = |lines: &mut Vec<String>| {
        let (before, _) = lines[3].split_once(' ').unwrap();
        let (_, payload) = lines[4].split_once(' ').unwrap();
        let payload = payload.replace("done", "gone");
        lines[4] = format!("{} {payload}", chain::following(before, &payload));
    };
    assert!(matches!(changed(anew), Err(Broken::DoesNotFollow { line: 6 })));
}

#[test]
fn a_record_written_twice_is_found() {
    assert!(changed(|lines| lines.insert(4, lines[4].clone())).is_err());
}

#[test]
fn an_end_cut_off_is_found_by_the_head() {
    for kept in 1..10 {
        let found = changed(|lines| lines.truncate(kept)).unwrap_err();
        assert!(matches!(found, Broken::HeadMissing { number: 10, .. }), "{kept}: {found}");
    }
}

#[test]
fn a_file_written_anew_from_its_beginning_is_found_by_the_head() {
    let (_folder, path) = written(10);
    let (_other, foreign) = written(12);
    fs::copy(foreign, &path).unwrap();
    // The same records at the same time make the same chain: only another one is another.
    let mut file = AuditFile::new(path.parent().unwrap(), None);
    assert!(verify_file(&path, None).is_ok());
    fs::remove_file(&path).unwrap();
    for journey in 100..112 {
        file.append(now(), &happened(journey)).unwrap();
    }
    assert!(matches!(verify_file(&path, None), Err(Broken::HeadMissing { number: 10, .. })));
}

#[test]
fn a_head_that_another_machine_wrote_is_found() {
    let (folder, path) = written(10);
    let (foreign, _) = written(5);
    fs::copy(foreign.path().join(HEAD), folder.path().join(HEAD)).unwrap();
    assert!(matches!(verify_file(&path, None), Err(Broken::HeadForged { .. })));
}

#[test]
fn a_head_from_the_log_anchors_a_file_that_was_taken_elsewhere() {
    let (folder, path) = written(10);
    let last = verify_file(&path, None).unwrap().last;
    fs::remove_file(folder.path().join(HEAD)).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let shorter: String = text.lines().take(7).map(|line| format!("{line}\n")).collect();
    fs::write(&path, shorter).unwrap();
    assert!(verify_file(&path, None).is_ok(), "without a head nothing is missed");
    assert!(matches!(verify_file(&path, Some(&last)), Err(Broken::HeadMissing { .. })));
}

#[test]
fn a_torn_line_is_cut_off_and_the_chain_goes_on() {
    let (folder, path) = written(10);
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"00000000 {\"n\":11").unwrap();
    assert!(verify_file(&path, None).is_err());
    let mut file = AuditFile::new(folder.path(), Some(key(folder.path())));
    file.append(now(), &happened(11)).unwrap();
    assert_eq!(verify_file(&path, None).unwrap().last.number, 11);
}

#[test]
fn a_file_that_was_changed_is_left_as_evidence() {
    let (folder, path) = written(10);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("done", "gone", 1)).unwrap();
    let mut file = AuditFile::new(folder.path(), Some(key(folder.path())));
    file.append(now(), &happened(11)).unwrap();
    let aside = format!("audit-broken-{:015}.jsonl", now().millis());
    assert!(verify_file(&folder.path().join(aside), None).is_err());
    let found = verify_file(&path, None);
    assert!(matches!(found, Err(Broken::HeadMissing { .. })), "until the next is kept");
    file.keep().unwrap();
    assert_eq!(verify_file(&path, None).unwrap().last.number, 11);
}

#[test]
fn the_chain_goes_on_over_a_new_file() {
    let (folder, path) = written(10);
    let mut file = AuditFile::new(folder.path(), Some(key(folder.path())));
    file.append(now(), &happened(11)).unwrap();
    file.open.as_mut().unwrap().bytes = BYTES_MAX;
    file.append(now(), &happened(12)).unwrap();
    file.keep().unwrap();
    let older = verify_file(&folder.path().join("audit-000000000011.jsonl"), None).unwrap();
    let newer = verify_file(&path, None).unwrap();
    assert_eq!((older.last.number, newer.last.number), (11, 12));
    assert_eq!(newer.after, older.last.hash);
}

/// Written by hand in the first form, which knew no calls and no id of the bank's; its hashes are sha256sum's.
const FORM_1: &str = include_str!("form-1.jsonl");

#[test]
fn a_file_of_the_first_form_is_verified_and_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(NAME);
    fs::write(&path, FORM_1).unwrap();
    assert_eq!(verify_file(&path, None).unwrap().records, 3);
    let mut file = AuditFile::new(folder.path(), Some(key(folder.path())));
    let attempt = Happened::Attempt {
        endpoint: "validate_qr",
        entry: None,
        call: Some(1),
        transaction_id: "a01fa0ae-190a-49d5-9cc1-465f9f9ab0dd".to_owned(),
    };
    file.append(now(), &attempt).unwrap();
    file.keep().unwrap();
    assert_eq!(verify_file(&path, None).unwrap().records, 4);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("0000\"}", "0001\"}", 1)).unwrap();
    assert!(verify_file(&path, None).is_err());
}
