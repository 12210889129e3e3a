//! Whether somebody stands before the camera, or a picture of somebody: what can be told without claiming more.
//!
//! Owns two looks: the challenge, a turn of the head to a side that the caller draws by chance, and whether
//! anything moves at all. However a flat picture is held, the nose keeps its place on it beside the line from the
//! eyes to the mouth (an affine map keeps it, a camera's perspective nearly); on a head it moves. Neither is
//! proof: a film, a screen that follows or a mask may pass. Who it is decides the bank.

use std::fmt::{self, Debug, Formatter};

use zeroize::Zeroizing;

use crate::faces::Face;
use crate::frame::Frame;
use crate::plane::{Plane, whole};
use crate::selfie::{Hint, SelfieGate, Verdict};

/// So far the nose must go to the side that was asked for, in distances between the eyes: a head turned by
/// some 20 degrees. What flat pictures reach stands in the README.
const TURNED_MIN: f32 = 0.15;
/// And so near it must come again to where it was.
const BACK_MAX: f32 = 0.1;
/// A head passes through here on its way, as shares of the whole turn; a picture that is swapped does not.
const BETWEEN: std::ops::Range<f32> = 0.1..1.0;
/// Frames that must show the head turned: one may be a wrong guess of the network.
const TURNED_FRAMES: u8 = 2;
/// From one judged frame to the next a face moves less than this, in faces; more is another face.
const STEP_MAX: f32 = 0.5;
/// And it grows or shrinks by less than this.
const GROWTH_MAX: f32 = 1.35;
/// So many frames may show no face, as when a head that turns is lost for a moment; with more, it begins anew.
const LOST_MAX: u8 = 4;
/// The place of the face is compared with its first look at this size: noise is averaged away, a breath is not.
const COMPARED_SIDE: usize = 24;
/// Mean difference of the two, apart from the light, from which on something moved: in shades. The noise of a
/// small camera, of four shades a pixel, leaves half a shade.
const MOVING_MIN: f32 = 1.5;

/// To which side the head is turned, as its owner sees it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Side {
    /// To the owner's left: in the picture, to the right.
    Left,
    /// To the owner's right.
    Right,
}

/// What was seen move, over all frames that led to a selfie. A sign only: it refuses nobody.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Motion {
    /// Too little was seen.
    #[default]
    Unknown,
    /// Every frame was the same to the last bit: no camera sees so.
    Frozen,
    /// Nothing but a camera's noise.
    Still,
    /// Something.
    Moving,
}

/// What is known of a selfie besides that it is a good picture; for the record, and no more than it says.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Liveness {
    /// The side to which the head was asked to turn, and did; nothing if no challenge was wanted.
    pub turned: Option<Side>,
    /// The passive look.
    pub motion: Motion,
}

/// The selfie gate with the challenge before it. Not `Send`, as the gate.
pub struct LivenessGate {
    gate: SelfieGate,
    asked: Option<Side>,
    stage: Stage,
    track: Track,
    watched: Watched,
}

/// How far the challenge is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// A good picture from the front comes first: it says where the nose is.
    Front,
    /// The head is asked to turn; where the nose was, and what has been seen since.
    Turning { from: f32, passed_between: bool, turned: u8 },
    /// It is asked to look ahead again.
    Returning { from: f32 },
    /// It did, or nothing was asked for.
    Done,
}

/// The one face over the frames.
#[derive(Clone, Copy, Debug, Default)]
struct Track {
    last: Option<Face>,
    lost: u8,
}

/// The first look at the face, the last frame, and what was seen move so far.
#[derive(Default)]
struct Watched {
    first: Option<(Face, Plane)>,
    last: Zeroizing<Vec<u8>>,
    motion: Motion,
}

impl LivenessGate {
    /// Loads the models; with a side to ask for, or without a challenge.
    pub fn new(asked: Option<Side>) -> Self {
        Self {
            gate: SelfieGate::new(),
            asked,
            stage: first_stage(asked),
            track: Track::default(),
            watched: Watched::default(),
        }
    }

