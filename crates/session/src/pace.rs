//! How soon what failed is tried again when nobody waits for it: longer each time, and spread.
//!
//! A hundred thousand machines that one outage stopped at the same moment must not come back at the same moment.

use std::time::Duration;

/// Between two rounds of the outbox, doubled while the bank does not answer for good …
const ROUND_FIRST: Duration = Duration::from_secs(15);
/// … up to this.
const ROUND_MOST: Duration = Duration::from_secs(10 * 60);
/// Between two tries for a token, doubled while there is none: the old one still serves for minutes when the first
/// fails, and a customer's own call tries at once …
const TOKEN_FIRST: Duration = Duration::from_secs(60);
/// … up to this: what serves nobody is not asked oftener.
const TOKEN_MOST: Duration = Duration::from_secs(10 * 60);

/// The waits between tries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pace {
    first: Duration,
    most: Duration,
    next: Duration,
}

impl Pace {
    /// Of the outbox's rounds.
    #[must_use]
    pub fn of_rounds() -> Self {
        Self { first: ROUND_FIRST, most: ROUND_MOST, next: ROUND_FIRST }
    }

    /// Of fetching a token ahead.
    #[must_use]
    pub fn of_tokens() -> Self {
        Self { first: TOKEN_FIRST, most: TOKEN_MOST, next: TOKEN_FIRST }
    }

    /// All is well: what fails next is tried again soon.
    pub fn settled(&mut self) {
        self.next = self.first;
    }

    /// How long to wait after a failure; longer each time, between half and one and a half of the wait.
    pub fn unsettled(&mut self, chance: u64) -> Duration {
        let wait = crate::call::jittered(self.next, chance);
        self.next = (self.next * 2).min(self.most);
        wait
    }
}

/// When a token that is fetched now is renewed, if it could be renewed after `latest` of its life at the latest:
/// up to a quarter of that earlier, so that machines whose tokens once began together part again.
#[must_use]
pub fn spread(latest: Duration, chance: u64) -> Duration {
    let percent = u32::try_from(chance % 101).unwrap_or(0);
    latest - latest / 4 * percent / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_their_most_and_begin_anew_when_all_is_settled() {
        let mut pace = Pace::of_rounds();
        assert_eq!(pace.unsettled(50), Duration::from_secs(15));
        assert_eq!(pace.unsettled(50), Duration::from_secs(30));
        for _ in 0..10 {
            pace.unsettled(50);
        }
        assert_eq!(pace.unsettled(50), Duration::from_secs(600));
        assert_eq!(pace.unsettled(0), Duration::from_secs(300));
        assert_eq!(pace.unsettled(100), Duration::from_secs(900));
        pace.settled();
        assert_eq!(pace.unsettled(50), Duration::from_secs(15));
    }

    #[test]
    fn a_token_is_renewed_up_to_a_quarter_earlier() {
        let latest = Duration::from_secs(720);
        assert_eq!(spread(latest, 0), latest);
        assert_eq!(spread(latest, 100), Duration::from_secs(540));
        assert_eq!(spread(latest, 50), Duration::from_secs(630));
    }
}
