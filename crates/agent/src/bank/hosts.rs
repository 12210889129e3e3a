//! The addresses of one bank: the first, and others for when it cannot be reached (API page, 1.10).
//!
//! Changing the address never sends anything by itself: the next attempt goes elsewhere, and whether there
//! is one is decided where it always is. So a submit reaches a second host only as the repetition of an
//! outcome that is unknown, under its journal entry, and the bank's own 1602 keeps it from counting twice.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use protocol::{Condition, Transport};
use reqwest::Url;

/// So long the next host is asked before the first one gets another chance.
const RETURN_AFTER: Duration = Duration::from_secs(600);

/// Which of them an attempt went to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct HostId(usize);

/// The addresses in the order of preference.
pub(super) struct Hosts {
    first: Url,
    others: Vec<Url>,
    /// The one in use, and since when.
    used: Mutex<(HostId, Duration)>,
}

impl Hosts {
    pub(super) fn new(first: Url, others: Vec<Url>) -> Self {
        Self { first, others, used: Mutex::new((HostId(0), Duration::ZERO)) }
    }

    /// Where the next attempt goes.
    pub(super) fn next(&self, tick: Duration) -> (HostId, &Url) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.0 != HostId(0) && used.1 + RETURN_AFTER <= tick {
            *used = (HostId(0), tick);
        }
        let HostId(number) = used.0;
        let url = number.checked_sub(1).and_then(|other| self.others.get(other));
        (used.0, url.unwrap_or(&self.first))
    }

    /// Hears how an attempt at a host failed; the next attempt goes to another one where that may help.
    pub(super) fn failed(&self, host: HostId, condition: Condition, tick: Duration) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        // Of several attempts that failed at the same host, the first has changed it already.
        if self.others.is_empty() || used.0 != host || !is_hosts_fault(condition) {
            return;
        }
        *used = (HostId((host.0 + 1) % (self.others.len() + 1)), tick);
        tracing::warn!(code = %condition, host = used.0.0, "the bank's next host is asked");
    }
}

/// A host that is away, or stands before a bank that is. A wrong certificate is none: it is looked into.
fn is_hosts_fault(condition: Condition) -> bool {
    matches!(
        condition,
        Condition::Transport(
            Transport::Unreachable | Transport::TlsHandshake | Transport::Cut | Transport::TimedOut
        ) | Condition::Http(502..=504)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWAY: Condition = Condition::Transport(Transport::Unreachable);

    fn hosts(others: usize) -> Hosts {
        let url = |number| Url::parse(&format!("https://host-{number}.example")).unwrap();
        Hosts::new(url(0), (1..=others).map(url).collect())
    }

    #[track_caller]
    fn check(hosts: &Hosts, tick: Duration, number: usize) -> HostId {
        let (id, url) = hosts.next(tick);
        assert_eq!(url.as_str(), format!("https://host-{number}.example/"));
        id
    }

    #[test]
    fn a_host_that_is_away_is_left_for_the_next_and_round_again() {
        let hosts = hosts(2);
        for number in [0, 1, 2, 0] {
            let id = check(&hosts, Duration::ZERO, number);
            hosts.failed(id, AWAY, Duration::ZERO);
            hosts.failed(id, AWAY, Duration::ZERO);
        }
    }

    #[test]
    fn the_first_host_is_gone_back_to() {
        let hosts = hosts(1);
        let id = check(&hosts, Duration::ZERO, 0);
        hosts.failed(id, AWAY, Duration::ZERO);
        check(&hosts, RETURN_AFTER - Duration::from_secs(1), 1);
        check(&hosts, RETURN_AFTER, 0);
    }

    #[test]
    fn an_answer_or_a_wrong_certificate_changes_no_host() {
        let hosts = hosts(1);
        for written in ["1101", "-200", "HTTP_500", "HTTP_429", "NET_CERTIFICATE", "NET_NOT_JSON"] {
            let id = check(&hosts, Duration::ZERO, 0);
            hosts.failed(id, written.parse().unwrap(), Duration::ZERO);
        }
        check(&hosts, Duration::ZERO, 0);
    }

    #[test]
    fn a_bank_of_one_host_has_no_other() {
        let hosts = hosts(0);
        let id = check(&hosts, Duration::ZERO, 0);
        hosts.failed(id, AWAY, Duration::ZERO);
        check(&hosts, Duration::ZERO, 0);
    }
}
