//! The portrait from the chip: a JPEG, byte for byte as it was read.
//!
//! It is never decoded, trimmed or encoded again here; where it ends on the card is `card`'s. Of its inside
//! only the stated width and height are looked at, so that nobody is handed a picture that fills memory.

use thiserror::Error;
use zeroize::Zeroizing;

use crate::redacted::redacted;

/// The first two bytes of every JPEG.
const START_OF_IMAGE: [u8; 2] = [0xFF, 0xD8];
/// The last two.
const END_OF_IMAGE: [u8; 2] = [0xFF, 0xD9];

/// Pixels either way. The card's portraits have 148 × 178; what states far more was made to do harm.
const PIXELS_MAX: u16 = 1000;

/// A portrait in JPEG. Dropping it overwrites its memory.
#[derive(Clone, Eq, PartialEq)]
pub struct Photo(Zeroizing<Vec<u8>>);

/// Why bytes are no photo.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum PhotoError {
    /// They do not begin as a JPEG does.
    #[error("taking a photo: the first bytes are not those of a JPEG")]
    Start,
    /// They have no end of a JPEG: a part is missing.
    #[error("taking a photo: the JPEG has no end")]
    End,
    /// It states to be larger than 1000 pixels either way.
    #[error("taking a photo: the JPEG states an impossible size, expected at most 1000 pixels")]
    Size,
}

impl Photo {
    /// Takes the bytes over as they are; the vector's own memory is the one that will be wiped.
    ///
    /// # Errors
    /// [`PhotoError`] if the bytes do not begin with `FF D8`, hold no `FF D9`, or state an impossible size.
    pub fn new(bytes: Vec<u8>) -> Result<Self, PhotoError> {
        let photo = Self(Zeroizing::new(bytes));
        if !photo.0.starts_with(&START_OF_IMAGE) {
            return Err(PhotoError::Start);
        }
        if !photo.0.windows(2).any(|pair| pair == END_OF_IMAGE) {
            return Err(PhotoError::End);
        }
        match stated_size(&photo.0) {
            Some(size) if size.into_iter().any(|pixels| pixels > PIXELS_MAX) => {
                Err(PhotoError::Size)
            }
            _ => Ok(photo),
        }
    }

    /// The JPEG.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Height and width as the first frame header states them; `None` if there is none before the picture.
fn stated_size(jpeg: &[u8]) -> Option<[u16; 2]> {
    let mut rest = jpeg.get(START_OF_IMAGE.len()..)?;
    // Every segment is at least four bytes long, so this ends with the bytes.
    loop {
        let (&[mark, kind, high, low], body) = rest.split_first_chunk()?;
        // All frame headers but three numbers that mean tables and extensions.
        if mark == 0xFF && matches!(kind, 0xC0..=0xCF) && !matches!(kind, 0xC4 | 0xC8 | 0xCC) {
            let &[_precision, h1, h2, w1, w2] = body.first_chunk()?;
            return Some([u16::from_be_bytes([h1, h2]), u16::from_be_bytes([w1, w2])]);
        }
        if mark != 0xFF || kind == START_OF_SCAN {
            return None;
        }
        let length = usize::from(u16::from_be_bytes([high, low])).checked_sub(2)?;
        rest = body.get(length..)?;
    }
}

/// Behind this mark stands the picture itself.
const START_OF_SCAN: u8 = 0xDA;

redacted!(Photo);

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{Photo, PhotoError};

    #[track_caller]
    fn check(bytes: &[u8], expected: Result<(), PhotoError>) {
        let photo = Photo::new(bytes.to_vec());
        assert_eq!(photo.as_ref().map(|_| ()).map_err(|error| *error), expected);
        assert!(photo.is_err() || photo.unwrap().bytes() == bytes);
    }

    #[test]
    fn a_jpeg_is_kept_byte_for_byte() {
        check(&[0xFF, 0xD8, 1, 2, 0xFF, 0xD9], Ok(()));
        check(&[0xFF, 0xD8, 1, 2, 0xFF, 0xD9, 0x20, 0x20], Ok(()));
    }

    #[test]
    fn what_is_no_whole_jpeg_is_refused() {
        check(&[], Err(PhotoError::Start));
        check(&[0x20; 5118], Err(PhotoError::Start));
        check(&[0xD8, 0xFF, 0xFF, 0xD9], Err(PhotoError::Start));
        check(&[0xFF, 0xD8, 1, 2, 0xFF], Err(PhotoError::End));
    }

    /// A JPEG of one segment of four bytes, one frame header, and an end.
    fn stating(height: u16, width: u16) -> Vec<u8> {
        let mut jpeg = vec![0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x04, 1, 2, 0xFF, 0xC0, 0x00, 0x0B, 8];
        jpeg.extend(height.to_be_bytes());
        jpeg.extend(width.to_be_bytes());
        jpeg.extend([1, 1, 0x11, 0, 0xFF, 0xD9]);
        jpeg
    }

    #[test]
    fn a_picture_that_states_to_be_huge_is_refused() {
        check(&stating(178, 148), Ok(()));
        check(&stating(1000, 1000), Ok(()));
        check(&stating(1001, 1), Err(PhotoError::Size));
        check(&stating(1, 65_535), Err(PhotoError::Size));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in any::<Vec<u8>>()) {
            let jpeg = [&[0xFF, 0xD8], body.as_slice(), &[0xFF, 0xD9]].concat();
            let refused = Photo::new(jpeg).err();
            prop_assert!(matches!(refused, None | Some(PhotoError::Size)));
        }
    }

    #[test]
    fn debug_shows_neither_bytes_nor_length() {
        let photo = Photo::new(vec![0xFF, 0xD8, 0xFF, 0xD9]).unwrap();
        assert_eq!(format!("{photo:?}"), "Photo(‹redacted›)");
    }
}
