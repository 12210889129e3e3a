//! What a place may decide about its journeys: which flow, how patient, which consents are required.
//!
//! The defaults are the kiosk's of `journey.md`; the agent reads them from its configuration.

use std::time::Duration;

use protocol::{Dialect, Place};

use crate::timeouts::Timeouts;

/// The rules that one machine's journeys follow.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Whether and when DOPA is asked (flow (a)/(b) with or without, or flow (c)).
    pub dopa: DopaPolicy,
    /// How long to wait for people.
    pub patience: Patience,
    /// Types of consent without which an errand with a selfie cannot go on (C-44).
    pub required_with_selfie: Vec<String>,
    /// Selfies sent again after the first, at most (C-11).
    pub face_resubmits_max: u8,
    /// Where this machine stands, as the bank knows it.
    pub place: Place,
    /// The switches where the live bank may differ from its document.
    pub dialect: Dialect,
    /// How long the client waits for the bank.
    pub timeouts: Timeouts,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            dopa: DopaPolicy::BeforeSubmit,
            patience: Patience::KIOSK,
            required_with_selfie: vec!["103".to_owned()],
            face_resubmits_max: 5,
            place: Place::default(),
            dialect: Dialect::default(),
            timeouts: Timeouts::default(),
        }
    }
}

/// When the government's register (DOPA) is asked about the card.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DopaPolicy {
    /// E5 and E6 before E3.
    BeforeSubmit,
    /// Never by us; the bank does its own within E3.
    Off,
    /// E5 and E6 alone, without a reference: flow (c).
    Only,
}

/// How long a screen waits for a person.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Without any sign of life, until the warning.
    pub idle: Duration,
    /// How long the warning stands before everything is wiped.
    pub warning: Duration,
    /// How long a result stands while the card is still in.
    pub result: Duration,
    /// From validation to the confirmation, at most (C-42).
    pub journey: Duration,
}

impl Patience {
    /// `journey.md`: 30 s, a warning of 10 s, the result 30 s.
    pub const KIOSK: Self = Self {
        idle: Duration::from_secs(30),
        warning: Duration::from_secs(10),
        result: Duration::from_secs(30),
        journey: Duration::from_secs(600),
    };

    /// Staff have a customer before them and papers to look at.
    pub const COUNTER: Self = Self { idle: Duration::from_secs(180), ..Self::KIOSK };
}
