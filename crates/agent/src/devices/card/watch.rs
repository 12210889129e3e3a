//! The watch over the readers: what lies in them becomes facts, and refused readers are left alone.
//!
//! It has its own way to the readers (a PC/SC context of its own), because a wait blocks it.

use std::thread;
use std::time::Duration;

use super::super::{Fact, Facts, Rig, Unheard, spawn_lasting};
use crate::ports::{CardMonitor, Presence, ReaderError};
use crate::quirks::{Grade, Quirks};

/// How long one look at the readers may take; a finite wait survives every known fault of the service.
const WATCH: Duration = Duration::from_millis(500);
/// Before the watch is opened anew: the service needs about 0.3 s to come back.
const REOPEN: Duration = Duration::from_millis(500);

/// Starts the watch.
pub(crate) fn watch(rig: Rig) {
    spawn_lasting("card-watch", move || {
        let mut gate = Gate { quirks: Quirks::builtin(), turned_away: None };
        let mut last = None;
        loop {
            let ended = match rig.devices.card_monitor() {
                Ok(mut monitor) => follow(monitor.as_mut(), &rig.facts, &mut gate, &mut last),
                Err(error) => report(error, &rig.facts, &mut last),
            };
            if ended.is_err() {
                return;
            }
            thread::sleep(REOPEN);
        }
    });
}

/// Reports every change until the monitor fails.
fn follow(
    monitor: &mut dyn CardMonitor,
    facts: &Facts,
    gate: &mut Gate,
    last: &mut Option<ReaderError>,
) -> Result<(), Unheard> {
    let mut known = Presence::NoReader;
    let mut first = true;
    loop {
        match monitor.watch(&known, if first { Duration::ZERO } else { WATCH }) {
            Ok(presence) => {
                *last = None;
                if first || presence != known {
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
