//! One call to the bank and its automatic repetitions, as the code table rules them (§1.6, §1.9).
//!
//! The call decides when the same body goes out again and when trying is over; what an end means for the
//! journey is decided where the call belongs. Every kind of repetition is counted apart and bounded.

use std::time::Duration;

use protocol::{Action, Certainty, Condition, Endpoint, Resent, Ruling, resent, ruling};

use crate::event::Earlier;

/// Ties an answer to its question.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct CallId(pub(crate) u64);

impl CallId {
    /// The number, for logs.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

/// The waits before the same body goes out again (§1.6, RETRY_SAME): the first is short, because most trouble
/// is; the last is long, so that a fleet which one outage met at the same moment does not double its requests.
const SAME: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(16)];
/// The waits of RETRY_LATER: three tries over 60 s.
const LATER: [Duration; 3] =
    [Duration::from_secs(10), Duration::from_secs(20), Duration::from_secs(30)];
/// How long whoever chose to keep waiting waits for one more try; then the question comes again.
const STAYING: Duration = Duration::from_secs(60);
/// So often a customer may choose to wait: nobody stands before a machine for longer than these minutes.
const QUESTIONS_MOST: u8 = 5;
/// Where the bank was away for the call before, one repetition finds out whether it still is.
const AWAY_TIMES: u8 = 1;
/// Nobody stands before a machine for longer than this without being told the end.
const CUSTOMER_WAITS_MOST: Duration = Duration::from_secs(60);
/// The waits of RECONCILE: 2 s first, three tries within 60 s (§1.9).
const RECONCILE: [Duration; 3] =
    [Duration::from_secs(2), Duration::from_secs(13), Duration::from_secs(30)];

/// A call under way.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    pub(crate) endpoint: Endpoint,
    phase: Phase,
    used: Used,
    bank: Bank,
    /// What the client waits at most, and more: an attempt without an answer has none any more.
    lost_after: Duration,
    /// May an attempt have reached the bank although no answer said so, one of this call or an earlier one?
    earlier: Earlier,
}

#[derive(Debug)]
enum Phase {
    InFlight {
        since: Duration,
    },
    Waiting {
        until: Duration,
        again: Again,
    },
    /// Trying is used up: the customer chooses to keep waiting, or to stop.
    Asking {
        at: Endpoint,
        condition: Condition,
        /// Until then the bank asked to be left alone, whatever the customer chooses.
        not_before: Duration,
    },
}

/// What the call before has found of the bank.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Bank {
    /// It answers, or nobody knows.
    #[default]
    There,
    /// It was away until trying was over.
    Away,
}

/// How a call goes out again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Again {
    /// The same bytes under a new transaction id.
    Resend,
    /// A new key and envelope around the same plaintext.
    Reseal,
}

/// What came instead of 0000.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Setback {
    pub(crate) at: Endpoint,
    pub(crate) condition: Condition,
    /// What the bank asked for; zero if nothing.
    pub(crate) wait_at_least: Duration,
}

#[derive(Debug, Default)]
struct Used {
    same: u8,
    later: u8,
    reseals: u8,
    reconciles: u8,
    clock: u8,
    /// Of the waits that the bank asked for.
    asked_waits: Duration,
    /// How often the customer chose to keep waiting.
    questions: u8,
}

/// What is known of an earlier sending, after one more answer.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Settled {
    /// There was none, or this answer is definite on its own.
    FirstHand,
    /// It arrived and was accepted.
    Inferred,
    /// The reference ended, nobody knows by whom.
    Unresolved,
    /// Nothing new.
    StillUnknown,
}

/// Trying is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// 1602 to a repetition of our own: the first submit had arrived.
    Inferred,
    /// The outcome never became known.
    Unresolved(Condition),
    /// The action that the table gives, where it is not another try.
    Ruled { at: Endpoint, condition: Condition, action: Action },
}

impl Call {
    pub(crate) fn begin(
        id: CallId,
        endpoint: Endpoint,
        bank: Bank,
        (tick, lost_after): (Duration, Duration),
    ) -> Self {
        let phase = Phase::InFlight { since: tick };
        Self {
            id,
            endpoint,
            phase,
            used: Used::default(),
            bank,
            lost_after,
            earlier: Earlier::Nothing,
        }
    }

    /// Is the customer waiting for a repetition rather than for the first answer?
    pub(crate) fn again(&self) -> bool {
        let Used { same, later, reseals, reconciles, clock, asked_waits: _, questions: _ } =
            self.used;
        [same, later, reseals, reconciles, clock].iter().any(|&used| used > 0)
    }

