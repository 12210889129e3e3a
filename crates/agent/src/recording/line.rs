//! One step, one line: `COMMAND = ANSWER in N us`, with bytes as hexadecimal digits and failures as words.
//! What a recording begins with is left to its front door.

use std::time::Duration;

use card::ChannelError;

use super::Step;
use crate::ports::{ReaderError, Start};

/// Longer answers do not come from a short APDU, with room for a card that says more than it should.
const BYTES_MAX: usize = 2_048;

const STARTS: [(Start, &str); 3] =
    [(Start::AsItIs, "as-it-is"), (Start::Warm, "warm"), (Start::Cold, "cold")];

const READER_ERRORS: [(ReaderError, &str); 8] = [
    (ReaderError::NotConfigured, "not-configured"),
    (ReaderError::ServiceDown, "service-down"),
    (ReaderError::Refused, "refused"),
    (ReaderError::Gone, "gone"),
    (ReaderError::NoCard, "no-card"),
    (ReaderError::Mute, "mute"),
    (ReaderError::Busy, "busy"),
    (ReaderError::Faulty, "faulty"),
];

const CHANNEL_ERRORS: [(ChannelError, &str); 6] = [
    (ChannelError::Removed, "removed"),
    (ChannelError::Reset, "reset"),
    (ChannelError::Gone, "gone"),
    (ChannelError::TimedOut, "timed-out"),
    (ChannelError::Busy, "busy"),
    (ChannelError::Faulty, "faulty"),
];

/// An answer without a byte.
const NOTHING: &str = "-";

/// The line of a step.
pub(super) fn written(step: &Step) -> String {
    let (asked, answered, took) = match step {
        Step::Connect { start, outcome, took } => (
            format!("connect {}", word(&STARTS, *start)),
            outcome_of(outcome, &READER_ERRORS),
            took,
        ),
        Step::Hold { error, took } => {
            ("hold".to_owned(), word(&CHANNEL_ERRORS, *error).to_owned(), took)
        }
        Step::Exchange { command, outcome, took } => {
            (hex(command), outcome_of(outcome, &CHANNEL_ERRORS), took)
        }
    };
    format!("{asked} = {answered} in {} us\n", took.as_micros())
}

/// The step of a line.
pub(super) fn read(line: &str) -> Result<Step, &'static str> {
    let form = "COMMAND = ANSWER in N us";
    let (asked, rest) = line.split_once(" = ").ok_or(form)?;
    let (answered, time) = rest.split_once(" in ").ok_or(form)?;
    let time = time.strip_suffix(" us").and_then(|time| time.parse().ok());
    let took = Duration::from_micros(time.ok_or("a time such as 1250 us")?);
    if let Some(start) = asked.strip_prefix("connect ") {
        let start = meaning(&STARTS, start).ok_or("connect as-it-is, warm or cold")?;
        return Ok(Step::Connect { start, outcome: answer(answered, &READER_ERRORS)?, took });
    }
    if asked == "hold" {
        let error = meaning(&CHANNEL_ERRORS, answered).ok_or("why the card was not held")?;
        return Ok(Step::Hold { error, took });
    }
    let command = bytes(asked).ok_or("a command in hexadecimal digits")?;
    Ok(Step::Exchange { command, outcome: answer(answered, &CHANNEL_ERRORS)?, took })
}

fn answer<E: Copy + PartialEq>(
    text: &str,
    errors: &[(E, &str)],
) -> Result<Result<Vec<u8>, E>, &'static str> {
    if let Some(error) = meaning(errors, text) {
        return Ok(Err(error));
    }
    if text == NOTHING {
        return Ok(Ok(Vec::new()));
    }
    bytes(text).map(Ok).ok_or("an answer in hexadecimal digits, -, or why there was none")
}

fn outcome_of<E: Copy + PartialEq>(outcome: &Result<Vec<u8>, E>, errors: &[(E, &str)]) -> String {
    match outcome {
        Ok(bytes) if bytes.is_empty() => NOTHING.to_owned(),
        Ok(bytes) => hex(bytes),
        Err(error) => word(errors, *error).to_owned(),
    }
}

fn word<'w, T: PartialEq>(words: &[(T, &'w str)], meant: T) -> &'w str {
    words.iter().find(|(known, _)| *known == meant).map_or("", |(_, word)| word)
}

fn meaning<T: Copy>(words: &[(T, &str)], came: &str) -> Option<T> {
    words.iter().find(|(_, word)| *word == came).map(|(meant, _)| *meant)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let fits =
        !digits.is_empty() && digits.len() <= 2 * BYTES_MAX && digits.len().is_multiple_of(2);
    if !fits || !digits.is_ascii() {
        return None;
    }
    let pair = |at: usize| digits.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    (0..digits.len()).step_by(2).map(pair).collect()
}
