//! The citizen's 13-digit number and its check digit.
//!
//! Reading it from the card is `card`'s work; the bank's name for it is `protocol`'s.

use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::redacted::redacted;

/// Digits of a citizen id, the check digit among them.
const DIGITS: usize = 13;

/// A citizen's 13-digit number; the last digit is the weighted mod-11 check of the others.
#[derive(Clone, Eq, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct CitizenId(
    /// On the heap: a value that is moved leaves its bytes behind where it was, a pointer leaves none.
    Box<[u8]>,
);

/// Why a text is no citizen id.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum CitizenIdError {
    /// Not 13 characters.
    #[error("parsing a citizen id: got {got} bytes, expected 13")]
    Length {
        /// Length of the text in bytes.
        got: usize,
    },
    /// Something other than the ASCII digits 0 to 9.
    #[error("parsing a citizen id: got another character, expected ASCII digits")]
    NotDigits,
    /// The last digit does not follow from the first twelve.
    #[error("parsing a citizen id: the check digit does not match")]
    CheckDigit,
}

impl CitizenId {
    /// Checks 13 ASCII digits and the last of them.
    ///
    /// # Errors
    /// [`CitizenIdError`], by the first rule that is broken.
    pub fn parse(text: &str) -> Result<Self, CitizenIdError> {
        if text.len() != DIGITS {
            return Err(CitizenIdError::Length { got: text.len() });
        }
        let id = Self(text.as_bytes().into());
        if !id.0.iter().all(u8::is_ascii_digit) {
            return Err(CitizenIdError::NotDigits);
        }
        if id.0.last() != Some(&check_digit(&id.0)) {
            return Err(CitizenIdError::CheckDigit);
        }
        Ok(id)
    }

    /// The 13 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("parse let only ASCII digits in")
    }

    /// For a screen that others can see: `x-xxxx-xxxxx-11-9`, the last three digits in the card's grouping.
    #[must_use]
    pub fn masked(&self) -> String {
        let last = self.as_str().get(DIGITS - 3..).expect("thirteen ASCII digits");
        let (two, check) = last.split_at(2);
        format!("x-xxxx-xxxxx-{two}-{check}")
    }
}

/// (11 − (Σ d[i]·(13−i), i = 0..11) mod 11) mod 10, as an ASCII digit.
fn check_digit(digits: &[u8]) -> u8 {
    let weighted: u32 = (2..=13)
        .rev()
        .zip(digits)
        .map(|(weight, digit)| weight * u32::from(digit.saturating_sub(b'0')))
        .sum();
    let check = (11 - weighted % 11) % 10;
    b'0' + u8::try_from(check).expect("a remainder of ten fits a byte")
}

redacted!(CitizenId);

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::{CitizenId, CitizenIdError};

    #[track_caller]
    fn check(text: &str, expected: Result<(), CitizenIdError>) {
        assert_eq!(CitizenId::parse(text).map(|_| ()), expected);
    }

    #[test]
    fn the_invented_numbers_of_the_tests_are_valid() {
        for text in ["1111111111119", "1234567890121", "3333333333335"] {
            check(text, Ok(()));
        }
    }

    #[test]
    fn each_broken_rule_has_its_own_error() {
        check("", Err(CitizenIdError::Length { got: 0 }));
        check("111111111111", Err(CitizenIdError::Length { got: 12 }));
        check("11111111111190", Err(CitizenIdError::Length { got: 14 }));
        check("111111111111x", Err(CitizenIdError::NotDigits));
        check("111111111111 ", Err(CitizenIdError::NotDigits));
        check("1111111๑๑", Err(CitizenIdError::NotDigits));
        check("1111111111118", Err(CitizenIdError::CheckDigit));
        check("             ", Err(CitizenIdError::NotDigits));
    }

    #[test]
    fn the_mask_leaves_three_digits() {
        let id = CitizenId::parse("1234567890121").unwrap();
        assert_eq!(id.masked(), "x-xxxx-xxxxx-12-1");
        assert_eq!(id.as_str(), "1234567890121");
        assert!(!format!("{id:?}").contains('1'));
    }

    proptest! {
        #[test]
        fn twelve_digits_have_exactly_one_check_digit(first in "[0-9]{12}") {
            let valid = (0..10).filter(|last| CitizenId::parse(&format!("{first}{last}")).is_ok());
            prop_assert!(valid.count() == 1);
        }

        #[test]
        fn one_changed_digit_is_noticed(
            first in "[0-9]{12}", at in 0_usize..12, by in 1_u8..10,
        ) {
            let id = (0..10).find_map(|last| CitizenId::parse(&format!("{first}{last}")).ok()).unwrap();
            let mut changed = id.as_str().as_bytes().to_vec();
            changed[at] = b'0' + (changed[at] - b'0' + by) % 10;
            let changed = String::from_utf8(changed).unwrap();
            // Two gaps of the rule itself: the third digit weighs eleven, and two remainders end in 1.
            let blind = at == 2 || id.as_str().ends_with('1');
            prop_assert!(blind || CitizenId::parse(&changed).is_err());
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,16}") {
            let _outcome = CitizenId::parse(&text);
        }
    }
}
