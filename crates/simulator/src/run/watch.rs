//! What must hold whatever happens: the invariants I1 to I5 of the contract (§1.9), the forbidden transitions
//! (§1.8), and that nobody is left without an end, an answer or a way out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use agent::journal::EntryId;
use citizen::Identity;
use protocol::{Action, Condition, Endpoint, Resent, resent, ruling};
use serde_json::Value;
use session::{CallId, Outcome, Stage};

use super::disk::Written;
use super::wire::Asker;

/// A selfie and five more (§1.6, I5).
const SELFIES_MOST: usize = 6;
/// From validation to confirmation (C-42), with a moment for the event that ends it.
const JOURNEY_MOST: Duration = Duration::from_secs(600);
/// The longest that any screen stands without an event: a lost answer is waited for so long, a result of the
/// counter's patience is shorter.
const DEADLINE_MOST: Duration = Duration::from_secs(300);

/// A body is sent for so long before it is called unsent, or given up (§1.9, §1.8 (d)).
const NOT_SENT_LEAST: Duration = Duration::from_secs(600);
const GIVEN_UP_LEAST: Duration = Duration::from_secs(24 * 60 * 60);

/// An invariant that does not hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Violation {
    /// Its short name: `I1` to `I5`, or a word.
    pub(super) rule: &'static str,
    pub(super) what: String,
}

/// The watcher of one simulated day. It looks from outside: at the wire, the disk, the screen and the alerts.
#[derive(Default)]
pub(super) struct Watch {
    violation: Option<Violation>,
    entries: BTreeMap<EntryId, Known>,
    written: BTreeSet<String>,
    journey: Journey,
    /// A page to the operator since the last look.
    paged: Paged,
    /// The bank has told that it will not serve this machine.
    turned_away: Wanted,
    /// Attempts of this process that the client waits for, by their transaction ids.
    flying: BTreeMap<String, Flying>,
    /// References whose customer was told by this process that it is over, without success.
    denied: BTreeSet<String>,
    /// What the last journey had submitted, that it ended or a power cut.
    interrupted: Option<String>,
    /// May a slip be printed once more?
    copy: Wanted,
}

#[derive(Clone, Copy, Default, Eq, PartialEq)]
enum Paged {
    #[default]
    No,
    Yes,
}

/// An attempt that the client waits for.
struct Flying {
    endpoint: Endpoint,
    asker: Asker,
    /// Of a call that ends one.
    reference: Option<String>,
}

/// An entry of the journal, as the watcher knows it.
struct Known {
    endpoint: Endpoint,
    reference: String,
    sent: u32,
    /// When it was written down, by a clock that is right.
    since: Duration,
    /// The process that heard an answer for good.
    answered_in: Option<u32>,
    answer: Option<String>,
    alerted: Paged,
}

/// What one customer did and was asked.
#[derive(Default)]
struct Journey {
    validated: Option<Validated>,
    agreed: BTreeSet<String>,
    selfie_wanted: Wanted,
    /// The pictures sent, by their number.
    selfies: BTreeSet<String>,
    /// The length of the picture sent last, and of the one that the bank found too large.
    picture: usize,
    too_large: Option<usize>,
    submitted: Option<String>,
    submit: Option<CallId>,
    /// The customer is asked whether to wait, and has not said so.
    asked: Wanted,
    /// Until when the bank asked this call to wait.
    quiet: Option<(CallId, Duration)>,
}

struct Validated {
    reference: String,
    citizen_id: String,
    chip: String,
    at: Duration,
}

#[derive(Clone, Copy, Default, Eq, PartialEq)]
enum Wanted {
    #[default]
    No,
    Yes,
}

/// An attempt at the moment at which its first byte leaves.
pub(super) struct Leaving<'a> {
    pub(super) now: Duration,
    pub(super) endpoint: Endpoint,
    pub(super) entry: Option<EntryId>,
    pub(super) transaction_id: &'a str,
    pub(super) asker: Asker,
    pub(super) life: u32,
}

impl Watch {
    pub(super) fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    fn hold(&mut self, holds: bool, rule: &'static str, what: impl FnOnce() -> String) {
        if !holds && self.violation.is_none() {
            self.violation = Some(Violation { rule, what: what() });
        }
    }

    // --- what is on the disk ---

