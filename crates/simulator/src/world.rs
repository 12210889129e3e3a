//! The devices that are none: a slot for a card, a scanner, a camera and a printer, moved by hands.
//!
//! [`World`] fills the agent's ports in process. Whoever holds a clone of it is the hands: inserts and pulls
//! the card, shows a code, stands before the camera, and looks at what was printed.

use std::collections::VecDeque;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use agent::ports::{
    Camera, CardConnection, CardMonitor, CardReader, DeviceError, Devices, Presence, Printer,
    ReaderError, Scanner, Start,
};
use card::{Channel, ChannelError};
use vision::Frame;

use crate::card::{ConnectError, Pace, SimulatedCard, Slot, Start as SlotStart};

/// The one reader's name, unless the world is given another.
pub const READER: &str = "Simulated Reader 00 00";
/// How soon a pulled cable is noticed.
const CABLE_LOOK: Duration = Duration::from_millis(50);
/// Fifteen frames a second.
const FRAME_EVERY: Duration = Duration::from_millis(66);
/// Codes that nobody has scanned yet; more than one hand shows at once.
const CODES_WAITING: usize = 8;

/// The simulated devices; clones share them.
#[derive(Clone)]
pub struct World {
    reader: Arc<str>,
    slot: Slot,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    cable: Mutex<Cable>,
    codes: Mutex<Codes>,
    code_shown: Condvar,
    view: Mutex<View>,
    printed: Mutex<Printed>,
}

#[derive(Default)]
struct Codes {
    waiting: VecDeque<String>,
    /// How often the scanner was opened: like a serial line, it speaks to whoever opened it last.
    opened: u64,
}

/// The reader's.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
enum Cable {
    #[default]
    Plugged,
    Pulled,
    /// It is plugged in, and the card service does not run.
    Unserved,
}

#[derive(Default)]
struct Printed {
    slips: Vec<Vec<String>>,
    folder: Option<PathBuf>,
}

