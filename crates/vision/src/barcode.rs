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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Frame;

    const BARCODE: &[u8] = include_bytes!("../../../tests/pictures/code128.jpg");
    const BARCODE_TEXT: &str = "SIM-0000-DEMO-0128";

    /// The picture of a barcode of which only some rows around its middle are left.
    fn rows_left(count: usize) -> Plane {
        let plane = Frame::from_jpeg(BARCODE).unwrap().plane();
        let middle = plane.height() / 2 / 6 * 6;
        let rows = plane.rows().enumerate().flat_map(|(at, row)| {
            let is_left = (middle..middle + count).contains(&at);
            row.iter().map(move |tone| if is_left { *tone } else { 200 })
        });
        Plane::new(plane.width(), rows.collect())
    }

    #[test]
    fn a_text_that_one_line_shows_alone_does_not_count() {
        let whole = Frame::from_jpeg(BARCODE).unwrap().plane();
        assert_eq!(read(&whole, 6), [BARCODE_TEXT]);
        assert_eq!(read(&rows_left(24), 6), [BARCODE_TEXT]);
        let alone = rows_left(6);
        let texts: Vec<String> = alone.lines(6).rows().filter_map(text_of).collect();
        assert_eq!(texts, [BARCODE_TEXT], "one line shows it");
        assert!(read(&alone, 6).is_empty());
    }

    #[test]
    fn a_line_without_contrast_is_light() {
        let line: Vec<u8> = (0_u8..200).map(|at| 100 + at % 2 * (CONTRAST_MIN - 1)).collect();
        let bits = bits_of(&line);
        assert!((0..line.len()).all(|at| !bits.get(at)));
    }

    #[test]
    fn a_bar_is_dark_beside_its_surroundings_wherever_the_light_is() {
        for light in [60_u8, 140, 250] {
            let line: Vec<u8> =
                (0..96).map(|at| if at == 50 { light / 3 } else { light }).collect();
            let bits = bits_of(&line);
            let dark: Vec<usize> = (0..96).filter(|at| bits.get(*at)).collect();
            assert_eq!(dark, [50]);
        }
    }
}
