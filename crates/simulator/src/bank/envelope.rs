//! Opens what clients sealed (§8, §9): RSA-OAEP with SHA-1 around `key@iv`, AES-256-CBC with PKCS#7
//! around the plaintext. Written from the document alone, with the private key the client never has.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use aes::Aes256;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::Decryptor;
use rsa::pkcs8::{EncodePublicKey, LineEnding};
use rsa::{Oaep, PrivateKey};
use serde::Deserialize;
use sha1::{Digest, Sha1};
use thiserror::Error;
use zeroize::Zeroizing;

use super::code::Code;
use super::finding::Refusal;
use super::memory::SealedAgain;

/// The document's Java sample takes any RSA key; 2048 bits is what a bank issues today.
const KEY_BITS: usize = 2048;

/// How many sealing keys are remembered, so that one used twice is noticed.
const SEALING_KEYS_REMEMBERED: usize = 10_000;

/// The bank's envelope key could not be made.
#[derive(Debug, Error)]
#[error("making the envelope key pair failed")]
pub struct KeyFault;

/// Which pair a bank uses.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum EnvelopeKey {
    /// One for all banks of this process: making a pair takes about a second without optimisation.
    #[default]
    Shared,
    /// Its own, as after a key rotation.
    Fresh,
}

/// The bank's pair.
pub(super) struct KeyPair {
    private: PrivateKey,
    public_pem: String,
}

/// What was inside an envelope.
pub(super) struct Opened {
    pub plaintext: Zeroizing<Vec<u8>>,
    /// Stands for the client's key and IV.
    pub sealing: Sealing,
}

/// Fingerprints of one envelope: of its key, of its IV, and of all that was sealed with them.
#[derive(Clone, Copy)]
pub(super) struct Sealing {
    key: [u8; 20],
    iv: [u8; 20],
    content: [u8; 20],
}

/// The sealing keys that were seen. The same body may come again, the same key around another may not.
#[derive(Default)]
pub(super) struct SealingKeys {
    by_key: HashMap<[u8; 20], Sealing>,
}

/// What becomes of the old key when the bank takes a new one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum OldKey {
    /// Both open, as while partners change over.
    Kept,
    /// The old one opens nothing any more (1501).
    Refused,
}

/// The pair that the bank hands out, and the one before it while that still opens.
pub(super) struct KeyRing {
    current: Arc<KeyPair>,
    old: Option<Arc<KeyPair>>,
}

static SHARED: OnceLock<(PrivateKey, String)> = OnceLock::new();

impl KeyPair {
    /// Makes or takes the pair. The first time blocks for about a second in an unoptimised build.
    ///
    /// # Errors
    /// [`KeyFault`] if the system's randomness fails.
    pub(super) fn obtain(which: EnvelopeKey) -> Result<Self, KeyFault> {
        let (private, public_pem) = match (which, SHARED.get()) {
            (EnvelopeKey::Fresh, _) => make()?,
            (EnvelopeKey::Shared, Some(pair)) => pair.clone(),
            (EnvelopeKey::Shared, None) => {
                let pair = make()?;
                SHARED.get_or_init(|| pair).clone()
            }
        };
        Ok(Self { private, public_pem })
    }

    /// X.509 SubjectPublicKeyInfo, as `openssl rsa -pubout` writes it.
    pub(super) fn public_pem(&self) -> &str {
        &self.public_pem
    }

    /// Opens `data` and `crc`.
    pub(super) fn open(&self, data: &str, crc: &str) -> Result<Opened, Refusal> {
        open_with(&self.open_secret(crc)?, data)
    }

    fn open_secret(&self, crc: &str) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let wrapped = STANDARD.decode(crc).map_err(|_| {
            Refusal::diis(1501, "crc", "Base64 with padding on one line", "something else")
        })?;
        let secret = self.private.decrypt(Oaep::<Sha1>::new(), &wrapped).map_err(|_| {
            Refusal::diis(1501, "crc", "OAEP with SHA-1 for this bank's key", "something else")
        })?;
        Ok(Zeroizing::new(secret))
    }
}

