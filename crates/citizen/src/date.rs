//! A checked day of the Gregorian calendar, and how it comes out of a Buddhist one.
//!
//! The year is turned before the day is checked, because leap days follow the Gregorian year. Partly known
//! birth dates and cards for life have their own types.

use thiserror::Error;

use crate::redacted::redacted;

/// Thailand counts years from 543 BC.
const BUDDHIST_AHEAD: u16 = 543;
/// 1857: before anyone alive was born. A smaller year on a card is a Gregorian year in the wrong place, or rubbish.
const BUDDHIST_YEAR_MIN: u16 = 2400;
/// 2157: no card that is read today is valid for so long. A greater year is a slip, or 9999 with a day behind it,
/// which would be printed as a day of the year 9456.
const BUDDHIST_YEAR_MAX: u16 = 2700;
/// The last year that four digits can write.
const YEAR_MAX: u16 = 9999;

/// A day that exists, 0001-01-01 to 9999-12-31, Gregorian.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Date {
    // The order of the fields is the order of days.
    year: u16,
    month: u8,
    day: u8,
}

/// Why a text or three numbers are no date.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum DateError {
    /// Not eight ASCII digits.
    #[error("parsing a date: expected eight ASCII digits, year first")]
    Form,
    /// A year outside what the calendar, or a card, can mean.
    #[error("parsing a date: the year is out of range")]
    Year,
    /// Month 13 and the like.
    #[error("parsing a date: the month is not 1 to 12")]
    Month,
    /// 30 February and the like.
    #[error("parsing a date: the month has no such day")]
    Day,
    /// The year, or a part that must be known, is `00` or blank.
    #[error("parsing a date: a part that must be known is not")]
    Unknown,
}

impl Date {
    /// Checks that the day exists in the Gregorian calendar.
    ///
    /// # Errors
    /// [`DateError::Year`] outside 1 to 9999, [`DateError::Month`], [`DateError::Day`].
    pub const fn new(year: u16, month: u8, day: u8) -> Result<Self, DateError> {
        if year < 1 || year > YEAR_MAX {
            return Err(DateError::Year);
        }
        if month < 1 || month > 12 {
            return Err(DateError::Month);
        }
        if day < 1 || day > days(year, month) {
            return Err(DateError::Day);
        }
        Ok(Self { year, month, day })
    }

    /// Reads `YYYYMMDD` in the Buddhist Era: `25630229` is 29 February 2020.
    ///
    /// # Errors
    /// [`DateError`]; a part that is `00` or blank is [`DateError::Unknown`].
    pub fn from_buddhist(text: &str) -> Result<Self, DateError> {
        match Partial::from_buddhist(text)? {
            Partial { year, month: Some(month), day: Some(day) } => Self::new(year, month, day),
            Partial { .. } => Err(DateError::Unknown),
        }
    }

    /// As [`Date::from_buddhist`], but a day that is not wholly known is `None`.
    ///
    /// # Errors
    /// [`DateError`] for what is neither a day nor marked as unknown.
    pub fn from_buddhist_if_known(text: &str) -> Result<Option<Self>, DateError> {
        if text.bytes().all(|byte| matches!(byte, b' ' | b'0')) {
            return Ok(None);
        }
        match Self::from_buddhist(text) {
            Ok(date) => Ok(Some(date)),
            Err(DateError::Unknown) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gregorian year.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// 1 to 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// 1 to 31.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }
}

/// Days of a month, 28 to 31; the month is 1 to 12.
const fn days(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400) => 29,
        2 => 28,
        _ => 31,
    }
}

/// A date of which month and day may be unknown. The year is Gregorian.
pub(crate) struct Partial {
    pub(crate) year: u16,
    pub(crate) month: Option<u8>,
    pub(crate) day: Option<u8>,
}

impl Partial {
    /// Reads `YYYYMMDD` in the Buddhist Era; `00` or two blanks are an unknown part.
    pub(crate) fn from_buddhist(text: &str) -> Result<Self, DateError> {
        // An unknown end may have been trimmed away as padding.
        let mut digits = [b' '; 8];
        let written = digits.get_mut(..text.len()).filter(|_| text.is_ascii());
        written.ok_or(DateError::Form)?.copy_from_slice(text.as_bytes());
        let [thousands, hundreds, tens, ones, m1, m2, d1, d2] = digits;
        // `00` ends a year as well as any other two digits; blanks are no part of one.
        let rest = if [tens, ones] == *b"00" { Some(0) } else { pair(tens, ones)? };
        let (Some(century), Some(rest)) = (pair(thousands, hundreds)?, rest) else {
            return Err(DateError::Unknown);
        };
        let buddhist = u16::from(century) * 100 + u16::from(rest);
        let (month, day) = (pair(m1, m2)?, pair(d1, d2)?);
        if !(BUDDHIST_YEAR_MIN..=BUDDHIST_YEAR_MAX).contains(&buddhist) {
            return Err(DateError::Year);
        }
        if month.is_some_and(|month| month > 12) {
            return Err(DateError::Month);
        }
        if day.is_some_and(|day| day > 31) {
            return Err(DateError::Day);
        }
        Ok(Self { year: buddhist - BUDDHIST_AHEAD, month, day })
    }
}

