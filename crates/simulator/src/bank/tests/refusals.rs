//! Where the bank is stricter than the document: each mistake has its code, and its sentence in the log.

use std::sync::{Arc, Mutex};

use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::{Bank, Log, Options};
use super::partner::{Answer, Partner, SOMCHAI, jpeg, qr, submission_with_face};

const VALIDATION: &str = "/native/ndid/alternativeSource/qr/validation";
const KEY: &str = "0123456789abcdef0123456789abcdef";
const IV: &str = "0123456789abcdef";

/// Runs one mistake against a bank of its own; the answer has the code, the last line of the log ends with
/// the code and the sentence.
#[track_caller]
fn check(mistake: impl AsyncFnOnce(&mut Partner) -> Answer, code: &str, sentence: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Log::to({
        let lines = Arc::clone(&lines);
        move |line| lines.lock().unwrap().push(line.to_owned())
    });
    runtime.block_on(async {
        let bank = Bank::start(Options { log, ..Options::default() }).unwrap();
        let mut partner = Partner::of(&bank).await;
        assert_eq!(mistake(&mut partner).await.code(), code);
    });
    let last: String = lines.lock().unwrap().last().unwrap().clone();
    assert!(last.ends_with(&format!(" {code} | {sentence}")), "{last}");
}

/// Validates with one header of another value.
#[track_caller]
fn check_header(name: &'static str, value: &str, code: &str, sentence: &str) {
    let mistake = async |partner: &mut Partner| {
        partner.headers.insert(name, value.to_owned());
        partner.validate("SIM-0001", SOMCHAI).await.unwrap()
    };
    check(mistake, code, sentence);
}

/// Submits with one value changed.
#[track_caller]
fn check_field(parent: &str, name: &str, value: Value, code: &str, sentence: &str) {
    let mistake = async |partner: &mut Partner| {
        partner.validate("SIM-1-FACE", SOMCHAI).await.unwrap();
        let mut body = submission_with_face("SIM-1-FACE");
        let object = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        object.insert(name.to_owned(), value);
        partner.submit(&body).await.unwrap()
    };
    check(mistake, code, sentence);
}

#[test]
fn an_unknown_field_is_refused_outside_and_inside_the_envelope() {
    let outside = async |partner: &mut Partner| {
        let mut body = partner.seal(&qr("SIM-0001", SOMCHAI).to_string());
        body["hash"] = "AA==".into();
        partner.send(Method::POST, VALIDATION, body.to_string()).await.unwrap()
    };
    check(outside, "-4", "hash: expected only names of the document, got an unknown field");
    let sentence = "nickname: expected only names of the document, got an unknown field";
    check_field("", "nickname", json!(""), "9998", sentence);
}

#[test]
fn an_over_long_field_is_refused() {
    let sentence = "branchId: expected at most 20 characters, got more";
    check_field("", "branchId", json!("B".repeat(21)), "9998", sentence);
    let sentence = "customerData.soi: expected at most 50 characters, got more";
    check_field("/customerData", "soi", json!("ซ".repeat(51)), "9998", sentence);
}

#[test]
fn a_name_that_comes_twice_is_refused_outside_and_inside_the_envelope() {
    let outside = async |partner: &mut Partner| {
        let body = partner.seal(&qr("SIM-0001", SOMCHAI).to_string()).to_string();
        let body = body.replacen('{', "{\"data\":\"AA==\",", 1);
        partner.send(Method::POST, VALIDATION, body).await.unwrap()
    };
    check(outside, "-28", "body: expected each name once, got one twice");
    let inside = async |partner: &mut Partner| {
        let text = qr("SIM-0001", SOMCHAI).to_string();
        partner.validate_plain(&text.replacen('{', "{\"namespace\":\"x\",", 1)).await.unwrap()
    };
    check(inside, "9998", "plaintext: expected JSON with each name once, got other text");
}

