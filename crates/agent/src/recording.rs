//! What went on between a program and a card, as text: to be made at a counter, and played again in a test.
//!
//! A recording holds what the card does, never what is on it: commands, lengths, status words, times and
//! the answer to reset are real, the data is that of an invented person, whoever's card it was (`invented`).
//! How it is written is `line`'s to know; `recorder` makes one.

mod invented;
mod line;
mod recorder;

use std::time::Duration;

use card::ChannelError;
use thiserror::Error;

use crate::ports::{ReaderError, Start};

pub use self::recorder::{RecordError, Recorded, Recorder};

/// The longest recording: a full photo is read in 60 lines, up the whole ladder and back in 300.
const STEPS_MAX: usize = 1_024;
/// 255 bytes of answer are 600 characters.
const TEXT_BYTES_MAX: usize = 512 * 1_024;

/// What a recording opens with, so that no other text is taken for one.
const TITLE: &str = "dipchip recording 1";
/// No other holder is read: a text that was made otherwise is none of ours.
const HOLDER: &str = "holder = invented";

/// A recording.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recording {
    /// The reader's full name.
    pub reader: String,
    /// What happened, in order.
    pub steps: Vec<Step>,
}

/// One thing that happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// The program connected to the card.
    Connect {
        /// In which state it wanted the card.
        start: Start,
        /// The answer to reset, or why there was none.
        outcome: Result<Vec<u8>, ReaderError>,
        /// How long it took.
        took: Duration,
    },
    /// The card was held against other programs, in vain; a hold that succeeds is not told.
    Hold {
        /// Why not.
        error: ChannelError,
        /// How long it took.
        took: Duration,
    },
    /// A command went out.
    Exchange {
        /// The command.
        command: Vec<u8>,
        /// The whole answer, status word last, or why there was none.
        outcome: Result<Vec<u8>, ChannelError>,
        /// How long it took.
        took: Duration,
    },
}

/// A text that is no recording.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum RecordingError {
    /// A line is wrong.
    #[error("reading the recording: line {line}: came {came:?}, expected {expected}")]
    Line {
        /// From 1.
        line: usize,
        /// What stands there, cut to a few words.
        came: String,
        /// What would be right.
        expected: &'static str,
    },
    /// It ends before it begins.
    #[error("reading the recording: expected {0}, came the end")]
    End(&'static str),
    /// It is beyond all measure.
    #[error("reading the recording: expected at most {STEPS_MAX} steps in {TEXT_BYTES_MAX} bytes")]
    Size,
}

impl Recording {
    /// Reads a recording; `tests/recordings/README.md` says how to make one.
    ///
    /// # Errors
    /// [`RecordingError`], by its line.
    pub fn parse(text: &str) -> Result<Self, RecordingError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(RecordingError::Size);
        }
        let told = |(_, line): &(usize, &str)| !line.is_empty() && !line.starts_with('#');
        let mut lines = (1..).zip(text.lines().map(str::trim)).filter(told);
        let mut head = |expected: &'static str| {
            let (line, came) = lines.next().ok_or(RecordingError::End(expected))?;
            let wrong = || RecordingError::Line { line, came: cut(came), expected };
            came.strip_prefix(expected).ok_or_else(wrong)
        };
        head(TITLE)?;
        head(HOLDER)?;
        let reader = head("reader = ")?.to_owned();
        let mut steps = Vec::new();
        for (line, came) in lines {
            if steps.len() == STEPS_MAX {
                return Err(RecordingError::Size);
            }
            let wrong = |expected| RecordingError::Line { line, came: cut(came), expected };
            steps.push(line::read(came).map_err(wrong)?);
        }
        Ok(Self { reader, steps })
    }

    /// The text of the recording; it is read to the same again.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = head(&self.reader);
        self.steps.iter().for_each(|step| text.push_str(&line::written(step)));
        text
    }
}

/// What stands before the first step.
fn head(reader: &str) -> String {
    // A name comes from a device: it must stay one line.
    let reader: String = reader.chars().filter(|character| !character.is_control()).collect();
    format!("{TITLE}\n{HOLDER}\nreader = {reader}\n\n")
}

/// Enough of a line to find it.
fn cut(line: &str) -> String {
    line.chars().take(40).collect()
}

#[cfg(test)]
mod tests;
