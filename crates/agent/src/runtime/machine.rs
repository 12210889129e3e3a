//! The loop: one event at a time into the session, its commands out to devices and bank, its view to the page.
//!
//! It decides nothing about a journey: what a card, a code or an answer means is the session's business.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use protocol::{Alert, Condition, Endpoint, Reference, Selfie};
use session::{
    BankAnswer, CallId, CardFault, Command, Event, Failure, JournalFault, LocalFailure, Outcome,
    Screen, Service, Session, Stage,
};
use tokio::sync::mpsc::Receiver;
use tokio::sync::watch;
use tokio::time::sleep_until;
use tracing::{debug, error, info, warn};
use vision::{Hint, Liveness};
use zeroize::Zeroizing;

use super::JourneyRecord;
use super::calls::{Answered, Calls};
use super::silence::Silence;
use crate::api::{self, DeviceState, Extras, Health, Shown};
use crate::audit::{Audit, Happened};
use crate::clock::Clock;
use crate::config::Config;
use crate::devices::camera::{Gaze, Look};
use crate::devices::card::{CardOrder, CardThread, fault_of_reader};
use crate::devices::{CardFact, Fact, Rig};
use crate::handover::{Handover, Here, Remains};
use crate::journal::{Newest, Standing};
use crate::ports::{Presence, ReaderError};
use crate::slip;

/// A card answers within this time or never: the slowest card needs 6 s for its portrait.
const CARD_MOST: Duration = Duration::from_secs(20);

/// So long after its start a machine tells whoever still stands here what became of the last journey.
const RESUMED_MOST: Duration = Duration::from_secs(60);

/// Everything that one machine's journeys need.
pub(super) struct Machine {
    session: Session,
    clock: Arc<Clock>,
    calls: Calls,
    audit: Audit,
    rig: Rig,
    card: CardThread,
    /// Until when the card thread owes an answer.
    card_due: Option<Duration>,
    presence: Presence,
    handover: Handover,
    /// What the process before has left, until the first look at the reader.
    remains: Option<Remains>,
    /// The newest submit when this process began, if the journal could say.
    newest_before: Option<Newest>,
    /// The newest submit when the customer came who is here now.
    here_behind: Option<Newest>,
    /// A card lay in the reader when the watch broke off.
    left_in: bool,
    /// How the journal was when it was last told.
    standing: Standing,
    gaze: Gaze,
    scans_codes: bool,
    selfies: u64,
    silence: Silence,
    shown: watch::Sender<Arc<Shown>>,
    health: watch::Sender<Health>,
    last: watch::Sender<Option<JourneyRecord>>,
    /// The stages of the journey under way, and since when the present one stands.
    stages: Vec<(Stage, Duration)>,
    stage_since: Duration,
    extras: Extras,
    merchant: String,
    terminal: String,
    journey: u64,
    stage: Stage,
}

/// What the machine works with.
pub(super) struct Parts {
    pub(super) handover: Handover,
    pub(super) remains: Option<Remains>,
    pub(super) newest_before: Option<Newest>,
    pub(super) clock: Arc<Clock>,
    pub(super) calls: Calls,
    pub(super) audit: Audit,
    pub(super) rig: Rig,
    pub(super) gaze: Gaze,
}

/// Where the rest of the agent looks at the machine.
pub(super) struct Windows {
    pub(super) shown: watch::Receiver<Arc<Shown>>,
    pub(super) health: watch::Receiver<Health>,
    pub(super) last: watch::Receiver<Option<JourneyRecord>>,
}

impl Machine {
    pub(super) fn new(config: &Config, seed: u64, parts: Parts) -> (Self, Windows) {
        let Parts { handover, remains, newest_before, clock, calls, audit, rig, gaze } = parts;
        let session = Session::new(config.policy(), seed);
        let extras = Extras::new(config.journey.profile);
        let first = api::render(&session.view(), session.stage(), &extras);
        let (shown, shown_window) = watch::channel(Arc::new(first));
        let (health, health_window) = watch::channel(Health::default());
        let (last, last_window) = watch::channel(None);
        let card = CardThread::start(rig.clone());
        let machine = Self {
            session,
            clock,
            calls,
            audit,
            rig,
            card,
            card_due: None,
            presence: Presence::NoReader,
            handover,
            remains,
            newest_before,
            here_behind: None,
            left_in: false,
            standing: Standing::Sound,
            gaze,
            scans_codes: config.scanner.is_none() && config.camera.is_some(),
            selfies: 0,
            silence: Silence::default(),
            shown,
            health,
            last,
            stages: Vec::new(),
            stage_since: Duration::ZERO,
            extras,
            merchant: config.site.merchant.clone(),
            terminal: config.site.place.terminal_id().to_owned(),
            journey: 0,
            stage: Stage::Idle,
        };
        let windows = Windows { shown: shown_window, health: health_window, last: last_window };
        (machine, windows)
    }

