//! What is common to a card in any kind of reader: what can be done with it, and what happens to it.
//! How a reader is told is the business of `vpcd` and `vscard`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::slot::{Slot, Trap};
use super::{Image, Manner};

/// Services look for a card every 400 ms where the reader does not tell them; a shorter absence goes unnoticed.
pub(super) const ABSENCE_MIN: Duration = Duration::from_millis(900);

/// A silent card is silent until it leaves.
pub(super) const SILENCE: Duration = Duration::from_secs(3_600);

/// A simulated card in a reader that a real service drives. Dropping it takes the card out.
pub trait Inserted {
    /// Puts the card in again; does nothing while one is in. Blocks up to 900 ms after an eject, since a
    /// shorter absence might go unnoticed.
    fn insert(&self);

    /// Takes the card out; does nothing while none is in.
    fn eject(&self);

    /// Takes the card out and puts another in. Blocks for 900 ms.
    fn swap(&self, image: Image, manner: Manner) {
        self.eject();
        self.replace(image, manner);
        self.insert();
    }

    /// Makes another card of the one that is in, without taking it out: pcscd needs most of a second to see
    /// that a card went. Between two connections only; whoever connects next must reset the card. A virtual
    /// machine's reader goes on telling the first card's answer to reset.
    fn become_another(&self, image: Image, manner: Manner) {
        self.replace(image.clone(), manner);
        if self.slot().insertion().is_some() {
            self.slot().insert(image, manner);
        }
    }

    /// Lays another card ready, for the next time one is put in.
    fn replace(&self, image: Image, manner: Manner);

    /// The slot in which it lies.
    fn slot(&self) -> &Slot;

    /// Takes the card out at exchange `at`, counted from 1 since it came in.
    fn remove_at(&self, at: u32) {
        self.slot().set_trap(Trap::Remove { at });
    }

    /// Makes the card silent at exchange `at`, counted from 1 since it came in.
    fn mute_at(&self, at: u32) {
        self.slot().set_trap(Trap::Mute { at, patience: SILENCE });
    }

    /// How many exchanges the card has seen since it came in.
    fn exchanges(&self) -> u32 {
        self.slot().exchanges()
    }
}

/// What happens to the card, for those who watch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event {
    /// The reader has taken it.
    Inserted,
    /// The reader does not take a card with this answer to reset.
    Refused,
    /// Taken out by us.
    Ejected,
    /// The trap took it out.
    Removed,
    /// The trap made it silent.
    Muted,
    /// The reader is not there, or is gone; tried again until the card is ejected.
    NoReader,
}

/// Where events go, on the card's own thread.
#[derive(Clone)]
pub struct Watch(Arc<dyn Fn(Event) + Send + Sync>);

impl Watch {
    /// Calls `tell` for each event. It must not call the [`Inserted`] that it watches.
    pub fn new(tell: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    pub(super) fn tell(&self, event: Event) {
        (self.0)(event);
    }
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Inserted => "inserted",
            Self::Refused => "refused by the reader",
            Self::Ejected => "ejected",
            Self::Removed => "removed by its trap",
            Self::Muted => "muted by its trap",
            Self::NoReader => "no reader, trying again",
        })
    }
}
