//! What stands before the camera, and the picture of it without any fault of the lens.
//!
//! A flat thing (a phone's screen, a paper slip) is held in space before a room of rectangles; each pixel is
//! the mean of nine rays through a pinhole. Lengths on the flat thing are in modules from its middle.

use crate::chance::Chance;
use crate::optics::Optics;
use crate::symbol::Symbol;
use crate::{HEIGHT, WIDTH};

/// Distance of the pinhole in pixels: about 50 degrees across, as webcams have.
const FOCAL: f32 = 690.0;
/// Rays a pixel each way.
const RAYS: u16 = 3;

/// Everything that decides a frame.
pub(crate) struct Scene {
    room: Room,
    sheet: Option<Sheet>,
    /// What the lens, the light and the sensor do.
    pub(crate) optics: Optics,
}

/// The flat thing with the code on it.
pub(crate) struct Sheet {
    /// The code.
    pub(crate) symbol: Symbol,
    /// How it is held.
    pub(crate) pose: Pose,
    /// Brightness of its dark and light parts, 0 to 1.
    pub(crate) tones: (f32, f32),
    /// Light on dark, as phones in dark mode draw it.
    pub(crate) inverted: bool,
    /// Light modules around the code.
    pub(crate) quiet: f32,
    /// What covers parts of it.
    pub(crate) marks: Vec<Mark>,
}

/// How a flat thing is held.
#[derive(Clone, Copy)]
pub(crate) struct Pose {
    /// Where its middle is in the frame.
    pub(crate) middle: (f32, f32),
    /// Pixels a module at the middle.
    pub(crate) module: f32,
    /// In its own plane, radians.
    pub(crate) roll: f32,
    /// Away from the camera, around both axes, radians.
    pub(crate) tilt: (f32, f32),
}

/// A stroke over the flat thing: a crack, a scratch, a finger's edge, a logo.
pub(crate) struct Mark {
    /// Both ends.
    pub(crate) ends: [(f32, f32); 2],
    /// Half its width.
    pub(crate) radius: f32,
    /// Its brightness.
    pub(crate) tone: f32,
}

impl Scene {
    /// A sheet in a room.
    pub(crate) fn with(sheet: Sheet, optics: Optics, chance: &mut Chance) -> Self {
        Self { room: Room::furnished(chance), sheet: Some(sheet), optics }
    }

    /// A room without a code, each number with another thing in it that might be taken for one.
    pub(crate) fn without_code(number: u32, chance: &mut Chance) -> Self {
        let mut room = Room::furnished(chance);
        let mut sheet = None;
        match number % 6 {
            0 => {}
            1 => room.stripe(chance),
            2 => room.tile(chance),
            3 => room.write(chance),
            4 => room.hang_squares(chance),
            _ => {
                let text = chance.reference(14, 20);
                let whole =
                    if chance.coin() { Symbol::qr(&text, chance) } else { Symbol::code128(&text) };
                sheet = Some(Sheet {
                    symbol: whole.halved(),
                    pose: Pose {
                        middle: (320.0, 240.0),
                        module: 2.4,
                        roll: chance.between(-0.2, 0.2),
                        tilt: (0.0, 0.0),
                    },
                    tones: (0.08, 0.9),
                    inverted: chance.coin(),
                    quiet: 4.0,
                    marks: Vec::new(),
                });
            }
        }
        Self { room, sheet, optics: Optics::good(chance) }
    }

    /// The frame, through lens, sensor and JPEG.
    pub(crate) fn taken(&self, chance: &mut Chance) -> Vec<u8> {
        let rays = self.sheet.as_ref().map(|sheet| (sheet, Rays::of(&sheet.pose)));
        let mut light = Vec::with_capacity(usize::from(WIDTH) * usize::from(HEIGHT));
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                let room = || self.room.tone(f32::from(x), f32::from(y));
                let pixel = rays.as_ref().map(|(sheet, rays)| sheet.pixel(rays, x, y, room));
                light.push(pixel.unwrap_or_else(room));
            }
        }
        self.optics.expose(light, chance)
    }
}

