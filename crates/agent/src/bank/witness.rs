//! Who hears of each attempt what the bank's support asks for: the id under which it went out, and the id that the
//! bank's gateway gave it (§10). What is kept of it is the witness's business.

use std::fmt;

use protocol::header;
use reqwest::header::HeaderMap;

use super::NotJournaled;

/// The gateway's ids are UUIDs; a longer or stranger one is kept by nobody.
const CHARACTERS_MAX: usize = 64;

/// Hears of the attempts of one call.
pub(crate) trait Witness: Send {
    /// An attempt begins; its first byte has not left, and leaves only if this says so.
    fn begins(&mut self, transaction_id: &str) -> Result<(), NotJournaled>;

    /// The bank's gateway gave the attempt an id of its own.
    fn served(&mut self, transaction_id: &str, server_id: &ServerId);
}

/// Whoever cares about the beginning alone.
impl<F: FnMut(&str) -> Result<(), NotJournaled> + Send> Witness for F {
    fn begins(&mut self, transaction_id: &str) -> Result<(), NotJournaled> {
        self(transaction_id)
    }

    fn served(&mut self, _transaction_id: &str, _server_id: &ServerId) {}
}

/// What the gateway calls an attempt: letters, digits and hyphens, never a text of anybody.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ServerId(String);

impl ServerId {
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(header::SERVER_TRANSACTION_ID)?.to_str().ok()?.trim();
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let sound = (1..=CHARACTERS_MAX).contains(&text.len()) && text.chars().all(fits);
        sound.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::SERVER_TRANSACTION_ID, written.parse().unwrap());
        assert_eq!(ServerId::of(&headers).map(|id| id.to_string()).as_deref(), expected);
    }

    #[test]
    fn a_gateways_id_is_kept_and_nothing_else_that_stands_in_its_place() {
        let id = "a01fa0ae-190a-49d5-9cc1-465f9f9ab0dc";
        check(id, Some(id));
        check(" GW7-0001 ", Some("GW7-0001"));
        check("Somchai Jaidee", None);
        check("", None);
        check(&"a".repeat(65), None);
        assert_eq!(ServerId::of(&HeaderMap::new()), None);
    }
}
