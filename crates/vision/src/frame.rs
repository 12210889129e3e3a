//! One camera frame in memory, from whatever a camera delivers.
//!
//! Owns the checks on size and length and the wiping; what the frame shows is for the other modules.
//! A frame that holds is complete: a JPEG that ends early is refused, not filled up with grey.

use std::fmt::{self, Debug, Formatter};
use std::io::Cursor;
use std::sync::OnceLock;

use image::codecs::jpeg::JpegDecoder;
use image::{ColorType, ImageDecoder};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::jpeg;
use crate::plane::Plane;

/// The longest side of a frame: a 4K camera's 3840 and some; bounds the memory a damaged header can ask for.
const SIDE_MAX: u16 = 4096;

/// One picture, RGB or luma, 8 bits a channel, rows from the top, no padding. Wiped on drop.
pub struct Frame {
    width: u16,
    height: u16,
    pixels: Pixels,
    luma: OnceLock<Zeroizing<Vec<u8>>>,
}

/// The pixels as they came.
pub(crate) enum Pixels {
    /// Three bytes a pixel.
    Rgb(Zeroizing<Vec<u8>>),
    /// One byte a pixel.
    Luma(Zeroizing<Vec<u8>>),
}

impl Frame {
    /// Decodes one JPEG, as from a camera in MJPEG mode; padding after the end of the picture is ignored.
    ///
    /// # Errors
    /// [`FrameError::Size`] from the header, before any pixel is decoded; [`FrameError::CutShort`] if the
    /// end-of-image marker is missing; [`FrameError::Undecodable`] for anything else that is not a picture.
    pub fn from_jpeg(bytes: &[u8]) -> Result<Self, FrameError> {
        jpeg::examine(bytes)?;
        let marked = jpeg::marked_as_motion(bytes).ok_or(FrameError::Undecodable)?;
        let decoder = JpegDecoder::new(Cursor::new(marked.as_slice()))
            .map_err(|_| FrameError::Undecodable)?;
        let (width, height) = decoder.dimensions();
        let (width, height) = checked_size(width, height)?;
        let color = decoder.color_type();
        let area = usize::from(width) * usize::from(height);
        let mut pixels = Zeroizing::new(vec![0; area * usize::from(color.bytes_per_pixel())]);
        decoder.read_image(&mut pixels).map_err(|_| FrameError::Undecodable)?;
        match color {
            ColorType::Rgb8 => Ok(Self::of(width, height, Pixels::Rgb(pixels))),
            ColorType::L8 => Ok(Self::of(width, height, Pixels::Luma(pixels))),
            _ => Err(FrameError::Undecodable),
        }
    }

    /// Converts packed YUYV 4:2:2 (BT.601, limited range), the raw mode every USB camera has.
    ///
    /// # Errors
    /// [`FrameError::Size`], [`FrameError::OddWidth`], [`FrameError::Length`].
    pub fn from_yuyv(width: u32, height: u32, bytes: &[u8]) -> Result<Self, FrameError> {
        let (width, height) = checked_size(width, height)?;
        if !width.is_multiple_of(2) {
            return Err(FrameError::OddWidth { width });
        }
        let area = usize::from(width) * usize::from(height);
        checked_length(bytes.len(), area * 2)?;
        let mut pixels = Zeroizing::new(Vec::with_capacity(area * 3));
        for pair in bytes.as_chunks::<4>().0 {
            let [left, u, right, v] = *pair;
            pixels.extend_from_slice(&rgb_of(left, u, v));
            pixels.extend_from_slice(&rgb_of(right, u, v));
        }
        Ok(Self::of(width, height, Pixels::Rgb(pixels)))
    }

    /// Takes over RGB pixels, three bytes each.
    ///
    /// # Errors
    /// [`FrameError::Size`], [`FrameError::Length`]; the pixels are wiped then, too.
    pub fn from_rgb(width: u32, height: u32, pixels: Vec<u8>) -> Result<Self, FrameError> {
        let pixels = Zeroizing::new(pixels);
        let (width, height) = checked_size(width, height)?;
        checked_length(pixels.len(), usize::from(width) * usize::from(height) * 3)?;
        Ok(Self::of(width, height, Pixels::Rgb(pixels)))
    }

    /// Width in pixels, 1 to 4096.
    pub fn width(&self) -> u32 {
        u32::from(self.width)
    }

    /// Height in pixels, 1 to 4096.
    pub fn height(&self) -> u32 {
        u32::from(self.height)
    }

