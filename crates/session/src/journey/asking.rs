//! The call under way: asked, asked again, given up, and the question to the customer while the bank is busy.
//!
//! How often and when a call goes out again is the call's own business; what its end means stands with each
//! stage.

use std::time::Duration;

use protocol::{Action, Alert, Condition, Endpoint, Reference, Transport};

use super::{Session, Turn};
use crate::call::{Bank, Call, CallId, Setback, Verdict};
use crate::event::{BankAnswer, Command, Event, Now, Request};
use crate::failure::Failure;
use crate::state::State;

/// A bank that was away is asked less for so long; then it is met as if nothing had been.
const AWAY_FOR: Duration = Duration::from_secs(10 * 60);

/// What an event says of a call under way.
pub(super) enum Heard {
    /// The bank said 0000.
    Good(BankAnswer),
    /// It did not, and trying is over.
    Over(Verdict),
    /// It did not, and is asked again.
    Nothing,
    /// It is about something else.
    Other(Event),
}

impl Session {
    pub(super) fn ask(&mut self, request: Request, turn: &mut Turn) -> Call {
        self.calls += 1;
        let away = self.away.is_some_and(|since| turn.now.tick < since + AWAY_FOR);
        let bank = if away { Bank::Away } else { Bank::There };
        let lost_after = self.policy.timeouts.lost_after(request.endpoint());
        let times = (turn.now.tick, lost_after);
        let call = Call::begin(CallId(self.calls), request.endpoint(), bank, times);
        turn.order(Command::Ask { call: call.id, request });
        call
    }

    /// Reads an event as what it says of the call under way; repetitions are the call's own business.
    pub(super) fn hear(&mut self, call: &mut Call, event: Event, turn: &Turn) -> Heard {
        match event {
            Event::BankAnswered { call: id, answer } if id == call.id => match answer {
                BankAnswer::Failed { at, condition, wait_at_least } => {
                    let chance = self.chance();
                    let setback = Setback { at, condition, wait_at_least };
                    let verdict = call.failed(setback, turn.now.tick, chance);
                    let over = verdict.is_some() || call.question().is_some();
                    match protocol::ruling(condition, at).action {
                        Action::RetrySame | Action::RetryLater if over => {
                            self.away = Some(turn.now.tick);
                        }
                        Action::RetrySame | Action::RetryLater | Action::Reconcile => {}
                        _ => self.away = None,
                    }
                    verdict.map_or(Heard::Nothing, Heard::Over)
                }
                good => {
                    self.away = None;
                    self.doors.served(call.endpoint);
                    Heard::Good(good)
                }
            },
            event @ (Event::Cancelled | Event::CardRemoved) => {
                call.given_up().map_or(Heard::Other(event), Heard::Over)
            }
            other => Heard::Other(other),
        }
    }

    /// The bank did not serve this machine when nobody was waiting: whoever comes next need not find it out.
    pub(super) fn unserved(&mut self, at: Endpoint, condition: Condition, now: Now) {
        match protocol::ruling(condition, at).action {
            Action::RetrySame | Action::RetryLater | Action::Reconcile => {
                self.away = Some(now.tick);
            }
            action => self.doors.ruled(action, at, condition, now.tick),
        }
    }

    /// Nobody is here: time to see whether the bank would serve this machine again?
    pub(super) fn probe(&mut self, turn: &mut Turn) {
        let call = CallId(self.calls + 1);
        if let Some(request) = self.doors.probe(call, turn.now.tick) {
            self.calls += 1;
            turn.order(Command::Ask { call, request });
        }
    }

    /// Takes what the bank said to a probe; `false` if the event is about something else.
    pub(super) fn probed(&mut self, event: &Event, turn: &mut Turn) -> bool {
        match event {
            Event::BankAnswered { call, answer } if self.doors.awaits(*call) => {
                self.doors.probed(answer, turn.now.tick);
                turn.order(Command::Forget);
                true
            }
            _ => false,
        }
    }

