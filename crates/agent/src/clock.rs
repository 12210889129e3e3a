//! The agent's clock: monotonic time for deadlines, the wall clock corrected by the bank's own (§1.11).
//!
//! Every answer of the bank carries its time over an authenticated connection. A difference of up to 2 s
//! is noise, up to 300 s is corrected, more means that this machine's clock is wrong: then nothing that
//! carries a time is sent.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use protocol::BankTime;
use session::Now;

use crate::journal::Moment;

/// Smaller differences are noise: the `Date` header has whole seconds.
const NOISE_MS: i64 = 2_000;
/// Larger differences are not corrected but reported.
const CORRECTED_MAX_MS: i64 = 300_000;
/// The difference that counts is the median of so many.
const COMPARISONS: usize = 5;
/// The years in which this program may run; a clock outside of them is wrong, whatever a bank says.
const YEARS: std::ops::RangeInclusive<u16> = 2024..=2060;
/// The Buddhist Era is so many years ahead.
const BUDDHIST_YEARS: u16 = 543;

/// Reads time; shared by everything that needs it.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
    compared: Mutex<Compared>,
}

/// The last comparisons with the bank's clock.
#[derive(Debug, Default)]
struct Compared {
    /// The bank's time less ours, the newest last.
    differences_ms: VecDeque<i64>,
    /// The wall clock less the monotonic one at the last comparison: a change tells that somebody set the
    /// wall clock, and that the differences are those of another clock.
    wall_ms: i64,
    /// What is added to the wall clock.
    correction_ms: i64,
    skew: Option<Skew>,
}

