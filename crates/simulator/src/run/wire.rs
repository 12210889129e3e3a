//! The way to the bank and the bank behind it, in virtual time: what one attempt meets, when it arrives, and
//! what is answered. Bodies are not sealed here, so the bank reads what the customer confirmed.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use agent::journal::EntryId;
use protocol::{Certainty, Condition, Endpoint, HttpAnswer, Resent, Transport, ruling};
use serde_json::Value;
use session::{BankAnswer, CallId, Timeouts};

use super::chance::Chance;
use super::fault::Fault;
use crate::bank::{self, Clerk, Code, Stage};

/// Before the client's own end of a call an answer comes at the last moment.
const LAST_MOMENT: Duration = Duration::from_secs(2);
/// The bank takes a client's time that is no further off than this.
const CLOCK_WINDOW_MS: i64 = 300_000;

/// Who asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Asker {
    Journey(CallId),
    Outbox,
}

/// One attempt, from the first byte to the answer or the timeout.
#[derive(Clone)]
pub(super) struct Attempt {
    /// Which process made it: an answer to one that is gone is nobody's.
    pub(super) life: u32,
    pub(super) asker: Asker,
    pub(super) endpoint: Endpoint,
    pub(super) entry: Option<EntryId>,
    pub(super) body: Option<Rc<Vec<u8>>>,
    pub(super) transaction_id: u64,
    pub(super) meets: Option<Fault>,
    /// The token was refused once before.
    pub(super) second_token: bool,
    pub(super) clock_off_ms: i64,
}

/// What comes back.
pub(super) type Answer = Result<BankAnswer, (Endpoint, Condition)>;

/// What the way does with an attempt: when it reaches the bank, and what the client hears at the latest.
pub(super) struct Way {
    pub(super) reaches: Vec<Duration>,
    pub(super) hears: (Duration, (Endpoint, Condition)),
}

#[derive(Default)]
pub(super) struct Wire {
    clerk: Clerk,
    seen: BTreeSet<u64>,
    under_way: BTreeMap<u64, Attempt>,
    next: u64,
    /// What a busy bank says all day.
    busy: Option<Condition>,
    /// How often E3 was answered with 0000, or done and answered otherwise, by reference.
    accepted: BTreeMap<String, u32>,
}

impl Wire {
    /// An attempt leaves.
    pub(super) fn leave(&mut self, attempt: Attempt) -> u64 {
        self.next += 1;
        self.under_way.insert(self.next, attempt);
        self.next
    }

    pub(super) fn attempt(&self, number: u64) -> Option<&Attempt> {
        self.under_way.get(&number)
    }

    /// The client has heard: later answers to the same attempt are nobody's.
    pub(super) fn heard(&mut self, number: u64) -> Option<Attempt> {
        self.under_way.remove(&number)
    }

    pub(super) fn accepted(&self, reference: &str) -> u32 {
        self.accepted.get(reference).copied().unwrap_or(0)
    }

    /// The bank has an attempt before it.
    pub(super) fn arrive(&mut self, attempt: &Attempt, chance: &mut Chance) -> Answer {
        let at = attempt.endpoint;
        let fail = |condition| Err((at, condition));
        if !self.seen.insert(attempt.transaction_id) {
            return fail(Condition::Gateway(23));
        }
        if attempt.clock_off_ms.abs() > CLOCK_WINDOW_MS {
            return fail(Condition::Gateway(26));
        }
        if attempt.meets == Some(Fault::TokenRefused) {
            return fail(Condition::Gateway(100));
        }
        let body = attempt.body.as_ref().and_then(|body| serde_json::from_slice(body).ok());
        let body: Value = body.unwrap_or(Value::Null);
        let reference = ["/transactionRef", "/reference"]
            .iter()
            .find_map(|name| body.pointer(name)?.as_str().map(str::to_owned))
            .unwrap_or_default();
        match attempt.meets {
            Some(Fault::BankCode) => {
                if let Some(condition) = self.refusal(at, &reference, chance) {
                    return fail(condition);
                }
            }
            Some(Fault::BankBusy) => return fail(*self.busy.get_or_insert_with(|| busy(chance))),
            Some(Fault::TooLarge) if body.get("customerSelfieImage").is_some() => {
                let said = [Condition::Gateway(21), Condition::Gateway(22), Condition::Http(413)];
                return fail(chance.one_of(&said, Condition::Http(413)));
            }
            Some(Fault::BankActed) => {
                let done = self.serve(at, &reference, &body);
                return fail(done.err().unwrap_or_else(|| doubtful(at, chance)));
            }
            _ => {}
        }
        let answered = self.serve(at, &reference, &body).map_err(|condition| (at, condition))?;
        read(at, answered)
    }

    fn serve(&mut self, at: Endpoint, reference: &str, body: &Value) -> Result<Vec<u8>, Condition> {
        let served = self.clerk.serve(theirs(at), body);
        if served.is_ok() && at == Endpoint::Submit {
            *self.accepted.entry(reference.to_owned()).or_default() += 1;
        }
        served.map_err(condition)
    }

