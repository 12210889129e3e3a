//! One simulated day of one machine, in virtual time: a few customers, a few faults, and then peace until
//! everything has settled. One seed is one day, to the letter.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::fmt::{self, Write as _};
use std::time::Duration;

use agent::journal::{EntryId, JournalError};
use citizen::Identity;
use session::{DopaPolicy, Event, JournalFault, Patience, Policy, Screen, Stage, Timeouts};

use super::chance::Chance;
use super::conduct::Conduct;
use super::fault::{Coverage, Fault, STAGES};
use super::hands::{CardFact, Customer, World};
use super::kiosk::{CAMERA_MOST, CARD_MOST, Compared, Kiosk};
use super::power::Journal;
use super::watch::{Violation, Watch};
use super::wire::{self, Answer, Asker, Wire, asks_to_wait};

/// A day with more turns than this does not settle; the longest have a few thousand.
const TURNS_MOST: u32 = 40_000;
/// Longer than the outbox tries: by then everything has an end.
const DAY_MOST: Duration = Duration::from_secs(27 * 60 * 60);

/// What is to happen at a time.
pub(super) enum Happening {
    /// The customer of this visit looks at the screen.
    Look(u32),
    Strike(Fault),
    Card {
        life: u32,
        order: u64,
        fact: Box<CardFact>,
    },
    Selfie {
        life: u32,
        number: u8,
    },
    /// An attempt reaches the bank.
    Reach(u64),
    /// The client hears.
    Reply {
        attempt: u64,
        answer: Answer,
        /// What the bank asks to wait.
        wait: Duration,
    },
    NoToken {
        life: u32,
        asker: Asker,
        answer: Answer,
    },
    JournalFailed(u32),
    Booted(u32),
    /// The reader is back, with whatever lies in it.
    ReaderBack,
    ClockMended,
    /// Somebody takes a forgotten card out.
    CardCleared,
}

/// What the session wants of the card.
pub(super) enum Order {
    Identity,
    Card(Identity),
}

struct Planned {
    at: Duration,
    number: u64,
    what: Happening,
}

impl PartialEq for Planned {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Planned {}

impl PartialOrd for Planned {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Planned {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// Does a day keep its notes, or only their sum?
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Notes {
    Sum,
    Kept,
}

/// What a day came to.
pub(super) struct Outcome {
    pub(super) violation: Option<Violation>,
    pub(super) journeys: u64,
    pub(super) ends: BTreeMap<&'static str, u64>,
    pub(super) coverage: Coverage,
    /// A sum over everything that happened, in order.
    pub(super) sum: u64,
    pub(super) notes: Vec<String>,
}

pub(super) struct Day {
    pub(super) chance: Chance,
    pub(super) now: Duration,
    pub(super) policy: Policy,
    pub(super) conduct: Conduct,
    pub(super) kiosk: Kiosk,
    pub(super) wire: Wire,
    pub(super) watch: Watch,
    pub(super) world: World,
    queue: BinaryHeap<Reverse<Planned>>,
    planned: u64,
    /// Faults that wait for their stage.
    waiting: Vec<(Stage, Fault)>,
    /// Faults that wait for the next attempt.
    on_the_wire: VecDeque<Fault>,
    sent: BTreeSet<EntryId>,
    coverage: Coverage,
    journeys: u64,
    ends: BTreeMap<&'static str, u64>,
    sum: Sum,
    kept: Option<Vec<String>>,
}

impl Day {
    pub(super) fn new(seed: u64, conduct: Conduct, notes: Notes) -> Result<Self, JournalError> {
        let mut chance = Chance::new(seed);
        let policy = policy(&mut chance, conduct);
        let kiosk = Kiosk::new(policy.clone(), chance.draw())?;
        let world = World::new(seed, &mut chance);
        let faults = chance.below(5);
        let waiting = (0..faults).map(|_| {
            let stage = chance.one_of(&STAGES, Stage::Submit);
            let fault = chance.one_of(&Fault::ALL, Fault::Crash);
            (stage, fault)
        });
        let waiting = waiting.collect();
        Ok(Self {
            now: Duration::ZERO,
            policy,
            conduct,
            kiosk,
            wire: Wire::default(),
            watch: Watch::default(),
            world,
            queue: BinaryHeap::new(),
            planned: 0,
            waiting,
            on_the_wire: VecDeque::new(),
            sent: BTreeSet::new(),
            coverage: Coverage::default(),
            journeys: 0,
            ends: BTreeMap::new(),
            sum: Sum(0xCBF2_9CE4_8422_2325),
            kept: (notes == Notes::Kept).then(Vec::new),
            chance,
        })
    }

