//! The selfie gate: is this frame a usable portrait of one person, and if not, the one thing to change.
//!
//! Owns the order of the hints and the geometry. Where faces are is found in `faces`, light and sharpness are
//! measured in `clarity`; three good frames in a row and the shot belong to the agent. It compares no faces:
//! who it is decides the bank.

use std::fmt::{self, Debug, Formatter};

use rustface::{Detector, ImageData};

use crate::clarity::{Clarity, Light};
use crate::faces::{Face, FaceFinder, Point};
use crate::frame::Frame;
use crate::plane::{Plane, whole};

/// The frontal face model that comes with rustface; origin and licence lie beside it.
const MODEL: &[u8] = include_bytes!("../model/seeta_fd_frontal_v1.0.bin");
/// The second look is taken at a face this large: small enough to take a millisecond or two.
const SECOND_LOOK_SIDE: usize = 88;
/// The part around the face that the second look sees, in faces.
const SECOND_LOOK_FACES: f32 = 1.8;
/// The second detector's window; on a smaller picture it computes a negative size.
const WINDOW: u32 = 40;
/// Real faces score 3 to 33 there; it has the last word on what else passes, so little is asked of it.
const SCORE_MIN: f64 = 1.0;
/// A face as a share of the frame's height, in percent. Below, the bank has too few pixels.
const FACE_MIN_PERCENT: f32 = 30.0;
/// Above, the chin or hair is likely to be cut off, and a wide-angle lens distorts.
const FACE_MAX_PERCENT: f32 = 75.0;
/// How far the middle of the face may be from the middle of the frame, as a share of each side.
const OFF_CENTRE_MAX_PERCENT: f32 = 18.0;
/// How far a head may lean to a side (ICAO Doc 9303 asks for less; a kiosk's camera may hang askew, too).
const TILT_MAX_DEGREES: f32 = 15.0;
/// How far it may be turned aside; see [`Face::turn`].
const TURN_MAX: f32 = 0.35;

/// The part of a face's box without hair and background.
const SKIN_FACES: f32 = 2.0 / 3.0;
/// The part of a face beside the nose, in faces: dark glasses do not make it dark.
const CHEEKS_WIDTH: f32 = 0.5;
/// See [`CHEEKS_WIDTH`].
const CHEEKS_HEIGHT: f32 = 0.3;
/// The part of a face around an eye that is looked at, in distances between the eyes.
const EYE_WIDTH: f32 = 0.4;
/// See [`EYE_WIDTH`].
const EYE_HEIGHT: f32 = 0.26;
/// How much the dark of an eye differs from the bright around it, in percent of the face's mean. Of the
/// portraits in `tests/pictures` the least has 37; covered by one colour, most have 3 to 6.
const EYE_CONTRAST_MIN_PERCENT: u64 = 15;

/// Judges frames one by one. Not `Send`: build it on the thread that uses it; building takes some milliseconds.
pub struct SelfieGate {
    finder: FaceFinder,
    second: Box<dyn Detector>,
}

/// What the gate says of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// Usable; how sharp it is, without a unit, higher is better. For choosing among frames only.
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
    /// The head leans to a side or looks past the camera.
    Upright,
    /// Too dark.
    MoreLight,
    /// Too bright, or light straight into the camera.
    LessLight,
    /// The eyes are covered, or so much of the face that only one detector sees it.
    Uncover,
    /// Blurred by movement or focus.
    HoldStill,
    /// The challenge: the head is to be turned slowly to its owner's left.
    TurnLeft,
    /// The challenge: to the owner's right.
    TurnRight,
    /// The challenge: into the camera again.
    LookAhead,
}

impl Hint {
    /// Whether it belongs to the challenge and not to the picture.
    #[must_use]
    pub fn is_challenge(self) -> bool {
        matches!(self, Self::TurnLeft | Self::TurnRight | Self::LookAhead)
    }
}

