//! Inserts a simulated card into a virtual machine's USB reader, QEMU's `ccid-card-passthru` behind `usb-ccid`.
//!
//! A message is three big-endian u32 (kind, reader, length) and that many bytes. A reader that is plugged in
//! sends INIT and gets the card told; it acknowledges each coming and going by an ERROR, 0 for success. Of
//! power and reset it tells nothing: a chip that pcscd resets keeps its selection here.

mod message;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::slot::{Exchange, Slot};
use super::watch::{ABSENCE_MIN, Event, Inserted, Watch};
use super::{Image, Manner, Pace};
use message::{Inbox, Kind, Message};

/// Between two tries to reach the reader, which is away while the machine starts.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// So long a failed exchange is told before the absence of its card. QEMU throws away what the machine has not
/// fetched by then, and its driver would wait for an answer until its own deadline; a real reader tells both.
const FETCHED_WITHIN: Duration = Duration::from_millis(200);

/// What an exchange that broke off is answered with: a general error.
const BROKEN_OFF: &[u8] = &[0, 0, 0, 1];

/// The longest message is a command of some 260 bytes.
const CHUNK: usize = 1024;

/// A card in the reader of a virtual machine. Dropping it takes the card out.
pub struct VscardCard {
    reader: Arc<Reader>,
    card: Mutex<(Image, Manner)>,
    /// Closing it ends the worker.
    stop: Option<PipeWriter>,
    worker: Option<JoinHandle<()>>,
}

struct Reader {
    path: PathBuf,
    slot: Slot,
    watch: Watch,
    line: Mutex<Line>,
    left_at: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Line {
    /// There is one once the reader has introduced itself.
    wire: Option<File>,
    /// What the reader has still to acknowledge.
    awaiting: VecDeque<Kind>,
    /// The reader waits for the answer to a command.
    unanswered: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    Lost,
    Stopped,
}

impl VscardCard {
    /// Puts a card into the reader that listens at `path`: a socket, or a port of a virtual machine that
    /// leads there. Returns at once; [`Event::Inserted`] follows.
    ///
    /// # Errors
    /// What the system says if it has no pipe to give.
    pub fn new(
        path: &Path,
        image: Image,
        manner: Manner,
        pace: Pace,
        watch: Watch,
    ) -> io::Result<Self> {
        let reader = Arc::new(Reader {
            path: path.to_owned(),
            slot: Slot::new(pace),
            watch,
            line: Mutex::default(),
            left_at: Mutex::default(),
        });
        reader.slot.insert(image.clone(), manner);
        let (stopped, stop) = io::pipe()?;
        let worker = thread::spawn({
            let reader = Arc::clone(&reader);
            move || reader.run(&stopped)
        });
        let card = Mutex::new((image, manner));
        Ok(Self { reader, card, stop: Some(stop), worker: Some(worker) })
    }
}

impl Inserted for VscardCard {
    fn insert(&self) {
        if self.reader.slot.insertion().is_some() {
            return;
        }
        if let Some(left_at) = *lock(&self.reader.left_at) {
            thread::sleep(ABSENCE_MIN.saturating_sub(left_at.elapsed()));
        }
        let (image, manner) = lock(&self.card).clone();
        self.reader.slot.insert(image, manner);
        self.reader.tell_card();
    }

    fn eject(&self) {
        if self.reader.slot.insertion().is_none() {
            return;
        }
        self.reader.slot.eject();
        self.reader.tell_absence();
        self.reader.watch.tell(Event::Ejected);
    }

    fn replace(&self, image: Image, manner: Manner) {
        *lock(&self.card) = (image, manner);
    }

    fn slot(&self) -> &Slot {
        &self.reader.slot
    }
}

impl Drop for VscardCard {
    fn drop(&mut self) {
        self.eject();
        self.stop = None;
        if let Some(worker) = self.worker.take() {
            // A worker that panicked has let go of its line.
            drop(worker.join());
        }
    }
}

impl Reader {
    /// Keeps the line to the reader until it is told to stop, through any restart of the machine.
    fn run(&self, stopped: &PipeReader) {
        let mut away = false;
        loop {
            match self.connect() {
                Ok(wire) => {
                    away = false;
                    let end = self.converse(&wire, stopped);
                    *self.line() = Line::default();
                    if end == End::Stopped {
                        return;
                    }
                }
                Err(_) => {
                    if !away {
                        self.watch.tell(Event::NoReader);
                    }
                    away = true;
                }
            }
            let mut stop = [PollFd::new(stopped, PollFlags::IN)];
            if poll(&mut stop, Some(&timespec(RETRY_PAUSE))) != Ok(0) {
                return;
            }
        }
    }

