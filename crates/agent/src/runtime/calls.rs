//! Seals, journals and sends what the session asks, and hands each answer back under its number.
//!
//! A sealed body is kept for its repetitions until the journey is over. A submit is in the journal before
//! its first byte leaves, and its answer before anything else is journaled; what a journey leaves unresolved
//! goes to the outbox.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use citizen::CitizenId;
use protocol::{Condition, DataFraming, Effect, Endpoint, FailureReason, FailureReport, Reference};
use session::{BankAnswer, CallId, Earlier, Outcome, Request};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::{Mutex as TurnMutex, OwnedMutexGuard};
use tokio::task::{AbortHandle, JoinHandle, spawn_blocking};
use tracing::{debug, error, info, warn};

use crate::audit::{Audit, Happened};
use crate::bank::{
    AttemptError, Bank, Call, Failed, KeyId, Keyring, KeyringError, NotJournaled, ServerId, Witness,
};
use crate::clock::Clock;
use crate::journal::{EntryId, Journal, JournalError, Moment, Standing};
use crate::outbox::Outbox;
use crate::sendings::{HeldBack, Prepared, Sendings};

/// One journey has one call under way; late answers of earlier ones need little room.
const ANSWERS_WAITING: usize = 16;

/// What came back of a call.
#[derive(Debug)]
pub(super) enum Answered {
    Bank(CallId, BankAnswer),
    /// Before the first answer: what is known of earlier submits of the same reference.
    Earlier(CallId, Earlier),
    /// Nothing was sent, because the journal could not say so first.
    NotJournaled,
}

/// The way to the bank, as the machine uses it.
#[derive(Clone)]
pub(super) struct Calls {
    bank: Arc<Bank>,
    sendings: Arc<Sendings<Journal>>,
    outbox: Outbox,
    keys: Arc<Keyring>,
    framing: DataFraming,
    clock: Arc<Clock>,
    audit: Audit,
    sealed: Arc<Mutex<HashMap<CallId, Arc<Sealed>>>>,
    /// Calls under way that nothing journals: they end with their journey.
    droppable: Arc<Mutex<Vec<AbortHandle>>>,
    turn: Arc<TurnMutex<Turn>>,
    answers: Sender<Answered>,
    inbox: Arc<Mutex<Option<Receiver<Answered>>>>,
}

/// Held by whoever has something to journal, from its first row to its answer: the next body is prepared
/// only when the answer before it is on the disk, while the customer already sees it.
struct Turn;

/// A request as it goes over the wire; the same bytes for every repetition.
struct Sealed {
    endpoint: Endpoint,
    body: Option<Vec<u8>>,
    /// The key that opens the body.
    key: Option<KeyId>,
    entry: Option<EntryId>,
}

impl Calls {
    pub(super) fn new(
        bank: Arc<Bank>,
        sendings: Arc<Sendings<Journal>>,
        outbox: Outbox,
        (keys, framing): (Arc<Keyring>, DataFraming),
        (clock, audit): (Arc<Clock>, Audit),
    ) -> Self {
        let (answers, inbox) = mpsc::channel(ANSWERS_WAITING);
        let inbox = Arc::new(Mutex::new(Some(inbox)));
        let (sealed, droppable) = (Arc::default(), Arc::default());
        let turn = Arc::new(TurnMutex::new(Turn));
        Self {
            bank,
            sendings,
            outbox,
            keys,
            framing,
            clock,
            audit,
            sealed,
            droppable,
            turn,
            answers,
            inbox,
        }
    }

