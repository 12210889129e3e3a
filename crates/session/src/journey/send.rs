//! What leaves the machine: E6, the selfie, E3, and what each end of trying means for the journey.
//!
//! Sealing and sending is done by whoever runs the session.

use protocol::{
    Action, Alert, Condition, Consent, DopaCheck, Endpoint, Face, FaceCompare, FailureReason,
    Ruling, Selfie, Submission, SubmissionParts,
};

use super::asking::Heard;
use super::gather::CardFinding;
use super::sight::Sight;
use super::{Session, Turn, outcome_of};
use crate::call::{Call, Verdict};
use crate::event::{BankAnswer, CardFault, Command, Earlier, Event, Request, SlipResult};
use crate::failure::{Failure, LocalFailure, Outcome};
use crate::state::{Agreement, CardCopy, Confirmed, Dopa, Errand, Shown, State};

/// The type of the consent without which no selfie is taken (§3 sample, C-44).
pub(super) const BIOMETRIC: &str = "103";
/// What a customer is told whose selfies are used up before another one could be refused.
const FACE_MISMATCH: Condition = Condition::Diis(9301);

impl Session {
    pub(super) fn check_dopa(&mut self, confirmed: Confirmed, turn: &mut Turn) -> State {
        let call = self.ask(self.dopa_check(&confirmed), turn);
        State::CheckingDopa { confirmed, call }
    }

    pub(super) fn dopa_check(&self, confirmed: &Confirmed) -> Request {
        let Shown { photo, agreements, .. } = &confirmed.shown;
        let data = confirmed.data.clone();
        let consents = agreements.iter().filter(|one| one.for_dopa);
        let consents = consents.filter_map(Agreement::answered).collect();
        let check = DopaCheck::new(data, photo.clone(), consents, self.policy.place.clone());
        Request::CheckDopa(Box::new(check))
    }

    pub(super) fn checking_dopa(
        &mut self,
        confirmed: Confirmed,
        mut call: Call,
        event: Event,
        turn: &mut Turn,
    ) -> State {
        match self.hear(&mut call, event, turn) {
            Heard::Good(BankAnswer::Accepted(_)) => {
                self.tries.dopa = Dopa::Passed;
                self.after_dopa(confirmed, turn)
            }
            Heard::Over(verdict) => self.ruled(confirmed, verdict, turn),
            Heard::Good(_) | Heard::Nothing | Heard::Other(_) => {
                State::CheckingDopa { confirmed, call }
            }
        }
    }

    pub(super) fn after_dopa(&mut self, confirmed: Confirmed, turn: &mut Turn) -> State {
        match &confirmed.shown.errand {
            errand @ Errand::DopaOnly => {
                let slip = self.slip(errand, SlipResult::Done, turn.now);
                self.end(Outcome::Done, Some(slip), turn)
            }
            // Whatever was corrected meanwhile: no more selfies than the place allows (I5).
            Errand::Ekyc(_) if self.tries.selfies > self.policy.face_resubmits_max => {
                let failure = Failure::Bank { condition: FACE_MISMATCH, text: "face_mismatch" };
                let errand = confirmed.shown.errand;
                self.refuse(&errand, FailureReason::FaceAttempts, failure, turn)
            }
            Errand::Ekyc(ekyc) => match ekyc.validation.face_compare {
                FaceCompare::Required => State::TakingSelfie { confirmed, trouble: None },
                FaceCompare::NotRequired => self.submit(confirmed, None, turn),
            },
        }
    }

    pub(super) fn taking_selfie(
        &mut self,
        confirmed: Confirmed,
        trouble: Option<Failure>,
        event: Event,
        turn: &mut Turn,
    ) -> State {
        match event {
            // What the bank found too large in this journey is not sent again.
            Event::SelfieTaken(selfie) => {
                let selfie =
                    (0..self.tries.shrinks).fold(selfie, |selfie, _| smaller_or_same(selfie));
                self.submit(confirmed, Some(selfie), turn)
            }
            Event::CameraFailed => self.fail(LocalFailure::NoSelfie, turn),
            _ => State::TakingSelfie { confirmed, trouble },
        }
    }

    fn submit(&mut self, confirmed: Confirmed, selfie: Option<Selfie>, turn: &mut Turn) -> State {
        // A register that answers after minutes, again and again, may have outlasted the reference.
        if self.too_old(&confirmed.shown.errand, turn.now) {
            return self.stop(LocalFailure::SessionExpired, turn);
        }
        match self.in_sight(turn) {
            Sight::Kept => {}
            Sight::Lost if self.was_taken_out() => return self.taken_out(turn),
            Sight::Lost => return State::Confirming(confirmed.shown),
            Sight::Another => return self.card_swapped(confirmed.shown.errand, turn),
        }
        // An errand without a reference has nothing to submit: it ends where DOPA has answered.
        let Some(request) = self.submission(&confirmed, selfie.as_ref()) else {
            return self.after_dopa(confirmed, turn);
        };
        self.tries.selfies += u8::from(selfie.is_some());
        let mut call = self.ask(request, turn);
        call.follows(self.tries.earlier);
        State::Submitting { confirmed, selfie, call }
    }

