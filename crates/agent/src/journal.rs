//! What was or may have been sent, so that nothing is lost and nothing is sent twice (§1.8, §1.9, §1.12).
//!
//! SQLite, WAL, `synchronous=FULL`. A body on disk is the bank's own envelope, sealed once more under this
//! machine's key, because the failure report carries its reference in clear. No other personal data.
//! An entry ends with a definitive answer, and its body goes with it.

pub(crate) mod inspection;

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use protocol::{BankTime, Endpoint};
use rand::TryRng;
use rand::rngs::SysRng;
use rusqlite::{Connection, OptionalExtension, params};
use thiserror::Error;
use zeroize::Zeroizing;

/// The database, in the journal's folder.
const DATABASE: &str = "journal.sqlite";
/// This machine's key, beside it.
const KEY: &str = "journal.key";
/// Raised with every change of the tables.
const SCHEMA: i64 = 1;
/// Another writer may hold the file for a moment (a technician's `sqlite3`), never for long.
const BUSY: Duration = Duration::from_secs(2);
/// Random bytes before each sealed body.
const NONCE_BYTES: usize = 24;

/// Why nobody can be sure that the disk keeps what must be kept.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The folder or the key file.
    #[error("opening the journal's {what} failed, expected a folder this user may write")]
    Folder {
        /// Folder or key.
        what: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// The database.
    #[error("{doing} in the journal failed")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// The cause.
        source: rusqlite::Error,
    },
    /// A newer agent wrote it.
    #[error("the journal has schema {got}, expected at most {SCHEMA}")]
    Newer {
        /// The schema found.
        got: i64,
    },
    /// The key does not fit the row, or the row was changed.
    #[error("a journal entry could not be opened with this machine's key")]
    Sealed,
    /// The operating system gave no randomness.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
}

/// The number of an entry.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct EntryId(i64);

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Something the bank has not yet answered for good.
pub(crate) struct Unfinished {
    pub(crate) id: EntryId,
    pub(crate) endpoint: Endpoint,
    /// The wire body, byte for byte as it was or would have been sent.
    pub(crate) body: Zeroizing<Vec<u8>>,
    pub(crate) attempts: u32,
    pub(crate) created: BankTime,
}

/// The journal of one machine. Every call is durable when it returns.
pub(crate) struct Journal {
    connection: Mutex<Connection>,
    cipher: XChaCha20Poly1305,
}

impl Journal {
    /// Opens or creates journal and key in a folder.
    pub(crate) fn open(folder: &Path) -> Result<Self, JournalError> {
        fs::create_dir_all(folder)
            .map_err(|source| JournalError::Folder { what: "folder", source })?;
        let key = machine_key(&folder.join(KEY))?;
        let connection = Connection::open(folder.join(DATABASE)).map_err(at("opening"))?;
        connection.busy_timeout(BUSY).map_err(at("opening"))?;
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;",
            )
            .map_err(at("setting up"))?;
        migrate(&connection)?;
        Ok(Self {
            connection: Mutex::new(connection),
            cipher: XChaCha20Poly1305::new(&(*key).into()),
        })
    }

    /// Writes a body that is about to be sent.
    pub(crate) fn prepare(
        &self,
        endpoint: Endpoint,
        body: &[u8],
        now: BankTime,
    ) -> Result<EntryId, JournalError> {
        let sealed = self.seal(endpoint, body)?;
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection
            .execute(
                "INSERT INTO sends (endpoint, body, attempts, created_ms) VALUES (?1, ?2, 0, ?3)",
                params![word(endpoint), sealed, now.millis()],
            )
            .map_err(at("preparing a send"))?;
        Ok(EntryId(connection.last_insert_rowid()))
    }

    /// Says that an attempt begins: called before its first byte leaves (I3).
    pub(crate) fn sent(&self, id: EntryId, transaction_id: &str) -> Result<(), JournalError> {
        self.change(
            "UPDATE sends SET attempts = attempts + 1, transaction_id = ?2 WHERE id = ?1",
            params![id.0, transaction_id],
            "recording a send",
        )
    }

    /// Says that the bank answered for good; the body is gone.
    pub(crate) fn close(&self, id: EntryId, answer: &str) -> Result<(), JournalError> {
        self.change(
            "UPDATE sends SET answer = ?2, body = NULL WHERE id = ?1",
            params![id.0, answer],
            "closing a send",
        )
    }

    /// What was never answered for good, oldest first. An entry that cannot be opened is told and left as it
    /// is: it must not keep the others from the bank.
    pub(crate) fn unfinished(&self) -> Result<Vec<Unfinished>, JournalError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = connection
            .prepare(
                "SELECT id, endpoint, body, attempts, created_ms FROM sends \
                 WHERE answer IS NULL ORDER BY id",
            )
            .map_err(at("listing sends"))?;
        let rows = statement
            .query_map([], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })
            .map_err(at("listing sends"))?;
        let mut unfinished = Vec::new();
        for row in rows {
            let (id, endpoint, sealed, attempts, created): (i64, String, Vec<u8>, u32, i64) =
                row.map_err(at("listing sends"))?;
            let Some(endpoint) = endpoint_of(&endpoint) else { continue };
            let Ok(body) = self.open_sealed(endpoint, &sealed) else {
                tracing::error!(entry = id, "a journal entry cannot be opened with this key");
                continue;
            };
            let created = BankTime::from_millis(created);
            unfinished.push(Unfinished { id: EntryId(id), endpoint, body, attempts, created });
        }
        Ok(unfinished)
    }

    fn change(
        &self,
        statement: &str,
        values: impl rusqlite::Params,
        doing: &'static str,
    ) -> Result<(), JournalError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection.execute(statement, values).map(drop).map_err(at(doing))
    }

    fn seal(&self, endpoint: Endpoint, body: &[u8]) -> Result<Vec<u8>, JournalError> {
        let mut nonce = [0; NONCE_BYTES];
        SysRng.try_fill_bytes(&mut nonce).map_err(|_| JournalError::NoRandomness)?;
        let payload = Payload { msg: body, aad: word(endpoint).as_bytes() };
        let sealed =
            self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| JournalError::Sealed)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn open_sealed(
        &self,
        endpoint: Endpoint,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, JournalError> {
        let (nonce, sealed) =
            sealed.split_first_chunk::<NONCE_BYTES>().ok_or(JournalError::Sealed)?;
        let payload = Payload { msg: sealed, aad: word(endpoint).as_bytes() };
        let body = self.cipher.decrypt(&XNonce::from(*nonce), payload);
        body.map(Zeroizing::new).map_err(|_| JournalError::Sealed)
    }
}

