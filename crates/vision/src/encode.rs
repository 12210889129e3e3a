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

/// The most bytes of a selfie, before Base64 ("less than 100 K", read as decimal thousands), and what it may take
/// when the bank found the one before too large (API page, 1.6: −21, −22, 413).
pub const SELFIE_BYTES_MAX: [usize; 3] = [100_000, 60_000, 40_000];
/// The widest selfie in pixels.
const WIDTH_MAX: u32 = 680;
/// The highest selfie in pixels.
const HEIGHT_MAX: u32 = 480;
/// Qualities to choose from; above 95 a JPEG only grows.
const QUALITY_MIN: u8 = 1;
/// See [`QUALITY_MIN`].
const QUALITY_MAX: u8 = 95;

/// Guesses at a budget's quality before the rest is halved; two find it in a portrait.
const GUESSES: u32 = 4;
/// How fast the bytes of a portrait fall with the steps of its quality, on logarithmic paper; where the first
/// guess comes from.
const SLOPE: f64 = -0.75;

/// Good enough to see oneself by, and quick.
const QUALITY_PREVIEW: u8 = 60;
/// A byte a pixel; mere noise takes half of it.
const PREVIEW_BYTES_MAX: usize = 680 * 480;

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

/// Encodes the whole frame, made smaller if needed but never larger, at the best quality that fits into each of
/// [`SELFIE_BYTES_MAX`]: the selfie and its smaller files, largest first.
///
/// The same frame gives the same bytes. Takes three encodings of a good portrait, twelve of mere noise.
///
/// # Errors
/// [`SelfieError`]; none is known to happen with a frame of any size.
pub fn selfie_jpegs(frame: &Frame) -> Result<[Zeroizing<Vec<u8>>; 3], SelfieError> {
    let picture = Picture::fitted(frame, FilterType::Lanczos3)?;
    let mut search = Search { picture: &picture, tried: Vec::new() };
    let [selfie, smaller, smallest] = SELFIE_BYTES_MAX;
    Ok([search.best(selfie)?, search.best(smaller)?, search.best(smallest)?])
}

/// Encodes the frame for a person to see on a screen now: the selfie's size, in one go at a modest quality.
///
/// # Errors
/// As [`selfie_jpegs`].
pub fn preview_jpeg(frame: &Frame) -> Result<Zeroizing<Vec<u8>>, SelfieError> {
    let encoded = Picture::fitted(frame, FilterType::Bilinear)?
        .encoded(QUALITY_PREVIEW, PREVIEW_BYTES_MAX)?;
    encoded.jpeg.ok_or(SelfieError::TooLarge { bytes_max: PREVIEW_BYTES_MAX })
}

/// A search for qualities; none is tried twice, whichever budget it was for.
struct Search<'p> {
    picture: &'p Picture<'p>,
    tried: Vec<Encoded>,
}

impl Search<'_> {
    /// The file of the best quality that fits.
    fn best(&mut self, bytes_max: usize) -> Result<Zeroizing<Vec<u8>>, SelfieError> {
        for turn in 0.. {
            let fits = |one: &&Encoded| one.bytes <= bytes_max;
            let by_quality = |one: &&Encoded| one.quality;
            let low = self.tried.iter().filter(fits).max_by_key(by_quality);
            let high = self.tried.iter().filter(|one| !fits(one)).min_by_key(by_quality);
            let from = low.map_or(QUALITY_MIN, |low| low.quality + 1);
            let to = high.map_or(QUALITY_MAX, |high| high.quality - 1);
            if from > to {
                let best = low.and_then(|low| low.jpeg.clone());
                return best.ok_or(SelfieError::TooLarge { bytes_max });
            }
            let guess = match (low, high) {
                (_, None) => to,
                (low, Some(high)) if turn < GUESSES => high.quality_for(bytes_max, low),
                (_, Some(_)) => from.midpoint(to),
            };
            let [bytes_kept, ..] = SELFIE_BYTES_MAX;
            self.tried.push(self.picture.encoded(guess.clamp(from, to), bytes_kept)?);
        }
        Err(SelfieError::TooLarge { bytes_max })
    }
}

/// What a quality gives.
struct Encoded {
    quality: u8,
    bytes: usize,
    /// Unless it is larger than was to be kept.
    jpeg: Option<Zeroizing<Vec<u8>>>,
}

impl Encoded {
    /// Which quality takes so many bytes, by this one and, if there is one, another: bytes fall with a power of
    /// the steps, as a straight line on logarithmic paper.
    fn quality_for(&self, bytes: usize, other: Option<&Self>) -> u8 {
        let [here, wanted] = [self.bytes, bytes].map(logarithm);
        let slope = match other {
            Some(other) => {
                let across = steps(other.quality).ln() - steps(self.quality).ln();
                (logarithm(other.bytes) - here) / across
            }
            None => SLOPE,
        };
        let steps_wanted = steps(self.quality).ln() + (wanted - here) / slope;
        (QUALITY_MIN..=QUALITY_MAX)
            .rev()
            .find(|quality| steps(*quality).ln() >= steps_wanted)
            .unwrap_or(QUALITY_MIN)
    }
}

/// How coarse a quality is, in percent of the standard's tables (as libjpeg has it, and the encoder).
fn steps(quality: u8) -> f64 {
    let quality = f64::from(quality);
    if quality < 50.0 { 5000.0 / quality } else { 200.0 - quality * 2.0 }
}

