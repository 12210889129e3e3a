//! What the program says when the service, the reader or the card is missing.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Output, Stdio};

use tests::pcscd::{FIRST_SLOT, PrivatePcscd, Readers, stage_is_on};

/// The demonstration's configuration, with other readers allowed.
fn config_allowing(pcscd: &PrivatePcscd, readers: &str) -> String {
    let config = include_str!("../../config/demo.toml");
    let file = pcscd.folder().join("dipchip.toml");
    fs::write(&file, format!("{config}\n[reader]\nallow = {readers}\n"))
        .expect("the test's folder can be written");
    file.to_string_lossy().into_owned()
}

fn run(pcscd: &PrivatePcscd, arguments: &[&str]) -> Output {
    pcscd.command("dipchip").args(arguments).output().expect("the program can be started")
}

#[track_caller]
fn check(output: &Output, exit: i32, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(exit),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for word in words {
        assert!(said.contains(word), "{word} not in {said}");
    }
}

#[test]
fn readers_are_listed_with_what_lies_in_them() {
    if !stage_is_on("readers_are_listed_with_what_lies_in_them") {
        return;
    }
    let pcscd = PrivatePcscd::start(Readers::One).unwrap();
    let listed = run(&pcscd, &["read", "--list", "--json"]);
    let first =
        format!("{{\"reader\":\"{FIRST_SLOT}\",\"state\":\"empty\",\"grade\":\"should-work\"}}\n");
    check(&listed, 0, &[first.as_str()]);
}

#[test]
fn a_machine_without_a_reader_says_so() {
    if !stage_is_on("a_machine_without_a_reader_says_so") {
        return;
    }
    let pcscd = PrivatePcscd::start(Readers::None).unwrap();
    let config = config_allowing(&pcscd, "[\"Virtual PCD*\"]");
    let read = run(&pcscd, &["read", "--json", "--config", &config]);
    check(&read, 1, &["\"code\":\"READER_GONE\"", "\"thai\":\"", "\"remedy_english\":\""]);
}

#[test]
fn a_reader_that_is_not_allowed_is_none() {
    if !stage_is_on("a_reader_that_is_not_allowed_is_none") {
        return;
    }
    let pcscd = PrivatePcscd::start(Readers::One).unwrap();
    let config = config_allowing(&pcscd, "[\"Another Reader*\"]");
    check(&run(&pcscd, &["read", "--json", "--config", &config]), 1, &["READER_GONE"]);
}

#[test]
fn a_service_that_dies_while_a_card_is_awaited_ends_the_wait() {
    if !stage_is_on("a_service_that_dies_while_a_card_is_awaited_ends_the_wait") {
        return;
    }
    let mut pcscd = PrivatePcscd::start(Readers::One).unwrap();
    let mut command = pcscd.command("dipchip");
    command.args(["read", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut reading = command.spawn().unwrap();
    let mut said = BufReader::new(reading.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert_eq!(line, "insert the card\n");
    pcscd.kill();
    check(&reading.wait_with_output().unwrap(), 1, &["\"code\":\"READER_SERVICE_DOWN\""]);
}

#[test]
fn a_service_that_comes_back_is_used_again() {
    if !stage_is_on("a_service_that_comes_back_is_used_again") {
        return;
    }
    let mut pcscd = PrivatePcscd::start(Readers::One).unwrap();
    pcscd.kill();
    check(&run(&pcscd, &["read", "--list"]), 1, &["code: READER_SERVICE_DOWN"]);
    pcscd.restart().unwrap();
    check(&run(&pcscd, &["read", "--list"]), 0, &[FIRST_SLOT, "state: empty"]);
}

#[test]
fn the_diagnosis_finds_the_service_down() {
    if !stage_is_on("the_diagnosis_finds_the_service_down") {
        return;
    }
    let mut pcscd = PrivatePcscd::start(Readers::None).unwrap();
    pcscd.kill();
    check(&run(&pcscd, &["diagnose", "--json"]), 1, &["\"reader\"", "\"fault\"", "systemctl"]);
}
