//! In which format, size and rate a camera streams: what it offers, which of that is best, and setting it.
//!
//! A driver answers a wish with the nearest thing it has. Here a mode is set exactly or not at all.

use std::cmp::Reverse;
use std::fmt::{self, Display, Formatter};
use std::io;

use agent::ports::DeviceError;
use v4l::frameinterval::FrameIntervalEnum;
use v4l::framesize::FrameSizeEnum;
use v4l::video::Capture as _;
use v4l::video::capture::Parameters;
use v4l::{Device, Format, FourCC, Fraction};
use vision::Frame;

use super::cut::{jpeg, yuyv};
use super::fault;

/// More frames a second are of no use to anyone.
const RATE_MAX: u32 = 30_000;
/// More modes than any camera has; a driver that lists more is not believed.
const MODES_MAX: usize = 256;

/// A format, a size and a rate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mode {
    /// What the bytes are.
    pub pixels: Pixels,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Numerator and denominator of the seconds from frame to frame, unless the driver keeps that to itself.
    pub interval: Option<(u32, u32)>,
}

/// What is decoded here.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Pixels {
    /// Two bytes a pixel, not compressed.
    Yuyv,
    /// A JPEG each.
    Mjpg,
}

impl Pixels {
    fn of(code: FourCC) -> Option<Self> {
        [Self::Yuyv, Self::Mjpg].into_iter().find(|pixels| pixels.code() == code)
    }

    fn code(self) -> FourCC {
        FourCC::new(match self {
            Self::Yuyv => b"YUYV",
            Self::Mjpg => b"MJPG",
        })
    }
}

impl Mode {
    /// The picture in what the camera sent, if it is one.
    pub fn frame(self, bytes: &[u8]) -> Option<Frame> {
        let frame = match self.pixels {
            Pixels::Yuyv => {
                let picture = yuyv(bytes, self.width, self.height)?;
                Frame::from_yuyv(self.width, self.height, picture).ok()?
            }
            Pixels::Mjpg => Frame::from_jpeg(jpeg(bytes)?).ok()?,
        };
        // Some cameras go on sending the size before for a while.
        ((frame.width(), frame.height()) == (self.width, self.height)).then_some(frame)
    }

    /// Frames in a thousand seconds.
    fn rate(self) -> u32 {
        let (seconds, frames) = self.interval.unwrap_or((1, 0));
        let rate = u64::from(frames) * 1000 / u64::from(seconds.max(1));
        u32::try_from(rate).unwrap_or(u32::MAX)
    }

    /// Makes the camera stream so and in no other way.
    pub fn set(self, device: &Device) -> Result<(), DeviceError> {
        let code = self.pixels.code();
        let wanted = Format::new(self.width, self.height, code);
        let set = device.set_format(&wanted).map_err(|error| fault(&error))?;
        let same = (set.width, set.height, set.fourcc) == (self.width, self.height, code);
        let padded = self.pixels == Pixels::Yuyv && ![0, self.width * 2].contains(&set.stride);
        if !same || padded {
            return Err(DeviceError::Faulty);
        }
        let Some((seconds, frames)) = self.interval else { return Ok(()) };
        let wanted = Parameters::new(Fraction::new(seconds, frames));
        let set = device.set_params(&wanted).map_err(|error| fault(&error))?;
        let set =
            Self { interval: Some((set.interval.numerator, set.interval.denominator)), ..self };
        if set.rate() == self.rate() { Ok(()) } else { Err(DeviceError::Faulty) }
    }
}

impl Display for Mode {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}×{}", self.pixels.code(), self.width, self.height)?;
        match self.interval {
            Some(_) => write!(out, " {}/s", self.rate() / 1000),
            None => Ok(()),
        }
    }
}

/// The modes of this size, the best first.
pub fn offered(device: &Device, width: u32, height: u32) -> io::Result<Vec<Mode>> {
    let mut modes = Vec::new();
    for pixels in formats(device)? {
        let sizes = device.enum_framesizes(pixels.code()).unwrap_or_default();
        if sizes.iter().any(|size| has(&size.size, width, height)) {
            modes.extend(rates(device, pixels, width, height));
        }
    }
    modes.truncate(MODES_MAX);
    Ok(ranked(modes))
}

/// All that can be used, for a person to choose from: each format and size at its best rate.
pub fn all(device: &Device) -> io::Result<Vec<Mode>> {
    let mut modes = Vec::new();
    for pixels in formats(device)? {
        for size in device.enum_framesizes(pixels.code()).unwrap_or_default() {
            let FrameSizeEnum::Discrete(size) = size.size else { continue };
            let best = ranked(rates(device, pixels, size.width, size.height)).into_iter().next();
            modes.extend(best);
        }
    }
    modes.truncate(MODES_MAX);
    Ok(modes)
}

