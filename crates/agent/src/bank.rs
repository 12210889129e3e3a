//! The bank over HTTPS: one attempt at a time, with its token, headers, bounds and clock comparison.
//!
//! What to do about an answer is the session's and the outbox's business; here an answer is only read.
//! The exceptions are what no caller sees: a refused token is fetched anew once, a host that is away is
//! followed by the next one, and a pause that the bank asked for keeps every call from being sent.

mod hosts;
mod keyring;
mod pause;
mod tls;
mod token;
mod transaction_id;
mod transport;
mod witness;

use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use protocol::{
    Accepted, Action, BankTime, Certainty, ClientAuth, ClientCredentials, Condition, Consents,
    Dialect, Endpoint, HeaderAlias, HttpAnswer, Lifetime, QrValidation, Reference, Subject,
    TokenApiKey, Transport, header, ruling,
};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Response, Url};
use session::pace::Pace;
use thiserror::Error;
use tokio::time::sleep_until;
use zeroize::Zeroizing;

use crate::clock::{Clock, Skew};
use crate::config::{self, Secrets};

use hosts::{HostId, Hosts};
pub(crate) use keyring::{KeyId, Keyring, KeyringError};
use pause::Pause;
pub use tls::TlsSetupError;
use token::TokenStore;
use transaction_id::transaction_id;
use transport::FirstHop;
pub(crate) use witness::{ServerId, Witness};

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
    /// A file that the configuration names.
    #[error("a file of the section [bank] cannot be read")]
    File(#[source] config::Fault),
    /// A secret that cannot stand in an HTTP header.
    #[error("the API key holds characters that no HTTP header may hold")]
    ApiKey,
    /// The way to the bank wants a secret that is not there.
    #[error(
        "the partner's credentials are missing, expected them with bank.transport = \"direct\""
    )]
    NoPartner,
    /// The HTTP library refused the settings.
    #[error("the HTTP client could not be set up")]
    Client(#[source] reqwest::Error),
}

/// Why an attempt brought no 0000.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Failed {
    pub(crate) at: Endpoint,
    pub(crate) condition: Condition,
    /// How long the bank asked to wait; zero if it said nothing.
    pub(crate) wait_at_least: Duration,
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
    hosts: Hosts,
    first_hop: FirstHop,
    config: config::Bank,
    dialect: Dialect,
    /// What this machine shows the bank; nothing, if a relay does that.
    login: Option<Login>,
    pause: Pause,
    clock: Arc<Clock>,
    scope_told: Once,
}

/// The partner's secrets and what comes of them.
struct Login {
    partner: config::Partner<config::Secret>,
    api_key: HeaderValue,
    token: TokenStore,
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

/// What came back, with the wait that its head asks for.
struct Answer {
    http: HttpAnswer,
    wait_at_least: Duration,
    server_id: Option<ServerId>,
}

impl Bank {
    pub(crate) fn new(
        config: config::Bank,
        dialect: Dialect,
        secrets: &Secrets,
        clock: Arc<Clock>,
    ) -> Result<Self, BankSetupError> {
        let http = http_client(&config, secrets)?;
        let url = |url: &config::BaseUrl| Url::parse(url.as_str());
        let first = url(&config.base_url).map_err(|_| BankSetupError::BaseUrl)?;
        let others = config.failover_urls.iter().map(url).collect::<Result<_, _>>();
        let others = others.map_err(|_| BankSetupError::BaseUrl)?;
        let first_hop = match config.proxy {
            Some(_) => FirstHop::Proxy,
            None => FirstHop::Bank,
        };
        let login = match config.transport {
            config::Transport::Relay => None,
            config::Transport::Direct => Some(Login::new(secrets)?),
        };
        let hosts = Hosts::new(first, others);
        let (pause, scope_told) = (Pause::default(), Once::new());
        Ok(Self { http, hosts, first_hop, config, dialect, login, pause, clock, scope_told })
    }

