//! Dates as people read them: the Buddhist year in Thai, the Gregorian one in English.
//!
//! The Buddhist era is for screens alone; everything else counts in Gregorian years.
//!
//! What the card does not know of a birth date is left out, not made up.

use citizen::{BirthDate, Date, Expiry};

use super::Both;
use crate::api::sheet::Line;

/// Thailand counts years from 543 BC.
const BUDDHIST_AHEAD: u16 = 543;

const THAI_MONTHS: [&str; 12] = [
    "มกราคม",
    "กุมภาพันธ์",
    "มีนาคม",
    "เมษายน",
    "พฤษภาคม",
    "มิถุนายน",
    "กรกฎาคม",
    "สิงหาคม",
    "กันยายน",
    "ตุลาคม",
    "พฤศจิกายน",
    "ธันวาคม",
];

const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) fn birth(date: BirthDate) -> Both<Line> {
    match date {
        BirthDate::Year(year) => words(None, None, year),
        BirthDate::YearMonth { year, month } => words(None, Some(month), year),
        BirthDate::Full(date) => day(date),
    }
}

pub(super) fn expiry(expiry: Expiry) -> Both<Line> {
    match expiry {
        Expiry::On(date) => day(date),
        Expiry::ForLife => Both {
            th: Line::joined(&["ตลอดชีพ"], ""),
            en: Line::joined(&["for life"], ""),
        },
    }
}

fn day(date: Date) -> Both<Line> {
    words(Some(date.day()), Some(date.month()), date.year())
}

fn words(day: Option<u8>, month: Option<u8>, year: u16) -> Both<Line> {
    let line = |months: &[&'static str; 12], year: u16| {
        let day = Line::new(day.map_or_else(String::new, |day| day.to_string()));
        let month = month.and_then(|month| months.get(usize::from(month).checked_sub(1)?));
        let year = Line::new(year.to_string());
        Line::joined(&[day.as_str(), month.copied().unwrap_or_default(), year.as_str()], " ")
    };
    Both { th: line(&THAI_MONTHS, year + BUDDHIST_AHEAD), en: line(&ENGLISH_MONTHS, year) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &Both<Line>, thai: &str, english: &str) {
        assert_eq!((words.th.as_str(), words.en.as_str()), (thai, english));
    }

    #[test]
    fn a_birth_date_is_as_precise_as_the_card() {
        let full = Date::new(1981, 7, 4).unwrap();
        check(&birth(BirthDate::Full(full)), "4 กรกฎาคม 2524", "4 July 1981");
        let month = BirthDate::YearMonth { year: 1981, month: 12 };
        check(&birth(month), "ธันวาคม 2524", "December 1981");
        check(&birth(BirthDate::Year(1981)), "2524", "1981");
    }

    #[test]
    fn every_month_has_its_name() {
        for month in 1..=12 {
            let date = BirthDate::Full(Date::new(2000, month, 28).unwrap());
            let words = birth(date);
            assert_eq!(words.th.as_str().split(' ').count(), 3);
            assert_eq!(words.en.as_str().split(' ').count(), 3);
        }
    }

    #[test]
    fn a_card_for_life_says_so() {
        check(&expiry(Expiry::ForLife), "ตลอดชีพ", "for life");
        let on = Expiry::On(Date::new(2029, 2, 28).unwrap());
        check(&expiry(on), "28 กุมภาพันธ์ 2572", "28 February 2029");
    }
}
