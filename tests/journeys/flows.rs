//! Flows (a), (b) and (c), and the bank's refusals.

use std::fs;

use serde_json::{Value, json};
use session::DopaPolicy;
use simulator::bank::Endpoint;
use simulator::customer::{Hands, Manner};
use tests::personal::expected;
use tests::stage::{Stage, StageHands};

use crate::stage::{check, plaintext, records, until};

/// The bank's record must say what the raw image says, field by field.
#[track_caller]
fn check_customer(record: &Value, card: &str) {
    let expected = expected(card);
    for key in ["chipNo", "bp1No", "customerImage"] {
        assert_eq!(record.get(key), expected.get(key), "{key}");
    }
    let fields = expected.get("customerData").and_then(Value::as_object).expect("an object");
    for (key, value) in fields {
        assert_eq!(record.pointer(&format!("/customerData/{key}")), Some(value), "{key}");
    }
    let postal = record.pointer("/customerData/zipCode").expect("a postal code");
    let candidates = expected.get("zipCodes").and_then(Value::as_array).expect("a list");
    assert!(candidates.is_empty() || candidates.contains(postal), "zipCode");
}

#[tokio::test]
async fn without_selfie_and_with_dopa_the_bank_gets_what_the_card_says() {
    let stage = Stage::open(DopaPolicy::BeforeSubmit).await;
    let walk = stage.walk("somchai", "SIM-0000-FLOW-0001").await;
    check(&walk, "done", "0000");
    let submit = plaintext(&stage, Endpoint::Submit);
    check_customer(&submit, "somchai");
    assert_eq!(submit.get("transactionRef"), Some(&json!("SIM-0000-FLOW-0001")));
    assert!(submit.get("customerSelfieImage").is_none(), "no selfie without need");
    let dopa = plaintext(&stage, Endpoint::CheckDopa);
    check_customer(&dopa, "somchai");
    assert_eq!(walk.slip.len(), 17, "the bank's lines stand at 15, 16 and 17");
    let slips = until(|| Some(stage.world.printed()).filter(|all| !all.is_empty()));
    assert_eq!(slips.await.len(), 1, "printing happens beside the journey, once");
}

#[tokio::test]
async fn without_selfie_and_without_dopa_only_e2_and_e3_are_called() {
    let stage = Stage::open(DopaPolicy::Off).await;
    let walk = stage.walk("bangkok", "SIM-0000-FLOW-0002").await;
    check(&walk, "done", "0000");
    check_customer(&plaintext(&stage, Endpoint::Submit), "bangkok");
    assert!(records(&stage, Endpoint::CheckDopa).is_empty());
    assert!(records(&stage, Endpoint::Consents).is_empty());
}

#[tokio::test]
async fn with_selfie_consents_and_picture_go_along() {
    for dopa in [DopaPolicy::BeforeSubmit, DopaPolicy::Off] {
        let stage = Stage::open(dopa).await;
        let walk = stage.walk("somchai", "SIM-0000-FACE-0001").await;
        check(&walk, "done", "0000");
        let submit = plaintext(&stage, Endpoint::Submit);
        let kinds: Vec<_> = submit
            .get("customerConsents")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|consent| (consent.get("type"), consent.get("consent")))
            .collect();
        assert!(kinds.contains(&(Some(&json!("103")), Some(&json!("Y")))), "{kinds:?}");
        assert_eq!(submit.get("customerSelfieImageFormat"), Some(&json!("JPG")));
        assert!(submit.get("customerSelfieImage").is_some());
    }
}

/// A picture of a face, good in every way, that somebody holds before the camera.
const PICTURE: &[u8] = include_bytes!("../pictures/face.jpg");
/// So many pictures show a head turned there and back; a slow machine takes them before the customer counts as gone.
const FRAMES: u64 = 30;

/// The hands of somebody who has a picture of the holder of the card.
struct Impostor<'s> {
    hands: StageHands,
    stage: &'s Stage,
    /// Pictures that the camera had taken before.
    before: Option<u64>,
}

impl Hands for Impostor<'_> {
    fn insert_card(&mut self) {
        self.hands.insert_card();
    }

    fn show_code(&mut self) {
        self.hands.show_code();
    }

    fn face_camera(&mut self) {
        self.stage.world.stand_before_camera(Some(PICTURE.to_vec()));
        self.before.get_or_insert(self.stage.world.frames_taken());
    }
}

