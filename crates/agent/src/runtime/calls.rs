//! Seals, journals and sends what the session asks, and hands each answer back under its number.
//!
//! A sealed body is kept for its repetitions until the journey is over. A submit is in the journal before
//! its first byte leaves; what a journey leaves unresolved goes to the outbox.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use citizen::CitizenId;
use protocol::{
    DataFraming, Endpoint, Envelope, FailureReason, FailureReport, PublicKey, Reference,
};
use rand::SeedableRng;
use rand::rngs::{StdRng, SysRng};
use session::{BankAnswer, CallId, Outcome, Request};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::spawn_blocking;
use tracing::{debug, error, info};
use zeroize::Zeroizing;

use crate::bank::{AttemptError, Bank, Call, Failed, NotJournaled};
use crate::clock::Clock;
use crate::journal::{EntryId, Journal, JournalError};
use crate::outbox::Outbox;

/// One journey has one call under way; late answers of earlier ones need little room.
const ANSWERS_WAITING: usize = 16;

/// What came back of a call.
#[derive(Debug)]
pub(super) enum Answered {
    Bank(CallId, BankAnswer),
    /// Nothing was sent, because the journal could not say so first.
    NotJournaled,
}

/// The way to the bank, as the machine uses it.
#[derive(Clone)]
pub(super) struct Calls {
    bank: Arc<Bank>,
    journal: Arc<Journal>,
    outbox: Outbox,
    key: Arc<PublicKey>,
    framing: DataFraming,
    clock: Arc<Clock>,
    sealed: Arc<Mutex<HashMap<CallId, Arc<Sealed>>>>,
    answers: Sender<Answered>,
    inbox: Arc<Mutex<Option<Receiver<Answered>>>>,
}

/// A request as it goes over the wire; the same bytes for every repetition.
struct Sealed {
    endpoint: Endpoint,
    body: Option<Vec<u8>>,
    entry: Option<EntryId>,
}

impl Calls {
    pub(super) fn new(
        bank: Arc<Bank>,
        journal: Arc<Journal>,
        outbox: Outbox,
        (key, framing): (Arc<PublicKey>, DataFraming),
        clock: Arc<Clock>,
    ) -> Self {
        let (answers, inbox) = mpsc::channel(ANSWERS_WAITING);
        let inbox = Arc::new(Mutex::new(Some(inbox)));
        let sealed = Arc::default();
        Self { bank, journal, outbox, key, framing, clock, sealed, answers, inbox }
    }

    /// The answers; there is one listener.
    pub(super) fn take_inbox(&self) -> Option<Receiver<Answered>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Seals and sends, once.
    pub(super) fn ask(&self, call: CallId, request: Request) {
        let calls = self.clone();
        tokio::spawn(async move {
            let answered = match calls.seal(&request).await {
                Ok(sealed) => {
                    drop(request);
                    let sealed = Arc::new(sealed);
                    calls.keep(call, Arc::clone(&sealed));
                    calls.attempt(call, &sealed).await
                }
                Err(Unsealed::Journal(error)) => {
                    error!(%error, "nothing is sent that is not in the journal");
                    Answered::NotJournaled
                }
                Err(Unsealed::Envelope) => ours(call, request.endpoint()),
            };
            let _ = calls.answers.send(answered).await;
        });
    }

    /// Sends the body sealed last for this call once more.
    pub(super) fn resend(&self, call: CallId) {
        let sealed = self.sealed().get(&call).cloned();
        let Some(sealed) = sealed else { return };
        let calls = self.clone();
        tokio::spawn(async move {
            let answered = calls.attempt(call, &sealed).await;
            let _ = calls.answers.send(answered).await;
        });
    }

    /// Queues a failure report; it outlives the journey.
    pub(super) fn report(&self, reference: Reference, id: &CitizenId, reason: FailureReason) {
        let plaintext = FailureReport::new(id, reason).plaintext();
        let calls = self.clone();
        tokio::spawn(async move {
            let body = calls.envelope(&plaintext).map(|sealed| sealed.failure_body(&reference));
            let queued = match body {
                Ok(body) => calls.prepare(Endpoint::ReportFailure, &body).await.map(drop),
                Err(_) => return error!("a failure report could not be sealed"),
            };
            match queued {
                Ok(()) => calls.outbox.ring(),
                Err(error) => error!(%error, "a failure report could not be queued"),
            }
        });
    }

    /// The journey is over: what it held is dropped, what it left unresolved is the outbox's.
    pub(super) fn forget(&self, outcome: Option<Outcome>) {
        let sealed = std::mem::take(&mut *self.sealed());
        let entries: Vec<_> = sealed.values().filter_map(|sealed| sealed.entry).collect();
        if entries.is_empty() {
            return;
        }
        let unresolved = matches!(outcome, Some(Outcome::Unresolved(_)) | None);
        let answer = outcome.map_or_else(String::new, answer_of);
        let calls = self.clone();
        spawn_blocking(move || {
            for entry in entries {
                if !unresolved && let Err(error) = calls.journal.close(entry, &answer) {
                    error!(%error, %entry, "an answer could not be journaled");
                }
                calls.outbox.release(entry);
            }
            calls.outbox.ring();
        });
    }

