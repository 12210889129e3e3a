//! Consent texts as the bank gives them, and the customer's answers to them (§3, §4, §6).
//!
//! Which are required is policy (Doubt D44); showing them is the page's work.

use serde::Serialize;

/// One consent to show, whole.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ConsentText {
    /// `type`: 103 biometric, 105 cross-border disclosure, and others.
    pub kind: String,
    /// `version`, such as `2.00.00`.
    pub version: String,
    /// `contentTh`, plain text.
    pub thai: String,
    /// `contentEn`, plain text.
    pub english: String,
}

impl ConsentText {
    /// The customer's answer to this text.
    #[must_use]
    pub fn answered(&self, consent: Consent) -> ConsentAnswer {
        ConsentAnswer { kind: self.kind.clone(), version: self.version.clone(), consent }
    }
}

/// What a customer said.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
pub enum Consent {
    /// Yes.
    #[serde(rename = "Y")]
    Given,
    /// No.
    #[serde(rename = "N")]
    Refused,
}

/// An answer to one consent, as §4 and §7 send it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ConsentAnswer {
    /// The text's `type`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The text's `version`.
    pub version: String,
    /// What the customer said.
    pub consent: Consent,
}
