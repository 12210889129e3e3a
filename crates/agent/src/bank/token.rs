//! The access token (E1, §2): one at a time, in memory only, fetched by one caller while others wait
//! for its success or its failure.
//!
//! It is fetched anew ahead of its end, while the old one still serves: no customer waits for a token.
//! Who holds one is decided here alone; what a refused one means for a call is not.

use std::future::Future;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use protocol::{Endpoint, Token};
use rand::TryRng as _;
use rand::rngs::SysRng;
use reqwest::header::HeaderValue;
use tokio::sync::Mutex;

use super::Failed;
use crate::clock::Clock;

/// Of a token's life, so much is over when the next one is fetched (API page, 1.6) …
const RENEWED_AT_PERCENT: u32 = 80;
/// … or so long before its end, whichever is earlier …
const RENEWED_BEFORE_END: Duration = Duration::from_secs(60);
/// … but not in the first half of its life, which a token of a minute would never leave.
const RENEWED_AT_LEAST_PERCENT: u32 = 50;
/// So long before its end it is used no more: the gateway looks at it when a request arrives.
const UNUSED_BEFORE_END: Duration = Duration::from_secs(5);

/// Holds the token that is in use.
#[derive(Default)]
pub(super) struct TokenStore {
    held: RwLock<Option<Held>>,
    /// Locked while a token is fetched; the failure of the last fetch, and when it ended.
    fetching: Mutex<Option<(Failed, Duration)>>,
}

#[derive(Clone)]
struct Held {
    bearer: HeaderValue,
    renewed_at: Duration,
    used_until: Duration,
}

impl TokenStore {
    /// The `Authorization` header's value; fetches a token only if there is none that still serves.
    /// Whoever waited while a fetch failed gets its failure: a bank in trouble is not asked by each in turn.
    pub(super) async fn bearer<F>(
        &self,
        clock: &Clock,
        fetch: impl FnOnce() -> F,
    ) -> Result<HeaderValue, Failed>
    where
        F: Future<Output = Result<Token, Failed>>,
    {
        let held = self.held_until(clock, |held| held.used_until);
        match held {
            Some(held) => Ok(held.bearer),
            None => Ok(self.fetched(clock, |held| held.used_until, fetch).await?.bearer),
        }
    }

    /// Fetches the next token if it is time, and says when it will be time again.
    pub(super) async fn renewed<F>(
        &self,
        clock: &Clock,
        fetch: impl FnOnce() -> F,
    ) -> Result<Duration, Failed>
    where
        F: Future<Output = Result<Token, Failed>>,
    {
        match self.held_until(clock, |held| held.renewed_at) {
            Some(held) => Ok(held.renewed_at),
            None => Ok(self.fetched(clock, |held| held.renewed_at, fetch).await?.renewed_at),
        }
    }

    /// Did the last fetch fail?
    pub(super) async fn in_trouble(&self) -> bool {
        self.fetching.lock().await.is_some()
    }

    /// Returns when the last failure is so old: what a customer's call has tried meanwhile is not tried again.
    pub(super) async fn quiet_for(&self, clock: &Clock, wait: Duration) {
        let mut until = clock.tick() + wait;
        while clock.tick() < until {
            tokio::time::sleep_until(clock.instant(until).into()).await;
            let last = *self.fetching.lock().await;
            until = last.map_or(until, |(_, ended)| ended + wait);
        }
    }

