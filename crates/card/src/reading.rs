//! One reading of one card, step by step: who it is, what it says, the photo.
//!
//! The chip number comes first, since some chips refuse it once the applet is selected. Then three reads
//! bring all text, and the photo comes in blocks, as long as the card says it is. A reading lives as long
//! as the card is not reset: after [`ChannelError::Reset`](crate::ChannelError::Reset) the caller makes a
//! new one, reads the identity again and compares. Nothing is repaired behind the caller's back.

use citizen::{ChipNumber, Citizen, Identity, Photo, PhotoError};
use zeroize::Zeroizing;

use crate::{
    apdu::{self, Exchanges, StatusWord},
    channel::Channel,
    decode::{self, PhotoExtent, Section},
    error::{CardError, Field},
    map::{ADDRESS_STRETCH, HOLDER, PHOTO_OFFSET, READ_BYTES_MAX, Stretch, VALIDITY},
};

/// A reading of the card behind `C`. What it keeps of the card is wiped when it is dropped.
pub struct CardReading<'c, C: Channel + ?Sized> {
    exchanges: Exchanges<'c, C>,
    known: Option<Known>,
    photo_extent: Option<PhotoExtent>,
}

/// What the first step found out. The stretch is kept, so that the second step need not read it again.
struct Known {
    identity: Identity,
    holder: Section,
}

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
    /// Read no further; the reading ends with [`CardError::Stopped`].
    Stop,
}

impl<'c, C: Channel + ?Sized> CardReading<'c, C> {
    /// Begins with a card straight after connecting or a reset; sends nothing yet.
    #[must_use]
    pub fn new(channel: &'c mut C) -> Self {
        Self { exchanges: Exchanges::new(channel), known: None, photo_extent: None }
    }

    /// Reads the chip number, selects the citizen applet, reads the citizen id: six exchanges on T=0.
    ///
    /// Asked again, it answers from memory.
    ///
    /// # Errors
    /// [`CardError::ChipNumberUnavailable`], which a cold reset and a new reading may cure,
    /// [`CardError::NotThaiCitizenCard`], [`CardError::OldLayout`], or what ended the reading.
    pub fn identity(&mut self) -> Result<Identity, CardError> {
        Ok(self.known()?.identity.clone())
    }

    /// Reads the rest of the text, four exchanges on T=0; before it the identity, if that is not known yet.
    ///
    /// # Errors
    /// [`CardError::AnotherCard`] if this card is not the one of `identity`; [`CardError::Text`] naming
    /// the field that is not what it must be; or what ended the reading.
    pub fn citizen(&mut self, identity: &Identity) -> Result<Citizen, CardError> {
        if self.known()?.identity != *identity {
            return Err(CardError::AnotherCard);
        }
        let validity = self.section(&VALIDITY)?;
        self.photo_extent = Some(decode::photo_extent(&validity)?);
        let address = self.section(&ADDRESS_STRETCH)?;
        decode::citizen(identity, &self.known()?.holder, &validity, &address)
    }

    /// Reads the photo in blocks of up to 255 bytes; a full one takes 42 exchanges on T=0, about 5.7 s on
    /// the slowest cards. `progress` is called after every block and may stop.
    ///
    /// # Errors
    /// [`CardError::PhotoMissing`] and [`CardError::PhotoDamaged`] if no whole JPEG is there,
    /// [`CardError::Stopped`], or what ended the reading: part of a photo is never success.
    pub fn photo(
        &mut self,
        progress: &mut dyn FnMut(Progress) -> Flow,
    ) -> Result<Photo, CardError> {
        self.known()?;
        let extent = match self.photo_extent {
            Some(extent) => extent,
            None => decode::photo_extent(&self.section(&VALIDITY)?)?,
        };
        let total = extent.bytes();
        let mut photo = Zeroizing::new(Vec::with_capacity(usize::from(total)));
        for start in (0..total).step_by(usize::from(READ_BYTES_MAX)) {
            let length = u8::try_from(total - start).unwrap_or(READ_BYTES_MAX);
            photo.extend_from_slice(&self.read(PHOTO_OFFSET + start, length, Field::Photo)?);
            if !photo.starts_with(&START_OF_IMAGE) {
                return Err(CardError::PhotoMissing);
            }
            let at = Progress { read: photo.len(), total: usize::from(total) };
            if progress(at) == Flow::Stop {
                return Err(CardError::Stopped);
            }
        }
        if extent == PhotoExtent::Unstated {
            cut_behind_the_end(&mut photo);
        }
        Photo::new(std::mem::take(&mut *photo)).map_err(|error| match error {
            PhotoError::Start => CardError::PhotoMissing,
            PhotoError::End | PhotoError::Size => CardError::PhotoDamaged,
        })
    }

