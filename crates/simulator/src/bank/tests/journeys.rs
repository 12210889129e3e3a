//! Whole journeys against the bank, and what it remembers of them.

use std::sync::{Arc, Mutex};

use super::super::{Bank, Endpoint, Face, Log, Options, SealedAgain, Stage};
use super::bank;
use super::partner::{Partner, SOMCHAI, SOMYING, dopa, failure, submission, submission_with_face};

#[tokio::test]
async fn a_journey_without_a_photo_ends_in_0000() {
    let bank = bank();
    let partner = Partner::of(&bank).await;

    let validated = partner.validate("SIM-0001", SOMCHAI).await.unwrap();
    assert_eq!(validated.code(), "0000");
    assert_eq!(validated.json["data"]["faceCompare"], "N");
    assert_eq!(validated.json["data"]["channelCode"], "KMA");
    assert!(validated.json["data"].get("consents").is_none());
    for slip_line in ["ref1", "ref2", "ref3"] {
        assert!(validated.json["data"][slip_line].is_string(), "{slip_line}");
    }

    let consents = partner.consents("dopa").await.unwrap();
    assert_eq!(consents.json["data"]["ref"], "dopa");
    assert_eq!(consents.json["data"]["consents"][0]["type"], "105");
    let checked = partner.check_dopa(&dopa()).await.unwrap();
    assert_eq!(checked.code(), "0000");
    assert!(checked.json["data"]["transactionRef"].is_string());

    let submitted = partner.submit(&submission("SIM-0001")).await.unwrap();
    assert_eq!((submitted.status, submitted.code()), (200, "0000".to_owned()));
    assert_eq!(bank.stage("SIM-0001"), Some(Stage::Submitted));
}