#[tokio::test]
async fn a_picture_before_the_camera_becomes_no_selfie_and_sends_nothing() {
    let stage = Stage::open(DopaPolicy::Off).await;
    let customer = stage.customer().await;
    let hands = stage.hands("somchai", "SIM-0000-FACE-0003");
    let mut impostor = Impostor { hands, stage: &stage, before: None };
    let manner = Manner::default();
    let looked_at = || until(|| (stage.world.frames_taken() >= FRAMES).then_some(()));
    tokio::select! {
        walk = customer.walk(&mut impostor, &manner) => panic!("it ended: {walk:?}"),
        () = looked_at() => {}
    }
    let view = customer.view().await.expect("the page answers");
    let hint = view.pointer("/screen/hint").and_then(Value::as_str);
    assert!(matches!(hint, Some("turn_left" | "turn_right")), "{hint:?}");
    assert!(impostor.before.is_some_and(|before| before < FRAMES / 2), "it was looked at");
    customer.act(&json!({"action": "cancel"})).await.expect("the customer may stop");
    let audit = stage.folder.path().join("journal/audit.jsonl");
    let recorded = || fs::read_to_string(&audit).ok().filter(|text| text.contains("\"not_done\""));
    until(recorded).await;
    assert!(records(&stage, Endpoint::Submit).is_empty());
}

#[tokio::test]
async fn dopa_alone_sends_no_reference_anywhere() {
    let stage = Stage::open(DopaPolicy::Only).await;
    let walk = stage.walk("somchai", "SIM-0000-NONE-0001").await;
    check(&walk, "done", "0000");
    check_customer(&plaintext(&stage, Endpoint::CheckDopa), "somchai");
    assert!(records(&stage, Endpoint::ValidateQr).is_empty());
    assert!(records(&stage, Endpoint::Submit).is_empty());
}

#[tokio::test]
async fn every_lawful_card_arrives_as_its_image_says() {
    let stage = Stage::open(DopaPolicy::Off).await;
    let cards = ["for-life", "middle-name", "three-slots", "nul-padding", "full-photo"];
    for (number, card) in cards.into_iter().enumerate() {
        let reference = format!("SIM-0000-CARD-{number:04}");
        check(&stage.walk(card, &reference).await, "done", "0000");
        let submits = records(&stage, Endpoint::Submit);
        let last = submits.last().and_then(|record| record.plaintext()).expect("a submit");
        check_customer(&serde_json::from_str(last).expect("JSON"), card);
    }
}

#[tokio::test]
async fn the_banks_refusals_are_shown_as_they_are() {
    let stage = Stage::open(DopaPolicy::Off).await;
    for (reference, code) in [("SIM-1101", "1101"), ("SIM-1102", "1102"), ("SIM-1602", "1602")] {
        let walk = stage.walk("somchai", reference).await;
        check(&walk, "refused", code);
        assert!(walk.sentence.is_some(), "{code} has a sentence");
    }
    assert!(records(&stage, Endpoint::ReportFailure).is_empty(), "nothing of it is our finding");
}

#[tokio::test]
async fn the_blacklist_shows_no_code_that_tells_of_it() {
    let stage = Stage::open(DopaPolicy::Off).await;
    let walk = stage.walk("somchai", "SIM-2003-0001").await;
    check(&walk, "refused", "REFUSED");
    assert_eq!(records(&stage, Endpoint::Submit).len(), 1);
}

#[tokio::test]
async fn an_expired_card_is_reported_and_the_bank_remembers_it() {
    let stage = Stage::open(DopaPolicy::Off).await;
    check(&stage.walk("expired", "SIM-0000-OLD-0001").await, "refused", "CARD_EXPIRED");
    let report = until(|| {
        let reports = records(&stage, Endpoint::ReportFailure);
        reports.first().and_then(|report| report.plaintext().map(str::to_owned))
    })
    .await;
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report.pointer("/detailError/code"), Some(&json!("01")));
    assert!(records(&stage, Endpoint::Submit).is_empty());
}

#[tokio::test]
async fn a_face_that_does_not_match_may_be_taken_again() {
    let stage = Stage::open(DopaPolicy::Off).await;
    let walk = stage.walk("somchai", "SIM-9301-ONCE-0001").await;
    check(&walk, "done", "0000");
    assert_eq!(records(&stage, Endpoint::Submit).len(), 2);
}
