//! The bank's answers, read into types: strict JSON, tolerant of what the document leaves open.
//!
//! `classify` decides between success and a [`Condition`]; nothing of a body ever goes into an error.
//! Sending, timeouts and headers are the agent's. Field names and lengths as in §2 to §7.

use std::{fmt, time::Duration};

use serde_json::Value;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::{
    condition::{Condition, Transport},
    consent::ConsentText,
    endpoint::Endpoint,
    requests::FaceCompare,
};

mod classify;
mod object;
mod unique;

use object::Object;

/// Longest body that is looked at.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// Longest consent text in one language: a customer cannot read more.
const CONSENT_BYTES_MAX: usize = 64 * 1024;
/// ref1, ref2, ref3 of §3.
const SLIP_LENGTH_MAX: usize = 40;
/// channelCode of §3.
const CHANNEL_LENGTH_MAX: usize = 15;
/// reference and transactionRef of §3, §4 and §7.
const REFERENCE_LENGTH_MAX: usize = 55;
/// Type and version of a consent have no length in the document.
const CONSENT_NAME_LENGTH_MAX: usize = 40;
/// What is assumed when a token's lifetime is missing.
const TOKEN_LIFETIME_ASSUMED: Duration = Duration::from_secs(60);
/// A token is fetched anew every day at least, whatever the bank says.
const TOKEN_LIFETIME_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// One HTTP answer as it came. Debug shows its status alone; dropping it wipes the body.
#[derive(Clone, Eq, PartialEq, ZeroizeOnDrop)]
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body, not decompressed; the agent may stop reading beyond [`BODY_BYTES_MAX`] + 1.
    pub body: Vec<u8>,
}

impl fmt::Debug for HttpAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpAnswer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// E1's success.
#[derive(Clone, Eq, PartialEq)]
pub struct Token {
    access_token: Zeroizing<String>,
    /// How long it may be used, 24 hours at most.
    pub expires_in: Duration,
    /// Whether the bank named that lifetime.
    pub lifetime: Lifetime,
    /// The scope that was granted; the document's sample differs from the one requested (Doubt D14).
    pub scope: Option<String>,
}

impl Token {
    /// The bearer token, for the `Authorization` header alone.
    #[must_use]
    pub fn access_token(&self) -> &str {
        &self.access_token
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("expires_in", &self.expires_in)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

/// Where a token's lifetime comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lifetime {
    /// The bank's `expires_in`.
    Stated,
    /// `expires_in` was missing or not positive: 60 s, and an alert is due.
    Assumed,
}

/// E2's success. Debug leaves the references out.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct QrValidation {
    /// Lines 15, 16 and 17 of the slip.
    pub slip: SlipLines,
    /// Whether a selfie is asked for.
    pub face_compare: FaceCompare,
    /// The app whose icon is shown, such as `KMA`; never a file name.
    pub channel_code: Option<String>,
    /// The consent texts to show, all of them.
    pub consents: Vec<ConsentText>,
    /// The reference that the bank gave back; ours is the one that is sent on (Doubt D8).
    pub returned_reference: Option<Zeroizing<String>>,
    /// JSON names of fields that were longer than the document says, and were cut.
    pub over_long: Vec<&'static str>,
}

impl fmt::Debug for QrValidation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QrValidation")
            .field("face_compare", &self.face_compare)
            .field("channel_code", &self.channel_code)
            .field("consents", &self.consents.len())
            .field("over_long", &self.over_long)
            .finish_non_exhaustive()
    }
}

/// What §3 wants printed on the slip; control characters are taken out. Dropping it wipes it.
#[derive(Clone, Default, Eq, PartialEq, ZeroizeOnDrop)]
pub struct SlipLines {
    /// Line 15: the channel's reference number.
    pub ref1: Option<String>,
    /// Line 16: the customer's reference number.
    pub ref2: Option<String>,
    /// Line 17: the type of transaction.
    pub ref3: Option<String>,
}

impl fmt::Debug for SlipLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}

/// E5's success.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Consents {
    /// The consent texts to show, all of them.
    pub texts: Vec<ConsentText>,
}

/// The success of E3, E4 and E6. Debug leaves the reference out.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Accepted {
    /// `transactionRef` or `reference`, whichever came (Doubt D7).
    pub transaction_reference: Option<String>,
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted").finish_non_exhaustive()
    }
}

/// Reads E1's answer.
///
/// # Errors
/// The [`Condition`] that the answer amounts to; a success without a token is `NET_NO_CODE`.
pub fn read_token(answer: &HttpAnswer) -> Result<Token, Condition> {
    let mut body = classify::token(answer)?;
    let Some(Value::String(access_token)) = body.take("access_token") else {
        return Err(Condition::Transport(Transport::NoCode));
    };
    let access_token = Zeroizing::new(access_token);
    if access_token.is_empty() {
        return Err(Condition::Transport(Transport::NoCode));
    }
    let (expires_in, lifetime) = match body.get("expires_in").and_then(seconds) {
        Some(stated) => (stated.min(TOKEN_LIFETIME_MAX), Lifetime::Stated),
        None => (TOKEN_LIFETIME_ASSUMED, Lifetime::Assumed),
    };
    let scope = body.get("scope").and_then(Value::as_str).map(str::to_owned);
    Ok(Token { access_token, expires_in, lifetime, scope })
}

