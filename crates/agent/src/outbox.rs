//! What must reach the bank even if the customer, the power or the network has gone (§1.8 (d), §1.9).
//!
//! It drives failure reports (E4), and submits (E3) whose outcome a journey could not find out, as
//! `session::outbox` says, from the entries that `sendings` gives out; here are the bank and the waiting.

use std::sync::Arc;
use std::time::Duration;

use protocol::Alert;
use rand::TryRng;
use rand::rngs::SysRng;
use session::outbox::{End, Entry, Sendable, Wall, ends_the_round};
use session::pace::Pace;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::audit::{Audit, Happened};
use crate::bank::{AttemptError, Bank, Call, NotJournaled, ServerId, Witness};
use crate::clock::Clock;
use crate::devices::{Fact, Facts};
use crate::journal::{EntryId, Journal, JournalError, Moment, Standing};
use crate::sendings::{Due, HeldBack, Sendings, Turn};

/// When nothing is left, the journal is looked at again after so long; what comes meanwhile rings.
const IDLE: Duration = Duration::from_secs(15);
/// A journal that cannot be read or written is tried again after so long: until then no customer is served.
const UNUSABLE: Duration = Duration::from_secs(15);

/// The bell that starts a round.
#[derive(Clone, Default)]
pub(crate) struct Outbox {
    bell: Arc<Notify>,
    landed: Arc<Notify>,
}

/// What a round left behind.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Left {
    Nothing,
    Something,
}

/// What a round works with.
pub(crate) struct Desk {
    pub(crate) sendings: Arc<Sendings<Journal>>,
    pub(crate) bank: Arc<Bank>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) audit: Audit,
    pub(crate) facts: Facts,
}

impl Outbox {
    /// Something new is in the journal.
    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Waits until nothing of the code that a customer shows is under way.
    pub(crate) async fn free(&self, sendings: &Sendings<Journal>) {
        loop {
            let landed = self.landed.notified();
            if sendings.is_free() {
                return;
            }
            landed.await;
        }
    }

    /// Runs until it is dropped.
    pub(crate) async fn run(self, desk: Desk) {
        let mut pace = Pace::of_rounds();
        let mut told = Standing::default();
        loop {
            let before = desk.sendings.entries().standing();
            let wait = match desk.round(&self.landed).await {
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
            desk.tidy().await;
            let standing = desk.sendings.entries().standing();
            // What came and went between two looks, a customer may have met.
            if standing != told || before != told {
                told = standing;
                // Nobody listens any more at the very end.
                let _ = desk.facts.0.send(Fact::JournalChanged).await;
            }
            if timeout(wait, self.bell.notified()).await.is_ok() {
                pace.settled();
            }
        }
    }
}

/// What one entry came to.
enum Settled {
    Ended(End),
    Kept,
    /// Nothing else would fare better now.
    RoundOver,
}

impl Desk {
    /// Tries everything once.
    async fn round(&self, landed: &Notify) -> Result<Left, JournalError> {
        let tick = self.clock.tick();
        let due = self.journaled(move |sendings, now| sendings.due(tick, now)).await?;
        if !due.is_empty() && self.wall() == Wall::Unknown {
            // The token's answer carries the bank's time. Where there is none, each entry finds it out.
            let _ = self.bank.warm_up().await;
        }
        let mut left = Left::Nothing;
        for due in due {
            let settled = self.settle(&due).await;
            self.sendings.landed(due.id);
            landed.notify_waiters();
            match settled {
                Settled::Ended(end) => {
                    tell(&due, end);
                    let (id, answer) = (due.id, end.to_string());
                    self.record(Happened::Settled { entry: id.to_string(), answer });
                    self.journaled(move |sendings, now| sendings.end(id, &end.to_string(), now.at))
                        .await?;
                }
                Settled::Kept => left = Left::Something,
                Settled::RoundOver => return Ok(Left::Something),
            }
        }
        Ok(left)
    }

