//! What happens to a journey (events, facts) and what it orders (commands), with the time it is handed.
//!
//! Whoever runs a session carries out every command in order; none of them answers at once, each answer is
//! an event of its own. A [`CallId`] ties an answer of the bank to its question: a late one is ignored.

use std::time::Duration;

use citizen::{Citizen, CitizenId, Identity, Photo, PostalCode};
use protocol::{
    Accepted, Alert, BankTime, Condition, Consent, ConsentText, Consents, DopaCheck, Endpoint,
    EnglishName, FailureReason, Mobile, QrValidation, QrValidationRequest, Reference, Selfie,
    Submission, WrongCode,
};
use zeroize::ZeroizeOnDrop;

use crate::call::CallId;
use crate::failure::{Failure, JournalFault, Outcome};
use crate::screen::Language;

/// The time, as the session is handed it.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Since any fixed point, monotonic: every deadline is counted in it.
    pub tick: Duration,
    /// The wall clock, corrected by the bank's own: card expiry and the transaction stamp are read off it.
    pub bank_time: BankTime,
}

/// What is known of earlier submits of a reference by this machine; a later word is the stronger one.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Earlier {
    /// There was none that the bank can have accepted.
    #[default]
    Nothing,
    /// The journal of the last day was lost: there may have been one.
    Unknown,
    /// One was accepted, or was sent and never heard of again: that the reference is used (1602) is our own doing.
    MayHaveArrived,
}

/// A fact: from a person, a device or the bank.
#[derive(Debug)]
pub enum Event {
    /// The customer touched the attract screen.
    Started,
    /// The customer chose a language; it holds for one journey.
    LanguageChosen(Language),
    /// A code of the right form was scanned or keyed.
    ReferenceRead(Reference),
    /// A code was scanned or keyed that cannot be a reference.
    WrongCodeRead(WrongCode),
    /// A card went in.
    CardInserted,
    /// The card came out.
    CardRemoved,
    /// Chip number and identifier were read.
    IdentityRead(Identity),
    /// The text of the card was read.
    CitizenRead(Box<Citizen>),
    /// So many percent of the portrait were read.
    PhotoProgress(u8),
    /// The portrait was read.
    PhotoRead(Photo),
    /// Reading the card, or watching the reader, failed.
    CardFailed(CardFault),
    /// The customer answered the consent texts, in the order shown.
    ConsentsAnswered(Vec<Consent>),
    /// The customer confirmed the data shown.
    Confirmed {
        /// Chosen or keyed postal code; not needed when the address has exactly one.
        postal_code: Option<PostalCode>,
        /// The customer's mobile number, if given.
        mobile: Option<Mobile>,
        /// The English name, keyed in because the card has none.
        english_name: Option<EnglishName>,
    },
    /// A usable selfie was taken.
    SelfieTaken(Selfie),
    /// The camera cannot deliver a selfie.
    CameraFailed,
    /// The bank answered the call, or did not.
    BankAnswered {
        /// Which call.
        call: CallId,
        /// The answer.
        answer: BankAnswer,
    },
    /// What is known of earlier submits of this call's reference by this machine (§1.6, §1.9), where that is
    /// more than nothing. Comes before the call's first answer.
    Earlier(CallId, Earlier),
    /// Nobody can be sure that the disk keeps what must be kept: nothing may be sent.
    JournalFailed(JournalFault),
    /// The journal lets the machine serve customers, or turn them away; a journey under way goes on.
    ServiceChanged(Service),
    /// Outside a journey, the bank did not serve this machine: while a token was renewed, or by the outbox.
    Unserved {
        /// Where.
        at: Endpoint,
        /// What came instead of 0000.
        condition: Condition,
    },
    /// The customer is still here: the idle deadline starts anew.
    StillHere,
    /// The customer wants the slip once more.
    CopyWanted,
    /// The process began anew, and the card of its last journey still lies in the reader: this is what became
    /// of that journey. Comes before the card is told of.
    Resumed(Outcome),
    /// Asked whether to wait for a busy bank or to stop, the customer waits; stopping is [`Event::Cancelled`].
    KeepWaiting,
    /// The customer stops.
    Cancelled,
    /// Time passed; sent at or after [`crate::Session::deadline`].
    Tick,
}

/// Does the machine serve whoever comes?
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Service {
    /// Yes.
    #[default]
    Open,
    /// No: nobody can be sure that the end of a journey is kept.
    Closed(JournalFault),
}