impl KeyRing {
    pub(super) fn new(pair: KeyPair) -> Self {
        Self { current: Arc::new(pair), old: None }
    }

    /// The public half to seal for now.
    pub(super) fn public_pem(&self) -> String {
        self.current.public_pem().to_owned()
    }

    /// The pairs that open, the current one first.
    pub(super) fn pairs(&self) -> Vec<Arc<KeyPair>> {
        [Some(&self.current), self.old.as_ref()].into_iter().flatten().cloned().collect()
    }

    /// From now on another pair is the bank's.
    pub(super) fn rotate(&mut self, pair: KeyPair, old: OldKey) {
        let before = std::mem::replace(&mut self.current, Arc::new(pair));
        self.old = (old == OldKey::Kept).then_some(before);
    }
}

/// Opens with the first pair that the `crc` was made for; the first one's refusal is the answer.
pub(super) fn open(pairs: &[Arc<KeyPair>], data: &str, crc: &str) -> Result<Opened, Refusal> {
    let mut refused = None;
    for pair in pairs {
        match pair.open(data, crc) {
            Err(refusal) if refusal.code == Code::Diis(1501) => {
                refused.get_or_insert(refusal);
            }
            opened => return opened,
        }
    }
    Err(refused.unwrap_or_else(|| Refusal::diis(1501, "crc", "a key of this bank", "another")))
}

/// Opens `data` with what was in its `crc`.
pub(super) fn open_with(secret: &[u8], data: &str) -> Result<Opened, Refusal> {
    let (key, iv) = split_secret(secret)?;
    let sealed = STANDARD.decode(data).map_err(|_| {
        Refusal::diis(1402, "data", "Base64 with padding on one line", "something else")
    })?;
    let cipher = Decryptor::<Aes256>::new_from_slices(key, iv).map_err(|_| {
        Refusal::diis(1402, "crc", "a key of 32 bytes and an IV of 16", "other lengths")
    })?;
    let plaintext = cipher.decrypt_padded_vec::<Pkcs7>(&sealed).map_err(|_| {
        Refusal::diis(1402, "data", "AES-256-CBC with PKCS#7 padding", "bad padding")
    })?;
    let sealing = Sealing {
        key: Sha1::digest(key).into(),
        iv: Sha1::digest(iv).into(),
        content: Sha1::digest(&sealed).into(),
    };
    Ok(Opened { plaintext: Zeroizing::new(plaintext), sealing })
}

fn make() -> Result<(PrivateKey, String), KeyFault> {
    let private = PrivateKey::new(&mut rand::rng(), KEY_BITS).map_err(|_| KeyFault)?;
    let public_pem =
        private.to_public_key().to_public_key_pem(LineEnding::LF).map_err(|_| KeyFault)?;
    Ok((private, public_pem))
}

/// `key@iv`: 32 and 16 printable characters, so that the text has exactly one `@` (§9).
fn split_secret(secret: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let refuse = |got| Refusal::diis(1501, "crc", "32 characters, @, 16 characters", got);
    if !secret.iter().all(|byte| byte.is_ascii_graphic()) {
        return Err(refuse("bytes that are no text"));
    }
    let mut parts = secret.split(|byte| *byte == b'@');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(key), Some(iv), None) if key.len() == 32 && iv.len() == 16 => Ok((key, iv)),
        (Some(_), Some(_), None) => Err(refuse("other lengths")),
        _ => Err(refuse("not one @")),
    }
}

