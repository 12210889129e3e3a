//! How the journal is: what an error of the disk says of it, and what may begin in spite of it (§1.9).
//!
//! Classifying is all there is here; the journal itself does what follows.

use std::io;

use rusqlite::ErrorCode;

use super::JournalError;

/// How the journal is. Only a sound one lets a journey begin; what was begun is carried on as far as it goes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Standing {
    /// It keeps what it is given.
    #[default]
    Sound,
    /// The disk is full, and the reserve is being used up.
    Full,
    /// The folder or its files cannot be written.
    ReadOnly,
    /// The disk answers with errors: what it says it kept may be lost.
    Failing,
    /// The database is none any more; it is set aside at the next look.
    Damaged,
    /// The bank owes so many answers that no customer more may wait for one.
    Crowded,
}

impl Standing {
    /// What an error of the disk says.
    pub(crate) fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull => Self::Full,
            io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::AlreadyExists
            | io::ErrorKind::NotADirectory => Self::ReadOnly,
            _ => Self::Failing,
        }
    }

    /// Each, in the order in which they stand above.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 6] =
        [Self::Sound, Self::Full, Self::ReadOnly, Self::Failing, Self::Damaged, Self::Crowded];

    /// One word for health and log.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Full => "full",
            Self::ReadOnly => "read_only",
            Self::Failing => "failing",
            Self::Damaged => "damaged",
            Self::Crowded => "crowded",
        }
    }
}

impl JournalError {
    /// What the error says of the journal; `None` if it is about one call alone.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        match self {
            Self::Folder { source, .. } => Some(Standing::of(source)),
            Self::Database { source, .. } => match source.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => Some(Standing::Full),
                Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                    Some(Standing::ReadOnly)
                }
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    Some(Standing::Damaged)
                }
                Some(ErrorCode::SystemIoFailure) => Some(Standing::Failing),
                _ => None,
            },
            Self::Damaged { .. } => Some(Standing::Damaged),
            Self::Unusable { standing } => Some(*standing),
            Self::Crowded { .. } => Some(Standing::Crowded),
            Self::Newer { .. }
            | Self::Unreadable { .. }
            | Self::Sealed
            | Self::NoRandomness
            | Self::Broken
            | Self::Endpoint { .. }
            | Self::Closed { .. } => None,
        }
    }
}
