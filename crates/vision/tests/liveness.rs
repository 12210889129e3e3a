//! The challenge before the selfie: heads that turn, and pictures of heads that somebody holds up.
//!
//! Owns both kinds of motion and the rates; the table is printed with `--nocapture`. A head is a portrait on a
//! relief of an average head; a picture is the same portrait on a plane or a bent sheet, seen in perspective.
//! `DIPCHIP_PORTRAITS=52` takes all portraits.

#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "the crate reads and prints nothing; its test reads the portraits and prints the table"
)]

mod stand;

use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use vision::{Frame, LivenessGate, Motion, Side, Verdict};

use stand::{GOOD, HEIGHT, WIDTH, between, exposed, fraction, portraits};

/// Of the heads that turn at least so many pass. Of the flat pictures none may.
const HEADS_MIN_PERCENT: usize = 97;
/// Portraits that the test command takes; the README has the figures of all.
const PORTRAITS: usize = 4;
/// From the camera to the face, in faces: about half a metre.
const DISTANCE: f32 = 3.5;

/// A face in a frame: where its middle is, and from brow to chin, in pixels.
#[derive(Clone, Copy)]
struct Place {
    across: f32,
    down: f32,
    face: f32,
}

/// Where [`GOOD`] puts it.
fn good_place() -> Place {
    let (across, down) = (fraction(WIDTH) / 2.0, fraction(HEIGHT) / 2.0);
    Place { across, down, face: GOOD.size * fraction(HEIGHT) }
}

/// How what is before the camera is formed.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Form {
    /// An average head: an ellipsoid, and a nose that stands out of it by an eighth of a face.
    Head,
    /// A sheet of paper or a screen.
    Flat,
    /// Paper bent around a pipe of three faces' width.
    Pipe,
    /// Paper bent around a bottle of two thirds of a face's width.
    Bottle,
}

impl Form {
    /// From a place on the picture, in faces from the middle of the face, to a place in space, towards the
    /// camera; nothing beside it.
    fn at(self, x: f32, y: f32) -> Option<[f32; 3]> {
        match self {
            Self::Head => head(x, y),
            Self::Flat => (x.abs() < 0.9 && y.abs() < 1.1).then_some([x, y, 0.0]),
            Self::Pipe => bent(x, y, 1.5),
            Self::Bottle => bent(x, y, 0.35),
        }
    }
}

fn bent(x: f32, y: f32, radius: f32) -> Option<[f32; 3]> {
    let angle = x / radius;
    let seen = x.abs() < 0.9 && y.abs() < 1.1 && angle.abs() < 1.4;
    seen.then(|| [radius * angle.sin(), y, radius * (angle.cos() - 1.0)])
}

fn head(x: f32, y: f32) -> Option<[f32; 3]> {
    const HALF_WIDTH: f32 = 0.56;
    const HALF_HEIGHT: f32 = 0.85;
    const DEPTH: f32 = 0.64;
    let square = |value: f32| value * value;
    let rest = 1.0 - square(x / HALF_WIDTH) - square(y / HALF_HEIGHT);
    let nose = 0.12 * (-square(x / 0.08) - square((y - 0.08) / 0.12)).exp();
    (rest > 0.0).then(|| [x, y, DEPTH * rest.sqrt() + nose])
}

/// Points to a pixel each way that are drawn of a form: enough to judge it.
const QUICK: f32 = 2.0;
/// See [`QUICK`]: enough to look at it.
const FINE: f32 = 9.0;

