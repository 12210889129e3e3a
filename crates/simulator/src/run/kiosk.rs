//! The machine's process: the agent's session, sendings and outbox policy, driven as the agent drives them, on a
//! simulated disk and wire. Power off ends it; the disk stays.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use agent::handover::Here;
use agent::journal::{EntryId, JournalError, Moment, Newest};
use agent::sendings::{HeldBack, Sendings};
use protocol::{Alert, BankTime, Condition, Endpoint, FailureReport};
use session::outbox::Wall;
use session::pace::Pace;
use session::{
    BankAnswer, CallId, Command, Earlier, Event, Now, Policy, Request, Screen, Session, Stage,
};

use super::conduct::Conduct;
use super::day::{Day, Happening, Order};
use super::disk::{Disk, Power};
use super::fault::Fault;
use super::outbox::{Left, Round};
use super::watch::Leaving;
use super::wire::{self, Answer, Asker, Attempt};

/// 23 November 2026, 10:00 in Bangkok.
const START_MS: i64 = 1_795_402_800_000;
/// As the agent's: a card answers within this time or never.
pub(super) const CARD_MOST: Duration = Duration::from_secs(20);
/// As the agent's: a camera that brought nothing for so long brings nothing.
pub(super) const CAMERA_MOST: Duration = Duration::from_secs(15);
/// As the agent's: a clock that is further off is wrong, and vouched for by nobody.
const CORRECTED_MAX_MS: i64 = 300_000;
/// One life of the process, and the disk below it.
pub(super) struct Kiosk {
    pub(super) session: Session,
    pub(super) sendings: Sendings<Disk>,
    bodies: BTreeMap<CallNumber, Body>,
    /// An E2 that waits for what the outbox has under way of its code.
    waiting: Option<CallId>,
    /// The call that asks whether the bank would serve this machine again: nobody's data is in it.
    probe: Option<CallNumber>,
    pub(super) life: u32,
    /// What the process would leave for the next one.
    pub(super) here: Option<Here>,
    /// What the process before has left.
    pub(super) left: Option<Here>,
    pub(super) newest_before: Newest,
    pub(super) card_due: Option<Duration>,
    pub(super) camera_since: Option<Duration>,
    pub(super) outbox_at: Option<Duration>,
    pub(super) round: Option<Round>,
    pub(super) pace: Pace,
    pub(super) clock_off_ms: i64,
    /// Has the bank's time been heard since the clock was set?
    pub(super) compared: Compared,
}

#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Compared {
    No,
    Yes,
}

#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
struct CallNumber(u64);

#[derive(Clone)]
pub(super) struct Body {
    pub(super) endpoint: Endpoint,
    pub(super) bytes: Option<Rc<Vec<u8>>>,
    pub(super) entry: Option<EntryId>,
}

impl Kiosk {
    pub(super) fn new(policy: Policy, seed: u64) -> Result<Self, JournalError> {
        Ok(Self::boot(policy, Sendings::new(Disk::new(seed)?), 1, seed))
    }

    pub(super) fn boot(policy: Policy, sendings: Sendings<Disk>, life: u32, seed: u64) -> Self {
        let newest_before = sendings.entries().journal().newest().unwrap_or_default();
        Self {
            here: None,
            left: None,
            newest_before,
            session: Session::new(policy, seed),
            sendings,
            bodies: BTreeMap::new(),
            waiting: None,
            probe: None,
            life,
            card_due: None,
            camera_since: None,
            outbox_at: Some(Duration::ZERO),
            round: None,
            pace: Pace::of_rounds(),
            clock_off_ms: 0,
            compared: Compared::No,
        }
    }

    pub(super) fn bank_time(&self, tick: Duration) -> BankTime {
        let passed = i64::try_from(tick.as_millis()).unwrap_or(i64::MAX);
        // As the agent's: what the bank's time has shown is corrected.
        let off = if self.is_vouched_for() { 0 } else { self.clock_off_ms };
        BankTime::from_millis(START_MS + passed + off)
    }

    /// The bank's clock has agreed with this one since it was last set.
    fn is_vouched_for(&self) -> bool {
        self.compared == Compared::Yes && self.clock_off_ms.abs() <= CORRECTED_MAX_MS
    }

