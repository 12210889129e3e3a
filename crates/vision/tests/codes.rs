//! A part of the generated frames (`tests/bench/qr`), read in one look each: what was read stays read.
//!
//! How long it takes is for `cargo bench -p vision`; here only what is read counts.

use std::collections::BTreeMap;

use code_frames::{Class, CodeFrame};
use vision::{CodeScanner, Frame};

/// QR frames of each fault.
const QR_EACH: u32 = 4;
/// Barcode frames of each fault.
const BARCODES_EACH: u32 = 2;
/// Frames without a code.
const EMPTY: u32 = 24;

/// Reads a set, and holds it against the fewest frames that must be read; returns what was read by fault.
#[track_caller]
fn check(frames: impl Iterator<Item = CodeFrame>, read_least: u32) {
    let mut read = 0;
    let mut missed: BTreeMap<Class, u32> = BTreeMap::new();
    for shown in frames {
        let frame = Frame::from_jpeg(&shown.jpeg).expect("the frames are whole");
        let texts = CodeScanner::new().read(&frame);
        let foreign = texts.iter().filter(|text| Some(*text) != shown.text.as_ref()).count();
        assert_eq!(foreign, 0, "a text that is not in the frame ({})", shown.class.name());
        match texts.len() {
            0 => *missed.entry(shown.class).or_default() += 1,
            _ => read += 1,
        }
    }
    assert!(
        read >= read_least,
        "{read} frames were read, expected {read_least}; missed: {missed:?}"
    );
}

#[test]
fn qr_codes_are_read_as_often_as_they_were() {
    check(code_frames::qr(QR_EACH), 40);
}

#[test]
fn barcodes_are_read_as_often_as_they_were() {
    check(code_frames::barcodes(BARCODES_EACH), 17);
}

#[test]
fn no_text_is_read_where_no_code_is() {
    check(code_frames::empty(EMPTY), 0);
}