    pub(super) async fn run(
        mut self,
        mut facts: Receiver<Fact>,
        mut events: Receiver<Event>,
        stop: impl Future<Output = ()>,
    ) {
        let Some(mut answers) = self.calls.take_inbox() else { return };
        self.journal_changed().await;
        tokio::pin!(stop);
        loop {
            let due = self.due().map(|tick| self.clock.instant(tick).into());
            tokio::select! {
                () = &mut stop => break,
                Some(event) = events.recv() => self.take(event).await,
                Some(fact) = facts.recv() => self.hear(fact).await,
                Some(answered) = answers.recv() => match answered {
                    Answered::Bank(call, answer) => {
                        self.record(answer_of(self.journey, call, &answer));
                        self.take(Event::BankAnswered { call, answer }).await;
                    }
                    Answered::Earlier(call, earlier) => self.take(Event::Earlier(call, earlier)).await,
                    Answered::NotJournaled => {
                        let fault = fault_of(self.calls.standing());
                        // The disk has refused a single thing: it is not known to be sound.
                        let fault = fault.unwrap_or(JournalFault::Failing);
                        self.take(Event::JournalFailed(fault)).await;
                    }
                },
                () = until(due) => self.tick().await,
            }
            // Whoever found it out: the next customer must not meet it with data at stake.
            if self.disk() != self.standing {
                self.journal_changed().await;
            }
        }
        self.gaze.turn(Look::Away);
    }

    /// The next moment at which something is due without an event.
    fn due(&self) -> Option<Duration> {
        [self.session.deadline(), self.card_due, self.silence.due()].into_iter().flatten().min()
    }

    async fn tick(&mut self) {
        let now = self.clock.tick();
        if self.card_due.is_some_and(|due| due <= now) {
            self.abandon_card_thread();
            self.take(Event::CardFailed(CardFault::ReaderHung)).await;
        }
        if self.silence.due().is_some_and(|due| due <= now) {
            self.silence = Silence::Unheeded;
            self.take(Event::CameraFailed).await;
        }
        self.take(Event::Tick).await;
    }

    /// A transmit that never returns costs its thread, not the agent.
    fn abandon_card_thread(&mut self) {
        self.card_due = None;
        self.card.abandon();
    }

    /// One event into the session, and everything that follows from it.
    async fn take(&mut self, event: Event) {
        let commands = self.session.handle(event, self.clock.now());
        for command in commands {
            self.carry_out(command).await;
        }
        self.note_stage();
        self.note_service();
        self.look();
        self.show();
    }

    /// Tells when the machine begins to turn customers away, and when it serves them again.
    fn note_service(&mut self) {
        let closed = self.session.out_of_service().map(|why| why.to_string());
        let before = self.health.borrow().out_of_service.clone();
        if closed == before {
            return;
        }
        match &closed {
            Some(code) => error!(code, "out of service"),
            None => info!("in service again"),
        }
        let service = if closed.is_none() { "open" } else { "out_of_service" };
        let code = closed.clone().unwrap_or_default();
        self.record(Happened::Service { service, code });
        self.health.send_modify(|health| health.out_of_service = closed);
    }

    async fn carry_out(&mut self, command: Command) {
        match command {
            Command::ReadIdentity => self.order_card(|reader| CardOrder::ReadIdentity { reader }),
            Command::ReadCard(identity) => {
                self.order_card(|reader| CardOrder::ReadCard { reader, identity });
            }
            Command::Ask { call, request } => {
                debug!(call = call.number(), endpoint = %request.endpoint(), "asking the bank");
                self.calls.ask(call, request);
            }
            Command::Resend(call) => {
                debug!(call = call.number(), "asking the bank again");
                self.calls.resend(call);
            }
            Command::Report { reference, citizen_id, reason } => {
                info!(reason = reason.code(), "the failure is reported to the bank");
                let journey = self.journey;
                self.record(Happened::Reported { journey, reason: reason.code() });
                self.calls.report(reference, &citizen_id, reason);
            }
            Command::Attest { answers, language } => {
                for answer in &answers {
                    self.record(Happened::consent(self.journey, answer, language));
                }
            }
            Command::Print(slip) => {
                let lines = slip::lines(&slip, &self.merchant, &self.terminal);
                self.extras.last_slip = Some(lines.clone());
                self.print(lines);
            }
            Command::PrintCopy => {
                if let Some(lines) = &self.extras.last_slip {
                    self.print(slip::copy(lines));
                }
            }
            Command::Alert { level, failure } => self.alert(level, failure),
            Command::Forget => {
                self.card.forget();
                if self.extras.hint.take().is_some_and(Hint::is_challenge) {
                    self.record(Happened::unturned(self.journey));
                }
                let outcome = self.ended();
                self.calls.forget(outcome);
            }
        }
    }

