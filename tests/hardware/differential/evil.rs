//! Every evil card of `tests/cards`, through pcscd and in this process: never a success, and the same typed
//! error. Which error that is stands in the tests of `card`.

use std::path::Path;

use agent::ports::Start;
use card::{CardError, ChannelError};
use simulator::card::{Answering, Inserted as _, Manner, evil_names, load, names};

use super::{Desk, in_a_service};

/// What a whole reading may take; no evil card takes more.
const EXCHANGES_MAX: u32 = 256;
/// A call to a silent card never returns, and to the virtual driver an answer of no byte is silence. Those
/// are met by the whole program, in `tests/pcscd`.
const SILENT: [&str; 3] = ["evil/mute", "evil/mute-in-text", "evil/no-status-word"];
/// Gives 846 bytes at once, unless its manner is to give 256 at a time.
const TOO_LONG: &str = "evil/long-beyond-measure";
/// Leaves the reader, so it comes last.
const LEAVES: &str = "evil/pulled";

#[test]
fn every_evil_card_ends_in_the_same_error_by_either_way() {
    in_a_service("evil::every_evil_card_ends_in_the_same_error_by_either_way", refuse_all);
}

fn refuse_all(mut desk: Desk) {
    let answerings = [Answering::T0, Answering::Corrected, Answering::Direct];
    let mut cards = refused();
    cards.extend(evil_names().filter(|name| !SILENT.contains(&name.as_str()) && name != LEAVES));
    for name in &cards {
        for answering in answerings {
            check(&mut desk, name, Manner { answering, ..Manner::default() });
        }
    }
    check(&mut desk, LEAVES, Manner::default());
    eprintln!("{} evil cards in {} manners", cards.len() + 1, answerings.len());
}

/// The cards with something on them that no card has: those without a record of what they must become.
fn refused() -> Vec<String> {
    let records = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cards/expected");
    let lawful = |name: &&str| records.join(format!("{name}.json")).exists();
    names().filter(|name| !lawful(name)).map(str::to_owned).collect()
}

#[track_caller]
fn check(desk: &mut Desk, name: &str, manner: Manner) {
    let [real, unreal] = desk.read(&load(name).unwrap(), manner, Start::Warm);
    let faulty = Some(CardError::Channel(ChannelError::Faulty));
    let expected = match unreal.err() {
        // A driver whose card vanishes says so little, too: the reader cannot tell the two apart.
        Some(CardError::NoStatusWord { .. }) => faulty,
        // No service hands over more than a short command can bring.
        Some(_) if name == TOO_LONG && manner.answering != Answering::T0 => faulty,
        error => error,
    };
    assert!(expected.is_some(), "{name} is read with success in this process, {manner:?}");
    assert_eq!(real.err(), expected, "{name}, {manner:?}");
    let exchanges = desk.inserted.exchanges();
    assert!(exchanges <= EXCHANGES_MAX, "{name}: {exchanges} exchanges");
}
