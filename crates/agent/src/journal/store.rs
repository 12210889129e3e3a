//! The database: where it lies, how it is set up, its tables, and how older tables become these.
//!
//! WAL with `synchronous=FULL`: a transaction is on the disk when its call returns, for one `fsync`. The log
//! is brought into the database by [`Store::checkpoint`] alone, so that no customer waits for it.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{JournalError, at};

/// Raised with every change of the tables.
pub(super) const SCHEMA: i64 = 3;
/// Another writer may hold the file for a moment (a technician's `sqlite3`), never for long.
pub(super) const BUSY: Duration = Duration::from_secs(2);
/// The states of an entry are words, so that a technician can read them; the checks keep them honest.
const TABLES: &str = "
    CREATE TABLE sends (
        id INTEGER PRIMARY KEY,
        endpoint TEXT NOT NULL CHECK (endpoint IN ('submit', 'failure')),
        state TEXT NOT NULL
            CHECK (state IN ('PREPARED', 'SENT', 'FAIL_QUEUED', 'FAIL_SENT', 'CLOSED')),
        tag BLOB,
        reference BLOB,
        body BLOB,
        attempts INTEGER NOT NULL CHECK (attempts >= 0),
        transaction_id TEXT,
        created_ms INTEGER NOT NULL,
        changed_ms INTEGER NOT NULL,
        answer TEXT,
        clock TEXT NOT NULL DEFAULT 'vouched' CHECK (clock IN ('vouched', 'unknown')),
        CHECK ((state = 'CLOSED') = (answer IS NOT NULL)),
        CHECK ((state = 'CLOSED') = (body IS NULL)),
        CHECK (state NOT IN ('SENT', 'FAIL_SENT') OR attempts > 0),
        CHECK (state NOT IN ('PREPARED', 'FAIL_QUEUED') OR attempts = 0)
    ) STRICT;
    CREATE INDEX open_sends ON sends (id) WHERE state <> 'CLOSED';
    CREATE INDEX sends_of_reference ON sends (tag);
";
/// That what was written down before is lost, and since when that is known, by a clock that can be believed.
const LOSSES: &str = "CREATE TABLE losses (known_ms INTEGER) STRICT;";
/// What lay here before is lost.
const LOST: &str = "INSERT INTO losses VALUES (NULL);";
/// Schema 2 asked nobody whether the clock was right.
const FROM_SECOND: &str = "
    ALTER TABLE sends ADD COLUMN
        clock TEXT NOT NULL DEFAULT 'vouched' CHECK (clock IN ('vouched', 'unknown'));
";
/// The one table of schema 1 knew no reference, and said a state by what was there and what was not.
const FROM_FIRST: &str = "
    INSERT INTO sends
        SELECT id, endpoint,
            CASE WHEN answer IS NOT NULL OR body IS NULL THEN 'CLOSED'
                WHEN endpoint = 'submit' THEN iif(attempts > 0, 'SENT', 'PREPARED')
                ELSE iif(attempts > 0, 'FAIL_SENT', 'FAIL_QUEUED') END,
            NULL, NULL, iif(answer IS NULL, body, NULL), attempts, transaction_id,
            created_ms, created_ms, iif(body IS NULL, coalesce(answer, 'UNKNOWN'), answer), 'vouched'
        FROM sends_1 WHERE endpoint IN ('submit', 'failure');
    DROP TABLE sends_1;
";

/// What tables that have to be made take the place of.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Before {
    /// There were none.
    Nothing,
    /// Some that are lost.
    Lost,
}

/// A journal's database, set up and with this version's tables.
pub struct Store {
    pub(super) connection: Connection,
    /// How many rows had been changed when the log was last brought in.
    compacted_at: Option<i64>,
}

impl Store {
    /// Opens or creates the file.
    pub(super) fn at(path: &Path, before: Before) -> Result<Self, JournalError> {
        Self::set_up(Connection::open(path).map_err(at("opening"))?, before)
    }

    /// A database in memory, for a machine that is none: it ends with the value, as everything does there.
    ///
    /// # Errors
    /// [`JournalError::Database`] if there is no memory.
    pub fn in_memory() -> Result<Self, JournalError> {
        Self::set_up(Connection::open_in_memory().map_err(at("opening"))?, Before::Nothing)
    }

    /// As [`Self::in_memory`], in the place of one that is lost.
    ///
    /// # Errors
    /// [`JournalError::Database`] if there is no memory.
    pub fn in_memory_after_a_loss() -> Result<Self, JournalError> {
        Self::set_up(Connection::open_in_memory().map_err(at("opening"))?, Before::Lost)
    }

