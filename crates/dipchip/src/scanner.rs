//! Code scanners: on a serial line, or as a keyboard that types what it reads.
//!
//! Each kind has a module of its own; `line` cuts what they send into codes. What a code means is decided in
//! `protocol`.

mod keyboard;
mod keys;
mod line;
mod serial;

use std::io;

use agent::config::ScannerChoice;
use agent::ports::{DeviceError, Scanner};

pub use keyboard::{Keyboard, keyboards};

/// Opens the scanner that is meant. What was scanned before is dropped.
///
/// # Errors
/// [`DeviceError::Gone`] if it is not there, [`DeviceError::Busy`] if another program has it.
pub fn open(choice: &ScannerChoice) -> Result<Box<dyn Scanner>, DeviceError> {
    match choice {
        ScannerChoice::Serial(line) => Ok(Box::new(serial::SerialScanner::open(line)?)),
        ScannerChoice::Keyboard(keys) => Ok(Box::new(keyboard::KeyboardScanner::open(keys)?)),
    }
}

/// An unplugged device answers with EIO, ENXIO or ENODEV, for which there is no common kind.
fn fault(error: &io::Error) -> DeviceError {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ResourceBusy => DeviceError::Busy,
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => DeviceError::Faulty,
        _ => DeviceError::Gone,
    }
}
