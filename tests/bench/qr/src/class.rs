//! The faults, each with its range: from what every reader manages to what none does.
//!
//! The ranges are those of a phone held by a customer and of a cheap webcam, and were set so that
//! `zxing-cpp` misses about one frame in ten. Lengths of blur are told in modules: that is what decides.

use std::f32::consts::{FRAC_PI_2, PI, TAU};

use crate::chance::Chance;
use crate::optics::Optics;
use crate::scene::{Mark, Pose, Scene, Sheet};
use crate::symbol::Symbol;

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Class {
    /// Nothing.
    Clean,
    /// Few pixels a module: 1.7 to 2.7 for a QR code, 1.2 to 1.7 for a barcode.
    Small,
    /// Turned in its plane: by any angle; a barcode by up to 12 degrees from one of the two axes.
    Rotated,
    /// Tilted away by 20 to 50 degrees around both axes together.
    Perspective,
    /// Out of focus: a blur of 0.3 to 0.62 modules (standard deviation).
    Defocus,
    /// Moved by 0.8 to 2.2 modules while the shutter was open.
    Motion,
    /// Noise of 12 to 40 grey levels on half the contrast.
    Noise,
    /// A steep fall of light, a lamp in the glass, a hand's shadow.
    Light,
    /// The screen's grid against the sensor's.
    Moire,
    /// Light on dark.
    Inverted,
    /// Cracks, scratches and a spot.
    Damaged,
    /// Three of the others at once, each by half.
    Combined,
    /// No code at all.
    Empty,
}

impl Class {
    /// The faults a QR code is shown with.
    pub const QR: [Self; 12] = [
        Self::Clean,
        Self::Small,
        Self::Rotated,
        Self::Perspective,
        Self::Defocus,
        Self::Motion,
        Self::Noise,
        Self::Light,
        Self::Moire,
        Self::Inverted,
        Self::Damaged,
        Self::Combined,
    ];
    /// The faults a barcode is shown with; nobody prints a slip light on dark.
    pub const BARCODE: [Self; 10] = [
        Self::Clean,
        Self::Small,
        Self::Rotated,
        Self::Perspective,
        Self::Defocus,
        Self::Motion,
        Self::Noise,
        Self::Light,
        Self::Damaged,
        Self::Combined,
    ];

    /// Its name in a table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Small => "small",
            Self::Rotated => "rotated",
            Self::Perspective => "perspective",
            Self::Defocus => "defocus",
            Self::Motion => "motion",
            Self::Noise => "noise",
            Self::Light => "uneven light",
            Self::Moire => "moiré",
            Self::Inverted => "inverted",
            Self::Damaged => "damaged",
            Self::Combined => "combined",
            Self::Empty => "no code",
        }
    }

    /// The number that its chance begins with: its place in the list must not matter.
    pub(crate) fn seed(self) -> u64 {
        self.name().bytes().fold(0, |seed: u64, byte| seed.rotate_left(5) ^ u64::from(byte))
    }

    /// The scene in which this symbol has this fault.
    pub(crate) fn scene(self, symbol: Symbol, chance: &mut Chance) -> Scene {
        let mut sheet = held_well(symbol, chance);
        let mut optics = Optics::good(chance);
        if self == Self::Combined {
            let whole = [Self::Clean, Self::Combined];
            let mut others: Vec<Self> =
                Self::BARCODE.into_iter().filter(|fault| !whole.contains(fault)).collect();
            for _ in 0..3 {
                let at = chance.below(u64::try_from(others.len()).unwrap_or(1));
                let fault = others.swap_remove(usize::try_from(at).unwrap_or(0));
                fault.befall(&mut sheet, &mut optics, Grade::Half, chance);
            }
        } else {
            self.befall(&mut sheet, &mut optics, Grade::Full, chance);
        }
        keep_inside(&mut sheet, chance);
        Scene::with(sheet, optics, chance)
    }

    fn befall(self, sheet: &mut Sheet, optics: &mut Optics, grade: Grade, chance: &mut Chance) {
        let is_barcode = sheet.symbol.stretch > 1.0;
        let grade = grade.share();
        match self {
            Self::Clean | Self::Empty | Self::Combined => {}
            Self::Small if is_barcode => {
                sheet.pose.module = chance.between(1.2, 1.7) / (0.5 + 0.5 * grade);
            }
            Self::Small => sheet.pose.module = chance.between(1.7, 2.7) / (0.5 + 0.5 * grade),
            Self::Rotated if is_barcode => {
                let side = FRAC_PI_2;
                let turn = if chance.coin() { side } else { 0.0 };
                sheet.pose.roll = turn + chance.between(-0.21, 0.21) * grade;
                // Upright it must fit the frame's shorter side.
                let room = if turn > 0.0 { 440.0 } else { 600.0 };
                sheet.pose.module = sheet.pose.module.min(room / sheet.symbol.across());
            }
            Self::Rotated => sheet.pose.roll = chance.between(-PI, PI) * grade,
            Self::Perspective => {
                let (tilt, towards) = (chance.between(0.35, 0.87), chance.between(0.0, TAU));
                sheet.pose.tilt = (tilt * grade * towards.sin(), tilt * grade * towards.cos());
            }
            Self::Defocus => {
                optics.defocus = chance.between(0.3, 0.62) * grade * sheet.pose.module;
            }
            Self::Motion => {
                let (length, towards) = (chance.between(0.8, 2.2), chance.between(0.0, TAU));
                let length = length * grade * sheet.pose.module;
                optics.motion = (length * towards.cos(), length * towards.sin());
            }
            Self::Noise => {
                optics.noise = chance.between(12.0, 40.0) * grade;
                let (dark, light) = sheet.tones;
                sheet.tones = (dark + 0.15, light - 0.3);
            }
            Self::Light => unevenly(sheet, optics, grade, chance),
            Self::Moire => {
                let (wave, towards) = (chance.between(2.3, 9.0), chance.between(0.0, PI));
                optics.moire = Some((wave, towards, chance.between(0.25, 0.55) * grade));
            }
            Self::Inverted => sheet.inverted = true,
            Self::Damaged => damage(sheet, grade, chance),
        }
    }
}

