//! This machine's own key: what it seals only this machine opens, what it tags only this machine can match.
//!
//! Made once, readable by one user. Whoever has the disk without the key has neither references nor persons.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use rand::rngs::{StdRng, SysRng};
use rand::{Rng as _, TryRng as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::JournalError;
use super::folder::KEY;

/// Bytes of the key: what XChaCha20-Poly1305 takes.
pub const KEY_BYTES: usize = 32;
/// Random bytes before each sealed text.
const NONCE_BYTES: usize = 24;
/// Half of an HMAC-SHA-256 tells a million references apart and gives nothing to search backwards with.
const TAG_BYTES: usize = 16;

/// The key of one machine; wiped on drop.
#[derive(Clone)]
pub struct DeviceKey(Zeroizing<[u8; KEY_BYTES]>);

/// What a tag is for: tags of different purposes never match.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Purpose {
    /// A reference, to find its entries.
    Reference,
    /// A citizen id, so that the audit can be asked about one person.
    Citizen,
    /// The newest record of the audit, so that nobody else can say what it is.
    AuditHead,
}

impl DeviceKey {
    /// A key that somebody else drew.
    #[must_use]
    pub fn new(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self(bytes)
    }

    /// The key of a journal's folder; made if there is none.
    pub(crate) fn of_folder(folder: &Path) -> Result<Self, JournalError> {
        let failed = |source| JournalError::Folder { what: "folder", source };
        fs::create_dir_all(folder).map_err(failed)?;
        Self::of_machine(&folder.join(KEY))
    }

    /// The key of a journal's folder, which must be there.
    pub(crate) fn read(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(KEY);
        fs::metadata(&path).map_err(|source| JournalError::Folder { what: "key", source })?;
        Self::of_machine(&path)
    }

    /// Reads the key file, or makes it.
    pub(super) fn of_machine(path: &Path) -> Result<Self, JournalError> {
        let failed = |source| JournalError::Folder { what: "key", source };
        match fs::read(path) {
            Ok(bytes) => {
                let bytes = Zeroizing::new(bytes);
                let wrong = || failed(io::Error::from(io::ErrorKind::InvalidData));
                Ok(Self(Zeroizing::new(bytes.as_slice().try_into().map_err(|_| wrong())?)))
            }
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => make(path),
            Err(source) => Err(failed(source)),
        }
    }

    /// Seals a text; `context` is not kept, but opening with another one fails.
    pub(super) fn seal(&self, rng: &mut StdRng, context: &str, text: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        rng.fill_bytes(&mut nonce);
        let payload = Payload { msg: text, aad: context.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.expect("a text in memory is shorter than the cipher's bound of 256 GB");
        [nonce.as_slice(), &sealed].concat()
    }

    pub(super) fn open(
        &self,
        context: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, JournalError> {
        let (nonce, sealed) =
            sealed.split_first_chunk::<NONCE_BYTES>().ok_or(JournalError::Sealed)?;
        let payload = Payload { msg: sealed, aad: context.as_bytes() };
        let text = self.cipher().decrypt(&XNonce::from(*nonce), payload);
        text.map(Zeroizing::new).map_err(|_| JournalError::Sealed)
    }

    /// HMAC-SHA-256 under this key: the same text gives the same tag, on this machine alone.
    pub(crate) fn tag(&self, purpose: Purpose, text: &[u8]) -> [u8; TAG_BYTES] {
        let purpose: &[u8] = match purpose {
            Purpose::Reference => b"reference\0",
            Purpose::Citizen => b"citizen\0",
            Purpose::AuditHead => b"audit head\0",
        };
        let mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.0.as_slice());
        let mac = mac.expect("HMAC takes a key of any length");
        let full = mac.chain_update(purpose).chain_update(text).finalize().into_bytes();
        let mut tag = [0; TAG_BYTES];
        tag.iter_mut().zip(full).for_each(|(tag, byte)| *tag = byte);
        tag
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.0).into())
    }
}

/// The key appears whole under its name or not at all: half a key would keep the machine from ever starting.
fn make(path: &Path) -> Result<DeviceKey, JournalError> {
    let failed = |source| JournalError::Folder { what: "key", source };
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    SysRng.try_fill_bytes(key.as_mut_slice()).map_err(|_| JournalError::NoRandomness)?;
    let new = path.with_extension("key.new");
    let mut options = OpenOptions::new();
    let mut file =
        options.write(true).create(true).truncate(true).mode(0o600).open(&new).map_err(failed)?;
    file.write_all(key.as_slice()).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&new, path).map_err(failed)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(DeviceKey(key))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    fn key(byte: u8) -> DeviceKey {
        DeviceKey::new(Zeroizing::new([byte; KEY_BYTES]))
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_and_context_alone() {
        let sealed = key(1).seal(&mut StdRng::seed_from_u64(1), "body", b"text");
        assert_eq!(key(1).open("body", &sealed).unwrap().as_slice(), b"text");
        assert!(key(2).open("body", &sealed).is_err());
        assert!(key(1).open("reference", &sealed).is_err());
        assert!(key(1).open("body", b"short").is_err());
    }

    #[test]
    fn a_tag_tells_texts_and_machines_apart() {
        let tag = |byte, text: &[u8]| key(byte).tag(Purpose::Reference, text);
        assert_eq!(tag(1, b"SIM-0000"), tag(1, b"SIM-0000"));
        assert_ne!(tag(1, b"SIM-0000"), tag(1, b"SIM-0001"));
        assert_ne!(tag(1, b"SIM-0000"), tag(2, b"SIM-0000"));
    }

    #[test]
    fn a_key_file_of_another_length_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.key");
        fs::write(&path, [7; KEY_BYTES - 1]).unwrap();
        assert!(matches!(DeviceKey::of_machine(&path), Err(JournalError::Folder { .. })));
    }
}
