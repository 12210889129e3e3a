//! What a failure of the card or the reader is to the session: one word for each sentence a customer gets.
//!
//! Whether a new connection can help is `reading`'s.

use card::{CardError, ChannelError};
use session::CardFault;

use crate::ports::ReaderError;

pub(crate) fn fault_of_card(error: &CardError) -> CardFault {
    match error {
        CardError::Channel(channel) => match channel {
            ChannelError::Removed => CardFault::Removed,
            ChannelError::Gone => CardFault::ReaderGone,
            ChannelError::Busy => CardFault::Busy,
            ChannelError::TimedOut => CardFault::ReaderHung,
            ChannelError::Reset | ChannelError::Faulty => CardFault::Unreadable,
        },
        CardError::NotThaiCitizenCard { .. } => CardFault::NotThaiCitizenCard,
        CardError::OldLayout | CardError::UnknownLayout => CardFault::OldLayout,
        CardError::ChipNumberUnavailable => CardFault::ChipNumberUnavailable,
        CardError::AnotherCard => CardFault::Swapped,
        CardError::Refused { .. }
        | CardError::Length { .. }
        | CardError::NoStatusWord { .. }
        | CardError::Endless { .. }
        | CardError::Interleaved { .. }
        | CardError::Stopped => CardFault::Unreadable,
        CardError::Text { .. } | CardError::PhotoMissing | CardError::PhotoDamaged => {
            CardFault::DataInvalid
        }
    }
}

pub(crate) fn fault_of_reader(error: ReaderError) -> CardFault {
    match error {
        ReaderError::NotConfigured | ReaderError::Gone => CardFault::ReaderGone,
        ReaderError::ServiceDown | ReaderError::Refused => CardFault::ServiceDown,
        ReaderError::NoCard => CardFault::Removed,
        ReaderError::Mute => CardFault::Mute,
        ReaderError::Busy => CardFault::Busy,
        ReaderError::Faulty => CardFault::Unreadable,
    }
}
