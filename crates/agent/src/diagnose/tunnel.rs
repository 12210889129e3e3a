//! The tunnel through a proxy (RFC 9110 §9.3.6), opened by hand like the rest of the way to the bank.
//!
//! The agent's own client opens its tunnels itself; here a person learns what the proxy said.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::finding::{Advice, Check, Finding};
use crate::config::Config;

/// No proxy says so much about a tunnel; the agent's client takes no more either.
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// Asks the proxy for a tunnel to the bank.
pub(super) async fn open(
    config: &Config,
    stream: &mut TcpStream,
    bank: &str,
    bound: Duration,
) -> Result<(), Finding> {
    let secrets = config.secrets().ok();
    let login = secrets.as_ref().and_then(|secrets| secrets.proxy.as_ref()).map(|login| {
        let pair = Zeroizing::new([login.user.expose(), ":", login.password.expose()].concat());
        Zeroizing::new(STANDARD.encode(pair.as_bytes()))
    });
    let login = login.map(|login| format!("Proxy-Authorization: Basic {}\r\n", login.as_str()));
    let head = format!("CONNECT {bank} HTTP/1.1\r\nHost: {bank}\r\n");
    let ask = Zeroizing::new([&head, login.as_deref().unwrap_or_default(), "\r\n"].concat());
    match timeout(bound, exchange(stream, ask.as_bytes())).await {
        Ok(Ok(200)) => Ok(()),
        Ok(Ok(status)) => Err(refused(status, bank)),
        Ok(Err(error)) => Err(fault(
            "the proxy broke off",
            Advice::new(
                error.to_string(),
                "compare bank.proxy with what the network's keeper named",
            ),
        )),
        Err(_) => Err(fault(
            &format!("the proxy did not answer within {bound:?}"),
            Advice::new(
                "it waits for the bank, which its network may not reach",
                format!("ask the network's keeper whether the proxy reaches {bank}"),
            ),
        )),
    }
}

/// The status of the proxy's answer; 0 if it is no HTTP.
async fn exchange(stream: &mut TcpStream, ask: &[u8]) -> std::io::Result<u16> {
    stream.write_all(ask).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_BYTES_MAX {
        // One by one, so that nothing of the bank's first words is taken.
        head.push(stream.read_u8().await?);
    }
    Ok(status(&head).unwrap_or(0))
}

fn status(head: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(head).ok()?.lines().next()?;
    line.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()
}

fn refused(status: u16, bank: &str) -> Finding {
    match status {
        0 => fault(
            "what answers there is no HTTP proxy",
            Advice::new(
                "another service listens on this port",
                "compare bank.proxy with what the network's keeper named",
            ),
        ),
        407 => fault(
            "the proxy wants another login",
            Advice::new(
                "it answered 407",
                "compare credentials.proxy_user and credentials.proxy_password with what the \
                 network's keeper gave; only Basic is spoken",
            ),
        ),
        _ => fault(
            "the proxy does not let through",
            Advice::new(
                format!("it answered {status} to CONNECT {bank}"),
                format!("ask the network's keeper to allow CONNECT to {bank}, and nothing opened"),
            ),
        ),
    }
}

fn fault(finding: &str, advice: Advice) -> Finding {
    Finding::fault(Check::Connection, finding.to_owned(), advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &str, expected: Option<u16>, cause: &str, remedy: &str) {
        let found = status(head.as_bytes());
        assert_eq!(found, expected);
        let finding = refused(found.unwrap_or(0), "bank.example:443");
        assert!(finding.cause.as_ref().unwrap().contains(cause), "{finding:?}");
        assert!(finding.remedy.as_ref().unwrap().contains(remedy), "{finding:?}");
    }

    #[test]
    fn each_refusal_has_its_own_cause_and_remedy() {
        check("HTTP/1.1 407 Login\r\n\r\n", Some(407), "407", "credentials.proxy_user");
        check("HTTP/1.0 403 No\r\n\r\n", Some(403), "403", "CONNECT to bank.example:443");
        check("HTTP/1.1 502\r\n\r\n", Some(502), "502", "CONNECT to bank.example:443");
        check("SSH-2.0-server\r\n\r\n", None, "another service", "bank.proxy");
        check("HTTP/2 200\r\n\r\n", None, "another service", "bank.proxy");
    }
}
