//! What the answer to a repeated body says, once the first sending's outcome was unknown.
//!
//! The procedure (waits, tries, deadlines) is the session's and the outbox's; rules as in the API page, 1.9.

use crate::{codes::ruling, condition::Condition, endpoint::Endpoint, ruling::Action};

/// What a repeated sending has settled.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Resent {
    /// The bank accepted this sending.
    Done,
    /// The bank says "already used": our own earlier sending was accepted.
    DoneInferred,
    /// The reference ended without telling whether by us: only the bank can say; an alert is due.
    Unresolved,
    /// A definite answer of its own: act on its [`ruling`].
    Definite,
    /// Still unknown: send again.
    KeepTrying,
}

/// Judges the answer to a body that was sent before with an unknown outcome.
///
/// For a failure report every definite answer is an end: a reference that is closed needs no closing.
#[must_use]
pub fn resent(condition: Condition, endpoint: Endpoint) -> Resent {
    match (condition, endpoint) {
        (Condition::SUCCESS, _) => return Resent::Done,
        (Condition::ALREADY_USED, Endpoint::Submit) => return Resent::DoneInferred,
        (Condition::Diis(1100 | 1101 | 1103 | 1200 | 1600 | 1601), Endpoint::Submit) => {
            return Resent::Unresolved;
        }
        _ => {}
    }
    match ruling(condition, endpoint).action {
        Action::Done => Resent::Done,
        Action::RetrySame
        | Action::RetryLater
        | Action::Retoken
        | Action::Reconcile
        | Action::FixClock
        | Action::ConfigFault => Resent::KeepTrying,
        Action::DonePending
        | Action::Reseal
        | Action::RescanQr
        | Action::Reread
        | Action::Recapture
        | Action::AskConsent
        | Action::FixInApp
        | Action::RecheckInput
        | Action::ShrinkSelfie
        | Action::Stop
        | Action::StopReport(_)
        | Action::Bug => Resent::Definite,
    }
}

#[cfg(test)]
mod tests {
    use super::{Resent, resent};
    use crate::endpoint::Endpoint;

    #[track_caller]
    fn check(written: &str, submit: Resent, report: Resent) {
        let condition = written.parse().unwrap();
        assert_eq!(resent(condition, Endpoint::Submit), submit, "{written} at submit");
        assert_eq!(resent(condition, Endpoint::ReportFailure), report, "{written} at report");
    }

    #[test]
    fn an_answer_settles_a_repeated_sending_or_not() {
        check("0000", Resent::Done, Resent::Done);
        check("1602", Resent::DoneInferred, Resent::Done);
        check("1101", Resent::Unresolved, Resent::Done);
        check("1600", Resent::Unresolved, Resent::Done);
        check("9301", Resent::Definite, Resent::Definite);
        check("2003", Resent::Definite, Resent::Definite);
        check("9997", Resent::KeepTrying, Resent::KeepTrying);
        check("-201", Resent::KeepTrying, Resent::KeepTrying);
        check("NET_TIMEOUT", Resent::KeepTrying, Resent::KeepTrying);
        check("NET_UNREACHABLE", Resent::KeepTrying, Resent::KeepTrying);
        check("1399", Resent::KeepTrying, Resent::KeepTrying);
        check("9401", Resent::KeepTrying, Resent::KeepTrying);
    }
}
