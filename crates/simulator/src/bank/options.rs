//! How a simulated bank is set up. The defaults are the document's, read strictly.
//! What can still be changed while it runs are the methods of `Bank`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::certificate::Certificate;
use super::clock::HeaderTime;
use super::envelope::EnvelopeKey;
use super::fault::Fault;
use super::reference::Face;

/// A whole submit is about 190 kB; a gateway has some limit (−22), which the document does not tell.
const BODY_BYTES_MAX: usize = 512 * 1024;

/// The document's sample of `expires_in`.
const TOKEN_LIFETIME: Duration = Duration::from_secs(900);

/// The URL of §5; its table has another spelling.
const FAILURE_PATH: &str = "/native/ndid/alternativeSource/reference/status/failure";

/// What a bank is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// On 127.0.0.1; 0 lets the system choose.
    pub port: u16,
    /// Whether a face is compared where the reference does not say.
    pub face: Face,
    /// What the server shows in the TLS handshake.
    pub certificate: Certificate,
    /// The pair the envelopes are sealed for.
    pub envelope_key: EnvelopeKey,
    /// Known references besides `SIM-…`.
    pub references: Vec<String>,
    /// `expires_in` of a token.
    pub token_lifetime: Duration,
    /// The longest body before −22.
    pub body_bytes_max: usize,
    /// The one shape of the client's time that is taken.
    pub header_time: HeaderTime,
    /// The one framing of `data` that is taken.
    pub framing: Framing,
    /// Where E4 is offered.
    pub failure_path: String,
    /// What goes wrong from the start.
    pub faults: Vec<Fault>,
    /// Told one line for each request.
    pub log: Log,
}

/// What is inside the Base64 of `data` (§8 has one sample of each).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Framing {
    /// The cipher text, as in the Java sample.
    #[default]
    Base64,
    /// A JSON text `{"cipherText": "…"}` in place of the Base64, as in the Python sample.
    CipherTextJson,
}

/// Where the bank's lines go. They hold codes and field names, nothing about a person.
#[derive(Clone)]
pub struct Log(Arc<dyn Fn(&str) + Send + Sync>);

impl Log {
    /// Calls `line` for each request, on the bank's thread: it must not block for long.
    pub fn to(line: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(line))
    }

    /// Drops the lines.
    pub fn nowhere() -> Self {
        Self::to(|_| ())
    }

    pub(super) fn line(&self, text: &str) {
        (self.0)(text);
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Log")
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            face: Face::default(),
            certificate: Certificate::default(),
            envelope_key: EnvelopeKey::default(),
            references: Vec::new(),
            token_lifetime: TOKEN_LIFETIME,
            body_bytes_max: BODY_BYTES_MAX,
            header_time: HeaderTime::default(),
            framing: Framing::default(),
            failure_path: FAILURE_PATH.to_owned(),
            faults: Vec::new(),
            log: Log::nowhere(),
        }
    }
}
