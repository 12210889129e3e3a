//! The faces in a frame, each with its eyes, nose and mouth, in the frame's own pixels.
//!
//! Owns what the network's guesses mean: which are sure enough, which are of the same face, and where they
//! lie. Whether a face makes a selfie is `selfie`'s.

use fast_image_resize::FilterType;
use zeroize::Zeroizing;

use crate::frame::{Frame, Pixels};
use crate::network::{GUESS, Grid, Network, SIDE};
use crate::scaled;

/// From this logit on a guess counts: 0.5 as a share, as in the network's own pipeline.
const LOGIT_MIN: f32 = 0.0;
/// Guesses that share more of their area than this are of one face, as in the network's own pipeline.
const SAME_FACE_MIN: f32 = 0.3;
/// More faces in view than this are not told apart.
const FACES_MAX: usize = 8;

/// Finds faces.
pub(crate) struct FaceFinder(Network);

/// A place in the frame, in pixels from the upper left; it may lie outside.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f32,
    pub(crate) y: f32,
}

/// A face, seen as a person sees it who looks at the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Face {
    /// How sure the network is, 0.5 to 1.
    pub(crate) score: f32,
    /// The middle of the box from brow to chin.
    pub(crate) middle: Point,
    /// The box's side; it is a square.
    pub(crate) side: f32,
    /// The eye further to the left in an upright picture.
    pub(crate) left_eye: Point,
    /// The other one.
    pub(crate) right_eye: Point,
    /// The nose's tip.
    pub(crate) nose: Point,
    /// The middle of the mouth.
    pub(crate) mouth: Point,
}

impl FaceFinder {
    /// Unpacks the network.
    pub(crate) fn new() -> Self {
        Self(Network::new())
    }

    /// All faces of at least about a tenth of the frame's longer side, the surest first.
    pub(crate) fn faces(&self, frame: &Frame) -> Vec<Face> {
        let Some(picture) = Input::of(frame) else { return Vec::new() };
        let mut guesses: Vec<Face> =
            self.0.look(&picture.values).iter().flat_map(|grid| picture.guesses(grid)).collect();
        guesses.sort_by(|a, b| b.score.total_cmp(&a.score));
        let mut faces = Vec::new();
        while let Some(surest) = guesses.first().copied() {
            if faces.len() == FACES_MAX {
                break;
            }
            let same = |guess: &Face| surest.shares(guess) > SAME_FACE_MIN;
            faces.push(Face::mean(guesses.iter().copied().filter(same), surest));
            // The surest shares everything with itself, so there are fewer each time.
            guesses.retain(|guess| !same(guess) && *guess != surest);
        }
        faces
    }
}

/// The frame as the network takes it: whole, in the middle of a black square.
struct Input {
    values: Zeroizing<Vec<f32>>,
    /// Pixels of the frame for the whole of the square.
    scale: f32,
    /// What lies beside and above the frame, in its pixels.
    margin: Point,
}

impl Input {
    fn of(frame: &Frame) -> Option<Self> {
        let (width, height) = (frame.width(), frame.height());
        let longer = width.max(height);
        let square = u32::try_from(SIDE).ok()?;
        let (columns, rows) = ((width * square / longer).max(1), (height * square / longer).max(1));
        let (from, to) = ((width, height), (columns, rows));
        let (pixels, channels) = match frame.pixels() {
            Pixels::Rgb(pixels) => (scaled::rgb(pixels, from, to, FilterType::Box)?, 3),
            Pixels::Luma(pixels) => (scaled::luma(pixels, from, to, FilterType::Box)?, 1),
        };
        let (before, above) = ((square - columns) / 2, (square - rows) / 2);
        let mut values = Zeroizing::new(vec![-1.0; SIDE * SIDE * 3]);
        let from = pixels.chunks_exact(usize::try_from(columns).ok()? * channels);
        let to = values.chunks_exact_mut(SIDE * 3).skip(usize::try_from(above).ok()?);
        for (to, from) in to.zip(from) {
            let inner = to.chunks_exact_mut(3).skip(usize::try_from(before).ok()?);
            for (to, from) in inner.zip(from.chunks_exact(channels)) {
                let spread = from.iter().cycle();
                to.iter_mut()
                    .zip(spread)
                    .for_each(|(to, from)| *to = f32::from(*from) / 127.5 - 1.0);
            }
        }
        let pixels = |count: u32| u16::try_from(count).map(f32::from).ok();
        let scale = pixels(longer)?;
        let each = scale / pixels(square)?;
        let margin = Point { x: pixels(before)? * each, y: pixels(above)? * each };
        Some(Self { values, scale, margin })
    }

