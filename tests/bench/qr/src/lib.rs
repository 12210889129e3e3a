//! Frames as a kiosk's camera delivers them: codes on phones and slips, each with one known fault.
//!
//! Owns the whole set: texts, symbols, how they are held, what light and lens do to them. Every frame comes
//! from its number alone, so a set is the same on every machine. It knows no reader: what a reader makes of
//! a frame is for the tests and benchmarks that hold readers against the truth told here.

mod chance;
mod class;
mod optics;
mod scene;
mod symbol;

pub use class::Class;

use chance::Chance;
use scene::Scene;
use symbol::Symbol;

/// Pixels across: what every USB camera delivers.
pub const WIDTH: u16 = 640;
/// Pixels down.
pub const HEIGHT: u16 = 480;

/// One frame and the truth about it.
pub struct CodeFrame {
    /// What is wrong with it.
    pub class: Class,
    /// The text of the one code in it; nothing if there is none.
    pub text: Option<String>,
    /// The frame as a camera delivers it in MJPG mode, grey.
    pub jpeg: Vec<u8>,
}

/// So many frames of each of the [`Class::QR`] with a QR code in them.
pub fn qr(each: u32) -> impl Iterator<Item = CodeFrame> {
    frames(&Class::QR, each, Kind::Qr)
}

/// So many frames of each of the [`Class::BARCODE`] with a Code 128 in them.
pub fn barcodes(each: u32) -> impl Iterator<Item = CodeFrame> {
    frames(&Class::BARCODE, each, Kind::Barcode)
}

/// So many frames without any code: rooms, stripes, squares, writing, half a code, the wrong kind of code.
pub fn empty(count: u32) -> impl Iterator<Item = CodeFrame> {
    (0..count).map(|number| {
        let mut chance = Chance::of(&[2, u64::from(number)]);
        let jpeg = Scene::without_code(number, &mut chance).taken(&mut chance);
        CodeFrame { class: Class::Empty, text: None, jpeg }
    })
}

#[derive(Clone, Copy)]
enum Kind {
    Qr,
    Barcode,
}

fn frames(
    classes: &'static [Class],
    each: u32,
    kind: Kind,
) -> impl Iterator<Item = CodeFrame> + use<> {
    let of_class = move |class: &Class| (0..each).map(move |number| (*class, number)).collect();
    classes.iter().flat_map(move |class| -> Vec<(Class, u32)> { of_class(class) }).map(
        move |(class, number)| {
            let seed = [class.seed(), u64::from(number)];
            match kind {
                Kind::Qr => qr_frame(class, &mut Chance::of(&[0, seed[0], seed[1]])),
                Kind::Barcode => barcode_frame(class, &mut Chance::of(&[1, seed[0], seed[1]])),
            }
        },
    )
}

fn qr_frame(class: Class, chance: &mut Chance) -> CodeFrame {
    let text = chance.reference(14, 55);
    let symbol = Symbol::qr(&text, chance);
    CodeFrame { class, jpeg: class.scene(symbol, chance).taken(chance), text: Some(text) }
}

fn barcode_frame(class: Class, chance: &mut Chance) -> CodeFrame {
    let text = chance.reference(14, 18);
    let symbol = Symbol::code128(&text);
    CodeFrame { class, jpeg: class.scene(symbol, chance).taken(chance), text: Some(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FNV-1a: enough to tell two pictures apart.
    fn sum(jpeg: &[u8]) -> u64 {
        let mix = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        jpeg.iter().fold(0xCBF2_9CE4_8422_2325, mix)
    }

    #[test]
    fn a_set_is_the_same_each_time_and_no_two_frames_are() {
        let sums = || qr(1).chain(barcodes(1)).chain(empty(6)).map(|frame| sum(&frame.jpeg));
        let (once, again): (Vec<u64>, Vec<u64>) = (sums().collect(), sums().collect());
        assert_eq!(once, again);
        let different: std::collections::HashSet<u64> = once.iter().copied().collect();
        assert_eq!(different.len(), once.len());
    }

    #[test]
    fn every_frame_has_a_picture_in_it_and_every_text_its_length() {
        for frame in qr(2).chain(barcodes(2)).chain(empty(6)) {
            assert!((4_000..200_000).contains(&frame.jpeg.len()), "{}", frame.jpeg.len());
            let length = frame.text.map(|text| text.len());
            assert!(length.is_none_or(|length| (14..=55).contains(&length)), "{length:?}");
        }
    }
}
