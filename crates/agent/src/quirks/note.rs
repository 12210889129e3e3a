//! How a note is written: a TOML head between two fences, then a title and four headings.
//!
//! The key of `match` says what the note is about, must be that of its folder, and decides which keys `set`
//! may have.

use std::num::NonZeroU8;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use thiserror::Error;

use super::{Grade, Note, Peripheral};
use crate::ports::ReaderError;

/// Below the title, in this order.
pub(super) const HEADINGS: [&str; 4] =
    ["## Symptom", "## Evidence", "## What the agent does", "## Retire when"];
/// Before and behind the head.
const FENCE: &str = "+++";
/// Lines before the first line of the head.
const FENCE_LINES: usize = 1;

/// Why a note cannot be used: `FILE:LINE: …`.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum QuirkError {
    /// No head.
    #[error("{path}:1: came no head, expected TOML between two lines of {FENCE}")]
    NoHead {
        /// The note.
        path: String,
    },
    /// A key or a value in the head.
    #[error("{path}:{line}: {found}")]
    Head {
        /// The note.
        path: String,
        /// From 1, in the whole note.
        line: usize,
        /// What the TOML reader found, with the keys or words that would be right.
        found: String,
    },
    /// The note lies in a folder of other devices.
    #[error("{path}:{line}: came a match of the folder {belongs}/, expected one of {lies}/")]
    Folder {
        /// The note.
        path: String,
        /// Of the match.
        line: usize,
        /// The folder of such a match.
        belongs: &'static str,
        /// The folder it is in.
        lies: String,
    },
    /// A heading is missing, misspelled or in another place.
    #[error("{path}:{line}: came {came:?}, expected the heading {expected:?}")]
    Heading {
        /// The note.
        path: String,
        /// From 1; the last line if a heading is missing at the end.
        line: usize,
        /// The heading that stands there; empty at the end.
        came: String,
        /// The heading that belongs there.
        expected: &'static str,
    },
}

/// The head of a note, and where the note is.
pub(super) struct Head {
    pub(super) keys: Keys,
    pub(super) grade: Grade,
    pub(super) note: Note,
}

/// What a note is about, and what it sets. Patterns are in lower case.
pub(super) enum Keys {
    Reader(String, ReaderKeys),
    Card(String, CardKeys),
    Peripheral(Peripheral, String),
    Service(ReaderError),
}

/// The keys of a note about readers.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReaderKeys {
    /// At most 5 s: longer would be felt as a fault of the machine.
    pub(super) settle_ms: Option<Milliseconds<0, 5_000>>,
    /// A second is enough for the slowest card; the agent itself gives up after 20.
    pub(super) identity_within_ms: Option<Milliseconds<1_000, 20_000>>,
    pub(super) hanging_max: Option<NonZeroU8>,
}

/// The keys of a note about cards.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CardKeys {
    pub(super) get_response_p2: Option<u8>,
}

/// For notes that set nothing.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoKeys {}

/// A time within bounds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u64")]
pub(super) struct Milliseconds<const LEAST: u64, const MOST: u64>(u64);

impl<const LEAST: u64, const MOST: u64> Milliseconds<LEAST, MOST> {
    pub(super) fn get(self) -> u64 {
        self.0
    }
}

impl<const LEAST: u64, const MOST: u64> TryFrom<u64> for Milliseconds<LEAST, MOST> {
    type Error = String;

    fn try_from(milliseconds: u64) -> Result<Self, String> {
        if (LEAST..=MOST).contains(&milliseconds) {
            return Ok(Self(milliseconds));
        }
        Err(format!("came {milliseconds}, expected {LEAST} to {MOST}"))
    }
}

/// One key, by which the devices of a note are known.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Match {
    Reader(Pattern),
    Atr(AtrPattern),
    Camera(Pattern),
    Scanner(Pattern),
    Printer(Pattern),
    Fault(Fault),
}

/// Text with `*` for any run of characters, in lower case. It fits some devices, never all.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Pattern(String);

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.chars().any(char::is_alphanumeric) {
            return Ok(Self(text.to_lowercase()));
        }
        Err(format!("came {text:?}, expected a part of a name, with * for any run of characters"))
    }
}

/// A pattern over the hexadecimal digits of an answer to reset.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct AtrPattern(String);

impl TryFrom<String> for AtrPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let fits = |character: char| character.is_ascii_hexdigit() || character == '*';
        if text.chars().any(|character| character.is_ascii_hexdigit()) && text.chars().all(fits) {
            return Ok(Self(text.to_lowercase()));
        }
        Err(format!("came {text:?}, expected hexadecimal digits such as 3B00*"))
    }
}

/// What the service or a reader says, as the agent tells it apart.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Fault {
    ServiceDown,
    Refused,
    Gone,
    NoCard,
    Mute,
    Busy,
    Faulty,
}

impl From<Fault> for ReaderError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::ServiceDown => Self::ServiceDown,
            Fault::Refused => Self::Refused,
            Fault::Gone => Self::Gone,
            Fault::NoCard => Self::NoCard,
            Fault::Mute => Self::Mute,
            Fault::Busy => Self::Busy,
            Fault::Faulty => Self::Faulty,
        }
    }
}