    /// Counts what tells more than one journey does: who tries codes of others, and codes that belong elsewhere.
    pub(super) fn count(&mut self, reference: &Reference, condition: Condition, turn: &mut Turn) {
        match condition {
            Condition::Diis(1102) if self.doors.foreign_card(turn.now.tick) => {
                let text = protocol::ruling(condition, Endpoint::ValidateQr).text;
                let failure = Failure::Bank { condition, text };
                turn.order(Command::Alert { level: Alert::Page, failure });
            }
            Condition::Diis(9403) => {
                self.doors.misplaced_code(reference, condition, turn.now.tick);
            }
            _ => {}
        }
    }

    /// A repetition is due, or an answer got lost on the way.
    pub(super) fn knock(&mut self, mut state: State, turn: &mut Turn) -> State {
        let Some(call) = call_of(&mut state) else { return state };
        let (id, endpoint, lost) = (call.id, call.endpoint, call.lost(turn.now.tick));
        let due = call.due(turn.now.tick);
        match due {
            Some(again) => self.send_again(&state, id, again, turn),
            None if lost => {
                let condition = Condition::Transport(Transport::TimedOut);
                let wait_at_least = Duration::ZERO;
                let answer = BankAnswer::Failed { at: endpoint, condition, wait_at_least };
                let event = Event::BankAnswered { call: id, answer };
                return self.step(state, event, turn);
            }
            None => {}
        }
        state
    }

    /// The customer chose to wait for a busy bank.
    pub(super) fn keep_waiting(&mut self, mut state: State, turn: &mut Turn) -> State {
        let chance = self.chance();
        if let Some(call) = call_of(&mut state) {
            call.keep_waiting(turn.now.tick, chance);
        }
        state
    }

    /// The customer chose to stop, or did not choose: the end that the bank's last answer makes.
    pub(super) fn give_up(&mut self, state: State, event: Event, turn: &mut Turn) -> State {
        match state {
            State::Validating { reference, identity, call } => {
                self.validating(reference, identity, call, event, turn)
            }
            State::FetchingConsents { errand, call } => self.fetching(errand, call, event, turn),
            State::CheckingDopa { confirmed, call } => {
                self.checking_dopa(confirmed, call, event, turn)
            }
            State::Submitting { confirmed, selfie, call } => {
                self.submitting(confirmed, selfie, call, event, turn)
            }
            state => state,
        }
    }

    pub(crate) fn question(&self) -> Option<Failure> {
        question_of(&self.state)
    }
}

/// The call under way, if the state has one.
fn call_of(state: &mut State) -> Option<&mut Call> {
    match state {
        State::Validating { call, .. }
        | State::FetchingConsents { call, .. }
        | State::CheckingDopa { call, .. }
        | State::Submitting { call, .. } => Some(call),
        State::Idle
        | State::Gathering(_)
        | State::Consenting { .. }
        | State::Reading { .. }
        | State::Confirming(_)
        | State::TakingSelfie { .. }
        | State::Ended { .. } => None,
    }
}

/// Does the customer answer the question whether to wait with no? A card taken out while the data is on its way
/// says so as well; before that it ends the journey by itself.
pub(super) fn gives_up(state: &State, event: &Event) -> bool {
    let says_no = matches!(event, Event::Cancelled)
        || matches!((event, state), (Event::CardRemoved, State::Submitting { .. }));
    says_no && question_of(state).is_some()
}

/// What the customer is asked about: to keep waiting for a busy bank, or to stop.
pub(super) fn question_of(state: &State) -> Option<Failure> {
    let (State::Validating { call, .. }
    | State::FetchingConsents { call, .. }
    | State::CheckingDopa { call, .. }
    | State::Submitting { call, .. }) = state
    else {
        return None;
    };
    let (at, condition) = call.question()?;
    Some(Failure::Bank { condition, text: protocol::ruling(condition, at).text })
}