impl SealingKeys {
    /// Takes note of an envelope; refuses a key or IV that was used for another one.
    pub(super) fn accept(&mut self, sealing: Sealing) -> Result<SealedAgain, Refusal> {
        let refuse = |what| Refusal::diis(9400, "crc", "a fresh key and IV for each body", what);
        match self.by_key.get(&sealing.key) {
            Some(known) if known.content == sealing.content => return Ok(SealedAgain::SameBody),
            Some(known) if known.iv == sealing.iv => {
                return Err(refuse("the key and IV of another body"));
            }
            Some(_) => return Err(refuse("the key of another body")),
            None => {}
        }
        // A forgotten key weakens one check of a simulator; an endless map would end the simulator.
        if self.by_key.len() >= SEALING_KEYS_REMEMBERED {
            self.by_key.clear();
        }
        self.by_key.insert(sealing.key, sealing);
        Ok(SealedAgain::New)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Key, IV and text of the document's samples; the Base64 was made with
    /// `printf %s TEXT | openssl enc -aes-256-cbc -K HEX -iv HEX -base64 -A`.
    const SAMPLE_SECRET: &[u8] = b"32KeyValue.Secret1234567890asdfg@16IVValue.Secret";
    const SAMPLE_DATA: &str = "1zZSdH7Lm9erJILC9AixNqrCPkfMmPwGzGb21KawHEanqyJOLN1F1wZ22Dv2lukA";
    const SAMPLE_TEXT: &str = r#"{"firstNameTH":"ทดสอบชื่อ"}"#;

    fn wrap(pair: &KeyPair, secret: &[u8]) -> String {
        let public = pair.private.to_public_key();
        STANDARD.encode(public.encrypt(&mut rand::rng(), Oaep::<Sha1>::new(), secret).unwrap())
    }

    #[track_caller]
    fn check(secret: &[u8], data: &str, expected: Result<&str, u16>) {
        let pair = KeyPair::obtain(EnvelopeKey::Shared).unwrap();
        let opened = pair.open(data, &wrap(&pair, secret));
        match (opened, expected) {
            (Ok(opened), Ok(text)) => assert_eq!(*opened.plaintext, text.as_bytes()),
            (Err(refusal), Err(code)) => assert_eq!(refusal.code, Code::Diis(code)),
            (opened, _) => panic!("got {:?}", opened.map(drop)),
        }
    }

    #[test]
    fn the_documents_sample_opens() {
        check(SAMPLE_SECRET, SAMPLE_DATA, Ok(SAMPLE_TEXT));
    }

    #[test]
    fn a_secret_of_another_shape_is_an_rsa_fault() {
        for secret in [
            &b"32KeyValue.Secret1234567890asdfg"[..],
            b"32KeyValue.Secret1234567890asd@16IVValue.Secret",
            b"32KeyValue.Secret@1234567890asdf@16IVValue.Secret",
            b"32KeyValue.Secret1234567890asdf\x00@16IVValue.Secret",
            b"",
        ] {
            check(secret, SAMPLE_DATA, Err(1501));
        }
    }

    #[test]
    fn data_that_does_not_open_is_an_aes_fault() {
        for data in
            ["", "AAAA", "not base64!", "1zZSdH7Lm9erJILC9AixNg", SAMPLE_DATA.split_at(24).0]
        {
            check(SAMPLE_SECRET, data, Err(1402));
        }
    }

    #[test]
    fn another_banks_key_does_not_open() {
        let ours = KeyPair::obtain(EnvelopeKey::Shared).unwrap();
        let theirs = KeyPair::obtain(EnvelopeKey::Fresh).unwrap();
        let refusal = ours.open(SAMPLE_DATA, &wrap(&theirs, SAMPLE_SECRET)).err().unwrap();
        assert_eq!(refusal.code, Code::Diis(1501));
    }

    #[test]
    fn a_key_serves_one_body_only_but_that_body_may_come_again() {
        let sealing =
            |key, iv, content| Sealing { key: [key; 20], iv: [iv; 20], content: [content; 20] };
        let mut keys = SealingKeys::default();
        assert_eq!(keys.accept(sealing(1, 1, 1)), Ok(SealedAgain::New));
        assert_eq!(keys.accept(sealing(1, 1, 1)), Ok(SealedAgain::SameBody));
        assert!(keys.accept(sealing(1, 1, 2)).is_err());
        assert!(keys.accept(sealing(1, 2, 3)).is_err());
        assert!(keys.accept(sealing(2, 1, 4)).is_ok());
    }
}
