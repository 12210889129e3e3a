//! The requests of E1 to E4 and E6: built typed, written as the plaintext that is sealed.
//!
//! Names and key order are those of the document's samples. Every plaintext is wiped on drop; sealing is
//! `envelope`'s, sending the agent's. E5 has no body.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use citizen::CitizenId;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{endpoint::percent_encoded, plaintext::Plaintext, reference::Reference};

mod failure_report;
mod submission;

pub use self::{
    failure_report::{FailureReason, FailureReport},
    submission::{DopaCheck, Face, FaceCompare, Submission, SubmissionParts},
};

/// The only namespace of an identifier that the document knows.
const NAMESPACE: &str = "citizen_id";
/// The scope of §2, though the sample's answer names another (Doubt D14).
pub const DEFAULT_SCOPE: &str = "ndid:alternative";

/// E1: the partner's credentials, written as the token request's form.
#[derive(Clone)]
pub struct ClientCredentials {
    client_id: String,
    client_secret: Zeroizing<String>,
    scope: String,
}

impl ClientCredentials {
    /// Credentials for one scope, usually [`DEFAULT_SCOPE`].
    #[must_use]
    pub fn new(client_id: String, client_secret: Zeroizing<String>, scope: String) -> Self {
        Self { client_id, client_secret, scope }
    }

    /// The body, `application/x-www-form-urlencoded`, in the order of §2's sample.
    #[must_use]
    pub fn form(&self) -> Zeroizing<Vec<u8>> {
        let secret = Zeroizing::new(percent_encoded(&self.client_secret));
        let open = format!(
            "grant_type=client_credentials&scope={}&client_id={}&client_secret=",
            percent_encoded(&self.scope),
            percent_encoded(&self.client_id),
        );
        let mut form = Zeroizing::new(Vec::with_capacity(open.len().saturating_add(secret.len())));
        form.extend_from_slice(open.as_bytes());
        form.extend_from_slice(secret.as_bytes());
        form
    }
}

impl ClientCredentials {
    /// The body where the credentials are in the header instead (Doubt D58).
    #[must_use]
    pub fn form_without_secret(&self) -> Vec<u8> {
        let scope = percent_encoded(&self.scope);
        format!("grant_type=client_credentials&scope={scope}").into_bytes()
    }

    /// The value of `Authorization` for that: RFC 6749 §2.3.1, both parts percent-encoded.
    #[must_use]
    pub fn basic(&self) -> Zeroizing<String> {
        let secret = Zeroizing::new(percent_encoded(&self.client_secret));
        let pair = Zeroizing::new([&percent_encoded(&self.client_id), ":", &secret].concat());
        let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        Zeroizing::new(["Basic ", &encoded].concat())
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// E2: is this reference good, and does it belong to this citizen?
#[derive(Clone, Eq, PartialEq)]
pub struct QrValidationRequest {
    reference: Reference,
    citizen_id: CitizenId,
}

impl QrValidationRequest {
    /// Asks for this reference and this citizen.
    #[must_use]
    pub fn new(reference: &Reference, citizen_id: &CitizenId) -> Self {
        Self { reference: reference.clone(), citizen_id: citizen_id.clone() }
    }

    /// What is asked about.
    #[must_use]
    pub const fn reference(&self) -> &Reference {
        &self.reference
    }

    /// The JSON to seal.
    #[must_use]
    pub fn plaintext(&self) -> Plaintext {
        #[derive(Serialize)]
        struct Body<'a> {
            reference: &'a str,
            identifier: &'a str,
            namespace: &'static str,
        }
        Plaintext::of(&Body {
            reference: self.reference.as_str(),
            identifier: self.citizen_id.as_str(),
            namespace: NAMESPACE,
        })
    }
}

impl fmt::Debug for QrValidationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QrValidationRequest(‹redacted›)")
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientCredentials, Zeroizing};

    #[test]
    fn credentials_in_the_header_are_those_of_the_form() {
        // RFC 6749 §2.3.1 has the pair encoded before it is joined, so that a colon in it divides nothing.
        let secret = Zeroizing::new("s:ecret%".to_owned());
        let credentials = ClientCredentials::new("c id".to_owned(), secret, "a:b".to_owned());
        assert_eq!(credentials.basic().as_str(), "Basic YyUyMGlkOnMlM0FlY3JldCUyNQ==");
        let form = credentials.form_without_secret();
        assert_eq!(form, b"grant_type=client_credentials&scope=a%3Ab");
    }
}
