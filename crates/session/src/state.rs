//! What a journey holds, stage by stage: a state owns exactly what exists by then.
//!
//! A submit needs a [`Confirmed`], which needs answered consents, a whole card and a validated reference:
//! "submit without consent" cannot be written down. Dropping a state wipes what it held.

use std::time::Duration;

use citizen::{Citizen, Identity, Photo, PostalCode, postal};
use protocol::{
    BankTime, Consent, ConsentAnswer, ConsentText, CustomerData, QrValidation, Reference, Selfie,
    WrongCode,
};

use crate::call::Call;
use crate::event::Earlier;
use crate::failure::{Failure, Outcome};

#[derive(Debug, Default)]
pub(crate) enum State {
    #[default]
    Idle,
    Gathering(Gathering),
    Validating {
        reference: Reference,
        identity: Identity,
        call: Call,
    },
    FetchingConsents {
        errand: Errand,
        call: Call,
    },
    Consenting {
        errand: Errand,
        agreements: Vec<Agreement>,
        card: CardCopy,
    },
    Reading {
        errand: Errand,
        agreements: Vec<Agreement>,
        card: CardCopy,
        since: Duration,
    },
    Confirming(Shown),
    CheckingDopa {
        confirmed: Confirmed,
        call: Call,
    },
    TakingSelfie {
        confirmed: Confirmed,
        trouble: Option<Failure>,
    },
    Submitting {
        confirmed: Confirmed,
        selfie: Option<Selfie>,
        call: Call,
    },
    Ended {
        outcome: Outcome,
        until: Duration,
        /// How often the slip may still be printed again.
        copies: u8,
    },
}

/// Code or card, but not yet both.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    pub(crate) reference: Option<Reference>,
    pub(crate) identity: Option<Identity>,
    pub(crate) wrong_code: Option<WrongCode>,
    pub(crate) trouble: Option<Failure>,
    /// The identifier is being read since then.
    pub(crate) reading: Option<Duration>,
}

/// What the customer came for.
#[derive(Debug)]
pub(crate) enum Errand {
    /// Flows (a) and (b): a validated reference.
    Ekyc(Box<Ekyc>),
    /// Flow (c): DOPA alone.
    DopaOnly,
}

/// A reference that the bank has validated for the card in the reader.
#[derive(Debug)]
pub(crate) struct Ekyc {
    pub(crate) reference: Reference,
    pub(crate) identity: Identity,
    pub(crate) validation: QrValidation,
    pub(crate) since: Duration,
}

/// A consent text and, once given, its answer.
#[derive(Debug)]
pub(crate) struct Agreement {
    pub(crate) text: ConsentText,
    /// Shown because the submit (E2) wants it.
    pub(crate) for_submit: bool,
    /// Shown because DOPA (E5) wants it.
    pub(crate) for_dopa: bool,
    pub(crate) answer: Option<Consent>,
}

impl Agreement {
    pub(crate) fn attested(&self) -> Option<(ConsentText, Consent)> {
        self.answer.map(|consent| (self.text.clone(), consent))
    }

    pub(crate) fn answered(&self) -> Option<ConsentAnswer> {
        let (kind, version) = (self.text.kind.clone(), self.text.version.clone());
        self.answer.map(|consent| ConsentAnswer { kind, version, consent })
    }
}

/// The card, as far as it was read.
#[derive(Debug, Default)]
pub(crate) struct CardCopy {
    pub(crate) citizen: Option<Box<Citizen>>,
    pub(crate) photo: Option<Photo>,
    pub(crate) percent: u8,
}

/// The customer's data as it stands on the screen.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) errand: Errand,
    pub(crate) agreements: Vec<Agreement>,
    pub(crate) citizen: Box<Citizen>,
    pub(crate) photo: Photo,
    pub(crate) postal: postal::Resolution,
}

impl Shown {
    /// The postal code to send: what the customer said where the table leaves a choice.
    pub(crate) fn postal_code(&self, said: Option<PostalCode>) -> Option<PostalCode> {
        match &self.postal {
            postal::Resolution::One(only) => said.or(Some(*only)),
            postal::Resolution::Several(codes) => said.filter(|code| codes.contains(code)),
            postal::Resolution::Unknown => said,
        }
    }
}

/// Everything that a request needs, confirmed by the customer at a moment that no retry changes.
#[derive(Debug)]
pub(crate) struct Confirmed {
    pub(crate) shown: Shown,
    pub(crate) data: CustomerData,
    pub(crate) at: BankTime,
}

/// What DOPA has said of the card in this journey.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Dopa {
    #[default]
    Unasked,
    Passed,
}

/// How often what may be repeated was repeated, in one journey.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tries {
    pub(crate) rereads: u8,
    /// Cards whose layout or check digit was wrong, among those.
    pub(crate) invalid_cards: u8,
    pub(crate) consents: u8,
    pub(crate) rechecks: u8,
    pub(crate) selfies: u8,
    /// How many sizes of selfie the bank found too large.
    pub(crate) shrinks: u8,
    pub(crate) earlier: Earlier,
    pub(crate) dopa: Dopa,
}
