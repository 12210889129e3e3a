//! The journal over its database: what survives, what is refused, what nobody can read.

mod faults;

use std::fs;

use rusqlite::params;

use super::open::{CLOSED_KEPT_MS, CLOSED_MAX, OPEN_MAX, OPEN_SPARE};
use super::*;

const TRANSACTION: &str = "a01fa0ae-190a-49d5-9cc1-465f9f9ab0dc";

fn at_ms(millis: i64) -> BankTime {
    BankTime::from_millis(1_790_000_000_000 + millis)
}

fn now() -> BankTime {
    at_ms(0)
}

fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

fn key() -> DeviceKey {
    DeviceKey::new(Zeroizing::new([7; KEY_BYTES]))
}

fn over(store: Store) -> Journal {
    Journal::new(store, key(), StdRng::seed_from_u64(1))
}

fn empty() -> Journal {
    over(Store::in_memory().unwrap())
}

/// As a crash and a new start.
fn reopened(journal: Journal) -> Journal {
    over(journal.into_store())
}

#[track_caller]
fn prepare(journal: &Journal, endpoint: Endpoint, of: &str) -> EntryId {
    let sending = Sending { endpoint, reference: &reference(of), body: b"{\"data\":\"...\"}" };
    journal.prepare(sending, Moment::vouched(now())).unwrap()
}

fn waiting(journal: &Journal) -> Vec<(EntryId, Endpoint, u32)> {
    let unfinished = journal.unfinished().unwrap();
    unfinished.iter().map(|entry| (entry.id, entry.endpoint, entry.attempts)).collect()
}

#[test]
fn a_prepared_submit_survives_a_restart_and_ends_with_its_answer() {
    let journal = empty();
    let id = prepare(&journal, Endpoint::Submit, "SIM-0000-0001");
    let journal = reopened(journal);
    assert_eq!(waiting(&journal), [(id, Endpoint::Submit, 0)]);
    journal.sent(id, TRANSACTION, now()).unwrap();
    journal.sent(id, TRANSACTION, now()).unwrap();
    let journal = reopened(journal);
    assert_eq!(waiting(&journal), [(id, Endpoint::Submit, 2)]);
    let unfinished = journal.unfinished().unwrap();
    assert_eq!(journal.body(id).unwrap().as_slice(), b"{\"data\":\"...\"}");
    assert_eq!(unfinished[0].reference.as_ref().map(Reference::as_str), Some("SIM-0000-0001"));
    journal.close(id, "0000", now()).unwrap();
    assert_eq!(waiting(&reopened(journal)), []);
}

#[test]
fn a_queued_report_survives_a_restart() {
    let journal = empty();
    let id = prepare(&journal, Endpoint::ReportFailure, "SIM-0000-0001");
    let journal = reopened(journal);
    assert_eq!(waiting(&journal), [(id, Endpoint::ReportFailure, 0)]);
}

#[test]
fn nothing_is_sent_after_a_definitive_answer() {
    let journal = empty();
    let id = prepare(&journal, Endpoint::Submit, "SIM-0000-0001");
    journal.sent(id, TRANSACTION, now()).unwrap();
    journal.close(id, "9301", now()).unwrap();
    let error = journal.sent(id, TRANSACTION, now()).unwrap_err();
    assert!(matches!(error, JournalError::Closed { id: closed } if closed == id), "{error}");
}

#[test]
fn the_first_answer_stands() {
    let journal = empty();
    let id = prepare(&journal, Endpoint::Submit, "SIM-0000-0001");
    journal.close(id, "0000", now()).unwrap();
    journal.close(id, "9998", at_ms(1)).unwrap();
    let store = journal.into_store();
    let answer = store.connection.query_row("SELECT answer FROM sends", [], |row| row.get(0));
    assert_eq!(answer, Ok("0000".to_owned()));
}

#[test]
fn a_submit_takes_the_place_of_the_refused_one_of_its_reference_alone() {
    let journal = empty();
    prepare(&journal, Endpoint::Submit, "SIM-0000-0001");
    let other = prepare(&journal, Endpoint::Submit, "SIM-0000-0002");
    let second = prepare(&journal, Endpoint::Submit, "SIM-0000-0001");
    let ids: Vec<_> = waiting(&journal).into_iter().map(|(id, ..)| id).collect();
    assert_eq!(ids, [other, second]);
}

