//! A code scanner on a serial line: USB CDC, RS-232 or a pseudo-terminal.
//!
//! Owns finding where one code ends (CR, LF or silence) and cutting off what the scanner adds. What a code
//! means is decided in `protocol`; DTR and RTS are left as they are, which a pseudo-terminal does not have.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use agent::config::ScannerPort;
use agent::ports::{DeviceError, Scanner};
use serial2::{SerialPort, Settings};
use zeroize::Zeroizing;

/// No reference has more than 55 characters; what is longer is cut here and refused later.
const CODE_BYTES_MAX: usize = 512;
/// A scanner that ends its codes with nothing is silent after them. At 1200 baud a byte takes 8 ms.
const SILENCE: Duration = Duration::from_millis(100);
/// One read; a scanner sends a code at once.
const CHUNK_BYTES: usize = 256;

/// A scanner on a serial port.
pub struct SerialScanner {
    port: SerialPort,
    line: CodeLine,
}

impl SerialScanner {
    /// Opens the port, 8 bits without parity. What was scanned before is dropped.
    ///
    /// # Errors
    /// [`DeviceError::Gone`] if it is not there, [`DeviceError::Busy`] if it may not be opened twice.
    pub fn open(choice: &ScannerPort) -> Result<Self, DeviceError> {
        let settings = |mut settings: Settings| {
            settings.set_raw();
            settings.set_baud_rate(choice.baud)?;
            Ok(settings)
        };
        let port = SerialPort::open(&choice.port, settings).map_err(|error| fault(&error))?;
        port.discard_input_buffer().map_err(|error| fault(&error))?;
        Ok(Self { port, line: CodeLine::new(&choice.prefix, &choice.suffix) })
    }
}

impl Scanner for SerialScanner {
    fn scan(&mut self, patience: Duration) -> Result<Option<String>, DeviceError> {
        let started = Instant::now();
        loop {
            if let Some(code) = self.line.take() {
                return Ok(Some(code));
            }
            let rest = patience.saturating_sub(started.elapsed());
            let wait = if self.line.is_open() { SILENCE } else { rest };
            self.port.set_read_timeout(wait).map_err(|error| fault(&error))?;
            let mut chunk = Zeroizing::new([0; CHUNK_BYTES]);
            match self.port.read(chunk.as_mut_slice()) {
                Ok(0) => return Err(DeviceError::Gone),
                Ok(count) => self.line.push(chunk.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::TimedOut && self.line.is_open() => {
                    self.line.end();
                }
                Err(error) if error.kind() == ErrorKind::TimedOut => return Ok(None),
                Err(error) => return Err(fault(&error)),
            }
        }
    }
}

/// An unplugged port answers with EIO, ENXIO or ENODEV, for which there is no common kind.
fn fault(error: &std::io::Error) -> DeviceError {
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ResourceBusy => DeviceError::Busy,
        ErrorKind::InvalidInput | ErrorKind::Unsupported => DeviceError::Faulty,
        _ => DeviceError::Gone,
    }
}

/// Cuts the bytes of a line into codes.
struct CodeLine {
    prefix: String,
    suffix: String,
    open: Zeroizing<Vec<u8>>,
    ended: Vec<Zeroizing<Vec<u8>>>,
}

/// Codes that wait to be taken; a scanner cannot be that much faster than the agent.
const WAITING_MAX: usize = 4;

impl CodeLine {
    fn new(prefix: &str, suffix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
            open: Zeroizing::new(Vec::with_capacity(CODE_BYTES_MAX)),
            ended: Vec::new(),
        }
    }

    /// Has a code begun that has not ended?
    fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\r' | b'\n' => self.end(),
                _ if self.open.len() < CODE_BYTES_MAX => self.open.push(*byte),
                _ => {}
            }
        }
    }

    fn end(&mut self) {
        if self.is_open() && self.ended.len() < WAITING_MAX {
            self.ended.push(self.open.clone());
        }
        zeroize::Zeroize::zeroize(&mut *self.open);
    }

    /// The oldest code that has ended and is more than its marks.
    fn take(&mut self) -> Option<String> {
        while !self.ended.is_empty() {
            let bytes = self.ended.remove(0);
            let text = String::from_utf8_lossy(&bytes);
            let text = text.strip_prefix(&self.prefix).unwrap_or(&text);
            let text = text.strip_suffix(&self.suffix).unwrap_or(text);
            if !text.is_empty() {
                return Some(text.to_owned());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
