//! Several readers at once: which card is read, by preference, and by what a reader may be named.

use std::fs;

use serde_json::Value;
use tests::pcscd::{FIRST_SLOT, InsertedCard, PrivatePcscd, Readers, SECOND_SLOT, stage_is_on};

/// The reader of the card that is read when these are allowed.
#[track_caller]
fn check(pcscd: &PrivatePcscd, allow: &str, expected: &str) {
    let config = include_str!("../../config/demo.toml");
    let file = pcscd.folder().join("dipchip.toml");
    fs::write(&file, format!("{config}\n[reader]\nallow = {allow}\n")).expect("a writable folder");
    let mut command = pcscd.command("dipchip");
    command.args(["read", "--json", "--config"]).arg(&file);
    let output = command.output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let read: Value = serde_json::from_str(&said).unwrap_or_default();
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(read.get("reader").and_then(Value::as_str), Some(expected), "{allow}: {said}{log}");
}

#[test]
fn the_preferred_of_two_readers_wins_and_the_other_is_used_while_it_is_empty() {
    if !stage_is_on("the_preferred_of_two_readers_wins_and_the_other_is_used_while_it_is_empty") {
        return;
    }
    let pcscd = PrivatePcscd::start(Readers::One).expect("pcscd starts");
    let first = InsertedCard::insert(&pcscd, "somchai").expect("a card goes in");
    let preferred = "[\"Virtual PCD 00 01\", \"Virtual PCD*\"]";
    check(&pcscd, preferred, FIRST_SLOT);
    let second = InsertedCard::insert_second(&pcscd, "bangkok").expect("a card goes in");
    // Both are in: only an order decides.
    until_listed(&pcscd, "card", 2);
    check(&pcscd, preferred, SECOND_SLOT);
    check(&pcscd, "[\"Virtual PCD 00 00\", \"Virtual PCD*\"]", FIRST_SLOT);
    check(&pcscd, "[\"Virtual PCD 00 01\"]", SECOND_SLOT);
    // A virtual reader is at no port: a pattern that names one fits nothing and spoils nothing.
    check(&pcscd, "[\"usb:1-2.3\", \"Virtual PCD 00 01\"]", SECOND_SLOT);
    drop(first);
    drop(second);
}

/// Waits until so many readers are listed so; each look takes a process, which is wait enough.
fn until_listed(pcscd: &PrivatePcscd, word: &str, readers: usize) {
    for _ in 0..LOOKS_MAX {
        if listed(pcscd, word) == readers {
            return;
        }
    }
    assert_eq!(listed(pcscd, word), readers, "pcscd sees it");
}

/// A look takes some tens of milliseconds, and pcscd looks every 400.
const LOOKS_MAX: usize = 500;

/// How many readers are in this state.
pub(crate) fn listed(pcscd: &PrivatePcscd, word: &str) -> usize {
    let listed = pcscd.command("dipchip").args(["read", "--list", "--json"]).output();
    let said = listed.expect("the program starts").stdout;
    String::from_utf8_lossy(&said).matches(&format!("\"state\":\"{word}\"")).count()
}
