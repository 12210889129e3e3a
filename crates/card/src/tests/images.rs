//! The card images of `tests/cards`, parsed by the format that is written down there.
//!
//! This parser is the tests' own; the product never reads such a file.

/// The bytes of the applet.
const IMAGE_BYTES: usize = 5950;

/// What one file describes.
pub struct Image {
    /// The flat image, spaces where the file says nothing.
    pub bytes: Vec<u8>,
    /// The answer to GET DATA `9F 7F`, without status word.
    pub chip_data: Vec<u8>,
}

macro_rules! lawful {
    ($($name:literal,)*) => {
        &[$((
            $name,
            include_str!(concat!("../../../../tests/cards/", $name, ".hex")),
            include_str!(concat!("../../../../tests/cards/expected/", $name, ".json")),
        )),*]
    };
}

macro_rules! refused {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../../../../tests/cards/", $name, ".hex")))),*]
    };
}

macro_rules! conduct {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../../../../tests/cards/evil/", $name, ".card")))),*]
    };
}

/// Every card that can be read: its name, its image, what it must become.
pub const LAWFUL: &[(&str, &str, &str)] = lawful![
    "address-101",
    "address-160",
    "address-all-slots",
    "address-bare",
    "address-chiang-mai",
    "address-spaces",
    "address-trok-only",
    "address-without-words",
    "address-word-inside",
    "atr-nid-8",
    "bangkok",
    "birth-blank-month",
    "birth-leap-day",
    "birth-oldest",
    "birth-unknown-for-life",
    "blank-card-type",
    "blank-english",
    "card-type-02",
    "expired",
    "for-life",
    "full-photo",
    "issue-date-partial",
    "last-name-of-two-words",
    "latin-in-thai-name",
    "middle-name",
    "names-100",
    "no-last-name",
    "no-photo-length",
    "nul-english",
    "nul-padding",
    "oldest-atr",
    "photo-last-block-of-one",
    "photo-length-ffff",
    "photo-length-too-great",
    "photo-two-ends",
    "rank",
    "request-number-alone",
    "somchai",
    "spaces-in-front",
    "three-slots",
    "tiny-photo",
    "unknown-postal",
];

/// Every card that is refused for what is on it.
pub const REFUSED: &[(&str, &str)] = refused![
    "address-blank",
    "address-nine-slots",
    "address-no-break-space",
    "address-seven-slots",
    "bad-text",
    "birth-gregorian",
    "birth-month-13",
    "birth-no-such-day",
    "birth-unknown",
    "chip-number-ones",
    "chip-number-zeros",
    "empty",
    "expiry-leap-day",
    "expiry-partial",
    "expiry-thai-digits",
    "id-blank",
    "id-check-digit",
    "id-letters",
    "id-short",
    "id-thai-digits",
    "issue-date-letters",
    "layout-0004",
    "layout-ff",
    "name-bidi",
    "name-blank",
    "name-c1-control",
    "name-digits",
    "name-escape",
    "name-five-slots",
    "name-markup",
    "name-newline",
    "name-no-first",
    "name-nul-inside",
    "name-thai-in-english",
    "name-two-slots",
    "name-utf-8",
    "old-layout",
    "photo-blank",
    "photo-bomb",
    "photo-length-short",
    "photo-no-jpeg",
    "photo-shifted",
    "photo-truncated",
    "request-number-blank",
    "sex-3",
];

/// Every card that is refused for what it does.
pub const CONDUCT: &[(&str, &str)] = conduct![
    "applet-locked",
    "changes-chip-number",
    "changes-citizen-id",
    "chip-data-empty",
    "chip-number-refused",
    "dead-applet",
    "drip",
    "drip-photo",
    "echo",
    "empty-applet",
    "endless-61",
    "endless-61-applet",
    "endless-61-holder",
    "endless-61-photo",
    "foreign",
    "foreign-class",
    "foreign-instruction",
    "garbled",
    "half-status-word",
    "interleaved",
    "long-address",
    "long-beyond-measure",
    "long-by-one",
    "loop-61-6c",
    "loop-6c",
    "loop-6c-two-lengths",
    "loop-6c-zero",
    "mute",
    "mute-in-text",
    "no-status-word",
    "nothing-and-success",
    "other-length-each-time",
    "photo-repeats",
    "pulled",
    "reader-gone",
    "reads-forbidden",
    "reset-by-another",
    "short-address",
    "short-by-one",
    "short-photo",
];

impl Image {
    /// The card of that name.
    pub fn of(name: &str) -> Self {
        let lawful = LAWFUL.iter().map(|(card, text, _)| (*card, *text));
        let (_, text) = lawful
            .chain(REFUSED.iter().copied())
            .find(|(card, _)| *card == name)
            .expect("a card of the folder");
        Self::parse(text)
    }

    /// Reads `key = value` lines, and `OOOO: bytes` lines into an image of spaces.
    fn parse(text: &str) -> Self {
        let mut image = Self { bytes: vec![b' '; IMAGE_BYTES], chip_data: Vec::new() };
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if let Some((offset, bytes)) = line.split_once(':') {
                let start = usize::from_str_radix(offset, 16).expect("a hexadecimal offset");
                let bytes = hex(bytes);
                image.bytes[start..start + bytes.len()].copy_from_slice(&bytes);
            } else if let Some(("cplc", value)) = line.split_once(" = ") {
                image.chip_data = hex(value);
            }
        }
        image
    }
}

/// Hexadecimal digits, with or without spaces.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .map(|letter| letter.to_digit(16).expect("a hexadecimal digit"))
        .collect();
    digits
        .chunks(2)
        .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).expect("two digits fit a byte"))
        .collect()
}
