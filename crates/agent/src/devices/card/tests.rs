//! What a note about a reader changes: who is turned away, and when the first connect comes.

mod faults;
mod threads;
mod watching;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::sync::mpsc as queue;
use tokio::time::timeout;

use super::super::Facts;
use super::watch::Gate;
use super::*;
use crate::diagnose::tests::bench::{Bench, CardPlay};
use crate::ports::{
    Camera, CardMonitor, DeviceError, Devices, Faulty, Plans, Presence, Printer, ReaderError,
    Scanner,
};

/// Never waited for: what takes so long sticks.
const LONG: Duration = Duration::from_secs(60);
/// As the note below says.
const SETTLE: Duration = Duration::from_millis(40);

fn quirks() -> &'static Quirks {
    let note = |reader: &str, rest: &str| {
        format!(
            "+++\nmatch = {{ reader = \"{reader}*\" }}\n{rest}\n+++\n# X\n## Symptom\n## Evidence\n\
             ## What the agent does\n## Retire when\n"
        )
    };
    let slow = note("Slow", "grade = \"works\"\nset = { settle_ms = 40 }");
    let useless = note("Useless", "grade = \"refuse\"");
    let brittle = "grade = \"works\"\nset = { identity_within_ms = 5000, hanging_max = 1 }";
    let brittle = note("Brittle", brittle);
    let notes = [
        ("readers/slow.md", slow.as_str()),
        ("readers/useless.md", useless.as_str()),
        ("readers/brittle.md", brittle.as_str()),
    ];
    Box::leak(Box::new(Quirks::parse(&notes).unwrap()))
}

fn card_in(reader: &str) -> Presence {
    Presence::Card { reader: reader.to_owned(), insertion: 1 }
}

#[test]
fn a_card_in_a_refused_reader_is_as_if_there_were_no_reader() {
    let mut gate = Gate { quirks: quirks(), turned_away: None };
    assert_eq!(gate.pass(&card_in("Useless Reader 00 00")), Presence::NoReader);
    let mute = Presence::Mute { reader: "Useless Reader 00 00".to_owned(), insertion: 2 };
    assert_eq!(gate.pass(&mute), Presence::NoReader);
    assert_eq!(gate.turned_away.as_deref(), Some("Useless Reader 00 00"));
}

#[test]
fn every_other_presence_passes() {
    let mut gate = Gate { quirks: quirks(), turned_away: None };
    for presence in [Presence::NoReader, Presence::Empty, card_in("Slow 00 00"), card_in("Any 0")] {
        assert_eq!(gate.pass(&presence), presence);
    }
    assert_eq!(gate.turned_away, None);
}

/// A machine that has a card reader, made anew each time, and nothing else.
struct OnlyReader<F>(F);

impl<F, R> Devices for OnlyReader<F>
where
    F: Fn() -> R + Send + Sync,
    R: CardReader + 'static,
{
    fn card_monitor(&self) -> Result<Box<dyn CardMonitor>, ReaderError> {
        Err(ReaderError::NotConfigured)
    }

    fn card_reader(&self) -> Result<Box<dyn CardReader>, ReaderError> {
        Ok(Box::new((self.0)()))
    }

    fn scanner(&self) -> Result<Box<dyn Scanner>, DeviceError> {
        Err(DeviceError::NotConfigured)
    }

    fn camera(&self) -> Result<Box<dyn Camera>, DeviceError> {
        Err(DeviceError::NotConfigured)
    }

    fn printer(&self) -> Result<Box<dyn Printer>, DeviceError> {
        Err(DeviceError::NotConfigured)
    }
}

/// Remembers when it was first asked to connect, and never does.
#[derive(Clone, Default)]
struct Deaf(Arc<Mutex<Option<Instant>>>);

impl CardReader for Deaf {
    fn connect(&mut self, _: &str, _: Start) -> Result<Box<dyn CardConnection + '_>, ReaderError> {
        self.0.lock().unwrap().get_or_insert_with(Instant::now);
        Err(ReaderError::Gone)
    }
}

#[test]
fn a_reader_that_must_settle_is_given_its_time_before_the_first_connect() {
    let (deaf, (facts, mut heard)) = (Deaf::default(), queue::channel(1));
    let (orders, inbox) = mpsc::channel();
    let reader = deaf.clone();
    let devices = Arc::new(OnlyReader(move || reader.clone()));
    let rig = Rig { devices, facts: Facts(facts) };
    let worker = Worker {
        rig,
        quirks: quirks(),
        plans: Arc::default(),
        inbox,
        journey: Arc::default(),
        generation: 0,
    };
    let begun = Instant::now();
    orders.send(CardOrder::ReadIdentity { reader: "Slow Reader 00 00".to_owned() }).unwrap();
    drop(orders);
    worker.run();
    let fact = heard.blocking_recv();
    assert!(matches!(fact, Some(Fact::Card(0, CardFact::Failed(CardFault::ReaderGone)))));
    assert!(deaf.0.lock().unwrap().unwrap() - begun >= SETTLE);
}

/// How often a reader that hangs is connected to if it is given up and asked again.
async fn connects_of_two_orders(reader: &str) -> u32 {
    let plans = Plans::default();
    let bench = Bench { card: CardPlay::HangsConnecting, ..Bench::default() };
    let devices = Arc::new(Faulty::new(Arc::new(bench), plans.clone()));
    let (facts, mut heard) = queue::channel(1);
    let mut thread = CardThread::heeding(quirks(), Rig { devices, facts: Facts(facts) });
    let order = || CardOrder::ReadIdentity { reader: reader.to_owned() };
    thread.order(order());
    thread.abandon();
    thread.order(order());
    let told = async {
        while plans.connects.made() < 2 {
            if let Ok(fact) = heard.try_recv() {
                assert!(matches!(fact, Fact::Card(1, CardFact::Failed(CardFault::ReaderHung))));
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, told).await.expect("the second order is tried or answered");
    plans.connects.made()
}

#[tokio::test]
async fn a_reader_that_must_not_hang_twice_is_left_alone_as_long_as_it_hangs() {
    assert_eq!(connects_of_two_orders("Any Reader 00 00").await, 2);
    assert!(connects_of_two_orders("Brittle Reader 00 00").await <= 1);
}

#[test]
fn a_reader_that_hangs_or_is_quick_is_given_up_early() {
    let (facts, _heard) = queue::channel(1);
    let rig = Rig { devices: Arc::new(Bench::default()), facts: Facts(facts) };
    let thread = CardThread::heeding(quirks(), rig);
    let within =
        |reader: &str| thread.answer_within(&CardOrder::ReadIdentity { reader: reader.to_owned() });
    assert_eq!(within("Brittle Reader 00 00"), Some(Duration::from_secs(5)));
    assert_eq!(within("Any Reader 00 00"), None);
}
