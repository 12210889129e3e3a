//! What light, lens and sensor do to a picture, in the order in which it happens: uneven light and
//! reflections, a screen's own grid, defocus, motion, noise, and the camera's JPEG.

use jpeg_encoder::{ColorType, Encoder};

use crate::chance::Chance;
use crate::{HEIGHT, WIDTH};

/// The faults of one exposure; lengths are pixels.
#[derive(Clone, Default)]
pub(crate) struct Optics {
    /// Standard deviation of the blur.
    pub(crate) defocus: f32,
    /// How far the picture moves while the shutter is open.
    pub(crate) motion: (f32, f32),
    /// Standard deviation of the sensor's noise, in grey levels of 256.
    pub(crate) noise: f32,
    /// Share of the light that is left at the darkest corner, and the direction towards it in radians.
    pub(crate) falloff: Option<(f32, f32)>,
    /// A lamp in the glass: middle, radius, strength.
    pub(crate) glare: Option<((f32, f32), f32, f32)>,
    /// The edge of a hand's shadow: where it crosses the middle line, its direction, the light left in it.
    pub(crate) shadow: Option<(f32, f32, f32)>,
    /// A screen's grid against the sensor's: wave length, direction, depth.
    pub(crate) moire: Option<(f32, f32, f32)>,
    /// Quality of the camera's JPEG.
    pub(crate) quality: u8,
}

impl Optics {
    /// A camera without a fault: a little blur, a little noise.
    pub(crate) fn good(chance: &mut Chance) -> Self {
        Self {
            defocus: chance.between(0.4, 0.7),
            noise: chance.between(1.5, 4.0),
            quality: 85,
            ..Self::default()
        }
    }

    /// The frame's JPEG out of the light that falls on the sensor, 0 to 1 a pixel.
    pub(crate) fn expose(&self, mut light: Vec<f32>, chance: &mut Chance) -> Vec<u8> {
        let places =
            (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (f32::from(x), f32::from(y))));
        for (pixel, (x, y)) in light.iter_mut().zip(places) {
            *pixel = self.lit(*pixel, x, y);
        }
        let light = blurred(light, self.defocus);
        let light = moved(light, self.motion);
        let grey: Vec<u8> =
            light.iter().map(|pixel| level(pixel * 255.0 + self.noise * chance.normal())).collect();
        as_jpeg(&grey, self.quality)
    }

    fn lit(&self, pixel: f32, x: f32, y: f32) -> f32 {
        let mut pixel = pixel;
        let across = |direction: f32| {
            let (sin, cos) = direction.sin_cos();
            (x - f32::from(WIDTH) / 2.0) * cos + (y - f32::from(HEIGHT) / 2.0) * sin
        };
        if let Some((wave, direction, depth)) = self.moire {
            let phase = across(direction) * std::f32::consts::TAU / wave;
            // A screen's columns and the sensor's rarely stand straight to each other: the bands bend a little.
            let bent = phase + (y * 0.01).sin() * 1.5;
            pixel *= 1.0 - depth * (0.5 + 0.5 * bent.sin());
        }
        if let Some((left, direction)) = self.falloff {
            let share = (across(direction) / 400.0 * 0.5 + 0.5).clamp(0.0, 1.0);
            pixel *= 1.0 - (1.0 - left) * share;
        }
        if let Some((place, direction, left)) = self.shadow {
            let inside = ((across(direction) - place) / 6.0).clamp(0.0, 1.0);
            pixel *= 1.0 - (1.0 - left) * inside;
        }
        if let Some(((middle_x, middle_y), radius, strength)) = self.glare {
            let (dx, dy) = ((x - middle_x) / radius, (y - middle_y) / radius);
            pixel += strength * (-(dx * dx + dy * dy)).exp();
        }
        pixel.min(1.0)
    }
}

