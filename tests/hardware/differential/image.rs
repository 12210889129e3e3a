//! Where a card has its fields, written down from the description of the card, and the text of an image.
//!
//! The format is that of `tests/cards/README.md`; nothing of `card`'s map is used.

use std::fmt::Write as _;

/// Offset and length of each field of layout `0003`.
pub const VERSION: (usize, usize) = (0x0000, 4);
pub const CITIZEN_ID: (usize, usize) = (0x0004, 13);
pub const THAI_NAME: (usize, usize) = (0x0011, 100);
pub const ENGLISH_NAME: (usize, usize) = (0x0075, 100);
pub const BIRTH_DATE: (usize, usize) = (0x00D9, 8);
pub const SEX: (usize, usize) = (0x00E1, 1);
pub const REQUEST_NUMBER: (usize, usize) = (0x00E2, 20);
pub const ISSUING_OFFICE: (usize, usize) = (0x00F6, 100);
pub const ISSUER_CODE: (usize, usize) = (0x015A, 13);
pub const ISSUE_DATE: (usize, usize) = (0x0167, 8);
pub const EXPIRY_DATE: (usize, usize) = (0x016F, 8);
pub const CARD_TYPE: (usize, usize) = (0x0177, 2);
pub const PHOTO_LENGTH: (usize, usize) = (0x0179, 2);
pub const PHOTO: (usize, usize) = (0x017B, 5118);
pub const ADDRESS: (usize, usize) = (0x1579, 160);
pub const NUMBER_UNDER_THE_PHOTO: (usize, usize) = (0x1619, 14);

/// Bytes of the applet's file.
const FILE_BYTES: usize = 5950;
/// Bytes in one row of the text.
const ROW_BYTES: usize = 32;

/// A card's file while it is written.
pub struct Draft {
    padding: u8,
    file: Vec<u8>,
}

impl Draft {
    /// A file of spaces, whose texts are padded with this byte.
    pub fn padded_with(padding: u8) -> Self {
        Self { padding, file: vec![b' '; FILE_BYTES] }
    }

    /// Writes a text, padded to the field's length.
    #[track_caller]
    pub fn text(&mut self, (offset, length): (usize, usize), text: &str) {
        let mut bytes: Vec<u8> = text.chars().map(tis_620).collect();
        assert!(bytes.len() <= length, "a text of {} bytes for {length}", bytes.len());
        bytes.resize(length, self.padding);
        self.bytes(offset, &bytes);
    }

    /// Writes bytes as they are; what lies behind them stays.
    #[track_caller]
    pub fn bytes(&mut self, offset: usize, bytes: &[u8]) {
        self.file[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    /// The image as a text.
    pub fn finish(&self, atr: &str, chip_data: &[u8]) -> String {
        let mut text = format!("atr = {atr}\ncplc = {}\n", hex(chip_data));
        for (at, row) in self.file.chunks(ROW_BYTES).enumerate() {
            if row.iter().any(|byte| *byte != b' ') {
                writeln!(text, "{:04X}: {}", at * ROW_BYTES, hex(row)).unwrap();
            }
        }
        text
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02X}").unwrap();
        text
    })
}

/// The byte of a character: ASCII as it is, Thai at a fixed distance.
#[track_caller]
pub fn tis_620(letter: char) -> u8 {
    let byte = match u32::from(letter) {
        code @ 0x20..=0x7E => code,
        code @ (0x0E01..=0x0E3A | 0x0E3F..=0x0E5B) => code - 0x0E00 + 0xA0,
        code => panic!("{code:04X} is not in TIS-620"),
    };
    u8::try_from(byte).unwrap()
}