    fn alert(&self, level: Alert, failure: Failure) {
        match level {
            Alert::None | Alert::Count => return info!(code = %failure, "counted"),
            Alert::Warn => warn!(code = %failure, "alert"),
            Alert::Page => error!(code = %failure, "alert"),
        }
        self.record(Happened::Alert { journey: self.journey, code: failure.to_string() });
    }

    fn record(&self, happened: Happened) {
        self.audit.record(self.clock.bank_time(), happened);
    }

    fn order_card(&mut self, order: impl FnOnce(String) -> CardOrder) {
        let Presence::Card { reader, .. } = &self.presence else { return };
        let order = order(reader.clone());
        let within = self.card.answer_within(&order).unwrap_or(CARD_MOST);
        self.card.order(order);
        self.card_due = Some(self.clock.tick() + within);
    }

    /// Printing happens beside the journey and never fails it.
    fn print(&self, lines: Zeroizing<Vec<String>>) {
        let devices = Arc::clone(&self.rig.devices);
        crate::devices::spawn("printer", move || {
            let printed = devices.printer().and_then(|mut printer| printer.print(&lines));
            match printed {
                Ok(()) | Err(crate::ports::DeviceError::NotConfigured) => {}
                Err(error) => warn!(%error, "no slip was printed"),
            }
        });
    }

    async fn hear(&mut self, fact: Fact) {
        match fact {
            Fact::Presence(presence) => self.cards_changed(presence).await,
            Fact::ReaderTrouble(error) => self.reader_failed(error).await,
            Fact::Card(generation, fact) if generation == self.card.generation() => {
                self.card_answered(fact).await;
            }
            Fact::Card(..) => debug!("a card thread that was given up has answered"),
            Fact::Code(text) => self.code_read(&text).await,
            Fact::SeveralCodes => debug!("several codes are in view"),
            Fact::Hint(hint) => self.hint(hint),
            Fact::FaceAwaited => self.silence.resumed(self.clock.tick()),
            Fact::FaceLookedFor => self.silence.broken(),
            Fact::Selfie(files, liveness) => self.selfie_taken(&files, liveness).await,
            Fact::CameraReady => self.device(|health| &mut health.camera, DeviceState::Ready),
            Fact::CameraTrouble(error) => {
                // It is tried again every second: only the first failure is news.
                if self.health.borrow().camera != DeviceState::of(error) {
                    warn!(%error, "the camera fails");
                }
                self.device(|health| &mut health.camera, DeviceState::of(error));
            }
            Fact::ScannerReady => self.device(|health| &mut health.scanner, DeviceState::Ready),
            // The loop looks at it after every event; this one only wakes it.
            Fact::JournalChanged => debug!("the journal is no longer as it was"),
            Fact::Unserved(at, condition) => self.take(Event::Unserved { at, condition }).await,
            Fact::ScannerTrouble(error) => {
                warn!(%error, "the scanner fails");
                self.device(|health| &mut health.scanner, DeviceState::of(error));
            }
        }
    }

    fn device(&self, which: fn(&mut Health) -> &mut DeviceState, state: DeviceState) {
        self.health.send_modify(|health| *which(health) = state);
    }

    /// The journal, and the audit beside it: no consent is taken of which nothing could be shown (§1.12).
    fn disk(&self) -> Standing {
        match self.calls.standing() {
            Standing::Sound => self.audit.standing(),
            standing => standing,
        }
    }

    /// No journey begins whose end could not be written down (§1.9); one under way is not stopped.
    async fn journal_changed(&mut self) {
        let standing = self.disk();
        self.standing = standing;
        let fault = fault_of(standing);
        let service = fault.map_or(Service::Open, Service::Closed);
        self.health.send_modify(|health| health.journal = standing);
        self.record(Happened::Journal { standing: standing.word() });
        self.take(Event::ServiceChanged(service)).await;
    }

