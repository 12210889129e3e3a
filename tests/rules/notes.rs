//! Device notes: every one has a head that a program can read, closed in its keys, and five headings that
//! a technician can rely on.

use toml::{Table, Value};

use crate::findings;
use crate::tree::{self, File};

/// Which key a note of the folder is matched by.
const SHELVES: [(&str, &str); 5] = [
    ("readers", "reader"),
    ("cards", "card"),
    ("cameras", "camera"),
    ("scanners", "scanner"),
    ("printers", "printer"),
];

const GRADES: [&str; 3] = ["works", "should-work", "refuse"];

/// Milliseconds to wait after an insertion; more would be felt as a fault.
const SETTLE_MS_MAX: i64 = 5_000;

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
    let matched = SHELVES.iter().find(|(shelf, _)| *shelf == folder).map(|(_, key)| *key);
    let pattern = |key: &str| {
        let table = head.get("match")?.as_table().filter(|table| table.len() == 1)?;
        table.get(key)?.as_str().filter(|glob| glob.chars().any(char::is_alphanumeric))
    };
    if matched.and_then(pattern).is_none() {
        found.push("match is not the one pattern of its folder".to_owned());
    }
    if !head.get("grade").and_then(Value::as_str).is_some_and(|grade| GRADES.contains(&grade)) {
        found.push(format!("grade is none of {GRADES:?}"));
    }
    let set = head.get("set").map(Value::as_table);
    for (key, value) in set.flatten().into_iter().flatten() {
        let fits = value.as_integer().is_some_and(|ms| (0..=SETTLE_MS_MAX).contains(&ms));
        if key != "settle_ms" || !fits {
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
    let file = File { path: "firmware-notes/readers/x.md".to_owned(), text: text.to_owned() };
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
    check(&body, "no head");
}
