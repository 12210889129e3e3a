//! What was or may have been sent, so that nothing is lost and nothing is sent twice (§1.8, §1.9, §1.12).
//!
//! An entry is a submit (E3) or a failure report (E4): prepared, sent so many times, closed by a definitive
//! answer. A body is the bank's own envelope, sealed once more under this machine's key, because the report
//! carries its reference in clear; it goes with the answer. Time and chance are handed in.

mod device_key;
mod earlier;
mod folder;
mod history;
pub(crate) mod inspection;
mod moment;
mod open;
mod standing;
mod store;

use std::fmt;
use std::io;
use std::num::ParseIntError;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use protocol::{BankTime, Endpoint, Reference};
use rand::SeedableRng as _;
use rand::rngs::{StdRng, SysRng};
use session::Earlier;
use thiserror::Error;
use zeroize::Zeroizing;

pub(crate) use device_key::Purpose;
pub use device_key::{DeviceKey, KEY_BYTES};
pub use earlier::Memory;
pub use history::{Past, Violation, verify, violations};
pub use moment::{Moment, Trust};
pub use standing::Standing;
pub use store::Store;

use folder::Folder;
use open::{Kind, OPEN_MAX, OPEN_SPARE, Open};
use store::SCHEMA;

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
    /// What is to be looked at.
    #[error("reading the journal's {what}, expected a journal's folder that this user may read")]
    Unreadable {
        /// Database or key.
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
    /// SQLite finds that the database does not keep its own rules.
    #[error("checking the journal found {got:?}, expected \"ok\"")]
    Damaged {
        /// What SQLite said.
        got: String,
    },
    /// The disk has failed before; the journal is opened again when nobody waits.
    #[error("writing to a journal that is {}, expected a sound one", standing.word())]
    Unusable {
        /// How it is.
        standing: Standing,
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
    /// The work itself broke off: a fault of ours.
    #[error("the work on the journal broke off, expected it to end")]
    Broken,
    /// Only what ends a reference is journaled.
    #[error("journaling {got}, expected a submit or a failure report")]
    Endpoint {
        /// What it was.
        got: Endpoint,
    },
    /// The bank has already answered for good, and must not hear of it again (I2); or it is a report whose
    /// submit may have arrived (§1.8 (d)).
    #[error("sending entry {id}, expected one that is open and waits for no other")]
    Closed {
        /// Which.
        id: EntryId,
    },
    /// The bank owes too many answers: what more was written would only wait with them.
    #[error("preparing a send beside {got} open ones, expected fewer than {most}", most = OPEN_MAX + OPEN_SPARE)]
    Crowded {
        /// How many are open.
        got: u32,
    },
}

/// The number of an entry.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EntryId(i64);

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The newest submit at some moment, if there was one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Newest(i64);

impl Newest {
    /// Is it still the newest? By equality alone: where older ones are gone, numbers may begin anew.
    #[must_use]
    pub fn is(self, id: EntryId) -> bool {
        self.0 == id.0
    }
}

impl From<EntryId> for Newest {
    fn from(EntryId(number): EntryId) -> Self {
        Self(number)
    }
}

impl fmt::Display for Newest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Newest {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
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
    /// What it ends; unknown for an entry of schema 1, or with another machine's key.
    pub reference: Option<Reference>,
    /// How often it may have left this machine; with 0 it provably never did.
    pub attempts: u32,
    /// When the customer's data was sealed.
    pub created: Moment,
}

impl Unfinished {
    /// By the wall clock; an entry of a clock that nobody vouched for counts from now on.
    #[must_use]
    pub fn age(&self, now: BankTime) -> Duration {
        match self.created.clock {
            Trust::Vouched => now.since(self.created.at),
            Trust::Unknown => Duration::ZERO,
        }
    }
}

/// The journal of one machine. Every call is one transaction, and durable when it returns.
///
/// When the disk is full its reserve is given up; after any other fault of the disk nothing is written until
/// [`Journal::tidy`] has opened the database anew.
pub struct Journal {
    standing: Mutex<Standing>,
    inner: Mutex<Inner>,
}

struct Inner {
    open: Option<Open>,
    rng: StdRng,
    /// Where it lies, if not in memory.
    folder: Option<Folder>,
}

impl Journal {
    /// A journal over a database. `rng` salts what is sealed and decides nothing.
    #[must_use]
    pub fn new(store: Store, key: DeviceKey, rng: StdRng) -> Self {
        let inner = Inner { open: Some(Open { store, key }), rng, folder: None };
        Self { standing: Mutex::default(), inner: Mutex::new(inner) }
    }

    /// Opens or creates journal and key in a folder.
    ///
    /// # Errors
    /// [`JournalError`], by what could not be opened.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let folder = Folder::new(folder);
        let inner = Inner { open: Some(folder.open()?), rng: salt()?, folder: Some(folder) };
        Ok(Self { standing: Mutex::default(), inner: Mutex::new(inner) })
    }

    /// As [`Self::open`], for a machine that must start whatever its disk is like: a damaged database is set
    /// aside, and a disk that refuses makes a journal that says so by its [`Standing`].
    ///
    /// # Errors
    /// [`JournalError::Newer`] and [`JournalError::NoRandomness`], which no other start would mend.
    pub fn start(folder: &Path, now: BankTime) -> Result<Self, JournalError> {
        let folder = Some(Folder::new(folder));
        let inner = Inner { open: None, rng: salt()?, folder };
        let journal = Self { standing: Mutex::new(Standing::Failing), inner: Mutex::new(inner) };
        match journal.recover(now) {
            Err(error) if error.standing().is_none() => Err(error),
            Ok(()) | Err(_) => Ok(journal),
        }
    }

    /// How it is.
    #[must_use]
    pub fn standing(&self) -> Standing {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The database that was handed to [`Self::new`], as a crash at this moment leaves it.
    ///
    /// # Panics
    /// If the journal lies in a folder that could not be opened.
    #[must_use]
    pub fn into_store(self) -> Store {
        let inner = self.inner.into_inner().unwrap_or_else(PoisonError::into_inner);
        inner.open.expect("only a folder can be closed by a fault").store
    }

    /// Writes a body that is about to be sent. A submit takes the place of an earlier one of the same
    /// reference: one replaces another only after a definite refusal. A report waits while a submit of its
    /// reference is open, and is overtaken by one that is taken.
    ///
    /// # Errors
    /// [`JournalError::Crowded`] if the bank owes too many answers; [`JournalError::Database`] if it is not
    /// durable. Either way it must not be sent.
    pub fn prepare(&self, sending: Sending<'_>, now: Moment) -> Result<EntryId, JournalError> {
        let kind = Kind::of(sending.endpoint)?;
        let (id, open) = self.with(|open, rng| open.prepare(rng, kind, sending, now))?;
        if open >= OPEN_MAX && self.standing() == Standing::Sound {
            self.stands(Standing::Crowded);
        }
        Ok(id)
    }

    /// Says that an attempt begins: called before its first byte leaves (I3).
    ///
    /// # Errors
    /// [`JournalError::Closed`] if the bank has already answered, or a report must wait for its submit;
    /// [`JournalError::Database`] if this is not durable. Either way the attempt must not begin.
    pub fn sent(
        &self,
        id: EntryId,
        transaction_id: &str,
        now: BankTime,
    ) -> Result<(), JournalError> {
        match self.with(|open, _| open.sent(id, transaction_id, now))? {
            0 => Err(JournalError::Closed { id }),
            _ => Ok(()),
        }
    }

    /// Says that the bank answered for good; the body is gone. The first answer stands.
    ///
    /// # Errors
    /// [`JournalError::Database`] if this is not durable: the entry is still open.
    pub fn close(&self, id: EntryId, answer: &str, now: BankTime) -> Result<(), JournalError> {
        self.with(|open, _| open.close(id, answer, now))
    }

    /// What was never answered for good and may be sent, oldest first.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub fn unfinished(&self) -> Result<Vec<Unfinished>, JournalError> {
        self.with(|open, _| open.unfinished())
    }

    /// The wire body of an open entry, byte for byte as it was or would have been sent.
    ///
    /// # Errors
    /// [`JournalError::Sealed`] with another machine's key, [`JournalError::Closed`],
    /// [`JournalError::Database`].
    pub fn body(&self, id: EntryId) -> Result<Zeroizing<Vec<u8>>, JournalError> {
        self.with(|open, _| open.body(id))
    }

    /// Every entry, oldest first.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub fn history(&self) -> Result<Vec<Past>, JournalError> {
        self.with(|open, _| open.history())
    }

    /// The submit that was written down last, whatever became of it.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub fn last_submit(&self) -> Result<Option<Past>, JournalError> {
        self.with(|open, _| open.last_submit())
    }

    /// Its number, for whoever asks later what came after it.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub fn newest(&self) -> Result<Newest, JournalError> {
        let last = self.last_submit()?;
        Ok(last.map_or_else(Newest::default, |last| last.id.into()))
    }

    /// Does it know the whole last day?
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub fn remembers(&self) -> Result<Memory, JournalError> {
        self.with(|open, _| open.remembers())
    }

    /// What is known of earlier submits of this reference. A refusal leaves nothing that could have been
    /// accepted; what was replaced or given up may have been, and what stood in a lost journal, nobody knows.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub fn earlier(&self, reference: &Reference) -> Result<Earlier, JournalError> {
        self.with(|open, _| open.earlier(reference))
    }

    /// Keeps the journal small: closed entries that are too many go, those that are too old as well if the
    /// clock can be trusted, and the log is brought into the database. Opens it anew after a fault of the
    /// disk. To be called when nobody waits. Open entries are not touched: time alone ends none of them.
    ///
    /// # Errors
    /// [`JournalError::Database`]; nothing is lost, the next call tries again.
    pub fn tidy(&self, now: Moment) -> Result<(), JournalError> {
        if self.standing() != Standing::Sound {
            self.recover(now.at)?;
        }
        self.with(|open, _| open.tidy(now))
    }

    /// Opens the database if it is not open, and finds out by writing whether the disk keeps it.
    fn recover(&self, now: BankTime) -> Result<(), JournalError> {
        let mut inner = self.lock();
        let found = inner.recover(now);
        match &found {
            Ok(standing) => self.stands(*standing),
            Err(error) => error.standing().into_iter().for_each(|standing| self.stands(standing)),
        }
        found.map(drop)
    }

    /// Works on the database. A full disk gets the reserve, and the work its second chance; after another
    /// fault the database is closed, because what it says it kept can no longer be believed.
    fn with<T>(
        &self,
        mut work: impl FnMut(&mut Open, &mut StdRng) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let mut inner = self.lock();
        let Inner { open, rng, folder } = &mut *inner;
        let Some(database) = open else {
            return Err(JournalError::Unusable { standing: self.standing() });
        };
        let mut done = work(database, rng);
        let is_full = |error: &JournalError| error.standing() == Some(Standing::Full);
        if done.as_ref().is_err_and(is_full) {
            self.stands(Standing::Full);
            if folder.as_ref().is_some_and(Folder::free_reserve) {
                tracing::error!("alert: the disk is full; the journal's reserve is being used");
                done = work(database, rng);
            }
        }
        if let Err(error) = &done
            && let Some(standing) = error.standing()
        {
            // What SQLite calls damaged may be sound, on a disk that cannot be read at this moment.
            let unreadable = || folder.as_ref().is_some_and(|folder| folder.unreadable().is_some());
            let standing = match standing {
                Standing::Damaged if unreadable() => Standing::Failing,
                standing => standing,
            };
            self.stands(standing);
            let fails = matches!(standing, Standing::Failing | Standing::Damaged);
            if fails && folder.is_some() {
                *open = None;
            }
        }
        done
    }

    fn stands(&self, standing: Standing) {
        let mut now = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if *now != standing {
            match standing {
                Standing::Sound => tracing::info!("the journal keeps what it is given"),
                _ => tracing::warn!(standing = standing.word(), "the journal"),
            }
            *now = standing;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn recover(&mut self, now: BankTime) -> Result<Standing, JournalError> {
        let open = match (&mut self.open, &self.folder) {
            (Some(open), _) => open,
            (closed, Some(folder)) => closed.insert(folder.open_or_begin_anew(now)?),
            (None, None) => return Ok(Standing::Sound),
        };
        if let Some(folder) = &self.folder {
            open.store.probe()?;
            folder.keep_reserve()?;
        }
        Ok(if open.open_entries()? < OPEN_MAX { Standing::Sound } else { Standing::Crowded })
    }
}

/// Chance from the system, to salt what is sealed.
fn salt() -> Result<StdRng, JournalError> {
    StdRng::try_from_rng(&mut SysRng).map_err(|_| JournalError::NoRandomness)
}

fn at(doing: &'static str) -> impl Fn(rusqlite::Error) -> JournalError {
    move |source| JournalError::Database { doing, source }
}

#[cfg(test)]
mod tests;
