//! The way to the bank, step by step: name, connection, certificate, token, clock.
//!
//! Each step needs the one before. The steps up to the certificate are made by hand, because the HTTP
//! client says of a failure only as much as a journey needs; the token comes through that client.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::bounded::within;
use super::certificate;
use super::finding::{Advice, Check, Finding};
use super::token;
use super::tunnel;
use crate::bank::trust;
use crate::clock::Clock;
use crate::config::{BaseUrl, Config};

/// Every step, or the first that fails and that the others were not tried.
pub(super) async fn check(config: &Config, bound: Duration) -> Vec<Finding> {
    let clock = Arc::new(Clock::new());
    let mut findings = Vec::new();
    let reached = reach(config, &clock, bound, &mut findings).await;
    match reached {
        Ok(()) => findings.extend(token::check(config, &clock, bound).await),
        Err(failed) => {
            let later = [
                Check::NameResolution,
                Check::Connection,
                Check::Certificate,
                Check::Token,
                Check::Clock,
            ];
            let done = findings.len() + 1;
            findings.push(failed);
            let skipped = later.into_iter().skip(done);
            findings.extend(skipped.map(|check| {
                Finding::skipped(check, "not tried, because the bank could not be reached")
            }));
        }
    }
    findings
}

/// Up to the accepted certificate.
async fn reach(
    config: &Config,
    clock: &Clock,
    bound: Duration,
    findings: &mut Vec<Finding>,
) -> Result<(), Finding> {
    let (host, port) = authority(&config.bank.base_url);
    let (first_host, first_port) = match &config.bank.proxy {
        Some(proxy) => (proxy.host(), proxy.port()),
        None => (host.as_str(), port),
    };
    let (found, addresses) = resolve(first_host, first_port, bound).await?;
    findings.push(found);
    let bound_of_tcp = config.bank.timeouts.connect.min(bound);
    let (connected, mut stream) = connect(&addresses, bound_of_tcp).await?;
    if config.bank.proxy.is_some() {
        tunnel::open(config, &mut stream, &format!("{host}:{port}"), bound).await?;
    }
    findings.push(connected);
    findings.push(greet(config, clock, &host, stream, bound).await?);
    Ok(())
}

/// Host and port of an address whose form is checked already.
fn authority(base_url: &BaseUrl) -> (String, u16) {
    let rest = base_url.as_str().trim_start_matches("https://");
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    (host.to_owned(), port.parse().unwrap_or(443))
}

async fn resolve(
    host: &str,
    port: u16,
    bound: Duration,
) -> Result<(Finding, Vec<SocketAddr>), Finding> {
    if let Ok(address) = host.parse() {
        let finding = format!("{host} is an address, no name has to be resolved");
        let found = Finding::ok(Check::NameResolution, finding);
        return Ok((found, vec![SocketAddr::new(address, port)]));
    }
    let asked = host.to_owned();
    let begun = Instant::now();
    // The system's resolver blocks, sometimes for ever.
    let resolved = within(bound, "resolving the bank's name", move |_| {
        (asked, port).to_socket_addrs().map(Vec::from_iter)
    });
    let remedy = "check the network cable, /etc/resolv.conf and bank.base_url; \
                  `getent hosts NAME` asks the same resolver";
    let fault = |finding: String, cause: String| {
        Finding::fault(Check::NameResolution, finding, Advice::new(cause, remedy))
    };
    let addresses = match resolved.await {
        Ok(Ok(addresses)) if !addresses.is_empty() => addresses,
        Ok(Ok(_)) => {
            return Err(fault(format!("{host} has no address"), "the name is empty".to_owned()));
        }
        Ok(Err(error)) => {
            return Err(fault(format!("{host} could not be resolved"), error.to_string()));
        }
        Err(lost) => return Err(fault(lost.to_string(), "no name server answers".to_owned())),
    };
    let shown: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
    let finding =
        format!("{host} is {}, found in {} ms", shown.join(", "), begun.elapsed().as_millis());
    Ok((Finding::ok(Check::NameResolution, finding), addresses))
}

