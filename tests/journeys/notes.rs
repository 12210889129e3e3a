//! What a note about a card or a reader changes, with simulated ones of that kind.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use agent::ports::{Devices, Start, prepared};
use agent::reading;
use card::{CardError, CardReading, Flow, ReadPlan};
use session::DopaPolicy;
use simulator::card::{Answering, Image, Manner, Pace, Trap};
use simulator::world::{READER, World};
use tests::stage::Stage;

use crate::stage::check;

/// A card of `tests/cards` with another answer to reset.
fn image(atr: &str) -> Image {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("cards/somchai.hex");
    let text = fs::read_to_string(file).expect("a card");
    let (before, rest) = text.split_once("atr = ").expect("an answer to reset");
    let (_, after) = rest.split_once('\n').expect("more lines");
    Image::parse(&format!("{before}atr = {atr}\n{after}")).expect("still a card")
}

/// Reads all of the card; how many exchanges it took.
fn read(devices: &dyn Devices, world: &World) -> Result<u32, CardError> {
    let mut reader = devices.card_reader().expect("there is one");
    let mut connection = reader.connect(READER, Start::AsItIs).expect("a card is in");
    let mut card = CardReading::new(ReadPlan::default());
    let identity = reading::identity(connection.as_mut(), &mut card)?;
    reading::citizen(connection.as_mut(), &mut card, &identity)?;
    reading::photo(connection.as_mut(), &mut card, &mut |_| Flow::Continue)?;
    Ok(world.slot().exchanges())
}

const NOTED: &str = "3B6700005448204E494420";
const OTHER: &str = "3B6900005448204E4944203637";

#[test]
fn a_card_that_wants_another_p2_is_read_if_its_note_says_so() {
    let world = World::new(Pace::default());
    let devices = prepared(Arc::new(world.clone()));
    let insert = |atr: &str, answering| {
        world.slot().insert(image(atr), Manner { answering, ..Manner::default() });
    };
    insert(NOTED, Answering::T0OtherP2);
    let odd = read(devices.as_ref(), &world).expect("its note helps");
    insert(NOTED, Answering::T0);
    let usual = read(devices.as_ref(), &world).expect("a card that needs no help");
    assert_eq!(odd, usual + 2, "one refusal, one command again");
    insert(OTHER, Answering::T0OtherP2);
    let refused = read(devices.as_ref(), &world).expect_err("no note is about it");
    assert!(matches!(refused, CardError::Refused { .. }), "{refused}");
    insert(OTHER, Answering::T0);
    assert_eq!(read(devices.as_ref(), &world), Ok(usual));
}

/// A reader whose calls may hang for ever, by its note.
const BRITTLE: &str = "ACS ACR39U ICC Reader 00 00";
/// As long as the agent waits for an identity in a reader that no note is about.
const USUAL: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_reader_that_hangs_is_given_up_early_and_left_alone_till_it_lets_go() {
    let mut stage = Stage::open(DopaPolicy::Off).await;
    stage.stop_agent().await;
    stage.world = World::with_reader(Pace::default(), BRITTLE);
    stage.start_agent().await;
    let mut hands = stage.hands("somchai", "SIM-0000-HUNG-0001");
    hands.trap = Some(Trap::Mute { at: 1, patience: 60 * USUAL });
    let begun = Instant::now();
    let walk = stage.walk_with(&mut hands).await;
    let told = [Some(walk.code.as_str()), walk.trouble.as_deref()];
    assert!(told.contains(&Some("READER_HUNG")), "{told:?}");
    assert!(begun.elapsed() < USUAL, "its note says 5 s, came {:?}", begun.elapsed());
    // The card is out: the call that hung has come back.
    check(&stage.walk("somchai", "SIM-0000-HUNG-0002").await, "done", "0000");
}
