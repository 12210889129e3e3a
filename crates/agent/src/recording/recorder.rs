//! Writes down what goes through a card reader's port while it happens, with invented data in place of all
//! that comes from the card.
//!
//! A command that the recorder does not know may be answered with anything: its answer is not written, and
//! the recording ends there with an error. Reading itself goes on undisturbed.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use card::{Channel, ChannelError};
use thiserror::Error;

use super::invented::{Invented, Source};
use super::{STEPS_MAX, Step, head, line};
use crate::ports::{
    Camera, CardConnection, CardMonitor, CardReader, DeviceError, Devices, Printer, ReaderError,
    Scanner, Start,
};

/// The card's answer to reset is told as it is: it says which series the card is of (ISO/IEC 7816-3).
const ATR_BYTES_MAX: usize = 33;
/// What a short APDU can bring back, and as much again from a card that says more than it should.
const ANSWER_BYTES_MAX: usize = 2 * 258;
/// Of a status word.
const STATUS_BYTES: usize = 2;

/// Why a recording ended early.
#[derive(Debug, Error)]
pub enum RecordError {
    /// Data came for a command that the recorder does not know.
    #[error(
        "recording: the command {class:02X} {instruction:02X} was answered with data, expected one \
         whose data can be replaced"
    )]
    UnknownCommand {
        /// First byte of the command.
        class: u8,
        /// Second byte.
        instruction: u8,
    },
    /// More came than a recording holds.
    #[error("recording: expected at most {STEPS_MAX} steps of at most {ANSWER_BYTES_MAX} bytes")]
    TooMuch,
    /// It could not be written.
    #[error("recording: writing it failed")]
    Write(#[from] io::Error),
}

/// A recording in the making; clones write the same one.
pub struct Recorder<W> {
    tape: Arc<Mutex<Tape<W>>>,
}

impl<W> Clone for Recorder<W> {
    fn clone(&self) -> Self {
        Self { tape: Arc::clone(&self.tape) }
    }
}

struct Tape<W> {
    sink: W,
    steps: usize,
    invented: Invented,
    /// Where the data of the next answer comes from, and how much of it came already.
    source: Option<Source>,
    done: usize,
    ended: Option<RecordError>,
}

impl<W: Write> Recorder<W> {
    /// Begins a recording of what happens in this reader.
    ///
    /// # Errors
    /// [`RecordError::Write`].
    pub fn begin(mut sink: W, reader: &str) -> Result<Self, RecordError> {
        sink.write_all(head(reader).as_bytes())?;
        let invented = Invented::default();
        let tape = Tape { sink, steps: 0, invented, source: None, done: 0, ended: None };
        Ok(Self { tape: Arc::new(Mutex::new(tape)) })
    }

    /// How many steps were written, unless the recording ended early.
    ///
    /// # Errors
    /// [`RecordError`]; what was written until then is a recording as well.
    pub fn end(&self) -> Result<usize, RecordError> {
        let mut tape = self.tape();
        tape.ended.take().map_or(Ok(tape.steps), Err)
    }

    fn tape(&self) -> MutexGuard<'_, Tape<W>> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write> Tape<W> {
    fn connected(&mut self, start: Start, outcome: Result<&[u8], ReaderError>, took: Duration) {
        (self.source, self.done) = (None, 0);
        let outcome = outcome.map(|atr| atr.iter().copied().take(ATR_BYTES_MAX).collect());
        self.write(&Step::Connect { start, outcome, took });
    }

    fn exchanged(&mut self, command: &[u8], outcome: Result<&[u8], ChannelError>, took: Duration) {
        if self.ended.is_some() {
            return;
        }
        match outcome.map(|answer| self.made_up(command, answer)) {
            Ok(Err(error)) => self.ended = Some(error),
            Ok(Ok(answer)) => {
                self.write(&Step::Exchange {
                    command: command.to_vec(),
                    outcome: Ok(answer),
                    took,
                });
            }
            Err(error) => {
                self.write(&Step::Exchange {
                    command: command.to_vec(),
                    outcome: Err(error),
                    took,
                });
            }
        }
    }

