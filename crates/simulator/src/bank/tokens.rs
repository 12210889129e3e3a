//! Access tokens of the simulated bank (§2): issued for the right credentials, good for a while, forgotten.
//! Where a token is demanded is the gateway's affair.

use std::time::{Duration, Instant};

use super::code::Code;
use super::finding::{Finding, Refusal};

/// Tokens good at the same time; the oldest goes first.
const TOKENS_MAX: usize = 100;

/// The scope a client asks for (§2).
const SCOPE: &str = "ndid:alternative";

#[derive(Default)]
pub(super) struct Tokens {
    issued: Vec<(String, Instant)>,
}

/// What a client must show to get a token.
pub(super) struct Client<'a> {
    pub id: &'a str,
    pub secret: &'a str,
}

impl Tokens {
    /// Reads the form and issues a token.
    ///
    /// # Errors
    /// An OAuth error by name, as RFC 6749 §5.2 has it.
    pub(super) fn issue(
        &mut self,
        form: &[u8],
        client: &Client<'_>,
        lifetime: Duration,
    ) -> Result<String, Refusal> {
        check_form(&parse_form(form)?, client)?;
        let token = super::identifier::uuid();
        if self.issued.len() >= TOKENS_MAX {
            self.issued.remove(0);
        }
        self.issued.push((token.clone(), Instant::now() + lifetime));
        Ok(token)
    }

    pub(super) fn is_good(&self, token: &str) -> bool {
        let now = Instant::now();
        self.issued.iter().any(|(issued, end)| issued == token && now < *end)
    }

    pub(super) fn known(&self) -> impl Iterator<Item = &str> {
        self.issued.iter().map(|(token, _)| token.as_str())
    }

    pub(super) fn expire_all(&mut self) {
        self.issued.clear();
    }
}

fn refuse(name: &'static str, field: &str, expected: &'static str, got: &'static str) -> Refusal {
    Refusal::new(Code::OAuth(name), Finding::new(field, expected, got))
}

fn check_form(pairs: &[(String, String)], client: &Client<'_>) -> Result<(), Refusal> {
    const NAMES: [&str; 4] = ["scope", "grant_type", "client_id", "client_secret"];
    if pairs.iter().any(|(name, _)| !NAMES.contains(&name.as_str())) {
        return Err(refuse("invalid_request", "form", "only the document's fields", "another"));
    }
    let value = |name: &'static str| {
        let mut values = pairs.iter().filter(|(pair, _)| pair == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Ok(value.as_str()),
            (None, _) => Err(refuse("invalid_request", name, "a value", "nothing")),
            (Some(_), Some(_)) => Err(refuse("invalid_request", name, "one value", "two")),
        }
    };
    let [scope, grant, id, secret] =
        [value("scope")?, value("grant_type")?, value("client_id")?, value("client_secret")?];
    if grant != "client_credentials" {
        let name = "unsupported_grant_type";
        return Err(refuse(name, "grant_type", "client_credentials", "another"));
    }
    if id != client.id || secret != client.secret {
        return Err(refuse("invalid_client", "client_id", "known credentials", "others"));
    }
    if scope != SCOPE {
        return Err(refuse("invalid_scope", "scope", SCOPE, "another"));
    }
    Ok(())
}

/// `application/x-www-form-urlencoded`, as the WHATWG's URL standard parses it.
fn parse_form(form: &[u8]) -> Result<Vec<(String, String)>, Refusal> {
    let malformed = || refuse("invalid_request", "form", "names and values", "something else");
    let text = std::str::from_utf8(form).map_err(|_| malformed())?;
    text.split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=').ok_or_else(malformed)?;
            Ok((
                percent_decode(name).ok_or_else(malformed)?,
                percent_decode(value).ok_or_else(malformed)?,
            ))
        })
        .collect()
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "grant_type=client_credentials&scope=ndid%3Aalternative\
                        &client_id=a%20b&client_secret=c%2Bd";

    #[track_caller]
    fn check(form: &str, expected: Result<(), &'static str>) {
        let client = Client { id: "a b", secret: "c+d" };
        let issued = Tokens::default()
            .issue(form.as_bytes(), &client, Duration::from_secs(900))
            .map(drop)
            .map_err(|refusal| refusal.code);
        assert_eq!(issued, expected.map_err(Code::OAuth));
    }

    #[test]
    fn the_right_form_gets_a_token() {
        check(GOOD, Ok(()));
        check(&GOOD.replace("a%20b", "a+b"), Ok(()));
    }

    #[test]
    fn each_wrong_form_has_its_own_error() {
        check(&GOOD.replace("client_credentials", "password"), Err("unsupported_grant_type"));
        check(&GOOD.replace("c%2Bd", "guess"), Err("invalid_client"));
        check(&GOOD.replace("ndid%3Aalternative", "data:submission"), Err("invalid_scope"));
        check(&GOOD.replace("&client_id=a%20b", ""), Err("invalid_request"));
        check(&format!("{GOOD}&client_id=a%20b"), Err("invalid_request"));
        check(&format!("{GOOD}&extra=1"), Err("invalid_request"));
        check("", Err("invalid_request"));
        check(&GOOD.replace("%2B", "%2"), Err("invalid_client"));
        check("{\"grant_type\":\"client_credentials\"}", Err("invalid_request"));
    }

    #[test]
    fn a_token_ends_with_its_time_or_when_the_bank_forgets() {
        let client = Client { id: "a b", secret: "c+d" };
        let mut tokens = Tokens::default();
        let over = tokens.issue(GOOD.as_bytes(), &client, Duration::ZERO).unwrap();
        let good = tokens.issue(GOOD.as_bytes(), &client, Duration::from_secs(900)).unwrap();
        assert!(!tokens.is_good(&over) && tokens.is_good(&good));
        tokens.expire_all();
        assert!(!tokens.is_good(&good));
    }
}
