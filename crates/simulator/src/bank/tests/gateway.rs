//! What the gateway refuses before anything is decrypted: token, key, headers, replay, clock, form.

use axum::http::Method;
use jiff::SignedDuration;

use super::super::{Bank, Certificate, Framing, HeaderTime, Options};
use super::partner::{Partner, SOMCHAI, failure, qr};
use super::{bank, last};

/// Changes one header, validates, and expects a code.
#[track_caller]
fn check(name: &'static str, value: &str, expected: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let bank = bank();
        let mut partner = Partner::of(&bank).await;
        partner.headers.insert(name, value.to_owned());
        let answer = partner.validate("SIM-0001", SOMCHAI).await.unwrap();
        assert_eq!(answer.code(), expected, "{name}: {value}");
        let (code, finding) = last(&bank);
        assert_eq!(code, expected);
        assert!(expected == "0000" || finding.starts_with(name), "{finding}");
    });
}

#[test]
fn each_header_has_its_own_code() {
    check("Content-Type", "application/json", "-3");
    check("Content-Type", "", "-3");
    check("Accept", "*/*", "-7");
    check("Authorization", "Bearer 11da2e69-1774-4e9a-b0ab-103b4669110d", "-100");
    check("Authorization", "Basic YTpi", "-105");
    check("Authorization", "", "-105");
    check("API-Key", "guess", "-102");
    check("API-Key", "", "-107");
    check("X-Client-Transaction-ID", "A01FA0AE-190A-49D5-9CC1-465F9F9AB0DC", "-6");
    check("X-Client-Transaction-DateTime", "2019-12-11T101800.449+0700", "-26");
    check("X-Client-Transaction-DateTime", "2019-12-11T10:18:00.449+07:00", "-4");
}

#[tokio::test]
async fn a_transaction_id_is_good_once() {
    let bank = bank();
    let mut partner = Partner::of(&bank).await;
    let id = "a01fa0ae-190a-49d5-9cc1-465f9f9ab0dc".to_owned();
    partner.headers.insert("X-Client-Transaction-ID", id.clone());
    let answer = partner.validate("SIM-0001", SOMCHAI).await.unwrap();
    assert_eq!(answer.headers["x-client-transaction-id"], id.as_str());
    assert_eq!(partner.validate("SIM-0001", SOMCHAI).await.unwrap().code(), "-23");
}

#[tokio::test]
async fn a_clock_may_be_five_minutes_off() {
    let bank = bank();
    let mut partner = Partner::of(&bank).await;
    for (seconds, expected) in [(-290, "0000"), (290, "0000"), (-310, "-26"), (310, "-26")] {
        partner.ahead = SignedDuration::from_secs(seconds);
        let answer = partner.validate("SIM-0001", SOMCHAI).await.unwrap();
        assert_eq!(answer.code(), expected, "{seconds} s");
    }
    bank.set_clock_ahead(std::time::Duration::from_secs(310));
    assert_eq!(partner.validate("SIM-0001", SOMCHAI).await.unwrap().code(), "0000");
}

#[tokio::test]
async fn the_wire_body_is_checked_before_it_is_opened() {
    let bank = bank();
    let partner = Partner::of(&bank).await;
    let sealed = partner.seal(&qr("SIM-0001", SOMCHAI).to_string());
    let mut extra = sealed.clone();
    extra["reference"] = "SIM-0001".into();
    let doubled = sealed.to_string().replacen('{', "{\"crc\":\"QQ==\",", 1);
    for (body, expected) in [
        (String::new(), "-21"),
        ("<xml/>".to_owned(), "-4"),
        (extra.to_string(), "-4"),
        (doubled, "-28"),
        ("A".repeat(600_000), "-22"),
    ] {
        let path = "/native/ndid/alternativeSource/qr/validation";
        let answer = partner.send(Method::POST, path, body).await.unwrap();
        assert_eq!(answer.code(), expected);
        assert_eq!(answer.status, 400);
    }
    for (reference, expected) in [("SIM-1' OR 1=1", "-27"), ("${x}", "-20")] {
        let answer = partner.report_failure(reference, &failure(SOMCHAI)).await.unwrap();
        assert_eq!(answer.code(), expected);
    }
}