    /// Tries an entry once, as the policy says.
    async fn settle(&self, due: &Due) -> Settled {
        let Due { id, reference, entry } = due;
        match entry.sendable(self.wall()) {
            Sendable::Now => {}
            Sendable::Later => return Settled::Kept,
            Sendable::Never(end) => return Settled::Ended(end),
        }
        let body = match self.body(*id).await {
            Ok(body) => body,
            Err(JournalError::Sealed) => {
                tracing::error!(entry = %id, "alert: an entry cannot be opened with this machine's key");
                let end = entry.outlived(self.wall());
                return end.map_or(Settled::Kept, Settled::Ended);
            }
            Err(error) => {
                tracing::error!(%error, entry = %id, "the outbox cannot read a body");
                return Settled::RoundOver;
            }
        };
        // The path of a failure report may want its reference (§5).
        let (endpoint, reference) = (entry.endpoint, reference.as_ref());
        let call = Call { endpoint, reference, body: Some(&body) };
        let mut kept = Kept { desk: self, due, held: HeldBack::Nothing };
        let sent = self.bank.send(call, &mut kept).await;
        let failed = match sent {
            Ok(_) => return Settled::Ended(End::Accepted),
            Err(AttemptError::NotJournaled) if kept.held == HeldBack::Something => {
                return Settled::Kept;
            }
            Err(AttemptError::NotJournaled) => return Settled::RoundOver,
            Err(AttemptError::Failed(failed)) => failed,
        };
        // Where this entry's own endpoint answered, the attempt just made counts.
        let entry = Entry { attempts: entry.attempts.saturating_add(1), ..*entry };
        match entry.ended_by(failed.at, failed.condition, self.wall()) {
            Some(end) => Settled::Ended(end),
            None if ends_the_round(failed.at, failed.condition) => {
                // A machine too busy to hear of it now hears of it in the next round.
                drop(self.facts.0.try_send(Fact::Unserved(failed.at, failed.condition)));
                Settled::RoundOver
            }
            None => Settled::Kept,
        }
    }

    /// Age is judged by a clock that the bank's agrees with.
    fn wall(&self) -> Wall {
        self.clock.moment().wall()
    }

    fn record(&self, happened: Happened) {
        self.audit.record(self.clock.bank_time(), happened);
    }

    /// Between two rounds nobody waits for the disk.
    async fn tidy(&self) {
        let tidied = self.journaled(move |sendings, now| sendings.entries().tidy(now));
        if let Err(error) = tidied.await {
            tracing::error!(%error, "the journal cannot be tidied up");
        }
    }

    async fn body(&self, id: EntryId) -> Result<Zeroizing<Vec<u8>>, JournalError> {
        self.journaled(move |sendings, _| sendings.body(id)).await
    }

    /// Works on the journal where a slow disk holds nobody up.
    async fn journaled<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Sendings<Journal>, Moment) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let (sendings, now) = (Arc::clone(&self.sendings), self.clock.moment());
        spawn_blocking(move || work(&sendings, now)).await.unwrap_or(Err(JournalError::Broken))
    }
}

/// Keeps what is to be known of the attempts of one entry, and holds back what a customer uses.
struct Kept<'a> {
    desk: &'a Desk,
    due: &'a Due,
    held: HeldBack,
}

impl Witness for Kept<'_> {
    fn begins(&mut self, transaction_id: &str) -> Result<(), NotJournaled> {
        let Self { desk, due: Due { id, reference, entry }, .. } = *self;
        if desk.sendings.begins(*id, reference.as_ref()) == Turn::AfterTheCustomer {
            tracing::debug!(entry = %id, "the outbox waits: a customer uses this code");
            self.held = HeldBack::Something;
            return Err(NotJournaled);
        }
        let now = desk.clock.bank_time();
        desk.sendings.sent(*id, transaction_id, now).map_err(|_| NotJournaled)?;
        desk.record(Happened::Attempt {
            endpoint: entry.endpoint.name(),
            entry: Some(id.to_string()),
            call: None,
            transaction_id: transaction_id.to_owned(),
        });
        tracing::debug!(entry = %id, "journaled: the outbox begins an attempt");
        Ok(())
    }

    fn served(&mut self, transaction_id: &str, server_id: &ServerId) {
        self.desk.record(Happened::served(transaction_id, server_id));
    }
}

fn tell(due: &Due, end: End) {
    let (id, endpoint) = (due.id, due.entry.endpoint);
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
