//! The seams to the devices: what the agent asks of them, one to three calls each.
//!
//! `dipchip` fills them with real devices, `simulator` with none. All calls block and run on threads of
//! their own; a call that never returns costs a thread, never the agent. Tracing, faults and recordings
//! are wrappers around these traits, not branches inside a driver.

mod adapted;
mod faulty;
mod traced;

use std::time::Duration;

use card::{Channel, ChannelError};
use thiserror::Error;
use vision::Frame;

pub use adapted::prepared;
pub use faulty::{ExchangeFault, Faulty, Plan, Plans};
pub use traced::Traced;

/// Opens devices, each on the thread that will use it, as often as one must be opened again.
pub trait Devices: Send + Sync {
    /// Opens the watch over all readers.
    ///
    /// # Errors
    /// [`ReaderError`] if there is no PC/SC service or none is configured.
    fn card_monitor(&self) -> Result<Box<dyn CardMonitor>, ReaderError>;
    /// Opens the way to the cards themselves, apart from the watch.
    ///
    /// # Errors
    /// [`ReaderError`] if there is no PC/SC service or none is configured.
    fn card_reader(&self) -> Result<Box<dyn CardReader>, ReaderError>;
    /// Opens the code scanner.
    ///
    /// # Errors
    /// [`DeviceError::NotConfigured`] if the machine has none.
    fn scanner(&self) -> Result<Box<dyn Scanner>, DeviceError>;
    /// Opens the camera.
    ///
    /// # Errors
    /// [`DeviceError::NotConfigured`] if the machine has none.
    fn camera(&self) -> Result<Box<dyn Camera>, DeviceError>;
    /// Opens the slip printer.
    ///
    /// # Errors
    /// [`DeviceError::NotConfigured`] if the machine has none.
    fn printer(&self) -> Result<Box<dyn Printer>, DeviceError>;
}

/// Watches the readers for cards coming and going.
pub trait CardMonitor: Send {
    /// Waits until the presence differs from `known`, or until `patience` is over, and says what is there.
    ///
    /// # Errors
    /// [`ReaderError`] when the service or the reader went away; the monitor is then opened anew.
    fn watch(&mut self, known: &Presence, patience: Duration) -> Result<Presence, ReaderError>;
}

/// What lies in the readers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Presence {
    /// The service runs, no allowed reader is plugged in.
    NoReader,
    /// Readers, no card.
    Empty,
    /// A card that answers to reset.
    Card {
        /// The reader's full name.
        reader: String,
        /// Counts insertions in this reader, so that a swap between two looks is seen.
        insertion: u32,
    },
    /// Something is in, but it does not answer: upside down, dirty, dead.
    Mute {
        /// The reader's full name.
        reader: String,
        /// Counts insertions in this reader.
        insertion: u32,
    },
}

/// Connects to the card in a reader.
pub trait CardReader: Send {
    /// Connects.
    ///
    /// # Errors
    /// [`ReaderError`], typed by what a person could do about it.
    fn connect(
        &mut self,
        reader: &str,
        start: Start,
    ) -> Result<Box<dyn CardConnection + '_>, ReaderError>;
}

/// A connection to one card, shared with other programs. Dropped, it leaves the card as it is.
pub trait CardConnection {
    /// The card's answer to reset, byte for byte.
    fn atr(&self) -> &[u8];
    /// Keeps other programs off the card until the channel is dropped; waits for one that does the same.
    /// To be dropped before any wait: Windows resets a card that is held for 5 s without an exchange.
    ///
    /// # Errors
    /// [`ChannelError`], such as [`ChannelError::Reset`] if another program reset the card since the last
    /// hold.
    fn hold(&mut self) -> Result<Box<dyn Channel + '_>, ChannelError>;
}

/// In which state a connection finds the card; the mildest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Start {
    /// As it is.
    AsItIs,
    /// After a warm reset: the applet is not selected.
    Warm,
    /// After its power was cut for at least 100 ms.
    Cold,
}

/// Why the reader, not the card, failed.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ReaderError {
    /// Nothing is configured.
    #[error("no card reader is configured")]
    NotConfigured,
    /// The PC/SC service is not running or was stopped.
    #[error("the smart card service does not answer, expected pcscd to be running")]
    ServiceDown,
    /// The service refuses us.
    #[error("the smart card service refused access, expected a polkit rule for this user")]
    Refused,
    /// The reader is not plugged in.
    #[error("the card reader is gone")]
    Gone,
    /// No card is in.
    #[error("no card is in the reader")]
    NoCard,
    /// The card does not answer to reset.
    #[error("the card does not answer to reset")]
    Mute,
    /// Another program holds the card exclusively.
    #[error("another program holds the card")]
    Busy,
    /// The reader or its driver failed otherwise.
    #[error("the reader failed to communicate with the card")]
    Faulty,
}

/// Reads codes: a hand scanner, or any source that delivers one text at a time.
pub trait Scanner: Send {
    /// Waits at most `patience` for one code; `None` if there was none.
    ///
    /// # Errors
    /// [`DeviceError::Gone`] when it was unplugged; it is then opened anew.
    fn scan(&mut self, patience: Duration) -> Result<Option<String>, DeviceError>;
}

/// Takes pictures.
pub trait Camera: Send {
    /// The next frame, at most `patience` from now.
    ///
    /// # Errors
    /// [`DeviceError::TimedOut`] or [`DeviceError::Gone`]; the camera is then opened anew.
    fn frame(&mut self, patience: Duration) -> Result<Frame, DeviceError>;
}

/// Prints slips.
pub trait Printer: Send {
    /// Prints the lines, top to bottom, and cuts.
    ///
    /// # Errors
    /// [`DeviceError`]; the journey goes on without a slip.
    fn print(&mut self, lines: &[String]) -> Result<(), DeviceError>;
}

/// Why a scanner, camera or printer failed.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum DeviceError {
    /// The machine has none.
    #[error("no such device is configured")]
    NotConfigured,
    /// Unplugged, or never there.
    #[error("the device is gone")]
    Gone,
    /// Another program holds it.
    #[error("another program holds the device")]
    Busy,
    /// It is there, and is not what the configuration allows: a camera that a program plays.
    #[error("the device is not one that the configuration allows")]
    Refused,
    /// It did not deliver in time.
    #[error("the device did not deliver in time")]
    TimedOut,
    /// It delivered what cannot be used.
    #[error("the device delivered data that cannot be used")]
    Faulty,
}
