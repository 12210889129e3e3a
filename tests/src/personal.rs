//! What is personal about a test person, by value and in every form in which it could leak.
//!
//! The values come from what `tests/cards/make.py` says the raw image holds, not from our own decoder.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Shorter values (a house number, a moo) stand in any text by chance.
const CHARACTERS_MIN: usize = 5;
/// So many bytes of a picture are enough to know it by, wherever they lie in it.
const PIECE_BYTES: usize = 36;
/// Pieces of a picture that are looked for. The first bytes of a JPEG are the same for everybody.
const PIECES: usize = 4;

/// One form of one value that must not be found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trace {
    /// Which field, for the report; never the value.
    pub field: String,
    /// In which form.
    pub form: &'static str,
    bytes: Vec<u8>,
}

/// Everything personal about the holder of a test card.
#[derive(Clone, Debug, Default)]
pub struct Person {
    traces: Vec<Trace>,
}

impl Person {
    /// Reads `tests/cards/expected/NAME.json`.
    ///
    /// # Panics
    /// If there is no such file.
    #[must_use]
    pub fn of_card(name: &str) -> Self {
        let expected = expected(name);
        let mut person = Self::default();
        person.add("chipNo", text(&expected, "/chipNo"));
        person.add("bp1No", text(&expected, "/bp1No"));
        let portrait = STANDARD.decode(text(&expected, "/customerImage"));
        person.add_picture("customerImage", &portrait.expect("a portrait in Base64"));
        let fields = expected.pointer("/customerData").and_then(Value::as_object);
        for (field, value) in fields.into_iter().flatten() {
            // Shared with everybody who lives there, and part of every table.
            if ["province", "district", "subDistrict", "countryCode"].contains(&field.as_str()) {
                continue;
            }
            person.add(field, value.as_str().unwrap_or_default());
        }
        person
    }

    /// As [`Self::of_card`], with the reference of the journey, which is as good as a key.
    #[must_use]
    pub fn and_reference(mut self, reference: &str) -> Self {
        self.add("reference", reference);
        self
    }

    /// As [`Self::of_card`], with something that the customer typed.
    #[must_use]
    pub fn and_typed(mut self, field: &str, value: &str) -> Self {
        self.add(field, value);
        self
    }

    /// As [`Self::of_card`], with a picture of this person: a file, or pixels.
    #[must_use]
    pub fn and_picture(mut self, field: &str, picture: &[u8]) -> Self {
        self.add_picture(field, picture);
        self
    }

    /// Which of the values stand in these bytes.
    #[must_use]
    pub fn found_in(&self, bytes: &[u8]) -> Vec<Trace> {
        let stands = |trace: &&Trace| memchr::memmem::find(bytes, &trace.bytes).is_some();
        self.traces.iter().filter(stands).cloned().collect()
    }

    fn add(&mut self, field: &str, value: &str) {
        if value.chars().count() < CHARACTERS_MIN {
            return;
        }
        self.add_form(field, "utf-8", value.as_bytes().to_vec());
        self.add_form(field, "hex", hex(value.as_bytes()));
        self.add_form(field, "utf-16", value.encode_utf16().flat_map(u16::to_le_bytes).collect());
        for phase in 0..3 {
            self.add_form(field, "base64", base64_inside(value.as_bytes(), phase));
        }
        if let Some(bytes) = tis620(value)
            && !value.is_ascii()
        {
            self.add_form(field, "tis-620", bytes);
        }
    }

    /// Only pieces that tell something: a row of one grey stands in any picture.
    fn add_picture(&mut self, field: &str, picture: &[u8]) {
        let apart = picture.len() / (PIECES + 1);
        for piece in (1..=PIECES).filter_map(|n| picture.get(n * apart..)?.get(..PIECE_BYTES)) {
            let mut different = piece.to_vec();
            different.sort_unstable();
            different.dedup();
            if different.len() >= PIECE_BYTES / 3 {
                self.add_form(field, "bytes", piece.to_vec());
                for phase in 0..3 {
                    self.add_form(field, "base64", base64_inside(piece, phase));
                }
            }
        }
    }

    fn add_form(&mut self, field: &str, form: &'static str, bytes: Vec<u8>) {
        if bytes.len() >= CHARACTERS_MIN {
            self.traces.push(Trace { field: field.to_owned(), form, bytes });
        }
    }
}

/// What the raw image of a card says, as the bank must receive it.
///
/// # Panics
/// If there is no such file.
#[must_use]
pub fn expected(name: &str) -> Value {
    let cards = Path::new(env!("CARGO_MANIFEST_DIR")).join("cards/expected");
    let path = cards.join(format!("{name}.json"));
    let file = std::fs::read(&path).expect("every lawful card has a file of expected values");
    serde_json::from_slice(&file).expect("the expected values are JSON")
}

