//! The notes' form, the matching of names, and that the program's list of notes is the folder's.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::note::{HEADINGS, fits};
use super::{Grade, NOTES, Peripheral, QuirkError, Quirks};
use crate::ports::ReaderError;

const HEAD: &str =
    "match = { reader = \"Example*44 00\" }\ngrade = \"works\"\nset = { settle_ms = 600 }";

fn body() -> String {
    format!("# An Example 44\n\nIt reads.\n\n{}\n", HEADINGS.join("\n\nWords.\n\n"))
}

fn note(head: &str, body: &str) -> String {
    format!("+++\n{head}\n+++\n{body}")
}

#[track_caller]
fn refused(text: &str) -> String {
    let error = Quirks::parse(&[("readers/x.md", text)]).expect_err("the note is not right");
    error.to_string()
}

#[test]
fn a_note_is_found_by_its_pattern_in_any_letter_case() {
    let text = note(HEAD, &body());
    let quirks = Quirks::parse(&[("readers/x.md", &text)]).unwrap();
    let quirk = quirks.for_reader("EXAMPLE Reader 44 00");
    assert_eq!((quirk.grade, quirk.settle), (Grade::Works, Duration::from_millis(600)));
    let [note] = quirk.notes.as_slice() else { panic!("one note") };
    assert_eq!((note.path.as_str(), note.title.as_str()), ("readers/x.md", "An Example 44"));
}

#[test]
fn a_reader_without_a_note_should_work_and_is_not_waited_for() {
    let quirk = Quirks::default().for_reader("Any Reader 00 00");
    assert_eq!((quirk.grade, quirk.settle), (Grade::ShouldWork, Duration::ZERO));
    assert_eq!((quirk.identity_within, quirk.hanging_max, quirk.notes), (None, None, Vec::new()));
}

#[test]
fn of_several_notes_each_key_comes_from_the_most_exact_one_that_sets_it() {
    let family = note(
        "match = { reader = \"Example*\" }\ngrade = \"refuse\"\n\
         set = { settle_ms = 100, hanging_max = 1, identity_within_ms = 5000 }",
        &body(),
    );
    let model = note(HEAD, &body());
    for notes in [[("a.md", &*family), ("b.md", &*model)], [("b.md", &*model), ("a.md", &*family)]]
    {
        let quirks = Quirks::parse(&notes).unwrap();
        let quirk = quirks.for_reader("Example 44 00");
        assert_eq!((quirk.grade, quirk.settle), (Grade::Works, Duration::from_millis(600)));
        assert_eq!(quirk.hanging_max, Some(1));
        assert_eq!(quirk.identity_within, Some(Duration::from_secs(5)));
        let paths: Vec<_> = quirk.notes.iter().map(|note| note.path.as_str()).collect();
        assert_eq!(paths, ["b.md", "a.md"]);
        assert_eq!(quirks.for_reader("Example 45 00").grade, Grade::Refuse);
    }
}

#[test]
fn a_card_is_known_by_its_answer_to_reset() {
    let head = "match = { atr = \"3B68*20\" }\ngrade = \"works\"\nset = { get_response_p2 = 1 }";
    let text = note(head, &body());
    let quirks = Quirks::parse(&[("cards/x.md", &text)]).unwrap();
    assert_eq!(quirks.for_card(&[0x3B, 0x68, 0x00, 0x20]).get_response_p2, Some(1));
    let other = quirks.for_card(&[0x3B, 0x68, 0x00]);
    assert_eq!((other.get_response_p2, other.notes.len()), (None, 0));
}

#[test]
fn a_fault_and_a_peripheral_have_their_notes() {
    let fault = note("match = { fault = \"refused\" }\ngrade = \"works\"", &body());
    let camera = note("match = { camera = \"/dev/video9*\" }\ngrade = \"refuse\"", &body());
    let quirks = Quirks::parse(&[("services/x.md", &fault), ("cameras/y.md", &camera)]).unwrap();
    assert_eq!(quirks.for_fault(ReaderError::Refused).count(), 1);
    assert_eq!(quirks.for_fault(ReaderError::Gone).count(), 0);
    let found = quirks.for_peripheral(Peripheral::Camera, "/dev/video91");
    assert!(
        found.is_some_and(|(grade, note)| grade == Grade::Refuse && note.path == "cameras/y.md")
    );
    assert!(quirks.for_peripheral(Peripheral::Scanner, "/dev/video91").is_none());
}

#[test]
fn a_key_is_one_of_its_folder() {
    let check = |path: &str, head: &str, expected: &str| {
        let text = note(head, &body());
        let error = Quirks::parse(&[(path, &text)]).expect_err("the note is not right");
        assert!(error.to_string().starts_with(&format!("{path}:{expected}")), "{error}");
    };
    let reader = "match = { reader = \"Example\" }\ngrade = \"works\"";
    let card = "match = { atr = \"3B00*\" }\ngrade = \"works\"";
    let fault = "match = { fault = \"gone\" }\ngrade = \"works\"";
    check("cards/x.md", reader, "2: came a match of the folder readers/, expected one of cards/");
    check("benches/x.md", reader, "2: came a match of the folder readers/");
    let set = |head: &str, key: &str| format!("{head}\nset = {{ {key} = 1000 }}");
    check("cards/x.md", &set(card, "settle_ms"), "4: unknown field `settle_ms`");
    check("readers/x.md", &set(reader, "get_response_p2"), "4: unknown field `get_response_p2`");
    check("services/x.md", &set(fault, "settle_ms"), "4: unknown field `settle_ms`");
    check("cards/x.md", &set(card, "get_response_p2"), "4: invalid value: integer `1000`");
    check("readers/x.md", &format!("{reader}\nset = {{ hanging_max = 0 }}"), "4: invalid value");
    check("cards/x.md", &card.replace("works", "refuse"), "3: came grade refuse");
    check("cards/x.md", &card.replace("3B00", "3B0G"), "2: came \"3B0G*\", expected hexadecimal");
    check("readers/x.md", &reader.replace("Example", "*"), "2: came \"*\", expected a part");
    check("services/x.md", &fault.replace("gone", "lost"), "2: unknown variant `lost`");
}

