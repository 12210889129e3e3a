//! What must reach the bank even if the customer, the power or the network has gone (§1.8 (d), §1.9).
//!
//! It drives failure reports (E4), and submits (E3) whose outcome a journey could not find out, until a
//! definitive answer or 24 hours. A submit that a journey still holds is left alone.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::{Endpoint, Reference, Resent};
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::bank::{AttemptError, Bank, Call, NotJournaled};
use crate::clock::Clock;
use crate::journal::{EntryId, Journal, JournalError, Unfinished, answer_word};

/// After so long only the bank's back office can say (§1.9).
const GIVE_UP_MS: i64 = 24 * 60 * 60 * 1_000;
/// A submit that was confirmed but never sent is sent after a restart only if it is younger (§1.9).
const UNSENT_MOST_MS: i64 = 10 * 60 * 1_000;
/// Between two rounds, doubled while the bank does not answer.
const ROUND_FIRST: Duration = Duration::from_secs(15);
/// The longest wait between two rounds.
const ROUND_MOST: Duration = Duration::from_secs(600);

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
        let mut wait = ROUND_FIRST;
        loop {
            wait = match self.round(&journal, &bank, &clock).await {
                Ok(Left::Nothing) => ROUND_FIRST,
                Ok(Left::Something) => (wait * 2).min(ROUND_MOST),
                Err(error) => {
                    tracing::error!(%error, "the outbox cannot read the journal");
                    ROUND_MOST
                }
            };
            if timeout(wait, self.bell.notified()).await.is_ok() {
                wait = ROUND_FIRST;
            }
        }
    }

    async fn round(
        &self,
        journal: &Arc<Journal>,
        bank: &Bank,
        clock: &Clock,
    ) -> Result<Left, JournalError> {
        let reading = Arc::clone(journal);
        let unfinished = spawn_blocking(move || reading.unfinished()).await;
        let mut left = Left::Nothing;
        for entry in unfinished.unwrap_or_else(|_| Ok(Vec::new()))? {
            if self.holds(entry.id) {
                continue;
            }
            match self.settle(&entry, journal, bank, clock).await {
                Some(answer) => {
                    tracing::info!(entry = %entry.id, endpoint = %entry.endpoint, answer, "settled");
                    journal.close(entry.id, &answer)?;
                }
                None => left = Left::Something,
            }
        }
        Ok(left)
    }

    /// Tries once; the answer that ends the entry, if there was one.
    async fn settle(
        &self,
        entry: &Unfinished,
        journal: &Journal,
        bank: &Bank,
        clock: &Clock,
    ) -> Option<String> {
        let age_ms = clock.bank_time().millis().saturating_sub(entry.created.millis());
        let submit = entry.endpoint == Endpoint::Submit;
        if age_ms > GIVE_UP_MS {
            tracing::error!(entry = %entry.id, endpoint = %entry.endpoint, "no answer for 24 hours; ask the bank");
            return Some("GIVEN_UP".to_owned());
        }
        if submit && entry.attempts == 0 && age_ms > UNSENT_MOST_MS {
            tracing::warn!(entry = %entry.id, "a submit that was never sent is too old to be sent");
            return Some("NOT_SENT".to_owned());
        }
        let reference = clear_reference(&entry.body);
        let call = Call {
            endpoint: entry.endpoint,
            reference: reference.as_ref(),
            body: Some(&entry.body),
        };
        let mut before_send = |id: &str| journal.sent(entry.id, id).map_err(|_| NotJournaled);
        let failed = match bank.send(call, &mut before_send).await {
            Ok(_) => return Some(answer_word(None)),
            Err(AttemptError::NotJournaled) => return None,
            Err(AttemptError::Failed(failed)) => failed,
        };
        if failed.at != entry.endpoint {
            return None;
        }
        match protocol::resent(failed.condition, failed.at) {
            Resent::Done | Resent::DoneInferred => Some(answer_word(Some(failed.condition))),
            Resent::Unresolved | Resent::Definite => {
                tracing::error!(entry = %entry.id, endpoint = %failed.at, code = %failed.condition, "ended without success; ask the bank");
                Some(answer_word(Some(failed.condition)))
            }
            Resent::KeepTrying => None,
        }
    }
}

/// The failure report's wire body carries its reference in clear (§5); its path may want it.
fn clear_reference(body: &[u8]) -> Option<Reference> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    Reference::parse(body.get("reference")?.as_str()?).ok()
}
