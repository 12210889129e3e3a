//! What the journeys ask of the bank's memory.

use serde_json::Value;
use simulator::bank::{Endpoint, Record};
use simulator::customer::Walk;
use tests::stage::Stage;

#[track_caller]
pub fn check(walk: &Walk, outcome: &str, code: &str) {
    assert_eq!((walk.outcome.as_str(), walk.code.as_str()), (outcome, code), "{:?}", walk.stages);
}

/// What the bank received at an endpoint.
pub fn records(stage: &Stage, endpoint: Endpoint) -> Vec<Record> {
    let records = stage.bank.records();
    records.into_iter().filter(|record| record.endpoint() == endpoint).collect()
}

/// The one plaintext that came to an endpoint.
#[track_caller]
pub fn plaintext(stage: &Stage, endpoint: Endpoint) -> Value {
    let records = records(stage, endpoint);
    assert_eq!(records.len(), 1, "expected one request at {endpoint:?}");
    let text = records.first().and_then(Record::plaintext).expect("the bank could open it");
    serde_json::from_str(text).expect("the bank took it for JSON")
}
