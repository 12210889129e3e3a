//! Cards of `tests/cards`, read through a real pcscd: what their raw bytes say, and how they fail.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;
use tests::pcscd::{FIRST_SLOT, InsertedCard, PrivatePcscd, Readers, stage_is_on};

/// A service with a card of this name in its reader.
struct Desk {
    // Dropped in this order: first the card goes out, then the service ends.
    card: InsertedCard,
    pcscd: PrivatePcscd,
}

impl Desk {
    fn with(name: &str) -> Self {
        let pcscd = PrivatePcscd::start(Readers::One).expect("pcscd starts");
        let card = InsertedCard::insert(&pcscd, name).expect("the simulator starts");
        Self { card, pcscd }
    }

    fn read(&self, arguments: &[&str]) -> Output {
        self.pcscd
            .command("dipchip")
            .arg("read")
            .args(arguments)
            .output()
            .expect("the program starts")
    }
}

/// What the raw bytes of the card say, decoded outside Rust.
fn expected(name: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("cards/expected/{name}.json"));
    let text = fs::read_to_string(file).expect("the card's values are there");
    serde_json::from_str(&text).expect("the values are JSON")
}

#[track_caller]
fn object(output: &Output, exit: i32) -> Value {
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(exit),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_str(&said).expect("the program prints one object")
}

#[test]
fn a_card_is_read_as_its_bytes_say() {
    if !stage_is_on("a_card_is_read_as_its_bytes_say") {
        return;
    }
    for name in ["somchai", "bangkok"] {
        let read = object(&Desk::with(name).read(&["--json", "--reveal"]), 0);
        let expected = expected(name);
        assert_eq!(read["reader"], FIRST_SLOT);
        assert_eq!(read["chip_number"], expected["chipNo"]);
        assert_eq!(read["bp1_number"], expected["bp1No"]);
        for (ours, theirs) in [
            ("citizen_id", "citizenId"),
            ("thai_prefix", "prefixTH"),
            ("thai_last", "lastNameTH"),
            ("english_first", "firstNameEN"),
            ("english_last", "lastNameEN"),
            ("province", "province"),
            ("district", "district"),
            ("sub_district", "subDistrict"),
            ("road", "road"),
            ("moo", "moo"),
            ("house_number", "addrNo"),
        ] {
            assert_eq!(read[ours], expected["customerData"][theirs], "{ours} of {name}");
        }
    }
}

#[test]
fn without_being_told_to_nothing_of_the_person_is_shown() {
    if !stage_is_on("without_being_told_to_nothing_of_the_person_is_shown") {
        return;
    }
    let desk = Desk::with("somchai");
    let expected = expected("somchai");
    for arguments in [&["--json"][..], &[]] {
        let output = desk.read(arguments);
        assert_eq!(output.status.code(), Some(0));
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        for key in ["citizenId", "firstNameTH", "lastNameTH", "lastNameEN", "district", "addrNo"] {
            let personal = expected["customerData"][key].as_str().unwrap();
            assert!(!said.contains(personal), "{key} in {said}");
        }
    }
}

#[test]
fn a_card_that_comes_while_it_is_awaited_is_read() {
    if !stage_is_on("a_card_that_comes_while_it_is_awaited_is_read") {
        return;
    }
    let pcscd = PrivatePcscd::start(Readers::One).unwrap();
    let mut command = pcscd.command("dipchip");
    command.args(["read", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut reading = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(reading.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let _card = InsertedCard::insert(&pcscd, "somchai").unwrap();
    let read = object(&reading.wait_with_output().unwrap(), 0);
    assert_eq!(read["citizen_id"], "x-xxxx-xxxxx-11-9");
}

#[test]
fn an_old_card_is_named() {
    if !stage_is_on("an_old_card_is_named") {
        return;
    }
    assert_eq!(object(&Desk::with("old-layout").read(&["--json"]), 1)["code"], "OLD_CARD");
}

#[test]
fn a_card_with_damaged_text_is_named() {
    if !stage_is_on("a_card_with_damaged_text_is_named") {
        return;
    }
    assert_eq!(object(&Desk::with("bad-text").read(&["--json"]), 1)["code"], "CARD_DATA_INVALID");
}

#[test]
fn a_card_that_hangs_does_not_hang_the_program() {
    if !stage_is_on("a_card_that_hangs_does_not_hang_the_program") {
        return;
    }
    let desk = Desk::with("somchai");
    desk.card.hang().unwrap();
    let code = &object(&desk.read(&["--json"]), 1)["code"];
    assert_eq!(code, "READER_HUNG");
}

#[test]
fn a_card_pulled_at_any_exchange_is_told_as_removed() {
    if !stage_is_on("a_card_pulled_at_any_exchange_is_told_as_removed") {
        return;
    }
    for exchange in [1, 2, 4, 7, 10, 12, 20] {
        let desk = Desk::with("somchai");
        desk.card.order(&format!("remove-at {exchange}")).unwrap();
        let read = object(&desk.read(&["--json"]), 1);
        assert_eq!(read["code"], "CARD_REMOVED", "at exchange {exchange}");
    }
}
