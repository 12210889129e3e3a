//! What the bank finds in one body, without a connection, a token or a ledger: the same code that serves
//! requests, for a fuzzer and for whoever wants to know why a body is refused.

use jiff::civil::Date;
use serde_json::Value;

use super::code::Code;
use super::endpoint::Endpoint;
use super::envelope::{self, KeyPair, Opened};
use super::fields::{self, Field};
use super::finding::Refusal;
use super::gate::{self, ClearReference, WireBody};
use super::inspect::inspect;
use super::options::Framing;
use super::strict_json;
use super::{BankError, EnvelopeKey};

/// Examines bodies with the key pair that all banks of this process share.
pub struct Examiner {
    key: KeyPair,
    framing: Framing,
    today: Date,
}

/// What an examination comes to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verdict {
    /// The code of the answer; 0000 if nothing is wrong with the body.
    pub code: Code,
    /// A field, what was expected, what kind of thing was there; never a value.
    pub finding: Option<String>,
}

impl Examiner {
    /// Takes the pair; the first time blocks for about a second without optimisation.
    ///
    /// # Errors
    /// [`BankError::Key`] if the system's randomness fails.
    pub fn new(framing: Framing, today: Date) -> Result<Self, BankError> {
        let key = KeyPair::obtain(EnvelopeKey::Shared).map_err(BankError::Key)?;
        Ok(Self { key, framing, today })
    }

    /// The key that bodies are sealed for, X.509 SubjectPublicKeyInfo as PEM.
    pub fn public_key_pem(&self) -> &str {
        self.key.public_pem()
    }

    /// A whole wire body of E2, E3, E4 or E6; the others have none to examine and are refused.
    pub fn wire(&self, endpoint: Endpoint, body: &[u8]) -> Verdict {
        let opened = || {
            let (table, clear) = table(endpoint)?;
            let WireBody { data, crc, .. } = gate::wire_body(body, clear)?;
            let Opened { plaintext, .. } = self.key.open(&unframed(data, self.framing)?, &crc)?;
            inspect(&plaintext_json(&plaintext)?, table, self.today)
        };
        Verdict::of(opened())
    }

    /// `data` as if its `crc` had opened to this `key@iv`.
    pub fn sealed(&self, endpoint: Endpoint, secret: &[u8], data: &str) -> Verdict {
        let opened = || {
            let (table, _) = table(endpoint)?;
            let data = unframed(data.to_owned(), self.framing)?;
            let Opened { plaintext, .. } = envelope::open_with(secret, &data)?;
            inspect(&plaintext_json(&plaintext)?, table, self.today)
        };
        Verdict::of(opened())
    }

    /// A plaintext as if it had come out of its envelope.
    pub fn plaintext(&self, endpoint: Endpoint, plaintext: &[u8]) -> Verdict {
        let read = || inspect(&plaintext_json(plaintext)?, table(endpoint)?.0, self.today);
        Verdict::of(read())
    }
}

impl Verdict {
    fn of(result: Result<(), Refusal>) -> Self {
        match result {
            Ok(()) => Self { code: Code::SUCCESS, finding: None },
            Err(Refusal { code, finding }) => Self { code, finding: Some(finding.to_string()) },
        }
    }
}

/// The table of an endpoint's plaintext, and what stands beside its envelope.
pub(super) fn table(endpoint: Endpoint) -> Result<(&'static [Field], ClearReference), Refusal> {
    match endpoint {
        Endpoint::ValidateQr => Ok((fields::QR_VALIDATION, ClearReference::Unknown)),
        Endpoint::Submit => Ok((fields::SUBMIT, ClearReference::Unknown)),
        Endpoint::ReportFailure => Ok((fields::FAILURE, ClearReference::Expected)),
        Endpoint::CheckDopa => Ok((fields::DOPA, ClearReference::Unknown)),
        Endpoint::Token | Endpoint::Consents => {
            Err(Refusal::gateway(4, "body", "no envelope at this endpoint", "one"))
        }
    }
}

/// Takes off what this bank wants around the Base64 (§8 has one sample of each).
pub(super) fn unframed(data: String, framing: Framing) -> Result<String, Refusal> {
    match framing {
        Framing::Base64 => Ok(data),
        Framing::CipherTextJson => strict_json::parse(data.as_bytes())
            .ok()
            .and_then(|json| json.get("cipherText")?.as_str().map(str::to_owned))
            .ok_or_else(|| Refusal::diis(1402, "data", "{\"cipherText\":…}", "other text")),
    }
}

/// Reads a plaintext as strictly as a wire body.
pub(super) fn plaintext_json(plaintext: &[u8]) -> Result<Value, Refusal> {
    if std::str::from_utf8(plaintext).is_err() {
        return Err(Refusal::diis(9998, "plaintext", "UTF-8", "other bytes"));
    }
    strict_json::parse(plaintext)
        .map_err(|_| Refusal::diis(9998, "plaintext", "JSON with each name once", "other text"))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[track_caller]
    fn check(endpoint: Endpoint, plaintext: &str, expected: &str) {
        let examiner = Examiner::new(Framing::Base64, date(2026, 11, 26)).unwrap();
        let Verdict { code, finding } = examiner.plaintext(endpoint, plaintext.as_bytes());
        assert_eq!(format!("{code} {}", finding.unwrap_or_default()).trim_end(), expected);
    }

    #[test]
    fn a_body_is_judged_as_at_the_counter() {
        let good =
            r#"{"reference":"SIM-0001","identifier":"1111111111119","namespace":"citizen_id"}"#;
        check(Endpoint::ValidateQr, good, "0000");
        check(
            Endpoint::Submit,
            good,
            "9998 identifier: expected only names of the document, got an unknown field",
        );
        check(Endpoint::Consents, good, "-4 body: expected no envelope at this endpoint, got one");
        check(
            Endpoint::ValidateQr,
            r#"{"reference":"A","reference":"A"}"#,
            "9998 plaintext: expected JSON with each name once, got other text",
        );
    }
}