    /// So much is known of earlier attempts that may have reached the bank.
    pub(crate) fn follows(&mut self, earlier: Earlier) {
        self.earlier = self.earlier.max(earlier);
    }

    /// What is known of attempts that may have reached the bank although no answer said so.
    pub(crate) fn earlier(&self) -> Earlier {
        self.earlier
    }

    /// When something is due without an answer; `None` while it is the customer's turn.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        match self.phase {
            Phase::InFlight { since } => Some(since + self.lost_after),
            Phase::Waiting { until, .. } => Some(until),
            Phase::Asking { .. } => None,
        }
    }

    /// What the customer is asked about: the bank is busy with this; keep waiting, or stop?
    pub(crate) fn question(&self) -> Option<(Endpoint, Condition)> {
        match self.phase {
            Phase::Asking { at, condition, .. } => Some((at, condition)),
            Phase::InFlight { .. } | Phase::Waiting { .. } => None,
        }
    }

    /// The customer chose to wait: the same body goes out again, at longer intervals.
    pub(crate) fn keep_waiting(&mut self, tick: Duration, chance: u64) {
        if let Phase::Asking { not_before, .. } = self.phase {
            let questions = self.used.questions.saturating_add(1);
            self.used = Used { questions, later: u8::MAX, ..Used::default() };
            let until = not_before.max(tick + jittered(STAYING, chance));
            self.phase = Phase::Waiting { until, again: Again::Resend };
        }
    }

    /// The customer chose to stop, or did not choose: trying is over. Nothing has arrived (RETRY_LATER).
    pub(crate) fn given_up(&self) -> Option<Verdict> {
        let (at, condition) = self.question()?;
        Some(Verdict::Ruled { at, condition, action: Action::Stop })
    }

    /// Time has come: what goes out now, if it was waited for.
    pub(crate) fn due(&mut self, tick: Duration) -> Option<Again> {
        match self.phase {
            Phase::Waiting { until, again } if until <= tick => {
                self.phase = Phase::InFlight { since: tick };
                Some(again)
            }
            Phase::Waiting { .. } | Phase::InFlight { .. } | Phase::Asking { .. } => None,
        }
    }

    /// Did the answer get lost on the way inside this machine?
    pub(crate) fn lost(&self, tick: Duration) -> bool {
        matches!(self.phase, Phase::InFlight { since } if since + self.lost_after <= tick)
    }

    /// Takes what came instead of 0000: waits and tries again, or says that trying is over.
    pub(crate) fn failed(
        &mut self,
        setback: Setback,
        tick: Duration,
        chance: u64,
    ) -> Option<Verdict> {
        let Setback { at, condition, wait_at_least } = setback;
        let mut ruling = ruling(condition, at);
        ruling.wait_at_least = ruling.wait_at_least.max(wait_at_least);
        let settled = self.settled(at, condition);
        if ruling.certainty == Certainty::Unknown && at == self.endpoint {
            self.earlier = Earlier::MayHaveArrived;
        }
        let ruled = |action| Verdict::Ruled { at, condition, action };
        let mut action = match settled {
            Settled::Inferred => return Some(Verdict::Inferred),
            Settled::Unresolved => return Some(Verdict::Unresolved(condition)),
            Settled::StillUnknown if !repeats(ruling.action) => Action::Reconcile,
            Settled::StillUnknown | Settled::FirstHand => ruling.action,
        };
        for next in [ruling.then, Action::Stop] {
            match self.another(action, ruling, chance) {
                Some((wait, again)) => {
                    self.phase = Phase::Waiting { until: tick + wait, again };
                    return None;
                }
                None if action == Action::RetryLater && self.may_ask(ruling) => {
                    let not_before = tick + ruling.wait_at_least;
                    self.phase = Phase::Asking { at, condition, not_before };
                    return None;
                }
                None if repeats(action) => action = next,
                None => break,
            }
        }
        let pending = action == Action::DonePending;
        let unknown = settled == Settled::StillUnknown || ruling.action == Action::Reconcile;
        Some(if unknown && !pending { Verdict::Unresolved(condition) } else { ruled(action) })
    }

    /// May the customer be asked to wait on? Not while something may have arrived: that is found out without
    /// the customer; and not where the bank wants to be left alone for longer than anybody stands.
    fn may_ask(&self, ruling: Ruling) -> bool {
        self.earlier != Earlier::MayHaveArrived
            && ruling.wait_at_least <= CUSTOMER_WAITS_MOST
            && self.used.questions < QUESTIONS_MOST
    }

    /// What an answer says of an earlier sending that may have arrived.
    fn settled(&self, at: Endpoint, condition: Condition) -> Settled {
        let said = if at == self.endpoint { resent(condition, at) } else { Resent::KeepTrying };
        match (self.earlier, said) {
            (Earlier::Nothing, _) | (_, Resent::Definite) => Settled::FirstHand,
            // Trouble on the way to the bank says nothing of a sending that nobody remembers.
            (Earlier::Unknown, Resent::KeepTrying) => Settled::FirstHand,
            (Earlier::Unknown, Resent::Done | Resent::DoneInferred | Resent::Unresolved)
            | (Earlier::MayHaveArrived, Resent::Unresolved) => Settled::Unresolved,
            (Earlier::MayHaveArrived, Resent::Done | Resent::DoneInferred) => Settled::Inferred,
            (Earlier::MayHaveArrived, Resent::KeepTrying) => Settled::StillUnknown,
        }
    }

    fn another(
        &mut self,
        action: Action,
        ruling: Ruling,
        chance: u64,
    ) -> Option<(Duration, Again)> {
        let least = ruling.wait_at_least;
        if self.used.asked_waits + least > CUSTOMER_WAITS_MOST {
            return None;
        }
        let (wait, again) = self.repetition(action, ruling.times, chance)?;
        self.used.asked_waits += least;
        Some((wait.max(least), again))
    }

    /// The wait by our own rules, and how it goes out; `None` when that action is used up, or no repetition.
    fn repetition(&mut self, action: Action, times: u8, chance: u64) -> Option<(Duration, Again)> {
        let times = match self.bank {
            Bank::There => times,
            Bank::Away => times.min(AWAY_TIMES),
        };
        match action {
            Action::RetrySame => {
                let wait = *SAME.get(usize::from(self.used.same))?;
                spend(&mut self.used.same, times).then_some((jittered(wait, chance), Again::Resend))
            }
            Action::RetryLater => {
                let wait = *LATER.get(usize::from(self.used.later))?;
                spend(&mut self.used.later, times)
                    .then_some((jittered(wait, chance), Again::Resend))
            }
            Action::Reconcile => {
                let wait = *RECONCILE.get(usize::from(self.used.reconciles))?;
                self.used.reconciles += 1;
                Some((wait, Again::Resend))
            }
            Action::Reseal => {
                spend(&mut self.used.reseals, times).then_some((Duration::ZERO, Again::Reseal))
            }
            Action::FixClock => {
                spend(&mut self.used.clock, times).then_some((Duration::ZERO, Again::Resend))
            }
            Action::Done
            | Action::DonePending
            | Action::Retoken
            | Action::RescanQr
            | Action::Reread
            | Action::Recapture
            | Action::AskConsent
            | Action::FixInApp
            | Action::RecheckInput
            | Action::ShrinkSelfie
            | Action::Stop
            | Action::StopReport(_)
            | Action::ConfigFault
            | Action::Bug => None,
        }
    }
}

