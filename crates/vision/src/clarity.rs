//! Exposure and sharpness of a face, or of a whole frame, in three figures.
//!
//! Owns the thresholds, set for camera frames of at least 640×480. What to tell the customer is `selfie`'s.

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
/// Variance of the Laplacian at a quarter of the size below which edges are smeared. The drawn portrait of
/// `tests/pictures` has 1190; blurred by a Gaussian of 3 pixels 240, of 5 pixels 63.
const SHARPNESS_MIN: u64 = 150;

/// What was measured.
pub(crate) struct Clarity {
    mean: u64,
    black_percent: u64,
    white_percent: u64,
    sharpness: u64,
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
            sharpness: laplacian_variance(&plane.half().half()),
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
}

fn mean(pixels: &[u8]) -> u64 {
    let sum: u64 = pixels.iter().map(|pixel| u64::from(*pixel)).sum();
    sum.checked_div(u64::try_from(pixels.len()).unwrap_or(u64::MAX)).unwrap_or(0)
}

fn percent(part: usize, whole: usize) -> u64 {
    u64::try_from((part * 100).checked_div(whole).unwrap_or(0)).unwrap_or(0)
}

/// Variance of the four-neighbour Laplacian over the inner pixels. At full size a webcam's noise would weigh
/// more than the face's edges, and a blurred noisy frame pass for sharp.
fn laplacian_variance(plane: &Plane) -> u64 {
    let (mut count, mut sum, mut squares) = (0_i64, 0_i64, 0_i64);
    let above = plane.rows();
    let below = plane.rows().skip(2);
    for ((above, row), below) in above.zip(plane.rows().skip(1)).zip(below) {
        let vertical = above.iter().zip(below).skip(1);
        for (near, (up, down)) in row.windows(3).zip(vertical) {
            let [left, middle, right] = near else { continue };
            let around = [left, right, up, down].map(|pixel| i64::from(*pixel)).iter().sum::<i64>();
            let laplacian = around - 4 * i64::from(*middle);
            count += 1;
            sum += laplacian;
            squares += laplacian * laplacian;
        }
    }
    if count == 0 {
        return 0;
    }
    (squares / count - (sum / count) * (sum / count)).max(0).unsigned_abs()
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
    fn edges_are_sharp_and_slopes_are_not() {
        let plane = |shade: fn(u8) -> u8| {
            Plane::new(64, (0..64_u8).map(shade).collect::<Vec<_>>().repeat(64))
        };
        assert!(Clarity::of(&plane(|column| if column % 16 < 8 { 90 } else { 160 })).is_sharp());
        assert!(!Clarity::of(&plane(|column| 90 + column)).is_sharp());
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
