//! The fuzzer is the bank: a status and a body of its own for each of the readers.
//!
//! Each answer is read a second time by `second_reading`; both must come to the same condition or the same
//! values. Nothing that is shown may hold a control character or more than its line has room for.

#![no_main]

mod second_reading;

use std::time::Duration;

use libfuzzer_sys::fuzz_target;

use protocol::{
    Condition, ConsentText, Endpoint, FaceCompare, HttpAnswer, Lifetime, Transport, read_accepted,
    read_consents, read_qr_validation, read_token,
};
use second_reading::{Json, classified};

/// One of each class, and those that have a meaning of their own.
const STATUSES: [u16; 12] = [200, 201, 204, 302, 400, 401, 404, 429, 500, 502, 503, 299];
const DRIFT: Condition = Condition::Transport(Transport::Drift);

fuzz_target!(|data: &[u8]| {
    let [chosen, body @ ..] = data else { return };
    let status = STATUSES[usize::from(chosen >> 3) % STATUSES.len()];
    let answer = HttpAnswer { status, body: body.to_vec() };
    match chosen & 7 {
        0 => token(&answer),
        1 | 6 => validation(&answer),
        2 => consents(&answer),
        3 => accepted(Endpoint::Submit, &answer),
        4 => accepted(Endpoint::ReportFailure, &answer),
        _ => accepted(Endpoint::CheckDopa, &answer),
    }
});

fn second(endpoint: Endpoint, answer: &HttpAnswer) -> Result<Json, Condition> {
    classified(endpoint, answer.status, &answer.body)
}

fn token(answer: &HttpAnswer) {
    let expected = second(Endpoint::Token, answer).and_then(|json| {
        let token = json.field("access_token").and_then(text).filter(|text| !text.is_empty());
        let missing = Condition::Transport(Transport::NoCode);
        token.map(str::to_owned).ok_or(missing)
    });
    let read = read_token(answer);
    assert_eq!(read.as_ref().map(|token| token.access_token().to_owned()), expected.as_ref().cloned());
    if let Ok(token) = read {
        assert!(!token.expires_in.is_zero() && token.expires_in <= Duration::from_secs(86_400));
        let assumed = token.lifetime == Lifetime::Assumed;
        assert!(!assumed || token.expires_in == Duration::from_secs(60));
    }
}

fn validation(answer: &HttpAnswer) {
    let expected = second(Endpoint::ValidateQr, answer).and_then(|json| shown(&json));
    let (data, texts) = match (read_qr_validation(answer), expected) {
        (Err(condition), Err(expected)) => return assert_eq!(condition, expected),
        (Ok(read), Ok(expected)) => (read, expected),
        (read, expected) => panic!("{read:?}, expected {expected:?}"),
    };
    let (fields, consents) = texts;
    assert_eq!(data.consents, consents);
    let face = matches!(fields.field("faceCompare").and_then(text), Some("Y" | "y"));
    assert_eq!(data.face_compare == FaceCompare::Required, face);
    let lines = [
        ("ref1", data.slip.ref1.as_deref(), 40),
        ("ref2", data.slip.ref2.as_deref(), 40),
        ("ref3", data.slip.ref3.as_deref(), 40),
        ("channelCode", data.channel_code.as_deref(), 15),
        ("reference", data.returned_reference.as_deref().map(String::as_str), 55),
    ];
    for (name, got, length_max) in lines {
        check_line(&fields, name, got, length_max);
        let Some(Json::Text(text)) = fields.field(name) else { continue };
        let long = text.chars().filter(|c| !c.is_control()).count() > length_max;
        assert_eq!(data.over_long.contains(&name), long);
    }
}

fn consents(answer: &HttpAnswer) {
    let expected = second(Endpoint::Consents, answer).and_then(|json| Ok(shown(&json)?.1));
    assert_eq!(read_consents(answer).map(|read| read.texts), expected);
}

fn accepted(endpoint: Endpoint, answer: &HttpAnswer) {
    let json = match (read_accepted(endpoint, answer), second(endpoint, answer)) {
        (Err(condition), Err(expected)) => return assert_eq!(condition, expected),
        (Ok(read), Ok(json)) => (read, json),
        (read, expected) => panic!("{read:?}, expected {expected:?}"),
    };
    let (read, json) = json;
    let none = Json::Null;
    let data = json.field("data").unwrap_or(&none);
    let name = match line(data, "transactionRef", 55) {
        Some(_) => "transactionRef",
        None => "reference",
    };
    check_line(data, name, read.transaction_reference.as_deref(), 55);
}

/// The data that a customer sees, and the consents in them.
fn shown(json: &Json) -> Result<(Json, Vec<ConsentText>), Condition> {
    let data = match json.field("data") {
        None | Some(Json::Null) => return Ok((Json::Null, Vec::new())),
        Some(Json::Text(text)) if text.is_empty() => return Ok((Json::Null, Vec::new())),
        Some(data @ Json::Object(_)) => data,
        Some(_) => return Err(DRIFT),
    };
    let texts = match data.field("consents") {
        None | Some(Json::Null) => &[],
        Some(Json::List(texts)) => texts.as_slice(),
        Some(_) => return Err(DRIFT),
    };
    let consents = texts.iter().map(consent).collect::<Option<_>>().ok_or(DRIFT)?;
    Ok((data.clone(), consents))
}

fn consent(json: &Json) -> Option<ConsentText> {
    let Json::Object(fields) = json else { return None };
    let text = |name: &str| match fields.get(name) {
        Some(Json::Text(text)) => text.clone(),
        Some(Json::Number(number)) => written(number),
        _ => String::new(),
    };
    let consent = ConsentText {
        kind: text("type"),
        version: text("version"),
        thai: text("contentTh"),
        english: text("contentEn"),
    };
    let short = |text: &str| text.chars().count() <= 40;
    (!consent.kind.is_empty() && short(&consent.kind) && short(&consent.version)).then_some(consent)
}

/// A number as `serde_json` writes it, which is how it is shown.
fn written(number: &str) -> String {
    serde_json::from_str::<serde_json::Number>(number).expect("it was read once").to_string()
}

fn text(json: &Json) -> Option<&str> {
    match json {
        Json::Text(text) => Some(text),
        _ => None,
    }
}

fn line(data: &Json, name: &str, length_max: usize) -> Option<String> {
    let text = match data.field(name)? {
        Json::Text(text) => text.clone(),
        Json::Number(number) => written(number),
        _ => return None,
    };
    let kept: String = text.chars().filter(|c| !c.is_control()).take(length_max).collect();
    (!kept.is_empty()).then_some(kept)
}

#[track_caller]
fn check_line(data: &Json, name: &str, got: Option<&str>, length_max: usize) {
    assert_eq!(got, line(data, name, length_max).as_deref());
    assert!(got.is_none_or(|got| !got.chars().any(char::is_control)));
}
