//! A look at the journal that changes nothing in it: for diagnosis, and beside a running agent.
//!
//! It creates neither folder nor key nor database: what a technician creates would belong to the technician.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use protocol::BankTime;
use rusqlite::Connection;

use super::folder::{DATABASE, KEY, set_aside};
use super::store::{SCHEMA, Store};
use super::{JournalError, at};

/// Reading, writing or running by the group or by anyone.
const OTHERS_MASK: u32 = 0o077;

/// What a look at the journal found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Inspection {
    /// The agent has not yet made one.
    Absent,
    /// It is there.
    Present {
        /// Does the database keep its own rules?
        integrity: Integrity,
        /// Who can read the key.
        key: KeyGuard,
        /// What was never answered for good.
        unfinished: u32,
        /// When the oldest of those was written.
        oldest: Option<BankTime>,
        /// Damaged journals that were set aside.
        set_aside: usize,
    },
}

/// What SQLite says of the database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Integrity {
    Sound,
    Damaged,
}

/// Who can read the key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KeyGuard {
    OwnerOnly,
    Others,
    Missing,
}

impl Inspection {
    /// Looks at the journal in a folder.
    pub(crate) fn of(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(DATABASE);
        let there = path.try_exists();
        if !there.map_err(|source| JournalError::Folder { what: "folder", source })? {
            return Ok(Self::Absent);
        }
        let aside = set_aside(folder);
        let aside = aside.map_err(|source| JournalError::Folder { what: "folder", source })?.len();
        let Store { connection, .. } = Store::to_look_at(&path)?;
        let schema: i64 = one(&connection, "PRAGMA user_version", "reading the schema")?;
        if schema > SCHEMA {
            return Err(JournalError::Newer { got: schema });
        }
        let (integrity, unfinished, oldest) = match schema {
            // An empty file: where the key lies beside it, what it held is lost.
            0 => (Integrity::Damaged, 0, None),
            _ => contents(&connection)?,
        };
        Ok(Self::Present {
            integrity,
            key: key_guard(&folder.join(KEY))?,
            unfinished,
            oldest,
            set_aside: aside,
        })
    }
}

fn contents(connection: &Connection) -> Result<(Integrity, u32, Option<BankTime>), JournalError> {
    let verdict: String = one(connection, "PRAGMA integrity_check(1)", "checking")?;
    let integrity = if verdict == "ok" { Integrity::Sound } else { Integrity::Damaged };
    // Schema 1 had no states; a row without an answer is open in all of them.
    let count = "SELECT count(*) FROM sends WHERE answer IS NULL";
    let oldest = "SELECT min(created_ms) FROM sends WHERE answer IS NULL";
    let oldest: Option<i64> = one(connection, oldest, "listing sends")?;
    let count = one(connection, count, "listing sends")?;
    Ok((integrity, count, oldest.map(BankTime::from_millis)))
}

fn one<T: rusqlite::types::FromSql>(
    connection: &Connection,
    query: &str,
    doing: &'static str,
) -> Result<T, JournalError> {
    connection.query_row(query, [], |row| row.get(0)).map_err(at(doing))
}

fn key_guard(path: &Path) -> Result<KeyGuard, JournalError> {
    match fs::metadata(path) {
        Ok(key) if key.mode() & OTHERS_MASK == 0 => Ok(KeyGuard::OwnerOnly),
        Ok(_) => Ok(KeyGuard::Others),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(KeyGuard::Missing),
        Err(source) => Err(JournalError::Folder { what: "key", source }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use protocol::{Endpoint, Reference};

    use super::*;
    use crate::journal::{Journal, Moment, Sending};

    fn written() -> BankTime {
        BankTime::from_millis(1_790_000_000_000)
    }

    #[test]
    fn a_folder_without_a_journal_stays_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Inspection::of(folder.path()).unwrap(), Inspection::Absent);
        assert_eq!(Inspection::of(&folder.path().join("none")).unwrap(), Inspection::Absent);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_empty_file_is_a_damaged_journal() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(DATABASE), b"").unwrap();
        let found = Inspection::of(folder.path()).unwrap();
        assert!(matches!(found, Inspection::Present { integrity: Integrity::Damaged, .. }));
    }

    #[test]
    fn unfinished_sends_are_counted_beside_a_running_agent() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        let reference = Reference::parse("SIM-0000-0001").unwrap();
        let submit = Sending { endpoint: Endpoint::Submit, reference: &reference, body: b"body" };
        let first = journal.prepare(submit, Moment::vouched(written())).unwrap();
        journal.close(first, "9301", written()).unwrap();
        let report = Sending { endpoint: Endpoint::ReportFailure, ..submit };
        journal.prepare(report, Moment::vouched(written())).unwrap();
        let expected = Inspection::Present {
            integrity: Integrity::Sound,
            key: KeyGuard::OwnerOnly,
            unfinished: 1,
            oldest: Some(written()),
            set_aside: 0,
        };
        assert_eq!(Inspection::of(folder.path()).unwrap(), expected);
    }

    #[test]
    fn a_key_that_others_can_read_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        drop(Journal::open(folder.path()).unwrap());
        let key = folder.path().join(KEY);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let found = Inspection::of(folder.path()).unwrap();
        assert!(matches!(found, Inspection::Present { key: KeyGuard::Others, .. }));
        fs::remove_file(&key).unwrap();
        let found = Inspection::of(folder.path()).unwrap();
        assert!(matches!(found, Inspection::Present { key: KeyGuard::Missing, .. }));
    }

    #[test]
    fn a_file_that_is_no_database_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(DATABASE), [b'x'; 4096]).unwrap();
        let error = Inspection::of(folder.path()).unwrap_err();
        assert!(matches!(error, JournalError::Database { .. }), "{error}");
    }
}
