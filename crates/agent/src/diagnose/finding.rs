//! One finding: what was looked at, how it is, and for what is not well the cause and the remedy.
//!
//! A finding never holds anything of a person, nor a secret.

use serde::Serialize;

/// What is looked at.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The configuration as a whole.
    Configuration,
    /// Files and credentials with the secrets.
    Secrets,
    /// The bank's key for sealing.
    PublicKey,
    /// The journal's folder, key and database.
    Journal,
    /// Free space beside the journal.
    Disk,
    /// The local API's address.
    LocalApi,
    /// The smart card service and its readers.
    Reader,
    /// What the notes say of the reader in use.
    ReaderNote,
    /// What the notes say of the configured camera, scanner or printer.
    DeviceNote,
    /// The card that is in.
    Card,
    /// The camera.
    Camera,
    /// The code scanner.
    Scanner,
    /// The slip printer.
    Printer,
    /// From the bank's name to its addresses.
    NameResolution,
    /// TCP to the bank.
    Connection,
    /// TLS, and how long the bank's certificate is still good.
    Certificate,
    /// An access token.
    Token,
    /// This machine's clock against the bank's.
    Clock,
    /// How the bank wants to be spoken to.
    Dialect,
}

impl Check {
    /// The check's name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Secrets => "secrets",
            Self::PublicKey => "public key",
            Self::Journal => "journal",
            Self::Disk => "disk",
            Self::LocalApi => "local API",
            Self::Reader => "reader",
            Self::ReaderNote => "reader note",
            Self::DeviceNote => "device note",
            Self::Card => "card",
            Self::Camera => "camera",
            Self::Scanner => "scanner",
            Self::Printer => "printer",
            Self::NameResolution => "name resolution",
            Self::Connection => "connection",
            Self::Certificate => "certificate",
            Self::Token => "token",
            Self::Clock => "clock",
            Self::Dialect => "dialect",
        }
    }
}

/// How it is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it must be.
    Ok,
    /// It works, or may work, and somebody should look.
    Warning,
    /// Journeys fail.
    Fault,
    /// Not looked at: there is none, or something before it failed.
    Skipped,
}

impl Verdict {
    /// The verdict's word for people; a fault stands out without colour.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Fault => "FAULT",
            Self::Skipped => "skipped",
        }
    }
}

/// What was found; plain English sentences without a full stop.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// How it is.
    pub verdict: Verdict,
    /// What is the case.
    pub finding: String,
    /// Why; always there for a warning or a fault.
    pub cause: Option<String>,
    /// What to do; always there for a warning or a fault.
    pub remedy: Option<String>,
}

impl Finding {
    /// All is well.
    pub(super) fn ok(check: Check, finding: impl Into<String>) -> Self {
        let finding = finding.into();
        Self { check, verdict: Verdict::Ok, finding, cause: None, remedy: None }
    }

    /// Not looked at, for this reason.
    pub(super) fn skipped(check: Check, finding: impl Into<String>) -> Self {
        Self { verdict: Verdict::Skipped, ..Self::ok(check, finding) }
    }

    /// Somebody should look.
    pub(super) fn warning(check: Check, finding: impl Into<String>, advice: Advice) -> Self {
        let (cause, remedy) = (Some(advice.cause), Some(advice.remedy));
        Self { verdict: Verdict::Warning, cause, remedy, ..Self::ok(check, finding) }
    }

    /// Journeys fail.
    pub(super) fn fault(check: Check, finding: impl Into<String>, advice: Advice) -> Self {
        Self { verdict: Verdict::Fault, ..Self::warning(check, finding, advice) }
    }
}

/// Why something is not well, and what to do about it.
pub(super) struct Advice {
    cause: String,
    remedy: String,
}

impl Advice {
    /// Cause and remedy, each a sentence without a full stop.
    pub(super) fn new(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { cause: cause.into(), remedy: remedy.into() }
    }
}