/// Every file below a folder, to be searched. An agent at work makes, renames and removes files meanwhile:
/// what is gone before it was read is left out.
///
/// # Panics
/// If something that is there cannot be read.
#[must_use]
pub fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = there(std::fs::read_dir(folder)).into_iter().flatten();
    entries.filter_map(there).flat_map(|entry| inside(entry.path())).collect()
}

fn inside(path: PathBuf) -> Vec<(PathBuf, Vec<u8>)> {
    if path.is_dir() {
        return files_below(&path);
    }
    there(std::fs::read(&path)).map(|bytes| (path, bytes)).into_iter().collect()
}

/// Nothing, if it is gone.
fn there<T>(found: io::Result<T>) -> Option<T> {
    match found {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        found => Some(found.expect("what is there can be read")),
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

/// TIS-620 puts U+0E01 to U+0E5B at A1 to FB.
fn tis620(text: &str) -> Option<Vec<u8>> {
    text.chars()
        .map(|character| match u32::from(character) {
            code @ 0..0x80 => u8::try_from(code).ok(),
            code @ 0xE01..=0xE5B => u8::try_from(code - 0xE00 + 0xA0).ok(),
            _ => None,
        })
        .collect()
}

/// The characters that Base64 has for these bytes wherever they begin within a group of three.
fn base64_inside(bytes: &[u8], phase: usize) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let shifted: Vec<u8> = std::iter::repeat_n(0, phase).chain(bytes.iter().copied()).collect();
    let letter = |index: usize| {
        let bit = index * 6;
        let byte = |at: usize| u16::from(shifted.get(at).copied().unwrap_or(0));
        let pair = byte(bit / 8) << 8 | byte(bit / 8 + 1);
        let six = usize::from(pair >> (10 - bit % 8) & 0x3F);
        ALPHABET.get(six).copied().unwrap_or_default()
    };
    // Only the letters that these bytes alone decide.
    let first = (phase * 8).div_ceil(6);
    let last = shifted.len() * 8 / 6;
    (first..last).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(haystack: &[u8], form: &str) {
        let mut person = Person::default();
        person.add("firstNameTH", "สมชาย");
        let found = person.found_in(haystack);
        assert!(found.iter().any(|trace| trace.form == form), "{form} is not found");
    }

    #[test]
    fn every_form_of_a_value_is_found() {
        check("… สมชาย …".as_bytes(), "utf-8");
        check(&[0, 0xCA, 0xC1, 0xAA, 0xD2, 0xC2, 0], "tis-620");
        check(b"e0b8aae0b8a1e0b88ae0b8b2e0b8a2", "hex");
        // printf 'x: สมชาย' | base64, and with one and two bytes less before the name
        check(b"eDog4Liq4Lih4LiK4Liy4Lii", "base64");
        check(b"eHjguKrguKHguIrguLLguKI=", "base64");
        check(b"eOC4quC4oeC4iuC4suC4og==", "base64");
    }

    #[test]
    fn a_picture_is_found_as_a_file_and_within_the_text_of_a_request() {
        let picture: Vec<u8> = (0..250_u8).cycle().take(8_000).collect();
        let person = Person::default().and_picture("customerSelfieImage", &picture);
        let forms = |haystack: &[u8]| -> Vec<&str> {
            person.found_in(haystack).iter().map(|trace| trace.form).collect()
        };
        assert!(forms(&picture).contains(&"bytes"));
        assert!(forms(STANDARD.encode(&picture).as_bytes()).contains(&"base64"));
        assert!(forms(&vec![7; 8_000]).is_empty());
    }

    #[test]
    fn a_file_that_is_gone_is_left_out_and_the_others_are_searched() {
        let folder = tempfile::tempdir().expect("a folder");
        let below = folder.path().join("below");
        std::fs::create_dir(&below).expect("a folder");
        std::fs::write(below.join("kept"), b"bytes").expect("a file");
        // A name that leads nowhere is what a listing shows of a file that was just removed.
        std::os::unix::fs::symlink("gone", folder.path().join("removed")).expect("a link");
        assert_eq!(files_below(folder.path()), [(below.join("kept"), b"bytes".to_vec())]);
        assert!(files_below(&folder.path().join("gone")).is_empty());
    }

    #[test]
    fn an_innocent_text_is_innocent() {
        assert!(
            Person::of_card("somchai").found_in(b"journey=1 stage=submit code=0000").is_empty()
        );
    }
}
