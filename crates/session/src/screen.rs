//! What a screen may show of a journey at this moment, and nothing more.
//!
//! A view borrows from the state, so it cannot outlive the customer's data. The page draws it and decides
//! nothing; how it becomes JSON is the agent's business.

use std::time::Duration;

use citizen::{Citizen, Photo, PostalCode, postal};
use protocol::{ConsentText, QrValidation, WrongCode};

use crate::failure::{Failure, Outcome};
use crate::journey::Session;
use crate::policy::DopaPolicy;
use crate::state::{Errand, State};

/// A language of the screens.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Language {
    /// Thai, first on every machine.
    #[default]
    Thai,
    /// English.
    English,
}

/// What is in the reader, as far as a screen tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CardStatus {
    /// Nothing.
    Absent,
    /// A card.
    Present,
}

/// What this machine's customers come for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flow {
    /// A code of the bank's app: flows (a) and (b).
    Ekyc,
    /// DOPA alone, without a code: flow (c).
    DopaOnly,
}

/// One moment of a journey.
#[derive(Debug)]
pub struct View<'a> {
    /// What the customer came for.
    pub flow: Flow,
    /// The language chosen.
    pub language: Language,
    /// The screen.
    pub screen: Screen<'a>,
    /// Is a card in?
    pub card: CardStatus,
    /// The time left before the data is wiped, while the idle warning stands.
    pub idle_warning: Option<Duration>,
    /// The channel's icon, once the bank has named it. Never a path.
    pub channel_code: Option<&'a str>,
}

/// The screens of `journey.md`.
#[derive(Debug)]
pub enum Screen<'a> {
    /// Nobody is here.
    Attract,
    /// Nobody is served: by a fault of the configuration that the bank has told of, or of the journal.
    OutOfService {
        /// Which.
        trouble: Failure,
    },
    /// Waiting for a code.
    Scan {
        /// The last code shown was not one of ours.
        wrong_code: Option<WrongCode>,
    },
    /// Waiting for a card.
    InsertCard {
        /// Why the last card did not do.
        trouble: Option<Failure>,
    },
    /// Identifier or text of the card is being read.
    Reading {
        /// Of the portrait, 0 to 100.
        percent: u8,
    },
    /// The bank validates the code, or sends its consent texts.
    Checking {
        /// The bank was busy and is asked again by itself.
        again: bool,
    },
    /// Texts to be answered.
    Consents {
        /// In the order in which they must be answered.
        texts: Vec<&'a ConsentText>,
    },
    /// The customer's own data, to be confirmed.
    Confirm {
        /// What the card says.
        citizen: &'a Citizen,
        /// Its portrait.
        photo: &'a Photo,
        /// The postal code, or the choice.
        postal: PostalChoice<'a>,
        /// Whether the English name has to be keyed in.
        english_name: EnglishNameSource,
    },
    /// DOPA is being asked.
    CheckingDopa {
        /// The bank was busy and is asked again by itself.
        again: bool,
    },
    /// The camera is waiting for a good picture.
    Selfie {
        /// How often another selfie may still be sent after this one.
        left: u8,
        /// Why another one is needed.
        trouble: Option<Failure>,
    },
    /// The data is on its way.
    Sending {
        /// The bank was busy, or the result is being found out.
        again: bool,
    },
    /// The bank is busy and trying is over: the customer keeps waiting, or stops.
    Busy {
        /// With what.
        trouble: Failure,
    },
    /// How it ended.
    Result {
        /// The outcome.
        outcome: &'a Outcome,
        /// How often the slip may still be printed again.
        copies: u8,
    },
}

/// What is known of the postal code, which the card does not carry.
#[derive(Debug)]
pub enum PostalChoice<'a> {
    /// Exactly one fits the address.
    One(PostalCode),
    /// One of these; the customer chooses.
    Several(&'a [PostalCode]),
    /// The address is not in the table; the customer keys it in.
    Unknown,
}

/// Where the English name comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EnglishNameSource {
    /// It is on the card, or agreed with the bank.
    Known,
    /// The card has none: the customer or the staff key it in.
    Keyed,
}

/// A stage of a journey, for logs and timings.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Stage {
    /// Nobody is here.
    Idle,
    /// Waiting for code and card.
    Gather,
    /// E2.
    Validate,
    /// E5 and the customer's answers.
    Consent,
    /// The rest of the card.
    Read,
    /// The customer looks at the data.
    Confirm,
    /// E6.
    Dopa,
    /// The camera.
    Selfie,
    /// E3, and finding out what became of it.
    Submit,
    /// The outcome is on the screen.
    Result,
}

