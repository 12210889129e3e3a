//! Reads the Thai citizen card through a one-method channel, progressively.
//!
//! The facts are those of the citizen applet as many independent readers agree on them: one flat image of
//! 5,950 bytes, read in pieces. Waiting for cards, resets and transactions are the work of whoever owns
//! the channel; what the values mean to the bank is `protocol`'s.

mod apdu;
mod channel;
mod decode;
mod error;
mod map;
mod photo;
mod plan;
mod reading;
mod tis620;

pub use apdu::StatusWord;
pub use channel::{Channel, ChannelError};
pub use error::{CardError, Field, TextError};
pub use photo::{Flow, Progress};
pub use plan::ReadPlan;
pub use reading::CardReading;
pub use tis620::Tis620Error;

#[cfg(test)]
mod tests;
