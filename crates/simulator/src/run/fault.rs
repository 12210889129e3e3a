//! What may go wrong in a simulated day, after the fault matrix: reader, card, scanner, camera, printer, bank,
//! network, disk, clock, process, people; and the count of which struck at which stage.

use std::fmt;

use session::{CardFault, Stage};

/// One kind of fault.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Fault {
    /// The reader, its service, or the card in it.
    Card(CardKind),
    /// A code that is no reference.
    WrongCode,
    /// Another reference while one is known.
    SecondCode,
    /// The camera says that it cannot.
    CameraFails,
    /// The camera says nothing.
    CameraSilent,
    /// No paper.
    PrinterFails,
    /// A code of the table, by the bank's own will.
    BankCode,
    /// The bank did it and answered with a code that leaves it open.
    BankActed,
    /// The bank is busy, and says for how long, or not.
    BankBusy,
    /// The bank finds the picture too large.
    TooLarge,
    /// The token is refused at the next call.
    TokenRefused,
    /// The token endpoint is away.
    TokenAway,
    /// Nothing leaves this machine.
    Unreachable,
    /// A request is lost on the way.
    RequestLost,
    /// An answer is lost on the way.
    AnswerLost,
    /// An answer comes when the client is about to wait no longer, or not even then.
    AnswerLate,
    /// A request comes late, perhaps after its own repetition.
    Delayed,
    /// A request comes twice.
    Duplicated,
    /// The disk refuses.
    DiskRefuses,
    /// The disk says that it refused and did not.
    DiskLies,
    /// Power off, and then the journal is no database any more.
    DiskCorrupt,
    /// Power off between two events.
    Crash,
    /// Power off in a transaction, which is lost.
    CrashBeforeCommit,
    /// Power off just after a transaction.
    CrashAfterCommit,
    /// The wall clock is a few minutes off.
    ClockSkewed,
    /// It jumps by a day.
    ClockJumps,
    /// It counts the years of the Buddha.
    ClockBuddhist,
    /// The customer goes, the card stays.
    WalksAway,
    /// The card is pulled, and the customer goes with it, or stays.
    PullsCard,
    /// Another card is put in quickly.
    SwapsCard,
    /// Every touch comes twice.
    DoubleTap,
    /// Everything is touched.
    Mashes,
    /// The customer stops.
    Cancels,
    /// The customer says no to a text.
    RefusesConsent,
}

/// What a reader or a card may do.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum CardKind {
    Gone,
    ServiceDown,
    Hung,
    Busy,
    Mute,
    Foreign,
    Old,
    NoChipNumber,
    Invalid,
    Unreadable,
}

impl CardKind {
    pub(super) fn fault(self) -> CardFault {
        match self {
            Self::Gone => CardFault::ReaderGone,
            Self::ServiceDown => CardFault::ServiceDown,
            Self::Hung => CardFault::ReaderHung,
            Self::Busy => CardFault::Busy,
            Self::Mute => CardFault::Mute,
            Self::Foreign => CardFault::NotThaiCitizenCard,
            Self::Old => CardFault::OldLayout,
            Self::NoChipNumber => CardFault::ChipNumberUnavailable,
            Self::Invalid => CardFault::DataInvalid,
            Self::Unreadable => CardFault::Unreadable,
        }
    }
}

