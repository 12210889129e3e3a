//! Serves one request to an endpoint: gateway, envelope, table, ledger, answer; and keeps the record.
//! Knows nothing of connections and knobs; `front` does.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use serde_json::Value;
use zeroize::Zeroizing;

use super::EnvelopeKey;
use super::clerk::{self, Decided};
use super::clock::Clock;
use super::code::Code;
use super::endpoint::Endpoint;
use super::envelope::{self, KeyFault, KeyPair, KeyRing, OldKey, Opened, SealingKeys};
use super::examine;
use super::fault::Faults;
use super::finding::Refusal;
use super::gate::{self, Gate, Replay, WireBody};
use super::identifier;
use super::inspect::inspect;
use super::ledger::Ledger;
use super::memory::{Memory, Record};
use super::options::Options;
use super::reply::{Envoy, Reply};
use super::tokens::{Client, Tokens};

/// What a partner is given on paper, and what only the tester has.
pub(super) struct Secrets {
    pub client_id: String,
    pub client_secret: String,
    pub api_key: String,
    pub admin_token: String,
}

/// Everything that changes while the bank runs.
pub(super) struct Books {
    pub tokens: Tokens,
    pub replay: Replay,
    pub sealing_keys: SealingKeys,
    pub ledger: Ledger,
    pub memory: Memory,
    pub faults: Faults,
    pub clock: Clock,
}

/// The bank behind its front.
pub(super) struct Teller {
    pub options: Options,
    pub secrets: Secrets,
    keys: Mutex<KeyRing>,
    books: Mutex<Books>,
}

/// A request, read whole.
pub(super) struct Visit<'a> {
    pub endpoint: Endpoint,
    pub path: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

impl Teller {
    pub(super) fn new(options: Options, secrets: Secrets, key: KeyPair) -> Self {
        let books = Books {
            tokens: Tokens::default(),
            replay: Replay::default(),
            sealing_keys: SealingKeys::default(),
            ledger: Ledger::new(options.face, options.references.clone()),
            memory: Memory::default(),
            faults: Faults::new(options.faults.clone()),
            clock: Clock::default(),
        };
        let keys = Mutex::new(KeyRing::new(key));
        Self { options, secrets, keys, books: Mutex::new(books) }
    }

    /// A panic of one request must not end the bank: whatever it left is good enough for a simulator.
    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keys(&self) -> MutexGuard<'_, KeyRing> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key to seal for.
    pub(super) fn public_key_pem(&self) -> String {
        self.keys().public_pem()
    }

    /// Takes a new pair. Blocks for about a second without optimisation.
    pub(super) fn rotate_key(&self, old: OldKey) -> Result<(), KeyFault> {
        let pair = KeyPair::obtain(EnvelopeKey::Fresh)?;
        self.keys().rotate(pair, old);
        Ok(())
    }

    /// The headers of the answer to a request with these headers.
    pub(super) fn envoy(&self, headers: &HeaderMap) -> Envoy {
        let clock = self.books().clock;
        Envoy {
            server_time: clock.server_header(),
            date: clock.date_header(),
            server_id: identifier::uuid(),
            client_id: header(headers, "X-Client-Transaction-ID")
                .filter(|id| identifier::is_uuid(id)),
        }
    }

    /// A record of this visit, still without an outcome.
    pub(super) fn record(&self, endpoint: Endpoint, headers: &HeaderMap) -> Record {
        let mut record = Record::new(endpoint, self.books().clock.server_header());
        record.transaction_id = header(headers, "X-Client-Transaction-ID");
        record.client_time = header(headers, "X-Client-Transaction-DateTime");
        record
    }

    /// Logs and remembers a visit that is over.
    pub(super) fn keep(&self, record: Record) {
        self.options.log.line(&record.log_line());
        self.books().memory.keep(record);
    }

    /// Does what is asked. The caller keeps the record.
    pub(super) fn serve(&self, visit: &Visit<'_>, envoy: &Envoy, record: &mut Record) -> Reply {
        match self.decide(visit, record) {
            Ok(Decided::Reply(reply)) => {
                record.code = Some(Code::SUCCESS);
                reply
            }
            Ok(Decided::Forced(code)) => {
                record.code = Some(code);
                Reply::code(code, envoy)
            }
            Err(refusal) => {
                record.code = Some(refusal.code);
                record.finding = Some(refusal.finding.to_string());
                Reply::code(refusal.code, envoy)
            }
        }
    }

    fn decide(&self, visit: &Visit<'_>, record: &mut Record) -> Result<Decided, Refusal> {
        if visit.endpoint == Endpoint::Token {
            return self.issue_token(visit);
        }
        self.pass_gate(visit.headers)?;
        match visit.endpoint {
            // Served above.
            Endpoint::Token => self.issue_token(visit),
            Endpoint::Consents => clerk::show_consents(visit.path),
            Endpoint::ValidateQr => {
                let body = self.open(visit, record)?;
                clerk::validate(&mut self.books().ledger, &body.json)
            }
            Endpoint::Submit => {
                let body = self.open(visit, record)?;
                clerk::submit(&mut self.books().ledger, &body.json)
            }
            Endpoint::ReportFailure => {
                let body = self.open(visit, record)?;
                let reference = body.reference.as_deref().unwrap_or_default();
                clerk::report_failure(&mut self.books().ledger, reference, &body.json)
            }
            Endpoint::CheckDopa => {
                let body = self.open(visit, record)?;
                clerk::check_dopa(&mut self.books().ledger, &body.json)
            }
        }
    }

    fn issue_token(&self, visit: &Visit<'_>) -> Result<Decided, Refusal> {
        gate::form_headers(visit.headers)?;
        let client = Client { id: &self.secrets.client_id, secret: &self.secrets.client_secret };
        let lifetime = self.options.token_lifetime;
        let token = self.books().tokens.issue(visit.body, &client, lifetime)?;
        Ok(Decided::Reply(Reply::token(&token, lifetime.as_secs())))
    }

    fn pass_gate(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let books = &mut *self.books();
        Gate {
            tokens: &books.tokens,
            replay: &mut books.replay,
            clock: &books.clock,
            api_key: &self.secrets.api_key,
            header_time: self.options.header_time,
        }
        .pass(headers)
    }

    /// Opens the envelope and holds the plaintext against the table. Whatever can be read is recorded
    /// before it is judged.
    fn open(&self, visit: &Visit<'_>, record: &mut Record) -> Result<Read, Refusal> {
        let (table, clear) = examine::table(visit.endpoint)?;
        let WireBody { data, crc, reference } = gate::wire_body(visit.body, clear)?;
        record.reference.clone_from(&reference);
        let data = examine::unframed(data, self.options.framing)?;
        let pairs = self.keys().pairs();
        let Opened { plaintext, sealing } = envelope::open(&pairs, &data, &crc)?;
        record.plaintext = str::from_utf8(&plaintext).ok().map(str::to_owned).map(Zeroizing::new);
        let json = examine::plaintext_json(&plaintext)?;
        for name in ["reference", "transactionRef"] {
            if let Some(named) = json.get(name).and_then(Value::as_str) {
                record.reference = Some(named.to_owned());
            }
        }
        let books = &mut *self.books();
        record.sealed_again = books.sealing_keys.accept(sealing)?;
        inspect(&json, table, books.clock.today())?;
        Ok(Read { json, reference })
    }
}

/// A body that stood the checks.
struct Read {
    json: Value,
    reference: Option<String>,
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
