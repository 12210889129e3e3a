//! `simulator bank`: starts a bank, writes what a client needs into a directory, serves until it is ended.
//! What the bank is and does is `crate::bank`; `bank_help.txt` is the page for those who test against it.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::Failure;
use crate::bank::{Bank, Face, Fault, Framing, HeaderTime, Log, Options};

/// Magic references and knobs, for those who test against it.
const LONG_HELP: &str = include_str!("bank_help.txt");

#[derive(Args, Debug)]
#[command(after_long_help = LONG_HELP)]
pub(super) struct BankArguments {
    /// Where ca.pem, bank.pub.pem, client_id, client_secret, api_key, admin_token and base_url are written.
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
    /// The one form of X-Client-Transaction-DateTime that is taken.
    #[arg(long, value_enum, default_value = "document")]
    header_time: HeaderTimeWord,
    /// What the field data holds: the Base64 alone, or JSON with a cipherText around it.
    #[arg(long, value_enum, default_value = "base64")]
    framing: FramingWord,
    /// Where E4 is offered, since section 5 gives two spellings.
    #[arg(long, value_name = "PATH", default_value_t = Options::default().failure_path)]
    failure_path: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum HeaderTimeWord {
    /// 2019-12-11T101800.449+0700
    Document,
    /// 2019-12-11T10:18:00.449+07:00
    Rfc3339,
    /// 20191211T101800.449+0700
    Basic,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FramingWord {
    Base64,
    CipherText,
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
        header_time: match arguments.header_time {
            HeaderTimeWord::Document => HeaderTime::Document,
            HeaderTimeWord::Rfc3339 => HeaderTime::Rfc3339,
            HeaderTimeWord::Basic => HeaderTime::Basic,
        },
        framing: match arguments.framing {
            FramingWord::Base64 => Framing::Base64,
            FramingWord::CipherText => Framing::CipherTextJson,
        },
        failure_path: arguments.failure_path,
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

#[cfg(test)]
mod tests {
    use super::{Bank, Fault, LONG_HELP};

    #[test]
    fn every_fault_in_the_help_is_one() {
        let lines = LONG_HELP.lines().map(str::trim_start);
        let faults: Vec<&str> = lines
            .filter(|line| line.starts_with('{') && line.contains("\"fault\""))
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        assert_eq!(faults.len(), 8);
        for fault in faults {
            assert!(fault.parse::<Fault>().is_ok(), "{fault}");
        }
    }

    #[test]
    fn the_citizen_in_the_help_is_the_one_that_its_words_make() {
        let citizen_id = Bank::magic_citizen("1101").unwrap();
        assert!(LONG_HELP.contains(&format!("{citizen_id} forces 1101 at E2")));
    }
}
