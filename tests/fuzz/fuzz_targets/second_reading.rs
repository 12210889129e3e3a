//! The bank's answers read a second time, by a JSON reader and a classification of their own.
//!
//! Written from RFC 8259 and the order of steps alone, in another manner than `protocol`: what both say is
//! compared for every input.

use std::collections::BTreeMap;

use protocol::{Condition, Endpoint, OAuthError, Transport};

/// Nesting beyond this is no answer.
const DEPTH_MAX: usize = 16;

/// A JSON value; numbers as they are written.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool,
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    pub fn field(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(fields) => fields.get(name),
            _ => None,
        }
    }
}

/// Reads a whole text; nothing if it is no JSON, too deep, or a name comes twice.
pub fn json(bytes: &[u8]) -> Option<Json> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut reader = Reader { rest: text };
    let value = reader.value(0)?;
    reader.space();
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, word: &str) -> bool {
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        self.space();
        for (word, value) in [("null", Json::Null), ("true", Json::Bool), ("false", Json::Bool)] {
            if self.take(word) {
                return Some(value);
            }
        }
        match self.rest.chars().next()? {
            '"' => self.text().map(Json::Text),
            '{' | '[' if depth == DEPTH_MAX => None,
            '{' => self.object(depth + 1),
            '[' => self.list(depth + 1),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        self.take("{");
        let mut fields = BTreeMap::new();
        self.space();
        if self.take("}") {
            return Some(Json::Object(fields));
        }
        loop {
            self.space();
            let name = self.text()?;
            self.space();
            if !self.take(":") || fields.insert(name, self.value(depth)?).is_some() {
                return None;
            }
            self.space();
            if self.take("}") {
                return Some(Json::Object(fields));
            }
            if !self.take(",") {
                return None;
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<Json> {
        self.take("[");
        let mut values = Vec::new();
        self.space();
        if self.take("]") {
            return Some(Json::List(values));
        }
        loop {
            values.push(self.value(depth)?);
            self.space();
            if self.take("]") {
                return Some(Json::List(values));
            }
            if !self.take(",") {
                return None;
            }
        }
    }

    fn number(&mut self) -> Option<Json> {
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
        let length = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (written, rest) = self.rest.split_at(length);
        let body = written.strip_prefix('-').unwrap_or(written);
        let (mantissa, exponent) = match body.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (body, None),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let sound = digits(whole)
            && (whole == "0" || !whole.starts_with('0'))
            && fraction.is_none_or(digits)
            && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
            && written.parse::<f64>().is_ok_and(f64::is_finite);
        self.rest = rest;
        sound.then(|| Json::Number(written.to_owned()))
    }

    fn text(&mut self) -> Option<String> {
        if !self.take("\"") {
            return None;
        }
        let mut text = String::new();
        loop {
            let next = self.rest.chars().next()?;
            self.rest = &self.rest[next.len_utf8()..];
            match next {
                '"' => return Some(text),
                '\\' => text.push(self.escape()?),
                next if next < ' ' => return None,
                next => text.push(next),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.rest = &self.rest[next.len_utf8()..];
        Some(match next {
            '"' | '\\' | '/' => next,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.four()?;
                if (0xD800..0xDC00).contains(&first) {
                    if !self.take("\\u") {
                        return None;
                    }
                    let second = self.four()?.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
                    char::from_u32(0x10000 + ((first - 0xD800) << 10) + second)?
                } else {
                    char::from_u32(first)?
                }
            }
            _ => return None,
        })
    }

    fn four(&mut self) -> Option<u32> {
        let digits = self.rest.get(..4)?;
        self.rest = &self.rest[4..];
        let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    }
}

/// What an answer comes to: its object if it is a success.
pub fn classified(endpoint: Endpoint, status: u16, body: &[u8]) -> Result<Json, Condition> {
    let success = status / 100 == 2;
    let silent = Err(match success {
        true => Condition::Transport(Transport::NoCode),
        false => Condition::Http(status),
    });
    if status / 100 == 3 {
        return Err(Condition::Transport(Transport::Redirected));
    }
    let Some(json) = json(body) else {
        let blank = body.iter().all(u8::is_ascii_whitespace);
        return match success && !blank {
            true => Err(Condition::Transport(Transport::NotJson)),
            false => silent,
        };
    };
    if !matches!(json, Json::Object(_)) {
        return silent;
    }
    match said(endpoint, status, &json) {
        Some(Condition::Diis(0)) if success => Ok(json),
        Some(Condition::Diis(0)) => match endpoint {
            Endpoint::Token => silent,
            _ => Err(Condition::Transport(Transport::NoCode)),
        },
        Some(condition) => Err(condition),
        None if success && endpoint == Endpoint::Token => Ok(json),
        None => silent,
    }
}

/// The code in a body: `statusCode` before `error`.
fn said(endpoint: Endpoint, status: u16, json: &Json) -> Option<Condition> {
    if let Some((sign, code)) = json.field("statusCode").and_then(code) {
        return Some(if sign { Condition::Gateway(code) } else { Condition::Diis(code) });
    }
    match json.field("error")? {
        error @ Json::Object(_) => {
            error.field("code").and_then(code).map(|(_, code)| Condition::Gateway(code))
        }
        Json::Text(error) if endpoint == Endpoint::Token || status == 401 => {
            let known = OAUTH.iter().find(|(name, _)| name.eq_ignore_ascii_case(error));
            known.map(|(_, error)| Condition::OAuth(*error))
        }
        _ => None,
    }
}

/// Whether there is a minus sign, and one to four digits.
fn code(json: &Json) -> Option<(bool, u16)> {
    let text = match json {
        Json::Text(text) => text.trim(),
        // Minus nothing is a fraction to every reader of numbers.
        Json::Number(number) if number != "-0" => number,
        _ => return None,
    };
    let digits = text.strip_prefix('-').or_else(|| text.strip_prefix('−'));
    let (sign, digits) = (digits.is_some(), digits.unwrap_or(text));
    let mut code = 0;
    for digit in digits.chars() {
        code = code * 10 + digit.to_digit(10)?;
        if code > 9_999 {
            return None;
        }
    }
    let sound = !digits.is_empty() && digits.len() <= 4;
    sound.then(|| u16::try_from(code).ok()).flatten().map(|code| (sign, code))
}

const OAUTH: [(&str, OAuthError); 11] = [
    ("invalid_client", OAuthError::InvalidClient),
    ("unauthorized_client", OAuthError::UnauthorizedClient),
    ("invalid_scope", OAuthError::InvalidScope),
    ("unsupported_grant_type", OAuthError::UnsupportedGrantType),
    ("invalid_grant", OAuthError::InvalidGrant),
    ("invalid_request", OAuthError::InvalidRequest),
    ("invalid_token", OAuthError::InvalidToken),
    ("insufficient_scope", OAuthError::InsufficientScope),
    ("access_denied", OAuthError::AccessDenied),
    ("temporarily_unavailable", OAuthError::TemporarilyUnavailable),
    ("server_error", OAuthError::ServerError),
];
