//! `[journey]` and `[place]`: which flow this machine runs, how patient it is, where it stands (§4, §1.8).
//!
//! Owns the checked values; what they do to a journey is the session's business.

use protocol::Place;
use session::{DopaPolicy, Patience};

use super::bank::seconds;
use super::fault::Fault;
use super::section::{Given, Section};

/// As much as fits a slip's line.
const MERCHANT_CHARACTERS_MAX: usize = 40;
/// No errand has asked for more consents.
const CONSENTS_MAX: usize = 16;
/// The types seen are numbers of three digits.
const CONSENT_CHARACTERS_MAX: usize = 20;
/// What the bank allows at most (C-11).
const FACE_RESUBMITS_MAX: u8 = 5;

/// Who stands before the page.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Profile {
    /// The customer, alone.
    #[default]
    Kiosk,
    /// Staff, with a customer before them.
    Counter,
}

/// What shows that a person stands before the camera for a selfie, and not a picture of one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Challenge {
    /// Nothing: staff watch, or the bank does not want it.
    Off,
    /// The head is turned to a side that chance names, and back.
    Turn,
}

/// How journeys go on this machine.
#[derive(Clone, Debug)]
pub struct Journey {
    /// Who stands before the page.
    pub profile: Profile,
    /// Whether and when DOPA is asked.
    pub dopa: DopaPolicy,
    /// How long screens wait.
    pub patience: Patience,
    /// Consents without which an errand with a selfie cannot go on.
    pub required_consents: Vec<String>,
    /// What is asked before a selfie.
    pub liveness: Challenge,
    /// Selfies sent again after the first, at most.
    pub face_resubmits_max: u8,
}

/// Where this machine stands.
#[derive(Clone, Debug)]
pub struct Site {
    /// As the bank knows it.
    pub place: Place,
    /// For the slip; may be empty.
    pub merchant: String,
}

pub(super) fn journey(top: &mut Section<'_>) -> Journey {
    top.section("journey", |table| {
        let profiles = [("kiosk", Profile::Kiosk), ("counter", Profile::Counter)];
        let profile = table.optional("profile", |given| given.word(&profiles)).unwrap_or_default();
        let flows = [
            ("before_submit", DopaPolicy::BeforeSubmit),
            ("off", DopaPolicy::Off),
            ("only", DopaPolicy::Only),
        ];
        let dopa = table.optional("dopa", |given| given.word(&flows));
        let challenges = [("off", Challenge::Off), ("turn", Challenge::Turn)];
        let liveness = table.optional("liveness", |given| given.word(&challenges));
        Journey {
            profile,
            liveness: liveness.unwrap_or(match profile {
                Profile::Kiosk => Challenge::Turn,
                Profile::Counter => Challenge::Off,
            }),
            dopa: dopa.unwrap_or(DopaPolicy::BeforeSubmit),
            patience: patience(table, profile),
            required_consents: table
                .optional("required_consents", consents)
                .unwrap_or_else(|| vec!["103".to_owned()]),
            face_resubmits_max: table
                .optional("max_face_resubmits", |given| given.number(0..=FACE_RESUBMITS_MAX.into()))
                .and_then(|number| u8::try_from(number).ok())
                .unwrap_or(FACE_RESUBMITS_MAX),
        }
    })
}

fn patience(table: &mut Section<'_>, profile: Profile) -> Patience {
    let usual = match profile {
        Profile::Kiosk => Patience::KIOSK,
        Profile::Counter => Patience::COUNTER,
    };
    Patience {
        idle: table.optional("idle_s", |given| seconds(given, 5, 3600)).unwrap_or(usual.idle),
        warning: table
            .optional("warning_s", |given| seconds(given, 3, 120))
            .unwrap_or(usual.warning),
        result: table.optional("result_s", |given| seconds(given, 5, 300)).unwrap_or(usual.result),
        journey: table
            .optional("max_age_s", |given| seconds(given, 60, 3600))
            .unwrap_or(usual.journey),
    }
}

fn consents(given: &Given<'_>) -> Result<Vec<String>, Fault> {
    let expected = "a type of consent such as \"103\"";
    given
        .list(CONSENTS_MAX, "types of consent")?
        .iter()
        .map(|item| limited(item, item.text(expected)?, CONSENT_CHARACTERS_MAX))
        .collect()
}

pub(super) fn site(top: &mut Section<'_>) -> Site {
    top.section("place", |table| {
        let branch_id = table.optional("branch_id", id).unwrap_or_default();
        let terminal_id = table.optional("terminal_id", id).unwrap_or_default();
        let merchant = table.optional("merchant", |given| {
            limited(given, given.text_or_empty("a name")?, MERCHANT_CHARACTERS_MAX)
        });
        // Each of the two was checked on its own line.
        let place = Place::new(branch_id, terminal_id).unwrap_or_default();
        Site { place, merchant: merchant.unwrap_or_default() }
    })
}

fn id<'a>(given: &Given<'a>) -> Result<&'a str, Fault> {
    let expected = "at most 20 characters: letters, digits and -_./";
    let text = given.text_or_empty(expected)?;
    Place::new(text, "").map(|_| text).map_err(|_| given.refuse(expected))
}

fn limited(given: &Given<'_>, text: &str, characters_max: usize) -> Result<String, Fault> {
    if text.chars().count() > characters_max {
        return Err(given.refuse(format!("at most {characters_max} characters")));
    }
    Ok(text.to_owned())
}
