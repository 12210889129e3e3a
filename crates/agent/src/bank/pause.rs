//! How long the bank asked to be left alone: `Retry-After` (RFC 9110 §10.2.3), and the quota's 15 minutes.
//!
//! A short pause is the session's to wait out before a customer. A long one closes the way for every call:
//! until it is over nothing is sent, and nothing is journaled as sent.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use protocol::{BankTime, Condition};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// A longer wait is not believed: a kiosk that a wrong header silences for a day helps nobody.
const WAIT_MOST: Duration = Duration::from_secs(60 * 60);
/// So long the outbox waits between two rounds by itself, and the session before it asks again; what is
/// longer is kept here, for all of them.
const CLOSES_FROM: Duration = Duration::from_secs(15);

/// What an answer's head asks for; zero if nothing, or nothing that can be read.
pub(super) fn stated(headers: &HeaderMap, now: BankTime) -> Duration {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(stated) = text(RETRY_AFTER).map(str::trim) else { return Duration::ZERO };
    let wait = if stated.bytes().all(|byte| byte.is_ascii_digit()) {
        // So many digits that no number holds them mean: very long.
        Duration::from_secs(stated.parse().unwrap_or(u64::MAX))
    } else {
        // A date counts from the server's own clock where the answer tells it.
        let theirs = text(DATE).and_then(BankTime::parse_header).unwrap_or(now);
        BankTime::parse_header(stated).map_or(Duration::ZERO, |until| until.since(theirs))
    };
    wait.min(WAIT_MOST)
}

/// Whether the way is closed.
#[derive(Default)]
pub(super) struct Pause {
    closed: Mutex<Option<Closed>>,
}

#[derive(Clone, Copy)]
struct Closed {
    until: Duration,
    because: Condition,
}

impl Pause {
    /// Hears what a failed attempt asked for.
    pub(super) fn hear(&self, because: Condition, wait: Duration, tick: Duration) {
        if wait > CLOSES_FROM {
            tracing::warn!(code = %because, seconds = wait.as_secs(), "the bank is left alone");
            let closed = Some(Closed { until: tick + wait, because });
            *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = closed;
        }
    }

    /// Why nothing may be sent now, and for how long still.
    pub(super) fn now(&self, tick: Duration) -> Option<(Condition, Duration)> {
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        *closed = closed.filter(|closed| tick < closed.until);
        closed.map(|closed| (closed.because, closed.until.saturating_sub(tick)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stated_after: &str, date: Option<&str>, seconds: u64) {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, stated_after.parse().unwrap());
        if let Some(date) = date {
            headers.insert(DATE, date.parse().unwrap());
        }
        let now = BankTime::parse_header("Wed, 11 Dec 2019 03:18:00 GMT").unwrap();
        assert_eq!(stated(&headers, now).as_secs(), seconds, "{stated_after}");
    }

    #[test]
    fn seconds_and_dates_are_read_within_the_bound() {
        check("7", None, 7);
        check(" 120 ", None, 120);
        check("0", None, 0);
        check("86400", None, 3_600);
        check("99999999999999999999999", None, 3_600);
        check("Wed, 11 Dec 2019 03:18:30 GMT", None, 30);
        check("Wed, 11 Dec 2019 03:17:00 GMT", None, 0);
        check("Fri, 31 Dec 2100 23:59:59 GMT", None, 3_600);
    }

    #[test]
    fn a_date_counts_from_the_servers_own_clock() {
        let server = Some("Wed, 11 Dec 2019 04:18:00 GMT");
        check("Wed, 11 Dec 2019 04:18:30 GMT", server, 30);
    }

    #[test]
    fn what_is_neither_asks_for_nothing() {
        for text in ["-1", "1.5", "soon", "7 s", "2019-12-11"] {
            check(text, None, 0);
        }
        assert_eq!(stated(&HeaderMap::new(), BankTime::from_millis(0)), Duration::ZERO);
    }

    #[test]
    fn only_a_long_pause_closes_the_way_and_only_so_long() {
        let pause = Pause::default();
        let quota = Condition::Gateway(108);
        let second = Duration::from_secs(1);
        pause.hear(Condition::Http(429), CLOSES_FROM, Duration::ZERO);
        assert_eq!(pause.now(Duration::ZERO), None);
        pause.hear(quota, CLOSES_FROM + second, Duration::ZERO);
        assert_eq!(pause.now(CLOSES_FROM), Some((quota, second)));
        assert_eq!(pause.now(CLOSES_FROM + second), None);
    }
}
