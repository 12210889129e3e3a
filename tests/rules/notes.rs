//! Device notes: every one has a head that a program can read, closed in its keys, and five headings that
//! a technician can rely on.

use std::ops::RangeInclusive;

use toml::{Table, Value};

use crate::findings;
use crate::tree::{self, File};

/// A folder: the key that its notes are matched by, and the keys that they may set, each with its bounds.
struct Shelf {
    folder: &'static str,
    key: &'static str,
    set: &'static [(&'static str, RangeInclusive<i64>)],
}

/// The page says what each key means.
const SHELVES: [Shelf; 6] = [
    Shelf {
        folder: "readers",
        key: "reader",
        set: &[
            ("settle_ms", 0..=5_000),
            ("identity_within_ms", 1_000..=20_000),
            ("hanging_max", 1..=255),
        ],
    },
    Shelf { folder: "cards", key: "atr", set: &[("get_response_p2", 0..=255)] },
    Shelf { folder: "cameras", key: "camera", set: &[] },
    Shelf { folder: "scanners", key: "scanner", set: &[] },
    Shelf { folder: "printers", key: "printer", set: &[] },
    Shelf { folder: "services", key: "fault", set: &[] },
];

const PAGE: &str = "firmware-notes/README.md";

const GRADES: [&str; 3] = ["works", "should-work", "refuse"];

const HEADINGS: [&str; 4] =
    ["## Symptom", "## Evidence", "## What the agent does", "## Retire when"];

#[test]
fn every_device_note_has_a_readable_head_and_its_five_headings() {
    let files = tree::files_ending(".md");
    let notes = files.iter().filter(|file| is_note(&file.path));
    let findings: Vec<String> = notes.flat_map(faults).collect();
    findings::none("a note is read by programs and by people", &findings);
}

#[test]
fn there_are_device_notes_at_all() {
    assert!(tree::paths().iter().any(|path| is_note(path)));
}

/// Folders and keys that the page does not explain.
fn unexplained(page: &str) -> Vec<String> {
    let folders = SHELVES.iter().map(|shelf| format!("| `{}/` | `{}` |", shelf.folder, shelf.key));
    let keys = SHELVES.iter().flat_map(|shelf| shelf.set);
    let keys = keys.map(|(key, _)| format!("| `set.{key}` |"));
    let rows = folders.chain(keys);
    rows.filter(|row| !page.contains(row)).map(|row| format!("{PAGE}: no row {row}")).collect()
}

#[test]
fn the_page_explains_every_folder_and_every_key() {
    let files = tree::files_ending(".md");
    let page = files.iter().find(|file| file.path == PAGE).expect("there is such a page");
    findings::none("a key that nobody explains is used by nobody", &unexplained(&page.text));
    assert!(!unexplained(&page.text.replace("settle_ms", "settle")).is_empty());
}

fn is_note(path: &str) -> bool {
    path.starts_with("firmware-notes/") && path.ends_with(".md") && !path.ends_with("README.md")
}

fn faults(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    let body = match file.text.strip_prefix("+++\n").and_then(|text| text.split_once("\n+++\n")) {
        Some((head, body)) => {
            match head.parse::<Table>() {
                Ok(head) => found.extend(head_faults(&file.path, &head)),
                Err(error) => found.push(format!("head is not TOML: {}", error.message())),
            }
            body
        }
        None => {
            found.push("no head between +++ and +++".to_owned());
            file.text.as_str()
        }
    };
    found.extend(heading_faults(body));
    found.into_iter().map(|what| format!("{}: {what}", file.path)).collect()
}

fn head_faults(path: &str, head: &Table) -> Vec<String> {
    let mut found = Vec::new();
    for key in head.keys().filter(|key| !["match", "grade", "set"].contains(&key.as_str())) {
        found.push(format!("unknown key {key}"));
    }
    let folder = path.split('/').nth(1).unwrap_or_default();
    let shelf = SHELVES.iter().find(|shelf| shelf.folder == folder);
    let pattern = |shelf: &Shelf| {
        let table = head.get("match")?.as_table().filter(|table| table.len() == 1)?;
        table.get(shelf.key)?.as_str().filter(|glob| glob.chars().any(char::is_alphanumeric))
    };
    if shelf.and_then(pattern).is_none() {
        found.push("match is not the one pattern of its folder".to_owned());
    }
    if !head.get("grade").and_then(Value::as_str).is_some_and(|grade| GRADES.contains(&grade)) {
        found.push(format!("grade is none of {GRADES:?}"));
    }
    let set = head.get("set").map(Value::as_table);
    for (key, value) in set.flatten().into_iter().flatten() {
        let keys = shelf.map_or(&[][..], |shelf| shelf.set);
        let bounds = keys.iter().find(|(known, _)| known == key).map(|(_, bounds)| bounds);
        let number = value.as_integer();
        if !bounds.zip(number).is_some_and(|(bounds, number)| bounds.contains(&number)) {
            found.push(format!("set.{key} = {value}"));
        }
    }
    found
}

fn heading_faults(body: &str) -> Vec<String> {
    let headings: Vec<&str> = body.lines().filter(|line| line.starts_with('#')).collect();
    let right = match headings.split_first() {
        Some((title, rest)) => title.starts_with("# ") && rest == HEADINGS,
        None => false,
    };
    if right { Vec::new() } else { vec![format!("headings are {headings:?}")] }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    check_in("readers", text, expected);
}

#[track_caller]
fn check_in(folder: &str, text: &str, expected: &str) {
    let file = File { path: format!("firmware-notes/{folder}/x.md"), text: text.to_owned() };
    let found = faults(&file).join("; ");
    assert!(found.contains(expected) && found.is_empty() == expected.is_empty(), "{found}");
}

#[test]
fn a_note_with_a_wrong_head_or_wrong_headings_is_found() {
    let body = format!("# X\n{}\n", HEADINGS.join("\ntext\n"));
    let right = "match = { reader = \"X*\" }\ngrade = \"works\"\nset = { settle_ms = 600 }";
    check(&format!("+++\n{right}\n+++\n{body}"), "");
    check(&format!("+++\n{right}\nspeed = 1\n+++\n{body}"), "unknown key speed");
    check(&format!("+++\n{}\n+++\n{body}", right.replace("works", "fine")), "grade is none");
    check(&format!("+++\n{}\n+++\n{body}", right.replace("reader", "camera")), "match is not");
    check(&format!("+++\n{}\n+++\n{body}", right.replace("600", "60000")), "set.settle_ms");
    check(&format!("+++\n{right}\n+++\n{}", body.replace("## Evidence", "")), "headings are");
    check_in("cards", &format!("+++\n{right}\n+++\n{body}"), "match is not");
    let card = right.replace("reader", "atr");
    check_in("cards", &format!("+++\n{card}\n+++\n{body}"), "set.settle_ms");
    let card = card.replace("settle_ms = 600", "get_response_p2 = 1");
    check_in("cards", &format!("+++\n{card}\n+++\n{body}"), "");
    check_in("benches", &format!("+++\n{right}\n+++\n{body}"), "match is not");
    check(&body, "no head");
}
