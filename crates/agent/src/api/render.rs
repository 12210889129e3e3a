//! The session's view as the JSON that the page draws (`journey.md`, Screens), in both languages at once.
//!
//! The one place where page JSON is formed. Texts of a person are borrowed or made in memory that is
//! wiped; what a profile does not show is not in the JSON either.

mod calendar;
mod person;

use serde::Serialize;
use session::{CardStatus, Failure, Flow, Language, Outcome, Screen, Stage, View};
use vision::Hint;

use super::desk::{Extras, Shown};
use super::sheet;
use crate::config::Profile;
use crate::failures::Sentences;

use person::Person;

/// `channelCode` is String(15) (§3); anything but a plain word is not passed on.
const CHANNEL_CHARACTERS_MAX: usize = 15;

/// The view as JSON.
#[must_use]
pub fn render(view: &View<'_>, stage: Stage, extras: &Extras) -> Shown {
    Shown::new(sheet::json(&Moment {
        sequence: extras.sequence,
        stage: stage.word(),
        flow: match view.flow {
            Flow::Ekyc => "ekyc",
            Flow::DopaOnly => "dopa_only",
        },
        language: match view.language {
            Language::Thai => "th",
            Language::English => "en",
        },
        card: match view.card {
            CardStatus::Absent => "absent",
            CardStatus::Present => "present",
        },
        idle_warning_s: view.idle_warning.map(|left| left.as_millis().div_ceil(1_000)),
        channel: view.channel_code.filter(|code| is_word(code)),
        profile: match extras.profile {
            Profile::Kiosk => "kiosk",
            Profile::Counter => "counter",
        },
        reader_trouble: extras.reader_trouble.map(Trouble::from),
        screen: picture(&view.screen, extras),
    }))
}

#[derive(Serialize)]
struct Moment<'a> {
    sequence: u64,
    stage: &'static str,
    flow: &'static str,
    language: &'static str,
    card: &'static str,
    idle_warning_s: Option<u128>,
    channel: Option<&'a str>,
    profile: &'static str,
    reader_trouble: Option<Trouble>,
    screen: Picture<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "name")]
enum Picture<'a> {
    Attract,
    OutOfService {
        trouble: Trouble,
    },
    Scan {
        wrong_code: Option<Trouble>,
    },
    InsertCard {
        trouble: Option<Trouble>,
    },
    Reading {
        percent: u8,
    },
    Checking {
        again: bool,
    },
    Consents {
        texts: Vec<Consent<'a>>,
    },
    Confirm(Box<Person<'a>>),
    CheckingDopa {
        again: bool,
    },
    Selfie {
        left: u8,
        trouble: Option<Trouble>,
        hint: Option<&'static str>,
    },
    Sending {
        again: bool,
    },
    Busy {
        trouble: Trouble,
    },
    Result {
        outcome: &'static str,
        failure: Option<Trouble>,
        said: Said,
        slip: Option<&'a [String]>,
        /// How often it may still be printed again.
        copies: u8,
    },
}

#[derive(Serialize)]
struct Consent<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    version: &'a str,
    #[serde(flatten)]
    text: Both<&'a str>,
}

/// The same in both languages.
#[derive(Serialize)]
struct Both<T> {
    th: T,
    en: T,
}

/// What happened and what to do.
#[derive(Serialize)]
struct Said {
    text: Both<&'static str>,
    remedy: Both<&'static str>,
}

impl Said {
    fn of(key: &str) -> Self {
        let Sentences { thai, english, remedy_thai, remedy_english } = Sentences::of(key);
        Self {
            text: Both { th: thai, en: english },
            remedy: Both { th: remedy_thai, en: remedy_english },
        }
    }
}

/// A failure with its code.
#[derive(Serialize)]
struct Trouble {
    code: String,
    key: &'static str,
    #[serde(flatten)]
    said: Said,
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self { code: failure.neutral(), key: failure.text(), said: Said::of(failure.text()) }
    }
}

fn picture<'a>(screen: &Screen<'a>, extras: &'a Extras) -> Picture<'a> {
    match screen {
        Screen::Attract => Picture::Attract,
        Screen::OutOfService { trouble } => {
            Picture::OutOfService { trouble: Trouble::from(*trouble) }
        }
        Screen::Scan { wrong_code } => Picture::Scan {
            wrong_code: wrong_code.map(|wrong| Trouble {
                code: wrong.text().to_ascii_uppercase(),
                key: wrong.text(),
                said: Said::of(wrong.text()),
            }),
        },
        Screen::InsertCard { trouble } => {
            Picture::InsertCard { trouble: trouble.map(Trouble::from) }
        }
        Screen::Reading { percent } => Picture::Reading { percent: *percent },
        Screen::Checking { again } => Picture::Checking { again: *again },
        Screen::Consents { texts } => {
            let consent = |text: &&'a protocol::ConsentText| Consent {
                kind: &text.kind,
                version: &text.version,
                text: Both { th: &text.thai, en: &text.english },
            };
            Picture::Consents { texts: texts.iter().map(consent).collect() }
        }
        Screen::Confirm { citizen, photo, postal, english_name } => {
            let open = (postal, *english_name);
            Picture::Confirm(Box::new(Person::of(citizen, photo, open, extras.profile)))
        }
        Screen::CheckingDopa { again } => Picture::CheckingDopa { again: *again },
        Screen::Selfie { left, trouble } => Picture::Selfie {
            left: *left,
            trouble: trouble.map(Trouble::from),
            hint: extras.hint.map(hint_word),
        },
        Screen::Sending { again } => Picture::Sending { again: *again },
        Screen::Busy { trouble } => Picture::Busy { trouble: Trouble::from(*trouble) },
        Screen::Result { outcome, copies } => result(outcome, *copies, extras),
    }
}

fn result<'a>(outcome: &Outcome, copies: u8, extras: &'a Extras) -> Picture<'a> {
    let failure = outcome.failure();
    Picture::Result {
        outcome: outcome.word(),
        failure: failure.map(Trouble::from),
        said: Said::of(failure.map_or("done", |failure| failure.text())),
        slip: extras.last_slip.as_deref().map(Vec::as_slice),
        copies,
    }
}

fn hint_word(hint: Hint) -> &'static str {
    match hint {
        Hint::NoFace => "no_face",
        Hint::OneFaceOnly => "one_face_only",
        Hint::ComeCloser => "come_closer",
        Hint::MoveBack => "move_back",
        Hint::Centre => "centre",
        Hint::Upright => "upright",
        Hint::MoreLight => "more_light",
        Hint::LessLight => "less_light",
        Hint::Uncover => "uncover",
        Hint::HoldStill => "hold_still",
        Hint::TurnLeft => "turn_left",
        Hint::TurnRight => "turn_right",
        Hint::LookAhead => "look_ahead",
    }
}

fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=CHANNEL_CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests;
