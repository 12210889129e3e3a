//! What the journal remembers of one entry after another, and whether that keeps the promises of §1.9.
//!
//! Only what this machine knows can be judged here: what the bank received, the bank alone knows.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::Path;

use protocol::{BankTime, Endpoint, Reference};

use super::folder::DATABASE;
use super::open::{Open, endpoint_of};
use super::{DeviceKey, EntryId, JournalError, Store, at};

/// An entry, whatever became of it. Its body is not part of it.
pub struct Past {
    /// Its number.
    pub id: EntryId,
    /// Submit or failure report.
    pub endpoint: Endpoint,
    /// What it ends; unknown for an entry of schema 1, or with another machine's key.
    pub reference: Option<Reference>,
    /// How often it may have left this machine.
    pub attempts: u32,
    /// The transaction id of the last attempt.
    pub transaction_id: Option<String>,
    /// When the customer's data was sealed.
    pub created: BankTime,
    /// How it ended; `None` while it is open.
    pub answer: Option<String>,
}

/// A promise of §1.9 that the journal shows broken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Violation {
    /// I1: two submits of one reference were confirmed.
    ConfirmedTwice {
        /// The later one.
        id: EntryId,
    },
    /// I2: a submit is open although one of its reference was confirmed before.
    OpenAfterAnswer {
        /// The open one.
        id: EntryId,
    },
    /// I3: an attempt without its transaction id.
    SentUnnamed {
        /// Of this entry.
        id: EntryId,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConfirmedTwice { id } => {
                write!(f, "entry {id}: its reference was confirmed twice")
            }
            Self::OpenAfterAnswer { id } => {
                write!(f, "entry {id}: open although its reference was confirmed")
            }
            Self::SentUnnamed { id } => write!(f, "entry {id}: sent without a transaction id"),
        }
    }
}

impl Open {
    /// See [`super::Journal::history`].
    pub(super) fn history(&self) -> Result<Vec<Past>, JournalError> {
        self.past(
            "SELECT id, endpoint, reference, attempts, transaction_id, created_ms, answer \
             FROM sends ORDER BY id",
        )
    }

    /// See [`super::Journal::last_submit`].
    pub(super) fn last_submit(&self) -> Result<Option<Past>, JournalError> {
        let last = self.past(
            "SELECT id, endpoint, reference, attempts, transaction_id, created_ms, answer \
             FROM sends WHERE endpoint = 'submit' ORDER BY id DESC LIMIT 1",
        );
        last.map(|mut last| last.pop())
    }

    fn past(&self, query: &str) -> Result<Vec<Past>, JournalError> {
        let doing = at("listing sends");
        let mut statement = self.store.connection.prepare_cached(query).map_err(&doing)?;
        let entries = statement.query_map([], |row| {
            let sealed: Option<Vec<u8>> = row.get(2)?;
            Ok(Past {
                id: EntryId(row.get(0)?),
                endpoint: endpoint_of(&row.get::<_, String>(1)?),
                reference: sealed.and_then(|sealed| self.reference(&sealed)),
                attempts: row.get(3)?,
                transaction_id: row.get(4)?,
                created: BankTime::from_millis(row.get(5)?),
                answer: row.get(6)?,
            })
        });
        let entries = entries.and_then(Iterator::collect::<Result<Vec<_>, _>>);
        entries.map_err(doing)
    }
}

/// Checks the journal in a folder, and changes nothing in it.
///
/// # Errors
/// [`JournalError`] if it is damaged or cannot be read.
pub fn verify(folder: &Path) -> Result<Vec<Violation>, JournalError> {
    let path = folder.join(DATABASE);
    let unreadable = |what| move |source| JournalError::Unreadable { what, source };
    // What SQLite says of a file that it cannot open names no cause.
    fs::File::open(&path).map_err(unreadable("database"))?;
    let key = DeviceKey::read(folder).map_err(|error| match error {
        JournalError::Folder { source, .. } => unreadable("key")(source),
        error => error,
    })?;
    let open = Open { store: Store::to_look_at(&path)?, key };
    open.store.check()?;
    Ok(violations(&open.history()?))
}

/// Which promises this history breaks.
#[must_use]
pub fn violations(history: &[Past]) -> Vec<Violation> {
    let mut confirmed = HashMap::new();
    let mut found = Vec::new();
    for entry in history {
        let id = entry.id;
        if entry.attempts > 0 && entry.transaction_id.is_none() {
            found.push(Violation::SentUnnamed { id });
        }
        let (Endpoint::Submit, Some(reference)) = (entry.endpoint, &entry.reference) else {
            continue;
        };
        let before = confirmed.contains_key(reference.as_str());
        match entry.answer.as_deref() {
            Some("0000") if before => found.push(Violation::ConfirmedTwice { id }),
            Some("0000" | "1602") => drop(confirmed.insert(reference.as_str(), id)),
            None if before => found.push(Violation::OpenAfterAnswer { id }),
            Some(_) | None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(entries: &[(u32, Option<&str>)], expected: &[Violation]) {
        let entry = |(number, (attempts, answer)): (i64, &(u32, Option<&str>))| Past {
            id: EntryId(number),
            endpoint: Endpoint::Submit,
            reference: Reference::parse("SIM-0000-0001").ok(),
            attempts: *attempts,
            transaction_id: Some("a".to_owned()),
            created: BankTime::from_millis(0),
            answer: answer.map(str::to_owned),
        };
        let history: Vec<_> = (0..).zip(entries).map(entry).collect();
        assert_eq!(violations(&history), expected);
    }

    #[test]
    fn a_refused_submit_and_its_successor_are_in_order() {
        check(&[(1, Some("9301")), (2, Some("0000"))], &[]);
        check(&[(1, Some("REPLACED")), (1, None)], &[]);
    }

    #[test]
    fn two_confirmations_of_one_reference_are_found() {
        let found = Violation::ConfirmedTwice { id: EntryId(1) };
        check(&[(1, Some("0000")), (1, Some("0000"))], &[found]);
    }

    #[test]
    fn what_is_open_after_a_confirmation_is_found() {
        let found = Violation::OpenAfterAnswer { id: EntryId(1) };
        check(&[(2, Some("1602")), (0, None)], &[found]);
    }
}