impl Fault {
    /// All of them, in the order of the matrix.
    pub(super) const ALL: [Self; 43] = [
        Self::Card(CardKind::Gone),
        Self::Card(CardKind::ServiceDown),
        Self::Card(CardKind::Hung),
        Self::Card(CardKind::Busy),
        Self::Card(CardKind::Mute),
        Self::Card(CardKind::Foreign),
        Self::Card(CardKind::Old),
        Self::Card(CardKind::NoChipNumber),
        Self::Card(CardKind::Invalid),
        Self::Card(CardKind::Unreadable),
        Self::WrongCode,
        Self::SecondCode,
        Self::CameraFails,
        Self::CameraSilent,
        Self::PrinterFails,
        Self::BankCode,
        Self::BankActed,
        Self::BankBusy,
        Self::TooLarge,
        Self::TokenRefused,
        Self::TokenAway,
        Self::Unreachable,
        Self::RequestLost,
        Self::AnswerLost,
        Self::AnswerLate,
        Self::Delayed,
        Self::Duplicated,
        Self::DiskRefuses,
        Self::DiskLies,
        Self::DiskCorrupt,
        Self::Crash,
        Self::CrashBeforeCommit,
        Self::CrashAfterCommit,
        Self::ClockSkewed,
        Self::ClockJumps,
        Self::ClockBuddhist,
        Self::WalksAway,
        Self::PullsCard,
        Self::SwapsCard,
        Self::DoubleTap,
        Self::Mashes,
        Self::Cancels,
        Self::RefusesConsent,
    ];

    /// Can this fault strike while a journey is at this stage? The outbox calls the bank and the journal at
    /// any stage, so what befalls a call can strike at any.
    pub(super) fn can_strike(self, stage: Stage) -> bool {
        match self {
            Self::CameraFails | Self::CameraSilent => stage == Stage::Selfie,
            Self::PrinterFails => stage == Stage::Result,
            Self::RefusesConsent => stage == Stage::Consent,
            _ => true,
        }
    }

    fn row(self) -> usize {
        Self::ALL.iter().position(|fault| *fault == self).unwrap_or(0)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Card(kind) => write!(f, "card {kind:?}"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// The stages, in the order of a journey.
pub(super) const STAGES: [Stage; 10] = [
    Stage::Idle,
    Stage::Gather,
    Stage::Validate,
    Stage::Consent,
    Stage::Read,
    Stage::Confirm,
    Stage::Dopa,
    Stage::Selfie,
    Stage::Submit,
    Stage::Result,
];

/// How often which fault struck at which stage.
#[derive(Clone)]
pub(super) struct Coverage([[u64; STAGES.len()]; Fault::ALL.len()]);

impl Default for Coverage {
    fn default() -> Self {
        Self([[0; STAGES.len()]; Fault::ALL.len()])
    }
}

impl Coverage {
    pub(super) fn struck(&mut self, fault: Fault, stage: Stage) {
        if let Some(cell) = self.cell(fault, stage) {
            *cell += 1;
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        let theirs = other.0.iter().flatten();
        self.0.iter_mut().flatten().zip(theirs).for_each(|(mine, more)| *mine += more);
    }

    /// The pairs that can be and have never been.
    pub(super) fn missing(&self) -> Vec<(Fault, Stage)> {
        let pairs = Fault::ALL.into_iter().flat_map(|fault| STAGES.map(|stage| (fault, stage)));
        pairs
            .filter(|(fault, stage)| fault.can_strike(*stage) && self.count(*fault, *stage) == 0)
            .collect()
    }

    /// The pairs that have been.
    pub(super) fn cells(&self) -> usize {
        self.0.iter().flatten().filter(|count| **count > 0).count()
    }

    fn count(&self, fault: Fault, stage: Stage) -> u64 {
        let column = STAGES.iter().position(|known| *known == stage).unwrap_or(0);
        self.0.get(fault.row()).and_then(|row| row.get(column)).copied().unwrap_or(0)
    }

    fn cell(&mut self, fault: Fault, stage: Stage) -> Option<&mut u64> {
        let column = STAGES.iter().position(|known| *known == stage)?;
        self.0.get_mut(fault.row())?.get_mut(column)
    }
}

/// A table: a row a fault, a column a stage.
impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<20}", "struck at")?;
        for stage in STAGES {
            write!(f, "{:>10}", stage.word())?;
        }
        for fault in Fault::ALL {
            write!(f, "\n{:<20}", fault.to_string())?;
            for stage in STAGES {
                match self.count(fault, stage) {
                    0 if !fault.can_strike(stage) => write!(f, "{:>10}", "-")?,
                    count => write!(f, "{count:>10}")?,
                }
            }
        }
        Ok(())
    }
}
