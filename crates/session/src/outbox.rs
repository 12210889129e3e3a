//! What must reach the bank when no customer waits for it any more (§1.8 (d), §1.9): whether a journal entry
//! goes out again, what an answer means for it, and when trying ends. The waits between two rounds are `pace`'s.
//!
//! It holds nothing and sends nothing: the agent reads the journal, does as it is told, and writes the end down.

use std::fmt;
use std::time::Duration;

use protocol::{Action, Alert, BankTime, Condition, Endpoint, Resent, Transport, resent, ruling};

/// After so long only the bank's back office can say (§1.9).
const GIVE_UP: Duration = Duration::from_secs(24 * 60 * 60);
/// A process that has just met an old entry tries it for so long itself: the clock that makes it old may be
/// the wrong one, and a machine that was switched off has asked nobody meanwhile.
const TRIED_LEAST: Duration = Duration::from_secs(60 * 60);
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
    /// How old it was by the wall clock when this process met it.
    pub age_when_met: Duration,
    /// How long this process has known it, by a clock that cannot be wrong.
    pub known_for: Duration,
}

/// The wall clock, as far as it can be believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wall {
    /// The bank's own clock agrees with it.
    Vouched(BankTime),
    /// Nobody has compared it since it was last set: a machine that has just started may be years off.
    Unknown,
}

