//! Consents, the rest of the card, and the customer's confirmation.
//!
//! The card is read while the texts are read; whichever ends first waits for the other.

use std::time::Duration;

use citizen::{Citizen, postal};
use protocol::{Action, Alert, Consent, CustomerData, CustomerInput, FaceCompare, FailureReason};

use super::gather::CardFinding;
use super::sight::Sight;
use super::{Session, Turn};
use crate::event::{CardFault, Command, Event};
use crate::failure::{Failure, LocalFailure, Outcome};
use crate::policy::DopaPolicy;
use crate::state::{Agreement, CardCopy, Confirmed, Dopa, Errand, Shown, State};

impl Session {
    pub(super) fn consenting(
        &mut self,
        errand: Errand,
        mut agreements: Vec<Agreement>,
        mut card: CardCopy,
        event: Event,
        turn: &mut Turn,
    ) -> State {
        match event {
            Event::ConsentsAnswered(answers) if answers.len() == agreements.len() => {
                for (agreement, answer) in agreements.iter_mut().zip(answers) {
                    agreement.answer = Some(answer);
                }
                let answers = agreements.iter().filter_map(Agreement::attested).collect();
                turn.order(Command::Attest { answers, language: self.language });
                if self.may_go_on(&errand, &agreements) {
                    self.read_on(errand, agreements, card, turn)
                } else {
                    self.stop(LocalFailure::ConsentRefused, turn)
                }
            }
            Event::CardFailed(fault) => self.unreadable(errand, fault, turn),
            Event::CitizenRead(citizen) if is_another(&citizen, &errand) => {
                self.card_swapped(errand, turn)
            }
            event => {
                card.take(event);
                State::Consenting { errand, agreements, card }
            }
        }
    }

    /// DOPA's consents are all required for asking DOPA; for a selfie, those the place requires (C-44).
    fn may_go_on(&self, errand: &Errand, agreements: &[Agreement]) -> bool {
        let selfie = match errand {
            Errand::Ekyc(ekyc) => ekyc.validation.face_compare == FaceCompare::Required,
            Errand::DopaOnly => false,
        };
        agreements.iter().all(|agreement| {
            let required = agreement.for_dopa
                || selfie && self.policy.required_with_selfie.contains(&agreement.text.kind);
            !required || agreement.answer == Some(Consent::Given)
        })
    }

    /// The texts are answered: to the confirmation if the card is whole, else on with the reading.
    pub(super) fn read_on(
        &mut self,
        errand: Errand,
        agreements: Vec<Agreement>,
        card: CardCopy,
        turn: &mut Turn,
    ) -> State {
        match card {
            CardCopy { citizen: Some(citizen), photo: Some(photo), .. } => {
                if citizen.expiry.expired_on(turn.now.bank_time.today()) {
                    let failure = Failure::Local(LocalFailure::CardExpired);
                    return self.refuse(&errand, FailureReason::CardExpired, failure, turn);
                }
                let postal = postal::resolve(&citizen.address);
                State::Confirming(Shown { errand, agreements, citizen, photo, postal })
            }
            card => {
                let waits_for_card = matches!(errand, Errand::DopaOnly);
                if waits_for_card && self.card == crate::CardStatus::Present && !self.card_spent {
                    turn.order(Command::ReadIdentity);
                }
                State::Reading { errand, agreements, card, since: turn.now.tick }
            }
        }
    }

    pub(super) fn reading(
        &mut self,
        errand: Errand,
        agreements: Vec<Agreement>,
        (mut card, mut since): (CardCopy, Duration),
        event: Event,
        turn: &mut Turn,
    ) -> State {
        match (event, &errand) {
            (Event::CardInserted, Errand::DopaOnly) => {
                since = turn.now.tick;
                turn.order(Command::ReadIdentity);
            }
            (Event::IdentityRead(identity), Errand::DopaOnly) => {
                turn.order(Command::ReadCard(identity));
            }
            (Event::CardFailed(fault), _) => return self.unreadable(errand, fault, turn),
            (Event::CitizenRead(citizen), _) if is_another(&citizen, &errand) => {
                return self.card_swapped(errand, turn);
            }
            (event, _) => card.take(event),
        }
        if card.whole() {
            return self.read_on(errand, agreements, card, turn);
        }
        State::Reading { errand, agreements, card, since }
    }

