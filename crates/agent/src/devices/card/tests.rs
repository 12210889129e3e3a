//! What a note about a reader changes: who is turned away, and when the first connect comes.

mod faults;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::sync::mpsc as queue;

use super::super::Facts;
use super::watch::Gate;
use super::*;
use crate::ports::{
    Camera, CardMonitor, DeviceError, Devices, Presence, Printer, ReaderError, Scanner,
};

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
    let notes = [("slow.md", slow.as_str()), ("useless.md", useless.as_str())];
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

/// A machine whose one reader remembers when it was first asked to connect, and never does.
#[derive(Default)]
struct Deaf(Arc<Mutex<Option<Instant>>>);

impl Devices for Deaf {
    fn card_monitor(&self) -> Result<Box<dyn CardMonitor>, ReaderError> {
        Err(ReaderError::NotConfigured)
    }

    fn card_reader(&self) -> Result<Box<dyn CardReader>, ReaderError> {
        Ok(Box::new(Self(Arc::clone(&self.0))))
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

impl CardReader for Deaf {
    fn connect(&mut self, _: &str, _: Start) -> Result<Box<dyn CardConnection + '_>, ReaderError> {
        self.0.lock().unwrap().get_or_insert_with(Instant::now);
        Err(ReaderError::Gone)
    }
}

#[test]
fn a_reader_that_must_settle_is_given_its_time_before_the_first_connect() {
    let (first_connect, (facts, mut heard)) = (Arc::default(), queue::channel(1));
    let (orders, inbox) = mpsc::channel();
    let devices = Arc::new(Deaf(Arc::clone(&first_connect)));
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
    assert!(first_connect.lock().unwrap().unwrap() - begun >= SETTLE);
}
