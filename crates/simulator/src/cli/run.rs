//! `simulator run`: which days, and how much is told of them.
//! What a day is belongs to `run`.

use clap::Args;

use super::{EXIT_FAULT, Failure};
use crate::run::{self, Seeds};

/// Which days, and how much is told of them.
#[derive(Args)]
pub(super) struct RunArguments {
    /// The days: the first and the last seed as A..B, or one.
    #[arg(long, value_name = "A..B", default_value = "1..10000")]
    seeds: Seeds,
    /// Tells everything that happens on the first of these days.
    #[arg(long)]
    trace: bool,
}

/// Simulates; 1 if a rule was broken.
pub(super) fn run(arguments: &RunArguments) -> Result<u8, Failure> {
    let fault = |error| Failure::Fault(Box::new(error));
    if arguments.trace {
        for line in run::trace(&arguments.seeds).map_err(fault)? {
            println!("{line}");
        }
    }
    let report = run::run(&arguments.seeds).map_err(fault)?;
    println!("{report}");
    Ok(if report.is_sound() { 0 } else { EXIT_FAULT })
}
