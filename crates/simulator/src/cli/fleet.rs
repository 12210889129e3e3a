//! `simulator fleet`: how many machines, how busy, and where the picture goes.
//! What a fleet is belongs to `fleet`.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Failure;
use crate::fleet::{Fleet, svg};

/// How many machines, how busy, and where the picture goes.
#[derive(Args)]
pub(super) struct FleetArguments {
    /// How many machines.
    #[arg(long, default_value_t = 100_000)]
    kiosks: u32,
    /// Seconds between two customers of one machine, on average.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(60..))]
    customer_every: u64,
    /// Everything follows from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Draws the requests over time into this file.
    #[arg(long)]
    svg: Option<PathBuf>,
}

/// Simulates, tells and draws.
pub(super) fn run(arguments: &FleetArguments) -> Result<u8, Failure> {
    let customer_every = Duration::from_secs(arguments.customer_every);
    let fleet = Fleet { kiosks: arguments.kiosks, customer_every, seed: arguments.seed };
    let report = fleet.run();
    println!("{report}");
    if let Some(path) = &arguments.svg {
        fs::write(path, svg(&report)).map_err(|error| Failure::Fault(Box::new(error)))?;
    }
    Ok(0)
}
