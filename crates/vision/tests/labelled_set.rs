//! The selfie gate on a labelled set: invented portraits before a camera, good frames and damaged ones.
//!
//! Owns the damage and the rates. The portraits and where their faces are come from `tests/pictures/portraits`.
//! All chance is a seeded counter, so the set is the same each time; the table is printed with `--nocapture`.

#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "the crate reads and prints nothing; its test reads the portraits and prints the table"
)]

use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage, imageops};
use vision::{Frame, Hint, SelfieGate, Verdict};

/// Of the good frames at least so many are accepted, and of the bad ones refused for the right reason.
const RIGHT_MIN_PERCENT: usize = 97;
const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;

/// One invented person, and where the face is: shares of the picture, and the tilt in degrees.
struct Portrait {
    picture: RgbImage,
    across: f32,
    down: f32,
    face: f32,
    tilt: f32,
}

/// How the person stands before the camera.
#[derive(Clone, Copy)]
struct Stand {
    /// The face's height as a share of the frame's.
    size: f32,
    /// Where the face's middle is, as shares of the frame.
    across: f32,
    down: f32,
    /// In degrees, clockwise.
    tilt: f32,
}

const GOOD: Stand = Stand { size: 0.45, across: 0.5, down: 0.5, tilt: 0.0 };

fn portraits() -> Vec<Portrait> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/pictures/portraits");
    let list = std::fs::read_to_string(folder.join("faces.tsv")).expect("the list of faces");
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| portrait(&folder, line)).collect()
}

fn portrait(folder: &Path, line: &str) -> Portrait {
    let mut fields = line.split('\t');
    let picture = image::open(folder.join(fields.next().expect("a file"))).expect("a picture");
    let mut number =
        || fields.next().and_then(|field| field.parse::<f32>().ok()).expect("a number");
    let (across, down, face) = (number() / 1000.0, number() / 1000.0, number() / 1000.0);
    Portrait { picture: picture.into_rgb8(), across, down, face, tilt: number() / 10.0 }
}

impl Portrait {
    /// What the camera sees; beyond the portrait's edge goes on what is at the edge.
    fn before_camera(&self, stand: Stand) -> RgbImage {
        let side = fraction(self.picture.width());
        let scale = self.face * side / (stand.size * fraction(HEIGHT));
        let (sine, cosine) = (self.tilt - stand.tilt).to_radians().sin_cos();
        let (left, top) = (stand.across * fraction(WIDTH), stand.down * fraction(HEIGHT));
        RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
            let (x, y) = ((fraction(x) - left) * scale, (fraction(y) - top) * scale);
            let across = self.across * side + x * cosine - y * sine;
            let down = self.down * side + x * sine + y * cosine;
            between(&self.picture, across, down)
        })
    }
}

fn fraction(pixels: u32) -> f32 {
    f32::from(u16::try_from(pixels).expect("a side of a frame"))
}

#[expect(clippy::as_conversions, reason = "clamped to the picture")]
fn between(picture: &RgbImage, x: f32, y: f32) -> Rgb<u8> {
    let x = x.clamp(0.0, fraction(picture.width()) - 1.001);
    let y = y.clamp(0.0, fraction(picture.height()) - 1.001);
    let (left, top) = (x as u32, y as u32);
    let (right, bottom) = (x.fract(), y.fract());
    let at = |dx, dy, channel: usize| f32::from(picture.get_pixel(left + dx, top + dy)[channel]);
    Rgb([0, 1, 2].map(|channel| {
        let upper = at(0, 0, channel) * (1.0 - right) + at(1, 0, channel) * right;
        let lower = at(0, 1, channel) * (1.0 - right) + at(1, 1, channel) * right;
        (upper * (1.0 - bottom) + lower * bottom) as u8
    }))
}

/// Light and a small camera's noise, of about four shades.
#[expect(clippy::as_conversions, reason = "clamped to a shade")]
fn exposed(mut picture: RgbImage, gain: f32) -> RgbImage {
    let mut state = 0x1911_2019_u32;
    for value in picture.iter_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise: f32 =
            state.to_be_bytes().iter().take(3).map(|byte| f32::from(*byte) - 127.5).sum();
        *value = (f32::from(*value) * gain + noise / 32.0).clamp(0.0, 255.0) as u8;
    }
    picture
}

/// The gain that gives the middle of the picture this mean shade.
fn gain_to(picture: &RgbImage, mean: f32) -> f32 {
    let middle = imageops::crop_imm(picture, 250, 170, 140, 140).to_image();
    let sum: f32 = middle.iter().map(|value| f32::from(*value)).sum();
    mean * 140.0 * 140.0 * 3.0 / sum.max(1.0)
}

/// A hand or head that moves to a side while the shutter is open.
fn moved(picture: &RgbImage, pixels: u32) -> RgbImage {
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        Rgb([0, 1, 2].map(|channel| {
            let seen =
                (x..x + pixels).map(|x| u32::from(picture.get_pixel(x.min(WIDTH - 1), y)[channel]));
            u8::try_from(seen.sum::<u32>() / pixels).expect("a mean of shades")
        }))
    })
}

/// Something of one colour before a part of the face, as shares of the face from its middle.
fn covered(
    mut picture: RgbImage,
    (left, top, right, bottom): (f32, f32, f32, f32),
    colour: [u8; 3],
) -> RgbImage {
    let face = GOOD.size * fraction(HEIGHT);
    let (middle, height) = (fraction(WIDTH) / 2.0, fraction(HEIGHT) / 2.0);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let (x, y) = ((fraction(x) - middle) / face, (fraction(y) - height) / face);
        if (left..right).contains(&x) && (top..bottom).contains(&y) {
            *pixel = Rgb(colour);
        }
    }
    picture
}

