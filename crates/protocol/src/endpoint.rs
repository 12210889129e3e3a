//! The six endpoints of §1: their methods, path templates and header names.
//!
//! Base URL, transport and header values belong to the agent; the path spellings of §5 are Doubt D5.

use std::fmt;

use crate::reference::Reference;

/// What a partner may ask the bank, E1 to E6 in the document's order (§1).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Endpoint {
    /// E1, §2: an OAuth access token.
    Token,
    /// E2, §3: is this reference good, and does it belong to this citizen?
    ValidateQr,
    /// E3, §4: the customer's data; uses the reference up.
    Submit,
    /// E4, §5: the partner ends the reference as failed.
    ReportFailure,
    /// E5, §6: the consent texts for the DOPA check.
    Consents,
    /// E6, §7: the DOPA (Department of Provincial Administration) check.
    CheckDopa,
}

impl Endpoint {
    /// All six, in the document's order.
    pub const ALL: [Self; 6] = [
        Self::Token,
        Self::ValidateQr,
        Self::Submit,
        Self::ReportFailure,
        Self::Consents,
        Self::CheckDopa,
    ];

    /// The HTTP method (§1).
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Token | Self::ValidateQr | Self::Submit | Self::CheckDopa => "POST",
            Self::ReportFailure => "PUT",
            Self::Consents => "GET",
        }
    }

    /// The value of `Content-Type`; the document asks for it on the GET as well (Doubt D32).
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Token => "application/x-www-form-urlencoded",
            Self::ValidateQr
            | Self::Submit
            | Self::ReportFailure
            | Self::Consents
            | Self::CheckDopa => "application/json; charset=UTF-8",
        }
    }

    /// Whether the bank may have acted on a request whose answer was lost.
    #[must_use]
    pub const fn effect(self) -> Effect {
        match self {
            Self::Submit | Self::ReportFailure => Effect::EndsReference,
            Self::Token | Self::ValidateQr | Self::Consents | Self::CheckDopa => Effect::Repeatable,
        }
    }

    /// The name for logs and diagnosis: `token`, `validate_qr`, ….
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::ValidateQr => "validate_qr",
            Self::Submit => "submit",
            Self::ReportFailure => "report_failure",
            Self::Consents => "consents",
            Self::CheckDopa => "check_dopa",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a request does to the reference at the bank.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// Asking again changes nothing that matters.
    Repeatable,
    /// The reference is used up or closed: a lost answer must be reconciled, never guessed.
    EndsReference,
}

/// The path templates of the six endpoints; `{reference}` and `{ref}` are filled in by [`Paths::path`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Paths {
    /// E1.
    pub token: String,
    /// E2.
    pub validate_qr: String,
    /// E3.
    pub submit: String,
    /// E4. May contain `{reference}`, which is percent-encoded (Doubt D5).
    pub report_failure: String,
    /// E5. `{ref}` becomes `dopa`, the only value §6 knows.
    pub consents: String,
    /// E6.
    pub check_dopa: String,
}

impl Default for Paths {
    fn default() -> Self {
        let path = |tail: &str| format!("/native/ndid/alternativeSource/{tail}");
        Self {
            token: "/auth/oauth/v2/token".to_owned(),
            validate_qr: path("qr/validation"),
            submit: path("submit"),
            report_failure: path("reference/status/failure"),
            consents: path("consents/{ref}"),
            check_dopa: path("dopa"),
        }
    }
}

/// What a call is about, as far as its path may say it.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A call that concerns no reference: token, consents, a DOPA check on its own.
    NoReference,
    /// A call that concerns this reference.
    Reference(&'a Reference),
}

/// The only consent set that §6 knows.
const CONSENT_SET: &str = "dopa";

