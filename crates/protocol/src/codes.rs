//! Every code that the bank or the way to it may answer, and what to do about each: one table.
//!
//! The codes are §10's, the classes those of the API page, 1.6. Any code is accepted at any endpoint
//! (Doubt D38); the first row that fits wins, then the first family, then [`UNKNOWN`].

use std::{ops::RangeInclusive, time::Duration};

use crate::{
    condition::{
        Condition::{self, Diis, Gateway, Http, OAuth, Transport},
        OAuthError,
        Transport::{
            BodyTooLarge, Certificate, Cut, Drift, NoCode, NotJson, Proxy, Redirected, TimedOut,
            TlsHandshake, Unreachable, WrongClock,
        },
    },
    endpoint::{Effect, Endpoint},
    requests::FailureReason,
    ruling::{Action, Alert, Certainty, Ruling},
};

/// What to do about `condition` when `endpoint` was called. Every condition has a ruling.
#[must_use]
pub fn ruling(condition: Condition, endpoint: Endpoint) -> Ruling {
    let row = ROWS.iter().find(|row| row.condition == condition && row.scope.covers(endpoint));
    let family = || FAMILIES.iter().find(|family| family.covers(condition, endpoint));
    row.map(|row| row.ruling).or_else(|| family().map(|family| family.ruling)).unwrap_or(UNKNOWN)
}

/// Every listed row, in the order of §10; a condition has several when endpoints differ.
pub fn table() -> impl Iterator<Item = &'static Row> {
    ROWS.iter()
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The condition.
    pub condition: Condition,
    /// Where it was met.
    pub scope: Scope,
    /// What to do.
    pub ruling: Ruling,
}

/// The endpoints that a row speaks of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// Any, as far as no earlier row spoke of it.
    Every,
    /// E3 and E4, whose lost answer leaves the reference's fate unknown.
    Ending,
    /// This one.
    Only(Endpoint),
}

impl Scope {
    /// Whether the row speaks of this endpoint.
    #[must_use]
    pub fn covers(self, endpoint: Endpoint) -> bool {
        match self {
            Self::Every => true,
            Self::Ending => endpoint.effect() == Effect::EndsReference,
            Self::Only(only) => only == endpoint,
        }
    }
}

const EVERY: Scope = Scope::Every;
const ENDING: Scope = Scope::Ending;
const TOKEN: Scope = Scope::Only(Endpoint::Token);
const SUBMIT: Scope = Scope::Only(Endpoint::Submit);
const REPORT: Scope = Scope::Only(Endpoint::ReportFailure);

/// A row's class: all of a ruling but its words.
#[derive(Clone, Copy)]
struct Class {
    action: Action,
    times: u8,
    then: Action,
    wait_at_least: Duration,
    alert: Alert,
    certainty: Certainty,
}

impl Class {
    const fn ends(action: Action, certainty: Certainty) -> Self {
        Self {
            action,
            times: 1,
            then: action,
            wait_at_least: Duration::ZERO,
            alert: Alert::None,
            certainty,
        }
    }

    const fn repeats(action: Action, times: u8, then: Action) -> Self {
        Self { times, then, ..Self::ends(action, Certainty::NotDone) }
    }

    const fn then(self, then: Action) -> Self {
        Self { then, ..self }
    }

    const fn times(self, times: u8) -> Self {
        Self { times, ..self }
    }

    const fn alert(self, alert: Alert) -> Self {
        Self { alert, ..self }
    }

    const fn certainty(self, certainty: Certainty) -> Self {
        Self { certainty, ..self }
    }
}