/// The head as far as it is the same for all notes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    r#match: Match,
    grade: Grade,
    #[serde(rename = "set")]
    _set: Option<IgnoredAny>,
}

/// The rest of it, once it is known what may be set.
#[derive(Deserialize)]
struct Rest<K> {
    set: Option<K>,
}

impl Head {
    /// Reads a note.
    pub(super) fn parse(path: &str, text: &str) -> Result<Self, QuirkError> {
        let no_head = || QuirkError::NoHead { path: path.to_owned() };
        let inside = text.strip_prefix(FENCE).and_then(|text| text.strip_prefix('\n'));
        let split = inside.and_then(|inside| inside.split_once("\n+++\n"));
        let (head, body) = split.ok_or_else(no_head)?;
        let Common { r#match, grade, .. } = toml(path, head)?;
        let belongs = r#match.folder();
        let folder = path.rsplit('/').nth(1);
        if let Some(lies) = folder.filter(|lies| *lies != belongs) {
            let (path, lies) = (path.to_owned(), lies.to_owned());
            return Err(QuirkError::Folder { path, line: line_of(head, "match"), belongs, lies });
        }
        if grade == Grade::Refuse && matches!(r#match, Match::Atr(_) | Match::Fault(_)) {
            let found =
                "came grade refuse, expected works or should-work: only devices are refused";
            let line = line_of(head, "grade");
            return Err(QuirkError::Head { path: path.to_owned(), line, found: found.to_owned() });
        }
        let keys = match r#match {
            Match::Reader(Pattern(pattern)) => Keys::Reader(pattern, set(path, head)?),
            Match::Atr(AtrPattern(pattern)) => Keys::Card(pattern, set(path, head)?),
            Match::Camera(Pattern(pattern)) => peripheral(path, head, Peripheral::Camera, pattern)?,
            Match::Scanner(Pattern(pattern)) => {
                peripheral(path, head, Peripheral::Scanner, pattern)?
            }
            Match::Printer(Pattern(pattern)) => {
                peripheral(path, head, Peripheral::Printer, pattern)?
            }
            Match::Fault(fault) => {
                set::<NoKeys>(path, head)?;
                Keys::Service(fault.into())
            }
        };
        let head_lines = head.lines().count() + 2 * FENCE_LINES;
        let note = Note { path: path.to_owned(), title: title(path, body, head_lines + 1)? };
        Ok(Self { keys, grade, note })
    }
}

impl Match {
    fn folder(&self) -> &'static str {
        match self {
            Self::Reader(_) => "readers",
            Self::Atr(_) => "cards",
            Self::Camera(_) => "cameras",
            Self::Scanner(_) => "scanners",
            Self::Printer(_) => "printers",
            Self::Fault(_) => "services",
        }
    }
}

fn peripheral(
    path: &str,
    head: &str,
    kind: Peripheral,
    pattern: String,
) -> Result<Keys, QuirkError> {
    set::<NoKeys>(path, head)?;
    Ok(Keys::Peripheral(kind, pattern))
}

fn set<K: Default + DeserializeOwned>(path: &str, head: &str) -> Result<K, QuirkError> {
    let Rest { set } = toml(path, head)?;
    Ok(set.unwrap_or_default())
}

fn toml<T: DeserializeOwned>(path: &str, head: &str) -> Result<T, QuirkError> {
    toml::from_str(head).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let before = head.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1 + FENCE_LINES;
        let found = error.message().replace('\n', ", ");
        QuirkError::Head { path: path.to_owned(), line, found }
    })
}

/// The line of a key in the whole note.
fn line_of(head: &str, key: &str) -> usize {
    head.lines().take_while(|line| !line.starts_with(key)).count() + 1 + FENCE_LINES
}

/// The title, if all five headings are there and nothing else is a heading. `first_line` is the number of
/// the body's first line in the whole note.
fn title(path: &str, body: &str, first_line: usize) -> Result<String, QuirkError> {
    let lines = body.lines().zip(first_line..);
    let mut headings = lines.filter(|(text, _)| text.starts_with('#'));
    let last_line = first_line + body.lines().count().saturating_sub(1);
    let wrong = |(came, line): (&str, usize), expected| QuirkError::Heading {
        path: path.to_owned(),
        line,
        came: came.to_owned(),
        expected,
    };
    let first = headings.next().unwrap_or(("", last_line));
    let title = first.0.strip_prefix("# ").ok_or_else(|| wrong(first, "# Title"))?;
    for expected in HEADINGS {
        let heading = headings.next().unwrap_or(("", last_line));
        if heading.0 != expected {
            return Err(wrong(heading, expected));
        }
    }
    match headings.next() {
        Some(extra) => Err(wrong(extra, "none")),
        None => Ok(title.trim().to_owned()),
    }
}

/// Does the name fit a pattern in which each `*` stands for any run of characters?
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}
