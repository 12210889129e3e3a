//! What an exchange with the bank came to, as one comparable value with a written form.
//!
//! The codes are those of §10; what they mean for the journey is in `codes`.

use std::{fmt, str::FromStr};

/// One way in which a call can end. Written `1101`, `-100`, `OAUTH_INVALID_CLIENT`, `HTTP_503`, `NET_TIMEOUT`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Condition {
    /// A code of DiiS, the bank's identity system, behind the gateway.
    Diis(u16),
    /// A code of the API gateway, without its minus sign: −100 is `Gateway(100)`.
    Gateway(u16),
    /// An RFC 6749 or RFC 6750 error text.
    OAuth(OAuthError),
    /// An HTTP status whose body said nothing usable.
    Http(u16),
    /// The exchange itself failed.
    Transport(Transport),
}

impl Condition {
    /// The one success.
    pub const SUCCESS: Self = Self::Diis(0);
    /// The reference was used before; after a sending of our own it means that the sending arrived.
    pub const ALREADY_USED: Self = Self::Diis(1602);
    /// The submit came without the selfie that this reference needs.
    pub const SELFIE_REQUIRED: Self = Self::Diis(9300);
}

/// What a token or resource server may say (RFC 6749 §5.2 and §4.1.2.1, RFC 6750 §3.1).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum OAuthError {
    /// The client id or secret is wrong.
    InvalidClient,
    /// The client may not use this grant.
    UnauthorizedClient,
    /// The scope is unknown.
    InvalidScope,
    /// The grant type is unknown.
    UnsupportedGrantType,
    /// The grant is not accepted.
    InvalidGrant,
    /// The request is malformed.
    InvalidRequest,
    /// The access token is unknown or expired.
    InvalidToken,
    /// The token's scope does not reach this call.
    InsufficientScope,
    /// The server refuses.
    AccessDenied,
    /// The server is busy.
    TemporarilyUnavailable,
    /// The server failed.
    ServerError,
}

impl OAuthError {
    /// Every error, with its spelling on the wire.
    const SPELLINGS: [(Self, &'static str); 11] = [
        (Self::InvalidClient, "invalid_client"),
        (Self::UnauthorizedClient, "unauthorized_client"),
        (Self::InvalidScope, "invalid_scope"),
        (Self::UnsupportedGrantType, "unsupported_grant_type"),
        (Self::InvalidGrant, "invalid_grant"),
        (Self::InvalidRequest, "invalid_request"),
        (Self::InvalidToken, "invalid_token"),
        (Self::InsufficientScope, "insufficient_scope"),
        (Self::AccessDenied, "access_denied"),
        (Self::TemporarilyUnavailable, "temporarily_unavailable"),
        (Self::ServerError, "server_error"),
    ];

    /// Reads the wire's spelling, in any letter case.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        spelled(&Self::SPELLINGS, text)
    }
}

/// How an exchange itself may fail; the first five mean that no request byte was sent.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Transport {
    /// Name resolution or connection failed: not sent.
    Unreachable,
    /// The TLS handshake did not finish: not sent.
    TlsHandshake,
    /// The server's certificate is not accepted: not sent.
    Certificate,
    /// The proxy on the way cannot be reached, or does not let through: not sent.
    Proxy,
    /// This machine's clock is too wrong for anything that carries its time: not sent.
    WrongClock,
    /// The connection was lost after at least one request byte.
    Cut,
    /// No whole answer in time, after at least one request byte.
    TimedOut,
    /// An HTTP redirect, which is never followed.
    Redirected,
    /// A successful HTTP status whose body is not JSON, nested beyond sense, or names something twice.
    NotJson,
    /// A body beyond the bound.
    BodyTooLarge,
    /// A successful HTTP status without a code, or the success code under a failed HTTP status.
    NoCode,
    /// A success whose data has a shape that the document does not know.
    Drift,
}

