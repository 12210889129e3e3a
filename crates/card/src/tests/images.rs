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

/// A readable card: its name, its image, what it must become.
macro_rules! card {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../../tests/cards/", $name, ".hex")),
            Some(include_str!(concat!("../../../../tests/cards/expected/", $name, ".json"))),
        )
    };
}

/// Every card of the folder, with what it must become; nothing for those that cannot be read.
pub const CARDS: [(&str, &str, Option<&str>); 15] = [
    card!("bangkok"),
    card!("blank-english"),
    card!("expired"),
    card!("for-life"),
    card!("full-photo"),
    card!("middle-name"),
    card!("no-photo-length"),
    card!("nul-padding"),
    card!("oldest-atr"),
    card!("somchai"),
    card!("three-slots"),
    card!("unknown-postal"),
    ("bad-text", include_str!("../../../../tests/cards/bad-text.hex"), None),
    ("empty", include_str!("../../../../tests/cards/empty.hex"), None),
    ("old-layout", include_str!("../../../../tests/cards/old-layout.hex"), None),
];

impl Image {
    /// The card of that name.
    pub fn of(name: &str) -> Self {
        let (_, text, _) =
            CARDS.iter().find(|(card, ..)| *card == name).expect("a card of the folder");
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
