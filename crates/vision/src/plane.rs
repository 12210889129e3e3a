//! Brightness alone, and the few operations that reading codes and judging light need.
//!
//! Owns the copies: each plane is wiped on drop. What an operation is good for is told where it is used.

use fast_image_resize::FilterType;
use zeroize::Zeroizing;

use crate::scaled;

/// One byte a pixel, rows from the top, no padding.
pub(crate) struct Plane {
    width: usize,
    pixels: Zeroizing<Vec<u8>>,
}

impl Plane {
    /// Rows of `width` pixels each; a last row that is not full is cut off.
    pub(crate) fn new(width: usize, mut pixels: Vec<u8>) -> Self {
        let whole = pixels.len() - pixels.len().checked_rem(width).unwrap_or(0);
        pixels.truncate(whole);
        Self { width, pixels: Zeroizing::new(pixels) }
    }

    /// Pixels across.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Pixels down.
    pub(crate) fn height(&self) -> usize {
        self.pixels.len().checked_div(self.width).unwrap_or(0)
    }

    /// All pixels, row by row.
    pub(crate) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The rows from the top.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.pixels.chunks_exact(self.width.max(1))
    }

    /// The brightness of the pixel at a place, 0 to 255; beside the plane that of the nearest one.
    pub(crate) fn at(&self, x: f32, y: f32) -> f32 {
        let column = whole(x).min(self.width.saturating_sub(1));
        let row = whole(y).min(self.height().saturating_sub(1));
        self.pixels.get(row * self.width + column).copied().map_or(0.0, f32::from)
    }

    /// So many rows taken together to one, each drawn twice as wide.
    pub(crate) fn lines(&self, rows: usize) -> Self {
        self.resized(self.width * 2, self.height() / rows.max(1), FilterType::CatmullRom)
    }

    /// Columns become rows.
    pub(crate) fn transposed(&self) -> Self {
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for column in 0..self.width {
            pixels.extend(self.pixels.iter().skip(column).step_by(self.width));
        }
        Self::new(self.height(), pixels)
    }

    /// A third of the size both ways, each pixel the mean of nine.
    pub(crate) fn third(&self) -> Self {
        self.resized(self.width / 3, self.height() / 3, FilterType::Box)
    }

    /// Half the size both ways, each pixel the mean of four.
    pub(crate) fn half(&self) -> Self {
        self.resized(self.width / 2, self.height() / 2, FilterType::Box)
    }

    /// Halved until the longer side has at most `side_max` pixels.
    pub(crate) fn halved_to(self, side_max: usize) -> Self {
        let mut plane = self;
        while plane.width().max(plane.height()) > side_max {
            plane = plane.half();
        }
        plane
    }

    /// Scaled so that the longer side has this many pixels, each the mean of those it stands for.
    pub(crate) fn sized_to(&self, longer: usize) -> Self {
        let whole = self.width.max(self.height()).max(1);
        self.resized(self.width * longer / whole, self.height() * longer / whole, FilterType::Box)
    }

    /// The same size without detail finer than about `grain` pixels.
    pub(crate) fn smoothed(&self, grain: usize) -> Self {
        self.resized(self.width / grain, self.height() / grain, FilterType::Box).resized(
            self.width,
            self.height(),
            FilterType::Bilinear,
        )
    }

    /// Pixel by pixel with another plane of the same size.
    pub(crate) fn combined(&self, other: &Self, mix: impl Fn(u8, u8) -> u8) -> Self {
        let pixels = self.pixels.iter().zip(other.pixels.iter()).map(|(a, b)| mix(*a, *b));
        Self::new(self.width, pixels.collect())
    }

    /// The part of a rectangle that lies inside, possibly nothing.
    pub(crate) fn cropped(&self, left: usize, top: usize, width: usize, height: usize) -> Self {
        let columns = left.min(self.width)..left.saturating_add(width).min(self.width);
        let mut pixels = Vec::with_capacity(columns.len() * height.min(self.height()));
        for row in self.rows().skip(top).take(height) {
            pixels.extend_from_slice(row.get(columns.clone()).unwrap_or_default());
        }
        Self::new(columns.len(), pixels)
    }

    /// At least one pixel each way; a plane without pixels stays as it is.
    fn resized(&self, width: usize, height: usize, filter: FilterType) -> Self {
        const FITS: &str = "the sides are 1 to 4096 and the buffer is their product";
        let (width, height) = (width.max(1), height.max(1));
        let side = |pixels: usize| u32::try_from(pixels).expect(FITS);
        if self.pixels.is_empty() {
            return Self { width, pixels: Zeroizing::new(vec![0; width * height]) };
        }
        let (from, to) = ((side(self.width), side(self.height())), (side(width), side(height)));
        let pixels = scaled::luma(&self.pixels, from, to, filter).expect(FITS);
        Self { width, pixels }
    }
}

/// The pixel that a place is in; places before the first are in the first.
#[expect(clippy::as_conversions, reason = "no other way leads from a float to a whole number")]
pub(crate) fn whole(place: f32) -> usize {
    place.max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(plane: &Plane, width: usize, pixels: &[u8]) {
        assert_eq!((plane.width(), plane.pixels()), (width, pixels));
        assert_eq!(plane.height() * plane.width(), pixels.len());
    }

    #[test]
    fn half_is_the_mean_of_four() {
        check(&Plane::new(4, vec![0, 4, 10, 10, 8, 12, 10, 50]).half(), 2, &[6, 20]);
    }

    #[test]
    fn halving_stops_at_the_limit_and_at_one_pixel() {
        check(&Plane::new(4, vec![7; 16]).halved_to(2), 2, &[7; 4]);
        check(&Plane::new(1, vec![7; 8]).halved_to(3), 1, &[7; 2]);
    }

    #[test]
    fn a_crop_takes_what_lies_inside() {
        let plane = Plane::new(3, vec![1, 2, 3, 4, 5, 6]);
        check(&plane.cropped(1, 1, 9, 9), 2, &[5, 6]);
        check(&plane.cropped(0, 0, 1, 2), 1, &[1, 4]);
        check(&plane.cropped(3, 0, 2, 2), 0, &[]);
        check(&plane.cropped(usize::MAX, 5, usize::MAX, usize::MAX), 0, &[]);
    }

    #[test]
    fn smoothing_keeps_the_size_and_an_even_grey() {
        check(&Plane::new(5, vec![90; 35]).smoothed(3), 5, &[90; 35]);
        check(&Plane::new(1, vec![90; 3]).smoothed(32), 1, &[90; 3]);
    }

    #[test]
    fn a_last_row_that_is_not_full_is_cut_off() {
        check(&Plane::new(2, vec![1, 2, 3]), 2, &[1, 2]);
        check(&Plane::new(0, vec![]), 0, &[]);
    }
}
