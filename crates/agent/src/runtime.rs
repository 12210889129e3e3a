//! The running agent: puts the parts together at start and takes them apart at the end.
//!
//! `machine` is the loop that feeds the session and carries out its commands; `calls` seals, journals and
//! sends. Everything personal lives in those two and is gone when a journey ends.

mod calls;
mod machine;
mod silence;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rand::TryRng;
use rand::rngs::SysRng;
use session::{Outcome, Stage};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tracing::info;

use crate::api::{self, ApiOptions, Desk, PageKey, Panel, UrlFile};
use crate::audit::{self, Audit, Happened};
use crate::bank::{Bank, BankSetupError, Failed, Keyring};
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::devices::camera::{self, Gaze};
use crate::devices::card;
use crate::devices::{Fact, Facts, Rig, scanner};
use crate::handover::Handover;
use crate::journal::{Journal, JournalError};
use crate::outbox::{self, Outbox};
use crate::ports::{Devices, prepared};
use crate::sendings::Sendings;

use calls::Calls;
use machine::{Machine, Parts, Windows};

/// Events of the page that wait for the loop; a person cannot fill it, a program gets `429`.
const EVENTS_WAITING: usize = 16;
/// Facts of the devices that wait for the loop; a device that is faster waits.
const FACTS_WAITING: usize = 64;