    pub(super) fn wrote(&mut self, written: Written, now: Duration) {
        match written {
            Written::Prepared { id, endpoint, reference } => {
                for known in self.entries.values_mut().filter(|known| {
                    known.endpoint == Endpoint::Submit
                        && endpoint == Endpoint::Submit
                        && known.reference == reference
                }) {
                    known.answer.get_or_insert_with(|| "REPLACED".to_owned());
                }
                let known = Known {
                    endpoint,
                    reference,
                    sent: 0,
                    since: now,
                    answered_in: None,
                    answer: None,
                    alerted: Paged::No,
                };
                self.entries.insert(id, known);
            }
            Written::Sent { transaction_id } => {
                self.written.insert(transaction_id);
            }
            Written::Closed { id, answer } => {
                let least = match answer.as_str() {
                    "GIVEN_UP" => GIVEN_UP_LEAST,
                    "NOT_SENT" => NOT_SENT_LEAST,
                    _ => Duration::ZERO,
                };
                let Some(known) = self.entries.get_mut(&id) else { return };
                let age = now.saturating_sub(known.since);
                let first = known.answer.is_none();
                known.answer.get_or_insert_with(|| answer.clone());
                self.hold(!first || age >= least, "I4", || {
                    format!("entry {id} ends with {answer} after {} s", age.as_secs())
                });
            }
        }
    }

    // --- what is on the wire ---

    pub(super) fn leaves(&mut self, leaving: &Leaving<'_>) {
        if let Asker::Journey(call) = leaving.asker {
            let quiet =
                self.journey.quiet.filter(|(asked, until)| *asked == call && leaving.now < *until);
            self.hold(quiet.is_none(), "pause", || {
                format!("{} leaves before the time that the bank asked for", leaving.endpoint)
            });
            let unasked = self.journey.asked == Wanted::Yes;
            self.hold(!unasked, "choice", || {
                format!("{} leaves although the customer has not chosen to wait", leaving.endpoint)
            });
        }
        self.alone(leaving);
        match leaving.endpoint {
            Endpoint::Submit | Endpoint::ReportFailure => self.ending_call(leaving),
            Endpoint::CheckDopa => {
                let asked = self.journey.agreed.contains("105");
                self.hold(asked, "consent", || "E6 without the consent of E5".to_owned());
            }
            Endpoint::Token | Endpoint::ValidateQr | Endpoint::Consents => {}
        }
    }

    /// Nothing of the same call is under way, and nothing else that ends its reference.
    fn alone(&mut self, leaving: &Leaving<'_>) {
        let Leaving { endpoint, asker, .. } = *leaving;
        let known = leaving.entry.and_then(|id| self.entries.get(&id));
        let reference = known.map(|known| known.reference.clone());
        let meets = self.flying.values().find(|flying| {
            let same_call = matches!(asker, Asker::Journey(_)) && flying.asker == asker;
            same_call || reference.is_some() && flying.reference == reference
        });
        let meets = meets.map(|flying| flying.endpoint);
        self.hold(meets.is_none(), "alone", || {
            let met = meets.unwrap_or(endpoint);
            format!("{endpoint} leaves while the client waits for {met} of the same")
        });
        let flying = Flying { endpoint, asker, reference };
        self.flying.insert(leaving.transaction_id.to_owned(), flying);
    }

    /// The client has heard of an attempt, or waits no longer.
    pub(super) fn lands(&mut self, transaction_id: &str) {
        self.flying.remove(transaction_id);
    }

    fn ending_call(&mut self, leaving: &Leaving<'_>) {
        let written = self.written.contains(leaving.transaction_id);
        let at = leaving.endpoint;
        self.hold(written, "I3", || format!("{at} leaves without a record of it"));
        let Some((id, known)) = leaving.entry.and_then(|id| Some((id, self.entries.get_mut(&id)?)))
        else {
            return self.hold(false, "I3", || format!("{at} leaves without an entry"));
        };
        known.sent += 1;
        let over = known.answered_in == Some(leaving.life);
        let reference = known.reference.clone();
        let used = self.journey.validated.as_ref().map(|validated| &validated.reference);
        let in_use = leaving.asker == Asker::Outbox && used == Some(&reference);
        self.hold(!in_use, "alone", || {
            format!("the outbox sends entry {id}, whose code a customer uses")
        });
        self.hold(!over, "I2", || format!("entry {id} leaves again after an answer for good"));
        if at == Endpoint::Submit && leaving.asker == Asker::Outbox {
            let denied = self.denied.contains(&reference);
            self.hold(!denied, "truth", || {
                format!("entry {id} leaves after its customer was told that it is over")
            });
        }
        if at == Endpoint::ReportFailure {
            let open = |known: &&Known| {
                let same = known.endpoint == Endpoint::Submit && known.reference == reference;
                same && known.sent > 0 && known.answered_in.is_none() && known.answer.is_none()
            };
            let unknown = self.entries.values().find(open).is_some();
            self.hold(!unknown, "E4", || "E4 while an E3 is unknown".to_owned());
        }
    }