fn beside(left: &RgbImage, right: &RgbImage) -> RgbImage {
    let mut both = left.clone();
    imageops::replace(
        &mut both,
        &imageops::crop_imm(right, WIDTH / 2, 0, WIDTH / 2, HEIGHT).to_image(),
        320,
        0,
    );
    both
}

/// A surface without a person: the portrait's upper corner, large.
fn nobody(portrait: &Portrait) -> RgbImage {
    let corner = imageops::crop_imm(&portrait.picture, 0, 0, 60, 45).to_image();
    imageops::resize(&corner, WIDTH, HEIGHT, imageops::FilterType::Triangle)
}

/// Every frame of one portrait: the kind, what the gate should say (nothing for a good one), and the picture.
fn frames(person: &Portrait, other: &Portrait) -> Vec<(&'static str, Option<Hint>, RgbImage)> {
    const EYES: (f32, f32, f32, f32) = (-0.45, -0.32, 0.45, -0.02);
    let seen = |stand| exposed(person.before_camera(stand), 1.0);
    let plain = person.before_camera(GOOD);
    let lit = |mean| exposed(plain.clone(), gain_to(&plain, mean));
    let at = |across, down| Stand { across, down, ..GOOD };
    let far = |across| Stand { across, size: 0.36, ..GOOD };
    vec![
        ("good: as it should be", None, seen(GOOD)),
        (
            "good: far and aside",
            None,
            seen(Stand { size: 0.35, across: 0.42, down: 0.56, tilt: 5.0 }),
        ),
        ("good: near, leaning", None, seen(Stand { size: 0.65, tilt: -8.0, ..GOOD })),
        ("good: dim", None, lit(70.0)),
        ("good: bright", None, lit(165.0)),
        ("nobody", Some(Hint::NoFace), exposed(nobody(person), gain_to(&nobody(person), 120.0))),
        (
            "two people",
            Some(Hint::OneFaceOnly),
            exposed(beside(&person.before_camera(far(0.25)), &other.before_camera(far(0.75))), 1.0),
        ),
        ("too far", Some(Hint::ComeCloser), seen(Stand { size: 0.22, ..GOOD })),
        ("too near", Some(Hint::MoveBack), seen(Stand { size: 0.9, ..GOOD })),
        ("to the left", Some(Hint::Centre), seen(at(0.25, 0.5))),
        ("to the right, low", Some(Hint::Centre), seen(at(0.74, 0.6))),
        ("leaning to the left", Some(Hint::Upright), seen(Stand { tilt: -24.0, ..GOOD })),
        ("leaning to the right", Some(Hint::Upright), seen(Stand { tilt: 24.0, ..GOOD })),
        ("dark", Some(Hint::MoreLight), lit(25.0)),
        ("burnt", Some(Hint::LessLight), lit(290.0)),
        (
            "eyes covered, bright",
            Some(Hint::Uncover),
            exposed(covered(plain.clone(), EYES, [190, 150, 130]), 1.0),
        ),
        (
            "eyes covered, dark",
            Some(Hint::Uncover),
            exposed(covered(plain.clone(), EYES, [30, 28, 26]), 1.0),
        ),
        ("out of focus", Some(Hint::HoldStill), exposed(imageops::fast_blur(&plain, 4.5), 1.0)),
        ("moving", Some(Hint::HoldStill), exposed(moved(&plain, 28), 1.0)),
    ]
}

#[test]
fn the_gate_tells_good_frames_from_bad_ones_and_says_why() {
    let portraits = portraits();
    let mut gate = SelfieGate::new();
    let mut table: Vec<(&str, usize, Vec<String>)> = Vec::new();
    for (person, other) in portraits.iter().zip(portraits.iter().cycle().skip(1)) {
        for (kind, expected, picture) in frames(person, other) {
            let frame = Frame::from_rgb(WIDTH, HEIGHT, picture.into_raw()).expect("a frame");
            let verdict = gate.judge(&frame);
            let right = match (verdict, expected) {
                (Verdict::Good(_), None) => true,
                (Verdict::Hint(hint), Some(expected)) => hint == expected,
                (Verdict::Good(_), Some(_)) | (Verdict::Hint(_), None) => false,
            };
            let row = match table.iter().position(|(name, ..)| *name == kind) {
                Some(row) => row,
                None => {
                    table.push((kind, 0, Vec::new()));
                    table.len() - 1
                }
            };
            table[row].1 += usize::from(right);
            if !right {
                table[row].2.push(format!("{verdict:?}"));
            }
        }
    }
    println!("{} portraits\n| frames | right | said instead |\n|---|---|---|", portraits.len());
    let mut sums = [(0, 0), (0, 0)];
    for (kind, right, wrong) in &table {
        println!("| {kind} | {right}/{} | {} |", right + wrong.len(), wrong.join(", "));
        let sum = &mut sums[usize::from(!kind.starts_with("good"))];
        *sum = (sum.0 + right, sum.1 + right + wrong.len());
    }
    for (name, (right, all)) in
        ["good accepted", "bad refused for the right reason"].iter().zip(sums)
    {
        println!("{name}: {right} of {all}");
        assert!(right * 100 >= all * RIGHT_MIN_PERCENT, "{name}: {right} of {all}");
    }
}