#[test]
fn no_failure_is_reported_over_a_submit_under_way() {
    let journal = empty();
    let submit = prepare(&journal, Endpoint::Submit, "SIM-0000-0001");
    let report = prepare(&journal, Endpoint::ReportFailure, "SIM-0000-0001");
    assert_eq!(waiting(&journal), [(submit, Endpoint::Submit, 0)]);
    let error = journal.sent(report, TRANSACTION, now()).unwrap_err();
    assert!(matches!(error, JournalError::Closed { id } if id == report), "{error}");

    let journal = reopened(journal);
    journal.close(submit, "9301", now()).unwrap();
    assert_eq!(waiting(&journal), [(report, Endpoint::ReportFailure, 0)], "it was only kept back");
    journal.sent(report, TRANSACTION, now()).unwrap();
}

#[test]
fn no_failure_is_reported_of_what_the_bank_took_or_may_have_taken() {
    for answer in ["0000", "1602", "1303", "GIVEN_UP"] {
        let journal = empty();
        let submit = prepare(&journal, Endpoint::Submit, "SIM-0000-0001");
        prepare(&journal, Endpoint::ReportFailure, "SIM-0000-0001");
        let other = prepare(&journal, Endpoint::ReportFailure, "SIM-0000-0002");
        journal.close(submit, answer, now()).unwrap();
        assert_eq!(waiting(&journal), [(other, Endpoint::ReportFailure, 0)], "{answer}");
    }
}

#[test]
fn only_what_ends_a_reference_is_journaled() {
    let (endpoint, of) = (Endpoint::CheckDopa, reference("SIM-0000-0001"));
    let error =
        empty().prepare(Sending { endpoint, reference: &of, body: b"" }, Moment::vouched(now()));
    assert!(matches!(error, Err(JournalError::Endpoint { got: Endpoint::CheckDopa })));
}

#[test]
fn neither_body_nor_reference_stands_readable_in_any_file() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let id = prepare(&journal, Endpoint::ReportFailure, "SIM-0000-CLEAR");
    journal.sent(id, TRANSACTION, now()).unwrap();
    for file in fs::read_dir(folder.path()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        for text in [b"SIM-0000-CLEAR".as_slice(), b"\"data\""] {
            assert!(!bytes.windows(text.len()).any(|window| window == text));
        }
    }
}

#[test]
fn the_body_of_a_closed_entry_is_gone_from_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let of = reference("SIM-0000-0001");
    // As much as stays in a page that others use as well.
    let sending = Sending { endpoint: Endpoint::Submit, reference: &of, body: &[b'x'; 3_000] };
    let id = journal.prepare(sending, Moment::vouched(now())).unwrap();
    let sealed: Vec<u8> = {
        let inner = journal.lock();
        let connection = &inner.open.as_ref().unwrap().store.connection;
        connection.query_row("SELECT body FROM sends", [], |row| row.get(0)).unwrap()
    };
    let pieces_left = || {
        let files = fs::read_dir(folder.path()).unwrap();
        let read = |file: io::Result<fs::DirEntry>| fs::read(file.unwrap().path()).unwrap();
        let all: Vec<u8> = files.flat_map(read).collect();
        let left = |piece: &&[u8]| all.windows(piece.len()).any(|window| window == *piece);
        sealed.chunks_exact(100).filter(left).count()
    };
    assert!(pieces_left() > 20, "the same search finds it");
    journal.close(id, "0000", now()).unwrap();
    journal.tidy(Moment::unvouched(now())).unwrap();
    assert_eq!(pieces_left(), 0);
}

#[test]
fn another_machines_key_opens_nothing_and_keeps_nothing_else_from_the_bank() {
    let journal = empty();
    let id = prepare(&journal, Endpoint::Submit, "SIM-0000-0001");
    let stranger = DeviceKey::new(Zeroizing::new([8; KEY_BYTES]));
    let journal = Journal::new(journal.into_store(), stranger, StdRng::seed_from_u64(2));
    assert!(matches!(journal.body(id), Err(JournalError::Sealed)));
    assert!(journal.unfinished().unwrap().iter().all(|entry| entry.reference.is_none()));
    let id = prepare(&journal, Endpoint::Submit, "SIM-0000-0002");
    assert_eq!(journal.body(id).unwrap().as_slice(), b"{\"data\":\"...\"}");
}

