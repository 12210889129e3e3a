//! The fuzzer puts error bodies together out of what gateways, token servers and proxies write.
//!
//! Each byte picks a piece, so that most inputs come near a body with a code. Every endpoint must come to
//! the same condition as `second_reading`; the condition is written and read back; its ruling keeps the two
//! rules that no row may break.

#![no_main]

mod second_reading;

use libfuzzer_sys::fuzz_target;

use protocol::{
    Action, Certainty, Condition, Effect, Endpoint, HttpAnswer, read_accepted, read_consents,
    read_qr_validation, read_token, ruling,
};
use second_reading::classified;

/// Below 128 a byte is itself; from there on it is one of these.
const PIECES: [&str; 64] = [
    "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u0000", "\\ud83d\\ude00", "\\ud800", " ",
    "\"statusCode\":", "\"statusMessage\":", "\"error\":", "\"error\":{", "\"code\":", "\"message\":",
    "\"data\":{}", "\"data\":null", "\"data\":\"\"", "\"error_description\":", "\"0000\"", "\"0\"",
    "0", "-0", "1101", "\"1101\"", "\"-100\"", "-100", "\"100\"", "100", "\"−26\"", "\" 1602 \"",
    "\"9999\"", "\"10000\"", "10000", "1e2", "1.0", "1e999", "-201", "\"-201\"", "\"+1\"", "\"๑๑๐๐\"",
    "\"invalid_client\"", "\"INVALID_TOKEN\"", "\"invalid_request\"", "\"server_error\"",
    "\"temporarily_unavailable\"", "\"access_denied\"", "\"Bad Gateway\"", "null", "true", "{}", "[]",
    "<html>", "<!DOCTYPE html>", "\u{feff}", "\r\n", "\t", "\"access_token\":\"t\"",
    "\"expires_in\":", "\"scope\":\"data:submission\"", "}}",
];

fuzz_target!(|data: &[u8]| {
    let [status, pieces @ ..] = data else { return };
    // 200 to 599 in steps that meet every class and the statuses with rows of their own.
    let status = [200, 201, 302, 400, 401, 403, 404, 408, 413, 429, 500, 502, 503, 504, 599, 418]
        [usize::from(status % 16)];
    let mut body = Vec::new();
    for piece in pieces {
        match piece.checked_sub(128) {
            Some(at) => body.extend_from_slice(PIECES[usize::from(at) % PIECES.len()].as_bytes()),
            None => body.push(*piece),
        }
    }
    let answer = HttpAnswer { status, body };
    for endpoint in Endpoint::ALL {
        let read = match endpoint {
            Endpoint::Token => read_token(&answer).map(drop),
            Endpoint::ValidateQr => read_qr_validation(&answer).map(drop),
            Endpoint::Consents => read_consents(&answer).map(drop),
            _ => read_accepted(endpoint, &answer).map(drop),
        };
        // A success may still lack what its reader needs: `bank_answer` looks at that.
        let expected = classified(endpoint, status, &answer.body);
        if let Err(expected) = expected {
            assert_eq!(read, Err(expected), "{endpoint:?}");
        }
        if let Err(condition) = read {
            check(condition, endpoint);
        }
    }
});

#[track_caller]
fn check(condition: Condition, endpoint: Endpoint) {
    assert_ne!(condition, Condition::SUCCESS);
    assert_eq!(condition.to_string().parse(), Ok(condition));
    let ruling = ruling(condition, endpoint);
    // No failure is a success; the two codes that mean one are of endings alone.
    assert!(ruling.action != Action::Done || endpoint.effect() == Effect::EndsReference);
    // What may have ended a reference is never simply sent again.
    let unknown = ruling.certainty == Certainty::Unknown && endpoint.effect() == Effect::EndsReference;
    assert!(!unknown || !matches!(ruling.action, Action::Reseal | Action::Recapture));
    assert!(!ruling.meaning.is_empty() && !ruling.text.is_empty());
}
