//! The watch over the readers: what lies in them becomes facts, and refused readers are left alone.
//!
//! It has its own way to the readers (a PC/SC context of its own), because a wait blocks it. A service that
//! stands still lets no call return: a second thread notices that, and only tells.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::super::{Fact, Facts, Rig, Unheard, spawn_lasting};
use crate::ports::{CardMonitor, Presence, ReaderError};
use crate::quirks::{Grade, Quirks};

/// How long one look at the readers may take; a finite wait survives every known fault of the service.
const WATCH: Duration = Duration::from_millis(500);
/// Before the watch is opened anew: the service needs about 0.3 s to come back.
const REOPEN: Duration = Duration::from_millis(500);

/// A look that takes so long does not come back by itself; the longest wait of one is [`WATCH`].
const STANDS_STILL: Duration = Duration::from_secs(10);

/// Starts the watch.
pub(crate) fn watch(rig: Rig) {
    start(rig, STANDS_STILL);
}

pub(super) fn start(rig: Rig, stands_still: Duration) {
    let pulse = Arc::new(Pulse::new());
    let (guarded, facts) = (Arc::clone(&pulse), rig.facts.clone());
    spawn_lasting("card-watch-guard", move || {
        while !facts.0.is_closed() {
            thread::sleep(stands_still / 4);
            if guarded.is_missed(stands_still) {
                tracing::error!("the smart card service does not come back from a call");
                if facts.tell(Fact::ReaderTrouble(ReaderError::ServiceDown)).is_err() {
                    return;
                }
            }
        }
    });
    spawn_lasting("card-watch", move || {
        let mut gate = Gate { quirks: Quirks::builtin(), turned_away: None };
        let mut last = None;
        loop {
            pulse.beat();
            let ended = match rig.devices.card_monitor() {
                Ok(mut monitor) => {
                    follow(monitor.as_mut(), &rig.facts, &pulse, &mut gate, &mut last)
                }
                Err(error) => report(error, &rig.facts, &mut last),
            };
            if ended.is_err() {
                return;
            }
            thread::sleep(REOPEN);
        }
    });
}

/// When the watch last came back from a call.
struct Pulse {
    at: Mutex<Instant>,
    /// The standstill has been told.
    missed: AtomicBool,
}

impl Pulse {
    fn new() -> Self {
        Self { at: Mutex::new(Instant::now()), missed: AtomicBool::new(false) }
    }

    /// The watch came back; was it missed?
    fn beat(&self) -> bool {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.missed.swap(false, Ordering::SeqCst)
    }

    /// Has the watch been away for too long? Said once for each time.
    fn is_missed(&self, stands_still: Duration) -> bool {
        let at = *self.at.lock().unwrap_or_else(PoisonError::into_inner);
        at.elapsed() > stands_still && !self.missed.swap(true, Ordering::SeqCst)
    }
}

/// Reports every change until the monitor fails.
fn follow(
    monitor: &mut dyn CardMonitor,
    facts: &Facts,
    pulse: &Pulse,
    gate: &mut Gate,
    last: &mut Option<ReaderError>,
) -> Result<(), Unheard> {
    let mut known = Presence::NoReader;
    let mut first = true;
    loop {
        let seen = monitor.watch(&known, if first { Duration::ZERO } else { WATCH });
        let was_missed = pulse.beat();
        match seen {
            Ok(presence) => {
                *last = None;
                if first || was_missed || presence != known {
                    facts.tell(Fact::Presence(gate.pass(&presence)))?;
                }
                known = presence;
                first = false;
            }
            Err(error) => return report(error, facts, last),
        }
        if facts.0.is_closed() {
            return Err(Unheard);
        }
    }
}

/// Lets no card pass that lies in a reader that a note refuses.
pub(super) struct Gate {
    pub(super) quirks: &'static Quirks,
    /// The reader that was warned of last, so that it is warned of once.
    pub(super) turned_away: Option<String>,
}

impl Gate {
    pub(super) fn pass(&mut self, presence: &Presence) -> Presence {
        let (Presence::Card { reader, .. } | Presence::Mute { reader, .. }) = presence else {
            return presence.clone();
        };
        let quirk = self.quirks.for_reader(reader);
        if quirk.grade != Grade::Refuse {
            return presence.clone();
        }
        if self.turned_away.as_ref() != Some(reader) {
            let note = quirk.notes.first().map(|note| note.path.as_str());
            tracing::warn!(reader, note, "this reader cannot be used, its card is left alone");
            self.turned_away = Some(reader.clone());
        }
        Presence::NoReader
    }
}

/// Tells a trouble once, not every half second.
fn report(
    error: ReaderError,
    facts: &Facts,
    last: &mut Option<ReaderError>,
) -> Result<(), Unheard> {
    if facts.0.is_closed() {
        return Err(Unheard);
    }
    if last.replace(error) != Some(error) {
        facts.tell(Fact::ReaderTrouble(error))?;
    }
    Ok(())
}