    /// A submit of the journey under way, before its first attempt, or sealed anew as the bank asked.
    pub(super) fn submits(&mut self, call: CallId, body: &[u8], lies_there: Option<&Identity>) {
        let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let text = |name: &str| body.pointer(name).and_then(Value::as_str).unwrap_or_default();
        let reference = text("/transactionRef").to_owned();
        let selfie = body.get("customerSelfieImage").and_then(Value::as_str);
        let Journey { validated, agreed, .. } = &self.journey;
        let said_yes = |kind: &str| agreed.contains(kind);
        let consents = body.get("customerConsents").and_then(Value::as_array);
        let unsaid = consents.into_iter().flatten().any(|one| {
            let part = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default();
            part("consent") == "Y" && !said_yes(part("type"))
        });
        let face_agreed = selfie.is_none() || said_yes("103");
        let validated = validated.as_ref().filter(|known| known.reference == reference);
        let known = validated.is_some();
        let same = validated.is_some_and(|known| {
            known.citizen_id == text("/customerData/citizenId") && known.chip == text("/chipNo")
        });
        self.hold(known, "order", || "E3 before E2 said 0000".to_owned());
        let in_sight = lies_there.is_some_and(|card| {
            let (citizen_id, chip) = (card.citizen_id.as_str(), card.chip_number.as_str());
            citizen_id == text("/customerData/citizenId") && chip == text("/chipNo")
        });
        // The same call once more says nothing that it had not said with the card in sight.
        let again = self.journey.submit.replace(call) == Some(call);
        self.hold(in_sight || again, "sight", || {
            "E3 of a card that does not lie in the reader".to_owned()
        });
        self.hold(same, "swap", || "E3 with another person or chip than E2".to_owned());
        self.hold(!unsaid, "consent", || "E3 carries a consent that nobody gave".to_owned());
        self.hold(face_agreed, "consent", || "a selfie without its consent".to_owned());
        if let Some(selfie) = selfie {
            let wanted = self.journey.selfie_wanted == Wanted::Yes;
            self.hold(wanted, "selfie", || "a selfie that nobody wanted".to_owned());
            // The ninth byte, which tells one picture from another in every size.
            let number = selfie.get(8..12).unwrap_or_default();
            self.journey.selfies.insert(number.to_owned());
            let smaller = self.journey.too_large.is_none_or(|most| selfie.len() < most);
            self.hold(smaller, "size", || {
                "a picture goes out that was too large before".to_owned()
            });
            self.journey.picture = selfie.len();
            let sent = self.journey.selfies.len();
            self.hold(sent <= SELFIES_MOST, "I5", || format!("{sent} selfies in one journey"));
        }
        self.denied.remove(&reference);
        self.journey.submitted = Some(reference);
    }

    // --- what was heard ---

    /// The bank has validated a reference for a card.
    pub(super) fn validated(&mut self, body: &[u8], chip: &str, face: &str, now: Duration) {
        let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let text =
            |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (reference, citizen_id) = (text("reference"), text("identifier"));
        let chip = chip.to_owned();
        self.journey.validated = Some(Validated { reference, citizen_id, chip, at: now });
        self.journey.selfie_wanted = if face == "Y" { Wanted::Yes } else { Wanted::No };
        self.journey.agreed.clear();
    }

    /// The customer said yes to a text, with it before the eyes.
    pub(super) fn agreed(&mut self, kind: &str) {
        self.journey.agreed.insert(kind.to_owned());
    }

    /// The customer confirmed: not later than the reference is good for on this machine.
    pub(super) fn asks_after_confirmation(&mut self, now: Duration) {
        let Some(validated) = &self.journey.validated else { return };
        let late = now > validated.at + JOURNEY_MOST;
        self.hold(!late, "expired", || "a call with an expired session".to_owned());
    }