/// What of the picture is seen where the form was turned by these angles: about the upright axis (positive: what
/// is in front goes to the right), then about the level one. Behind it is the frame as it was.
fn turned(picture: &RgbImage, form: Form, (yaw, pitch): (f32, f32), finer: f32) -> RgbImage {
    let place = good_place();
    // Drawn from a grid finer than the pixels; of what falls on a pixel the nearest is seen.
    let mut seen = vec![(f32::MIN, Rgb([0; 3])); picture.pixels().len()];
    let (yaw_sine, yaw_cosine) = yaw.to_radians().sin_cos();
    let (pitch_sine, pitch_cosine) = pitch.to_radians().sin_cos();
    let steps = |side: u32| (0..scaled(fraction(side) * finer)).map(fraction);
    for y in steps(HEIGHT) {
        for x in steps(WIDTH) {
            let (x, y) = (x / finer, y / finer);
            let at = ((x - place.across) / place.face, (y - place.down) / place.face);
            let Some([across, down, depth]) = form.at(at.0, at.1) else { continue };
            let (across, depth) =
                (across * yaw_cosine + depth * yaw_sine, depth * yaw_cosine - across * yaw_sine);
            let (down, depth) = (
                down * pitch_cosine + depth * pitch_sine,
                depth * pitch_cosine - down * pitch_sine,
            );
            let nearer = DISTANCE / (DISTANCE - depth);
            let column = place.across + across * nearer * place.face;
            let row = place.down + down * nearer * place.face;
            let inside =
                (0.0..fraction(WIDTH)).contains(&column) && (0.0..fraction(HEIGHT)).contains(&row);
            if !inside {
                continue;
            }
            let index = usize::try_from(scaled(row) * WIDTH + scaled(column)).expect("a pixel");
            let nearest = seen.get_mut(index).expect("a pixel");
            if depth > nearest.0 {
                *nearest = (depth, between(picture, x, y));
            }
        }
    }
    let mut frame = picture.clone();
    for (pixel, (depth, colour)) in frame.pixels_mut().zip(seen) {
        if depth > f32::MIN {
            *pixel = colour;
        }
    }
    frame
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within a frame"
)]
fn scaled(value: f32) -> u32 {
    value as u32
}

/// The angles of one motion, frame by frame: a while ahead, to the greatest angle, and back.
fn there_and_back(most: (f32, f32)) -> Vec<(f32, f32)> {
    const STEPS: [f32; 15] =
        [0.0, 0.0, 0.0, 0.15, 0.35, 0.55, 0.75, 1.0, 1.0, 1.0, 0.7, 0.35, 0.0, 0.0, 0.0];
    STEPS.iter().map(|share| (most.0 * share, most.1 * share)).collect()
}

/// The played camera's person, which stands behind the page's hints as well: made anew where this says so, and
/// compared with the pictures in the repository otherwise.
#[test]
fn the_pictures_of_a_turning_head_are_made_of_the_portrait() {
    let portraits = portraits();
    let portrait = &portraits[portrait_of_the_pictures()];
    let picture = portrait.before_camera(GOOD);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/pictures");
    for (name, yaw) in PICTURES {
        let seen = match yaw {
            0.0 => picture.clone(),
            yaw => turned(&picture, Form::Head, (yaw, 0.0), FINE),
        };
        let path = folder.join(name);
        if std::env::var_os("DIPCHIP_WRITE_PICTURES").is_some() {
            let mut jpeg = Vec::new();
            JpegEncoder::new_with_quality(&mut jpeg, 80).encode_image(&seen).expect("a JPEG");
            std::fs::write(&path, jpeg).expect("the pictures are ours");
        }
        let kept = image::open(&path).expect("a picture").into_rgb8();
        let differences = kept.iter().zip(seen.iter()).map(|(a, b)| u64::from(a.abs_diff(*b)));
        let mean = differences.sum::<u64>() / u64::from(WIDTH * HEIGHT * 3);
        assert!(mean <= 3, "{name} differs by {mean} shades");
    }
}

/// Which picture shows the head turned how far; to its owner's left is to the right in the picture.
const PICTURES: [(&str, f32); 7] = [
    ("turning/left-40.jpg", 40.0),
    ("turning/left-27.jpg", 27.0),
    ("turning/left-13.jpg", 13.0),
    ("turning/ahead.jpg", 0.0),
    ("turning/right-13.jpg", -13.0),
    ("turning/right-27.jpg", -27.0),
    ("turning/right-40.jpg", -40.0),
];

