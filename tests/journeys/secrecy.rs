//! Nothing personal leaves the agent but sealed: searched by value in log, journal, page and slip.

use std::path::Path;
use std::sync::Arc;

use agent::ports::{Devices as _, Start, Traced};
use card::{CardReading, Flow, ReadPlan};
use session::DopaPolicy;
use simulator::card::{Answering, Manner, Pace, named, names};
use simulator::world::{READER, World};
use tests::personal::{Person, files_below};
use tests::stage::Stage;

use crate::stage::up_to_the_data;

#[tokio::test]
async fn no_log_line_and_no_file_holds_anything_of_a_person() {
    let captured = agent::log::captured();
    let stage = Stage::open(DopaPolicy::BeforeSubmit).await;
    let references = ["SIM-0000-FACE-7001", "SIM-1101-7002", "SIM-2003-7003", "SIM-1402-7004"];
    for (card, reference) in
        ["somchai", "bangkok", "expired", "bad-text"].into_iter().zip(references)
    {
        let walk = stage.walk(card, reference).await;
        assert!(!walk.outcome.is_empty());
        let person = if card == "bad-text" { Person::default() } else { Person::of_card(card) };
        let person = person.and_reference(reference);
        let found = person.found_in(&captured.bytes());
        assert!(found.is_empty(), "the log holds {found:?}");
        let slip = walk.slip.join("\n");
        assert!(person.found_in(slip.as_bytes()).is_empty(), "the slip");
        for (path, bytes) in files_below(&stage.folder.path().join("journal")) {
            let found = person.found_in(&bytes);
            assert!(found.is_empty(), "{path:?} holds {found:?}");
        }
    }
    assert!(!captured.bytes().is_empty(), "there was a log to search");
}

#[tokio::test]
async fn nothing_of_a_person_is_on_the_page_after_the_end() {
    let stage = Stage::open(DopaPolicy::Off).await;
    let person = Person::of_card("somchai").and_reference("SIM-0000-GONE-0001");
    let (customer, shown) = up_to_the_data(&stage, "SIM-0000-GONE-0001").await;
    assert!(!person.found_in(shown.to_string().as_bytes()).is_empty(), "the page shows the person");
    stage.world.slot().eject();
    let shown = customer.until_screen("result").await.expect("the journey ends");
    let found = person.found_in(shown.to_string().as_bytes());
    assert!(found.is_empty(), "the result page still holds {found:?}");
}

#[test]
fn the_trace_of_a_card_names_every_exchange_and_no_byte_of_its_holder() {
    let captured = agent::log::captured();
    let world = World::new(Pace::default());
    let devices = Traced::new(Arc::new(world.clone()));
    let lawful = Path::new(env!("CARGO_MANIFEST_DIR")).join("cards/expected");
    let lawful = names().filter(|name| lawful.join(format!("{name}.json")).exists());
    for (name, answering) in lawful.zip([Answering::T0, Answering::Direct].into_iter().cycle()) {
        let before = captured.bytes().len();
        let image = named(name).expect("a carried card");
        world.slot().insert(image, Manner { answering, ..Manner::default() });
        let mut reader = devices.card_reader().expect("there is one");
        let mut connection = reader.connect(READER, Start::AsItIs).expect("a card is in");
        let mut held = connection.hold().expect("nobody else is there");
        let mut reading = CardReading::new(ReadPlan::default());
        let identity = reading.identity(held.as_mut()).expect("a lawful card");
        reading.citizen(held.as_mut(), &identity).expect("a lawful card");
        reading.photo(held.as_mut(), &mut |_| Flow::Continue).expect("a lawful card");
        let trace = captured.bytes().split_off(before);
        let found = Person::of_card(name).found_in(&trace);
        assert!(found.is_empty(), "the trace of {name} holds {found:?}");
        let trace = String::from_utf8_lossy(&trace);
        let answers = trace.lines().filter(|line| line.contains("direction=\"in\"")).count();
        assert!(answers >= usize::try_from(world.slot().exchanges()).expect("a few"), "{name}");
        for part in ["READ BINARY 0000", "GET DATA 9F7F", "status=9000", "us="] {
            assert!(trace.contains(part), "{part} is in no line of {name}");
        }
    }
}
