//! `dipchip read`: one card, printed.
//!
//! Owns waiting for a card, a deadline for reading it, and how a failure is said. What is shown of
//! a person is `sheet`'s decision.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use agent::config::{Config, ConfigError};
use agent::explain::{Explanation, explain, of_card, of_reader};
use agent::ports::{CardMonitor, CardReader, Devices, Presence, ReaderError, Start, prepared};
use agent::quirks::Quirks;
use agent::reading::{self, Ladder, cures_of_card, cures_of_reader};
use agent::recording::{RecordError, Recorded, Recorder};
use card::{CardError, CardReading, Flow, ReadPlan};
use dipchip::devices::RealDevices;
use thiserror::Error;

use crate::Exit;
use crate::error_text::chain;
use crate::sheet::{Sheet, Sight};

/// As long as it takes to find one's card.
const CARD_WITHIN: Duration = Duration::from_secs(30);

/// The slowest card takes 7 s, and is read again after a reset. What takes longer hangs.
const READ_WITHIN: Duration = Duration::from_secs(20);

/// The code whose sentences say that a reader does not come back.
const READER_HUNG: &str = "READER_HUNG";

/// How the result is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Labelled lines.
    Text,
    /// One JSON object.
    Json,
}

impl Form {
    /// From the flag of the command line.
    pub fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }
}

/// What to read, and how to show it.
#[derive(Debug)]
pub struct Reading {
    /// How the result is written.
    pub form: Form,
    /// What is shown of the person.
    pub sight: Sight,
    /// Names the allowed readers; without it any may be used.
    pub config: Option<PathBuf>,
    /// A new file for a recording.
    pub record: Option<PathBuf>,
}

/// Why no card was read.
#[derive(Debug, Error)]
enum ReadError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Reader(#[from] ReaderError),
    #[error(transparent)]
    Card(#[from] CardError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("waiting for a card: none came within 30 s")]
    NoCardCame,
    #[error("reading the card: no end within 20 s")]
    Hung,
}

/// Reads the card in the reader and prints it.
///
/// # Errors
/// If the result cannot be written.
pub fn read(reading: &Reading) -> io::Result<Exit> {
    let error = match sheet_of(reading) {
        Ok(sheet) => {
            write(&sheet, reading.form)?;
            return Ok(Exit::Done);
        }
        Err(error) => error,
    };
    let (exit, explanation) = match &error {
        ReadError::Config(_) => (Exit::Usage, None),
        ReadError::Record(_) => (Exit::Fault, None),
        ReadError::NoCardCame => (Exit::Stopped, None),
        ReadError::Reader(error) => (Exit::Fault, Some(of_reader(*error))),
        ReadError::Card(error) => (Exit::Fault, Some(of_card(error))),
        ReadError::Hung => (Exit::Fault, explain(READER_HUNG)),
    };
    eprintln!("dipchip: {}", chain(&error));
    if let Some(explanation) = explanation {
        say(&explanation, reading.form)?;
    }
    Ok(exit)
}

fn sheet_of(reading: &Reading) -> Result<Sheet, ReadError> {
    let devices = match &reading.config {
        Some(file) => RealDevices::new(&Config::load(file)?),
        None => RealDevices::any_reader(),
    };
    let devices = Arc::new(devices);
    let name = wait_for_card(devices.card_monitor()?.as_mut())?;
    let recorder = match &reading.record {
        Some(file) => Some(Recorder::begin(new_file(file).map_err(RecordError::Write)?, &name)?),
        None => None,
    };
    let devices = match &recorder {
        Some(recorder) => prepared(Arc::new(Recorded::new(devices, recorder))),
        None => prepared(devices),
    };
    let sheet = Sheet::new(reading.sight);
    let (sender, receiver) = mpsc::channel();
    // PC/SC has no deadlines: a call that never returns keeps its thread until the program ends.
    thread::spawn(move || {
        let _ = sender.send(filled(sheet, devices.as_ref(), &name));
    });
    let read = receiver.recv_timeout(READ_WITHIN).unwrap_or(Err(ReadError::Hung));
    let Some(recorder) = recorder else { return read };
    // A card that could not be read is what recordings are for: both are told.
    match (recorder.end(), read) {
        (Ok(steps), read) => {
            eprintln!(
                "dipchip: recorded {steps} steps, with an invented holder in place of this one"
            );
            read
        }
        (Err(error), Ok(_)) => Err(error.into()),
        (Err(error), Err(first)) => {
            eprintln!("dipchip: {}", chain(&error));
            Err(first)
        }
    }
}

/// A file that was not there, for this user alone.
fn new_file(file: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)
}

