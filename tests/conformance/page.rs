//! What the API page, 1.6, asks for: written off its tables line by line, without a look at `protocol`.
//!
//! First line that fits wins. Where the page has no line for an endpoint, the line says "any" and follows
//! Doubt D38: any code may come anywhere.

/// One line of the page: codes, endpoints (`E1` to `E6`, or `any`), class, alert, key of the sentence.
pub struct Line {
    pub codes: &'static str,
    pub endpoints: &'static str,
    pub class: Class,
    pub alert: &'static str,
    pub text: &'static str,
}

/// The classes of the page's vocabulary, with how often, and what then.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Class {
    /// DONE: nothing is left to do.
    Done,
    /// RESCAN_QR.
    Rescan,
    /// REREAD so often, then the end.
    Reread(usize),
    /// REREAD so often, then STOP_REPORT with this code.
    RereadThenReport(usize, &'static str),
    /// RETRY_SAME so often.
    Same(usize),
    /// RETRY_SAME three times, then RETRY_LATER three times.
    SameThenLater,
    /// RETRY_LATER, three times over 60 s.
    Later,
    /// RETRY_LATER after 15 minutes, which nobody waits for: the circuit is open.
    Quota,
    /// RETRY_SAME twice, then DONE_PENDING.
    Pending,
    /// RESEAL once.
    Reseal,
    /// RETOKEN once, by the client.
    Retoken,
    /// RECONCILE: three repetitions, then UNRESOLVED.
    Reconcile,
    /// CONSENT, twice.
    Consent,
    /// The keyed fields are checked again once, then FIX_IN_APP.
    Recheck,
    /// RECAPTURE, five times, then STOP_REPORT `06`.
    Recapture,
    /// The ladder of smaller selfies, then BUG.
    Shrink,
    /// The header's time is corrected once.
    Clock,
    /// STOP.
    Stop,
    /// CONFIG_FAULT.
    Config,
    /// BUG.
    Bug,
}

use Class::{
    Bug, Clock, Config, Consent, Done, Later, Pending, Quota, Recapture, Recheck, Reconcile,
    Reread, RereadThenReport, Rescan, Reseal, Retoken, Same, SameThenLater, Shrink, Stop,
};

const fn line(
    codes: &'static str,
    endpoints: &'static str,
    class: Class,
    alert: &'static str,
    text: &'static str,
) -> Line {
    Line { codes, endpoints, class, alert, text }
}

/// The line for a written condition at `E1` to `E6`.
pub fn expected(written: &str, endpoint: &str) -> &'static Line {
    let fits = |line: &&Line| {
        let here = line.endpoints == "any" || line.endpoints.split(' ').any(|one| one == endpoint);
        here && line.codes.split(' ').any(|code| code == written)
    };
    let line = PAGE.iter().find(fits);
    assert!(line.is_some(), "the page has no line for {written} at {endpoint}");
    line.expect("as just seen")
}

/// Every code that the page names, once, with some of each family of unlisted ones.
pub fn codes() -> Vec<&'static str> {
    let mut codes: Vec<&str> = PAGE.iter().flat_map(|line| line.codes.split(' ')).collect();
    let mut seen = std::collections::HashSet::new();
    codes.retain(|code| seen.insert(*code));
    codes
}

