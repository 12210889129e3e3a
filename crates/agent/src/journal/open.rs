//! What is done in an open database: each a statement or a transaction of its own.
//!
//! Bodies and references are sealed on their way in and opened on their way out.

use protocol::{BankTime, Endpoint, Reference};
use rand::rngs::StdRng;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::device_key::{DeviceKey, Purpose};
use super::store::Store;
use super::{EntryId, JournalError, Sending, Unfinished, at};

/// What a sealed reference is bound to.
pub(super) const REFERENCE: &str = "reference";
/// A body is kept so long, whatever keeps its answer away (§1.12); the outbox gives up just before.
pub(super) const BODY_KEPT_MS: i64 = 25 * HOUR_MS;
/// A closed entry is kept so long for the bank's questions.
pub(super) const CLOSED_KEPT_MS: i64 = 30 * 24 * HOUR_MS;
/// More closed entries are not kept, however young: a busy machine closes 300 a day.
pub(super) const CLOSED_MAX: i64 = 10_000;
/// Milliseconds of an hour.
const HOUR_MS: i64 = 60 * 60 * 1_000;
/// The answer of an entry that got too old.
const GIVEN_UP: &str = "GIVEN_UP";
/// The answer of a submit in whose place another one was prepared.
const REPLACED: &str = "REPLACED";

/// A database with the key to it.
pub(super) struct Open {
    pub(super) store: Store,
    pub(super) key: DeviceKey,
}

impl Open {
    /// See [`super::Journal::prepare`].
    pub(super) fn prepare(
        &mut self,
        rng: &mut StdRng,
        kind: Kind,
        sending: Sending<'_>,
        now: BankTime,
    ) -> Result<EntryId, JournalError> {
        let doing = at("preparing a send");
        let Self { store, key } = self;
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

    /// How many entries it changed: none if it is closed.
    pub(super) fn sent(
        &self,
        id: EntryId,
        transaction_id: &str,
        now: BankTime,
    ) -> Result<usize, JournalError> {
        self.change(
            "UPDATE sends SET attempts = attempts + 1, transaction_id = ?2, changed_ms = ?3, \
             state = iif(endpoint = 'submit', 'SENT', 'FAIL_SENT') \
             WHERE id = ?1 AND state <> 'CLOSED'",
            params![id.0, transaction_id, now.millis()],
            "recording a send",
        )
    }

    pub(super) fn close(
        &self,
        id: EntryId,
        answer: &str,
        now: BankTime,
    ) -> Result<(), JournalError> {
        let statement = "UPDATE sends SET state = 'CLOSED', answer = ?2, body = NULL, \
                         changed_ms = ?3 WHERE id = ?1 AND state <> 'CLOSED'";
        let values = params![id.0, answer, now.millis()];
        self.change(statement, values, "closing a send").map(drop)
    }

    pub(super) fn unfinished(&self) -> Result<Vec<Unfinished>, JournalError> {
        let doing = at("listing sends");
        let query = "SELECT id, endpoint, reference, body, attempts, created_ms FROM sends \
                     WHERE state <> 'CLOSED' ORDER BY id";
        let mut statement = self.store.connection.prepare_cached(query).map_err(&doing)?;
        let mut rows = statement.query([]).map_err(&doing)?;
        let mut unfinished = Vec::new();
        while let Some(row) = rows.next().map_err(&doing)? {
            match unseal(row, &self.key) {
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

    pub(super) fn tidy(&mut self, now: BankTime) -> Result<usize, JournalError> {
        let doing = at("tidying up");
        let change = self.store.connection.transaction().map_err(&doing)?;
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
        self.store.checkpoint()?;
        Ok(given_up)
    }

    fn change(
        &self,
        statement: &str,
        values: impl rusqlite::Params,
        doing: &'static str,
    ) -> Result<usize, JournalError> {
        let prepared = self.store.connection.prepare_cached(statement);
        prepared.and_then(|mut change| change.execute(values)).map_err(at(doing))
    }
}

/// What is journaled: the two calls that end a reference.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Kind {
    Submit,
    Failure,
}

impl Kind {
    pub(super) fn of(endpoint: Endpoint) -> Result<Self, JournalError> {
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