    /// The guesses that are sure enough.
    fn guesses(&self, grid: &Grid) -> Vec<Face> {
        let side = f32::from(grid.side);
        let cells = (0..grid.side).flat_map(|row| (0..grid.side).map(move |column| (column, row)));
        let each = cells.flat_map(|cell| std::iter::repeat_n(cell, grid.guesses_each));
        let numbers = grid.guesses.as_chunks::<GUESS>().0;
        let mut sure = Vec::new();
        for (((column, row), logit), guess) in each.zip(&grid.scores).zip(numbers) {
            if *logit < LOGIT_MIN {
                continue;
            }
            let (across, down) = ((f32::from(column) + 0.5) / side, (f32::from(row) + 0.5) / side);
            let point = |[x, y]: [f32; 2]| self.point(x / 128.0 + across, y / 128.0 + down);
            let [x, y, width, _, ax, ay, bx, by, nx, ny, mx, my, ..] = *guess;
            sure.push(Face {
                score: 1.0 / (1.0 + (-logit.min(30.0)).exp()),
                middle: point([x, y]),
                side: width / 128.0 * self.scale,
                left_eye: point([ax, ay]),
                right_eye: point([bx, by]),
                nose: point([nx, ny]),
                mouth: point([mx, my]),
            });
        }
        sure
    }

    /// From shares of the square to pixels of the frame.
    fn point(&self, x: f32, y: f32) -> Point {
        Point { x: x * self.scale - self.margin.x, y: y * self.scale - self.margin.y }
    }
}

impl Face {
    /// The shared part of two faces' boxes in their union.
    fn shares(&self, other: &Self) -> f32 {
        let overlap = |a: f32, b: f32| {
            let end = (a + self.side / 2.0).min(b + other.side / 2.0);
            (end - (a - self.side / 2.0).max(b - other.side / 2.0)).max(0.0)
        };
        let shared =
            overlap(self.middle.x, other.middle.x) * overlap(self.middle.y, other.middle.y);
        let union = self.side * self.side + other.side * other.side - shared;
        if union > 0.0 { shared / union } else { 0.0 }
    }

    /// The mean of guesses of one face by their scores: it trembles less than the surest one.
    fn mean(guesses: impl Iterator<Item = Self> + Clone, surest: Self) -> Self {
        let total: f32 = guesses.clone().map(|guess| guess.score).sum();
        if total <= 0.0 {
            return surest;
        }
        let number = |of: fn(&Self) -> f32| {
            guesses.clone().map(|guess| of(&guess) * guess.score).sum::<f32>() / total
        };
        Self {
            score: surest.score,
            middle: Point { x: number(|face| face.middle.x), y: number(|face| face.middle.y) },
            side: number(|face| face.side),
            left_eye: Point {
                x: number(|face| face.left_eye.x),
                y: number(|face| face.left_eye.y),
            },
            right_eye: Point {
                x: number(|face| face.right_eye.x),
                y: number(|face| face.right_eye.y),
            },
            nose: Point { x: number(|face| face.nose.x), y: number(|face| face.nose.y) },
            mouth: Point { x: number(|face| face.mouth.x), y: number(|face| face.mouth.y) },
        }
    }

    /// From eye to eye, in pixels.
    pub(crate) fn eye_distance(&self) -> f32 {
        (self.right_eye.x - self.left_eye.x).hypot(self.right_eye.y - self.left_eye.y)
    }

    /// How far the head leans to a side, in degrees; clockwise in the picture is positive.
    pub(crate) fn tilt_degrees(&self) -> f32 {
        (self.right_eye.y - self.left_eye.y).atan2(self.right_eye.x - self.left_eye.x).to_degrees()
    }