    /// E2, of which nothing is kept.
    pub(crate) async fn validate_qr(&self, body: &[u8]) -> Result<QrValidation, Failed> {
        let call = Call { endpoint: Endpoint::ValidateQr, reference: None, body: Some(body) };
        self.read_only(call, protocol::read_qr_validation).await
    }

    /// E5, of which nothing is kept.
    pub(crate) async fn consents(&self) -> Result<Consents, Failed> {
        let call = Call { endpoint: Endpoint::Consents, reference: None, body: None };
        self.read_only(call, protocol::read_consents).await
    }

    /// A call whose success says no more than that: E3, E4 or E6.
    pub(crate) async fn send(
        &self,
        call: Call<'_>,
        witness: &mut dyn Witness,
    ) -> Result<Accepted, AttemptError> {
        let endpoint = call.endpoint;
        self.ask(call, witness, |answer| protocol::read_accepted(endpoint, answer)).await
    }

    /// Could no token be had at the last try?
    pub(crate) async fn token_in_trouble(&self) -> bool {
        match &self.login {
            Some(login) => login.token.in_trouble().await,
            None => false,
        }
    }

    /// Fetches a token if there is none; by way of a relay there is none to fetch.
    pub(crate) async fn warm_up(&self) -> Result<(), Failed> {
        match &self.login {
            Some(login) => self.bearer(login).await.map(drop),
            None => Ok(()),
        }
    }

    /// Keeps a token at hand for as long as it is polled, so that no customer waits for one. It also
    /// notices when the bank, the network or the configuration is in order again, and tells when they are not.
    pub(crate) async fn keep_token(&self, tell: impl Fn(Failed)) {
        let Some(login) = &self.login else { return };
        let mut pace = Pace::of_tokens();
        loop {
            let renewed = login.token.renewed(&self.clock, || self.fetch_token(login)).await;
            match renewed {
                Ok(again) => {
                    pace.settled();
                    sleep_until(self.clock.instant(again).into()).await;
                }
                Err(failed) => {
                    tracing::warn!(at = %failed.at, code = %failed.condition, "no token yet");
                    tell(failed);
                    let wait = pace.unsettled(token::chance()).max(failed.wait_at_least);
                    login.token.quiet_for(&self.clock, wait).await;
                }
            }
        }
    }

    async fn read_only<T>(
        &self,
        call: Call<'_>,
        read: impl Fn(&HttpAnswer) -> Result<T, Condition>,
    ) -> Result<T, Failed> {
        let at = call.endpoint;
        let mut nobody = |_: &str| Ok(());
        self.ask(call, &mut nobody, read).await.map_err(|error| match error {
            AttemptError::Failed(failed) => failed,
            AttemptError::NotJournaled => unsent(at, Condition::Transport(Transport::Unreachable)),
        })
    }

    /// An attempt; once more if the bank refused the token (RETOKEN), which it does before it acts. What it takes
    /// at most is [`session::Timeouts::call`]: whoever adds a step adds its time there.
    pub(crate) async fn ask<T>(
        &self,
        call: Call<'_>,
        witness: &mut dyn Witness,
        read: impl Fn(&HttpAnswer) -> Result<T, Condition>,
    ) -> Result<T, AttemptError> {
        let at = call.endpoint;
        self.look_at_clock(at).await.map_err(AttemptError::Failed)?;
        let mut refused_before = false;
        loop {
            self.not_paused(at).map_err(AttemptError::Failed)?;
            let bearer = match &self.login {
                Some(login) => Some(self.bearer(login).await.map_err(AttemptError::Failed)?),
                None => None,
            };
            let transaction_id = transaction_id();
            let begins = witness.begins(&transaction_id);
            begins.map_err(|NotJournaled| AttemptError::NotJournaled)?;
            let answer = self.attempt(call, bearer.as_ref(), &transaction_id).await;
            if let Ok(Answer { server_id: Some(server_id), .. }) = &answer {
                witness.served(&transaction_id, server_id);
            }
            let failed = match self.judged(at, answer, &read) {
                Ok(good) => return Ok(good),
                Err(failed) => failed,
            };
            let retoken = ruling(failed.condition, at).action == Action::Retoken;
            match (&self.login, bearer) {
                (Some(login), Some(bearer)) if retoken && !refused_before => {
                    refused_before = true;
                    login.token.drop_if(&bearer);
                }
                _ => return Err(AttemptError::Failed(failed)),
            }
        }
    }

