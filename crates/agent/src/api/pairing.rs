//! Who may use the API: whoever brings the key in the page's address gets this boot's token (A4, A6).
//!
//! Key and token are 256 random bits each and never written to a log. Only their digests are kept to
//! compare with, without stopping at the first difference.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rand::TryRng;
use rand::rngs::SysRng;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::Shared;
use super::refusal::Refusal;
use crate::config::PageKeyUse;

/// Nobody mistypes a key of 256 bits; more than this many wrong ones are an attack or a broken program.
const WRONG_KEYS_MAX: usize = 5;
/// Within this time.
const WRONG_KEYS_WITHIN: Duration = Duration::from_secs(60);
const SECRET_BYTES: usize = 32;

/// The operating system gave no random bytes.
#[derive(Clone, Copy, Debug, Error)]
#[error("drawing a secret: the operating system gave no random bytes")]
pub struct NoRandomness;

/// The key in the page's address. It has no Debug.
pub struct PageKey {
    text: Zeroizing<String>,
    uses: PageKeyUse,
}

impl PageKey {
    /// Draws a new key.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn draw(uses: PageKeyUse) -> Result<Self, NoRandomness> {
        Ok(Self { text: draw()?, uses })
    }

    /// The page's address with the key behind `#`, where no browser sends it to any server.
    #[must_use]
    pub fn url(&self, address: SocketAddr) -> Zeroizing<String> {
        Zeroizing::new(format!("http://{address}/#key={}", self.text.as_str()))
    }
}

/// The file in which the browser's starter finds the page's address.
#[derive(Clone, Debug)]
pub struct UrlFile {
    /// Where it is.
    pub path: PathBuf,
    /// Where the page is served.
    pub address: SocketAddr,
}

impl UrlFile {
    /// Writes the address with this key: mode 0600, whole or not at all.
    ///
    /// # Errors
    /// [`io::Error`] if the folder may not be written to.
    pub fn write(&self, key: &PageKey) -> io::Result<()> {
        let new = self.path.with_added_extension("new");
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(key.url(self.address).as_bytes())?;
        file.write_all(b"\n")?;
        fs::rename(new, &self.path)
    }
}

/// The key, the token, and how often somebody guessed.
pub(super) struct Pairing {
    token: Zeroizing<String>,
    token_mark: Mark,
    uses: PageKeyUse,
    /// Where the next key is written once this one is used: a browser that was started anew finds it there.
    url_file: Option<UrlFile>,
    door: Mutex<Door>,
}

struct Door {
    /// None once a key that opens only once has been used.
    key_mark: Option<Mark>,
    wrong: VecDeque<Instant>,
}

impl Pairing {
    pub(super) fn new(key: PageKey, url_file: Option<UrlFile>) -> Result<Self, NoRandomness> {
        let token = draw()?;
        let door = Door { key_mark: Some(Mark::of(&key.text)), wrong: VecDeque::new() };
        let (token_mark, uses) = (Mark::of(&token), key.uses);
        Ok(Self { token, token_mark, uses, url_file, door: Mutex::new(door) })
    }

    /// The key after one that opened once; none if nobody could find it.
    fn next_key(&self) -> Option<Mark> {
        let file = self.url_file.as_ref()?;
        let key = PageKey::draw(self.uses).ok()?;
        match file.write(&key) {
            Ok(()) => Some(Mark::of(&key.text)),
            Err(error) => {
                tracing::error!(%error, "the page's next address could not be written");
                None
            }
        }
    }

    fn open(&self, key: &str, now: Instant) -> Result<&str, Refusal> {
        let mut door = self.door.lock().unwrap_or_else(PoisonError::into_inner);
        while door.wrong.front().is_some_and(|then| now - *then >= WRONG_KEYS_WITHIN) {
            door.wrong.pop_front();
        }
        if door.wrong.len() >= WRONG_KEYS_MAX {
            return Err(Refusal::TooManyKeys);
        }
        if !door.key_mark.as_ref().is_some_and(|mark| mark.is_of(key)) {
            door.wrong.push_back(now);
            return Err(Refusal::Key);
        }
        if self.uses == PageKeyUse::Once {
            door.key_mark = self.next_key();
        }
        Ok(&self.token)
    }