    /// Fetches a token ahead, so that no customer waits for it.
    pub(super) fn warm_up(&self) {
        let calls = self.clone();
        tokio::spawn(async move {
            match calls.bank.warm_up().await {
                Ok(()) => debug!("a token is there"),
                Err(failed) => {
                    tracing::warn!(at = %failed.at, code = %failed.condition, "no token yet");
                }
            }
        });
    }

    fn sealed(&self) -> std::sync::MutexGuard<'_, HashMap<CallId, Arc<Sealed>>> {
        self.sealed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a body for its repetitions.
    fn keep(&self, call: CallId, sealed: Arc<Sealed>) {
        self.sealed().insert(call, sealed);
    }

    /// Closes an earlier submit of this journey before another is prepared, so that a power cut between the
    /// two cannot send a refused one again. One replaces another only after a definite refusal.
    fn retire_submits(&self) {
        let submits = |one: &Arc<Sealed>| one.endpoint == Endpoint::Submit;
        let mut kept = self.sealed();
        let retired: Vec<_> = kept.values().filter(|one| submits(one)).cloned().collect();
        kept.retain(|_, one| !submits(one));
        drop(kept);
        for entry in retired.iter().filter_map(|one| one.entry) {
            if let Err(error) = self.journal.close(entry, "REPLACED") {
                error!(%error, %entry, "a refused submit could not be closed in the journal");
            }
            self.outbox.release(entry);
        }
    }

    async fn seal(&self, request: &Request) -> Result<Sealed, Unsealed> {
        let endpoint = request.endpoint();
        let plaintext: Option<Zeroizing<Vec<u8>>> = match request {
            Request::ValidateQr(request) => Some(request.plaintext()),
            Request::Consents => None,
            Request::CheckDopa(request) => Some(request.plaintext()),
            Request::Submit(request) => Some(request.plaintext()),
        };
        let body = match plaintext {
            Some(plaintext) => Some(self.envelope(&plaintext)?.body()),
            None => None,
        };
        let entry = match (endpoint, &body) {
            (Endpoint::Submit, Some(body)) => {
                self.retire_submits();
                let entry = self.prepare(endpoint, body).await.map_err(Unsealed::Journal)?;
                Some(entry)
            }
            _ => None,
        };
        Ok(Sealed { endpoint, body, entry })
    }

    fn envelope(&self, plaintext: &[u8]) -> Result<Envelope, Unsealed> {
        let mut rng = StdRng::try_from_rng(&mut SysRng).map_err(|_| Unsealed::Envelope)?;
        let sealed = Envelope::seal(plaintext, &self.key, &mut rng);
        Ok(sealed.map_err(|_| Unsealed::Envelope)?.framed(self.framing))
    }

    async fn prepare(&self, endpoint: Endpoint, body: &[u8]) -> Result<EntryId, JournalError> {
        let (journal, body) = (Arc::clone(&self.journal), body.to_vec());
        let now = self.clock.bank_time();
        let outbox = self.outbox.clone();
        let written = spawn_blocking(move || {
            let entry = journal.prepare(endpoint, &body, now)?;
            if endpoint == Endpoint::Submit {
                outbox.hold(entry);
            }
            Ok(entry)
        });
        written.await.unwrap_or(Err(JournalError::Sealed))
    }

    async fn attempt(&self, call: CallId, sealed: &Sealed) -> Answered {
        let endpoint = sealed.endpoint;
        let body = sealed.body.as_deref().unwrap_or_default();
        let answer = match endpoint {
            Endpoint::ValidateQr => self.bank.validate_qr(body).await.map(BankAnswer::QrValidated),
            Endpoint::Consents => self.bank.consents().await.map(BankAnswer::Consents),
            Endpoint::CheckDopa => self.bank.check_dopa(body).await.map(BankAnswer::Accepted),
            Endpoint::Submit | Endpoint::ReportFailure | Endpoint::Token => {
                let entry = sealed.entry;
                let mut before_send = |id: &str| match entry {
                    Some(entry) => self.journal.sent(entry, id).map_err(|_| NotJournaled),
                    None => Err(NotJournaled),
                };
                let wire = Call { endpoint, reference: None, body: Some(body) };
                match self.bank.send(wire, &mut before_send).await {
                    Ok(accepted) => Ok(BankAnswer::Accepted(accepted)),
                    Err(AttemptError::Failed(failed)) => Err(failed),
                    Err(AttemptError::NotJournaled) => return Answered::NotJournaled,
                }
            }
        };
        Answered::Bank(call, answer.unwrap_or_else(|Failed { at, condition }| {
            info!(call = call.number(), endpoint = %at, code = %condition, "the bank did not say 0000");
            BankAnswer::Failed { at, condition }
        }))
    }
}

/// Why a request could not be made ready.
enum Unsealed {
    Envelope,
    Journal(JournalError),
}

/// A request that this machine itself cannot seal: as a fault of ours (9998 is the bank's word for it).
fn ours(call: CallId, at: Endpoint) -> Answered {
    let condition = protocol::Condition::Diis(9998);
    Answered::Bank(call, BankAnswer::Failed { at, condition })
}

fn answer_of(outcome: Outcome) -> String {
    outcome.failure().map_or_else(|| "0000".to_owned(), |failure| failure.to_string())
}