    async fn bearer(&self, login: &Login) -> Result<HeaderValue, Failed> {
        login.token.bearer(&self.clock, || self.fetch_token(login)).await
    }

    async fn fetch_token(&self, login: &Login) -> Result<protocol::Token, Failed> {
        self.not_paused(Endpoint::Token)?;
        let secret = Zeroizing::new(login.partner.client_secret.expose().to_owned());
        let id = login.partner.client_id.expose().to_owned();
        let credentials = ClientCredentials::new(id, secret, self.config.scope.clone());
        let (host, url) = self.url(Endpoint::Token, Subject::NoReference);
        let mut request = self
            .http
            .post(url)
            .timeout(self.config.timeouts.request(Endpoint::Token))
            .header(CONTENT_TYPE, Endpoint::Token.content_type());
        request = match self.dialect.client_auth {
            ClientAuth::Form => request.body(credentials.form().to_vec()),
            ClientAuth::Basic => {
                let basic = HeaderValue::from_str(&credentials.basic());
                let mut basic = basic.expect("Base64 is what a header may hold");
                basic.set_sensitive(true);
                request.header(AUTHORIZATION, basic).body(credentials.form_without_secret())
            }
        };
        if self.dialect.token_api_key == TokenApiKey::Send {
            request = request.header(name(header::API_KEY), login.api_key.clone());
        }
        let answer = self.exchange(host, request).await;
        let token = self.judged(Endpoint::Token, answer, protocol::read_token)?;
        self.look_at_token(&token);
        Ok(token)
    }

    /// What is odd about a token, but no reason to refuse it.
    fn look_at_token(&self, token: &protocol::Token) {
        if token.lifetime == Lifetime::Assumed {
            let seconds = token.expires_in.as_secs();
            tracing::warn!(seconds, "the token's expires_in is missing or not positive; assumed");
        }
        let asked = self.config.scope.as_str();
        if token.scope.as_deref().is_some_and(|granted| granted != asked) {
            // The document's own sample grants another scope than it asks for (Doubt D14).
            let tell = || tracing::warn!(asked, "the bank grants another scope than asked for");
            self.scope_told.call_once(tell);
        }
    }

    async fn attempt(
        &self,
        call: Call<'_>,
        bearer: Option<&HeaderValue>,
        transaction_id: &str,
    ) -> Result<Answer, Condition> {
        let subject = call.reference.map_or(Subject::NoReference, Subject::Reference);
        let method = match call.endpoint.method() {
            "GET" => Method::GET,
            "PUT" => Method::PUT,
            _ => Method::POST,
        };
        let (host, url) = self.url(call.endpoint, subject);
        let time = self.clock.bank_time().header(&self.dialect);
        let mut request = self
            .http
            .request(method, url)
            .timeout(self.config.timeouts.request(call.endpoint))
            .header(CONTENT_TYPE, call.endpoint.content_type())
            .header(reqwest::header::ACCEPT, header::ACCEPT_JSON)
            .header(name(header::TRANSACTION_ID), transaction_id)
            .header(name(header::TRANSACTION_TIME), &time);
        if self.dialect.header_alias == HeaderAlias::ClientDateTime {
            request = request.header(name(header::TRANSACTION_TIME_ALIAS), &time);
        }
        if let (Some(login), Some(bearer)) = (&self.login, bearer) {
            request = request.header(AUTHORIZATION, bearer.clone());
            request = request.header(name(header::API_KEY), login.api_key.clone());
        }
        if let Some(body) = call.body {
            request = request.body(body.to_vec());
        }
        self.exchange(host, request).await
    }