    /// The answers; there is one listener.
    pub(super) fn take_inbox(&self) -> Option<Receiver<Answered>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Seals and sends, once.
    pub(super) fn ask(&self, call: CallId, request: Request) {
        let calls = self.clone();
        let endpoint = request.endpoint();
        if let Request::ValidateQr(validation) = &request {
            self.sendings.shows(validation.reference());
        }
        let task = tokio::spawn(async move {
            let turn = calls.turn_of(request.endpoint()).await;
            if request.endpoint() == Endpoint::ValidateQr {
                calls.outbox.free(&calls.sendings).await;
            }
            match calls.seal(&request).await {
                Ok((sealed, earlier)) => {
                    drop(request);
                    let sealed = Arc::new(sealed);
                    if earlier != Earlier::Nothing {
                        calls.answer(Answered::Earlier(call, earlier)).await;
                    }
                    calls.sealed().insert(call, Arc::clone(&sealed));
                    calls.exchange(call, &sealed, turn).await;
                }
                Err(Unsealed::Journal(error)) => {
                    error!(%error, "nothing is sent that is not in the journal");
                    calls.answer(Answered::NotJournaled).await;
                }
                Err(Unsealed::Envelope(error)) => {
                    error!(%error, "a request could not be sealed");
                    calls.answer(ours(call, request.endpoint())).await;
                }
            }
        });
        self.drop_with_the_journey(endpoint, &task);
    }

    /// Sends the body sealed last for this call once more.
    pub(super) fn resend(&self, call: CallId) {
        let sealed = self.sealed().get(&call).cloned();
        let Some(sealed) = sealed else { return };
        let calls = self.clone();
        let endpoint = sealed.endpoint;
        let task = tokio::spawn(async move {
            let turn = calls.turn_of(sealed.endpoint).await;
            calls.exchange(call, &sealed, turn).await;
        });
        self.drop_with_the_journey(endpoint, &task);
    }

    /// Queues a failure report; it outlives the journey.
    pub(super) fn report(&self, reference: Reference, id: &CitizenId, reason: FailureReason) {
        let plaintext = FailureReport::new(id, reason).plaintext();
        let calls = self.clone();
        tokio::spawn(async move {
            let body = match calls.keys.seal_report(&reference, plaintext, calls.framing) {
                Ok(body) => body,
                Err(error) => return error!(%error, "a failure report could not be sealed"),
            };
            let _turn = calls.turn_of(Endpoint::ReportFailure).await;
            let queued =
                calls.journaled(move |sendings, now| sendings.report(&reference, &body, now));
            match queued.await {
                Ok(()) => calls.outbox.ring(),
                Err(error) => error!(%error, "a failure report could not be queued"),
            }
        });
    }

    /// The journey is over: what it held is dropped, what it left unresolved is the outbox's.
    pub(super) fn forget(&self, outcome: Option<Outcome>) {
        self.droppable().drain(..).for_each(|call| call.abort());
        if self.sendings.gone() == HeldBack::Something {
            self.outbox.ring();
        }
        let sealed = std::mem::take(&mut *self.sealed());
        if sealed.values().all(|sealed| sealed.entry.is_none()) {
            return;
        }
        let calls = self.clone();
        tokio::spawn(async move {
            // An answer that is just being journaled comes first, and stands.
            let _turn = calls.turn_of(Endpoint::Submit).await;
            let left = calls.journaled(move |sendings, now| sendings.leave(outcome, now.at)).await;
            if let Err(error) = left {
                error!(%error, "the end of a journey could not be journaled yet");
            }
            calls.outbox.ring();
        });
    }

    /// The submit that this process wrote down last, if any.
    pub(super) fn newest(&self) -> Option<EntryId> {
        self.sendings.newest()
    }

    /// How the journal is.
    pub(super) fn standing(&self) -> Standing {
        self.sendings.entries().standing()
    }

    /// A journey begins: if there is no token at hand, it is tried for now rather than at the first call. Where
    /// the last try failed, the first call is soon enough: a bank in trouble is not asked twice.
    pub(super) fn warm_up(&self) {
        let bank = Arc::clone(&self.bank);
        tokio::spawn(async move {
            if bank.token_in_trouble().await {
                return;
            }
            if let Err(failed) = bank.warm_up().await {
                warn!(at = %failed.at, code = %failed.condition, "no token yet");
            }
        });
    }

