//! The client before real sockets: servers of every wrong kind, and answers that no bank would give.
//!
//! Here are the client under test and the least of a server; what is shown with them stands in the files
//! below. What each condition then means is the code table's business.

mod clocks;
mod dialects;
mod evil_answers;
mod golden_heads;
mod hosts;
mod papers;
mod pauses;
mod proxies;
mod relays;
mod server;
mod tokens;
mod wrong_servers;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{Bank, BankSetupError};
use crate::clock::Clock;
use crate::config::{Config, Secrets};

/// Long enough for a busy machine, short enough for a test of silence.
const SILENCE: Duration = Duration::from_millis(1_500);

/// Whom the client is told to trust.
struct Trust<'a> {
    ca_pem: &'a str,
    pins: &'a [String],
    /// The client's own certificate, if it has one.
    machine_pem: &'a str,
}

impl<'a> Trust<'a> {
    fn in_authority(ca_pem: &'a str) -> Self {
        Self { ca_pem, pins: &[], machine_pem: "" }
    }
}

/// A pin that nobody bears: there is never one alone.
const BACKUP_PIN: &str = "BACKUPBACKUPBACKUPBACKUPBACKUPBACKUPBACKUPA=";

/// A client of the server on this port of 127.0.0.1.
fn client(port: u16, trust: &Trust<'_>) -> Bank {
    let secrets = Secrets::parse("client", "a-secret", "a-key").unwrap();
    client_by(port, trust, &secrets, |_| {}).unwrap()
}

/// A client with these secrets, and with whatever else is changed about the way to the bank.
fn client_by(
    port: u16,
    trust: &Trust<'_>,
    secrets: &Secrets,
    change: impl FnOnce(&mut Config),
) -> Result<Bank, BankSetupError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), trust.ca_pem).unwrap();
    std::fs::write(folder.path().join("machine.pem"), trust.machine_pem).unwrap();
    let mut lines = String::new();
    if !trust.pins.is_empty() {
        let pins = [trust.pins, &[BACKUP_PIN.to_owned()]].concat();
        lines.push_str(&format!("pins = {pins:?}\n"));
    }
    let mut key = String::new();
    if !trust.machine_pem.is_empty() {
        lines.push_str("client_certificate_file = \"machine.pem\"\n");
        key.push_str("client_key = { file = \"handed-over\" }\n");
    }
    let text = include_str!("../../../../config/demo.toml")
        .replace("https://127.0.0.1:8471\"", &format!("https://127.0.0.1:{port}\"\n{lines}"))
        .replace("[credentials]\n", &format!("[credentials]\n{key}"))
        .replace("bank/ca.pem", "ca.pem");
    let mut config = Config::parse(&text, Path::new("demo.toml"), folder.path()).unwrap();
    config.bank.timeouts.connect = SILENCE;
    config.bank.timeouts.ask = SILENCE * 2;
    config.bank.timeouts.submit = SILENCE * 2;
    change(&mut config);
    let dialect = config.dialect().clone();
    Bank::new(config.bank, dialect, secrets, Arc::new(Clock::new()))
}
