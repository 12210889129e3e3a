//! Everything that can go wrong between a card and a citizen, typed by what a caller would do about it.
//!
//! An error names the field, never what is in it.

use std::fmt::{Display, Formatter};

use citizen::{AddressError, Bp1NumberError, CitizenIdError, DateError, NameError};
use thiserror::Error;

use crate::{apdu::StatusWord, channel::ChannelError, tis620::Tis620Error};

/// Why the card could not be read.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum CardError {
    /// No answer: the card, the reader or the service is the cause.
    #[error("exchanging with the card failed")]
    Channel(#[from] ChannelError),
    /// The card has no citizen applet: a bank card, a phone's, a foreign one.
    #[error("selecting the citizen applet: card answered {status}, expected 9000")]
    NotThaiCitizenCard {
        /// What it said instead.
        status: StatusWord,
    },
    /// A card of layout `0002`, whose fields lie elsewhere.
    #[error("reading the layout version: got 0002, expected 0003")]
    OldLayout,
    /// A layout that is neither the present nor the old one.
    #[error("reading the layout version: got an unknown one, expected 0003")]
    UnknownLayout,
    /// The chip refuses its number, or it is all `00` or all `FF`. A cold reset may help, once.
    #[error("reading the chip number: the chip does not give one")]
    ChipNumberUnavailable,
    /// This is not the card with the identity that was handed in.
    #[error("comparing the identity: got another card, expected the one read before")]
    AnotherCard,
    /// What was read before is not there any more: another program selected something else in between.
    #[error("reading {field}: the card shows other bytes than before, expected the same")]
    Interleaved {
        /// What was read.
        field: Field,
    },
    /// The card answered a read with another status than success.
    #[error("reading {field}: card answered {status}, expected 9000")]
    Refused {
        /// What was read.
        field: Field,
        /// What the card said.
        status: StatusWord,
    },
    /// The card said success and, twice, gave another number of bytes than it was asked for.
    #[error("reading {field}: got {got} bytes, expected {expected}")]
    Length {
        /// What was read.
        field: Field,
        /// Bytes asked for.
        expected: usize,
        /// Bytes that came, the second time.
        got: usize,
    },
    /// An answer without even a status word.
    #[error(
        "reading {field}: the answer has {got} bytes, expected at least the two of a status word"
    )]
    NoStatusWord {
        /// What was read.
        field: Field,
        /// Bytes that came.
        got: usize,
    },
    /// The card keeps announcing more, beyond what any card needs.
    #[error("reading {field}: the card never finishes its answer")]
    Endless {
        /// What was read.
        field: Field,
    },
    /// What was read is not what the field must hold.
    #[error("decoding {field}: the card's bytes are no such value")]
    Text {
        /// Which field.
        field: Field,
        /// Which rule it breaks.
        source: TextError,
    },
    /// No JPEG begins where the photo must be.
    #[error("reading the photo: no JPEG begins there")]
    PhotoMissing,
    /// A JPEG begins, and does not end or states an impossible size.
    #[error("reading the photo: the JPEG is not whole")]
    PhotoDamaged,
    /// The caller stopped the reading; what was read is kept, and the reading can be continued.
    #[error("reading the photo: stopped by the caller")]
    Stopped,
}

/// Which rule a field breaks.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum TextError {
    /// A byte that no Thai text has.
    #[error(transparent)]
    Bytes(#[from] Tis620Error),
    /// Nothing is written where something must be.
    #[error("the field is blank")]
    Blank,
    /// Not `1` or `2`.
    #[error("the sex is neither 1 nor 2")]
    Sex,
    /// No citizen id.
    #[error(transparent)]
    CitizenId(#[from] CitizenIdError),
    /// No name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// No date.
    #[error(transparent)]
    Date(#[from] DateError),
    /// No BP1 number.
    #[error(transparent)]
    Bp1Number(#[from] Bp1NumberError),
    /// No address.
    #[error(transparent)]
    Address(#[from] AddressError),
}

/// What is read from the card; in errors, never with its value.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Field {
    /// The chip's life cycle data, of which the chip number is a part.
    ChipNumber,
    /// The citizen applet itself.
    Applet,
    /// Version to request number, read in one.
    Holder,
    /// Issue date to photo length, read in one.
    Validity,
    /// Layout version.
    Version,
    /// Citizen id.
    CitizenId,
    /// Thai name.
    ThaiName,
    /// English name.
    EnglishName,
    /// Birth date.
    BirthDate,
    /// Sex.
    Sex,
    /// Request number block, of which the BP1 number is the first part.
    RequestNumber,
    /// Issue date.
    IssueDate,
    /// Expiry date.
    ExpiryDate,
    /// Card type.
    CardType,
    /// Length of the photo.
    PhotoLength,
    /// Photo.
    Photo,
    /// Address.
    Address,
}

impl Display for Field {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::ChipNumber => "the chip number",
            Self::Applet => "the citizen applet",
            Self::Holder => "the holder's data",
            Self::Validity => "the card's validity",
            Self::Version => "the layout version",
            Self::CitizenId => "the citizen id",
            Self::ThaiName => "the Thai name",
            Self::EnglishName => "the English name",
            Self::BirthDate => "the birth date",
            Self::Sex => "the sex",
            Self::RequestNumber => "the request number",
            Self::IssueDate => "the issue date",
            Self::ExpiryDate => "the expiry date",
            Self::CardType => "the card type",
            Self::PhotoLength => "the photo length",
            Self::Photo => "the photo",
            Self::Address => "the address",
        })
    }
}
