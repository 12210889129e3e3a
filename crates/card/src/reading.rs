//! One reading of one card, step by step: who it is, what it says, the photo.
//!
//! The chip number comes first, since some chips refuse it once the applet is selected. Then three reads
//! bring all text, and the photo comes in blocks, as long as the card says it is. A step that failed may be
//! taken again, on a new connection as well: it goes on where it was, once chip number and identifier have
//! shown that the card is the same. Resets and connections are the work of whoever owns the channel.

use citizen::{ChipNumber, Citizen, Identity, Photo};
use zeroize::Zeroizing;

use crate::{
    apdu::{self, Exchanges, StatusWord},
    channel::Channel,
    decode::{self, Section},
    error::{CardError, Field},
    map::{ADDRESS_STRETCH, HOLDER, IDENTIFIER, Stretch, VALIDITY},
    photo::{Flow, Joint, PartialPhoto, Progress},
    plan::ReadPlan,
};

/// A reading of one card. It outlives connections; what it keeps of the card is wiped when it is dropped.
///
/// Each step is given a channel to the card. After connecting anew or a reset of its own, the caller says so
/// by [`Self::reconnected`]; a reset by others shows as an error, and needs no word.
pub struct CardReading {
    exchanges: Exchanges,
    plan: ReadPlan,
    standing: Standing,
    identity: Option<Identity>,
    holder: Option<Section>,
    validity: Option<Section>,
    photo: Option<PartialPhoto>,
}

/// What is known of the card behind the channel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Standing {
    /// It may be another one, or its applet may not be selected.
    Unproven,
    /// It is the one that was read before, and its applet is selected.
    Proven,
    /// It is another one: this reading is over.
    Exchanged,
}

impl CardReading {
    /// Begins with a card straight after connecting or a reset.
    #[must_use]
    pub fn new(plan: ReadPlan) -> Self {
        Self {
            exchanges: Exchanges::new(),
            plan,
            standing: Standing::Unproven,
            identity: None,
            holder: None,
            validity: None,
            photo: None,
        }
    }

    /// The channel of the next step is a new connection, or the card was reset: the next step begins with
    /// the proof that it is the same card.
    pub fn reconnected(&mut self) {
        self.exchanges.renew();
        if self.standing == Standing::Proven {
            self.standing = Standing::Unproven;
        }
    }

    /// How the text is asked for: as handed in, or field by field if this card refused more at once.
    #[must_use]
    pub fn plan(&self) -> ReadPlan {
        self.plan
    }

    /// Reads the chip number, selects the citizen applet, reads the citizen id: six exchanges on T=0.
    ///
    /// Asked again on the same connection, it answers from memory.
    ///
    /// # Errors
    /// [`CardError::ChipNumberUnavailable`], which a cold reset may cure,
    /// [`CardError::NotThaiCitizenCard`], [`CardError::OldLayout`], [`CardError::AnotherCard`] on another
    /// connection, or what ended the reading.
    pub fn identity<C: Channel + ?Sized>(
        &mut self,
        channel: &mut C,
    ) -> Result<Identity, CardError> {
        self.step(|reading| reading.prove(channel).cloned())
    }

    /// Reads the rest of the text, four exchanges on T=0; before it the identity, if that is not known yet.
    ///
    /// # Errors
    /// [`CardError::AnotherCard`] if this card is not the one of `identity`; [`CardError::Text`] naming
    /// the field that is not what it must be; or what ended the reading.
    pub fn citizen<C: Channel + ?Sized>(
        &mut self,
        channel: &mut C,
        identity: &Identity,
    ) -> Result<Citizen, CardError> {
        self.step(|reading| {
            if reading.prove(channel)? != identity {
                return Err(CardError::AnotherCard);
            }
            reading.read_holder(channel, identity)?;
            reading.read_validity(channel)?;
            let address = reading.section(channel, &ADDRESS_STRETCH)?;
            let stretches = reading.holder.take().zip(reading.validity.take());
            let (holder, validity) = stretches.expect("both were read just above");
            let citizen = decode::citizen(identity, &holder, &validity, &address)?;
            // Only what was right is kept: taken again, the step asks the card again.
            (reading.holder, reading.validity) = (Some(holder), Some(validity));
            Ok(citizen)
        })
    }

