//! The watch over the readers: which are there, and what lies in them.
//!
//! Every look begins from `State::UNAWARE`, because a state that is used again keeps what it saw last. Waits
//! are short and repeated: cancelling one from outside fails on pcsc-lite 1.9.9 when it is about to end.

use std::ffi::{CStr, CString};
use std::time::{Duration, Instant};

use agent::config::NamePattern;
use agent::ports::{CardMonitor, Presence, ReaderError};
use agent::quirks::{Grade, Quirks};
use pcsc::{Context, Error, PNP_NOTIFICATION, ReaderState, State};

use super::{establish, reader_error};

/// One wait at most; then the readers are listed again, for drivers that do not announce a new one.
const WAIT_MAX: Duration = Duration::from_secs(1);
/// A reader may vanish between being listed and being looked at; so many times in a row it is a fault.
const VANISHING_MAX: u32 = 5;

/// Watches the allowed readers.
pub struct PcscMonitor {
    context: Context,
    allow: Vec<NamePattern>,
    /// The service's pseudo reader, which changes when readers come and go; only ever a reason to look.
    plugging: Option<ReaderState>,
}

impl PcscMonitor {
    /// Opens a way to the service.
    ///
    /// # Errors
    /// [`ReaderError::NotConfigured`] if no reader is allowed; [`ReaderError::ServiceDown`] or
    /// [`ReaderError::Refused`] by the service.
    pub fn open(allow: &[NamePattern]) -> Result<Self, ReaderError> {
        Ok(Self { context: establish(allow)?, allow: allow.to_vec(), plugging: None })
    }

    /// One look, without waiting.
    fn look(&self) -> Result<Vec<ReaderState>, ReaderError> {
        looked_at(&self.context, |context| allowed(context, &self.allow))
    }

    /// Waits until something differs from the last look, at most `patience`.
    fn wait(
        &mut self,
        mut states: Vec<ReaderState>,
        patience: Duration,
    ) -> Result<(), ReaderError> {
        let unaware = || ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE);
        states.push(self.plugging.take().unwrap_or_else(unaware));
        states.iter_mut().for_each(ReaderState::sync_current_state);
        let waited = self.context.get_status_change(patience.min(WAIT_MAX), &mut states);
        self.plugging = states.pop();
        match waited {
            Ok(()) | Err(Error::Timeout | Error::Cancelled | Error::UnknownReader) => Ok(()),
            Err(error) => Err(reader_error(error)),
        }
    }
}

impl CardMonitor for PcscMonitor {
    fn watch(&mut self, known: &Presence, patience: Duration) -> Result<Presence, ReaderError> {
        let started = Instant::now();
        loop {
            let states = self.look()?;
            let presence = presence(&states);
            let rest = patience.saturating_sub(started.elapsed());
            if presence != *known || rest.is_zero() {
                return Ok(presence);
            }
            self.wait(states, rest)?;
        }
    }
}

/// The state of the readers that `named` names, without waiting.
fn looked_at(
    context: &Context,
    named: impl Fn(&Context) -> Result<Vec<CString>, ReaderError>,
) -> Result<Vec<ReaderState>, ReaderError> {
    for _ in 0..VANISHING_MAX {
        let mut states: Vec<ReaderState> = named(context)?
            .into_iter()
            .map(|name| ReaderState::new(name, State::UNAWARE))
            .collect();
        if states.is_empty() {
            return Ok(states);
        }
        match context.get_status_change(Duration::ZERO, &mut states) {
            Ok(()) => return Ok(states),
            Err(Error::UnknownReader | Error::ReaderUnavailable | Error::Timeout) => {}
            Err(error) => return Err(reader_error(error)),
        }
    }
    Err(ReaderError::Faulty)
}

/// What lies in the readers: a card that answers goes before one that does not.
fn presence(states: &[ReaderState]) -> Presence {
    let usable = |state: &&ReaderState| {
        let unusable = State::UNAVAILABLE | State::UNKNOWN | State::IGNORE;
        !state.event_state().intersects(unusable)
    };
    let present = |state: &&ReaderState| state.event_state().contains(State::PRESENT);
    let mute = |state: &&ReaderState| state.event_state().contains(State::MUTE);
    let usable: Vec<&ReaderState> = states.iter().filter(usable).collect();
    let mut cards = usable.iter().copied().filter(present);
    let reader = |state: &ReaderState| state.name().to_string_lossy().into_owned();
    if let Some(state) = cards.clone().find(|state| !mute(state)) {
        return Presence::Card { reader: reader(state), insertion: state.event_count() };
    }
    if let Some(state) = cards.next() {
        return Presence::Mute { reader: reader(state), insertion: state.event_count() };
    }
    if usable.is_empty() { Presence::NoReader } else { Presence::Empty }
}

/// The names of the allowed readers that are plugged in and that no note refuses, in order of preference.
fn allowed(context: &Context, allow: &[NamePattern]) -> Result<Vec<CString>, ReaderError> {
    let plugged = plugged(context)?;
    let rank = |name: &CString| {
        let name = name.to_string_lossy();
        // A telephone on an antenna, or a module in an inner slot, must not hide the customer's card.
        if Quirks::builtin().for_reader(&name).grade == Grade::Refuse {
            return None;
        }
        allow.iter().position(|pattern| pattern.matches(&name))
    };
    let mut ranked: Vec<_> =
        plugged.into_iter().filter_map(|name| rank(&name).map(|rank| (rank, name))).collect();
    ranked.sort();
    Ok(ranked.into_iter().map(|(_, name)| name).collect())
}

fn plugged(context: &Context) -> Result<Vec<CString>, ReaderError> {
    match context.list_readers_owned() {
        Ok(names) => Ok(names),
        Err(Error::NoReadersAvailable) => Ok(Vec::new()),
        Err(error) => Err(reader_error(error)),
    }
}

/// A reader and what lies in it, for a list on a terminal.
pub struct Listed {
    /// Its full name.
    pub name: String,
    /// One word: `empty`, `card`, `mute` or `unavailable`.
    pub word: &'static str,
    /// What the card that is in answered to reset; empty without one.
    pub atr: Vec<u8>,
}

/// Every reader that is plugged in, allowed or not.
///
/// # Errors
/// [`ReaderError::ServiceDown`] or [`ReaderError::Refused`] by the service.
pub fn list() -> Result<Vec<Listed>, ReaderError> {
    let any = NamePattern::parse("*").expect("a star alone is a pattern");
    let context = establish(&[any])?;
    let states = looked_at(&context, plugged)?;
    Ok(states.iter().map(listed).collect())
}

fn listed(state: &ReaderState) -> Listed {
    let word = match presence(std::slice::from_ref(state)) {
        Presence::NoReader => "unavailable",
        Presence::Empty => "empty",
        Presence::Card { .. } => "card",
        Presence::Mute { .. } => "mute",
    };
    Listed { name: name(state.name()), word, atr: state.atr().to_vec() }
}

fn name(name: &CStr) -> String {
    name.to_string_lossy().into_owned()
}
