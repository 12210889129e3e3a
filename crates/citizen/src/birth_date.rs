//! A birth date as precise as it is known.
//!
//! Some people's month or day of birth was never recorded: the card writes `00` or blanks, and nothing
//! here makes a first of January out of it. What the bank gets instead is `protocol`'s decision.

use crate::{Date, DateError, date::Partial, redacted::redacted};

/// A birth date, Gregorian, as precise as the card knows it.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum BirthDate {
    /// Only the year is known.
    Year(u16),
    /// The day is not known.
    YearMonth {
        /// Gregorian year.
        year: u16,
        /// 1 to 12.
        month: u8,
    },
    /// The whole day is known.
    Full(Date),
}

impl BirthDate {
    /// Reads `YYYYMMDD` in the Buddhist Era; `00` or blank month and day are unknown.
    ///
    /// A known day of an unknown month says nothing and is dropped.
    ///
    /// # Errors
    /// [`DateError`]; [`DateError::Unknown`] if not even the year is known.
    pub fn from_buddhist(text: &str) -> Result<Self, DateError> {
        match Partial::from_buddhist(text)? {
            Partial { year, month: None, .. } => Ok(Self::Year(year)),
            Partial { year, month: Some(month), day: None } => Ok(Self::YearMonth { year, month }),
            Partial { year, month: Some(month), day: Some(day) } => {
                Date::new(year, month, day).map(Self::Full)
            }
        }
    }

    /// The Gregorian year, which is always known.
    #[must_use]
    pub const fn year(self) -> u16 {
        match self {
            Self::Year(year) | Self::YearMonth { year, .. } => year,
            Self::Full(date) => date.year(),
        }
    }
}

redacted!(BirthDate);

#[cfg(test)]
mod tests {
    use super::BirthDate;
    use crate::{Date, DateError};

    #[track_caller]
    fn check(text: &str, expected: Result<BirthDate, DateError>) {
        let parsed = BirthDate::from_buddhist(text);
        assert!(parsed == expected, "{text}");
    }

    #[test]
    fn a_date_keeps_the_precision_it_has() {
        check("25240704", Ok(BirthDate::Full(Date::new(1981, 7, 4).unwrap())));
        check("25240700", Ok(BirthDate::YearMonth { year: 1981, month: 7 }));
        check("252407  ", Ok(BirthDate::YearMonth { year: 1981, month: 7 }));
        check("25240000", Ok(BirthDate::Year(1981)));
        check("2524    ", Ok(BirthDate::Year(1981)));
        check("2524", Ok(BirthDate::Year(1981)));
        check("25240031", Ok(BirthDate::Year(1981)));
    }

    #[test]
    fn a_wrong_part_is_not_an_unknown_part() {
        check("25241301", Err(DateError::Month));
        check("25240230", Err(DateError::Day));
        check("2524x000", Err(DateError::Form));
        check("", Err(DateError::Unknown));
        check("19810704", Err(DateError::Year));
    }

    #[test]
    fn the_year_is_known_at_every_precision() {
        for text in ["25240704", "25240700", "25240000"] {
            assert_eq!(BirthDate::from_buddhist(text).unwrap().year(), 1981);
        }
        assert_eq!(format!("{:?}", BirthDate::Year(1981)), "BirthDate(‹redacted›)");
    }
}