impl Sheet {
    fn pixel(&self, rays: &Rays, x: u16, y: u16, room: impl Fn() -> f32) -> f32 {
        let (x, y) = (f32::from(x), f32::from(y));
        // Far from the sheet one ray is enough.
        if !self.is_near(rays.meet(x, y)) {
            return room();
        }
        let step = |ray: u16| (f32::from(ray) + 0.5) / f32::from(RAYS) - 0.5;
        let grid = (0..RAYS).flat_map(|across| (0..RAYS).map(move |down| (across, down)));
        let sum: f32 = grid
            .map(|(across, down)| {
                let tone = self.tone(rays.meet(x + step(across), y + step(down)));
                tone.unwrap_or_else(&room)
            })
            .sum();
        sum / f32::from(RAYS * RAYS)
    }

    fn half(&self) -> (f32, f32) {
        (self.symbol.across() / 2.0 + self.quiet, self.symbol.down() / 2.0 + self.quiet)
    }

    fn is_near(&self, (u, v): (f32, f32)) -> bool {
        let (width, height) = self.half();
        u.abs() < width * 1.2 + 4.0 && v.abs() < height * 1.2 + 4.0
    }

    /// The brightness at a place on the plane; nothing beside the sheet.
    fn tone(&self, (u, v): (f32, f32)) -> Option<f32> {
        let (width, height) = self.half();
        if u.abs() > width * 1.06 || v.abs() > height * 1.06 {
            return None;
        }
        let (dark, light) = self.tones;
        if u.abs() > width || v.abs() > height {
            // The rim of the phone, or the slip's shadow.
            return Some(dark * 0.5 + 0.02);
        }
        if let Some(mark) = self.marks.iter().find(|mark| mark.covers(u, v)) {
            return Some(mark.tone);
        }
        let across = u + self.symbol.across() / 2.0;
        let down = (v + self.symbol.down() / 2.0) / self.symbol.stretch;
        let is_dark = self.symbol.is_dark(whole(across), whole(down));
        Some(if is_dark == self.inverted { light } else { dark })
    }
}

impl Mark {
    fn covers(&self, u: f32, v: f32) -> bool {
        let [(ax, ay), (bx, by)] = self.ends;
        let (dx, dy) = (bx - ax, by - ay);
        let along = ((u - ax) * dx + (v - ay) * dy) / (dx * dx + dy * dy).max(1e-6);
        let along = along.clamp(0.0, 1.0);
        let (x, y) = (u - ax - along * dx, v - ay - along * dy);
        x * x + y * y < self.radius * self.radius
    }
}

/// From a pixel to the plane: the inverse of the projection.
struct Rays([[f32; 3]; 3]);

impl Rays {
    fn of(pose: &Pose) -> Self {
        let (sin, cos) = pose.roll.sin_cos();
        let (tilt_sin, tilt_cos) = pose.tilt.0.sin_cos();
        let (turn_sin, turn_cos) = pose.tilt.1.sin_cos();
        // Roll in the plane, then around the horizontal axis, then around the vertical one.
        let held = |x: f32, y: f32| {
            let (y, z) = (y * tilt_cos, y * tilt_sin);
            [x * turn_cos + z * turn_sin, y, z * turn_cos - x * turn_sin]
        };
        let scale = pose.module / FOCAL;
        let [right, down] = [held(cos, sin), held(-sin, cos)].map(|axis| axis.map(|c| c * scale));
        let (x, y) = pose.middle;
        let middle =
            [(x - f32::from(WIDTH) / 2.0) / FOCAL, (y - f32::from(HEIGHT) / 2.0) / FOCAL, 1.0];
        // The adjugate: its scale does not matter for a point in the plane.
        Self([cross(down, middle), cross(middle, right), cross(right, down)])
    }

    fn meet(&self, x: f32, y: f32) -> (f32, f32) {
        let ray =
            [(x - f32::from(WIDTH) / 2.0) / FOCAL, (y - f32::from(HEIGHT) / 2.0) / FOCAL, 1.0];
        let [u, v, w] = self.0.map(|row| dot(row, ray));
        (u / w, v / w)
    }
}

fn cross([a, b, c]: [f32; 3], [x, y, z]: [f32; 3]) -> [f32; 3] {
    [b * z - c * y, c * x - a * z, a * y - b * x]
}

