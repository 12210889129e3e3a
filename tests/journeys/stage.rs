//! What the journeys share: the way up to the customer's own data, waiting for what comes by itself, and what is
//! asked of the bank's memory.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use simulator::bank::{Endpoint, Record};
use simulator::customer::{Customer, Hands as _, Walk};
use tests::stage::Stage;

/// Longer than any background sending needs on a slow machine.
const SOON: Duration = Duration::from_secs(60);

/// Polls until there is something.
pub async fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    let mut every = tokio::time::interval(Duration::from_millis(20));
    loop {
        every.tick().await;
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < SOON, "what was waited for did not come");
    }
}

/// A customer with card and code before the own data, and what the page shows of them.
pub async fn up_to_the_data(stage: &Stage, reference: &str) -> (Customer, Value) {
    let mut hands = stage.hands("somchai", reference);
    let customer = stage.customer().await;
    customer.act(&json!({"action": "start"})).await.expect("started");
    hands.show_code();
    hands.insert_card();
    let view = customer.until_screen("confirm").await.expect("the data");
    (customer, view)
}

/// The customer confirms the data as they stand there.
pub async fn confirm(customer: &Customer) {
    let confirm = json!({"action": "confirm", "postal_code": "50200", "mobile": null});
    customer.act(&confirm).await.expect("confirmed");
}

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
