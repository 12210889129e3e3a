//! What is done in an open database: each a statement or a transaction of its own.
//!
//! Bodies and references are sealed on their way in and opened on their way out.

use protocol::{BankTime, Endpoint, Reference};
use rand::rngs::StdRng;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use zeroize::Zeroizing;

use super::device_key::{DeviceKey, Purpose};
use super::store::Store;
use super::{EntryId, JournalError, Moment, Sending, Trust, Unfinished, at};

/// What a sealed reference is bound to.
pub(super) const REFERENCE: &str = "reference";
/// So many open entries, a third of a busy day's customers, and the bank must be asked before another
/// customer's data goes the same way: no journey begins.
pub(super) const OPEN_MAX: u32 = 100;
/// Journeys under way by then end as they would have; with 200 kB each, so many bodies fill no disk.
pub(super) const OPEN_SPARE: u32 = 20;
/// A closed entry is kept so long for the bank's questions.
pub(super) const CLOSED_KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// More closed entries are not kept, however young: a busy machine closes 300 a day.
pub(super) const CLOSED_MAX: i64 = 10_000;
/// After a day an unknown outcome is given up (§1.9): nothing of before a loss would still be driven.
pub(super) const LOSS_COUNTS_MS: i64 = 24 * 60 * 60 * 1_000;
/// The answer of a submit in whose place another one was prepared.
const REPLACED: &str = "REPLACED";
/// The answer of a report whose submit the bank has taken, or may have taken for ever.
const OVERTAKEN: &str = "OVERTAKEN";
/// After these answers to a submit, its reference has not failed as far as anybody can know.
const NOT_FAILED: [&str; 6] = ["0000", "1602", "1301", "1303", "1399", "GIVEN_UP"];
/// No submit of the same reference is open: only then may a report go out (§1.8 (d)).
const ALONE: &str = "NOT EXISTS (SELECT 1 FROM sends AS other WHERE other.tag = sends.tag \
                     AND other.endpoint = 'submit' AND other.state <> 'CLOSED')";

/// A database with the key to it.
pub(super) struct Open {
    pub(super) store: Store,
    pub(super) key: DeviceKey,
}

impl Open {
    /// See [`super::Journal::prepare`]; and how many entries are open with it.
    pub(super) fn prepare(
        &mut self,
        rng: &mut StdRng,
        kind: Kind,
        sending: Sending<'_>,
        now: Moment,
    ) -> Result<(EntryId, u32), JournalError> {
        let doing = at("preparing a send");
        let Self { store, key } = self;
        let reference = sending.reference.as_str().as_bytes();
        let tag = key.tag(Purpose::Reference, reference);
        let body = key.seal(rng, kind.word(), sending.body);
        let reference = key.seal(rng, REFERENCE, reference);
        let change = store.connection.transaction().map_err(&doing)?;
        if kind == Kind::Submit {
            change
                .prepare_cached(
                    "UPDATE sends SET state = 'CLOSED', answer = ?2, body = NULL, changed_ms = ?3 \
                     WHERE tag = ?1 AND endpoint = 'submit' AND state <> 'CLOSED'",
                )
                .and_then(|mut close| close.execute(params![tag, REPLACED, now.at.millis()]))
                .map_err(&doing)?;
        }
        let before = open_entries(&change)?;
        if before >= OPEN_MAX + OPEN_SPARE {
            return Err(JournalError::Crowded { got: before });
        }
        let id = change
            .prepare_cached(
                "INSERT INTO sends \
                 (endpoint, state, tag, reference, body, attempts, created_ms, changed_ms, clock) \
                 VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?6, ?7)",
            )
            .and_then(|mut insert| {
                let (word, state, clock) = (kind.word(), kind.prepared(), now.clock.word());
                insert.insert(params![word, state, tag, reference, body, now.at.millis(), clock])
            })
            .and_then(|id| change.commit().map(|()| EntryId(id)))
            .map_err(&doing)?;
        Ok((id, before + 1))
    }

    /// How many entries are open.
    pub(super) fn open_entries(&self) -> Result<u32, JournalError> {
        open_entries(&self.store.connection)
    }

    /// How many entries it changed: none if it is closed, or a report that must wait for its submit.
    pub(super) fn sent(
        &self,
        id: EntryId,
        transaction_id: &str,
        now: BankTime,
    ) -> Result<usize, JournalError> {
        let statement = format!(
            "UPDATE sends SET attempts = attempts + 1, transaction_id = ?2, changed_ms = ?3, \
             state = iif(endpoint = 'submit', 'SENT', 'FAIL_SENT') \
             WHERE id = ?1 AND state <> 'CLOSED' AND (endpoint = 'submit' OR {ALONE})"
        );
        let values = params![id.0, transaction_id, now.millis()];
        self.change(&statement, values, "recording a send")
    }