    /// How far the nose lies beside the line from between the eyes to the mouth, towards the right eye, as a
    /// share of the eyes' distance: the same in a flat picture however it is held, because an affine map keeps
    /// it. Nothing where eyes and mouth lie on one line.
    pub(crate) fn nose_aside(&self) -> Option<f32> {
        let middle = self.between_the_eyes();
        let eyes =
            Point { x: self.right_eye.x - self.left_eye.x, y: self.right_eye.y - self.left_eye.y };
        let mouth = Point { x: self.mouth.x - middle.x, y: self.mouth.y - middle.y };
        let nose = Point { x: self.nose.x - middle.x, y: self.nose.y - middle.y };
        let area = |a: Point, b: Point| a.x * b.y - a.y * b.x;
        let whole = area(eyes, mouth);
        (whole.abs() > 1.0).then(|| area(nose, mouth) / whole)
    }

    fn between_the_eyes(&self) -> Point {
        Point {
            x: self.left_eye.x.midpoint(self.right_eye.x),
            y: self.left_eye.y.midpoint(self.right_eye.y),
        }
    }

    /// How far the nose lies from the middle between the eyes towards the right one, as a share of their
    /// distance: about 0 from the front, at most 0.2 for a head held straight.
    pub(crate) fn turn(&self) -> f32 {
        let (x, y) = (self.right_eye.x - self.left_eye.x, self.right_eye.y - self.left_eye.y);
        let middle = self.between_the_eyes();
        let along = (self.nose.x - middle.x) * x + (self.nose.y - middle.y) * y;
        along / (x * x + y * y).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACE: &[u8] = include_bytes!("../../../tests/pictures/face.jpg");
    const TWO_FACES: &[u8] = include_bytes!("../../../tests/pictures/two-faces.jpg");

    fn faces(jpeg: &[u8]) -> Vec<Face> {
        FaceFinder::new().faces(&Frame::from_jpeg(jpeg).unwrap())
    }

    #[test]
    fn a_face_is_found_once_with_its_parts_in_their_order() {
        let faces = faces(FACE);
        let [face] = faces.as_slice() else { panic!("{} faces", faces.len()) };
        assert!(face.left_eye.x < face.nose.x && face.nose.x < face.right_eye.x);
        assert!(face.left_eye.y < face.nose.y && face.nose.y < face.mouth.y);
        assert!((face.middle.x - 320.0).abs() < 30.0, "{}", face.middle.x);
        assert!(face.tilt_degrees().abs() < 6.0 && face.turn().abs() < 0.2);
    }

    #[test]
    fn two_people_are_two_faces() {
        assert_eq!(faces(TWO_FACES).len(), 2);
    }

    #[test]
    fn a_flat_picture_keeps_the_nose_beside_its_line_however_it_is_held() {
        let face = faces(FACE)[0];
        let aside = face.nose_aside().unwrap();
        for [a, b, c, d] in [
            [1.0, 0.0, 0.0, 1.0],
            [0.5, 0.0, 0.0, 1.2],
            [0.8, -0.6, 0.6, 0.8],
            [1.0, 0.4, 0.0, 0.7],
        ] {
            let held = |point: Point| Point {
                x: a * point.x + b * point.y + 9.0,
                y: c * point.x + d * point.y - 7.0,
            };
            let flat = Face {
                left_eye: held(face.left_eye),
                right_eye: held(face.right_eye),
                nose: held(face.nose),
                mouth: held(face.mouth),
                ..face
            };
            assert!((flat.nose_aside().unwrap() - aside).abs() < 1e-3);
        }
        let turned = Face {
            nose: Point { x: face.nose.x + 0.2 * face.eye_distance(), ..face.nose },
            ..face
        };
        assert!(turned.nose_aside().unwrap() - aside > 0.15);
        let line = Face { mouth: face.right_eye, ..face };
        assert_eq!(line.nose_aside(), None);
    }

    #[test]
    fn boxes_share_what_they_cover_together() {
        let at = |x, side| Face {
            score: 0.9,
            middle: Point { x, y: 0.0 },
            side,
            left_eye: Point::default(),
            right_eye: Point::default(),
            nose: Point::default(),
            mouth: Point::default(),
        };
        assert_eq!(at(0.0, 2.0).shares(&at(0.0, 2.0)), 1.0);
        assert_eq!(at(0.0, 2.0).shares(&at(2.0, 2.0)), 0.0);
        assert!((at(0.0, 2.0).shares(&at(1.0, 2.0)) - 1.0 / 3.0).abs() < 1e-6);
        assert_eq!(at(0.0, 0.0).shares(&at(0.0, 0.0)), 0.0);
    }
}
