//! What the routes answer: the view, health, actions, pairing, and the text that describes them.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::journal::Standing;

const WITH_TOKEN: [&str; 5] =
    ["/v1/view", "/v1/events", "/v1/preview.jpg", "/v1/preview.mjpeg", "/v1/openapi.json"];

#[tokio::test]
async fn nothing_but_pairing_and_health_is_open_without_the_token() {
    let stage = Stage::up().await;
    let token = stage.pair().await;
    let wrong = [
        String::new(),
        "Authorization: Bearer \r\n".to_owned(),
        format!("Authorization: Bearer {}\r\n", "0".repeat(64)),
        format!("Authorization: Bearer {}\r\n", stage.key),
        token.replace("Bearer", "Basic"),
        token.replace("Bearer ", "Bearer  "),
        format!("{token}{token}"),
        token.to_uppercase(),
    ];
    for header in &wrong {
        for path in WITH_TOKEN {
            stage.get(path, header).await.refused(401, "token");
        }
        stage.post("/v1/actions", header, r#"{"action":"start"}"#).await.refused(401, "token");
    }
    assert_eq!(stage.get("/v1/health", "").await.status, 200);
}

#[tokio::test]
async fn a_token_in_the_query_opens_nothing() {
    let stage = Stage::up().await;
    let token = stage.pair().await;
    let bare = token.trim_start_matches("Authorization: Bearer ").trim_end().to_owned();
    stage.get(&format!("/v1/view?token={bare}"), "").await.refused(401, "token");
}

#[tokio::test]
async fn a_used_key_pairs_no_second_page_and_guessing_is_stopped() {
    let stage = Stage::with(PageKeyUse::Once, None).await;
    let token = stage.pair().await;
    let again = format!(r#"{{"key":"{}"}}"#, stage.key);
    for _ in 0..5 {
        stage.post("/v1/pair", "", &again).await.refused(401, "page_key");
    }
    stage.post("/v1/pair", "", &again).await.refused(429, "too_many_keys");
    assert_eq!(stage.get("/v1/view", &token).await.status, 200, "the paired page goes on");
}

#[tokio::test]
async fn pairing_takes_the_key_and_nothing_else() {
    let stage = Stage::up().await;
    for body in
        ["", "{}", "[]", r#"{"key":1}"#, r#"{"key":"a","more":1}"#, r#"{"key":"a","key":"b"}"#]
    {
        stage.post("/v1/pair", "", body).await.refused(400, "form");
    }
}

#[tokio::test]
async fn the_view_is_the_last_one_shown() {
    let stage = Stage::up().await;
    let token = stage.pair().await;
    assert_eq!(stage.get("/v1/view", &token).await.body, FIRST);
    stage.shown.send_replace(Arc::new(view(r#"{"sequence":2}"#)));
    let answer = stage.get("/v1/view", &token).await;
    assert_eq!(answer.body, r#"{"sequence":2}"#);
    assert!(answer.head.contains("content-type: application/json"));
}

#[tokio::test]
async fn an_action_becomes_an_event() {
    let mut stage = Stage::up().await;
    let token = stage.pair().await;
    let answer = stage.post("/v1/actions", &token, r#"{"action":"start"}"#).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"ok":true}"#));
    assert!(matches!(stage.events.recv().await, Some(Event::Started)));
    stage.post("/v1/actions", &token, r#"{"action":"fly"}"#).await.refused(400, "form");
}

#[tokio::test]
async fn an_agent_that_does_not_keep_up_is_busy_and_one_that_is_gone_too() {
    let mut stage = Stage::up().await;
    let token = stage.pair().await;
    let start = r#"{"action":"start"}"#;
    for _ in 0..2 {
        assert_eq!(stage.post("/v1/actions", &token, start).await.status, 200);
    }
    stage.post("/v1/actions", &token, start).await.refused(503, "busy");
    stage.events.close();
    stage.post("/v1/actions", &token, start).await.refused(503, "busy");
}

#[tokio::test]
async fn health_names_devices_and_nobody() {
    let stage = Stage::up().await;
    let health =
        Health { reader: DeviceState::Ready, camera: DeviceState::Failed, ..Health::default() };
    stage.health.send_replace(health);
    let body = stage.get("/v1/health", "").await.body;
    let said: serde_json::Value = serde_json::from_str(&body).unwrap();
    let devices =
        serde_json::json!({ "reader": "ready", "scanner": "unknown", "camera": "failed" });
    assert_eq!(said["devices"], devices);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let stage = Stage::up().await;
    let token = stage.pair().await;
    for path in
        ["/v1", "/v1/", "/v1/views", "/v2/view", "/../Cargo.toml", "/%2e%2e/a", "//", "/app.js/"]
    {
        stage.get(path, &token).await.refused(404, "nothing_here");
    }
}

#[test]
fn the_openapi_text_names_every_route_and_no_other() {
    let openapi: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
    let paths = openapi["paths"].as_object().unwrap();
    let described: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(|method| (path.clone(), method.clone())).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(described, routes_in_the_code());
    let open = |path: &str, method: &str| openapi["paths"][path][method]["security"].is_array();
    let without_token: Vec<_> =
        described.iter().filter(|(path, method)| open(path, method)).collect();
    assert_eq!(without_token.len(), 2, "{without_token:?}");
}

/// Read off the lines that make the router.
fn routes_in_the_code() -> BTreeSet<(String, String)> {
    let calls = include_str!("../../api.rs").split(".route(\"").skip(1);
    let lines = calls.filter_map(|call| {
        let (path, rest) = call.split_once("\", ")?;
        let (method, _) = rest.split_once('(')?;
        Some((path.to_owned(), method.to_owned()))
    });
    let routes: BTreeSet<_> = lines.collect();
    assert_eq!(routes.len(), 8, "a route is written in a form that this test does not read");
    routes
}

#[test]
fn the_openapi_text_names_every_way_in_which_the_journal_may_be() {
    let openapi: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
    let named = openapi.pointer("/components/schemas/Health/properties/journal/enum").unwrap();
    assert_eq!(*named, json!(Standing::ALL.map(Standing::word)));
}