fn migrate(connection: &Connection) -> Result<(), JournalError> {
    let doing = "reading the schema";
    let got: Option<i64> = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .optional()
        .map_err(at(doing))?;
    match got.unwrap_or(0) {
        0 => connection
            .execute_batch(
                "BEGIN;
                 CREATE TABLE sends (
                     id INTEGER PRIMARY KEY,
                     endpoint TEXT NOT NULL,
                     body BLOB,
                     attempts INTEGER NOT NULL,
                     transaction_id TEXT,
                     created_ms INTEGER NOT NULL,
                     answer TEXT
                 ) STRICT;
                 CREATE INDEX unanswered ON sends (id) WHERE answer IS NULL;
                 PRAGMA user_version = 1;
                 COMMIT;",
            )
            .map_err(at("creating the schema")),
        SCHEMA => Ok(()),
        got => Err(JournalError::Newer { got }),
    }
}

/// The machine's own key: made once, readable by this user alone.
fn machine_key(path: &Path) -> Result<Zeroizing<[u8; 32]>, JournalError> {
    let folder = |source| JournalError::Folder { what: "key", source };
    match fs::read(path) {
        Ok(bytes) => {
            let bytes = Zeroizing::new(bytes);
            let wrong = || folder(io::Error::from(io::ErrorKind::InvalidData));
            Ok(Zeroizing::new(bytes.as_slice().try_into().map_err(|_| wrong())?))
        }
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
            let mut key = Zeroizing::new([0; 32]);
            SysRng.try_fill_bytes(key.as_mut_slice()).map_err(|_| JournalError::NoRandomness)?;
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)
                .map_err(folder)?;
            file.write_all(key.as_slice()).and_then(|()| file.sync_all()).map_err(folder)?;
            Ok(key)
        }
        Err(source) => Err(folder(source)),
    }
}

fn at(doing: &'static str) -> impl Fn(rusqlite::Error) -> JournalError {
    move |source| JournalError::Database { doing, source }
}

fn word(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Token => "token",
        Endpoint::ValidateQr => "validate",
        Endpoint::Submit => "submit",
        Endpoint::ReportFailure => "failure",
        Endpoint::Consents => "consents",
        Endpoint::CheckDopa => "dopa",
    }
}

fn endpoint_of(word: &str) -> Option<Endpoint> {
    match word {
        "submit" => Some(Endpoint::Submit),
        "failure" => Some(Endpoint::ReportFailure),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> BankTime {
        BankTime::from_millis(1_790_000_000_000)
    }

    #[test]
    fn a_prepared_send_survives_a_restart_and_ends_with_its_answer() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        let id = journal.prepare(Endpoint::Submit, b"{\"data\":\"...\"}", now()).unwrap();
        journal.sent(id, "a01fa0ae-190a-49d5-9cc1-465f9f9ab0dc").unwrap();
        drop(journal);

        let journal = Journal::open(folder.path()).unwrap();
        let unfinished = journal.unfinished().unwrap();
        assert_eq!(unfinished.len(), 1);
        assert_eq!(unfinished[0].endpoint, Endpoint::Submit);
        assert_eq!(unfinished[0].body.as_slice(), b"{\"data\":\"...\"}");
        assert_eq!(unfinished[0].attempts, 1);
        journal.close(unfinished[0].id, "0000").unwrap();
        assert!(journal.unfinished().unwrap().is_empty());
    }

    #[test]
    fn no_body_stands_readable_in_any_file() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        let id = journal.prepare(Endpoint::ReportFailure, b"SIM-0000-CLEAR", now()).unwrap();
        journal.sent(id, "x").unwrap();
        let files = fs::read_dir(folder.path()).unwrap();
        for file in files {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(14).any(|window| window == b"SIM-0000-CLEAR"));
        }
    }

    #[test]
    fn another_machines_key_opens_nothing_and_keeps_nothing_else_from_the_bank() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        journal.prepare(Endpoint::Submit, b"body", now()).unwrap();
        drop(journal);
        fs::write(folder.path().join(KEY), [7; 32]).unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        assert!(journal.unfinished().unwrap().is_empty());
        journal.prepare(Endpoint::Submit, b"another", now()).unwrap();
        assert_eq!(journal.unfinished().unwrap().len(), 1);
    }

    #[test]
    fn a_journal_of_a_newer_agent_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        drop(Journal::open(folder.path()).unwrap());
        let connection = Connection::open(folder.path().join("journal.sqlite")).unwrap();
        connection.execute_batch("PRAGMA user_version = 9;").unwrap();
        drop(connection);
        assert!(matches!(Journal::open(folder.path()), Err(JournalError::Newer { got: 9 })));
    }
}