    /// Lets the day pass.
    pub(super) fn run(mut self) -> Outcome {
        self.soon(Happening::Look(self.world.visit()));
        self.faults_of(Stage::Idle);
        let mut turns = 0;
        while self.watch.violation().is_none() && !self.settled() {
            turns += 1;
            if turns > TURNS_MOST || self.now > DAY_MOST {
                let stage = self.kiosk.session.stage().word();
                self.watch.stuck(&format!("the day does not settle, at stage {stage}"));
                break;
            }
            self.turn();
        }
        self.close()
    }

    fn close(mut self) -> Outcome {
        if self.watch.violation().is_none() {
            let unfinished = agent::sendings::Entries::unfinished(self.kiosk.sendings.entries());
            let left = unfinished.map_or(usize::MAX, |entries| entries.len());
            let Self { watch, wire, .. } = &mut self;
            watch.day_over(left, &|reference| wire.accepted(reference));
        }
        Outcome {
            violation: self.watch.violation().cloned(),
            journeys: self.journeys,
            ends: self.ends,
            coverage: self.coverage,
            sum: self.sum.0,
            notes: self.kept.unwrap_or_default(),
        }
    }

    /// Nobody comes any more, nothing is under way.
    fn settled(&mut self) -> bool {
        let session = &self.kiosk.session;
        let serves = session.out_of_service().is_none() && session.stage() == Stage::Idle;
        let quiet = self.world.everybody_left() && serves;
        quiet && self.queue.is_empty() && !self.kiosk.outbox_is_busy()
    }

    fn turn(&mut self) {
        let planned = self.queue.peek().map(|Reverse(planned)| planned.at);
        let deadline = self.deadline();
        let due = [planned, deadline, self.kiosk.card_due, self.camera_due(), self.kiosk.outbox_at];
        let Some(next) = due.into_iter().flatten().min() else {
            return self.watch.stuck("nothing is due, and not everything has settled");
        };
        self.now = self.now.max(next);
        if planned.is_some_and(|at| at <= self.now) {
            if let Some(Reverse(planned)) = self.queue.pop() {
                self.happens(planned.what);
            }
        } else if self.kiosk.outbox_at.is_some_and(|at| at <= self.now) {
            self.begin_round();
        } else {
            self.tick();
        }
        let session = &self.kiosk.session;
        let (stage, holds) = (session.stage(), session.holds_a_person());
        let deadline = self.deadline();
        self.watch.stands(stage, deadline, self.now);
        self.watch.free(holds, self.kiosk.bodies_kept(), stage);
    }

    fn deadline(&self) -> Option<Duration> {
        let session = &self.kiosk.session;
        let (stage, screen) = (session.stage(), session.view().screen);
        let hidden = self.conduct == Conduct::NoDeadline && stage == Stage::Confirm
            || self.conduct == Conduct::NeverProbes && stage == Stage::Idle
            || self.conduct == Conduct::QuestionForEver && matches!(screen, Screen::Busy { .. });
        session.deadline().filter(|_| !hidden)
    }

    fn camera_due(&self) -> Option<Duration> {
        self.kiosk.camera_since.map(|since| since + CAMERA_MOST)
    }

    /// As the agent's loop: what a device owes, then the session's own deadline.
    fn tick(&mut self) {
        if self.kiosk.card_due.is_some_and(|due| due <= self.now) {
            self.kiosk.card_due = None;
            self.forget_card_orders();
            self.take(Event::CardFailed(session::CardFault::ReaderHung));
        }
        if self.camera_due().is_some_and(|due| due <= self.now) {
            self.kiosk.camera_since = None;
            self.take(Event::CameraFailed);
        }
        self.take(Event::Tick);
    }

