//! The seam to a card in a reader: one command out, one answer back.
//!
//! Implemented by the real reader, the simulated card and every wrapper that traces, records or breaks one.
//! It knows nothing of what the commands mean.

use thiserror::Error;

/// A connection to one card. A reset, by anyone, ends what was selected on it.
pub trait Channel {
    /// Sends one command APDU and writes the whole answer, status word last, into `answer`, which it
    /// clears first. Blocks until the card has answered.
    ///
    /// # Errors
    /// [`ChannelError`]; `answer` then holds nothing of use.
    fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError>;
}

impl<C: Channel + ?Sized> Channel for Box<C> {
    fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        (**self).transmit(command, answer)
    }
}

impl<C: Channel + ?Sized> Channel for &mut C {
    fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        (**self).transmit(command, answer)
    }
}

/// Why no answer came.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ChannelError {
    /// The card was taken out.
    #[error("the card was removed")]
    Removed,
    /// Another program reset the card, or the system did: the applet is no longer selected.
    #[error("the card was reset by someone else")]
    Reset,
    /// The reader was unplugged, or its service stopped.
    #[error("the card reader is gone")]
    Gone,
    /// The card stays silent.
    #[error("the card did not answer in time")]
    TimedOut,
    /// Another program holds the card.
    #[error("another program holds the card")]
    Busy,
    /// The reader could not bring a whole answer back.
    #[error("the reader failed to communicate with the card")]
    Faulty,
}