/// What a comparison with the bank's clock found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Skew {
    /// No more than noise.
    None,
    /// Corrected from now on.
    Corrected { by_ms: i64 },
    /// Too far off to be corrected: years or zones away.
    TooLarge { by_ms: i64 },
    /// This machine counts years in the Buddhist Era.
    BuddhistEra { by_ms: i64 },
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), compared: Mutex::default() }
    }

    /// Since the agent started.
    pub(crate) fn tick(&self) -> Duration {
        self.start.elapsed()
    }

    /// The instant at which [`Self::tick`] shows the given time.
    pub(crate) fn instant(&self, tick: Duration) -> Instant {
        self.start + tick
    }

    pub(crate) fn now(&self) -> Now {
        Now { tick: self.tick(), bank_time: self.bank_time() }
    }

    pub(crate) fn bank_time(&self) -> BankTime {
        let correction_ms = self.compared().correction_ms;
        BankTime::from_millis(local_ms().saturating_add(correction_ms))
    }

    /// Compares with the bank's time, which was read off an answer half a round trip ago.
    pub(crate) fn compare(&self, bank: BankTime, round_trip: Duration) -> Skew {
        let local = local_ms();
        self.compared().hear(bank, round_trip, local, local.saturating_sub(millis(self.tick())))
    }

    /// The bank refused our time (−26): what was found last counts alone, the median may be out of date.
    pub(crate) fn trust_last(&self) -> Option<Skew> {
        let mut compared = self.compared();
        let last = compared.differences_ms.pop_back()?;
        compared.differences_ms.clear();
        compared.differences_ms.push_back(last);
        Some(compared.judge(local_ms()))
    }

    /// What the last comparison found; `None` before the first.
    pub(crate) fn last_skew(&self) -> Option<Skew> {
        self.compared().skew
    }

    /// Is the time so wrong that nothing which carries one may be sent?
    pub(crate) fn is_wrong(&self) -> bool {
        let wrong =
            matches!(self.last_skew(), Some(Skew::TooLarge { .. } | Skew::BuddhistEra { .. }));
        wrong || !YEARS.contains(&self.bank_time().today().year())
    }

    /// Has the bank's clock agreed with this machine's since that was last set?
    pub(crate) fn is_vouched_for(&self) -> bool {
        let compared = self.compared();
        let wall_ms = local_ms().saturating_sub(millis(self.tick()));
        let agrees = matches!(compared.skew, Some(Skew::None | Skew::Corrected { .. }));
        agrees && !compared.was_set(wall_ms)
    }

    /// The time, and whether it can be believed.
    pub(crate) fn moment(&self) -> Moment {
        let moment = if self.is_vouched_for() { Moment::vouched } else { Moment::unvouched };
        moment(self.bank_time())
    }

    fn compared(&self) -> std::sync::MutexGuard<'_, Compared> {
        self.compared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Compared {
    fn hear(&mut self, bank: BankTime, round_trip: Duration, local: i64, wall_ms: i64) -> Skew {
        let half = millis(round_trip / 2);
        if self.was_set(wall_ms) {
            self.differences_ms.clear();
        }
        self.wall_ms = wall_ms;
        // A slow answer says little of the moment at which it was written.
        if let (Some(skew), false) = (self.skew, self.differences_ms.is_empty())
            && half > NOISE_MS
        {
            return skew;
        }
        let difference = bank.millis().saturating_add(half).saturating_sub(local);
        if self.differences_ms.len() == COMPARISONS {
            self.differences_ms.pop_front();
        }
        self.differences_ms.push_back(difference);
        self.judge(local)
    }

    /// Did somebody set the wall clock since the last comparison?
    fn was_set(&self, wall_ms: i64) -> bool {
        wall_ms.abs_diff(self.wall_ms) > NOISE_MS.unsigned_abs()
    }

    /// Takes the median for the truth.
    fn judge(&mut self, local: i64) -> Skew {
        let mut sorted: Vec<i64> = self.differences_ms.iter().copied().collect();
        sorted.sort_unstable();
        let by_ms = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
        let year = |ms: i64| BankTime::from_millis(ms).today().year();
        let theirs = year(local.saturating_add(by_ms));
        let skew = match by_ms.abs() {
            0..=NOISE_MS => Skew::None,
            ..=CORRECTED_MAX_MS => Skew::Corrected { by_ms },
            _ if year(local) == theirs + BUDDHIST_YEARS => Skew::BuddhistEra { by_ms },
            _ => Skew::TooLarge { by_ms },
        };
        self.correction_ms = if let Skew::Corrected { by_ms } = skew { by_ms } else { 0 };
        self.skew = Some(skew);
        skew
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn local_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23T03:00:00Z.
    const NOW_MS: i64 = 1_795_402_800_000;
    /// 543 Gregorian years, as a calendar of the Buddhist Era is ahead: 198,327 days from 2026 on.
    const ERA_MS: i64 = 198_327 * 86_400_000;

    /// Compares one after the other, by a wall clock that nobody sets.
    fn compared(differences: &[i64]) -> (Compared, Skew) {
        let mut compared = Compared::default();
        let mut skew = Skew::None;
        for difference in differences {
            let bank = BankTime::from_millis(NOW_MS + difference);
            skew = compared.hear(bank, Duration::ZERO, NOW_MS, NOW_MS);
        }
        (compared, skew)
    }

    #[track_caller]
    fn check(differences: &[i64], expected: Skew, correction_ms: i64) {
        let (compared, skew) = compared(differences);
        assert_eq!((skew, compared.correction_ms), (expected, correction_ms));
    }

    #[test]
    fn up_to_two_seconds_are_noise() {
        check(&[2_000], Skew::None, 0);
        check(&[-2_000], Skew::None, 0);
    }

    #[test]
    fn up_to_five_minutes_are_corrected_both_ways() {
        check(&[2_001], Skew::Corrected { by_ms: 2_001 }, 2_001);
        check(&[300_000], Skew::Corrected { by_ms: 300_000 }, 300_000);
        check(&[-300_000], Skew::Corrected { by_ms: -300_000 }, -300_000);
    }

    #[test]
    fn more_is_reported_and_not_corrected() {
        check(&[300_001], Skew::TooLarge { by_ms: 300_001 }, 0);
        check(&[-7 * 3_600_000], Skew::TooLarge { by_ms: -7 * 3_600_000 }, 0);
    }

    #[test]
    fn a_buddhist_year_is_recognised() {
        let mut compared = Compared::default();
        let local = NOW_MS + ERA_MS;
        let skew = compared.hear(BankTime::from_millis(NOW_MS), Duration::ZERO, local, local);
        assert_eq!(skew, Skew::BuddhistEra { by_ms: -ERA_MS });
    }

    #[test]
    fn one_wrong_answer_among_five_changes_nothing() {
        check(&[0, 0, 120_000, 0, 0], Skew::None, 0);
        check(&[0, 0, 0, -900_000], Skew::None, 0);
        check(&[90_000, 90_500, 0, 91_000, 90_200], Skew::Corrected { by_ms: 90_200 }, 90_200);
        check(&[0, 0, 0, 0, 0, 60_000, 60_000, 60_000], Skew::Corrected { by_ms: 60_000 }, 60_000);
    }

    #[test]
    fn a_refused_time_is_mended_by_the_last_answer_alone() {
        let clock = Clock::new();
        assert_eq!(clock.trust_last(), None);
        for seconds in [0, 0, 0, 0, 100] {
            clock.compare(BankTime::from_millis(local_ms() + seconds * 1_000), Duration::ZERO);
        }
        assert_eq!(clock.last_skew(), Some(Skew::None));
        assert!(matches!(clock.trust_last(), Some(Skew::Corrected { by_ms: 99_000..=101_000 })));
        let ahead = clock.bank_time().millis() - local_ms();
        assert!((99_000..=101_000).contains(&ahead), "{ahead}");
    }

    #[test]
    fn differences_of_a_clock_that_was_set_since_count_no_more() {
        let (mut compared, _) = compared(&[60_000; 5]);
        let (bank, set) = (BankTime::from_millis(NOW_MS + 60_000), NOW_MS + 60_000);
        assert_eq!(compared.hear(bank, Duration::ZERO, set, set), Skew::None);
    }

    #[test]
    fn a_slow_answer_is_not_compared_if_there_was_a_quick_one() {
        let (mut compared, _) = compared(&[0]);
        let slow = Duration::from_secs(40);
        let bank = BankTime::from_millis(NOW_MS);
        assert_eq!(compared.hear(bank, slow, NOW_MS, NOW_MS), Skew::None);
        let found = Compared::default().hear(bank, slow, NOW_MS, NOW_MS);
        assert_eq!(found, Skew::Corrected { by_ms: 20_000 });
    }

    #[test]
    fn a_clock_is_vouched_for_by_the_bank_until_somebody_sets_it() {
        let clock = Clock::new();
        assert!(!clock.is_vouched_for(), "nobody has compared it");
        clock.compare(BankTime::from_millis(local_ms() + 60_000), Duration::ZERO);
        assert!(clock.is_vouched_for());
        clock.compared().wall_ms -= 3_600_000;
        assert!(!clock.is_vouched_for(), "it is an hour ahead of what was compared");
        clock.compare(BankTime::from_millis(local_ms() + 3_600_000), Duration::ZERO);
        assert!(!clock.is_vouched_for(), "the bank says another time");
    }

    #[test]
    fn a_clock_of_today_is_not_wrong_until_the_bank_says_so() {
        let clock = Clock::new();
        assert!(!clock.is_wrong());
        let far = BankTime::from_millis(local_ms() + 3_600_000);
        clock.compare(far, Duration::ZERO);
        assert!(clock.is_wrong());
    }
}