fn rows(journal: &Journal) -> i64 {
    let count = "SELECT count(*) FROM sends";
    journal
        .lock()
        .open
        .as_ref()
        .unwrap()
        .store
        .connection
        .query_row(count, [], |row| row.get(0))
        .unwrap()
}

#[test]
fn time_alone_ends_no_entry_and_a_closed_one_goes_after_a_month() {
    let journal = empty();
    let id = prepare(&journal, Endpoint::Submit, "SIM-0000-0001");
    let years = at_ms(100 * CLOSED_KEPT_MS);
    journal.tidy(Moment::vouched(years)).unwrap();
    assert_eq!(waiting(&journal), [(id, Endpoint::Submit, 0)]);
    journal.close(id, "0000", now()).unwrap();
    journal.tidy(Moment::vouched(at_ms(CLOSED_KEPT_MS))).unwrap();
    assert_eq!(rows(&journal), 1);
    journal.tidy(Moment::unvouched(years)).unwrap();
    assert_eq!(rows(&journal), 1, "a clock that nobody vouches for may have jumped");
    journal.tidy(Moment::vouched(at_ms(CLOSED_KEPT_MS + 1))).unwrap();
    assert_eq!(rows(&journal), 0);
}

#[test]
fn a_bank_that_owes_too_many_answers_gets_no_more_customers_until_it_answers() {
    let journal = empty();
    let refer = |number: u32| format!("SIM-0000-{number:04}");
    let ids: Vec<_> =
        (1..OPEN_MAX).map(|number| prepare(&journal, Endpoint::Submit, &refer(number))).collect();
    assert_eq!(journal.standing(), Standing::Sound);
    prepare(&journal, Endpoint::Submit, &refer(OPEN_MAX));
    assert_eq!(journal.standing(), Standing::Crowded, "the next customer is turned away");
    for number in OPEN_MAX + 1..=OPEN_MAX + OPEN_SPARE {
        prepare(&journal, Endpoint::Submit, &refer(number));
    }
    let (endpoint, of) = (Endpoint::Submit, reference("SIM-0000-9999"));
    let error =
        journal.prepare(Sending { endpoint, reference: &of, body: b"" }, Moment::vouched(now()));
    assert!(matches!(error, Err(JournalError::Crowded { got: 120 })));
    prepare(&journal, Endpoint::Submit, &refer(1));

    journal.tidy(Moment::unvouched(now())).unwrap();
    assert_eq!(journal.standing(), Standing::Crowded);
    for id in ids.into_iter().skip(1).take(21) {
        journal.close(id, "0000", now()).unwrap();
    }
    journal.tidy(Moment::unvouched(now())).unwrap();
    assert_eq!(journal.standing(), Standing::Sound);
}

#[test]
fn closed_entries_are_bounded_and_open_ones_are_kept() {
    let journal = empty();
    let oldest = prepare(&journal, Endpoint::Submit, "SIM-0000-0001");
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        INSERT INTO sends (endpoint, state, attempts, created_ms, changed_ms, answer)
        SELECT 'submit', 'CLOSED', 1, ?2, ?2, '0000' FROM n";
    let values = params![CLOSED_MAX + 5, now().millis()];
    journal.lock().open.as_ref().unwrap().store.connection.execute(fill, values).unwrap();
    journal.tidy(Moment::unvouched(now())).unwrap();
    assert_eq!(rows(&journal), CLOSED_MAX + 1);
    assert_eq!(waiting(&journal), [(oldest, Endpoint::Submit, 0)]);
}

#[test]
fn a_folder_without_a_journal_is_none_that_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let what = |folder: &Path| match verify(folder) {
        Err(JournalError::Unreadable { what, .. }) => what,
        _ => "something else",
    };
    assert_eq!(what(folder.path()), "database");
    drop(Journal::open(folder.path()).unwrap());
    assert!(verify(folder.path()).unwrap().is_empty());
    let database = folder.path().join(folder::DATABASE);
    let sound = fs::read(&database).unwrap();
    fs::write(&database, b"").unwrap();
    let error = verify(folder.path()).unwrap_err().to_string();
    assert_eq!(error, r#"checking the journal found "a database without tables", expected "ok""#);
    fs::write(&database, sound).unwrap();
    fs::remove_file(folder.path().join("journal.key")).unwrap();
    assert_eq!(what(folder.path()), "key");
}
