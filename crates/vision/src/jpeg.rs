//! The outside of a camera's JPEG, seen before anything is decoded: its segments (ITU-T T.81 annex B).
//!
//! Owns which JPEGs are handed to the decoder: one sequential picture, whole. The decoder panics on pictures whose
//! colour is sampled finer than their brightness, and fills up with grey what is missing at the end.

use zeroize::Zeroizing;

const START_OF_IMAGE: u8 = 0xD8;
const END_OF_IMAGE: u8 = 0xD9;
const START_OF_SCAN: u8 = 0xDA;
/// Sets the number of lines behind the first scan; no camera counts its lines so late.
const DEFINE_NUMBER_OF_LINES: u8 = 0xDC;
const TABLES_OF_HUFFMAN: u8 = 0xC4;
/// Baseline, and extended sequential with Huffman tables.
const SEQUENTIAL: [u8; 2] = [0xC0, 0xC1];

/// Why bytes are not handed to the decoder.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// They end before the picture does.
    CutShort,
    /// They are no picture, or one that no camera sends.
    Foreign,
}

/// Walks over the segments up to the end of the picture; what follows is padding. Bytes between segments, as
/// cheap cameras leave them, are passed over; a thumbnail's own markers lie within a segment.
pub(crate) fn examine(jpeg: &[u8]) -> Result<(), Fault> {
    let mut rest = jpeg.strip_prefix(&[0xFF, START_OF_IMAGE]).ok_or(Fault::Foreign)?;
    let (mut headers, mut scans) = (0, 0);
    loop {
        let (marker, behind) = next_marker(rest).ok_or(Fault::CutShort)?;
        match marker {
            END_OF_IMAGE => return if scans > 0 { Ok(()) } else { Err(Fault::Foreign) },
            START_OF_IMAGE | DEFINE_NUMBER_OF_LINES => return Err(Fault::Foreign),
            START_OF_SCAN if headers == 1 => scans += 1,
            START_OF_SCAN => return Err(Fault::Foreign),
            _ if SEQUENTIAL.contains(&marker) && headers == 0 => {
                headers += 1;
                is_header_of_a_camera(behind)?;
            }
            TABLES_OF_HUFFMAN => {}
            0xC0..=0xCF => return Err(Fault::Foreign),
            _ => {}
        }
        let [high, low, ..] = behind else { return Err(Fault::CutShort) };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        // It counts itself.
        if length < 2 {
            return Err(Fault::Foreign);
        }
        rest = behind.get(length..).ok_or(Fault::CutShort)?;
    }
}

/// A frame header (§B.2.2), its length first: grey, or brightness and two colours that are sampled no finer.
fn is_header_of_a_camera(header: &[u8]) -> Result<(), Fault> {
    let [_, _, _precision, _, _, _, _, count, components @ ..] = header else {
        return Err(Fault::CutShort);
    };
    let count = usize::from(*count);
    let components = components.as_chunks::<3>().0.get(..count).ok_or(Fault::CutShort)?;
    let sampling = |[_, factors, _]: &[u8; 3]| (factors >> 4, factors & 0xF);
    let [brightness, colours @ ..] = components else { return Err(Fault::Foreign) };
    let (across, down) = sampling(brightness);
    let fits = |colour: &[u8; 3]| {
        let (colour_across, colour_down) = sampling(colour);
        (1..=across).contains(&colour_across) && (1..=down).contains(&colour_down)
    };
    let good = matches!(count, 1 | 3) && fits(brightness) && colours.iter().all(fits);
    if good { Ok(()) } else { Err(Fault::Foreign) }
}

/// The next marker and what is behind it. A stuffed zero and a restart belong to a scan's data (§B.1.1.5).
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let is_marker = |pair: &[u8]| matches!(pair, [0xFF, code] if !matches!(code, 0x00 | 0x01 | 0xD0..=0xD7 | 0xFF));
    let at = bytes.windows(2).position(is_marker)?;
    Some((*bytes.get(at + 1)?, bytes.get(at + 2..)?))
}