/// May a body go out?
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sendable {
    /// Yes.
    Now,
    /// It may be too old, and nobody can say yet: when the bank's clock is known, or it is known for long enough.
    Later,
    /// It ends so.
    Never(End),
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
    /// Before a sending.
    ///
    /// Age alone never keeps a body back that was sent before: a clock that jumped must not hide an outcome
    /// which the bank would tell at once. One that was never sent is not given up by a clock that nobody vouches
    /// for, nor sent by it if it may be too old.
    #[must_use]
    pub fn sendable(&self, wall: Wall) -> Sendable {
        let unsent = self.endpoint == Endpoint::Submit && self.attempts == 0;
        match wall {
            _ if !unsent => Sendable::Now,
            wall if self.age(wall) > UNSENT_MOST => Sendable::Never(End::NotSent),
            Wall::Unknown if self.age_when_met > UNSENT_MOST => Sendable::Later,
            Wall::Vouched(_) | Wall::Unknown => Sendable::Now,
        }
    }

    /// After a sending that brought no 0000: `None` means that another one follows.
    ///
    /// A body that the bank cannot open (1402, 1501) ends at once: sealed for a key that is no longer the
    /// bank's, it cannot be sealed anew where nobody holds what is in it.
    /// What the token endpoint said is no answer to this entry; only time can end it then, and only the time
    /// that this process has seen pass if its wall clock is known to be wrong.
    #[must_use]
    pub fn ended_by(&self, at: Endpoint, condition: Condition, wall: Wall) -> Option<End> {
        let said = if at == self.endpoint { resent(condition, at) } else { Resent::KeepTrying };
        match said {
            Resent::Done | Resent::DoneInferred => Some(End::Settled(condition)),
            Resent::Unresolved | Resent::Definite => Some(End::Unsettled(condition)),
            Resent::KeepTrying if at == self.endpoint && self.is_pending(condition) => {
                Some(End::Pending(condition))
            }
            Resent::KeepTrying if condition == Condition::Transport(Transport::WrongClock) => {
                (self.known_for > GIVE_UP).then_some(End::GivenUp)
            }
            Resent::KeepTrying => self.outlived(wall),
        }
    }

    /// After a round in which nothing could be sent: has it waited for long enough?
    #[must_use]
    pub fn outlived(&self, wall: Wall) -> Option<End> {
        let tried = self.known_for >= TRIED_LEAST;
        (tried && self.age(wall) > GIVE_UP).then_some(End::GivenUp)
    }

    fn is_pending(&self, condition: Condition) -> bool {
        ruling(condition, self.endpoint).then == Action::DonePending
            && self.attempts >= CALLBACKS_MOST
    }

    /// The wall clock counts where the bank's agrees with it, and it with itself: set forward while this process
    /// looks on, it makes nothing older; set back, it makes nothing younger than this process has known it.
    fn age(&self, wall: Wall) -> Duration {
        let by_the_wall = match wall {
            Wall::Vouched(now) => now.since(self.created).min(self.age_when_met + self.known_for),
            Wall::Unknown => Duration::ZERO,
        };
        by_the_wall.max(self.known_for)
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

    /// Met by this process when it was written down.
    fn entry(endpoint: Endpoint, attempts: u32) -> Entry {
        let created = BankTime::from_millis(CREATED_MS);
        let (age_when_met, known_for) = (Duration::ZERO, Duration::ZERO);
        Entry { endpoint, attempts, created, age_when_met, known_for }
    }

    /// The same after a restart: met at this age, and known for so long since.
    fn met_at(age: Duration, known_for: Duration) -> Entry {
        Entry { age_when_met: age, known_for, ..entry(Endpoint::ReportFailure, 9) }
    }

    fn after(age: Duration) -> Wall {
        Wall::Vouched(at(age))
    }

    fn at(age: Duration) -> BankTime {
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
        // Sealed for a key that the bank no longer has, and nobody here can seal it anew.
        check(ReportFailure, ReportFailure, "1501", Some("1501"));
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
        assert_eq!(of("1501"), Some(Alert::Page));
        assert_eq!(End::GivenUp.alert(), Alert::Page);
        assert_eq!(End::NotSent.alert(), Alert::Warn);
    }

    const LOST: Condition = Condition::Transport(Transport::Unreachable);

    #[test]
    fn trying_ends_after_a_day_and_not_before_one_more_sending() {
        let (before, day) = (met_at(22 * HOUR, HOUR), met_at(24 * HOUR, HOUR));
        assert_eq!(day.sendable(after(25 * HOUR)), Sendable::Now, "the bank may know by now");
        assert_eq!(before.ended_by(before.endpoint, LOST, after(23 * HOUR)), None);
        assert_eq!(day.ended_by(day.endpoint, LOST, after(25 * HOUR)), Some(End::GivenUp));
        assert_eq!(day.ended_by(Endpoint::Token, LOST, after(25 * HOUR)), Some(End::GivenUp));
    }

    #[test]
    fn a_machine_that_was_switched_off_for_days_tries_for_an_hour_before_it_gives_up() {
        let (days, minutes) = (72 * HOUR, HOUR / 2);
        let entry = met_at(days, minutes);
        assert_eq!(entry.ended_by(entry.endpoint, LOST, after(days + minutes)), None);
        let entry = met_at(days, HOUR);
        assert_eq!(entry.ended_by(entry.endpoint, LOST, after(days + HOUR)), Some(End::GivenUp));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_keep_an_entry_for_ever() {
        let mut sent = entry(Endpoint::Submit, 1);
        sent.created = at(543 * 8_766 * HOUR);
        sent.known_for = 23 * HOUR;
        assert_eq!(sent.ended_by(sent.endpoint, LOST, after(HOUR)), None);
        sent.known_for = 25 * HOUR;
        assert_eq!(sent.ended_by(sent.endpoint, LOST, after(HOUR)), Some(End::GivenUp));
    }

    #[test]
    fn a_clock_that_jumps_a_year_gives_nothing_up_and_makes_nothing_too_old_to_send() {
        let year = 8_766 * HOUR;
        let sent = met_at(Duration::ZERO, 2 * HOUR);
        assert_eq!(sent.ended_by(sent.endpoint, LOST, after(year)), None);
        let unsent = entry(Endpoint::Submit, 0);
        assert_eq!(unsent.sendable(after(year)), Sendable::Now, "it was confirmed this moment");
        let clock_was_mended = met_at(year, 2 * HOUR);
        assert_eq!(clock_was_mended.ended_by(sent.endpoint, LOST, after(2 * HOUR)), None);
    }

    #[test]
    fn a_clock_that_the_bank_calls_wrong_gives_nothing_up() {
        let wrong = Condition::Transport(Transport::WrongClock);
        let year = 8_766 * HOUR;
        let entry = met_at(year, 23 * HOUR);
        assert_eq!(entry.ended_by(entry.endpoint, wrong, after(year)), None);
        let entry = met_at(year, 25 * HOUR);
        assert_eq!(entry.ended_by(entry.endpoint, wrong, after(year)), Some(End::GivenUp));
    }

    #[test]
    fn a_submit_that_was_never_sent_is_sent_for_ten_minutes() {
        let check = |endpoint, attempts, seconds, expected| {
            let age_when_met = Duration::from_secs(seconds);
            let entry = Entry { age_when_met, ..entry(endpoint, attempts) };
            assert_eq!(entry.sendable(after(age_when_met)), expected, "{seconds} s");
        };
        check(Endpoint::Submit, 0, 599, Sendable::Now);
        check(Endpoint::Submit, 0, 601, Sendable::Never(End::NotSent));
        check(Endpoint::Submit, 1, 601, Sendable::Now);
        check(Endpoint::ReportFailure, 0, 601, Sendable::Now);
    }

    #[test]
    fn a_clock_that_nobody_vouches_for_gives_nothing_up_and_discards_nothing() {
        let year = 8_766 * HOUR;
        let entry = met_at(year, 23 * HOUR);
        assert_eq!(entry.ended_by(entry.endpoint, LOST, Wall::Unknown), None);
        let entry = met_at(year, 25 * HOUR);
        assert_eq!(entry.ended_by(entry.endpoint, LOST, Wall::Unknown), Some(End::GivenUp));

        let unsent = |known_for| Entry {
            endpoint: Endpoint::Submit,
            attempts: 0,
            ..met_at(year, Duration::from_secs(known_for))
        };
        assert_eq!(unsent(599).sendable(Wall::Unknown), Sendable::Later);
        assert_eq!(unsent(601).sendable(Wall::Unknown), Sendable::Never(End::NotSent));
        assert_eq!(unsent(0).sendable(after(year)), Sendable::Never(End::NotSent));
        let mended = after(Duration::from_secs(60));
        assert_eq!(unsent(0).sendable(mended), Sendable::Now, "confirmed a minute ago");
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
