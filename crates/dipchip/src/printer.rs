//! Slips as lines of UTF-8 text, appended to a device or a file.
//!
//! Raster printing for thermal printers, which cannot set Thai, comes later and takes this one's place.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use agent::config::PrinterPath;
use agent::ports::{DeviceError, Printer};

/// Moves the last line past the cutter.
const FEED: &str = "\n\n\n";

/// A place that takes lines.
pub struct TextPrinter {
    path: PrinterPath,
}

impl TextPrinter {
    /// The printer of a configuration; it is opened for each slip.
    pub fn new(path: &PrinterPath) -> Self {
        Self { path: path.clone() }
    }
}

impl Printer for TextPrinter {
    fn print(&mut self, lines: &[String]) -> Result<(), DeviceError> {
        let mut slip = lines.join("\n");
        slip.push_str(FEED);
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path.device)
            .and_then(|mut device| device.write_all(slip.as_bytes()))
            .map_err(|error| match error.kind() {
                ErrorKind::NotFound | ErrorKind::BrokenPipe => DeviceError::Gone,
                ErrorKind::ResourceBusy => DeviceError::Busy,
                _ => DeviceError::Faulty,
            })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn slips_are_appended_line_by_line() {
        let path = std::env::temp_dir().join(format!("slip-{}", std::process::id()));
        let mut printer = TextPrinter::new(&PrinterPath { device: path.clone() });
        printer.print(&["เสร็จสิ้น".to_owned(), "Done".to_owned()]).unwrap();
        printer.print(&["Copy".to_owned()]).unwrap();
        let printed = fs::read_to_string(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(printed, "เสร็จสิ้น\nDone\n\n\nCopy\n\n\n");
    }

    #[test]
    fn a_printer_that_is_not_there_is_gone() {
        let device = "/nonexistent/lp0".into();
        let mut printer = TextPrinter::new(&PrinterPath { device });
        assert_eq!(printer.print(&[]), Err(DeviceError::Gone));
    }
}
