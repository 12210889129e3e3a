//! The thread that talks to the card: it takes orders, reads in short holds, and climbs the recovery ladder
//! before it gives a card up.
//!
//! What was read of a card outlives an interruption, so that nothing is read twice, and is dropped when the
//! journey is over. A thread that hangs in its reader is given up; how many may hang at once is bounded.

mod fault;
mod plans;
mod watch;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use card::{CardError, CardReading, Flow, Progress};
use citizen::Identity;
use session::CardFault;

use self::plans::Plans;
use super::{CardFact, Fact, Rig, Unheard, spawn};
use crate::ports::{CardConnection, CardReader, Start};
use crate::quirks::Quirks;
use crate::reading::{self, Ladder, cures_of_card, cures_of_reader};

pub(crate) use self::fault::{fault_of_card, fault_of_reader};
pub(crate) use self::watch::watch;

/// Threads of one machine at once, those that hang included. Each hanging one holds a connection to the
/// service, which has 200 for all programs; a reader that took three does not take a fourth.
const THREADS_MAX: usize = 4;

/// An order to the card thread.
#[derive(Debug)]
pub(crate) enum CardOrder {
    /// Chip number and identifier of the card in this reader.
    ReadIdentity { reader: String },
    /// Text and portrait of this very card.
    ReadCard { reader: String, identity: Identity },
    /// The journey is over: whatever is kept of the card is dropped.
    Forget,
}

/// The runtime's end of the card thread, and of those that follow it.
pub(crate) struct CardThread {
    rig: Rig,
    quirks: &'static Quirks,
    plans: Arc<Plans>,
    journey: Arc<AtomicU64>,
    generation: u64,
    /// As many clones as threads.
    alive: Arc<()>,
    orders: Sender<CardOrder>,
}

impl CardThread {
    pub(crate) fn start(rig: Rig) -> Self {
        Self::heeding(Quirks::builtin(), rig)
    }

    /// The same with other notes than the program's own.
    fn heeding(quirks: &'static Quirks, rig: Rig) -> Self {
        // The first order finds nobody and starts a thread.
        let (orders, _) = mpsc::channel();
        let (plans, journey, alive) = Default::default();
        Self { rig, quirks, plans, journey, generation: 0, alive, orders }
    }

    /// The thread that answers now; answers of others are too late.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Gives an order; if there is no thread for it, and too many hang, its answer is that the reader hangs.
    pub(crate) fn order(&mut self, order: CardOrder) {
        let Err(mpsc::SendError(order)) = self.orders.send(order) else { return };
        let threads = self.threads_max(&order);
        if self.hanging() >= threads {
            tracing::error!(threads, "every card thread hangs; none is started");
            let fact = Fact::Card(self.generation, CardFact::Failed(CardFault::ReaderHung));
            // A full queue is emptied by the runtime's own deadline for this order.
            let _ = self.rig.facts.0.try_send(fact);
            return;
        }
        let (orders, inbox) = mpsc::channel();
        let worker = Worker {
            rig: self.rig.clone(),
            quirks: self.quirks,
            plans: Arc::clone(&self.plans),
            inbox,
            journey: Arc::clone(&self.journey),
            generation: self.generation,
        };
        let alive = Arc::clone(&self.alive);
        spawn("card", move || {
            worker.run();
            drop(alive);
        });
        // Its end of the queue lives as long as the thread.
        let _ = orders.send(order);
        self.orders = orders;
    }

    /// Within which time the answer to an order must come, if the note of its reader says so.
    pub(crate) fn answer_within(&self, order: &CardOrder) -> Option<Duration> {
        match order {
            CardOrder::ReadIdentity { reader } => self.quirks.for_reader(reader).identity_within,
            CardOrder::ReadCard { .. } | CardOrder::Forget => None,
        }
    }

    /// How many threads there may be when this order is given.
    fn threads_max(&self, order: &CardOrder) -> usize {
        match order {
            CardOrder::ReadIdentity { reader } | CardOrder::ReadCard { reader, .. } => {
                let most = self.quirks.for_reader(reader).hanging_max;
                most.map_or(THREADS_MAX, |most| THREADS_MAX.min(most.into()))
            }
            CardOrder::Forget => THREADS_MAX,
        }
    }

    /// Gives the thread up that owes an answer. It ends when its reader lets it go, and is counted till then.
    pub(crate) fn abandon(&mut self) {
        self.generation += 1;
        (self.orders, _) = mpsc::channel();
        tracing::error!(hanging = self.hanging(), "the card reader hangs; its thread is given up");
    }

    /// The journey is over: a portrait that is still being read is left where it is.
    pub(crate) fn forget(&self) {
        self.journey.fetch_add(1, Ordering::Relaxed);
        // Without a thread nothing is kept.
        let _ = self.orders.send(CardOrder::Forget);
    }

    /// Threads that have not ended.
    fn hanging(&self) -> usize {
        Arc::strong_count(&self.alive) - 1
    }
}

struct Worker {
    rig: Rig,
    quirks: &'static Quirks,
    plans: Arc<Plans>,
    inbox: Receiver<CardOrder>,
    journey: Arc<AtomicU64>,
    generation: u64,
}

/// One card being read; outlives connections.
struct Visit {
    reader: String,
    /// The card that is wanted; any, as long as only its identity is.
    wanted: Option<Identity>,
    reading: Option<CardReading>,
    text_told: bool,
    start: Start,
    ladder: Ladder,
}

