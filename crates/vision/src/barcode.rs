//! The texts of Code 128 barcodes in a plane, line by line.
//!
//! A line is the mean of some rows, which takes noise away and leaves upright bars as they are; it is drawn
//! twice as wide, because bars are often not much wider than a pixel. The check character of a barcode is
//! one of 103, and many lines are tried: only a text that two lines of a picture agree on counts.

use rxing::DecodeHints;
use rxing::common::BitArray;
use rxing::oned::{Code128Reader, OneDReader};

use crate::plane::Plane;

/// Lines that must show a text.
const AGREEING: u32 = 2;
/// Pixels of a line whose extremes are taken together.
const BLOCK: usize = 16;
/// Blocks on each side of a block whose extremes decide what is dark in it: about one character of a barcode.
const BLOCKS_AROUND: usize = 2;
/// Less contrast than this is noise: all of it is light.
const CONTRAST_MIN: u8 = 28;

/// Looks for barcodes whose bars stand upright; `rows` of the plane make a line.
pub(crate) fn read(plane: &Plane, rows: usize) -> Vec<String> {
    let lines = plane.lines(rows);
    let mut tallies: Vec<(String, u32)> = Vec::new();
    for line in lines.rows() {
        let Some(text) = text_of(line) else { continue };
        match tallies.iter_mut().find(|(known, _)| *known == text) {
            Some((_, seen)) => *seen += 1,
            None => tallies.push((text, 1)),
        }
    }
    tallies.retain(|(_, seen)| *seen >= AGREEING);
    tallies.into_iter().map(|(text, _)| text).collect()
}

fn text_of(line: &[u8]) -> Option<String> {
    let mut bits = bits_of(line);
    let hints = DecodeHints::default();
    let forwards = Code128Reader.decode_row(0, &bits, &hints);
    let result = forwards.or_else(|_| {
        bits.reverse();
        Code128Reader.decode_row(0, &bits, &hints)
    });
    result.ok().map(|result| result.getText().to_owned()).filter(|text| !text.is_empty())
}

/// Dark where it is darker than the middle between the extremes around.
fn bits_of(line: &[u8]) -> BitArray {
    let extremes: Vec<(u8, u8)> = line.chunks(BLOCK).map(extremes_of).collect();
    let mut bits = BitArray::with_size(line.len());
    for (at, block) in line.chunks(BLOCK).enumerate() {
        let around = at.saturating_sub(BLOCKS_AROUND)..(at + BLOCKS_AROUND + 1).min(extremes.len());
        let around = extremes.get(around).unwrap_or_default();
        let dark = around.iter().map(|(dark, _)| *dark).min().unwrap_or_default();
        let light = around.iter().map(|(_, light)| *light).max().unwrap_or_default();
        if light - dark < CONTRAST_MIN {
            continue;
        }
        let middle = dark.midpoint(light);
        for (place, _) in (at * BLOCK..).zip(block).filter(|(_, tone)| **tone < middle) {
            bits.set(place);
        }
    }
    bits
}

fn extremes_of(block: &[u8]) -> (u8, u8) {
    block.iter().fold((u8::MAX, 0), |(dark, light), tone| (dark.min(*tone), light.max(*tone)))
}