fn logarithm(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)).ln()
}

/// Pixels of the final size: the frame's own, or a smaller copy that is wiped on drop.
struct Picture<'f> {
    width: u16,
    height: u16,
    color: ColorType,
    source: &'f [u8],
    scaled: Option<Zeroizing<Vec<u8>>>,
}

impl<'f> Picture<'f> {
    fn fitted(frame: &'f Frame, filter: FilterType) -> Result<Self, SelfieError> {
        let (width, height) = fitted_size(frame.width(), frame.height());
        let failed = SelfieError::Resize { width, height };
        let (source, color) = match frame.pixels() {
            Pixels::Rgb(pixels) => (pixels.as_slice(), ColorType::Rgb),
            Pixels::Luma(pixels) => (pixels.as_slice(), ColorType::Luma),
        };
        let (Ok(columns), Ok(rows)) = (u16::try_from(width), u16::try_from(height)) else {
            return Err(failed);
        };
        let (from, to) = ((frame.width(), frame.height()), (width, height));
        let scaled = match frame.pixels() {
            _ if from == to => None,
            Pixels::Rgb(pixels) => Some(scaled::rgb(pixels, from, to, filter).ok_or(failed)?),
            Pixels::Luma(pixels) => Some(scaled::luma(pixels, from, to, filter).ok_or(failed)?),
        };
        Ok(Self { width: columns, height: rows, color, source, scaled })
    }

    /// Colour is always halved (4:2:0), so that the size grows with the quality and the search holds.
    fn encoded(&self, quality: u8, bytes_kept: usize) -> Result<Encoded, SelfieError> {
        let kept = Zeroizing::new(Vec::with_capacity(bytes_kept));
        let mut sink = Sink { kept, bytes: 0 };
        let mut encoder = Encoder::new(&mut sink, quality);
        encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
        let pixels = self.scaled.as_ref().map_or(self.source, |scaled| scaled.as_slice());
        encoder.encode(pixels, self.width, self.height, self.color).map_err(SelfieError::Encode)?;
        let Sink { kept, bytes } = sink;
        Ok(Encoded { quality, bytes, jpeg: (kept.len() == bytes).then_some(kept) })
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

/// Keeps a file as far as it has room, and counts the bytes of any. Never grows, so that no copy is left behind.
struct Sink {
    kept: Zeroizing<Vec<u8>>,
    bytes: usize,
}

impl JfifWrite for &mut Sink {
    fn write_all(&mut self, bytes: &[u8]) -> Result<(), EncodingError> {
        self.bytes += bytes.len();
        if self.bytes <= self.kept.capacity() {
            self.kept.extend_from_slice(bytes);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACE: &[u8] = include_bytes!("../../../tests/pictures/face.jpg");
    const NO_FACE: &[u8] = include_bytes!("../../../tests/pictures/no-face.jpg");

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
        let files = selfie_jpegs(frame).unwrap();
        for (jpeg, bytes_max) in files.iter().zip(SELFIE_BYTES_MAX) {
            assert!(jpeg.len() <= bytes_max, "{} bytes", jpeg.len());
            let selfie = Frame::from_jpeg(jpeg).unwrap();
            assert_eq!((selfie.width(), selfie.height()), expected);
        }
        assert!(selfie_jpegs(frame).unwrap() == files, "same frame, other bytes");
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

    /// Is each file the one that trying every quality gives, and after how many encodings?
    #[track_caller]
    fn check_best(frame: &Frame, encodings_most: usize) {
        let picture = Picture::fitted(frame, FilterType::Lanczos3).unwrap();
        let all: Vec<Encoded> = (QUALITY_MIN..=QUALITY_MAX)
            .map(|quality| picture.encoded(quality, 100_000).unwrap())
            .collect();
        let mut search = Search { picture: &picture, tried: Vec::new() };
        for bytes_max in SELFIE_BYTES_MAX {
            let best = all.iter().rfind(|one| one.bytes <= bytes_max).unwrap();
            assert!(Some(search.best(bytes_max).unwrap()) == best.jpeg, "{}", best.quality);
        }
        let encodings = search.tried.len();
        assert!(encodings <= encodings_most, "{encodings} encodings");
    }

    #[test]
    fn the_quality_is_the_best_that_fits_and_found_at_once() {
        check_best(&Frame::from_jpeg(FACE).unwrap(), 4);
        check_best(&Frame::from_jpeg(NO_FACE).unwrap(), 4);
        check_best(&noise(640, 480), 12);
        check_best(&noise(1280, 720), 12);
        check_best(&noise(1, 1), 1);
    }

    #[test]
    fn a_preview_of_mere_noise_is_seen_too() {
        for (width, height) in [(1, 1), (640, 480), (680, 480), (1280, 720)] {
            let preview = Frame::from_jpeg(&preview_jpeg(&noise(width, height)).unwrap()).unwrap();
            assert_eq!((preview.width(), preview.height()), fitted_size(width, height));
        }
    }

    #[test]
    fn nothing_of_the_cameras_own_file_is_kept() {
        let with_note = [&FACE[..2], &[0xFF, 0xFE, 0, 7], b"KIOSK", &FACE[2..]].concat();
        let frame = Frame::from_jpeg(&with_note).unwrap();
        let [jpeg, ..] = selfie_jpegs(&frame).unwrap();
        assert!(!jpeg.windows(5).any(|part| part == b"KIOSK"));
    }
}
