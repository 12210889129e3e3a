//! What was or may have been sent, so that nothing is lost and nothing is sent twice (§1.8, §1.9, §1.12).
//!
//! An entry is a submit (E3) or a failure report (E4): prepared, sent so many times, closed by a definitive
//! answer. A body is the bank's own envelope, sealed once more under this machine's key, because the report
//! carries its reference in clear; it goes with the answer. Time and chance are handed in.

mod device_key;
mod history;
pub(crate) mod inspection;
mod store;

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::{BankTime, Endpoint, Reference};
use rand::SeedableRng as _;
use rand::rngs::{StdRng, SysRng};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use thiserror::Error;
use zeroize::Zeroizing;

pub use device_key::{DeviceKey, KEY_BYTES};
pub use history::{Past, Violation, violations};
pub use store::Store;

use device_key::Purpose;
use store::SCHEMA;

/// The database, in the journal's folder.
const DATABASE: &str = "journal.sqlite";
/// This machine's key, beside it.
const KEY: &str = "journal.key";
/// What a sealed reference is bound to.
const REFERENCE: &str = "reference";
/// A body is kept so long, whatever keeps its answer away (§1.12); the outbox gives up just before.
const BODY_KEPT_MS: i64 = 25 * HOUR_MS;
/// A closed entry is kept so long for the bank's questions.
const CLOSED_KEPT_MS: i64 = 30 * 24 * HOUR_MS;
/// More closed entries are not kept, however young: a busy machine closes 300 a day.
const CLOSED_MAX: i64 = 10_000;
/// Milliseconds of an hour.
const HOUR_MS: i64 = 60 * 60 * 1_000;
/// The answer of an entry that got too old.
const GIVEN_UP: &str = "GIVEN_UP";
/// The answer of a submit in whose place another one was prepared.
const REPLACED: &str = "REPLACED";

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
    /// Only what ends a reference is journaled.
    #[error("journaling {got}, expected a submit or a failure report")]
    Endpoint {
        /// What it was.
        got: Endpoint,
    },
    /// The bank has already answered for good: it must not hear of it again (I2).
    #[error("sending entry {id}, expected one that is open")]
    Closed {
        /// Which.
        id: EntryId,
    },
    /// A submit of this reference may have arrived: a failure must not be reported over it (§1.8 (d)).
    #[error("reporting a failure, expected no submit of the same reference under way")]
    OutcomeUnknown,
}

/// The number of an entry.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EntryId(i64);

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is about to be sent.
#[derive(Clone, Copy)]
pub struct Sending<'a> {
    /// Submit or failure report.
    pub endpoint: Endpoint,
    /// What it ends.
    pub reference: &'a Reference,
    /// The wire body, byte for byte.
    pub body: &'a [u8],
}

/// Something the bank has not yet answered for good.
pub struct Unfinished {
    /// Its number.
    pub id: EntryId,
    /// Submit or failure report.
    pub endpoint: Endpoint,
    /// What it ends; unknown for an entry of schema 1.
    pub reference: Option<Reference>,
    /// The wire body, byte for byte as it was or would have been sent.
    pub body: Zeroizing<Vec<u8>>,
    /// How often it may have left this machine; with 0 it provably never did.
    pub attempts: u32,
    /// When the customer's data was sealed.
    pub created: BankTime,
}

/// The journal of one machine. Every call is one transaction, and durable when it returns.
pub struct Journal {
    inner: Mutex<Inner>,
}

struct Inner {
    store: Store,
    key: DeviceKey,
    rng: StdRng,
}

impl Journal {
    /// A journal over a database. `rng` salts what is sealed and decides nothing.
    #[must_use]
    pub fn new(store: Store, key: DeviceKey, rng: StdRng) -> Self {
        Self { inner: Mutex::new(Inner { store, key, rng }) }
    }

