//! What each shape of text must be, as the document's words and samples have it. Dates and pictures are in
//! `shape::dates` and `shape::pictures`.

mod dates;
mod pictures;

use std::borrow::Cow;

use jiff::civil::Date;

use super::fields::Shape;

/// What was wanted and what kind of thing was there.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Mismatch {
    pub expected: Cow<'static, str>,
    pub got: &'static str,
}

impl Mismatch {
    fn new(expected: impl Into<Cow<'static, str>>, got: &'static str) -> Self {
        Self { expected: expected.into(), got }
    }
}

/// Checks a text that is neither empty nor too long.
pub(super) fn check(text: &str, shape: Shape, today: Date) -> Result<(), Mismatch> {
    match shape {
        Shape::Text => plain(text),
        Shape::Exactly(expected) if text == expected => Ok(()),
        Shape::Exactly(expected) => Err(Mismatch::new(expected, "another text")),
        Shape::CitizenId => citizen_id(text),
        Shape::ChipNumber => chip_number(text),
        Shape::Bp1Number => bp1_number(text),
        Shape::TransactionTime => dates::transaction_time(text, today),
        Shape::BirthDate => dates::birth(text, today),
        Shape::IssueDate => dates::issue(text, today),
        Shape::ExpiryDate => dates::expiry(text, today),
        Shape::MobileNumber => mobile_number(text),
        Shape::PostalCode => digits(text, 5, "five digits"),
        Shape::Moo => moo(text),
        Shape::WithoutPrefix(prefixes) => without_prefix(text, prefixes),
        Shape::FullAddress => full_address(text),
        Shape::Empty => Err(Mismatch::new("nothing (never read from the card)", "a text")),
        Shape::YesOrNo if matches!(text, "Y" | "N") => Ok(()),
        Shape::YesOrNo => Err(Mismatch::new("Y or N", "another text")),
        Shape::NoCitizenId => no_citizen_id(text),
        Shape::CardPhoto => pictures::card_photo(text),
        Shape::Selfie => pictures::selfie(text),
        Shape::SelfieFormat => pictures::selfie_format(text),
        // Walked by `inspect`; a text in their place is refused there.
        Shape::Object(_) | Shape::List(_) => Ok(()),
    }
}

fn plain(text: &str) -> Result<(), Mismatch> {
    if text.chars().any(char::is_control) {
        return Err(Mismatch::new("printable text", "a control character"));
    }
    if text.trim() != text {
        return Err(Mismatch::new("a trimmed text", "spaces around it"));
    }
    Ok(())
}

fn digits(text: &str, count: usize, expected: &'static str) -> Result<(), Mismatch> {
    if text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(())
    } else {
        Err(Mismatch::new(expected, "another text"))
    }
}

/// Thirteen digits, the last one (11 − (Σ dᵢ·(13−i)) mod 11) mod 10.
fn citizen_id(text: &str) -> Result<(), Mismatch> {
    digits(text, 13, "13 digits")?;
    let values: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(10)).collect();
    let sum: u32 = values.iter().zip((2..=13).rev()).map(|(digit, weight)| digit * weight).sum();
    if values.last() == Some(&((11 - sum % 11) % 10)) {
        Ok(())
    } else {
        Err(Mismatch::new("13 digits with the right check digit", "a wrong check digit"))
    }
}

fn chip_number(text: &str) -> Result<(), Mismatch> {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 16 || !text.bytes().all(hex) {
        return Err(Mismatch::new("16 lower-case hex digits", "another text"));
    }
    if text.bytes().all(|byte| byte == b'0') || text.bytes().all(|byte| byte == b'f') {
        return Err(Mismatch::new("a chip's own number", "a blank one"));
    }
    Ok(())
}

/// The sample is `10994078500`: digits, without the `/` and what the card writes behind it.
fn bp1_number(text: &str) -> Result<(), Mismatch> {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        Ok(())
    } else {
        Err(Mismatch::new("the number before the slash", "another text"))
    }
}

fn mobile_number(text: &str) -> Result<(), Mismatch> {
    digits(text, 10, "0 and nine digits")?;
    if text.starts_with('0') {
        Ok(())
    } else {
        Err(Mismatch::new("0 and nine digits", "another first digit"))
    }
}

fn moo(text: &str) -> Result<(), Mismatch> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(())
    } else {
        Err(Mismatch::new("digits", "another text"))
    }
}

fn without_prefix(text: &str, prefixes: &[&str]) -> Result<(), Mismatch> {
    plain(text)?;
    if prefixes.iter().any(|prefix| text.starts_with(prefix)) {
        return Err(Mismatch::new("the bare name", "the card's word in front of it"));
    }
    Ok(())
}

fn full_address(text: &str) -> Result<(), Mismatch> {
    plain(text)?;
    if text.contains('#') || text.contains("  ") {
        return Err(Mismatch::new("parts joined by one space", "the card's separators"));
    }
    Ok(())
}

fn no_citizen_id(text: &str) -> Result<(), Mismatch> {
    plain(text)?;
    let mut run = 0;
    for byte in text.bytes().filter(|byte| !matches!(byte, b'-' | b' ')) {
        run = if byte.is_ascii_digit() { run + 1 } else { 0 };
        if run >= 13 {
            return Err(Mismatch::new("a text without a citizen id", "one"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[track_caller]
    fn check_all(shape: Shape, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(check(text, shape, date(2026, 11, 23)), Ok(()), "{text}");
        }
        for text in bad {
            assert!(check(text, shape, date(2026, 11, 23)).is_err(), "{text} passed");
        }
    }

    #[test]
    fn a_citizen_id_has_the_right_check_digit() {
        check_all(
            Shape::CitizenId,
            &["1111111111119", "0123456789016"],
            &["0123456789012", "111111111111", "11111111111๑9", "1-1111-11111-11-9"],
        );
    }

    #[test]
    fn a_chip_number_is_lower_case_hex_and_not_blank() {
        check_all(
            Shape::ChipNumber,
            &["6300c10e142f28a1"],
            &["6300C10E142F28A1", "6300c10e142f28a", "0000000000000000", "ffffffffffffffff"],
        );
    }

    #[test]
    fn a_bp1_number_ends_before_the_slash() {
        check_all(Shape::Bp1Number, &["10994078500"], &["10994078500/12345678", "1099 4078500"]);
    }

    #[test]
    fn a_mobile_number_begins_with_zero() {
        check_all(Shape::MobileNumber, &["0819999999"], &["1819999999", "081999999", "+668199999"]);
    }

    #[test]
    fn address_parts_come_without_the_cards_words() {
        let district = Shape::WithoutPrefix(&["อำเภอ", "เขต"]);
        check_all(
            district,
            &["เมืองขอนแก่น", "คลองเตย"],
            &["อำเภอเมืองขอนแก่น", "เขตคลองเตย", " คลองเตย"],
        );
        check_all(Shape::FullAddress, &["99/1 ซอยสุขุมวิท 5"], &["99/1###ซอย", "99/1  ซอย", "99/1\n"]);
        check_all(Shape::Moo, &["4", "12"], &["หมู่ที่ 4", "๔"]);
        check_all(Shape::PostalCode, &["10110"], &["1011", "๑๐๑๑๐"]);
    }

    #[test]
    fn the_religion_is_never_sent() {
        check_all(Shape::Empty, &[], &["-", "พุทธ"]);
    }

    #[test]
    fn an_error_text_holds_no_citizen_id() {
        check_all(
            Shape::NoCitizenId,
            &["card expired", "01"],
            &["1111111111119", "1-1111-11111-11-9", "id 1111111111119!"],
        );
    }
}
