//! The bank over HTTPS: one attempt at a time, with its token, headers, bounds and clock comparison.
//!
//! What to do about an answer is the session's and the outbox's business; here an answer is only read.
//! The one exception is the token, which no caller sees: a refused one is fetched anew, once.

mod tls;
mod token;
mod transaction_id;
mod transport;

use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::{
    Accepted, Action, BankTime, ClientCredentials, Condition, Consents, Dialect, Endpoint,
    HttpAnswer, QrValidation, Reference, Subject, Transport, header, ruling,
};
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Response, Url};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::clock::{Clock, Skew};
use crate::config::{self, Secrets};

pub use tls::TlsSetupError;
use token::TokenStore;
use transaction_id::transaction_id;

/// No answer of the six endpoints comes near it; consent texts are the longest.
const ANSWER_BYTES_MAX: usize = protocol::BODY_BYTES_MAX;
/// An idle connection is kept so long for the next call of the journey.
const POOL_IDLE: Duration = Duration::from_secs(50);

/// Why no client could be made.
#[derive(Debug, Error)]
pub enum BankSetupError {
    /// Roots or pins.
    #[error(transparent)]
    Tls(#[from] TlsSetupError),
    /// The base URL.
    #[error("bank.base_url is no URL, expected https://HOST")]
    BaseUrl,
    /// The CA file.
    #[error("bank.ca_file cannot be read")]
    CaFile(#[source] config::Fault),
    /// A secret that cannot stand in an HTTP header.
    #[error("the API key holds characters that no HTTP header may hold")]
    ApiKey,
    /// The HTTP library refused the settings.
    #[error("the HTTP client could not be set up")]
    Client(#[source] reqwest::Error),
}

/// Why an attempt brought no 0000.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Failed {
    pub(crate) at: Endpoint,
    pub(crate) condition: Condition,
}

/// One wire request: an endpoint, what its path may name, and the sealed body.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) endpoint: Endpoint,
    pub(crate) reference: Option<&'a Reference>,
    pub(crate) body: Option<&'a [u8]>,
}

/// A client of one bank. One connection is kept alive across a journey's calls.
pub(crate) struct Bank {
    http: Client,
    base_url: Url,
    config: config::Bank,
    dialect: Dialect,
    secrets: Secrets,
    api_key: HeaderValue,
    token: TokenStore,
    clock: Arc<Clock>,
}

/// The journal could not say that an attempt begins, so it did not begin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NotJournaled;

/// An attempt's end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum AttemptError {
    /// The bank, or the way to it.
    Failed(Failed),
    /// Ours; nothing was sent.
    NotJournaled,
}