    /// Nobody waits for the answer of a call whose journey is over, and a refused token must not send the
    /// customer's data once more. What is in the journal goes on.
    fn drop_with_the_journey(&self, endpoint: Endpoint, task: &JoinHandle<()>) {
        let journaled = matches!(endpoint, Endpoint::Submit | Endpoint::ReportFailure);
        let mut droppable = self.droppable();
        droppable.retain(|call| !call.is_finished());
        if !journaled {
            droppable.push(task.abort_handle());
        }
    }

    fn droppable(&self) -> std::sync::MutexGuard<'_, Vec<AbortHandle>> {
        self.droppable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sealed(&self) -> std::sync::MutexGuard<'_, HashMap<CallId, Arc<Sealed>>> {
        self.sealed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, answered: Answered) {
        let _ = self.answers.send(answered).await;
    }

    /// Waits until the journal knows every answer so far, if this call is one for the journal.
    async fn turn_of(&self, endpoint: Endpoint) -> Option<OwnedMutexGuard<Turn>> {
        match endpoint {
            Endpoint::Submit | Endpoint::ReportFailure => {
                Some(Arc::clone(&self.turn).lock_owned().await)
            }
            Endpoint::Token | Endpoint::ValidateQr | Endpoint::Consents | Endpoint::CheckDopa => {
                None
            }
        }
    }

    /// Sends, hands the answer on, and journals it if it is definitive: the customer need not wait for the
    /// disk, but nothing else is journaled before it.
    async fn exchange(&self, call: CallId, sealed: &Sealed, turn: Option<OwnedMutexGuard<Turn>>) {
        let answered = self.attempt(call, sealed).await;
        debug!(call = call.number(), endpoint = %sealed.endpoint, "the bank answered");
        let said = match &answered {
            Answered::Bank(_, BankAnswer::Failed { at, condition, .. }) => {
                Some(Err((*at, *condition)))
            }
            Answered::Bank(_, BankAnswer::Accepted(_)) => Some(Ok(())),
            Answered::Bank(_, BankAnswer::QrValidated(_) | BankAnswer::Consents(_))
            | Answered::Earlier(..)
            | Answered::NotJournaled => None,
        };
        self.answer(answered).await;
        if let (Some(entry), Some(said)) = (sealed.entry, said) {
            let written =
                self.journaled(move |sendings, now| sendings.answered(entry, said, now.at));
            match written.await {
                Ok(()) => debug!(%entry, "journaled: the answer"),
                Err(error) => error!(%error, %entry, "an answer could not be journaled yet"),
            }
        }
        drop(turn);
    }

    async fn seal(&self, request: &Request) -> Result<(Sealed, Earlier), Unsealed> {
        let endpoint = request.endpoint();
        let plaintext = match request {
            Request::ValidateQr(request) => Some(request.plaintext()),
            Request::Consents => None,
            Request::CheckDopa(request) => Some(request.plaintext()),
            Request::Submit(request) => Some(request.plaintext()),
        };
        let sealed = plaintext.map(|plaintext| self.keys.seal(plaintext, self.framing));
        let (body, key) = sealed.transpose().map_err(Unsealed::Envelope)?.unzip();
        let (entry, earlier) = match (request, &body) {
            (Request::Submit(submission), Some(body)) => {
                let (reference, body) = (submission.reference().clone(), body.clone());
                let prepared =
                    self.journaled(move |sendings, now| sendings.submit(&reference, &body, now));
                let Prepared { id, earlier } = prepared.await.map_err(Unsealed::Journal)?;
                debug!(entry = %id, "journaled: a body is prepared");
                (Some(id), earlier)
            }
            (Request::ValidateQr(validation), _) => {
                let reference = validation.reference().clone();
                let earlier = self.journaled(move |sendings, _| sendings.earlier(&reference));
                // Without the journal nothing is sent anyway: that is found out when it comes to it.
                (None, earlier.await.unwrap_or(Earlier::Nothing))
            }
            _ => (None, Earlier::Nothing),
        };
        Ok((Sealed { endpoint, body, key, entry }, earlier))
    }

    /// Works on the journal where a slow disk holds nobody up.
    async fn journaled<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Sendings<Journal>, Moment) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let (sendings, now) = (Arc::clone(&self.sendings), self.clock.moment());
        spawn_blocking(move || work(&sendings, now)).await.unwrap_or(Err(JournalError::Broken))
    }

    async fn attempt(&self, call: CallId, sealed: &Sealed) -> Answered {
        let endpoint = sealed.endpoint;
        let wire = Call { endpoint, reference: None, body: sealed.body.as_deref() };
        let mut kept = Kept { calls: self, call, endpoint, entry: sealed.entry };
        let answer = match endpoint {
            Endpoint::ValidateQr => {
                let asked = self.bank.ask(wire, &mut kept, protocol::read_qr_validation).await;
                asked.map(BankAnswer::QrValidated)
            }
            Endpoint::Consents => {
                let asked = self.bank.ask(wire, &mut kept, protocol::read_consents).await;
                asked.map(BankAnswer::Consents)
            }
            Endpoint::CheckDopa | Endpoint::Submit | Endpoint::ReportFailure | Endpoint::Token => {
                self.bank.send(wire, &mut kept).await.map(BankAnswer::Accepted)
            }
        };
        let answer = match answer {
            Ok(answer) => Ok(answer),
            Err(AttemptError::Failed(failed)) => Err(failed),
            Err(AttemptError::NotJournaled) => return Answered::NotJournaled,
        };
        Answered::Bank(call, answer.unwrap_or_else(|Failed { at, condition, wait_at_least }| {
            info!(call = call.number(), endpoint = %at, code = %condition, "the bank did not say 0000");
            if let (RSA_FAILED, Some(key)) = (condition, sealed.key) {
                self.keys.refused(key);
            }
            BankAnswer::Failed { at, condition, wait_at_least }
        }))
    }
}

