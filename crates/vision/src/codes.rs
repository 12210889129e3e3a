//! The texts of QR and Code 128 codes in a frame, within a bounded amount of work.
//!
//! Owns the order of attempts: the plain frame first, and when it shows nothing, repairs one after the other
//! as long as the frame's work lasts; the next frame goes on where this one ended. How a symbol is read is
//! `qr`'s and `barcode`'s; agreement over several frames is `sighting`'s; whether a text is a reference,
//! `protocol`'s (§3).

use std::fmt::{self, Debug, Formatter};

use crate::frame::Frame;
use crate::plane::Plane;
use crate::sighting::{Sighting, Sightings};
use crate::{barcode, qr};

/// Larger frames are halved first: a code held up to a kiosk spans hundreds of pixels, and time grows with area.
const SIDE_MAX: usize = 1600;
/// Smaller frames hold no code: the smallest QR has 21 modules and wants a margin.
const SIDE_MIN: usize = 24;
/// More codes than this in one view say no more than "several".
const CODES_MAX: usize = 4;
/// Work for the repairs of one frame, in pixels looked at: all of them on 640×480, some of them on more.
/// All of them take some 9 ms of one core there (`README.md`).
const WORK_MAX: usize = 3 * 640 * 480 + 640 * 480 / 2;
/// Rows that make a line of a barcode: few, so that bars may lean by ten degrees.
const ROWS: usize = 6;
/// Rows that make a line where noise hides the bars, or where one quick look must do.
const ROWS_COARSE: usize = 16;

/// Reads codes from a stream of frames, and says what a customer shows once it is sure.
pub struct CodeScanner {
    next: usize,
    sightings: Sightings,
}

impl CodeScanner {
    /// A scanner that has seen nothing yet.
    pub fn new() -> Self {
        Self { next: 0, sightings: Sightings::default() }
    }

    /// The different texts in view, at most four, as one frame shows them; one frame may be wrong.
    pub fn read(&mut self, frame: &Frame) -> Vec<String> {
        let plane = frame.plane().halved_to(SIDE_MAX);
        if plane.width().min(plane.height()) < SIDE_MIN {
            return Vec::new();
        }
        let mut texts = plain(&plane);
        if texts.is_empty() {
            texts = self.repaired(&plane);
        }
        texts.truncate(CODES_MAX);
        texts
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

    /// One repair at least, then more while the work lasts. What helped is first in the next frame, which
    /// looks much the same.
    fn repaired(&mut self, plane: &Plane) -> Vec<String> {
        let pixels = plane.pixels().len();
        let mut left = WORK_MAX;
        let begun = self.next;
        for repair in Repair::ALL.into_iter().cycle().skip(begun).take(Repair::ALL.len()) {
            let cost = repair.cost(pixels);
            if cost > left && left < WORK_MAX {
                break;
            }
            left = left.saturating_sub(cost);
            let texts = repair.read(plane);
            if !texts.is_empty() {
                return texts;
            }
            self.next = (self.next + 1) % Repair::ALL.len();
        }
        Vec::new()
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

/// The frame as it is. Beside a QR code a barcode may lie: a quick look tells.
fn plain(plane: &Plane) -> Vec<String> {
    let mut texts = qr::read(plane);
    let rows = if texts.is_empty() { ROWS } else { ROWS_COARSE };
    texts.extend(barcode::read(plane, rows));
    texts
}

/// Another look at the frame, each good against another fault; the cheap and the most useful first.
#[derive(Clone, Copy)]
enum Repair {
    /// Against noise.
    Halve,
    /// Against strong noise, moiré and cracks, which all but vanish.
    Third,
    /// Against poor focus.
    Sharpen,
    /// For bars that lie on their side.
    Turn,
    /// Against reflections and uneven light.
    Level,
    /// For faint bars.
    Coarsen,
    /// For faint bars that lie on their side.
    TurnAndCoarsen,
}

impl Repair {
    const ALL: [Self; 7] = [
        Self::Halve,
        Self::Third,
        Self::Sharpen,
        Self::Turn,
        Self::Level,
        Self::Coarsen,
        Self::TurnAndCoarsen,
    ];

    /// Work on a plane of so many pixels, in pixels; the shares are those of the times measured.
    fn cost(self, pixels: usize) -> usize {
        let sixteenths = match self {
            Self::Halve => 7,
            Self::Third => 4,
            Self::Sharpen | Self::Level => 11,
            Self::Turn => 11,
            Self::Coarsen => 4,
            Self::TurnAndCoarsen => 6,
        };
        pixels / 16 * sixteenths
    }

    fn read(self, plane: &Plane) -> Vec<String> {
        match self {
            Self::Halve => qr::read(&plane.half()),
            Self::Third => qr::read(&plane.third()),
            Self::Sharpen => {
                let half = plane.half();
                qr::read(&half.combined(&half.smoothed(3), sharpened))
            }
            Self::Level => {
                let half = plane.half();
                qr::read(&half.combined(&half.smoothed(16), levelled))
            }
            Self::Turn => barcode::read(&plane.transposed(), ROWS),
            Self::Coarsen => barcode::read(plane, ROWS_COARSE),
            Self::TurnAndCoarsen => barcode::read(&plane.transposed(), ROWS_COARSE),
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

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

    /// Black and white grain over every pixel, the same each time.
    fn noisy(mut picture: RgbImage) -> RgbImage {
        let mut chance = 1_u32;
        for pixel in picture.pixels_mut() {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = u8::try_from(chance >> 24).unwrap() / 2;
            pixel.0 = pixel.0.map(|tone| tone / 2 + grain);
        }
        picture
    }

    #[test]
    fn a_code_that_the_plain_frame_hides_is_read_by_a_repair_in_the_same_frame() {
        let hidden = frame(noisy(picture(QR)));
        assert!(plain(&hidden.plane()).is_empty(), "the plain look must miss it");
        check(&hidden, &[QR_TEXT]);
    }

    #[test]
    fn what_repaired_a_frame_is_the_first_repair_of_the_next() {
        let mut scanner = CodeScanner::new();
        scanner.next = 4;
        let hidden = frame(noisy(picture(QR)));
        assert_eq!(scanner.read(&hidden), [QR_TEXT]);
        let helped = scanner.next;
        assert_eq!(scanner.read(&hidden), [QR_TEXT]);
        assert_eq!(scanner.next, helped);
    }

    #[test]
    fn a_frame_costs_no_more_than_its_work_and_every_repair_has_its_turn() {
        let costs = |pixels| Repair::ALL.map(|repair| repair.cost(pixels)).iter().sum::<usize>();
        assert!(costs(640 * 480) <= WORK_MAX, "a frame of 640×480 is tried in every way");
        let large = frame(RgbImage::new(1280, 960));
        let mut scanner = CodeScanner::new();
        let mut begun = HashSet::new();
        for _ in 0..Repair::ALL.len() {
            assert!(scanner.read(&large).is_empty());
            begun.insert(scanner.next);
        }
        assert!(begun.len() > 1, "no frame of this size is tried in every way: {begun:?}");
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
