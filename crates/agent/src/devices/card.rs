//! The watch over the readers, and the thread that talks to the card.
//!
//! The watch has its own way to the readers (a PC/SC context of its own), because a wait blocks it. The
//! card thread climbs the recovery ladder (as it is, warm reset, cold reset) before it gives a card up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use card::{CardError, CardReading, Channel, ChannelError, Flow, Progress};
use citizen::Identity;
use session::CardFault;

use super::{CardFact, Fact, Facts, Rig, Unheard, spawn, spawn_lasting};
use crate::ports::{CardMonitor, CardReader, Presence, ReaderError, Start};
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
struct Gate {
    quirks: &'static Quirks,
    /// The reader that was warned of last, so that it is warned of once.
    turned_away: Option<String>,
}

impl Gate {
    fn pass(&mut self, presence: &Presence) -> Presence {
        let (Presence::Card { reader, .. } | Presence::Mute { reader, .. }) = presence else {
            return presence.clone();
        };
        let quirk = self.quirks.for_reader(reader);
        if quirk.grade != Grade::Refuse {
            return presence.clone();
        }
        if self.turned_away.as_ref() != Some(reader) {
            let note = quirk.note.map(|note| note.path);
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

/// An order to the card thread.
#[derive(Debug)]
pub(crate) enum CardOrder {
    /// Chip number and identifier of the card in this reader.
    ReadIdentity { reader: String },
    /// Text and portrait of this very card.
    ReadCard { reader: String, identity: Identity },
}

/// The runtime's end of a card thread.
pub(crate) struct CardThread {
    orders: Sender<CardOrder>,
    journey: Arc<AtomicU64>,
    generation: u64,
}

impl CardThread {
    pub(crate) fn start(rig: Rig, generation: u64) -> Self {
        let (orders, inbox) = mpsc::channel();
        let journey = Arc::new(AtomicU64::new(0));
        let quirks = Quirks::builtin();
        let worker = Worker { rig, quirks, inbox, journey: Arc::clone(&journey), generation };
        spawn("card", move || worker.run());
        Self { orders, journey, generation }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) fn order(&self, order: CardOrder) {
        // A thread that ended is noticed by the answer it owes.
        let _ = self.orders.send(order);
    }

    /// The journey is over: a portrait that is still being read is left where it is.
    pub(crate) fn forget(&self) {
        self.journey.fetch_add(1, Ordering::Relaxed);
    }
}

struct Worker {
    rig: Rig,
    quirks: &'static Quirks,
    inbox: Receiver<CardOrder>,
    journey: Arc<AtomicU64>,
    generation: u64,
}

/// How one connection ended.
enum End {
    /// This order came in and wants a connection of its own.
    Next(CardOrder),
    /// The card must be reset and asked again.
    Recover(CardOrder, CardFault),
    /// Told, one way or the other.
    Told,
}

impl Worker {
    fn run(self) {
        let mut next = None;
        loop {
            let Some(order) = next.take().or_else(|| self.inbox.recv().ok()) else { return };
            next = match self.serve(order) {
                Ok(next) => next,
                Err(Unheard) => return,
            };
        }
    }

    /// Serves one order, up the recovery ladder; returns the order that ended it, if one did.
    fn serve(&self, mut order: CardOrder) -> Result<Option<CardOrder>, Unheard> {
        let mut reader = match self.rig.devices.card_reader() {
            Ok(reader) => reader,
            Err(error) => return self.fail(fault_of_reader(error)).map(|()| None),
        };
        let mut last = CardFault::Unreadable;
        for start in [Start::AsItIs, Start::Warm, Start::Cold] {
            match self.attempt(reader.as_mut(), order, start)? {
                End::Next(next) => return Ok(Some(next)),
                End::Told => return Ok(None),
                End::Recover(again, fault) => {
                    tracing::debug!(?start, ?fault, "the card must be reset");
                    order = again;
                    last = fault;
                }
            }
        }
        self.fail(last).map(|()| None)
    }

    fn attempt(
        &self,
        reader: &mut dyn CardReader,
        order: CardOrder,
        start: Start,
    ) -> Result<End, Unheard> {
        let name = match &order {
            CardOrder::ReadIdentity { reader } => {
                if start == Start::AsItIs {
                    // The card was just put in.
                    thread::sleep(self.quirks.for_reader(reader).settle);
                }
                reader.clone()
            }
            CardOrder::ReadCard { reader, .. } => reader.clone(),
        };
        let mut channel = match reader.connect(&name, start) {
            Ok(channel) => channel,
            Err(ReaderError::Faulty | ReaderError::Mute) if start != Start::Cold => {
                return Ok(End::Recover(order, CardFault::Mute));
            }
            Err(error) => return self.fail(fault_of_reader(error)).map(|()| End::Told),
        };
        let mut reading = CardReading::new(channel.as_mut());
        let identity = match reading.identity() {
            Ok(identity) => identity,
            Err(error) if recoverable(&error) && start != Start::Cold => {
                return Ok(End::Recover(order, fault_of_card(&error)));
            }
            Err(error) => return self.give_up(&error).map(|()| End::Told),
        };
        match order {
            CardOrder::ReadIdentity { .. } => {
                self.tell(CardFact::Identity(identity.clone()))?;
                // The card stays connected: its text is asked for next, most of the time.
                match self.inbox.recv() {
                    Ok(CardOrder::ReadCard { reader, identity: wanted })
                        if reader == name && wanted == identity =>
                    {
                        self.read_all(&mut reading, reader, identity)
                    }
                    Ok(next) => Ok(End::Next(next)),
                    Err(_) => Err(Unheard),
                }
            }
            CardOrder::ReadCard { identity: wanted, .. } if wanted != identity => {
                self.fail(CardFault::Swapped).map(|()| End::Told)
            }
            CardOrder::ReadCard { reader, identity } => {
                self.read_all(&mut reading, reader, identity)
            }
        }
    }

    fn read_all<C: Channel + ?Sized>(
        &self,
        reading: &mut CardReading<'_, C>,
        reader: String,
        identity: Identity,
    ) -> Result<End, Unheard> {
        let journey = self.journey.load(Ordering::Relaxed);
        let read = reading.citizen(&identity).and_then(|citizen| {
            // An unheard fact is noticed at the next one.
            let _ = self.tell(CardFact::Citizen(Box::new(citizen)));
            reading.photo(&mut |progress| {
                let _ = self.tell(CardFact::PhotoProgress(percent(progress)));
                if self.journey.load(Ordering::Relaxed) == journey {
                    Flow::Continue
                } else {
                    Flow::Stop
                }
            })
        });
        match read {
            Ok(photo) => self.tell(CardFact::Photo(photo)).map(|()| End::Told),
            Err(CardError::Stopped) => Ok(End::Told),
            Err(error) if recoverable(&error) => {
                let fault = fault_of_card(&error);
                Ok(End::Recover(CardOrder::ReadCard { reader, identity }, fault))
            }
            Err(error) => self.give_up(&error).map(|()| End::Told),
        }
    }

    fn give_up(&self, error: &CardError) -> Result<(), Unheard> {
        tracing::info!(%error, "the card could not be read");
        self.fail(fault_of_card(error))
    }

    fn fail(&self, fault: CardFault) -> Result<(), Unheard> {
        self.tell(CardFact::Failed(fault))
    }

    fn tell(&self, fact: CardFact) -> Result<(), Unheard> {
        self.rig.facts.tell(Fact::Card(self.generation, fact))
    }
}

fn percent(progress: Progress) -> u8 {
    let percent = progress.read.saturating_mul(100) / progress.total.max(1);
    u8::try_from(percent).unwrap_or(100)
}

/// Could a reset help?
pub(crate) fn recoverable(error: &CardError) -> bool {
    match error {
        CardError::Channel(channel) => match channel {
            ChannelError::Reset | ChannelError::Faulty => true,
            ChannelError::Removed
            | ChannelError::Gone
            | ChannelError::TimedOut
            | ChannelError::Busy => false,
        },
        CardError::ChipNumberUnavailable
        | CardError::Refused { .. }
        | CardError::Length { .. }
        | CardError::NoStatusWord { .. } => true,
        CardError::NotThaiCitizenCard { .. }
        | CardError::OldLayout
        | CardError::UnknownLayout
        | CardError::AnotherCard
        | CardError::Endless { .. }
        | CardError::Text { .. }
        | CardError::PhotoMissing
        | CardError::PhotoDamaged
        | CardError::Stopped => false,
    }
}

pub(crate) fn fault_of_card(error: &CardError) -> CardFault {
    match error {
        CardError::Channel(channel) => match channel {
            ChannelError::Removed => CardFault::Removed,
            ChannelError::Gone => CardFault::ReaderGone,
            ChannelError::Busy => CardFault::Busy,
            ChannelError::TimedOut => CardFault::ReaderHung,
            ChannelError::Reset | ChannelError::Faulty => CardFault::Unreadable,
        },
        CardError::NotThaiCitizenCard { .. } => CardFault::NotThaiCitizenCard,
        CardError::OldLayout | CardError::UnknownLayout => CardFault::OldLayout,
        CardError::ChipNumberUnavailable => CardFault::ChipNumberUnavailable,
        CardError::AnotherCard => CardFault::Swapped,
        CardError::Refused { .. }
        | CardError::Length { .. }
        | CardError::NoStatusWord { .. }
        | CardError::Endless { .. }
        | CardError::Stopped => CardFault::Unreadable,
        CardError::Text { .. } | CardError::PhotoMissing | CardError::PhotoDamaged => {
            CardFault::DataInvalid
        }
    }
}

pub(crate) fn fault_of_reader(error: ReaderError) -> CardFault {
    match error {
        ReaderError::NotConfigured | ReaderError::Gone => CardFault::ReaderGone,
        ReaderError::ServiceDown | ReaderError::Refused => CardFault::ServiceDown,
        ReaderError::NoCard => CardFault::Removed,
        ReaderError::Mute => CardFault::Mute,
        ReaderError::Busy => CardFault::Busy,
        ReaderError::Faulty => CardFault::Unreadable,
    }
}

#[cfg(test)]
mod tests;
