//! A recording, played back strictly: the same commands in the same order get the same answers, and anything
//! else is a fault of whoever asked.
//!
//! Times are for people: everything is answered at once. What a recording is, is the agent's to know.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::card::{Channel, ChannelError};
use agent::ports::{CardConnection, CardReader, ReaderError, Start};
use agent::recording::{Recording, Step};
use thiserror::Error;

/// A reader with the card of a recording; clones play the same one.
#[derive(Clone, Debug)]
pub struct Replay {
    played: Arc<Mutex<Played>>,
}

#[derive(Debug)]
struct Played {
    recording: Recording,
    next: usize,
    parted: Option<ReplayError>,
}

/// Where a program and a recording part.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ReplayError {
    /// The program asked for something else.
    #[error("replaying: step {step}: expected {expected}, came {came}")]
    Unexpected {
        /// Counts from 1.
        step: usize,
        /// What was recorded.
        expected: String,
        /// What was asked.
        came: String,
    },
    /// The program ended before the recording did.
    #[error("replaying: expected {left} more steps, came none")]
    Unfinished {
        /// How many.
        left: usize,
    },
}

impl Replay {
    /// Begins at the first step.
    #[must_use]
    pub fn new(recording: Recording) -> Self {
        Self { played: Arc::new(Mutex::new(Played { recording, next: 0, parted: None })) }
    }

    /// Did the program go through all of the recording, and through nothing else?
    ///
    /// # Errors
    /// [`ReplayError`], by where they parted.
    pub fn end(&self) -> Result<(), ReplayError> {
        let played = self.played();
        let left = played.recording.steps.len() - played.next;
        match &played.parted {
            Some(parted) => Err(parted.clone()),
            None if left > 0 => Err(ReplayError::Unfinished { left }),
            None => Ok(()),
        }
    }

    fn played(&self) -> MutexGuard<'_, Played> {
        self.played.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Played {
    /// The next step, if it is what was asked for.
    fn take(&mut self, came: &str, fits: impl FnOnce(&Step) -> bool) -> Option<Step> {
        let step = self.recording.steps.get(self.next);
        if self.parted.is_none()
            && let Some(step) = step.filter(|step| fits(step))
        {
            self.next += 1;
            return Some(step.clone());
        }
        let expected = step.map_or("the end".to_owned(), asked);
        let unexpected =
            ReplayError::Unexpected { step: self.next + 1, expected, came: came.to_owned() };
        self.parted.get_or_insert(unexpected);
        None
    }
}

/// What a step answers to.
fn asked(step: &Step) -> String {
    match step {
        Step::Connect { start, .. } => format!("connect {start:?}"),
        Step::Hold { .. } => "hold".to_owned(),
        Step::Exchange { command, .. } => hex(command),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

impl CardReader for Replay {
    fn connect(
        &mut self,
        reader: &str,
        start: Start,
    ) -> Result<Box<dyn CardConnection + '_>, ReaderError> {
        let mut played = self.played();
        if played.recording.reader != reader {
            return Err(ReaderError::Gone);
        }
        let fits =
            |step: &Step| matches!(step, Step::Connect { start: known, .. } if *known == start);
        match played.take(&format!("connect {start:?}"), fits) {
            Some(Step::Connect { outcome, .. }) => {
                let atr = outcome?;
                drop(played);
                Ok(Box::new(Connection { replay: self.clone(), atr }))
            }
            Some(Step::Hold { .. } | Step::Exchange { .. }) | None => Err(ReaderError::Gone),
        }
    }
}

/// A connection to the card of a recording.
struct Connection {
    replay: Replay,
    atr: Vec<u8>,
}

impl CardConnection for Connection {
    fn atr(&self) -> &[u8] {
        &self.atr
    }

    fn hold(&mut self) -> Result<Box<dyn Channel + '_>, ChannelError> {
        let mut played = self.replay.played();
        // Only a hold that failed is told.
        let next = played.recording.steps.get(played.next);
        if let Some(Step::Hold { error, .. }) = next {
            let error = *error;
            played.next += 1;
            return Err(error);
        }
        drop(played);
        Ok(Box::new(self))
    }
}

impl Channel for Connection {
    fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        answer.clear();
        let fits =
            |step: &Step| matches!(step, Step::Exchange { command: known, .. } if known == command);
        match self.replay.played().take(&hex(command), fits) {
            Some(Step::Exchange { outcome, .. }) => {
                answer.extend(outcome?);
                Ok(())
            }
            Some(Step::Hold { .. } | Step::Connect { .. }) | None => Err(ChannelError::Gone),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replay() -> Replay {
        let text = "dipchip recording 1\nholder = invented\nreader = A\n\
                    connect as-it-is = 3B00 in 1 us\n00A40400 = 9000 in 1 us\n\
                    hold = reset in 1 us\nconnect warm = mute in 1 us\n";
        Replay::new(Recording::parse(text).expect("a recording"))
    }

    #[test]
    fn what_was_recorded_is_played_to_its_end() {
        let replay = replay();
        let mut reader = replay.clone();
        let mut connection = reader.connect("A", Start::AsItIs).unwrap();
        assert_eq!(connection.atr(), [0x3B, 0x00]);
        let mut answer = Vec::new();
        connection.hold().unwrap().transmit(&[0x00, 0xA4, 0x04, 0x00], &mut answer).unwrap();
        assert_eq!(answer, [0x90, 0x00]);
        assert_eq!(connection.hold().err(), Some(ChannelError::Reset));
        drop(connection);
        assert_eq!(replay.end(), Err(ReplayError::Unfinished { left: 1 }));
        assert_eq!(reader.connect("A", Start::Warm).err(), Some(ReaderError::Mute));
        assert_eq!(replay.end(), Ok(()));
    }

    #[test]
    fn another_command_is_a_fault_that_says_where() {
        let replay = replay();
        let mut reader = replay.clone();
        let mut connection = reader.connect("A", Start::AsItIs).unwrap();
        let sent = connection.hold().unwrap().transmit(&[0x80, 0xB0], &mut Vec::new());
        assert_eq!(sent, Err(ChannelError::Gone));
        let right = connection.hold().unwrap().transmit(&[0x00, 0xA4, 0x04, 0x00], &mut Vec::new());
        assert_eq!(right, Err(ChannelError::Gone), "nothing is played after they parted");
        let parted = replay.end().expect_err("they parted");
        assert_eq!(parted.to_string(), "replaying: step 2: expected 00A40400, came 80B0");
    }

    #[test]
    fn another_reader_and_another_start_are_not_played() {
        let replay = replay();
        assert_eq!(replay.clone().connect("B", Start::AsItIs).err(), Some(ReaderError::Gone));
        assert_eq!(replay.clone().connect("A", Start::Cold).err(), Some(ReaderError::Gone));
        assert!(replay.end().is_err());
    }
}