const DONE: Class = Class::ends(Action::Done, Certainty::Final);
const RESCAN: Class = Class::ends(Action::RescanQr, Certainty::Final);
const STOP: Class = Class::ends(Action::Stop, Certainty::Final);
/// Refused before the bank looked at the reference.
const TURNED_AWAY: Class = Class::ends(Action::Stop, Certainty::NotDone).alert(Alert::Warn);
const CONFIG: Class = Class::ends(Action::ConfigFault, Certainty::NotDone).alert(Alert::Page);
const BUG: Class = Class::ends(Action::Bug, Certainty::NotDone).alert(Alert::Page);
/// Three tries in front of the customer.
const AGAIN: Class = Class::repeats(Action::RetrySame, 3, Action::Stop);
/// Three tries over 60 s, then the customer chooses.
const LATER: Class = Class::repeats(Action::RetryLater, 3, Action::Stop);
/// The procedure of 1.9 has bounds of its own and never ends in a guess.
const RECONCILE: Class = Class::ends(Action::Reconcile, Certainty::Unknown);
const RESEAL: Class = Class::repeats(Action::Reseal, 1, Action::ConfigFault).alert(Alert::Warn);
const RETOKEN: Class = Class::repeats(Action::Retoken, 1, Action::ConfigFault).alert(Alert::Count);
const REREAD: Class = Class::repeats(Action::Reread, 2, Action::Stop).alert(Alert::Count);
const CONSENT: Class = Class::repeats(Action::AskConsent, 2, Action::Stop);
const RECHECK: Class = Class::repeats(Action::RecheckInput, 1, Action::FixInApp);
/// §10 limits resubmits to five (Doubt D11).
const RECAPTURE: Class =
    Class::repeats(Action::Recapture, 5, Action::StopReport(FailureReason::FaceAttempts));
/// From 100 to 60 to 40 KB.
const SHRINK: Class = Class::repeats(Action::ShrinkSelfie, 2, Action::Bug).alert(Alert::Warn);
const CLOCK: Class = Class::repeats(Action::FixClock, 1, Action::ConfigFault).alert(Alert::Warn);
/// The bank has the data; only telling the channel's app failed.
const CALLBACK: Class = Class::repeats(Action::RetrySame, 2, Action::DonePending)
    .alert(Alert::Warn)
    .certainty(Certainty::Unknown);
/// An exhausted quota comes back by the clock, not by trying.
const QUOTA: Class = Class { wait_at_least: Duration::from_secs(15 * 60), ..LATER };

const fn row(
    condition: Condition,
    scope: Scope,
    class: Class,
    text: &'static str,
    meaning: &'static str,
) -> Row {
    Row { condition, scope, ruling: worded(class, text, meaning) }
}

const fn worded(class: Class, text: &'static str, meaning: &'static str) -> Ruling {
    let Class { action, times, then, wait_at_least, alert, certainty } = class;
    Ruling { action, times, then, wait_at_least, text, alert, certainty, meaning }
}

const COUNT: Alert = Alert::Count;
const WARN: Alert = Alert::Warn;
const PAGE: Alert = Alert::Page;
const MISMATCH: Action = Action::StopReport(FailureReason::IdMismatch);

