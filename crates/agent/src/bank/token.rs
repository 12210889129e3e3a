//! The access token (E1, §2): one at a time, in memory only, fetched by one caller while others wait.
//!
//! Who holds a token is decided here alone; what a refused one means for a call is not.

use std::future::Future;
use std::time::Duration;

use protocol::{Endpoint, Token};
use reqwest::header::HeaderValue;
use tokio::sync::Mutex;

use super::Failed;
use crate::clock::Clock;

/// Of a token's life, so much is used: a call that begins late must still end in time.
const USED_PERCENT: u32 = 80;

/// Holds the token that is in use.
#[derive(Default)]
pub(super) struct TokenStore {
    held: Mutex<Option<Held>>,
}

struct Held {
    bearer: HeaderValue,
    stale_at: Duration,
}

impl TokenStore {
    /// The `Authorization` header's value; fetches a token if there is none or it is about to end.
    pub(super) async fn bearer<F>(
        &self,
        clock: &Clock,
        fetch: impl FnOnce() -> F,
    ) -> Result<HeaderValue, Failed>
    where
        F: Future<Output = Result<Token, Failed>>,
    {
        let mut held = self.held.lock().await;
        if let Some(fresh) = held.as_ref().filter(|held| clock.tick() < held.stale_at) {
            return Ok(fresh.bearer.clone());
        }
        let token = fetch().await?;
        let fresh = Held::new(&token, clock)?;
        let bearer = fresh.bearer.clone();
        *held = Some(fresh);
        Ok(bearer)
    }

    /// Drops the token that was refused, unless another caller has already replaced it.
    pub(super) async fn drop_if(&self, refused: &HeaderValue) {
        let mut held = self.held.lock().await;
        if held.as_ref().is_some_and(|held| held.bearer == *refused) {
            *held = None;
        }
    }
}

impl Held {
    fn new(token: &Token, clock: &Clock) -> Result<Self, Failed> {
        let text = zeroize::Zeroizing::new(format!("Bearer {}", token.access_token()));
        let mut bearer = HeaderValue::from_str(&text).map_err(|_| Failed {
            at: Endpoint::Token,
            condition: protocol::Condition::Transport(protocol::Transport::NoCode),
        })?;
        bearer.set_sensitive(true);
        Ok(Self { bearer, stale_at: clock.tick() + token.expires_in * USED_PERCENT / 100 })
    }
}
