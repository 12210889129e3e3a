//! Pictures on the wire: Base64 on one line, the card's photo as the chip has it, the selfie small enough.
//! Sizes are those of §4; what is to be seen on a picture nobody here looks at.

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{ImageFormat, ImageReader};

use super::Mismatch;

/// The card's photo file has no more room (5118 bytes from offset 0x017B).
const CARD_PHOTO_BYTES_MAX: usize = 5118;

/// §4: "photo size < 100K".
const SELFIE_BYTES_MAX: usize = 100_000;

/// §4: "resolution is 680 x 480", read as a frame to fit into.
const SELFIE_PIXELS_MAX: (u32, u32) = (680, 480);

/// JPEG from the first marker to the last, nothing behind.
pub(super) fn card_photo(text: &str) -> Result<(), Mismatch> {
    let bytes = decode(text)?;
    if bytes.len() > CARD_PHOTO_BYTES_MAX {
        return Err(Mismatch::new("at most 5118 bytes, as on the chip", "more"));
    }
    whole_jpeg(&bytes)
}

/// A picture in one of the four formats, within the recommended size.
pub(super) fn selfie(text: &str) -> Result<(), Mismatch> {
    let bytes = decode(text)?;
    if bytes.len() > SELFIE_BYTES_MAX {
        return Err(Mismatch::new("at most 100,000 bytes", "more"));
    }
    whole_jpeg(&bytes)?;
    let (width, height) = ImageReader::with_format(Cursor::new(&bytes), ImageFormat::Jpeg)
        .into_dimensions()
        .map_err(|_| Mismatch::new("a JPEG picture", "one that cannot be read"))?;
    if width > SELFIE_PIXELS_MAX.0 || height > SELFIE_PIXELS_MAX.1 {
        return Err(Mismatch::new("a picture that fits into 680 x 480", "a larger one"));
    }
    Ok(())
}

/// §4 names four; a JPEG is sent, so only its two names are true.
pub(super) fn selfie_format(text: &str) -> Result<(), Mismatch> {
    match text {
        "JPG" | "JPEG" => Ok(()),
        "BMP" | "PNG" => Err(Mismatch::new("the format of the picture, JPG or JPEG", "another")),
        _ => Err(Mismatch::new("JPG, BMP, PNG or JPEG", "another text")),
    }
}

fn decode(text: &str) -> Result<Vec<u8>, Mismatch> {
    STANDARD
        .decode(text)
        .map_err(|_| Mismatch::new("Base64 with padding on one line", "something else"))
}

fn whole_jpeg(bytes: &[u8]) -> Result<(), Mismatch> {
    if !bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return Err(Mismatch::new("a JPEG picture", "another kind of data"));
    }
    if !bytes.ends_with(&[0xFF, 0xD9]) {
        return Err(Mismatch::new("a whole JPEG picture", "a cut or padded one"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use image::{ImageEncoder, RgbImage, codecs::jpeg::JpegEncoder};

    use super::*;

    #[track_caller]
    fn check(
        rule: fn(&str) -> Result<(), Mismatch>,
        bytes: &[u8],
        expected: Result<(), &'static str>,
    ) {
        assert_eq!(rule(&STANDARD.encode(bytes)).map_err(|mismatch| mismatch.got), expected);
    }

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 30)
            .write_image(
                &RgbImage::new(width, height),
                width,
                height,
                image::ExtendedColorType::Rgb8,
            )
            .unwrap();
        bytes
    }

    #[test]
    fn a_card_photo_is_a_whole_jpeg_of_chip_size() {
        let photo = jpeg(148, 178);
        check(card_photo, &photo, Ok(()));
        check(card_photo, &photo[..photo.len() - 1], Err("a cut or padded one"));
        check(card_photo, &[&photo[..], b"  "].concat(), Err("a cut or padded one"));
        check(card_photo, b"\x89PNG\r\n", Err("another kind of data"));
        check(card_photo, &vec![0xFF; 5119], Err("more"));
    }

    #[test]
    fn a_selfie_fits_the_recommended_size() {
        check(selfie, &jpeg(680, 480), Ok(()));
        check(selfie, &jpeg(480, 640), Err("a larger one"));
        check(selfie, &vec![0xFF; 100_001], Err("more"));
        check(selfie, b"\xFF\xD8\xFF\xFF\xD9", Err("one that cannot be read"));
        check(selfie, b"BM", Err("another kind of data"));
    }

    #[test]
    fn line_breaks_in_base64_are_refused() {
        assert!(card_photo("/9j/\r\n").is_err());
        assert!(card_photo("data:image/jpeg;base64,/9j/").is_err());
    }

    #[test]
    fn the_format_is_that_of_a_jpeg() {
        for (text, good) in [("JPG", true), ("JPEG", true), ("PNG", false), ("jpg", false)] {
            assert_eq!(selfie_format(text).is_ok(), good, "{text}");
        }
    }
}
