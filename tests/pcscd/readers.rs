//! The list of readers through a real pcscd, and readers that a note refuses.

use std::fs;
use std::process::Output;
use std::time::{Duration, Instant};

use agent::recording::Recording;
use serde_json::Value;
use tests::pcscd::{FIRST_SLOT, InsertedCard, PrivatePcscd, REFUSED_SLOT, Readers, stage_is_on};
use tests::personal::Person;

/// pcscd looks for cards every 0.4 s.
const SEEN_WITHIN: Duration = Duration::from_secs(20);

fn run(pcscd: &PrivatePcscd, arguments: &[&str]) -> Output {
    pcscd.command("dipchip").arg("read").args(arguments).output().expect("the program starts")
}

fn objects(output: &Output) -> Vec<Value> {
    let said = String::from_utf8_lossy(&output.stdout);
    said.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect()
}

/// What the list says of this slot once a card is seen in it.
fn slot_with_card(pcscd: &PrivatePcscd, name: &str) -> Value {
    let begun = Instant::now();
    let looks = std::iter::repeat_with(|| objects(&run(pcscd, &["--list", "--json"])));
    let says = |slot: &Value, key, word| slot.get(key).is_some_and(|value| value == word);
    let seen = looks.take_while(|_| begun.elapsed() < SEEN_WITHIN).find_map(|listed| {
        let mut slots = listed.into_iter().filter(|slot| says(slot, "reader", name));
        slots.find(|slot| says(slot, "state", "card"))
    });
    seen.expect("a card is seen in time")
}

#[test]
fn the_list_says_what_lies_in_each_reader_and_what_the_notes_say_of_both() {
    if !stage_is_on("the_list_says_what_lies_in_each_reader_and_what_the_notes_say_of_both") {
        return;
    }
    let pcscd = PrivatePcscd::start(Readers::OneAndRefused).unwrap();
    let _card = InsertedCard::insert(&pcscd, "oldest-atr").unwrap();
    let slot = slot_with_card(&pcscd, FIRST_SLOT);
    assert_eq!(slot["grade"], "should-work");
    assert_eq!(slot["note"], Value::Null);
    assert_eq!(slot["atr"], "3B6800005448204E49442036");
    assert_eq!(slot["card_note"], "firmware-notes/cards/th-nid-6.md");
    let listed = objects(&run(&pcscd, &["--list", "--json"]));
    let refused = listed.iter().find(|slot| slot["reader"] == REFUSED_SLOT).unwrap();
    assert_eq!(refused["grade"], "refuse");
    assert_eq!(refused["state"], "empty");
    assert_eq!(refused["note"], "firmware-notes/readers/any-contactless.md");
    let text = String::from_utf8(run(&pcscd, &["--list"]).stdout).unwrap();
    for line in ["grade: refuse", "grade: should-work", "device: Contactless readers"] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[test]
fn a_card_in_a_refused_reader_does_not_hide_the_customers() {
    if !stage_is_on("a_card_in_a_refused_reader_does_not_hide_the_customers") {
        return;
    }
    let pcscd = PrivatePcscd::start(Readers::OneAndRefused).unwrap();
    let _telephone = InsertedCard::insert_into_refused(&pcscd, "bangkok").unwrap();
    slot_with_card(&pcscd, REFUSED_SLOT);
    let _card = InsertedCard::insert(&pcscd, "somchai").unwrap();
    let read = objects(&run(&pcscd, &["--json"]));
    assert_eq!(read[0]["reader"], FIRST_SLOT);
    assert_eq!(read[0]["citizen_id"], "x-xxxx-xxxxx-11-9");
}

#[test]
fn a_recording_of_a_card_holds_the_invented_person_and_is_made_once() {
    if !stage_is_on("a_recording_of_a_card_holds_the_invented_person_and_is_made_once") {
        return;
    }
    let pcscd = PrivatePcscd::start(Readers::One).unwrap();
    let _card = InsertedCard::insert(&pcscd, "bangkok").unwrap();
    slot_with_card(&pcscd, FIRST_SLOT);
    let file = pcscd.folder().join("card.rec");
    let record = ["--trace", "--record", file.to_str().unwrap()];
    let read = run(&pcscd, &record);
    let said = String::from_utf8_lossy(&read.stderr).into_owned();
    assert_eq!(read.status.code(), Some(0), "{said}");
    for words in ["recorded ", "atr=3B", "READ BINARY 0000", "status=9000"] {
        assert!(said.contains(words), "{words} in {said}");
    }
    let text = fs::read_to_string(&file).unwrap();
    let recording = Recording::parse(&text).unwrap();
    assert_eq!(recording.reader, FIRST_SLOT);
    assert!(recording.steps.len() > 20);
    let invented: String = b"1111111111119".iter().map(|byte| format!("{byte:02X}")).collect();
    assert!(text.contains(&invented));
    let found = Person::of_card("bangkok").found_in(said.as_bytes());
    assert!(found.is_empty(), "the trace holds {found:?}");
    let again = run(&pcscd, &record);
    assert_eq!(again.status.code(), Some(1), "a file that is there is not written over");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}