impl Transport {
    /// Every failure, with its name in the written form.
    const SPELLINGS: [(Self, &'static str); 12] = [
        (Self::Unreachable, "UNREACHABLE"),
        (Self::TlsHandshake, "TLS"),
        (Self::Certificate, "CERTIFICATE"),
        (Self::Proxy, "PROXY"),
        (Self::WrongClock, "CLOCK"),
        (Self::Cut, "CUT"),
        (Self::TimedOut, "TIMEOUT"),
        (Self::Redirected, "REDIRECTED"),
        (Self::NotJson, "NOT_JSON"),
        (Self::BodyTooLarge, "TOO_LARGE"),
        (Self::NoCode, "NO_CODE"),
        (Self::Drift, "DRIFT"),
    ];
}

fn spelled<T: Copy>(spellings: &[(T, &'static str)], text: &str) -> Option<T> {
    let found = spellings.iter().find(|(_, spelling)| spelling.eq_ignore_ascii_case(text));
    found.map(|(value, _)| *value)
}

fn spelling<T: Copy + PartialEq>(spellings: &[(T, &'static str)], value: T) -> &'static str {
    let found = spellings.iter().find(|(known, _)| *known == value);
    found.map_or("UNKNOWN", |(_, spelling)| spelling)
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Diis(code) => write!(f, "{code:04}"),
            Self::Gateway(code) => write!(f, "-{code}"),
            Self::OAuth(error) => {
                let spelling = spelling(&OAuthError::SPELLINGS, *error);
                write!(f, "OAUTH_{}", spelling.to_ascii_uppercase())
            }
            Self::Http(status) => write!(f, "HTTP_{status}"),
            Self::Transport(failure) => {
                write!(f, "NET_{}", spelling(&Transport::SPELLINGS, *failure))
            }
        }
    }
}

/// The text is no written condition.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a code such as 1101, -100, HTTP_503, NET_TIMEOUT or OAUTH_INVALID_CLIENT")]
pub struct NotACondition;

impl FromStr for Condition {
    type Err = NotACondition;

    /// Reads the written form; up to three bare digits are a gateway code whose minus was left off.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let upper = text.to_ascii_uppercase();
        if let Some(name) = upper.strip_prefix("NET_") {
            return spelled(&Transport::SPELLINGS, name).map(Self::Transport).ok_or(NotACondition);
        }
        if let Some(name) = upper.strip_prefix("OAUTH_") {
            return OAuthError::from_wire(name).map(Self::OAuth).ok_or(NotACondition);
        }
        if let Some(status) = upper.strip_prefix("HTTP_") {
            return number(status).map(Self::Http).ok_or(NotACondition);
        }
        if let Some(code) = text.strip_prefix(['-', '−']) {
            return number(code).map(Self::Gateway).ok_or(NotACondition);
        }
        let code = number(text).ok_or(NotACondition)?;
        Ok(if text.len() < 4 { Self::Gateway(code) } else { Self::Diis(code) })
    }
}

/// One to four digits; a sign, which `parse` would take, is none.
fn number(text: &str) -> Option<u16> {
    let digits = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Condition, NotACondition, OAuthError, Transport};

    #[track_caller]
    fn check(condition: Condition, written: &str) {
        assert_eq!(condition.to_string(), written);
        assert_eq!(written.parse(), Ok(condition));
        assert_eq!(written.to_ascii_lowercase().parse(), Ok(condition));
    }

    #[test]
    fn every_kind_is_written_and_read_back() {
        check(Condition::SUCCESS, "0000");
        check(Condition::Diis(9301), "9301");
        check(Condition::Gateway(3), "-3");
        check(Condition::Gateway(100), "-100");
        check(Condition::Http(503), "HTTP_503");
        for (failure, name) in Transport::SPELLINGS {
            check(Condition::Transport(failure), &format!("NET_{name}"));
        }
        for (error, name) in OAuthError::SPELLINGS {
            check(Condition::OAuth(error), &format!("OAUTH_{}", name.to_ascii_uppercase()));
        }
    }

    #[test]
    fn a_gateway_code_without_its_sign_is_understood() {
        assert_eq!("100".parse(), Ok(Condition::Gateway(100)));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "-", "+100", "12345", "HTTP_", "HTTP_abc", "NET_", "OAUTH_X", "ก", "--1"]
        {
            assert_eq!(text.parse::<Condition>(), Err(NotACondition), "{text}");
        }
    }
}