    /// Brightness, one byte a pixel (BT.601 weights); computed at the first call and kept.
    pub fn luma(&self) -> &[u8] {
        match &self.pixels {
            Pixels::Luma(luma) => luma,
            Pixels::Rgb(rgb) => self.luma.get_or_init(|| {
                Zeroizing::new(rgb.as_chunks::<3>().0.iter().map(luma_of).collect())
            }),
        }
    }

    /// A copy of the brightness to work on.
    pub(crate) fn plane(&self) -> Plane {
        Plane::new(usize::from(self.width), self.luma().to_vec())
    }

    /// The pixels as they came.
    pub(crate) fn pixels(&self) -> &Pixels {
        &self.pixels
    }

    fn of(width: u16, height: u16, pixels: Pixels) -> Self {
        Self { width, height, pixels, luma: OnceLock::new() }
    }
}

impl Debug for Frame {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "Frame({}x{}, ‹redacted›)", self.width, self.height)
    }
}

/// Why bytes are not a frame.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum FrameError {
    /// A side is zero or too long.
    #[error("frame is {width}x{height} pixels, expected 1 to {SIDE_MAX} each way")]
    Size {
        /// Pixels across, as claimed.
        width: u32,
        /// Pixels down, as claimed.
        height: u32,
    },
    /// YUYV shares its colour between two neighbours.
    #[error("YUYV frame is {width} pixels wide, expected an even number")]
    OddWidth {
        /// Pixels across.
        width: u16,
    },
    /// The buffer does not fit the size.
    #[error("frame has {got} bytes, expected {expected}")]
    Length {
        /// Bytes that the size and format need.
        expected: usize,
        /// Bytes that came.
        got: usize,
    },
    /// The transfer from the camera was cut.
    #[error("JPEG frame ends before its end-of-image marker")]
    CutShort,
    /// Not a JPEG, a damaged one, or one in a colour space no camera sends.
    #[error("JPEG frame cannot be decoded")]
    Undecodable,
}

impl From<jpeg::Fault> for FrameError {
    fn from(fault: jpeg::Fault) -> Self {
        match fault {
            jpeg::Fault::CutShort => Self::CutShort,
            jpeg::Fault::Foreign => Self::Undecodable,
        }
    }
}

fn checked_size(width: u32, height: u32) -> Result<(u16, u16), FrameError> {
    let side =
        |pixels: u32| u16::try_from(pixels).ok().filter(|pixels| (1..=SIDE_MAX).contains(pixels));
    side(width).zip(side(height)).ok_or(FrameError::Size { width, height })
}

fn checked_length(got: usize, expected: usize) -> Result<(), FrameError> {
    if got == expected { Ok(()) } else { Err(FrameError::Length { expected, got }) }
}

/// BT.601 weights in 1/256.
fn luma_of(rgb: &[u8; 3]) -> u8 {
    let [red, green, blue] = rgb.map(u32::from);
    clamped((77 * red + 150 * green + 29 * blue + 128) >> 8)
}

/// BT.601 limited range (16–235) to full RGB, in 1/256.
fn rgb_of(y: u8, u: u8, v: u8) -> [u8; 3] {
    let (y, u, v) = (i32::from(y) - 16, i32::from(u) - 128, i32::from(v) - 128);
    let grey = 298 * y + 128;
    [grey + 409 * v, grey - 100 * u - 208 * v, grey + 516 * u]
        .map(|channel| clamped((channel >> 8).max(0).unsigned_abs()))
}