    fn happens(&mut self, what: Happening) {
        let life = self.kiosk.life;
        match what {
            Happening::Look(visit) => self.look(visit),
            Happening::Strike(fault) => self.strike(fault),
            Happening::Card { life: of, order, fact } if of == life => {
                self.card_answers(order, *fact);
            }
            Happening::Selfie { life: of, number } if of == life => self.selfie_taken(number),
            Happening::Reach(number) => {
                let Some(attempt) = self.wire.attempt(number).cloned() else { return };
                let Self { wire, chance, .. } = self;
                let answer = wire.arrive(&attempt, chance);
                let wait = asks_to_wait(&attempt, chance);
                if attempt.meets != Some(Fault::AnswerLost) {
                    let after = wire::answers_after(&attempt, &mut self.chance);
                    self.plan(after, Happening::Reply { attempt: number, answer, wait });
                }
            }
            Happening::Reply { attempt, answer, wait } => self.reply(attempt, answer, wait),
            Happening::NoToken { life: of, asker, answer } if of == life => {
                self.listen_without_token(asker, answer);
            }
            Happening::JournalFailed(of) if of == life => {
                self.take(Event::JournalFailed(JournalFault::Full))
            }
            Happening::Booted(of) if of == life => self.reader_is_seen(),
            Happening::ReaderBack => self.reader_is_seen(),
            Happening::ClockMended => {
                self.kiosk.clock_off_ms = 0;
                self.kiosk.compared = Compared::No;
            }
            Happening::CardCleared => self.pull_card(),
            Happening::Card { .. }
            | Happening::Selfie { .. }
            | Happening::NoToken { .. }
            | Happening::JournalFailed(_)
            | Happening::Booted(_) => {}
        }
    }

    // --- faults ---

    /// The session has come to another stage: what waited for it strikes soon.
    pub(super) fn entered(&mut self, before: Stage) {
        let stage = self.kiosk.session.stage();
        self.look_with_the_camera();
        if stage == before {
            return;
        }
        self.hand_over();
        self.note(format_args!("stage {}", stage.word()));
        if before == Stage::Idle {
            self.journeys += 1;
            self.watch.begins();
        }
        self.faults_of(stage);
    }

    fn faults_of(&mut self, stage: Stage) {
        let (now, later) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition::<Vec<_>, _>(|(waits_for, _)| *waits_for == stage);
        self.waiting = later;
        for (_, fault) in now {
            let after = self.chance.millis(0, 1_500);
            self.plan(after, Happening::Strike(fault));
        }
    }

    fn strike(&mut self, fault: Fault) {
        match fault {
            _ if self.world.peaceful() => {}
            Fault::BankCode
            | Fault::BankActed
            | Fault::BankBusy
            | Fault::TooLarge
            | Fault::TokenRefused
            | Fault::TokenAway
            | Fault::Unreachable
            | Fault::RequestLost
            | Fault::AnswerLost
            | Fault::AnswerLate
            | Fault::Delayed
            | Fault::Duplicated => {
                let times = 1 + self.chance.below(6);
                (0..times).for_each(|_| self.on_the_wire.push_back(fault));
                self.work_for_the_outbox();
            }
            Fault::DiskRefuses
            | Fault::DiskLies
            | Fault::CrashBeforeCommit
            | Fault::CrashAfterCommit => {
                self.kiosk.sendings.entries().plan(fault);
                // Half of those who are about to confirm meet it themselves.
                let stage = self.kiosk.session.stage();
                let confirms = matches!(stage, Stage::Confirm | Stage::Dopa | Stage::Selfie);
                if !confirms || self.chance.percent(50) {
                    self.work_for_the_outbox();
                }
            }
            Fault::Crash => {
                self.strikes(fault);
                self.crash(Journal::Kept);
            }
            Fault::DiskCorrupt => {
                self.strikes(fault);
                self.crash(Journal::Lost);
            }
            Fault::ClockSkewed | Fault::ClockJumps | Fault::ClockBuddhist => {
                self.strikes(fault);
                self.set_clock(fault);
            }
            _ => {
                self.strikes(fault);
                self.strike_hands(fault);
            }
        }
    }