#[test]
fn a_header_of_another_form_is_refused() {
    let sentence = "Content-Type: expected application/json, got another value";
    check_header("Content-Type", "application/json", "-3", sentence);
    let sentence = "Accept: expected application/json, got another value";
    check_header("Accept", "text/html", "-7", sentence);
    let sentence =
        "X-Client-Transaction-ID: expected a version 4 UUID in lower case, got another text";
    check_header("X-Client-Transaction-ID", "1", "-6", sentence);
    let form = "like 2019-12-11T101800.449+0700";
    let time = "X-Client-Transaction-DateTime";
    let sentence = format!("{time}: expected {form}, got another shape");
    for written in
        ["2026-11-26T10:18:00.449+07:00", "20261126T101800.449+0700", "2026-11-26T101800+0700"]
    {
        check_header(time, written, "-4", &sentence);
    }
    let sentence = format!("{time}: expected the bank's time to 300 seconds, got another time");
    check_header(time, "2569-11-26T101800.449+0700", "-26", &sentence);
}

#[test]
fn what_goes_astray_is_told_in_the_log() {
    for (method, path, code, what) in [
        (Method::GET, VALIDATION, "HTTP_405", "method"),
        (Method::POST, "/native/ndid/alternativeSource/validation", "HTTP_404", "path"),
    ] {
        let sentence = format!("{what}: expected one of the document's, got another");
        let mistake =
            async |partner: &mut Partner| partner.send(method, path, String::new()).await.unwrap();
        check(mistake, code, &sentence);
    }
}

#[test]
fn a_transaction_id_that_was_used_is_refused() {
    let mistake = async |partner: &mut Partner| {
        let id = "a01fa0ae-190a-49d5-9cc1-465f9f9ab0dc".to_owned();
        partner.headers.insert("X-Client-Transaction-ID", id);
        partner.validate("SIM-0001", SOMCHAI).await.unwrap();
        partner.validate("SIM-0001", SOMCHAI).await.unwrap()
    };
    check(mistake, "-23", "X-Client-Transaction-ID: expected a fresh one, got one used before");
}

#[test]
fn a_key_and_iv_of_another_body_are_refused() {
    let used = |iv: &'static str| {
        async move |partner: &mut Partner| {
            let first = partner.seal_with(&qr("SIM-0001", SOMCHAI).to_string(), KEY, IV);
            partner.send(Method::POST, VALIDATION, first.to_string()).await.unwrap();
            let other = partner.seal_with(&qr("SIM-0002", SOMCHAI).to_string(), KEY, iv);
            partner.send(Method::POST, VALIDATION, other.to_string()).await.unwrap()
        }
    };
    let fresh = "crc: expected a fresh key and IV for each body";
    check(used(IV), "9400", &format!("{fresh}, got the key and IV of another body"));
    check(used("fedcba9876543210"), "9400", &format!("{fresh}, got the key of another body"));
}

#[test]
fn a_buddhist_year_is_refused_in_every_date() {
    for (parent, name, value) in [
        ("/customerData", "dateOfBirth", "25240501"),
        ("/customerData", "citizenIdCardIssueDate", "25630101"),
        ("/customerData", "citizenIdCardExpireDate", "25710101"),
        ("", "transactionDateTime", "25691126101800"),
    ] {
        let path = parent.trim_start_matches('/');
        let dot = if path.is_empty() { "" } else { "." };
        let sentence = format!("{path}{dot}{name}: expected a Gregorian year, got a Buddhist year");
        check_field(parent, name, json!(value), "9400", &sentence);
    }
}

#[test]
fn a_picture_that_is_no_jpeg_or_too_large_is_refused() {
    let png = json!(STANDARD.encode(b"\x89PNG\r\n\x1a\n"));
    for name in ["customerImage", "customerSelfieImage"] {
        let sentence = format!("{name}: expected a JPEG picture, got another kind of data");
        check_field("", name, png.clone(), "9400", &sentence);
    }
    let mut heavy = jpeg(640, 480);
    let end = heavy.split_off(heavy.len() - 2);
    heavy.resize(100_001 - end.len(), 0);
    heavy.extend(end);
    let sentence = "customerSelfieImage: expected at most 100,000 bytes, got more";
    let heavy = json!(STANDARD.encode(&heavy));
    check_field("", "customerSelfieImage", heavy, "9400", sentence);
}
