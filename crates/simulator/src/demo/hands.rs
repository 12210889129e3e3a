//! The demonstration's hands: one card, one code, one face.
//!
//! The panel's buttons and the customer that walks by itself move the same hands.

use std::sync::{Arc, Mutex, PoisonError};

use crate::card::{Image, Manner};
use crate::customer::Hands;
use crate::world::World;

/// A place without anybody (`tests/pictures/README.md`).
const NO_FACE: &[u8] = include_bytes!("../../../../tests/pictures/no-face.jpg");

/// What the hands hold; clones are the same hands.
#[derive(Clone)]
pub(super) struct DemoHands {
    world: World,
    held: Arc<Mutex<Held>>,
}

struct Held {
    card: Image,
    reference: String,
}

impl DemoHands {
    pub(super) fn new(world: World, card: Image, reference: String) -> Self {
        world.stand_before_camera(Some(NO_FACE.to_vec()));
        Self { world, held: Arc::new(Mutex::new(Held { card, reference })) }
    }

    /// Takes another card into the hand.
    pub(super) fn take_card(&self, card: Image) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).card = card;
    }

    /// Calls up another code on the phone.
    pub(super) fn take_reference(&self, reference: String) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).reference = reference;
    }

    pub(super) fn pull_card(&self) {
        self.world.slot().eject();
    }

    pub(super) fn leave_camera(&self) {
        self.world.stand_before_camera(Some(NO_FACE.to_vec()));
    }
}

impl Hands for DemoHands {
    fn insert_card(&mut self) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        self.world.slot().insert(held.card.clone(), Manner::default());
    }

    fn show_code(&mut self) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        self.world.show_code(&held.reference);
    }

    fn face_camera(&mut self) {
        self.world.turn_before_camera();
    }
}