#[tokio::test]
async fn a_journey_with_a_photo_asks_for_consents_in_two_languages() {
    let bank = bank();
    let partner = Partner::of(&bank).await;

    let validated = partner.validate("SIM-0001-FACE", SOMCHAI).await.unwrap();
    assert_eq!(validated.json["data"]["faceCompare"], "Y");
    let consents = validated.json["data"]["consents"].as_array().unwrap().clone();
    let kinds: Vec<_> = consents.iter().map(|consent| consent["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["103", "105"]);
    assert!(consents.iter().all(|text| {
        !text["contentTh"].as_str().unwrap().is_ascii()
            && text["contentEn"].as_str().unwrap().is_ascii()
    }));

    let submitted = partner.submit(&submission_with_face("SIM-0001-FACE")).await.unwrap();
    assert_eq!(submitted.code(), "0000");
}

#[tokio::test]
async fn a_journey_that_fails_at_the_partner_ends_the_reference() {
    let bank = bank();
    let partner = Partner::of(&bank).await;
    partner.validate("SIM-0001", SOMCHAI).await.unwrap();

    let reported = partner.report_failure("SIM-0001", &failure(SOMCHAI)).await.unwrap();
    assert_eq!(reported.code(), "0000");
    assert_eq!(bank.stage("SIM-0001"), Some(Stage::Failed));
    assert_eq!(partner.submit(&submission("SIM-0001")).await.unwrap().code(), "1602");

    let record = &bank.records()[2];
    assert_eq!(record.endpoint(), Endpoint::ReportFailure);
    assert_eq!(record.reference(), Some("SIM-0001"));
    assert_eq!(record.json()["detailError"]["code"], "01");
}

#[tokio::test]
async fn the_order_of_calls_is_kept() {
    let bank = bank();
    let partner = Partner::of(&bank).await;
    let submit = async |reference| partner.submit(&submission(reference)).await.unwrap().code();

    assert_eq!(submit("SIM-0001").await, "1200");
    partner.validate("SIM-0001", SOMCHAI).await.unwrap();
    assert_eq!(submit("SIM-0001").await, "0000");
    assert_eq!(submit("SIM-0001").await, "1602");

    partner.validate("SIM-0002", SOMYING).await.unwrap();
    assert_eq!(submit("SIM-0002").await, "2001");
    assert_eq!(submit("BAY-0002").await, "1600");

    partner.validate("SIM-0003-FACE", SOMCHAI).await.unwrap();
    assert_eq!(submit("SIM-0003-FACE").await, "1900");
    let mut without_photo = submission_with_face("SIM-0003-FACE");
    without_photo.as_object_mut().unwrap().remove("customerSelfieImage");
    without_photo.as_object_mut().unwrap().remove("customerSelfieImageFormat");
    assert_eq!(partner.submit(&without_photo).await.unwrap().code(), "9300");
}

#[tokio::test]
async fn magic_references_force_their_codes() {
    let bank = bank();
    let partner = Partner::of(&bank).await;
    for (reference, at_validation, at_submit) in [
        ("SIM-1101", "1101", "1101"),
        ("SIM-1102", "1102", "1200"),
        ("SIM-1602", "0000", "1602"),
        ("SIM-2003", "0000", "2003"),
        ("SIM-9403-E2", "9403", "1200"),
        ("SIM-G201-ONCE", "0000", "-201"),
        ("SIM-H502-ACTED", "0000", "HTTP_502"),
    ] {
        let validated = partner.validate(reference, SOMCHAI).await.unwrap();
        assert_eq!(validated.code(), at_validation, "{reference}");
        let submitted = partner.submit(&submission(reference)).await.unwrap();
        assert_eq!(submitted.code(), at_submit, "{reference}");
    }
    assert_eq!(bank.stage("SIM-H502-ACTED"), Some(Stage::Submitted));
    assert_eq!(partner.submit(&submission("SIM-G201-ONCE")).await.unwrap().code(), "0000");

    partner.validate("SIM-1201-E6-ONCE", SOMCHAI).await.unwrap();
    assert_eq!(partner.check_dopa(&dopa()).await.unwrap().code(), "1201");
    assert_eq!(partner.check_dopa(&dopa()).await.unwrap().code(), "0000");
}

#[tokio::test]
async fn the_bank_remembers_what_it_decrypted() {
    let bank = bank();
    let partner = Partner::of(&bank).await;
    partner.validate("SIM-0001", SOMCHAI).await.unwrap();
    let plaintext = submission("SIM-0001");
    let body = partner.seal(&plaintext.to_string()).to_string();
    partner.submit_body(body.clone()).await.unwrap();
    partner.submit_body(body).await.unwrap();

    let records = bank.records();
    let seen: Vec<_> = records
        .iter()
        .map(|record| (record.endpoint().name(), record.code().unwrap().to_string()))
        .map(|(name, code)| format!("{name} {code}"))
        .collect();
    assert_eq!(seen, ["E1 0000", "E2 0000", "E3 0000", "E3 1602"]);
    assert_eq!(records[2].json(), plaintext);
    assert_eq!(records[2].plaintext(), Some(plaintext.to_string().as_str()));
    assert_eq!(records[2].sealed_again(), SealedAgain::New);
    assert_eq!(records[3].sealed_again(), SealedAgain::SameBody);
    assert_ne!(records[2].transaction_id(), records[3].transaction_id());
    assert!(records[0].plaintext().is_none());

    bank.forget_records();
    assert!(bank.records().is_empty());
}

#[tokio::test]
async fn the_log_tells_codes_and_fields_but_no_person() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let log = Log::to(move |line| sink.lock().unwrap().push(line.to_owned()));
    let bank = Bank::start(Options { log, face: Face::Required, ..Options::default() }).unwrap();
    let partner = Partner::of(&bank).await;
    partner.validate("SIM-0001", SOMCHAI).await.unwrap();
    let mut wrong = submission_with_face("SIM-0001");
    wrong["customerData"]["zipCode"] = "๑๐๑๓๐".into();
    partner.submit(&wrong).await.unwrap();

    let lines = lines.lock().unwrap().join("\n");
    assert!(
        lines.contains("E3 9400 | customerData.zipCode: expected five digits, got another text")
    );
    for secret in [SOMCHAI, "ทดสอบ", "10994078500", "SIM-0001", bank.api_key()] {
        assert!(!lines.contains(secret), "{secret} in the log");
    }
}
