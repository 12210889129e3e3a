//! One machine of a fleet: the agent's session, a customer who does what the screen says, a token, an outbox.
//! Its devices never fail; what fails is the bank.

use std::time::Duration;

use protocol::{
    Accepted, BankTime, Condition, ConsentText, Consents, Endpoint, QrValidation, Reference,
};
use session::outbox::{Entry, Wall, ends_the_round};
use session::pace::{Pace, spread};
use session::{BankAnswer, CallId, Command, Event, Now, Outcome, Policy, Screen, Session, Stage};

use super::{BANK_AWAY, Fleet, TOKEN_AWAY, Tally};
use crate::run::{Card, Chance, photo};

/// 23 November 2026, 10:00 in Bangkok.
const START_MS: i64 = 1_795_402_800_000;
/// A token is renewed after so long at the latest: four fifths of 900 s, as the agent does it.
const TOKEN_RENEWED: Duration = Duration::from_secs(720);
/// It serves so long.
const TOKEN_SERVES: Duration = Duration::from_secs(895);
/// A customer reads a screen and does what it says in so many milliseconds.
const READS_MS: (u64, u64) = (4_000, 25_000);

pub(super) struct Machine {
    session: Session,
    chance: Chance,
    customer_every: Duration,
    /// When the customer, here or to come, looks at the screen.
    look: Duration,
    told: Vec<(Duration, Event)>,
    asked: Option<(CallId, Endpoint)>,
    waits_since: Option<Duration>,
    token_until: Duration,
    token_due: Duration,
    token_pace: Pace,
    /// How long nothing is tried after a failure, whoever met it.
    token_wait: Duration,
    outbox: Vec<Entry>,
    outbox_at: Option<Duration>,
    pace: Pace,
    requests: u64,
    visits: u32,
}

impl Machine {
    pub(super) fn new(fleet: &Fleet, number: u32) -> Self {
        let mut chance = Chance::new(fleet.seed ^ (u64::from(number) << 20));
        let every = u64::try_from(fleet.customer_every.as_millis()).unwrap_or(u64::MAX);
        let token_due = chance.millis(0, 720_000);
        Self {
            session: Session::new(Policy::default(), chance.draw()),
            look: chance.millis(0, every),
            customer_every: fleet.customer_every,
            told: Vec::new(),
            asked: None,
            waits_since: None,
            token_until: token_due + (TOKEN_SERVES - TOKEN_RENEWED),
            token_due,
            token_pace: Pace::of_tokens(),
            token_wait: Duration::ZERO,
            outbox: Vec::new(),
            outbox_at: None,
            pace: Pace::of_rounds(),
            requests: 0,
            visits: 0,
            chance,
        }
    }

    /// When it has to be woken next.
    pub(super) fn due(&self) -> Duration {
        let told = self.told.iter().map(|(at, _)| *at).min();
        let due = [told, self.session.deadline(), self.outbox_at, Some(self.token_due)];
        due.into_iter().flatten().fold(self.look, Duration::min)
    }

    /// Submits that nobody has settled.
    pub(super) fn open(&self) -> usize {
        self.outbox.len()
    }

    /// Does what is due; how many requests have left.
    pub(super) fn wake(&mut self, now: Duration, tally: &mut Tally) -> u64 {
        self.requests = 0;
        if let Some(at) = self.told.iter().position(|(at, _)| *at <= now) {
            let (_, event) = self.told.swap_remove(at);
            self.take(event, now, tally);
        } else if self.token_due <= now {
            self.renew_token(now, tally);
        } else if self.outbox_at.is_some_and(|at| at <= now) {
            self.round(now, tally);
        } else if self.session.deadline().is_some_and(|at| at <= now) {
            self.take(Event::Tick, now, tally);
        } else if self.look <= now {
            self.look(now, tally);
        }
        self.requests
    }

