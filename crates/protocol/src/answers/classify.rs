//! From an HTTP answer to a success body or a [`Condition`], in the order of the API page, 1.6.
//!
//! Redirect, then the code in the body, then the gateway's or OAuth's error, then the HTTP status: the
//! first that is there decides.

use serde_json::Value;

use super::object::Object;
use super::{BODY_BYTES_MAX, HttpAnswer, unique};
use crate::{
    condition::{Condition, OAuthError, Transport},
    endpoint::Endpoint,
};

/// Deepest nesting that is parsed; the document's answers have three levels.
const DEPTH_MAX: usize = 16;

/// A success of E2 to E6: HTTP 2xx and the code 0000.
pub(super) fn business(endpoint: Endpoint, answer: &HttpAnswer) -> Result<Object, Condition> {
    let body = body(answer)?;
    match code(endpoint, answer.status, &body) {
        Some(Condition::SUCCESS) if is_success(answer.status) => Ok(body),
        // The success code under a failed status contradicts itself: nobody knows what was done.
        Some(Condition::SUCCESS) => Err(Condition::Transport(Transport::NoCode)),
        Some(condition) => Err(condition),
        None => Err(without_code(answer.status)),
    }
}

/// A success of E1: HTTP 2xx, and no code or error in the body.
pub(super) fn token(answer: &HttpAnswer) -> Result<Object, Condition> {
    let body = body(answer)?;
    match code(Endpoint::Token, answer.status, &body) {
        None | Some(Condition::SUCCESS) if is_success(answer.status) => Ok(body),
        Some(condition) if condition != Condition::SUCCESS => Err(condition),
        _ => Err(without_code(answer.status)),
    }
}

fn is_success(status: u16) -> bool {
    (200..=299).contains(&status)
}

fn without_code(status: u16) -> Condition {
    if is_success(status) {
        Condition::Transport(Transport::NoCode)
    } else {
        Condition::Http(status)
    }
}

/// The body as an object; empty where it is none and the HTTP status tells enough.
fn body(answer: &HttpAnswer) -> Result<Object, Condition> {
    if (300..=399).contains(&answer.status) {
        return Err(Condition::Transport(Transport::Redirected));
    }
    if answer.body.len() > BODY_BYTES_MAX {
        return Err(Condition::Transport(Transport::BodyTooLarge));
    }
    let parsed = (depth(&answer.body) <= DEPTH_MAX).then(|| unique::read(&answer.body)).flatten();
    match parsed {
        Some(Value::Object(body)) => Ok(Object::new(body)),
        Some(_) => Err(without_code(answer.status)),
        // A gateway's own 502 is often a page: only a success that is no JSON is a foreign page.
        None if !is_success(answer.status) => Err(Condition::Http(answer.status)),
        None if answer.body.iter().all(u8::is_ascii_whitespace) => {
            Err(Condition::Transport(Transport::NoCode))
        }
        None => Err(Condition::Transport(Transport::NotJson)),
    }
}

/// How deep brackets nest, outside of texts. Counts only; whether the JSON is sound is for the parser.
fn depth(body: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth = depth.saturating_add(1);
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// What the body itself says, if it says anything.
fn code(endpoint: Endpoint, status: u16, body: &Object) -> Option<Condition> {
    if let Some(condition) = body.get("statusCode").and_then(status_code) {
        return Some(condition);
    }
    match body.get("error")? {
        Value::Object(error) => error.get("code").and_then(gateway_code),
        // Other servers write their HTTP reason here, so only the token's and a 401's are OAuth's.
        Value::String(error) if endpoint == Endpoint::Token || status == 401 => {
            OAuthError::from_wire(error).map(Condition::OAuth)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            None
        }
    }
}

/// `statusCode`: a negative one is the gateway's, any other is DiiS's.
fn status_code(value: &Value) -> Option<Condition> {
    let text = written(value)?;
    match text.strip_prefix(['-', '−']) {
        Some(code) => digits(code).map(Condition::Gateway),
        None => digits(&text).map(Condition::Diis),
    }
}

/// `error.code`: the gateway's, with or without its minus sign (Doubt D34).
fn gateway_code(value: &Value) -> Option<Condition> {
    let text = written(value)?;
    digits(text.strip_prefix(['-', '−']).unwrap_or(&text)).map(Condition::Gateway)
}

fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// One to four digits and nothing else.
fn digits(text: &str) -> Option<u16> {
    let sound = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    sound.then(|| text.parse().ok()).flatten()
}