    /// Reads the photo in blocks of up to 255 bytes; a full one takes 42 exchanges on T=0, about 5.7 s on
    /// the slowest cards. `progress` is called after every block and may stop.
    ///
    /// Taken again after it failed, it goes on behind the last whole block.
    ///
    /// # Errors
    /// [`CardError::PhotoMissing`] and [`CardError::PhotoDamaged`] if no whole JPEG is there,
    /// [`CardError::Interleaved`] if it cannot go on where it was, [`CardError::Stopped`], or what ended the
    /// reading: part of a photo is never success.
    pub fn photo<C: Channel + ?Sized>(
        &mut self,
        channel: &mut C,
        progress: &mut dyn FnMut(Progress) -> Flow,
    ) -> Result<Photo, CardError> {
        self.step(|reading| {
            reading.prove(channel)?;
            let mut photo = match reading.photo.take() {
                Some(photo) => photo,
                None => PartialPhoto::new(decode::photo_extent(reading.read_validity(channel)?)?),
            };
            match reading.blocks(channel, &mut photo, progress) {
                Ok(()) => photo.finish(),
                Err(error) => {
                    if error != CardError::PhotoMissing {
                        reading.photo = Some(photo);
                    }
                    Err(error)
                }
            }
        })
    }

    /// Takes one step. After an error nothing is known of the card any more, unless the caller wanted to stop.
    fn step<T>(
        &mut self,
        take: impl FnOnce(&mut Self) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        let outcome = take(self);
        if self.standing == Standing::Proven
            && outcome.as_ref().is_err_and(|error| *error != CardError::Stopped)
        {
            self.standing = Standing::Unproven;
        }
        outcome
    }

    fn blocks<C: Channel + ?Sized>(
        &mut self,
        channel: &mut C,
        photo: &mut PartialPhoto,
        progress: &mut dyn FnMut(Progress) -> Flow,
    ) -> Result<(), CardError> {
        let mut joint = Joint::Proven;
        while let Some(block) = photo.next(joint) {
            let bytes = self.read(channel, block.offset, block.length, Field::Photo)?;
            photo.join(block, &bytes)?;
            joint = Joint::Seamless;
            if progress(photo.progress()) == Flow::Stop {
                return Err(CardError::Stopped);
            }
        }
        Ok(())
    }

    /// Who the card is: from memory, once it is proven that this is the card remembered.
    ///
    /// # Errors
    /// [`CardError::AnotherCard`], now and for ever; all that was read of the first one is then wiped.
    fn prove<C: Channel + ?Sized>(&mut self, channel: &mut C) -> Result<&Identity, CardError> {
        if self.standing == Standing::Exchanged {
            return Err(CardError::AnotherCard);
        }
        if self.standing == Standing::Unproven {
            let chip_number = self.chip_number(channel)?;
            self.select(channel)?;
            if self.identity.is_none() {
                self.introduce(channel, chip_number)?;
            } else {
                self.recognize(channel, &chip_number)?;
            }
            self.standing = Standing::Proven;
        }
        Ok(self.identity.as_ref().expect("whoever is proven is known"))
    }

    /// Reads who the card is, for the first time.
    fn introduce<C: Channel + ?Sized>(
        &mut self,
        channel: &mut C,
        chip_number: ChipNumber,
    ) -> Result<(), CardError> {
        let holder = self.section(channel, &HOLDER)?;
        decode::layout(&holder)?;
        let citizen_id = decode::citizen_id(&holder)?;
        self.identity = Some(Identity { citizen_id, chip_number });
        self.holder = Some(holder);
        Ok(())
    }

    /// Is it the same chip number, and the same identifier?
    fn recognize<C: Channel + ?Sized>(
        &mut self,
        channel: &mut C,
        chip_number: &ChipNumber,
    ) -> Result<(), CardError> {
        let identifier = self.section(channel, &IDENTIFIER)?;
        let same = |identity: &Identity| {
            identity.chip_number == *chip_number
                && decode::citizen_id(&identifier).is_ok_and(|id| id == identity.citizen_id)
        };
        if self.identity.as_ref().is_some_and(same) {
            return Ok(());
        }
        self.standing = Standing::Exchanged;
        (self.identity, self.holder, self.validity, self.photo) = (None, None, None, None);
        Err(CardError::AnotherCard)
    }

