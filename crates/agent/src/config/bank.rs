//! `[bank]`: where the bank is, how its identity is checked, how long it may take (§1, §2, §9).
//!
//! Owns the checked values; connecting, trusting and sending is the bank client's work.

use std::collections::HashSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::{DEFAULT_SCOPE, Paths};
use session::Timeouts;

use super::fault::Fault;
use super::file::{FilePath, file_path};
use super::section::{Given, Section};

/// Pins of the present and the next key of leaf and CA, and as many in reserve.
const PINS_MAX: usize = 8;
/// RFC 7469 §4.3: a pin without a backup locks the machine out on the day that the key changes.
const PINS_MIN: usize = 2;
/// A second data centre and two in reserve; each one that is away costs a customer its connect timeout.
const FAILOVER_URLS_MAX: usize = 3;
/// No path of the document is a third as long.
const PATH_BYTES_MAX: usize = 200;

/// The way to the bank.
#[derive(Clone, Debug)]
pub struct Bank {
    /// Who speaks to the bank: this machine, or the partner's relay for it.
    pub transport: Transport,
    /// Where its gateway is, or the relay.
    pub base_url: BaseUrl,
    /// Where else it is, in the order in which they are tried when it cannot be reached.
    pub failover_urls: Vec<BaseUrl>,
    /// The HTTP proxy on the way there. The environment's proxies are never used.
    pub proxy: Option<ProxyAddress>,
    /// This machine's certificate for TLS, PEM, leaf first; its key is among the credentials.
    pub client_certificate_file: Option<FilePath>,
    /// The only certificate authorities trusted, PEM; without it the public ones are.
    pub ca_file: Option<FilePath>,
    /// The RSA key that requests are sealed for, PEM.
    pub public_key_file: FilePath,
    /// The key that the bank has announced as the next one, PEM.
    pub next_public_key_file: Option<FilePath>,
    /// The six path templates.
    pub paths: Paths,
    /// How long each call may take.
    pub timeouts: Timeouts,
    /// Keys one of which must be in the chain; empty: any key that the authorities vouch for.
    pub pins: Vec<SpkiPin>,
    /// The OAuth scope asked for (§2).
    pub scope: String,
}

/// Who authenticates to the bank (Doubt D40). Requests are sealed on this machine in either case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// This machine, by the partner's client id, client secret and API key.
    Direct,
    /// A relay of the partner. It knows this machine by its client certificate, and holds the partner's
    /// credentials, of which none is on this machine.
    Relay,
}

/// An `http://HOST:PORT` of a proxy that tunnels by CONNECT (RFC 9110 §9.3.6): TLS goes through it unopened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProxyAddress {
    host: String,
    port: u16,
}

impl ProxyAddress {
    /// Parses an address such as `http://proxy.example:3128`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.strip_prefix("http://")?.trim_end_matches('/').rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port != 0)?;
        is_host(host).then(|| Self { host: host.to_owned(), port })
    }

    /// Its name or address.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

fn is_host(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
}

/// An `https://` address without a trailing slash, user name, query or fragment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Parses an address such as `https://uat.api.krungsri.com` or `https://127.0.0.1:8443/gateway`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("https://")?.trim_end_matches('/');
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "443"));
        let port_is_fit = port.parse::<u16>().is_ok_and(|port| port != 0);
        let path_is_fit = path.chars().all(is_path_character);
        (is_host(host) && port_is_fit && path_is_fit).then(|| Self(format!("https://{rest}")))
    }

    /// The address, ready to have a path appended.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// SHA-256 over a certificate's SubjectPublicKeyInfo (RFC 7469 §2.4).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct SpkiPin([u8; 32]);

