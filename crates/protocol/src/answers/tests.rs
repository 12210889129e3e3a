//! What the bank may answer, and what is read from it: the document's samples and much that is no sample.

use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    Accepted, BODY_BYTES_MAX, CONSENT_BYTES_MAX, DRIFT, HttpAnswer, Lifetime, QrValidation,
    SLIP_LENGTH_MAX, SlipLines, read_accepted, read_consents, read_qr_validation, read_token,
};
use crate::{
    condition::{Condition, OAuthError, Transport},
    consent::ConsentText,
    endpoint::Endpoint,
    requests::FaceCompare,
};

fn answer(status: u16, body: impl AsRef<[u8]>) -> HttpAnswer {
    HttpAnswer { status, body: body.as_ref().to_vec() }
}

/// The condition that an answer to E3 amounts to.
#[track_caller]
fn check(status: u16, body: &str, expected: &str) {
    check_at(Endpoint::Submit, status, body, expected);
}

#[track_caller]
fn check_at(endpoint: Endpoint, status: u16, body: &str, expected: &str) {
    let read = read_accepted(endpoint, &answer(status, body));
    let condition = read.err().unwrap_or(Condition::SUCCESS);
    assert_eq!(condition.to_string(), expected, "{status} {body}");
}

#[test]
fn a_code_in_the_body_wins_over_the_http_status() {
    check(200, r#"{"statusCode":"1101","statusMessage":"QR code has expired","data":{}}"#, "1101");
    check(500, r#"{"statusCode":"1602"}"#, "1602");
    check(401, r#"{"statusCode":"9401","error":{"code":"100"}}"#, "9401");
}

#[test]
fn a_code_may_be_a_text_or_a_number_of_either_sign() {
    check(200, r#"{"statusCode":0}"#, "0000");
    check(200, r#"{"statusCode":1101}"#, "1101");
    check(200, r#"{"statusCode":" 0000 "}"#, "0000");
    check(200, r#"{"statusCode":"-201"}"#, "-201");
    check(200, r#"{"statusCode":-201}"#, "-201");
}

#[test]
fn success_is_a_success_of_both() {
    check(200, r#"{"statusCode":"0000"}"#, "0000");
    check(201, r#"{"statusCode":"0000"}"#, "0000");
    check(500, r#"{"statusCode":"0000"}"#, "NET_NO_CODE");
}

#[test]
fn an_error_object_is_the_gateways_with_or_without_its_sign() {
    check(401, r#"{"error":{"code":"100","message":"x"}}"#, "-100");
    check(401, r#"{"error":{"code":"-100"}}"#, "-100");
    check(401, r#"{"error":{"code":-105}}"#, "-105");
    check(500, r#"{"error":{"code":"oops"}}"#, "HTTP_500");
    check(500, r#"{"error":{}}"#, "HTTP_500");
}

#[test]
fn an_error_text_is_oauths_at_the_token_or_with_401() {
    check(401, r#"{"error":"invalid_token"}"#, "OAUTH_INVALID_TOKEN");
    check(500, r#"{"status":500,"error":"Internal Server Error"}"#, "HTTP_500");
    check(400, r#"{"error":"invalid_request"}"#, "HTTP_400");
    check_at(Endpoint::Token, 400, r#"{"error":"invalid_client"}"#, "OAUTH_INVALID_CLIENT");
}

#[test]
fn without_a_code_the_http_status_decides() {
    check(503, "", "HTTP_503");
    check(502, "<html>bad gateway</html>", "HTTP_502");
    check(404, "[]", "HTTP_404");
    check(200, "{}", "NET_NO_CODE");
    check(200, "", "NET_NO_CODE");
    check(204, "", "NET_NO_CODE");
    check(200, "[1]", "NET_NO_CODE");
    check(200, r#"{"statusCode":"OK"}"#, "NET_NO_CODE");
    check(200, r#"{"statusCode":"00000"}"#, "NET_NO_CODE");
    check(200, r#"{"statusCode":0.5}"#, "NET_NO_CODE");
}

#[test]
fn foreign_pages_and_redirects_are_told() {
    check(200, "<html>please log in</html>", "NET_NOT_JSON");
    check(302, r#"{"statusCode":"0000"}"#, "NET_REDIRECTED");
    check(200, r#"{"statusCode":"0000",}"#, "NET_NOT_JSON");
    check(200, r#"{"statusCode":"0000""#, "NET_NOT_JSON");
}

#[test]
fn size_and_depth_are_bounded() {
    let filled = |length: usize| {
        let frame = r#"{"statusCode":"0000","x":""}"#;
        frame.replace(r#""""#, &format!("\"{}\"", "a".repeat(length - frame.len())))
    };
    check(200, &filled(BODY_BYTES_MAX), "0000");
    check(200, &filled(BODY_BYTES_MAX + 1), "NET_TOO_LARGE");
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"statusCode":"0000","x":{open}{close}}}"#)
    };
    check(200, &nested(15), "0000");
    check(200, &nested(16), "NET_NOT_JSON");
    check(200, &nested(100_000), "NET_NOT_JSON");
    check(200, r#"{"statusCode":"0000","x":"[[[[[[[[[[[[[[[[[[\"[["}"#, "0000");
}

#[test]
fn the_reference_of_an_accepted_submission_may_have_either_name_or_none() {
    let reference = |data: Value| {
        let body = json!({ "statusCode": "0000", "data": data }).to_string();
        read_accepted(Endpoint::Submit, &answer(200, body)).unwrap().transaction_reference
    };
    assert_eq!(reference(json!({ "transactionRef": "A" })), Some("A".to_owned()));
    assert_eq!(reference(json!({ "reference": "B" })), Some("B".to_owned()));
    for nothing in [json!({}), json!(null), json!("sealed"), json!([]), json!(7)] {
        assert_eq!(reference(nothing), None);
    }
}

fn validation(data: Value) -> Result<QrValidation, Condition> {
    let body = json!({ "statusCode": "0000", "statusMessage": "Success", "data": data });
    read_qr_validation(&answer(200, body.to_string()))
}

#[test]
fn a_validation_is_read_field_by_field() {
    let read = validation(json!({
        "reference": "abc", "ref1": "one", "ref2": "two", "ref3": "three", "faceCompare": "Y",
        "channelCode": "KMA", "unknown": [1, 2],
        "consents": [{ "type": "103", "version": "2.00.00", "contentTh": "ก", "contentEn": "a" }],
    }));
    let some = |text: &str| Some(text.to_owned());
    let expected = QrValidation {
        slip: SlipLines { ref1: some("one"), ref2: some("two"), ref3: some("three") },
        face_compare: FaceCompare::Required,
        channel_code: some("KMA"),
        consents: vec![ConsentText {
            kind: "103".to_owned(),
            version: "2.00.00".to_owned(),
            thai: "ก".to_owned(),
            english: "a".to_owned(),
        }],
        returned_reference: some("abc").map(Zeroizing::new),
        over_long: Vec::new(),
    };
    assert_eq!(read, Ok(expected));
}

#[test]
fn only_y_asks_for_a_selfie() {
    let face = |flag: Value| validation(json!({ "faceCompare": flag })).unwrap().face_compare;
    assert_eq!(face(json!("Y")), FaceCompare::Required);
    assert_eq!(face(json!("y")), FaceCompare::Required);
    for other in [json!("N"), json!("yes"), json!(""), json!(true), json!(null), json!(1)] {
        assert_eq!(face(other), FaceCompare::NotRequired);
    }
}

#[test]
fn a_validation_without_data_is_empty() {
    for nothing in [json!(null), json!({}), json!("")] {
        assert_eq!(validation(nothing), Ok(QrValidation::default()));
    }
    let bare = answer(200, r#"{"statusCode":"0000"}"#);
    assert_eq!(read_qr_validation(&bare), Ok(QrValidation::default()));
}

#[test]
fn data_that_may_hide_consents_are_drift() {
    let text = |consent: Value| json!({ "consents": [consent] });
    let drifted = [
        json!("c2VhbGVk"),
        json!([]),
        json!({ "consents": "none" }),
        json!({ "consents": [7] }),
        text(json!({ "version": "1" })),
        text(json!({ "type": "x".repeat(41) })),
        text(json!({ "type": "103", "contentTh": "ก".repeat(CONSENT_BYTES_MAX / 3 + 1) })),
    ];
    for data in drifted {
        assert_eq!(validation(data), Err(DRIFT));
    }
    assert_eq!(validation(text(json!({ "type": 103 }))).unwrap().consents[0].kind, "103");
}

#[test]
fn over_long_lines_are_cut_and_named() {
    let read = validation(json!({
        "ref1": "ก".repeat(41), "ref2": "b".repeat(40), "ref3": "a\u{1b}@\nb",
        "channelCode": "../../etc/passwd", "reference": "c".repeat(56),
    }));
    let read = read.unwrap();
    assert_eq!(read.slip.ref1, Some("ก".repeat(40)));
    assert_eq!(read.slip.ref2, Some("b".repeat(40)));
    assert_eq!(read.slip.ref3.as_deref(), Some("a@b"));
    assert_eq!(read.channel_code.as_deref(), Some("../../etc/passw"));
    assert_eq!(read.over_long, ["ref1", "channelCode", "reference"]);
}

#[test]
fn the_dopa_consents_are_read() {
    let body = json!({ "statusCode": "0000", "data": {
        "ref": "dopa",
        "consents": [{ "type": "105", "version": "1", "contentTh": "ข้อความ\nสอง", "contentEn": "text" }],
    }});
    let consents = read_consents(&answer(200, body.to_string())).unwrap();
    assert_eq!(consents.texts.len(), 1);
    assert_eq!(consents.texts[0].thai, "ข้อความ\nสอง");
}

#[track_caller]
fn check_lifetime(expires_in: Value, expected: (u64, Lifetime)) {
    let body = json!({ "access_token": "t", "token_type": "Bearer", "expires_in": expires_in });
    let token = read_token(&answer(200, body.to_string())).unwrap();
    assert_eq!((token.expires_in.as_secs(), token.lifetime), expected);
}

#[test]
fn a_tokens_lifetime_is_the_banks_within_reason() {
    check_lifetime(json!(900), (900, Lifetime::Stated));
    check_lifetime(json!("900"), (900, Lifetime::Stated));
    check_lifetime(json!(10_000_000_000_u64), (86_400, Lifetime::Stated));
    for senseless in [json!(0), json!(-1), json!(null), json!("soon"), json!([]), json!("NaN")] {
        check_lifetime(senseless, (60, Lifetime::Assumed));
    }
}

#[track_caller]
fn check_token(status: u16, body: &str, expected: Condition) {
    assert_eq!(read_token(&answer(status, body)), Err(expected));
}

#[test]
fn what_is_no_token_says_why() {
    let no_code = Condition::Transport(Transport::NoCode);
    check_token(200, "{}", no_code);
    check_token(200, r#"{"access_token":""}"#, no_code);
    check_token(200, r#"{"access_token":7}"#, no_code);
    let invalid_client = Condition::OAuth(OAuthError::InvalidClient);
    check_token(401, r#"{"error":"invalid_client"}"#, invalid_client);
    check_token(400, r#"{"error":{"code":"104"}}"#, Condition::Gateway(104));
    check_token(401, r#"{"access_token":"t"}"#, Condition::Http(401));
    check_token(200, r#"{"statusCode":"9401","access_token":"t"}"#, Condition::Diis(9401));
    check_token(500, r#"{"statusCode":"0000","access_token":"t"}"#, Condition::Http(500));
}

#[test]
fn nothing_of_a_token_or_a_body_is_printed() {
    let raw = answer(200, r#"{"access_token":"secret-token"}"#);
    let token = read_token(&raw).unwrap();
    assert_eq!(token.access_token(), "secret-token");
    assert!(!format!("{raw:?} {token:?}").contains("secret"));
    let slip = SlipLines { ref1: Some("secret".to_owned()), ref2: None, ref3: None };
    let accepted = Accepted { transaction_reference: Some("secret".to_owned()) };
    let returned_reference = Some(Zeroizing::new("secret".to_owned()));
    let validation = QrValidation { slip, returned_reference, ..QrValidation::default() };
    assert!(!format!("{validation:?} {accepted:?} {:?}", validation.slip).contains("secret"));
}

/// Any JSON, with the names that are looked for among its names.
fn any_json() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::{
        collection::vec,
        prop_oneof,
        strategy::{Just, Strategy},
    };
    let names = prop_oneof![
        Just("statusCode"),
        Just("error"),
        Just("code"),
        Just("data"),
        Just("consents"),
        Just("type"),
        Just("ref1"),
        Just("faceCompare"),
        Just("access_token"),
        Just("expires_in"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(Value::from("0000")),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((names.clone(), inner), 0..6).prop_map(|fields| {
                Value::Object(
                    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                )
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_read_or_refused(status in 100..600_u16, body in any_json()) {
        read_everything(&answer(status, body.to_string()));
    }

    #[test]
    fn any_bytes_are_read_or_refused(status in any::<u16>(), body in any::<Vec<u8>>()) {
        let answer = answer(status, body);
        read_everything(&answer);
        prop_assert!(read_token(&answer).is_err());
    }
}

fn read_everything(answer: &HttpAnswer) {
    let _token = read_token(answer);
    let _consents = read_consents(answer);
    if let Ok(validation) = read_qr_validation(answer) {
        let short = |line: &Option<String>| {
            line.as_ref().is_none_or(|line| line.chars().count() <= SLIP_LENGTH_MAX)
        };
        assert!(short(&validation.slip.ref1));
    }
    for endpoint in Endpoint::ALL {
        let _accepted = read_accepted(endpoint, answer);
    }
}