    /// Opens or creates journal and key in a folder.
    ///
    /// # Errors
    /// [`JournalError`], by what could not be opened.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        fs::create_dir_all(folder)
            .map_err(|source| JournalError::Folder { what: "folder", source })?;
        let key = DeviceKey::of_machine(&folder.join(KEY))?;
        let rng = StdRng::try_from_rng(&mut SysRng).map_err(|_| JournalError::NoRandomness)?;
        Ok(Self::new(Store::at(&folder.join(DATABASE))?, key, rng))
    }

    /// The database, as a crash at this moment leaves it.
    #[must_use]
    pub fn into_store(self) -> Store {
        self.inner.into_inner().unwrap_or_else(PoisonError::into_inner).store
    }

    /// Writes a body that is about to be sent. A submit takes the place of an earlier one of the same
    /// reference: one replaces another only after a definite refusal.
    ///
    /// # Errors
    /// [`JournalError::OutcomeUnknown`] for a report while a submit of its reference is open;
    /// [`JournalError::Database`] if it is not durable, and then it must not be sent.
    pub fn prepare(&self, sending: Sending<'_>, now: BankTime) -> Result<EntryId, JournalError> {
        let doing = at("preparing a send");
        let kind = Kind::of(sending.endpoint)?;
        let Inner { store, key, rng } = &mut *self.lock();
        let reference = sending.reference.as_str().as_bytes();
        let tag = key.tag(Purpose::Reference, reference);
        let body = key.seal(rng, kind.word(), sending.body);
        let reference = key.seal(rng, REFERENCE, reference);
        let change = store.connection.transaction().map_err(&doing)?;
        match kind {
            Kind::Submit => change
                .prepare_cached(
                    "UPDATE sends SET state = 'CLOSED', answer = ?2, body = NULL, changed_ms = ?3 \
                     WHERE tag = ?1 AND endpoint = 'submit' AND state <> 'CLOSED'",
                )
                .and_then(|mut close| close.execute(params![tag, REPLACED, now.millis()]))
                .map_err(&doing)?,
            Kind::Failure if submit_is_open(&change, tag.as_slice())? => {
                return Err(JournalError::OutcomeUnknown);
            }
            Kind::Failure => 0,
        };
        change
            .prepare_cached(
                "INSERT INTO sends \
                 (endpoint, state, tag, reference, body, attempts, created_ms, changed_ms) \
                 VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?6)",
            )
            .and_then(|mut insert| {
                let (word, state) = (kind.word(), kind.prepared());
                insert.insert(params![word, state, tag, reference, body, now.millis()])
            })
            .and_then(|id| change.commit().map(|()| EntryId(id)))
            .map_err(&doing)
    }

    /// Says that an attempt begins: called before its first byte leaves (I3).
    ///
    /// # Errors
    /// [`JournalError::Closed`] if the bank has already answered, [`JournalError::Database`] if this is not
    /// durable; either way the attempt must not begin.
    pub fn sent(
        &self,
        id: EntryId,
        transaction_id: &str,
        now: BankTime,
    ) -> Result<(), JournalError> {
        let changed = self.change(
            "UPDATE sends SET attempts = attempts + 1, transaction_id = ?2, changed_ms = ?3, \
             state = iif(endpoint = 'submit', 'SENT', 'FAIL_SENT') \
             WHERE id = ?1 AND state <> 'CLOSED'",
            params![id.0, transaction_id, now.millis()],
            "recording a send",
        )?;
        if changed == 0 { Err(JournalError::Closed { id }) } else { Ok(()) }
    }

    /// Says that the bank answered for good; the body is gone. The first answer stands.
    ///
    /// # Errors
    /// [`JournalError::Database`] if this is not durable: the entry is still open.
    pub fn close(&self, id: EntryId, answer: &str, now: BankTime) -> Result<(), JournalError> {
        self.change(
            "UPDATE sends SET state = 'CLOSED', answer = ?2, body = NULL, changed_ms = ?3 \
             WHERE id = ?1 AND state <> 'CLOSED'",
            params![id.0, answer, now.millis()],
            "closing a send",
        )
        .map(drop)
    }

    /// What was never answered for good, oldest first. An entry that cannot be opened is told and left as it
    /// is: it must not keep the others from the bank.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub fn unfinished(&self) -> Result<Vec<Unfinished>, JournalError> {
        let doing = at("listing sends");
        let Inner { store, key, .. } = &*self.lock();
        let mut statement = store
            .connection
            .prepare_cached(
                "SELECT id, endpoint, reference, body, attempts, created_ms FROM sends \
                 WHERE state <> 'CLOSED' ORDER BY id",
            )
            .map_err(&doing)?;
        let mut rows = statement.query([]).map_err(&doing)?;
        let mut unfinished = Vec::new();
        while let Some(row) = rows.next().map_err(&doing)? {
            match unseal(row, key) {
                Ok(entry) => unfinished.push(entry),
                Err(JournalError::Sealed) => {
                    let entry: i64 = row.get(0).map_err(&doing)?;
                    tracing::error!(entry, "a journal entry cannot be opened with this key");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(unfinished)
    }

    /// Keeps the journal small: bodies that are too old go, closed entries that are too old or too many go,
    /// and the log is brought into the database. To be called when nobody waits. Returns how many entries
    /// it had to give up, whose customers the bank must be asked about.
    ///
    /// # Errors
    /// [`JournalError::Database`]; nothing is lost, the next call tries again.
    pub fn tidy(&self, now: BankTime) -> Result<usize, JournalError> {
        let doing = at("tidying up");
        let Inner { store, .. } = &mut *self.lock();
        let change = store.connection.transaction().map_err(&doing)?;
        let given_up = "UPDATE sends SET state = 'CLOSED', answer = ?1, body = NULL, \
             changed_ms = ?2 WHERE state <> 'CLOSED' AND created_ms < ?3";
        let before = now.millis().saturating_sub(BODY_KEPT_MS);
        let given_up = change.execute(given_up, params![GIVEN_UP, now.millis(), before]);
        let given_up = given_up.map_err(&doing)?;
        let old = "DELETE FROM sends WHERE state = 'CLOSED' AND (changed_ms < ?1 OR id <= \
             (SELECT id FROM sends WHERE state = 'CLOSED' ORDER BY id DESC LIMIT 1 OFFSET ?2))";
        let before = now.millis().saturating_sub(CLOSED_KEPT_MS);
        change.execute(old, params![before, CLOSED_MAX]).map_err(&doing)?;
        change.commit().map_err(&doing)?;
        tracing::debug!("the journal is being compacted");
        store.checkpoint()?;
        Ok(given_up)
    }

    fn change(
        &self,
        statement: &str,
        values: impl rusqlite::Params,
        doing: &'static str,
    ) -> Result<usize, JournalError> {
        let inner = self.lock();
        let prepared = inner.store.connection.prepare_cached(statement);
        prepared.and_then(|mut change| change.execute(values)).map_err(at(doing))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is journaled: the two calls that end a reference.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Submit,
    Failure,
}

impl Kind {
    fn of(endpoint: Endpoint) -> Result<Self, JournalError> {
        match endpoint {
            Endpoint::Submit => Ok(Self::Submit),
            Endpoint::ReportFailure => Ok(Self::Failure),
            got @ (Endpoint::Token
            | Endpoint::ValidateQr
            | Endpoint::Consents
            | Endpoint::CheckDopa) => Err(JournalError::Endpoint { got }),
        }
    }

    /// In the column `endpoint`, and what a body is bound to.
    fn word(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Failure => "failure",
        }
    }

    fn prepared(self) -> &'static str {
        match self {
            Self::Submit => "PREPARED",
            Self::Failure => "FAIL_QUEUED",
        }
    }
}

