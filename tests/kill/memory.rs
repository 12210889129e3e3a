//! After a journey nothing of the customer is left in the program's memory.
//!
//! The production program's own memory is read while it runs, within a second of the end, and searched for
//! every value that the card told, in every form in which it could lie there.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use tests::pcscd::stage_is_on;
use tests::personal::Person;

use crate::kiosk::Kiosk;
use crate::{number, say};

/// How many journeys to walk; a build walks so many.
const JOURNEYS: (&str, u32) = ("DIPCHIP_JOURNEYS", 5);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_finished_journey_is_left_in_the_programs_memory() {
    if !stage_is_on("nothing_of_a_finished_journey_is_left_in_the_programs_memory") {
        return;
    }
    let journeys = number(JOURNEYS);
    let mut kiosk = Kiosk::open();
    let mut program = kiosk.live();
    let mut found = Vec::new();
    for journey in 1..=journeys {
        let reference = format!("SIM-0000-MEMORY-{journey:05}");
        kiosk.whole_journey(&reference).await;
        let memory = memory_of(program.id());
        let person = Person::of_card("somchai").and_reference(&reference);
        let left = person.found_in(&memory);
        let left = left.iter().map(|trace| format!("{} ({})", trace.field, trace.form));
        found.push(left.collect::<Vec<_>>());
        kiosk.put_the_card_in();
    }
    assert!(!memory_of(program.id()).is_empty(), "the memory can be read");
    program.kill();
    let hits = found.iter().filter(|left| !left.is_empty()).count();
    say(&format!("{journeys} journeys, {hits} with something left: {found:?}"));
    assert_eq!(hits, 0, "the memory holds {found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_a_journey_under_way_is_found_by_the_same_search() {
    if !stage_is_on("the_memory_of_a_journey_under_way_is_found_by_the_same_search") {
        return;
    }
    let mut kiosk = Kiosk::open();
    let mut program = kiosk.live();
    kiosk.journey_to_the_confirmation("SIM-0000-MEMORY-00000").await;
    let person = Person::of_card("somchai").and_reference("SIM-0000-MEMORY-00000");
    let found = person.found_in(&memory_of(program.id()));
    let limits = fs::read_to_string(format!("/proc/{}/limits", program.id())).expect("it runs");
    program.kill();
    let cores = limits.lines().find(|line| line.starts_with("Max core file size"));
    let cores: Vec<&str> = cores.unwrap_or_default().split_whitespace().skip(4).take(2).collect();
    assert_eq!(cores, ["0", "0"], "no core file may be written");
    assert!(found.len() > 5, "the search finds what is there: {}", found.len());
}

/// Everything that the process can write to.
fn memory_of(process: u32) -> Vec<u8> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).expect("the program runs");
    let memory = File::open(format!("/proc/{process}/mem")).expect("root reads any memory");
    let mut all = Vec::new();
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let bounds = range.split_once('-').and_then(|(from, to)| {
            Some((u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?))
        });
        let Some((from, to)) = bounds.filter(|_| rights.starts_with("rw")) else { continue };
        let mut piece = vec![0; usize::try_from(to - from).unwrap_or(0)];
        // A mapping of a device cannot be read this way.
        if memory.read_exact_at(&mut piece, from).is_ok() {
            all.extend_from_slice(&piece);
        }
    }
    all
}
