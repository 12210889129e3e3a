//! Whether this machine serves customers: a fault of its configuration closes it until the bank answers a
//! probe (§1.6, CONFIG_FAULT), a journal that keeps nothing closes it until it does again, and what is counted
//! over an hour may close it, or tell the operator.
//!
//! It decides nothing about a journey under way: whoever stands here is served to the end.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use citizen::CitizenId;
use protocol::{Action, Condition, Endpoint, QrValidationRequest, Reference, ruling};

use crate::call::CallId;
use crate::event::{BankAnswer, Request, Service};
use crate::failure::{Failure, LocalFailure};
use crate::timeouts::Timeouts;

/// A fault of the configuration is looked at again so often (§1.6).
const PROBE_EVERY: Duration = Duration::from_secs(5 * 60);
/// What is counted is counted over this time.
const HOUR: Duration = Duration::from_secs(60 * 60);
/// So many codes of other cards in an hour are no mistakes any more (1102, §1.6).
const FOREIGN_MOST: usize = 5;
/// So many different codes in an hour that may not be used here are no customer's mistake (9403, §1.6).
const MISPLACED_MOST: usize = 3;
/// What is said of a fault whose own sentence speaks to a customer before whom it is tried again.
const OUT_OF_SERVICE: &str = "out_of_service";
/// A reference that no bank has given, and a number of nobody: an envelope around them is opened or it is not.
const NO_REFERENCE: &str = "DIPCHIP-PROBE-000000";
const NOBODY: &str = "1111111111119";

/// The doors of one machine.
#[derive(Debug, Default)]
pub(crate) struct Doors {
    /// So that a code is known again by nobody else.
    key: u64,
    /// A probe without an answer has failed after this.
    probe_lost: Duration,
    journal: Service,
    fault: Option<Fault>,
    /// When a code was shown with another card than its own.
    foreign: Vec<Duration>,
    /// When a code was shown that may not be used here, and a mark by which it is known again.
    misplaced: Vec<(u64, Duration)>,
}

#[derive(Debug)]
struct Fault {
    failure: Failure,
    asks: Asks,
    probe: Probe,
}

/// What a probe has to try.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Asks {
    /// Way, credentials and clock: E5 sends nothing of anybody.
    Consents,
    /// The envelope as well: E2 with nobody's code. Any answer of the bank to it tells that it was opened.
    Envelope,
}

#[derive(Clone, Copy, Debug)]
enum Probe {
    Due(Duration),
    UnderWay { call: CallId, since: Duration },
}

impl Doors {
    pub(crate) fn new(key: u64, timeouts: &Timeouts) -> Self {
        let probes = [Endpoint::Consents, Endpoint::ValidateQr];
        let lost = probes.map(|probe| timeouts.lost_after(probe));
        let probe_lost = lost.into_iter().max().unwrap_or_default();
        Self { key, probe_lost, ..Self::default() }
    }

    /// Why nobody is served, if so.
    pub(crate) fn closed(&self) -> Option<Failure> {
        match self.journal {
            Service::Open => self.fault.as_ref().map(|fault| fault.failure),
            Service::Closed(fault) => Some(Failure::Local(LocalFailure::Journal(fault))),
        }
    }

    /// The journal keeps what it is given, or does not.
    pub(crate) fn journal(&mut self, service: Service) {
        self.journal = service;
    }

    /// What a call has come to: a fault of the configuration closes the doors to whoever comes next. A token that
    /// is refused has been fetched anew by then.
    pub(crate) fn ruled(
        &mut self,
        action: Action,
        at: Endpoint,
        condition: Condition,
        tick: Duration,
    ) {
        if matches!(action, Action::ConfigFault | Action::Retoken) {
            self.close(at, condition, tick);
        }
    }

    /// The bank will not serve this machine as it is configured.
    fn close(&mut self, at: Endpoint, condition: Condition, tick: Duration) {
        let ruling = ruling(condition, at);
        let text = if ruling.action == Action::ConfigFault { ruling.text } else { OUT_OF_SERVICE };
        let failure = Failure::Bank { condition, text };
        let asks = match ruling.action {
            Action::Reseal => Asks::Envelope,
            _ => Asks::Consents,
        };
        match &mut self.fault {
            Some(fault) => (fault.failure, fault.asks) = (failure, asks),
            None => {
                let probe = Probe::Due(tick + PROBE_EVERY);
                self.fault = Some(Fault { failure, asks, probe });
            }
        }
    }

