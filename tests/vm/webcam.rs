//! A USB webcam for the real uvcvideo driver: a simulated device of USB/IP, plugged into this kernel's vhci.
//!
//! It shows one picture over and over, can stall as a camera whose firmware hangs, and can be pulled amid a
//! frame. What it says of itself is in `uvc`, how requests come and go in `urb`.

mod urb;
mod uvc;

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Write as _};
use std::net::Shutdown;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use urb::{Incoming, Submit};
pub use uvc::Format;
use uvc::Selection;

/// Where the kernel takes a device in.
const ATTACH: &str = "/sys/devices/platform/vhci_hcd.0/attach";
/// The kernel frees the socket of an unplugged device a little later.
const ATTACHED_WITHIN: Duration = Duration::from_secs(20);
/// Between two tries.
const LOOK: Duration = Duration::from_millis(50);
/// A request that ends without an answer, as the kernel has it.
const UNLINKED: i32 = -104;
/// A request that the device does not know.
const STALL: i32 = -32;

/// A plugged-in webcam; dropping it pulls it.
pub struct Webcam {
    stream: UnixStream,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    picture: Vec<u8>,
    stalled: bool,
    chosen: Selection,
    frames: u32,
}

impl Webcam {
    /// Plugs it in, with this JPEG before its lens.
    pub fn plug_in(picture: Vec<u8>) -> io::Result<Self> {
        let (stream, kernel) = UnixStream::pair()?;
        let begun = Instant::now();
        let order = format!("0 {} {} 3", kernel.as_raw_fd(), urb::DEVICE);
        while let Err(error) = fs::write(ATTACH, &order) {
            if begun.elapsed() > ATTACHED_WITHIN {
                return Err(error);
            }
            thread::park_timeout(LOOK);
        }
        let chosen = Selection::default();
        let shared = Arc::new(Mutex::new(Shared { picture, stalled: false, chosen, frames: 0 }));
        let (sender, requests) = mpsc::channel();
        let line = stream.try_clone()?;
        thread::spawn(move || {
            while let Ok(incoming) = urb::receive(&line) {
                if sender.send(incoming).is_err() {
                    return;
                }
            }
        });
        let device = Device {
            line: stream.try_clone()?,
            shared: Arc::clone(&shared),
            waiting: VecDeque::new(),
            sent: 0,
            parity: 0,
            due: Instant::now(),
        };
        thread::spawn(move || device.run(&requests));
        Ok(Self { stream, shared })
    }

    /// From now on no frame comes, or frames come again.
    pub fn stall(&self, stalled: bool) {
        lock(&self.shared).stalled = stalled;
    }

    /// Changes what stands before the lens.
    pub fn show(&self, picture: Vec<u8>) {
        lock(&self.shared).picture = picture;
    }

    /// In which format the driver was told to stream last.
    pub fn format(&self) -> Format {
        lock(&self.shared).chosen.format()
    }

    /// How many frames went out.
    pub fn frames(&self) -> u32 {
        lock(&self.shared).frames
    }
}

impl Drop for Webcam {
    fn drop(&mut self) {
        // Already closed, it is pulled as well.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// The device's own thread.
struct Device {
    line: UnixStream,
    shared: Arc<Mutex<Shared>>,
    /// Requests for a piece of a frame.
    waiting: VecDeque<Submit>,
    /// How much of the frame under way went out.
    sent: usize,
    /// Changes with each frame.
    parity: u8,
    /// When the next frame begins.
    due: Instant,
}

impl Device {
    fn run(mut self, requests: &Receiver<Incoming>) {
        loop {
            let stalled = lock(&self.shared).stalled;
            let now = Instant::now();
            let patience = match (self.waiting.is_empty() || stalled, self.sent) {
                (true, _) => LOOK,
                (false, 0) => self.due.saturating_duration_since(now),
                (false, _) => Duration::ZERO,
            };
            let done = match requests.recv_timeout(patience) {
                Ok(incoming) => self.take(incoming),
                Err(RecvTimeoutError::Timeout) if self.waiting.is_empty() || stalled => Ok(()),
                Err(RecvTimeoutError::Timeout) => self.send_piece(),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if done.is_err() {
                return;
            }
        }
    }

    fn take(&mut self, incoming: Incoming) -> io::Result<()> {
        match incoming {
            Incoming::Submit(submit) if submit.endpoint == 0 => {
                let answer =
                    uvc::control(&mut lock(&self.shared).chosen, &submit.setup, &submit.data);
                let reply = match answer {
                    Some(data) if submit.inbound => urb::done(&submit, &data),
                    Some(_) => urb::taken(&submit),
                    None => urb::failed(&submit, STALL),
                };
                self.line.write_all(&reply)
            }
            Incoming::Submit(submit) => {
                self.waiting.push_back(submit);
                Ok(())
            }
            Incoming::Unlink { number, of } => {
                let before = self.waiting.len();
                self.waiting.retain(|submit| submit.number != of);
                let found = self.waiting.len() < before;
                self.sent = if found { 0 } else { self.sent };
                self.line.write_all(&urb::unlinked(number, if found { UNLINKED } else { 0 }))
            }
        }
    }

    /// The next piece of the frame into the oldest request.
    fn send_piece(&mut self) -> io::Result<()> {
        let Some(submit) = self.waiting.pop_front() else { return Ok(()) };
        let mut shared = lock(&self.shared);
        let frame = shared.chosen.frame(&shared.picture);
        if self.sent == 0 {
            let every = shared.chosen.format().every();
            self.due = (self.due + every).max(Instant::now());
        }
        let room = submit.length.saturating_sub(uvc::PIECE_HEADER);
        let rest = frame.get(self.sent..).unwrap_or_default();
        let piece = rest.get(..room.min(rest.len())).unwrap_or_default();
        self.sent += piece.len();
        let ends = self.sent >= frame.len();
        let bytes = [&uvc::piece_header(self.parity, ends)[..], piece].concat();
        if ends {
            self.sent = 0;
            self.parity ^= 1;
            shared.frames = shared.frames.saturating_add(1);
        }
        drop(shared);
        self.line.write_all(&urb::done(&submit, &bytes))
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
