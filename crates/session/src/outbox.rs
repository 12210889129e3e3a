//! What must reach the bank when no customer waits for it any more (§1.8 (d), §1.9): whether a journal entry
//! goes out again, what an answer means for it, and when trying ends. The waits between two rounds are `pace`'s.
//!
//! It holds nothing and sends nothing: the agent reads the journal, does as it is told, and writes the end down.

use std::fmt;
use std::time::Duration;

use protocol::{Action, Alert, BankTime, Condition, Endpoint, Resent, Transport, resent, ruling};

/// After so long only the bank's back office can say (§1.9).
const GIVE_UP: Duration = Duration::from_secs(24 * 60 * 60);
/// A submit that was confirmed but never sent is sent after a restart only if it is younger (§1.9).
const UNSENT_MOST: Duration = Duration::from_secs(10 * 60);
/// The bank has the data and cannot tell the app: so many sendings hear it before it is believed (§1.6).
const CALLBACKS_MOST: u32 = 3;
/// An entry of the journal that no answer has ended, as far as the policy wants to know it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry {
    /// E3 or E4.
    pub endpoint: Endpoint,
    /// How often it may have left this machine.
    pub attempts: u32,
    /// When it was written down, by a clock that may have been wrong.
    pub created: BankTime,
    /// How long this process has known it, by a clock that cannot be wrong.
    pub known_for: Duration,
}

/// How an entry ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// The bank said 0000 to this sending.
    Accepted,
    /// The answer tells that an earlier sending had arrived, or that nothing was left to report.
    Settled(Condition),
    /// The bank has the data; its own callback to the app failed.
    Pending(Condition),
    /// Ended without success, or without telling by whom.
    Unsettled(Condition),
    /// No answer for good in a whole day.
    GivenUp,
    /// Confirmed, never sent, and now too old to be sent.
    NotSent,
}

impl End {
    /// Who has to hear of it.
    #[must_use]
    pub fn alert(self) -> Alert {
        match self {
            Self::Accepted | Self::Settled(_) => Alert::None,
            Self::Pending(_) | Self::NotSent => Alert::Warn,
            Self::Unsettled(_) | Self::GivenUp => Alert::Page,
        }
    }
}

/// As the journal keeps it: a code, never a text of the bank.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => Condition::SUCCESS.fmt(f),
            Self::Settled(condition) | Self::Pending(condition) | Self::Unsettled(condition) => {
                condition.fmt(f)
            }
            Self::GivenUp => f.write_str("GIVEN_UP"),
            Self::NotSent => f.write_str("NOT_SENT"),
        }
    }
}

impl Entry {
    /// Before a sending: `None` means that it goes out.
    ///
    /// Age alone never keeps a body back that was sent before: a clock that jumped must not hide an outcome
    /// which the bank would tell at once.
    #[must_use]
    pub fn unsendable(&self, now: BankTime) -> Option<End> {
        let unsent = self.endpoint == Endpoint::Submit && self.attempts == 0;
        (unsent && self.age(now) > UNSENT_MOST).then_some(End::NotSent)
    }

    /// After a sending that brought no 0000: `None` means that another one follows.
    ///
    /// What the token endpoint said is no answer to this entry; only time can end it then.
    #[must_use]
    pub fn ended_by(&self, at: Endpoint, condition: Condition, now: BankTime) -> Option<End> {
        let said = if at == self.endpoint { resent(condition, at) } else { Resent::KeepTrying };
        match said {
            Resent::Done | Resent::DoneInferred => Some(End::Settled(condition)),
            Resent::Unresolved | Resent::Definite => Some(End::Unsettled(condition)),
            Resent::KeepTrying if at == self.endpoint && self.is_pending(condition) => {
                Some(End::Pending(condition))
            }
            Resent::KeepTrying => (self.age(now) > GIVE_UP).then_some(End::GivenUp),
        }
    }

    fn is_pending(&self, condition: Condition) -> bool {
        ruling(condition, self.endpoint).then == Action::DonePending
            && self.attempts >= CALLBACKS_MOST
    }

    /// By whichever clock says more: the wall clock may have been set back, a restart forgets the other.
    fn age(&self, now: BankTime) -> Duration {
        now.since(self.created).max(self.known_for)
    }
}

