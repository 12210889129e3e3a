//! The simulator's program: everything is in `simulator::cli`.
//! This only hands over the arguments and the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    simulator::cli::run(std::env::args_os())
}
