//! The knobs: what goes wrong on the way, what the bank has done by then, and the tester's door.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use axum::http::Method;
use serde_json::json;

use super::super::{Acting, Bank, Code, Cut, Endpoint, Fault, Heard, Kind, OldKey, Options, Stage};
use super::bank;
use super::partner::{Partner, SOMCHAI, submission};

/// Sets a fault on the submit, submits twice, and looks at the first end and at what the bank had done.
#[track_caller]
fn check(kind: Kind, first: Result<&str, ()>, done_by_then: Stage, second: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let bank = bank();
        let partner = Partner::of(&bank).await;
        partner.validate("SIM-0001", SOMCHAI).await.unwrap();
        bank.add_fault(Fault::new(kind.clone()).at(Endpoint::Submit).times(1));
        let answer = partner.submit(&submission("SIM-0001")).await;
        let code = answer.map(|answer| answer.code()).map_err(drop);
        assert_eq!(code, first.map(str::to_owned), "{kind:?}");
        assert_eq!(bank.stage("SIM-0001"), Some(done_by_then), "{kind:?}");
        assert!(bank.records().last().unwrap().fault().is_some());
        let again = partner.submit(&submission("SIM-0001")).await.unwrap();
        assert_eq!(again.code(), second, "{kind:?}");
    });
}

#[test]
fn a_connection_is_cut_where_it_is_told() {
    check(Kind::Cut(Cut::BeforeBody), Err(()), Stage::Validated, "0000");
    check(Kind::Cut(Cut::InsideBody), Err(()), Stage::Validated, "0000");
    check(Kind::Cut(Cut::AfterBody), Err(()), Stage::Validated, "0000");
    check(Kind::Cut(Cut::BeforeAnswer), Err(()), Stage::Submitted, "1602");
    check(Kind::Cut(Cut::InsideAnswer), Err(()), Stage::Submitted, "1602");
}

#[test]
fn an_answer_is_replaced_with_or_without_the_work() {
    check(Kind::Html(Acting::Idle), Ok("HTTP_200"), Stage::Validated, "0000");
    check(Kind::Html(Acting::Done), Ok("HTTP_200"), Stage::Submitted, "1602");
    let page = |acting| Kind::Page { status: 502, acting };
    check(page(Acting::Idle), Ok("HTTP_502"), Stage::Validated, "0000");
    check(page(Acting::Done), Ok("HTTP_502"), Stage::Submitted, "1602");
    let status = |status, acting| Kind::Status { status, acting };
    check(status(503, Acting::Idle), Ok("HTTP_503"), Stage::Validated, "0000");
    check(status(302, Acting::Done), Ok("HTTP_302"), Stage::Submitted, "1602");
    let code = Kind::Code { code: Code::Gateway(202), acting: Acting::Done };
    check(code, Ok("-202"), Stage::Submitted, "1602");
    let body = Kind::Body { body: "{\"statusCode\":\"0000\"".to_owned(), acting: Acting::Idle };
    check(body, Ok("HTTP_200"), Stage::Validated, "0000");
}

#[test]
fn a_request_can_arrive_twice() {
    check(Kind::Duplicate(Heard::First), Ok("0000"), Stage::Submitted, "1602");
    check(Kind::Duplicate(Heard::Second), Ok("-23"), Stage::Submitted, "1602");
}

#[tokio::test]
async fn a_doubled_request_is_remembered_twice() {
    let bank = bank();
    let partner = Partner::of(&bank).await;
    bank.add_fault(Fault::new(Kind::Duplicate(Heard::First)).at(Endpoint::Consents).times(1));
    assert_eq!(partner.consents("dopa").await.unwrap().code(), "0000");
    let codes: Vec<_> = bank.records().iter().skip(1).map(|record| record.code()).collect();
    assert_eq!(codes, [Some(Code::SUCCESS), Some(Code::Gateway(23))]);
}

#[tokio::test]
async fn a_page_of_a_gateway_is_html() {
    let bank = bank();
    let partner = Partner::of(&bank).await;
    bank.add_fault(Fault::new(Kind::Page { status: 504, acting: Acting::Idle }));
    let answer = partner.consents("dopa").await.unwrap();
    assert_eq!(
        (answer.status, &answer.headers["content-type"]),
        (504, &"text/html".parse().unwrap())
    );
    assert!(answer.text.contains("<h1>504</h1>"));
}

#[tokio::test]
async fn a_key_can_be_rotated_with_or_without_a_time_of_change() {
    for (old, sealed_for_old) in [(OldKey::Kept, "0000"), (OldKey::Refused, "1501")] {
        let bank = bank();
        let partner = Partner::of(&bank).await;
        let before = bank.public_key_pem();
        bank.rotate_key(old).unwrap();
        assert_ne!(bank.public_key_pem(), before);
        let code = partner.validate("SIM-0001", SOMCHAI).await.unwrap().code();
        assert_eq!(code, sealed_for_old, "{old:?}");
        let partner = Partner::of(&bank).await;
        assert_eq!(partner.validate("SIM-0002", SOMCHAI).await.unwrap().code(), "0000");
    }
}

#[tokio::test]
async fn an_answer_can_be_late() {
    let bank = bank();
    let partner = Partner::of(&bank).await;
    let latency = Duration::from_millis(120);
    bank.add_fault(Fault::new(Kind::Latency(latency)).at(Endpoint::Consents).times(1));
    let start = Instant::now();
    partner.consents("dopa").await.unwrap();
    assert!(start.elapsed() >= latency);
}