fn filled(mut sheet: Sheet, devices: &dyn Devices, name: &str) -> Result<Sheet, ReadError> {
    sheet.plain("reader", name);
    // The card may have been put in just now.
    thread::sleep(Quirks::builtin().for_reader(name).settle);
    let mut reader = devices.card_reader()?;
    let (mut ladder, mut start) = (Ladder::default(), Start::AsItIs);
    loop {
        let Err(error) = read_card(reader.as_mut(), name, start, &mut sheet) else {
            return Ok(sheet);
        };
        let Some(next) = ladder.climb(cures(&error)) else { return Err(error) };
        start = next;
    }
}

fn wait_for_card(monitor: &mut dyn CardMonitor) -> Result<String, ReadError> {
    let started = Instant::now();
    let mut known = monitor.watch(&Presence::NoReader, Duration::ZERO)?;
    loop {
        match &known {
            Presence::NoReader => return Err(ReaderError::Gone.into()),
            Presence::Mute { .. } => return Err(ReaderError::Mute.into()),
            Presence::Card { reader, .. } => return Ok(reader.clone()),
            Presence::Empty => {}
        }
        let rest = CARD_WITHIN.saturating_sub(started.elapsed());
        if rest.is_zero() {
            return Err(ReadError::NoCardCame);
        }
        eprintln!("insert the card");
        known = monitor.watch(&known, rest)?;
    }
}

fn read_card(
    reader: &mut dyn CardReader,
    name: &str,
    start: Start,
    sheet: &mut Sheet,
) -> Result<(), ReadError> {
    let mut connection = reader.connect(name, start)?;
    let connection = connection.as_mut();
    let mut card = CardReading::new(ReadPlan::default());
    let started = Instant::now();
    let identity = reading::identity(connection, &mut card)?;
    let identity_took = started.elapsed();
    let citizen = reading::citizen(connection, &mut card, &identity)?;
    let text_took = started.elapsed();
    let photo = reading::photo(connection, &mut card, &mut |_| Flow::Continue)?;
    let all_took = started.elapsed();
    sheet.identity(&identity);
    sheet.citizen(&citizen);
    sheet.number("photo_bytes", u64::try_from(photo.bytes().len()).unwrap_or(u64::MAX));
    sheet.number("identity_ms", milliseconds(identity_took));
    sheet.number("text_ms", milliseconds(text_took));
    sheet.number("all_ms", milliseconds(all_took));
    Ok(())
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn cures(error: &ReadError) -> &'static [Start] {
    match error {
        ReadError::Card(error) => cures_of_card(error),
        ReadError::Reader(error) => cures_of_reader(*error),
        ReadError::Config(_) | ReadError::Record(_) | ReadError::NoCardCame | ReadError::Hung => {
            &[]
        }
    }
}

/// Prints what a code means.
///
/// # Errors
/// If it cannot be written.
pub fn say(explanation: &Explanation, form: Form) -> io::Result<()> {
    let sentences = explanation.sentences;
    let mut sheet = Sheet::new(Sight::Revealed);
    sheet.plain("code", &explanation.code);
    sheet.plain("english", &sentences.english);
    sheet.plain("thai", &sentences.thai);
    sheet.plain("remedy_english", &sentences.remedy_english);
    sheet.plain("remedy_thai", &sentences.remedy_thai);
    write(&sheet, form)
}

/// Prints a sheet.
///
/// # Errors
/// If it cannot be written.
pub fn write(sheet: &Sheet, form: Form) -> io::Result<()> {
    let rendered = match form {
        Form::Text => sheet.text(),
        Form::Json => sheet.json(),
    };
    io::stdout().write_all(rendered.as_bytes())
}