impl Stage {
    /// One lower-case word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Gather => "gather",
            Self::Validate => "validate",
            Self::Consent => "consent",
            Self::Read => "read",
            Self::Confirm => "confirm",
            Self::Dopa => "dopa",
            Self::Selfie => "selfie",
            Self::Submit => "submit",
            Self::Result => "result",
        }
    }
}

impl Session {
    /// What a screen may show now.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        let end = self.seen + self.policy.patience.idle + self.policy.patience.warning;
        let waits_for_person = matches!(
            self.state,
            State::Gathering(_)
                | State::Consenting { .. }
                | State::Confirming(_)
                | State::TakingSelfie { .. }
        );
        let waits_for_card = matches!(self.state, State::Reading { .. }) && self.waits_for_card();
        let waits_for_person = waits_for_person || waits_for_card || self.question().is_some();
        View {
            flow: match self.policy.dopa {
                DopaPolicy::Only => Flow::DopaOnly,
                DopaPolicy::BeforeSubmit | DopaPolicy::Off => Flow::Ekyc,
            },
            language: self.language,
            screen: self.screen(),
            card: self.card,
            idle_warning: (waits_for_person && self.warned()).then(|| end.saturating_sub(self.at)),
            channel_code: self
                .validation()
                .and_then(|validation| validation.channel_code.as_deref()),
        }
    }

    /// The stage of the journey, for logs and timings.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match &self.state {
            State::Idle => Stage::Idle,
            State::Gathering(_) => Stage::Gather,
            State::Validating { .. } => Stage::Validate,
            State::FetchingConsents { .. } | State::Consenting { .. } => Stage::Consent,
            State::Reading { .. } => Stage::Read,
            State::Confirming(_) => Stage::Confirm,
            State::CheckingDopa { .. } => Stage::Dopa,
            State::TakingSelfie { .. } => Stage::Selfie,
            State::Submitting { .. } => Stage::Submit,
            State::Ended { .. } => Stage::Result,
        }
    }

    fn screen(&self) -> Screen<'_> {
        if let Some(trouble) = self.question() {
            return Screen::Busy { trouble };
        }
        match &self.state {
            State::Idle => match self.doors.closed() {
                Some(trouble) => Screen::OutOfService { trouble },
                None => Screen::Attract,
            },
            State::Gathering(gathering) if gathering.reading.is_some() => {
                Screen::Reading { percent: 0 }
            }
            // What is wrong with a card is said before anything else is asked for.
            State::Gathering(gathering) if gathering.trouble.is_some() => {
                Screen::InsertCard { trouble: gathering.trouble }
            }
            State::Gathering(gathering) if gathering.reference.is_none() => {
                Screen::Scan { wrong_code: gathering.wrong_code }
            }
            State::Gathering(gathering) => Screen::InsertCard { trouble: gathering.trouble },
            State::Validating { call, .. } | State::FetchingConsents { call, .. } => {
                Screen::Checking { again: call.again() }
            }
            State::Consenting { agreements, .. } => {
                Screen::Consents { texts: agreements.iter().map(|one| &one.text).collect() }
            }
            State::Reading { errand: Errand::DopaOnly, card, .. }
                if card.citizen.is_none() && self.waits_for_card() =>
            {
                Screen::InsertCard { trouble: None }
            }
            State::Reading { card, .. } => Screen::Reading { percent: card.percent },
            State::Confirming(shown) => Screen::Confirm {
                citizen: &shown.citizen,
                photo: &shown.photo,
                postal: match &shown.postal {
                    postal::Resolution::One(code) => PostalChoice::One(*code),
                    postal::Resolution::Several(codes) => PostalChoice::Several(codes),
                    postal::Resolution::Unknown => PostalChoice::Unknown,
                },
                english_name: match self.lacks_english_name(shown) {
                    true => EnglishNameSource::Keyed,
                    false => EnglishNameSource::Known,
                },
            },
            State::CheckingDopa { call, .. } => Screen::CheckingDopa { again: call.again() },
            State::TakingSelfie { trouble, .. } => {
                Screen::Selfie { left: self.selfies_left(), trouble: *trouble }
            }
            State::Submitting { call, .. } => Screen::Sending { again: call.again() },
            State::Ended { outcome, copies, .. } => Screen::Result { outcome, copies: *copies },
        }
    }

    fn validation(&self) -> Option<&QrValidation> {
        match self.errand()? {
            Errand::Ekyc(ekyc) => Some(&ekyc.validation),
            Errand::DopaOnly => None,
        }
    }
}
