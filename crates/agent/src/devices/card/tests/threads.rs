//! What the card thread asks of a card and keeps of it: nothing twice, nothing held while it waits, nothing
//! after the journey; and how many threads a reader that hangs may cost.

use std::sync::atomic::AtomicUsize;
use std::sync::{Condvar, PoisonError};

use card::{Channel, ChannelError};
use tokio::sync::mpsc::{self as queue, Receiver};

use super::*;
use crate::diagnose::tests::bench::{Bench, WORKS};
use crate::ports::{ExchangeFault, Faulty, Plan, Plans as Faults};

/// Nothing here takes so long unless it never ends.
const LONG: Duration = Duration::from_secs(60);

/// The watch over a bench's card: who is connected, who holds it, what it is asked.
#[derive(Clone)]
struct Watched {
    atr: &'static [u8],
    /// Reads across fields are refused.
    refuses_spans: bool,
    connections: Arc<AtomicUsize>,
    holds: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Watched {
    fn new(atr: &'static [u8], refuses_spans: bool) -> Self {
        let (connections, holds, asked) = Default::default();
        Self { atr, refuses_spans, connections, holds, asked }
    }

    fn devices(&self, faults: Faults) -> Arc<dyn Devices> {
        let watched = self.clone();
        let bench = Faulty::new(Arc::new(Bench::default()), faults);
        Arc::new(OnlyReader(move || {
            let inner = bench.card_reader().unwrap();
            WatchedReader { inner, watched: watched.clone() }
        }))
    }

    fn reads_refused(&self) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|command| spans(command)).count()
    }
}

/// Is this one of the two reads that go across fields?
fn spans(command: &[u8]) -> bool {
    matches!(command, [0x80, 0xB0, 0x00, 0x00, _, _, 0xF6] | [0x80, 0xB0, 0x01, 0x67, _, _, 0x14])
}

struct WatchedReader {
    inner: Box<dyn CardReader>,
    watched: Watched,
}

struct WatchedCard<'r> {
    inner: Box<dyn CardConnection + 'r>,
    watched: Watched,
}

struct WatchedHold<'c> {
    inner: Box<dyn Channel + 'c>,
    watched: Watched,
}

impl CardReader for WatchedReader {
    fn connect(
        &mut self,
        reader: &str,
        start: Start,
    ) -> Result<Box<dyn CardConnection + '_>, ReaderError> {
        let inner = self.inner.connect(reader, start)?;
        self.watched.connections.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(WatchedCard { inner, watched: self.watched.clone() }))
    }
}

impl CardConnection for WatchedCard<'_> {
    fn atr(&self) -> &[u8] {
        self.watched.atr
    }

    fn hold(&mut self) -> Result<Box<dyn Channel + '_>, ChannelError> {
        let inner = self.inner.hold()?;
        self.watched.holds.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(WatchedHold { inner, watched: self.watched.clone() }))
    }
}

impl Drop for WatchedCard<'_> {
    fn drop(&mut self) {
        self.watched.connections.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Channel for WatchedHold<'_> {
    fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        self.watched.asked.lock().unwrap().push(command.to_vec());
        if self.watched.refuses_spans && spans(command) {
            answer.clear();
            answer.extend([0x6A, 0x86]);
            return Ok(());
        }
        self.inner.transmit(command, answer)
    }
}

