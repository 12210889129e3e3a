//! `dipchip serve`: runs the agent with this machine's devices until a signal stops it.
//!
//! What it does is the agent's; here are the runtime, the signals and systemd.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use agent::config::Config;
use agent::log::{self, LogForm};
use agent::{Agent, Running, StartError};
use dipchip::devices::RealDevices;
use sd_notify::NotifyState;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};

use crate::Exit;
use crate::error_text::chain;

/// A journey under way is wiped and files are closed; systemd would kill after 90 s.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Runs until SIGTERM or SIGINT.
pub fn serve(file: &Path) -> Exit {
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{}", chain(&error));
            return Exit::Usage;
        }
    };
    let form = if std::io::stderr().is_terminal() { LogForm::Text } else { LogForm::Json };
    log::init(config.log.level, form);
    match Runtime::new() {
        Ok(runtime) => runtime.block_on(run(config)),
        Err(error) => {
            eprintln!("dipchip: starting the runtime: {error}");
            Exit::Fault
        }
    }
}

async fn run(config: Config) -> Exit {
    let devices = Arc::new(RealDevices::new(&config));
    let (mut terminate, mut interrupt) =
        match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
            (Ok(terminate), Ok(interrupt)) => (terminate, interrupt),
            (Err(error), _) | (_, Err(error)) => {
                eprintln!("dipchip: listening for signals: {error}");
                return Exit::Fault;
            }
        };
    let mut running = match Agent::start(config, devices, None).await {
        Ok(running) => running,
        Err(error) => {
            eprintln!("{}", chain(&error));
            return exit(&error);
        }
    };
    announce(&running);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        // systemd starts a program anew that ends with a fault; one that merely stands still it does not.
        () = running.ended() => {
            error!("the agent ended by itself");
            return Exit::Fault;
        }
    }
    info!("stopping");
    tell_systemd(NotifyState::Stopping);
    if tokio::time::timeout(STOP_WITHIN, running.stop()).await.is_err() {
        warn!("something did not stop in time");
    }
    Exit::Done
}

fn announce(running: &Running) {
    // The address opens the page: to a person at a terminal it is shown, in a log it would lie open.
    if std::io::stdout().is_terminal() {
        println!("{}", running.page_url());
    }
    tell_systemd(NotifyState::Ready);
}

fn tell_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        warn!(%error, "systemd could not be told");
    }
}

fn exit(error: &StartError) -> Exit {
    match error {
        StartError::Files(_) => Exit::Usage,
        StartError::Bank(_)
        | StartError::Journal(_)
        | StartError::Listen { .. }
        | StartError::UrlFile { .. }
        | StartError::NoRandomness => Exit::Fault,
    }
}
