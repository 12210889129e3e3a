//! Reads card images: text files with the bytes of one card, offset by offset, and what it says at reset.
//! What the bytes mean is not its business.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use super::Conduct;

/// The citizen applet's one file is this long.
const SIZE: usize = 5_950;

/// What an image does not give is blank.
const BLANK: u8 = 0x20;

/// GET DATA answers tag, length and 42 bytes.
const CPLC_SIZE: usize = 45;

/// ISO 7816-3 §8.1: TS and T0 at least, 32 characters after TS at most.
const ATR_SIZES: std::ops::RangeInclusive<usize> = 2..=33;

/// One card: what it answers to reset, its chip data, the bytes of its file, and how it misbehaves if it does.
#[derive(Clone)]
pub struct Image {
    atr: Vec<u8>,
    cplc: Option<Zeroizing<Vec<u8>>>,
    file: Option<Zeroizing<Vec<u8>>>,
    conduct: Option<Conduct>,
}

/// A text that is no image.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ImageError {
    /// One line is wrong.
    #[error("reading the card image: line {line}: {fault}")]
    Line {
        /// Counts from 1.
        line: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// No `atr = …`: a card that does not answer to reset cannot be inserted.
    #[error("reading the card image: expected a line `atr = …`, found none")]
    NoAtr,
}

/// What is wrong with a line of an image.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum LineFault {
    /// Neither `OOOO: bytes` nor `key = value`.
    #[error("expected `OOOO: bytes`, `key = value`, a comment or nothing")]
    Shape,
    /// The offset is not four hex digits.
    #[error("expected an offset of four hex digits")]
    Offset,
    /// A byte is not two hex digits.
    #[error("expected bytes of two hex digits")]
    Bytes,
    /// The bytes go past the end of the file.
    #[error("expected bytes below offset 173E")]
    Outside,
    /// The bytes were given before.
    #[error("expected each byte once")]
    Overlap,
    /// A key that images do not have.
    #[error("expected the key atr or cplc")]
    UnknownKey,
    /// A key for the second time.
    #[error("expected each key once")]
    KeyTwice,
    /// The answer to reset has an impossible length.
    #[error("expected an answer to reset of 2 to 33 bytes")]
    Atr,
    /// The chip data has not the right frame.
    #[error("expected 45 bytes that begin with 9F7F2A")]
    Cplc,
}

impl Image {
    /// Reads an image. Bytes that it does not give are 0x20.
    ///
    /// # Errors
    /// [`ImageError`] naming the line.
    pub fn parse(text: &str) -> Result<Self, ImageError> {
        let mut draft = Draft::default();
        for (index, raw) in text.lines().enumerate() {
            let line = raw.split('#').next().unwrap_or_default().trim();
            draft.read(line).map_err(|fault| ImageError::Line { line: index + 1, fault })?;
        }
        let atr = draft.atr.ok_or(ImageError::NoAtr)?;
        let file = draft.bytes.iter().map(|byte| byte.unwrap_or(BLANK)).collect();
        Ok(Self { atr, cplc: draft.cplc, file: Some(Zeroizing::new(file)), conduct: None })
    }

    /// Some other chip card: it answers to reset and has chip data, but no citizen applet.
    pub fn foreign() -> Self {
        Self {
            atr: vec![0x3B, 0x65, 0x00, 0x00, 0x20, 0x63, 0xCB, 0x68, 0x00],
            cplc: None,
            file: None,
            conduct: None,
        }
    }

    /// The same card, misbehaving.
    #[must_use]
    pub fn misbehaving(self, conduct: Conduct) -> Self {
        Self { conduct: Some(conduct), ..self }
    }

    pub(super) fn conduct(&self) -> Option<&Conduct> {
        self.conduct.as_ref()
    }

    /// The answer to reset.
    pub fn atr(&self) -> &[u8] {
        &self.atr
    }

    pub(super) fn cplc(&self) -> Option<&[u8]> {
        self.cplc.as_deref().map(Vec::as_slice)
    }

    /// The citizen applet's file; `None` if the card has no such applet.
    pub(super) fn file(&self) -> Option<&[u8]> {
        self.file.as_deref().map(Vec::as_slice)
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Image(‹redacted›)")
    }
}

/// An image while its lines are read.
struct Draft {
    atr: Option<Vec<u8>>,
    cplc: Option<Zeroizing<Vec<u8>>>,
    bytes: Zeroizing<Vec<Option<u8>>>,
}

impl Default for Draft {
    fn default() -> Self {
        Self { atr: None, cplc: None, bytes: Zeroizing::new(vec![None; SIZE]) }
    }
}

