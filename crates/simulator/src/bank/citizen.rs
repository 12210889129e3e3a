//! What a citizen id asks of the simulated bank: magic numbers that force a code, as `reference` has magic
//! words. They begin with 9, which no number of the register does, and end in the right check digit.

use super::code::Code;
use super::endpoint::Endpoint;
use super::reference::{Forced, Repeat, Work, usual_endpoint};

/// Digits before the check digit.
const DIGITS: usize = 12;

/// Reads the code that a citizen id forces: 9, kind, endpoint, four digits of the code, manner, four of
/// any, check digit.
pub(super) fn forced(citizen_id: &str) -> Option<Forced> {
    let digits: Vec<u32> = citizen_id.chars().map(|c| c.to_digit(10)).collect::<Option<_>>()?;
    let [9, kind, at, a, b, c, d, manner, ..] = *digits.as_slice() else { return None };
    let number = u16::try_from(a * 1000 + b * 100 + c * 10 + d).ok()?;
    let code = match kind {
        1 if number >= 1000 => Code::Diis(number),
        2 if (1..1000).contains(&number) => Code::Gateway(number),
        3 if (200..600).contains(&number) => Code::Http(number),
        _ => return None,
    };
    let at = match at {
        0 => usual_endpoint(code),
        2 => Endpoint::ValidateQr,
        3 => Endpoint::Submit,
        4 => Endpoint::ReportFailure,
        6 => Endpoint::CheckDopa,
        _ => return None,
    };
    let (repeat, work) = match manner {
        0 => (Repeat::Always, Work::LeftUndone),
        1 => (Repeat::Once, Work::LeftUndone),
        2 => (Repeat::Always, Work::Done),
        3 => (Repeat::Once, Work::Done),
        _ => return None,
    };
    (digits.len() == DIGITS + 1).then_some(Forced { code, at, repeat, work })
}

/// The citizen id for words like those of a reference: `E3-9301`, `9301-ONCE`, `G201-E6-ACTED`, `H503`.
/// The same words give the same person; a number of one to four digits behind gives another one.
pub(super) fn of_words(words: &str) -> Option<String> {
    let (mut code, mut at, mut manner, mut person) = (None, 0, 0, "1".to_owned());
    for word in words.split('-') {
        match word {
            "E2" | "E3" | "E4" | "E6" => at = word.chars().nth(1)?.to_digit(10)?,
            "ONCE" => manner |= 1,
            "ACTED" => manner |= 2,
            _ if code.is_none() => code = Some(kind_and_number(word)?),
            _ if word.len() <= 4 && word.parse::<u16>().is_ok() => person = word.to_owned(),
            _ => return None,
        }
    }
    let (kind, number) = code?;
    let digits = format!("9{kind}{at}{number:04}{manner}{person:0>4}");
    forced(&format!("{digits}0"))?;
    Some(format!("{digits}{}", check_digit(&digits)))
}

fn kind_and_number(word: &str) -> Option<(u32, u16)> {
    match word.split_at_checked(1)? {
        ("G", number) => Some((2, number.parse().ok()?)),
        ("H", number) => Some((3, number.parse().ok()?)),
        _ => Some((1, word.parse().ok()?)),
    }
}

/// (11 − (Σ dᵢ·(14−i)) mod 11) mod 10 over the first twelve digits.
fn check_digit(digits: &str) -> u32 {
    let values = digits.chars().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = values.zip((2..=13).rev()).map(|(digit, weight)| digit * weight).sum();
    (11 - sum % 11) % 10
}

#[cfg(test)]
mod tests {
    use super::super::fields::Shape;
    use super::super::shape;
    use super::*;

    #[track_caller]
    fn check(words: &str, expected: Option<(Code, Endpoint, Repeat, Work)>) {
        let citizen_id = of_words(words);
        let read = citizen_id.as_deref().and_then(forced);
        assert_eq!(read.map(|read| (read.code, read.at, read.repeat, read.work)), expected);
        if let Some(citizen_id) = citizen_id {
            let today = jiff::civil::date(2026, 11, 26);
            assert_eq!(shape::check(&citizen_id, Shape::CitizenId, today), Ok(()), "{citizen_id}");
        }
    }

    #[test]
    fn words_make_a_citizen_who_forces_them() {
        let (always, undone) = (Repeat::Always, Work::LeftUndone);
        check("1101", Some((Code::Diis(1101), Endpoint::ValidateQr, always, undone)));
        check("9301", Some((Code::Diis(9301), Endpoint::Submit, always, undone)));
        check("1201-E6-0007", Some((Code::Diis(1201), Endpoint::CheckDopa, always, undone)));
        check("E4-1602", Some((Code::Diis(1602), Endpoint::ReportFailure, always, undone)));
        let acted_once = (Code::Gateway(201), Endpoint::Submit, Repeat::Once, Work::Done);
        check("G201-ACTED-ONCE", Some(acted_once));
        check("H503-E2", Some((Code::Http(503), Endpoint::ValidateQr, always, undone)));
    }

    #[test]
    fn other_words_make_nobody() {
        for words in
            ["", "SIM", "E3", "12", "G0", "G1000", "H600", "1101-12345", "1101-X", "E5-1101"]
        {
            check(words, None);
        }
    }

    #[test]
    fn people_of_the_register_force_nothing() {
        for citizen_id in ["1111111111119", "2222222222227", "9", "9103110100013x", ""] {
            assert!(forced(citizen_id).is_none(), "{citizen_id}");
        }
    }
}
