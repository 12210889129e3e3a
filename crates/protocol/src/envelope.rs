//! The sealed form of a request, which the bank alone can open (§8, §9).
//!
//! AES-256-CBC with PKCS#7 under a fresh text key, and `key@iv` under RSA-OAEP with SHA-1: the document's
//! format, without integrity of its own. "CRC" is its word; it is no checksum. Never use it for storage.
//! The plaintext's own memory becomes the wire body, so a selfie is in memory once besides itself.

use std::ops::Range;

use aes::Aes256;
use base64::{Engine, engine::general_purpose::STANDARD};
use cbc::{
    Encryptor,
    cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7},
};
use rand::{
    CryptoRng,
    distr::{Alphanumeric, Distribution},
};
use rsa::Oaep;
use sha1::Sha1;
use zeroize::Zeroizing;

use crate::{
    dialect::DataFraming, plaintext::Plaintext, public_key::PublicKey, reference::Reference,
};

/// AES-256: the samples of §8 use a key of 32 text characters.
const KEY_LENGTH: usize = 32;
/// One AES block.
const IV_LENGTH: usize = 16;
/// Longest plaintext that is sealed; two pictures of 100 KB in Base64 with their data have a third of it.
const PLAINTEXT_BYTES_MAX: usize = 1024 * 1024;
/// Bytes that become Base64 at once: a multiple of three, so that only the last piece is padded.
const PIECE_BYTES: usize = 768;

