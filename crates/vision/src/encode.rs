//! The selfie as the bank takes it: JPEG, fitted inside 680×480, at most 100,000 bytes (§4, Doubt D17).
//!
//! Owns size and quality. Encoding anew also drops whatever the camera wrote into the file. Where the
//! customer's face is in the frame is not looked at: the whole frame goes out.

use fast_image_resize::FilterType;
use jpeg_encoder::{ColorType, Encoder, EncodingError, JfifWrite, SamplingFactor};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::frame::{Frame, Pixels};
use crate::scaled;

/// The most bytes of a selfie, before Base64 ("less than 100 K", read as decimal thousands).
pub const SELFIE_BYTES_MAX: usize = 100_000;
/// What a selfie may take when the bank found the one before too large (API page, 1.6: −21, −22, 413).
pub const SELFIE_BYTES_SMALLER: [usize; 2] = [60_000, 40_000];
/// The widest selfie in pixels.
const WIDTH_MAX: u32 = 680;
/// The highest selfie in pixels.
const HEIGHT_MAX: u32 = 480;
/// Qualities to choose from; above 95 a JPEG only grows.
const QUALITY_MIN: u8 = 1;
/// See [`QUALITY_MIN`].
const QUALITY_MAX: u8 = 95;

/// Good enough to see oneself by, and quick.
const QUALITY_PREVIEW: u8 = 60;