impl SelfieGate {
    /// Loads the models.
    pub fn new() -> Self {
        let model = rustface::read_model(MODEL)
            .expect("the model is part of this crate, and a test reads it");
        let mut second = rustface::create_detector_with_model(model);
        second.set_score_thresh(SCORE_MIN);
        second.set_min_face_size(WINDOW);
        Self { finder: FaceFinder::new(), second }
    }

    /// Judges one frame; hints come in the order in which a person can act on them: be seen, be alone, get the
    /// distance right, the place, the head, the light, show the face, and hold still.
    pub fn judge(&mut self, frame: &Frame) -> Verdict {
        self.look(frame).1
    }

    /// As [`Self::judge`], and where the face is if it is the only one.
    pub(crate) fn look(&mut self, frame: &Frame) -> (Option<Face>, Verdict) {
        match self.finder.faces(frame).as_slice() {
            [] => (None, Verdict::Hint(why_no_face(frame))),
            [face] => (Some(*face), self.verdict(frame, face)),
            [_, _, ..] => (None, Verdict::Hint(Hint::OneFaceOnly)),
        }
    }

    fn verdict(&mut self, frame: &Frame, face: &Face) -> Verdict {
        if let Some(hint) = place_hint(face, frame).or_else(|| pose_hint(face)) {
            return Verdict::Hint(hint);
        }
        let plane = frame.plane();
        let skin = Clarity::of(&square(&plane, face.middle, face.side * SKIN_FACES));
        let cheeks =
            cropped(&plane, face.nose, face.side * CHEEKS_WIDTH, face.side * CHEEKS_HEIGHT);
        let hint = if Clarity::of(&cheeks).face_light() == Light::Dark {
            Some(Hint::MoreLight)
        } else if skin.face_light() == Light::Bright {
            Some(Hint::LessLight)
        } else if !eyes_are_seen(&plane, face, &skin) || !self.is_seen_again(&plane, face) {
            Some(Hint::Uncover)
        } else {
            (!skin.is_sharp()).then_some(Hint::HoldStill)
        };
        hint.map_or_else(|| Verdict::Good(skin.sharpness()), Verdict::Hint)
    }

