//! The selfie gate: is this frame a usable portrait of one person, and if not, the one thing to change.
//!
//! Owns the order of the hints and the geometry. Light and sharpness are measured in `clarity`; three
//! good frames in a row, the shot and the customer's word on it belong to the session. It compares no faces:
//! who it is decides the bank.

use std::fmt::{self, Debug, Formatter};

use rustface::{Detector, ImageData};

use crate::clarity::{Clarity, Light};
use crate::frame::Frame;
use crate::plane::Plane;

/// The frontal face model that comes with rustface; origin and licence lie beside it.
const MODEL: &[u8] = include_bytes!("../model/seeta_fd_frontal_v1.0.bin");
/// Frames are halved to this before the search: 640×480 becomes 320×240, half the time at the same hit rate.
const SEARCH_SIDE_MAX: usize = 480;
/// The detector's window; on a smaller picture it computes a negative size.
const SEARCH_SIDE_MIN: usize = 40;
/// Real faces score 3 to 33, mostly over 8; the only false one measured scored 2.5.
const SCORE_MIN: f64 = 5.0;
/// A face box as a share of the frame's height, in percent. Below, the bank has too few pixels.
const FACE_HEIGHT_MIN_PERCENT: i64 = 30;
/// Above, the chin or hair is likely to be cut off, and a wide-angle lens distorts.
const FACE_HEIGHT_MAX_PERCENT: i64 = 75;
/// How far the middle of the face may be from the middle of the frame, as a share of each side.
const OFF_CENTRE_MAX_PERCENT: i64 = 18;

/// Judges frames one by one. Not `Send`: build it on the thread that uses it; building takes some milliseconds.
pub struct SelfieGate {
    detector: Box<dyn Detector>,
}

/// What the gate says of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// Usable; the detector's score, 5 to about 40, higher is surer. For choosing among frames only.
    Good(f64),
    /// Not usable, and the one change that helps most.
    Hint(Hint),
}

/// What the customer should change.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Hint {
    /// Look into the camera: nobody is seen.
    NoFace,
    /// More than one face is in view.
    OneFaceOnly,
    /// The face is too small.
    ComeCloser,
    /// The face is too large.
    MoveBack,
    /// The face is off to a side, too high or too low.
    Centre,
    /// Too dark.
    MoreLight,
    /// Too bright, or light straight into the camera.
    LessLight,
    /// Blurred by movement or focus.
    HoldStill,
}

impl SelfieGate {
    /// Loads the model.
    pub fn new() -> Self {
        let model = rustface::read_model(MODEL)
            .expect("the model is part of this crate, and a test reads it");
        let mut detector = rustface::create_detector_with_model(model);
        detector.set_score_thresh(SCORE_MIN);
        Self { detector }
    }

    /// Judges one frame; hints come in the order in which a person can act on them: be seen, be alone, get the
    /// distance right, the place, the light, and hold still.
    pub fn judge(&mut self, frame: &Frame) -> Verdict {
        let plane = frame.plane();
        let face = match self.faces(&plane).as_slice() {
            [] => return Verdict::Hint(why_no_face(&plane)),
            [face] => *face,
            [_, _, ..] => return Verdict::Hint(Hint::OneFaceOnly),
        };
        match place_hint(&face, frame).or_else(|| quality_hint(&face.skin(&plane))) {
            Some(hint) => Verdict::Hint(hint),
            None => Verdict::Good(face.score),
        }
    }

    /// Faces in the frame's own pixels. Refuses sizes on which the detector panics, since its message would
    /// print the picture.
    fn faces(&mut self, plane: &Plane) -> Vec<Face> {
        let mut scale = 1;
        let mut searched = plane.cropped(0, 0, plane.width(), plane.height());
        while searched.width().max(searched.height()) > SEARCH_SIDE_MAX {
            searched = searched.half();
            scale *= 2;
        }
        if searched.width().min(searched.height()) < SEARCH_SIDE_MIN {
            return Vec::new();
        }
        let side = |pixels: usize| u32::try_from(pixels).unwrap_or(0);
        let image =
            ImageData::new(searched.pixels(), side(searched.width()), side(searched.height()));
        let found = self.detector.detect(&image);
        found
            .iter()
            .map(|face| Face {
                left: i64::from(face.bbox().x()) * scale,
                top: i64::from(face.bbox().y()) * scale,
                width: i64::from(face.bbox().width()) * scale,
                height: i64::from(face.bbox().height()) * scale,
                score: face.score(),
            })
            .collect()
    }
}

impl Default for SelfieGate {
    fn default() -> Self {
        Self::new()
    }
}

impl Debug for SelfieGate {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("SelfieGate")
    }
}

/// A face from brow to chin in the frame's pixels; it may reach over the frame's edge.
#[derive(Clone, Copy)]
struct Face {
    left: i64,
    top: i64,
    width: i64,
    height: i64,
    score: f64,
}

impl Face {
    /// The middle of the face, without the hair and background at the corners of the box.
    fn skin(&self, plane: &Plane) -> Plane {
        let pixels = |value: i64| usize::try_from(value.max(0)).unwrap_or(0);
        plane.cropped(
            pixels(self.left + self.width / 6),
            pixels(self.top + self.height / 6),
            pixels(self.width * 2 / 3),
            pixels(self.height * 2 / 3),
        )
    }
}

/// A face in the dark is not seen as a face: light is then the better hint.
fn why_no_face(plane: &Plane) -> Hint {
    match Clarity::of(plane).frame_light() {
        Light::Dark => Hint::MoreLight,
        Light::Bright => Hint::LessLight,
        Light::Right => Hint::NoFace,
    }
}

