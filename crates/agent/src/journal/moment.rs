//! When something is written down, and whether the clock that says so can be believed.
//!
//! An entry is old by the time that is written in it only if the bank's clock agreed with that time then.

use protocol::BankTime;
use session::outbox::Wall;

/// Is the time that is handed in right?
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trust {
    /// The bank's own clock agrees with it.
    Vouched,
    /// Nobody has compared it since it was last set.
    Unknown,
}

impl Trust {
    /// In the column `clock`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Vouched => "vouched",
            Self::Unknown => "unknown",
        }
    }

    /// As the column `clock` says it.
    pub(super) fn of(word: &str) -> Self {
        match word {
            "vouched" => Self::Vouched,
            _ => Self::Unknown,
        }
    }
}

/// A moment by the wall clock.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Moment {
    /// What the clock shows.
    pub at: BankTime,
    /// Can it be believed?
    pub clock: Trust,
}

impl Moment {
    /// By a clock that the bank's agrees with.
    #[must_use]
    pub const fn vouched(at: BankTime) -> Self {
        Self { at, clock: Trust::Vouched }
    }

    /// By a clock that nobody has compared since it was last set.
    #[must_use]
    pub const fn unvouched(at: BankTime) -> Self {
        Self { at, clock: Trust::Unknown }
    }

    /// As the outbox's policy judges age by it.
    #[must_use]
    pub fn wall(self) -> Wall {
        match self.clock {
            Trust::Vouched => Wall::Vouched(self.at),
            Trust::Unknown => Wall::Unknown,
        }
    }
}
