//! The simulated bank: HTTPS on 127.0.0.1, the six endpoints of the document, strict, with knobs and memory.
//!
//! It is a second reading of the document, written without `protocol`: its own tables, its own way of
//! opening envelopes, its own codes. Where the document leaves a choice it takes the stricter one.

mod admin;
mod certificate;
mod citizen;
mod clerk;
mod clock;
mod code;
mod consents;
mod endpoint;
mod envelope;
mod examine;
mod fault;
mod fields;
mod files;
mod finding;
mod front;
mod gate;
mod identifier;
mod inspect;
mod ledger;
mod memory;
mod options;
mod reference;
mod reply;
mod server;
mod shape;
mod strict_json;
mod teller;
mod tokens;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::SignedDuration;
use thiserror::Error;

use envelope::{KeyFault, KeyPair};
use server::{Door, Server};
use teller::{Secrets, Teller};

pub(crate) use clerk::Clerk;

pub use certificate::{Certificate, CertificateError};
pub use clock::HeaderTime;
pub use code::{Code, CodeError};
pub use endpoint::Endpoint;
pub use envelope::{EnvelopeKey, OldKey};
pub use examine::{Examiner, Verdict};
pub use fault::{Acting, Cut, Fault, FaultError, Heard, Kind};
pub use files::FilesError;
pub use ledger::Stage;
pub use memory::{Record, SealedAgain};
pub use options::{Framing, Log, Options};
pub use reference::Face;

/// A running bank. Dropping it closes it.
pub struct Bank {
    teller: Arc<Teller>,
    door: Door,
    ca_pem: String,
    port: u16,
    server: Option<Server>,
}

