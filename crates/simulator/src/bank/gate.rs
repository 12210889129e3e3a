//! The gateway in front of DiiS: headers, token, API key, replay, clock (§3 headers, §10 first table).
//! It sees no plaintext; what it refuses never reaches the ledger.

use std::collections::{HashSet, VecDeque};

use axum::http::HeaderMap;
use serde_json::Value;

use super::clock::{Clock, HeaderTime, TimeFault};
use super::finding::{Refusal, shown_name};
use super::identifier;
use super::strict_json::{self, JsonFault};
use super::tokens::Tokens;

/// Transaction ids remembered against replay (−23).
const REPLAY_IDS_MAX: usize = 10_000;

/// The longest `reference` in clear, and the longest of any single field outside `data`.
const CLEAR_FIELD_MAX: usize = 1_024;

const TRANSACTION_ID: &str = "X-Client-Transaction-ID";
const TRANSACTION_TIME: &str = "X-Client-Transaction-DateTime";

/// The transaction ids that were used.
#[derive(Default)]
pub(super) struct Replay {
    seen: HashSet<String>,
    order: VecDeque<String>,
}

/// What the gateway holds a request against.
pub(super) struct Gate<'a> {
    pub tokens: &'a Tokens,
    pub replay: &'a mut Replay,
    pub clock: &'a Clock,
    pub api_key: &'a str,
    pub header_time: HeaderTime,
}

/// The wire body of E2, E3, E4 and E6.
pub(super) struct WireBody {
    pub data: String,
    pub crc: String,
    /// E4 only.
    pub reference: Option<String>,
}

/// Whether the body names the reference in clear beside the envelope, as E4's does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ClearReference {
    Expected,
    Unknown,
}

impl Replay {
    fn accept(&mut self, id: &str) -> Result<(), Refusal> {
        if !self.seen.insert(id.to_owned()) {
            return Err(Refusal::gateway(23, TRANSACTION_ID, "a fresh one", "one used before"));
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > REPLAY_IDS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        Ok(())
    }
}

impl Gate<'_> {
    /// Checks the headers of E2 to E6. The id is spent by the first request that shows it with the right
    /// credentials, whatever the bank answers.
    pub(super) fn pass(&mut self, headers: &HeaderMap) -> Result<(), Refusal> {
        content_type(headers, "application/json", Some("utf-8"))?;
        let accept = single(headers, "Accept", 7)?;
        if accept != Some("application/json") {
            return Err(Refusal::gateway(7, "Accept", "application/json", presence(accept)));
        }
        self.token(headers)?;
        self.api_key(headers)?;
        self.freshness(headers)
    }

    fn token(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        const FIELD: &str = "Authorization";
        let value = single(headers, FIELD, 105)?
            .ok_or_else(|| Refusal::gateway(105, FIELD, "a bearer token", "nothing"))?;
        let token = value
            .strip_prefix("Bearer ")
            .ok_or_else(|| Refusal::gateway(105, FIELD, "a bearer token", "another scheme"))?;
        if self.tokens.is_good(token) {
            Ok(())
        } else {
            Err(Refusal::gateway(100, FIELD, "a token of this bank", "an unknown or expired one"))
        }
    }

    fn api_key(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        const FIELD: &str = "API-Key";
        match single(headers, FIELD, 102)? {
            None | Some("") => Err(Refusal::gateway(107, FIELD, "the assigned key", "nothing")),
            Some(key) if key == self.api_key => Ok(()),
            Some(_) => Err(Refusal::gateway(102, FIELD, "the assigned key", "another")),
        }
    }