    pub(super) fn bodies_kept(&self) -> usize {
        self.bodies.keys().filter(|call| Some(**call) != self.probe).count()
    }

    pub(super) fn outbox_is_busy(&self) -> bool {
        self.round.is_some() || self.outbox_at.is_some()
    }
}

impl Day {
    /// One event into the session, and everything that follows from it, as the agent's loop does it.
    pub(super) fn take(&mut self, event: Event) {
        let now = Now { tick: self.now, bank_time: self.kiosk.bank_time(self.now) };
        let before = self.kiosk.session.stage();
        let commands = self.kiosk.session.handle(event, now);
        let life = self.kiosk.life;
        if matches!(self.kiosk.session.view().screen, Screen::Busy { .. }) {
            self.watch.asks_to_choose();
        }
        if self.kiosk.session.stage() == Stage::Result && before != Stage::Result {
            self.hear_alerts(&commands);
            let prints = |one: &&Command| matches!(one, Command::Print(_));
            let slips = commands.iter().filter(prints).count();
            self.journey_ended(slips);
        } else {
            self.hear_alerts(&commands);
        }
        for command in commands {
            if self.kiosk.life == life {
                self.carry_out(command);
            }
        }
        if self.kiosk.life == life {
            self.entered(before);
            self.misbehave();
        }
    }

    /// The time by the machine's clock, and whether it can be believed.
    pub(super) fn moment(&self) -> Moment {
        let believed = self.conduct == Conduct::BelievesItsClock;
        let vouched = believed || self.kiosk.is_vouched_for();
        let moment = if vouched { Moment::vouched } else { Moment::unvouched };
        moment(self.kiosk.bank_time(self.now))
    }

    pub(super) fn wall(&self) -> Wall {
        self.moment().wall()
    }

    /// Defects that sit behind the session.
    fn misbehave(&mut self) {
        let session = &self.kiosk.session;
        let closed = session.out_of_service().is_some() && session.stage() == Stage::Idle;
        let asked = matches!(session.view().screen, Screen::Busy { .. });
        if closed && self.conduct == Conduct::ForgetsFault {
            let seed = self.chance.draw();
            self.kiosk.session = Session::new(self.policy.clone(), seed);
        }
        if asked && self.conduct == Conduct::WaitsUnasked {
            self.take(Event::KeepWaiting);
        }
    }

    fn hear_alerts(&mut self, commands: &[Command]) {
        let swallowed = self.conduct == Conduct::AlertSwallowed;
        let pages = |one: &&Command| matches!(one, Command::Alert { level: Alert::Page, .. });
        if !swallowed && commands.iter().any(|one| pages(&one)) {
            self.watch.paged();
        }
    }

