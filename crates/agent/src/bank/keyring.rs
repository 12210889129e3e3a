//! The bank's public keys: one, or two while the bank changes from one to the next (§8, §9).
//!
//! Requests are sealed by the key that is in use. When the bank cannot open what was sealed by it (1501),
//! the other one is in use from then on, so that the sealing anew which the code table asks for is by the
//! other key. Which one works is remembered in memory alone: the configuration stays the operator's.

use std::sync::atomic::{AtomicUsize, Ordering};

use protocol::{DataFraming, Plaintext, PublicKey, Reference, SealError};
use rand::SeedableRng;
use rand::rngs::{StdRng, SysRng};
use thiserror::Error;

/// Of the SHA-256 that names a key, so many hex digits tell two keys apart in a log.
const SHOWN_DIGITS: usize = 16;

/// The keys, and which of them is in use.
#[derive(Debug)]
pub(crate) struct Keyring {
    keys: Vec<PublicKey>,
    used: AtomicUsize,
}

/// The key that a body was sealed by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct KeyId(usize);

/// Why nothing was sealed.
#[derive(Debug, Error)]
pub(crate) enum KeyringError {
    /// The operating system gave no randomness.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
    /// There is no key.
    #[error("there is no public key")]
    NoKey,
    /// The sealing itself.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl Keyring {
    /// The key of now, and the next one if the bank has announced it.
    pub(crate) fn new(keys: Vec<PublicKey>) -> Self {
        for (number, key) in keys.iter().enumerate() {
            tracing::info!(number, fingerprint = key.fingerprint(), "bank's public key");
        }
        Self { keys, used: AtomicUsize::new(0) }
    }

    /// Seals E2, E3 or E6 by the key in use: the wire body.
    pub(crate) fn seal(
        &self,
        plaintext: Plaintext,
        framing: DataFraming,
    ) -> Result<(Vec<u8>, KeyId), KeyringError> {
        let (id, key) = self.used()?;
        Ok((protocol::seal(plaintext, framing, key, &mut fresh()?)?, id))
    }

    /// Seals E4 by the key in use: the wire body. It waits in the outbox, where nothing can be sealed anew.
    pub(crate) fn seal_report(
        &self,
        reference: &Reference,
        plaintext: Plaintext,
        framing: DataFraming,
    ) -> Result<Vec<u8>, KeyringError> {
        let (_, key) = self.used()?;
        Ok(protocol::seal_report(reference, plaintext, framing, key, &mut fresh()?)?)
    }

    fn used(&self) -> Result<(KeyId, &PublicKey), KeyringError> {
        let used = self.used.load(Ordering::Relaxed);
        Ok((KeyId(used), self.keys.get(used).ok_or(KeyringError::NoKey)?))
    }

    /// The bank could not open what this key had sealed.
    pub(crate) fn refused(&self, KeyId(refused): KeyId) {
        let next = (refused + 1).checked_rem(self.keys.len()).unwrap_or(refused);
        // Two answers to the same key must not turn the ring twice.
        let turned =
            self.used.compare_exchange(refused, next, Ordering::Relaxed, Ordering::Relaxed);
        let shown = |number: usize| {
            let fingerprint = self.keys.get(number).map_or("", PublicKey::fingerprint);
            fingerprint.get(..SHOWN_DIGITS).unwrap_or(fingerprint)
        };
        if turned.is_ok() && next != refused {
            tracing::error!(refused = shown(refused), next = shown(next), "the other key is used");
        }
    }
}

/// Chance from the system, for one envelope.
fn fresh() -> Result<StdRng, KeyringError> {
    StdRng::try_from_rng(&mut SysRng).map_err(|_| KeyringError::NoRandomness)
}

#[cfg(test)]
mod tests {
    use protocol::QrValidationRequest;

    use super::*;

    fn keyring(files: &[&str]) -> Keyring {
        Keyring::new(files.iter().map(|pem| PublicKey::from_pem(pem.as_bytes()).unwrap()).collect())
    }

    const NOW: &str = include_str!("../../../../tests/golden/2.2/test-only.spki.pem");
    /// `openssl genrsa 2048 | openssl rsa -pubout`; the private key was never kept.
    const NEXT: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAkC4GOYqApHAbZZ7zpJjY
RAZcYkkzE5FcPzElUFs2+XhV2FbA/LBVqwrATrK1yxIHskL9zm7ZdzFDjx/t0aIs
+1aOodKmH/+kQMhtmIACvXnvKkHVoAM83SwQlYdIjAK1DODdNpunwuOf+fCdZUNf
2rgdrt8yIqtplsALvsZAXkjK3FZa5O4QVrYgS/djPqbFmDK98pFAE16USOAljDM4
2dbwNwPOlp7eeHXVyeiBHhl9v5byd7Bp/6qJwGfB5fct1CqfGKETHgihjDCDk/JD
NZQ8tJLGAEZZZSmKAhOZC5RemoFmkSpoZFeJ8PoB/8RHu/BW+3ZLrcjlgmnWun/d
vQIDAQAB
-----END PUBLIC KEY-----
";

    fn plaintext() -> Plaintext {
        let reference = Reference::parse("SIM-0000-TEST-0001").unwrap();
        let citizen_id = citizen::CitizenId::parse("1111111111119").unwrap();
        QrValidationRequest::new(&reference, &citizen_id).plaintext()
    }

    fn used(keyring: &Keyring) -> KeyId {
        keyring.seal(plaintext(), DataFraming::Base64).unwrap().1
    }

    #[test]
    fn the_other_key_is_used_once_the_bank_cannot_open_and_back_again() {
        let keyring = keyring(&[NOW, NEXT]);
        assert_eq!(used(&keyring), KeyId(0));
        keyring.refused(KeyId(0));
        assert_eq!(used(&keyring), KeyId(1));
        keyring.refused(KeyId(0));
        assert_eq!(used(&keyring), KeyId(1), "an answer to the old key comes late");
        keyring.refused(KeyId(1));
        assert_eq!(used(&keyring), KeyId(0));
    }

    #[test]
    fn a_single_key_stays_in_use() {
        let keyring = keyring(&[NOW]);
        keyring.refused(KeyId(0));
        assert_eq!(used(&keyring), KeyId(0));
    }

    #[test]
    fn without_a_key_nothing_is_sealed() {
        let sealed = keyring(&[]).seal(plaintext(), DataFraming::Base64);
        assert!(matches!(sealed, Err(KeyringError::NoKey)));
    }
}
