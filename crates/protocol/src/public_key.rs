//! The bank's RSA public key, from whatever file the bank sent.
//!
//! Partners receive SPKI, PKCS#1 and certificates, with odd line lengths, line ends and labels: §9's own
//! sample ignores the label, so the bytes decide and the label only helps the error to be understood.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use rsa::{
    pkcs1::DecodeRsaPublicKey,
    pkcs8::{
        DecodePublicKey, EncodePublicKey,
        der::{AnyRef, Decode, Encode, Reader, SliceReader, Tag, Tagged},
    },
    traits::PublicKeyParts,
};
use sha2::{Digest, Sha256};

/// Shortest modulus that is accepted, in bits; a shorter key no longer protects a person's data.
const BITS_MIN: u32 = 2048;
/// Longest file that is looked at: a chain of certificates has a tenth of it.
const FILE_BYTES_MAX: usize = 64 * 1024;

/// An RSA public key of 2048 bits or more that the bank can be written to with.
#[derive(Clone, Eq, PartialEq)]
pub struct PublicKey {
    pub(crate) rsa: rsa::PublicKey,
    fingerprint: String,
}

impl PublicKey {
    /// Reads a key file: SPKI, PKCS#1 or an X.509 certificate, in PEM of any line length or bare Base64.
    ///
    /// # Errors
    /// [`PublicKeyError`] names what was found instead.
    pub fn from_pem(file: &[u8]) -> Result<Self, PublicKeyError> {
        if file.len() > FILE_BYTES_MAX {
            return Err(PublicKeyError::TooLong { bytes_max: FILE_BYTES_MAX });
        }
        let text = std::str::from_utf8(file).map_err(|_| PublicKeyError::NotText)?;
        let block = Block::find(text)?;
        if block.label.contains("PRIVATE KEY") {
            return Err(PublicKeyError::Private { label: block.label });
        }
        let compact: String = block.base64.chars().filter(|c| !c.is_whitespace()).collect();
        let found = Found(block.label);
        if compact.is_empty() {
            return Err(PublicKeyError::Empty);
        }
        let Ok(der) = STANDARD.decode(compact) else {
            return Err(PublicKeyError::NotBase64 { found });
        };
        let rsa = from_der(&der).ok_or(PublicKeyError::NotRsa { found })?;
        let bits = rsa.n().bit_width();
        if bits < BITS_MIN {
            return Err(PublicKeyError::TooShort { bits, bits_min: BITS_MIN });
        }
        let spki = rsa.to_public_key_der().map_err(|_| PublicKeyError::Unusable)?;
        let fingerprint =
            Sha256::digest(spki.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { rsa, fingerprint })
    }

    /// SHA-256 of the key's SPKI in DER, 64 lower-case hex digits, as
    /// `openssl pkey -pubin -outform DER | sha256sum` prints it.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The modulus' length in bits.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.rsa.n().bit_width()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey").field(&self.fingerprint).finish()
    }
}

/// Why a file is no public key to write to the bank with.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PublicKeyError {
    /// Longer than any key.
    #[error("reading the public key: expected at most {bytes_max} bytes, got more")]
    TooLong {
        /// The bound.
        bytes_max: usize,
    },
    /// Bytes instead of text.
    #[error("reading the public key: expected a PEM text, got binary data (DER?)")]
    NotText,
    /// Nothing inside.
    #[error("reading the public key: expected Base64, got nothing")]
    Empty,
    /// A BEGIN line without its END.
    #[error(
        "reading the public key: expected an END line after BEGIN {label}, got the end of the file"
    )]
    NoEnd {
        /// What the BEGIN line says.
        label: String,
    },
    /// A private key: it must not be here at all.
    #[error("reading the public key: expected a public key, got {label}; remove that file")]
    Private {
        /// What the BEGIN line says.
        label: String,
    },
    /// What stands between the lines is no Base64.
    #[error("reading the public key: expected Base64 in {found}, got other characters")]
    NotBase64 {
        /// Where.
        found: Found,
    },
    /// Base64, but no RSA key in any of the three forms.
    #[error("reading the public key: expected an RSA key as SPKI, PKCS#1 or X.509, got {found}")]
    NotRsa {
        /// What else.
        found: Found,
    },
    /// Too few bits.
    #[error("reading the public key: expected at least {bits_min} bits, got {bits}")]
    TooShort {
        /// Its modulus.
        bits: u32,
        /// The bound.
        bits_min: u32,
    },
    /// The key could not be written out again.
    #[error("reading the public key: the key cannot be encoded again")]
    Unusable,
}

/// The kind of block in which something was found, for an error's reader.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found(String);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_str() {
            "" => f.write_str("text without a BEGIN line"),
            label => write!(f, "\"{label}\""),
        }
    }
}

/// A PEM block's label and body; without a BEGIN line the whole text is the body.
struct Block<'a> {
    label: String,
    base64: &'a str,
}

impl<'a> Block<'a> {
    fn find(text: &'a str) -> Result<Self, PublicKeyError> {
        let Some((_, rest)) = text.split_once("-----BEGIN ") else {
            return Ok(Self { label: String::new(), base64: text.trim_start_matches('\u{feff}') });
        };
        let (label, rest) = rest.split_once("-----").unwrap_or((rest, ""));
        // A label comes from a file that may be anything: no more of it than a label has.
        let label: String = label.chars().filter(|c| !c.is_control()).take(40).collect();
        match rest.split_once("-----END ") {
            Some((base64, _)) => Ok(Self { label, base64 }),
            None => Err(PublicKeyError::NoEnd { label }),
        }
    }
}

fn from_der(der: &[u8]) -> Option<rsa::PublicKey> {
    rsa::PublicKey::from_public_key_der(der)
        .ok()
        .or_else(|| rsa::PublicKey::from_pkcs1_der(der).ok())
        .or_else(|| rsa::PublicKey::from_public_key_der(&certified_key(der)?).ok())
}

/// The SPKI of an X.509 certificate (RFC 5280 §4.1): in the first part of the certificate, the sixth
/// after the version, which is optional. The certificate vouches for nothing here; the file's owner does.
fn certified_key(der: &[u8]) -> Option<Vec<u8>> {
    let certificate = AnyRef::from_der(der).ok()?;
    let mut parts = SliceReader::new(certificate.value()).ok()?;
    let to_be_signed: AnyRef<'_> = parts.decode().ok()?;
    let mut fields = SliceReader::new(to_be_signed.value()).ok()?;
    let first: AnyRef<'_> = fields.decode().ok()?;
    let before_key = if first.tag() == Tag::Integer { 4 } else { 5 };
    for _ in 0..before_key {
        let _: AnyRef<'_> = fields.decode().ok()?;
    }
    let key: AnyRef<'_> = fields.decode().ok()?;
    key.to_der().ok()
}