    async fn exchange(
        &self,
        host: HostId,
        request: reqwest::RequestBuilder,
    ) -> Result<Answer, Condition> {
        let begun = Instant::now();
        let answer = self.exchanged(request, begun).await;
        let failed = match &answer {
            Ok(answer) => Condition::Http(answer.http.status),
            Err(condition) => *condition,
        };
        self.hosts.failed(host, failed, self.clock.tick());
        answer
    }

    async fn exchanged(
        &self,
        request: reqwest::RequestBuilder,
        begun: Instant,
    ) -> Result<Answer, Condition> {
        let sent = request.send().await;
        let response = sent.map_err(|error| transport::condition(&error, self.first_hop))?;
        self.compare_clocks(response.headers(), begun.elapsed());
        let status = response.status().as_u16();
        let wait_at_least = pause::stated(response.headers(), self.clock.bank_time());
        let server_id = ServerId::of(response.headers());
        let body = bounded_body(response).await?;
        Ok(Answer { http: HttpAnswer { status, body }, wait_at_least, server_id })
    }

    /// Reads an answer, and hears what a failure means for the calls after it.
    fn judged<T>(
        &self,
        at: Endpoint,
        answer: Result<Answer, Condition>,
        read: impl Fn(&HttpAnswer) -> Result<T, Condition>,
    ) -> Result<T, Failed> {
        let (condition, wait_at_least) = match answer {
            Ok(Answer { http, wait_at_least, .. }) => match read(&http) {
                Ok(good) => return Ok(good),
                Err(condition) => (condition, wait_at_least),
            },
            Err(condition) => (condition, Duration::ZERO),
        };
        let condition = self.dialect.meant(condition);
        let wait = ruling(condition, at).wait_at_least.max(wait_at_least);
        self.pause.hear(condition, wait, self.clock.tick());
        if ruling(condition, at).action == Action::FixClock {
            let skew = self.clock.trust_last();
            tracing::warn!(?skew, "the bank refuses this machine's time");
        }
        Err(Failed { at, condition, wait_at_least })
    }

    fn not_paused(&self, at: Endpoint) -> Result<(), Failed> {
        let Some((because, wait_at_least)) = self.pause.now(self.clock.tick()) else {
            return Ok(());
        };
        // Nothing is sent now, so nothing of it may be in doubt: a 408 to an earlier submit leaves that one
        // in doubt, not this one. 503 is the bank's own word for a side that does not process.
        let condition = match ruling(because, at).certainty {
            Certainty::NotDone => because,
            Certainty::Final | Certainty::Unknown => Condition::Http(503),
        };
        Err(Failed { at, condition, wait_at_least })
    }

    /// A wrong clock sends nothing that carries its time; it may have been set since, so that it is
    /// compared once more by a call that needs none: the token's, or that of the consents.
    async fn look_at_clock(&self, at: Endpoint) -> Result<(), Failed> {
        if !self.clock.is_wrong() {
            return Ok(());
        }
        self.not_paused(at)?;
        match &self.login {
            Some(login) => drop(self.fetch_token(login).await?),
            None => {
                let consents = Call { endpoint: Endpoint::Consents, reference: None, body: None };
                let answer = self.attempt(consents, None, &transaction_id()).await;
                let _ = self.judged(Endpoint::Consents, answer, protocol::read_consents);
            }
        }
        if self.clock.is_wrong() {
            return Err(unsent(at, Condition::Transport(Transport::WrongClock)));
        }
        Ok(())
    }

