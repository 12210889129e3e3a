//! The number of the chip in the card, which the bank calls `chipNo`.
//!
//! How it is read, and which numbers are none, is `card`'s.

use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::redacted::redacted;

/// Hexadecimal digits of a chip number.
const DIGITS: usize = 16;

/// A chip's number: fabrication date, serial and batch as 16 lower-case hexadecimal digits.
#[derive(Clone, Eq, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct ChipNumber(
    /// On the heap: a value that is moved leaves its bytes behind where it was, a pointer leaves none.
    Box<[u8]>,
);

/// Why a text is no chip number.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("parsing a chip number: expected 16 lower-case hexadecimal digits")]
pub struct ChipNumberError;

impl ChipNumber {
    /// Checks 16 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`ChipNumberError`] for anything else, capitals included.
    pub fn parse(text: &str) -> Result<Self, ChipNumberError> {
        if text.len() != DIGITS {
            return Err(ChipNumberError);
        }
        let number = Self(text.as_bytes().into());
        let lower = |digit: &u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        if number.0.iter().all(lower) { Ok(number) } else { Err(ChipNumberError) }
    }

    /// From the chip's eight bytes, first byte first.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        let mut digits: Box<[u8]> = vec![0; DIGITS].into();
        for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 0x0F)]);
        }
        Self(digits)
    }

    /// The 16 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only hexadecimal digits were let in")
    }
}

/// A nibble as a lower-case hexadecimal digit.
fn digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
}

redacted!(ChipNumber);

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{ChipNumber, ChipNumberError};

    #[test]
    fn bytes_become_lower_case_digits_in_order() {
        let number = ChipNumber::from_bytes([0x63, 0x00, 0xC1, 0x0E, 0x14, 0x2F, 0x28, 0xA1]);
        assert_eq!(number.as_str(), "6300c10e142f28a1");
        assert_eq!(format!("{number:?}"), "ChipNumber(‹redacted›)");
    }

    #[test]
    fn capitals_and_other_lengths_are_refused() {
        for text in
            ["6300C10E142F28A1", "6300c10e142f28a", "6300c10e142f28a10", "6300c10e142f28g1", ""]
        {
            assert_eq!(ChipNumber::parse(text), Err(ChipNumberError));
        }
    }

    proptest! {
        #[test]
        fn every_eight_bytes_parse_back(bytes in any::<[u8; 8]>()) {
            let number = ChipNumber::from_bytes(bytes);
            prop_assert_eq!(ChipNumber::parse(number.as_str()), Ok(number));
        }
    }
}
