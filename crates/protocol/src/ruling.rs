//! The vocabulary in which the code table says what to do about a condition.
//!
//! The table itself is `codes`; carrying a ruling out is the session's work. Words as in the API page, 1.6.

use std::time::Duration;

use crate::requests::FailureReason;

/// What to do next.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Action {
    /// Finished: record, then show.
    Done,
    /// The bank has the data, but a later step of its own failed: "check the app", no further sending.
    DonePending,
    /// The same sealed body under a new transaction id, soon.
    RetrySame,
    /// The same data after a longer wait; the customer sees that the bank is busy.
    RetryLater,
    /// The same plaintext under a new key and IV.
    Reseal,
    /// A new access token, then the call again.
    Retoken,
    /// The outcome is unknown: send the same body again until a definite answer (see [`crate::resent`]).
    Reconcile,
    /// This reference is dead: the customer makes a new QR in the app.
    RescanQr,
    /// The card is put in again, or the right one.
    Reread,
    /// A new selfie; counts towards the limit of resubmits.
    Recapture,
    /// The consents are shown again.
    AskConsent,
    /// The customer corrects the registration in the bank's or the channel's app.
    FixInApp,
    /// The customer checks what was keyed in: mobile and postal code.
    RecheckInput,
    /// A smaller selfie file, sealed anew.
    ShrinkSelfie,
    /// The header's time is corrected by the measured skew, then the call again.
    FixClock,
    /// The end, without an automatic retry.
    Stop,
    /// The end, and the failure is reported to the bank.
    StopReport(FailureReason),
    /// The machine is out of service until a probe succeeds.
    ConfigFault,
    /// Our fault: the end, with a support bundle.
    Bug,
}

/// Who has to hear of it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Alert {
    /// Nobody.
    None,
    /// Counted; a rise is worth a look.
    Count,
    /// The operator, in working hours.
    Warn,
    /// The operator, at once.
    Page,
}

/// Has the bank acted on the request?
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Certainty {
    /// No: the reference is as it was before.
    NotDone,
    /// The bank has finished with the reference, one way or the other.
    Final,
    /// Nobody knows yet.
    Unknown,
}

/// What the table says about one condition at one endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ruling {
    /// What to do.
    pub action: Action,
    /// How often at most in one journey.
    pub times: u8,
    /// What to do when that is used up; the action itself where it ends the journey anyway.
    pub then: Action,
    /// How long to wait at least before a retry; zero where the usual backoff is right.
    pub wait_at_least: Duration,
    /// The key of the customer's sentence in `config/failures.toml`.
    pub text: &'static str,
    /// Who has to hear of it.
    pub alert: Alert,
    /// Has the bank acted?
    pub certainty: Certainty,
    /// What the condition means, for technicians, in English.
    pub meaning: &'static str,
}

impl Ruling {
    /// What to do when the action has been taken `used` times already in this journey.
    #[must_use]
    pub const fn after(&self, used: u8) -> Action {
        if used < self.times { self.action } else { self.then }
    }
}
