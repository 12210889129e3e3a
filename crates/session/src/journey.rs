//! The session: one `match` over (state, event), and the deadlines that leave no state without a way out.
//!
//! What each stage does stands in its own file (`gather`, `agree`, `send`); here is what holds for all of
//! them: idle time, a card pulled, cancelling, ending, and the numbering of calls.

use std::mem;
use std::time::Duration;

use protocol::{Action, Alert, Condition, Endpoint, FailureReason};

use crate::doors::Doors;
use crate::event::{CardFault, Command, Event, Needs, Now, Slip, SlipResult};
use crate::failure::{Failure, LocalFailure, Outcome};
use crate::policy::Policy;
use crate::screen::{CardStatus, Language};
use crate::state::{Errand, State, Tries};

mod agree;
mod asking;
mod gather;
mod send;
mod sight;

use sight::Sight;

use asking::question_of;

/// One event being taken: the time it came at, and the orders it gives.
pub(crate) struct Turn {
    now: Now,
    orders: Vec<Command>,
}

impl Turn {
    fn order(&mut self, command: Command) {
        self.orders.push(command);
    }
}

/// Longer than the card thread's own deadline: only a lost answer lasts so long.
const READING_MOST: Duration = Duration::from_secs(30);

/// So long after a restart the end of the last journey is shown (§1.9).
const RESUMED_FOR: Duration = Duration::from_secs(60);

/// One machine's journeys, one after another.
#[derive(Debug)]
pub struct Session {
    pub(crate) policy: Policy,
    pub(crate) state: State,
    pub(crate) language: Language,
    pub(crate) card: CardStatus,
    /// The card now in belongs to a journey that is over: it must come out first.
    card_spent: bool,
    sight: Sight,
    pub(crate) doors: Doors,
    /// The last sign of a person.
    pub(crate) seen: Duration,
    /// The last event of any kind.
    pub(crate) at: Duration,
    tries: Tries,
    /// When trying was over at last because the bank was away; `None` since it answered.
    away: Option<Duration>,
    calls: u64,
    chance: u64,
}

impl Session {
    /// A machine nobody stands at. The seed spreads the waits of different machines; it hides nothing.
    #[must_use]
    pub fn new(policy: Policy, seed: u64) -> Self {
        let doors = Doors::new(seed, &policy.timeouts);
        Self {
            policy,
            state: State::Idle,
            language: Language::default(),
            card: CardStatus::Absent,
            card_spent: false,
            sight: Sight::default(),
            doors,
            seen: Duration::ZERO,
            at: Duration::ZERO,
            tries: Tries::default(),
            away: None,
            calls: 0,
            chance: seed,
        }
    }

    /// Takes one event. The commands are to be carried out in order; then read [`Self::view`],
    /// [`Self::needs`] and [`Self::deadline`] anew. An event that does not fit the state changes nothing.
    #[must_use]
    pub fn handle(&mut self, event: Event, now: Now) -> Vec<Command> {
        let mut turn = Turn { now, orders: Vec::new() };
        match &event {
            Event::LanguageChosen(language) => self.language = *language,
            Event::ServiceChanged(service) => self.doors.journal(*service),
            Event::Unserved { at, condition } => self.unserved(*at, *condition, now),
            Event::CardInserted => self.card = CardStatus::Present,
            Event::CardRemoved => {
                self.card = CardStatus::Absent;
                self.card_spent = false;
                if matches!(self.state, State::Submitting { .. }) {
                    self.out_of_sight();
                }
            }
            _ => {}
        }
        if self.probed(&event, &mut turn) {
            self.at = now.tick;
            return turn.orders;
        }
        if is_sign_of_life(&event) {
            self.seen = now.tick;
        }
        let mut state = mem::take(&mut self.state);
        // The event may have overtaken the tick that ends the session.
        if self.expired(&state, now) {
            state = self.stop(LocalFailure::SessionExpired, &mut turn);
        }
        self.state = self.step(state, event, &mut turn);
        self.at = now.tick;
        turn.orders
    }