/// The person of the other hints, `female-4.jpg`.
fn portrait_of_the_pictures() -> usize {
    let list = include_str!("../../../tests/pictures/portraits/faces.tsv");
    let mut faces = list.lines().filter(|line| !line.starts_with('#'));
    faces.position(|line| line.starts_with("female-4.jpg")).expect("it is in the list")
}

/// What a motion is called, what is moved and how far.
const MOTIONS: [(&str, Form, (f32, f32)); 9] = [
    ("a head turned by 35°", Form::Head, (35.0, 0.0)),
    ("a head turned by 50°", Form::Head, (50.0, 0.0)),
    ("a head turned by 40°, nodding by 10°", Form::Head, (40.0, 10.0)),
    ("a picture held still", Form::Flat, (0.0, 0.0)),
    ("a picture turned by 30°", Form::Flat, (30.0, 0.0)),
    ("a picture turned by 50°", Form::Flat, (50.0, 0.0)),
    ("a picture turned by 35°, tilted by 30°", Form::Flat, (35.0, 30.0)),
    ("a picture bent around a pipe, turned by 35°", Form::Pipe, (35.0, 0.0)),
    ("a picture bent around a bottle, turned by 35°", Form::Bottle, (35.0, 0.0)),
];

/// What the gate said of a motion by its end.
fn walked(frames: &[RgbImage], asked: Side) -> (bool, Motion) {
    let mut gate = LivenessGate::new(Some(asked));
    for picture in frames {
        let pixels = picture.clone().into_raw();
        let frame = Frame::from_rgb(WIDTH, HEIGHT, pixels).expect("a frame");
        if matches!(gate.judge(&frame), Verdict::Good(_)) {
            assert_eq!(gate.liveness().turned, Some(asked));
            return (true, gate.liveness().motion);
        }
        assert_eq!(gate.liveness().turned, None);
    }
    (false, gate.liveness().motion)
}

#[test]
fn a_head_that_turns_passes_and_a_picture_however_it_is_held_does_not() {
    let count = std::env::var("DIPCHIP_PORTRAITS").ok().and_then(|count| count.parse().ok());
    let count: usize = count.unwrap_or(PORTRAITS);
    let mut portraits = portraits();
    let each = (portraits.len() / count.max(1)).max(1);
    portraits = portraits.into_iter().step_by(each).take(count).collect();
    println!("| motion | passed | moving | still | frozen |\n|---|---|---|---|---|");
    let mut heads = (0, 0);
    for (name, form, most) in MOTIONS {
        let mut passed = 0;
        let mut motions = [0; 3];
        for (number, portrait) in portraits.iter().enumerate() {
            let picture = portrait.before_camera(GOOD);
            let (asked, sign) =
                if number % 2 == 0 { (Side::Left, 1.0) } else { (Side::Right, -1.0) };
            let angles = there_and_back((most.0 * sign, most.1));
            let frames: Vec<RgbImage> = angles
                .into_iter()
                .zip(1..)
                .map(|(angles, seed)| exposed(turned(&picture, form, angles, QUICK), 1.0, seed))
                .collect();
            let (good, motion) = walked(&frames, asked);
            passed += usize::from(good);
            match motion {
                Motion::Moving => motions[0] += 1,
                Motion::Still => motions[1] += 1,
                Motion::Frozen => motions[2] += 1,
                Motion::Unknown => {}
            }
        }
        let [moving, still, frozen] = motions;
        println!("| {name} | {passed}/{} | {moving} | {still} | {frozen} |", portraits.len());
        if form == Form::Head {
            heads = (heads.0 + passed, heads.1 + portraits.len());
        } else if form != Form::Bottle {
            assert_eq!(passed, 0, "{name}");
        }
    }
    assert!(heads.0 * 100 >= heads.1 * HEADS_MIN_PERCENT, "{} of {} heads", heads.0, heads.1);
}
