//! Serves one request to an endpoint: gateway, envelope, table, ledger, answer; and keeps the record.
//! Knows nothing of connections and knobs; `front` does.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::EnvelopeKey;
use super::clock::Clock;
use super::code::Code;
use super::consents::{self, FOR_DOPA};
use super::endpoint::Endpoint;
use super::envelope::{self, KeyFault, KeyPair, KeyRing, OldKey, Opened, SealingKeys};
use super::examine;
use super::fault::Faults;
use super::finding::Refusal;
use super::gate::{self, Gate, Replay, WireBody};
use super::identifier;
use super::inspect::inspect;
use super::ledger::{Ledger, Outcome, Selfie, SubmitFacts};
use super::memory::{Memory, Record};
use super::options::Options;
use super::reference::{Face, Work};
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
            Endpoint::Consents => show_consents(visit.path),
            Endpoint::ValidateQr => self.validate(&self.open(visit, record)?.json),
            Endpoint::Submit => self.submit(&self.open(visit, record)?.json),
            Endpoint::ReportFailure => self.report_failure(&self.open(visit, record)?),
            Endpoint::CheckDopa => self.check_dopa(&self.open(visit, record)?.json),
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

    fn validate(&self, body: &Value) -> Result<Decided, Refusal> {
        let reference = text(body, "/reference");
        let outcome = self.books().ledger.validate(reference, text(body, "/identifier"))?;
        let validated = match outcome {
            Outcome::Forced(code) => return Ok(Decided::Forced(code)),
            Outcome::Done(validated) => validated,
        };
        let face_compare = match validated.face {
            Face::Required => "Y",
            Face::NotRequired => "N",
        };
        let mut data = Map::from_iter([
            ("reference".to_owned(), identifier::uuid().into()),
            ("ref1".to_owned(), "KMA-2026-000001".into()),
            ("ref2".to_owned(), "CUSTOMER-000001".into()),
            ("ref3".to_owned(), "E-KYC".into()),
            ("faceCompare".to_owned(), face_compare.into()),
            ("channelCode".to_owned(), "KMA".into()),
        ]);
        if !validated.consents.is_empty() {
            data.insert("consents".to_owned(), consents::as_json(validated.consents));
        }
        Ok(Decided::Reply(Reply::diis(0, data.into())))
    }

    fn submit(&self, body: &Value) -> Result<Decided, Refusal> {
        let picture = body.get("customerSelfieImage").is_some();
        let format = body.get("customerSelfieImageFormat").is_some();
        let facts = SubmitFacts {
            citizen_id: text(body, "/customerData/citizenId"),
            consents: body.get("customerConsents"),
            selfie: match (picture, format) {
                (true, true) => Selfie::Present,
                (false, false) => Selfie::Absent,
                (true, false) | (false, true) => Selfie::Half,
            },
        };
        let reference = text(body, "/transactionRef");
        let outcome = self.books().ledger.submit(reference, &facts)?;
        Ok(decided(outcome, json!({"transactionRef": identifier::uuid()})))
    }

    fn report_failure(&self, body: &Read) -> Result<Decided, Refusal> {
        let reference = body.reference.as_deref().unwrap_or_default();
        let outcome = self.books().ledger.fail(reference, text(&body.json, "/identifier"))?;
        Ok(decided(outcome, json!({"reference": identifier::uuid()})))
    }

    fn check_dopa(&self, body: &Value) -> Result<Decided, Refusal> {
        let citizen_id = text(body, "/customerData/citizenId");
        let forced = self.books().ledger.check_dopa(citizen_id);
        if let Some(forced) = forced.filter(|forced| forced.work == Work::LeftUndone) {
            return Ok(Decided::Forced(forced.code));
        }
        consents::judge(body.get("customerConsents"), FOR_DOPA)?;
        Ok(forced.map_or_else(
            || Decided::Reply(Reply::diis(0, json!({"transactionRef": identifier::uuid()}))),
            |forced| Decided::Forced(forced.code),
        ))
    }
}

/// What a request comes to, unless it is refused.
enum Decided {
    Reply(Reply),
    Forced(Code),
}

/// A body that stood the checks.
struct Read {
    json: Value,
    reference: Option<String>,
}

fn decided(outcome: Outcome<()>, data: Value) -> Decided {
    match outcome {
        Outcome::Done(()) => Decided::Reply(Reply::diis(0, data)),
        Outcome::Forced(code) => Decided::Forced(code),
    }
}

/// §6: "Currently the available value of {ref} in url is 'dopa'."
fn show_consents(path: &str) -> Result<Decided, Refusal> {
    if !path.ends_with("/alternativeSource/consents/dopa") {
        return Err(Refusal::diis(9400, "ref", "dopa", "another text"));
    }
    let data = json!({"ref": "dopa", "consents": consents::as_json(FOR_DOPA)});
    Ok(Decided::Reply(Reply::diis(0, data)))
}

/// A text that `inspect` has found to be there.
fn text<'a>(body: &'a Value, pointer: &str) -> &'a str {
    body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
