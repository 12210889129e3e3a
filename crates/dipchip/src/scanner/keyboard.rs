//! A scanner that is a keyboard to the machine (a "wedge"), bound to its one input device.
//!
//! The device is taken for this program alone (EVIOCGRAB), so that what is scanned is typed into no page, no
//! console and no other program. A code ends with Enter. Keys that come as slowly as a person types are dropped:
//! nobody can type a code into the journey with a keyboard that was plugged in for the scanner.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use agent::config::{DevicePattern, ScannerKeyboard};
use agent::ports::{DeviceError, Scanner};
use evdev::{Device, EventSummary, KeyCode};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::fault;
use super::keys::{Keys, Motion};
use super::line::{AtSilence, Came, CodeLine};

/// Rounds in which what was typed before is dropped; one takes up to 64 events.
const STALE_ROUNDS: u32 = 64;
/// Where the kernel says what is plugged in where.
const CLASS: &str = "/sys/class/input";
/// From an input device up to its USB device: input, HID device, interface, device.
const LEVELS_MAX: usize = 6;

/// An input device that types.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Keyboard {
    /// Its device file.
    pub path: PathBuf,
    /// The name that it gives itself.
    pub name: String,
    /// The USB port, such as `1-2.3`, if it hangs on one.
    pub port: Option<String>,
}

/// All input devices that type, for a person to choose from. One that may not be opened is left out.
pub fn keyboards() -> Vec<Keyboard> {
    let types = evdev::enumerate().filter(|(_, device)| is_keyboard(device));
    let mut keyboards: Vec<Keyboard> =
        types.map(|(path, device)| described(path, &device)).collect();
    keyboards.sort_by(|a, b| a.path.cmp(&b.path));
    keyboards
}

/// A scanner that types.
pub struct KeyboardScanner {
    device: Device,
    keys: Keys,
    line: CodeLine,
    /// From key to key of one code, at most.
    key_gap: Duration,
}

impl KeyboardScanner {
    /// Takes the input device for this program alone. What was typed before is dropped.
    ///
    /// # Errors
    /// [`DeviceError::Gone`] if it is not there, [`DeviceError::Busy`] if another program has taken it or this
    /// user may not open it, [`DeviceError::Faulty`] if it has no keys to type codes with.
    pub fn open(choice: &ScannerKeyboard) -> Result<Self, DeviceError> {
        let mut device = find(&choice.device)?;
        device.grab().map_err(|error| fault(&error))?;
        device.set_nonblocking(true).map_err(|error| fault(&error))?;
        for _ in 0..STALE_ROUNDS {
            match device.fetch_events() {
                Ok(stale) => drop(stale),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(fault(&error)),
            }
        }
        let line = CodeLine::new(&choice.prefix, &choice.suffix);
        Ok(Self { device, keys: Keys::default(), line, key_gap: choice.key_gap })
    }
}

impl Scanner for KeyboardScanner {
    fn scan(&mut self, patience: Duration) -> Result<Option<String>, DeviceError> {
        let (device, keys) = (&mut self.device, &mut self.keys);
        self.line.next(patience, (self.key_gap, AtSilence::IsDropped), |line, wait| {
            if !is_typed(device, wait).map_err(|error| fault(&error))? {
                return Ok(Came::Nothing);
            }
            take_keys(device, keys, line).map_err(|error| fault(&error))?;
            Ok(Came::Something)
        })
    }
}

/// Takes what has been typed; keys that are neither pressed nor let go of are no keys.
fn take_keys(device: &mut Device, keys: &mut Keys, line: &mut CodeLine) -> io::Result<()> {
    let events = match device.fetch_events() {
        Ok(events) => events,
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
        Err(error) => return Err(error),
    };
    for event in events {
        let EventSummary::Key(_, key, motion) = event.destructure() else { continue };
        let motion = match motion {
            0 => Motion::Up,
            1 => Motion::Down,
            _ => Motion::Held,
        };
        if let Some(character) = keys.strike(key.code(), motion) {
            line.push(&[character]);
        }
    }
    Ok(())
}

/// Waits for a key, or for the news that the device is gone.
fn is_typed(device: &Device, patience: Duration) -> io::Result<bool> {
    let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
    let mut lines = [PollFd::new(device, PollFlags::IN)];
    Ok(poll(&mut lines, Some(&patience))? > 0)
}

fn find(pattern: &DevicePattern) -> Result<Device, DeviceError> {
    let is_meant = |keyboard: &Keyboard| match pattern {
        DevicePattern::Path(_) => true,
        DevicePattern::Name(name) => name.matches(&keyboard.name),
        DevicePattern::Port(port) => keyboard.port.as_deref() == Some(port.as_str()),
    };
    if let DevicePattern::Path(path) = pattern {
        let device = Device::open(path).map_err(|error| fault(&error))?;
        return if is_keyboard(&device) { Ok(device) } else { Err(DeviceError::Faulty) };
    }
    let mut devices = evdev::enumerate().filter(|(_, device)| is_keyboard(device));
    let found = devices.find(|(path, device)| is_meant(&described(path.clone(), device)));
    found.map(|(_, device)| device).ok_or(DeviceError::Gone)
}

/// Has it the keys of a code? Scanners and keyboards show further devices for their volume and power keys.
fn is_keyboard(device: &Device) -> bool {
    let needed = [KeyCode::KEY_0, KeyCode::KEY_A, KeyCode::KEY_Z, KeyCode::KEY_ENTER];
    device.supported_keys().is_some_and(|keys| needed.iter().all(|key| keys.contains(*key)))
}

fn described(path: PathBuf, device: &Device) -> Keyboard {
    let port = usb_port(&path).ok();
    Keyboard { name: device.name().unwrap_or_default().to_owned(), port, path }
}

/// The USB port behind an input device.
fn usb_port(path: &Path) -> io::Result<String> {
    let node = path.canonicalize()?;
    let name = node.file_name().ok_or(io::ErrorKind::NotFound)?;
    let input = Path::new(CLASS).join(name).join("device").canonicalize()?;
    let device = input
        .ancestors()
        .take(LEVELS_MAX)
        .find(|folder| fs::exists(folder.join("idVendor")).unwrap_or_default());
    let port = device.and_then(Path::file_name).and_then(|name| name.to_str());
    port.map(str::to_owned).ok_or_else(|| io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use agent::config::{NamePattern, UsbPort};

    use super::*;

    #[test]
    fn a_scanner_that_is_not_there_is_gone() {
        let devices = [
            DevicePattern::Path("/dev/input/event250".into()),
            DevicePattern::Name(NamePattern::parse("No Such Scanner*").unwrap()),
            DevicePattern::Port(UsbPort::parse("9-9.9").unwrap()),
        ];
        for device in devices {
            let choice = ScannerKeyboard {
                device,
                prefix: String::new(),
                suffix: String::new(),
                key_gap: Duration::from_millis(100),
            };
            assert!(matches!(KeyboardScanner::open(&choice), Err(DeviceError::Gone)));
        }
    }
}
