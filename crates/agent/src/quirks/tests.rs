//! The notes' form, the matching of names, and that the program's list of notes is the folder's.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::{Grade, HEADINGS, NOTES, QuirkError, Quirks, fits};

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
    let note = quirk.note.unwrap();
    assert_eq!((note.path.as_str(), note.title.as_str()), ("readers/x.md", "An Example 44"));
}

#[test]
fn a_reader_without_a_note_should_work_and_is_not_waited_for() {
    let quirk = Quirks::default().for_reader("Any Reader 00 00");
    assert_eq!((quirk.grade, quirk.settle, quirk.note), (Grade::ShouldWork, Duration::ZERO, None));
}

#[test]
fn of_two_notes_the_more_exact_one_speaks() {
    let family = note("match = { reader = \"Example*\" }\ngrade = \"refuse\"", &body());
    let model = note(HEAD, &body());
    for notes in [[("a.md", &*family), ("b.md", &*model)], [("b.md", &*model), ("a.md", &*family)]]
    {
        let quirks = Quirks::parse(&notes).unwrap();
        assert_eq!(quirks.for_reader("Example 44 00").grade, Grade::Works);
        assert_eq!(quirks.for_reader("Example 45 00").grade, Grade::Refuse);
    }
}

#[test]
fn an_unknown_key_is_refused_at_its_line() {
    let found = refused(&note(&HEAD.replace("settle_ms", "settle_s"), &body()));
    assert!(found.starts_with("readers/x.md:4: unknown field `settle_s`"), "{found}");
    let found = refused(&note(&format!("{HEAD}\nspeed = 1"), &body()));
    assert!(found.starts_with("readers/x.md:5: unknown field `speed`"), "{found}");
    let found = refused(&note(&HEAD.replace("reader", "camera"), &body()));
    assert!(found.starts_with("readers/x.md:2: unknown field `camera`"), "{found}");
}

#[test]
fn a_wrong_value_is_refused_at_its_line() {
    let found = refused(&note(&HEAD.replace("works", "fine"), &body()));
    assert!(found.starts_with("readers/x.md:3: unknown variant `fine`"), "{found}");
    let found = refused(&note(&HEAD.replace("600", "5001"), &body()));
    assert_eq!(found, "readers/x.md:4: came 5001, expected at most 5000");
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
    assert_eq!(quirks.readers.len(), NOTES.len());
    for note in &quirks.readers {
        let found = quirks.for_reader(&note.pattern.replace('*', " 0 "));
        assert_eq!(found, note.quirk);
    }
}
