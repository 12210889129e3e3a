//! Cards read through the kernel's USB stack and the real CCID driver: every exchange as a T=0 reader makes
//! it, `61 xx` and GET RESPONSE included.

use std::process::{Command, Output};

use serde_json::Value;
use tests::pcscd::program;
use tests::sheet::differences;

use crate::machine::{Card, Service, stage_is_on};

/// The exchanges of the photo begin well before this one, and end well after.
const AMID_THE_PHOTO: u32 = 30;

fn read() -> Output {
    Command::new(program("dipchip"))
        .args(["read", "--json", "--reveal"])
        .output()
        .expect("the program starts")
}

#[track_caller]
fn object(output: &Output, exit: i32) -> Value {
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{said}{complained}");
    serde_json::from_str(&said).expect("the program prints one object")
}

#[test]
fn cards_are_read_as_their_bytes_say() {
    if !stage_is_on("cards_are_read_as_their_bytes_say") {
        return;
    }
    let _service = Service::start().expect("pcscd starts");
    let card = Card::insert("somchai").expect("a card goes in");
    for (number, name) in ["somchai", "full-photo", "address-160", "oldest-atr"].iter().enumerate()
    {
        if number > 0 {
            card.swap(name).expect("another card goes in");
        }
        let sheet = object(&read(), 0);
        assert_eq!(differences(&sheet, name), [""; 0], "{name}");
        let number = |key: &str| sheet.get(key).and_then(Value::as_u64).unwrap_or_default();
        println!(
            "{name}: photo of {} bytes, {} exchanges, identifier {} ms, text {} ms, all {} ms",
            number("photo_bytes"),
            card.exchanges(),
            number("identity_ms"),
            number("text_ms"),
            number("all_ms"),
        );
    }
}

#[test]
fn a_card_pulled_amid_its_photo_is_told_as_removed_and_the_next_is_read() {
    if !stage_is_on("a_card_pulled_amid_its_photo_is_told_as_removed_and_the_next_is_read") {
        return;
    }
    let _service = Service::start().expect("pcscd starts");
    let card = Card::insert("full-photo").expect("a card goes in");
    card.remove_at(AMID_THE_PHOTO);
    let failure = object(&read(), 1);
    assert_eq!(failure.get("code").and_then(Value::as_str), Some("CARD_REMOVED"));
    card.swap("somchai").expect("another card goes in");
    assert_eq!(differences(&object(&read(), 0), "somchai"), [""; 0]);
}
