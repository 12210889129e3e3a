//! What breaks in the middle: each ends in a sentence, and the next journey works.

use std::time::Duration;

use serde_json::{Value, json};
use session::DopaPolicy;
use simulator::bank::{Cut, Endpoint, Fault, Kind, SealedAgain};
use simulator::card::{Manner, Trap, named};
use simulator::customer::{Customer, Hands};
use tests::personal::Person;
use tests::stage::{Stage, StageHands};

use crate::stage::{check, records, until, up_to_the_data};

#[tokio::test]
async fn a_card_pulled_at_any_exchange_ends_in_a_sentence_and_the_next_journey_works() {
    let stage = Stage::open(DopaPolicy::Off).await;
    for exchange in 1..=48 {
        let reference = format!("SIM-0000-PULL-{exchange:04}");
        let mut hands = stage.hands("somchai", &reference);
        hands.trap = Some(Trap::Remove { at: exchange });
        let walk = stage.walk_with(&mut hands).await;
        match walk.outcome.as_str() {
            "done" => break,
            "stopped" => {
                let told = [Some(walk.code.as_str()), walk.trouble.as_deref()];
                assert!(told.contains(&Some("CARD_REMOVED")), "exchange {exchange}: {told:?}");
                assert!(walk.sentence.is_some());
            }
            other => panic!("exchange {exchange} ended as {other}"),
        }
        assert!(exchange < 48, "a card of so many exchanges is pulled somewhere");
    }
    check(&stage.walk("somchai", "SIM-0000-AFTER-0001").await, "done", "0000");
}

#[tokio::test]
async fn a_card_changed_for_another_without_a_pause_wipes_the_journey_at_every_screen() {
    let stage = Stage::open(DopaPolicy::BeforeSubmit).await;
    let person = Person::of_card("somchai");
    for (at, screen) in ["consents", "confirm"].into_iter().enumerate() {
        let reference = format!("SIM-0000-SWAP-{at:04}");
        let mut hands = stage.hands("somchai", &reference);
        let customer = stage.customer().await;
        customer.act(&json!({"action": "start"})).await.expect("started");
        hands.show_code();
        hands.insert_card();
        let consents = customer.until_screen("consents").await.expect("consents");
        if screen == "confirm" {
            let texts = consents.pointer("/screen/texts").and_then(Value::as_array).expect("texts");
            let agreed = json!({"action": "consents", "answers": vec!["Y"; texts.len()]});
            customer.act(&agreed).await.expect("agreed");
            customer.until_screen("confirm").await.expect("the data");
        }
        // No look at the slot finds it empty: only the insertions are one more.
        stage.world.slot().insert(named("bangkok").expect("a carried card"), Manner::default());
        let shown = customer.until_screen("result").await.expect("the journey ends");
        let code = shown.pointer("/screen/failure/code").and_then(Value::as_str);
        assert_eq!(code, Some("CARD_REMOVED"), "at {screen}");
        let found = person.found_in(shown.to_string().as_bytes());
        assert!(found.is_empty(), "after {screen} the page still holds {found:?}");
        stage.world.slot().eject();
        customer.leave().await.expect("the page is free again");
    }
    assert!(records(&stage, Endpoint::Submit).is_empty());
    check(&stage.walk("bangkok", "SIM-0000-SWAP-AFTER").await, "done", "0000");
}

#[tokio::test]
async fn a_submit_cut_after_it_arrived_is_sent_again_and_counts_once() {
    let stage = Stage::open(DopaPolicy::Off).await;
    let cut = Fault::new(Kind::Cut(Cut::BeforeAnswer));
    stage.bank.add_fault(cut.at(Endpoint::Submit).times(1));
    check(&stage.walk("somchai", "SIM-0000-CUT-0001").await, "done", "0000");
    let submits = records(&stage, Endpoint::Submit);
    assert_eq!(submits.len(), 2);
    assert_eq!(submits[1].sealed_again(), SealedAgain::SameBody, "byte for byte the same");
    assert_ne!(submits[0].transaction_id(), submits[1].transaction_id(), "under another id");
}

#[tokio::test]
async fn a_validation_cut_before_its_answer_is_asked_again() {
    let stage = Stage::open(DopaPolicy::Off).await;
    let cut = Fault::new(Kind::Cut(Cut::InsideBody));
    stage.bank.add_fault(cut.at(Endpoint::ValidateQr).times(2));
    check(&stage.walk("somchai", "SIM-0000-CUT-0002").await, "done", "0000");
}

#[tokio::test]
async fn a_failure_report_that_found_no_bank_is_sent_after_a_restart() {
    let mut stage = Stage::open(DopaPolicy::Off).await;
    let nothing = Fault::new(Kind::Cut(Cut::BeforeBody));
    stage.bank.add_fault(nothing.at(Endpoint::ReportFailure));
    check(&stage.walk("expired", "SIM-0000-OLD-0002").await, "refused", "CARD_EXPIRED");
    let tried = || records(&stage, Endpoint::ReportFailure).pop();
    assert!(until(tried).await.plaintext().is_none(), "it was cut off");
    stage.stop_agent().await;
    stage.bank.clear_faults();
    stage.start_agent().await;
    let arrived = || {
        let reports = records(&stage, Endpoint::ReportFailure);
        reports.into_iter().find(|report| report.plaintext().is_some())
    };
    assert_eq!(
        until(arrived).await.json().pointer("/detailError/code"),
        Some(&serde_json::json!("01"))
    );
}