fn dot([a, b, c]: [f32; 3], [x, y, z]: [f32; 3]) -> f32 {
    a * x + b * y + c * z
}

/// A wall that gets darker to one side, with rectangles before it.
struct Room {
    wall: (f32, f32),
    things: Vec<Thing>,
}

struct Thing {
    left: f32,
    top: f32,
    width: f32,
    height: f32,
    tone: f32,
}

impl Room {
    fn furnished(chance: &mut Chance) -> Self {
        let wall = (chance.between(0.15, 0.75), chance.between(-0.15, 0.15));
        let mut room = Self { wall, things: Vec::new() };
        for _ in 0..6 {
            let (left, top) = (chance.between(-50.0, 600.0), chance.between(-50.0, 440.0));
            let (width, height) = (chance.between(20.0, 260.0), chance.between(20.0, 260.0));
            room.put(left, top, width, height, chance.between(0.05, 0.95));
        }
        room
    }

    fn put(&mut self, left: f32, top: f32, width: f32, height: f32, tone: f32) {
        self.things.push(Thing { left, top, width, height, tone });
    }

    /// A shirt of stripes.
    fn stripe(&mut self, chance: &mut Chance) {
        let mut left = 100.0;
        while left < 540.0 {
            let width = chance.between(2.0, 9.0);
            self.put(left, 120.0, width, 300.0, 0.1);
            self.put(left + width, 120.0, width, 300.0, 0.9);
            left += 2.0 * width;
        }
    }

    /// A chequered wall.
    fn tile(&mut self, chance: &mut Chance) {
        let side = chance.between(6.0, 24.0);
        for (row, top) in (0_u16..16).map(|row| (row, f32::from(row) * side)) {
            for column in (0_u16..16).filter(|column| (column + row).is_multiple_of(2)) {
                self.put(200.0 + f32::from(column) * side, 60.0 + top, side, side, 0.05);
            }
        }
    }

    /// A page of writing: short strokes in lines.
    fn write(&mut self, chance: &mut Chance) {
        self.put(140.0, 60.0, 360.0, 360.0, 0.9);
        for line in 0_u16..22 {
            let mut left = 150.0;
            while left < 480.0 {
                let (width, height) = (chance.between(1.5, 9.0), chance.between(2.0, 9.0));
                let top = 70.0 + f32::from(line) * 15.0 + chance.between(0.0, 3.0);
                self.put(left, top, width, height, chance.between(0.05, 0.3));
                left += width + chance.between(1.5, 6.0);
            }
        }
    }

    /// Picture frames, each as the finder pattern of a QR code has it, three in a right angle or not.
    fn hang_squares(&mut self, chance: &mut Chance) {
        let module = chance.between(3.0, 9.0);
        self.put(120.0, 60.0, 40.0 * module, 40.0 * module, 0.92);
        for (across, down) in [(4.0, 4.0), (22.0, 4.0), (4.0, 22.0)] {
            let (left, top) = (120.0 + across * module, 60.0 + down * module);
            for (inset, side, tone) in [(0.0, 7.0, 0.08), (1.0, 5.0, 0.92), (2.0, 3.0, 0.08)] {
                let inset = inset * module;
                self.put(left + inset, top + inset, side * module, side * module, tone);
            }
        }
        for _ in 0..chance.below(120) {
            let (across, down) = (chance.between(11.0, 29.0), chance.between(11.0, 29.0));
            let (left, top) = (120.0 + across.floor() * module, 60.0 + down.floor() * module);
            self.put(left, top, module, module, 0.08);
        }
    }

    fn tone(&self, x: f32, y: f32) -> f32 {
        let thing = self.things.iter().rev().find(|thing| {
            (0.0..thing.width).contains(&(x - thing.left))
                && (0.0..thing.height).contains(&(y - thing.top))
        });
        thing.map_or(self.wall.0 + self.wall.1 * x / f32::from(WIDTH), |thing| thing.tone)
    }
}

/// The whole number at or below a place on the sheet.
#[expect(clippy::as_conversions, reason = "no other way leads from a float to a whole number")]
fn whole(place: f32) -> i32 {
    place.floor() as i32
}