impl Paths {
    /// The path of one call, from its template.
    #[must_use]
    pub fn path(&self, endpoint: Endpoint, subject: Subject<'_>) -> String {
        let template = match endpoint {
            Endpoint::Token => &self.token,
            Endpoint::ValidateQr => &self.validate_qr,
            Endpoint::Submit => &self.submit,
            Endpoint::ReportFailure => &self.report_failure,
            Endpoint::Consents => &self.consents,
            Endpoint::CheckDopa => &self.check_dopa,
        };
        let reference = match subject {
            Subject::NoReference => String::new(),
            Subject::Reference(reference) => percent_encoded(reference.as_str()),
        };
        template.replace("{ref}", CONSENT_SET).replace("{reference}", &reference)
    }
}

/// RFC 3986, clause 2.3: everything but the unreserved characters becomes `%XX`.
pub(crate) fn percent_encoded(text: &str) -> String {
    // Never grown: a secret goes through here, and a growing text would leave a copy behind.
    let mut encoded = String::with_capacity(text.len().saturating_mul(3));
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Header names, spelled as the document spells them (§3, §10).
pub mod header {
    /// The value of `Accept` that every call but the token's sends (gateway code −7 exists).
    pub const ACCEPT_JSON: &str = "application/json";
    /// A UUID v4 in lower case, fresh for every HTTP attempt, retries too (−6, −23).
    pub const TRANSACTION_ID: &str = "X-Client-Transaction-ID";
    /// The client's time, written by `BankTime::header` (Doubt D3).
    pub const TRANSACTION_TIME: &str = "X-Client-Transaction-DateTime";
    /// A second name of the same, which only §10 uses (Doubt D4).
    pub const TRANSACTION_TIME_ALIAS: &str = "X-Client-DateTime";
    /// `Bearer` and the access token.
    pub const AUTHORIZATION: &str = "Authorization";
    /// The key that the bank assigned to the partner.
    pub const API_KEY: &str = "API-Key";
    /// In answers: the gateway's time, for measuring the clock's skew.
    pub const SERVER_TIME: &str = "X-Server-DateTime";
    /// In answers: the gateway's own id for the attempt, for the audit log.
    pub const SERVER_TRANSACTION_ID: &str = "X-Server-Transaction-ID";
}

#[cfg(test)]
mod tests {
    use super::{Effect, Endpoint, Paths, Subject, percent_encoded};
    use crate::reference::Reference;

    #[track_caller]
    fn check(endpoint: Endpoint, expected: &str) {
        let reference = Reference::parse("BAYMK191200001").unwrap();
        let path = Paths::default().path(endpoint, Subject::Reference(&reference));
        assert_eq!(format!("{} {path}", endpoint.method()), expected);
    }

    #[test]
    fn the_six_endpoints_are_those_of_the_document() {
        check(Endpoint::Token, "POST /auth/oauth/v2/token");
        check(Endpoint::ValidateQr, "POST /native/ndid/alternativeSource/qr/validation");
        check(Endpoint::Submit, "POST /native/ndid/alternativeSource/submit");
        check(
            Endpoint::ReportFailure,
            "PUT /native/ndid/alternativeSource/reference/status/failure",
        );
        check(Endpoint::Consents, "GET /native/ndid/alternativeSource/consents/dopa");
        check(Endpoint::CheckDopa, "POST /native/ndid/alternativeSource/dopa");
    }

    #[test]
    fn a_failure_path_may_name_the_reference() {
        let paths = Paths {
            report_failure: "/reference/{reference}/status/failure".to_owned(),
            ..Paths::default()
        };
        let reference = Reference::parse("A.b_c-1").unwrap();
        assert_eq!(
            paths.path(Endpoint::ReportFailure, Subject::Reference(&reference)),
            "/reference/A.b_c-1/status/failure"
        );
    }

    #[test]
    fn what_is_reserved_in_a_path_is_percent_encoded() {
        assert_eq!(percent_encoded("a/b?ก"), "a%2Fb%3F%E0%B8%81");
    }

    #[test]
    fn only_submit_and_failure_end_a_reference() {
        let ending: Vec<_> =
            Endpoint::ALL.into_iter().filter(|e| e.effect() == Effect::EndsReference).collect();
        assert_eq!(ending, [Endpoint::Submit, Endpoint::ReportFailure]);
    }
}