    fn journey_ended(&mut self, slips: usize) {
        let Screen::Result { outcome, .. } = self.kiosk.session.view().screen else { return };
        let outcome = *outcome;
        let code = outcome.failure().map(|failure| failure.to_string()).unwrap_or_default();
        self.note(format_args!("the journey ends: {} {code}", outcome.word()));
        let Self { watch, wire, .. } = self;
        let slips = if self.conduct == Conduct::SlipForgotten { 0 } else { slips };
        watch.slips(&outcome, slips);
        watch.ended(&outcome, |reference| wire.accepted(reference));
        self.count_end(outcome.word());
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::ReadIdentity => self.order_card(Order::Identity),
            Command::ReadCard(identity) => self.order_card(Order::Card(identity)),
            Command::Ask { call, request } => self.ask(call, &request),
            Command::Resend(call) => self.attempt_again(call),
            Command::Report { reference, citizen_id, reason } => {
                self.note(format_args!("a failure is reported: {}", reason.code()));
                let plaintext = FailureReport::new(&citizen_id, reason).plaintext();
                let body = with_reference(&plaintext, reference.as_str());
                let now = self.moment();
                // An error is told to nobody: the outbox looks at the journal by itself.
                let _ = self.kiosk.sendings.report(&reference, &body, now);
                if self.after_write() == Power::On {
                    self.ring();
                }
            }
            Command::Print(_) => self.print(),
            Command::PrintCopy => self.print_copy(),
            // What the audit keeps is the audit's own test.
            Command::Alert { .. } | Command::Attest { .. } => {}
            Command::Forget => self.forget(),
        }
    }

    fn forget(&mut self) {
        let outcome = match self.kiosk.session.view().screen {
            Screen::Result { outcome, .. } => Some(*outcome),
            _ => None,
        };
        let submitted = self.kiosk.bodies.values().any(|body| body.entry.is_some());
        if self.conduct != Conduct::KeepsCitizen {
            self.kiosk.bodies.clear();
        }
        self.kiosk.waiting = None;
        if self.kiosk.sendings.gone() == HeldBack::Something {
            self.ring();
        }
        self.forget_card_orders();
        if !submitted {
            return;
        }
        let now = self.kiosk.bank_time(self.now);
        // A defect: the disk's refusal is taken for a success, and the end is not remembered.
        if self.conduct == Conduct::EndForgotten {
            self.forget_ends();
        }
        let _ = self.kiosk.sendings.leave(outcome, now);
        self.after_write();
        self.ring();
    }

    fn ask(&mut self, call: CallId, request: &Request) {
        let endpoint = request.endpoint();
        self.note(format_args!("call {}: {endpoint}", call.number()));
        let bytes = match request {
            Request::ValidateQr(request) => Some(request.plaintext().to_vec()),
            Request::Consents => None,
            Request::CheckDopa(request) => Some(request.plaintext().to_vec()),
            Request::Submit(request) => Some(request.plaintext().to_vec()),
        };
        if matches!(endpoint, Endpoint::Submit | Endpoint::CheckDopa) {
            self.watch.asks_after_confirmation(self.now);
        }
        if self.kiosk.session.stage() == Stage::Idle {
            self.kiosk.probe = Some(CallNumber(call.number()));
        }
        let mut body = Body { endpoint, bytes: bytes.map(Rc::new), entry: None };
        if self.conduct == Conduct::SendsLargeAgain && endpoint == Endpoint::Submit {
            let mut before = self.kiosk.bodies.values().rev();
            let before = before.find(|before| before.endpoint == endpoint);
            body.bytes = before.map_or(body.bytes, |before| before.bytes.clone());
        }
        if let (Request::Submit(submission), Some(bytes)) = (request, body.bytes.clone()) {
            let lies_there = self.lies_there();
            self.watch.submits(call, &bytes, lies_there.as_ref());
            let now = self.moment();
            let prepared = self.kiosk.sendings.submit(submission.reference(), &bytes, now);
            if self.after_write() == Power::Off {
                return;
            }
            match prepared {
                Ok(prepared) => {
                    body.entry = Some(prepared.id);
                    self.follows(call, prepared.earlier);
                }
                Err(_) => return self.soon(Happening::JournalFailed(self.kiosk.life)),
            }
        }
        if let Request::ValidateQr(validation) = request {
            if self.conduct != Conduct::OutboxMindsNobody {
                self.kiosk.sendings.shows(validation.reference());
            }
            let earlier = self.kiosk.sendings.earlier(validation.reference());
            self.follows(call, earlier.unwrap_or_default());
        }
        self.kiosk.bodies.insert(CallNumber(call.number()), body.clone());
        if endpoint == Endpoint::ValidateQr && !self.kiosk.sendings.is_free() {
            self.note(format_args!("call {} waits for the outbox", call.number()));
            self.kiosk.waiting = Some(call);
            return;
        }
        self.attempt(Asker::Journey(call), &body);
        if self.conduct == Conduct::ReportsWhileUnknown && endpoint == Endpoint::Submit {
            self.report_while_unknown(&body);
        }
    }

    /// What is known of earlier submits of its code, before its first answer.
    fn follows(&mut self, call: CallId, earlier: Earlier) {
        if earlier != Earlier::Nothing {
            self.take(Event::Earlier(call, earlier));
        }
    }

    /// The outbox has heard: whoever waited for it goes on.
    pub(super) fn landed(&mut self, id: EntryId) {
        self.kiosk.sendings.landed(id);
        if let Some(call) = self.kiosk.waiting.take_if(|_| self.kiosk.sendings.is_free()) {
            self.attempt_again(call);
        }
    }

    fn attempt_again(&mut self, call: CallId) {
        let body = self.kiosk.bodies.get(&CallNumber(call.number())).cloned();
        if let Some(body) = body {
            self.note(format_args!("call {} again", call.number()));
            self.attempt(Asker::Journey(call), &body);
        }
    }

    /// One attempt: token, record, first byte.
    pub(super) fn attempt(&mut self, asker: Asker, body: &Body) {
        let meets = self.next_on_the_wire();
        self.send(asker, body, meets, false);
    }

    fn send(&mut self, asker: Asker, body: &Body, meets: Option<Fault>, second_token: bool) {
        if asker == Asker::Outbox && self.must_wait() {
            return self.next_due_later();
        }
        if meets == Some(Fault::TokenAway) {
            let condition = wire::no_token(&mut self.chance);
            let after = self.chance.millis(100, 20_000);
            let answer = Err((Endpoint::Token, condition));
            let life = self.kiosk.life;
            return self.plan(after, Happening::NoToken { life, asker, answer });
        }
        let transaction_id = self.chance.draw();
        let attempt = Attempt {
            life: self.kiosk.life,
            asker,
            endpoint: body.endpoint,
            entry: body.entry,
            body: body.bytes.clone(),
            transaction_id,
            meets,
            second_token,
            clock_off_ms: self.kiosk.clock_off_ms,
        };
        let again = body.entry.is_some_and(|id| self.sent_before(id));
        let late = self.conduct == Conduct::SentTooLate;
        let unwritten = self.conduct == Conduct::RetryUnwritten && again;
        if late || unwritten {
            self.first_byte(attempt.clone());
        }
        if let Some(id) = body.entry.filter(|_| !unwritten) {
            let now = self.kiosk.bank_time(self.now);
            let sent = self.kiosk.sendings.sent(id, &transaction_id.to_string(), now);
            if self.after_write() == Power::Off {
                return;
            }
            if sent.is_err() {
                return self.not_journaled(asker);
            }
        }
        if !late && !unwritten {
            self.first_byte(attempt);
        }
    }

    fn first_byte(&mut self, attempt: Attempt) {
        if let Some(id) = attempt.entry {
            self.mark_sent(id);
        }
        self.watch.leaves(&Leaving {
            now: self.now,
            endpoint: attempt.endpoint,
            entry: attempt.entry,
            transaction_id: &attempt.transaction_id.to_string(),
            asker: attempt.asker,
            life: attempt.life,
        });
        let way = wire::way(&attempt, &mut self.chance);
        if let Some(fault) = attempt.meets {
            self.note(format_args!("{} meets {fault}", attempt.endpoint));
        }
        let number = self.wire.leave(attempt);
        for after in way.reaches {
            self.plan(after, Happening::Reach(number));
        }
        let (after, failed) = way.hears;
        let wait = Duration::ZERO;
        self.plan(after, Happening::Reply { attempt: number, answer: Err(failed), wait });
    }

    fn not_journaled(&mut self, asker: Asker) {
        match asker {
            Asker::Journey(_) => self.soon(Happening::JournalFailed(self.kiosk.life)),
            Asker::Outbox => self.end_round(Left::Something),
        }
    }

    /// What came back to the client, if it is still there and still waits.
    pub(super) fn reply(&mut self, number: u64, answer: Answer, wait: Duration) {
        let Some(attempt) = self.wire.heard(number) else { return };
        self.watch.lands(&attempt.transaction_id.to_string());
        if attempt.life != self.kiosk.life {
            return;
        }
        let refused_token = matches!(&answer, Err((_, Condition::Gateway(100))));
        // As the agent's: what a journey asked for its end is dropped, unless it is in the journal.
        let nobodys = match attempt.asker {
            Asker::Journey(call) => {
                attempt.entry.is_none()
                    && !self.kiosk.bodies.contains_key(&CallNumber(call.number()))
            }
            Asker::Outbox => false,
        };
        if nobodys {
            return;
        }
        if refused_token && !attempt.second_token {
            let body = Body {
                endpoint: attempt.endpoint,
                bytes: attempt.body.clone(),
                entry: attempt.entry,
            };
            let meets = self.next_on_the_wire().filter(|fault| *fault != Fault::TokenRefused);
            return self.send(attempt.asker, &body, meets, true);
        }
        if !matches!(answer, Err((_, Condition::Transport(_)))) {
            self.kiosk.compared = Compared::Yes;
        }
        let said = match &answer {
            Ok(_) => "0000".to_owned(),
            Err((at, condition)) => format!("{condition} at {at}"),
        };
        self.note(format_args!("{} hears {said}", attempt.endpoint));
        self.listen(attempt.asker, attempt.entry, &attempt, (answer, wait));
    }

    pub(super) fn listen_without_token(&mut self, asker: Asker, answer: Answer) {
        match asker {
            Asker::Journey(call) => self.answered(call, answer, Duration::ZERO),
            Asker::Outbox => self.outbox_hears(answer),
        }
    }

    fn listen(
        &mut self,
        asker: Asker,
        entry: Option<EntryId>,
        attempt: &Attempt,
        (answer, wait): (Answer, Duration),
    ) {
        let probed = match asker {
            Asker::Journey(call) => self.kiosk.probe == Some(CallNumber(call.number())),
            Asker::Outbox => false,
        };
        let said = answer.as_ref().map(|_| ()).map_err(|failed| *failed);
        self.watch.heard_of_service(said, probed);
        if let Some(id) = entry {
            self.watch.hears(id, answer.as_ref().err().copied(), self.kiosk.life);
        }
        match asker {
            Asker::Outbox => self.outbox_hears(answer),
            Asker::Journey(call) => {
                if let Some(id) = entry {
                    let said = answer.as_ref().map(|_| ()).map_err(|failed| *failed);
                    let now = self.kiosk.bank_time(self.now);
                    let _ = self.kiosk.sendings.answered(id, said, now);
                    if self.after_write() == Power::Off {
                        return;
                    }
                    if self.conduct == Conduct::ResendsAfterAnswer {
                        let bytes = attempt.body.clone();
                        let body = Body { endpoint: attempt.endpoint, bytes, entry };
                        self.send(Asker::Outbox, &body, None, true);
                    }
                }
                if let (Ok(BankAnswer::QrValidated(validation)), Some(body)) =
                    (&answer, &attempt.body)
                {
                    let face = match validation.face_compare {
                        protocol::FaceCompare::Required => "Y",
                        protocol::FaceCompare::NotRequired => "N",
                    };
                    let chip = self.chip_last_read();
                    self.watch.validated(body, &chip, face, self.now);
                }
                self.watch.asks_to_wait(call, self.now + wait);
                self.answered(call, answer, wait);
            }
        }
    }

    fn answered(&mut self, call: CallId, answer: Answer, wait: Duration) {
        let used = (Endpoint::Submit, Condition::ALREADY_USED);
        let answer = match answer {
            Err(failed) if self.conduct == Conduct::UsedIsRefused && failed == used => {
                Err((Endpoint::Submit, Condition::Diis(2003)))
            }
            answer => answer,
        };
        let answer = answer.unwrap_or_else(|(at, condition)| BankAnswer::Failed {
            at,
            condition,
            wait_at_least: if self.conduct == Conduct::Impatient { Duration::ZERO } else { wait },
        });
        self.take(Event::BankAnswered { call, answer });
    }

    fn print_copy(&mut self) {
        let copies = if self.conduct == Conduct::CopiesForEver { 2 } else { 1 };
        for _ in 0..copies {
            self.watch.copies();
            self.print();
        }
    }

    fn report_while_unknown(&mut self, body: &Body) {
        let Some(bytes) = &body.bytes else { return };
        let entry = body.entry;
        let report = Body { endpoint: Endpoint::ReportFailure, bytes: Some(bytes.clone()), entry };
        self.send(Asker::Outbox, &report, None, true);
    }

    fn forget_ends(&mut self) {
        // What `leave` would remember is dropped with the custody that remembers it.
        let seed = self.chance.draw();
        let Ok(spare) = Disk::new(seed) else { return };
        let old = std::mem::replace(&mut self.kiosk.sendings, Sendings::new(spare));
        self.kiosk.sendings = Sendings::new(old.into_entries());
    }
}

/// The report's wire body: the reference in clear beside what would be sealed (§5).
pub(super) fn with_reference(plaintext: &[u8], reference: &str) -> Vec<u8> {
    let mut body: serde_json::Value = serde_json::from_slice(plaintext).unwrap_or_default();
    if let Some(fields) = body.as_object_mut() {
        fields.insert("reference".to_owned(), reference.into());
    }
    body.to_string().into_bytes()
}