/// Actions that mean another try of the same call.
fn repeats(action: Action) -> bool {
    matches!(
        action,
        Action::RetrySame
            | Action::RetryLater
            | Action::Reconcile
            | Action::Reseal
            | Action::FixClock
    )
}

fn spend(used: &mut u8, most: u8) -> bool {
    let left = *used < most;
    *used += u8::from(left);
    left
}

/// ± 50 %, so that a thousand kiosks do not knock together.
pub(crate) fn jittered(wait: Duration, chance: u64) -> Duration {
    let percent = u32::try_from(chance % 101).unwrap_or(50);
    wait * (50 + percent) / 100
}

#[cfg(test)]
mod tests {
    use protocol::Transport;

    use super::*;

    fn begin(endpoint: Endpoint, bank: Bank) -> Call {
        let lost_after = crate::Timeouts::default().lost_after(endpoint);
        Call::begin(CallId(1), endpoint, bank, (Duration::ZERO, lost_after))
    }

    fn submit() -> Call {
        begin(Endpoint::Submit, Bank::There)
    }

    /// The next time at which something is due by itself.
    #[track_caller]
    fn due(call: &Call) -> Duration {
        call.deadline().expect("it is not the customer's turn")
    }

    fn setback(condition: Condition, wait_at_least: Duration) -> Setback {
        Setback { at: Endpoint::Submit, condition, wait_at_least }
    }

