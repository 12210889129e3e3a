//! Exposure and sharpness of a face, or of a whole frame, in three figures.
//!
//! Owns the thresholds, set for camera frames of at least 640×480. What to tell the customer is `selfie`'s.

use zeroize::Zeroize;

use crate::plane::Plane;

/// Mean brightness below which a face is lost in a webcam's noise; low, so that dark skin in fair light passes.
const FACE_MEAN_MIN: u64 = 55;
/// Mean brightness above which skin has lost its shading.
const FACE_MEAN_MAX: u64 = 215;
/// A whole frame darker than this shows nobody.
const FRAME_MEAN_MIN: u64 = 40;
/// A whole frame brighter than this shows nobody.
const FRAME_MEAN_MAX: u64 = 225;
/// Brightness at or below which a pixel has no detail left.
const BLACK: u8 = 8;
/// Brightness at or above which a pixel has no detail left.
const WHITE: u8 = 250;
/// Share of a face that may be without detail, in percent: pupils, a highlight on the forehead.
const CLIPPED_MAX_PERCENT: u64 = 20;
/// Sharpness is measured at this size of a face: what is finer than a pixel of it, no comparison of faces needs,
/// and a webcam's noise is gone from it.
const SHARPNESS_SIDE: usize = 64;
/// Below, edges are smeared. Of the portraits in `tests/pictures` as a small noisy camera sees them the least
/// sharp has 0.078; blurred by a Gaussian of a seventieth of the face (3 pixels of 216) the sharpest has 0.050.
const SHARPNESS_MIN: f64 = 0.062;

/// What was measured.
pub(crate) struct Clarity {
    mean: u64,
    black_percent: u64,
    white_percent: u64,
    sharpness: f64,
}

/// How something is lit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Light {
    /// Too little.
    Dark,
    /// Enough and not too much.
    Right,
    /// Too much.
    Bright,
}

impl Clarity {
    /// Measures; a plane without pixels is black and smeared.
    pub(crate) fn of(plane: &Plane) -> Self {
        let pixels = plane.pixels();
        let share = |counted: usize| percent(counted, pixels.len());
        Self {
            mean: mean(pixels),
            black_percent: share(pixels.iter().filter(|pixel| **pixel <= BLACK).count()),
            white_percent: share(pixels.iter().filter(|pixel| **pixel >= WHITE).count()),
            sharpness: sharpness(&plane.sized_to(SHARPNESS_SIDE)),
        }
    }

    /// How a face is lit.
    pub(crate) fn face_light(&self) -> Light {
        if self.mean < FACE_MEAN_MIN || self.black_percent > CLIPPED_MAX_PERCENT {
            Light::Dark
        } else if self.mean > FACE_MEAN_MAX || self.white_percent > CLIPPED_MAX_PERCENT {
            Light::Bright
        } else {
            Light::Right
        }
    }

    /// How a frame without a face is lit; black or white backgrounds are nobody's fault, so only the mean counts.
    pub(crate) fn frame_light(&self) -> Light {
        if self.mean < FRAME_MEAN_MIN {
            Light::Dark
        } else if self.mean > FRAME_MEAN_MAX {
            Light::Bright
        } else {
            Light::Right
        }
    }

    /// Whether edges are edges.
    pub(crate) fn is_sharp(&self) -> bool {
        self.sharpness >= SHARPNESS_MIN
    }

    /// How sharp, whatever the contrast; 0 for a slope, above 1 for fine texture.
    pub(crate) fn sharpness(&self) -> f64 {
        self.sharpness
    }

    /// From the dark to the bright of a part, without the extremes, in percent of the whole's mean.
    pub(crate) fn contrast_percent(&self, part: &Plane) -> u64 {
        let mut sorted = part.pixels().to_vec();
        sorted.sort_unstable();
        let at =
            |percent: usize| sorted.get(sorted.len() * percent / 100).map_or(0, |p| u64::from(*p));
        let contrast = at(80).saturating_sub(at(10));
        sorted.zeroize();
        (contrast * 100).checked_div(self.mean).unwrap_or(0)
    }
}

fn mean(pixels: &[u8]) -> u64 {
    let sum: u64 = pixels.iter().map(|pixel| u64::from(*pixel)).sum();
    sum.checked_div(u64::try_from(pixels.len()).unwrap_or(u64::MAX)).unwrap_or(0)
}

