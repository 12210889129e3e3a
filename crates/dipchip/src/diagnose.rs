//! `dipchip diagnose`: the agent's checks with this machine's devices, printed for a technician or a program.
//!
//! The checks and their words are the agent's.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use agent::config::Config;
use agent::diagnose::{self, ReaderList, Report};
use agent::ports::{Devices, ReaderError};
use dipchip::card_reader;
use dipchip::devices::RealDevices;
use tokio::runtime::Runtime;

use crate::Exit;
use crate::error_text::chain;
use crate::read::Form;

/// What is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// Whatever a journey needs.
    Everything,
    /// The way to the bank, and how it wants to be spoken to.
    Bank,
}

/// Runs every check that the configuration allows; without one, only the readers are looked at.
///
/// # Errors
/// If the runtime cannot be started or the report cannot be written.
pub fn run(config: Option<&Path>, scope: Scope, form: Form) -> io::Result<Exit> {
    let config = match config.map(Config::load).transpose() {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{}", chain(&error));
            return Ok(Exit::Usage);
        }
    };
    let runtime = Runtime::new()?;
    let report = runtime.block_on(checked(config, scope));
    // A thread that a device holds for ever must not keep the program.
    runtime.shutdown_background();
    let mut rendered = match form {
        Form::Text => report.text(),
        Form::Json => report.json(),
    };
    if !rendered.ends_with('\n') {
        rendered.push('\n');
    }
    io::stdout().write_all(rendered.as_bytes())?;
    Ok(if report.exit_code() == 0 { Exit::Done } else { Exit::Fault })
}

async fn checked(config: Option<Config>, scope: Scope) -> Report {
    let list = ReaderList(plugged);
    match config {
        Some(config) if scope == Scope::Bank => diagnose::run_probe(&config).await,
        Some(config) => {
            let devices: Arc<dyn Devices> = Arc::new(RealDevices::new(&config));
            diagnose::run(&config, &devices, list).await
        }
        None => {
            let devices: Arc<dyn Devices> = Arc::new(RealDevices::any_reader());
            diagnose::run_readers(&devices, list).await
        }
    }
}

fn plugged() -> Result<Vec<String>, ReaderError> {
    Ok(card_reader::list()?.into_iter().map(|listed| listed.name).collect())
}