#[rustfmt::skip] // A table is read down its columns.
const ROWS: &[Row] = &[
    // §10, DiiS.
    row(Diis(0),    EVERY,  DONE,               "done",             "success"),
    row(Diis(1100), REPORT, DONE,               "done",             "invalid QR code: nothing is left to report"),
    row(Diis(1100), EVERY,  RESCAN.alert(COUNT),"qr_invalid",       "invalid QR code"),
    row(Diis(1101), REPORT, DONE,               "done",             "QR code has expired: nothing is left to report"),
    row(Diis(1101), EVERY,  RESCAN,             "qr_expired",       "QR code has expired"),
    row(Diis(1102), EVERY,  REREAD.then(Action::RescanQr), "qr_other_card", "the reference is registered for another citizen id, or was used"),
    row(Diis(1103), REPORT, DONE,               "done",             "QR code is cancelled: nothing is left to report"),
    row(Diis(1103), EVERY,  RESCAN,             "qr_cancelled",     "QR code is cancelled"),
    row(Diis(1200), REPORT, DONE,               "done",             "invalid transaction reference: nothing is left to report"),
    row(Diis(1200), EVERY,  RESCAN,             "qr_invalid",       "invalid transaction reference"),
    row(Diis(1201), EVERY,  LATER.alert(WARN),  "dopa_unavailable", "the DOPA service fails"),
    row(Diis(1202), EVERY,  REREAD.times(1),    "dopa_refused",     "DOPA says that the card's information is invalid"),
    row(Diis(1301), SUBMIT, CALLBACK,           "done_pending",     "callback to the channel failed; the bank may have the data"),
    row(Diis(1301), EVERY,  AGAIN.alert(WARN),  "bank_busy",        "callback to the channel failed, at an endpoint without callback"),
    row(Diis(1302), EVERY,  RECHECK,            "details_differ",   "customer data differ from those registered in the channel's app"),
    row(Diis(1303), SUBMIT, CALLBACK,           "done_pending",     "callback to KMA failed; the bank may have the data"),
    row(Diis(1303), EVERY,  AGAIN.alert(WARN),  "bank_busy",        "callback to KMA failed, at an endpoint without callback"),
    row(Diis(1399), SUBMIT, CALLBACK,           "done_pending",     "the channel's callback cannot be reached; the bank may have the data"),
    row(Diis(1399), EVERY,  AGAIN.alert(WARN),  "bank_busy",        "the channel's callback cannot be reached, at an endpoint without callback"),
    row(Diis(1402), EVERY,  RESEAL,             "system_problem",   "AES decryption failed at the bank: framing or key form"),
    row(Diis(1501), EVERY,  RESEAL.alert(PAGE), "system_problem",   "RSA decryption failed at the bank: wrong or rotated public key"),
    row(Diis(1600), REPORT, DONE,               "done",             "reference not found: nothing is left to report"),
    row(Diis(1600), EVERY,  RESCAN,             "qr_invalid",       "reference not found"),
    row(Diis(1601), REPORT, DONE,               "done",             "QR code is cancelled: nothing is left to report"),
    row(Diis(1601), EVERY,  RESCAN,             "qr_cancelled",     "QR code is cancelled"),
    row(Diis(1602), REPORT, DONE,               "done",             "reference already used: nothing is left to report"),
    row(Diis(1602), EVERY,  RESCAN,             "qr_used",          "reference already used; after a sending of our own it means that the sending arrived"),
    row(Diis(1700), EVERY,  LATER,              "bank_busy",        "the blacklist service failed"),
    row(Diis(1799), EVERY,  LATER,              "bank_busy",        "the blacklist service cannot be reached"),
    row(Diis(1899), EVERY,  LATER,              "bank_busy",        "face recognition cannot be reached; the same selfie, which does not count"),
    row(Diis(1900), EVERY,  CONSENT,            "consent_needed",   "customer consents needed"),
    row(Diis(2001), SUBMIT, REREAD.then(MISMATCH), "card_mismatch", "citizen id mismatch"),
    row(Diis(2001), EVERY,  REREAD,             "card_mismatch",    "citizen id mismatch"),
    row(Diis(2002), EVERY,  STOP,               "face_refused",     "biometric comparison failed, with no resubmit allowed"),
    row(Diis(2003), EVERY,  STOP,               "refused",          "customer is in the blacklist: screen, slip and timing stay neutral"),
    row(Diis(9300), SUBMIT, RECAPTURE.alert(WARN), "selfie_needed", "a selfie is required, whatever faceCompare said"),
    row(Diis(9300), EVERY,  TURNED_AWAY,        "refused",          "a selfie is required, at an endpoint without selfie"),
    row(Diis(9301), SUBMIT, RECAPTURE,          "face_mismatch",    "biometric comparison failed"),
    row(Diis(9301), EVERY,  TURNED_AWAY,        "refused",          "biometric comparison failed, at an endpoint without selfie"),
    row(Diis(9302), SUBMIT, RECAPTURE,          "face_unclear",     "biometric comparison error"),
    row(Diis(9302), EVERY,  TURNED_AWAY,        "refused",          "biometric comparison error, at an endpoint without selfie"),
    row(Diis(9400), EVERY,  RESEAL.then(Action::Bug), "system_problem", "data error: check the fields against their limits, seal anew"),
    row(Diis(9401), EVERY,  CONFIG,             "out_of_service",   "unauthorized: invalid API key"),
    row(Diis(9402), EVERY,  CONFIG,             "out_of_service",   "unauthorized trusted source"),
    row(Diis(9403), EVERY,  TURNED_AWAY,        "qr_not_here",      "this channel or product may not be used here; many at once mean a wrong configuration"),
    row(Diis(9997), ENDING, RECONCILE,          "checking_result",  "time out behind the gateway: the bank may have acted"),
    row(Diis(9997), EVERY,  AGAIN,              "bank_busy",        "time out behind the gateway"),
    row(Diis(9998), EVERY,  BUG,                "system_fault",     "invalid schema"),
    row(Diis(9999), EVERY,  LATER.alert(COUNT), "bank_busy",        "the backend cannot be reached"),
    // §10, gateway.
    row(Gateway(3),   EVERY,  BUG,              "system_fault",     "invalid Content-Type header"),
    row(Gateway(4),   EVERY,  BUG,              "system_fault",     "schema validation failed; suspect time form, framing or country key"),
    row(Gateway(6),   EVERY,  BUG,              "system_fault",     "X-Client-Transaction-ID is no UUID"),
    row(Gateway(7),   EVERY,  BUG,              "system_fault",     "invalid Accept header"),
    row(Gateway(19),  EVERY,  CONFIG,           "out_of_service",   "invalid signature; the document defines none"),
    row(Gateway(20),  EVERY,  TURNED_AWAY,      "refused",          "code injection suspected; look at the headers and the clear reference"),
    row(Gateway(21),  SUBMIT, SHRINK,           "system_problem",   "empty, or a field or the whole too long"),
    row(Gateway(21),  EVERY,  BUG,              "system_fault",     "empty, or a field or the whole too long"),
    row(Gateway(22),  SUBMIT, SHRINK,           "system_problem",   "message too large"),
    row(Gateway(22),  EVERY,  BUG,              "system_fault",     "message too large"),
    row(Gateway(23),  ENDING, RECONCILE,        "checking_result",  "replay detected: an earlier copy did arrive"),
    row(Gateway(23),  EVERY,  AGAIN,            "bank_busy",        "replay detected: a new transaction id helps"),
    row(Gateway(24),  EVERY,  LATER,            "bank_busy",        "service unavailable"),
    row(Gateway(25),  EVERY,  CONFIG,           "out_of_service",   "replay headers missing: switch on the alias header"),
    row(Gateway(26),  EVERY,  CLOCK,            "clock_wrong",      "the client's time is outside the bank's window"),
    row(Gateway(27),  EVERY,  TURNED_AWAY,      "refused",          "SQL attack suspected; look at the headers and the clear reference"),
    row(Gateway(28),  EVERY,  BUG,              "system_fault",     "duplicated name in the JSON request"),
    row(Gateway(100), TOKEN,  CONFIG,           "out_of_service",   "invalid token, at the token endpoint itself"),
    row(Gateway(100), EVERY,  RETOKEN,          "system_problem",   "invalid token: unknown, expired or out of scope"),
    row(Gateway(101), TOKEN,  CONFIG,           "out_of_service",   "invalid session state, at the token endpoint itself"),
    row(Gateway(101), EVERY,  RETOKEN,          "system_problem",   "invalid session state for the token"),
    row(Gateway(102), EVERY,  CONFIG,           "out_of_service",   "API key invalid, or not allowed to call this API"),
    row(Gateway(103), EVERY,  CONFIG,           "out_of_service",   "the source IP address is not on the bank's list: tell the bank the address of the way out"),
    row(Gateway(104), EVERY,  CONFIG,           "out_of_service",   "basic authentication required: the credentials' way of sending is wrong"),
    row(Gateway(105), TOKEN,  CONFIG,           "out_of_service",   "authentication failed"),
    row(Gateway(105), EVERY,  RETOKEN,          "system_problem",   "authentication failed"),
    row(Gateway(106), EVERY,  CONFIG,           "out_of_service",   "API key and token come from different applications"),
    row(Gateway(107), EVERY,  CONFIG,           "out_of_service",   "the API-Key header is missing or empty"),
    row(Gateway(108), EVERY,  QUOTA.alert(WARN),"bank_busy",        "the account plan's quota is exhausted"),
    row(Gateway(200), ENDING, RECONCILE,        "checking_result",  "internal server error: the bank may have acted"),
    row(Gateway(200), EVERY,  AGAIN,            "bank_busy",        "internal server error"),
    row(Gateway(201), ENDING, RECONCILE,        "checking_result",  "no connection behind the gateway: the bank may have acted"),
    row(Gateway(201), EVERY,  AGAIN,            "bank_busy",        "no connection behind the gateway"),
    row(Gateway(202), ENDING, RECONCILE,        "checking_result",  "invalid answer behind the gateway: the bank may have acted"),
    row(Gateway(202), EVERY,  AGAIN,            "bank_busy",        "invalid answer behind the gateway"),
    row(Gateway(300), EVERY,  AGAIN.then(Action::RetryLater), "bank_busy", "the load of this API is too high"),
    row(Gateway(301), EVERY,  AGAIN.then(Action::RetryLater), "bank_busy", "the load of this API's backend is too high"),
    // The API page, 1.6 C: HTTP without a usable body.
    row(Http(400), TOKEN,  CONFIG,              "out_of_service",   "bad request for a token"),
    row(Http(400), EVERY,  BUG,                 "system_fault",     "bad request"),
    row(Http(401), TOKEN,  CONFIG,              "out_of_service",   "the token endpoint refuses the credentials"),
    row(Http(401), EVERY,  RETOKEN,             "system_problem",   "unauthorized"),
    row(Http(403), EVERY,  CONFIG,              "out_of_service",   "forbidden: path, source address or proxy"),
    row(Http(404), EVERY,  CONFIG,              "out_of_service",   "not found: path or host"),
    row(Http(405), EVERY,  CONFIG,              "out_of_service",   "method not allowed: path or proxy"),
    row(Http(406), EVERY,  CONFIG,              "out_of_service",   "not acceptable: headers or proxy"),
    row(Http(407), EVERY,  CONFIG,              "out_of_service",   "a proxy wants authentication"),
    row(Http(408), ENDING, RECONCILE,           "checking_result",  "request timeout: the bank may have acted"),
    row(Http(408), EVERY,  AGAIN,               "bank_busy",        "request timeout"),
    row(Http(413), SUBMIT, SHRINK,              "system_problem",   "body too large"),
    row(Http(413), EVERY,  BUG,                 "system_fault",     "body too large"),
    row(Http(415), EVERY,  CONFIG,              "out_of_service",   "media type not supported: headers or proxy"),
    row(Http(425), EVERY,  AGAIN,               "bank_busy",        "too early"),
    row(Http(429), EVERY,  AGAIN.then(Action::RetryLater), "bank_busy", "too many requests"),
    row(Http(500), ENDING, RECONCILE,           "checking_result",  "server error: the bank may have acted"),
    row(Http(500), EVERY,  AGAIN,               "bank_busy",        "server error"),
    row(Http(502), ENDING, RECONCILE,           "checking_result",  "bad gateway: the bank may have acted"),
    row(Http(502), EVERY,  AGAIN,               "bank_busy",        "bad gateway"),
    row(Http(503), EVERY,  LATER,               "bank_busy",        "the bank's side is saturated; not processed"),
    row(Http(504), ENDING, RECONCILE,           "checking_result",  "gateway timeout: the bank may have acted"),
    row(Http(504), EVERY,  AGAIN,               "bank_busy",        "gateway timeout"),
    row(Http(511), EVERY,  CONFIG,              "out_of_service",   "a network portal wants a login"),
    // The way to the bank.
    row(Transport(Unreachable),  EVERY,  AGAIN,          "bank_unreachable", "name resolution or connection failed; nothing was sent"),
    row(Transport(TlsHandshake), EVERY,  AGAIN,          "bank_unreachable", "the TLS handshake did not finish; nothing was sent"),
    row(Transport(Certificate),  EVERY,  CONFIG,         "out_of_service",   "the server's certificate is not accepted: never go on"),
    row(Transport(Proxy),        EVERY,  AGAIN.alert(WARN), "bank_unreachable", "the proxy cannot be reached, or does not let through; nothing was sent"),
    row(Transport(WrongClock),   EVERY,  CONFIG,         "clock_wrong",      "this machine's clock is more than five minutes or some years wrong; nothing was sent"),
    row(Transport(Cut),          ENDING, RECONCILE,      "checking_result",  "the connection was lost while sending or waiting: the bank may have acted"),
    row(Transport(Cut),          EVERY,  AGAIN,          "bank_unreachable", "the connection was lost while sending or waiting"),
    row(Transport(TimedOut),     ENDING, RECONCILE,      "checking_result",  "no answer in time: the bank may have acted"),
    row(Transport(TimedOut),     EVERY,  AGAIN,          "bank_busy",        "no answer in time"),
    row(Transport(Redirected),   EVERY,  CONFIG,         "out_of_service",   "a redirect, which is never followed: captive portal or wrong address"),
    row(Transport(NotJson),      ENDING, RECONCILE.alert(WARN), "checking_result", "a success page that is no JSON: the bank may have acted"),
    row(Transport(NotJson),      EVERY,  CONFIG,         "out_of_service",   "a page instead of an answer: captive portal or proxy"),
    row(Transport(BodyTooLarge), ENDING, RECONCILE.alert(WARN), "checking_result", "an answer beyond the bound: the bank may have acted"),
    row(Transport(BodyTooLarge), EVERY,  AGAIN.times(1).alert(WARN), "bank_busy", "an answer beyond the bound"),
    row(Transport(NoCode),       ENDING, RECONCILE.alert(WARN), "checking_result", "a success without a code: the bank may have acted"),
    row(Transport(NoCode),       EVERY,  AGAIN.times(1).alert(WARN), "bank_busy", "a success without a code"),
    row(Transport(Drift),        ENDING, RECONCILE.alert(PAGE), "checking_result", "a success of unknown shape: the bank may have acted"),
    row(Transport(Drift),        EVERY,  TURNED_AWAY.alert(PAGE), "system_fault", "a success of unknown shape: the bank's protocol has moved"),
    // RFC 6749 and RFC 6750.
    row(OAuth(OAuthError::InvalidClient),          EVERY, CONFIG,  "out_of_service", "the client id or secret is wrong"),
    row(OAuth(OAuthError::UnauthorizedClient),     EVERY, CONFIG,  "out_of_service", "the client may not use this grant"),
    row(OAuth(OAuthError::InvalidScope),           EVERY, CONFIG,  "out_of_service", "the scope is unknown"),
    row(OAuth(OAuthError::UnsupportedGrantType),   EVERY, CONFIG,  "out_of_service", "the grant type is unknown"),
    row(OAuth(OAuthError::InvalidGrant),           EVERY, CONFIG,  "out_of_service", "the grant is not accepted"),
    row(OAuth(OAuthError::InvalidRequest),         EVERY, CONFIG,  "out_of_service", "the token request is malformed"),
    row(OAuth(OAuthError::InvalidToken),           TOKEN, CONFIG,  "out_of_service", "invalid token, at the token endpoint itself"),
    row(OAuth(OAuthError::InvalidToken),           EVERY, RETOKEN, "system_problem", "the access token is unknown or expired"),
    row(OAuth(OAuthError::InsufficientScope),      EVERY, CONFIG,  "out_of_service", "the token's scope does not reach this call"),
    row(OAuth(OAuthError::AccessDenied),           EVERY, CONFIG,  "out_of_service", "the server refuses this client"),
    row(OAuth(OAuthError::TemporarilyUnavailable), EVERY, LATER,   "bank_busy",      "the token server is busy"),
    row(OAuth(OAuthError::ServerError),            EVERY, LATER,   "bank_busy",      "the token server failed"),
];

