//! Invented persons before a camera: what the tests of the selfie share.
//!
//! Owns how they stand there and the camera's noise. The portraits and where their faces are come from
//! `tests/pictures/portraits`. All chance is a seeded counter, so a frame is the same each time.

use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};

pub const WIDTH: u32 = 640;
pub const HEIGHT: u32 = 480;

/// One invented person, and where the face is: shares of the picture, and the tilt in degrees.
pub struct Portrait {
    pub picture: RgbImage,
    pub across: f32,
    pub down: f32,
    pub face: f32,
    pub tilt: f32,
}

/// How the person stands before the camera.
#[derive(Clone, Copy)]
pub struct Stand {
    /// The face's height as a share of the frame's.
    pub size: f32,
    /// Where the face's middle is, as shares of the frame.
    pub across: f32,
    pub down: f32,
    /// In degrees, clockwise.
    pub tilt: f32,
}

pub const GOOD: Stand = Stand { size: 0.45, across: 0.5, down: 0.5, tilt: 0.0 };

pub fn portraits() -> Vec<Portrait> {
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
    pub fn before_camera(&self, stand: Stand) -> RgbImage {
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

pub fn fraction(pixels: u32) -> f32 {
    f32::from(u16::try_from(pixels).expect("a side of a frame"))
}

#[expect(clippy::as_conversions, reason = "clamped to the picture")]
pub fn between(picture: &RgbImage, x: f32, y: f32) -> Rgb<u8> {
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
pub fn exposed(mut picture: RgbImage, gain: f32, seed: u32) -> RgbImage {
    let mut state = 0x1911_2019_u32.wrapping_mul(seed);
    for value in picture.iter_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise: f32 =
            state.to_be_bytes().iter().take(3).map(|byte| f32::from(*byte) - 127.5).sum();
        *value = (f32::from(*value) * gain + noise / 32.0).clamp(0.0, 255.0) as u8;
    }
    picture
}
