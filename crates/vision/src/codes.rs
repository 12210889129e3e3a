//! The texts of QR and Code 128 codes in a frame, within a bounded amount of work.
//!
//! Owns the order of attempts: the plain frame always, and when it shows nothing, one repair in rotation.
//! Agreement over several frames is `sighting`'s; whether a text is a reference, `protocol`'s (§3).

use std::collections::HashSet;
use std::fmt::{self, Debug, Formatter};

use rxing::common::HybridBinarizer;
use rxing::multi::MultipleBarcodeReader;
use rxing::oned::Code128Reader;
use rxing::qrcode::QRCodeReader;
use rxing::qrcode::cpp_port::QrReader;
use rxing::{
    BarcodeFormat, BinaryBitmap, DecodeHints, Luma8Source, LuminanceSource, RXingResult, Reader,
};

use crate::frame::Frame;
use crate::plane::Plane;
use crate::sighting::{Sighting, Sightings};

/// Larger frames are halved first: a code held up to a kiosk spans hundreds of pixels, and time grows with area.
const SIDE_MAX: usize = 1600;
/// Smaller frames hold no code: the smallest QR has 21 modules and wants a margin.
const SIDE_MIN: usize = 24;
/// More codes than this in one view say no more than "several".
const CODES_MAX: usize = 4;

/// Reads codes from a stream of frames, and says what a customer shows once it is sure.
pub struct CodeScanner {
    hints: DecodeHints,
    repair: Repair,
    sightings: Sightings,
}

impl CodeScanner {
    /// A scanner that has seen nothing yet.
    pub fn new() -> Self {
        let formats = HashSet::from([BarcodeFormat::QR_CODE, BarcodeFormat::CODE_128]);
        let hints = DecodeHints {
            PossibleFormats: Some(formats),
            TryHarder: Some(true),
            ..DecodeHints::default()
        };
        Self { hints, repair: Repair::Sharpen, sightings: Sightings::default() }
    }

    /// The different texts in view, at most four, as one frame shows them; one frame may be wrong.
    pub fn read(&mut self, frame: &Frame) -> Vec<String> {
        let plane = frame.plane().halved_to(SIDE_MAX);
        if plane.width().min(plane.height()) < SIDE_MIN {
            return Vec::new();
        }
        let found = self.decode(&plane);
        if !found.is_empty() {
            return found;
        }
        let repaired = self.repair.apply(&plane);
        self.repair = self.repair.next();
        self.decode(&repaired)
    }

    /// What is in view, once three frames agree; the same again with every further frame, until it is gone.
    /// Two different codes are [`Sighting::Several`], never the one that happened to be read first.
    pub fn steady(&mut self, frame: &Frame) -> Option<Sighting> {
        let texts = self.read(frame);
        self.sightings.add(texts)
    }

    /// Forgets and wipes all texts seen so far, as between two customers.
    pub fn forget(&mut self) {
        self.sightings = Sightings::default();
    }

    /// Dark on light, and only if that shows nothing light on dark, as phones in dark mode draw it.
    fn decode(&self, plane: &Plane) -> Vec<String> {
        let found = self.decode_as(plane, Polarity::DarkOnLight);
        if found.is_empty() { self.decode_as(plane, Polarity::LightOnDark) } else { found }
    }

    fn decode_as(&self, plane: &Plane, polarity: Polarity) -> Vec<String> {
        let side = |pixels: usize| u32::try_from(pixels).unwrap_or(0);
        let (width, height) = (side(plane.width()), side(plane.height()));
        let Ok(mut source) = Luma8Source::new_with_slice(plane.pixels(), width, height) else {
            return Vec::new();
        };
        if polarity == Polarity::LightOnDark {
            source.invert();
        }
        let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
        let mut results =
            QrReader.decode_multiple_with_hints(&mut bitmap, &self.hints).unwrap_or_default();
        if results.is_empty() {
            results.extend(QRCodeReader.decode_with_hints(&mut bitmap, &self.hints));
        }
        results.extend(Code128Reader.decode_with_hints(&mut bitmap, &self.hints));
        different_texts(&results)
    }
}

impl Default for CodeScanner {
    fn default() -> Self {
        Self::new()
    }
}

impl Debug for CodeScanner {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("CodeScanner(‹redacted›)")
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Polarity {
    DarkOnLight,
    LightOnDark,
}

/// A repair of the frame, each good against another fault; one a frame keeps a frame's time bounded.
#[derive(Clone, Copy)]
enum Repair {
    /// Against poor focus.
    Sharpen,
    /// Against reflections and uneven light.
    Level,
    /// Against noise and moiré.
    Halve,
}

impl Repair {
    fn next(self) -> Self {
        match self {
            Self::Sharpen => Self::Level,
            Self::Level => Self::Halve,
            Self::Halve => Self::Sharpen,
        }
    }

