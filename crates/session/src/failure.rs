//! How a journey ends, and what a screen says of it.
//!
//! A failure has a code (shown small) and a key into `config/failures.toml`, where its Thai and English
//! sentences and the remedy stand. It never carries data of a person.

use std::fmt;

use protocol::{Condition, Field};

use crate::event::CardFault;

/// What went wrong, ready to be looked up and shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    /// The bank, or the way to it, said so.
    Bank {
        /// What came.
        condition: Condition,
        /// Key of the sentence, from the code table.
        text: &'static str,
    },
    /// This machine, the card or the customer.
    Local(LocalFailure),
}

impl Failure {
    /// Key of the sentence in `config/failures.toml`.
    #[must_use]
    pub fn text(&self) -> &'static str {
        match self {
            Self::Bank { text, .. } => text,
            Self::Local(local) => local.text(),
        }
    }
}

impl Failure {
    /// The code as a screen, a slip or a log may show it: what would tell of a blacklist (2003) looks like
    /// any other refusal.
    #[must_use]
    pub fn neutral(&self) -> String {
        if self.text() == "refused" { "REFUSED".to_owned() } else { self.to_string() }
    }
}

/// The code: the bank's own (`1101`, `-100`), or the local one in capitals (`CARD_REMOVED`).
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bank { condition, .. } => condition.fmt(f),
            // The bank's name of the field, for whoever has to find out; its value is nowhere.
            Self::Local(LocalFailure::FieldInvalid(field)) => write!(f, "FIELD_INVALID:{field}"),
            Self::Local(local) => f.write_str(&local.text().to_ascii_uppercase()),
        }
    }
}

/// A failure that no answer of the bank names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LocalFailure {
    /// The card.
    Card(CardFault),
    /// The chip says that the card has expired.
    CardExpired,
    /// The customer refused a consent without which the errand cannot go on.
    ConsentRefused,
    /// The customer stopped.
    Cancelled,
    /// Nobody did anything for too long.
    TimedOut,
    /// The validated reference got too old on this machine.
    SessionExpired,
    /// The machine was restarted before anything was sent.
    Interrupted,
    /// The camera delivers no selfie.
    NoSelfie,
    /// This field of the card does not fit the bank's limits.
    FieldInvalid(Field),
    /// The bank wants an English name and the card has none (C-22).
    EnglishNameMissing,
    /// The journal cannot take what must be written before it is sent.
    Journal(JournalFault),
}

/// Why the journal takes no new customer, each with what a person can do about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum JournalFault {
    /// The disk is full.
    Full,
    /// The disk cannot be written.
    ReadOnly,
    /// The disk answers with errors.
    Failing,
    /// The database is none any more.
    Damaged,
    /// The bank owes too many answers.
    Crowded,
}

impl LocalFailure {
    /// Every local failure, so that a test can show that each has its sentences.
    pub const ALL: [Self; 26] = [
        Self::Card(CardFault::Removed),
        Self::Card(CardFault::Mute),
        Self::Card(CardFault::NotThaiCitizenCard),
        Self::Card(CardFault::OldLayout),
        Self::Card(CardFault::ChipNumberUnavailable),
        Self::Card(CardFault::DataInvalid),
        Self::Card(CardFault::Unreadable),
        Self::Card(CardFault::Swapped),
        Self::Card(CardFault::Busy),
        Self::Card(CardFault::ReaderGone),
        Self::Card(CardFault::ServiceDown),
        Self::Card(CardFault::ReaderHung),
        Self::CardExpired,
        Self::ConsentRefused,
        Self::Cancelled,
        Self::TimedOut,
        Self::SessionExpired,
        Self::Interrupted,
        Self::NoSelfie,
        Self::FieldInvalid(Field::FullAddress),
        Self::EnglishNameMissing,
        Self::Journal(JournalFault::Full),
        Self::Journal(JournalFault::ReadOnly),
        Self::Journal(JournalFault::Failing),
        Self::Journal(JournalFault::Damaged),
        Self::Journal(JournalFault::Crowded),
    ];

    /// Key of the sentence in `config/failures.toml`.
    #[must_use]
    pub fn text(&self) -> &'static str {
        match self {
            Self::Card(fault) => fault.text(),
            Self::CardExpired => "card_expired",
            Self::ConsentRefused => "consent_refused",
            Self::Cancelled => "customer_cancelled",
            Self::TimedOut => "timed_out",
            Self::SessionExpired => "session_expired",
            Self::Interrupted => "interrupted",
            Self::NoSelfie => "no_selfie",
            Self::FieldInvalid(_) => "field_invalid",
            Self::EnglishNameMissing => "english_name_missing",
            Self::Journal(fault) => fault.text(),
        }
    }
}

impl JournalFault {
    fn text(self) -> &'static str {
        match self {
            Self::Full => "disk_full",
            Self::ReadOnly => "disk_read_only",
            Self::Failing => "disk_failing",
            Self::Damaged => "journal_damaged",
            Self::Crowded => "answers_missing",
        }
    }
}

impl CardFault {
    fn text(self) -> &'static str {
        match self {
            Self::Removed => "card_removed",
            Self::Mute => "card_upside_down",
            Self::NotThaiCitizenCard => "not_thai_card",
            Self::OldLayout => "old_card",
            Self::ChipNumberUnavailable => "chip_number_unavailable",
            Self::DataInvalid => "card_data_invalid",
            Self::Unreadable => "card_unreadable",
            Self::Swapped => "card_swapped",
            Self::Busy => "card_busy",
            Self::ReaderGone => "reader_gone",
            Self::ServiceDown => "reader_service_down",
            Self::ReaderHung => "reader_hung",
        }
    }
}

/// How a journey ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The bank confirmed it.
    Done,
    /// The bank answered 1602 to a repetition of our own submit: the first one had arrived.
    DoneInferred,
    /// The bank has the data, but its callback to the app failed: "check the app".
    Pending(Failure),
    /// The bank refused.
    Refused(Failure),
    /// The customer stopped, or time ran out.
    Stopped(Failure),
    /// This machine, or the way to the bank, failed.
    Failed(Failure),
    /// The submit was sent and nobody knows what became of it: the operator is told.
    Unresolved(Failure),
}

impl Outcome {
    /// What went wrong, if anything.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        match self {
            Self::Done | Self::DoneInferred => None,
            Self::Pending(failure)
            | Self::Refused(failure)
            | Self::Stopped(failure)
            | Self::Failed(failure)
            | Self::Unresolved(failure) => Some(*failure),
        }
    }

    /// One word for logs and for programs: `done`, `pending`, `refused`, `stopped`, `failed`, `unresolved`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done | Self::DoneInferred => "done",
            Self::Pending(_) => "pending",
            Self::Refused(_) => "refused",
            Self::Stopped(_) => "stopped",
            Self::Failed(_) => "failed",
            Self::Unresolved(_) => "unresolved",
        }
    }
}
