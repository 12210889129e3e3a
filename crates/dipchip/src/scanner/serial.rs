//! A code scanner on a serial line: USB CDC, RS-232 or a pseudo-terminal.
//!
//! A code ends with CR, LF or silence. DTR and RTS are left as they are, which a pseudo-terminal does not have.

use std::io::ErrorKind;
use std::time::Duration;

use agent::config::ScannerPort;
use agent::ports::{DeviceError, Scanner};
use serial2::{SerialPort, Settings};
use zeroize::Zeroizing;

use super::fault;
use super::line::{AtSilence, Came, CodeLine};

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
        let port = &mut self.port;
        self.line.next(patience, (SILENCE, AtSilence::Ends), |line, wait| {
            port.set_read_timeout(wait).map_err(|error| fault(&error))?;
            let mut chunk = Zeroizing::new([0; CHUNK_BYTES]);
            match port.read(chunk.as_mut_slice()) {
                Ok(0) => Err(DeviceError::Gone),
                Ok(count) => {
                    line.push(chunk.get(..count).unwrap_or_default());
                    Ok(Came::Something)
                }
                Err(error) if error.kind() == ErrorKind::TimedOut => Ok(Came::Nothing),
                Err(error) => Err(fault(&error)),
            }
        })
    }
}

#[cfg(test)]
#[path = "serial_tests.rs"]
mod tests;