/// A bank that could not be started.
#[derive(Debug, Error)]
pub enum BankError {
    /// The pair for the envelopes.
    #[error("starting the simulated bank: no envelope key")]
    Key(#[source] KeyFault),
    /// The TLS side.
    #[error("starting the simulated bank: no certificate")]
    Certificate(#[from] CertificateError),
    /// The port.
    #[error("starting the simulated bank: listening on 127.0.0.1:{port} failed")]
    Listen {
        /// As asked for.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
}

impl Bank {
    /// Starts a bank on a thread of its own. Blocks for about a second when the process makes its first
    /// envelope key without optimisation.
    ///
    /// # Errors
    /// [`BankError`], by what was missing.
    pub fn start(options: Options) -> Result<Self, BankError> {
        let key = KeyPair::obtain(options.envelope_key).map_err(BankError::Key)?;
        let tls = certificate::make(options.certificate)?;
        let port = options.port;
        let secrets = Secrets {
            client_id: identifier::uuid(),
            client_secret: format!("{}{}", identifier::uuid(), identifier::uuid()),
            api_key: identifier::uuid(),
            admin_token: format!("{}{}", identifier::uuid(), identifier::uuid()),
        };
        let teller = Arc::new(Teller::new(options, secrets, key));
        let door = Door { tls: tls.config, handshakes: Arc::default() };
        let mut bank = Self { teller, door, ca_pem: tls.ca_pem, port, server: None };
        bank.reopen()?;
        Ok(bank)
    }

    /// Closes the port and cuts every connection. Memory, references and tokens stay.
    pub fn close(&mut self) {
        self.server = None;
    }

    /// Opens again on the same port after [`Bank::close`]; does nothing while open.
    ///
    /// # Errors
    /// [`BankError::Listen`] if another program has taken the port meanwhile.
    pub fn reopen(&mut self) -> Result<(), BankError> {
        if self.server.is_none() {
            let server = Server::start(self.port, self.door.clone(), Arc::clone(&self.teller))
                .map_err(|source| BankError::Listen { port: self.port, source })?;
            self.port = server.port();
            self.server = Some(server);
        }
        Ok(())
    }

    /// `https://127.0.0.1:PORT`, without a slash behind.
    pub fn base_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The authority that a client must trust, as PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The key that envelopes are sealed for, X.509 SubjectPublicKeyInfo as PEM.
    pub fn public_key_pem(&self) -> String {
        self.teller.public_key_pem()
    }

    /// Takes a new key pair. Blocks for about a second without optimisation.
    ///
    /// # Errors
    /// [`BankError::Key`] if the system's randomness fails.
    pub fn rotate_key(&self, old: OldKey) -> Result<(), BankError> {
        self.teller.rotate_key(old).map_err(BankError::Key)
    }

    /// The citizen id that forces a code, from words as of a reference: `E3-9301`, `G201-E6-ONCE`. `None`
    /// for words that say no code.
    pub fn magic_citizen(words: &str) -> Option<String> {
        citizen::of_words(words)
    }

    /// Puts a reference where a test wants it; whether this bank knows it.
    pub fn put_stage(&self, reference: &str, stage: Stage) -> bool {
        self.teller.books().ledger.put(reference, stage)
    }

    /// For E1.
    pub fn client_id(&self) -> &str {
        &self.teller.secrets.client_id
    }

    /// For E1.
    pub fn client_secret(&self) -> &str {
        &self.teller.secrets.client_secret
    }

    /// For the `API-Key` header.
    pub fn api_key(&self) -> &str {
        &self.teller.secrets.api_key
    }

    /// The bearer secret of the routes below `/_sim/`.
    pub fn admin_token(&self) -> &str {
        &self.teller.secrets.admin_token
    }

    /// What the bank received, oldest first, at most 1,000 requests. Refused ones are among them; what
    /// comes to no endpoint (404, 405) is not.
    pub fn records(&self) -> Vec<Record> {
        self.teller.books().memory.records().cloned().collect()
    }

    /// TLS handshakes that clients went through with, over the bank's life.
    pub fn handshakes(&self) -> u64 {
        self.door.handshakes.load(Ordering::SeqCst)
    }

    /// The access tokens that are known now, newest last; for tests that search for them.
    pub fn tokens(&self) -> Vec<String> {
        self.teller.books().tokens.known().map(str::to_owned).collect()
    }

    /// Forgets all records.
    pub fn forget_records(&self) {
        self.teller.books().memory.forget();
    }

    /// Where a reference stands; `None` if the bank does not know it.
    pub fn stage(&self, reference: &str) -> Option<Stage> {
        self.teller.books().ledger.stage(reference)
    }

    /// Lets something go wrong from now on.
    pub fn add_fault(&self, fault: Fault) {
        self.teller.books().faults.add(fault);
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.teller.books().faults.clear();
    }

    /// Ends all tokens, as after a key change at the bank.
    pub fn expire_tokens(&self) {
        self.teller.books().tokens.expire_all();
    }

    /// From now on the bank's clock is ahead of this machine's by this much.
    pub fn set_clock_ahead(&self, ahead: Duration) {
        self.set_clock_offset(SignedDuration::try_from(ahead).unwrap_or(SignedDuration::MAX));
    }

    /// From now on the bank's clock is behind this machine's by this much.
    pub fn set_clock_behind(&self, behind: Duration) {
        self.set_clock_offset(-SignedDuration::try_from(behind).unwrap_or(SignedDuration::MAX));
    }

    fn set_clock_offset(&self, offset: SignedDuration) {
        self.teller.books().clock.set_offset(offset);
    }

    /// Whether a face is compared where the reference does not say; for references not seen yet.
    pub fn set_face(&self, face: Face) {
        self.teller.books().ledger.set_default_face(face);
    }

    /// Writes `ca.pem`, `bank.pub.pem`, `client_id`, `client_secret`, `api_key`, `admin_token` and `base_url`
    /// into a directory, readable by the owner only.
    ///
    /// # Errors
    /// [`FilesError`] naming the file that could not be written.
    pub fn write_files(&self, directory: &Path) -> Result<(), FilesError> {
        files::write(self, directory)
    }
}

impl fmt::Debug for Bank {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Bank").field("port", &self.port).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