    /// The first look at the reader after a start: if its last customer's card is still in, the customer is told
    /// what became of the journey. The journey itself was counted by the process before.
    fn resume(&mut self, presence: &Presence) {
        if *presence == Presence::NoReader {
            return;
        }
        let Some(Remains { outcome, slip }) = self.remains.take() else { return };
        if !matches!(presence, Presence::Card { .. }) || self.clock.tick() > RESUMED_MOST {
            return;
        }
        if self.session.stage() != Stage::Idle {
            debug!("somebody has begun anew meanwhile");
            return;
        }
        info!(outcome = outcome.word(), "the last journey's end is shown once more");
        self.extras.last_slip = slip.map(|slip| slip::lines(&slip, &self.merchant, &self.terminal));
        let orders = self.session.handle(Event::Resumed(outcome), self.clock.now());
        debug!(orders = orders.len(), "nothing follows from it");
        self.stage = self.session.stage();
    }

    async fn cards_changed(&mut self, presence: Presence) {
        let before = std::mem::replace(&mut self.presence, presence.clone());
        self.extras.reader_trouble = None;
        self.device(|health| &mut health.reader, DeviceState::Ready);
        if matches!(before, Presence::Card { .. } | Presence::Mute { .. }) {
            if matches!(presence, Presence::Card { .. } | Presence::Mute { .. }) {
                // By the count of insertions alone: whether it is the same card again, only reading tells.
                warn!("the card was out and in between two looks; it counts as taken out");
            }
            self.take(Event::CardRemoved).await;
        } else if self.left_in && presence == Presence::Empty {
            self.take(Event::CardRemoved).await;
        }
        self.left_in &= presence == Presence::NoReader;
        self.resume(&presence);
        match presence {
            Presence::Card { .. } => self.take(Event::CardInserted).await,
            Presence::Mute { .. } => self.take(Event::CardFailed(CardFault::Mute)).await,
            Presence::NoReader => self.reader_failed(ReaderError::Gone).await,
            Presence::Empty => self.show(),
        }
    }

    /// The watch broke off. What lies in the reader is unknown until it is back: the session is told only
    /// that reading failed, so that data already confirmed is not thrown away; it has the card looked at
    /// again when it is back, and hears of its removal if it is gone by then.
    async fn reader_failed(&mut self, error: ReaderError) {
        warn!(%error, "the card reader fails");
        let fault = fault_of_reader(error);
        self.left_in |= matches!(self.presence, Presence::Card { .. } | Presence::Mute { .. });
        self.presence = Presence::NoReader;
        self.extras.reader_trouble = Some(Failure::Local(LocalFailure::Card(fault)));
        self.device(|health| &mut health.reader, DeviceState::Failed);
        if error == ReaderError::NotConfigured {
            return self.show();
        }
        self.take(Event::CardFailed(fault)).await;
    }

    async fn card_answered(&mut self, fact: CardFact) {
        let owed = self.clock.tick() + CARD_MOST;
        self.card_due = match &fact {
            CardFact::Citizen(_) | CardFact::PhotoProgress(_) => Some(owed),
            CardFact::Identity(_) | CardFact::Photo(_) | CardFact::Failed(_) => None,
        };
        let event = match fact {
            CardFact::Identity(identity) => {
                let now = self.clock.bank_time();
                self.audit.card(now, self.journey, &identity.citizen_id);
                Event::IdentityRead(identity)
            }
            CardFact::Citizen(citizen) => Event::CitizenRead(citizen),
            CardFact::PhotoProgress(percent) => Event::PhotoProgress(percent),
            CardFact::Photo(photo) => Event::PhotoRead(photo),
            CardFact::Failed(fault) => Event::CardFailed(fault),
        };
        self.take(event).await;
    }

    async fn code_read(&mut self, text: &str) {
        if !self.session.needs().code {
            return debug!("a code was shown while none is wanted");
        }
        let event = match Reference::parse(text) {
            Ok(reference) => Event::ReferenceRead(reference),
            Err(wrong_code) => Event::WrongCodeRead(wrong_code),
        };
        self.take(event).await;
    }

    fn hint(&mut self, hint: Hint) {
        if self.session.needs().selfie {
            self.extras.hint = Some(hint);
            self.show();
        }
    }

    async fn selfie_taken(&mut self, files: &[Zeroizing<Vec<u8>>], liveness: Liveness) {
        self.extras.hint = None;
        self.silence.resumed(self.clock.tick());
        self.record(Happened::selfie(self.journey, liveness));
        let mut files = files.iter().map(|jpeg| jpeg.to_vec());
        let selfie = Selfie::new(files.next().unwrap_or_default());
        match files.fold(selfie, |selfie, smaller| selfie?.with_smaller(smaller)) {
            Ok(selfie) => self.take(Event::SelfieTaken(selfie)).await,
            Err(error) => warn!(%error, "a selfie does not fit the bank's bounds"),
        }
    }