    /// Drops the token that was refused, unless another caller has already replaced it.
    pub(super) fn drop_if(&self, refused: &HeaderValue) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_some_and(|held| held.bearer == *refused) {
            *held = None;
        }
    }

    fn held_until(&self, clock: &Clock, end: fn(&Held) -> Duration) -> Option<Held> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.clone().filter(|held| clock.tick() < end(held))
    }

    async fn fetched<F>(
        &self,
        clock: &Clock,
        end: fn(&Held) -> Duration,
        fetch: impl FnOnce() -> F,
    ) -> Result<Held, Failed>
    where
        F: Future<Output = Result<Token, Failed>>,
    {
        let came = clock.tick();
        let mut last = self.fetching.lock().await;
        if let Some(held) = self.held_until(clock, end) {
            return Ok(held);
        }
        if let Some((failed, ended)) = *last
            && came < ended
        {
            return Err(failed);
        }
        match fetch().await.and_then(|token| Held::new(&token, clock, chance())) {
            Ok(held) => {
                *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held.clone());
                *last = None;
                Ok(held)
            }
            Err(failed) => {
                *last = Some((failed, clock.tick()));
                Err(failed)
            }
        }
    }
}

impl Held {
    fn new(token: &Token, clock: &Clock, chance: u64) -> Result<Self, Failed> {
        let text = zeroize::Zeroizing::new(format!("Bearer {}", token.access_token()));
        let mut bearer = HeaderValue::from_str(&text).map_err(|_| Failed {
            at: Endpoint::Token,
            condition: protocol::Condition::Transport(protocol::Transport::NoCode),
            wait_at_least: Duration::ZERO,
        })?;
        bearer.set_sensitive(true);
        let life = token.expires_in;
        let least = life * RENEWED_AT_LEAST_PERCENT / 100;
        let before_end = life.saturating_sub(RENEWED_BEFORE_END).max(least);
        let latest = before_end.min(life * RENEWED_AT_PERCENT / 100);
        let renewed = session::pace::spread(latest, chance).max(least);
        let used = life.saturating_sub(UNUSED_BEFORE_END).max(latest);
        let now = clock.tick();
        Ok(Self { bearer, renewed_at: now + renewed, used_until: now + used })
    }
}

/// Parts the machines whose tokens once began together; without randomness they stay together.
pub(super) fn chance() -> u64 {
    SysRng.try_next_u64().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use protocol::HttpAnswer;

    use super::*;

    fn token(seconds: &str) -> Token {
        let body = format!(r#"{{"access_token":"t0ken","expires_in":{seconds}}}"#).into_bytes();
        protocol::read_token(&HttpAnswer { status: 200, body }).unwrap()
    }

    /// When a token of that life is renewed, and until when it is used, in seconds of its life.
    #[track_caller]
    fn check(seconds: &str, renewed: u64, used: u64) {
        let clock = Clock::new();
        let before = clock.tick();
        let held = Held::new(&token(seconds), &clock, 0).unwrap();
        let after = clock.tick();
        for (at, expected) in [(held.renewed_at, renewed), (held.used_until, used)] {
            let expected = Duration::from_secs(expected);
            assert!((before + expected..=after + expected).contains(&at), "{seconds}: {at:?}");
        }
        assert!(held.bearer.is_sensitive(), "no log prints it");
    }

    #[test]
    fn a_token_is_renewed_at_four_fifths_or_a_minute_before_its_end() {
        check("900", 720, 895);
        check("200", 140, 195);
        check("3600", 2_880, 3_595);
    }

    #[test]
    fn a_token_without_a_life_lives_a_minute_and_half_of_it_untouched() {
        for absent in ["0", "-5", "null"] {
            check(absent, 30, 55);
        }
    }

    #[tokio::test]
    async fn a_token_that_is_being_renewed_still_serves() {
        let (store, clock) = (TokenStore::default(), Clock::new());
        store.bearer(&clock, async || Ok(token("900"))).await.unwrap();
        let held = store.held.read().unwrap().clone();
        let due = held.map(|held| Held { renewed_at: clock.tick(), ..held });
        *store.held.write().unwrap() = due;
        let renewing = store.renewed(&clock, std::future::pending::<Result<Token, Failed>>);
        tokio::select! {
            biased;
            _ = renewing => unreachable!("the bank does not answer"),
            bearer = store.bearer(&clock, async || unreachable!("nothing is fetched")) => {
                assert_eq!(bearer.unwrap(), "Bearer t0ken");
            }
        }
    }
}