    fn run(call: &mut Call, conditions: &[Condition]) -> Option<Verdict> {
        let mut tick = Duration::ZERO;
        let mut verdict = None;
        for condition in conditions {
            assert_eq!(verdict, None, "trying was over too early");
            verdict = call.failed(setback(*condition, Duration::ZERO), tick, 50);
            tick = call.deadline().unwrap_or(tick);
            call.due(tick);
        }
        verdict
    }

    #[test]
    fn a_1602_without_an_earlier_submit_is_somebody_elses() {
        let verdict = run(&mut submit(), &[Condition::Diis(1602)]);
        assert!(matches!(verdict, Some(Verdict::Ruled { action: Action::RescanQr, .. })));
    }

    #[test]
    fn a_1602_after_a_lost_answer_means_that_the_first_submit_arrived() {
        let lost = Condition::Transport(Transport::TimedOut);
        assert_eq!(run(&mut submit(), &[lost, Condition::Diis(1602)]), Some(Verdict::Inferred));
    }

    #[test]
    fn an_outcome_that_stays_unknown_is_unresolved_after_three_repetitions() {
        let lost = Condition::Transport(Transport::Cut);
        assert_eq!(run(&mut submit(), &[lost; 4]), Some(Verdict::Unresolved(lost)));
    }

    #[test]
    fn a_wrong_key_after_a_lost_answer_leaves_the_outcome_unknown() {
        let lost = Condition::Transport(Transport::Cut);
        let key = Condition::Gateway(102);
        assert_eq!(run(&mut submit(), &[lost, key, key, key]), Some(Verdict::Unresolved(key)));
    }

    #[test]
    fn a_callback_that_fails_three_times_is_pending() {
        let verdict = run(&mut submit(), &[Condition::Diis(1303); 3]);
        assert!(matches!(verdict, Some(Verdict::Ruled { action: Action::DonePending, .. })));
    }

    #[test]
    fn a_reference_closed_after_a_lost_answer_is_unresolved() {
        let lost = Condition::Transport(Transport::Cut);
        let closed = Condition::Diis(1601);
        assert_eq!(run(&mut submit(), &[lost, closed]), Some(Verdict::Unresolved(closed)));
    }

    #[test]
    fn a_face_refused_after_a_lost_answer_is_a_definite_refusal() {
        let lost = Condition::Transport(Transport::Cut);
        let verdict = run(&mut submit(), &[lost, Condition::Diis(9301)]);
        assert!(matches!(verdict, Some(Verdict::Ruled { action: Action::Recapture, .. })));
    }

    #[test]
    fn a_bank_that_never_decrypts_is_resealed_once() {
        let verdict = run(&mut submit(), &[Condition::Diis(1402); 2]);
        assert!(matches!(verdict, Some(Verdict::Ruled { action: Action::ConfigFault, .. })));
    }

    /// The first wait after this condition, at the smallest jitter.
    #[track_caller]
    fn check_wait(written: &str, asked: u64, expected: Option<Duration>) {
        let mut call = submit();
        let condition = written.parse().unwrap();
        let asked = Duration::from_secs(asked);
        let verdict = call.failed(setback(condition, asked), Duration::ZERO, 0);
        let waits = matches!(call.phase, Phase::Waiting { .. }).then(|| due(&call));
        assert_eq!(
            (verdict.is_none(), waits),
            (expected.is_some(), expected),
            "{written} {asked:?}"
        );
    }

    #[test]
    fn a_wait_that_the_bank_asked_for_is_the_least() {
        for written in ["HTTP_425", "HTTP_429", "-300", "-301"] {
            check_wait(written, 0, Some(Duration::from_millis(500)));
            check_wait(written, 7, Some(Duration::from_secs(7)));
        }
        check_wait("HTTP_503", 0, Some(Duration::from_secs(5)));
        check_wait("HTTP_503", 3, Some(Duration::from_secs(5)));
        check_wait("HTTP_503", 60, Some(Duration::from_secs(60)));
        check_wait("HTTP_408", 9, Some(Duration::from_secs(9)));
    }

    #[test]
    fn nobody_stands_through_a_wait_of_minutes() {
        for written in ["HTTP_425", "HTTP_429", "HTTP_503", "HTTP_408", "-300"] {
            check_wait(written, 61, None);
        }
        check_wait("-108", 0, None);
    }