/// The same JPEG with an `AVI1` segment in front, on which the decoder takes the usual Huffman tables (ITU-T
/// T.81 §K.3) for those that are missing: webcams leave them out. Nothing if it does not start as a JPEG.
pub(crate) fn marked_as_motion(jpeg: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    const START: [u8; 2] = [0xFF, START_OF_IMAGE];
    const MOTION: &[u8] = b"\xFF\xE0\0\x08AVI1\0\0";
    let picture = jpeg.strip_prefix(&START)?;
    Some(Zeroizing::new([&START, MOTION, picture].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] = &[0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0];
    const SCAN: &[u8] = &[0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0xFF, 0x00, 0xFF, 0xD0, 0x34];
    const END: &[u8] = &[0xFF, 0xD9];

    #[track_caller]
    fn check(parts: &[&[u8]], expected: Result<(), Fault>) {
        let jpeg = [&[&[0xFF, 0xD8][..]], parts].concat().concat();
        assert_eq!(examine(&jpeg), expected);
    }

    #[test]
    fn a_sequential_picture_of_one_or_more_scans_is_whole() {
        check(&[HEADER, SCAN, END], Ok(()));
        check(&[HEADER, SCAN, SCAN, END], Ok(()));
        check(&[HEADER, SCAN, END, &[0; 40]], Ok(()));
    }

    #[test]
    fn bytes_between_segments_are_passed_over() {
        check(&[&[7, 7], HEADER, &[0xFF, 0xFF], SCAN, &[0xFF], END], Ok(()));
    }

    #[test]
    fn a_thumbnail_with_headers_of_its_own_is_part_of_its_segment() {
        let thumbnail = [&[0xFF, 0xD8], HEADER, SCAN, END].concat();
        let length = u8::try_from(thumbnail.len() + 2).expect("a short one");
        check(&[&[0xFF, 0xE1, 0, length], &thumbnail, HEADER, SCAN, END], Ok(()));
    }

    #[test]
    fn a_second_header_is_foreign_wherever_it_stands() {
        check(&[HEADER, HEADER, SCAN, END], Err(Fault::Foreign));
        check(&[HEADER, SCAN, HEADER, END], Err(Fault::Foreign));
    }

    #[test]
    fn colour_finer_than_brightness_is_foreign() {
        let header = |samplings: [u8; 3]| {
            let [y, u, v] = samplings;
            vec![0xFF, 0xC0, 0, 17, 8, 0, 8, 0, 8, 3, 1, y, 0, 2, u, 1, 3, v, 1]
        };
        for good in [[0x11, 0x11, 0x11], [0x21, 0x11, 0x11], [0x22, 0x12, 0x12]] {
            check(&[&header(good), SCAN, END], Ok(()));
        }
        for bad in [[0x11, 0x11, 0x23], [0x21, 0x12, 0x11], [0, 0, 0], [0x22, 0x10, 0x11]] {
            check(&[&header(bad), SCAN, END], Err(Fault::Foreign));
        }
        let mut two = header([0x11, 0x11, 0x11]);
        two[9] = 2;
        check(&[&two, SCAN, END], Err(Fault::Foreign));
    }

    #[test]
    fn what_no_camera_sends_is_foreign() {
        let progressive = [&[0xFF, 0xC2], &HEADER[2..]].concat();
        check(&[&progressive, SCAN, END], Err(Fault::Foreign));
        check(&[SCAN, HEADER, END], Err(Fault::Foreign));
        check(&[HEADER, END], Err(Fault::Foreign));
        check(&[HEADER, SCAN, &[0xFF, 0xDC, 0, 4, 0, 8], END], Err(Fault::Foreign));
        check(&[HEADER, &[0xFF, 0xD8], SCAN, END], Err(Fault::Foreign));
        check(&[HEADER, &[0xFF, 0xFE, 0, 1], SCAN, END], Err(Fault::Foreign));
        assert_eq!(examine(b"GIF89a"), Err(Fault::Foreign));
    }

    #[test]
    fn cut_anywhere_it_is_cut_short() {
        let jpeg = [&[0xFF, 0xD8], HEADER, SCAN, END].concat();
        for length in 2..jpeg.len() {
            assert_eq!(examine(&jpeg[..length]), Err(Fault::CutShort), "{length}");
        }
    }
}