#[tokio::test]
async fn an_envelope_that_does_not_open_says_which_layer_failed() {
    let bank = bank();
    let partner = Partner::of(&bank).await;
    let text = qr("SIM-0001", SOMCHAI).to_string();
    let (key, iv) = ("0123456789abcdef0123456789abcdef", "0123456789abcdef");

    let mut wrong_rsa = partner.seal(&text);
    wrong_rsa["crc"] = "QUJD".into();
    let mut wrong_aes = partner.seal(&text);
    wrong_aes["data"] = "QUJD".into();
    for (body, expected) in [(wrong_rsa, "1501"), (wrong_aes, "1402")] {
        let path = "/native/ndid/alternativeSource/qr/validation";
        let answer = partner.send(Method::POST, path, body.to_string()).await.unwrap();
        assert_eq!(answer.code(), expected);
    }

    let first = partner.seal_with(&text, key, iv).to_string();
    let other = partner.seal_with(&qr("SIM-0002", SOMCHAI).to_string(), key, iv).to_string();
    let path = "/native/ndid/alternativeSource/qr/validation";
    for (body, expected) in [(first.clone(), "0000"), (first, "0000"), (other, "9400")] {
        let answer = partner.send(Method::POST, path, body).await.unwrap();
        assert_eq!(answer.code(), expected);
    }
    assert_eq!(
        last(&bank).1,
        "crc: expected a fresh key and IV for each body, got the key and IV of another body"
    );
}

#[tokio::test]
async fn a_token_needs_the_right_form_and_ends() {
    let bank = Bank::start(Options {
        token_lifetime: std::time::Duration::from_millis(1_000),
        ..Options::default()
    })
    .unwrap();
    let stranger = Partner::stranger(&bank);
    assert_eq!(stranger.token("grant_type=password").await.unwrap().code(), "invalid_request");
    let refused =
        stranger.token("grant_type=client_credentials&scope=x&client_id=a&client_secret=b");
    let refused = refused.await.unwrap();
    assert_eq!((refused.status, refused.code()), (401, "invalid_client".to_owned()));
    assert_eq!(stranger.validate("SIM-0001", SOMCHAI).await.unwrap().code(), "-105");

    let partner = Partner::of(&bank).await;
    assert_eq!(partner.consents("dopa").await.unwrap().code(), "0000");
    bank.expire_tokens();
    assert_eq!(partner.consents("dopa").await.unwrap().code(), "-100");
}

#[tokio::test]
async fn only_the_documents_paths_exist() {
    let bank = bank();
    let partner = Partner::of(&bank).await;
    let root = "/native/ndid/alternativeSource";
    for (method, path, status) in [
        (Method::GET, format!("{root}/submit"), 405),
        (Method::POST, format!("{root}/reference/status/failure"), 405),
        (Method::PUT, format!("{root}/reference/reference/status/failure"), 404),
        (Method::GET, "/".to_owned(), 404),
    ] {
        let answer = partner.send(method, &path, String::new()).await.unwrap();
        assert_eq!(answer.status, status, "{path}");
    }
    assert_eq!(partner.consents("other").await.unwrap().code(), "9400");
}

#[tokio::test]
async fn other_dialects_can_be_chosen() {
    let bank = Bank::start(Options {
        header_time: HeaderTime::Rfc3339,
        framing: Framing::CipherTextJson,
        ..Options::default()
    })
    .unwrap();
    let mut partner = Partner::of(&bank).await;
    assert_eq!(partner.validate("SIM-0001", SOMCHAI).await.unwrap().code(), "-4");
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string();
    partner.headers.insert("X-Client-Transaction-DateTime", now);
    assert_eq!(partner.validate("SIM-0001", SOMCHAI).await.unwrap().code(), "1402");

    let mut framed = partner.seal(&qr("SIM-0001", SOMCHAI).to_string());
    framed["data"] = serde_json::json!({"cipherText": framed["data"]}).to_string().into();
    let path = "/native/ndid/alternativeSource/qr/validation";
    let answer = partner.send(Method::POST, path, framed.to_string()).await.unwrap();
    assert_eq!(answer.code(), "0000");
}

#[tokio::test]
async fn a_certificate_that_must_be_refused_is_refused() {
    for certificate in [Certificate::Expired, Certificate::OtherHost, Certificate::OtherAuthority] {
        let bank = Bank::start(Options { certificate, ..Options::default() }).unwrap();
        let error = Partner::stranger(&bank).token("").await.unwrap_err();
        assert!(error.is_connect(), "{certificate:?}: {error}");
        assert!(bank.records().is_empty());
    }
}