impl Bank {
    pub(crate) fn new(
        config: config::Bank,
        dialect: Dialect,
        secrets: Secrets,
        clock: Arc<Clock>,
    ) -> Result<Self, BankSetupError> {
        let base_url = Url::parse(config.base_url.as_str()).map_err(|_| BankSetupError::BaseUrl)?;
        let http = Client::builder()
            .tls_backend_preconfigured(trust(&config)?)
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(config.timeouts.connect)
            .pool_idle_timeout(POOL_IDLE)
            .user_agent(concat!("dipchip/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(BankSetupError::Client)?;
        let mut api_key =
            HeaderValue::from_str(secrets.api_key()).map_err(|_| BankSetupError::ApiKey)?;
        api_key.set_sensitive(true);
        let token = TokenStore::default();
        Ok(Self { http, base_url, config, dialect, secrets, api_key, token, clock })
    }

    /// E2.
    pub(crate) async fn validate_qr(&self, body: &[u8]) -> Result<QrValidation, Failed> {
        let call = Call { endpoint: Endpoint::ValidateQr, reference: None, body: Some(body) };
        self.read_only(call, protocol::read_qr_validation).await
    }

    /// E5.
    pub(crate) async fn consents(&self) -> Result<Consents, Failed> {
        let call = Call { endpoint: Endpoint::Consents, reference: None, body: None };
        self.read_only(call, protocol::read_consents).await
    }

    /// E6.
    pub(crate) async fn check_dopa(&self, body: &[u8]) -> Result<Accepted, Failed> {
        let call = Call { endpoint: Endpoint::CheckDopa, reference: None, body: Some(body) };
        self.read_only(call, |answer| protocol::read_accepted(Endpoint::CheckDopa, answer)).await
    }

    /// E3 or E4. `before_send` hears each attempt's transaction id before its first byte leaves, and can
    /// keep it from leaving.
    pub(crate) async fn send(
        &self,
        call: Call<'_>,
        before_send: &mut (dyn FnMut(&str) -> Result<(), NotJournaled> + Send),
    ) -> Result<Accepted, AttemptError> {
        let endpoint = call.endpoint;
        self.with_token(call, before_send, |answer| protocol::read_accepted(endpoint, answer)).await
    }

    /// Fetches a token if none is fresh, so that no customer waits for it.
    pub(crate) async fn warm_up(&self) -> Result<(), Failed> {
        self.bearer().await.map(drop)
    }

    async fn read_only<T>(
        &self,
        call: Call<'_>,
        read: impl Fn(&HttpAnswer) -> Result<T, Condition>,
    ) -> Result<T, Failed> {
        let at = call.endpoint;
        let lost = Condition::Transport(Transport::Unreachable);
        self.with_token(call, &mut |_| Ok(()), read).await.map_err(|error| match error {
            AttemptError::Failed(failed) => failed,
            AttemptError::NotJournaled => Failed { at, condition: lost },
        })
    }

    /// An attempt; once more if the bank refused the token (RETOKEN), which it does before it acts.
    async fn with_token<T>(
        &self,
        call: Call<'_>,
        before_send: &mut (dyn FnMut(&str) -> Result<(), NotJournaled> + Send),
        read: impl Fn(&HttpAnswer) -> Result<T, Condition>,
    ) -> Result<T, AttemptError> {
        let mut refused_before = false;
        loop {
            let bearer = self.bearer().await.map_err(AttemptError::Failed)?;
            let transaction_id = transaction_id();
            before_send(&transaction_id).map_err(|NotJournaled| AttemptError::NotJournaled)?;
            let answer = self.attempt(call, &bearer, &transaction_id).await;
            let condition = match answer.and_then(|answer| read(&answer)) {
                Ok(good) => return Ok(good),
                Err(condition) => condition,
            };
            let failed = Failed { at: call.endpoint, condition };
            if ruling(condition, call.endpoint).action != Action::Retoken || refused_before {
                return Err(AttemptError::Failed(failed));
            }
            refused_before = true;
            self.token.drop_if(&bearer).await;
        }
    }

    async fn bearer(&self) -> Result<HeaderValue, Failed> {
        self.token.bearer(&self.clock, || self.fetch_token()).await
    }

    async fn fetch_token(&self) -> Result<protocol::Token, Failed> {
        let failed = |condition| Failed { at: Endpoint::Token, condition };
        let secret = Zeroizing::new(self.secrets.client_secret().to_owned());
        let id = self.secrets.client_id().to_owned();
        let form = ClientCredentials::new(id, secret, self.config.scope.clone()).form();
        let url = self.url(Endpoint::Token, Subject::NoReference);
        let request = self
            .http
            .post(url)
            .timeout(self.config.timeouts.total(Endpoint::Token))
            .header(CONTENT_TYPE, Endpoint::Token.content_type())
            .body(form.to_vec());
        let answer = self.exchange(request).await.map_err(failed)?;
        protocol::read_token(&answer).map_err(failed)
    }

    async fn attempt(
        &self,
        call: Call<'_>,
        bearer: &HeaderValue,
        transaction_id: &str,
    ) -> Result<HttpAnswer, Condition> {
        let subject = call.reference.map_or(Subject::NoReference, Subject::Reference);
        let method = match call.endpoint.method() {
            "GET" => Method::GET,
            "PUT" => Method::PUT,
            _ => Method::POST,
        };
        let time = self.clock.bank_time().header(&self.dialect);
        let mut request = self
            .http
            .request(method, self.url(call.endpoint, subject))
            .timeout(self.config.timeouts.total(call.endpoint))
            .header(CONTENT_TYPE, call.endpoint.content_type())
            .header(reqwest::header::ACCEPT, header::ACCEPT_JSON)
            .header(name(header::TRANSACTION_ID), transaction_id)
            .header(name(header::TRANSACTION_TIME), time)
            .header(name(header::AUTHORIZATION), bearer.clone())
            .header(name(header::API_KEY), self.api_key.clone());
        if let Some(body) = call.body {
            request = request.body(body.to_vec());
        }
        self.exchange(request).await
    }

    async fn exchange(&self, request: reqwest::RequestBuilder) -> Result<HttpAnswer, Condition> {
        let begun = Instant::now();
        let response = request.send().await.map_err(|error| transport::condition(&error))?;
        self.compare_clocks(response.headers(), begun.elapsed());
        let status = response.status().as_u16();
        let body = bounded_body(response).await?;
        Ok(HttpAnswer { status, body })
    }

    fn compare_clocks(&self, headers: &HeaderMap, round_trip: Duration) {
        let stated = headers.get(name(header::SERVER_TIME)).or_else(|| headers.get(DATE));
        let time = stated.and_then(|value| value.to_str().ok()).and_then(BankTime::parse_header);
        match time.map(|time| self.clock.compare(time, round_trip)) {
            Some(Skew::Corrected { by_ms }) => {
                tracing::warn!(by_ms, "this machine's clock differs from the bank's; corrected");
            }
            Some(Skew::TooLarge { by_ms }) => {
                tracing::error!(by_ms, "this machine's clock is wrong, too far to be corrected");
            }
            Some(Skew::None) | None => {}
        }
    }

    fn url(&self, endpoint: Endpoint, subject: Subject<'_>) -> Url {
        let mut url = self.base_url.clone();
        let prefix = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{prefix}{}", self.config.paths.path(endpoint, subject)));
        url
    }
}

/// Whom to believe to be the bank: its authorities, and its pins if there are any.
pub(crate) fn trust(config: &config::Bank) -> Result<rustls::ClientConfig, BankSetupError> {
    let ca_pem = config.ca_file.as_ref().map(config::FilePath::read_pem);
    let ca_pem = ca_pem.transpose().map_err(BankSetupError::CaFile)?;
    Ok(tls::client_config(ca_pem.as_deref(), &config.pins)?)
}

/// A body no longer than any answer can be, read piece by piece.
async fn bounded_body(mut response: Response) -> Result<Vec<u8>, Condition> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(piece)) if body.len() + piece.len() > ANSWER_BYTES_MAX => {
                return Err(Condition::Transport(Transport::BodyTooLarge));
            }
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            Ok(None) => return Ok(body),
            Err(error) if error.is_timeout() => {
                return Err(Condition::Transport(Transport::TimedOut));
            }
            Err(_) => return Err(Condition::Transport(Transport::Cut)),
        }
    }
}

/// The library lowers the names, which no server may mind (RFC 9110 §5.1).
fn name(spelled: &'static str) -> HeaderName {
    HeaderName::from_bytes(spelled.as_bytes())
        .expect("the header names of `protocol` are HTTP tokens")
}

#[cfg(test)]
mod tests;