fn place_hint(face: &Face, frame: &Frame) -> Option<Hint> {
    let (width, height) = (i64::from(frame.width()), i64::from(frame.height()));
    let off_centre = |middle_doubled: i64, side: i64| {
        (middle_doubled - side).abs() * 100 > 2 * side * OFF_CENTRE_MAX_PERCENT
    };
    if face.height * 100 < height * FACE_HEIGHT_MIN_PERCENT {
        Some(Hint::ComeCloser)
    } else if face.height * 100 > height * FACE_HEIGHT_MAX_PERCENT {
        Some(Hint::MoveBack)
    } else if off_centre(2 * face.left + face.width, width)
        || off_centre(2 * face.top + face.height, height)
    {
        Some(Hint::Centre)
    } else {
        None
    }
}

fn quality_hint(skin: &Plane) -> Option<Hint> {
    let measured = Clarity::of(skin);
    match measured.face_light() {
        Light::Dark => Some(Hint::MoreLight),
        Light::Bright => Some(Hint::LessLight),
        Light::Right => (!measured.is_sharp()).then_some(Hint::HoldStill),
    }
}

#[cfg(test)]
mod tests {
    use image::imageops::{self, FilterType};
    use image::{ImageFormat, RgbImage};

    use super::*;

    const FACE: &[u8] = include_bytes!("../../../tests/pictures/face.jpg");
    const NO_FACE: &[u8] = include_bytes!("../../../tests/pictures/no-face.jpg");
    const TWO_FACES: &[u8] = include_bytes!("../../../tests/pictures/two-faces.jpg");
    const DARK: &[u8] = include_bytes!("../../../tests/pictures/dark.jpg");

    fn picture(jpeg: &[u8]) -> RgbImage {
        image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg).unwrap().into_rgb8()
    }

    /// The portrait at another size, its upper left corner moved, before the empty room.
    fn face_at(percent: u32, left: i64, top: i64) -> RgbImage {
        let (width, height) = (640 * percent / 100, 480 * percent / 100);
        let face = imageops::resize(&picture(FACE), width, height, FilterType::CatmullRom);
        let mut room = picture(NO_FACE);
        imageops::replace(&mut room, &face, left, top);
        room
    }

    /// The portrait with every channel multiplied.
    fn face_lit(percent: u32) -> RgbImage {
        let mut face = picture(FACE);
        for channel in face.iter_mut() {
            *channel = u8::try_from(u32::from(*channel) * percent / 100).unwrap_or(u8::MAX);
        }
        face
    }

    fn judged(picture: RgbImage) -> Verdict {
        let (width, height) = picture.dimensions();
        SelfieGate::new().judge(&Frame::from_rgb(width, height, picture.into_raw()).unwrap())
    }

    #[track_caller]
    fn check(picture: RgbImage, expected: Hint) {
        assert_eq!(judged(picture), Verdict::Hint(expected));
    }

    #[track_caller]
    fn check_good(picture: RgbImage) {
        let verdict = judged(picture);
        assert!(matches!(verdict, Verdict::Good(score) if score >= SCORE_MIN), "{verdict:?}");
    }

    #[test]
    fn a_well_lit_portrait_of_one_person_is_good() {
        check_good(picture(FACE));
    }

    #[test]
    fn a_portrait_at_another_camera_size_is_good() {
        check_good(imageops::resize(&picture(FACE), 1280, 960, FilterType::CatmullRom));
        check_good(imageops::crop_imm(&picture(FACE), 100, 0, 440, 480).to_image());
    }

    #[test]
    fn an_empty_room_shows_no_face() {
        check(picture(NO_FACE), Hint::NoFace);
    }

    #[test]
    fn two_people_are_one_too_many() {
        check(picture(TWO_FACES), Hint::OneFaceOnly);
    }

    #[test]
    fn a_face_too_far_or_too_near_is_asked_to_move() {
        check(face_at(50, 160, 120), Hint::ComeCloser);
        check(face_at(160, -192, -110), Hint::MoveBack);
    }

    #[test]
    fn a_face_at_a_side_is_asked_to_the_centre() {
        check(face_at(75, 240, 60), Hint::Centre);
        check(face_at(75, 80, 150), Hint::Centre);
    }

    #[test]
    fn light_is_judged_with_and_without_a_visible_face() {
        check(picture(DARK), Hint::MoreLight);
        check(face_lit(30), Hint::MoreLight);
        check(face_lit(190), Hint::LessLight);
        check(RgbImage::from_pixel(640, 480, image::Rgb([255; 3])), Hint::LessLight);
    }

    #[test]
    fn a_blurred_face_must_hold_still() {
        check(imageops::blur(&picture(FACE), 5.0), Hint::HoldStill);
    }

    #[test]
    fn a_frame_of_any_size_is_judged_without_a_panic() {
        for side in [1, 2, 39, 40, 41, 50, 63, 64, 79, 80, 81, 100, 125, 480, 481, 482, 963] {
            check(RgbImage::from_pixel(side, side + 1, image::Rgb([120; 3])), Hint::NoFace);
        }
        for (width, height) in [(4096, 1), (1, 4096), (4096, 40), (40, 4096), (3, 640)] {
            check(RgbImage::from_pixel(width, height, image::Rgb([120; 3])), Hint::NoFace);
        }
    }

    #[test]
    fn a_face_leaving_the_frame_at_any_edge_is_judged_without_a_panic() {
        for (left, top) in [(-200, 0), (200, 0), (0, -200), (0, 250), (300, 300), (-300, -300)] {
            let verdict = judged(face_at(100, left, top));
            assert!(matches!(verdict, Verdict::Hint(_)), "{left} {top}: {verdict:?}");
        }
    }
}