    fn apply(self, plane: &Plane) -> Plane {
        match self {
            Self::Sharpen => plane.combined(&plane.smoothed(3), sharpened),
            Self::Level => plane.combined(&plane.smoothed(32), levelled),
            Self::Halve => plane.half(),
        }
    }
}

/// Twice the distance to the surroundings.
fn sharpened(pixel: u8, around: u8) -> u8 {
    let value = 3 * i32::from(pixel) - 2 * i32::from(around);
    u8::try_from(value.max(0)).unwrap_or(u8::MAX)
}

/// Brightness relative to the surroundings, which become middle grey.
fn levelled(pixel: u8, around: u8) -> u8 {
    let value = 128 * u32::from(pixel) / u32::from(around).max(1);
    u8::try_from(value).unwrap_or(u8::MAX)
}

fn different_texts(results: &[RXingResult]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for text in results.iter().map(RXingResult::getText) {
        if texts.len() < CODES_MAX && !text.is_empty() && !texts.iter().any(|known| known == text) {
            texts.push(text.to_owned());
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use image::imageops;
    use image::{ImageFormat, RgbImage};

    use super::*;

    const QR: &[u8] = include_bytes!("../../../tests/pictures/qr-demo.jpg");
    const PAYMENT: &[u8] = include_bytes!("../../../tests/pictures/qr-payment.jpg");
    const BARCODE: &[u8] = include_bytes!("../../../tests/pictures/code128.jpg");
    const NO_CODE: &[u8] = include_bytes!("../../../tests/pictures/no-face.jpg");

    const QR_TEXT: &str = "SIM-0000-DEMO-0001";
    const PAYMENT_TEXT: &str =
        "00020101021126250013INVENTED.TEST01040001530376454041.005802TH6304ACB7";
    const BARCODE_TEXT: &str = "SIM-0000-DEMO-0128";

    fn picture(jpeg: &[u8]) -> RgbImage {
        image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg).unwrap().into_rgb8()
    }

    fn frame(picture: RgbImage) -> Frame {
        Frame::from_rgb(picture.width(), picture.height(), picture.into_raw()).unwrap()
    }

    fn side_by_side(left: &[u8], right: &[u8]) -> Frame {
        let mut both = RgbImage::new(1280, 480);
        imageops::replace(&mut both, &picture(left), 0, 0);
        imageops::replace(&mut both, &picture(right), 640, 0);
        frame(both)
    }

    #[track_caller]
    fn check(frame: &Frame, expected: &[&str]) {
        assert_eq!(CodeScanner::new().read(frame), expected);
    }

    #[test]
    fn each_kind_of_code_is_read() {
        check(&Frame::from_jpeg(QR).unwrap(), &[QR_TEXT]);
        check(&Frame::from_jpeg(PAYMENT).unwrap(), &[PAYMENT_TEXT]);
        check(&Frame::from_jpeg(BARCODE).unwrap(), &[BARCODE_TEXT]);
        check(&Frame::from_jpeg(NO_CODE).unwrap(), &[]);
    }

    #[test]
    fn a_phone_in_dark_mode_is_read() {
        let mut dark = picture(QR);
        imageops::invert(&mut dark);
        check(&frame(dark), &[QR_TEXT]);
    }

    #[test]
    fn a_phone_held_sideways_is_read() {
        check(&frame(imageops::rotate90(&picture(QR))), &[QR_TEXT]);
        check(&frame(imageops::rotate90(&picture(BARCODE))), &[BARCODE_TEXT]);
    }

    #[test]
    fn a_frame_larger_than_the_limit_is_halved_and_read() {
        let large = imageops::resize(&picture(QR), 2560, 1920, imageops::FilterType::Triangle);
        check(&frame(large), &[QR_TEXT]);
    }

    #[test]
    fn a_code_that_the_plain_frame_hides_is_read_by_a_repair_within_three_frames() {
        let hidden = frame(imageops::blur(&picture(QR), 3.4));
        let mut scanner = CodeScanner::new();
        assert!(scanner.decode(&hidden.plane()).is_empty(), "the plain pass must miss it");
        let repaired: Vec<String> = (0..3).flat_map(|_| scanner.read(&hidden)).collect();
        assert!(repaired.iter().any(|text| text == QR_TEXT), "{repaired:?}");
    }

    #[test]
    fn two_codes_in_view_are_both_read() {
        check(&side_by_side(QR, PAYMENT), &[QR_TEXT, PAYMENT_TEXT]);
        check(&side_by_side(QR, BARCODE), &[QR_TEXT, BARCODE_TEXT]);
        check(&side_by_side(QR, QR), &[QR_TEXT]);
    }

    #[test]
    fn three_frames_make_one_sighting_and_two_codes_make_several() {
        let mut scanner = CodeScanner::new();
        let shown = Frame::from_jpeg(QR).unwrap();
        assert!(scanner.steady(&shown).is_none());
        assert!(scanner.steady(&shown).is_none());
        assert!(scanner.steady(&shown) == Some(Sighting::One(QR_TEXT.to_owned())));
        scanner.forget();
        assert!(scanner.steady(&shown).is_none());
        let both = side_by_side(QR, PAYMENT);
        scanner.steady(&both);
        assert!(scanner.steady(&both) == Some(Sighting::Several));
    }

    #[test]
    fn odd_frames_hold_no_code_and_take_no_time() {
        for (width, height) in [(1, 1), (1, 300), (640, 1), (639, 3), (4096, 25), (33, 4096)] {
            check(&frame(RgbImage::new(width, height)), &[]);
        }
    }
}