    /// When [`Event::Tick`] is due, on the scale of [`Now::tick`]; `None` while nobody is here.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let idle = self.seen + self.policy.patience.idle;
        let wiped = idle + self.policy.patience.warning;
        let next = if self.warned() { wiped } else { idle };
        let waiting = match errand_of(&self.state) {
            Some(Errand::Ekyc(ekyc)) => next.min(ekyc.since + self.policy.patience.journey),
            Some(Errand::DopaOnly) | None => next,
        };
        match &self.state {
            State::Idle => self.doors.deadline(),
            State::Gathering(gathering) => Some(match gathering.reading {
                Some(since) => waiting.min(since + READING_MOST),
                None => waiting,
            }),
            State::Consenting { .. } | State::Confirming(_) | State::TakingSelfie { .. } => {
                Some(waiting)
            }
            State::Reading { .. } if self.waits_for_card() => Some(waiting),
            State::Reading { since, .. } => Some(*since + READING_MOST),
            State::Validating { call, .. }
            | State::FetchingConsents { call, .. }
            | State::CheckingDopa { call, .. }
            | State::Submitting { call, .. } => Some(call.deadline().unwrap_or(waiting)),
            State::Ended { until, .. } => Some(*until),
        }
    }

    /// Why this machine serves nobody, if so.
    #[must_use]
    pub fn out_of_service(&self) -> Option<Failure> {
        self.doors.closed()
    }

    /// Does it hold anything of a person?
    #[must_use]
    pub fn holds_a_person(&self) -> bool {
        match &self.state {
            State::Idle | State::Ended { .. } => false,
            State::Gathering(gathering) => {
                gathering.reference.is_some() || gathering.identity.is_some()
            }
            State::FetchingConsents { errand: Errand::DopaOnly, .. } => false,
            State::Validating { .. }
            | State::FetchingConsents { .. }
            | State::Consenting { .. }
            | State::Reading { .. }
            | State::Confirming(_)
            | State::CheckingDopa { .. }
            | State::TakingSelfie { .. }
            | State::Submitting { .. } => true,
        }
    }

    /// What the journey wants to see right now.
    #[must_use]
    pub fn needs(&self) -> Needs {
        let code = match &self.state {
            State::Idle => {
                self.policy.dopa != crate::DopaPolicy::Only && self.doors.closed().is_none()
            }
            State::Gathering(gathering) => gathering.reference.is_none(),
            _ => false,
        };
        Needs { code, selfie: matches!(self.state, State::TakingSelfie { .. }) }
    }

    fn step(&mut self, state: State, event: Event, turn: &mut Turn) -> State {
        match (state, event) {
            (state, Event::Tick) => self.tick(state, turn),
            (
                state,
                Event::LanguageChosen(_)
                | Event::ServiceChanged(_)
                | Event::Unserved { .. }
                | Event::StillHere,
            ) => state,
            (state, Event::KeepWaiting) => self.keep_waiting(state, turn),
            (state, event) if asking::gives_up(&state, &event) => self.give_up(state, event, turn),
            (State::Ended { .. }, Event::CardRemoved | Event::Cancelled) => self.leave(),
            (State::Ended { outcome, until, copies: 1.. }, Event::CopyWanted) => {
                turn.order(Command::PrintCopy);
                State::Ended { outcome, until, copies: 0 }
            }
            (State::Idle, Event::Resumed(outcome)) => self.resume(outcome, turn),
            (state @ State::Ended { .. }, _) => state,
            (State::Idle, event) => self.arrive(event, turn),
            (State::Gathering(gathering), event) => self.gather(gathering, event, turn),
            (state @ State::Submitting { .. }, Event::CardRemoved | Event::Cancelled) => state,
            (state, Event::CardFailed(fault)) if state.holds_a_card() => {
                self.lost_sight(state, fault, turn)
            }
            (state, Event::CardInserted) if state.holds_a_card() => {
                self.look_again(turn);
                state
            }
            (state, Event::IdentityRead(identity)) if state.holds_a_card() => {
                self.seen_again(state, &identity, turn)
            }
            (State::Submitting { confirmed, selfie, call }, event) => {
                self.submitting(confirmed, selfie, call, event, turn)
            }
            (_, Event::Cancelled) => self.stop(LocalFailure::Cancelled, turn),
            (state, Event::CardRemoved) => self.card_pulled(state, turn),
            (State::Validating { reference, identity, call }, event) => {
                self.validating(reference, identity, call, event, turn)
            }
            (State::FetchingConsents { errand, call }, event) => {
                self.fetching(errand, call, event, turn)
            }
            (State::Consenting { errand, agreements, card }, event) => {
                self.consenting(errand, agreements, card, event, turn)
            }
            (State::Reading { errand, agreements, card, since }, event) => {
                self.reading(errand, agreements, (card, since), event, turn)
            }
            (State::Confirming(shown), event) => self.confirming(shown, event, turn),
            (State::CheckingDopa { confirmed, call }, event) => {
                self.checking_dopa(confirmed, call, event, turn)
            }
            (State::TakingSelfie { confirmed, trouble }, event) => {
                self.taking_selfie(confirmed, trouble, event, turn)
            }
        }
    }

    fn tick(&mut self, state: State, turn: &mut Turn) -> State {
        match state {
            State::Ended { until, .. } if until <= turn.now.tick => self.leave(),
            State::Reading { .. } if self.waits_for_card() => self.wait_on(state, turn),
            State::Reading { since, .. } if since + READING_MOST <= turn.now.tick => {
                self.fail(LocalFailure::Card(CardFault::ReaderHung), turn)
            }
            State::Gathering(mut gathering)
                if gathering.reading.is_some_and(|since| since + READING_MOST <= turn.now.tick) =>
            {
                gathering.reading = None;
                gathering.trouble = Some(Failure::Local(LocalFailure::Card(CardFault::ReaderHung)));
                State::Gathering(gathering)
            }
            state if question_of(&state).is_some() => self.wait_on(state, turn),
            State::Validating { .. }
            | State::FetchingConsents { .. }
            | State::CheckingDopa { .. }
            | State::Submitting { .. } => self.knock(state, turn),
            State::Gathering(_)
            | State::Consenting { .. }
            | State::Confirming(_)
            | State::TakingSelfie { .. } => self.wait_on(state, turn),
            State::Idle => {
                self.probe(turn);
                State::Idle
            }
            State::Ended { .. } | State::Reading { .. } => state,
        }
    }

    /// Nobody did anything: first a warning, then everything is wiped.
    fn wait_on(&mut self, state: State, turn: &mut Turn) -> State {
        let patience = self.policy.patience;
        if self.seen + patience.idle + patience.warning > turn.now.tick {
            return state;
        }
        if question_of(&state).is_some() {
            return self.give_up(state, Event::Cancelled, turn);
        }
        self.stop(LocalFailure::TimedOut, turn)
    }

    /// Is the reference too old on this machine for anything to be asked of the person, or with it (C-42)?
    fn expired(&self, state: &State, now: Now) -> bool {
        let asks = matches!(
            state,
            State::Consenting { .. } | State::Confirming(_) | State::TakingSelfie { .. }
        ) || question_of(state).is_some();
        asks && errand_of(state).is_some_and(|errand| self.too_old(errand, now))
    }

    fn too_old(&self, errand: &Errand, now: Now) -> bool {
        match errand {
            Errand::Ekyc(ekyc) => ekyc.since + self.policy.patience.journey <= now.tick,
            Errand::DopaOnly => false,
        }
    }

    /// Is there no card that could be read? One that belongs to a journey that is over is none.
    pub(crate) fn waits_for_card(&self) -> bool {
        self.card == CardStatus::Absent || self.card_spent
    }

    /// The card came out before the data was on its way: all of it is wiped at once.
    fn card_pulled(&mut self, state: State, turn: &mut Turn) -> State {
        match state {
            // Flow (c) asks for consent before it asks for the card.
            State::FetchingConsents { errand: Errand::DopaOnly, .. } => state,
            State::Consenting { errand: Errand::DopaOnly, agreements, .. } => {
                let card = crate::state::CardCopy::default();
                State::Consenting { errand: Errand::DopaOnly, agreements, card }
            }
            _ => self.stop(LocalFailure::Card(CardFault::Removed), turn),
        }
    }

    /// Was the idle time over at the last event? Decided by events alone: a view never changes without one.
    pub(crate) fn warned(&self) -> bool {
        self.seen + self.policy.patience.idle <= self.at
    }

    pub(crate) fn errand(&self) -> Option<&Errand> {
        errand_of(&self.state)
    }

    /// Selfies that may still be sent after the one now being taken.
    pub(crate) fn selfies_left(&self) -> u8 {
        self.policy.face_resubmits_max.saturating_sub(self.tries.selfies)
    }

    /// A step of the SplitMix64 generator: enough to spread waits, never used for secrets.
    fn chance(&mut self) -> u64 {
        self.chance = self.chance.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.chance ^ (self.chance >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn stop(&mut self, why: LocalFailure, turn: &mut Turn) -> State {
        self.end(Outcome::Stopped(Failure::Local(why)), None, turn)
    }

    fn fail(&mut self, why: LocalFailure, turn: &mut Turn) -> State {
        let failure = Failure::Local(why);
        turn.order(Command::Alert { level: Alert::Warn, failure });
        self.end(Outcome::Failed(failure), None, turn)
    }

    /// A final finding of ours about a validated reference: the bank is told (§1.8 (d)), the customer too.
    fn refuse(
        &mut self,
        errand: &Errand,
        reason: FailureReason,
        failure: Failure,
        turn: &mut Turn,
    ) -> State {
        if let Errand::Ekyc(ekyc) = errand {
            turn.order(Command::Report {
                reference: ekyc.reference.clone(),
                citizen_id: ekyc.identity.citizen_id.clone(),
                reason,
            });
        }
        self.end(Outcome::Refused(failure), None, turn)
    }

    fn end(&mut self, outcome: Outcome, slip: Option<Slip>, turn: &mut Turn) -> State {
        let copies = u8::from(slip.is_some());
        if let Some(slip) = slip {
            turn.order(Command::Print(slip));
        }
        turn.order(Command::Forget);
        self.tries = Tries::default();
        self.sight = Sight::Kept;
        self.card_spent = self.card == CardStatus::Present;
        State::Ended { outcome, until: turn.now.tick + self.policy.patience.result, copies }
    }

    /// Whoever still stands here after a restart is told what became of the journey (§1.9); the card that lies
    /// there is that journey's.
    fn resume(&mut self, outcome: Outcome, turn: &Turn) -> State {
        self.card_spent = true;
        let copies = u8::from(matches!(
            outcome,
            Outcome::Done | Outcome::DoneInferred | Outcome::Pending(_) | Outcome::Unresolved(_)
        ));
        State::Ended { outcome, until: turn.now.tick + RESUMED_FOR, copies }
    }

    /// Nobody is here any more.
    fn leave(&mut self) -> State {
        self.card_spent = self.card == CardStatus::Present;
        self.language = Language::default();
        State::Idle
    }

    fn slip(&self, errand: &Errand, result: SlipResult, now: Now) -> Slip {
        let (reference_last_four, lines) = match errand {
            Errand::Ekyc(ekyc) => {
                let slip = &ekyc.validation.slip;
                let lines = [slip.ref1.clone(), slip.ref2.clone(), slip.ref3.clone()];
                (Some(ekyc.reference.last_four().to_owned()), lines)
            }
            Errand::DopaOnly => (None, [None, None, None]),
        };
        Slip { result, reference_last_four, lines, time: now.bank_time, language: self.language }
    }
}

fn errand_of(state: &State) -> Option<&Errand> {
    match state {
        State::FetchingConsents { errand, .. }
        | State::Consenting { errand, .. }
        | State::Reading { errand, .. } => Some(errand),
        State::Confirming(shown) => Some(&shown.errand),
        State::CheckingDopa { confirmed, .. }
        | State::TakingSelfie { confirmed, .. }
        | State::Submitting { confirmed, .. } => Some(&confirmed.shown.errand),
        State::Idle | State::Gathering(_) | State::Validating { .. } | State::Ended { .. } => None,
    }
}

fn is_sign_of_life(event: &Event) -> bool {
    match event {
        Event::Started
        | Event::LanguageChosen(_)
        | Event::ReferenceRead(_)
        | Event::WrongCodeRead(_)
        | Event::CardInserted
        | Event::CardRemoved
        | Event::IdentityRead(_)
        | Event::CitizenRead(_)
        | Event::PhotoRead(_)
        | Event::CardFailed(_)
        | Event::ConsentsAnswered(_)
        | Event::Confirmed { .. }
        | Event::SelfieTaken(_)
        | Event::BankAnswered { .. }
        | Event::CopyWanted
        | Event::KeepWaiting
        | Event::StillHere => true,
        Event::PhotoProgress(_)
        | Event::CameraFailed
        | Event::Earlier(..)
        | Event::JournalFailed(_)
        | Event::ServiceChanged(_)
        | Event::Unserved { .. }
        | Event::Resumed(_)
        | Event::Cancelled
        | Event::Tick => false,
    }
}

/// The end of a call of the given endpoint that no other rule explains, by what it came from.
fn outcome_of(condition: Condition, at: Endpoint) -> Outcome {
    let ruling = protocol::ruling(condition, at);
    let failure = Failure::Bank { condition, text: ruling.text };
    match (condition, ruling.action) {
        (
            Condition::Diis(_),
            Action::ConfigFault
            | Action::Bug
            | Action::RetryLater
            | Action::RetrySame
            | Action::Reconcile
            | Action::Reseal,
        ) => Outcome::Failed(failure),
        (Condition::Diis(_), _) => Outcome::Refused(failure),
        _ => Outcome::Failed(failure),
    }
}
