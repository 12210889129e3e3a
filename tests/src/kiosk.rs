//! The configuration of a machine under test: the bank's files in `bank`, a journal, and its page's address
//! in `page.url`, all beside the configuration itself.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use serde_json::Value;

/// What an agent itself says of one of its devices, such as `ready`; `page_url` is the file with its address.
#[must_use]
pub fn health(page_url: &Path, device: &str) -> Option<String> {
    let page = fs::read_to_string(page_url).ok()?;
    let host = page.strip_prefix("http://")?.split('/').next()?;
    let mut line = TcpStream::connect(host).ok()?;
    write!(line, "GET /v1/health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    line.read_to_string(&mut answer).ok()?;
    let health: Value = serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()?;
    let state = health.pointer(&format!("/devices/{device}")).and_then(Value::as_str);
    state.map(str::to_owned)
}

/// Everything but the devices for codes and faces, whose sections are appended to it.
///
/// `reader` is a pattern of PC/SC names, `journey` holds further lines of that section.
#[must_use]
pub fn config(bank: &str, reader: &str, journey: &str, log_level: &str) -> String {
    format!(
        r#"
[bank]
base_url = "{bank}"
ca_file = "bank/ca.pem"
public_key_file = "bank/bank.pub.pem"

[credentials]
client_id = {{ file = "bank/client_id" }}
client_secret = {{ file = "bank/client_secret" }}
api_key = {{ file = "bank/api_key" }}

[journey]
dopa = "before_submit"
liveness = "off"
{journey}

[reader]
allow = ["{reader}"]

[api]
listen = "127.0.0.1:0"
page_key = "reusable"
url_file = "page.url"

[journal]
dir = "journal"

[log]
level = "{log_level}"
"#
    )
}

/// The section of a serial scanner.
#[must_use]
pub fn scanner(port: &str) -> String {
    format!("\n[scanner]\nport = \"{port}\"\nbaud = 9600\n")
}
