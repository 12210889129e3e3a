//! What does not come from the card: mobile number, a keyed English name, selfie, place.
//!
//! Taking and judging the selfie is vision's and the agent's work; §4 limits what arrives here.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::field::{Expected, Field, FieldError};

/// A mobile number in Thailand: ten ASCII digits, the first 0.
#[derive(Clone, Eq, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct Mobile(String);

impl Mobile {
    /// Reads ten digits; no spaces, no country prefix.
    ///
    /// # Errors
    /// [`FieldError`] without the digits.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let length = Field::Mobile.length_max();
        let sound = text.len() == length
            && text.starts_with('0')
            && text.bytes().all(|byte| byte.is_ascii_digit());
        if sound {
            Ok(Self(text.to_owned()))
        } else {
            let got = text.chars().count();
            Err(FieldError { field: Field::Mobile, expected: Expected::Digits(length), got })
        }
    }

    /// The ten digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Mobile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}

/// An English name that somebody keyed in, as in a passport, because the card has none (Doubt D22).
#[derive(Clone, Eq, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct EnglishName {
    first: String,
    last: String,
}

impl EnglishName {
    /// Reads both names: Latin letters of ASCII, single spaces, hyphens, apostrophes and full stops, with a
    /// letter first. An empty last name is one of a person who has none.
    ///
    /// # Errors
    /// [`FieldError`] names the one that does not fit.
    pub fn parse(first: &str, last: &str) -> Result<Self, FieldError> {
        let (first, last) = (first.trim(), last.trim());
        latin(Field::FirstNameEnglish, first)?;
        if !last.is_empty() {
            latin(Field::LastNameEnglish, last)?;
        }
        Ok(Self { first: first.to_owned(), last: last.to_owned() })
    }

    /// The first name, with a middle name if there is one.
    #[must_use]
    pub fn first(&self) -> &str {
        &self.first
    }

    /// The last name; may be empty.
    #[must_use]
    pub fn last(&self) -> &str {
        &self.last
    }
}

impl fmt::Debug for EnglishName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}

fn latin(field: Field, text: &str) -> Result<(), FieldError> {
    let got = text.chars().count();
    let refuse = |expected| Err(FieldError { field, expected, got });
    if text.is_empty() {
        return refuse(Expected::Filled);
    }
    if got > field.length_max() {
        return refuse(Expected::AtMost(field.length_max()));
    }
    let fits = |byte: u8| byte.is_ascii_alphabetic() || b" -'.".contains(&byte);
    let sound = text.bytes().all(fits)
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && !text.contains("  ");
    if sound { Ok(()) } else { refuse(Expected::Latin) }
}

/// Where the machine stands, in the partner's own codes; both may be empty.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Place {
    branch_id: String,
    terminal_id: String,
}

impl Place {
    /// Checks both codes: at most 20 characters, ASCII letters, digits, `-`, `_`, `.`, `/`.
    ///
    /// # Errors
    /// [`FieldError`] names the code that does not fit.
    pub fn new(branch_id: &str, terminal_id: &str) -> Result<Self, FieldError> {
        Ok(Self {
            branch_id: code(Field::BranchId, branch_id)?,
            terminal_id: code(Field::TerminalId, terminal_id)?,
        })
    }

    /// `branchId`.
    #[must_use]
    pub fn branch_id(&self) -> &str {
        &self.branch_id
    }

    /// `terminalId`.
    #[must_use]
    pub fn terminal_id(&self) -> &str {
        &self.terminal_id
    }
}

fn code(field: Field, text: &str) -> Result<String, FieldError> {
    let got = text.chars().count();
    if got > field.length_max() {
        return Err(FieldError { field, expected: Expected::AtMost(field.length_max()), got });
    }
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    if !text.bytes().all(plain) {
        return Err(FieldError { field, expected: Expected::Plain, got });
    }
    Ok(text.to_owned())
}

/// Largest selfie: §4 recommends less than 100 K (Doubt D17).
const SELFIE_BYTES_MAX: usize = 100_000;

/// A live photo of the customer's face as JPEG, with smaller files of it in case that the bank finds it
/// too large (−21, −22, 413).
#[derive(Clone, Eq, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct Selfie {
    jpeg: Vec<u8>,
    /// The largest last.
    smaller: Vec<Vec<u8>>,
}

impl Selfie {
    /// Takes a whole JPEG file of at most 100,000 bytes.
    ///
    /// # Errors
    /// [`SelfieError`].
    pub fn new(jpeg: Vec<u8>) -> Result<Self, SelfieError> {
        let selfie = Self { jpeg, smaller: Vec::new() };
        let got = selfie.jpeg.len();
        if got > SELFIE_BYTES_MAX {
            return Err(SelfieError::TooLarge { bytes_max: SELFIE_BYTES_MAX, got });
        }
        if !(selfie.jpeg.starts_with(&[0xFF, 0xD8]) && selfie.jpeg.ends_with(&[0xFF, 0xD9])) {
            return Err(SelfieError::NotJpeg);
        }
        Ok(selfie)
    }

    /// Adds a smaller file of the same picture; one that is not smaller is left out, since sending it
    /// instead would change nothing.
    ///
    /// # Errors
    /// [`SelfieError`] of that file.
    pub fn with_smaller(mut self, jpeg: Vec<u8>) -> Result<Self, SelfieError> {
        let mut smaller = Self::new(jpeg)?;
        let smallest = self.smaller.first().unwrap_or(&self.jpeg).len();
        if smaller.jpeg.len() < smallest {
            self.smaller.insert(0, std::mem::take(&mut smaller.jpeg));
        }
        Ok(self)
    }

