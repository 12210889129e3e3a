//! How things are called: functions without `get_`, tests as sentences, derived traits in order. Names of
//! files are left to `layout`.

use crate::findings;
use crate::items::derived;
use crate::rust_file::{RustFile, in_a_name};

/// A sentence has a subject, a verb and something said of it.
const WORDS_MIN: usize = 3;

#[test]
fn no_function_is_called_get_or_is_not() {
    let findings: Vec<String> = RustFile::all().iter().flat_map(ill_named).collect();
    findings::none("a question is asked by its noun, and positively", &findings);
}

#[test]
fn the_name_of_every_test_is_a_sentence() {
    let findings: Vec<String> = RustFile::all().iter().flat_map(no_sentence).collect();
    findings::none("a test is named after what it shows", &findings);
}

#[test]
fn derived_traits_stand_in_alphabetical_order() {
    let findings: Vec<String> = RustFile::all().iter().flat_map(unsorted).collect();
    findings::none("derives are sorted", &findings);
}

fn ill_named(file: &RustFile) -> Vec<String> {
    let ill = |name: &str| name.starts_with("get_") || name.starts_with("is_not_");
    let named = file.lines().filter_map(|line| Some((line.number, function(line.code)?)));
    named.filter(|(_, name)| ill(name)).map(|(number, name)| file.at(number, name)).collect()
}

fn no_sentence(file: &RustFile) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = false;
    for line in file.lines() {
        let attribute = line.code.trim();
        waiting |= attribute.starts_with("#[test]") || attribute.starts_with("#[tokio::test");
        if let Some(name) = function(line.code).filter(|_| waiting) {
            waiting = false;
            let words = name.split('_').filter(|word| !word.is_empty()).count();
            if words < WORDS_MIN || name.starts_with("test_") {
                found.push(file.at(line.number, name));
            }
        }
    }
    found
}

fn function(code: &str) -> Option<&str> {
    let (before, after) = code.split_once("fn ")?;
    let end = after.find(|c: char| !in_a_name(c))?;
    let starts = before.is_empty() || before.ends_with(' ');
    after.get(..end).filter(|name| starts && !name.is_empty())
}

/// By the whole path or by its last part: both orders are seen as sorted.
fn unsorted(file: &RustFile) -> Vec<String> {
    let last = |name: &String| name.rsplit("::").next().unwrap_or_default().to_owned();
    let wrong = derived(file)
        .into_iter()
        .filter(|item| !item.traits.is_sorted() && !item.traits.is_sorted_by_key(last));
    wrong.map(|item| file.at(item.line, &item.traits.join(", "))).collect()
}

#[track_caller]
fn check(checker: fn(&RustFile) -> Vec<String>, text: &str, expected: usize) {
    let found = checker(&RustFile::new("crates/x/src/a.rs", text));
    assert_eq!(found.len(), expected, "{text}: {found:?}");
}

#[test]
fn a_getter_is_found() {
    check(ill_named, "pub fn get_name(&self) {}\nfn is_not_open() {}\nfn target_name() {}", 2);
}

#[test]
fn a_test_that_says_nothing_is_found() {
    check(no_sentence, "#[test]\nfn test_parse_name() {}\n#[test]\nfn parses() {}", 2);
    check(no_sentence, "#[test]\nfn a_short_name_is_refused() {}\nfn parses() {}", 0);
}

#[test]
fn derives_out_of_order_are_found() {
    check(unsorted, "#[derive(Debug, Clone)]\nstruct A;", 1);
    check(unsorted, "#[derive(Clone, Debug, thiserror::Error, PartialEq)]\nenum A { B }", 0);
    check(unsorted, "#[derive(Clone, Debug, PartialEq, thiserror::Error)]\nenum A { B }", 0);
}