    fn knows(&self, token: &str) -> bool {
        self.token_mark.is_of(token)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PairRequest {
    key: String,
}

/// `POST /v1/pair`.
pub(super) async fn pair(State(api): State<Arc<Shared>>, body: Bytes) -> Response {
    let form = Refusal::Form { expected: "{\"key\": text}", got: "something else" };
    let Ok(PairRequest { key }) = serde_json::from_slice(&body) else {
        return form.into_response();
    };
    match api.pairing.open(&Zeroizing::new(key), Instant::now()) {
        Ok(token) => {
            tracing::info!("a page was paired");
            Json(serde_json::json!({ "token": token })).into_response()
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// Lets only requests with the token through.
pub(super) async fn with_token(
    State(api): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let mut values = request.headers().get_all(AUTHORIZATION).iter();
    let token = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")),
        _ => None,
    };
    if token.is_some_and(|token| api.pairing.knows(token)) {
        next.run(request).await
    } else {
        Refusal::Token.into_response()
    }
}

/// The digest of a secret.
struct Mark([u8; 32]);

impl Mark {
    fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Takes as long for a wrong first byte as for a wrong last one.
    fn is_of(&self, said: &str) -> bool {
        let other = Self::of(said);
        self.0.iter().zip(&other.0).fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
    }
}

fn draw() -> Result<Zeroizing<String>, NoRandomness> {
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    SysRng.try_fill_bytes(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
    let mut text = Zeroizing::new(String::with_capacity(2 * SECRET_BYTES));
    for byte in bytes.iter() {
        write!(text, "{byte:02x}").expect("writing to memory does not fail");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn pairing(uses: PageKeyUse) -> (Pairing, String) {
        let key = PageKey::draw(uses).unwrap();
        let text = key.text.to_string();
        (Pairing::new(key, None).unwrap(), text)
    }

    #[test]
    fn a_key_that_opens_once_opens_once() {
        let (pairing, key) = pairing(PageKeyUse::Once);
        let now = Instant::now();
        let token = pairing.open(&key, now).unwrap();
        assert!(pairing.knows(token));
        assert_eq!(pairing.open(&key, now), Err(Refusal::Key));
    }

    #[test]
    fn a_reusable_key_gives_the_same_token_again() {
        let (pairing, key) = pairing(PageKeyUse::Reusable);
        let now = Instant::now();
        assert_eq!(pairing.open(&key, now), pairing.open(&key, now));
    }

    #[test]
    fn the_sixth_try_within_a_minute_is_not_even_looked_at() {
        let (pairing, key) = pairing(PageKeyUse::Once);
        let now = Instant::now();
        for _ in 0..WRONG_KEYS_MAX {
            assert_eq!(pairing.open("guess", now), Err(Refusal::Key));
        }
        assert_eq!(pairing.open(&key, now), Err(Refusal::TooManyKeys));
        let just_before = now + WRONG_KEYS_WITHIN - Duration::from_millis(1);
        assert_eq!(pairing.open(&key, just_before), Err(Refusal::TooManyKeys));
        assert!(pairing.open(&key, now + WRONG_KEYS_WITHIN).is_ok());
    }

    #[track_caller]
    fn check_wrong(change: fn(&str) -> String) {
        let (pairing, key) = pairing(PageKeyUse::Once);
        assert_eq!(pairing.open(&change(&key), Instant::now()), Err(Refusal::Key));
        assert!(!pairing.knows(&change(&pairing.token)));
    }

    #[test]
    fn nothing_but_the_whole_secret_opens() {
        check_wrong(|_| String::new());
        check_wrong(|secret| secret.chars().skip(1).collect());
        check_wrong(|secret| format!("{secret}0"));
        check_wrong(str::to_uppercase);
        check_wrong(|secret| secret.chars().rev().collect());
    }

    #[test]
    fn secrets_differ_from_draw_to_draw_and_have_256_bits() {
        let (one, other) = (draw().unwrap(), draw().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 64);
    }

    #[test]
    fn the_address_carries_the_key_behind_the_hash() {
        let key = PageKey::draw(PageKeyUse::Once).unwrap();
        let url = key.url("127.0.0.1:8470".parse().unwrap());
        assert_eq!(url.as_str(), format!("http://127.0.0.1:8470/#key={}", key.text.as_str()));
    }

    #[test]
    fn the_file_with_the_address_is_for_its_owner_alone_even_if_one_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("url");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let address = "127.0.0.1:1".parse().unwrap();
        let key = PageKey::draw(PageKeyUse::Once).unwrap();
        UrlFile { path: path.clone(), address }.write(&key).unwrap();
        let expected = format!("{}\n", key.url(address).as_str());
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_browser_that_is_started_anew_finds_another_key_that_opens_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("url");
        let file = UrlFile { path: path.clone(), address: "127.0.0.1:1".parse().unwrap() };
        let key = PageKey::draw(PageKeyUse::Once).unwrap();
        let first = key.text.to_string();
        let pairing = Pairing::new(key, Some(file)).unwrap();
        let now = Instant::now();
        assert!(pairing.open(&first, now).is_ok());
        let url = fs::read_to_string(&path).unwrap();
        let second = url.trim_end().rsplit_once("#key=").unwrap().1;
        assert_ne!(first, second);
        assert_eq!(pairing.open(&first, now), Err(Refusal::Key));
        assert!(pairing.open(second, now).is_ok());
        assert_eq!(pairing.open(second, now), Err(Refusal::Key));
    }
}
