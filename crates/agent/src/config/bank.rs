//! `[bank]`: where the bank is, how its identity is checked, how long it may take (§1, §2, §9).
//!
//! Owns the checked values; connecting, trusting and sending is the bank client's work.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::{DEFAULT_SCOPE, Endpoint, Paths};

use super::fault::Fault;
use super::file::{FilePath, file_path};
use super::section::{Given, Section};

/// Pins of the present and the next key of leaf and CA, and as many in reserve.
const PINS_MAX: usize = 8;
/// No path of the document is a third as long.
const PATH_BYTES_MAX: usize = 200;

/// The way to the bank.
#[derive(Clone, Debug)]
pub struct Bank {
    /// Where its gateway is.
    pub base_url: BaseUrl,
    /// The only certificate authorities trusted, PEM; without it the public ones are.
    pub ca_file: Option<FilePath>,
    /// The RSA key that requests are sealed for, PEM.
    pub public_key_file: FilePath,
    /// The six path templates.
    pub paths: Paths,
    /// How long each call may take.
    pub timeouts: Timeouts,
    /// Keys one of which must be in the chain; empty: any key that the authorities vouch for.
    pub pins: Vec<SpkiPin>,
    /// The OAuth scope asked for (§2).
    pub scope: String,
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
        let host_is_fit = host.starts_with(|first: char| first.is_ascii_alphanumeric())
            && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
        let port_is_fit = port.parse::<u16>().is_ok_and(|port| port != 0);
        let path_is_fit = path.chars().all(is_path_character);
        (host_is_fit && port_is_fit && path_is_fit).then(|| Self(format!("https://{rest}")))
    }

    /// The address, ready to have a path appended.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Totals for one call, from connecting to the last byte (§1.6 of the API page: DOPA and face comparison
/// run inside E3 and E6).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timeouts {
    /// TCP and TLS.
    pub connect: Duration,
    /// E1, E2, E5.
    pub ask: Duration,
    /// E3, E6.
    pub submit: Duration,
    /// E4.
    pub report: Duration,
}

impl Timeouts {
    /// The whole call at this endpoint.
    #[must_use]
    pub fn total(&self, endpoint: Endpoint) -> Duration {
        match endpoint {
            Endpoint::Token | Endpoint::ValidateQr | Endpoint::Consents => self.ask,
            Endpoint::Submit | Endpoint::CheckDopa => self.submit,
            Endpoint::ReportFailure => self.report,
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            ask: Duration::from_secs(20),
            submit: Duration::from_secs(60),
            report: Duration::from_secs(20),
        }
    }
}

/// SHA-256 over a certificate's SubjectPublicKeyInfo (RFC 7469 §2.4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
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
        let base_url = table.required("base_url", EXPECTED_URL, base_url);
        let ca_file = table.optional("ca_file", file_path);
        let public_key_file =
            table.required("public_key_file", "the PEM file of the bank's RSA key", file_path);
        let paths = table.section("paths", paths);
        let timeouts = table.section("timeouts", timeouts);
        let pins = table.optional("pins", pins).unwrap_or_default();
        let scope = table.optional("scope", |given| given.text("an OAuth scope"));
        Some(Bank {
            base_url: base_url?,
            ca_file,
            public_key_file: public_key_file?,
            paths,
            timeouts,
            pins,
            scope: scope.unwrap_or(DEFAULT_SCOPE).to_owned(),
        })
    })
}

const EXPECTED_URL: &str = "an https:// address without user name or query, such as \
                            https://uat.api.krungsri.com";

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
    given.list(PINS_MAX, "pins")?.iter().map(pin).collect()
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

    #[test]
    fn each_endpoint_has_the_patience_that_its_work_needs() {
        let timeouts = Timeouts::default();
        let totals = Endpoint::ALL.map(|endpoint| timeouts.total(endpoint).as_secs());
        assert_eq!(totals, [20, 20, 60, 20, 20, 60]);
    }
}