    /// The bank has served this machine at an endpoint.
    pub(crate) fn served(&mut self, at: Endpoint) {
        let unproved = |fault: &Fault| {
            fault.asks == Asks::Envelope && matches!(at, Endpoint::Token | Endpoint::Consents)
        };
        self.fault = self.fault.take().filter(unproved);
    }

    /// When something is due without an event, while nobody is here.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.fault.as_ref().map(|fault| match fault.probe {
            Probe::Due(at) => at,
            Probe::UnderWay { since, .. } => since + self.probe_lost,
        })
    }

    /// What the bank is asked now, under this number, if a probe is due.
    pub(crate) fn probe(&mut self, call: CallId, tick: Duration) -> Option<Request> {
        let fault = self.fault.as_mut()?;
        match fault.probe {
            Probe::Due(at) if at <= tick => {
                fault.probe = Probe::UnderWay { call, since: tick };
                Some(fault.asks.request())
            }
            Probe::UnderWay { since, .. } if since + self.probe_lost <= tick => {
                fault.probe = Probe::Due(tick + PROBE_EVERY);
                None
            }
            Probe::Due(_) | Probe::UnderWay { .. } => None,
        }
    }

    /// Is it the probe that was answered?
    pub(crate) fn awaits(&self, answered: CallId) -> bool {
        let probe = self.fault.as_ref().map(|fault| fault.probe);
        matches!(probe, Some(Probe::UnderWay { call, .. }) if call == answered)
    }

    /// What the bank said to the probe: the first success opens the doors.
    pub(crate) fn probed(&mut self, answer: &BankAnswer, tick: Duration) {
        let Some(fault) = &mut self.fault else { return };
        let served = match answer {
            BankAnswer::QrValidated(_) | BankAnswer::Consents(_) | BankAnswer::Accepted(_) => true,
            BankAnswer::Failed { at, condition, .. } => {
                fault.asks == Asks::Envelope && was_opened(*at, *condition)
            }
        };
        if served {
            self.fault = None;
        } else {
            fault.probe = Probe::Due(tick + PROBE_EVERY);
        }
    }

    /// A code was shown with another card than its own. `true` for each that makes too many of them.
    pub(crate) fn foreign_card(&mut self, tick: Duration) -> bool {
        self.foreign.retain(|at| tick < *at + HOUR);
        self.foreign.push(tick);
        let too_many = self.foreign.len() >= FOREIGN_MOST;
        if too_many {
            self.foreign.clear();
        }
        too_many
    }

    /// A code was shown that may not be used here: too many different ones, and it is the machine.
    pub(crate) fn misplaced_code(
        &mut self,
        reference: &Reference,
        condition: Condition,
        tick: Duration,
    ) {
        let mut hasher = DefaultHasher::new();
        (self.key, reference.as_str()).hash(&mut hasher);
        let mark = hasher.finish();
        self.misplaced.retain(|(known, at)| *known != mark && tick < *at + HOUR);
        self.misplaced.push((mark, tick));
        if self.misplaced.len() >= MISPLACED_MOST {
            self.misplaced.clear();
            self.close(Endpoint::ValidateQr, condition, tick);
        }
    }
}

impl Asks {
    fn request(self) -> Request {
        let parsed = Reference::parse(NO_REFERENCE).ok().zip(CitizenId::parse(NOBODY).ok());
        match (self, parsed) {
            (Self::Envelope, Some((reference, nobody))) => {
                Request::ValidateQr(Box::new(QrValidationRequest::new(&reference, &nobody)))
            }
            (Self::Envelope | Self::Consents, _) => Request::Consents,
        }
    }
}

