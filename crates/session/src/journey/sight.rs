//! Is the card in the reader still the one whose data are held? Known while the reader is watched; when the
//! reader or its service goes and comes back, the card is looked at again before anything of it is sent.
//!
//! Reading itself compares identities in `agree`; here is what holds once the card is read.

use citizen::Identity;

use super::{Session, Turn};
use crate::event::{CardFault, Command};
use crate::screen::CardStatus;
use crate::state::{Errand, State};

/// What is known of the card since it was read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Sight {
    /// Nobody could have changed it unseen.
    #[default]
    Kept,
    /// The reader was away.
    Lost,
    /// It is another one.
    Another,
}

impl Session {
    /// A fault of the reader while nothing is being read; or of the card while it is looked at again.
    pub(super) fn lost_sight(&mut self, state: State, fault: CardFault, turn: &mut Turn) -> State {
        let of_the_card = match fault {
            CardFault::ReaderGone
            | CardFault::ServiceDown
            | CardFault::Busy
            | CardFault::ReaderHung => false,
            CardFault::Removed
            | CardFault::Mute
            | CardFault::NotThaiCitizenCard
            | CardFault::OldLayout
            | CardFault::ChipNumberUnavailable
            | CardFault::DataInvalid
            | CardFault::Unreadable
            | CardFault::Swapped => true,
        };
        let looking = self.sight == Sight::Lost;
        self.out_of_sight();
        match (fault, state) {
            (CardFault::Swapped, state) => self.another_in_sight(state, turn),
            (fault, state) if of_the_card && looking => {
                unsubmitted(state, |errand| self.unreadable(errand, fault, turn))
            }
            (_, state) => state,
        }
    }

    /// Whatever lies in the reader next may be another one.
    pub(super) fn out_of_sight(&mut self) {
        self.sight = if self.sight == Sight::Another { Sight::Another } else { Sight::Lost };
    }

    /// Was the card taken out while its data were on their way? What is under way is waited for; nothing else is
    /// asked of the customer, and nothing else of the card is sent.
    pub(super) fn was_taken_out(&self) -> bool {
        self.sight == Sight::Lost && self.card == CardStatus::Absent
    }

    /// Asks for the card in the reader, if it may be another one.
    pub(super) fn look_again(&mut self, turn: &mut Turn) {
        if self.sight == Sight::Lost && self.card == CardStatus::Present {
            turn.order(Command::ReadIdentity);
        }
    }

    /// The card was looked at again.
    pub(super) fn seen_again(
        &mut self,
        state: State,
        identity: &Identity,
        turn: &mut Turn,
    ) -> State {
        match held_in(&state) {
            Some(held) if held == identity => {
                if self.sight == Sight::Lost {
                    self.sight = Sight::Kept;
                }
                state
            }
            Some(_) => self.another_in_sight(state, turn),
            None => state,
        }
    }

    /// Asked before anything of the card is sent. While nobody knows, it is looked at again.
    pub(super) fn in_sight(&mut self, turn: &mut Turn) -> Sight {
        self.look_again(turn);
        self.sight
    }

    /// A submit under way is waited for, whatever lies in the reader; everything else ends.
    fn another_in_sight(&mut self, state: State, turn: &mut Turn) -> State {
        self.sight = Sight::Another;
        unsubmitted(state, |errand| self.card_swapped(errand, turn))
    }
}

impl State {
    /// Are the card's data held, with nothing of it left to be read?
    pub(super) fn holds_a_card(&self) -> bool {
        held_in(self).is_some()
    }
}

/// Whose data are held.
fn held_in(state: &State) -> Option<&Identity> {
    let shown = match state {
        State::Confirming(shown) => shown,
        State::CheckingDopa { confirmed, .. }
        | State::TakingSelfie { confirmed, .. }
        | State::Submitting { confirmed, .. } => &confirmed.shown,
        State::Idle
        | State::Gathering(_)
        | State::Validating { .. }
        | State::FetchingConsents { .. }
        | State::Consenting { .. }
        | State::Reading { .. }
        | State::Ended { .. } => return None,
    };
    match &shown.errand {
        Errand::Ekyc(ekyc) => Some(&ekyc.identity),
        Errand::DopaOnly => Some(&shown.citizen.identity),
    }
}

/// Ends what is shown or confirmed; a submit under way is waited for.
fn unsubmitted(state: State, end: impl FnOnce(Errand) -> State) -> State {
    match state {
        State::Confirming(shown) => end(shown.errand),
        State::CheckingDopa { confirmed, .. } | State::TakingSelfie { confirmed, .. } => {
            end(confirmed.shown.errand)
        }
        state => state,
    }
}