fn seconds(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let duration = Duration::try_from_secs_f64(seconds).ok()?;
    (!duration.is_zero()).then_some(duration)
}

/// Reads E2's answer.
///
/// # Errors
/// The [`Condition`] that the answer amounts to; `NET_DRIFT` when the data are of no known shape.
pub fn read_qr_validation(answer: &HttpAnswer) -> Result<QrValidation, Condition> {
    let data = data_to_show(classify::business(Endpoint::ValidateQr, answer)?)?;
    let mut over_long = Vec::new();
    let mut line = |name, length_max| line(&data, name, length_max, &mut over_long);
    let slip = SlipLines {
        ref1: line("ref1", SLIP_LENGTH_MAX),
        ref2: line("ref2", SLIP_LENGTH_MAX),
        ref3: line("ref3", SLIP_LENGTH_MAX),
    };
    let channel_code = line("channelCode", CHANNEL_LENGTH_MAX);
    let returned_reference = line("reference", REFERENCE_LENGTH_MAX).map(Zeroizing::new);
    // No biometric without a stated need: anything but Y asks for none.
    let face_compare = match data.get("faceCompare").and_then(Value::as_str) {
        Some("Y" | "y") => FaceCompare::Required,
        Some(_) | None => FaceCompare::NotRequired,
    };
    let consents = consents(&data)?;
    Ok(QrValidation { slip, face_compare, channel_code, consents, returned_reference, over_long })
}

/// Reads E5's answer.
///
/// # Errors
/// The [`Condition`] that the answer amounts to; `NET_DRIFT` when the data are of no known shape.
pub fn read_consents(answer: &HttpAnswer) -> Result<Consents, Condition> {
    let data = data_to_show(classify::business(Endpoint::Consents, answer)?)?;
    Ok(Consents { texts: consents(&data)? })
}

/// Reads the answer of E3, E4 or E6. A success stands whatever its data look like.
///
/// # Errors
/// The [`Condition`] that the answer amounts to.
pub fn read_accepted(endpoint: Endpoint, answer: &HttpAnswer) -> Result<Accepted, Condition> {
    let mut body = classify::business(endpoint, answer)?;
    let Some(Value::Object(data)) = body.take("data") else {
        return Ok(Accepted::default());
    };
    let data = Object::new(data);
    let reference = |name| line(&data, name, REFERENCE_LENGTH_MAX, &mut Vec::new());
    Ok(Accepted {
        transaction_reference: reference("transactionRef").or_else(|| reference("reference")),
    })
}

/// The data of an answer that is shown to a customer: absent or null is empty, a text is drift, since
/// consents may be hidden in it.
fn data_to_show(mut body: Object) -> Result<Object, Condition> {
    match body.take("data") {
        None | Some(Value::Null) => Ok(Object::default()),
        Some(Value::Object(data)) => Ok(Object::new(data)),
        Some(Value::String(text)) if text.is_empty() => Ok(Object::default()),
        Some(Value::String(_) | Value::Bool(_) | Value::Number(_) | Value::Array(_)) => Err(DRIFT),
    }
}

const DRIFT: Condition = Condition::Transport(Transport::Drift);

/// One line of text without control characters; the first `length_max` characters of it.
fn line(
    data: &Object,
    name: &'static str,
    length_max: usize,
    over_long: &mut Vec<&'static str>,
) -> Option<String> {
    let text = Zeroizing::new(scalar(data.get(name)?)?);
    let mut printable = text.chars().filter(|character| !character.is_control());
    // With room for all of it from the start: what a text outgrows is freed as it is.
    let mut kept = String::with_capacity(text.len());
    kept.extend(printable.by_ref().take(length_max));
    if printable.next().is_some() {
        over_long.push(name);
    }
    (!kept.is_empty()).then_some(kept)
}

/// A text, or a number where the document says text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// All consent texts; half of them, or half of one, is nothing that anybody could agree to.
fn consents(data: &Object) -> Result<Vec<ConsentText>, Condition> {
    match data.get("consents") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(texts)) => texts.iter().map(consent).collect(),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => Err(DRIFT),
    }
}

fn consent(value: &Value) -> Result<ConsentText, Condition> {
    let fields = value.as_object().ok_or(DRIFT)?;
    let name = |name| fields.get(name).and_then(scalar).unwrap_or_default();
    let consent = ConsentText {
        kind: name("type"),
        version: name("version"),
        thai: name("contentTh"),
        english: name("contentEn"),
    };
    let named = |text: &str| text.chars().count() <= CONSENT_NAME_LENGTH_MAX;
    let readable = |text: &str| text.len() <= CONSENT_BYTES_MAX;
    let sound = !consent.kind.is_empty()
        && named(&consent.kind)
        && named(&consent.version)
        && readable(&consent.thai)
        && readable(&consent.english);
    sound.then_some(consent).ok_or(DRIFT)
}

#[cfg(test)]
mod tests;
