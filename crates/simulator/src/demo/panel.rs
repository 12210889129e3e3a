//! Buttons beside the page that stand in for hands: insert and pull the card, show a code, face the camera.
//!
//! The agent serves them with its page and under its own checks; they move simulated devices alone.

use agent::api::Panel;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::hands::DemoHands;
use crate::card;
use crate::customer::Hands;

/// The buttons.
const SCRIPT: &str = include_str!("panel.js");
/// Their looks.
const STYLE: &str = include_str!("panel.css");

/// The codes worth showing, with what happens.
const CODES: [(&str, &str); 9] = [
    ("SIM-0000-DEMO-0001", "accepted"),
    ("SIM-0000-FACE-0001", "accepted, with a selfie"),
    ("SIM-1101", "expired"),
    ("SIM-1102", "of another card"),
    ("SIM-1602", "already used"),
    ("SIM-2003", "refused"),
    ("SIM-9301-FACE", "the face does not match"),
    ("00020101021129370016A000000677010111", "a payment code"),
    ("https://example.invalid/", "a website"),
];

/// The cards worth inserting, with what they are; `--card` takes any other.
const CARDS: [(&str, &str); 9] = [
    ("somchai", "nothing unusual"),
    ("bangkok", "two postal codes fit"),
    ("unknown-postal", "no postal code fits"),
    ("for-life", "valid for life"),
    ("middle-name", "with a middle name"),
    ("expired", "expired"),
    ("blank-english", "without an English name"),
    ("old-layout", "an old card"),
    ("bad-text", "damaged text"),
];

pub(super) fn panel(hands: DemoHands) -> Panel {
    let routes = Router::new()
        .route("/panel/panel.js", get(async || ([(CONTENT_TYPE, "text/javascript")], SCRIPT)))
        .route("/panel/panel.css", get(async || ([(CONTENT_TYPE, "text/css")], STYLE)))
        .route("/panel/things", get(things))
        .route("/panel/card/{name}", post(insert))
        .route("/panel/pull", post(pull))
        .route("/panel/code", post(show))
        .route("/panel/face", post(face))
        .route("/panel/nobody", post(nobody))
        .with_state(hands);
    Panel { routes, script: "/panel/panel.js" }
}

/// What can be inserted and shown.
async fn things() -> Json<Value> {
    let cards: Vec<_> =
        CARDS.iter().map(|(name, about)| json!({"name": name, "about": about})).collect();
    let codes: Vec<_> =
        CODES.iter().map(|(text, about)| json!({"text": text, "about": about})).collect();
    Json(json!({"cards": cards, "codes": codes}))
}

async fn insert(State(mut hands): State<DemoHands>, Path(name): Path<String>) -> impl IntoResponse {
    match card::named(&name) {
        Some(card) => {
            hands.take_card(card);
            hands.insert_card();
            StatusCode::NO_CONTENT
        }
        None => StatusCode::NOT_FOUND,
    }
}

async fn pull(State(hands): State<DemoHands>) -> StatusCode {
    hands.pull_card();
    StatusCode::NO_CONTENT
}

async fn show(State(mut hands): State<DemoHands>, Json(code): Json<Value>) -> StatusCode {
    match code.get("text").and_then(Value::as_str) {
        Some(text) => {
            hands.take_reference(text.to_owned());
            hands.show_code();
            StatusCode::NO_CONTENT
        }
        None => StatusCode::BAD_REQUEST,
    }
}

async fn face(State(mut hands): State<DemoHands>) -> StatusCode {
    hands.face_camera();
    StatusCode::NO_CONTENT
}

async fn nobody(State(hands): State<DemoHands>) -> StatusCode {
    hands.leave_camera();
    StatusCode::NO_CONTENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_card_on_offer_is_carried() {
        for (name, _) in CARDS {
            assert!(card::named(name).is_some(), "{name}");
        }
    }
}
