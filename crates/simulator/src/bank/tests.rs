//! The bank over real HTTPS, with a hand-made client: whole journeys, each refusal, the knobs, the memory.

mod gateway;
mod journeys;
mod knobs;
mod partner;
mod refusals;
mod schema;

use super::{Bank, Options};

fn bank() -> Bank {
    Bank::start(Options::default()).unwrap()
}

/// The last request's code as the bank remembers it, and what it found wrong.
fn last(bank: &Bank) -> (String, String) {
    let records = bank.records();
    let record = records.last().unwrap();
    let code = record.code().map(|code| code.to_string()).unwrap_or_default();
    (code, record.finding().unwrap_or_default().to_owned())
}
