//! The access token (E1, §2): one at a time, in memory only, fetched by one caller while others wait
//! for its success or its failure.
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
    last: Mutex<Last>,
}

/// What the last fetch came to.
#[derive(Default)]
enum Last {
    #[default]
    Nothing,
    Held(Held),
    Failed {
        failed: Failed,
        ended: Duration,
    },
}

struct Held {
    bearer: HeaderValue,
    stale_at: Duration,
}

impl TokenStore {
    /// The `Authorization` header's value; fetches a token if there is none or it is about to end.
    /// Whoever waited while a fetch failed gets its failure: a bank in trouble is not asked by each in turn.
    pub(super) async fn bearer<F>(
        &self,
        clock: &Clock,
        fetch: impl FnOnce() -> F,
    ) -> Result<HeaderValue, Failed>
    where
        F: Future<Output = Result<Token, Failed>>,
    {
        let came = clock.tick();
        let mut last = self.last.lock().await;
        match &*last {
            Last::Held(held) if clock.tick() < held.stale_at => return Ok(held.bearer.clone()),
            Last::Failed { failed, ended } if came < *ended => return Err(*failed),
            Last::Held(_) | Last::Failed { .. } | Last::Nothing => {}
        }
        let fetched = fetch().await.and_then(|token| Held::new(&token, clock));
        match fetched {
            Ok(held) => {
                let bearer = held.bearer.clone();
                *last = Last::Held(held);
                Ok(bearer)
            }
            Err(failed) => {
                *last = Last::Failed { failed, ended: clock.tick() };
                Err(failed)
            }
        }
    }

    /// Drops the token that was refused, unless another caller has already replaced it.
    pub(super) async fn drop_if(&self, refused: &HeaderValue) {
        let mut last = self.last.lock().await;
        if matches!(&*last, Last::Held(held) if held.bearer == *refused) {
            *last = Last::Nothing;
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

#[cfg(test)]
mod tests {
    use protocol::HttpAnswer;

    use super::*;

    #[test]
    fn a_token_is_left_a_fifth_of_its_life_ahead_of_its_end() {
        let body = br#"{"access_token":"t0ken","expires_in":900}"#.to_vec();
        let token = protocol::read_token(&HttpAnswer { status: 200, body }).unwrap();
        let clock = Clock::new();
        let before = clock.tick();
        let held = Held::new(&token, &clock).unwrap();
        assert!(held.stale_at >= before + Duration::from_secs(720));
        assert!(held.stale_at <= clock.tick() + Duration::from_secs(720));
        assert!(held.bearer.is_sensitive(), "no log prints it");
    }
}
