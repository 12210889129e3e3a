//! Dates on the wire: `YYYYMMDD` in the Gregorian calendar. The card's Buddhist years (543 ahead) are what
//! a client forgets most easily, so they are told apart from other mistakes.

use jiff::ToSpan;
use jiff::civil::Date;

use super::Mismatch;

/// Nobody who holds a card was born earlier.
const BIRTH_YEAR_MIN: i16 = 1880;

/// A card is good for eight years, and up to a year more until the birthday.
const VALID_YEARS_MAX: i16 = 10;

const BUDDHIST_LEAD: i16 = 543;

/// How old a confirmation may be when it arrives: a client tries for a day.
const CONFIRMED_DAYS_AGO_MAX: i32 = 2;

/// `YYYYMMDD`; month or day `00` where the card does not know them.
pub(super) fn birth(text: &str, today: Date) -> Result<(), Mismatch> {
    let (year, month, day) = parts(text)?;
    in_gregorian_years(year, BIRTH_YEAR_MIN, today.year())?;
    match (month, day) {
        (0, 0) => Ok(()),
        (1..=12, 0) => Ok(()),
        _ if existing(year, month, day)? <= today => Ok(()),
        _ => Err(Mismatch::new("a day in the past", "a later one")),
    }
}

/// A day up to tomorrow: a card may be issued on the other side of midnight.
pub(super) fn issue(text: &str, today: Date) -> Result<(), Mismatch> {
    let (year, month, day) = parts(text)?;
    in_gregorian_years(year, 1980, today.year() + 1)?;
    if existing(year, month, day)? > today.saturating_add(1.day()) {
        return Err(Mismatch::new("a day in the past", "a later one"));
    }
    Ok(())
}

/// A day, or `99999999` for a card that is good for life.
pub(super) fn expiry(text: &str, today: Date) -> Result<(), Mismatch> {
    if text == "99999999" {
        return Ok(());
    }
    let (year, month, day) = parts(text)?;
    in_gregorian_years(year, 1980, today.year() + VALID_YEARS_MAX)?;
    existing(year, month, day).map(drop)
}

/// `YYYYMMDDHHMMSS` in Bangkok: when the customer confirmed.
pub(super) fn transaction_time(text: &str, today: Date) -> Result<(), Mismatch> {
    let expected = "YYYYMMDDHHMMSS";
    let (day_text, time_text) = text
        .split_at_checked(8)
        .filter(|(_, time)| time.len() == 6)
        .ok_or(Mismatch::new(expected, "another length"))?;
    let (year, month, day) = parts(day_text)?;
    in_gregorian_years(year, 2020, today.year() + 1)?;
    let confirmed = existing(year, month, day)?;
    let in_range = |from: usize, max: u8| {
        time_text
            .get(from..from + 2)
            .filter(|two| two.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|two| two.parse::<u8>().ok())
            .is_some_and(|value| value <= max)
    };
    if !(in_range(0, 23) && in_range(2, 59) && in_range(4, 59)) {
        return Err(Mismatch::new(expected, "no time of day"));
    }
    let days_ago = today.since(confirmed).map_or(i32::MAX, |span| span.get_days());
    if !(-1..=CONFIRMED_DAYS_AGO_MAX).contains(&days_ago) {
        return Err(Mismatch::new("the time of the customer's confirmation", "another day"));
    }
    Ok(())
}

fn parts(text: &str) -> Result<(i16, i8, i8), Mismatch> {
    let mismatch = || Mismatch::new("YYYYMMDD", "another text");
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(mismatch());
    }
    let number = |range: std::ops::Range<usize>| text.get(range).and_then(|part| part.parse().ok());
    let small = |range: std::ops::Range<usize>| text.get(range).and_then(|part| part.parse().ok());
    match (number(0..4), small(4..6), small(6..8)) {
        (Some(year), Some(month), Some(day)) => Ok((year, month, day)),
        _ => Err(mismatch()),
    }
}

fn existing(year: i16, month: i8, day: i8) -> Result<Date, Mismatch> {
    Date::new(year, month, day).map_err(|_| Mismatch::new("a day of the calendar", "none"))
}

fn in_gregorian_years(year: i16, first: i16, last: i16) -> Result<(), Mismatch> {
    if (first..=last).contains(&year) {
        return Ok(());
    }
    let got = if (first..=last).contains(&(year - BUDDHIST_LEAD)) {
        "a Buddhist year"
    } else {
        "a year out of range"
    };
    Err(Mismatch::new("a Gregorian year", got))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[track_caller]
    fn check(
        rule: fn(&str, Date) -> Result<(), Mismatch>,
        text: &str,
        expected: Result<(), &'static str>,
    ) {
        let found = rule(text, date(2026, 11, 23)).map_err(|mismatch| mismatch.got);
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_buddhist_year_is_recognised() {
        check(birth, "25240501", Err("a Buddhist year"));
        check(issue, "25630101", Err("a Buddhist year"));
        check(expiry, "25720101", Err("a Buddhist year"));
        check(transaction_time, "25691123101800", Err("a Buddhist year"));
    }

    #[test]
    fn an_unknown_day_or_month_of_birth_is_zero() {
        check(birth, "19810501", Ok(()));
        check(birth, "19810000", Ok(()));
        check(birth, "19810500", Ok(()));
        check(birth, "19810005", Err("none"));
        check(birth, "19810230", Err("none"));
        check(birth, "20261124", Err("a later one"));
        check(birth, "17000101", Err("a year out of range"));
        check(birth, "1981-05-01", Err("another text"));
    }

    #[test]
    fn a_card_may_be_good_for_life() {
        check(expiry, "99999999", Ok(()));
        check(expiry, "20200101", Ok(()));
        check(expiry, "94560999", Err("a year out of range"));
    }

    #[test]
    fn a_card_is_not_issued_later_than_tomorrow() {
        check(issue, "20261124", Ok(()));
        check(issue, "20261125", Err("a later one"));
    }

    #[test]
    fn the_confirmation_is_a_recent_time_of_day() {
        check(transaction_time, "20261123235959", Ok(()));
        check(transaction_time, "20261122000000", Ok(()));
        check(transaction_time, "20261123240000", Err("no time of day"));
        check(transaction_time, "20261119101800", Err("another day"));
        check(transaction_time, "20261123", Err("another length"));
        check(transaction_time, "2026112310180", Err("another length"));
    }
}
