//! The agent's clock: monotonic time for deadlines, the wall clock corrected by the bank's own (§1.11).
//!
//! Every answer of the bank carries its time over an authenticated connection. A difference of up to 2 s
//! is noise, up to 300 s is corrected, more means that this machine's clock is wrong.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use protocol::BankTime;
use session::Now;

/// Smaller differences are noise: the `Date` header has whole seconds.
const NOISE_MS: i64 = 2_000;
/// Larger differences are not corrected but reported.
const CORRECTED_MAX_MS: i64 = 300_000;

/// Reads time; shared by everything that needs it.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
    correction_ms: AtomicI64,
    last_skew: Mutex<Option<Skew>>,
}

/// What a comparison with the bank's clock found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Skew {
    /// No more than noise.
    None,
    /// Corrected from now on.
    Corrected { by_ms: i64 },
    /// Too far off to be corrected: years, zones or Buddhist eras away.
    TooLarge { by_ms: i64 },
}

impl Clock {
    pub(crate) fn new() -> Self {
        let correction_ms = AtomicI64::new(0);
        Self { start: Instant::now(), correction_ms, last_skew: Mutex::new(None) }
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
        BankTime::from_millis(local_ms() + self.correction_ms.load(Ordering::Relaxed))
    }

    /// Compares with the bank's time, which was read off an answer half a round trip ago.
    pub(crate) fn compare(&self, bank: BankTime, round_trip: Duration) -> Skew {
        let half = i64::try_from(round_trip.as_millis() / 2).unwrap_or(0);
        let by_ms = bank.millis() + half - local_ms();
        let skew = match by_ms.abs() {
            0..=NOISE_MS => {
                self.correction_ms.store(0, Ordering::Relaxed);
                Skew::None
            }
            ..=CORRECTED_MAX_MS => {
                self.correction_ms.store(by_ms, Ordering::Relaxed);
                Skew::Corrected { by_ms }
            }
            _ => Skew::TooLarge { by_ms },
        };
        *self.last_skew.lock().unwrap_or_else(PoisonError::into_inner) = Some(skew);
        skew
    }

    /// What the last comparison found; `None` before the first.
    pub(crate) fn last_skew(&self) -> Option<Skew> {
        *self.last_skew.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn local_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(offset_ms: i64, expected: fn(i64) -> Skew, corrected: bool) {
        let clock = Clock::new();
        let bank = BankTime::from_millis(local_ms() + offset_ms);
        let skew = clock.compare(bank, Duration::ZERO);
        let by_ms = match skew {
            Skew::None => 0,
            Skew::Corrected { by_ms } | Skew::TooLarge { by_ms } => by_ms,
        };
        assert_eq!(skew, expected(by_ms));
        let difference = clock.bank_time().millis() - local_ms();
        assert_eq!(difference.abs() > NOISE_MS, corrected, "{difference} ms off");
    }

    #[test]
    fn a_second_is_noise() {
        check(1_000, |_| Skew::None, false);
    }

    #[test]
    fn a_minute_is_corrected_both_ways() {
        check(60_000, |by_ms| Skew::Corrected { by_ms }, true);
        check(-60_000, |by_ms| Skew::Corrected { by_ms }, true);
    }

    #[test]
    fn a_buddhist_year_is_reported_and_not_corrected() {
        check(-543 * 365 * 86_400_000, |by_ms| Skew::TooLarge { by_ms }, false);
    }
}