    /// A code of the table that this bank may answer now without contradicting itself, with its effect.
    fn refusal(&mut self, at: Endpoint, reference: &str, chance: &mut Chance) -> Option<Condition> {
        let rows: Vec<Condition> = protocol::table()
            .filter(|row| row.scope.covers(at) && row.condition != Condition::SUCCESS)
            .map(|row| row.condition)
            .filter(|condition| *condition != Condition::ALREADY_USED)
            .collect();
        let condition = chance.one_of(&rows, Condition::Diis(9999));
        let ends = !matches!(protocol::resent(condition, at), Resent::KeepTrying);
        if ends && self.clerk.stage(reference) == Some(Stage::Submitted) {
            return None;
        }
        match condition {
            Condition::Diis(1301 | 1303 | 1399) => None,
            Condition::Diis(code) => {
                self.clerk.suffer(reference, Code::Diis(code));
                Some(condition)
            }
            _ => Some(condition),
        }
    }
}

/// What is answered when the bank has done it and something behind it broke.
fn doubtful(at: Endpoint, chance: &mut Chance) -> Condition {
    let unknown: Vec<Condition> = protocol::table()
        .filter(|row| row.scope.covers(at))
        .map(|row| row.condition)
        .filter(|condition| ruling(*condition, at).certainty == Certainty::Unknown)
        .collect();
    chance.one_of(&unknown, Condition::Transport(Transport::Cut))
}

/// What becomes of an attempt on its way.
pub(super) fn way(attempt: &Attempt, chance: &mut Chance) -> Way {
    let at = attempt.endpoint;
    let timeouts = Timeouts::default();
    let end = (at, Condition::Transport(Transport::TimedOut));
    let timed_out = (timeouts.request(at), end);
    let cut = (chance.millis(100, 5_000), (at, Condition::Transport(Transport::Cut)));
    let lost = if chance.percent(50) { timed_out } else { cut };
    let soon = chance.millis(50, 800);
    match attempt.meets {
        Some(Fault::Unreachable) => {
            let unreachable = [Transport::Unreachable, Transport::TlsHandshake];
            let condition =
                Condition::Transport(chance.one_of(&unreachable, Transport::Unreachable));
            Way { reaches: Vec::new(), hears: (chance.millis(100, 5_000), (at, condition)) }
        }
        Some(Fault::RequestLost) => Way { reaches: Vec::new(), hears: lost },
        Some(Fault::Delayed) => {
            Way { reaches: vec![chance.millis(2_000, 90_000)], hears: timed_out }
        }
        Some(Fault::Duplicated) => {
            Way { reaches: vec![soon, soon + chance.millis(0, 3_000)], hears: timed_out }
        }
        Some(Fault::AnswerLost) => Way { reaches: vec![soon], hears: lost },
        // Two tokens, the clocks and the request take as long as each may.
        Some(Fault::AnswerLate) => Way { reaches: vec![soon], hears: (timeouts.call(at), end) },
        _ => Way { reaches: vec![soon], hears: timed_out },
    }
}

/// How long the bank takes for an answer, and its way back.
pub(super) fn answers_after(attempt: &Attempt, chance: &mut Chance) -> Duration {
    match attempt.meets {
        Some(Fault::AnswerLate) => {
            let most = Timeouts::default().call(attempt.endpoint);
            most - LAST_MOMENT + chance.millis(0, 3_000)
        }
        _ => chance.millis(100, 3_000),
    }
}

fn busy(chance: &mut Chance) -> Condition {
    let said = [
        Condition::Diis(9999),
        Condition::Gateway(24),
        Condition::Gateway(300),
        Condition::Http(429),
        Condition::Http(503),
    ];
    chance.one_of(&said, Condition::Http(503))
}

/// How long a busy bank asks to be left alone (`Retry-After`); mostly it does not say.
pub(super) fn asks_to_wait(attempt: &Attempt, chance: &mut Chance) -> Duration {
    match attempt.meets {
        Some(Fault::BankBusy) if chance.percent(40) => chance.millis(1_000, 40_000),
        Some(Fault::BankBusy) if chance.percent(10) => Duration::from_secs(120),
        _ => Duration::ZERO,
    }
}

/// What the token endpoint says when it is away.
pub(super) fn no_token(chance: &mut Chance) -> Condition {
    let said = [
        Condition::Transport(Transport::Unreachable),
        Condition::Transport(Transport::TimedOut),
        Condition::Http(503),
        Condition::Gateway(24),
    ];
    chance.one_of(&said, Condition::Http(503))
}

fn read(at: Endpoint, body: Vec<u8>) -> Answer {
    let answer = HttpAnswer { status: 200, body };
    let read = match at {
        Endpoint::ValidateQr => protocol::read_qr_validation(&answer).map(BankAnswer::QrValidated),
        Endpoint::Consents => protocol::read_consents(&answer).map(BankAnswer::Consents),
        Endpoint::Token | Endpoint::Submit | Endpoint::ReportFailure | Endpoint::CheckDopa => {
            protocol::read_accepted(at, &answer).map(BankAnswer::Accepted)
        }
    };
    read.map_err(|condition| (at, condition))
}

fn condition(code: Code) -> Condition {
    match code {
        Code::Diis(code) => Condition::Diis(code),
        Code::Gateway(code) => Condition::Gateway(code),
        Code::Http(status) => Condition::Http(status),
        Code::OAuth(_) => Condition::Http(401),
    }
}

fn theirs(at: Endpoint) -> bank::Endpoint {
    match at {
        Endpoint::Token => bank::Endpoint::Token,
        Endpoint::ValidateQr => bank::Endpoint::ValidateQr,
        Endpoint::Submit => bank::Endpoint::Submit,
        Endpoint::ReportFailure => bank::Endpoint::ReportFailure,
        Endpoint::Consents => bank::Endpoint::Consents,
        Endpoint::CheckDopa => bank::Endpoint::CheckDopa,
    }
}