/// Codes that are not listed but belong to a group of §10.
struct Family {
    kind: Kind,
    codes: RangeInclusive<u16>,
    scope: Scope,
    ruling: Ruling,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Diis,
    Gateway,
    Http,
}

impl Family {
    fn covers(&self, condition: Condition, endpoint: Endpoint) -> bool {
        let (kind, code) = match condition {
            Diis(code) => (Kind::Diis, code),
            Gateway(code) => (Kind::Gateway, code),
            Http(status) => (Kind::Http, status),
            OAuth(_) | Transport(_) => return false,
        };
        self.kind == kind && self.codes.contains(&code) && self.scope.covers(endpoint)
    }
}

const fn family(
    kind: Kind,
    codes: RangeInclusive<u16>,
    scope: Scope,
    class: Class,
    text: &'static str,
    meaning: &'static str,
) -> Family {
    Family { kind, codes, scope, ruling: worded(class, text, meaning) }
}

const UNMAPPED: Class = STOP.alert(WARN).certainty(Certainty::Unknown);
const UNCLEAR: Class = RECONCILE.alert(WARN);

#[rustfmt::skip] // A table is read down its columns.
const FAMILIES: &[Family] = &[
    family(Kind::Diis, 1200..=1299, EVERY,  LATER.alert(WARN), "dopa_unavailable", "unlisted, of the DOPA group"),
    family(Kind::Diis, 1400..=1599, EVERY,  RESEAL,            "system_problem",   "unlisted, of the decryption groups"),
    family(Kind::Diis, 0..=2999,    EVERY,  UNMAPPED,          "refused",          "unlisted"),
    family(Kind::Diis, 9000..=9999, ENDING, UNCLEAR,           "checking_result",  "unlisted, of the general errors: the bank may have acted"),
    family(Kind::Diis, 9000..=9999, EVERY,  LATER.alert(WARN), "bank_busy",        "unlisted, of the general errors"),
    family(Kind::Diis, 0..=u16::MAX, ENDING, UNCLEAR,          "checking_result",  "unlisted, of no known group: the bank may have acted"),
    family(Kind::Gateway, 0..=u16::MAX, ENDING, UNCLEAR,       "checking_result",  "unlisted gateway code: the bank may have acted"),
    family(Kind::Http, 300..=399,   EVERY,  CONFIG,            "out_of_service",   "a redirect, which is never followed"),
    family(Kind::Http, 400..=499,   EVERY,  CONFIG,            "out_of_service",   "unlisted refusal by HTTP status"),
    family(Kind::Http, 0..=u16::MAX, ENDING, UNCLEAR,          "checking_result",  "unlisted HTTP status: the bank may have acted"),
    family(Kind::Http, 0..=u16::MAX, EVERY, AGAIN,             "bank_busy",        "unlisted HTTP status"),
];

/// What no row and no family speaks of.
const UNKNOWN: Ruling = worded(UNMAPPED, "refused", "unlisted");

#[cfg(test)]
mod tests;
