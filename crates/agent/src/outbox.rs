//! What must reach the bank even if the customer, the power or the network has gone (§1.8 (d), §1.9).
//!
//! It drives failure reports (E4), and submits (E3) whose outcome a journey could not find out, as
//! `session::outbox` says; here are the journal, the bank and the waiting. What a journey holds is left alone.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::Alert;
use rand::TryRng;
use rand::rngs::SysRng;
use session::outbox::{End, Entry, Pace, ends_the_round};
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::bank::{AttemptError, Bank, Call, NotJournaled};
use crate::clock::Clock;
use crate::journal::{EntryId, Journal, JournalError, Unfinished};

/// When nothing is left, the journal is looked at again after so long; what comes meanwhile rings.
const IDLE: Duration = Duration::from_secs(15);
/// A journal that cannot be read or written is tried again after so long.
const UNUSABLE: Duration = Duration::from_secs(600);

/// The entries that a journey holds, and the bell that starts a round.
#[derive(Clone, Default)]
pub(crate) struct Outbox {
    held: Arc<Mutex<HashSet<EntryId>>>,
    bell: Arc<Notify>,
}

/// What a round left behind.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Left {
    Nothing,
    Something,
}

impl Outbox {
    /// A journey sends this entry itself.
    pub(crate) fn hold(&self, id: EntryId) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    /// A journey is done with this entry.
    pub(crate) fn release(&self, id: EntryId) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// Something new is in the journal.
    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }

    fn holds(&self, id: EntryId) -> bool {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).contains(&id)
    }

    /// Runs until it is dropped.
    pub(crate) async fn run(self, journal: Arc<Journal>, bank: Arc<Bank>, clock: Arc<Clock>) {
        let mut pace = Pace::default();
        let mut known = HashMap::new();
        loop {
            let wait = match self.round(&mut known, &journal, &bank, &clock).await {
                Ok(Left::Nothing) => {
                    pace.settled();
                    IDLE
                }
                Ok(Left::Something) => pace.unsettled(chance()),
                Err(error) => {
                    tracing::error!(%error, "the outbox cannot use the journal");
                    UNUSABLE
                }
            };
            tidy(&journal, &clock).await;
            if timeout(wait, self.bell.notified()).await.is_ok() {
                pace.settled();
            }
        }
    }

    /// Tries everything once. `known` remembers since when this process has known an entry.
    async fn round(
        &self,
        known: &mut HashMap<EntryId, Duration>,
        journal: &Arc<Journal>,
        bank: &Bank,
        clock: &Clock,
    ) -> Result<Left, JournalError> {
        let reading = Arc::clone(journal);
        let unfinished = spawn_blocking(move || reading.unfinished()).await;
        let unfinished = unfinished.unwrap_or_else(|_| Ok(Vec::new()))?;
        known.retain(|id, _| unfinished.iter().any(|entry| entry.id == *id));
        let mut left = Left::Nothing;
        for entry in unfinished {
            if self.holds(entry.id) {
                continue;
            }
            let now = clock.tick();
            let known_for = now.saturating_sub(*known.entry(entry.id).or_insert(now));
            match settle(&entry, known_for, journal, bank, clock).await {
                Settled::Ended(end) => {
                    tell(&entry, end);
                    journal.close(entry.id, &end.to_string(), clock.bank_time())?;
                }
                Settled::Kept => left = Left::Something,
                Settled::RoundOver => return Ok(Left::Something),
            }
        }
        Ok(left)
    }
}

/// What one entry came to.
enum Settled {
    Ended(End),
    Kept,
    /// Nothing else would fare better now.
    RoundOver,
}

/// Tries an entry once, as the policy says.
async fn settle(
    unfinished: &Unfinished,
    known_for: Duration,
    journal: &Journal,
    bank: &Bank,
    clock: &Clock,
) -> Settled {
    let Unfinished { id, endpoint, reference, body, attempts, created } = unfinished;
    let entry = Entry { endpoint: *endpoint, attempts: *attempts, created: *created, known_for };
    if let Some(end) = entry.unsendable(clock.bank_time()) {
        return Settled::Ended(end);
    }
    // The path of a failure report may want the reference (§5).
    let call = Call { endpoint: *endpoint, reference: reference.as_ref(), body: Some(body) };
    let mut before_send =
        |wire: &str| journal.sent(*id, wire, clock.bank_time()).map_err(|_| NotJournaled);
    let failed = match bank.send(call, &mut before_send).await {
        Ok(_) => return Settled::Ended(End::Accepted),
        Err(AttemptError::NotJournaled) => return Settled::RoundOver,
        Err(AttemptError::Failed(failed)) => failed,
    };
    // Where this entry's own endpoint answered, the attempt just made counts.
    let entry = Entry { attempts: attempts.saturating_add(1), ..entry };
    match entry.ended_by(failed.at, failed.condition, clock.bank_time()) {
        Some(end) => Settled::Ended(end),
        None if ends_the_round(failed.at, failed.condition) => Settled::RoundOver,
        None => Settled::Kept,
    }
}

fn tell(entry: &Unfinished, end: End) {
    let (id, endpoint) = (entry.id, entry.endpoint);
    match end.alert() {
        Alert::None | Alert::Count => {
            tracing::info!(entry = %id, %endpoint, answer = %end, "settled");
        }
        Alert::Warn => {
            tracing::warn!(entry = %id, %endpoint, answer = %end, "alert: not known to be complete");
        }
        Alert::Page => {
            tracing::error!(entry = %id, %endpoint, answer = %end, "alert: ended without success; ask the bank");
        }
    }
}

/// Spreads the rounds of many machines; without randomness they are not spread.
fn chance() -> u64 {
    SysRng.try_next_u64().unwrap_or(50)
}

/// Between two rounds nobody waits for the disk.
async fn tidy(journal: &Arc<Journal>, clock: &Clock) {
    let (journal, now) = (Arc::clone(journal), clock.bank_time());
    match spawn_blocking(move || journal.tidy(now)).await {
        Ok(Ok(0)) | Err(_) => {}
        Ok(Ok(entries)) => tracing::error!(entries, "given up after a day; ask the bank"),
        Ok(Err(error)) => tracing::error!(%error, "the journal cannot be tidied up"),
    }
}
