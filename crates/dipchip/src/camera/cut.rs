//! How much of what a camera sent is the picture: some pad it, and some count old bytes behind it as theirs.
//!
//! Only the end is looked for here; decoding is `vision`'s.

/// The picture of a YUYV buffer: two bytes a pixel.
pub fn yuyv(buffer: &[u8], width: u32, height: u32) -> Option<&[u8]> {
    let pixels = usize::try_from(width).ok()?.checked_mul(usize::try_from(height).ok()?)?;
    buffer.get(..pixels.checked_mul(2)?)
}

/// The JPEG at the start of a buffer, up to its end-of-image marker (ISO/IEC 10918-1, B.1.1).
///
/// The segments of the header are stepped over, since what they hold may look like a marker.
pub fn jpeg(buffer: &[u8]) -> Option<&[u8]> {
    if !buffer.starts_with(&[0xFF, START_OF_IMAGE]) {
        return None;
    }
    let mut at = 2;
    loop {
        let [mark, kind, high, low] = *buffer.get(at..at + 4)?.first_chunk()?;
        if mark != 0xFF {
            return None;
        }
        // Fill bytes may stand before any marker.
        if kind == 0xFF {
            at += 1;
            continue;
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
        if kind == START_OF_SCAN {
            break;
        }
    }
    let scan = buffer.get(at..)?;
    let end = scan.windows(2).position(|pair| pair == [0xFF, END_OF_IMAGE])?;
    buffer.get(..at + end + 2)
}

const START_OF_IMAGE: u8 = 0xD8;
const START_OF_SCAN: u8 = 0xDA;
const END_OF_IMAGE: u8 = 0xD9;

#[cfg(test)]
mod tests {
    use super::*;

    /// SOI, an APP0 whose content looks like an end, SOS, two bytes of scan, EOI.
    const PICTURE: [u8; 16] = [
        0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x04, 0xFF, 0xD9, 0xFF, 0xDA, 0x00, 0x02, 0x11, 0x22, 0xFF,
        0xD9,
    ];

    #[track_caller]
    fn check(buffer: &[u8], expected: Option<&[u8]>) {
        assert_eq!(jpeg(buffer), expected);
    }

    #[test]
    fn old_bytes_behind_the_picture_are_cut_off() {
        let mut buffer = PICTURE.to_vec();
        buffer.extend_from_slice(&[0xAA, 0xFF, 0xD9, 0xBB]);
        check(&buffer, Some(&PICTURE));
        check(&PICTURE, Some(&PICTURE));
    }

    #[test]
    fn a_picture_without_end_is_none() {
        for length in 0..PICTURE.len() {
            check(&PICTURE[..length], None);
        }
    }

    #[test]
    fn what_is_no_jpeg_is_none() {
        check(b"", None);
        check(&[0; 64], None);
        check(&[0xFF, 0xD8, 0x00, 0x00, 0x00, 0x00], None);
    }

    #[test]
    fn fill_bytes_before_a_marker_are_stepped_over() {
        let mut buffer = PICTURE.to_vec();
        buffer.splice(8..8, [0xFF, 0xFF]);
        check(&buffer, Some(&buffer.clone()));
    }

    #[test]
    fn a_raw_picture_has_two_bytes_a_pixel() {
        assert_eq!(yuyv(&[7; 100], 4, 2).map(<[u8]>::len), Some(16));
        assert_eq!(yuyv(&[7; 15], 4, 2), None);
        assert_eq!(yuyv(&[7; 15], u32::MAX, u32::MAX), None);
    }
}