fn clamped(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACE: &[u8] = include_bytes!("../../../tests/pictures/face.jpg");

    #[track_caller]
    fn refused(frame: Result<Frame, FrameError>, expected: FrameError) {
        assert_eq!(frame.err(), Some(expected));
    }

    #[test]
    fn a_jpeg_becomes_a_frame_of_its_size() {
        let frame = Frame::from_jpeg(FACE).unwrap();
        assert_eq!((frame.width(), frame.height()), (640, 480));
        assert_eq!(frame.luma().len(), 640 * 480);
    }

    #[test]
    fn a_grey_jpeg_is_a_frame_too() {
        let mut jpeg = Vec::new();
        let encoder = jpeg_encoder::Encoder::new(&mut jpeg, 90);
        encoder.encode(&[77; 64 * 48], 64, 48, jpeg_encoder::ColorType::Luma).unwrap();
        let frame = Frame::from_jpeg(&jpeg).unwrap();
        assert!(matches!(frame.pixels(), Pixels::Luma(_)));
        assert_eq!(frame.luma(), [77; 64 * 48]);
    }

    #[test]
    fn a_jpeg_without_huffman_tables_is_a_frame_as_webcams_send_it() {
        let mut jpeg = Vec::new();
        let encoder = jpeg_encoder::Encoder::new(&mut jpeg, 90);
        encoder.encode(&[77; 64 * 48 * 3], 64, 48, jpeg_encoder::ColorType::Rgb).unwrap();
        while let Some(table) = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC4]) {
            let length = u16::from_be_bytes([jpeg[table + 2], jpeg[table + 3]]);
            jpeg.drain(table..table + 2 + usize::from(length));
        }
        assert_eq!(Frame::from_jpeg(&jpeg).unwrap().luma(), [77; 64 * 48]);
    }

    #[test]
    fn a_jpeg_cut_anywhere_is_refused() {
        for length in (0..FACE.len()).step_by(97).chain([FACE.len() - 2, FACE.len() - 1]) {
            let error = Frame::from_jpeg(&FACE[..length]).err();
            let cut = matches!(error, Some(FrameError::CutShort | FrameError::Undecodable));
            assert!(cut, "{length} bytes: {error:?}");
        }
    }

    /// Found by the fuzzer, whose first three bytes are no part of the picture: the decoder panics on it.
    #[test]
    fn a_jpeg_with_colour_finer_than_brightness_is_refused_before_the_decoder_sees_it() {
        let found = include_bytes!("../../../tests/fuzz/corpus/camera_frame/finding-1");
        refused(Frame::from_jpeg(&found[3..]), FrameError::Undecodable);
    }

    #[test]
    fn padding_after_the_end_of_a_jpeg_is_ignored() {
        let padded = [FACE, &[0; 4096]].concat();
        assert!(Frame::from_jpeg(&padded).is_ok());
    }

    #[test]
    fn a_jpeg_header_asking_for_too_much_is_refused_by_its_size() {
        let mut jpeg = FACE.to_vec();
        let start_of_frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
        jpeg[start_of_frame + 5..start_of_frame + 7].copy_from_slice(&60_000_u16.to_be_bytes());
        refused(Frame::from_jpeg(&jpeg), FrameError::Size { width: 640, height: 60_000 });
    }

    #[test]
    fn what_is_no_jpeg_is_undecodable() {
        refused(Frame::from_jpeg(b""), FrameError::Undecodable);
        refused(Frame::from_jpeg(b"GIF89a"), FrameError::Undecodable);
        refused(Frame::from_jpeg(&[0xFF; 5000]), FrameError::Undecodable);
    }

    #[test]
    fn yuyv_is_converted_by_bt_601() {
        let frame = Frame::from_yuyv(4, 1, &[235, 128, 16, 128, 81, 90, 81, 240]).unwrap();
        let Pixels::Rgb(rgb) = frame.pixels() else { panic!("YUYV carries colour") };
        assert_eq!(rgb.as_slice(), [255, 255, 255, 0, 0, 0, 255, 0, 0, 255, 0, 0]);
        assert_eq!(frame.luma(), [255, 0, 77, 77]);
    }

    #[test]
    fn sizes_out_of_range_are_refused_before_anything_else() {
        refused(Frame::from_yuyv(0, 480, &[]), FrameError::Size { width: 0, height: 480 });
        refused(Frame::from_rgb(640, 0, vec![]), FrameError::Size { width: 640, height: 0 });
        refused(Frame::from_rgb(4097, 1, vec![]), FrameError::Size { width: 4097, height: 1 });
        let huge = FrameError::Size { width: u32::MAX, height: u32::MAX };
        refused(Frame::from_yuyv(u32::MAX, u32::MAX, &[]), huge);
    }

    #[test]
    fn buffers_of_the_wrong_length_are_refused() {
        refused(Frame::from_yuyv(3, 2, &[0; 12]), FrameError::OddWidth { width: 3 });
        refused(Frame::from_yuyv(2, 2, &[0; 7]), FrameError::Length { expected: 8, got: 7 });
        refused(Frame::from_rgb(2, 2, vec![0; 13]), FrameError::Length { expected: 12, got: 13 });
    }

    #[test]
    fn debug_shows_the_size_and_no_pixel() {
        let frame = Frame::from_rgb(2, 1, vec![201; 6]).unwrap();
        assert_eq!(format!("{frame:?}"), "Frame(2x1, ‹redacted›)");
    }
}
