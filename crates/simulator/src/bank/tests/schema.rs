//! What DiiS refuses after decryption: form (9998) and content (9400), field by field.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::partner::{Partner, SOMCHAI, jpeg, qr, submission_with_face};
use super::{bank, last};

/// Submits with one value changed (`null` takes it away) and expects a code and a finding.
#[track_caller]
fn check(pointer: &str, value: Value, expected: (&str, &str)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let bank = bank();
        let partner = Partner::of(&bank).await;
        partner.validate("SIM-0001-FACE", SOMCHAI).await.unwrap();
        let mut body = submission_with_face("SIM-0001-FACE");
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        if value.is_null() {
            parent.remove(name);
        } else {
            parent.insert(name.to_owned(), value);
        }
        let answer = partner.submit(&body).await.unwrap();
        assert_eq!(answer.code(), expected.0, "{pointer}");
        assert_eq!(last(&bank), (expected.0.to_owned(), expected.1.to_owned()));
        assert!(bank.records().last().unwrap().plaintext().is_some());
    });
}

#[test]
fn the_form_of_a_submit_is_that_of_the_document() {
    check("/bp1No", Value::Null, ("9998", "bp1No: expected a value, got nothing"));
    check("/bp1No", json!(""), ("9400", "bp1No: expected a text, got an empty one"));
    check("/bp1No", json!(1), ("9998", "bp1No: expected a string, got a number"));
    check(
        "/customerData/CountryCode",
        json!("TH"),
        (
            "9998",
            "customerData.CountryCode: expected only names of the document, got an unknown field",
        ),
    );
    check(
        "/customerData/moo",
        json!("123"),
        ("9998", "customerData.moo: expected at most 2 characters, got more"),
    );
    check(
        "/customerData/firstNameTH",
        json!("ก".repeat(101)),
        ("9998", "customerData.firstNameTH: expected at most 100 characters, got more"),
    );
    check("/customerData/firstNameTH", json!("ก".repeat(100)), ("0000", ""));
    check(
        "/customerData",
        json!([]),
        ("9998", "customerData.plaintext: expected a JSON object, got a list"),
    );
}

#[test]
fn the_content_of_a_submit_is_checked() {
    check(
        "/customerData/dateOfBirth",
        json!("25240501"),
        ("9400", "customerData.dateOfBirth: expected a Gregorian year, got a Buddhist year"),
    );
    check(
        "/customerData/religion",
        json!("พุทธ"),
        ("9400", "customerData.religion: expected nothing (never read from the card), got a text"),
    );
    check(
        "/customerData/province",
        json!("จังหวัดสมุทรปราการ"),
        (
            "9400",
            "customerData.province: expected the bare name, got the card's word in front of it",
        ),
    );
    check(
        "/customerConsents",
        json!([{"type": "103", "version": "2.00.00", "consent": true}]),
        ("9998", "customerConsents.consent: expected a string, got a truth value"),
    );
}

#[test]
fn pictures_are_jpegs_of_the_right_size() {
    check(
        "/customerImage",
        json!(STANDARD.encode(b"\x89PNG\r\n\x1a\n")),
        ("9400", "customerImage: expected a JPEG picture, got another kind of data"),
    );
    let mut heavy = jpeg(640, 480);
    let end = heavy.split_off(heavy.len() - 2);
    heavy.resize(100_000, 0);
    heavy.extend(end);
    check(
        "/customerSelfieImage",
        json!(STANDARD.encode(&heavy)),
        ("9400", "customerSelfieImage: expected at most 100,000 bytes, got more"),
    );
    check(
        "/customerSelfieImageFormat",
        Value::Null,
        ("9998", "customerSelfieImage: expected picture and format together, got only one"),
    );
}

#[tokio::test]
async fn a_name_twice_inside_the_envelope_is_an_invalid_schema() {
    let bank = bank();
    let partner = Partner::of(&bank).await;
    let text = qr("SIM-0001", SOMCHAI).to_string().replacen('{', "{\"reference\":\"SIM-2\",", 1);
    assert_eq!(partner.validate_plain(&text).await.unwrap().code(), "9998");
    assert_eq!(partner.validate_plain("\u{feff}{}").await.unwrap().code(), "9998");
}