/// What the bank said, already read.
#[derive(Debug)]
pub enum BankAnswer {
    /// E2 said 0000.
    QrValidated(QrValidation),
    /// E5 said 0000.
    Consents(Consents),
    /// E3 or E6 said 0000.
    Accepted(Accepted),
    /// Anything else, and at which endpoint: fetching the token is part of every call.
    Failed {
        /// Where.
        at: Endpoint,
        /// What came instead of 0000.
        condition: Condition,
        /// How long the bank asked to wait (`Retry-After`); zero if it said nothing.
        wait_at_least: Duration,
    },
}

/// Why a card could not be read: one variant for each sentence a customer gets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CardFault {
    /// Pulled out while it was read.
    Removed,
    /// No answer to reset: upside down, dirty or dead.
    Mute,
    /// It does not know the citizen applet.
    NotThaiCitizenCard,
    /// A layout before 0003.
    OldLayout,
    /// The chip number, which the bank requires, cannot be had.
    ChipNumberUnavailable,
    /// What it answered breaks the layout or the character set.
    DataInvalid,
    /// It broke off, with no clearer finding.
    Unreadable,
    /// Another card than the one validated lies in the reader.
    Swapped,
    /// Another program holds it.
    Busy,
    /// The reader is not there.
    ReaderGone,
    /// The PC/SC service is not there.
    ServiceDown,
    /// The reader does not come back from a call.
    ReaderHung,
}

/// An order. Carried out in the order given.
#[derive(Debug)]
pub enum Command {
    /// Read chip number and identifier of the card in the reader.
    ReadIdentity,
    /// Read text and portrait of the card whose identity is given; another card is [`CardFault::Swapped`].
    ReadCard(Identity),
    /// Seal the request (if the endpoint wants it sealed), journal it (if it changes state), send it once.
    Ask {
        /// Under this number the answer comes back.
        call: CallId,
        /// What to ask.
        request: Request,
    },
    /// Send the body sealed last for this call once more, byte for byte, under a new transaction id.
    Resend(CallId),
    /// Queue the failure of this reference for the bank (E4); retried in the background until definitive.
    Report {
        /// The reference, validated with this citizen.
        reference: Reference,
        /// Who.
        citizen_id: CitizenId,
        /// Why.
        reason: FailureReason,
    },
    /// Keep the evidence of what the customer was shown and answered, before anything follows from it.
    Attest {
        /// Each text with its answer, in the order shown.
        answers: Vec<(ConsentText, Consent)>,
        /// In which language the texts stood on the screen.
        language: Language,
    },
    /// Print the slip of the journey that has just ended once more, marked as a copy.
    PrintCopy,
    /// Print a slip. A printer that fails never fails a journey.
    Print(Slip),
    /// Tell the operator.
    Alert {
        /// How loudly.
        level: Alert,
        /// Of what.
        failure: Failure,
    },
    /// The journey is over: forget every frame, sealed body and key that belongs to it.
    Forget,
}

/// A question to the bank.
#[derive(Debug)]
pub enum Request {
    /// E2.
    ValidateQr(Box<QrValidationRequest>),
    /// E5, `dopa`.
    Consents,
    /// E6.
    CheckDopa(Box<DopaCheck>),
    /// E3.
    Submit(Box<Submission>),
}

impl Request {
    /// The endpoint that the request goes to.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        match self {
            Self::ValidateQr(_) => Endpoint::ValidateQr,
            Self::Consents => Endpoint::Consents,
            Self::CheckDopa(_) => Endpoint::CheckDopa,
            Self::Submit(_) => Endpoint::Submit,
        }
    }
}

/// Which eyes the journey wants open right now. Level, not edge: read it after every event.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Needs {
    /// The scanner, and the camera as one.
    pub code: bool,
    /// The camera, for a selfie.
    pub selfie: bool,
}

/// What a slip says beyond the fixed lines. Never a citizen id, a name or the reason of a refusal; the
/// numbers that it says are wiped on drop.
#[derive(Clone, Debug, Eq, PartialEq, ZeroizeOnDrop)]
pub struct Slip {
    /// The result.
    #[zeroize(skip)]
    pub result: SlipResult,
    /// The last four characters of the reference, if there was one.
    pub reference_last_four: Option<String>,
    /// Lines 15, 16 and 17 (`ref1`, `ref2`, `ref3` of E2).
    pub lines: [Option<String>; 3],
    /// When, Bangkok time.
    #[zeroize(skip)]
    pub time: BankTime,
    /// In which language.
    #[zeroize(skip)]
    pub language: Language,
}

/// What a slip may say of the result.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SlipResult {
    /// The bank has the data and confirmed it.
    Done,
    /// The bank has the data; the app shows the rest.
    Pending,
    /// Nobody knows yet.
    Unresolved,
}
