//! What becomes of the journal when the disk is full, refuses, or has changed what it kept (§1.9).

use std::fs;

use super::*;

fn started(folder: &Path) -> Journal {
    Journal::start(folder, now()).unwrap()
}

fn pragma(journal: &Journal, statement: &str) {
    let inner = journal.lock();
    inner.open.as_ref().unwrap().store.connection.execute_batch(statement).unwrap();
}

fn submit(journal: &Journal, body: &[u8]) -> Result<EntryId, JournalError> {
    let of = reference("SIM-0000-0001");
    journal.prepare(
        Sending { endpoint: Endpoint::Submit, reference: &of, body },
        Moment::vouched(now()),
    )
}

fn set_aside(folder: &Path) -> usize {
    folder::set_aside(folder).unwrap().len()
}

#[test]
fn a_file_that_is_no_database_is_set_aside_and_an_empty_one_begun() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(folder::DATABASE), [b'x'; 4096]).unwrap();
    let journal = started(folder.path());
    assert_eq!(journal.standing(), Standing::Sound);
    assert_eq!((waiting(&journal), set_aside(folder.path())), (vec![], 1));
    submit(&journal, b"body").unwrap();
}

#[test]
fn what_waited_in_a_damaged_database_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let journal = started(folder.path());
    submit(&journal, &[b'x'; 20_000]).unwrap();
    journal.tidy(Moment::unvouched(now())).unwrap();
    drop(journal);
    let path = folder.path().join(folder::DATABASE);
    let mut bytes = fs::read(&path).unwrap();
    // The pages behind the first, which alone says that it is a database.
    bytes.iter_mut().skip(4096).step_by(97).for_each(|byte| *byte ^= 0x5A);
    fs::write(&path, bytes).unwrap();

    let journal = started(folder.path());
    assert_eq!((journal.standing(), set_aside(folder.path())), (Standing::Sound, 1));
    assert_eq!(waiting(&journal), []);
}

#[test]
fn a_lost_journal_is_remembered_for_a_day_by_a_clock_that_can_be_believed() {
    let earlier = |journal: &Journal| journal.earlier(&reference("SIM-0000-0001")).unwrap();
    let day = |millis: i64| at_ms(24 * 60 * 60 * 1_000 + millis);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join(folder::DATABASE);
    let journal = started(folder.path());
    assert_eq!(earlier(&journal), Earlier::Nothing, "there was nothing to lose");
    drop(journal);
    let lose: [fn(&Path); 4] = [
        |path| fs::remove_file(path).unwrap(),
        |path| fs::write(path, b"").unwrap(),
        |path| {
            // As a power cut leaves one that was just being made.
            fs::remove_file(path).unwrap();
            let begun = rusqlite::Connection::open(path).unwrap();
            begun.execute_batch("PRAGMA journal_mode = WAL;").unwrap();
            assert_ne!(fs::metadata(path).unwrap().len(), 0);
        },
        |path| fs::write(path, [b'x'; 4096]).unwrap(),
    ];
    for lose in lose {
        lose(&database);
        let journal = started(folder.path());
        assert_eq!(earlier(&journal), Earlier::Unknown);
        journal.tidy(Moment::unvouched(day(-1))).unwrap();
        journal.tidy(Moment::vouched(now())).unwrap();
        journal.tidy(Moment::unvouched(day(1))).unwrap();
        drop(journal);
        let journal = started(folder.path());
        assert_eq!(earlier(&journal), Earlier::Unknown, "a restart changes nothing");
        let id = prepare(&journal, Endpoint::Submit, "SIM-0000-0001");
        journal.sent(id, TRANSACTION, now()).unwrap();
        assert_eq!(earlier(&journal), Earlier::MayHaveArrived);
        journal.close(id, "9301", now()).unwrap();
        assert_eq!(earlier(&journal), Earlier::Unknown);
        journal.tidy(Moment::vouched(day(1))).unwrap();
        assert_eq!(earlier(&journal), Earlier::Nothing);
    }
}

#[test]
fn only_the_newest_damaged_databases_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    for day in 0..5 {
        fs::write(folder.path().join(folder::DATABASE), [b'x'; 4096]).unwrap();
        drop(Journal::start(folder.path(), at_ms(day)).unwrap());
    }
    assert_eq!(set_aside(folder.path()), 3);
}

#[test]
fn a_full_disk_costs_the_reserve_and_is_sound_again_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let reserve = folder.path().join("journal.reserve");
    let journal = started(folder.path());
    assert_eq!(fs::metadata(&reserve).unwrap().len(), 8 * 1024 * 1024);
    pragma(&journal, "PRAGMA max_page_count = 12;");
    let error = submit(&journal, &[0; 200_000]).unwrap_err();
    assert_eq!(error.standing(), Some(Standing::Full), "{error}");
    assert_eq!((journal.standing(), reserve.exists()), (Standing::Full, false));

    pragma(&journal, "PRAGMA max_page_count = 100000;");
    submit(&journal, &[0; 200_000]).expect("what was begun is carried on");
    assert_eq!(journal.standing(), Standing::Full, "until somebody has looked");
    journal.tidy(Moment::unvouched(now())).unwrap();
    assert_eq!((journal.standing(), reserve.exists()), (Standing::Sound, true));
}

#[test]
fn a_journal_that_cannot_be_written_says_so_until_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let journal = started(folder.path());
    pragma(&journal, "PRAGMA query_only = ON;");
    assert!(submit(&journal, b"body").is_err());
    assert_eq!(journal.standing(), Standing::ReadOnly);
    assert!(journal.tidy(Moment::unvouched(now())).is_err());
    pragma(&journal, "PRAGMA query_only = OFF;");
    journal.tidy(Moment::unvouched(now())).unwrap();
    assert_eq!(journal.standing(), Standing::Sound);
}

#[test]
fn a_folder_that_cannot_be_made_leaves_a_machine_that_starts_and_sends_nothing() {
    let outside = tempfile::tempdir().unwrap();
    let folder = outside.path().join("journal");
    fs::write(&folder, b"in the way").unwrap();
    let journal = started(&folder);
    assert_ne!(journal.standing(), Standing::Sound);
    let error = submit(&journal, b"body").unwrap_err();
    assert!(matches!(error, JournalError::Unusable { .. }), "{error}");

    fs::remove_file(&folder).unwrap();
    journal.tidy(Moment::unvouched(now())).unwrap();
    assert_eq!(journal.standing(), Standing::Sound);
    submit(&journal, b"body").unwrap();
}

#[test]
fn a_database_that_fails_while_it_is_open_is_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let journal = started(folder.path());
    let id = submit(&journal, b"body").unwrap();
    let failed = journal.with(|_, _| -> Result<(), _> {
        Err(JournalError::Damaged { got: "as if a page had been lost".to_owned() })
    });
    assert!(failed.is_err());
    let error = journal.sent(id, TRANSACTION, now()).unwrap_err();
    assert!(matches!(error, JournalError::Unusable { standing: Standing::Damaged }), "{error}");
    journal.tidy(Moment::unvouched(now())).unwrap();
    assert_eq!((journal.standing(), waiting(&journal).len()), (Standing::Sound, 1));
}