    /// Whether the other detector, which knows frontal faces only, sees the face as well.
    fn is_seen_again(&mut self, plane: &Plane, face: &Face) -> bool {
        let around =
            square(plane, face.middle, face.side * SECOND_LOOK_FACES).sized_to(SECOND_LOOK_SIDE);
        let side = |pixels: usize| u32::try_from(pixels).unwrap_or(0);
        let (width, height) = (side(around.width()), side(around.height()));
        // On other sizes the detector panics, and its message would print the picture.
        if width.min(height) < WINDOW {
            return false;
        }
        !self.second.detect(&ImageData::new(around.pixels(), width, height)).is_empty()
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

/// A face in the dark is not seen as a face: light is then the better hint.
fn why_no_face(frame: &Frame) -> Hint {
    match Clarity::of(&frame.plane()).frame_light() {
        Light::Dark => Hint::MoreLight,
        Light::Bright => Hint::LessLight,
        Light::Right => Hint::NoFace,
    }
}

fn place_hint(face: &Face, frame: &Frame) -> Option<Hint> {
    let percent = |part: f32, whole: u32| {
        u16::try_from(whole).map_or(f32::MAX, |whole| part * 100.0 / f32::from(whole))
    };
    let size = percent(face.side, frame.height());
    let off_centre =
        |middle: f32, side: u32| (percent(middle, side) - 50.0).abs() > OFF_CENTRE_MAX_PERCENT;
    if size < FACE_MIN_PERCENT {
        Some(Hint::ComeCloser)
    } else if size > FACE_MAX_PERCENT {
        Some(Hint::MoveBack)
    } else if off_centre(face.middle.x, frame.width()) || off_centre(face.middle.y, frame.height())
    {
        Some(Hint::Centre)
    } else {
        None
    }
}

fn pose_hint(face: &Face) -> Option<Hint> {
    let askew = face.tilt_degrees().abs() > TILT_MAX_DEGREES || face.turn().abs() > TURN_MAX;
    askew.then_some(Hint::Upright)
}

/// An open eye is dark in the middle and bright around; what is covered has one colour.
fn eyes_are_seen(plane: &Plane, face: &Face, skin: &Clarity) -> bool {
    let apart = face.eye_distance();
    [face.left_eye, face.right_eye].into_iter().all(|eye| {
        let around = cropped(plane, eye, apart * EYE_WIDTH, apart * EYE_HEIGHT);
        skin.contrast_percent(&around) >= EYE_CONTRAST_MIN_PERCENT
    })
}

fn square(plane: &Plane, middle: Point, side: f32) -> Plane {
    cropped(plane, middle, side, side)
}

/// What of the rectangle around the middle lies in the plane.
fn cropped(plane: &Plane, middle: Point, width: f32, height: f32) -> Plane {
    let span = |middle: f32, size: f32| {
        let (from, to) = (whole(middle - size / 2.0), whole(middle + size / 2.0));
        (from, to.saturating_sub(from))
    };
    let ((left, width), (top, height)) = (span(middle.x, width), span(middle.y, height));
    plane.cropped(left, top, width, height)
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

    /// The portrait turned about the middle of the picture, in radians.
    fn face_turned(angle: f32) -> RgbImage {
        let face = picture(FACE);
        let (sine, cosine) = angle.sin_cos();
        RgbImage::from_fn(640, 480, |x, y| {
            let (x, y) = (
                f32::from(u16::try_from(x).unwrap()) - 320.0,
                f32::from(u16::try_from(y).unwrap()) - 240.0,
            );
            let (across, down) = (x * cosine + y * sine + 320.0, y * cosine - x * sine + 240.0);
            let at = |value: f32, side: u32| u32::try_from(whole(value)).unwrap().min(side - 1);
            *face.get_pixel(at(across, 640), at(down, 480))
        })
    }

    /// The portrait with a hand, or so, before a part of it.
    fn face_covered(left: u32, top: u32, width: u32, height: u32) -> RgbImage {
        let mut face = picture(FACE);
        let hand = RgbImage::from_pixel(width, height, image::Rgb([190, 150, 130]));
        imageops::replace(&mut face, &hand, i64::from(left), i64::from(top));
        face
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
        assert!(matches!(verdict, Verdict::Good(sharpness) if sharpness > 0.0), "{verdict:?}");
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
        check(face_at(180, -256, -157), Hint::MoveBack);
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

    /// The pictures of the selfie screen: an invented person who does what the hint asks to change.
    #[test]
    fn each_picture_of_the_selfie_screen_deserves_its_hint() {
        macro_rules! hints {
            ($name:literal) => {
                picture(include_bytes!(concat!("../../../tests/pictures/hints/", $name, ".jpg")))
            };
        }
        check_good(hints!("good"));
        check(hints!("no_face"), Hint::NoFace);
        check(hints!("one_face_only"), Hint::OneFaceOnly);
        check(hints!("come_closer"), Hint::ComeCloser);
        check(hints!("move_back"), Hint::MoveBack);
        check(hints!("centre"), Hint::Centre);
        check(hints!("upright"), Hint::Upright);
        check(hints!("more_light"), Hint::MoreLight);
        check(hints!("less_light"), Hint::LessLight);
        check(hints!("uncover"), Hint::Uncover);
        check(hints!("hold_still"), Hint::HoldStill);
    }

    #[test]
    fn a_head_that_leans_to_a_side_is_asked_upright() {
        check(face_turned(0.4), Hint::Upright);
        check(face_turned(-0.4), Hint::Upright);
        check_good(face_turned(0.12));
    }

    #[test]
    fn covered_eyes_are_asked_for() {
        check(face_covered(248, 168, 150, 54), Hint::Uncover);
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
