//! The modules of one QR code, measured in grey.
//!
//! Owns where the modules lie, given three finder patterns, and how dark each is: the mean of nine places in
//! it, compared with its surroundings. Blur spills a module's light over its neighbours in a way that is the
//! same everywhere, so taking a share of the neighbours away undoes a good part of it.

use rxing::Point;
use rxing::common::{BitMatrix, PerspectiveTransform, Quadrilateral};
use rxing::qrcode::cpp_port::detector::FinderPatternSet;
use zeroize::Zeroizing;

use crate::plane::Plane;

/// Modules from a corner to the middle of its finder pattern.
const FINDER: f32 = 3.5;
/// Modules from the lower right corner to the middle of the alignment pattern.
const ALIGNMENT: f32 = 6.5;
/// The smallest symbol, and the largest without a second alignment pattern; 55 characters need no larger one.
const SIDES: [usize; 6] = [21, 25, 29, 33, 37, 41];
/// Sizes that are tried: the size is estimated from the patterns, which blur makes larger or smaller.
const SIDES_TRIED: usize = 2;
/// How far a size may be from the estimate, in modules.
const SIDE_OFF_MAX: f32 = 6.0;
/// Steps, half a module each, in which the alignment pattern is searched around where a flat code has it.
const SEARCH: i16 = 7;
/// Shares of the neighbours that are taken away, one after the other: none, mild, and strong blur.
const SHARPENINGS: [f32; 4] = [0.0, 0.6, 1.4, 2.6];
/// Modules around a module that are its surroundings, each way.
const AROUND: usize = 5;

/// Which tone a dark module has.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Polarity {
    /// As printed.
    DarkOnLight,
    /// As phones in dark mode draw it.
    LightOnDark,
}

/// The tones of all modules of a code, with one row and column of its margin on each side.
pub(crate) struct Grid {
    side: usize,
    tones: Zeroizing<Vec<f32>>,
}

impl Grid {
    /// The grids that three patterns may stand for, the most likely size first.
    pub(crate) fn all_that_fit<'p>(
        plane: &'p Plane,
        set: &FinderPatternSet,
        polarity: Polarity,
    ) -> impl Iterator<Item = Self> + 'p {
        let corners = [set.tl.p, set.tr.p, set.bl.p];
        let estimate = estimated_side(set);
        let off = move |side: usize| (length(side) - estimate).abs();
        let mut sides = SIDES;
        sides.sort_by(|a, b| off(*a).total_cmp(&off(*b)));
        let likely =
            sides.into_iter().take(SIDES_TRIED).filter(move |side| off(*side) < SIDE_OFF_MAX);
        likely.filter_map(move |side| Self::measured(plane, corners, side, polarity))
    }

    fn measured(
        plane: &Plane,
        corners: [Point; 3],
        side: usize,
        polarity: Polarity,
    ) -> Option<Self> {
        let light = Light { plane, polarity };
        let map = placed(&light, corners, side)?;
        let places = (0..side + 2).flat_map(|y| (0..side + 2).map(move |x| (x, y)));
        let tones = places.map(|(x, y)| light.of_module(&map, length(x) - 0.5, length(y) - 0.5));
        Some(Self { side, tones: Zeroizing::new(tones.collect()) })
    }

    /// Dark and light modules, once for each sharpening.
    pub(crate) fn readings(&self) -> impl Iterator<Item = BitMatrix> + '_ {
        let surroundings = self.surroundings();
        SHARPENINGS.into_iter().filter_map(move |share| self.reading(&surroundings, share))
    }

    fn reading(&self, surroundings: &[f32], share: f32) -> Option<BitMatrix> {
        let side = u32::try_from(self.side).ok()?;
        let mut bits = BitMatrix::new(side, side).ok()?;
        let places = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
        for ((x, y), surrounding) in places.zip(surroundings) {
            let (column, row) = (usize::try_from(x).ok()? + 1, usize::try_from(y).ok()? + 1);
            let tone = self.tone(column, row);
            let beside = self.tone(column - 1, row)
                + self.tone(column + 1, row)
                + self.tone(column, row - 1)
                + self.tone(column, row + 1);
            if tone + share * (tone - beside / 4.0) < *surrounding {
                bits.set(x, y);
            }
        }
        Some(bits)
    }

    /// The tone between dark and light around each module.
    fn surroundings(&self) -> Vec<f32> {
        let reach =
            |at: usize| (at + 1).saturating_sub(AROUND)..(at + 2 + AROUND).min(self.side + 2);
        let places = (0..self.side).flat_map(|y| (0..self.side).map(move |x| (x, y)));
        let mean = |(x, y): (usize, usize)| {
            let rows = reach(y).filter_map(|row| {
                let start = row * (self.side + 2);
                self.tones.get(start + reach(x).start..start + reach(x).end)
            });
            let (mut sum, mut count) = (0.0, 0.0);
            for tone in rows.flatten() {
                sum += tone;
                count += 1.0;
            }
            sum / count
        };
        places.map(mean).collect()
    }

    fn tone(&self, column: usize, row: usize) -> f32 {
        self.tones.get(row * (self.side + 2) + column).copied().unwrap_or_default()
    }
}

