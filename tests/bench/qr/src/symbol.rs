//! The symbols themselves: which modules are dark.
//!
//! QR codes come from the encoder that many others are held against; Code 128 is written out from ISO/IEC
//! 15417, so that no reader under test is asked to read what it wrote.

use qrcodegen::{QrCode, QrCodeEcc};

use crate::chance::Chance;

/// Dark and light modules, rows from the top.
pub(crate) struct Symbol {
    across: u16,
    down: u16,
    dark: Vec<bool>,
    /// Height of a module in its widths: bars are tall.
    pub(crate) stretch: f32,
}

impl Symbol {
    /// A QR code with any of the four levels of error correction, as different apps choose them.
    pub(crate) fn qr(text: &str, chance: &mut Chance) -> Self {
        let level = match chance.below(4) {
            0 => QrCodeEcc::Low,
            1 => QrCodeEcc::Medium,
            2 => QrCodeEcc::Quartile,
            _ => QrCodeEcc::High,
        };
        let code = QrCode::encode_text(text, level).expect("55 characters fit every level");
        let side = code.size();
        let dark = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
        let dark = dark.map(|(x, y)| code.get_module(x, y)).collect();
        let side = u16::try_from(side).expect("at most 177 modules");
        Self { across: side, down: side, dark, stretch: 1.0 }
    }

    /// A Code 128 in set B, digits and all, with start, check character and stop.
    pub(crate) fn code128(text: &str) -> Self {
        let values = text.bytes().map(|byte| u32::from(byte).saturating_sub(32));
        let weighted = (1..).zip(values.clone()).map(|(weight, value)| weight * value);
        let check = (START_B + weighted.sum::<u32>()) % 103;
        let mut dark = Vec::new();
        for value in [START_B].into_iter().chain(values).chain([check]) {
            append(&mut dark, pattern(value));
        }
        append(&mut dark, STOP);
        let across = u16::try_from(dark.len()).expect("a text of 55 has 662 modules");
        Self { across, down: 1, dark, stretch: f32::from(across) / 3.0 }
    }

    /// The symbol without its left half: what a thumb leaves of it.
    pub(crate) fn halved(mut self) -> Self {
        let across = self.across;
        for (place, dark) in (0..across).cycle().zip(self.dark.iter_mut()) {
            *dark &= place > across / 2;
        }
        self
    }

    /// Modules across.
    pub(crate) fn across(&self) -> f32 {
        f32::from(self.across)
    }

    /// Height in widths of a module.
    pub(crate) fn down(&self) -> f32 {
        f32::from(self.down) * self.stretch
    }

    /// Is the module at this place dark? Places are in widths of a module from the upper left corner.
    pub(crate) fn is_dark(&self, across: i32, down: i32) -> bool {
        let inside = |at: i32, size: u16| u16::try_from(at).ok().filter(|at| *at < size);
        let place = inside(across, self.across).zip(inside(down, self.down));
        place.is_some_and(|(across, down)| {
            let at = usize::from(down) * usize::from(self.across) + usize::from(across);
            self.dark.get(at).copied().unwrap_or_default()
        })
    }
}

const START_B: u32 = 104;
/// Bar and space widths of the stop pattern.
const STOP: &str = "2331112";

fn pattern(value: u32) -> &'static str {
    let at = usize::try_from(value).unwrap_or(usize::MAX);
    PATTERNS.split_ascii_whitespace().nth(at).expect("values are 0 to 104")
}

fn append(dark: &mut Vec<bool>, widths: &str) {
    for (place, width) in widths.bytes().enumerate() {
        let count = usize::from(width.saturating_sub(b'0'));
        dark.extend(std::iter::repeat_n(place.is_multiple_of(2), count));
    }
}

/// Bar and space widths of the values 0 to 105 (ISO/IEC 15417, table 1).
const PATTERNS: &str = "\
    212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 \
    122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 \
    322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 \
    112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 \
    331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 \
    112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 \
    124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 114311 411113 \
    411311 113141 114131 311141 411131 211412 211214 211232";
