//! `POST /v1/actions`: what a person did, as JSON of a closed form, becomes an event of the session.
//!
//! Whether it fits the moment is the session's decision. Texts that may name a person are wiped after
//! they were read, and no answer repeats them.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use citizen::PostalCode;
use protocol::{Consent, EnglishName, Mobile, Reference};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::error::Category;
use session::{Event, Language};
use zeroize::Zeroizing;

use super::Shared;
use super::refusal::Refusal;

/// The longest QR code has 4,296 characters; none of that length is a reference.
const REFERENCE_CHARACTERS_MAX: usize = 4_296;
/// No errand has asked for more consents.
const ANSWERS_MAX: usize = 32;

/// Passes the action on; a full queue is refused, so that nobody waits for an answer.
pub(super) async fn act(State(api): State<Arc<Shared>>, body: Bytes) -> Response {
    let event = match read(&body) {
        Ok(event) => event,
        Err(refusal) => return refusal.into_response(),
    };
    match api.desk.events.try_send(event) {
        Ok(()) => Json(serde_json::json!({ "ok": true })).into_response(),
        Err(_) => Refusal::Busy.into_response(),
    }
}

fn read(body: &[u8]) -> Result<Event, Refusal> {
    let Head { action } = form(body, "{\"action\": one of the actions of openapi.json, …}")?;
    match action {
        Action::Start => nothing_more(body, Event::Started),
        Action::StillHere => nothing_more(body, Event::StillHere),
        Action::Reprint => nothing_more(body, Event::CopyWanted),
        Action::KeepWaiting => nothing_more(body, Event::KeepWaiting),
        Action::Cancel => nothing_more(body, Event::Cancelled),
        Action::Language => {
            let expected = "{\"action\": \"language\", \"language\": \"th\" or \"en\"}";
            let LanguageForm { language, .. } = form(body, expected)?;
            Ok(Event::LanguageChosen(language.into()))
        }
        Action::Reference => reference(body),
        Action::Consents => consents(body),
        Action::Confirm => confirm(body),
    }
}

fn nothing_more(body: &[u8], event: Event) -> Result<Event, Refusal> {
    let BareForm { .. } = form(body, "{\"action\": …} and nothing more")?;
    Ok(event)
}

fn reference(body: &[u8]) -> Result<Event, Refusal> {
    let expected = "{\"action\": \"reference\", \"text\": the code's text}";
    let ReferenceForm { text, .. } = form(body, expected)?;
    let text = Zeroizing::new(text);
    if text.chars().count() > REFERENCE_CHARACTERS_MAX {
        return Err(Refusal::Form {
            expected: "a text of at most 4296 characters",
            got: "a longer one",
        });
    }
    Ok(match Reference::parse(&text) {
        Ok(reference) => Event::ReferenceRead(reference),
        Err(wrong_code) => Event::WrongCodeRead(wrong_code),
    })
}

fn consents(body: &[u8]) -> Result<Event, Refusal> {
    let expected = "{\"action\": \"consents\", \"answers\": [\"Y\" or \"N\", …]}";
    let ConsentsForm { answers, .. } = form(body, expected)?;
    if answers.is_empty() || answers.len() > ANSWERS_MAX {
        return Err(Refusal::Form { expected: "1 to 32 answers", got: "none or more" });
    }
    Ok(Event::ConsentsAnswered(answers.into_iter().map(Consent::from).collect()))
}

fn confirm(body: &[u8]) -> Result<Event, Refusal> {
    let expected = "{\"action\": \"confirm\", \"postal_code\": five digits or null, \
                    \"mobile\": ten digits from 0 or null, \
                    \"english_name\": {\"first\", \"last\"} or null or nothing}";
    let ConfirmForm { postal_code, mobile, english_name, .. } = form(body, expected)?;
    let refused = |expected| Refusal::Form { expected, got: "another text" };
    let postal_code = match postal_code.map(Zeroizing::new) {
        Some(text) => {
            let code = PostalCode::parse(&text);
            Some(code.map_err(|_| refused("postal_code of five digits, or null"))?)
        }
        None => None,
    };
    let mobile = match mobile.map(Zeroizing::new) {
        Some(text) => {
            let mobile = Mobile::parse(&text);
            Some(mobile.map_err(|_| refused("mobile of ten digits from 0, or null"))?)
        }
        None => None,
    };
    let english_name = match english_name {
        Some(EnglishNameForm { first, last }) => {
            let (first, last) = (Zeroizing::new(first), Zeroizing::new(last));
            let name = EnglishName::parse(&first, &last);
            let expected = "english_name in Latin letters, spaces, hyphens, apostrophes and full \
                            stops, at most 100 characters each";
            Some(name.map_err(|_| refused(expected))?)
        }
        None => None,
    };
    Ok(Event::Confirmed { postal_code, mobile, english_name })
}

/// What serde says of a wrong text may repeat the text: only the kind of mistake is told.
fn form<'a, T: Deserialize<'a>>(body: &'a [u8], expected: &'static str) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        let got = match error.classify() {
            Category::Data => "JSON of another form",
            Category::Syntax | Category::Eof | Category::Io => "text that is no JSON",
        };
        Refusal::Form { expected, got }
    })
}

/// Read first; the rest is then read in the form of this action.
#[derive(Deserialize)]
struct Head {
    action: Action,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Start,
    Language,
    Reference,
    Consents,
    Confirm,
    StillHere,
    KeepWaiting,
    Reprint,
    Cancel,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BareForm {
    #[serde(rename = "action")]
    _action: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LanguageForm {
    #[serde(rename = "action")]
    _action: IgnoredAny,
    language: LanguageWord,
}

#[derive(Clone, Copy, Deserialize)]
enum LanguageWord {
    #[serde(rename = "th")]
    Thai,
    #[serde(rename = "en")]
    English,
}

impl From<LanguageWord> for Language {
    fn from(word: LanguageWord) -> Self {
        match word {
            LanguageWord::Thai => Self::Thai,
            LanguageWord::English => Self::English,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReferenceForm {
    #[serde(rename = "action")]
    _action: IgnoredAny,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsentsForm {
    #[serde(rename = "action")]
    _action: IgnoredAny,
    answers: Vec<Answer>,
}

#[derive(Clone, Copy, Deserialize)]
enum Answer {
    #[serde(rename = "Y")]
    Yes,
    #[serde(rename = "N")]
    No,
}

impl From<Answer> for Consent {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Yes => Self::Given,
            Answer::No => Self::Refused,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfirmForm {
    #[serde(rename = "action")]
    _action: IgnoredAny,
    #[serde(deserialize_with = "Option::deserialize")]
    postal_code: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    mobile: Option<String>,
    #[serde(default)]
    english_name: Option<EnglishNameForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnglishNameForm {
    first: String,
    last: String,
}

#[cfg(test)]
mod tests;
