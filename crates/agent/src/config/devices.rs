//! `[reader] [scanner] [camera] [printer]`: which devices are this machine's.
//!
//! Owns the checked values; opening a device is the work of the program around the agent. No model is named
//! here or in code: what a device needs stands in `firmware-notes/`.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::fault::Fault;
use super::section::{Given, Section};

/// pcscd itself knows at most 16 readers.
const PATTERNS_MAX: usize = 16;
/// The longest name in PC/SC (`MAX_READERNAME` is 128, its last byte is NUL).
const NAME_BYTES_MAX: usize = 127;
/// A code's marks are one or two characters; more would be the code itself.
const MARK_BYTES_MAX: usize = 16;
/// Rates that every serial driver knows.
const BAUD_RATES: [u32; 8] = [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200];
/// The usual rate of a scanner out of the box.
const BAUD_DEFAULT: u32 = 9600;

/// A machine has one or two cameras; a longer list is a mistake.
const CAMERAS_MAX: usize = 8;

/// Scanners type a key every 1 to 20 ms, slowed down for old machines every 50; a person needs 150 at best.
const KEY_GAP_MS_DEFAULT: u32 = 100;
/// A machine may hand keys on later than they were typed, by a second at most.
const KEY_GAPS_MS: RangeInclusive<u32> = 20..=1000;

/// The card readers that may be used.
#[derive(Clone, Debug)]
pub struct Reader {
    /// In order of preference; empty: this machine has none.
    pub allow: Vec<ReaderPattern>,
}

/// Which reader is meant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ReaderPattern {
    /// By its name in PC/SC.
    Name(NamePattern),
    /// By the port it is plugged into, whatever its name has become.
    Port(UsbPort),
}

impl ReaderPattern {
    /// Takes a name such as `Example Reader*`, or `usb:` and a port such as `usb:1-2.3`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("usb:") {
            Some(port) => UsbPort::parse(port).map(Self::Port),
            None => NamePattern::parse(text).map(Self::Name),
        }
    }
}

/// A USB port as Linux names it below `/sys/bus/usb/devices`: bus, and the ports on the way from its root.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UsbPort(String);

impl UsbPort {
    /// Takes a name such as `1-2.3`: bus 1, port 2 of the machine, port 3 of the hub there.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let (bus, ports) = text.split_once('-')?;
        let is_fit =
            text.len() <= NAME_BYTES_MAX && is_number(bus) && ports.split('.').all(is_number);
        is_fit.then(|| Self(text.to_owned()))
    }

    /// The port's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A device's name, or its beginning and `*`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NamePattern(String);

impl NamePattern {
    /// Takes a name such as `Example Reader*`; the star may only stand last.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.strip_suffix('*').unwrap_or(text);
        let is_fit = !text.is_empty() && text.len() <= NAME_BYTES_MAX && !name.contains('*');
        is_fit.then(|| Self(text.to_owned()))
    }

    /// As it stands in the configuration.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Does a device's full name fit?
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == self.0,
        }
    }

    /// Does every name fit?
    fn is_any(&self) -> bool {
        self.0 == "*"
    }
}

impl DevicePattern {
    /// As it stands in the configuration.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Path(path) => path.to_string_lossy(),
            Self::Name(name) => name.text().into(),
            Self::Port(port) => format!("usb:{}", port.as_str()).into(),
        }
    }
}

/// Which of this machine's devices is meant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DevicePattern {
    /// By its device file, such as a link below `/dev/v4l/by-id` or `/dev/input/by-id`.
    Path(PathBuf),
    /// By the name that it gives itself.
    Name(NamePattern),
    /// By the port it is plugged into, whatever its name or number has become.
    Port(UsbPort),
}

/// How codes are scanned apart from the camera.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ScannerChoice {
    /// By a scanner on a serial line.
    Serial(ScannerPort),
    /// By a scanner that types what it reads.
    Keyboard(ScannerKeyboard),
}

impl ScannerChoice {
    /// The device, as it stands in the configuration.
    #[must_use]
    pub fn device(&self) -> Cow<'_, str> {
        match self {
            Self::Serial(line) => line.port.to_string_lossy(),
            Self::Keyboard(keyboard) => keyboard.device.text(),
        }
    }
}

/// A scanner that is a keyboard to the machine (a "wedge"): taken for codes alone, it types into nothing else.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScannerKeyboard {
    /// Which input device.
    pub device: DevicePattern,
    /// What the scanner types before each code; cut off if there.
    pub prefix: String,
    /// What it types behind each code, apart from Enter; cut off if there.
    pub suffix: String,
    /// From key to key of one code, at most; slower keys are a person's.
    pub key_gap: Duration,
}

/// A scanner on a serial line, USB CDC or pseudo-terminal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScannerPort {
    /// The device file.
    pub port: PathBuf,
    /// Bits a second.
    pub baud: u32,
    /// What the scanner sends before each code; cut off if there.
    pub prefix: String,
    /// What it sends behind each code, apart from CR and LF; cut off if there.
    pub suffix: String,
}

/// The cameras that may be used, and the picture asked of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CameraChoice {
    /// Which ones, in order of preference; never empty.
    pub devices: Vec<DevicePattern>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// What becomes of a camera that a program plays.
    pub virtual_cameras: VirtualCameras,
}

/// What becomes of a camera without a lens: whoever plays one shows the bank any face.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VirtualCameras {
    /// It is not opened.
    Refuse,
    /// It is used as any other: test machines, and cameras on a board that has no USB.
    Allow,
}