    /// An answer of the same length and status, with other data.
    fn made_up(&mut self, command: &[u8], answer: &[u8]) -> Result<Vec<u8>, RecordError> {
        let [class, instruction, ..] = *command else {
            return Err(RecordError::UnknownCommand { class: 0, instruction: 0 });
        };
        if answer.len() > ANSWER_BYTES_MAX || command.len() > ANSWER_BYTES_MAX {
            return Err(RecordError::TooMuch);
        }
        if (class, instruction) != (0x00, 0xC0) {
            (self.source, self.done) = (source(command), 0);
        }
        let (data, status) = answer.split_at(answer.len().saturating_sub(STATUS_BYTES));
        if data.is_empty() {
            // Less than a status word is nothing that anybody could be known by.
            return Ok(status.to_vec());
        }
        let unknown = RecordError::UnknownCommand { class, instruction };
        let mut made = self.invented.data(self.source.ok_or(unknown)?, self.done, data);
        if status.first() != Some(&0x6C) {
            self.done += data.len();
        }
        made.extend_from_slice(status);
        Ok(made)
    }

    fn write(&mut self, step: &Step) {
        if self.ended.is_some() {
            return;
        }
        if self.steps == STEPS_MAX {
            self.ended = Some(RecordError::TooMuch);
            return;
        }
        // Line by line: of a call that never returns, all that went before it is there.
        let line = line::written(step);
        match self.sink.write_all(line.as_bytes()).and_then(|()| self.sink.flush()) {
            Ok(()) => self.steps += 1,
            Err(error) => self.ended = Some(error.into()),
        }
    }
}

/// Where the data that answers this command comes from; `None` for a command that is not known.
fn source(command: &[u8]) -> Option<Source> {
    match *command {
        [0x80, 0xB0, high, low, ..] => Some(Source::Image(u16::from_be_bytes([high, low]).into())),
        [0x80, 0xCA, 0x9F, 0x7F, ..] => Some(Source::Chip),
        [0x00, 0xA4, ..] => Some(Source::Applet),
        _ => None,
    }
}

#[cfg(test)]
impl Recorder<Vec<u8>> {
    /// What was written so far.
    pub(super) fn written(&self) -> String {
        String::from_utf8(self.tape().sink.clone()).expect("a recording is text")
    }
}

/// Devices, a card reader, a connection or a channel whose traffic with the card is recorded.
pub struct Recorded<P, W> {
    port: P,
    recorder: Recorder<W>,
}

impl<P, W> Recorded<P, W> {
    /// Records what goes through a port.
    pub fn new(port: P, recorder: &Recorder<W>) -> Self {
        Self { port, recorder: recorder.clone() }
    }
}

/// Of all devices only the cards are recorded.
impl<D: Devices, W: Send + Write + 'static> Devices for Recorded<Arc<D>, W> {
    fn card_monitor(&self) -> Result<Box<dyn CardMonitor>, ReaderError> {
        self.port.card_monitor()
    }

    fn card_reader(&self) -> Result<Box<dyn CardReader>, ReaderError> {
        Ok(Box::new(Recorded::new(self.port.card_reader()?, &self.recorder)))
    }

    fn scanner(&self) -> Result<Box<dyn Scanner>, DeviceError> {
        self.port.scanner()
    }

    fn camera(&self) -> Result<Box<dyn Camera>, DeviceError> {
        self.port.camera()
    }

    fn printer(&self) -> Result<Box<dyn Printer>, DeviceError> {
        self.port.printer()
    }
}

impl<W: Send + Write> CardReader for Recorded<Box<dyn CardReader>, W> {
    fn connect(
        &mut self,
        reader: &str,
        start: Start,
    ) -> Result<Box<dyn CardConnection + '_>, ReaderError> {
        let begun = Instant::now();
        let result = self.port.connect(reader, start);
        let outcome = result.as_ref().map(|connection| connection.atr()).map_err(|error| *error);
        self.recorder.tape().connected(start, outcome, begun.elapsed());
        Ok(Box::new(Recorded::new(result?, &self.recorder)))
    }
}

impl<W: Write> CardConnection for Recorded<Box<dyn CardConnection + '_>, W> {
    fn atr(&self) -> &[u8] {
        self.port.atr()
    }

    fn hold(&mut self) -> Result<Box<dyn Channel + '_>, ChannelError> {
        let begun = Instant::now();
        let result = self.port.hold();
        if let Err(error) = result {
            self.recorder.tape().write(&Step::Hold { error, took: begun.elapsed() });
            return Err(error);
        }
        Ok(Box::new(Recorded::new(result?, &self.recorder)))
    }
}

impl<C: Channel, W: Write> Channel for Recorded<C, W> {
    fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        let begun = Instant::now();
        let result = self.port.transmit(command, answer);
        let outcome = result.map(|()| answer.as_slice());
        self.recorder.tape().exchanged(command, outcome, begun.elapsed());
        result
    }
}
