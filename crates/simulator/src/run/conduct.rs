//! How the simulated machine behaves: soundly, or with one of the defects that the invariants must find.
//! A defect sits around the session, the journal or the wire; nothing in them knows of it.

/// What is wrong with the machine, if anything.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Conduct {
    /// As the agent does it.
    #[default]
    Sound,
    /// The attempt is written down after its first byte has left.
    SentTooLate,
    /// The bank's "already used" is read as somebody else's.
    UsedIsRefused,
    /// A repetition is not written down.
    RetryUnwritten,
    /// A failure is reported although a submit's outcome is unknown.
    ReportsWhileUnknown,
    /// The bodies of a journey stay after its end.
    KeepsCitizen,
    /// The screen with the customer's data stands for ever.
    NoDeadline,
    /// One selfie more than allowed.
    SixthResubmit,
    /// Consents are answered before they are shown.
    ConsentNotAsked,
    /// A body goes out once more after its answer.
    ResendsAfterAnswer,
    /// A restart begins with an empty outbox.
    OutboxForgets,
    /// An unresolved submit is told to nobody.
    AlertSwallowed,
    /// An end that the disk did not take is forgotten.
    EndForgotten,
    /// The outbox gives up at the first failure and says nothing.
    GivesUpSilently,
    /// A fault of the configuration is forgotten at once.
    ForgetsFault,
    /// A machine out of service never asks whether it may serve again.
    NeverProbes,
    /// The question whether to wait stands for ever.
    QuestionForEver,
    /// A busy bank is waited for without asking the customer.
    WaitsUnasked,
    /// What the bank asks to wait is not waited.
    Impatient,
    /// A picture that was too large goes out again as it is.
    SendsLargeAgain,
    /// No slip is printed.
    SlipForgotten,
    /// A call counts as lost while the client still waits for its answer.
    LosesTooSoon,
    /// The outbox sends what it has of a code that a customer uses.
    OutboxMindsNobody,
    /// A card taken out while data are on their way is not told of.
    CardForgotten,
    /// The new look at a card takes whatever lies there for the card that was read.
    LooksAway,
    /// Age is judged by the wall clock as it is, right or wrong.
    BelievesItsClock,
    /// A slip is printed as often as somebody wants it.
    CopiesForEver,
    /// After a restart every customer hears that nothing was sent.
    TellsNothingSent,
}

impl Conduct {
    /// Every defect.
    #[cfg(test)]
    pub(super) const DEFECTS: [Self; 27] = [
        Self::SentTooLate,
        Self::UsedIsRefused,
        Self::RetryUnwritten,
        Self::ReportsWhileUnknown,
        Self::KeepsCitizen,
        Self::NoDeadline,
        Self::SixthResubmit,
        Self::ConsentNotAsked,
        Self::ResendsAfterAnswer,
        Self::OutboxForgets,
        Self::AlertSwallowed,
        Self::EndForgotten,
        Self::GivesUpSilently,
        Self::ForgetsFault,
        Self::NeverProbes,
        Self::QuestionForEver,
        Self::WaitsUnasked,
        Self::Impatient,
        Self::SendsLargeAgain,
        Self::SlipForgotten,
        Self::LosesTooSoon,
        Self::OutboxMindsNobody,
        Self::CardForgotten,
        Self::LooksAway,
        Self::BelievesItsClock,
        Self::CopiesForEver,
        Self::TellsNothingSent,
    ];
}
