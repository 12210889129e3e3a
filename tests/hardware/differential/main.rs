//! Random lawful cards, and every evil one, read twice: through a real pcscd by the production reader, and in this process.
//!
//! Both must give the same citizen and photo, and these must be what was written; or the same error. The
//! writer has offsets, tables of letters and dates of its own. `DIPCHIP_CARDS` and `DIPCHIP_SEED` choose
//! how many cards, and which; the default is a sample.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the writer of a test card fails where it is wrong"
)]

mod address;
mod evil;
mod image;
mod person;
mod record;
mod wording;

use std::collections::BTreeSet;
use std::env;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use agent::ports::{CardReader, Devices, Presence, Start};
use card::{CardError, CardReading, Channel, Flow, ReadPlan};
use citizen::{Citizen, Photo};
use dipchip::devices::RealDevices;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use simulator::card::{Event, Image, Inserted as _, Manner, Pace, Slot, VpcdCard, Watch};

use person::Person;
use record::Record;
use tests::pcscd::{PrivatePcscd, Readers, stage_is_on};

/// Tells the second process where the reader of the first one's service listens.
const PORT: &str = "DIPCHIP_VPCD_PORT";
/// A sample of this size takes some seconds.
const CARDS: u64 = 200;
/// Any will do; written down so that two runs are alike.
const SEED: u64 = 2_569;
/// One card in so many is read after its power was cut, which takes 200 ms; the others after a reset.
const COLD_ONE_IN: u64 = 100;
/// pcscd sees a new card within 0.4 s, on a busy machine within some.
const SEEN_WITHIN: Duration = Duration::from_secs(20);

#[test]
fn random_lawful_cards_are_read_alike_by_either_way_and_as_they_were_written() {
    in_a_service(
        "random_lawful_cards_are_read_alike_by_either_way_and_as_they_were_written",
        compare,
    );
}

/// Runs the test of this name at a desk of its own service. The client library reads the address of its
/// service once, from the environment of its process: hence the second process.
#[track_caller]
fn in_a_service(name: &str, test: fn(Desk)) {
    if !stage_is_on(name) {
        return;
    }
    match number(PORT) {
        Some(port) => test(Desk::open(u16::try_from(port).unwrap())),
        None => {
            let pcscd = PrivatePcscd::start(Readers::One).unwrap();
            let again = pcscd.this_test(name).env(PORT, pcscd.port().to_string()).status().unwrap();
            assert!(again.success(), "see above");
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

fn compare(mut desk: Desk) {
    let (cards, seed) =
        (number("DIPCHIP_CARDS").unwrap_or(CARDS), number("DIPCHIP_SEED").unwrap_or(SEED));
    let started = Instant::now();
    let mut exchanges = 0;
    for at in 0..cards {
        // Each card has a chance of its own, so that one can be made again without those before it.
        let person = Person::random(&mut StdRng::seed_from_u64(seed.wrapping_add(at)));
        let start = if at % COLD_ONE_IN == 1 { Start::Cold } else { Start::Warm };
        desk.check(at, &person, start);
        exchanges += u64::from(desk.inserted.exchanges());
    }
    let took = started.elapsed().as_secs_f64();
    // This process was told to let through what it says.
    eprintln!("{cards} cards from seed {seed}: {exchanges} exchanges in {took:.1} s");
}

/// A card in a reader of pcscd, the production reader, and a slot of this process.
struct Desk {
    inserted: VpcdCard,
    reader: Box<dyn CardReader>,
    name: String,
    slot: Slot,
}

impl Desk {
    fn open(port: u16) -> Self {
        let (sender, events) = mpsc::channel();
        let watch = Watch::new(move |event| sender.send(event).unwrap_or_default());
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let first = Image::parse("atr = 3B00\n").unwrap();
        let inserted = VpcdCard::new(address, first, Manner::default(), Pace::default(), watch);
        assert_eq!(events.recv_timeout(SEEN_WITHIN), Ok(Event::Inserted));
        let devices = RealDevices::any_reader();
        let mut monitor = devices.card_monitor().unwrap();
        let mut presence = monitor.watch(&Presence::NoReader, SEEN_WITHIN).unwrap();
        if presence == Presence::Empty {
            presence = monitor.watch(&Presence::Empty, SEEN_WITHIN).unwrap();
        }
        let Presence::Card { reader: name, .. } = presence else { panic!("{presence:?}") };
        let reader = devices.card_reader().unwrap();
        Self { inserted, reader, name, slot: Slot::new(Pace::default()) }
    }

    /// Reads a card by either way: through pcscd, and in this process.
    fn read(
        &mut self,
        image: &Image,
        manner: Manner,
        start: Start,
    ) -> [Result<(Citizen, Photo), CardError>; 2] {
        self.inserted.become_another(image.clone(), manner);
        let mut connection = self.reader.connect(&self.name, start).unwrap();
        let real = read(connection.hold().unwrap().as_mut());
        drop(connection);
        self.slot.insert(image.clone(), manner);
        let unreal = read(&mut self.slot.connect(simulator::card::Start::AsItIs).unwrap());
        [real, unreal]
    }

    #[track_caller]
    fn check(&mut self, at: u64, person: &Person, start: Start) {
        let text = person.image();
        let readings = self.read(&Image::parse(&text).unwrap(), person.manner, start);
        let [Ok((citizen, photo)), Ok(unreal)] = &readings else {
            panic!("card {at}: {:?}\n{text}", readings.map(Result::err));
        };
        assert!(*citizen == unreal.0, "card {at}: another citizen through pcscd\n{text}");
        assert!(*photo == unreal.1, "card {at}: another photo through pcscd\n{text}");
        let different = Record::of(citizen, photo).difference(&person.record());
        assert!(different.is_none(), "card {at}: read and written {different:#?}\n{text}");
    }
}

fn read(channel: &mut dyn Channel) -> Result<(Citizen, Photo), CardError> {
    let mut reading = CardReading::new(ReadPlan::default());
    let identity = reading.identity(channel)?;
    let citizen = reading.citizen(channel, &identity)?;
    let photo = reading.photo(channel, &mut |_| Flow::Continue)?;
    Ok((citizen, photo))
}

#[test]
fn the_same_chance_makes_the_same_card_and_another_another() {
    let image = |seed| Person::random(&mut StdRng::seed_from_u64(seed)).image();
    assert_eq!(image(1), image(1));
    assert_ne!(image(1), image(2));
}

#[test]
fn everything_that_a_lawful_card_may_have_comes_up() {
    let mut kinds = BTreeSet::new();
    for seed in 0..2_000 {
        kinds.extend(Person::random(&mut StdRng::seed_from_u64(seed)).kinds());
    }
    let missing: Vec<_> = person::KINDS.iter().filter(|kind| !kinds.contains(*kind)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