fn formats(device: &Device) -> io::Result<Vec<Pixels>> {
    let offered = device.enum_formats()?;
    let mut formats: Vec<Pixels> =
        offered.iter().filter_map(|format| Pixels::of(format.fourcc)).collect();
    formats.sort_unstable();
    formats.dedup();
    Ok(formats)
}

fn has(size: &FrameSizeEnum, width: u32, height: u32) -> bool {
    let steps = |min: u32, max: u32, step: u32, wanted: u32| {
        (min..=max).contains(&wanted) && (wanted - min).is_multiple_of(step.max(1))
    };
    match size {
        FrameSizeEnum::Discrete(size) => (size.width, size.height) == (width, height),
        FrameSizeEnum::Stepwise(range) => {
            steps(range.min_width, range.max_width, range.step_width, width)
                && steps(range.min_height, range.max_height, range.step_height, height)
        }
    }
}

fn rates(device: &Device, pixels: Pixels, width: u32, height: u32) -> Vec<Mode> {
    let mode = |interval| Mode { pixels, width, height, interval };
    // A driver without rates has one, which it keeps to itself.
    let intervals = device.enum_frameintervals(pixels.code(), width, height).unwrap_or_default();
    if intervals.is_empty() {
        return vec![mode(None)];
    }
    let quickest = |interval: &FrameIntervalEnum| match interval {
        FrameIntervalEnum::Discrete(every) => (every.numerator, every.denominator),
        FrameIntervalEnum::Stepwise(range) => (range.min.numerator, range.min.denominator),
    };
    intervals.iter().map(|given| mode(Some(quickest(&given.interval)))).collect()
}

/// The fastest first, up to a useful rate, and uncompressed before compressed.
fn ranked(mut modes: Vec<Mode>) -> Vec<Mode> {
    modes.sort_by_key(|mode| (Reverse(mode.rate().min(RATE_MAX)), mode.pixels, mode.rate()));
    modes.dedup();
    modes
}

#[cfg(test)]
mod tests {
    use v4l::framesize::{Discrete, Stepwise};

    use super::*;

    fn mode(pixels: Pixels, rate: u32) -> Mode {
        Mode { pixels, width: 640, height: 480, interval: Some((1, rate)) }
    }

    #[test]
    fn the_fastest_useful_rate_comes_first_and_uncompressed_before_compressed() {
        let (yuyv, mjpg) = (Pixels::Yuyv, Pixels::Mjpg);
        let unknown = Mode { interval: None, ..mode(yuyv, 1) };
        let offered = vec![unknown, mode(yuyv, 15), mode(mjpg, 60), mode(mjpg, 30), mode(yuyv, 30)];
        let expected = [mode(yuyv, 30), mode(mjpg, 30), mode(mjpg, 60), mode(yuyv, 15), unknown];
        assert_eq!(ranked(offered), expected);
    }

    #[test]
    fn a_rate_that_is_no_whole_number_is_one_too() {
        let ntsc = Mode { interval: Some((1001, 30_000)), ..mode(Pixels::Mjpg, 1) };
        assert_eq!(ntsc.rate(), 29_970);
        assert_eq!(ntsc.to_string(), "MJPG 640×480 29/s");
    }

    #[test]
    fn a_size_fits_exactly_or_not_at_all() {
        let discrete = FrameSizeEnum::Discrete(Discrete { width: 640, height: 480 });
        assert!(has(&discrete, 640, 480) && !has(&discrete, 641, 480));
        let range = FrameSizeEnum::Stepwise(Stepwise {
            min_width: 32,
            max_width: 1280,
            step_width: 16,
            min_height: 32,
            max_height: 720,
            step_height: 16,
        });
        assert!(has(&range, 640, 480) && !has(&range, 648, 480) && !has(&range, 1296, 480));
    }

    #[test]
    fn a_frame_is_cut_from_what_the_camera_sent_and_has_the_size_that_was_set() {
        let yuyv = mode(Pixels::Yuyv, 30);
        assert!(yuyv.frame(&vec![128; 640 * 480 * 2 + 4096]).is_some());
        assert!(yuyv.frame(&vec![128; 640 * 480 * 2 - 1]).is_none());
        let mjpg = mode(Pixels::Mjpg, 30);
        let face = include_bytes!("../../../../tests/pictures/face.jpg");
        assert!(mjpg.frame(face).is_some());
        assert!(mjpg.frame(b"no picture").is_none());
        assert!(Mode { width: 320, height: 240, ..mjpg }.frame(face).is_none());
    }
}
