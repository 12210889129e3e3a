//! The selfie gate on a labelled set: invented portraits before a camera, good frames and damaged ones.
//!
//! Owns the damage and the rates; the table is printed with `--nocapture`.

#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "the crate reads and prints nothing; its test reads the portraits and prints the table"
)]

mod stand;

use image::{Rgb, RgbImage, imageops};
use vision::{Frame, Hint, SelfieGate, Verdict};

use stand::{GOOD, HEIGHT, Portrait, Stand, WIDTH, exposed, fraction, portraits};

/// Of the good frames at least so many are accepted, and of the bad ones refused for the right reason.
const RIGHT_MIN_PERCENT: usize = 97;
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
    let seen = |stand| exposed(person.before_camera(stand), 1.0, 1);
    let plain = person.before_camera(GOOD);
    let lit = |mean| exposed(plain.clone(), gain_to(&plain, mean), 1);
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
        ("nobody", Some(Hint::NoFace), exposed(nobody(person), gain_to(&nobody(person), 120.0), 1)),
        (
            "two people",
            Some(Hint::OneFaceOnly),
            exposed(
                beside(&person.before_camera(far(0.25)), &other.before_camera(far(0.75))),
                1.0,
                1,
            ),
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
            exposed(covered(plain.clone(), EYES, [190, 150, 130]), 1.0, 1),
        ),
        (
            "eyes covered, dark",
            Some(Hint::Uncover),
            exposed(covered(plain.clone(), EYES, [30, 28, 26]), 1.0, 1),
        ),
        ("out of focus", Some(Hint::HoldStill), exposed(imageops::fast_blur(&plain, 4.5), 1.0, 1)),
        ("moving", Some(Hint::HoldStill), exposed(moved(&plain, 28), 1.0, 1)),
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
