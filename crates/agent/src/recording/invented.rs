//! The invented person whose data stands in every recording, in place of whatever came from the card.
//!
//! An answer's data is never copied: it is made anew from where it was asked for and how long it was. Three
//! facts about the card are kept, because the reading depends on them and they say nothing of anybody: the
//! layout version, the length of the photo, and whether a photo begins and a chip number is there at all.

use std::ops::Range;

/// Name and address in TIS-620, as they lie in the image: offset and bytes. All else is spaces.
const IMAGE: [(usize, &[u8]); 11] = [
    (0x0000, b"0003"),
    (0x0004, b"1111111111119"),
    (0x0011, b"\xB9\xD2\xC2#\xCA\xC1\xAA\xD2\xC2##\xE3\xA8\xB4\xD5"),
    (0x0075, b"Mr.#Somchai##Jaidee"),
    (0x00D9, b"25240704"),
    (0x00E1, b"1"),
    (0x00E2, b"40010112345/07051234"),
    (0x0167, b"25670705"),
    (0x016F, b"25750704"),
    (0x0177, b"01"),
    (
        0x1579,
        b"123/45#\xCB\xC1\xD9\xE8\xB7\xD5\xE8 4###\xB6\xB9\xB9\xB5\xD1\xC7\xCD\xC2\xE8\xD2\xA7#\
          \xB5\xD3\xBA\xC5\xE3\xB9\xE0\xC1\xD7\xCD\xA7#\
          \xCD\xD3\xE0\xC0\xCD\xE0\xC1\xD7\xCD\xA7\xA2\xCD\xB9\xE1\xA1\xE8\xB9#\
          \xA8\xD1\xA7\xCB\xC7\xD1\xB4\xA2\xCD\xB9\xE1\xA1\xE8\xB9",
    ),
];
const VERSION: Range<usize> = 0..4;
const PHOTO_LENGTH: Range<usize> = 0x0179..0x017B;
const PHOTO: usize = 0x017B;
/// Room for the photo.
const PHOTO_BYTES_MAX: u16 = 5_118;
/// How long the invented photo is if the card does not say how long its own is.
const PHOTO_BYTES_UNSTATED: u16 = 3_000;
/// The head of a JPEG of 148 × 178 pixels.
const JPEG: [u8; 21] =
    [0xFF, 0xD8, 0xFF, 0xC0, 0x00, 0x11, 8, 0, 178, 0, 148, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
const JPEG_END: [u8; 2] = [0xFF, 0xD9];
/// Tag and life cycle data of a chip; the number is in the middle.
const CHIP: [u8; 45] = [
    0x9F, 0x7F, 0x2A, 0x47, 0x90, 0x50, 0x57, 0x40, 0x91, 0x42, 0x10, 0xA0, 0x00, 0x63, 0x00, 0xC1,
    0x0E, 0x14, 0x2F, 0x28, 0xA1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0,
];
/// Tag and length, which some chips leave out.
const CHIP_TAG_BYTES: usize = 3;
/// Where the number is, with the tag in front.
const CHIP_NUMBER: Range<usize> = 13..21;

/// Makes data up, and knows how long the photo of this card is.
#[derive(Debug, Default)]
pub(super) struct Invented {
    photo_bytes: Option<u16>,
}

/// Where the data of an answer comes from, by the command that asked for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Source {
    /// The applet's image, from this offset on.
    Image(usize),
    /// The chip's life cycle data.
    Chip,
    /// What a card says of an applet that it selects. No reader looks at it.
    Applet,
}

impl Invented {
    /// Data of the same length; `done` bytes of the same answer came before.
    pub(super) fn data(&mut self, source: Source, done: usize, real: &[u8]) -> Vec<u8> {
        match source {
            Source::Image(offset) => self.image(offset + done, real),
            Source::Chip => chip(done, real),
            Source::Applet => vec![0; real.len()],
        }
    }

    fn image(&mut self, start: usize, real: &[u8]) -> Vec<u8> {
        let kept = |range: Range<usize>| {
            let from = range.start.checked_sub(start)?;
            real.get(from..from + range.len())
        };
        let version =
            kept(VERSION).filter(|version| matches!(version, [b'0', b'0', b'0', b'1'..=b'9']));
        let version = version.map(<[u8]>::to_vec);
        let length = kept(PHOTO_LENGTH).and_then(|bytes| bytes.try_into().ok());
        if let Some(length) = length.map(u16::from_be_bytes) {
            self.photo_bytes = (1..=PHOTO_BYTES_MAX).contains(&length).then_some(length);
        }
        let begins = kept(PHOTO..PHOTO + 2).is_none_or(|bytes| bytes == [0xFF, 0xD8]);
        let mut made: Vec<u8> = (start..start + real.len()).map(|at| self.byte(at)).collect();
        if let Some((version, place)) = version.zip(made.first_chunk_mut::<4>()) {
            place.copy_from_slice(&version);
        }
        if !begins && let Some(place) = PHOTO.checked_sub(start) {
            made.iter_mut().skip(place).for_each(|byte| *byte = 0);
        }
        made
    }

    fn byte(&self, at: usize) -> u8 {
        if PHOTO_LENGTH.contains(&at) {
            let [high, low] = self.photo_bytes.unwrap_or(0).to_be_bytes();
            return if at == PHOTO_LENGTH.start { high } else { low };
        }
        if (PHOTO..PHOTO + usize::from(PHOTO_BYTES_MAX)).contains(&at) {
            return self.photo(at - PHOTO);
        }
        let place = IMAGE.iter().find_map(|(offset, bytes)| bytes.get(at.checked_sub(*offset)?));
        place.copied().unwrap_or(b' ')
    }

    fn photo(&self, at: usize) -> u8 {
        let length = usize::from(self.photo_bytes.unwrap_or(PHOTO_BYTES_UNSTATED));
        let end = length.saturating_sub(JPEG_END.len());
        match at {
            _ if at >= length => b' ',
            // A photo of two bytes has a beginning and no end.
            _ if at >= end && at >= 2 => JPEG_END.get(at - end).copied().unwrap_or(0),
            _ => JPEG.get(at).copied().unwrap_or(0),
        }
    }
}

/// Chip data of the same length, without a number if the real chip has none.
fn chip(done: usize, real: &[u8]) -> Vec<u8> {
    let untagged = done == 0 && real.len() == CHIP.len() - CHIP_TAG_BYTES;
    let from = if untagged { CHIP_TAG_BYTES } else { 0 } + done;
    let made = CHIP.iter().copied().chain(std::iter::repeat(0)).skip(from);
    let mut made: Vec<u8> = made.take(real.len()).collect();
    let number = CHIP_NUMBER.start.checked_sub(from).map(|at| at..at + CHIP_NUMBER.len());
    if let Some(range) = number
        && let Some(real) = real.get(range.clone())
        && let Some(made) = made.get_mut(range)
        && (real.iter().all(|byte| *byte == 0) || real.iter().all(|byte| *byte == 0xFF))
    {
        made.copy_from_slice(real);
    }
    made
}
