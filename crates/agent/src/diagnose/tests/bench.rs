//! Devices that do as a test says: work, fail or hang.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use card::{Channel, ChannelError};
use vision::Frame;

use crate::ports::{
    Camera, CardConnection, CardMonitor, CardReader, DeviceError, Devices, Presence, Printer,
    ReaderError, Scanner, Start,
};

/// A reader that a note of the tests grades as working.
pub(crate) const WORKS: &str = "Example Reader 00 00";
/// A reader that a note of the tests refuses.
pub(crate) const REFUSED: &str = "Contactless Example 00 00";
/// Bytes of the applet's image; what a card file does not give is a space.
const IMAGE_BYTES: usize = 5_950;

/// What the watch over the readers does.
pub(crate) enum Watch {
    Sees(Presence),
    Fails(ReaderError),
    Hangs,
}

/// What the card does.
#[derive(Clone, Copy)]
pub(crate) enum CardPlay {
    /// It answers from this kind of start on.
    AnswersAfter(Start),
    /// It has no citizen applet.
    Foreign,
    Fails(ReaderError),
    HangsConnecting,
    HangsReading,
}

/// What another device does.
#[derive(Clone, Copy)]
pub(crate) enum Play {
    Works,
    Fails(DeviceError),
    Hangs,
}

impl Play {
    fn open(self) -> Result<(), DeviceError> {
        match self {
            Self::Works => Ok(()),
            Self::Fails(error) => Err(error),
            Self::Hangs => hang(),
        }
    }
}

/// All devices of a machine; by default everything works and a card is in.
pub(crate) struct Bench {
    pub(crate) watch: Watch,
    pub(crate) card: CardPlay,
    pub(crate) camera: Play,
    pub(crate) brightness: u8,
    pub(crate) scanner: Play,
    pub(crate) printer: Play,
}

impl Default for Bench {
    fn default() -> Self {
        Self {
            watch: Watch::Sees(in_reader(WORKS)),
            card: CardPlay::AnswersAfter(Start::AsItIs),
            camera: Play::Works,
            brightness: 120,
            scanner: Play::Works,
            printer: Play::Works,
        }
    }
}

/// A card in this reader.
pub(crate) fn in_reader(reader: &str) -> Presence {
    Presence::Card { reader: reader.to_owned(), insertion: 1 }
}

/// What no report may hold of the person on the card.
pub(crate) fn personal() -> Vec<String> {
    let expected = fs::read_to_string(cards().join("expected/bangkok.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    let mut values = Vec::new();
    collect(&expected, &mut values);
    // Shorter values, such as TH or a sex, stand in many innocent words.
    values.retain(|value| value.chars().count() >= 5);
    assert!(values.len() >= 10, "{values:?}");
    values
}

fn collect(value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => into.push(text.clone()),
        serde_json::Value::Array(many) => many.iter().for_each(|one| collect(one, into)),
        serde_json::Value::Object(fields) => fields.values().for_each(|one| collect(one, into)),
        _ => {}
    }
}

fn cards() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cards")
}

fn hang() -> ! {
    loop {
        thread::park();
    }
}

impl Devices for Bench {
    fn card_monitor(&self) -> Result<Box<dyn CardMonitor>, ReaderError> {
        match &self.watch {
            Watch::Sees(presence) => Ok(Box::new(Seen(presence.clone()))),
            Watch::Fails(error) => Err(*error),
            Watch::Hangs => hang(),
        }
    }

    fn card_reader(&self) -> Result<Box<dyn CardReader>, ReaderError> {
        Ok(Box::new(Slot(self.card)))
    }

    fn scanner(&self) -> Result<Box<dyn Scanner>, DeviceError> {
        self.scanner.open()?;
        Ok(Box::new(Idle))
    }

    fn camera(&self) -> Result<Box<dyn Camera>, DeviceError> {
        self.camera.open()?;
        Ok(Box::new(Wall(self.brightness)))
    }

    fn printer(&self) -> Result<Box<dyn Printer>, DeviceError> {
        self.printer.open()?;
        Ok(Box::new(Idle))
    }
}

struct Seen(Presence);

impl CardMonitor for Seen {
    fn watch(&mut self, _: &Presence, _: Duration) -> Result<Presence, ReaderError> {
        Ok(self.0.clone())
    }
}

struct Slot(CardPlay);

impl CardReader for Slot {
    fn connect(
        &mut self,
        _: &str,
        start: Start,
    ) -> Result<Box<dyn CardConnection + '_>, ReaderError> {
        match self.0 {
            CardPlay::Fails(error) => Err(error),
            CardPlay::HangsConnecting => hang(),
            CardPlay::AnswersAfter(needed) if start < needed => Err(ReaderError::Faulty),
            play => Ok(Box::new(Chip { play, file: CardFile::read("bangkok.hex") })),
        }
    }
}

/// A chip that gives data and status word at once.
struct Chip {
    play: CardPlay,
    file: CardFile,
}

impl CardConnection for Chip {
    fn atr(&self) -> &[u8] {
        &[0x3B, 0x00]
    }

    fn hold(&mut self) -> Result<Box<dyn Channel + '_>, ChannelError> {
        Ok(Box::new(self))
    }
}

impl Channel for Chip {
    fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        answer.clear();
        if matches!(self.play, CardPlay::HangsReading) {
            hang();
        }
        let status = match command {
            [0x80, 0xCA, ..] => {
                answer.extend_from_slice(&self.file.chip);
                [0x90, 0x00]
            }
            [0x00, 0xA4, ..] if matches!(self.play, CardPlay::Foreign) => [0x6A, 0x82],
            [0x00, 0xA4, ..] => [0x90, 0x00],
            [0x80, 0xB0, high, low, _, _, length] => {
                let start = usize::from(u16::from_be_bytes([*high, *low]));
                answer.extend_from_slice(&self.file.image[start..start + usize::from(*length)]);
                [0x90, 0x00]
            }
            _ => [0x6D, 0x00],
        };
        answer.extend_from_slice(&status);
        Ok(())
    }
}

/// A card of `tests/cards`; its README says how it is written.
struct CardFile {
    chip: Vec<u8>,
    image: Vec<u8>,
}

impl CardFile {
    fn read(name: &str) -> Self {
        let mut file = Self { chip: Vec::new(), image: vec![b' '; IMAGE_BYTES] };
        for line in fs::read_to_string(cards().join(name)).unwrap().lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if let Some(chip) = line.strip_prefix("cplc = ") {
                file.chip = bytes(chip);
            } else if let Some((offset, row)) = line.split_once(": ") {
                let start = usize::from_str_radix(offset, 16).unwrap();
                let row = bytes(row);
                file.image[start..start + row.len()].copy_from_slice(&row);
            }
        }
        file
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

/// A camera before a wall of one brightness.
struct Wall(u8);

impl Camera for Wall {
    fn frame(&mut self, _: Duration) -> Result<Frame, DeviceError> {
        Frame::from_rgb(64, 48, vec![self.0; 64 * 48 * 3]).map_err(|_| DeviceError::Faulty)
    }
}

/// Opens, and does nothing more.
struct Idle;

impl Scanner for Idle {
    fn scan(&mut self, _: Duration) -> Result<Option<String>, DeviceError> {
        Ok(None)
    }
}

impl Printer for Idle {
    fn print(&mut self, _: &[String]) -> Result<(), DeviceError> {
        Err(DeviceError::Faulty)
    }
}
