//! The bank's time: a moment, and the forms in which §3, §4 and §10 write it.
//!
//! Whoever holds a clock hands moments in; measuring the skew is the agent's work. Bangkok is a fixed
//! seven hours ahead of UTC.

use std::time::Duration;

use citizen::Date;
use jiff::{Timestamp, ZonedDateTime, fmt::rfc2822, tz};

use crate::dialect::{Dialect, HeaderTime};

/// 9999-12-30T00:00:00Z: a day before the last that four digits of a year can write.
const LATEST_MS: i64 = 253_402_128_000_000;
/// Bangkok's offset; Thailand has had no other since 1920.
const BANGKOK_HOURS: i8 = 7;

/// A moment as the bank knows it: milliseconds since the Unix epoch, UTC, corrected for the clock's skew.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct BankTime(i64);

impl BankTime {
    /// From milliseconds since the Unix epoch; what lies outside the years 1970 to 9999 is drawn to them.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        if millis < 0 {
            Self(0)
        } else if millis > LATEST_MS {
            Self(LATEST_MS)
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// How much later this moment is; zero when it is not.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The value of `X-Client-Transaction-DateTime`, Bangkok time with milliseconds (Doubt D3).
    #[must_use]
    pub fn header(self, dialect: &Dialect) -> String {
        let form = match dialect.header_time {
            HeaderTime::Spec => "%Y-%m-%dT%H%M%S.%3f%z",
            HeaderTime::Rfc3339 => "%Y-%m-%dT%H:%M:%S.%3f%:z",
            HeaderTime::Basic => "%Y%m%dT%H%M%S.%3f%z",
        };
        self.in_bangkok().strftime(form).to_string()
    }

    /// `transactionDateTime` of §4: `YYYYMMDDHHMMSS`, Bangkok, Gregorian, 24 hours (Doubt D16).
    #[must_use]
    pub fn transaction_stamp(self) -> String {
        self.in_bangkok().strftime("%Y%m%d%H%M%S").to_string()
    }

    /// The calendar day in Bangkok.
    #[must_use]
    pub fn today(self) -> Date {
        let local = self.in_bangkok();
        let part = |number: i8| u8::try_from(number).unwrap_or(1);
        Date::new(
            u16::try_from(local.year()).unwrap_or(1970),
            part(local.month()),
            part(local.day()),
        )
        .expect("a calendar gave this day, between 1970 and 9999")
    }

    /// Reads a moment that the bank wrote: any ISO 8601 form with an offset, or the form of HTTP's `Date`.
    ///
    /// Without an offset it is no moment: `None`, rather than seven hours of doubt.
    #[must_use]
    pub fn parse_header(text: &str) -> Option<Self> {
        let text = text.trim();
        let moment = text
            .parse::<Timestamp>()
            .ok()
            .or_else(|| rfc2822::DateTimeParser::new().parse_timestamp(text).ok())?;
        Some(Self::from_millis(moment.as_millisecond()))
    }

    fn in_bangkok(self) -> ZonedDateTime {
        Timestamp::from_millisecond(self.0)
            .expect("from_millis keeps every moment inside the calendar")
            .to_zoned_datetime(tz::TimeZone::fixed(tz::offset(BANGKOK_HOURS)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use citizen::Date;

    use super::{BankTime, LATEST_MS};
    use crate::dialect::{Dialect, HeaderTime};

    /// The sample of §3: 2019-12-11, 10:18:00.449 in Bangkok.
    const SAMPLE: BankTime = BankTime::from_millis(1_576_034_280_449);

    #[track_caller]
    fn check(header_time: HeaderTime, expected: &str) {
        let dialect = Dialect { header_time, ..Dialect::default() };
        assert_eq!(SAMPLE.header(&dialect), expected);
        assert_eq!(BankTime::parse_header(expected), Some(SAMPLE));
    }

    #[test]
    fn the_default_header_is_letter_by_letter_the_documents() {
        check(HeaderTime::default(), "2019-12-11T101800.449+0700");
    }

    #[test]
    fn the_other_forms_can_be_switched_on() {
        check(HeaderTime::Rfc3339, "2019-12-11T10:18:00.449+07:00");
        check(HeaderTime::Basic, "20191211T101800.449+0700");
    }

    #[test]
    fn the_gateways_own_times_are_read() {
        let millis = |text| BankTime::parse_header(text).map(BankTime::millis);
        assert_eq!(millis("2019-09-01T18:39:35.45+07:00"), Some(1_567_337_975_450));
        assert_eq!(millis("2019-09-01T11:39:35Z"), Some(1_567_337_975_000));
        assert_eq!(millis("Sun, 01 Sep 2019 11:39:35 GMT"), Some(1_567_337_975_000));
        assert_eq!(millis("2019-09-01T18:39:35"), None);
        assert_eq!(millis("yesterday"), None);
        assert_eq!(millis(""), None);
    }

    #[test]
    fn a_stamp_is_bangkok_time_in_the_gregorian_year() {
        assert_eq!(SAMPLE.transaction_stamp(), "20191211101800");
        let new_year = BankTime::parse_header("2019-12-31T17:00:00Z").unwrap();
        assert_eq!(new_year.transaction_stamp(), "20200101000000");
        assert_eq!(new_year.today(), Date::new(2020, 1, 1).unwrap());
    }

    #[test]
    fn every_number_is_a_moment() {
        for millis in [i64::MIN, -1, 0, LATEST_MS, i64::MAX] {
            let moment = BankTime::from_millis(millis);
            assert_eq!(moment.transaction_stamp().len(), 14);
            assert!(moment.today() >= Date::new(1970, 1, 1).unwrap());
            assert_eq!(moment.header(&Dialect::default()).len(), 26);
        }
    }

    #[test]
    fn a_difference_is_never_negative() {
        let later = BankTime::from_millis(5_000);
        let earlier = BankTime::from_millis(2_000);
        assert_eq!(later.since(earlier), Duration::from_secs(3));
        assert_eq!(earlier.since(later), Duration::ZERO);
    }
}
