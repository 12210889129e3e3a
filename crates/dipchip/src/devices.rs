//! This machine's real devices, as the configuration names them, behind the agent's ports.
//!
//! Owns nothing but the choice: each device has a module of its own, and each call opens anew, on the
//! caller's thread. What a device needs beyond that stands in `firmware-notes/`.

use agent::config::{CameraChoice, Config, PrinterPath, ReaderPattern, ScannerChoice};
use agent::ports::{
    Camera, CardMonitor, CardReader, DeviceError, Devices, Printer, ReaderError, Scanner,
};

use crate::camera::VideoCamera;
use crate::card_reader::{PcscMonitor, PcscReader};
use crate::printer::TextPrinter;
use crate::scanner;

/// The devices that may be used.
#[derive(Debug)]
pub struct RealDevices {
    readers: Vec<ReaderPattern>,
    scanner: Option<ScannerChoice>,
    camera: Option<CameraChoice>,
    printer: Option<PrinterPath>,
}

impl RealDevices {
    /// Those of a configuration.
    pub fn new(config: &Config) -> Self {
        Self {
            readers: config.reader.allow.clone(),
            scanner: config.scanner.clone(),
            camera: config.camera.clone(),
            printer: config.printer.clone(),
        }
    }

    /// Any card reader, and nothing else: what a machine without a configuration has.
    pub fn any_reader() -> Self {
        let any = ReaderPattern::parse("*").expect("a star alone is a pattern");
        Self { readers: vec![any], scanner: None, camera: None, printer: None }
    }
}

impl Devices for RealDevices {
    fn card_monitor(&self) -> Result<Box<dyn CardMonitor>, ReaderError> {
        Ok(Box::new(PcscMonitor::open(&self.readers)?))
    }

    fn card_reader(&self) -> Result<Box<dyn CardReader>, ReaderError> {
        Ok(Box::new(PcscReader::open(&self.readers)?))
    }

    fn scanner(&self) -> Result<Box<dyn Scanner>, DeviceError> {
        scanner::open(self.scanner.as_ref().ok_or(DeviceError::NotConfigured)?)
    }

    fn camera(&self) -> Result<Box<dyn Camera>, DeviceError> {
        let choice = self.camera.as_ref().ok_or(DeviceError::NotConfigured)?;
        Ok(Box::new(VideoCamera::open(choice)?))
    }

    fn printer(&self) -> Result<Box<dyn Printer>, DeviceError> {
        let path = self.printer.as_ref().ok_or(DeviceError::NotConfigured)?;
        Ok(Box::new(TextPrinter::new(path)))
    }
}