impl SpkiPin {
    /// The digest.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

pub(super) fn bank(top: &mut Section<'_>) -> Option<Bank> {
    top.section("bank", |table| {
        let transport = table.optional("transport", |given| given.word(&TRANSPORTS));
        let transport = transport.unwrap_or(Transport::Direct);
        let base_url = table.required("base_url", EXPECTED_URL, base_url);
        let failover_urls = table.optional("failover_urls", failover_urls).unwrap_or_default();
        let proxy = table.optional("proxy", proxy);
        let certificate = "the PEM file of this machine's certificate, by which the relay knows it";
        let client_certificate_file = match transport {
            Transport::Direct => table.optional("client_certificate_file", file_path),
            Transport::Relay => table.required("client_certificate_file", certificate, file_path),
        };
        let ca_file = table.optional("ca_file", file_path);
        let public_key_file =
            table.required("public_key_file", "the PEM file of the bank's RSA key", file_path);
        let next_public_key_file = table.optional("next_public_key_file", file_path);
        let paths = table.section("paths", paths);
        let timeouts = table.section("timeouts", timeouts);
        let pins = table.optional("pins", pins).unwrap_or_default();
        let scope = table.optional("scope", |given| given.text("an OAuth scope"));
        Some(Bank {
            transport,
            base_url: base_url?,
            failover_urls,
            proxy,
            client_certificate_file,
            ca_file,
            public_key_file: public_key_file?,
            next_public_key_file,
            paths,
            timeouts,
            pins,
            scope: scope.unwrap_or(DEFAULT_SCOPE).to_owned(),
        })
    })
}

const EXPECTED_URL: &str = "an https:// address without user name or query, such as \
                            https://uat.api.krungsri.com";

const TRANSPORTS: [(&str, Transport); 2] =
    [("direct", Transport::Direct), ("relay", Transport::Relay)];

fn failover_urls(given: &Given<'_>) -> Result<Vec<BaseUrl>, Fault> {
    given.list(FAILOVER_URLS_MAX, "https:// addresses")?.iter().map(base_url).collect()
}

fn proxy(given: &Given<'_>) -> Result<ProxyAddress, Fault> {
    let expected = "an http:// address with its port and nothing else, such as \
                    http://proxy.example:3128; user and password are among the credentials";
    let text = given.text(expected)?;
    let refuse =
        || if text.contains('@') { given.refuse_unseen(expected) } else { given.refuse(expected) };
    ProxyAddress::parse(text).ok_or_else(refuse)
}

fn base_url(given: &Given<'_>) -> Result<BaseUrl, Fault> {
    let text = given.text(EXPECTED_URL)?;
    // What stands before an @ could be a password, what stands behind a ? a key.
    let refuse = || {
        if text.contains(['@', '?']) {
            given.refuse_unseen(EXPECTED_URL)
        } else {
            given.refuse(EXPECTED_URL)
        }
    };
    BaseUrl::parse(text).ok_or_else(refuse)
}

fn paths(table: &mut Section<'_>) -> Paths {
    let default = Paths::default();
    let plain = |given: &Given<'_>| path(given, &[]);
    Paths {
        token: table.optional("token", plain).unwrap_or(default.token),
        validate_qr: table.optional("validate_qr", plain).unwrap_or(default.validate_qr),
        submit: table.optional("submit", plain).unwrap_or(default.submit),
        report_failure: table
            .optional("report_failure", |given| path(given, &["{reference}"]))
            .unwrap_or(default.report_failure),
        consents: table
            .optional("consents", |given| path(given, &["{ref}"]))
            .unwrap_or(default.consents),
        check_dopa: table.optional("check_dopa", plain).unwrap_or(default.check_dopa),
    }
}

fn path(given: &Given<'_>, holes: &[&str]) -> Result<String, Fault> {
    let mut expected = "a path from the first / on, without query".to_owned();
    for hole in holes {
        expected.push_str(&format!(", with or without {hole}"));
    }
    let text = given.text(&expected)?;
    let filled = holes.iter().fold(text.to_owned(), |text, hole| text.replace(hole, "x"));
    let is_path = filled.starts_with('/')
        && !filled.contains("//")
        && filled.len() <= PATH_BYTES_MAX
        && filled.chars().all(is_path_character);
    if is_path { Ok(text.to_owned()) } else { Err(given.refuse(expected)) }
}

/// RFC 3986 §3.3 without percent-encoding, which no template needs.
fn is_path_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "/-._~!$&'()*+,;=:@".contains(character)
}

fn timeouts(table: &mut Section<'_>) -> Timeouts {
    let default = Timeouts::default();
    Timeouts {
        connect: table
            .optional("connect_s", |given| seconds(given, 1, 60))
            .unwrap_or(default.connect),
        ask: table.optional("ask_s", |given| seconds(given, 1, 120)).unwrap_or(default.ask),
        submit: table
            .optional("submit_s", |given| seconds(given, 5, 300))
            .unwrap_or(default.submit),
        report: table
            .optional("report_s", |given| seconds(given, 1, 120))
            .unwrap_or(default.report),
    }
}

/// Whole seconds within a range.
pub(super) fn seconds(given: &Given<'_>, least: u32, most: u32) -> Result<Duration, Fault> {
    given.number(least..=most).map(|seconds| Duration::from_secs(seconds.into()))
}

fn pins(given: &Given<'_>) -> Result<Vec<SpkiPin>, Fault> {
    let pins: Vec<SpkiPin> =
        given.list(PINS_MAX, "pins")?.iter().map(pin).collect::<Result<_, _>>()?;
    let different = pins.iter().collect::<HashSet<_>>().len();
    if different < PINS_MIN {
        let came = format!("{different} pin");
        let expected = "at least two different ones: of the present key, and of its backup, \
                        without which the bank's next key locks this machine out";
        return Err(given.origin().fault(came, expected));
    }
    Ok(pins)
}

fn pin(given: &Given<'_>) -> Result<SpkiPin, Fault> {
    let expected = "the Base64 of a SHA-256 over SubjectPublicKeyInfo, 44 characters";
    let digest = STANDARD.decode(given.text(expected)?).ok();
    let digest = digest.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    digest.map(SpkiPin).ok_or_else(|| given.refuse(expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(BaseUrl::parse(text).as_ref().map(BaseUrl::as_str), expected);
    }

    #[test]
    fn an_https_address_loses_its_trailing_slash() {
        check("https://bank.example/", Some("https://bank.example"));
        check("https://127.0.0.1:8443/gateway/", Some("https://127.0.0.1:8443/gateway"));
    }

    #[test]
    fn an_address_that_could_leak_or_mislead_is_refused() {
        check("http://bank.example", None);
        check("https://user@bank.example", None);
        check("https://bank.example?key=1", None);
        check("https://bank.example#top", None);
        check("https://", None);
        check("https://bank.example:0", None);
        check("https://bank.example:99999", None);
        check("https://bank example", None);
    }

    #[track_caller]
    fn check_proxy(text: &str, expected: Option<(&str, u16)>) {
        let proxy = ProxyAddress::parse(text);
        assert_eq!(proxy.as_ref().map(|proxy| (proxy.host(), proxy.port())), expected, "{text}");
    }

    #[test]
    fn a_proxy_is_a_host_and_a_port_and_nothing_else() {
        check_proxy("http://proxy.example:3128", Some(("proxy.example", 3128)));
        check_proxy("http://192.0.2.1:8080/", Some(("192.0.2.1", 8080)));
        for text in [
            "https://proxy.example:3128",
            "socks5://proxy.example:1080",
            "http://proxy.example",
            "http://proxy.example:0",
            "http://me:hunter2@proxy.example:3128",
            "http://proxy.example:3128/path",
            "proxy.example:3128",
        ] {
            check_proxy(text, None);
        }
    }
}