/// Where slips go, as lines of UTF-8 text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PrinterPath {
    /// A device file or a plain file.
    pub device: PathBuf,
}

pub(super) fn reader(top: &mut Section<'_>) -> Reader {
    top.section("reader", |table| Reader {
        allow: table
            .optional("allow", |given| {
                given.list(PATTERNS_MAX, "names of readers")?.iter().map(reader_pattern).collect()
            })
            .unwrap_or_else(|| vec![ReaderPattern::Name(NamePattern("*".to_owned()))]),
    })
}

fn reader_pattern(given: &Given<'_>) -> Result<ReaderPattern, Fault> {
    let expected = "a name such as \"Example Reader*\", at most 127 bytes, a * only at its end, \
                    or a port such as \"usb:1-2.3\"";
    ReaderPattern::parse(given.text(expected)?).ok_or_else(|| given.refuse(expected))
}

pub(super) fn scanner(top: &mut Section<'_>) -> Option<ScannerChoice> {
    top.optional_section("scanner", |table| {
        let keyboard = table.optional("keyboard", keyboard);
        let prefix = table.optional("prefix", mark).unwrap_or_default();
        let suffix = table.optional("suffix", mark).unwrap_or_default();
        let key_gap_ms = table.optional("key_gap_ms", |given| given.number(KEY_GAPS_MS));
        if let Some(device) = keyboard {
            let key_gap = Duration::from_millis(key_gap_ms.unwrap_or(KEY_GAP_MS_DEFAULT).into());
            let instead = "nothing: scanner.keyboard names the scanner, which has no serial line";
            let refuse = |given: &Given<'_>| Err::<(), _>(given.refuse(instead));
            table.optional("port", refuse);
            table.optional("baud", refuse);
            return Some(ScannerChoice::Keyboard(ScannerKeyboard {
                device,
                prefix,
                suffix,
                key_gap,
            }));
        }
        let expected = "a serial device such as \"/dev/ttyACM0\", or scanner.keyboard instead";
        let port = table.required("port", expected, Given::path);
        let baud = table.optional("baud", baud).unwrap_or(BAUD_DEFAULT);
        Some(ScannerChoice::Serial(ScannerPort { port: port?, baud, prefix, suffix }))
    })
}

/// A scanner's own input device. A pattern that fits every keyboard would take the operator's.
fn keyboard(given: &Given<'_>) -> Result<DevicePattern, Fault> {
    let expected = "one input device: a file such as \"/dev/input/by-id/usb-…-event-kbd\", a name with or \
                    without a * at its end, or a port such as \"usb:1-2.3\"";
    match device(given, expected)? {
        DevicePattern::Name(name) if name.is_any() => Err(given.refuse(expected)),
        pattern => Ok(pattern),
    }
}

/// A device file, a port or a name.
fn device(given: &Given<'_>, expected: &str) -> Result<DevicePattern, Fault> {
    let text = given.text(expected)?;
    let pattern = match text.strip_prefix("usb:") {
        Some(port) => UsbPort::parse(port).map(DevicePattern::Port),
        None if text.starts_with('/') => Some(DevicePattern::Path(given.path()?)),
        None => NamePattern::parse(text).map(DevicePattern::Name),
    };
    pattern.ok_or_else(|| given.refuse(expected))
}

fn baud(given: &Given<'_>) -> Result<u32, Fault> {
    let rates: Vec<_> = BAUD_RATES.iter().map(u32::to_string).collect();
    let refuse = || given.refuse(format!("one of {}", rates.join(", ")));
    let rate = given.number(0..=u32::MAX).map_err(|_| refuse())?;
    if BAUD_RATES.contains(&rate) { Ok(rate) } else { Err(refuse()) }
}

fn mark(given: &Given<'_>) -> Result<String, Fault> {
    let expected = "at most 16 bytes without CR and LF";
    let text = given.text_or_empty(expected)?;
    if text.len() > MARK_BYTES_MAX { Err(given.refuse(expected)) } else { Ok(text.to_owned()) }
}

pub(super) fn camera(top: &mut Section<'_>) -> Option<CameraChoice> {
    top.optional_section("camera", |table| {
        let expected = "a device such as \"/dev/video0\", a camera's name with or without a * at its end, a port \
                        such as \"usb:1-2.3\", or a list of them";
        let devices = table.required("device", expected, |given| cameras(given, expected));
        let width = table.optional("width", |given| given.number(640..=1920)).unwrap_or(640);
        let height = table.optional("height", |given| given.number(480..=1080)).unwrap_or(480);
        let words = [("refuse", VirtualCameras::Refuse), ("allow", VirtualCameras::Allow)];
        let virtual_cameras = table
            .optional("virtual_cameras", |given| given.word(&words))
            .unwrap_or(VirtualCameras::Refuse);
        Some(CameraChoice { devices: devices?, width, height, virtual_cameras })
    })
}

/// One camera, or several in order of preference.
fn cameras(given: &Given<'_>, expected: &str) -> Result<Vec<DevicePattern>, Fault> {
    if !given.is_list() {
        return Ok(vec![device(given, expected)?]);
    }
    let list = given.list(CAMERAS_MAX, "cameras")?;
    if list.is_empty() {
        return Err(given.refuse(expected));
    }
    list.iter().map(|given| device(given, expected)).collect()
}

pub(super) fn printer(top: &mut Section<'_>) -> Option<PrinterPath> {
    top.optional_section("printer", |table| {
        let device =
            table.required("device", "a device file such as \"/dev/usb/lp0\"", Given::path);
        Some(PrinterPath { device: device? })
    })
}