    pub(super) fn close(
        &mut self,
        id: EntryId,
        answer: &str,
        now: BankTime,
    ) -> Result<(), JournalError> {
        let doing = at("closing a send");
        let change = self.store.connection.transaction().map_err(&doing)?;
        let close = "UPDATE sends SET state = 'CLOSED', answer = ?2, body = NULL, changed_ms = ?3 \
                     WHERE id = ?1 AND state <> 'CLOSED'";
        let closed = change
            .prepare_cached(close)
            .and_then(|mut close| close.execute(params![id.0, answer, now.millis()]));
        if closed.map_err(&doing)? > 0 && NOT_FAILED.contains(&answer) {
            let overtake = "UPDATE sends SET state = 'CLOSED', answer = ?2, body = NULL, \
                            changed_ms = ?3 WHERE endpoint = 'failure' AND state <> 'CLOSED' \
                            AND tag = (SELECT tag FROM sends WHERE id = ?1 AND endpoint = 'submit')";
            let overtaken = change
                .prepare_cached(overtake)
                .and_then(|mut overtake| overtake.execute(params![id.0, OVERTAKEN, now.millis()]));
            if overtaken.map_err(&doing)? > 0 {
                tracing::warn!(entry = %id, "a failure is not reported: its submit was taken");
            }
        }
        change.commit().map_err(&doing)
    }

    /// Without the reports that must wait for their submit.
    pub(super) fn unfinished(&self) -> Result<Vec<Unfinished>, JournalError> {
        let doing = at("listing sends");
        let query = format!(
            "SELECT id, endpoint, reference, attempts, created_ms, clock FROM sends \
             WHERE state <> 'CLOSED' AND (endpoint = 'submit' OR {ALONE}) ORDER BY id"
        );
        let mut statement = self.store.connection.prepare_cached(&query).map_err(&doing)?;
        let entries = statement.query_map([], |row| {
            let sealed: Option<Vec<u8>> = row.get(2)?;
            Ok(Unfinished {
                id: EntryId(row.get(0)?),
                endpoint: endpoint_of(&row.get::<_, String>(1)?),
                reference: sealed.and_then(|sealed| self.reference(&sealed)),
                attempts: row.get(3)?,
                created: Moment {
                    at: BankTime::from_millis(row.get(4)?),
                    clock: Trust::of(&row.get::<_, String>(5)?),
                },
            })
        });
        entries.and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(doing)
    }

    /// The wire body of an open entry.
    pub(super) fn body(&self, id: EntryId) -> Result<Zeroizing<Vec<u8>>, JournalError> {
        let query = "SELECT endpoint, body FROM sends WHERE id = ?1 AND state <> 'CLOSED'";
        let found = self.store.connection.prepare_cached(query).and_then(|mut query| {
            let columns = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
            query.query_row(params![id.0], columns).optional()
        });
        let found: Option<(String, Vec<u8>)> = found.map_err(at("reading a body"))?;
        let (word, sealed) = found.ok_or(JournalError::Closed { id })?;
        self.key.open(&word, &sealed)
    }

    /// A reference as it stands in the database; `None` with another machine's key.
    pub(super) fn reference(&self, sealed: &[u8]) -> Option<Reference> {
        let text = self.key.open(REFERENCE, sealed).ok()?;
        Reference::parse(std::str::from_utf8(&text).ok()?).ok()
    }

    pub(super) fn tidy(&mut self, now: Moment) -> Result<(), JournalError> {
        let doing = at("tidying up");
        let old = "DELETE FROM sends WHERE state = 'CLOSED' AND (changed_ms < ?1 OR id <= \
             (SELECT id FROM sends WHERE state = 'CLOSED' ORDER BY id DESC LIMIT 1 OFFSET ?2))";
        let before = match now.clock {
            Trust::Vouched => now.at.millis().saturating_sub(CLOSED_KEPT_MS),
            Trust::Unknown => i64::MIN,
        };
        self.store.connection.execute(old, params![before, CLOSED_MAX]).map_err(&doing)?;
        if now.clock == Trust::Vouched {
            self.forget_losses(now.at).map_err(&doing)?;
        }
        self.store.checkpoint()
    }

    /// The day in which a loss counts begins where the clock can be believed.
    fn forget_losses(&self, now: BankTime) -> rusqlite::Result<()> {
        let connection = &self.store.connection;
        let begin = "UPDATE losses SET known_ms = ?1 WHERE known_ms IS NULL";
        connection.execute(begin, params![now.millis()])?;
        let before = now.millis().saturating_sub(LOSS_COUNTS_MS);
        connection.execute("DELETE FROM losses WHERE known_ms < ?1", params![before]).map(drop)
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

fn open_entries(connection: &Connection) -> Result<u32, JournalError> {
    let count = "SELECT count(*) FROM sends WHERE state <> 'CLOSED'";
    let counted = connection.prepare_cached(count);
    counted
        .and_then(|mut count| count.query_row([], |row| row.get(0)))
        .map_err(at("counting sends"))
}

/// As the column `endpoint` says it.
pub(super) fn endpoint_of(word: &str) -> Endpoint {
    match word {
        "submit" => Endpoint::Submit,
        _ => Endpoint::ReportFailure,
    }
}
