//! The fuzzer draws the picture: its bytes are modules of a symbol that is drawn right and then spoilt, or
//! plain pixels, shown to a scanner over several frames.
//!
//! No picture may panic or hold the scanner up; a text needs three frames; and what was read is bounded.

#![no_main]

use libfuzzer_sys::fuzz_target;
use qrcodegen::{QrCode, QrCodeEcc};
use vision::{CodeScanner, Frame, Sighting};

/// More texts in one frame say no more than "several".
const CODES_MAX: usize = 4;
/// The longest side of a picture here: room for 45 modules of 3 pixels.
const SIDE_MAX: usize = 140;

fuzz_target!(|data: &[u8]| {
    let [kind, rest @ ..] = data else { return };
    let picture = match kind % 3 {
        0 => pixels(rest),
        1 => spoilt(rest, QrCodeEcc::Low),
        _ => bars(rest),
    };
    let Some((width, luma)) = picture else { return };
    let rgb: Vec<u8> = luma.iter().flat_map(|grey| [*grey; 3]).collect();
    let side = |pixels: usize| u32::try_from(pixels).expect("small");
    let frame = Frame::from_rgb(side(width), side(luma.len() / width), rgb).expect("it fits");
    let mut scanner = CodeScanner::new();
    let texts = scanner.read(&frame);
    assert!(texts.len() <= CODES_MAX && texts.iter().all(|text| !text.is_empty()));
    scanner.forget();
    assert!(scanner.steady(&frame).is_none(), "one frame says nothing");
    let second = scanner.steady(&frame);
    assert!(!matches!(second, Some(Sighting::One(_))), "two frames are not three");
});

/// Grey levels, row by row.
fn pixels(data: &[u8]) -> Option<(usize, Vec<u8>)> {
    let [width, luma @ ..] = data else { return None };
    let width = usize::from(*width) % SIDE_MAX + 1;
    let height = luma.len() / width;
    (1..=SIDE_MAX).contains(&height).then(|| (width, luma[..width * height].to_vec()))
}

/// A right QR code in which the fuzzer flips modules; three pixels a module, four modules around.
fn spoilt(data: &[u8], level: QrCodeEcc) -> Option<(usize, Vec<u8>)> {
    let [length, flips @ ..] = data else { return None };
    let text = &"SIM-0000-FUZZ-0001.AAAAAAAAAAAAAAAAAAAAAAAAAAAA"[..usize::from(*length) % 48];
    let code = QrCode::encode_text(text, level).ok()?;
    let side = usize::try_from(code.size()).ok()?;
    let flipped = |x: usize, y: usize| {
        let at = y * side + x;
        flips.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1)
    };
    let module = |x: usize, y: usize| {
        let inside = |at: usize| (4..side + 4).contains(&at);
        inside(x) && inside(y) && {
            let at = |at: usize| i32::try_from(at - 4).expect("small");
            code.get_module(at(x), at(y)) != flipped(x - 4, y - 4)
        }
    };
    let width = (side + 8) * 3;
    let place = (0..width).flat_map(|y| (0..width).map(move |x| (x / 3, y / 3)));
    Some((width, place.map(|(x, y)| if module(x, y) { 20 } else { 230 }).collect()))
}

/// Bars and spaces of the fuzzer's widths, forty rows of them.
fn bars(data: &[u8]) -> Option<(usize, Vec<u8>)> {
    let mut row = vec![230; 20];
    for (at, byte) in data.iter().take(64).enumerate() {
        let grey = if at % 2 == 0 { 20 } else { 230 };
        row.extend(std::iter::repeat_n(grey, usize::from(byte % 4) + 1));
    }
    row.extend([230; 20]);
    Some((row.len(), row.repeat(40)))
}
