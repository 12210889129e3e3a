//! Whether others understand us and we them: Java and Python on the envelope, curl and openssl on the
//! simulated bank's own help, and the probe that finds out which dialect a bank speaks.
//!
//! A program that is not installed is a skipped test, except on a build server.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod envelopes;
mod help;
mod probe;

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::process::{Command, Output};

/// Runs a program to its end; `None` where it is not installed.
fn ran(command: &mut Command) -> Option<Output> {
    match command.output() {
        Err(error) if error.kind() == ErrorKind::NotFound && std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {} is not installed", command.get_program().display());
            None
        }
        output => Some(output.unwrap()),
    }
}

/// The same, and it must succeed.
#[track_caller]
fn succeeded(command: &mut Command) -> Option<String> {
    let output = ran(command)?;
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {told}", command.get_program().display());
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The Python that the stage has made ready, with `cryptography` in it.
fn python() -> impl AsRef<OsStr> {
    std::env::var_os("DIPCHIP_INTEROP_PYTHON").unwrap_or_else(|| "python3".into())
}
