//! Strict TIS-620: what the standard does not define is an error, not a euro sign.
//!
//! `encoding_rs` decodes it as windows-874, which fills the gaps of TIS-620 with Latin punctuation, control
//! characters and a no-break space and reports none of it. So the bytes are checked first.

use encoding_rs::{DecoderResult, WINDOWS_874};
use thiserror::Error;
use zeroize::Zeroize as _;

/// Why bytes are no Thai text.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Tis620Error {
    /// `00`–`1F` or `7F` inside the text.
    #[error("the text has a control character")]
    Control,
    /// `80`–`A0`, `DB`–`DE` or `FC`–`FF`.
    #[error("the text has a byte that TIS-620 does not define")]
    Undefined,
}

/// UTF-8 of the longest field that a read can bring, at three bytes a Thai letter.
const UTF8_BYTES_MAX: usize = 255 * 3;

/// Decodes a field, without the spaces and NULs it is padded with on either side, and hands the text over.
///
/// It is wiped where it was decoded: never moved, it leaves no copy.
///
/// # Errors
/// [`Tis620Error`] by the first byte that no text has.
pub(crate) fn decode<T>(field: &[u8], take: impl FnOnce(&str) -> T) -> Result<T, Tis620Error> {
    let text = trimmed(field);
    for byte in text {
        match byte {
            0x00..=0x1F | 0x7F => return Err(Tis620Error::Control),
            0x80..=0xA0 | 0xDB..=0xDE | 0xFC..=0xFF => return Err(Tis620Error::Undefined),
            0x20..=0x7E | 0xA1..=0xDA | 0xDF..=0xFB => {}
        }
    }
    let mut page = Page { utf8: [0; UTF8_BYTES_MAX], used: text.len().saturating_mul(3) };
    // With BOM handling, ๏ปฟ at the start would be taken for the mark of UTF-8.
    let mut decoder = WINDOWS_874.new_decoder_without_bom_handling();
    match decoder.decode_to_utf8_without_replacement(text, &mut page.utf8, true) {
        (DecoderResult::InputEmpty, _, written) => {
            let text = page.utf8.get(..written).map(std::str::from_utf8);
            Ok(take(text.and_then(Result::ok).expect("the decoder writes UTF-8")))
        }
        (DecoderResult::OutputFull | DecoderResult::Malformed(..), ..) => {
            Err(Tis620Error::Undefined)
        }
    }
}

/// Where a field is decoded; what was used of it is wiped on drop, since wiping all of it would take longer than decoding.
struct Page {
    utf8: [u8; UTF8_BYTES_MAX],
    /// Bytes that may have been written.
    used: usize,
}

impl Drop for Page {
    fn drop(&mut self) {
        let used = self.used.min(UTF8_BYTES_MAX);
        self.utf8.get_mut(..used).unwrap_or_default().zeroize();
    }
}

/// The field without its padding.
fn trimmed(field: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, 0x00 | b' ');
    let start = field.iter().position(is_text).unwrap_or(field.len());
    let end = field.iter().rposition(is_text).map_or(start, |last| last + 1);
    field.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{Tis620Error, decode};

    #[track_caller]
    fn check(bytes: &[u8], expected: Result<&str, Tis620Error>) {
        let decoded = decode(bytes, str::to_owned);
        assert_eq!(decoded.as_deref().map_err(|error| *error), expected, "{bytes:02X?}");
    }

    /// The standard in one line: ASCII, or Thai at a fixed distance, or nothing.
    fn defined(byte: u8) -> Result<char, Tis620Error> {
        match byte {
            0x20..=0x7E => Ok(char::from(byte)),
            0xA1..=0xDA | 0xDF..=0xFB => {
                Ok(char::from_u32(0x0E00 + u32::from(byte) - 0xA0).expect("inside the Thai block"))
            }
            0x00..=0x1F | 0x7F => Err(Tis620Error::Control),
            _ => Err(Tis620Error::Undefined),
        }
    }

    #[test]
    fn thai_bytes_become_thai_letters() {
        check(&[0xB9, 0xD2, 0xC2], Ok("นาย"));
        check(b"Mr.#Somchai##Jaidee", Ok("Mr.#Somchai##Jaidee"));
    }

    #[test]
    fn padding_of_spaces_and_nuls_is_taken_off() {
        check(b"  0003 \0\0 ", Ok("0003"));
        check(&[0xB9, 0, 0, 0x20, 0], Ok("น"));
        check(b"a b", Ok("a b"));
        check(&[0x20; 100], Ok(""));
        check(&[0; 100], Ok(""));
        check(&[], Ok(""));
    }

    #[test]
    fn a_nul_inside_is_no_padding() {
        check(b"a\0b", Err(Tis620Error::Control));
    }

    #[test]
    fn what_looks_like_the_mark_of_utf_8_is_thai() {
        check(&[0xEF, 0xBB, 0xBF], Ok("๏ปฟ"));
        check(&[0xFF, 0xFE], Err(Tis620Error::Undefined));
    }

    #[test]
    fn every_pair_of_bytes_is_decoded_by_the_standard_or_refused() {
        for first in 0..=0xFF {
            for second in 0..=0xFF {
                // The frame keeps spaces and NULs from being padding.
                let bytes = [b'<', first, second, b'>'];
                match (defined(first), defined(second)) {
                    (Ok(first), Ok(second)) => check(&bytes, Ok(&format!("<{first}{second}>"))),
                    (Err(error), _) | (_, Err(error)) => check(&bytes, Err(error)),
                }
            }
        }
    }

    proptest! {
        #[test]
        fn each_byte_is_one_character_or_the_whole_is_refused(bytes in any::<Vec<u8>>()) {
            if let Ok(text) = decode(&bytes, str::to_owned) {
                prop_assert!(text.chars().all(|letter| !letter.is_control()));
                prop_assert_eq!(text.as_str(), text.trim());
                prop_assert!(text.chars().count() <= bytes.len());
            }
        }
    }
}
