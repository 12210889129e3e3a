//! From nobody to a validated reference: code and card in either order, then E2 and, for DOPA, E5.
//!
//! What the customer is shown of it is `screen`'s; which codes end it is read off `protocol`'s table.

use citizen::Identity;
use protocol::{
    Action, Condition, ConsentText, Endpoint, FaceCompare, QrValidation, QrValidationRequest,
    Reference, ReturnedReference, Ruling, Transport,
};

use super::asking::Heard;
use super::sight::Sight;
use super::{Session, Turn, outcome_of, send};
use crate::call::{Again, Call, CallId, Verdict};
use crate::event::{BankAnswer, CardFault, Command, Earlier, Event, Request};
use crate::failure::{Failure, LocalFailure, Outcome};
use crate::policy::DopaPolicy;
use crate::screen::CardStatus;
use crate::state::{Agreement, CardCopy, Dopa, Ekyc, Errand, Gathering, State};

/// A card that could not be read is asked for again at most so often in one journey (REREAD, §1.6).
const REREADS_MOST: u8 = 2;

/// Why another card is wanted.
#[derive(Clone, Copy)]
pub(super) enum CardFinding {
    /// It could not be read.
    Unreadable,
    /// The bank says so, and the table says how often.
    Bank(Ruling),
}

impl Session {
    /// The first sign of a person.
    pub(super) fn arrive(&mut self, event: Event, turn: &mut Turn) -> State {
        let begins = matches!(
            event,
            Event::Started
                | Event::ReferenceRead(_)
                | Event::WrongCodeRead(_)
                | Event::CardInserted
                | Event::CardFailed(CardFault::Mute)
        );
        if !begins || self.doors.closed().is_some() {
            return State::Idle;
        }
        if self.policy.dopa == DopaPolicy::Only {
            let call = self.ask(Request::Consents, turn);
            return State::FetchingConsents { errand: Errand::DopaOnly, call };
        }
        let mut gathering = Gathering::default();
        let waiting_card = self.card == CardStatus::Present && !self.card_spent;
        if waiting_card && !matches!(event, Event::CardInserted | Event::CardFailed(_)) {
            turn.order(Command::ReadIdentity);
            gathering.reading = Some(turn.now.tick);
        }
        self.gather(gathering, event, turn)
    }

    pub(super) fn gather(
        &mut self,
        mut gathering: Gathering,
        event: Event,
        turn: &mut Turn,
    ) -> State {
        match event {
            Event::ReferenceRead(reference) => {
                gathering.wrong_code = None;
                gathering.reference = Some(reference);
            }
            Event::WrongCodeRead(wrong_code) => gathering.wrong_code = Some(wrong_code),
            Event::CardInserted => {
                gathering.trouble = None;
                gathering.reading = Some(turn.now.tick);
                turn.order(Command::ReadIdentity);
            }
            Event::CardRemoved => {
                // The finding about a card stays on the screen while it is taken out.
                gathering.identity = None;
                gathering.reading = None;
            }
            Event::CardFailed(fault) => {
                gathering.reading = None;
                gathering.trouble = Some(Failure::Local(LocalFailure::Card(fault)));
            }
            Event::IdentityRead(identity) => {
                gathering.reading = None;
                gathering.identity = Some(identity);
            }
            // Somebody who gives up over a finding of the bank leaves with that finding.
            Event::Cancelled => {
                let failure = match gathering.trouble {
                    Some(failure @ Failure::Bank { .. }) => Outcome::Refused(failure),
                    Some(Failure::Local(_)) | None => {
                        Outcome::Stopped(Failure::Local(LocalFailure::Cancelled))
                    }
                };
                return self.end(failure, None, turn);
            }
            _ => {}
        }
        self.gathered(gathering, turn)
    }

    /// Both there? Then the bank is asked.
    fn gathered(&mut self, gathering: Gathering, turn: &mut Turn) -> State {
        match gathering {
            Gathering { reference: Some(reference), identity: Some(identity), .. } => {
                let request = QrValidationRequest::new(&reference, &identity.citizen_id);
                let call = self.ask(Request::ValidateQr(Box::new(request)), turn);
                State::Validating { reference, identity, call }
            }
            incomplete => State::Gathering(incomplete),
        }
    }

    pub(super) fn validating(
        &mut self,
        reference: Reference,
        identity: Identity,
        mut call: Call,
        event: Event,
        turn: &mut Turn,
    ) -> State {
        match self.hear(&mut call, event, turn) {
            Heard::Good(BankAnswer::QrValidated(validation)) => {
                self.validated(reference, identity, validation, turn)
            }
            Heard::Over(verdict) => self.unvalidated(reference, verdict, turn),
            Heard::Other(Event::Earlier(id, earlier)) if id == call.id => {
                self.tries.earlier = earlier;
                State::Validating { reference, identity, call }
            }
            Heard::Good(_) | Heard::Nothing | Heard::Other(_) => {
                State::Validating { reference, identity, call }
            }
        }
    }

    fn validated(
        &mut self,
        reference: Reference,
        identity: Identity,
        validation: QrValidation,
        turn: &mut Turn,
    ) -> State {
        let biometric = |text: &ConsentText| text.kind == send::BIOMETRIC;
        let wants_face = validation.face_compare == FaceCompare::Required;
        if wants_face && !validation.consents.iter().any(biometric) {
            // Nobody could agree to what is not shown: the protocol has moved.
            let (at, condition) = (Endpoint::ValidateQr, Condition::Transport(Transport::Drift));
            let verdict = Verdict::Ruled { at, condition, action: Action::Stop };
            return self.conclude(verdict, turn);
        }
        let since = turn.now.tick;
        let reference = self.reference_to_send(reference, &validation);
        let errand = Errand::Ekyc(Box::new(Ekyc { reference, identity, validation, since }));
        match self.policy.dopa {
            DopaPolicy::BeforeSubmit | DopaPolicy::Only => {
                let call = self.ask(Request::Consents, turn);
                State::FetchingConsents { errand, call }
            }
            DopaPolicy::Off => self.show_consents(errand, Vec::new(), turn),
        }
    }