    /// Version to request number, unless they were read before.
    fn read_holder<C: Channel + ?Sized>(
        &mut self,
        channel: &mut C,
        identity: &Identity,
    ) -> Result<(), CardError> {
        if self.holder.is_none() {
            let holder = self.section(channel, &HOLDER)?;
            if decode::citizen_id(&holder)? != identity.citizen_id {
                return Err(CardError::AnotherCard);
            }
            self.holder = Some(holder);
        }
        Ok(())
    }

    /// Issue date to photo length, unless they were read before.
    fn read_validity<C: Channel + ?Sized>(
        &mut self,
        channel: &mut C,
    ) -> Result<&Section, CardError> {
        let validity = match self.validity.take() {
            Some(validity) => validity,
            None => self.section(channel, &VALIDITY)?,
        };
        Ok(self.validity.insert(validity))
    }

    /// Asks the chip as it is, then once more with its own manager selected.
    fn chip_number<C: Channel + ?Sized>(
        &mut self,
        channel: &mut C,
    ) -> Result<ChipNumber, CardError> {
        if let Some(number) = self.chip_number_now(channel)? {
            return Ok(number);
        }
        // Whether the chip lets its manager be selected is its own affair: what counts is the number.
        self.exchanges.run(channel, apdu::SELECT_MANAGER, Field::ChipNumber)?;
        self.chip_number_now(channel)?.ok_or(CardError::ChipNumberUnavailable)
    }

    /// The chip number; `None` if the chip refuses it or has none.
    fn chip_number_now<C: Channel + ?Sized>(
        &mut self,
        channel: &mut C,
    ) -> Result<Option<ChipNumber>, CardError> {
        let mut got = 0;
        for _ in 0..READ_TRIES {
            let answer = self.exchanges.run(channel, apdu::GET_CHIP_DATA, Field::ChipNumber)?;
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

    fn select<C: Channel + ?Sized>(&mut self, channel: &mut C) -> Result<(), CardError> {
        match self.exchanges.run(channel, apdu::SELECT_APPLET, Field::Applet)?.status {
            StatusWord::OK => Ok(()),
            status @ (StatusWord::FILE_NOT_FOUND
            | StatusWord::UNKNOWN_INSTRUCTION
            | StatusWord::UNKNOWN_CLASS) => Err(CardError::NotThaiCitizenCard { status }),
            status => Err(CardError::Refused { field: Field::Applet, status }),
        }
    }

    /// Reads a stretch in one; place by place, from then on, if the card refuses to read so much or across
    /// fields.
    fn section<C: Channel + ?Sized>(
        &mut self,
        channel: &mut C,
        stretch: &'static Stretch,
    ) -> Result<Section, CardError> {
        if self.plan == ReadPlan::Spanning {
            match self.read(channel, stretch.offset(), stretch.length(), stretch.field) {
                Ok(bytes) => return Ok(Section { stretch, bytes }),
                Err(CardError::Refused {
                    status:
                        StatusWord::WRONG_LENGTH
                        | StatusWord::WRONG_PARAMETERS
                        | StatusWord::WRONG_OFFSET,
                    ..
                }) => self.plan = ReadPlan::FieldByField,
                Err(error) => return Err(error),
            }
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::from(stretch.length())));
        for place in stretch.places {
            bytes.extend_from_slice(&self.read(
                channel,
                place.offset,
                place.length,
                place.field,
            )?);
        }
        Ok(Section { stretch, bytes })
    }

    /// Reads exactly `length` bytes of the image; an answer of another length is asked for once more.
    fn read<C: Channel + ?Sized>(
        &mut self,
        channel: &mut C,
        offset: u16,
        length: u8,
        field: Field,
    ) -> Result<Zeroizing<Vec<u8>>, CardError> {
        let expected = usize::from(length);
        let mut got = 0;
        for _ in 0..READ_TRIES {
            let answer = self.exchanges.run(channel, &apdu::read(offset, length), field)?;
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
