//! What is known of single devices: the heads of the notes in `firmware-notes/`.
//!
//! The notes are part of the program and read strictly: a closed set of keys, five headings, every fault
//! with file and line. What a key brings about is the work of whoever asks; the code knows keys, no models.

use std::sync::OnceLock;
use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;

/// A note's path from the top of the project, and its text as it stood when the program was built.
macro_rules! note {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../", $path)))
    };
}

/// Every note there is; a test compares it with the folder.
const NOTES: [(&str, &str); 2] = [
    note!("firmware-notes/readers/acs-acr122u.md"),
    note!("firmware-notes/readers/alcor-au9540.md"),
];
/// Longer would be felt as a fault of the machine.
const SETTLE_MS_MAX: u16 = 5_000;
/// Below the title, in this order.
const HEADINGS: [&str; 4] =
    ["## Symptom", "## Evidence", "## What the agent does", "## Retire when"];
/// Before and behind the head.
const FENCE: &str = "+++";

static BUILTIN: OnceLock<Quirks> = OnceLock::new();

/// The notes, ready to be asked.
#[derive(Debug, Default)]
pub struct Quirks {
    readers: Vec<ReaderNote>,
}

/// What the notes say of one reader.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReaderQuirk {
    /// What to expect of it.
    pub grade: Grade,
    /// Between an insertion and the first connect; at most 5 s.
    pub settle: Duration,
    /// Where it is written; `None` for a reader that no note is about.
    pub note: Option<Note>,
}

/// A note for people to read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note {
    /// From the top of the project, `firmware-notes/readers/….md`.
    pub path: String,
    /// The device as its label names it.
    pub title: String,
}

/// What to expect of a device.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Seen to work.
    Works,
    /// Nothing is known against it.
    ShouldWork,
    /// It cannot do what is needed and is never used.
    Refuse,
}

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

impl Quirks {
    /// The notes that the program was built with.
    #[must_use]
    pub fn builtin() -> &'static Self {
        BUILTIN.get_or_init(|| Self::parse(&NOTES).expect("a test reads every note of the list"))
    }

    /// Reads notes, each given by its path and its text.
    ///
    /// # Errors
    /// [`QuirkError`] for the first note that is not as it must be.
    pub fn parse(notes: &[(&str, &str)]) -> Result<Self, QuirkError> {
        let readers = notes.iter().map(|(path, text)| ReaderNote::parse(path, text));
        Ok(Self { readers: readers.collect::<Result<_, _>>()? })
    }

    /// What is known of the reader with this full PC/SC name. If several notes are about it, the one with
    /// the longest pattern speaks.
    #[must_use]
    pub fn for_reader(&self, name: &str) -> ReaderQuirk {
        let name = name.to_lowercase();
        let fitting = self.readers.iter().filter(|note| fits(&note.pattern, &name));
        match fitting.max_by_key(|note| note.pattern.len()) {
            Some(note) => note.quirk.clone(),
            None => ReaderQuirk { grade: Grade::ShouldWork, settle: Duration::ZERO, note: None },
        }
    }
}

/// One note about readers.
#[derive(Debug)]
struct ReaderNote {
    /// In lower case, with `*` for any run of characters.
    pattern: String,
    quirk: ReaderQuirk,
}

/// The keys that exist.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    r#match: Match,
    grade: Grade,
    #[serde(default)]
    set: Settings,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Match {
    reader: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    settle_ms: Settle,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(try_from = "u16")]
struct Settle(Duration);

impl TryFrom<u16> for Settle {
    type Error = String;

    fn try_from(milliseconds: u16) -> Result<Self, String> {
        if milliseconds > SETTLE_MS_MAX {
            return Err(format!("came {milliseconds}, expected at most {SETTLE_MS_MAX}"));
        }
        Ok(Self(Duration::from_millis(milliseconds.into())))
    }
}

impl ReaderNote {
    fn parse(path: &str, text: &str) -> Result<Self, QuirkError> {
        let no_head = || QuirkError::NoHead { path: path.to_owned() };
        let inside = text.strip_prefix(FENCE).and_then(|text| text.strip_prefix('\n'));
        let split = inside.and_then(|inside| inside.split_once("\n+++\n"));
        let (head, body) = split.ok_or_else(no_head)?;
        let head_lines = head.matches('\n').count() + 1;
        let head: Head = toml::from_str(head).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let before = head.get(..at).unwrap_or_default();
            let line = before.matches('\n').count() + 2;
            let found = error.message().replace('\n', ", ");
            QuirkError::Head { path: path.to_owned(), line, found }
        })?;
        let title = title(path, body, head_lines + 3)?;
        let note = Some(Note { path: path.to_owned(), title });
        let quirk = ReaderQuirk { grade: head.grade, settle: head.set.settle_ms.0, note };
        Ok(Self { pattern: head.r#match.reader.to_lowercase(), quirk })
    }
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
fn fits(pattern: &str, name: &str) -> bool {
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

#[cfg(test)]
mod tests;