/// How much of a fault befalls a frame.
#[derive(Clone, Copy)]
enum Grade {
    Full,
    Half,
}

impl Grade {
    fn share(self) -> f32 {
        match self {
            Self::Full => 1.0,
            Self::Half => 0.5,
        }
    }
}

/// As a customer holds it who has done it before.
fn held_well(symbol: Symbol, chance: &mut Chance) -> Sheet {
    let is_barcode = symbol.stretch > 1.0;
    let across =
        if is_barcode { chance.between(460.0, 560.0) } else { chance.between(140.0, 330.0) };
    let module = across / symbol.across();
    let pose = Pose {
        middle: (0.0, 0.0),
        module,
        roll: chance.between(-0.09, 0.09),
        tilt: (chance.between(-0.12, 0.12), chance.between(-0.12, 0.12)),
    };
    let tones = (chance.between(0.03, 0.14), chance.between(0.72, 0.97));
    let quiet = if is_barcode { 10.0 } else { chance.between(2.5, 4.5) };
    Sheet { symbol, pose, tones, inverted: false, quiet, marks: Vec::new() }
}

/// The middle of the code anywhere where all of it is in view.
fn keep_inside(sheet: &mut Sheet, chance: &mut Chance) {
    let (sin, cos) = sheet.pose.roll.sin_cos();
    let (across, down) = (sheet.symbol.across(), sheet.symbol.down());
    // Tilted towards the camera, the near edge is larger than the rest.
    let near = 1.02 + 0.25 * (sheet.pose.tilt.0.abs() + sheet.pose.tilt.1.abs());
    let half = |turned: f32| (turned / 2.0 + 1.0) * sheet.pose.module * near;
    let width = half(across * cos.abs() + down * sin.abs()).min(318.0);
    let height = half(across * sin.abs() + down * cos.abs()).min(238.0);
    sheet.pose.middle =
        (chance.between(width, 640.0 - width), chance.between(height, 480.0 - height));
}

fn unevenly(sheet: &Sheet, optics: &mut Optics, grade: f32, chance: &mut Chance) {
    let towards = chance.between(0.0, TAU);
    match chance.below(3) {
        0 => optics.falloff = Some((chance.between(0.06, 0.3) / grade, towards)),
        1 => {
            let place = (chance.between(200.0, 440.0), chance.between(140.0, 340.0));
            let radius = chance.between(40.0, 110.0) * grade;
            optics.glare = Some((place, radius, chance.between(0.4, 0.8) * grade));
            optics.falloff = Some((0.4, towards));
        }
        _ => {
            let reach = sheet.symbol.across() * sheet.pose.module / 3.0;
            let left = chance.between(0.12, 0.4) / grade;
            optics.shadow = Some((chance.between(-reach, reach), towards, left));
        }
    }
}

fn damage(sheet: &mut Sheet, grade: f32, chance: &mut Chance) {
    let (width, height) = (sheet.symbol.across() / 2.0, sheet.symbol.down() / 2.0);
    let place =
        |chance: &mut Chance| (chance.between(-width, width), chance.between(-height, height));
    for _ in 0..1 + chance.below(3) {
        let ends = [place(chance), place(chance)];
        let radius = chance.between(0.12, 0.35) * grade;
        sheet.marks.push(Mark { ends, radius, tone: chance.between(0.1, 1.0) });
    }
    let spot = place(chance);
    let radius = chance.between(0.7, 1.7) * grade;
    sheet.marks.push(Mark { ends: [spot, spot], radius, tone: chance.between(0.1, 1.0) });
}