    /// What befalls a call or the disk needs one: where the journey itself has none, the outbox does.
    fn work_for_the_outbox(&mut self) {
        if self.kiosk.session.stage() != Stage::Submit {
            self.report_of_another_day();
        }
    }

    pub(super) fn set_clock(&mut self, fault: Fault) {
        let day = 86_400_000;
        let off = match fault {
            Fault::ClockSkewed => i64::try_from(self.chance.below(290_000)).unwrap_or(0),
            Fault::ClockJumps => day + day / 8,
            _ => 543 * 365 * day,
        };
        self.kiosk.compared = Compared::No;
        self.kiosk.clock_off_ms = if self.chance.percent(50) { off } else { -off };
        let after = self.chance.millis(1_000, 1_800_000);
        self.plan(after, Happening::ClockMended);
    }

    /// A fault takes effect now.
    pub(super) fn strikes(&mut self, fault: Fault) {
        let stage = self.kiosk.session.stage();
        self.note(format_args!("fault: {fault}"));
        self.coverage.struck(fault, stage);
    }

    /// What the next attempt meets.
    pub(super) fn next_on_the_wire(&mut self) -> Option<Fault> {
        let fault = self.on_the_wire.pop_front()?;
        self.strikes(fault);
        Some(fault)
    }

    /// From here on nothing more goes wrong: what is left must settle.
    pub(super) fn peace(&mut self) {
        self.note(format_args!("peace"));
        self.waiting.clear();
        self.on_the_wire.clear();
        self.kiosk.sendings.entries().heal();
        self.kiosk.clock_off_ms = 0;
        if !self.kiosk.outbox_is_busy() {
            self.ring();
        }
    }

    // --- bookkeeping ---

    pub(super) fn plan(&mut self, after: Duration, what: Happening) {
        self.planned += 1;
        let at = self.now + after;
        self.queue.push(Reverse(Planned { at, number: self.planned, what }));
    }

    pub(super) fn soon(&mut self, what: Happening) {
        self.plan(Duration::ZERO, what);
    }

    pub(super) fn owe_card(&mut self) {
        self.kiosk.card_due = Some(self.now + CARD_MOST);
    }

    pub(super) fn mark_sent(&mut self, id: EntryId) {
        self.sent.insert(id);
    }

    pub(super) fn sent_before(&self, id: EntryId) -> bool {
        self.sent.contains(&id)
    }

    pub(super) fn count_end(&mut self, word: &'static str) {
        *self.ends.entry(word).or_default() += 1;
    }

    pub(super) fn customer(&mut self) -> &mut Customer {
        &mut self.world.customer
    }

    /// Nothing of a person stands in a note: times, stages, codes and kinds of faults alone.
    pub(super) fn note(&mut self, what: fmt::Arguments<'_>) {
        let now = self.now.as_secs_f64();
        // Writing to a sum or a text never fails.
        let _ = write!(self.sum, "{now:.3} {what}");
        if let Some(kept) = &mut self.kept {
            kept.push(format!("{now:>12.3} s  {what}"));
        }
    }
}

/// Which rules this machine's day follows.
fn policy(chance: &mut Chance, conduct: Conduct) -> Policy {
    let dopa =
        [DopaPolicy::BeforeSubmit, DopaPolicy::BeforeSubmit, DopaPolicy::Off, DopaPolicy::Only];
    let patience = if chance.percent(25) { Patience::COUNTER } else { Patience::KIOSK };
    let face_resubmits_max = if conduct == Conduct::SixthResubmit { 6 } else { 5 };
    let dopa = chance.one_of(&dopa, DopaPolicy::Off);
    let timeouts = if conduct == Conduct::LosesTooSoon {
        let none = Duration::ZERO;
        Timeouts { connect: none, ask: none, submit: none, report: none }
    } else {
        Timeouts::default()
    };
    Policy { dopa, patience, face_resubmits_max, timeouts, ..Policy::default() }
}

/// FNV-1a over everything that is noted.
struct Sum(u64);

impl fmt::Write for Sum {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        Ok(())
    }
}