    fn connect(&self) -> io::Result<File> {
        let is_socket = self.path.metadata()?.file_type().is_socket();
        let wire = if is_socket {
            File::from(OwnedFd::from(UnixStream::connect(&self.path)?))
        } else {
            File::options().read(true).write(true).open(&self.path)?
        };
        (&wire).write_all(&Message::init().bytes())?;
        Ok(wire)
    }

    fn converse(&self, mut wire: &File, stopped: &PipeReader) -> End {
        let mut inbox = Inbox::default();
        let mut chunk = [0; CHUNK];
        loop {
            let mut both = [PollFd::new(wire, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
            let woken = poll(&mut both, None);
            let [_, stop] = both;
            if woken.is_err() || !stop.revents().is_empty() {
                return End::Stopped;
            }
            let Ok(count @ 1..) = wire.read(&mut chunk) else { return End::Lost };
            inbox.add(chunk.get(..count).unwrap_or_default());
            loop {
                match inbox.next() {
                    Ok(Some(message)) => self.take(wire, &message),
                    Ok(None) => break,
                    Err(_) => return End::Lost,
                }
            }
        }
    }

    fn take(&self, wire: &File, message: &Message) {
        match message.kind {
            Kind::Init => {
                // It was just plugged in: without power until now, and nothing told before counts.
                self.slot.reset();
                let wire = wire.try_clone().ok();
                *self.line() = Line { wire, ..Line::default() };
                self.tell_card();
            }
            Kind::Apdu => self.answer(&message.payload),
            Kind::Error => self.acknowledged(&message.payload),
            Kind::ReaderAdd | Kind::ReaderRemove | Kind::Atr | Kind::CardRemove | Kind::Other => {}
        }
    }

    fn answer(&self, command: &[u8]) {
        self.line().unanswered = true;
        let insertion = self.slot.insertion();
        match self.slot.exchange(command) {
            Exchange::Answer(answer, time) => {
                thread::sleep(time);
                // The answer of a card that has left meanwhile is lost with it.
                if self.slot.insertion() == insertion {
                    self.send(Kind::Apdu, &answer);
                }
            }
            Exchange::Trapped => {
                self.tell_absence();
                self.watch.tell(Event::Removed);
            }
            // The reader knows by now that the card has left, and waits for no answer.
            Exchange::Gone => {}
            Exchange::Silent(_) => self.watch.tell(Event::Muted),
        }
    }

    fn acknowledged(&self, code: &[u8]) {
        let success = code.iter().all(|byte| *byte == 0);
        let what = self.line().awaiting.pop_front();
        match what {
            Some(Kind::Atr) if success => self.watch.tell(Event::Inserted),
            Some(Kind::Atr) => self.watch.tell(Event::Refused),
            Some(_) | None => {}
        }
    }

    fn tell_card(&self) {
        if let Some(atr) = self.slot.atr() {
            self.send(Kind::ReaderAdd, b"simulated\0");
            self.send(Kind::Atr, &atr);
        }
    }

    fn tell_absence(&self) {
        *lock(&self.left_at) = Some(Instant::now());
        if self.line().unanswered {
            self.send(Kind::Error, BROKEN_OFF);
            thread::sleep(FETCHED_WITHIN);
        }
        self.send(Kind::CardRemove, &[]);
    }

    /// To a reader that is away nothing is said; it will be told when it comes.
    fn send(&self, kind: Kind, payload: &[u8]) {
        let mut line = self.line();
        let Some(mut wire) = line.wire.as_ref() else { return };
        let message = Message { kind, payload: payload.to_vec() };
        // A line that breaks is noticed by its reader.
        if wire.write_all(&message.bytes()).is_err() {
            return;
        }
        match kind {
            Kind::Apdu | Kind::Error => line.unanswered = false,
            Kind::ReaderAdd | Kind::Atr | Kind::CardRemove => line.awaiting.push_back(kind),
            Kind::Init | Kind::ReaderRemove | Kind::Other => {}
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        lock(&self.line)
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec::try_from(duration).unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