#[tokio::test]
async fn a_bank_can_close_and_come_back_with_its_memory() {
    let mut bank = bank();
    let partner = Partner::of(&bank).await;
    partner.validate("SIM-0001", SOMCHAI).await.unwrap();
    bank.close();
    assert!(Partner::stranger(&bank).token("").await.unwrap_err().is_connect());
    bank.reopen().unwrap();
    assert_eq!(partner.submit(&submission("SIM-0001")).await.unwrap().code(), "0000");
}

#[tokio::test]
async fn many_banks_run_beside_each_other() {
    let (one, other) = (bank(), bank());
    let partner = Partner::of(&one).await;
    let mut astray = Partner::of(&other).await;
    astray.headers.insert("Authorization", partner.headers["Authorization"].clone());
    assert_eq!(partner.consents("dopa").await.unwrap().code(), "0000");
    assert_eq!(astray.consents("dopa").await.unwrap().code(), "-100");
}

#[tokio::test]
async fn the_testers_door_opens_to_its_secret_only() {
    let bank = bank();
    let partner = Partner::of(&bank).await;
    partner.validate("SIM-0001", SOMCHAI).await.unwrap();

    let records = partner.admin(Method::GET, "records", "").await.unwrap();
    assert_eq!(records.json[1]["plaintext"]["identifier"], SOMCHAI);
    assert_eq!(records.json[1]["code"], "0000");
    let stage = partner.admin(Method::GET, "references/SIM-0001", "").await.unwrap();
    assert_eq!(stage.json, json!({"stage": "validated"}));

    let refused = partner.send(Method::GET, "/_sim/records", String::new()).await.unwrap();
    assert_eq!(refused.status, 401);
    assert!(!refused.text.contains(SOMCHAI));
}

#[tokio::test]
async fn the_testers_door_turns_the_knobs() {
    let bank = bank();
    let partner = Partner::of(&bank).await;
    let post =
        async |page, body: &str| partner.admin(Method::POST, page, body).await.unwrap().status;

    assert_eq!(post("faults", r#"{"endpoint":"E5","fault":{"html":"idle"}}"#).await, 200);
    assert_eq!(partner.consents("dopa").await.unwrap().code(), "HTTP_200");
    partner.admin(Method::DELETE, "faults", "").await.unwrap();
    assert_eq!(partner.consents("dopa").await.unwrap().code(), "0000");

    assert_eq!(post("face", r#"{"face_compare":"Y"}"#).await, 200);
    let validated = partner.validate("SIM-0001", SOMCHAI).await.unwrap();
    assert_eq!(validated.json["data"]["faceCompare"], "Y");

    assert_eq!(post("clock", r#"{"offset_ms":-400000}"#).await, 200);
    assert_eq!(partner.consents("dopa").await.unwrap().code(), "-26");
    assert_eq!(post("clock", r#"{"offset_ms":0}"#).await, 200);
    assert_eq!(post("tokens/expire", "").await, 200);
    assert_eq!(partner.consents("dopa").await.unwrap().code(), "-100");
    assert_eq!(post("faults", r#"{"fault":"none"}"#).await, 400);
    assert_eq!(post("key/rotate", r#"{"old":"lost"}"#).await, 400);
    assert_eq!(post("nothing", "").await, 404);
}

#[tokio::test]
async fn the_testers_door_hands_out_keys_people_and_stages() {
    let bank = bank();
    let partner = Partner::of(&bank).await;
    let get = async |page: &str| partner.admin(Method::GET, page, "").await.unwrap();
    assert_eq!(get("key").await.json["public_key_pem"], bank.public_key_pem().as_str());

    let refused = get("citizens/E2-1103").await.json["citizen_id"].as_str().unwrap().to_owned();
    assert_eq!(partner.validate("SIM-0001", &refused).await.unwrap().code(), "1103");
    assert_eq!(get("citizens/nobody").await.status, 404);

    let place = async |stage: &str| {
        let body = format!("{{\"stage\":\"{stage}\"}}");
        partner.admin(Method::PUT, "references/SIM-0002", &body).await.unwrap()
    };
    for (stage, expected) in
        [("expired", "1101"), ("cancelled", "1103"), ("submitted", "1602"), ("fresh", "0000")]
    {
        assert_eq!(place(stage).await.json, json!({"stage": stage}));
        let code = partner.validate("SIM-0002", SOMCHAI).await.unwrap().code();
        assert_eq!(code, expected, "{stage}");
    }
    assert_eq!(place("gone").await.status, 400);
}

#[test]
fn the_files_are_for_the_owner_only() {
    let directory = tempfile::tempdir().unwrap();
    let bank = Bank::start(Options::default()).unwrap();
    bank.write_files(directory.path()).unwrap();
    for name in [
        "ca.pem",
        "bank.pub.pem",
        "client_id",
        "client_secret",
        "api_key",
        "admin_token",
        "base_url",
    ] {
        let path = directory.path().join(name);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let key = std::fs::read_to_string(directory.path().join("bank.pub.pem")).unwrap();
    assert!(key.starts_with("-----BEGIN PUBLIC KEY-----"));
}
