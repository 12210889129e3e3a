//! A whole journey in the machine: card through the real CCID driver, code through a real USB serial line,
//! the bank over HTTPS on the machine's loopback. The bank's decrypted record must say what the card says.

use std::fs::File;
use std::io::Write as _;

use serde_json::Value;
use simulator::bank::{Bank, Endpoint, Options};
use simulator::customer::{Hands, Manner};
use tests::personal::{Person, expected};

use crate::kiosk::{Codes, Kiosk};
use crate::machine::{Card, Service, stage_is_on};

/// The gadget's end of the serial line: what is written here, the scanner has scanned.
const SCANNED: &str = "/dev/ttyGS0";
const REFERENCE: &str = "SIM-0000-VM-0001";

#[derive(Default)]
struct Customer {
    card: Option<Card>,
}

impl Hands for Customer {
    fn insert_card(&mut self) {
        self.card = Some(Card::insert("full-photo").expect("a card goes in"));
    }

    fn show_code(&mut self) {
        let mut line = File::options().write(true).open(SCANNED).expect("the gadget is there");
        line.write_all(format!("{REFERENCE}\r").as_bytes()).expect("the scanner is plugged in");
    }

    fn face_camera(&mut self) {}
}

#[tokio::test]
async fn the_bank_receives_what_the_raw_card_says_through_real_drivers() {
    if !stage_is_on("the_bank_receives_what_the_raw_card_says_through_real_drivers") {
        return;
    }
    let _service = Service::start().expect("pcscd starts");
    let folder = tempfile::tempdir().expect("a folder");
    let bank = Bank::start(Options::default()).expect("the simulated bank starts");
    bank.write_files(&folder.path().join("bank")).expect("the credentials are written");
    let kiosk = Kiosk::start(folder, &bank.base_url(), Codes::Scanner);
    let customer = kiosk.customer().await;
    let mut hands = Customer::default();
    let walk = customer.walk(&mut hands, &Manner::default()).await.expect("a result");
    assert_eq!((walk.outcome.as_str(), walk.code.as_str()), ("done", "0000"), "{}", kiosk.log());

    let records = bank.records();
    let mut submits = records.iter().filter(|record| record.endpoint() == Endpoint::Submit);
    let submit = submits.next().expect("a submit").json();
    assert!(submits.next().is_none(), "expected one submit");
    let expected = expected("full-photo");
    for key in ["chipNo", "bp1No", "customerImage"] {
        assert!(submit.get(key) == expected.get(key), "{key}");
    }
    for (key, value) in expected.get("customerData").and_then(Value::as_object).expect("fields") {
        assert!(submit.pointer(&format!("/customerData/{key}")) == Some(value), "{key}");
    }
    let found =
        Person::of_card("full-photo").and_reference(REFERENCE).found_in(kiosk.log().as_bytes());
    assert!(found.is_empty(), "the log holds {found:?}");
    for stage in walk.stages {
        println!("{}: {} ms", stage.name, stage.time.as_millis());
    }
}