/// Does the rest of a round wait for the next one? What would meet every other entry as well is not tried
/// with each in turn.
#[must_use]
pub fn ends_the_round(at: Endpoint, condition: Condition) -> bool {
    let unreachable =
        matches!(condition, Condition::Transport(Transport::Unreachable | Transport::TlsHandshake));
    at == Endpoint::Token || unreachable || ruling(condition, at).action == Action::ConfigFault
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATED_MS: i64 = 1_795_402_800_000;
    const HOUR: Duration = Duration::from_secs(3_600);

    fn entry(endpoint: Endpoint, attempts: u32) -> Entry {
        let created = BankTime::from_millis(CREATED_MS);
        Entry { endpoint, attempts, created, known_for: Duration::ZERO }
    }

    fn after(age: Duration) -> BankTime {
        BankTime::from_millis(CREATED_MS + i64::try_from(age.as_millis()).unwrap())
    }

    #[track_caller]
    fn check(endpoint: Endpoint, at: Endpoint, written: &str, expected: Option<&str>) {
        let end = entry(endpoint, 1).ended_by(at, written.parse().unwrap(), after(HOUR));
        assert_eq!(end.map(|end| end.to_string()).as_deref(), expected, "{written}");
    }

    #[test]
    fn an_answer_for_good_ends_an_entry_and_any_other_does_not() {
        use Endpoint::{ReportFailure, Submit, Token};
        check(Submit, Submit, "1602", Some("1602"));
        check(Submit, Submit, "1101", Some("1101"));
        check(Submit, Submit, "9301", Some("9301"));
        check(Submit, Submit, "9997", None);
        check(Submit, Submit, "NET_TIMEOUT", None);
        check(Submit, Submit, "9401", None);
        check(ReportFailure, ReportFailure, "1600", Some("1600"));
        check(ReportFailure, ReportFailure, "-24", None);
        check(Submit, Token, "OAUTH_INVALID_CLIENT", None);
        check(Submit, Token, "1602", None);
    }

    #[test]
    fn whoever_must_ask_the_bank_is_told() {
        let of = |written: &str| {
            let condition = written.parse().unwrap();
            let end = entry(Endpoint::Submit, 1).ended_by(Endpoint::Submit, condition, after(HOUR));
            end.map(End::alert)
        };
        assert_eq!(of("1602"), Some(Alert::None));
        assert_eq!(of("1101"), Some(Alert::Page));
        assert_eq!(of("2003"), Some(Alert::Page));
        assert_eq!(End::GivenUp.alert(), Alert::Page);
        assert_eq!(End::NotSent.alert(), Alert::Warn);
    }

    #[test]
    fn trying_ends_after_a_day_and_not_before_one_more_sending() {
        let lost = Condition::Transport(Transport::Unreachable);
        let sent = entry(Endpoint::ReportFailure, 9);
        let (before, day) = (after(23 * HOUR), after(25 * HOUR));
        assert_eq!(sent.unsendable(day), None, "the bank may know by now");
        assert_eq!(sent.ended_by(sent.endpoint, lost, before), None);
        assert_eq!(sent.ended_by(sent.endpoint, lost, day), Some(End::GivenUp));
        assert_eq!(sent.ended_by(Endpoint::Token, lost, day), Some(End::GivenUp));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_keep_an_entry_for_ever() {
        let lost = Condition::Transport(Transport::Unreachable);
        let mut sent = entry(Endpoint::Submit, 1);
        sent.created = after(543 * 8_766 * HOUR);
        assert_eq!(sent.ended_by(sent.endpoint, lost, after(HOUR)), None);
        sent.known_for = 25 * HOUR;
        assert_eq!(sent.ended_by(sent.endpoint, lost, after(HOUR)), Some(End::GivenUp));
    }

    #[test]
    fn a_submit_that_was_never_sent_is_sent_for_ten_minutes() {
        let (soon, late) = (after(Duration::from_secs(599)), after(Duration::from_secs(601)));
        assert_eq!(entry(Endpoint::Submit, 0).unsendable(soon), None);
        assert_eq!(entry(Endpoint::Submit, 0).unsendable(late), Some(End::NotSent));
        assert_eq!(entry(Endpoint::Submit, 1).unsendable(late), None, "it may have arrived");
        assert_eq!(entry(Endpoint::ReportFailure, 0).unsendable(late), None);
    }

    #[test]
    fn a_callback_that_keeps_failing_is_believed() {
        let at = Endpoint::Submit;
        let callback = Condition::Diis(1399);
        assert_eq!(entry(at, 2).ended_by(at, callback, after(HOUR)), None);
        let end = entry(at, 3).ended_by(at, callback, after(HOUR));
        assert_eq!(end, Some(End::Pending(callback)));
    }

    #[test]
    fn trouble_that_all_entries_share_ends_the_round() {
        let condition = |written: &str| written.parse::<Condition>().unwrap();
        assert!(ends_the_round(Endpoint::Token, condition("HTTP_503")));
        assert!(ends_the_round(Endpoint::Submit, condition("NET_UNREACHABLE")));
        assert!(ends_the_round(Endpoint::Submit, condition("-102")));
        assert!(!ends_the_round(Endpoint::Submit, condition("9997")));
        assert!(!ends_the_round(Endpoint::ReportFailure, condition("NET_TIMEOUT")));
    }
}