    /// What the first step finds out, from memory if it did.
    fn known(&mut self) -> Result<&Known, CardError> {
        if self.known.is_none() {
            let chip_number = self.chip_number()?;
            self.select()?;
            let holder = self.section(&HOLDER)?;
            decode::layout(&holder)?;
            let citizen_id = decode::citizen_id(&holder)?;
            self.known = Some(Known { identity: Identity { citizen_id, chip_number }, holder });
        }
        Ok(self.known.as_ref().expect("it was filled just above"))
    }

    /// Asks the chip as it is, then once more with its own manager selected.
    fn chip_number(&mut self) -> Result<ChipNumber, CardError> {
        if let Some(number) = self.chip_number_now()? {
            return Ok(number);
        }
        // Whether the chip lets its manager be selected is its own affair: what counts is the number.
        self.exchanges.run(apdu::SELECT_MANAGER, Field::ChipNumber)?;
        self.chip_number_now()?.ok_or(CardError::ChipNumberUnavailable)
    }

    /// The chip number; `None` if the chip refuses it or has none.
    fn chip_number_now(&mut self) -> Result<Option<ChipNumber>, CardError> {
        let mut got = 0;
        for _ in 0..READ_TRIES {
            let answer = self.exchanges.run(apdu::GET_CHIP_DATA, Field::ChipNumber)?;
            if answer.status != StatusWord::OK {
                return Ok(None);
            }
            let tagged = answer.data.starts_with(&CHIP_DATA_TAG);
            let start = if tagged { CHIP_NUMBER_AT + CHIP_DATA_TAG.len() } else { CHIP_NUMBER_AT };
            let whole =
                if tagged { CHIP_DATA_BYTES } else { CHIP_DATA_BYTES - CHIP_DATA_TAG.len() };
            got = answer.data.len();
            if got == whole
                && let Some(&number) = answer.data.get(start..).and_then(<[u8]>::first_chunk::<8>)
            {
                let blank = number == [0x00; 8] || number == [0xFF; 8];
                return Ok((!blank).then(|| ChipNumber::from_bytes(number)));
            }
        }
        Err(CardError::Length { field: Field::ChipNumber, expected: CHIP_DATA_BYTES, got })
    }

    fn select(&mut self) -> Result<(), CardError> {
        match self.exchanges.run(apdu::SELECT_APPLET, Field::Applet)?.status {
            StatusWord::OK => Ok(()),
            status @ (StatusWord::FILE_NOT_FOUND
            | StatusWord::UNKNOWN_INSTRUCTION
            | StatusWord::UNKNOWN_CLASS) => Err(CardError::NotThaiCitizenCard { status }),
            status => Err(CardError::Refused { field: Field::Applet, status }),
        }
    }

    /// Reads a stretch in one, or place by place if the card refuses to read so much or across fields.
    fn section(&mut self, stretch: &'static Stretch) -> Result<Section, CardError> {
        match self.read(stretch.offset(), stretch.length(), stretch.field) {
            Ok(bytes) => return Ok(Section { stretch, bytes }),
            Err(CardError::Refused {
                status:
                    StatusWord::WRONG_LENGTH | StatusWord::WRONG_PARAMETERS | StatusWord::WRONG_OFFSET,
                ..
            }) => {}
            Err(error) => return Err(error),
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::from(stretch.length())));
        for place in stretch.places {
            bytes.extend_from_slice(&self.read(place.offset, place.length, place.field)?);
        }
        Ok(Section { stretch, bytes })
    }

    /// Reads exactly `length` bytes of the image; an answer of another length is asked for once more.
    fn read(
        &mut self,
        offset: u16,
        length: u8,
        field: Field,
    ) -> Result<Zeroizing<Vec<u8>>, CardError> {
        let expected = usize::from(length);
        let mut got = 0;
        for _ in 0..READ_TRIES {
            let answer = self.exchanges.run(&apdu::read(offset, length), field)?;
            if answer.status != StatusWord::OK {
                return Err(CardError::Refused { field, status: answer.status });
            }
            got = answer.data.len();
            if got == expected {
                return Ok(answer.data);
            }
        }
        Err(CardError::Length { field, expected, got })
    }
}

/// The tag and length in front of the chip's life cycle data; some chips leave them out.
const CHIP_DATA_TAG: [u8; 3] = [0x9F, 0x7F, 0x2A];
/// The life cycle data with its tag.
const CHIP_DATA_BYTES: usize = 45;
/// Where fabrication date, serial number and batch begin behind the tag: eight bytes.
const CHIP_NUMBER_AT: usize = 10;
/// An answer of the wrong length is asked for this often in all.
const READ_TRIES: usize = 2;
/// The first two bytes of every JPEG.
const START_OF_IMAGE: [u8; 2] = [0xFF, 0xD8];
/// The last two.
const END_OF_IMAGE: [u8; 2] = [0xFF, 0xD9];

/// Takes off what stands behind the last end of a JPEG; without an end nothing is taken off.
fn cut_behind_the_end(photo: &mut Vec<u8>) {
    let end = photo.windows(2).rposition(|pair| pair == END_OF_IMAGE);
    photo.truncate(end.map_or(photo.len(), |end| end + END_OF_IMAGE.len()));
}