    /// Judges the next frame: as [`SelfieGate::judge`], but good only after the challenge, on the same face.
    pub fn judge(&mut self, frame: &Frame) -> Verdict {
        let (face, verdict) = self.gate.look(frame);
        if !self.track.goes_on(face.as_ref()) {
            self.stage = first_stage(self.asked);
            self.watched = Watched::default();
        }
        self.watched.add(frame, face.as_ref());
        let Some(asked) = self.asked else { return verdict };
        let nose = face.as_ref().and_then(Face::nose_aside);
        let good = matches!(verdict, Verdict::Good(_));
        match (self.stage, nose) {
            (Stage::Front, Some(from)) if good => {
                self.stage = Stage::Turning { from, passed_between: false, turned: 0 };
                Verdict::Hint(asked.hint())
            }
            (Stage::Turning { from, passed_between, turned }, Some(nose)) => {
                self.turning(asked, from, nose - from, passed_between, turned)
            }
            (Stage::Returning { from }, Some(nose)) if good && (nose - from).abs() <= BACK_MAX => {
                self.stage = Stage::Done;
                verdict
            }
            (Stage::Returning { .. }, Some(_))
                if good || verdict == Verdict::Hint(Hint::Upright) =>
            {
                Verdict::Hint(Hint::LookAhead)
            }
            _ => verdict,
        }
    }

    fn turning(
        &mut self,
        asked: Side,
        from: f32,
        moved: f32,
        passed_between: bool,
        turned: u8,
    ) -> Verdict {
        let share = asked.sign() * moved / TURNED_MIN;
        let passed_between = passed_between || BETWEEN.contains(&share);
        let turned = turned + u8::from(share >= 1.0 && passed_between);
        if turned >= TURNED_FRAMES {
            self.stage = Stage::Returning { from };
            return Verdict::Hint(Hint::LookAhead);
        }
        self.stage = Stage::Turning { from, passed_between, turned };
        Verdict::Hint(asked.hint())
    }

    /// What is known so far.
    pub fn liveness(&self) -> Liveness {
        let turned = self.asked.filter(|_| self.stage == Stage::Done);
        Liveness { turned, motion: self.watched.motion }
    }
}

impl Debug for LivenessGate {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "LivenessGate({:?})", self.asked)
    }
}

fn first_stage(asked: Option<Side>) -> Stage {
    asked.map_or(Stage::Done, |_| Stage::Front)
}

impl Side {
    fn hint(self) -> Hint {
        match self {
            Self::Left => Hint::TurnLeft,
            Self::Right => Hint::TurnRight,
        }
    }

    /// Which way the nose goes in the picture, from its left to its right.
    fn sign(self) -> f32 {
        match self {
            Self::Left => 1.0,
            Self::Right => -1.0,
        }
    }
}

impl Track {
    /// Takes the frame's face in; whether it is still the one that was seen before.
    fn goes_on(&mut self, face: Option<&Face>) -> bool {
        let Some(face) = face else {
            self.lost = self.lost.saturating_add(1);
            return self.lost <= LOST_MAX;
        };
        self.lost = 0;
        let Some(last) = self.last.replace(*face) else { return false };
        let step = (face.middle.x - last.middle.x).hypot(face.middle.y - last.middle.y);
        let growth = (face.side / last.side).max(last.side / face.side);
        step <= STEP_MAX * last.side && growth <= GROWTH_MAX
    }
}

impl Watched {
    fn add(&mut self, frame: &Frame, face: Option<&Face>) {
        let frozen = self.last.as_slice() == frame.luma();
        self.last = Zeroizing::new(frame.luma().to_vec());
        match (&self.first, face) {
            (Some((place, first)), _) => {
                let motion = if frozen {
                    Motion::Frozen
                } else if difference(first, &at_place(frame, place)) < MOVING_MIN {
                    Motion::Still
                } else {
                    Motion::Moving
                };
                self.motion = self.motion.max(motion);
            }
            (None, Some(face)) => self.first = Some((*face, at_place(frame, face))),
            (None, None) => {}
        }
    }
}