#[test]
fn an_unknown_key_is_refused_at_its_line() {
    let found = refused(&note(&HEAD.replace("settle_ms", "settle_s"), &body()));
    assert!(found.starts_with("readers/x.md:4: unknown field `settle_s`"), "{found}");
    let found = refused(&note(&format!("{HEAD}\nspeed = 1"), &body()));
    assert!(found.starts_with("readers/x.md:5: unknown field `speed`"), "{found}");
    let found = refused(&note(&HEAD.replace("reader", "slot"), &body()));
    assert!(found.starts_with("readers/x.md:2: unknown variant `slot`"), "{found}");
}

#[test]
fn a_wrong_value_is_refused_at_its_line() {
    let found = refused(&note(&HEAD.replace("works", "fine"), &body()));
    assert!(found.starts_with("readers/x.md:3: unknown variant `fine`"), "{found}");
    let found = refused(&note(&HEAD.replace("600", "5001"), &body()));
    assert_eq!(found, "readers/x.md:4: came 5001, expected 0 to 5000");
    let found = refused(&note(&HEAD.replace("600", "-1"), &body()));
    assert!(found.starts_with("readers/x.md:4: "), "{found}");
}

#[test]
fn a_note_without_a_head_is_refused() {
    assert!(refused(&body()).starts_with("readers/x.md:1: came no head"));
    assert!(refused(&format!("+++\n{HEAD}\n")).starts_with("readers/x.md:1: came no head"));
}

#[test]
fn each_heading_must_be_there_in_its_place() {
    let check = |from: &str, to: &str, line: usize, came: &str, expected: &str| {
        let found = refused(&note(HEAD, &body().replace(from, to)));
        let right =
            format!("readers/x.md:{line}: came {came:?}, expected the heading {expected:?}");
        assert_eq!(found, right);
    };
    check("# An Example 44", "", 10, "## Symptom", "# Title");
    check("## Evidence", "## Evidenz", 14, "## Evidenz", "## Evidence");
    check("## Retire when", "", 22, "", "## Retire when");
}

#[test]
fn a_sixth_heading_is_refused() {
    let text = note(HEAD, &format!("{}## Thanks\n", body()));
    let error = Quirks::parse(&[("readers/x.md", &text)]).expect_err("one heading too many");
    assert!(matches!(error, QuirkError::Heading { line: 23, .. }), "{error}");
}

#[test]
fn a_star_stands_for_any_run_of_characters() {
    for (pattern, name, expected) in [
        ("example", "example", true),
        ("example", "example 0", false),
        ("example*", "example", true),
        ("*0", "example 0", true),
        ("ex*le*0", "example 10", true),
        ("ex*le*0", "example", false),
        ("a*a", "a", false),
        ("*", "", true),
        ("a**c", "abc", true),
    ] {
        assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
    }
}

#[test]
fn the_program_knows_every_note_of_the_folder() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut there = Vec::new();
    for shelf in fs::read_dir(top.join("firmware-notes")).unwrap() {
        let shelf = shelf.unwrap().path();
        for note in fs::read_dir(&shelf).into_iter().flatten() {
            let note = note.unwrap().path();
            there.push(note.strip_prefix(&top).unwrap().to_str().unwrap().to_owned());
        }
    }
    there.sort();
    assert_eq!(NOTES.map(|(path, _)| path.to_owned()).as_slice(), there);
}

#[test]
fn every_note_of_the_program_can_be_read_and_is_found_by_its_own_pattern() {
    let quirks = Quirks::builtin();
    let (readers, cards) = (quirks.readers.len(), quirks.cards.len());
    let all = readers + cards + quirks.peripherals.len() + quirks.services.len();
    assert_eq!(all, NOTES.len());
    for entry in &quirks.readers {
        let found = quirks.for_reader(&entry.pattern.replace('*', " 0 "));
        assert!(found.notes.contains(&entry.note), "{}", entry.note.path);
    }
    for (kind, entry) in &quirks.peripherals {
        let found = quirks.for_peripheral(*kind, &entry.pattern.replace('*', "0"));
        assert_eq!(found.map(|(_, note)| note), Some(&entry.note));
    }
    let quirk = quirks.for_card(&[0x3B, 0x67, 0x00, 0x00]);
    assert_eq!(quirk.get_response_p2, Some(1));
}

#[test]
fn names_from_the_field_are_found_by_the_notes_that_mean_them() {
    for (name, grade) in [
        ("Virtual PCD 00 00", Grade::ShouldWork),
        ("Example F CL Reader [Example F CL Reader] (552) 00 00", Grade::Refuse),
        ("Some Dual Reader PICC 0", Grade::Refuse),
        ("Some Dual Reader [Some Dual Reader SAM] 01 00", Grade::Refuse),
        ("Some Dual Reader 00 00", Grade::ShouldWork),
        ("Samsung Smart Card Reader 0", Grade::ShouldWork),
    ] {
        assert_eq!(Quirks::builtin().for_reader(name).grade, grade, "{name}");
    }
}