    /// Turns the camera to what the journey wants to see.
    fn look(&mut self) {
        let needs = self.session.needs();
        match (needs.selfie, self.silence) {
            (true, Silence::Unheeded) => {
                self.selfies += 1;
                self.silence = Silence::Since(self.clock.tick());
            }
            (true, Silence::Since(_) | Silence::Broken) => {}
            (false, _) => self.silence = Silence::Unheeded,
        }
        self.gaze.turn(match needs {
            session::Needs { selfie: true, .. } => Look::Selfie(self.selfies),
            session::Needs { code: true, .. } if self.scans_codes => Look::Codes,
            session::Needs { .. } => Look::Away,
        });
    }

    /// A stage of a journey, for the log: no word about the person.
    fn note_stage(&mut self) {
        let stage = self.session.stage();
        if stage == self.stage {
            return;
        }
        if self.stage == Stage::Idle {
            self.journey += 1;
            self.calls.warm_up();
        }
        let now = self.clock.tick();
        if self.stage != Stage::Idle && self.stage != Stage::Result {
            self.stages.push((self.stage, now.saturating_sub(self.stage_since)));
        }
        self.stage_since = now;
        self.stage = stage;
        self.hand_over(stage);
        if stage == Stage::Idle {
            self.extras.last_slip = None;
            self.stages.clear();
        }
        match self.ended() {
            Some(outcome) => {
                let code = outcome.failure().map_or_else(String::new, |failure| failure.neutral());
                info!(journey = self.journey, stage = stage.word(), outcome = outcome.word(), code);
                let (journey, word) = (self.journey, outcome.word());
                let code =
                    outcome.failure().map_or_else(String::new, |failure| failure.to_string());
                self.record(Happened::Outcome { journey, outcome: word, code });
                let stages = std::mem::take(&mut self.stages);
                let _ = self.last.send(Some(JourneyRecord { outcome, stages }));
            }
            None => {
                info!(journey = self.journey, stage = stage.word());
                self.record(Happened::Stage { journey: self.journey, stage: stage.word() });
            }
        }
    }

    /// Should the power go now: is a customer here, and behind whose submit? Where the journal could not say
    /// which is the newest, nobody is told anything later.
    fn hand_over(&mut self, stage: Stage) {
        let seen = self.clock.bank_time();
        if stage == Stage::Idle {
            self.here_behind = None;
        } else if self.here_behind.is_none() {
            self.here_behind = self.calls.newest().map(Newest::from).or(self.newest_before);
        }
        self.handover.tell(self.here_behind.map(|before| Here { before, seen }));
    }

    /// How the journey ended, if it has.
    fn ended(&self) -> Option<Outcome> {
        match self.session.view().screen {
            Screen::Result { outcome, .. } => Some(*outcome),
            _ => None,
        }
    }

    fn show(&mut self) {
        self.extras.sequence += 1;
        let shown = api::render(&self.session.view(), self.session.stage(), &self.extras);
        let _ = self.shown.send(Arc::new(shown));
    }
}

/// An answer as the audit keeps it: which endpoint and which code, nothing of what stood beside them.
fn answer_of(journey: u64, call: CallId, answer: &BankAnswer) -> Happened {
    let good = Condition::SUCCESS;
    let (endpoint, condition) = match answer {
        BankAnswer::QrValidated(_) => (Endpoint::ValidateQr.to_string(), good),
        BankAnswer::Consents(_) => (Endpoint::Consents.to_string(), good),
        // A submit and a DOPA check are told apart by the stage before them.
        BankAnswer::Accepted(_) => ("accepted".to_owned(), good),
        BankAnswer::Failed { at, condition, .. } => (at.to_string(), *condition),
    };
    let (call, code) = (call.number(), condition.to_string());
    Happened::Answer { journey, call, endpoint, code }
}

/// What a customer is told of a journal that is not sound.
fn fault_of(standing: Standing) -> Option<JournalFault> {
    match standing {
        Standing::Sound => None,
        Standing::Full => Some(JournalFault::Full),
        Standing::ReadOnly => Some(JournalFault::ReadOnly),
        Standing::Failing => Some(JournalFault::Failing),
        Standing::Damaged => Some(JournalFault::Damaged),
        Standing::Crowded => Some(JournalFault::Crowded),
    }
}

async fn until(due: Option<tokio::time::Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