    fn freshness(&mut self, headers: &HeaderMap) -> Result<(), Refusal> {
        let missing = |field| Refusal::gateway(25, field, "a value", "nothing");
        let id = single(headers, TRANSACTION_ID, 6)?.ok_or_else(|| missing(TRANSACTION_ID))?;
        let time =
            single(headers, TRANSACTION_TIME, 4)?.ok_or_else(|| missing(TRANSACTION_TIME))?;
        if !identifier::is_uuid(id) {
            let expected = "a version 4 UUID in lower case";
            return Err(Refusal::gateway(6, TRANSACTION_ID, expected, "another text"));
        }
        self.clock.accept(time, self.header_time).map_err(|fault| match fault {
            TimeFault::Shape => {
                let expected = "like 2019-12-11T101800.449+0700";
                Refusal::gateway(4, TRANSACTION_TIME, expected, "another shape")
            }
            TimeFault::OutsideWindow => {
                let expected = "the bank's time to 300 seconds";
                Refusal::gateway(26, TRANSACTION_TIME, expected, "another time")
            }
        })?;
        self.replay.accept(id)
    }
}

/// Checks the one header of E1 (§2).
pub(super) fn form_headers(headers: &HeaderMap) -> Result<(), Refusal> {
    content_type(headers, "application/x-www-form-urlencoded", None)
}

/// Reads the wire body: the names of the table, each once, each a text.
pub(super) fn wire_body(body: &[u8], clear: ClearReference) -> Result<WireBody, Refusal> {
    if body.is_empty() {
        return Err(Refusal::gateway(21, "body", "an envelope", "nothing"));
    }
    let value = strict_json::parse(body).map_err(|fault| match fault {
        JsonFault::Malformed => Refusal::gateway(4, "body", "JSON", "something else"),
        JsonFault::DuplicateName => Refusal::gateway(28, "body", "each name once", "one twice"),
    })?;
    let object = value
        .as_object()
        .ok_or_else(|| Refusal::gateway(4, "body", "a JSON object", "another value"))?;
    let known = |name: &str| {
        matches!(name, "data" | "crc") || (name == "reference" && clear == ClearReference::Expected)
    };
    if let Some(name) = object.keys().find(|name| !known(name)) {
        let field = shown_name(name);
        return Err(Refusal::gateway(4, field, "only names of the document", "an unknown field"));
    }
    let text = |name: &'static str| {
        let value = object.get(name);
        match value.and_then(Value::as_str) {
            Some("") => Err(Refusal::gateway(21, name, "a text", "an empty one")),
            Some(text) => Ok(text.to_owned()),
            None => Err(Refusal::gateway(4, name, "a text", "nothing or another kind")),
        }
    };
    let (data, crc) = (text("data")?, text("crc")?);
    let reference = match clear {
        ClearReference::Expected => Some(clear_reference(text("reference")?)?),
        ClearReference::Unknown => None,
    };
    Ok(WireBody { data, crc, reference })
}

/// The one text of a customer that the gateway can read, and so the one it searches for attacks.
fn clear_reference(reference: String) -> Result<String, Refusal> {
    if reference.len() > CLEAR_FIELD_MAX {
        return Err(Refusal::gateway(21, "reference", "at most 55 characters", "far more"));
    }
    let lower = reference.to_ascii_lowercase();
    if ["' or", "';", "--;", "union select", "drop table"].iter().any(|sign| lower.contains(sign)) {
        return Err(Refusal::gateway(27, "reference", "a plain text", "signs of SQL"));
    }
    if !reference.chars().all(|letter| letter.is_alphanumeric() || "._-".contains(letter)) {
        return Err(Refusal::gateway(20, "reference", "a plain text", "signs of code"));
    }
    Ok(reference)
}

