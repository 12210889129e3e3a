//! A video camera through nokhwa: which picture it delivers best, and the newest frame within a deadline.
//!
//! The crate waits for a frame without any deadline, so each opening has a thread of its own that is left
//! behind if its camera hangs; it then holds the device until the process ends. Frames are cut to what the
//! camera sent, because the crate hands out its whole buffer.

mod cut;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread;
use std::time::{Duration, Instant};

use agent::config::{CameraChoice, CameraDevice};
use agent::ports::{Camera, DeviceError};
use nokhwa::NokhwaError;
use nokhwa::utils::{
    ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType,
    Resolution,
};
use vision::Frame;

use cut::{jpeg, yuyv};

/// From opening to the first frame; slow cameras take two seconds to set their exposure.
const OPEN_WITHIN: Duration = Duration::from_secs(6);
/// Closing ends with the frame under way; a camera that takes longer hangs.
const CLOSE_WITHIN: Duration = Duration::from_millis(500);
/// More frames a second are of no use to anyone.
const RATE_MAX: u32 = 30;
/// So many unusable frames in a row are no accident.
const UNUSABLE_MAX: u32 = 30;

/// A camera that delivers frames until it is dropped.
pub struct VideoCamera {
    frames: Receiver<Result<Frame, DeviceError>>,
    stop: Arc<AtomicBool>,
    closed: Receiver<()>,
}

impl VideoCamera {
    /// Opens the camera and waits for its first frame.
    ///
    /// # Errors
    /// [`DeviceError::Gone`] if it is not there, [`DeviceError::Busy`] if another program has it,
    /// [`DeviceError::Faulty`] if it offers no picture of the size, [`DeviceError::TimedOut`].
    pub fn open(choice: &CameraChoice) -> Result<Self, DeviceError> {
        let (sender, frames) = mpsc::sync_channel(1);
        let (open, closed) = mpsc::sync_channel(1);
        let stop = Arc::new(AtomicBool::new(false));
        let capture = Capture {
            choice: choice.clone(),
            frames: sender,
            stop: Arc::clone(&stop),
            _open: open,
        };
        thread::Builder::new()
            .name("camera-capture".to_owned())
            .spawn(move || capture.run())
            .map_err(|_| DeviceError::Faulty)?;
        let mut camera = Self { frames, stop, closed };
        camera.frame(OPEN_WITHIN)?;
        Ok(camera)
    }
}

impl Camera for VideoCamera {
    fn frame(&mut self, patience: Duration) -> Result<Frame, DeviceError> {
        match self.frames.recv_timeout(patience) {
            Ok(result) => result,
            Err(mpsc::RecvTimeoutError::Timeout) => Err(DeviceError::TimedOut),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(DeviceError::Gone),
        }
    }
}

impl Drop for VideoCamera {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Waits for the thread to let go of the device, or to show that it hangs.
        let deadline = Instant::now() + CLOSE_WITHIN;
        while self.frames.try_recv().is_ok() && Instant::now() < deadline {}
        let _ = self.closed.recv_timeout(CLOSE_WITHIN);
    }
}

/// The thread that talks to the crate.
struct Capture {
    choice: CameraChoice,
    frames: SyncSender<Result<Frame, DeviceError>>,
    stop: Arc<AtomicBool>,
    /// Dropped last: its end says that the device is free again.
    _open: SyncSender<()>,
}

impl Capture {
    fn run(self) {
        if let Err(error) = self.deliver() {
            // Whoever waits hears why; whoever does not has dropped the camera.
            let _ = self.frames.send(Err(error));
        }
    }

    fn deliver(&self) -> Result<(), DeviceError> {
        let (mut camera, format) = open(&self.choice)?;
        camera.open_stream().map_err(|error| fault(&error))?;
        let mut unusable = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let raw = camera.frame_raw().map_err(|error| fault(&error))?;
            let Some(frame) = frame(&raw, format) else {
                unusable += 1;
                if unusable >= UNUSABLE_MAX {
                    return Err(DeviceError::Faulty);
                }
                continue;
            };
            unusable = 0;
            match self.frames.try_send(Ok(frame)) {
                // A frame that nobody has taken yet stands; it is no older than the agent's last look.
                Ok(()) | Err(TrySendError::Full(_)) => {}
                Err(TrySendError::Disconnected(_)) => break,
            }
        }
        Ok(())
    }
}

/// The picture in what the crate handed out.
fn frame(raw: &[u8], format: CameraFormat) -> Option<Frame> {
    match format.format() {
        FrameFormat::YUYV => {
            let (width, height) = (format.width(), format.height());
            Frame::from_yuyv(width, height, yuyv(raw, width, height)?).ok()
        }
        FrameFormat::MJPEG => Frame::from_jpeg(jpeg(raw)?).ok(),
        FrameFormat::NV12 | FrameFormat::GRAY | FrameFormat::RAWRGB | FrameFormat::RAWBGR => None,
    }
}

