//! One call to the bank and its automatic repetitions, as the code table rules them (§1.6, §1.9).
//!
//! The call decides when the same body goes out again and when trying is over; what an end means for the
//! journey is decided where the call belongs. Every kind of repetition is counted apart and bounded.

use std::time::Duration;

use protocol::{Action, Certainty, Condition, Endpoint, Resent, Ruling, resent, ruling};

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

/// Longer than every timeout of the client together: only a lost answer lasts so long.
const LOST_AFTER: Duration = Duration::from_secs(150);
/// First wait before the same body goes out again; doubled each time (§1.6, RETRY_SAME).
const SAME_FIRST: Duration = Duration::from_secs(1);
/// The longest such wait in front of a customer.
const SAME_MOST: Duration = Duration::from_secs(30);
/// The waits of RETRY_LATER: three tries over 60 s.
const LATER: [Duration; 3] =
    [Duration::from_secs(10), Duration::from_secs(20), Duration::from_secs(30)];
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
    /// An attempt may have reached the bank although no answer said so.
    maybe_done: bool,
}

#[derive(Debug)]
enum Phase {
    InFlight { since: Duration },
    Waiting { until: Duration, again: Again },
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
    pub(crate) fn begin(id: CallId, endpoint: Endpoint, tick: Duration) -> Self {
        let phase = Phase::InFlight { since: tick };
        Self { id, endpoint, phase, used: Used::default(), maybe_done: false }
    }

    /// Is the customer waiting for a repetition rather than for the first answer?
    pub(crate) fn again(&self) -> bool {
        let Used { same, later, reseals, reconciles, clock, .. } = self.used;
        [same, later, reseals, reconciles, clock].iter().any(|&used| used > 0)
    }

    /// An earlier journey's attempt may have reached the bank.
    pub(crate) fn sent_before(&mut self) {
        self.maybe_done = true;
    }

    /// May an attempt have reached the bank although no answer said so?
    pub(crate) fn maybe_done(&self) -> bool {
        self.maybe_done
    }

    pub(crate) fn deadline(&self) -> Duration {
        match self.phase {
            Phase::InFlight { since } => since + LOST_AFTER,
            Phase::Waiting { until, .. } => until,
        }
    }

    /// Time has come: what goes out now, if it was waited for.
    pub(crate) fn due(&mut self, tick: Duration) -> Option<Again> {
        match self.phase {
            Phase::Waiting { until, again } if until <= tick => {
                self.phase = Phase::InFlight { since: tick };
                Some(again)
            }
            Phase::Waiting { .. } | Phase::InFlight { .. } => None,
        }
    }

    /// Did the answer get lost on the way inside this machine?
    pub(crate) fn lost(&self, tick: Duration) -> bool {
        matches!(self.phase, Phase::InFlight { since } if since + LOST_AFTER <= tick)
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
        let settled = if self.maybe_done { self.resent(at, condition) } else { Settled::FirstHand };
        if ruling.certainty == Certainty::Unknown && at == self.endpoint {
            self.maybe_done = true;
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
                None if repeats(action) => action = next,
                None => break,
            }
        }
        let pending = action == Action::DonePending;
        let unknown = settled == Settled::StillUnknown || ruling.action == Action::Reconcile;
        Some(if unknown && !pending { Verdict::Unresolved(condition) } else { ruled(action) })
    }

    /// What an answer says of an earlier sending that may have arrived.
    fn resent(&self, at: Endpoint, condition: Condition) -> Settled {
        if at != self.endpoint {
            return Settled::StillUnknown;
        }
        match resent(condition, at) {
            Resent::Done | Resent::DoneInferred => Settled::Inferred,
            Resent::Unresolved => Settled::Unresolved,
            Resent::Definite => Settled::FirstHand,
            Resent::KeepTrying => Settled::StillUnknown,
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
        match action {
            Action::RetrySame => {
                let wait = jittered(doubled(SAME_FIRST, self.used.same), chance);
                spend(&mut self.used.same, times).then_some((wait.min(SAME_MOST), Again::Resend))
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

fn doubled(first: Duration, times: u8) -> Duration {
    first * 2_u32.saturating_pow(u32::from(times))
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

    fn submit() -> Call {
        Call::begin(CallId(1), Endpoint::Submit, Duration::ZERO)
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
            tick = call.deadline();
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
        let waits = matches!(call.phase, Phase::Waiting { .. }).then(|| call.deadline());
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
            let tick = call.deadline();
            call.failed(busy, tick, 50)
        });
        assert!(matches!(verdicts, [None, None, Some(Verdict::Ruled { .. })]), "{verdicts:?}");
    }

    #[test]
    fn the_same_body_goes_out_three_times_in_doubling_waits_spread_by_half() {
        for (chance, expected) in [(0, [500, 1_000, 2_000]), (100, [1_500, 3_000, 6_000])] {
            let mut call = submit();
            let away = setback(Condition::Transport(Transport::Unreachable), Duration::ZERO);
            let waits = [0; 3].map(|_| {
                assert_eq!(call.failed(away, Duration::ZERO, chance), None);
                u64::try_from(call.deadline().as_millis()).unwrap()
            });
            assert_eq!(waits, expected);
            assert!(call.failed(away, Duration::ZERO, chance).is_some(), "three and no more");
        }
    }

    #[test]
    fn every_condition_ends_within_a_dozen_answers() {
        for row in protocol::table() {
            let mut call = submit();
            let mut tick = Duration::ZERO;
            let ended = (0..12).any(|_| {
                let verdict = call.failed(setback(row.condition, Duration::ZERO), tick, 99);
                tick = call.deadline();
                call.due(tick);
                verdict.is_some()
            });
            assert!(ended, "{} never ends", row.condition);
        }
    }
}