#[rustfmt::skip] // A table is read down its columns.
const PAGE: &[Line] = &[
    // A. DiiS.
    line("0000",                "any",   Done,      "none",  "done"),
    line("1100 1101 1103 1200 1600 1601 1602", "E4", Done, "none", "done"),
    line("1100",                "any",   Rescan,    "count", "qr_invalid"),
    line("1101",                "any",   Rescan,    "none",  "qr_expired"),
    line("1102",                "any",   Reread(2), "count", "qr_other_card"),
    line("1103 1601",           "any",   Rescan,    "none",  "qr_cancelled"),
    line("1200 1600",           "any",   Rescan,    "none",  "qr_invalid"),
    line("1602",                "any",   Rescan,    "none",  "qr_used"),
    line("1201 1203 1299",      "any",   Later,     "warn",  "dopa_unavailable"),
    line("1202",                "any",   Reread(1), "count", "dopa_refused"),
    line("1301 1303 1399",      "E3",    Pending,   "warn",  "done_pending"),
    line("1301 1303 1399",      "any",   Same(3),   "warn",  "bank_busy"),
    line("1302",                "any",   Recheck,   "none",  "details_differ"),
    line("1402 1401 1499 1502", "any",   Reseal,    "warn",  "system_problem"),
    line("1501",                "any",   Reseal,    "page",  "system_problem"),
    line("1700 1799 1899",      "any",   Later,     "none",  "bank_busy"),
    line("1900",                "any",   Consent,   "none",  "consent_needed"),
    line("2001",                "E3",    RereadThenReport(2, "03"), "count", "card_mismatch"),
    line("2001",                "any",   Reread(2), "count", "card_mismatch"),
    line("2002",                "any",   Stop,      "none",  "face_refused"),
    line("2003",                "any",   Stop,      "none",  "refused"),
    line("9300",                "E3",    Recapture, "warn",  "selfie_needed"),
    line("9301",                "E3",    Recapture, "none",  "face_mismatch"),
    line("9302",                "E3",    Recapture, "none",  "face_unclear"),
    line("9300 9301 9302",      "any",   Stop,      "warn",  "refused"),
    line("9400",                "any",   Reseal,    "warn",  "system_problem"),
    line("9401 9402",           "any",   Config,    "page",  "out_of_service"),
    line("9403",                "any",   Stop,      "warn",  "qr_not_here"),
    line("9997",                "E3 E4", Reconcile, "page",  "checking_result"),
    line("9997",                "any",   Same(3),   "none",  "bank_busy"),
    line("9998",                "any",   Bug,       "page",  "system_fault"),
    line("9999",                "any",   Later,     "count", "bank_busy"),
    line("0001 1104 1801 2004 2999", "any", Stop,   "warn",  "refused"),
    line("9000 9123 9996",      "E3 E4", Reconcile, "page",  "checking_result"),
    line("9000 9123 9996",      "any",   Later,     "warn",  "bank_busy"),
    line("3000 8999",           "E3 E4", Reconcile, "page",  "checking_result"),
    line("3000 8999",           "any",   Stop,      "warn",  "refused"),
    // B. The gateway.
    line("-3 -4 -6 -7 -28",     "any",   Bug,       "page",  "system_fault"),
    line("-19 -25 -102 -103 -104 -106 -107", "any", Config, "page", "out_of_service"),
    line("-20 -27",             "any",   Stop,      "warn",  "refused"),
    line("-21 -22",             "E3",    Shrink,    "warn",  "system_problem"),
    line("-21 -22",             "any",   Bug,       "page",  "system_fault"),
    line("-23",                 "E3 E4", Reconcile, "page",  "checking_result"),
    line("-23",                 "any",   Same(3),   "none",  "bank_busy"),
    line("-24",                 "any",   Later,     "none",  "bank_busy"),
    line("-26",                 "any",   Clock,     "warn",  "clock_wrong"),
    line("-100 -101 -105",      "E1",    Config,    "page",  "out_of_service"),
    line("-100 -101 -105",      "any",   Retoken,   "count", "system_problem"),
    line("-108",                "any",   Quota,     "warn",  "bank_busy"),
    line("-200 -201 -202",      "E3 E4", Reconcile, "page",  "checking_result"),
    line("-200 -201 -202",      "any",   Same(3),   "none",  "bank_busy"),
    line("-300 -301",           "any",   SameThenLater, "none", "bank_busy"),
    line("-1 -99 -302",         "E3 E4", Reconcile, "page",  "checking_result"),
    line("-1 -99 -302",         "any",   Stop,      "warn",  "refused"),
    // C. HTTP, network, token.
    line("NET_NO_CODE NET_TOO_LARGE", "E3 E4", Reconcile, "page", "checking_result"),
    line("NET_NO_CODE NET_TOO_LARGE", "any", Same(1), "warn", "bank_busy"),
    line("NET_DRIFT",           "E3 E4", Reconcile, "page",  "checking_result"),
    line("NET_DRIFT",           "any",   Stop,      "page",  "system_fault"),
    line("NET_REDIRECTED HTTP_302", "any", Config,  "page",  "out_of_service"),
    line("NET_NOT_JSON",        "E3 E4", Reconcile, "page",  "checking_result"),
    line("NET_NOT_JSON",        "any",   Config,    "page",  "out_of_service"),
    line("HTTP_400 HTTP_401",   "E1",    Config,    "page",  "out_of_service"),
    line("HTTP_400",            "any",   Bug,       "page",  "system_fault"),
    line("HTTP_401",            "any",   Retoken,   "count", "system_problem"),
    line("HTTP_403 HTTP_404 HTTP_405 HTTP_406 HTTP_407 HTTP_415 HTTP_418 HTTP_511", "any", Config, "page", "out_of_service"),
    line("HTTP_408",            "E3 E4", Reconcile, "page",  "checking_result"),
    line("HTTP_408 HTTP_425",   "any",   Same(3),   "none",  "bank_busy"),
    line("HTTP_429",            "any",   SameThenLater, "none", "bank_busy"),
    line("HTTP_413",            "E3",    Shrink,    "warn",  "system_problem"),
    line("HTTP_413",            "any",   Bug,       "page",  "system_fault"),
    line("HTTP_500 HTTP_502 HTTP_504 HTTP_599", "E3 E4", Reconcile, "page", "checking_result"),
    line("HTTP_500 HTTP_502 HTTP_504 HTTP_599", "any", Same(3), "none", "bank_busy"),
    line("HTTP_503",            "any",   Later,     "none",  "bank_busy"),
    line("NET_UNREACHABLE NET_TLS", "any", Same(3), "none",  "bank_unreachable"),
    line("NET_PROXY",           "any",   Same(3),   "warn",  "bank_unreachable"),
    line("NET_CERTIFICATE",     "any",   Config,    "page",  "out_of_service"),
    // 1.11: a clock that is too wrong to be corrected.
    line("NET_CLOCK",           "any",   Config,    "page",  "clock_wrong"),
    line("NET_CUT NET_TIMEOUT", "E3 E4", Reconcile, "page",  "checking_result"),
    line("NET_CUT",             "any",   Same(3),   "none",  "bank_unreachable"),
    line("NET_TIMEOUT",         "any",   Same(3),   "none",  "bank_busy"),
    line("OAUTH_INVALID_CLIENT OAUTH_UNAUTHORIZED_CLIENT OAUTH_INVALID_SCOPE OAUTH_UNSUPPORTED_GRANT_TYPE OAUTH_INVALID_GRANT OAUTH_INVALID_REQUEST OAUTH_INSUFFICIENT_SCOPE OAUTH_ACCESS_DENIED", "any", Config, "page", "out_of_service"),
    line("OAUTH_INVALID_TOKEN", "E1",    Config,    "page",  "out_of_service"),
    line("OAUTH_INVALID_TOKEN", "any",   Retoken,   "count", "system_problem"),
    line("OAUTH_TEMPORARILY_UNAVAILABLE OAUTH_SERVER_ERROR", "any", Later, "none", "bank_busy"),
];