impl World {
    /// An empty slot for cards of this pace, nobody before the camera.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self::with_reader(pace, READER)
    }

    /// The same with a reader of this name, such as one that a note is about.
    #[must_use]
    pub fn with_reader(pace: Pace, name: &str) -> Self {
        Self { reader: name.into(), slot: Slot::new(pace), shared: Arc::default() }
    }

    /// The slot: cards go in and come out here, and traps are set.
    #[must_use]
    pub fn slot(&self) -> &Slot {
        &self.slot
    }

    /// Pulls the reader's cable; its card is gone with it.
    pub fn unplug_reader(&self) {
        *lock(&self.shared.cable) = Cable::Pulled;
        self.slot.eject();
    }

    /// Stops the card service: what lies in the reader stays there, unseen.
    pub fn stop_card_service(&self) {
        *lock(&self.shared.cable) = Cable::Unserved;
    }

    /// Starts the card service again.
    pub fn start_card_service(&self) {
        *lock(&self.shared.cable) = Cable::Plugged;
    }

    /// Plugs the reader in again.
    pub fn plug_reader(&self) {
        *lock(&self.shared.cable) = Cable::Plugged;
    }

    /// Holds a code before the scanner.
    pub fn show_code(&self, text: &str) {
        let mut codes = lock(&self.shared.codes);
        if codes.waiting.len() < CODES_WAITING {
            codes.waiting.push_back(text.to_owned());
        }
        self.shared.code_shown.notify_all();
    }

    /// Puts a picture (JPEG) before the camera, and nothing there moves; `None` covers it.
    pub fn stand_before_camera(&self, jpeg: Option<Vec<u8>>) {
        lock(&self.shared.view).show(jpeg.into_iter().map(Arc::new).collect());
    }

    /// A person of nobody's features comes before the camera, who looks to one side, ahead, to the other side,
    /// and so on; the pictures are made as `tests/pictures/README.md` says.
    pub fn turn_before_camera(&self) {
        let picture = |at: usize| Arc::new(TURNING.get(at).copied().unwrap_or_default().to_vec());
        lock(&self.shared.view).show(TURNS.into_iter().map(picture).collect());
    }

    /// How many pictures the camera took so far.
    #[must_use]
    pub fn frames_taken(&self) -> u64 {
        lock(&self.shared.view).taken
    }

    /// Every slip so far.
    #[must_use]
    pub fn printed(&self) -> Vec<Vec<String>> {
        lock(&self.shared.printed).slips.clone()
    }

    /// Writes each slip to a text file in this folder as well.
    pub fn print_to(&self, folder: &Path) {
        lock(&self.shared.printed).folder = Some(folder.to_owned());
    }

    fn presence(&self) -> Result<Presence, ReaderError> {
        let reader = self.reader.to_string();
        Ok(match (*lock(&self.shared.cable), self.slot.insertion()) {
            (Cable::Unserved, _) => return Err(ReaderError::ServiceDown),
            (Cable::Pulled, _) => Presence::NoReader,
            (Cable::Plugged, None) => Presence::Empty,
            (Cable::Plugged, Some(insertion)) => match self.slot.connect(SlotStart::AsItIs) {
                Err(ConnectError::Mute) => Presence::Mute { reader, insertion },
                Ok(_) | Err(ConnectError::NoCard) => Presence::Card { reader, insertion },
            },
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Devices for World {
    fn card_monitor(&self) -> Result<Box<dyn CardMonitor>, ReaderError> {
        Ok(Box::new(self.clone()))
    }

    fn card_reader(&self) -> Result<Box<dyn CardReader>, ReaderError> {
        Ok(Box::new(self.clone()))
    }

    fn scanner(&self) -> Result<Box<dyn Scanner>, DeviceError> {
        let mut codes = lock(&self.shared.codes);
        codes.opened += 1;
        self.shared.code_shown.notify_all();
        Ok(Box::new(OpenScanner { shared: Arc::clone(&self.shared), opening: codes.opened }))
    }

    fn camera(&self) -> Result<Box<dyn Camera>, DeviceError> {
        Ok(Box::new(self.clone()))
    }

    fn printer(&self) -> Result<Box<dyn Printer>, DeviceError> {
        Ok(Box::new(self.clone()))
    }
}

impl CardMonitor for World {
    fn watch(&mut self, known: &Presence, patience: Duration) -> Result<Presence, ReaderError> {
        let begun = Instant::now();
        loop {
            let presence = self.presence()?;
            let left = patience.saturating_sub(begun.elapsed());
            if presence != *known || left.is_zero() {
                return Ok(presence);
            }
            // The slot wakes us at once, the cable within this time.
            self.slot.wait_for_change(self.slot.insertion(), left.min(CABLE_LOOK));
        }
    }
}

impl CardReader for World {
    fn connect(
        &mut self,
        reader: &str,
        start: Start,
    ) -> Result<Box<dyn CardConnection + '_>, ReaderError> {
        match *lock(&self.shared.cable) {
            Cable::Unserved => return Err(ReaderError::ServiceDown),
            Cable::Plugged if *reader == *self.reader => {}
            Cable::Plugged | Cable::Pulled => return Err(ReaderError::Gone),
        }
        let start = match start {
            Start::AsItIs => SlotStart::AsItIs,
            Start::Warm | Start::Cold => SlotStart::Reset,
        };
        match self.slot.connect(start) {
            Ok(card) => Ok(Box::new(card)),
            Err(ConnectError::NoCard) => Err(ReaderError::NoCard),
            Err(ConnectError::Mute) => Err(ReaderError::Mute),
        }
    }
}

impl CardConnection for SimulatedCard {
    fn atr(&self) -> &[u8] {
        Self::atr(self)
    }

    fn hold(&mut self) -> Result<Box<dyn Channel + '_>, ChannelError> {
        self.still_there()?;
        Ok(Box::new(self))
    }
}

/// The scanner as one opening of it hears it.
struct OpenScanner {
    shared: Arc<Shared>,
    opening: u64,
}

impl Scanner for OpenScanner {
    fn scan(&mut self, patience: Duration) -> Result<Option<String>, DeviceError> {
        let codes = lock(&self.shared.codes);
        let silent = |codes: &mut Codes| codes.waiting.is_empty() && codes.opened == self.opening;
        let waited = self.shared.code_shown.wait_timeout_while(codes, patience, silent);
        let (mut codes, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if codes.opened == self.opening {
            Ok(codes.waiting.pop_front())
        } else {
            Err(DeviceError::Gone)
        }
    }
}

impl Camera for World {
    fn frame(&mut self, _patience: Duration) -> Result<Frame, DeviceError> {
        thread::sleep(FRAME_EVERY);
        let picture = lock(&self.shared.view).next();
        match picture {
            Some(jpeg) => Frame::from_jpeg(&jpeg).map_err(|_| DeviceError::Faulty),
            None => {
                Frame::from_rgb(WIDTH, HEIGHT, vec![0; COVERED]).map_err(|_| DeviceError::Faulty)
            }
        }
    }
}

/// What the camera sees: its pictures one after the other and again from the first; none, if it is covered.
#[derive(Default)]
struct View {
    pictures: Vec<Arc<Vec<u8>>>,
    next: usize,
    taken: u64,
}

impl View {
    fn show(&mut self, pictures: Vec<Arc<Vec<u8>>>) {
        *self = Self { pictures, next: 0, taken: self.taken };
    }

    fn next(&mut self) -> Option<Arc<Vec<u8>>> {
        self.taken += 1;
        let picture = self.pictures.get(self.next).cloned();
        self.next = (self.next + 1).checked_rem(self.pictures.len()).unwrap_or(0);
        picture
    }
}

/// An invented person's head, from far to its left to far to its right.
const TURNING: [&[u8]; 7] = [
    include_bytes!("../../../tests/pictures/turning/left-40.jpg"),
    include_bytes!("../../../tests/pictures/turning/left-27.jpg"),
    include_bytes!("../../../tests/pictures/turning/left-13.jpg"),
    include_bytes!("../../../tests/pictures/turning/ahead.jpg"),
    include_bytes!("../../../tests/pictures/turning/right-13.jpg"),
    include_bytes!("../../../tests/pictures/turning/right-27.jpg"),
    include_bytes!("../../../tests/pictures/turning/right-40.jpg"),
];
/// The order in which it turns, two seconds for all: places in [`TURNING`].
const TURNS: [usize; 28] =
    [3, 3, 3, 3, 3, 2, 1, 0, 0, 0, 1, 2, 3, 3, 3, 3, 3, 3, 4, 5, 6, 6, 6, 5, 4, 3, 3, 3];

/// A covered camera's picture: black.
const WIDTH: u32 = 640;
/// See [`WIDTH`].
const HEIGHT: u32 = 480;
/// Three bytes a pixel.
const COVERED: usize = 640 * 480 * 3;

impl Printer for World {
    fn print(&mut self, lines: &[String]) -> Result<(), DeviceError> {
        let mut printed = lock(&self.shared.printed);
        printed.slips.push(lines.to_vec());
        let Some(folder) = &printed.folder else { return Ok(()) };
        let path = folder.join(format!("slip-{:03}.txt", printed.slips.len()));
        let mut file = fs::File::create(path).map_err(|_| DeviceError::Faulty)?;
        lines.iter().try_for_each(|line| writeln!(file, "{line}")).map_err(|_| DeviceError::Faulty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_scanned_once() {
        let world = World::new(Pace::default());
        let mut scanner = world.scanner().unwrap();
        world.show_code("SIM-0000");
        assert_eq!(scanner.scan(Duration::ZERO), Ok(Some("SIM-0000".to_owned())));
        assert_eq!(scanner.scan(Duration::ZERO), Ok(None));
    }

    #[test]
    fn a_scanner_that_was_opened_again_takes_no_code_from_its_new_owner() {
        let world = World::new(Pace::default());
        let (mut before, mut now) = (world.scanner().unwrap(), world.scanner().unwrap());
        world.show_code("SIM-0000");
        assert_eq!(before.scan(Duration::ZERO), Err(DeviceError::Gone));
        assert_eq!(now.scan(Duration::ZERO), Ok(Some("SIM-0000".to_owned())));
    }

    #[test]
    fn an_unplugged_reader_is_gone_and_comes_back_empty() {
        let mut world = World::new(Pace::default());
        world.unplug_reader();
        assert_eq!(world.watch(&Presence::Empty, Duration::ZERO), Ok(Presence::NoReader));
        assert_eq!(world.connect(READER, Start::AsItIs).err(), Some(ReaderError::Gone));
        world.plug_reader();
        assert_eq!(world.watch(&Presence::NoReader, Duration::ZERO), Ok(Presence::Empty));
    }
}