/// Why no selfie came of a frame.
#[derive(Debug, Error)]
pub enum SelfieError {
    /// Even the worst quality is too large; no frame that fits 680×480 should get here.
    #[error("encoding selfie: does not fit {bytes_max} bytes at the lowest quality")]
    TooLarge {
        /// The budget.
        bytes_max: usize,
    },
    /// The picture could not be made smaller.
    #[error("resizing selfie to {width}x{height} failed")]
    Resize {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// The encoder refused.
    #[error("encoding selfie failed")]
    Encode(#[source] EncodingError),
}

/// Encodes the whole frame, made smaller if needed but never larger, at the best quality that fits into
/// `bytes_max`: [`SELFIE_BYTES_MAX`], or one of [`SELFIE_BYTES_SMALLER`].
///
/// The same frame gives the same bytes. Takes seven encodings, about 15 ms for 640×480.
///
/// # Errors
/// [`SelfieError`]; none is known to happen with a frame of any size.
pub fn selfie_jpeg(frame: &Frame, bytes_max: usize) -> Result<Zeroizing<Vec<u8>>, SelfieError> {
    let picture = Picture::fitted(frame)?;
    let mut best = None;
    let (mut low, mut high) = (QUALITY_MIN, QUALITY_MAX);
    while low <= high {
        let quality = low.midpoint(high);
        match picture.encoded(quality, bytes_max)? {
            Some(jpeg) => {
                best = Some(jpeg);
                low = quality + 1;
            }
            None => high = quality - 1,
        }
    }
    best.ok_or(SelfieError::TooLarge { bytes_max })
}

/// Encodes the frame for a person to see on a screen now: the selfie's size, in one go at a modest quality.
///
/// # Errors
/// As [`selfie_jpeg`].
pub fn preview_jpeg(frame: &Frame) -> Result<Zeroizing<Vec<u8>>, SelfieError> {
    let encoded = Picture::fitted(frame)?.encoded(QUALITY_PREVIEW, SELFIE_BYTES_MAX)?;
    encoded.ok_or(SelfieError::TooLarge { bytes_max: SELFIE_BYTES_MAX })
}

/// Pixels of the final size. Wiped on drop.
struct Picture {
    width: u16,
    height: u16,
    color: ColorType,
    pixels: Zeroizing<Vec<u8>>,
}

impl Picture {
    fn fitted(frame: &Frame) -> Result<Self, SelfieError> {
        let (width, height) = fitted_size(frame.width(), frame.height());
        let failed = SelfieError::Resize { width, height };
        let (source, color) = match frame.pixels() {
            Pixels::Rgb(pixels) => (pixels, ColorType::Rgb),
            Pixels::Luma(pixels) => (pixels, ColorType::Luma),
        };
        let (Ok(columns), Ok(rows)) = (u16::try_from(width), u16::try_from(height)) else {
            return Err(failed);
        };
        let (from, to) = ((frame.width(), frame.height()), (width, height));
        let pixels = match frame.pixels() {
            _ if from == to => Some(source.clone()),
            Pixels::Rgb(pixels) => scaled::rgb(pixels, from, to, FilterType::Lanczos3),
            Pixels::Luma(pixels) => scaled::luma(pixels, from, to, FilterType::Lanczos3),
        };
        let pixels = pixels.ok_or(failed)?;
        Ok(Self { width: columns, height: rows, color, pixels })
    }

    /// The JPEG, or nothing if it is over the budget. Colour is always halved (4:2:0), so that the size grows
    /// with the quality and the search holds.
    fn encoded(
        &self,
        quality: u8,
        bytes_max: usize,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, SelfieError> {
        let mut budget = Budget::new(bytes_max);
        let mut encoder = Encoder::new(&mut budget, quality);
        encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
        let outcome = encoder.encode(&self.pixels, self.width, self.height, self.color);
        match outcome {
            Ok(()) => Ok(Some(budget.bytes)),
            Err(_) if budget.room == Room::Exceeded => Ok(None),
            Err(error) => Err(SelfieError::Encode(error)),
        }
    }
}

/// The size inside 680×480 with the same aspect; at least one pixel each way.
fn fitted_size(width: u32, height: u32) -> (u32, u32) {
    if width <= WIDTH_MAX && height <= HEIGHT_MAX {
        (width, height)
    } else if width * HEIGHT_MAX > height * WIDTH_MAX {
        (WIDTH_MAX, (height * WIDTH_MAX / width).max(1))
    } else {
        ((width * HEIGHT_MAX / height).max(1), HEIGHT_MAX)
    }
}

/// Takes the bytes up to the limit and stops the encoder there. Never grows, so that no copy is left behind.
struct Budget {
    bytes: Zeroizing<Vec<u8>>,
    bytes_max: usize,
    room: Room,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Room {
    Left,
    Exceeded,
}

impl Budget {
    fn new(bytes_max: usize) -> Self {
        let bytes = Zeroizing::new(Vec::with_capacity(bytes_max));
        Self { bytes, bytes_max, room: Room::Left }
    }
}

impl JfifWrite for &mut Budget {
    fn write_all(&mut self, bytes: &[u8]) -> Result<(), EncodingError> {
        if self.bytes.len() + bytes.len() > self.bytes_max {
            self.room = Room::Exceeded;
            return Err(EncodingError::Write("over the byte budget".to_owned()));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACE: &[u8] = include_bytes!("../../../tests/pictures/face.jpg");

    /// A frame without any pattern, the worst case of a noisy sensor; always the same one.
    fn noise(width: u32, height: u32) -> Frame {
        let mut state = 0x1911_2019_u32;
        let mut pixels = Vec::new();
        for _ in 0..width * height * 3 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            pixels.push(state.to_be_bytes()[0]);
        }
        Frame::from_rgb(width, height, pixels).unwrap()
    }

    /// The selfie's size in pixels, after the promises that hold for every selfie.
    #[track_caller]
    fn check(frame: &Frame, expected: (u32, u32)) {
        for bytes_max in [SELFIE_BYTES_MAX, SELFIE_BYTES_SMALLER[0], SELFIE_BYTES_SMALLER[1]] {
            let jpeg = selfie_jpeg(frame, bytes_max).unwrap();
            assert!(jpeg.len() <= bytes_max, "{} bytes", jpeg.len());
            let selfie = Frame::from_jpeg(&jpeg).unwrap();
            assert_eq!((selfie.width(), selfie.height()), expected);
            assert_eq!(selfie_jpeg(frame, bytes_max).unwrap(), jpeg, "same frame, other bytes");
        }
    }

    #[test]
    fn a_frame_that_fits_keeps_its_size() {
        check(&Frame::from_jpeg(FACE).unwrap(), (640, 480));
        check(&noise(680, 480), (680, 480));
        check(&noise(1, 1), (1, 1));
    }

    #[test]
    fn a_larger_frame_is_fitted_with_its_aspect() {
        check(&noise(1280, 720), (680, 382));
        check(&noise(1280, 960), (640, 480));
        check(&noise(480, 1280), (180, 480));
        check(&noise(4096, 3), (680, 1));
    }

    #[test]
    fn a_grey_frame_becomes_a_grey_selfie() {
        let mut jpeg = Vec::new();
        let encoder = Encoder::new(&mut jpeg, 90);
        encoder.encode(&[90; 800 * 600], 800, 600, ColorType::Luma).unwrap();
        check(&Frame::from_jpeg(&jpeg).unwrap(), (640, 480));
    }

    #[test]
    fn the_quality_is_the_best_that_fits() {
        let frame = noise(640, 480);
        let picture = Picture::fitted(&frame).unwrap();
        let mut qualities = (QUALITY_MIN..=QUALITY_MAX).rev();
        let fitting = |quality| picture.encoded(quality, SELFIE_BYTES_MAX).unwrap();
        let best = qualities.find_map(fitting);
        assert!(selfie_jpeg(&frame, SELFIE_BYTES_MAX).unwrap() == best.unwrap());
    }

    #[test]
    fn nothing_of_the_cameras_own_file_is_kept() {
        let with_note = [&FACE[..2], &[0xFF, 0xFE, 0, 7], b"KIOSK", &FACE[2..]].concat();
        let frame = Frame::from_jpeg(&with_note).unwrap();
        let jpeg = selfie_jpeg(&frame, SELFIE_BYTES_MAX).unwrap();
        assert!(!jpeg.windows(5).any(|part| part == b"KIOSK"));
    }
}