    /// The same picture in the next smaller file; `None` when there is none left.
    #[must_use]
    pub fn shrunk(mut self) -> Option<Self> {
        let jpeg = self.smaller.pop()?;
        Some(Self { jpeg, smaller: std::mem::take(&mut self.smaller) })
    }

    /// The same file without its smaller ones: what a request carries.
    #[must_use]
    pub fn alone(&self) -> Self {
        Self { jpeg: self.jpeg.clone(), smaller: Vec::new() }
    }

    /// The JPEG file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.jpeg
    }
}

impl fmt::Debug for Selfie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}

/// Why a file is no selfie to send.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SelfieError {
    /// Too many bytes.
    #[error("taking the selfie: expected at most {bytes_max} bytes, got {got}")]
    TooLarge {
        /// The bound.
        bytes_max: usize,
        /// The file's size.
        got: usize,
    },
    /// No JPEG from its first to its last marker.
    #[error("taking the selfie: expected a whole JPEG file, got something else")]
    NotJpeg,
}

#[cfg(test)]
mod tests {
    use super::{EnglishName, Mobile, Place, Selfie, SelfieError};
    use crate::field::{Expected, Field};

    #[track_caller]
    fn check_mobile(text: &str, accepted: bool) {
        assert_eq!(Mobile::parse(text).is_ok(), accepted, "{text}");
    }

    #[test]
    fn a_mobile_number_is_ten_digits_beginning_with_zero() {
        check_mobile("0819999999", true);
        for text in ["", "1819999999", "081999999", "08199999999", "081-999999", "๐819999999"] {
            check_mobile(text, false);
        }
    }

    #[track_caller]
    fn check_name(first: &str, last: &str, expected: Result<(), (Field, Expected)>) {
        let name = EnglishName::parse(first, last);
        assert_eq!(name.map(drop).map_err(|error| (error.field, error.expected)), expected);
    }

    #[test]
    fn a_keyed_name_is_in_latin_letters_as_in_a_passport() {
        check_name("Somchai", "Jaidee", Ok(()));
        check_name(" Mary-Ann ", "O'Neill Jr.", Ok(()));
        check_name("Somchai", "", Ok(()));
        check_name("", "Jaidee", Err((Field::FirstNameEnglish, Expected::Filled)));
        for text in ["สมชาย", "-", "Som3", "Som  chai", "José", "<b>", "Som\nchai"] {
            check_name(text, "Jaidee", Err((Field::FirstNameEnglish, Expected::Latin)));
            check_name("Somchai", text, Err((Field::LastNameEnglish, Expected::Latin)));
        }
        let long = "A".repeat(101);
        check_name(&long, "", Err((Field::FirstNameEnglish, Expected::AtMost(100))));
    }

    #[track_caller]
    fn check_place(branch: &str, terminal: &str, expected: Result<(), (Field, Expected)>) {
        let place = Place::new(branch, terminal);
        assert_eq!(place.map(drop).map_err(|error| (error.field, error.expected)), expected);
    }

    #[test]
    fn a_places_codes_are_short_and_plain() {
        check_place("", "", Ok(()));
        check_place("BKK-01", "K/0007", Ok(()));
        let long = "A".repeat(21);
        check_place(&long, "", Err((Field::BranchId, Expected::AtMost(20))));
        check_place("", &long, Err((Field::TerminalId, Expected::AtMost(20))));
        check_place("สาขา", "", Err((Field::BranchId, Expected::Plain)));
    }

    #[test]
    fn a_selfie_is_a_whole_jpeg_of_bounded_size() {
        let jpeg = |length: usize| {
            let mut bytes = vec![0; length];
            bytes[..2].copy_from_slice(&[0xFF, 0xD8]);
            bytes[length - 2..].copy_from_slice(&[0xFF, 0xD9]);
            bytes
        };
        assert!(Selfie::new(jpeg(100_000)).is_ok());
        let too_large = SelfieError::TooLarge { bytes_max: 100_000, got: 100_001 };
        assert_eq!(Selfie::new(jpeg(100_001)), Err(too_large));
        assert_eq!(Selfie::new(Vec::new()), Err(SelfieError::NotJpeg));
        assert_eq!(Selfie::new(jpeg(10)[..9].to_vec()), Err(SelfieError::NotJpeg));
    }

    #[test]
    fn a_selfie_shrinks_file_by_file_and_never_grows() {
        let jpeg =
            |length: usize| [&[0xFF, 0xD8], vec![0; length].as_slice(), &[0xFF, 0xD9]].concat();
        let selfie = Selfie::new(jpeg(300)).unwrap();
        let selfie = selfie.with_smaller(jpeg(200)).unwrap().with_smaller(jpeg(200)).unwrap();
        let selfie = selfie.with_smaller(jpeg(100)).unwrap().with_smaller(jpeg(250)).unwrap();
        assert_eq!(selfie.clone().with_smaller(Vec::new()), Err(SelfieError::NotJpeg));
        let mut lengths = vec![selfie.bytes().len()];
        let mut next = selfie.shrunk();
        while let Some(selfie) = next {
            lengths.push(selfie.bytes().len());
            next = selfie.shrunk();
        }
        assert_eq!(lengths, [304, 204, 104]);
    }

    #[test]
    fn nothing_personal_is_printed() {
        let mobile = Mobile::parse("0819999999").unwrap();
        let selfie = Selfie::new(vec![0xFF, 0xD8, 0xFF, 0xD9]).unwrap();
        assert_eq!(format!("{mobile:?}{selfie:?}"), "‹redacted›‹redacted›");
    }
}