/// Modules along a side by the size of the patterns, which are 7 modules wide.
fn estimated_side(set: &FinderPatternSet) -> f32 {
    let width = |size: i32| f32::from(i16::try_from(size).unwrap_or(i16::MAX));
    let module = (width(set.tl.size) + width(set.tr.size) + width(set.bl.size)) / 21.0;
    let sides = Point::distance(set.tl.p, set.tr.p) + Point::distance(set.tl.p, set.bl.p);
    sides / 2.0 / module.max(0.1) + 2.0 * FINDER
}

/// From modules to pixels: three corners are known, the fourth is the alignment pattern, searched around the
/// place that it has if the code is not tilted. The smallest code has none and is taken for flat.
fn placed(
    light: &Light<'_>,
    [tl, tr, bl]: [Point; 3],
    side: usize,
) -> Option<PerspectiveTransform> {
    let end = length(side);
    let flat = transform([tl, tr, tr - tl + bl, bl], end, FINDER)?;
    if side == SIDES[0] {
        return Some(flat);
    }
    let guess = Point::new(end - ALIGNMENT, end - ALIGNMENT);
    let steps = (-SEARCH..=SEARCH).flat_map(|y| (-SEARCH..=SEARCH).map(move |x| (x, y)));
    let tried = steps.map(|(x, y)| {
        let place = Point::new(guess.x + f32::from(x) / 2.0, guess.y + f32::from(y) / 2.0);
        (light.alignment(&flat, place), place)
    });
    let (_, found) = tried.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    transform([tl, tr, flat.transform_point(found), bl], end, ALIGNMENT)
}

/// `fourth` is the distance of the fourth point from the corner, in modules.
fn transform([tl, tr, br, bl]: [Point; 4], end: f32, fourth: f32) -> Option<PerspectiveTransform> {
    let far = end - FINDER;
    let modules = Quadrilateral::new(
        Point::new(FINDER, FINDER),
        Point::new(far, FINDER),
        Point::new(end - fourth, end - fourth),
        Point::new(FINDER, far),
    );
    let pixels = Quadrilateral::new(tl, tr, br, bl);
    PerspectiveTransform::quadrilateralToQuadrilateral(modules, pixels).ok()
}

/// Brightness at a place, turned around for light on dark.
struct Light<'p> {
    plane: &'p Plane,
    polarity: Polarity,
}

impl Light<'_> {
    /// The mean of nine places in a module; `x` and `y` are its middle.
    fn of_module(&self, map: &PerspectiveTransform, x: f32, y: f32) -> f32 {
        const STEPS: [f32; 3] = [-0.27, 0.0, 0.27];
        let places = STEPS.into_iter().flat_map(|dx| STEPS.map(|dy| Point::new(x + dx, y + dy)));
        places.map(|place| self.at(map.transform_point(place))).sum::<f32>() / 9.0
    }

    /// How much a place looks like the middle of an alignment pattern: light ring minus dark ring and dot.
    fn alignment(&self, map: &PerspectiveTransform, middle: Point) -> f32 {
        let (mut light, mut dark) = (0.0, 0.0);
        for y in -2_i8..=2 {
            for x in -2_i8..=2 {
                let place = Point::new(middle.x + f32::from(x), middle.y + f32::from(y));
                let tone = self.at(map.transform_point(place));
                match x.abs().max(y.abs()) {
                    1 => light += tone / 8.0,
                    _ => dark += tone / 17.0,
                }
            }
        }
        light - dark
    }

    fn at(&self, place: Point) -> f32 {
        let tone = self.plane.at(place.x, place.y);
        match self.polarity {
            Polarity::DarkOnLight => tone,
            Polarity::LightOnDark => 255.0 - tone,
        }
    }
}

