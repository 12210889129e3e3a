//! The production program: the real devices of the library around the agent.
//!
//! Owns the command line and the exit codes: 0 done, 1 a fault of the machine or ours, 2 usage or
//! configuration, 3 the bank refused, 4 the customer stopped or time ran out.

mod config_check;
mod diagnose;
mod error_text;
mod explain;
mod hardening;
mod list;
mod plugged;
mod read;
mod serve;
mod sheet;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use agent::config::LogLevel;
use agent::log::{self, LogForm};
use clap::{Parser, Subcommand};

use diagnose::Scope;
use read::{Form, Reading};
use sheet::Sight;

/// Reads Thai citizen cards for the bank's identity service.
#[derive(Debug, Parser)]
#[command(name = "dipchip", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the agent until it is stopped.
    Serve {
        /// The configuration.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Read the card in the reader and print it, masked; waits 30 s for a card.
    Read {
        /// One JSON object instead of lines.
        #[arg(long)]
        json: bool,
        /// Show the person's data instead of masking it.
        #[arg(long)]
        reveal: bool,
        /// Use the readers that this configuration allows, instead of any.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Say each exchange with the card on standard error: instruction, lengths, status word and time,
        /// and none of its data.
        #[arg(long)]
        trace: bool,
        /// Write what goes on with the card to a new file, with an invented holder in place of this one: a
        /// recording that may be handed on.
        #[arg(long, value_name = "FILE")]
        record: Option<PathBuf>,
        /// List the readers that are plugged in with what the notes say of them, and read none.
        #[arg(long, conflicts_with_all = ["record", "reveal", "trace"])]
        list: bool,
    },
    /// Look after a configuration.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Check everything a journey needs: each finding with its cause and remedy.
    Diagnose {
        /// One JSON object instead of lines.
        #[arg(long)]
        json: bool,
        /// The configuration; without it only the readers are looked at.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Only find out which dialect the bank speaks, by harmless calls: a token, consents, and a
        /// validation of a reference and a citizen that do not exist.
        #[arg(long, requires = "config")]
        probe_bank: bool,
    },
    /// List the cameras and scanners that are plugged in, and how the configuration names each.
    Devices {
        /// One JSON object for each instead of lines.
        #[arg(long)]
        json: bool,
    },
    /// Look after the audit files.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Look after the journal of what was sent.
    Journal {
        #[command(subcommand)]
        command: JournalCommand,
    },
    /// Say what a code of a screen or a log means and what to do.
    Explain {
        /// Such as 1101, -100, HTTP_503, NET_TIMEOUT, CARD_REMOVED.
        #[arg(allow_hyphen_values = true)]
        code: String,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check that no record was changed, removed, moved or cut off.
    Verify {
        /// The file, or the folder with audit.jsonl in it, as in journal.dir.
        file: PathBuf,
        /// The newest record known to be kept, as the log says it; without it, audit.head beside the file.
        #[arg(long, value_name = "NUMBER:HASH")]
        head: Option<agent::audit::Head>,
    },
}

#[derive(Debug, Subcommand)]
enum JournalCommand {
    /// Check the database, and the promises that it can tell of: nothing confirmed twice, nothing open after
    /// its answer.
    Verify {
        /// The journal's folder, as in journal.dir.
        folder: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check a configuration, and that the files and secrets that it names are there.
    Check {
        /// The configuration.
        file: PathBuf,
    },
}

/// How the program ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// It did what it was told.
    Done,
    /// A fault of the machine or ours.
    Fault,
    /// Wrong usage or configuration.
    Usage,
    /// Nobody came, or time ran out.
    Stopped,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Fault => 1,
            Exit::Usage => 2,
            Exit::Stopped => 4,
        })
    }
}

fn main() -> ExitCode {
    hardening::install_panic_hook();
    match run(Arguments::parse().command) {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("dipchip: {error:#}");
            Exit::Fault.into()
        }
    }
}

fn run(command: Command) -> anyhow::Result<Exit> {
    hardening::forbid_core_dumps()?;
    match command {
        Command::Serve { config } => Ok(serve::serve(&config)),
        Command::Read { json, list: true, .. } => Ok(list::list(Form::of(json))?),
        Command::Read { json, reveal, config, trace, record, list: false } => {
            if trace {
                log::init(LogLevel::Trace, LogForm::Text);
            }
            let reading =
                Reading { form: Form::of(json), sight: Sight::of(reveal), config, record };
            Ok(read::read(&reading)?)
        }
        Command::Config { command: ConfigCommand::Check { file } } => {
            Ok(config_check::check(&file))
        }
        Command::Diagnose { json, config, probe_bank } => {
            let scope = if probe_bank { Scope::Bank } else { Scope::Everything };
            Ok(diagnose::run(config.as_deref(), scope, Form::of(json))?)
        }
        Command::Devices { json } => Ok(plugged::list(Form::of(json))?),
        Command::Audit { command: AuditCommand::Verify { file, head } } => {
            Ok(verify::audit(&file, head.as_ref()))
        }
        Command::Journal { command: JournalCommand::Verify { folder } } => {
            Ok(verify::journal(&folder))
        }
        Command::Explain { code } => Ok(explain::explain(&code)),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_code_with_a_minus_is_no_option() {
        let arguments = Arguments::try_parse_from(["dipchip", "explain", "-100"]).unwrap();
        assert!(matches!(arguments.command, Command::Explain { code } if code == "-100"));
    }
}