    fn taken_out(&mut self, turn: &mut Turn) -> State {
        self.stop(LocalFailure::Card(CardFault::Removed), turn)
    }

    pub(super) fn submission(
        &self,
        confirmed: &Confirmed,
        selfie: Option<&Selfie>,
    ) -> Option<Request> {
        let Shown { errand, photo, agreements, .. } = &confirmed.shown;
        let Errand::Ekyc(ekyc) = errand else { return None };
        let consents = agreements.iter().filter(|one| one.for_submit);
        let consents = consents.filter_map(Agreement::answered).collect();
        let parts = SubmissionParts {
            reference: ekyc.reference.clone(),
            confirmed_at: confirmed.at,
            customer: confirmed.data.clone(),
            photo: photo.clone(),
            consents,
            place: self.policy.place.clone(),
        };
        let face = selfie.map(Selfie::alone).map_or(Face::NotRequired, Face::Required);
        let submission = Submission::new(parts, face);
        Some(Request::Submit(Box::new(submission)))
    }

    pub(super) fn submitting(
        &mut self,
        confirmed: Confirmed,
        selfie: Option<Selfie>,
        mut call: Call,
        event: Event,
        turn: &mut Turn,
    ) -> State {
        match self.hear(&mut call, event, turn) {
            Heard::Good(BankAnswer::Accepted(_)) => {
                let slip = self.slip(&confirmed.shown.errand, SlipResult::Done, turn.now);
                self.end(Outcome::Done, Some(slip), turn)
            }
            Heard::Over(verdict) => {
                // A request without an answer may come late, after its own repetition was refused.
                self.tries.earlier = self.tries.earlier.max(call.earlier());
                self.submit_ended(confirmed, selfie, verdict, turn)
            }
            Heard::Other(Event::Earlier(id, earlier)) if id == call.id => {
                call.follows(earlier);
                State::Submitting { confirmed, selfie, call }
            }
            // A repetition that could not be journaled says nothing of the sendings before it.
            Heard::Other(Event::JournalFailed(fault))
                if call.earlier() == Earlier::MayHaveArrived =>
            {
                let failure = Failure::Local(LocalFailure::Journal(fault));
                turn.order(Command::Alert { level: Alert::Page, failure });
                let slip = self.slip(&confirmed.shown.errand, SlipResult::Unresolved, turn.now);
                self.end(Outcome::Unresolved(failure), Some(slip), turn)
            }
            Heard::Other(Event::JournalFailed(fault)) => {
                self.fail(LocalFailure::Journal(fault), turn)
            }
            Heard::Good(_) | Heard::Nothing | Heard::Other(_) => {
                State::Submitting { confirmed, selfie, call }
            }
        }
    }

    /// Too large for the bank: the same picture in a smaller file, as long as there is one (−21, −22, 413).
    fn submit_ended(
        &mut self,
        confirmed: Confirmed,
        selfie: Option<Selfie>,
        verdict: Verdict,
        turn: &mut Turn,
    ) -> State {
        let Verdict::Ruled { at, condition, action: Action::ShrinkSelfie } = verdict else {
            return self.ruled(confirmed, verdict, turn);
        };
        let sendable =
            self.in_sight(turn) == Sight::Kept && !self.too_old(&confirmed.shown.errand, turn.now);
        match (selfie.and_then(Selfie::shrunk), self.tries.earlier) {
            // A refused size says nothing of an earlier sending that may have arrived: only a smaller one finds out.
            (smaller, Earlier::MayHaveArrived) if smaller.is_none() || !sendable => {
                self.ruled(confirmed, Verdict::Unresolved(condition), turn)
            }
            (Some(smaller), _) => {
                alert(condition, at, turn);
                self.tries.shrinks += 1;
                self.submit(confirmed, Some(smaller), turn)
            }
            (None, _) => self.ruled(confirmed, verdict, turn),
        }
    }