/// A Gaussian of this deviation, rows and then columns.
fn blurred(light: Vec<f32>, deviation: f32) -> Vec<f32> {
    if deviation < 0.1 {
        return light;
    }
    let reach = (1_u16..30).take_while(|at| f32::from(*at) < 3.0 * deviation + 1.0);
    let weight = |at: u16| (-f32::from(at).powi(2) / (2.0 * deviation * deviation)).exp();
    let side: Vec<f32> = reach.map(weight).collect();
    let total = 1.0 + 2.0 * side.iter().sum::<f32>();
    let (width, height) = (usize::from(WIDTH), usize::from(HEIGHT));
    let rows = folded(&light, width, 1, &side, total);
    folded(&rows, height, width, &side, total)
}

/// One direction of a symmetric blur; `stride` leads to the next pixel along a line of `length`.
fn folded(light: &[f32], length: usize, stride: usize, side: &[f32], total: f32) -> Vec<f32> {
    let pixel = |base: usize, at: usize| light.get(base + at * stride).copied().unwrap_or_default();
    let mut out = Vec::with_capacity(light.len());
    for place in 0..light.len() {
        let at = place / stride % length;
        let base = place - at * stride;
        let mut sum = pixel(base, at);
        for (distance, weight) in (1..).zip(side) {
            let before = pixel(base, at.saturating_sub(distance));
            let after = pixel(base, (at + distance).min(length - 1));
            sum += weight * (before + after);
        }
        out.push(sum / total);
    }
    out
}

/// The mean along the way.
fn moved(light: Vec<f32>, (dx, dy): (f32, f32)) -> Vec<f32> {
    const STEPS: u16 = 9;
    if dx.abs() + dy.abs() < 0.1 {
        return light;
    }
    let mut sum = vec![0.0; light.len()];
    for step in 0..STEPS {
        let share = (f32::from(step) + 0.5) / f32::from(STEPS) - 0.5;
        for (total, pixel) in sum.iter_mut().zip(shifted(&light, dx * share, dy * share)) {
            *total += pixel / f32::from(STEPS);
        }
    }
    sum
}

/// The picture moved by a part of a pixel and some, with values in between.
fn shifted(light: &[f32], dx: f32, dy: f32) -> impl Iterator<Item = f32> + '_ {
    let (left, right_share) = parted(dx);
    let (up, down_share) = parted(dy);
    let pixel = move |x: i32, y: i32| {
        let inside = |at: i32, size: u16| usize::try_from(at.clamp(0, i32::from(size) - 1));
        let (x, y) = (inside(x, WIDTH).unwrap_or(0), inside(y, HEIGHT).unwrap_or(0));
        light.get(y * usize::from(WIDTH) + x).copied().unwrap_or_default()
    };
    let places = (0..i32::from(HEIGHT)).flat_map(|y| (0..i32::from(WIDTH)).map(move |x| (x, y)));
    places.map(move |(x, y)| {
        let row = |y: i32| {
            let (here, next) = (pixel(x + left, y), pixel(x + left + 1, y));
            here + (next - here) * right_share
        };
        let (here, next) = (row(y + up), row(y + up + 1));
        here + (next - here) * down_share
    })
}

/// Whole pixels and the rest.
#[expect(clippy::as_conversions, reason = "no other way leads from a float to a whole number")]
fn parted(distance: f32) -> (i32, f32) {
    (distance.floor() as i32, distance - distance.floor())
}

/// The nearest of 256 grey levels.
#[expect(clippy::as_conversions, reason = "no other way leads from a float to a whole number")]
fn level(grey: f32) -> u8 {
    grey.round().clamp(0.0, 255.0) as u8
}

fn as_jpeg(grey: &[u8], quality: u8) -> Vec<u8> {
    let mut jpeg = Vec::new();
    Encoder::new(&mut jpeg, quality)
        .encode(grey, WIDTH, HEIGHT, ColorType::Luma)
        .expect("the size is that of the pixels");
    jpeg
}