impl Draft {
    fn read(&mut self, line: &str) -> Result<(), LineFault> {
        if line.is_empty() {
            return Ok(());
        }
        if let Some((offset, bytes)) = line.split_once(':') {
            return self.put(offset_of(offset.trim())?, &hex(bytes)?);
        }
        let (key, value) = line.split_once('=').ok_or(LineFault::Shape)?;
        let value = hex(value)?;
        match key.trim() {
            "atr" if self.atr.is_some() => Err(LineFault::KeyTwice),
            "atr" if ATR_SIZES.contains(&value.len()) => {
                self.atr = Some(value);
                Ok(())
            }
            "atr" => Err(LineFault::Atr),
            "cplc" if self.cplc.is_some() => Err(LineFault::KeyTwice),
            "cplc" if value.len() == CPLC_SIZE && value.starts_with(&[0x9F, 0x7F, 0x2A]) => {
                self.cplc = Some(Zeroizing::new(value));
                Ok(())
            }
            "cplc" => Err(LineFault::Cplc),
            _ => Err(LineFault::UnknownKey),
        }
    }

    fn put(&mut self, offset: usize, bytes: &[u8]) -> Result<(), LineFault> {
        let places = self.bytes.get_mut(offset..offset + bytes.len()).ok_or(LineFault::Outside)?;
        for (place, byte) in places.iter_mut().zip(bytes) {
            if place.replace(*byte).is_some() {
                return Err(LineFault::Overlap);
            }
        }
        Ok(())
    }
}

fn offset_of(text: &str) -> Result<usize, LineFault> {
    if text.len() != 4 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(LineFault::Offset);
    }
    usize::from_str_radix(text, 16).map_err(|_| LineFault::Offset)
}

/// Pairs of hex digits, with or without spaces between the pairs.
fn hex(text: &str) -> Result<Vec<u8>, LineFault> {
    let mut bytes = Vec::new();
    for group in text.split_whitespace() {
        if !group.is_ascii() || group.len() % 2 != 0 {
            return Err(LineFault::Bytes);
        }
        for pair in group.as_bytes().chunks_exact(2) {
            let digits = std::str::from_utf8(pair).map_err(|_| LineFault::Bytes)?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(LineFault::Bytes);
            }
            bytes.push(u8::from_str_radix(digits, 16).map_err(|_| LineFault::Bytes)?);
        }
    }
    if bytes.is_empty() { Err(LineFault::Bytes) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "atr = 3B 68 00\n";

    #[track_caller]
    fn check_fault(line: &str, fault: LineFault) {
        let text = format!("# head\n{HEAD}\n{line}\n");
        assert_eq!(Image::parse(&text).err(), Some(ImageError::Line { line: 4, fault }), "{line}");
    }

    #[test]
    fn bytes_stand_at_their_offsets_and_the_rest_is_blank() {
        let text = format!("{HEAD}0004: 31 32  # digits\n173D: FF\n0000: 30303033\n");
        let image = Image::parse(&text).unwrap();
        let file = image.file().unwrap();
        assert_eq!(file.len(), 5_950);
        assert_eq!(&file[..8], b"000312  ");
        assert_eq!(file.last(), Some(&0xFF));
        assert_eq!(image.atr(), [0x3B, 0x68, 0x00]);
        assert_eq!(image.cplc(), None);
    }

    #[test]
    fn each_wrong_line_is_named() {
        check_fault("hello", LineFault::Shape);
        check_fault("4: 31", LineFault::Offset);
        check_fault("00x4: 31", LineFault::Offset);
        check_fault("0004: 3", LineFault::Bytes);
        check_fault("0004: 3g", LineFault::Bytes);
        check_fault("0004: +1", LineFault::Bytes);
        check_fault("0004:", LineFault::Bytes);
        check_fault("173D: 31 32", LineFault::Outside);
        check_fault("FFFF: 31", LineFault::Outside);
        check_fault("name = 31", LineFault::UnknownKey);
        check_fault("atr = 3B00", LineFault::KeyTwice);
        check_fault("cplc = 9F7F2A00", LineFault::Cplc);
    }

    #[test]
    fn a_byte_is_given_once() {
        let text = format!("{HEAD}0004: 31 32\n0005: 33\n");
        let fault = ImageError::Line { line: 3, fault: LineFault::Overlap };
        assert_eq!(Image::parse(&text).err(), Some(fault));
    }

    #[test]
    fn a_card_answers_to_reset() {
        assert_eq!(Image::parse("0000: 30\n").err(), Some(ImageError::NoAtr));
        let fault = ImageError::Line { line: 1, fault: LineFault::Atr };
        assert_eq!(Image::parse("atr = 3B\n").err(), Some(fault));
    }

    #[test]
    fn debug_shows_no_byte() {
        let image = Image::parse(&format!("{HEAD}0004: 31\n")).unwrap();
        assert_eq!(format!("{image:?}"), "Image(‹redacted›)");
    }
}