#[tokio::test]
async fn a_selfie_too_large_for_the_gateway_goes_out_in_a_smaller_file() {
    let stage = Stage::open(DopaPolicy::Off).await;
    let too_large: Fault =
        r#"{"endpoint":"E3","times":1,"fault":{"code":{"code":"-22"}}}"#.parse().expect("a fault");
    stage.bank.add_fault(too_large);
    check(&stage.walk("somchai", "SIM-0000-FACE-0022").await, "done", "0000");
    let submits = records(&stage, Endpoint::Submit);
    assert_eq!(submits.len(), 2);
    let json = submits.last().expect("two").json();
    let selfie = json["customerSelfieImage"].as_str().expect("a selfie");
    assert!(selfie.len() * 3 / 4 <= 60_000, "{} characters of Base64", selfie.len());
}

/// A customer before whom the camera breaks.
struct BeforeABrokenCamera<'s>(&'s Stage, StageHands);

impl Hands for BeforeABrokenCamera<'_> {
    fn insert_card(&mut self) {
        self.1.insert_card();
    }

    fn show_code(&mut self) {
        self.1.show_code();
    }

    fn face_camera(&mut self) {
        self.0.world.stand_before_camera(Some(b"no picture".to_vec()));
    }
}

#[tokio::test]
async fn a_camera_without_pictures_ends_the_journey_and_the_next_has_its_selfie() {
    let stage = Stage::open(DopaPolicy::Off).await;
    let hands = stage.hands("somchai", "SIM-0000-FACE-0023");
    let walk = stage.walk_with(&mut BeforeABrokenCamera(&stage, hands)).await;
    check(&walk, "failed", "NO_SELFIE");
    assert!(walk.sentence.is_some());
    assert_eq!(records(&stage, Endpoint::Submit).len(), 0, "nothing is sent without its selfie");
    check(&stage.walk("somchai", "SIM-0000-FACE-0024").await, "done", "0000");
}

#[tokio::test]
async fn a_token_refused_in_the_middle_is_fetched_anew() {
    let stage = Stage::open(DopaPolicy::Off).await;
    check(&stage.walk("somchai", "SIM-G100-ONCE-0001").await, "done", "0000");
}

#[tokio::test]
async fn an_unplugged_reader_is_told_and_comes_back() {
    let stage = Stage::open(DopaPolicy::Off).await;
    stage.world.unplug_reader();
    let customer = stage.customer().await;
    let gone = |view: &Value| {
        view.pointer("/reader_trouble/code") == Some(&serde_json::json!("READER_GONE"))
    };
    customer.until(gone).await.expect("the page tells of it");
    stage.world.plug_reader();
    check(&stage.walk("somchai", "SIM-0000-PLUG-0001").await, "done", "0000");
}

/// A customer before the confirmation, whose card service stops.
async fn service_lost_at_confirmation(stage: &Stage, reference: &str) -> Customer {
    let (customer, _) = up_to_the_data(stage, reference).await;
    stage.world.stop_card_service();
    customer.until(|view| !view["reader_trouble"].is_null()).await.expect("the page tells of it");
    customer
}

async fn confirmed(customer: &Customer) -> String {
    let confirm = json!({"action": "confirm", "postal_code": "50200", "mobile": null});
    // Until the card was looked at again, nothing follows from it.
    let mut every = tokio::time::interval(Duration::from_millis(50));
    for _ in 0..200 {
        every.tick().await;
        let view = customer.view().await.expect("the page is there");
        let said = |pointer: &str| view.pointer(pointer).and_then(Value::as_str).unwrap_or("");
        match said("/screen/name") {
            "confirm" => drop(customer.act(&confirm).await),
            "result" => return said("/screen/outcome").to_owned(),
            _ => {}
        }
    }
    "no end within ten seconds".to_owned()
}

#[tokio::test]
async fn the_card_is_looked_at_again_before_its_data_are_sent_when_the_service_was_away() {
    let stage = Stage::open(DopaPolicy::Off).await;
    let customer = service_lost_at_confirmation(&stage, "SIM-0000-AWAY-0001").await;
    stage.world.start_card_service();
    assert_eq!(confirmed(&customer).await, "done");
    stage.world.slot().eject();
    customer.leave().await.expect("the page is free again");

    let customer = service_lost_at_confirmation(&stage, "SIM-0000-AWAY-0002").await;
    stage.world.slot().insert(named("bangkok").expect("a carried card"), Manner::default());
    stage.world.start_card_service();
    let shown = customer.until_screen("result").await.expect("the journey ends");
    assert_eq!(shown.pointer("/screen/failure/code"), Some(&json!("CARD_SWAPPED")));
    stage.world.slot().eject();
    customer.leave().await.expect("the page is free again");

    let customer = service_lost_at_confirmation(&stage, "SIM-0000-AWAY-0003").await;
    stage.world.slot().eject();
    stage.world.start_card_service();
    let shown = customer.until_screen("result").await.expect("the journey ends");
    assert_eq!(shown.pointer("/screen/failure/code"), Some(&json!("CARD_REMOVED")));
    assert_eq!(records(&stage, Endpoint::Submit).len(), 1);
}

#[tokio::test]
async fn what_is_no_card_of_ours_has_its_own_sentence() {
    let stage = Stage::open(DopaPolicy::Off).await;
    for (card, code) in [("old-layout", "OLD_CARD"), ("bad-text", "CARD_DATA_INVALID")] {
        let walk = stage.walk(card, "SIM-0000-BAD-0001").await;
        assert_eq!(walk.trouble.as_deref(), Some(code), "{card}");
        assert!(records(&stage, Endpoint::Submit).is_empty());
    }
}