/// Keeps what is to be known of the attempts of one call: in the journal, if it ends a reference, before the first
/// byte leaves (I3); and for the bank's support.
struct Kept<'a> {
    calls: &'a Calls,
    call: CallId,
    endpoint: Endpoint,
    entry: Option<EntryId>,
}

impl Kept<'_> {
    fn record(&self, happened: Happened) {
        self.calls.audit.record(self.calls.clock.bank_time(), happened);
    }

    /// Nothing that ends a reference leaves without an entry.
    fn journal(&self, id: &str) -> Result<(), NotJournaled> {
        let Some(entry) = self.entry else {
            return match self.endpoint.effect() {
                Effect::Repeatable => Ok(()),
                Effect::EndsReference => Err(NotJournaled),
            };
        };
        let sent = self.calls.sendings.sent(entry, id, self.calls.clock.bank_time());
        sent.map_err(|error| {
            error!(%error, %entry, "an attempt could not be journaled");
            NotJournaled
        })?;
        debug!(%entry, "journaled: an attempt begins");
        Ok(())
    }
}

impl Witness for Kept<'_> {
    fn begins(&mut self, transaction_id: &str) -> Result<(), NotJournaled> {
        self.journal(transaction_id)?;
        self.record(Happened::Attempt {
            endpoint: self.endpoint.name(),
            entry: self.entry.map(|entry| entry.to_string()),
            call: Some(self.call.number()),
            transaction_id: transaction_id.to_owned(),
        });
        Ok(())
    }

    fn served(&mut self, transaction_id: &str, server_id: &ServerId) {
        self.record(Happened::served(transaction_id, server_id));
    }
}

/// The bank could not open the envelope's key: it has changed its own, or this machine has the wrong one.
const RSA_FAILED: Condition = Condition::Diis(1501);

/// Why a request could not be made ready.
enum Unsealed {
    Envelope(KeyringError),
    Journal(JournalError),
}

/// A request that this machine itself cannot seal: as a fault of ours (9998 is the bank's word for it).
fn ours(call: CallId, at: Endpoint) -> Answered {
    let condition = Condition::Diis(9998);
    Answered::Bank(call, BankAnswer::Failed { at, condition, wait_at_least: Duration::ZERO })
}
