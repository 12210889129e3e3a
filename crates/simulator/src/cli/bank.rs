//! `simulator bank`: starts a bank, writes what a client needs into a directory, serves until it is ended.
//! What the bank is and does is `crate::bank`; `bank_help.txt` is the page for those who test against it.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::Failure;
use crate::bank::{Bank, Face, Fault, Log, Options};

/// Magic references and knobs, for those who test against it.
const LONG_HELP: &str = include_str!("bank_help.txt");

#[derive(Args, Debug)]
#[command(after_long_help = LONG_HELP)]
pub(super) struct BankArguments {
    /// Where ca.pem, bank.pub.pem, client_id, client_secret, api_key and admin_token are written.
    #[arg(long)]
    dir: PathBuf,
    /// The port on 127.0.0.1; 0 lets the system choose.
    #[arg(long)]
    port: u16,
    /// Whether a face is compared where the reference does not say.
    #[arg(long, value_enum, default_value = "n")]
    face: FaceWord,
    /// A known reference besides SIM-…; may be repeated.
    #[arg(long, value_name = "REF")]
    reference: Vec<String>,
    /// Something to go wrong, as JSON (see --help); may be repeated.
    #[arg(long, value_name = "JSON")]
    fault: Vec<Fault>,
    /// How long a token is good.
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    token_seconds: u64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FaceWord {
    Y,
    N,
}

/// Serves until the process is ended. Prints the base URL first; then a line on stderr for each request.
pub(super) fn run(arguments: BankArguments) -> Result<(), Failure> {
    let options = Options {
        port: arguments.port,
        face: match arguments.face {
            FaceWord::Y => Face::Required,
            FaceWord::N => Face::NotRequired,
        },
        references: arguments.reference,
        faults: arguments.fault,
        token_lifetime: Duration::from_secs(arguments.token_seconds),
        log: Log::to(|line| eprintln!("{line}")),
        ..Options::default()
    };
    let bank = Bank::start(options).map_err(|error| Failure::Fault(Box::new(error)))?;
    bank.write_files(&arguments.dir).map_err(|error| Failure::Fault(Box::new(error)))?;
    println!("{}", bank.base_url());
    loop {
        thread::park();
    }
}