/// The type alone, or the type with its only parameter `charset`.
fn content_type(
    headers: &HeaderMap,
    expected: &'static str,
    charset: Option<&str>,
) -> Result<(), Refusal> {
    const FIELD: &str = "Content-Type";
    let value = single(headers, FIELD, 3)?;
    let refuse = || Refusal::gateway(3, FIELD, expected, presence(value));
    let mut parts = value.ok_or_else(refuse)?.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let found = parts.next().map(|parameter| {
        parameter.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("charset"))
    });
    let charset_fits = match (found, charset) {
        (None, None) => true,
        (Some(Some((_, found))), Some(wanted)) => {
            found.trim_matches('"').eq_ignore_ascii_case(wanted)
        }
        (Some(Some((_, found))), None) => found.eq_ignore_ascii_case("utf-8"),
        (Some(None) | None, _) => false,
    };
    if media_type.eq_ignore_ascii_case(expected) && charset_fits && parts.next().is_none() {
        Ok(())
    } else {
        Err(refuse())
    }
}

/// The header's one value; twice the same header is refused with `code`.
fn single<'h>(headers: &'h HeaderMap, name: &str, code: u16) -> Result<Option<&'h str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(Refusal::gateway(code, name, "one header", "two"));
    }
    value
        .map(|value| value.to_str())
        .transpose()
        .map_err(|_| Refusal::gateway(code, name, "ASCII", "other bytes"))
}

fn presence(value: Option<&str>) -> &'static str {
    if value.is_some() { "another value" } else { "nothing" }
}

#[cfg(test)]
mod tests {
    use super::super::code::Code;
    use super::*;

    #[track_caller]
    fn check_body(body: &str, clear: ClearReference, expected: Result<(), u16>) {
        let read = wire_body(body.as_bytes(), clear).map(drop).map_err(|refusal| refusal.code);
        assert_eq!(read, expected.map_err(Code::Gateway), "{body}");
    }

    #[test]
    fn the_wire_body_has_the_documents_names_and_no_others() {
        use ClearReference::{Expected, Unknown};
        check_body(r#"{"data":"A","crc":"B"}"#, Unknown, Ok(()));
        check_body(r#"{"data":"A","crc":"B","reference":"SIM-1"}"#, Expected, Ok(()));
        check_body(r#"{"data":"A","crc":"B","reference":"SIM-1"}"#, Unknown, Err(4));
        check_body(r#"{"data":"A","crc":"B"}"#, Expected, Err(4));
        check_body(r#"{"data":"A"}"#, Unknown, Err(4));
        check_body(r#"{"data":1,"crc":"B"}"#, Unknown, Err(4));
        check_body(r#"{"data":"","crc":"B"}"#, Unknown, Err(21));
        check_body(r#"{"data":"A","crc":"B","data":"A"}"#, Unknown, Err(28));
        check_body("", Unknown, Err(21));
        check_body("[]", Unknown, Err(4));
        check_body("<html>", Unknown, Err(4));
    }

    #[test]
    fn attacks_in_the_clear_reference_are_told_apart() {
        for (reference, code) in
            [("1' OR 1=1", 27), ("x';--", 27), ("${jndi}", 20), ("<b>", 20), ("a b", 20)]
        {
            let body = format!(r#"{{"data":"A","crc":"B","reference":"{reference}"}}"#);
            check_body(&body, ClearReference::Expected, Err(code));
        }
        let long = format!(r#"{{"data":"A","crc":"B","reference":"{}"}}"#, "A".repeat(2_000));
        check_body(&long, ClearReference::Expected, Err(21));
    }

    #[track_caller]
    fn check_type(value: &str, expected: Result<(), u16>) {
        let mut headers = HeaderMap::new();
        headers.insert("Content-Type", value.parse().unwrap());
        let read = content_type(&headers, "application/json", Some("utf-8"));
        assert_eq!(
            read.map_err(|refusal| refusal.code),
            expected.map_err(Code::Gateway),
            "{value}"
        );
    }

    #[test]
    fn the_content_type_names_the_charset() {
        check_type("application/json; charset=UTF-8", Ok(()));
        check_type("application/json;charset=utf-8", Ok(()));
        check_type("application/json", Err(3));
        check_type("application/json; charset=tis-620", Err(3));
        check_type("application/json; charset=UTF-8; x=1", Err(3));
        check_type("text/plain; charset=UTF-8", Err(3));
    }
}