    /// The card failed after the reference was validated: another try where one can help.
    pub(super) fn unreadable(
        &mut self,
        errand: Errand,
        fault: CardFault,
        turn: &mut Turn,
    ) -> State {
        let failure = Failure::Local(LocalFailure::Card(fault));
        match (fault, errand) {
            (CardFault::Swapped, errand) => self.card_swapped(errand, turn),
            (CardFault::DataInvalid, errand) if self.tries.invalid_cards > 0 => {
                self.refuse(&errand, FailureReason::CardDataInvalid, failure, turn)
            }
            (CardFault::Removed, _) => self.stop(LocalFailure::Card(fault), turn),
            (fault, Errand::Ekyc(ekyc)) => {
                self.tries.invalid_cards += u8::from(fault == CardFault::DataInvalid);
                match self.after_card(CardFinding::Unreadable) {
                    Action::Reread => self.another_card(ekyc.reference, Outcome::Failed(failure)),
                    _ => self.end(Outcome::Failed(failure), None, turn),
                }
            }
            (fault, Errand::DopaOnly) => self.fail(LocalFailure::Card(fault), turn),
        }
    }

    /// A card that changes between two looks ends the journey and is told to the bank (§1.8 (d)).
    pub(super) fn card_swapped(&mut self, errand: Errand, turn: &mut Turn) -> State {
        let failure = Failure::Local(LocalFailure::Card(CardFault::Swapped));
        self.refuse(&errand, FailureReason::FraudSuspected, failure, turn)
    }

    pub(super) fn confirming(&mut self, shown: Shown, event: Event, turn: &mut Turn) -> State {
        match event {
            Event::Confirmed { postal_code, mobile, english_name } => {
                let lacks = self.lacks_english_name(&shown) && english_name.is_none();
                match shown.postal_code(postal_code) {
                    Some(postal_code) if !lacks => {
                        let input = CustomerInput { postal_code, mobile, english_name };
                        self.confirmed(shown, input, turn)
                    }
                    Some(_) | None => State::Confirming(shown),
                }
            }
            _ => State::Confirming(shown),
        }
    }

    pub(crate) fn lacks_english_name(&self, shown: &Shown) -> bool {
        CustomerData::lacks_english_name(&shown.citizen, &self.policy.dialect)
    }

    fn confirmed(&mut self, shown: Shown, input: CustomerInput, turn: &mut Turn) -> State {
        match self.in_sight(turn) {
            Sight::Kept => {}
            Sight::Lost => return State::Confirming(shown),
            Sight::Another => return self.card_swapped(shown.errand, turn),
        }
        let data = match CustomerData::prepare(&shown.citizen, &input, &self.policy.dialect) {
            Ok(data) => data,
            Err(error) => {
                let english = LocalFailure::EnglishNameMissing;
                let missing = error.text() == english.text();
                let invalid = LocalFailure::FieldInvalid(error.field);
                return self.fail(if missing { english } else { invalid }, turn);
            }
        };
        for field in data.left_out() {
            let failure = Failure::Local(LocalFailure::FieldInvalid(*field));
            turn.order(Command::Alert { level: Alert::Warn, failure });
        }
        let confirmed = Confirmed { shown, data, at: turn.now.bank_time };
        match self.policy.dopa {
            // A second query about the same card needs a new session (§1.8 (c)).
            _ if self.tries.dopa == Dopa::Passed => self.after_dopa(confirmed, turn),
            DopaPolicy::BeforeSubmit | DopaPolicy::Only => self.check_dopa(confirmed, turn),
            DopaPolicy::Off => self.after_dopa(confirmed, turn),
        }
    }
}

/// Is it another person or another chip than the bank has validated? Whoever reads the card looks as well;
/// here is the last look before anything is sent.
fn is_another(citizen: &Citizen, errand: &Errand) -> bool {
    match errand {
        Errand::Ekyc(ekyc) => citizen.identity != ekyc.identity,
        Errand::DopaOnly => false,
    }
}

impl CardCopy {
    /// Keeps what was read; an event of another kind changes nothing.
    fn take(&mut self, event: Event) {
        match event {
            Event::CitizenRead(citizen) => self.keep(citizen),
            Event::PhotoProgress(percent) => self.percent = percent.min(100),
            Event::PhotoRead(photo) => {
                self.percent = 100;
                self.photo = Some(photo);
            }
            _ => {}
        }
    }

    fn keep(&mut self, citizen: Box<Citizen>) {
        self.citizen = Some(citizen);
    }

    fn whole(&self) -> bool {
        self.citizen.is_some() && self.photo.is_some()
    }
}