    fn take(&mut self, event: Event, now: Duration, tally: &mut Tally) {
        let before = self.session.stage();
        let at = Now { tick: now, bank_time: bank_time(now) };
        for command in self.session.handle(event, at) {
            match command {
                Command::ReadIdentity => {
                    let identity = Card::Somchai.citizen().identity;
                    self.tell(now, 1, Event::IdentityRead(identity));
                }
                Command::ReadCard(_) => {
                    let citizen = Box::new(Card::Somchai.citizen());
                    self.tell(now, 2, Event::CitizenRead(citizen));
                    self.tell(now, 5, Event::PhotoRead(photo()));
                }
                Command::Ask { call, request } => self.ask(call, request.endpoint(), now),
                Command::Resend(call) => {
                    if let Some((_, endpoint)) = self.asked.filter(|(asked, _)| *asked == call) {
                        self.ask(call, endpoint, now);
                    }
                }
                Command::Report { .. }
                | Command::Attest { .. }
                | Command::Print(_)
                | Command::PrintCopy
                | Command::Alert { .. }
                | Command::Forget => {}
            }
        }
        self.notice(before, now, tally);
    }

    /// What a passer-by would see: a journey begins, waits, ends.
    fn notice(&mut self, before: Stage, now: Duration, tally: &mut Tally) {
        let view = self.session.view();
        let waits = match view.screen {
            Screen::Checking { again }
            | Screen::CheckingDopa { again }
            | Screen::Sending { again } => again,
            Screen::Busy { .. } => true,
            _ => false,
        };
        let outcome = match view.screen {
            Screen::Result { outcome, .. } if before != Stage::Result => Some(*outcome),
            _ => None,
        };
        match (waits, self.waits_since) {
            (true, None) => {
                self.waits_since = Some(now);
                tally.waited += 1;
            }
            (false, Some(since)) => {
                self.waits_since = None;
                tally.waited_most = tally.waited_most.max(now.saturating_sub(since));
            }
            (true, Some(_)) | (false, None) => {}
        }
        let Some(outcome) = outcome else { return };
        tally.journeys += 1;
        match outcome {
            Outcome::Done | Outcome::DoneInferred | Outcome::Pending(_) => tally.done += 1,
            Outcome::Unresolved(_) => {
                tally.unresolved += 1;
                let (endpoint, created) = (Endpoint::Submit, bank_time(now));
                self.outbox.push(Entry {
                    endpoint,
                    attempts: 4,
                    created,
                    age_when_met: Duration::ZERO,
                    known_for: Duration::ZERO,
                });
                self.pace.settled();
                self.outbox_at = Some(now);
            }
            Outcome::Refused(_) | Outcome::Stopped(_) | Outcome::Failed(_) => tally.failed += 1,
        }
    }

    fn look(&mut self, now: Duration, tally: &mut Tally) {
        let event = match self.session.view().screen {
            Screen::Attract => {
                self.visits += 1;
                Reference::parse(&format!("SIM-{}", self.visits)).map(Event::ReferenceRead).ok()
            }
            Screen::Scan { .. } | Screen::InsertCard { .. } => Some(Event::CardInserted),
            Screen::Consents { texts } => {
                Some(Event::ConsentsAnswered(vec![protocol::Consent::Given; texts.len()]))
            }
            Screen::Confirm { .. } => {
                Some(Event::Confirmed { postal_code: None, mobile: None, english_name: None })
            }
            // Half of the customers have the time.
            Screen::Busy { .. } if self.chance.percent(50) => Some(Event::KeepWaiting),
            Screen::Busy { .. } => Some(Event::Cancelled),
            Screen::Result { .. } => Some(Event::CardRemoved),
            Screen::Reading { .. }
            | Screen::Checking { .. }
            | Screen::CheckingDopa { .. }
            | Screen::Selfie { .. }
            | Screen::Sending { .. }
            | Screen::OutOfService { .. } => None,
        };
        let leaves = matches!(event, Some(Event::CardRemoved));
        if let Some(event) = event {
            self.take(event, now, tally);
        }
        let every = u64::try_from(self.customer_every.as_millis()).unwrap_or(u64::MAX);
        let (from, to) = if leaves { (every / 4, every * 3 / 2) } else { READS_MS };
        let pause = self.chance.millis(from, to);
        self.look = now + pause;
    }

