//! One journey in virtual time whose bank gives one and the same answer at one endpoint, for ever.
//!
//! The customer does what every screen asks for, so the walk ends where the session itself gives up.

use std::time::Duration;

use citizen::PostalCode;
use protocol::{Accepted, Alert, BankTime, Condition, Consent, Consents, Endpoint};
use session::{
    BankAnswer, CallId, Command, Event, Now, Outcome, Policy, Screen, Session, SlipResult, Stage,
};

use super::people;

/// 23 November 2026, 10:00 in Bangkok.
const START_MS: i64 = 1_795_402_800_000;
/// No walk takes nearly as many steps; one that does never ends.
const STEPS_MAX: usize = 400;

/// What became of the journey.
#[derive(Debug)]
pub struct Walk {
    /// How often the first call went out again by itself.
    pub repetitions: usize,
    /// What the customer was asked to do about it first.
    pub asked: Option<Stage>,
    /// How often the customer's doing led to another call.
    pub rounds: usize,
    /// How it ended.
    pub outcome: Outcome,
    /// The loudest alert.
    pub alert: Alert,
    /// Code of the failure that was reported to the bank.
    pub report: Option<&'static str>,
    /// The slip's word, if one was printed.
    pub slip: Option<SlipResult>,
    /// From the first answer to the end, less the time that people took.
    pub waited: Duration,
}

/// Walks; `at` is the token's endpoint for an answer that came instead of a token before E2.
pub fn walk(condition: Condition, at: Endpoint) -> Walk {
    let mut walker = Walker::new(condition, at);
    for _ in 0..STEPS_MAX {
        if walker.ended() {
            break;
        }
        walker.step();
    }
    let outcome = walker.outcome();
    assert!(outcome.is_some(), "{condition} at {at} never ends");
    walker.told(outcome.expect("as just seen"))
}

struct Walker {
    session: Session,
    tick: Duration,
    condition: Condition,
    at: Endpoint,
    question: Option<(CallId, Endpoint)>,
    /// One for each call that got the answer: how often it went out.
    sendings: Vec<(CallId, usize)>,
    asked: Option<Stage>,
    alert: Alert,
    report: Option<&'static str>,
    slip: Option<SlipResult>,
    waited: Duration,
}

impl Walker {
    fn new(condition: Condition, at: Endpoint) -> Self {
        let mut walker = Self {
            session: Session::new(Policy::default(), 1),
            tick: Duration::ZERO,
            condition,
            at,
            question: None,
            sendings: Vec::new(),
            asked: None,
            alert: Alert::None,
            report: None,
            slip: None,
            waited: Duration::ZERO,
        };
        walker.give(Event::ReferenceRead(people::reference()));
        walker.give(Event::CardInserted);
        walker
    }

    fn ended(&self) -> bool {
        self.session.stage() == Stage::Result
    }

    /// The endpoint whose call gets the answer.
    fn target(&self) -> Endpoint {
        if self.at == Endpoint::Token { Endpoint::ValidateQr } else { self.at }
    }

    fn step(&mut self) {
        if let Some((call, endpoint)) = self.question.take() {
            return self.give(Event::BankAnswered { call, answer: self.answer(endpoint) });
        }
        if matches!(self.session.view().screen, Screen::Busy { .. }) {
            return self.give(Event::Cancelled);
        }
        let stage = self.session.stage();
        let waiting = matches!(
            self.session.view().screen,
            Screen::Checking { .. } | Screen::CheckingDopa { .. } | Screen::Sending { .. }
        );
        if waiting {
            let due = self.session.deadline().expect("a call is under way").max(self.tick);
            self.waited += due - self.tick;
            self.tick = due;
            return self.give(Event::Tick);
        }
        if !self.sendings.is_empty() && self.asked.is_none() {
            self.asked = Some(stage);
        }
        self.act(stage);
    }

    /// What the customer does before this screen.
    fn act(&mut self, stage: Stage) {
        match stage {
            Stage::Gather => {
                self.give(Event::CardRemoved);
                self.give(Event::CardInserted);
            }
            Stage::Consent => {
                let texts = match self.session.view().screen {
                    Screen::Consents { texts } => texts.len(),
                    _ => 0,
                };
                self.give(Event::ConsentsAnswered(vec![Consent::Given; texts]));
            }
            Stage::Confirm => {
                let postal_code = PostalCode::parse("10110").ok();
                self.give(Event::Confirmed { postal_code, mobile: None, english_name: None });
            }
            Stage::Selfie => self.give(Event::SelfieTaken(people::selfie())),
            // Nothing to do: the bound on steps will tell.
            Stage::Idle
            | Stage::Validate
            | Stage::Read
            | Stage::Dopa
            | Stage::Submit
            | Stage::Result => {}
        }
    }

    fn answer(&self, endpoint: Endpoint) -> BankAnswer {
        if endpoint == self.target() && self.condition != Condition::SUCCESS {
            let (at, condition) = (self.at, self.condition);
            return BankAnswer::Failed { at, condition, wait_at_least: Duration::ZERO };
        }
        match endpoint {
            Endpoint::ValidateQr => BankAnswer::QrValidated(people::validation()),
            Endpoint::Consents => {
                BankAnswer::Consents(Consents { texts: vec![people::text("105")] })
            }
            _ => BankAnswer::Accepted(Accepted::default()),
        }
    }

    fn give(&mut self, event: Event) {
        let passed = i64::try_from(self.tick.as_millis()).expect("a short journey");
        let now = Now { tick: self.tick, bank_time: BankTime::from_millis(START_MS + passed) };
        for order in self.session.handle(event, now) {
            self.carry_out(order);
        }
    }

    fn carry_out(&mut self, order: Command) {
        match order {
            Command::ReadIdentity => self.give(Event::IdentityRead(people::identity())),
            Command::ReadCard(_) => {
                self.give(Event::CitizenRead(Box::new(people::citizen())));
                self.give(Event::PhotoRead(people::photo()));
            }
            Command::Ask { call, request } => self.sent(call, request.endpoint()),
            Command::Resend(call) => self.sent(call, self.target()),
            Command::Report { reason, .. } => self.report = Some(reason.code()),
            Command::Print(slip) => self.slip = Some(slip.result),
            Command::Alert { level, .. } => self.alert = self.alert.max(level),
            Command::Attest { .. } | Command::PrintCopy | Command::Forget => {}
        }
    }

    fn sent(&mut self, call: CallId, endpoint: Endpoint) {
        self.question = Some((call, endpoint));
        if endpoint != self.target() {
            return;
        }
        match self.sendings.last_mut() {
            Some((last, count)) if *last == call => *count += 1,
            _ => self.sendings.push((call, 1)),
        }
    }

    fn outcome(&self) -> Option<Outcome> {
        match self.session.view().screen {
            Screen::Result { outcome, .. } => Some(*outcome),
            _ => None,
        }
    }

    fn told(self, outcome: Outcome) -> Walk {
        Walk {
            repetitions: self.sendings.first().map_or(0, |(_, count)| count - 1),
            asked: self.asked,
            rounds: self.sendings.len() - 1,
            outcome,
            alert: self.alert,
            report: self.report,
            slip: self.slip,
            waited: self.waited,
        }
    }
}
