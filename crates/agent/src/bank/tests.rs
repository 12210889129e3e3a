//! The client before real sockets: servers of every wrong kind, and answers that no bank would give.
//!
//! Here are the client under test and the least of a server; what is shown with them stands in the files
//! below. What each condition then means is the code table's business.

mod evil_answers;
mod papers;
mod server;
mod tokens;
mod wrong_servers;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::Bank;
use crate::clock::Clock;
use crate::config::{Config, Secrets};

/// Long enough for a busy machine, short enough for a test of silence.
const SILENCE: Duration = Duration::from_millis(1_500);

/// Whom the client is told to trust.
struct Trust<'a> {
    ca_pem: &'a str,
    pins: &'a [String],
}

/// A client of the server on this port of 127.0.0.1.
fn client(port: u16, trust: &Trust<'_>) -> Bank {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), trust.ca_pem).unwrap();
    let pins = format!("{:?}", trust.pins);
    let text = include_str!("../../../../config/demo.toml")
        .replace("https://127.0.0.1:8471\"", &format!("https://127.0.0.1:{port}\"\npins = {pins}"))
        .replace("bank/ca.pem", "ca.pem");
    let mut config = Config::parse(&text, Path::new("demo.toml"), folder.path()).unwrap();
    config.bank.timeouts.connect = SILENCE;
    config.bank.timeouts.ask = SILENCE * 2;
    config.bank.timeouts.submit = SILENCE * 2;
    let secrets = Secrets::parse("client", "a-secret", "a-key").unwrap();
    let dialect = config.dialect().clone();
    Bank::new(config.bank, dialect, secrets, Arc::new(Clock::new())).unwrap()
}