/// How one connection ended.
enum End {
    /// This order came in and wants a visit of its own.
    Next(CardOrder),
    /// Broken off; what can help, and what to say if nothing does.
    Broken(&'static [Start], CardFault),
    /// Told, one way or the other.
    Told,
}

impl End {
    fn card(error: &CardError) -> Self {
        tracing::info!(%error, "reading the card broke off");
        Self::Broken(cures_of_card(error), fault_of_card(error))
    }
}

impl Worker {
    fn run(self) {
        let mut next = None;
        loop {
            let Some(order) = next.take().or_else(|| self.inbox.recv().ok()) else { return };
            let visit = match order {
                CardOrder::ReadIdentity { reader } => {
                    // The card was just put in.
                    thread::sleep(self.quirks.for_reader(&reader).settle);
                    Visit::new(reader, None)
                }
                CardOrder::ReadCard { reader, identity } => Visit::new(reader, Some(identity)),
                CardOrder::Forget => continue,
            };
            next = match self.serve(visit) {
                Ok(next) => next,
                Err(Unheard) => return,
            };
        }
    }

    /// Reads one card, up the recovery ladder; returns the order that ended it, if one did.
    fn serve(&self, mut visit: Visit) -> Result<Option<CardOrder>, Unheard> {
        let mut reader = match self.rig.devices.card_reader() {
            Ok(reader) => reader,
            Err(error) => return self.fail(fault_of_reader(error)).map(|()| None),
        };
        loop {
            match self.attempt(reader.as_mut(), &mut visit)? {
                End::Next(next) => return Ok(Some(next)),
                End::Told => return Ok(None),
                End::Broken(cures, fault) => match visit.ladder.climb(cures) {
                    Some(start) => {
                        tracing::debug!(?start, ?fault, "the card is connected to again");
                        visit.start = start;
                    }
                    None => return self.fail(fault).map(|()| None),
                },
            }
        }
    }

    /// Reads on over one connection.
    fn attempt(&self, reader: &mut dyn CardReader, visit: &mut Visit) -> Result<End, Unheard> {
        let mut connection = match reader.connect(&visit.reader, visit.start) {
            Ok(connection) => connection,
            Err(error) => return Ok(End::Broken(cures_of_reader(error), fault_of_reader(error))),
        };
        let connection = connection.as_mut();
        let plan = self.plans.of(connection.atr());
        let reading = visit.reading.get_or_insert_with(|| CardReading::new(plan));
        reading.reconnected();
        let identity = match reading::identity(connection, reading) {
            Ok(identity) => identity,
            Err(error) => return Ok(End::card(&error)),
        };
        self.plans.learn(connection.atr(), reading.plan());
        match &visit.wanted {
            Some(wanted) if *wanted != identity => Ok(End::Broken(&[], CardFault::Swapped)),
            Some(_) => self.read_all(connection, visit, &identity),
            None => {
                self.tell(CardFact::Identity(identity.clone()))?;
                visit.ladder.rest();
                // The card stays connected, and held by nobody: its text is asked for next, most of the time.
                match self.inbox.recv() {
                    Ok(CardOrder::ReadCard { reader, identity: wanted })
                        if reader == visit.reader && wanted == identity =>
                    {
                        visit.wanted = Some(wanted);
                        self.read_all(connection, visit, &identity)
                    }
                    Ok(next) => Ok(End::Next(next)),
                    Err(_) => Err(Unheard),
                }
            }
        }
    }

    /// Reads text and portrait, or what is missing of them.
    fn read_all(
        &self,
        connection: &mut dyn CardConnection,
        visit: &mut Visit,
        identity: &Identity,
    ) -> Result<End, Unheard> {
        let journey = self.journey.load(Ordering::Relaxed);
        let Visit { reading: Some(reading), text_told, ladder, .. } = visit else {
            return Ok(End::Told);
        };
        if !*text_told {
            match reading::citizen(connection, reading, identity) {
                Ok(citizen) => self.tell(CardFact::Citizen(Box::new(citizen)))?,
                Err(error) => return Ok(End::card(&error)),
            }
            *text_told = true;
            ladder.rest();
        }
        let photo = reading::photo(connection, reading, &mut |progress| {
            ladder.rest();
            // An unheard fact is noticed at the next one.
            let _ = self.tell(CardFact::PhotoProgress(percent(progress)));
            if self.journey.load(Ordering::Relaxed) == journey {
                Flow::Continue
            } else {
                Flow::Stop
            }
        });
        match photo {
            Ok(photo) => self.tell(CardFact::Photo(photo)).map(|()| End::Told),
            Err(CardError::Stopped) => Ok(End::Told),
            Err(error) => Ok(End::card(&error)),
        }
    }

    fn fail(&self, fault: CardFault) -> Result<(), Unheard> {
        self.tell(CardFact::Failed(fault))
    }

    fn tell(&self, fact: CardFact) -> Result<(), Unheard> {
        self.rig.facts.tell(Fact::Card(self.generation, fact))
    }
}

impl Visit {
    fn new(reader: String, wanted: Option<Identity>) -> Self {
        let ladder = Ladder::default();
        Self { reader, wanted, reading: None, text_told: false, start: Start::AsItIs, ladder }
    }
}

fn percent(progress: Progress) -> u8 {
    let percent = progress.read.saturating_mul(100) / progress.total.max(1);
    u8::try_from(percent).unwrap_or(100)
}

#[cfg(test)]
mod tests;
