//! The number of the request under which the card was made, which the bank calls `bp1No`.
//!
//! Cutting it out of the card's request number block is `card`'s.

use thiserror::Error;

use crate::{Text, redacted::redacted};

/// The bank's `bp1No` has room for this many characters.
const CHARACTERS_MAX: usize = 20;

/// A request number of 1 to 20 printable ASCII characters, without spaces and without `/`.
#[derive(Clone, Eq, PartialEq)]
pub struct Bp1Number(Text);

/// Why a text is no BP1 number.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Bp1NumberError {
    /// Nothing, or more than 20 characters.
    #[error("parsing a BP1 number: got {got} characters, expected 1 to 20")]
    Length {
        /// Characters in the text.
        got: usize,
    },
    /// A space, a slash, or what is not printable ASCII.
    #[error("parsing a BP1 number: got another character, expected printable ASCII without '/'")]
    Character,
}

impl Bp1Number {
    /// Checks length and characters.
    ///
    /// # Errors
    /// [`Bp1NumberError`], by the first rule that is broken.
    pub fn parse(text: &str) -> Result<Self, Bp1NumberError> {
        let got = text.chars().count();
        if !(1..=CHARACTERS_MAX).contains(&got) {
            return Err(Bp1NumberError::Length { got });
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/') {
            return Err(Bp1NumberError::Character);
        }
        Ok(Self(Text::from(text)))
    }

    /// The number as the card writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

redacted!(Bp1Number);

#[cfg(test)]
mod tests {
    use super::{Bp1Number, Bp1NumberError};

    #[track_caller]
    fn check(text: &str, expected: Result<&str, Bp1NumberError>) {
        let parsed = Bp1Number::parse(text);
        assert_eq!(parsed.as_ref().map(Bp1Number::as_str).map_err(|error| *error), expected);
    }

    #[test]
    fn eleven_digits_are_the_usual_case() {
        check("10010112345", Ok("10010112345"));
        check("12345678901234567890", Ok("12345678901234567890"));
    }

    #[test]
    fn length_and_characters_are_checked() {
        check("", Err(Bp1NumberError::Length { got: 0 }));
        check("123456789012345678901", Err(Bp1NumberError::Length { got: 21 }));
        check("100101/12345", Err(Bp1NumberError::Character));
        check("100101 12345", Err(Bp1NumberError::Character));
        check("๑๐๐๑", Err(Bp1NumberError::Character));
    }
}