    /// A living process heard what the bank said to an entry.
    pub(super) fn hears(&mut self, id: EntryId, answer: Option<(Endpoint, Condition)>, life: u32) {
        let Some(known) = self.entries.get_mut(&id) else { return };
        let for_good = match answer {
            None => true,
            Some((at, condition)) if at == known.endpoint => {
                !matches!(resent(condition, at), Resent::KeepTrying)
            }
            Some(_) => false,
        };
        if for_good {
            known.answered_in = Some(life);
        }
        let too_large = [Condition::Gateway(21), Condition::Gateway(22), Condition::Http(413)];
        if answer.is_some_and(|(at, said)| at == Endpoint::Submit && too_large.contains(&said)) {
            self.journey.too_large = Some(self.journey.picture).filter(|bytes| *bytes > 0);
        }
        if matches!(answer, Some((Endpoint::Submit, Condition::Diis(9300)))) {
            self.journey.selfie_wanted = Wanted::Yes;
        }
    }

    /// What an answer says of whether the bank serves this machine.
    pub(super) fn heard_of_service(
        &mut self,
        said: Result<(), (Endpoint, Condition)>,
        probe: bool,
    ) {
        let served = match said {
            Ok(()) => true,
            // Whatever a probe is told of nobody's code, it was heard.
            Err((at, condition)) => probe && ruling(condition, at).action != Action::ConfigFault,
        };
        if served {
            self.turned_away = Wanted::No;
        }
    }

    /// The bank asks this call to wait until then.
    pub(super) fn asks_to_wait(&mut self, call: CallId, until: Duration) {
        self.journey.quiet = Some((call, until));
    }

    // --- what people see ---

    /// A journey begins.
    pub(super) fn begins(&mut self) {
        self.interrupted = None;
        let turned_away = self.turned_away == Wanted::Yes;
        self.hold(!turned_away, "service", || {
            "a customer is served by a machine that the bank turns away".to_owned()
        });
    }

    /// The customer is asked whether to wait.
    pub(super) fn asks_to_choose(&mut self) {
        self.journey.asked = Wanted::Yes;
    }

    /// The customer said so.
    pub(super) fn chose_to_wait(&mut self) {
        self.journey.asked = Wanted::No;
    }

    /// One slip for whoever has something to keep, and none for anybody else.
    pub(super) fn slips(&mut self, outcome: &Outcome, slips: usize) {
        let expected = match outcome {
            Outcome::Done
            | Outcome::DoneInferred
            | Outcome::Pending(_)
            | Outcome::Unresolved(_) => 1,
            Outcome::Refused(_) | Outcome::Stopped(_) | Outcome::Failed(_) => 0,
        };
        self.copy = if expected > 0 { Wanted::Yes } else { Wanted::No };
        self.hold(slips == expected, "slip", || {
            format!("{slips} slips after the end {}", outcome.word())
        });
    }

    /// A slip is printed once more.
    pub(super) fn copies(&mut self) {
        let offered = std::mem::take(&mut self.copy) == Wanted::Yes;
        self.hold(offered, "slip", || "a copy of a slip that nobody may have".to_owned());
    }

    /// After a restart, the customer of before is told what became of the journey.
    pub(super) fn resumed(&mut self, outcome: &Outcome, accepted: impl Fn(&str) -> u32) {
        let submitted = self.interrupted.take();
        let accepted = submitted.as_deref().map_or(0, accepted);
        let word = outcome.word();
        let claims = matches!(outcome, Outcome::Done | Outcome::DoneInferred);
        self.hold(!claims || accepted > 0, "truth", || {
            format!("after a restart the screen says {word}, and the bank has nothing")
        });
        let denies =
            matches!(outcome, Outcome::Stopped(_) | Outcome::Refused(_) | Outcome::Failed(_));
        self.hold(!denies || accepted == 0, "truth", || {
            format!("after a restart the screen says {word}, and the bank has accepted it")
        });
        self.copy = if denies { Wanted::No } else { Wanted::Yes };
    }

    pub(super) fn paged(&mut self) {
        self.paged = Paged::Yes;
    }

    /// The outbox told the operator of the end of an entry.
    pub(super) fn alerted(&mut self, id: EntryId) {
        if let Some(known) = self.entries.get_mut(&id) {
            known.alerted = Paged::Yes;
        }
    }

