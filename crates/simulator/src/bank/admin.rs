//! `/_sim/…`: the tester's own door, on the same port, behind a secret that no partner has.
//! Reads the memory, sets the knobs. What it answers is JSON.

use axum::http::request::Parts;
use axum::http::{Method, header};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::citizen;
use super::envelope::OldKey;
use super::fault::Fault;
use super::ledger::Stage;
use super::memory::Record;
use super::reference::Face;
use super::reply::Reply;
use super::teller::Teller;

/// Where the door is.
pub(super) const ROOT: &str = "/_sim/";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockOffset {
    offset_ms: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaceDefault {
    face_compare: FaceWord,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    old: OldKey,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    stage: Stage,
}

#[derive(Deserialize)]
enum FaceWord {
    Y,
    N,
}

/// Serves one page of the door.
pub(super) fn answer(teller: &Teller, head: &Parts, page: &str, body: &[u8]) -> Reply {
    let expected = format!("Bearer {}", teller.secrets.admin_token);
    let given = head.headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
    if given != Some(expected.as_bytes()) {
        return refuse(401, "expected the bearer secret of admin_token");
    }
    let done = || Reply::json(200, &json!({"ok": true}));
    match (&head.method, page) {
        (&Method::GET, "records") => {
            let records: Value =
                teller.books().memory.records().map(Record::to_admin_json).collect();
            Reply::json(200, &records)
        }
        (&Method::DELETE, "records") => {
            teller.books().memory.forget();
            done()
        }
        (&Method::POST, "faults") => match serde_json::from_slice::<Fault>(body) {
            Ok(fault) => {
                teller.books().faults.add(fault);
                done()
            }
            Err(error) => refuse(400, &error.to_string()),
        },
        (&Method::DELETE, "faults") => {
            teller.books().faults.clear();
            done()
        }
        (&Method::POST, "clock") => match serde_json::from_slice::<ClockOffset>(body) {
            Ok(clock) => {
                let offset = SignedDuration::from_millis(clock.offset_ms);
                teller.books().clock.set_offset(offset);
                done()
            }
            Err(error) => refuse(400, &error.to_string()),
        },
        (&Method::POST, "face") => match serde_json::from_slice::<FaceDefault>(body) {
            Ok(FaceDefault { face_compare }) => {
                let face = match face_compare {
                    FaceWord::Y => Face::Required,
                    FaceWord::N => Face::NotRequired,
                };
                teller.books().ledger.set_default_face(face);
                done()
            }
            Err(error) => refuse(400, &error.to_string()),
        },
        (&Method::POST, "tokens/expire") => {
            teller.books().tokens.expire_all();
            done()
        }
        (&Method::GET, "key") => key(teller),
        (&Method::POST, "key/rotate") => match serde_json::from_slice::<Rotation>(body) {
            Ok(Rotation { old }) if teller.rotate_key(old).is_ok() => key(teller),
            Ok(_) => refuse(500, "no new key could be made"),
            Err(error) => refuse(400, &error.to_string()),
        },
        (method, page) => below(teller, method, page, body),
    }
}

/// The pages whose last part is a name.
fn below(teller: &Teller, method: &Method, page: &str, body: &[u8]) -> Reply {
    match (method, page.split_once('/')) {
        (&Method::GET, Some(("references", reference))) => stage(teller, reference),
        (&Method::PUT, Some(("references", reference))) => {
            match serde_json::from_slice::<Place>(body) {
                Ok(Place { stage: wanted }) => {
                    teller.books().ledger.put(reference, wanted);
                    stage(teller, reference)
                }
                Err(error) => refuse(400, &error.to_string()),
            }
        }
        (&Method::GET, Some(("citizens", words))) => match citizen::of_words(words) {
            Some(citizen_id) => Reply::json(200, &json!({"citizen_id": citizen_id})),
            None => refuse(404, "expected words such as E3-9301, 1101-ONCE or G201-E6-ACTED"),
        },
        _ => refuse(404, PAGES),
    }
}

/// What the door has, for those who mistype.
const PAGES: &str = "expected GET records, GET key, GET citizens/WORDS, GET or PUT references/REF, \
                     DELETE records, POST or DELETE faults, POST clock, POST face, POST key/rotate or \
                     POST tokens/expire";

fn key(teller: &Teller) -> Reply {
    Reply::json(200, &json!({"public_key_pem": teller.public_key_pem()}))
}

fn stage(teller: &Teller, reference: &str) -> Reply {
    let word = match teller.books().ledger.stage(reference) {
        None => return refuse(404, "expected a known reference"),
        Some(Stage::Fresh) => "fresh",
        Some(Stage::Validated) => "validated",
        Some(Stage::Submitted) => "submitted",
        Some(Stage::Failed) => "failed",
        Some(Stage::Expired) => "expired",
        Some(Stage::Cancelled) => "cancelled",
    };
    Reply::json(200, &json!({"stage": word}))
}

fn refuse(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({"error": message}))
}
