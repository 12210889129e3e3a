//! Recordings of simulated cards, made by the recorder and played again: the invented person comes out of
//! every one that can be read, and its own failure out of every other.
//!
//! `DIPCHIP_RECORD=1 cargo test -p tests --test journeys recordings` writes `tests/recordings` anew.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agent::ports::{CardReader, Devices, ExchangeFault, Faulty, Plan, Plans, ReaderError, Start};
use agent::reading::{self, Ladder, cures_of_card, cures_of_reader};
use agent::recording::{Recorded, Recorder, Recording, Step};
use card::{CardError, CardReading, ChannelError, Flow, ReadPlan};
use citizen::Citizen;
use simulator::card::{Answering, CplcManner, Manner, Pace, Replay, Trap, named};
use simulator::world::{READER, World};
use tests::personal::{Person, expected};

/// A recording: which card, how it behaves, what goes wrong, and what comes out in the end.
struct Take {
    name: &'static str,
    card: &'static str,
    manner: Manner,
    exchanges: Plan<ExchangeFault>,
    trap: Option<Trap>,
    outcome: Result<(), &'static str>,
}

fn takes() -> Vec<Take> {
    let take = |name, card, answering| Take {
        name,
        card,
        manner: Manner { answering, cplc: CplcManner::Always },
        exchanges: Plan::default(),
        trap: None,
        outcome: Ok(()),
    };
    let t0 = Answering::T0;
    let refused = Err("chip number");
    vec![
        take("nid-6-oldest", "oldest-atr", t0),
        take("nid-9", "bangkok", t0),
        take("nid-17", "somchai", t0),
        take("direct-data", "middle-name", Answering::Direct),
        take("wrong-length-first", "for-life", Answering::Corrected),
        take("no-photo-length", "no-photo-length", t0),
        Take { outcome: Err("0002"), ..take("old-layout", "old-layout", t0) },
        Take {
            exchanges: Plan::once(9, ExchangeFault::Fails(ChannelError::Reset)),
            ..take("reset-by-another", "names-100", t0)
        },
        Take {
            exchanges: Plan::once(8, ExchangeFault::Short(3)),
            ..take("short-once", "full-photo", t0)
        },
        Take {
            trap: Some(Trap::Remove { at: 20 }),
            outcome: Err("removed"),
            ..take("pulled-in-the-photo", "full-photo", t0)
        },
        Take {
            manner: Manner { answering: t0, cplc: CplcManner::Refused },
            outcome: refused,
            ..take("no-chip-number", "tiny-photo", t0)
        },
    ]
}

/// Why a card was not read, in words.
fn read(reader: &mut dyn CardReader) -> Result<(Citizen, usize), String> {
    let (mut ladder, mut start) = (Ladder::default(), Start::AsItIs);
    loop {
        let (error, cures) = match connected(reader, start) {
            Ok(read) => return Ok(read),
            Err(Trouble::Card(error)) => (words(&error), cures_of_card(&error)),
            Err(Trouble::Reader(error)) => (words(&error), cures_of_reader(error)),
        };
        start = ladder.climb(cures).ok_or(error)?;
    }
}

/// An error with its causes.
fn words(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", words(cause)),
        None => error.to_string(),
    }
}

enum Trouble {
    Card(CardError),
    Reader(ReaderError),
}

fn connected(reader: &mut dyn CardReader, start: Start) -> Result<(Citizen, usize), Trouble> {
    let mut connection = reader.connect(READER, start).map_err(Trouble::Reader)?;
    let connection = connection.as_mut();
    let mut card = CardReading::new(ReadPlan::default());
    let identity = reading::identity(connection, &mut card).map_err(Trouble::Card)?;
    let citizen = reading::citizen(connection, &mut card, &identity).map_err(Trouble::Card)?;
    let photo = reading::photo(connection, &mut card, &mut |_| Flow::Continue);
    Ok((citizen, photo.map_err(Trouble::Card)?.bytes().len()))
}

/// Reads a simulated card with a recorder in between.
fn record(take: &Take) -> String {
    let world = World::new(Pace::default());
    let image = named(take.card).expect("a carried card");
    world.slot().insert(image, take.manner);
    if let Some(trap) = take.trap {
        world.slot().set_trap(trap);
    }
    let plans = Plans { exchanges: take.exchanges.clone(), ..Plans::default() };
    let devices = Faulty::new(Arc::new(world), plans);
    let file = tempfile::NamedTempFile::new().expect("a file");
    let recorder = Recorder::begin(file.reopen().expect("the file"), READER).expect("begun");
    let mut reader = Recorded::new(devices.card_reader().expect("a reader"), &recorder);
    check_outcome(take, &read(&mut reader));
    recorder.end().expect("the recorder knows every command");
    fs::read_to_string(file.path()).expect("the recording")
}