fn length(modules: usize) -> f32 {
    f32::from(u16::try_from(modules).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use rxing::common::cpp_essentials::ConcentricPattern;

    use super::*;

    /// Pixels of a module.
    const MODULE: usize = 6;
    /// Light modules around the code.
    const MARGIN: usize = 4;

    /// ISO/IEC 18004, 6.3.3: dark, a light ring, and three by three dark modules.
    fn is_dark_in_finder(x: usize, y: usize) -> bool {
        matches!(x.abs_diff(3).max(y.abs_diff(3)), 0 | 1 | 3)
    }

    /// Finder and alignment patterns where the standard has them, and a chequered field everywhere else.
    fn is_dark(side: usize, x: usize, y: usize) -> bool {
        let (far_x, far_y) = (x + 8 >= side, y + 8 >= side);
        match (x < 8 || far_x, y < 8 || far_y, far_x && far_y) {
            (true, true, false) => {
                let along = |at: usize, far: bool| if far { at + 7 - side } else { at };
                // The separator beside a pattern lies seven modules from its far edge.
                let edge = |at: usize, far: bool| if far { at + 8 == side } else { at == 7 };
                !edge(x, far_x)
                    && !edge(y, far_y)
                    && is_dark_in_finder(along(x, far_x), along(y, far_y))
            }
            _ => {
                let ring = x.abs_diff(side - 7).max(y.abs_diff(side - 7));
                if side > 21 && ring <= 2 { ring != 1 } else { (x + y).is_multiple_of(2) }
            }
        }
    }

    /// A drawn code, dark modules in one tone and light ones in the other.
    fn drawn(side: usize, dark: u8, light: u8) -> Plane {
        let pixels = (side + 2 * MARGIN) * MODULE;
        let module = |at: usize| (at / MODULE).checked_sub(MARGIN).filter(|at| *at < side);
        let places = (0..pixels).flat_map(|y| (0..pixels).map(move |x| (module(x), module(y))));
        let tones = places.map(|place| match place {
            (Some(x), Some(y)) if is_dark(side, x, y) => dark,
            _ => light,
        });
        Plane::new(pixels, tones.collect())
    }

    /// The three patterns of a drawn code, each said to be so many pixels wide.
    fn patterns(side: usize, width: i32) -> FinderPatternSet {
        let place = |modules: f32| (modules + length(MARGIN)) * length(MODULE);
        let (near, far) = (place(FINDER), place(length(side) - FINDER));
        let pattern = |x, y| ConcentricPattern { p: Point::new(x, y), size: width };
        FinderPatternSet { tl: pattern(near, near), tr: pattern(far, near), bl: pattern(near, far) }
    }

    #[track_caller]
    fn check(side: usize, plane: &Plane, polarity: Polarity) {
        let set = patterns(side, 42);
        let grid = Grid::all_that_fit(plane, &set, polarity).next().unwrap();
        assert_eq!(grid.side, side);
        let bits = grid.readings().next().unwrap();
        for y in 0..side {
            for x in 0..side {
                let bit = bits.get(u32::try_from(x).unwrap(), u32::try_from(y).unwrap());
                assert_eq!(bit, is_dark(side, x, y), "{side}: column {x}, row {y}");
            }
        }
    }

    #[test]
    fn every_module_of_every_size_is_measured_in_either_tone() {
        for side in SIDES {
            check(side, &drawn(side, 30, 220), Polarity::DarkOnLight);
            check(side, &drawn(side, 220, 30), Polarity::LightOnDark);
        }
    }

    #[test]
    fn modules_are_told_apart_by_their_surroundings_and_not_by_one_threshold() {
        let plane = drawn(29, 60, 120);
        let width = plane.width();
        let shaded = plane.pixels().iter().enumerate().map(|(at, tone)| {
            // From left to right the light more than doubles: dark on the right is lighter than light on the left.
            let share = at % width * 160 / width;
            u8::try_from(usize::from(*tone) * (100 + share) / 130).unwrap()
        });
        check(29, &Plane::new(width, shaded.collect()), Polarity::DarkOnLight);
    }

    #[test]
    fn the_likeliest_size_comes_first_and_others_only_if_they_are_near() {
        let sides = |width| {
            let plane = drawn(29, 30, 220);
            let set = patterns(29, width);
            let grids = Grid::all_that_fit(&plane, &set, Polarity::DarkOnLight);
            grids.map(|grid| grid.side).collect::<Vec<_>>()
        };
        assert_eq!(sides(42).first(), Some(&29));
        assert_eq!(sides(42).len(), SIDES_TRIED);
        // Patterns a third as wide would belong to a code of some 73 modules, which is none of ours.
        assert!(sides(14).is_empty());
    }
}
