//! The JSON of one request, in memory that is wiped and that the wire body is made in.
//!
//! It is measured and then written once, so no growing buffer leaves a copy behind, and a picture's Base64
//! goes straight to its place. What a field may hold is decided before; `envelope` seals what is written.

use std::{
    fmt, io,
    ops::{Deref, Range},
};

use base64::{Engine, encoded_len, engine::general_purpose::STANDARD};
use serde::{Serialize, Serializer};
use serde_json::ser::{CompactFormatter, Formatter};
use zeroize::Zeroizing;

/// One AES block; PKCS#7 adds up to that many bytes.
const PADDING_BYTES_MAX: usize = 16;
/// Room for what a wire body has before `data`: two names, a reference of 55 characters, a framing.
const FRONT_BYTES: usize = 128;
/// Room for what it has after `data`: a name and a `crc` of 1,368 characters, from the largest RSA key
/// that is taken (8,192 bits).
const BACK_BYTES: usize = 1408;
/// Bytes of a picture that are encoded at once; a multiple of three, so that nothing is padded but the end.
const PIECE_BYTES: usize = 768;

/// A request as JSON: UTF-8, no spaces, keys in the order of the document's samples. Debug redacts it and
/// drop wipes it.
pub struct Plaintext {
    buffer: Zeroizing<Vec<u8>>,
    written: Range<usize>,
}

impl Plaintext {
    /// Writes a request; bytes in it ([`Picture`]) become Base64.
    pub(crate) fn of(request: &impl Serialize) -> Self {
        const JSON: &str = "texts, lists, objects under text keys and pictures are always JSON";
        let mut length = Length(0);
        let mut pictures = 0;
        write(request, &mut length, Measured(&mut pictures)).expect(JSON);
        let length = length.0.saturating_add(pictures);
        let mut plaintext = Self::with_room(length);
        let mut rest = plaintext.buffer.get_mut(plaintext.written.clone()).unwrap_or_default();
        write(request, &mut rest, Written).expect(JSON);
        debug_assert!(rest.is_empty(), "what is written is as long as what was measured");
        plaintext
    }

    /// A plaintext of so many bytes at the end of a buffer in which its own wire body fits.
    fn with_room(length: usize) -> Self {
        let padded = length.saturating_add(PADDING_BYTES_MAX);
        let encoded = encoded_len(padded, true).unwrap_or(padded);
        let start = FRONT_BYTES.saturating_add(BACK_BYTES).saturating_add(encoded - padded);
        let buffer = Zeroizing::new(vec![0; start.saturating_add(padded)]);
        Self { buffer, written: start..start.saturating_add(length) }
    }

    /// The whole buffer, and where the JSON lies in it. Behind it is room for the padding, before it for
    /// the Base64 of all of it and for what surrounds that on the wire.
    pub(crate) fn into_parts(self) -> (Zeroizing<Vec<u8>>, Range<usize>) {
        (self.buffer, self.written)
    }

    #[cfg(test)]
    pub(crate) fn copied(bytes: &[u8]) -> Self {
        let mut plaintext = Self::with_room(bytes.len());
        plaintext.buffer[plaintext.written.clone()].copy_from_slice(bytes);
        plaintext
    }
}

impl Deref for Plaintext {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.buffer.get(self.written.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plaintext(‹redacted›)")
    }
}

/// A picture's file; on the wire Base64 of the standard alphabet, padded, one line, no prefix (Doubt D47).
pub(crate) struct Picture<'a>(pub(crate) &'a [u8]);

impl Serialize for Picture<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

fn write(
    request: &impl Serialize,
    to: impl io::Write,
    pictures: impl Formatter,
) -> serde_json::Result<()> {
    request.serialize(&mut serde_json::Serializer::with_formatter(to, pictures))
}

/// Counts what is written to it.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Counts a picture without encoding it.
struct Measured<'a>(&'a mut usize);

impl Formatter for Measured<'_> {
    fn write_byte_array<W: ?Sized + io::Write>(
        &mut self,
        _: &mut W,
        bytes: &[u8],
    ) -> io::Result<()> {
        let encoded = encoded_len(bytes.len(), true).ok_or(io::ErrorKind::FileTooLarge)?;
        *self.0 = self.0.saturating_add(encoded).saturating_add("\"\"".len());
        Ok(())
    }
}

/// Encodes a picture to its place, through a piece of the stack that is wiped.
struct Written;

impl Formatter for Written {
    fn write_byte_array<W: ?Sized + io::Write>(
        &mut self,
        to: &mut W,
        bytes: &[u8],
    ) -> io::Result<()> {
        let mut encoded = Zeroizing::new([0; PIECE_BYTES / 3 * 4]);
        CompactFormatter.begin_string(to)?;
        for piece in bytes.chunks(PIECE_BYTES) {
            let length = STANDARD.encode_slice(piece, encoded.as_mut_slice());
            let length = length.map_err(io::Error::other)?;
            to.write_all(encoded.get(..length).unwrap_or_default())?;
        }
        CompactFormatter.end_string(to)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::{Picture, Plaintext};

    #[test]
    fn a_text_of_any_length_is_whole() {
        for length in [0, 1, 5_000] {
            let text = "ก\"\u{7}".repeat(length);
            assert_eq!(Plaintext::of(&text).to_vec(), serde_json::to_vec(&text).unwrap());
        }
    }

    #[test]
    fn a_picture_of_any_length_is_one_line_of_base64() {
        for length in [0, 1, 2, 3, 767, 768, 769, 770, 2_304, 100_000] {
            let picture: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
            let object = BTreeMap::from([("image", Picture(&picture))]);
            let expected = format!("{{\"image\":\"{}\"}}", STANDARD.encode(&picture));
            assert!(*Plaintext::of(&object) == *expected.as_bytes(), "{length}");
        }
    }

    #[test]
    fn a_plaintext_prints_nothing() {
        assert_eq!(format!("{:?}", Plaintext::of(&"1111111111119")), "Plaintext(‹redacted›)");
    }
}