    /// Ours, as scanned, unless this bank wants its own back (Doubt D8).
    fn reference_to_send(&self, scanned: Reference, validation: &QrValidation) -> Reference {
        match self.policy.dialect.returned_reference {
            ReturnedReference::Scanned => scanned,
            ReturnedReference::Returned => {
                let returned = validation.returned_reference.as_deref();
                returned.and_then(|text| Reference::parse(text).ok()).unwrap_or(scanned)
            }
        }
    }

    fn unvalidated(&mut self, reference: Reference, verdict: Verdict, turn: &mut Turn) -> State {
        if let Verdict::Ruled { condition, .. } = verdict {
            self.count(&reference, condition, turn);
        }
        let used = matches!(verdict, Verdict::Ruled { condition: Condition::ALREADY_USED, .. });
        let verdict = match self.tries.earlier {
            Earlier::Unknown if used => Verdict::Unresolved(Condition::ALREADY_USED),
            Earlier::MayHaveArrived if used => Verdict::Inferred,
            Earlier::Nothing | Earlier::Unknown | Earlier::MayHaveArrived => verdict,
        };
        match verdict {
            Verdict::Ruled { at, condition, action: Action::Reread } => {
                send::alert(condition, at, turn);
                let finding = CardFinding::Bank(protocol::ruling(condition, at));
                let outcome = outcome_of(condition, at);
                match self.after_card(finding) {
                    Action::Reread => self.another_card(reference, outcome),
                    _ => self.end(outcome, None, turn),
                }
            }
            verdict => self.conclude(verdict, turn),
        }
    }

    /// What comes after a card that did not do: the one place that counts how often it is asked for again.
    pub(super) fn after_card(&self, finding: CardFinding) -> Action {
        let used = self.tries.rereads;
        match finding {
            CardFinding::Bank(ruling) => ruling.after(used),
            CardFinding::Unreadable if used < REREADS_MOST => Action::Reread,
            CardFinding::Unreadable => Action::Stop,
        }
    }

    /// The right card may still come: the reference is kept, this card must come out first.
    pub(super) fn another_card(&mut self, reference: Reference, finding: Outcome) -> State {
        self.tries.rereads += 1;
        self.tries.dopa = Dopa::Unasked;
        self.sight = Sight::Kept;
        self.card_spent = self.card == CardStatus::Present;
        let trouble = finding.failure();
        State::Gathering(Gathering { reference: Some(reference), trouble, ..Gathering::default() })
    }

    pub(super) fn fetching(
        &mut self,
        errand: Errand,
        mut call: Call,
        event: Event,
        turn: &mut Turn,
    ) -> State {
        match self.hear(&mut call, event, turn) {
            Heard::Good(BankAnswer::Consents(consents)) => {
                self.show_consents(errand, consents.texts, turn)
            }
            Heard::Over(verdict) => self.conclude(verdict, turn),
            Heard::Other(Event::CardFailed(CardFault::Swapped)) => self.card_swapped(errand, turn),
            Heard::Good(_) | Heard::Nothing | Heard::Other(_) => {
                State::FetchingConsents { errand, call }
            }
        }
    }

    /// E2's texts and E5's in one list, each text once; with none to show, the card is read at once.
    fn show_consents(&mut self, errand: Errand, dopa: Vec<ConsentText>, turn: &mut Turn) -> State {
        let mut agreements: Vec<Agreement> = Vec::new();
        if let Errand::Ekyc(ekyc) = &errand {
            turn.order(Command::ReadCard(ekyc.identity.clone()));
            for text in &ekyc.validation.consents {
                let text = text.clone();
                agreements.push(Agreement {
                    text,
                    for_submit: true,
                    for_dopa: false,
                    answer: None,
                });
            }
        }
        for text in dopa {
            let same = |known: &&mut Agreement| {
                known.text.kind == text.kind && known.text.version == text.version
            };
            match agreements.iter_mut().find(same) {
                Some(known) => known.for_dopa = true,
                None => agreements.push(Agreement {
                    text,
                    for_submit: false,
                    for_dopa: true,
                    answer: None,
                }),
            }
        }
        let card = CardCopy::default();
        if agreements.is_empty() {
            return self.read_on(errand, agreements, card, turn);
        }
        State::Consenting { errand, agreements, card }
    }

    /// Sends the state's call once more, as waited for.
    pub(super) fn send_again(&self, state: &State, id: CallId, again: Again, turn: &mut Turn) {
        let request = match (again, state) {
            (Again::Resend, _) => None,
            (Again::Reseal, State::Validating { reference, identity, .. }) => {
                let request = QrValidationRequest::new(reference, &identity.citizen_id);
                Some(Request::ValidateQr(Box::new(request)))
            }
            (Again::Reseal, State::FetchingConsents { .. }) => Some(Request::Consents),
            (Again::Reseal, State::CheckingDopa { confirmed, .. }) => {
                Some(self.dopa_check(confirmed))
            }
            (Again::Reseal, State::Submitting { confirmed, selfie, .. }) => {
                self.submission(confirmed, selfie.as_ref())
            }
            (Again::Reseal, _) => None,
        };
        turn.order(match request {
            Some(request) => Command::Ask { call: id, request },
            None => Command::Resend(id),
        });
    }
}
