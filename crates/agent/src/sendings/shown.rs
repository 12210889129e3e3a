//! The code that a customer shows: the outbox leaves it alone for as long as its journey lasts, and what the outbox
//! has under way of it is waited for before the bank is asked about it (§1.8 (d)).

use protocol::Reference;

use crate::journal::EntryId;

/// One customer's code, and one sending of the outbox, at most.
#[derive(Default)]
pub(super) struct Shown {
    code: Option<Reference>,
    under_way: Option<UnderWay>,
    held_back: HeldBack,
}

struct UnderWay {
    id: EntryId,
    reference: Option<Reference>,
}

/// Does the outbox have to wait with what it wants to send?
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// It goes out.
    Now,
    /// A customer is here with its code.
    AfterTheCustomer,
}

/// Did the outbox want to send something while it could not?
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum HeldBack {
    /// No.
    #[default]
    Nothing,
    /// Yes: it need not wait any longer.
    Something,
}

impl Shown {
    pub(super) fn shows(&mut self, code: &Reference) {
        self.code = Some(code.clone());
    }

    pub(super) fn gone(&mut self) -> HeldBack {
        self.code = None;
        std::mem::take(&mut self.held_back)
    }

    pub(super) fn begins(&mut self, id: EntryId, reference: Option<&Reference>) -> Turn {
        if reference.is_some() && self.code.as_ref() == reference {
            self.held_back = HeldBack::Something;
            return Turn::AfterTheCustomer;
        }
        self.under_way = Some(UnderWay { id, reference: reference.cloned() });
        Turn::Now
    }

    pub(super) fn landed(&mut self, landed: EntryId) {
        self.under_way = self.under_way.take().filter(|one| one.id != landed);
    }

    /// Has the outbox nothing under way of the customer's code?
    pub(super) fn is_free(&self) -> bool {
        let same = |one: &UnderWay| one.reference.is_some() && one.reference == self.code;
        !self.under_way.as_ref().is_some_and(same)
    }
}
