//! The sealed form of a request, which the bank alone can open (§8, §9).
//!
//! AES-256-CBC with PKCS#7 under a fresh text key, and `key@iv` under RSA-OAEP with SHA-1: the document's
//! format, without integrity of its own. "CRC" is its word; it is no checksum. Never use it for storage.

use std::fmt;

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
use serde::Serialize;
use sha1::Sha1;
use zeroize::Zeroizing;

use crate::{dialect::DataFraming, public_key::PublicKey, reference::Reference};

/// AES-256: the samples of §8 use a key of 32 text characters.
const KEY_LENGTH: usize = 32;
/// One AES block.
const IV_LENGTH: usize = 16;
/// Longest plaintext that is sealed; two pictures of 100 KB in Base64 with their data have a third of it.
const PLAINTEXT_BYTES_MAX: usize = 1024 * 1024;

/// A sealed request. It may be stored and logged by size: only the bank's private key opens it.
#[derive(Clone, Eq, PartialEq, Serialize)]
pub struct Envelope {
    /// The encrypted JSON, in Base64 on one line.
    pub data: String,
    /// The encrypted `key@iv`, in Base64 on one line.
    pub crc: String,
}

impl Envelope {
    /// Seals a request's plaintext under a key and IV that nobody keeps.
    ///
    /// # Errors
    /// [`SealError`]; the plaintext is in none of them.
    pub fn seal(
        plaintext: &[u8],
        key: &PublicKey,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, SealError> {
        let secret = Secret::draw(rng);
        let data = secret.encrypt(plaintext)?;
        let crc = key
            .rsa
            .encrypt(rng, Oaep::<Sha1>::new(), secret.0.as_slice())
            .map_err(|source| SealError::Key { source })?;
        Ok(Self { data: STANDARD.encode(data), crc: STANDARD.encode(crc) })
    }

    /// The same envelope in the framing that this bank wants (Doubt D15).
    #[must_use]
    pub fn framed(self, framing: DataFraming) -> Self {
        match framing {
            DataFraming::Base64 => self,
            DataFraming::JsonCipherText => {
                Self { data: format!("{{\"cipherText\":\"{}\"}}", self.data), ..self }
            }
        }
    }

    /// The wire body of E2, E3 and E6.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        wire(self)
    }

    /// The wire body of E4, which also carries the reference in clear (§5).
    #[must_use]
    pub fn failure_body(&self, reference: &Reference) -> Vec<u8> {
        #[derive(Serialize)]
        struct FailureBody<'a> {
            reference: &'a str,
            #[serde(flatten)]
            envelope: &'a Envelope,
        }
        wire(&FailureBody { reference: reference.as_str(), envelope: self })
    }
}

fn wire(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("texts under fixed names are always JSON")
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Envelope(‹sealed›)")
    }
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

    fn encrypt(&self, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        if plaintext.len() > PLAINTEXT_BYTES_MAX {
            return Err(SealError::TooLong { bytes_max: PLAINTEXT_BYTES_MAX });
        }
        let (key, rest) = self.0.split_at(KEY_LENGTH);
        let (_, iv) = rest.split_at(1);
        let cipher = Encryptor::<Aes256>::new_from_slices(key, iv)
            .expect("the secret holds a key of 32 bytes and an IV of 16");
        Ok(cipher.encrypt_padded_vec::<Pkcs7>(plaintext))
    }
}

#[cfg(test)]
mod tests {
    use cbc::{Decryptor, cipher::BlockModeDecrypt};
    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
    use rand::{SeedableRng, rngs::StdRng};
    use rsa::pkcs8::DecodePrivateKey;

    use super::{
        Aes256, Engine, Envelope, KEY_LENGTH, KeyIvInit, Oaep, PLAINTEXT_BYTES_MAX, Pkcs7,
        PublicKey, STANDARD, SealError, Secret, Sha1, Zeroizing,
    };

    fn key() -> PublicKey {
        PublicKey::from_pem(include_bytes!("../../../tests/golden/2.2/test-only.spki.pem")).unwrap()
    }

    fn opened(envelope: &Envelope) -> Vec<u8> {
        let private = include_str!("../../../tests/golden/2.2/test-only.key.pem");
        let private = rsa::PrivateKey::from_pkcs8_pem(private).unwrap();
        let crc = STANDARD.decode(&envelope.crc).unwrap();
        let secret = private.decrypt(Oaep::<Sha1>::new(), &crc).unwrap();
        assert_eq!((secret.len(), secret[KEY_LENGTH]), (49, b'@'));
        let cipher =
            Decryptor::<Aes256>::new_from_slices(&secret[..KEY_LENGTH], &secret[KEY_LENGTH + 1..]);
        let data = STANDARD.decode(&envelope.data).unwrap();
        cipher.unwrap().decrypt_padded_vec::<Pkcs7>(&data).unwrap()
    }

    #[track_caller]
    fn check(plaintext: &str, data: &str) {
        let secret: [u8; 49] = include_bytes!("../../../tests/golden/2.2/secret.txt").to_owned();
        let encrypted = Secret(Zeroizing::new(secret)).encrypt(plaintext.as_bytes()).unwrap();
        assert_eq!(STANDARD.encode(encrypted), data);
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
    fn no_two_envelopes_share_a_key() {
        let mut rng = StdRng::seed_from_u64(1);
        let first = Envelope::seal(b"same", &key(), &mut rng).unwrap();
        let second = Envelope::seal(b"same", &key(), &mut rng).unwrap();
        assert_ne!(first.data, second.data);
        assert_ne!(first.crc, second.crc);
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
        let long = vec![b' '; PLAINTEXT_BYTES_MAX + 1];
        let sealed = Envelope::seal(&long, &key(), &mut StdRng::seed_from_u64(3));
        assert_eq!(sealed, Err(SealError::TooLong { bytes_max: PLAINTEXT_BYTES_MAX }));
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 64, failure_persistence: None, ..ProptestConfig::default()
        })]

        #[test]
        fn whatever_is_sealed_opens_to_itself(plaintext in any::<Vec<u8>>(), seed in any::<u64>()) {
            let envelope = Envelope::seal(&plaintext, &key(), &mut StdRng::seed_from_u64(seed));
            prop_assert_eq!(opened(&envelope.unwrap()), plaintext);
        }
    }
}
