//! The codes the bank answers with, as §10 lists them, with its own messages and HTTP status.
//! When a code is answered is decided elsewhere.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// What an answer says about a request.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Code {
    /// A DiiS response code, four digits; 0 is success.
    Diis(u16),
    /// A gateway code without its minus sign: 100 is `-100`.
    Gateway(u16),
    /// An OAuth error name of RFC 6749 §5.2.
    OAuth(&'static str),
    /// Nothing but an HTTP status.
    Http(u16),
}

/// A text that names no code.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("expected four digits, a negative number, HTTP_ and a status, or an OAuth error name")]
pub struct CodeError;

impl Code {
    /// `0000`.
    pub const SUCCESS: Self = Self::Diis(0);
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Diis(code) => write!(formatter, "{code:04}"),
            Self::Gateway(code) => write!(formatter, "-{code}"),
            Self::OAuth(name) => formatter.write_str(name),
            Self::Http(status) => write!(formatter, "HTTP_{status}"),
        }
    }
}

impl FromStr for Code {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        if let Some(number) = text.strip_prefix('-') {
            return number.parse().map(Self::Gateway).map_err(|_| CodeError);
        }
        if let Some(status) = text.strip_prefix("HTTP_") {
            return status.parse().map(Self::Http).map_err(|_| CodeError);
        }
        if text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map(Self::Diis).map_err(|_| CodeError);
        }
        OAUTH.iter().find(|name| **name == text).map(|name| Self::OAuth(name)).ok_or(CodeError)
    }
}

/// The errors of RFC 6749 §5.2 and two of §4.1.2.1 that gateways answer at the token endpoint as well.
const OAUTH: &[&str] = &[
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
];

/// The document's message of a DiiS code; a code it does not list has a plain one.
pub(super) fn diis_message(code: u16) -> &'static str {
    DIIS.iter().find(|(listed, _)| *listed == code).map_or("Unknown error", |(_, text)| *text)
}

/// HTTP status and message of a gateway code.
pub(super) fn gateway_answer(code: u16) -> (u16, &'static str) {
    GATEWAY
        .iter()
        .find(|(listed, _, _)| *listed == code)
        .map_or((500, "Unknown error"), |(_, status, text)| (*status, *text))
}

const DIIS: &[(u16, &str)] = &[
    (0, "Success"),
    (1100, "Invalid QR code"),
    (1101, "QR code has expired"),
    (1102, "Invalid reference"),
    (1103, "QR code is cancelled"),
    (1200, "Invalid transaction reference"),
    (1201, "DOPA service fails"),
    (1202, "DOPA information is invalid"),
    (1301, "Callback notification to channel failed"),
    (1302, "Customer info does not match with the registered info on channel application"),
    (1303, "Callback notification to KMA failed"),
    (1399, "Cannot connect channel's callback"),
    (1402, "Data Error (AES decryption failed)"),
    (1501, "Data Error (RSA decryption failed)"),
    (1600, "Transaction reference not found"),
    (1601, "QR code is cancelled"),
    (1602, "Transaction reference already used"),
    (1700, "Blacklist service failed"),
    (1799, "Cannot connect to Blacklist service"),
    (1899, "Cannot connect to Face Recognition service"),
    (1900, "Customer consents needed"),
    (2001, "Citizen Id mismatch"),
    (2002, "Biometric comparison failed"),
    (2003, "Customer is in blacklist"),
    (9300, "Biometric selfie data is required"),
    (9301, "Biometric comparison failed."),
    (9302, "Biometric comparison error"),
    (9400, "Data Error"),
    (9401, "Unauthorized (Invalid API key)"),
    (9402, "Unauthorized trusted source"),
    (9403, "Unauthorized channel or product mismatch"),
    (9997, "Time out, cannot contact backend system"),
    (9998, "Invalid schema"),
    (9999, "Cannot contact backend"),
];

/// §10 gives no HTTP status by code: 400 for what the client did wrong, 401 for who it is, 503 for load.
const GATEWAY: &[(u16, u16, &str)] = &[
    (3, 400, "Invalid Content-Type header"),
    (4, 400, "Schema validation failed"),
    (6, 400, "X-Client-Transaction-ID does not match UUID format"),
    (7, 400, "Invalid Accept header"),
    (19, 400, "Threat detected (invalid signature)"),
    (20, 400, "Threat detected (code injection)"),
    (21, 400, "Threat detected (request empty, overall size or field length exceed maximum size)"),
    (22, 400, "Threat detected (message size too large)"),
    (23, 400, "Threat detected (message replay detected)"),
    (24, 503, "Service unavailable"),
    (25, 400, "Threat detected (Protect against message replay: Invalid Request)"),
    (26, 400, "Threat detected (Protect against message replay: exceeded 300 seconds limit)"),
    (27, 400, "Threat detected (SQL attack)"),
    (28, 400, "Duplicated name in the JSON request"),
    (100, 401, "Invalid token (unknown, expired, scope not granted, etc)"),
    (101, 401, "Invalid session state for the token"),
    (102, 401, "API Key invalid or not authorised to call this API"),
    (103, 401, "Incoming source IP does not match your identity"),
    (104, 401, "Service requires basic authentication"),
    (105, 401, "Authentication failed"),
    (106, 401, "API-Key and OAuth token come from a different application"),
    (107, 401, "API-Key header is missing or is empty"),
    (108, 503, "Account plan quota exhausted"),
    (200, 500, "Internal server error"),
    (201, 500, "Connectivity problem between API GW and EAI including timeout"),
    (202, 500, "Backend problem, an invalid response has been returned from backend"),
    (300, 503, "Current load of this API is too high"),
    (301, 503, "Current load of this API back-end is too high"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<Code, CodeError>) {
        assert_eq!(text.parse(), expected);
        if let Ok(code) = expected {
            assert_eq!(code.to_string(), text);
        }
    }

    #[test]
    fn every_kind_of_code_reads_back_as_it_is_written() {
        check("0000", Ok(Code::SUCCESS));
        check("1299", Ok(Code::Diis(1299)));
        check("-100", Ok(Code::Gateway(100)));
        check("HTTP_503", Ok(Code::Http(503)));
        check("invalid_scope", Ok(Code::OAuth("invalid_scope")));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in ["", "-", "12", "12345", "HTTP_", "HTTP_x", "teapot", "-1x"] {
            check(text, Err(CodeError));
        }
    }
}