    #[test]
    fn the_waits_that_the_bank_asks_for_are_a_minute_together() {
        let mut call = submit();
        let busy = setback(Condition::Http(429), Duration::from_secs(25));
        let verdicts = [0; 3].map(|_| {
            let tick = call.deadline().unwrap_or_default();
            call.failed(busy, tick, 50)
        });
        assert_eq!(verdicts, [None; 3]);
        assert_eq!(call.question(), Some((Endpoint::Submit, Condition::Http(429))));
    }

    #[test]
    fn a_customer_who_keeps_waiting_waits_as_long_as_the_bank_asked_for() {
        let mut call = submit();
        let asked = Duration::from_secs(45);
        let busy = setback(Condition::Http(429), asked);
        assert_eq!(call.failed(busy, Duration::ZERO, 0), None);
        let tick = call.deadline().unwrap();
        assert_eq!(call.failed(busy, tick, 0), None);
        assert!(call.question().is_some());
        call.keep_waiting(tick, 0);
        assert_eq!(call.deadline(), Some(tick + asked));
    }

    #[test]
    fn the_same_body_goes_out_three_times_in_growing_waits_spread_by_half() {
        for (chance, expected) in [(0, [500, 2_000, 8_000]), (100, [1_500, 6_000, 24_000])] {
            let mut call = submit();
            let away = setback(Condition::Transport(Transport::Unreachable), Duration::ZERO);
            let waits = [0; 3].map(|_| {
                assert_eq!(call.failed(away, Duration::ZERO, chance), None);
                u64::try_from(due(&call).as_millis()).unwrap()
            });
            assert_eq!(waits, expected);
            assert!(call.failed(away, Duration::ZERO, chance).is_some(), "three and no more");
        }
    }

    /// Answers in virtual time until the customer is asked, or trying is over; how many answers it took.
    fn answers(call: &mut Call, condition: Condition, tick: &mut Duration) -> usize {
        let busy = setback(condition, Duration::ZERO);
        let over = (1..20).find(|_| {
            let over = call.failed(busy, *tick, 50).is_some() || call.question().is_some();
            if !over {
                *tick = due(call);
                call.due(*tick);
            }
            over
        });
        over.expect("every call ends")
    }

    #[test]
    fn a_busy_bank_is_waited_for_as_often_as_the_customer_wants_within_minutes() {
        let (mut call, mut tick) = (submit(), Duration::ZERO);
        let busy = Condition::Diis(1799);
        assert_eq!(answers(&mut call, busy, &mut tick), 4);
        assert_eq!(tick, Duration::from_secs(60));
        for _ in 0..QUESTIONS_MOST {
            assert_eq!(call.question(), Some((Endpoint::Submit, busy)));
            call.keep_waiting(tick, 50);
            assert_eq!(call.question(), None, "it is tried again");
            tick = due(&call);
            call.due(tick);
            assert_eq!(answers(&mut call, busy, &mut tick), 1);
        }
        assert_eq!(call.question(), None, "the last answer is the end");
        assert_eq!(tick, Duration::from_secs(360));
    }

    #[test]
    fn nobody_is_asked_to_wait_for_what_may_have_arrived() {
        let (mut call, mut tick) = (submit(), Duration::ZERO);
        call.follows(Earlier::MayHaveArrived);
        answers(&mut call, Condition::Diis(1799), &mut tick);
        assert_eq!(call.question(), None);
    }

    #[test]
    fn a_bank_that_was_away_a_moment_ago_is_tried_twice_before_the_customer_is_asked() {
        for (condition, there, away) in [("NET_UNREACHABLE", 4, 2), ("9999", 4, 2), ("-300", 7, 3)]
        {
            let condition = condition.parse().unwrap();
            let tries = |bank| {
                answers(&mut begin(Endpoint::ValidateQr, bank), condition, &mut Duration::default())
            };
            assert_eq!((tries(Bank::There), tries(Bank::Away)), (there, away), "{condition}");
        }
    }

    #[test]
    fn every_condition_ends_within_a_dozen_answers() {
        for row in protocol::table() {
            let mut call = submit();
            let mut tick = Duration::ZERO;
            let ended = (0..12).any(|_| {
                let verdict = call.failed(setback(row.condition, Duration::ZERO), tick, 99);
                tick = call.deadline().unwrap_or(tick);
                call.due(tick);
                verdict.is_some() || call.question().is_some()
            });
            assert!(ended, "{} never ends", row.condition);
        }
    }
}
