//! A video camera on Linux (V4L2): the newest frame within a deadline, taken on a disposable thread.
//!
//! nokhwa says which cameras there are. The frames come by v4l, the crate beneath it, because nokhwa waits for
//! one without any deadline, hands out its whole buffer instead of the bytes that the camera sent, and tells
//! neither what a node can do nor where it is plugged in. A driver that hangs all the same costs one thread,
//! which then holds the device until the process ends. No frame is written anywhere.

mod cut;
mod mode;
mod node;
mod slot;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use agent::config::CameraChoice;
use agent::ports::{Camera, DeviceError};
use v4l::Device;
use v4l::buffer::{Flags, Type};
use v4l::io::mmap::Stream;
use v4l::io::traits::CaptureStream as _;
use vision::Frame;
use zeroize::Zeroizing;

use mode::Mode;
use slot::Slot;

pub use node::{Node, nodes};

/// From opening to the first frame; slow cameras take two seconds to set their exposure.
const OPEN_WITHIN: Duration = Duration::from_secs(6);
/// From one frame to the next; the slowest mode that is used sends five a second.
const FRAME_WITHIN: Duration = Duration::from_secs(2);
/// Closing ends with the wait under way; a camera that takes longer hangs.
const CLOSE_WITHIN: Duration = Duration::from_millis(500);
/// Between two looks at whether anybody still wants frames.
const LOOK: Duration = Duration::from_millis(100);
/// One is filled while another is read, and two wait: more would only hold older pictures.
const BUFFERS: u32 = 4;
/// So many unusable frames in a row are no accident.
const UNUSABLE_MAX: u32 = 30;

/// A camera that delivers frames until it is dropped.
pub struct VideoCamera {
    slot: Arc<Slot>,
    mode: Mode,
    closed: Receiver<()>,
}

impl VideoCamera {
    /// Opens the first camera of the choice that is there, and waits for its first frame.
    ///
    /// # Errors
    /// [`DeviceError::Gone`] if none is there, [`DeviceError::Refused`] if it is no real one,
    /// [`DeviceError::Busy`] if another program has it, [`DeviceError::Faulty`] if it offers no picture of the
    /// size, [`DeviceError::TimedOut`].
    pub fn open(choice: &CameraChoice) -> Result<Self, DeviceError> {
        let (open, closed) = mpsc::sync_channel(1);
        let (sender, opened) = mpsc::sync_channel(1);
        let slot = Arc::new(Slot::default());
        let capture = Capture { choice: choice.clone(), slot: Arc::clone(&slot), _open: open };
        thread::Builder::new()
            .name("camera-capture".to_owned())
            .spawn(move || capture.run(&sender))
            .map_err(|_| DeviceError::Faulty)?;
        let begun = Instant::now();
        let mode = match opened.recv_timeout(OPEN_WITHIN) {
            Ok(mode) => mode,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                slot.refuse();
                return Err(DeviceError::TimedOut);
            }
            // It has said why, unless it panicked over what the device said of itself.
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                return Err(slot.take(Duration::ZERO).err().unwrap_or(DeviceError::Faulty));
            }
        };
        let mut camera = Self { slot, mode, closed };
        camera.frame(OPEN_WITHIN.saturating_sub(begun.elapsed()))?;
        Ok(camera)
    }
}

impl Camera for VideoCamera {
    fn frame(&mut self, patience: Duration) -> Result<Frame, DeviceError> {
        let begun = Instant::now();
        for _ in 0..UNUSABLE_MAX {
            let bytes = self.slot.take(patience.saturating_sub(begun.elapsed()))?;
            if let Some(frame) = self.mode.frame(&bytes) {
                return Ok(frame);
            }
        }
        Err(DeviceError::Faulty)
    }
}

impl Drop for VideoCamera {
    fn drop(&mut self) {
        self.slot.refuse();
        // Waits for the thread to let go of the device, or to show that it hangs.
        let _ = self.closed.recv_timeout(CLOSE_WITHIN);
    }
}

/// The thread that talks to the driver.
struct Capture {
    choice: CameraChoice,
    slot: Arc<Slot>,
    /// Dropped last: its end says that the device is free again.
    _open: SyncSender<()>,
}