/// What is seen now where a face was.
fn at_place(frame: &Frame, face: &Face) -> Plane {
    let corner = |middle: f32| whole(middle - face.side / 2.0);
    let side = whole(face.side);
    let place = frame.plane().cropped(corner(face.middle.x), corner(face.middle.y), side, side);
    place.sized_to(COMPARED_SIDE)
}

/// The mean difference in shades, after both were made equally bright.
fn difference(a: &Plane, b: &Plane) -> f32 {
    let pairs = || a.pixels().iter().zip(b.pixels()).map(|(a, b)| f32::from(*a) - f32::from(*b));
    let count = pairs().map(|_| 1.0).sum::<f32>().max(1.0);
    let light = pairs().sum::<f32>() / count;
    pairs().map(|difference| (difference - light).abs()).sum::<f32>() / count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faces::Point;

    fn face(x: f32, side: f32) -> Face {
        let at = |dx: f32, dy: f32| Point { x: x + dx * side, y: 240.0 + dy * side };
        Face {
            score: 0.9,
            middle: at(0.0, 0.0),
            side,
            left_eye: at(-0.2, -0.15),
            right_eye: at(0.2, -0.15),
            nose: at(0.0, 0.05),
            mouth: at(0.0, 0.25),
        }
    }

    /// Whether each of the faces is taken for the one before.
    #[track_caller]
    fn check(faces: &[Option<Face>], expected: &[bool]) {
        let mut track = Track::default();
        let followed: Vec<bool> = faces.iter().map(|face| track.goes_on(face.as_ref())).collect();
        assert_eq!(followed, expected);
    }

    #[test]
    fn a_face_that_jumps_or_changes_its_size_at_once_is_another() {
        let one = Some(face(320.0, 200.0));
        check(&[one, Some(face(380.0, 200.0)), Some(face(440.0, 230.0))], &[false, true, true]);
        check(&[one, Some(face(430.0, 200.0))], &[false, false]);
        check(&[one, Some(face(320.0, 280.0))], &[false, false]);
        check(&[one, Some(face(320.0, 140.0))], &[false, false]);
    }

    #[test]
    fn a_face_may_be_lost_for_a_moment_and_not_for_longer() {
        let one = Some(face(320.0, 200.0));
        check(&[one, None, None, None, None, one], &[false, true, true, true, true, true]);
        check(&[one, None, None, None, None, None], &[false, true, true, true, true, false]);
    }

    /// What moves over frames of a grid, each with so much noise and moved so far.
    #[track_caller]
    fn check_motion(frames: &[(u8, u32)], expected: Motion) {
        let mut watched = Watched::default();
        let mut state = 7_u32;
        for (noise, moved) in frames {
            let mut pixels = Vec::new();
            for (y, x) in (0..480).flat_map(|y| (0..640).map(move |x| (y, x))) {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let dark = ((x + moved) / 40 + y / 40) % 2 == 0;
                let noise = state.to_be_bytes()[0] % (noise + 1);
                pixels.extend([if dark { 60 } else { 160 } + noise; 3]);
            }
            let frame = Frame::from_rgb(640, 480, pixels).unwrap();
            watched.add(&frame, Some(&face(320.0, 200.0)));
        }
        assert_eq!(watched.motion, expected);
    }

    #[test]
    fn a_frozen_picture_a_still_one_and_a_moving_one_are_told_apart() {
        check_motion(&[(0, 0)], Motion::Unknown);
        check_motion(&[(0, 0), (0, 0), (0, 0)], Motion::Frozen);
        check_motion(&[(8, 0), (8, 0), (8, 0)], Motion::Still);
        check_motion(&[(8, 0), (8, 0), (8, 4)], Motion::Moving);
    }

    #[test]
    fn light_that_changes_moves_nothing() {
        let flat = |shade: u8| Plane::new(4, vec![shade, shade + 9, shade, shade + 3]);
        assert_eq!(difference(&flat(80), &flat(120)), 0.0);
        assert!(difference(&flat(80), &Plane::new(4, vec![80, 80, 98, 80])) > MOVING_MIN);
    }
}