    /// A journey has ended on the screen. `accepted`: has the bank accepted what this journey submitted?
    pub(super) fn ended(&mut self, outcome: &Outcome, accepted: impl Fn(&str) -> u32) {
        let paged = std::mem::take(&mut self.paged) == Paged::Yes;
        let word = outcome.word();
        if matches!(outcome, Outcome::Unresolved(_)) {
            self.hold(paged, "I4", || "unresolved without an alert".to_owned());
        }
        if outcome.failure().is_some_and(|failure| failure.text() == "out_of_service") {
            self.turned_away = Wanted::Yes;
        }
        let accepted = self.journey.submitted.as_deref().map_or(0, accepted);
        let denied =
            matches!(outcome, Outcome::Refused(_) | Outcome::Stopped(_) | Outcome::Failed(_));
        let code = outcome.failure().map(|failure| failure.to_string()).unwrap_or_default();
        self.hold(!denied || accepted == 0, "truth", || {
            format!("the screen says {word} {code}, and the bank has accepted it")
        });
        let claimed = matches!(outcome, Outcome::Done | Outcome::DoneInferred);
        let submitted = self.journey.submitted.is_some();
        self.hold(!claimed || !submitted || accepted > 0, "truth", || {
            "the screen says done, and the bank has nothing".to_owned()
        });
        self.interrupted = self.journey.submitted.take();
        if let Some(reference) = self.interrupted.clone().filter(|_| denied) {
            self.denied.insert(reference);
        }
        self.journey = Journey::default();
    }

    /// Between two events: is there a way out, and is nothing of anybody left where nobody is?
    pub(super) fn stands(&mut self, stage: Stage, deadline: Option<Duration>, now: Duration) {
        if stage == Stage::Idle {
            return;
        }
        let word = stage.word();
        let left = deadline.map(|deadline| deadline.saturating_sub(now));
        self.hold(left.is_some_and(|left| left <= DEADLINE_MOST), "deadline", || {
            format!("the screen of stage {word} stands without a deadline")
        });
    }

    pub(super) fn free(&mut self, holds: bool, kept_bodies: usize, stage: Stage) {
        if matches!(stage, Stage::Idle | Stage::Result) {
            let word = stage.word();
            self.hold(!holds && kept_bodies == 0, "wiped", || {
                format!("something of a person is left at stage {word}")
            });
        }
    }

    /// The process is gone, and with it what a journey knew.
    pub(super) fn crashed(&mut self) {
        let submitted = std::mem::take(&mut self.journey).submitted;
        self.interrupted = submitted.or(self.interrupted.take());
        self.copy = Wanted::No;
        self.paged = Paged::No;
        self.flying.clear();
        self.denied.clear();
        self.turned_away = Wanted::No;
    }

    /// The journal is gone; the operator hears of it when the next process begins.
    pub(super) fn journal_lost(&mut self) {
        for known in self.entries.values_mut() {
            known.answer.get_or_insert_with(|| "LOST".to_owned());
        }
    }

    /// Something stands still.
    pub(super) fn stuck(&mut self, what: &str) {
        self.hold(false, "settles", || what.to_owned());
    }

    // --- the end of the day ---

    /// Everything is over: every submit has an end that somebody knows of, every reference one success.
    pub(super) fn day_over(&mut self, unfinished: usize, accepted: &dyn Fn(&str) -> u32) {
        self.hold(unfinished == 0, "I4", || format!("{unfinished} entries are left unfinished"));
        let mut findings = Vec::new();
        for (id, known) in &self.entries {
            let done = accepted(&known.reference);
            if done > 1 {
                findings.push(("I1", format!("entry {id}: accepted {done} times")));
            }
            let answer = known.answer.as_deref().unwrap_or("nothing");
            let submit = known.endpoint == Endpoint::Submit;
            if submit && known.answer.is_none() {
                findings.push(("I4", format!("entry {id} has no end")));
            }
            if matches!(answer, "GIVEN_UP" | "NOT_SENT") && known.alerted == Paged::No {
                findings.push(("I4", format!("entry {id} ended with {answer}, and nobody knows")));
            }
            if submit && answer == "NOT_SENT" && known.sent > 0 {
                findings.push(("I4", format!("entry {id} was sent and is called unsent")));
            }
        }
        for (rule, what) in findings {
            self.hold(false, rule, || what);
        }
    }
}
