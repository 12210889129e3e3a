//! What is wrong in a configuration, where, and what would be right.
//!
//! Owns the error of loading; a fault never repeats a secret. Findings are collected, not thrown: one run
//! of `dipchip config check` names all of them.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a configuration is refused.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file itself cannot be had.
    #[error("reading {}, expected a configuration file", file.display())]
    Unreadable {
        /// As it was given.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is longer than any configuration.
    #[error("{}: more than {limit} bytes, expected a configuration file", file.display())]
    TooLong {
        /// As it was given.
        file: PathBuf,
        /// The most that is read.
        limit: u64,
    },
    /// The file is not text.
    #[error("{}: came bytes that are no UTF-8, expected a TOML text", file.display())]
    NotText {
        /// As it was given.
        file: PathBuf,
    },
    /// It was read and is wrong in these places, in the order of the file. Never empty.
    #[error("{}", lines(.0))]
    Faults(Vec<Fault>),
}

impl ConfigError {
    /// The single places, if the file could be read at all.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        match self {
            Self::Unreadable { .. } | Self::TooLong { .. } | Self::NotText { .. } => &[],
            Self::Faults(faults) => faults,
        }
    }
}

fn lines(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n")
}

/// One place that is wrong: `FILE:LINE:COLUMN: KEY: came …, expected …`.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{origin}: came {came}, expected {expected}")]
pub struct Fault {
    /// Where.
    pub origin: Origin,
    /// What stands there; never a secret.
    pub came: String,
    /// What would be right.
    pub expected: String,
}

/// Where a value of the configuration stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin {
    /// The file, as it was given.
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The whole key, `bank.timeouts.connect_s`; empty for the file as a whole.
    pub key: String,
}

impl Origin {
    /// A fault at this place.
    #[must_use]
    pub fn fault(&self, came: impl Into<String>, expected: impl Into<String>) -> Fault {
        Fault { origin: self.clone(), came: came.into(), expected: expected.into() }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)?;
        if self.key.is_empty() { Ok(()) } else { write!(f, ": {}", self.key) }
    }
}