#[track_caller]
fn check_outcome(take: &Take, outcome: &Result<(Citizen, usize), String>) {
    let error = outcome.as_ref().map_or_else(String::as_str, |_| "");
    let as_expected = match take.outcome {
        Ok(()) => outcome.is_ok(),
        Err(words) => outcome.is_err() && error.contains(words),
    };
    assert!(as_expected, "{}: expected {:?}, came {error:?}", take.name, take.outcome);
}

/// The same recording without its times.
fn timeless(text: &str) -> Recording {
    let mut recording = Recording::parse(text).expect("a recording");
    for step in &mut recording.steps {
        let (Step::Connect { took, .. } | Step::Hold { took, .. } | Step::Exchange { took, .. }) =
            step;
        *took = Duration::ZERO;
    }
    recording
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("recordings/{name}.rec"))
}

#[test]
fn what_the_recorder_makes_of_a_simulated_card_is_what_lies_in_the_folder() {
    for take in takes() {
        let made = record(&take);
        if std::env::var_os("DIPCHIP_RECORD").is_some() {
            fs::write(file(take.name), &made).expect("the recording is written");
        }
        let kept = fs::read_to_string(file(take.name)).expect("DIPCHIP_RECORD=1 makes it");
        assert!(
            timeless(&made) == timeless(&kept),
            "{}: DIPCHIP_RECORD=1 makes it anew",
            take.name
        );
    }
    let there = fs::read_dir(file("x").with_file_name("")).expect("the folder");
    assert_eq!(there.count(), takes().len() + 1, "one file a take, and a page");
}

#[test]
fn a_recording_played_again_gives_the_invented_person_or_the_same_failure() {
    let invented = expected("somchai");
    for take in takes() {
        let text = fs::read_to_string(file(take.name)).expect("a recording");
        let replay = Replay::new(Recording::parse(&text).expect("a recording"));
        let outcome = read(&mut replay.clone());
        check_outcome(&take, &outcome);
        replay.end().expect("every step is played");
        let Ok((citizen, photo_bytes)) = outcome else { continue };
        let data = &invented["customerData"];
        assert_eq!(citizen.identity.citizen_id.as_str(), data["citizenId"], "{}", take.name);
        assert_eq!(citizen.identity.chip_number.as_str(), invented["chipNo"], "{}", take.name);
        assert_eq!(citizen.thai_name.last.as_str(), data["lastNameTH"], "{}", take.name);
        assert_eq!(citizen.address.road.as_str(), data["road"], "{}", take.name);
        assert_eq!(citizen.address.province.as_str(), data["province"], "{}", take.name);
        assert!(photo_bytes > 100, "{}", take.name);
    }
}

/// All that a card says in a recording. Not the text: the digits of many spaces, 2020202, are somebody's
/// number.
fn said(name: &str) -> Vec<u8> {
    let text = fs::read_to_string(file(name)).expect("a recording");
    let recording = Recording::parse(&text).expect("a recording");
    let answers = recording.steps.iter().filter_map(|step| match step {
        Step::Exchange { outcome: Ok(answer), .. } => Some(answer.as_slice()),
        Step::Exchange { .. } | Step::Connect { .. } | Step::Hold { .. } => None,
    });
    answers.collect::<Vec<_>>().concat()
}

#[test]
fn no_recording_holds_anything_of_the_card_that_it_was_made_of() {
    let invented = said("nid-17");
    for take in takes().iter().filter(|take| take.outcome.is_ok() && take.card != "somchai") {
        let said = said(take.name);
        let person = Person::of_card(take.card);
        // What the invented person has as well, such as a family name that is somebody's road.
        let shared = person.found_in(&invented);
        let found: Vec<_> = person.found_in(&said);
        let own = found.iter().filter(|one| !shared.iter().any(|other| other == *one));
        assert_eq!(own.count(), 0, "{}: {found:?}", take.name);
        assert!(!Person::of_card("somchai").found_in(&said).is_empty(), "{}", take.name);
    }
}
