//! The photo in blocks: where the next one begins, whether it joins the one before, and when it is whole.
//!
//! What was read survives an interruption and goes on at its block. Each reading that goes on begins a few
//! bytes earlier: if those are not what was read before, another program has come in between, and the block
//! is not joined. Asking the card is `reading`'s work.

use citizen::{Photo, PhotoError};
use zeroize::Zeroizing;

use crate::{
    decode::PhotoExtent,
    error::{CardError, Field},
    map::{PHOTO_OFFSET, READ_BYTES_MAX},
};

/// How far the photo is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// Bytes read.
    pub read: usize,
    /// Bytes to read.
    pub total: usize,
}

/// Whether to go on after a block of the photo.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flow {
    /// Read the next block.
    Continue,
    /// Read no further for now; the step ends with [`CardError::Stopped`] and may be taken again.
    Stop,
}

/// The part of a photo that was read; wiped on drop.
pub(crate) struct PartialPhoto {
    extent: PhotoExtent,
    /// Never grows beyond what it was made for, so that no copy is left unwiped.
    bytes: Zeroizing<Vec<u8>>,
}

/// The next piece to read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Block {
    pub(crate) offset: u16,
    /// In bytes, those read before included.
    pub(crate) length: u8,
    /// Bytes at its beginning that were read before.
    repeated: usize,
}

/// How a block joins the one before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Joint {
    /// Nobody can have come in between.
    Seamless,
    /// The card was let go of in between.
    Proven,
}

impl PartialPhoto {
    pub(crate) fn new(extent: PhotoExtent) -> Self {
        Self { extent, bytes: Zeroizing::new(Vec::with_capacity(usize::from(extent.bytes()))) }
    }

    /// The block to read next; `None` if nothing is missing.
    pub(crate) fn next(&self, joint: Joint) -> Option<Block> {
        let total = self.extent.bytes();
        let read = u16::try_from(self.bytes.len()).unwrap_or(total);
        if read >= total {
            return None;
        }
        let repeated = match joint {
            Joint::Seamless => 0,
            Joint::Proven => read.min(REPEATED_BYTES),
        };
        let start = read - repeated;
        let length = u8::try_from(total - start).unwrap_or(READ_BYTES_MAX);
        Some(Block { offset: PHOTO_OFFSET + start, length, repeated: usize::from(repeated) })
    }

    /// Puts a block behind what is there.
    ///
    /// # Errors
    /// [`CardError::Interleaved`] if it does not begin as the photo ends, [`CardError::PhotoMissing`] if it
    /// is the first and no JPEG begins there.
    pub(crate) fn join(&mut self, block: Block, read: &[u8]) -> Result<(), CardError> {
        let (before, new) = read.split_at_checked(block.repeated).unwrap_or((read, &[]));
        if !self.bytes.ends_with(before) {
            return Err(CardError::Interleaved { field: Field::Photo });
        }
        self.bytes.extend_from_slice(new);
        if self.bytes.starts_with(&START_OF_IMAGE) { Ok(()) } else { Err(CardError::PhotoMissing) }
    }

    pub(crate) fn progress(&self) -> Progress {
        Progress { read: self.bytes.len(), total: usize::from(self.extent.bytes()) }
    }

    /// The whole photo.
    ///
    /// # Errors
    /// [`CardError::PhotoMissing`] or [`CardError::PhotoDamaged`] if it is no whole JPEG.
    pub(crate) fn finish(mut self) -> Result<Photo, CardError> {
        if self.extent == PhotoExtent::Unstated {
            cut_behind_the_end(&mut self.bytes);
        }
        Photo::new(std::mem::take(&mut *self.bytes)).map_err(|error| match error {
            PhotoError::Start => CardError::PhotoMissing,
            PhotoError::End | PhotoError::Size => CardError::PhotoDamaged,
        })
    }
}

/// Bytes that are read again to prove that the photo goes on: of a JPEG's coded part, by chance the same once
/// in 2^128. A photo of 20 blocks has room for eight such proofs before it takes a block more.
const REPEATED_BYTES: u16 = 16;
/// The first two bytes of every JPEG.
const START_OF_IMAGE: [u8; 2] = [0xFF, 0xD8];
/// The last two.
const END_OF_IMAGE: [u8; 2] = [0xFF, 0xD9];

/// Takes off what stands behind the last end of a JPEG; without an end nothing is taken off.
fn cut_behind_the_end(photo: &mut Vec<u8>) {
    let end = photo.windows(2).rposition(|pair| pair == END_OF_IMAGE);
    photo.truncate(end.map_or(photo.len(), |end| end + END_OF_IMAGE.len()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn photo(read: usize, total: u16) -> PartialPhoto {
        let mut photo = PartialPhoto::new(PhotoExtent::Stated(total));
        photo.bytes.extend_from_slice(&START_OF_IMAGE);
        photo.bytes.resize(read, 7);
        photo
    }

    #[track_caller]
    fn check(read: usize, joint: Joint, expected: Option<(u16, u8)>) {
        let next = photo(read, 1000).next(joint);
        assert_eq!(next.map(|block| (block.offset - PHOTO_OFFSET, block.length)), expected);
    }

    #[test]
    fn blocks_follow_each_other_to_the_end() {
        check(255, Joint::Seamless, Some((255, 255)));
        check(765, Joint::Seamless, Some((765, 235)));
        check(1000, Joint::Seamless, None);
    }

    #[test]
    fn a_block_after_an_interruption_begins_sixteen_bytes_earlier() {
        check(255, Joint::Proven, Some((239, 255)));
        check(999, Joint::Proven, Some((983, 17)));
        check(2, Joint::Proven, Some((0, 255)));
        check(1000, Joint::Proven, None);
    }

    #[test]
    fn a_block_that_begins_otherwise_is_not_joined() {
        let mut photo = photo(255, 1000);
        let block = photo.next(Joint::Proven).unwrap();
        let mut read = vec![7; 255];
        read[3] = 8;
        let interleaved = Err(CardError::Interleaved { field: Field::Photo });
        assert_eq!(photo.join(block, &read), interleaved);
        assert_eq!(photo.progress().read, 255);
        read[3] = 7;
        assert_eq!(photo.join(block, &read), Ok(()));
        assert_eq!(photo.progress(), Progress { read: 494, total: 1000 });
    }
}
