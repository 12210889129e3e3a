//! Logging set-up: structured lines to standard error, and never the libraries' own traces.
//!
//! reqwest, hyper and rustls would write headers and bodies at `trace`; they are held at `warn` here, in
//! code, whatever the environment says.

use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogLevel;

/// How a line looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogForm {
    /// For a person at a terminal.
    Text,
    /// One JSON object a line, for the system's journal.
    Json,
}

/// Our own crates; everything else is held at `warn`.
const OURS: [&str; 6] = ["agent", "dipchip", "simulator", "card", "session", "protocol"];

/// Sets logging up, once; a second call changes nothing.
pub fn init(level: LogLevel, form: LogForm) {
    let registry = tracing_subscriber::registry().with(targets(level));
    // Colours are for a terminal: in a file they would stand between a name and its value.
    let colours = io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_ansi(colours).with_writer(io::stderr);
    // A test process sets it up more than once; the first one stands.
    let _ = match form {
        LogForm::Text => registry.with(lines.with_target(false)).try_init(),
        LogForm::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
}

/// Everything logged by this process since the first call, at the most talkative level: for a test that
/// searches it for what must not be there.
#[must_use]
pub fn captured() -> Captured {
    static CAPTURED: OnceLock<Captured> = OnceLock::new();
    let captured = CAPTURED.get_or_init(|| {
        let captured = Captured::default();
        let sink = captured.clone();
        let lines =
            tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || sink.clone());
        let registry = tracing_subscriber::registry().with(targets(LogLevel::Trace));
        let _ = registry.with(lines).try_init();
        captured
    });
    captured.clone()
}

/// Lines kept in memory; clones share them.
#[derive(Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// All lines so far, UTF-8.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn targets(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new().with_default(LevelFilter::WARN).with_targets(OURS.map(|target| (target, level)))
}
