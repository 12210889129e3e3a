//! How long the bank may take, by endpoint: the one source for the client that keeps these times, and for the
//! session that must not repeat a call while the client still waits for it (§1.6).

use std::time::Duration;

use protocol::Endpoint;

/// From the client's own end of a call until the session has heard of it: what the disk and a busy machine take.
/// The database waits two seconds for a writer, at most twice in a call.
const HANDED_ON_MOST: Duration = Duration::from_secs(10);

/// Totals for one request, from connecting to the last byte (DOPA and face comparison run inside E3 and E6).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timeouts {
    /// TCP and TLS.
    pub connect: Duration,
    /// E1, E2, E5.
    pub ask: Duration,
    /// E3, E6.
    pub submit: Duration,
    /// E4.
    pub report: Duration,
}

impl Timeouts {
    /// One request at this endpoint.
    #[must_use]
    pub fn request(&self, endpoint: Endpoint) -> Duration {
        match endpoint {
            Endpoint::Token | Endpoint::ValidateQr | Endpoint::Consents => self.ask,
            Endpoint::Submit | Endpoint::CheckDopa => self.submit,
            Endpoint::ReportFailure => self.report,
        }
    }

    /// One call at this endpoint with all that belongs to it: the clocks are compared, a token is fetched, the
    /// request is made; and token and request once more if the bank refused the token.
    #[must_use]
    pub fn call(&self, endpoint: Endpoint) -> Duration {
        self.ask + 2 * (self.ask + self.request(endpoint))
    }

    /// An answer that has not come by then was lost inside this machine: nothing of the call is under way.
    ///
    /// E2 waits until the outbox has heard of what it sent of the same code (§1.8 (d)): a whole call, begun a moment
    /// before.
    #[must_use]
    pub fn lost_after(&self, endpoint: Endpoint) -> Duration {
        let before = match endpoint {
            Endpoint::ValidateQr => {
                self.call(Endpoint::Submit).max(self.call(Endpoint::ReportFailure))
            }
            Endpoint::Token
            | Endpoint::Submit
            | Endpoint::ReportFailure
            | Endpoint::Consents
            | Endpoint::CheckDopa => Duration::ZERO,
        };
        before + self.call(endpoint) + HANDED_ON_MOST
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            ask: Duration::from_secs(20),
            submit: Duration::from_secs(60),
            report: Duration::from_secs(20),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_endpoint_has_the_patience_that_its_work_needs() {
        let timeouts = Timeouts::default();
        let requests = Endpoint::ALL.map(|endpoint| timeouts.request(endpoint).as_secs());
        assert_eq!(requests, [20, 20, 60, 20, 20, 60]);
    }

    #[test]
    fn no_call_counts_as_lost_before_the_client_has_given_it_up() {
        let longest = Timeouts {
            connect: Duration::from_secs(60),
            ask: Duration::from_secs(120),
            submit: Duration::from_secs(300),
            report: Duration::from_secs(120),
        };
        for timeouts in [Timeouts::default(), longest] {
            for endpoint in Endpoint::ALL {
                let (ask, request) = (timeouts.ask, timeouts.request(endpoint));
                let client = [ask, ask, request, ask, request].iter().sum();
                assert_eq!(timeouts.call(endpoint), client, "{endpoint}");
                let outbox = 3 * ask + 2 * timeouts.submit.max(timeouts.report);
                let before = if endpoint == Endpoint::ValidateQr { outbox } else { Duration::ZERO };
                assert!(timeouts.lost_after(endpoint) > before + client, "{endpoint}");
            }
        }
    }
}