    /// Opens the file for reading alone; it must be there, with this version's tables.
    pub(super) fn to_look_at(path: &Path) -> Result<Self, JournalError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(at("opening"))?;
        connection.busy_timeout(BUSY).map_err(at("opening"))?;
        Ok(Self { connection, compacted_at: None })
    }

    fn set_up(mut connection: Connection, before: Before) -> Result<Self, JournalError> {
        connection.busy_timeout(BUSY).map_err(at("opening"))?;
        let pragmas = "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; \
                       PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; \
                       PRAGMA wal_autocheckpoint = 0;";
        connection.execute_batch(pragmas).map_err(at("setting up"))?;
        migrate(&mut connection, before)?;
        Ok(Self { connection, compacted_at: None })
    }

    /// Does the database have tables, and keep its own rules?
    pub(super) fn check(&self) -> Result<(), JournalError> {
        if schema(&self.connection)? == 0 {
            return Err(JournalError::Damaged { got: "a database without tables".to_owned() });
        }
        let found = self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
        let got: String = found.map_err(at("checking"))?;
        if got == "ok" { Ok(()) } else { Err(JournalError::Damaged { got }) }
    }

    /// Finds out by writing whether the disk keeps what it is given.
    pub(super) fn probe(&self) -> Result<(), JournalError> {
        let written = self.connection.pragma_update(None, "user_version", SCHEMA);
        written.map_err(at("trying to write"))
    }

    /// Brings the log into the database, gives free pages back and empties the log, if anything was changed
    /// since. The head of a new log costs a sync of its own: it is begun here, where no customer waits for it.
    pub(super) fn checkpoint(&mut self) -> Result<(), JournalError> {
        let doing = at("compacting");
        let changes = self.connection.query_row("SELECT total_changes()", [], |row| row.get(0));
        let changes: i64 = changes.map_err(&doing)?;
        if self.compacted_at == Some(changes) {
            return Ok(());
        }
        tracing::debug!("the journal is being compacted");
        let statements = "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);";
        self.connection.execute_batch(statements).map_err(&doing)?;
        self.probe()?;
        self.compacted_at = Some(changes);
        tracing::debug!("the journal is compacted");
        Ok(())
    }
}

fn schema(connection: &Connection) -> Result<i64, JournalError> {
    let version = connection.query_row("PRAGMA user_version", [], |row| row.get(0));
    version.map_err(at("reading the schema"))
}

fn migrate(connection: &mut Connection, before: Before) -> Result<(), JournalError> {
    let statements = match (schema(connection)?, before) {
        (SCHEMA, _) => return Ok(()),
        (0, Before::Nothing) => format!("{TABLES} {LOSSES}"),
        (0, Before::Lost) => {
            tracing::error!(
                "alert: what the journal kept is lost; ask the bank about the last day"
            );
            format!("{TABLES} {LOSSES} {LOST}")
        }
        (1, _) => format!(
            "DROP INDEX unanswered; ALTER TABLE sends RENAME TO sends_1; {TABLES} {FROM_FIRST} {LOSSES}"
        ),
        (2, _) => format!("{FROM_SECOND} {LOSSES}"),
        (got, _) => return Err(JournalError::Newer { got }),
    };
    let doing = at("changing the schema");
    let change = connection.transaction().map_err(&doing)?;
    change.execute_batch(&statements).map_err(&doing)?;
    change.pragma_update(None, "user_version", SCHEMA).map_err(&doing)?;
    change.commit().map_err(&doing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_of_schema_one_keeps_what_waits_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let old = Connection::open(&path).unwrap();
        let statements = "CREATE TABLE sends (id INTEGER PRIMARY KEY, endpoint TEXT NOT NULL,
                body BLOB, attempts INTEGER NOT NULL, transaction_id TEXT,
                created_ms INTEGER NOT NULL, answer TEXT) STRICT;
            CREATE INDEX unanswered ON sends (id) WHERE answer IS NULL;
            INSERT INTO sends VALUES (1, 'submit', NULL, 1, 'a', 5, '0000'),
                (2, 'submit', x'00', 0, NULL, 6, NULL), (3, 'submit', x'00', 2, 'b', 7, NULL),
                (4, 'failure', x'00', 0, NULL, 8, NULL), (5, 'failure', x'00', 1, 'c', 9, NULL);
            PRAGMA user_version = 1;";
        old.execute_batch(statements).unwrap();
        drop(old);

        let store = Store::at(&path, Before::Nothing).unwrap();
        let mut states = store.connection.prepare("SELECT state FROM sends ORDER BY id").unwrap();
        let states = states.query_map([], |row| row.get(0)).unwrap();
        let states: Vec<String> = states.map(Result::unwrap).collect();
        assert_eq!(states, ["CLOSED", "PREPARED", "SENT", "FAIL_QUEUED", "FAIL_SENT"]);
    }

    #[test]
    fn an_entry_of_schema_two_is_of_a_clock_that_was_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let old = Connection::open(&path).unwrap();
        let tables = TABLES.replace(
            "clock TEXT NOT NULL DEFAULT 'vouched' CHECK (clock IN ('vouched', 'unknown')),",
            "",
        );
        assert_ne!(tables, TABLES);
        let entry = "INSERT INTO sends (endpoint, state, body, attempts, created_ms, changed_ms) \
                     VALUES ('submit', 'PREPARED', x'00', 0, 5, 5); PRAGMA user_version = 2;";
        old.execute_batch(&format!("{tables} {entry}")).unwrap();
        drop(old);

        let store = Store::at(&path, Before::Lost).unwrap();
        let clock = "SELECT clock FROM sends";
        let clock: String = store.connection.query_row(clock, [], |row| row.get(0)).unwrap();
        assert_eq!(clock, "vouched");
        let losses = "SELECT count(*) FROM losses";
        let losses: i64 = store.connection.query_row(losses, [], |row| row.get(0)).unwrap();
        assert_eq!(losses, 0, "what is there is not lost");
    }

    #[test]
    fn a_journal_of_a_newer_agent_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let store = Store::at(&path, Before::Nothing).unwrap();
        store.connection.execute_batch("PRAGMA user_version = 9;").unwrap();
        drop(store);
        assert!(matches!(Store::at(&path, Before::Nothing), Err(JournalError::Newer { got: 9 })));
    }
}