/// Seals a request under a key and IV that nobody keeps: the wire body of E2, E3 and E6.
///
/// It may be stored and logged by size: only the bank's private key opens it.
///
/// # Errors
/// [`SealError`]; the plaintext is in none of them.
pub fn seal(
    plaintext: Plaintext,
    framing: DataFraming,
    key: &PublicKey,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Vec<u8>, SealError> {
    wire("{\"data\":\"", plaintext, framing, key, rng)
}

/// Seals the request of E4, whose wire body also carries the reference in clear (§5).
///
/// # Errors
/// [`SealError`]; neither plaintext nor reference is in one of them.
pub fn seal_report(
    reference: &Reference,
    plaintext: Plaintext,
    framing: DataFraming,
    key: &PublicKey,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Vec<u8>, SealError> {
    let front = format!("{{\"reference\":\"{}\",\"data\":\"", reference.as_str());
    wire(&front, plaintext, framing, key, rng)
}

/// Why nothing was sealed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SealError {
    /// The plaintext is longer than any request.
    #[error("sealing: expected a plaintext of at most {bytes_max} bytes, got more")]
    TooLong {
        /// The bound.
        bytes_max: usize,
    },
    /// RSA refused.
    #[error("sealing: the public key did not take the message key")]
    Key {
        /// RSA's reason; it knows no plaintext.
        source: rsa::Error,
    },
}

fn wire(
    front: &str,
    plaintext: Plaintext,
    framing: DataFraming,
    key: &PublicKey,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Vec<u8>, SealError> {
    if plaintext.len() > PLAINTEXT_BYTES_MAX {
        return Err(SealError::TooLong { bytes_max: PLAINTEXT_BYTES_MAX });
    }
    let secret = Secret::draw(rng);
    let crc = key
        .rsa
        .encrypt(rng, Oaep::<Sha1>::new(), secret.0.as_slice())
        .map_err(|source| SealError::Key { source })?;
    // The Python sample's framing is JSON inside a JSON text, so its quotes are escaped (Doubt D15).
    let (opening, closing) = match framing {
        DataFraming::Base64 => ("", ""),
        DataFraming::JsonCipherText => ("{\\\"cipherText\\\":\\\"", "\\\"}"),
    };
    let mut body = Body::of(plaintext, &secret);
    body.put(front.as_bytes());
    body.put(opening.as_bytes());
    body.put_encrypted();
    body.put(closing.as_bytes());
    body.put(b"\",\"crc\":\"");
    body.put(STANDARD.encode(crc).as_bytes());
    body.put(b"\"}");
    Ok(body.finished())
}

/// A wire body that grows over the ciphertext that it is made of, in the plaintext's buffer.
struct Body {
    buffer: Zeroizing<Vec<u8>>,
    length: usize,
    encrypted: Range<usize>,
}

impl Body {
    /// Encrypts in place: from here on there is no plaintext in the buffer.
    fn of(plaintext: Plaintext, secret: &Secret) -> Self {
        let (mut buffer, written) = plaintext.into_parts();
        let padded = buffer.get_mut(written.start..).unwrap_or_default();
        let encrypted = secret.encrypt(padded, written.len());
        let encrypted = written.start..written.start.saturating_add(encrypted);
        Self { buffer, length: 0, encrypted }
    }

    fn put(&mut self, bytes: &[u8]) {
        let end = self.length.saturating_add(bytes.len());
        let place = self.buffer.get_mut(self.length..end);
        place.expect("the buffer has room for its own wire body").copy_from_slice(bytes);
        self.length = end;
    }

    /// Puts the ciphertext as Base64. What is written stays behind what is read: the plaintext left room
    /// before it for the whole growth.
    fn put_encrypted(&mut self) {
        let mut piece = [0; PIECE_BYTES];
        for start in self.encrypted.clone().step_by(PIECE_BYTES) {
            let end = self.encrypted.end.min(start.saturating_add(PIECE_BYTES));
            let read = self.buffer.get(start..end).unwrap_or_default();
            let (piece, _) = piece.split_at_mut(read.len());
            piece.copy_from_slice(read);
            let place = self.buffer.get_mut(self.length..end).unwrap_or_default();
            let written = STANDARD.encode_slice(piece, place);
            let written = written.expect("the plaintext left room for the Base64 before it");
            self.length = self.length.saturating_add(written);
        }
    }

    fn finished(mut self) -> Vec<u8> {
        self.buffer.truncate(self.length);
        std::mem::take(&mut *self.buffer)
    }
}

/// `key@iv` in one wiped piece: 32 characters, `@`, 16 characters.
struct Secret(Zeroizing<[u8; KEY_LENGTH + 1 + IV_LENGTH]>);

impl Secret {
    /// Draws every character of `A-Z a-z 0-9` equally likely: 190 and 95 bits, and no `@` among them.
    fn draw(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut characters = Zeroizing::new([b'@'; KEY_LENGTH + 1 + IV_LENGTH]);
        for (place, character) in characters.iter_mut().enumerate() {
            if place != KEY_LENGTH {
                *character = Alphanumeric.sample(rng);
            }
        }
        Self(characters)
    }

    /// Encrypts the first `length` bytes where they are, with the padding behind them; says how many there
    /// are then.
    fn encrypt(&self, buffer: &mut [u8], length: usize) -> usize {
        let (key, rest) = self.0.split_at(KEY_LENGTH);
        let (_, iv) = rest.split_at(1);
        let cipher = Encryptor::<Aes256>::new_from_slices(key, iv)
            .expect("the secret holds a key of 32 bytes and an IV of 16");
        let encrypted = cipher.encrypt_padded::<Pkcs7>(buffer, length);
        encrypted.expect("the plaintext left room for its padding").len()
    }
}

#[cfg(test)]
mod tests {
    use cbc::{Decryptor, cipher::BlockModeDecrypt};
    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
    use rand::{SeedableRng, rngs::StdRng};
    use rsa::pkcs8::DecodePrivateKey;
    use serde_json::Value;

    use crate::plaintext::Picture;

    use super::{
        Aes256, Body, DataFraming, Engine, KEY_LENGTH, KeyIvInit, Oaep, PLAINTEXT_BYTES_MAX, Pkcs7,
        Plaintext, PublicKey, Reference, STANDARD, SealError, Secret, Sha1, Zeroizing, seal,
        seal_report,
    };

    fn key() -> PublicKey {
        PublicKey::from_pem(include_bytes!("../../../tests/golden/2.2/test-only.spki.pem")).unwrap()
    }

    fn sealed(plaintext: &[u8], seed: u64) -> Value {
        let plaintext = Plaintext::copied(plaintext);
        let rng = &mut StdRng::seed_from_u64(seed);
        let body = seal(plaintext, DataFraming::Base64, &key(), rng).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn opened(body: &Value) -> Vec<u8> {
        let private = include_str!("../../../tests/golden/2.2/test-only.key.pem");
        let private = rsa::PrivateKey::from_pkcs8_pem(private).unwrap();
        let crc = STANDARD.decode(body["crc"].as_str().unwrap()).unwrap();
        let secret = private.decrypt(Oaep::<Sha1>::new(), &crc).unwrap();
        assert_eq!((secret.len(), secret[KEY_LENGTH]), (49, b'@'));
        let cipher =
            Decryptor::<Aes256>::new_from_slices(&secret[..KEY_LENGTH], &secret[KEY_LENGTH + 1..]);
        let data = STANDARD.decode(body["data"].as_str().unwrap()).unwrap();
        cipher.unwrap().decrypt_padded_vec::<Pkcs7>(&data).unwrap()
    }

    fn documents_secret() -> Secret {
        Secret(Zeroizing::new(*include_bytes!("../../../tests/golden/2.2/secret.txt")))
    }

    #[track_caller]
    fn check(plaintext: &str, data: &str) {
        let mut body = Body::of(Plaintext::copied(plaintext.as_bytes()), &documents_secret());
        body.put_encrypted();
        assert_eq!(body.finished(), data.as_bytes());
    }

    #[test]
    fn our_aes_is_openssls() {
        check(
            include_str!("../../../tests/golden/2.2/aes-validation.json"),
            include_str!("../../../tests/golden/2.2/aes-validation.data"),
        );
        check(
            include_str!("../../../tests/golden/2.2/aes-thai.json"),
            include_str!("../../../tests/golden/2.2/aes-thai.data"),
        );
    }

    #[test]
    fn the_data_of_every_request_is_openssls() {
        macro_rules! golden {
            ($name:literal, $kind:literal) => {
                include_str!(concat!("../../../tests/golden/2.2/", $name, $kind))
            };
        }
        check(golden!("e2-validation", ".json"), golden!("e2-validation", ".data"));
        check(golden!("e3-submit", ".json"), golden!("e3-submit", ".data"));
        check(golden!("e3-submit-selfie", ".json"), golden!("e3-submit-selfie", ".data"));
        check(golden!("e3-submit-dialect", ".json"), golden!("e3-submit-dialect", ".data"));
        check(golden!("e4-failure", ".json"), golden!("e4-failure", ".data"));
        check(golden!("e6-dopa", ".json"), golden!("e6-dopa", ".data"));
    }

    #[test]
    fn nothing_of_the_plaintext_is_left_where_it_was() {
        let plaintext = "1111111111119".repeat(1_000);
        let mut body = Body::of(Plaintext::copied(plaintext.as_bytes()), &documents_secret());
        body.put_encrypted();
        let left = body.buffer.windows(8).filter(|bytes| plaintext.as_bytes().starts_with(bytes));
        assert_eq!(left.count(), 0);
    }

    #[test]
    fn a_request_is_in_memory_once_while_it_is_sealed() {
        let (key, rng) = (key(), &mut StdRng::seed_from_u64(5));
        let picture = vec![0xFF; 100_000];
        let mut length = 0;
        let heap = allocation_counter::measure(|| {
            let plaintext = Plaintext::of(&Picture(&picture));
            length = seal(plaintext, DataFraming::Base64, &key, rng).unwrap().len();
        });
        // The wire body is there once; besides it is what RSA needs, and the room of a longer key's crc.
        let peak = usize::try_from(heap.bytes_max).unwrap();
        assert!((length..length + 10_000).contains(&peak), "{heap:?} for a body of {length}");
    }

    #[test]
    fn no_two_envelopes_share_a_key() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut seal =
            || seal(Plaintext::copied(b"same"), DataFraming::Base64, &key(), &mut rng).unwrap();
        let (first, second) = (seal(), seal());
        let part = |body: &[u8], name| serde_json::from_slice::<Value>(body).unwrap()[name].clone();
        assert_ne!(part(&first, "data"), part(&second, "data"));
        assert_ne!(part(&first, "crc"), part(&second, "crc"));
    }

    #[test]
    fn every_character_of_the_alphabet_is_drawn_about_equally_often() {
        let mut rng = StdRng::seed_from_u64(2);
        let mut counts = [0_u32; 256];
        for _ in 0..2_000 {
            for character in Secret::draw(&mut rng).0.iter() {
                counts[usize::from(*character)] += 1;
            }
        }
        assert_eq!(counts[usize::from(b'@')], 2_000);
        counts[usize::from(b'@')] = 0;
        let drawn: Vec<u32> = counts.into_iter().filter(|count| *count > 0).collect();
        // 96,000 characters over 62: 1,548 each, with a standard deviation of 39.
        assert_eq!(drawn.len(), 62);
        assert!(drawn.iter().all(|count| (1_350..1_750).contains(count)), "{drawn:?}");
    }

    #[test]
    fn what_is_longer_than_any_request_is_not_sealed() {
        let long = Plaintext::copied(&vec![b' '; PLAINTEXT_BYTES_MAX + 1]);
        let rng = &mut StdRng::seed_from_u64(3);
        let too_long = SealError::TooLong { bytes_max: PLAINTEXT_BYTES_MAX };
        assert_eq!(seal(long, DataFraming::Base64, &key(), rng), Err(too_long));
    }

    #[test]
    fn the_longest_request_fits_with_the_longest_reference_around_it() {
        let longest = vec![b'x'; PLAINTEXT_BYTES_MAX];
        let reference = Reference::parse(&"R".repeat(55)).unwrap();
        let framing = DataFraming::JsonCipherText;
        let rng = &mut StdRng::seed_from_u64(4);
        let body = seal_report(&reference, Plaintext::copied(&longest), framing, &key(), rng);
        let mut body: Value = serde_json::from_slice(&body.unwrap()).unwrap();
        assert_eq!(body["reference"], reference.as_str());
        let framed: Value = serde_json::from_str(body["data"].as_str().unwrap()).unwrap();
        body["data"] = framed["cipherText"].clone();
        assert!(opened(&body) == longest);
    }

    #[test]
    fn every_length_around_a_block_and_a_piece_opens_to_itself() {
        let secret = documents_secret();
        let lengths = (0..50).chain(740..800).chain(1_500..1_560);
        for length in lengths {
            let plaintext: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
            let mut body = Body::of(Plaintext::copied(&plaintext), &secret);
            body.put_encrypted();
            let sealed = STANDARD.decode(body.finished()).unwrap();
            let (key, iv) = secret.0.split_at(KEY_LENGTH);
            let cipher = Decryptor::<Aes256>::new_from_slices(key, &iv[1..]).unwrap();
            assert_eq!(cipher.decrypt_padded_vec::<Pkcs7>(&sealed).unwrap(), plaintext);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 64, failure_persistence: None, ..ProptestConfig::default()
        })]

        #[test]
        fn whatever_is_sealed_opens_to_itself(plaintext in any::<Vec<u8>>(), seed in any::<u64>()) {
            prop_assert_eq!(opened(&sealed(&plaintext, seed)), plaintext);
        }
    }
}