    fn tell(&mut self, now: Duration, seconds: u64, event: Event) {
        self.told.push((now + Duration::from_secs(seconds), event));
    }

    fn ask(&mut self, call: CallId, endpoint: Endpoint, now: Duration) {
        self.asked = Some((call, endpoint));
        let answer = match self.attempt(endpoint, now) {
            Ok(()) => good(endpoint),
            Err((at, condition)) => {
                BankAnswer::Failed { at, condition, wait_at_least: Duration::ZERO }
            }
        };
        self.tell(now, 2, Event::BankAnswered { call, answer });
    }

    /// One attempt, with the token that it needs.
    fn attempt(&mut self, at: Endpoint, now: Duration) -> Result<(), (Endpoint, Condition)> {
        if self.token_until <= now {
            self.fetch_token(now).map_err(|condition| {
                self.token_due = self.token_due.max(now + self.token_wait);
                (Endpoint::Token, condition)
            })?;
        }
        self.requests += 1;
        if BANK_AWAY.contains(&now.as_secs()) {
            return Err((at, Condition::Gateway(201)));
        }
        Ok(())
    }

    fn fetch_token(&mut self, now: Duration) -> Result<(), Condition> {
        self.requests += 1;
        let second = now.as_secs();
        if BANK_AWAY.contains(&second) || TOKEN_AWAY.contains(&second) {
            return Err(Condition::Http(503));
        }
        self.token_until = now + TOKEN_SERVES;
        self.token_due = now + spread(TOKEN_RENEWED, self.chance.draw());
        self.token_pace.settled();
        self.token_wait = Duration::ZERO;
        Ok(())
    }

    /// As the agent keeps a token at hand.
    fn renew_token(&mut self, now: Duration, tally: &mut Tally) {
        if let Err(condition) = self.fetch_token(now) {
            self.token_wait = self.token_pace.unsettled(self.chance.draw());
            self.token_due = now + self.token_wait;
            self.take(Event::Unserved { at: Endpoint::Token, condition }, now, tally);
        }
    }

    /// As the agent's outbox: each entry once, until one finds that nothing would fare better.
    fn round(&mut self, now: Duration, tally: &mut Tally) {
        let mut left = Vec::new();
        let mut over = false;
        for entry in std::mem::take(&mut self.outbox) {
            let answer =
                if over { Err(None) } else { self.attempt(entry.endpoint, now).map_err(Some) };
            match answer {
                Ok(()) => tally.drained = tally.drained.max(now),
                Err(None) => left.push(entry),
                Err(Some((at, condition))) => {
                    over = ends_the_round(at, condition);
                    if entry.ended_by(at, condition, Wall::Vouched(bank_time(now))).is_none() {
                        left.push(entry);
                    }
                }
            }
        }
        self.outbox = left;
        let wait = (!self.outbox.is_empty()).then(|| self.pace.unsettled(self.chance.draw()));
        self.outbox_at = wait.map(|wait| now + wait);
    }
}

fn good(endpoint: Endpoint) -> BankAnswer {
    match endpoint {
        Endpoint::ValidateQr => BankAnswer::QrValidated(QrValidation::default()),
        Endpoint::Consents => BankAnswer::Consents(Consents {
            texts: vec![ConsentText {
                kind: "105".to_owned(),
                version: "2.00.00".to_owned(),
                thai: String::new(),
                english: String::new(),
            }],
        }),
        Endpoint::Token | Endpoint::Submit | Endpoint::ReportFailure | Endpoint::CheckDopa => {
            BankAnswer::Accepted(Accepted::default())
        }
    }
}

fn bank_time(now: Duration) -> BankTime {
    BankTime::from_millis(START_MS + i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}