fn submit_is_open(connection: &Connection, tag: &[u8]) -> Result<bool, JournalError> {
    let open = "SELECT 1 FROM sends WHERE tag = ?1 AND endpoint = 'submit' AND state <> 'CLOSED'";
    let found = connection.prepare_cached(open);
    let found = found.and_then(|mut found| found.query_row([tag], |_| Ok(())).optional());
    Ok(found.map_err(at("looking for a submit"))?.is_some())
}

fn unseal(row: &Row<'_>, key: &DeviceKey) -> Result<Unfinished, JournalError> {
    let columns =
        || Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?));
    let (id, word, reference, body, attempts, created): (
        i64,
        String,
        Option<Vec<u8>>,
        Vec<u8>,
        u32,
        i64,
    ) = columns().map_err(at("listing sends"))?;
    let endpoint = if word == "submit" { Endpoint::Submit } else { Endpoint::ReportFailure };
    let reference = reference.map(|sealed| key.open(REFERENCE, &sealed)).transpose()?;
    let parsed = reference.map(|text| {
        let text = std::str::from_utf8(&text).map_err(|_| JournalError::Sealed)?;
        Reference::parse(text).map_err(|_| JournalError::Sealed)
    });
    Ok(Unfinished {
        id: EntryId(id),
        endpoint,
        reference: parsed.transpose()?,
        body: key.open(&word, &body)?,
        attempts,
        created: BankTime::from_millis(created),
    })
}

fn at(doing: &'static str) -> impl Fn(rusqlite::Error) -> JournalError {
    move |source| JournalError::Database { doing, source }
}

#[cfg(test)]
mod tests;