    /// The end of trying, where the journey may still go on with other data. How often, says the table.
    fn ruled(&mut self, confirmed: Confirmed, verdict: Verdict, turn: &mut Turn) -> State {
        let Verdict::Ruled { at, condition, action } = verdict else {
            return self.settle(&confirmed.shown.errand, verdict, turn);
        };
        alert(condition, at, turn);
        if let Errand::Ekyc(ekyc) = &confirmed.shown.errand {
            self.count(&ekyc.reference, condition, turn);
        }
        let ruling = protocol::ruling(condition, at);
        let action = match action {
            Action::Recapture => self.after_selfie(condition, ruling, &confirmed.shown.agreements),
            Action::AskConsent => ruling.after(self.tries.consents),
            Action::RecheckInput => ruling.after(self.tries.rechecks),
            Action::Reread => self.after_card(CardFinding::Bank(ruling)),
            other => other,
        };
        let outcome = outcome_of(condition, at);
        let goes_on =
            matches!(action, Action::Recapture | Action::AskConsent | Action::RecheckInput);
        if goes_on && self.was_taken_out() {
            return self.taken_out(turn);
        }
        match (action, confirmed.shown.errand) {
            (Action::Recapture, errand) => {
                let confirmed =
                    Confirmed { shown: Shown { errand, ..confirmed.shown }, ..confirmed };
                State::TakingSelfie { confirmed, trouble: outcome.failure() }
            }
            (Action::AskConsent, errand) => {
                self.tries.consents += 1;
                consent_again(Shown { errand, ..confirmed.shown })
            }
            (Action::RecheckInput, errand) => {
                self.tries.rechecks += 1;
                State::Confirming(Shown { errand, ..confirmed.shown })
            }
            (Action::Reread, Errand::Ekyc(ekyc)) => self.another_card(ekyc.reference, outcome),
            (action, errand) => self.finish(&errand, (at, condition), action, turn),
        }
    }

    /// What comes after a selfie that did not do. The place says how often another may be sent; none is
    /// taken without its consent, whoever asks for it; and the first one only if the bank wants one, since a
    /// face that was not sent cannot have failed (C-12).
    fn after_selfie(
        &self,
        condition: Condition,
        ruling: Ruling,
        agreements: &[Agreement],
    ) -> Action {
        let agreed =
            |one: &Agreement| one.text.kind == BIOMETRIC && one.answer == Some(Consent::Given);
        let wanted = self.tries.selfies > 0 || condition == Condition::SELFIE_REQUIRED;
        if self.tries.selfies > self.policy.face_resubmits_max {
            ruling.then
        } else if wanted && agreements.iter().any(agreed) {
            Action::Recapture
        } else {
            Action::Stop
        }
    }

    /// The end of a call before there is anything to go on with.
    pub(super) fn conclude(&mut self, verdict: Verdict, turn: &mut Turn) -> State {
        self.settle(&Errand::DopaOnly, verdict, turn)
    }

    /// The end of trying is the end of the journey.
    fn settle(&mut self, errand: &Errand, verdict: Verdict, turn: &mut Turn) -> State {
        match verdict {
            Verdict::Inferred => {
                let slip = self.slip(errand, SlipResult::Done, turn.now);
                self.end(Outcome::DoneInferred, Some(slip), turn)
            }
            Verdict::Unresolved(condition) => {
                let at = Endpoint::Submit;
                let action = protocol::ruling(condition, at).action;
                self.doors.ruled(action, at, condition, turn.now.tick);
                let failure = Failure::Bank { condition, text: "result_unknown" };
                turn.order(Command::Alert { level: Alert::Page, failure });
                let slip = self.slip(errand, SlipResult::Unresolved, turn.now);
                self.end(Outcome::Unresolved(failure), Some(slip), turn)
            }
            Verdict::Ruled { at, condition, action } => {
                alert(condition, at, turn);
                self.finish(errand, (at, condition), action, turn)
            }
        }
    }

    fn finish(
        &mut self,
        errand: &Errand,
        (at, condition): (Endpoint, Condition),
        action: Action,
        turn: &mut Turn,
    ) -> State {
        let failure = Failure::Bank { condition, text: protocol::ruling(condition, at).text };
        self.doors.ruled(action, at, condition, turn.now.tick);
        match action {
            Action::DonePending => {
                let slip = self.slip(errand, SlipResult::Pending, turn.now);
                self.end(Outcome::Pending(failure), Some(slip), turn)
            }
            Action::StopReport(reason) => self.refuse(errand, reason, failure, turn),
            _ => self.end(outcome_of(condition, at), None, turn),
        }
    }
}

fn smaller_or_same(selfie: Selfie) -> Selfie {
    let same = selfie.alone();
    selfie.shrunk().unwrap_or(same)
}

/// Whoever counts or watches hears of a ruling even where the customer can still mend it (2001, 9300).
pub(super) fn alert(condition: Condition, at: Endpoint, turn: &mut Turn) {
    let ruling = protocol::ruling(condition, at);
    if ruling.alert != Alert::None {
        let failure = Failure::Bank { condition, text: ruling.text };
        turn.order(Command::Alert { level: ruling.alert, failure });
    }
}

/// The bank wants consents (1900): the same texts, unanswered, with the card already read.
fn consent_again(shown: Shown) -> State {
    let Shown { errand, mut agreements, citizen, photo, .. } = shown;
    for agreement in &mut agreements {
        agreement.answer = None;
    }
    let card = CardCopy { citizen: Some(citizen), photo: Some(photo), percent: 100 };
    State::Consenting { errand, agreements, card }
}
