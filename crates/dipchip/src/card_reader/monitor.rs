//! The watch over the readers: which are there, and what lies in them.
//!
//! Every look begins from `State::UNAWARE`, because a state that is used again keeps what it saw last. Waits
//! are short and repeated: cancelling one from outside fails on pcsc-lite 1.9.9 when it is about to end.

use std::ffi::{CStr, CString};
use std::time::{Duration, Instant};

use agent::config::ReaderPattern;
use agent::ports::{CardMonitor, Presence, ReaderError};
use pcsc::{Context, Error, PNP_NOTIFICATION, ReaderState, State};

use super::allowed::Allowed;
use super::{establish, reader_error};

/// One wait at most; then the readers are listed again, for drivers that do not announce a new one.
const WAIT_MAX: Duration = Duration::from_secs(1);
/// A reader may vanish between being listed and being looked at; so many times in a row it is a fault.
const VANISHING_MAX: u32 = 5;

/// Watches the allowed readers.
pub struct PcscMonitor {
    context: Context,
    allowed: Allowed,
    /// The service's pseudo reader, which changes when readers come and go; only ever a reason to look.
    plugging: Option<ReaderState>,
}

impl PcscMonitor {
    /// Opens a way to the service.
    ///
    /// # Errors
    /// [`ReaderError::NotConfigured`] if no reader is allowed; [`ReaderError::ServiceDown`] or
    /// [`ReaderError::Refused`] by the service.
    pub fn open(allow: &[ReaderPattern]) -> Result<Self, ReaderError> {
        Ok(Self { context: establish(allow)?, allowed: Allowed::new(allow), plugging: None })
    }

    /// One look, without waiting.
    fn look(&mut self) -> Result<Vec<ReaderState>, ReaderError> {
        let allowed = &mut self.allowed;
        looked_at(&self.context, |context| Ok(allowed.of(context, plugged(context)?)))
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
            let presence = presence(&states, known);
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
    mut named: impl FnMut(&Context) -> Result<Vec<CString>, ReaderError>,
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

/// What lies in the readers. The card that is known stays the one as long as it is in; then a card that
/// answers goes before one that does not, and a preferred reader before another.
fn presence(states: &[ReaderState], known: &Presence) -> Presence {
    let unusable = State::UNAVAILABLE | State::UNKNOWN | State::IGNORE;
    let usable: Vec<&ReaderState> =
        states.iter().filter(|state| !state.event_state().intersects(unusable)).collect();
    let cards: Vec<Presence> = usable.iter().filter_map(|state| card_in(state)).collect();
    let answers = |one: &&Presence| matches!(one, Presence::Card { .. });
    let chosen = cards.iter().find(|one| *one == known && answers(one));
    match chosen.or_else(|| cards.iter().find(answers)).or_else(|| cards.first()) {
        Some(card) => card.clone(),
        None if usable.is_empty() => Presence::NoReader,
        None => Presence::Empty,
    }
}

fn card_in(state: &ReaderState) -> Option<Presence> {
    let (reader, insertion) = (name(state.name()), state.event_count());
    if !state.event_state().contains(State::PRESENT) {
        None
    } else if state.event_state().contains(State::MUTE) {
        Some(Presence::Mute { reader, insertion })
    } else {
        Some(Presence::Card { reader, insertion })
    }
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
    let any = ReaderPattern::parse("*").expect("a star alone is a pattern");
    let context = establish(&[any])?;
    let states = looked_at(&context, plugged)?;
    Ok(states.iter().map(listed).collect())
}

fn listed(state: &ReaderState) -> Listed {
    let word = match presence(std::slice::from_ref(state), &Presence::NoReader) {
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