/// The first address that answers.
async fn connect(
    addresses: &[SocketAddr],
    bound: Duration,
) -> Result<(Finding, TcpStream), Finding> {
    let mut last = None;
    for address in addresses {
        let begun = Instant::now();
        match timeout(bound, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let finding = format!("{address} accepts in {} ms", begun.elapsed().as_millis());
                return Ok((Finding::ok(Check::Connection, finding), stream));
            }
            Ok(Err(error)) => last = Some((*address, refused(&error))),
            Err(_) => last = Some((*address, silent(bound))),
        }
    }
    let Some((address, (found, advice))) = last else {
        return Err(Finding::skipped(Check::Connection, "there is no address to connect to"));
    };
    Err(Finding::fault(Check::Connection, format!("{address}: {found}"), advice))
}

fn refused(error: &std::io::Error) -> (String, Advice) {
    use std::io::ErrorKind as Kind;
    let advice = match error.kind() {
        Kind::ConnectionRefused => Advice::new(
            "the machine is there, and nothing listens on this port, or a firewall says no",
            "compare bank.base_url and its port with what the bank named, \
             then ask the network's keeper for the firewall's rule",
        ),
        Kind::NetworkUnreachable | Kind::HostUnreachable => Advice::new(
            "this machine has no route there: no cable, no address, or no gateway",
            "check the cable and `ip route`, then the VPN to the bank, if there is one",
        ),
        _ => Advice::new(error.to_string(), "check the network and run this again"),
    };
    let found = match error.kind() {
        Kind::ConnectionRefused => "connection refused".to_owned(),
        Kind::NetworkUnreachable | Kind::HostUnreachable => "no route".to_owned(),
        kind => kind.to_string(),
    };
    (found, advice)
}

fn silent(bound: Duration) -> (String, Advice) {
    let advice = Advice::new(
        "a firewall drops what is sent, or this machine's address is not on the bank's list",
        "ask the network's keeper for outgoing TCP to this port, and the bank for its list",
    );
    (format!("no answer within {bound:?}"), advice)
}

/// The TLS handshake, and what the certificates say.
async fn greet(
    config: &Config,
    clock: &Clock,
    host: &str,
    stream: TcpStream,
    bound: Duration,
) -> Result<Finding, Finding> {
    let fault = |finding, advice| Finding::fault(Check::Certificate, finding, advice);
    let secrets = config.secrets().ok();
    let client = trust(&config.bank, secrets.as_ref()).map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        let cause = cause.unwrap_or_else(|| "its settings are not usable".to_owned());
        let remedy = "put the bank's PEM file where bank.ca_file says, or correct bank.pins";
        fault(error.to_string(), Advice::new(cause, remedy))
    })?;
    let name = ServerName::try_from(host.to_owned()).map_err(|_| {
        let advice = Advice::new("the name is no DNS name", "correct bank.base_url");
        fault(format!("no certificate can be for {host}"), advice)
    })?;
    let connector = TlsConnector::from(Arc::new(client));
    match timeout(bound, connector.connect(name, stream)).await {
        Ok(Ok(stream)) => {
            let (_, session) = stream.get_ref();
            let chain = session.peer_certificates().unwrap_or_default();
            Ok(certificate::accepted(chain, clock.bank_time()))
        }
        Ok(Err(error)) => Err(certificate::refused(&error)),
        Err(_) => Err(fault(
            format!("the TLS handshake did not end within {bound:?}"),
            Advice::new(
                "what answers on this port does not speak TLS, or something between cuts it off",
                "compare bank.base_url with what the bank named, then look for a proxy between",
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, host: &str, port: u16) {
        let url = BaseUrl::parse(url).unwrap();
        assert_eq!(authority(&url), (host.to_owned(), port));
    }

    #[test]
    fn host_and_port_are_read_off_the_address() {
        check("https://bank.example", "bank.example", 443);
        check("https://127.0.0.1:8443/gateway", "127.0.0.1", 8443);
    }
}