    fn compare_clocks(&self, headers: &HeaderMap, round_trip: Duration) {
        let read =
            |name: HeaderName| headers.get(name)?.to_str().ok().and_then(BankTime::parse_header);
        // The gateway's own clock is the one that judges; `Date` has whole seconds and may be a proxy's.
        let Some(time) = read(name(header::SERVER_TIME)).or_else(|| read(DATE)) else { return };
        let before = self.clock.last_skew();
        let skew = self.clock.compare(time, round_trip);
        let news = before
            .is_none_or(|before| std::mem::discriminant(&before) != std::mem::discriminant(&skew));
        match skew {
            _ if !news => {}
            Skew::Corrected { by_ms } => {
                tracing::warn!(by_ms, "this machine's clock differs from the bank's; corrected");
            }
            Skew::TooLarge { by_ms } => {
                tracing::error!(by_ms, "this machine's clock is wrong, too far to be corrected");
            }
            Skew::BuddhistEra { by_ms } => {
                tracing::error!(by_ms, "this machine's clock counts years in the Buddhist Era");
            }
            Skew::None => {}
        }
    }

    fn url(&self, endpoint: Endpoint, subject: Subject<'_>) -> (HostId, Url) {
        let (host, base) = self.hosts.next(self.clock.tick());
        let mut url = base.clone();
        let prefix = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{prefix}{}", self.config.paths.path(endpoint, subject)));
        (host, url)
    }
}

impl Login {
    fn new(secrets: &Secrets) -> Result<Self, BankSetupError> {
        let partner = secrets.partner.clone().ok_or(BankSetupError::NoPartner)?;
        let api_key = HeaderValue::from_str(partner.api_key.expose());
        let mut api_key = api_key.map_err(|_| BankSetupError::ApiKey)?;
        api_key.set_sensitive(true);
        Ok(Self { partner, api_key, token: TokenStore::default() })
    }
}

/// A call that ends before anything of it was sent.
fn unsent(at: Endpoint, condition: Condition) -> Failed {
    Failed { at, condition, wait_at_least: Duration::ZERO }
}

fn http_client(config: &config::Bank, secrets: &Secrets) -> Result<Client, BankSetupError> {
    let mut builder = Client::builder()
        .tls_backend_preconfigured(trust(config, Some(secrets))?)
        .https_only(true)
        // Neither the environment's proxies, nor a redirect, nor a repetition that nobody counts.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(config.timeouts.connect)
        .pool_idle_timeout(POOL_IDLE)
        .user_agent(concat!("dipchip/", env!("CARGO_PKG_VERSION")));
    if let Some(address) = &config.proxy {
        let address = format!("http://{}:{}", address.host(), address.port());
        let mut proxy = reqwest::Proxy::https(address).map_err(BankSetupError::Client)?;
        if let Some(login) = &secrets.proxy {
            proxy = proxy.basic_auth(login.user.expose(), login.password.expose());
        }
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(BankSetupError::Client)
}

/// Whom to believe to be the bank: its authorities, and its pins if there are any; and who this machine
/// is, if it has a certificate. Without the secrets it keeps that to itself.
pub(crate) fn trust(
    config: &config::Bank,
    secrets: Option<&Secrets>,
) -> Result<rustls::ClientConfig, BankSetupError> {
    let read = |file: &config::FilePath| file.read_pem().map_err(BankSetupError::File);
    let ca_pem = config.ca_file.as_ref().map(read).transpose()?;
    let chain_pem = config.client_certificate_file.as_ref().map(read).transpose()?;
    let key = secrets.and_then(|secrets| secrets.client_key.as_ref());
    let identity = chain_pem
        .as_deref()
        .zip(key)
        .map(|(chain_pem, key)| tls::Identity { chain_pem, key_pem: key.expose().as_bytes() });
    Ok(tls::client_config(ca_pem.as_deref(), &config.pins, identity.as_ref())?)
}

/// A body no longer than any answer can be, read piece by piece.
async fn bounded_body(mut response: Response) -> Result<Vec<u8>, Condition> {
    // Of its full size from the start: what a body outgrows is freed as it is.
    let mut body = Zeroizing::new(Vec::with_capacity(ANSWER_BYTES_MAX));
    loop {
        match response.chunk().await {
            Ok(Some(piece)) if body.len() + piece.len() > ANSWER_BYTES_MAX => {
                return Err(Condition::Transport(Transport::BodyTooLarge));
            }
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            Ok(None) => return Ok(std::mem::take(&mut *body)),
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