fn percent(part: usize, whole: usize) -> u64 {
    u64::try_from((part * 100).checked_div(whole).unwrap_or(0)).unwrap_or(0)
}

/// The curvature of brightness as a share of its variance, in the direction in which there is less: a hand that
/// moves blurs in one direction only. Twice that, so that it compares with a Laplacian.
fn sharpness(plane: &Plane) -> f64 {
    let across = plane.rows().flat_map(|row| row.windows(3).map(curvature));
    let columns = plane.rows().zip(plane.rows().skip(1)).zip(plane.rows().skip(2));
    let down = columns.flat_map(|((above, row), below)| {
        above.iter().zip(row).zip(below).map(|((a, b), c)| curvature(&[*a, *b, *c]))
    });
    let brightness = variance(plane.pixels().iter().map(|pixel| i64::from(*pixel)));
    if brightness > 0.0 { 2.0 * variance(across).min(variance(down)) / brightness } else { 0.0 }
}

fn curvature(three: &[u8]) -> i64 {
    let [before, middle, after] = three else { return 0 };
    i64::from(*before) + i64::from(*after) - 2 * i64::from(*middle)
}

fn variance(values: impl Iterator<Item = i64>) -> f64 {
    let (mut count, mut sum, mut squares) = (0_i32, 0_i64, 0_i64);
    for value in values {
        count += 1;
        sum += value;
        squares += value * value;
    }
    let [sum, squares] =
        [sum, squares].map(|total| i32::try_from(total).unwrap_or(i32::MAX)).map(f64::from);
    let count = f64::from(count.max(1));
    (squares / count - (sum / count) * (sum / count)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 64×64 pixels; the first `percent` of them `value`, the rest middle grey.
    #[track_caller]
    fn check(value: u8, percent: usize, face: Light, frame: Light) {
        let part = 64 * 64 * percent / 100;
        let mut pixels = vec![value; part];
        pixels.resize(64 * 64, 128);
        let clarity = Clarity::of(&Plane::new(64, pixels));
        assert_eq!((clarity.face_light(), clarity.frame_light()), (face, frame));
    }

    #[test]
    fn light_is_right_between_the_means() {
        check(54, 100, Light::Dark, Light::Right);
        check(55, 100, Light::Right, Light::Right);
        check(215, 100, Light::Right, Light::Right);
        check(216, 100, Light::Bright, Light::Right);
        check(39, 100, Light::Dark, Light::Dark);
        check(226, 100, Light::Bright, Light::Bright);
    }

    #[test]
    fn a_face_with_too_much_clipped_away_is_badly_lit_whatever_its_mean() {
        check(255, 20, Light::Right, Light::Right);
        check(255, 25, Light::Bright, Light::Right);
        check(0, 20, Light::Right, Light::Right);
        check(0, 25, Light::Dark, Light::Right);
    }

    #[test]
    fn edges_are_sharp_and_slopes_and_what_moves_are_not() {
        let plane = |shade: fn(u8, u8) -> u8| {
            let rows = (0..64_u8).flat_map(|row| (0..64_u8).map(move |column| shade(column, row)));
            Clarity::of(&Plane::new(64, rows.collect()))
        };
        assert!(plane(|x, y| if (x % 16 < 8) == (y % 16 < 8) { 90 } else { 160 }).is_sharp());
        assert!(!plane(|x, y| 90 + x / 2 + y / 2).is_sharp());
        assert!(!plane(|_, y| if y % 16 < 8 { 90 } else { 160 }).is_sharp());
    }

    #[test]
    fn contrast_is_from_the_dark_to_the_bright_of_a_part() {
        let whole = Clarity::of(&Plane::new(64, vec![100; 64 * 64]));
        let eye = [vec![20; 30], vec![120; 70]].concat();
        assert_eq!(whole.contrast_percent(&Plane::new(10, eye)), 100);
        assert_eq!(whole.contrast_percent(&Plane::new(10, vec![90; 100])), 0);
        assert_eq!(whole.contrast_percent(&Plane::new(0, vec![])), 0);
    }

    #[test]
    fn a_plane_without_pixels_is_dark_and_not_sharp() {
        for (width, pixels) in [(0, vec![]), (3, vec![]), (1, vec![9])] {
            let clarity = Clarity::of(&Plane::new(width, pixels));
            assert_eq!(clarity.face_light(), Light::Dark);
            assert!(!clarity.is_sharp());
        }
    }
}