/// Did the bank look at what lay in the envelope? Then the envelope is as it wants it.
fn was_opened(at: Endpoint, condition: Condition) -> bool {
    match ruling(condition, at).action {
        Action::Done
        | Action::DonePending
        | Action::RescanQr
        | Action::Reread
        | Action::Recapture
        | Action::AskConsent
        | Action::FixInApp
        | Action::RecheckInput
        | Action::StopReport(_) => true,
        Action::RetrySame
        | Action::RetryLater
        | Action::Reseal
        | Action::Retoken
        | Action::Reconcile
        | Action::FixClock
        | Action::ShrinkSelfie
        | Action::Stop
        | Action::ConfigFault
        | Action::Bug => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn open() -> Doors {
        Doors::new(0, &Timeouts::default())
    }

    fn key() -> Condition {
        Condition::Diis(9401)
    }

    fn failed(written: &str) -> BankAnswer {
        let condition = written.parse().unwrap();
        let wait_at_least = Duration::ZERO;
        BankAnswer::Failed { at: Endpoint::ValidateQr, condition, wait_at_least }
    }

    #[test]
    fn a_probe_goes_out_every_five_minutes_until_one_is_answered() {
        let mut doors = open();
        doors.close(Endpoint::ValidateQr, key(), Duration::ZERO);
        for number in 1..4 {
            let tick = MINUTE * 5 * u32::try_from(number).unwrap();
            assert_eq!(doors.deadline(), Some(tick));
            assert!(doors.probe(CallId(number), tick - MINUTE).is_none(), "too early");
            assert!(matches!(doors.probe(CallId(number), tick), Some(Request::Consents)));
            assert!(doors.awaits(CallId(number)) && !doors.awaits(CallId(number + 1)));
            doors.probed(&failed("9401"), tick);
            assert!(doors.closed().is_some());
        }
        let tick = MINUTE * 20;
        doors.probe(CallId(9), tick);
        let lost = tick + doors.probe_lost;
        assert!(doors.probe(CallId(10), lost).is_none(), "lost, and tried again later");
        assert_eq!(doors.deadline(), Some(lost + PROBE_EVERY));
        doors.probe(CallId(11), lost + PROBE_EVERY);
        doors.probed(&BankAnswer::Consents(protocol::Consents { texts: Vec::new() }), tick);
        assert_eq!((doors.closed(), doors.deadline()), (None, None));
    }

    #[test]
    fn an_envelope_that_is_not_opened_is_tried_with_nobodys_code() {
        for (answer, opens) in [("1100", true), ("1600", true), ("1501", false), ("-102", false)] {
            let mut doors = open();
            doors.close(Endpoint::Submit, Condition::Diis(1501), Duration::ZERO);
            let request = doors.probe(CallId(1), PROBE_EVERY);
            assert!(matches!(request, Some(Request::ValidateQr(_))));
            doors.probed(&failed(answer), PROBE_EVERY);
            assert_eq!(doors.closed().is_none(), opens, "{answer}");
        }
    }

    #[test]
    fn the_fifth_foreign_card_of_an_hour_is_told() {
        let mut doors = open();
        let told = [0, 10, 20, 30, 59, 61, 62, 63, 64].map(|at| doors.foreign_card(MINUTE * at));
        assert_eq!(told, [false, false, false, false, true, false, false, false, false]);
        let mut slow = open();
        assert!(!(0..20).any(|number| slow.foreign_card(MINUTE * 16 * number)), "four an hour");
    }

    #[test]
    fn three_different_codes_of_an_hour_that_may_not_be_used_here_close_the_doors() {
        let not_here = Condition::Diis(9403);
        let mut doors = open();
        let show = |doors: &mut Doors, number: u32, minutes| {
            let reference = Reference::parse(&format!("SIM-0000-{number}")).unwrap();
            doors.misplaced_code(&reference, not_here, MINUTE * minutes);
        };
        for number in [1, 1, 1, 2, 1, 2] {
            show(&mut doors, number, 1);
        }
        assert_eq!(doors.closed(), None, "two codes, shown again and again");
        show(&mut doors, 3, 62);
        assert_eq!(doors.closed(), None, "the others are long ago");
        show(&mut doors, 4, 63);
        show(&mut doors, 5, 64);
        assert!(doors.closed().is_some());
    }

    #[test]
    fn a_journal_that_keeps_nothing_closes_the_doors_by_itself() {
        let mut doors = open();
        doors.journal(Service::Closed(crate::JournalFault::Full));
        assert_eq!(doors.closed().map(|why| why.to_string()), Some("DISK_FULL".to_owned()));
        doors.journal(Service::Open);
        assert_eq!(doors.closed(), None);
    }
}