/// Opens the first node that fits the choice and really is a camera: some announce a second one for
/// metadata under the same name.
fn open(choice: &CameraChoice) -> Result<(nokhwa::Camera, CameraFormat), DeviceError> {
    let mut last = DeviceError::Gone;
    for index in candidates(&choice.device)? {
        match open_node(&index, choice) {
            Ok(opened) => return Ok(opened),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn open_node(
    index: &CameraIndex,
    choice: &CameraChoice,
) -> Result<(nokhwa::Camera, CameraFormat), DeviceError> {
    // Asking for "the nearest" fails unless the exact size is there: list first, then ask exactly.
    let any = RequestedFormat::with_formats(RequestedFormatType::None, &USABLE);
    let mut camera = camera(index, any).map_err(|error| fault(&error))?;
    let offered = camera.compatible_camera_formats().map_err(|error| fault(&error))?;
    drop(camera);
    let mut last = DeviceError::Faulty;
    for format in ranked(offered, Resolution::new(choice.width, choice.height)) {
        let exact = RequestedFormatType::Exact(format);
        match self::camera(index, RequestedFormat::with_formats(exact, &USABLE)) {
            Ok(camera) => return Ok((camera, format)),
            Err(error) => last = fault(&error),
        }
    }
    Err(last)
}

/// What is decoded here.
const USABLE: [FrameFormat; 2] = [FrameFormat::YUYV, FrameFormat::MJPEG];

fn camera(index: &CameraIndex, format: RequestedFormat<'_>) -> Result<nokhwa::Camera, NokhwaError> {
    nokhwa::Camera::with_backend(index.clone(), format, ApiBackend::Video4Linux)
}

/// The formats of this size: the fastest first, up to a useful rate, and uncompressed before compressed.
fn ranked(mut offered: Vec<CameraFormat>, size: Resolution) -> Vec<CameraFormat> {
    offered.retain(|format| format.resolution() == size && USABLE.contains(&format.format()));
    offered.sort_by_key(|format| {
        let compressed = format.format() == FrameFormat::MJPEG;
        let rate = format.frame_rate();
        (std::cmp::Reverse(rate.min(RATE_MAX)), compressed, rate)
    });
    offered.dedup();
    offered
}

fn candidates(device: &CameraDevice) -> Result<Vec<CameraIndex>, DeviceError> {
    match device {
        CameraDevice::Path(path) => node(path).map(|index| vec![index]).ok_or(DeviceError::Gone),
        CameraDevice::Name(pattern) => {
            let cameras = nokhwa::query(ApiBackend::Video4Linux).map_err(|error| fault(&error))?;
            let fitting = cameras.iter().filter(|camera| pattern.matches(&camera.human_name()));
            Ok(fitting.map(|camera| camera.index().clone()).collect())
        }
    }
}

/// The number of a device file, followed through links such as those below `/dev/v4l/by-id`.
fn node(path: &Path) -> Option<CameraIndex> {
    let real = path.canonicalize().ok()?;
    let number = real.file_name()?.to_str()?.strip_prefix("video")?.parse().ok()?;
    Some(CameraIndex::Index(number))
}

/// The crate gives its causes as text only.
fn fault(error: &NokhwaError) -> DeviceError {
    match error {
        NokhwaError::OpenDeviceError(..) | NokhwaError::ReadFrameError(_) => DeviceError::Gone,
        NokhwaError::OpenStreamError(_) => DeviceError::Busy,
        _ => DeviceError::Faulty,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(width: u32, format: FrameFormat, rate: u32) -> CameraFormat {
        CameraFormat::new(Resolution::new(width, 480), format, rate)
    }

    #[test]
    fn the_fastest_useful_format_of_the_size_comes_first() {
        let offered = vec![
            format(1280, FrameFormat::MJPEG, 30),
            format(640, FrameFormat::YUYV, 15),
            format(640, FrameFormat::MJPEG, 30),
            format(640, FrameFormat::MJPEG, 60),
            format(640, FrameFormat::GRAY, 30),
        ];
        let ranked = ranked(offered, Resolution::new(640, 480));
        let expected = [
            format(640, FrameFormat::MJPEG, 30),
            format(640, FrameFormat::MJPEG, 60),
            format(640, FrameFormat::YUYV, 15),
        ];
        assert_eq!(ranked, expected);
    }

    #[test]
    fn uncompressed_goes_before_compressed_at_the_same_rate() {
        let offered = vec![format(640, FrameFormat::MJPEG, 30), format(640, FrameFormat::YUYV, 30)];
        let ranked = ranked(offered, Resolution::new(640, 480));
        assert_eq!(ranked.first().map(CameraFormat::format), Some(FrameFormat::YUYV));
    }

    #[test]
    fn a_frame_is_cut_from_a_larger_buffer() {
        let yuyv = format(640, FrameFormat::YUYV, 30);
        assert!(frame(&vec![128; 640 * 480 * 2 + 4096], yuyv).is_some());
        assert!(frame(&vec![128; 640 * 480 * 2 - 1], yuyv).is_none());
        assert!(frame(b"no picture", format(640, FrameFormat::MJPEG, 30)).is_none());
    }

    #[test]
    fn a_camera_that_is_not_there_is_gone() {
        for device in [
            CameraDevice::Path("/dev/video250".into()),
            CameraDevice::Name(agent::config::NamePattern::parse("No Such Camera*").unwrap()),
        ] {
            let opened = VideoCamera::open(&CameraChoice { device, width: 640, height: 480 });
            assert!(matches!(opened, Err(DeviceError::Gone)));
        }
    }
}