impl Capture {
    fn run(self, opened: &SyncSender<Mode>) {
        // Also when the crate panics, which it does over a name that is no text.
        let _ending = slot::Ending(&self.slot);
        if let Err(error) = self.deliver(opened) {
            self.slot.fail(error);
        }
    }

    fn deliver(&self, opened: &SyncSender<Mode>) -> Result<(), DeviceError> {
        let (device, mode) = node::open(&self.choice)?;
        let buffers = Stream::with_buffers(&device, Type::VideoCapture, BUFFERS);
        let mut stream = buffers.map_err(|error| fault(&error))?;
        stream.set_timeout(OPEN_WITHIN);
        // Whoever opened has given up; the device is closed again at once.
        if opened.send(mode).is_err() {
            return Ok(());
        }
        let mut broken = 0;
        loop {
            let (bytes, about) = stream.next().map_err(|error| fault(&error))?;
            // Beyond this the buffer holds what an earlier frame left there.
            let used = usize::try_from(about.bytesused).ok().and_then(|used| bytes.get(..used));
            match used {
                Some(used) if !used.is_empty() && !about.flags.contains(Flags::ERROR) => {
                    broken = 0;
                    self.slot.put(Zeroizing::new(used.to_vec()));
                }
                Some(_) | None => broken += 1,
            }
            if broken >= UNUSABLE_MAX {
                return Err(DeviceError::Faulty);
            }
            if self.wait(&device)? == Wait::Over {
                return Ok(());
            }
        }
    }

    /// Waits for the next frame in steps, so that the camera closes soon after nobody wants it any more.
    fn wait(&self, device: &Device) -> Result<Wait, DeviceError> {
        let begun = Instant::now();
        let step = i32::try_from(LOOK.as_millis()).unwrap_or(i32::MAX);
        while !self.slot.is_refused() {
            match device.handle().poll(READABLE, step) {
                Ok(0) if begun.elapsed() >= FRAME_WITHIN => return Err(DeviceError::TimedOut),
                Ok(0) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) => return Ok(Wait::Ready),
                Err(error) => return Err(fault(&error)),
            }
        }
        Ok(Wait::Over)
    }
}

/// `POLLIN` of poll(2).
const READABLE: i16 = 1;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Wait {
    /// A frame, or the news that there will be none.
    Ready,
    /// Nobody wants one.
    Over,
}

/// What an error of the driver says of the camera: one that is unplugged answers with ENODEV, one in use with
/// EBUSY.
fn fault(error: &io::Error) -> DeviceError {
    match error.kind() {
        io::ErrorKind::TimedOut => DeviceError::TimedOut,
        io::ErrorKind::ResourceBusy => DeviceError::Busy,
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => DeviceError::Faulty,
        _ => DeviceError::Gone,
    }
}

#[cfg(test)]
mod tests {
    use agent::config::{DevicePattern, NamePattern, UsbPort, VirtualCameras};

    use super::*;

    #[test]
    fn a_camera_that_is_not_there_is_gone() {
        let devices = [
            DevicePattern::Path("/dev/video250".into()),
            DevicePattern::Name(NamePattern::parse("No Such Camera*").unwrap()),
            DevicePattern::Port(UsbPort::parse("9-9.9").unwrap()),
        ];
        for device in devices {
            let choice = CameraChoice {
                devices: vec![device],
                width: 640,
                height: 480,
                virtual_cameras: VirtualCameras::Refuse,
            };
            assert!(matches!(VideoCamera::open(&choice), Err(DeviceError::Gone)));
        }
    }

    #[test]
    fn an_error_of_the_driver_says_what_a_person_can_do() {
        let said = |code| fault(&io::Error::from_raw_os_error(code));
        let [no_device, no_entry, busy, invalid] = [19, 2, 16, 22].map(said);
        assert_eq!((no_device, no_entry), (DeviceError::Gone, DeviceError::Gone));
        assert_eq!((busy, invalid), (DeviceError::Busy, DeviceError::Faulty));
    }
}
