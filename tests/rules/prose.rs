//! Pages hold one sentence a line, so that a change shows as the sentence that changed.
//!
//! A heuristic: code, tables, headings and the heads of notes are left out, common abbreviations do not
//! end a sentence.

use crate::findings;
use crate::tree::{self, File};

/// Full stops that end no sentence.
const ABBREVIATIONS: [&str; 8] = ["e.g.", "i.e.", "etc.", "cf.", "vs.", "no.", "approx.", "ca."];

#[test]
fn pages_hold_one_sentence_a_line() {
    let files = tree::files_ending(".md");
    let findings: Vec<String> = files.iter().flat_map(crowded).collect();
    findings::none("one sentence a line", &findings);
}

fn crowded(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    let lines = prose(&file.text);
    for (at, (number, line)) in lines.iter().enumerate() {
        if sentences_meet(line) {
            found.push(format!("{}:{number}: two sentences", file.path));
        }
        let next = lines.get(at + 1).filter(|(next, _)| *next == number + 1);
        if next.is_some_and(|(_, next)| goes_on(line, next)) {
            found.push(format!("{}:{number}: the sentence goes on below", file.path));
        }
    }
    found
}

/// The lines of text with their numbers: no code, no table, no heading, no head of a note.
fn prose(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let (mut fenced, mut head) = (false, false);
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start().trim_start_matches("> ");
        let fence = line.starts_with("```") || line.starts_with("~~~");
        fenced ^= fence;
        head ^= line == "+++";
        let skipped = ["|", "#", "<", "+++"].iter().any(|start| line.starts_with(start));
        if !fenced && !head && !fence && !skipped && !line.is_empty() {
            lines.push((at + 1, without_code(line)));
        }
    }
    lines
}

/// Code between back ticks becomes one word, which may begin a sentence.
fn without_code(line: &str) -> String {
    let parts = line.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { "Code" } else { part }).collect()
}

fn sentences_meet(line: &str) -> bool {
    let text = line.trim_start_matches(|c: char| c.is_ascii_digit() || "-*+. ".contains(c));
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let begins = |next: &&str| {
            next.trim_start_matches(['(', '*', '_', '[', '"', '“'])
                .starts_with(|c: char| c.is_uppercase())
        };
        if ends(word) && words.peek().is_some_and(begins) {
            return true;
        }
    }
    false
}

fn ends(word: &str) -> bool {
    let bare = word.trim_end_matches([')', '*', '_', '"', '”']);
    let stop = bare.ends_with(['.', '!', '?']) && !bare.ends_with("..");
    stop && !ABBREVIATIONS.contains(&bare.to_lowercase().trim_start_matches('('))
}

fn goes_on(line: &str, next: &str) -> bool {
    let bare = line.trim_end_matches([')', '*', '_', '"']);
    let open = !bare.ends_with(['.', '!', '?', ':', ';', '|', '\\']);
    open && next.starts_with(|c: char| c.is_lowercase())
}

#[track_caller]
fn check(text: &str, expected: usize) {
    let file = File { path: "a.md".to_owned(), text: text.to_owned() };
    let found = crowded(&file);
    assert_eq!(found.len(), expected, "{text}: {found:?}");
}

#[test]
fn two_sentences_on_a_line_are_found() {
    check("It reads. It writes.", 1);
    check("- Stop it! **Then** go.", 1);
    check("Run it. `dipchip` starts.", 1);
}

#[test]
fn a_sentence_over_two_lines_is_found() {
    check("It reads the card\nand writes.", 1);
    check("**Reading.**\npcscd must run.", 0);
}

#[test]
fn what_is_no_prose_is_left_alone() {
    check("1. Read it, e.g. A card.\n2. Version 1.2 of it.", 0);
    check("| a. B | c. D |\n```\nIt reads. It writes.\n```\n# A. B", 0);
    check("+++\nset = 1. Two\n+++\nText.\nMore text.", 0);
    check("One `a. B` here.\n\nlower case after a blank line.", 0);
}