/// Two digits as a number; `None` if they are `00` or blank.
fn pair(tens: u8, ones: u8) -> Result<Option<u8>, DateError> {
    match (tens, ones) {
        (b' ', b' ') | (b'0', b'0') => Ok(None),
        (b'0'..=b'9', b'0'..=b'9') => Ok(Some((tens - b'0') * 10 + ones - b'0')),
        _ => Err(DateError::Form),
    }
}

redacted!(Date);

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::{Date, DateError};
    use crate::BirthDate;

    #[track_caller]
    fn check(text: &str, expected: Result<(u16, u8, u8), DateError>) {
        let parsed = Date::from_buddhist(text);
        assert_eq!(parsed.map(|date| (date.year(), date.month(), date.day())), expected, "{text}");
    }

    #[test]
    fn the_year_is_turned_before_the_day_is_checked() {
        check("25630229", Ok((2020, 2, 29)));
        check("25620229", Err(DateError::Day));
        // 2560 and 2500 would be leap years if they were Gregorian ones.
        check("25600229", Err(DateError::Day));
        check("25430229", Ok((2000, 2, 29)));
        check("24430229", Err(DateError::Day));
    }

    #[test]
    fn a_day_that_does_not_exist_is_refused() {
        check("25631301", Err(DateError::Month));
        check("25630431", Err(DateError::Day));
        check("25630132", Err(DateError::Day));
        check("25639999", Err(DateError::Month));
    }

    #[test]
    fn another_form_is_refused() {
        for text in ["2563022", "256302290", "2563-2-9", "๒๕๖๓", "25 30229", "256302 9"] {
            check(text, Err(DateError::Form));
        }
        check("2563022", Err(DateError::Form));
    }

    #[test]
    fn a_gregorian_year_on_the_card_is_refused() {
        check("20200229", Err(DateError::Year));
        check("23991231", Err(DateError::Year));
        check("24000101", Ok((1857, 1, 1)));
    }

    #[test]
    fn no_card_has_a_day_of_the_year_9456() {
        for text in ["99999999", "99991231", "99990101", "99990000", "99991299", "27010101"] {
            check(text, Err(DateError::Year));
            assert_eq!(Date::from_buddhist_if_known(text), Err(DateError::Year), "{text}");
            assert!(BirthDate::from_buddhist(text) == Err(DateError::Year), "{text}");
        }
        check("27001231", Ok((2157, 12, 31)));
    }

    #[test]
    fn digits_are_ascii_at_every_place() {
        let others = ('\0'..=char::MAX).filter(|letter| letter.is_numeric() && !letter.is_ascii());
        for other in others {
            for at in 0..8 {
                let text: String = "25630229"
                    .chars()
                    .enumerate()
                    .map(|(here, digit)| if here == at { other } else { digit })
                    .collect();
                check(&text, Err(DateError::Form));
            }
        }
        check("๒๕๖๓๐๒๒๙", Err(DateError::Form));
    }

    #[test]
    fn what_must_be_known_is_not_made_up() {
        for text in ["25630000", "25630100", "25630015", "2563", "2563    ", "00000000", "        "]
        {
            check(text, Err(DateError::Unknown));
        }
        // A century alone is no year.
        for text in ["25  0704", "84  0101", "25"] {
            check(text, Err(DateError::Unknown));
        }
        check("25000101", Ok((1957, 1, 1)));
    }

    #[test]
    fn a_date_that_may_be_unknown() {
        assert_eq!(Date::from_buddhist_if_known(""), Ok(None));
        assert_eq!(Date::from_buddhist_if_known("00000000"), Ok(None));
        assert_eq!(Date::from_buddhist_if_known("25630000"), Ok(None));
        assert_eq!(
            Date::from_buddhist_if_known("25630101"),
            Ok(Some(Date::new(2020, 1, 1).unwrap()))
        );
        assert_eq!(Date::from_buddhist_if_known("25631301"), Err(DateError::Month));
        assert_eq!(Date::from_buddhist_if_known("x"), Err(DateError::Form));
    }

    #[test]
    fn dates_are_ordered_by_day() {
        let ordered = [(2019, 12, 31), (2020, 1, 1), (2020, 1, 2), (2020, 2, 1)];
        assert!(ordered.map(|(y, m, d)| Date::new(y, m, d).unwrap()).is_sorted());
        assert_eq!(Date::new(0, 1, 1), Err(DateError::Year));
        assert_eq!(Date::new(10_000, 1, 1), Err(DateError::Year));
    }

    proptest! {
        #[test]
        fn every_existing_day_comes_back_543_years_earlier(
            year in 1857_u16..=2157, month in 1_u8..=12, day in 1_u8..=31,
        ) {
            let text = format!("{}{month:02}{day:02}", year + 543);
            prop_assert_eq!(Date::from_buddhist(&text), Date::new(year, month, day));
        }

        #[test]
        fn no_text_makes_it_panic_or_gives_a_day_that_does_not_exist(text in "[0-9 ]{0,9}") {
            if let Ok(date) = Date::from_buddhist(&text) {
                prop_assert!(Date::new(date.year(), date.month(), date.day()).is_ok());
            }
        }
    }
}