impl Drop for WatchedHold<'_> {
    fn drop(&mut self) {
        self.watched.holds.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A card thread, and what it told.
struct Desk {
    thread: CardThread,
    heard: Receiver<Fact>,
}

impl Desk {
    fn new(devices: Arc<dyn Devices>) -> Self {
        let (facts, heard) = queue::channel(64);
        Self { thread: CardThread::start(Rig { devices, facts: Facts(facts) }), heard }
    }

    /// The same memory before another card.
    fn turn_to(&mut self, devices: Arc<dyn Devices>) {
        self.thread.rig.devices = devices;
        self.thread.abandon();
    }

    /// What the thread of now tells next; those that were given up are not heard.
    fn fact(&mut self) -> CardFact {
        loop {
            match self.heard.blocking_recv() {
                Some(Fact::Card(told_by, fact)) if told_by == self.thread.generation => {
                    return fact;
                }
                Some(_) => {}
                None => panic!("the thread answers"),
            }
        }
    }

    fn identity(&mut self) -> Identity {
        self.thread.order(CardOrder::ReadIdentity { reader: WORKS.to_owned() });
        let CardFact::Identity(identity) = self.fact() else { panic!("the card is read") };
        identity
    }

    /// Everything; says how often the text was told.
    fn read(&mut self) -> usize {
        let identity = self.identity();
        self.thread.order(CardOrder::ReadCard { reader: WORKS.to_owned(), identity });
        let mut texts = 0;
        loop {
            match self.fact() {
                CardFact::Citizen(_) => texts += 1,
                CardFact::PhotoProgress(_) => {}
                CardFact::Photo(_) => return texts,
                CardFact::Identity(_) | CardFact::Failed(_) => panic!("the card is read once"),
            }
        }
    }
}

fn faults(exchanges: Plan<ExchangeFault>) -> Faults {
    Faults { exchanges, ..Faults::default() }
}

#[test]
fn an_interrupted_photo_costs_its_block_and_the_proof_that_it_is_the_same_card() {
    let smooth = Plan::default();
    Desk::new(Watched::new(&[0x3B], false).devices(faults(smooth.clone()))).read();
    let last = smooth.made();
    // Chip number, applet and three stretches come before the photo.
    for at in 6..=last {
        for error in [ChannelError::Reset, ChannelError::Faulty] {
            let once = Plan::once(at, ExchangeFault::Fails(error));
            let texts =
                Desk::new(Watched::new(&[0x3B], false).devices(faults(once.clone()))).read();
            let more = once.made() - last;
            // The block itself, chip number, applet, identifier; the repeated bytes may take one block more.
            assert!((4..=5).contains(&more), "{more} exchanges more at {at}");
            assert_eq!(texts, 1, "at {at}");
        }
    }
}

#[test]
fn a_card_is_held_by_nobody_while_an_order_is_awaited() {
    let watched = Watched::new(&[0x3B], false);
    let mut desk = Desk::new(watched.devices(Faults::default()));
    let identity = desk.identity();
    let counts =
        || (watched.connections.load(Ordering::SeqCst), watched.holds.load(Ordering::SeqCst));
    assert_eq!(counts(), (1, 0), "connected, so that the text comes at once, and not held");
    desk.thread.order(CardOrder::ReadCard { reader: WORKS.to_owned(), identity });
    let CardFact::Citizen(_) = desk.fact() else { panic!("the text comes first") };
    while !matches!(desk.fact(), CardFact::Photo(_)) {}
    assert_eq!(counts().1, 0);
}

#[test]
fn what_was_read_is_dropped_when_the_journey_is_over() {
    let watched = Watched::new(&[0x3B], false);
    let mut desk = Desk::new(watched.devices(Faults::default()));
    drop(desk.identity());
    desk.thread.forget();
    let begun = Instant::now();
    while watched.connections.load(Ordering::SeqCst) > 0 {
        assert!(begun.elapsed() < LONG, "the card of a journey that is over is kept");
        thread::yield_now();
    }
}

#[test]
fn a_refused_spanning_read_is_remembered_for_the_answer_to_reset() {
    let refusing = || Watched::new(&[0x3B, 0x68], true);
    let (first, second, another) = (refusing(), refusing(), Watched::new(&[0x3B, 0x79], true));
    let mut desk = Desk::new(first.devices(Faults::default()));
    desk.read();
    desk.turn_to(second.devices(Faults::default()));
    desk.read();
    desk.turn_to(another.devices(Faults::default()));
    desk.read();
    let refused = [&first, &second, &another].map(Watched::reads_refused);
    assert_eq!(refused, [1, 0, 1], "one for each answer to reset, not for each card");
}

/// A reader whose connections hang until it is opened.
#[derive(Clone, Default)]
struct Gated(Arc<(Mutex<bool>, Condvar)>);

impl CardReader for Gated {
    fn connect(&mut self, _: &str, _: Start) -> Result<Box<dyn CardConnection + '_>, ReaderError> {
        let (open, opened) = &*self.0;
        let shut = open.lock().unwrap();
        drop(opened.wait_while(shut, |open| !*open).unwrap_or_else(PoisonError::into_inner));
        Err(ReaderError::Gone)
    }
}

#[test]
fn a_reader_that_hangs_costs_a_bounded_number_of_threads_and_is_used_again_later() {
    let gate = Gated::default();
    let reader = gate.clone();
    let mut desk = Desk::new(Arc::new(OnlyReader(move || reader.clone())));
    let order = || CardOrder::ReadIdentity { reader: WORKS.to_owned() };
    for _ in 0..10 {
        desk.thread.order(order());
        desk.thread.abandon();
    }
    assert_eq!(desk.thread.hanging(), THREADS_MAX);
    desk.thread.order(order());
    assert!(matches!(desk.fact(), CardFact::Failed(CardFault::ReaderHung)), "told at once");

    // The card was pulled: every call comes back.
    *gate.0.0.lock().unwrap() = true;
    gate.0.1.notify_all();
    let begun = Instant::now();
    while desk.thread.hanging() > 0 {
        assert!(begun.elapsed() < LONG, "the threads do not end");
        thread::yield_now();
    }
    desk.thread.order(order());
    let answered = desk.fact();
    assert!(matches!(answered, CardFact::Failed(CardFault::ReaderGone)), "by a thread of its own");
}
