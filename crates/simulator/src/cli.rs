//! The command line: `simulator demo` runs everything, `bank` and `card` one part alone, `run` many
//! days in virtual time.
//!
//! Owns the exit codes: 0 done, 1 a fault of the machine or ours, 2 usage, 3 the bank refused, 4 the
//! customer stopped or time ran out.

mod bank;
mod card;
mod fleet;
mod run;

use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::runtime::Runtime;

use crate::demo::{Demo, DemoError, Ended};

/// A fault of the machine or ours.
const EXIT_FAULT: u8 = 1;

/// Usage or configuration.
const EXIT_USAGE: u8 = 2;

/// The bank refused, or the card may not be used.
const EXIT_REFUSED: u8 = 3;

/// The customer stopped, or time ran out.
const EXIT_STOPPED: u8 = 4;

/// Everything Dipchip talks to, without hardware and without a bank.
#[derive(Parser)]
#[command(name = "simulator", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The whole journey without hardware and without a bank: a page with buttons for hands.
    Demo(Demo),
    /// A strict simulated bank over HTTPS on 127.0.0.1.
    Bank(bank::BankArguments),
    /// A simulated citizen card in a reader of a real pcscd, here or in a virtual machine.
    Card(card::CardArguments),
    /// Simulated days of one machine in virtual time, with everything that may go wrong, watched by invariants.
    Run(run::RunArguments),
    /// A hundred thousand machines before one bank, through two outages, in virtual time.
    Fleet(fleet::FleetArguments),
}

/// What went wrong, by whose fault.
#[derive(Debug)]
enum Failure {
    Usage(Box<dyn Error>),
    Fault(Box<dyn Error>),
}

/// Runs the program with these arguments, the program's name first, and says how it ended: 0 done,
/// 1 a fault of the machine or ours, 2 usage or configuration.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are printed by the same way, and are no failure.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(EXIT_USAGE));
        }
    };
    match perform(arguments.command) {
        Ok(code) => ExitCode::from(code),
        Err(Failure::Usage(error)) => complain(error.as_ref(), EXIT_USAGE),
        Err(Failure::Fault(error)) => complain(error.as_ref(), EXIT_FAULT),
    }
}

fn perform(command: Command) -> Result<u8, Failure> {
    match command {
        Command::Demo(demo) => demonstrate(&demo),
        Command::Bank(arguments) => bank::run(arguments).map(|()| 0),
        Command::Card(arguments) => card::run(&arguments).map(|()| 0),
        Command::Run(arguments) => run::run(&arguments),
        Command::Fleet(arguments) => fleet::run(&arguments),
    }
}

fn demonstrate(demo: &Demo) -> Result<u8, Failure> {
    let runtime = Runtime::new().map_err(|error| Failure::Fault(Box::new(error)))?;
    match runtime.block_on(demo.run()) {
        Ok(Ended::Done) => Ok(0),
        Ok(Ended::Refused) => Ok(EXIT_REFUSED),
        Ok(Ended::Stopped) => Ok(EXIT_STOPPED),
        Ok(Ended::Failed) => Ok(EXIT_FAULT),
        Err(error @ DemoError::Card(_)) => Err(Failure::Usage(Box::new(error))),
        Err(error) => Err(Failure::Fault(Box::new(error))),
    }
}

fn complain(error: &dyn Error, code: u8) -> ExitCode {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let words: Vec<String> = causes.map(ToString::to_string).collect();
    eprintln!("simulator: {}", words.join(": "));
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[track_caller]
    fn check(arguments: &[&str], expected: u8) {
        let words = ["simulator"].iter().chain(arguments).map(OsString::from);
        let code = run(words.collect::<Vec<_>>().into_iter());
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(expected)), "{arguments:?}");
    }

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn wrong_usage_ends_with_2() {
        check(&[], EXIT_USAGE);
        check(&["bank"], EXIT_USAGE);
        check(&["bank", "--dir", "d", "--port", "70000"], EXIT_USAGE);
        check(&["bank", "--dir", "d", "--port", "0", "--fault", "{}"], EXIT_USAGE);
        check(&["card", "--card", "somchai"], EXIT_USAGE);
        check(&["card", "--vscard", "s", "--vpcd", "127.0.0.1:1", "--card", "somchai"], EXIT_USAGE);
        check(&["card", "--vscard", "socket", "--card", "nobody"], EXIT_USAGE);
        check(&["card", "--vpcd", "127.0.0.1:1", "--card", "nobody"], EXIT_USAGE);
        check(&["card", "--vpcd", "127.0.0.1", "--card", "somchai"], EXIT_USAGE);
        check(&["card", "--vpcd", "127.0.0.1:1", "--card", "somchai", "--baud", "0"], EXIT_USAGE);
    }

    #[test]
    fn asking_for_help_is_no_failure() {
        check(&["--help"], 0);
        check(&["bank", "--help"], 0);
    }
}