/// Why the agent did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A secret is missing or unsafe, or a public key of the bank is none.
    #[error(transparent)]
    Files(#[from] ConfigError),
    /// TLS or HTTP.
    #[error(transparent)]
    Bank(#[from] BankSetupError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The local API's address is taken, or not ours.
    #[error("listening on {address} failed, expected api.listen to be a free loopback address")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// The file for the page's address.
    #[error("writing {path} failed, expected api.url_file to be writable")]
    UrlFile {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The operating system gave no randomness.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
}

/// The agent, not yet running.
pub struct Agent;

/// The agent, running until it is stopped.
pub struct Running {
    address: SocketAddr,
    page_url: zeroize::Zeroizing<String>,
    last: watch::Receiver<Option<JourneyRecord>>,
    stop: watch::Sender<Stop>,
    machine: JoinHandle<()>,
    server: JoinHandle<io::Result<()>>,
    outbox: JoinHandle<()>,
    token: JoinHandle<()>,
}

/// A journey that is over, without a word about the person.
#[derive(Clone, Debug)]
pub struct JourneyRecord {
    /// How it ended, with the bank's own code.
    pub outcome: Outcome,
    /// Its stages in order, with the time spent in each; a stage may come more than once.
    pub stages: Vec<(Stage, Duration)>,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Stop {
    No,
    Now,
}

impl Agent {
    /// Starts everything and returns once the page can be opened. Devices may still be missing: they are
    /// looked for until they come.
    ///
    /// # Errors
    /// [`StartError`] if configuration, secrets, key, journal or address do not do.
    pub async fn start(
        config: Config,
        devices: Arc<dyn Devices>,
        panel: Option<Panel>,
    ) -> Result<Running, StartError> {
        let secrets = config.secrets()?;
        let clock = Arc::new(Clock::new());
        let keys = Arc::new(Keyring::new(config.public_keys()?));
        let dialect = config.dialect().clone();
        let bank = Bank::new(config.bank.clone(), dialect, &secrets, Arc::clone(&clock))?;
        drop(secrets);
        let bank = Arc::new(bank);
        let sendings =
            Arc::new(Sendings::new(Journal::start(&config.journal.dir, clock.bank_time())?));
        let (facts, facts_in) = mpsc::channel(FACTS_WAITING);
        let facts = Facts(facts);
        let audit = Audit::start(&config.journal.dir, facts.clone());
        let version = env!("CARGO_PKG_VERSION");
        audit.record(clock.bank_time(), Happened::Started { version, form: audit::FORM });
        let outbox = Outbox::default();
        let Front { listener, address, page_url, options } = Front::open(&config).await?;

        let (events, events_in) = mpsc::channel(EVENTS_WAITING);
        let preview = watch::Sender::new(None);
        let (stop, stopped) = watch::channel(Stop::No);
        let devices = prepared(devices);
        let rig = Rig { devices, facts: facts.clone() };
        let gaze = Gaze::default();
        let calls = Calls::new(
            Arc::clone(&bank),
            Arc::clone(&sendings),
            outbox.clone(),
            (keys, config.dialect().data_framing),
            (Arc::clone(&clock), audit.clone()),
        );
        let now = clock.bank_time();
        let (handover, remains) = Handover::start(&config.journal.dir, sendings.entries(), now);
        let parts = Parts {
            handover,
            remains,
            newest_before: sendings.entries().newest().ok(),
            clock: Arc::clone(&clock),
            calls,
            audit: audit.clone(),
            rig: rig.clone(),
            gaze: gaze.clone(),
        };
        let (machine, windows) = Machine::new(&config, seed()?, parts);
        let Windows { shown, health, last } = windows;

        card::watch(rig.clone());
        scanner::start(rig.clone());
        camera::start(rig.clone(), gaze, preview.clone(), config.journey.liveness);

        let desk = Desk { shown, events, preview, health };
        let server_stop = until_stopped(stopped.clone());
        let server = tokio::spawn(api::serve(listener, desk, options, panel, server_stop));
        let machine = tokio::spawn(machine.run(facts_in, events_in, until_stopped(stopped)));
        let token = tokio::spawn(keep_token(Arc::clone(&bank), facts.clone()));
        let outbox = tokio::spawn(outbox.run(outbox::Desk { sendings, bank, clock, audit, facts }));
        info!(%address, "the page is served");
        Ok(Running { address, page_url, last, stop, machine, server, outbox, token })
    }
}

/// Keeps a token at hand, and lets the machine know when there is none.
async fn keep_token(bank: Arc<Bank>, facts: Facts) {
    // A machine too busy to hear of it now hears of it at the next failure.
    let tell = |failed: Failed| {
        drop(facts.0.try_send(Fact::Unserved(failed.at, failed.condition)));
    };
    bank.keep_token(tell).await;
}

/// Where people reach the agent: the local API's address, and the page's with its key.
struct Front {
    listener: TcpListener,
    address: SocketAddr,
    page_url: zeroize::Zeroizing<String>,
    options: ApiOptions,
}

impl Front {
    async fn open(config: &Config) -> Result<Self, StartError> {
        let wanted = config.api.listen;
        let taken = |source| StartError::Listen { address: wanted, source };
        let listener = TcpListener::bind(wanted).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let key = PageKey::draw(config.api.page_key).map_err(|_| StartError::NoRandomness)?;
        let page_url = key.url(address);
        let url_file = config.api.url_file.clone().map(|path| UrlFile { path, address });
        if let Some(file) = &url_file {
            file.write(&key)
                .map_err(|source| StartError::UrlFile { path: file.path.clone(), source })?;
        }
        let options = ApiOptions::new(key, address, config.journey.profile).renewed_in(url_file);
        Ok(Self { listener, address, page_url, options })
    }
}

impl Running {
    /// Where the page and the local API are served.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The page's address with its key: whoever opens it first has the page.
    #[must_use]
    pub fn page_url(&self) -> &str {
        &self.page_url
    }

    /// The last journey that ended: for the program around the agent, never for a screen.
    #[must_use]
    pub fn last_journey(&self) -> Option<JourneyRecord> {
        self.last.borrow().clone()
    }

    /// Stops: the journey under way is wiped, what is in the journal stays for the next start.
    pub async fn stop(self) {
        let _ = self.stop.send(Stop::Now);
        self.outbox.abort();
        self.token.abort();
        // A task that panicked has already said so; there is nothing left to do for it here.
        let _ = self.machine.await;
        let _ = self.server.await;
    }

    /// Returns when the agent has ended by itself, which is a fault.
    pub async fn ended(&mut self) {
        tokio::select! {
            _ = &mut self.machine => {}
            _ = &mut self.server => {}
        }
    }
}

async fn until_stopped(mut stopped: watch::Receiver<Stop>) {
    // An error means that the sender is gone, which is a stop as well.
    let _ = stopped.wait_for(|stop| *stop == Stop::Now).await;
}

fn seed() -> Result<u64, StartError> {
    SysRng.try_next_u64().map_err(|_| StartError::NoRandomness)
}
