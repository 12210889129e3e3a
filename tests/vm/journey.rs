//! Whole journeys in the machine: card through the real CCID driver, code through a real USB serial line or, with
//! the face, through the real camera driver, the bank over HTTPS on the machine's loopback. The bank's decrypted
//! record must say what the card says.

use std::fs::File;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use simulator::bank::{Bank, Endpoint, Face, Options};
use simulator::customer::{Hands, Manner, Walk};
use tests::camera::picture;
use tests::personal::{Person, expected};
use vision::{Frame, SelfieGate, Verdict};

use crate::kiosk::{Codes, Kiosk};
use crate::machine::{Card, Service, stage_is_on};
use crate::webcam::Webcam;

/// The gadget's end of the serial line: what is written here, the scanner has scanned.
const SCANNED: &str = "/dev/ttyGS0";
const REFERENCE: &str = "SIM-0000-VM-0001";
/// What the code says that is held before the camera.
const SHOWN: &str = "SIM-0000-DEMO-0001";
/// §4, once more: the bank takes no more.
const SELFIE_BYTES_MAX: usize = 100_000;

/// A customer who scans at the serial line, or before the camera.
#[derive(Default)]
struct Customer<'w> {
    card: Option<Card>,
    webcam: Option<&'w Webcam>,
}

impl Hands for Customer<'_> {
    fn insert_card(&mut self) {
        self.card = Some(Card::insert("full-photo").expect("a card goes in"));
    }

    fn show_code(&mut self) {
        if let Some(webcam) = self.webcam {
            webcam.show(picture("qr-demo.jpg"));
            return;
        }
        let mut line = File::options().write(true).open(SCANNED).expect("the gadget is there");
        line.write_all(format!("{REFERENCE}\r").as_bytes()).expect("the scanner is plugged in");
    }

    fn face_camera(&mut self) {
        if let Some(webcam) = self.webcam {
            webcam.show(picture("face.jpg"));
        }
    }
}

/// The one submit that the bank received, which must hold what the raw card says.
fn submitted(bank: &Bank) -> Value {
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
    submit
}

fn print_stages(walk: &Walk) {
    for stage in &walk.stages {
        println!("{}: {} ms", stage.name, stage.time.as_millis());
    }
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

    submitted(&bank);
    let found =
        Person::of_card("full-photo").and_reference(REFERENCE).found_in(kiosk.log().as_bytes());
    assert!(found.is_empty(), "the log holds {found:?}");
    print_stages(&walk);
}

#[tokio::test]
async fn the_bank_receives_a_face_through_the_real_camera_driver() {
    if !stage_is_on("the_bank_receives_a_face_through_the_real_camera_driver") {
        return;
    }
    let _service = Service::start().expect("pcscd starts");
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { face: Face::Required, ..Options::default() };
    let bank = Bank::start(options).expect("the simulated bank starts");
    bank.write_files(&folder.path().join("bank")).expect("the credentials are written");
    let webcam = Webcam::plug_in(picture("no-face.jpg")).expect("plugged in");
    let kiosk = Kiosk::start(folder, &bank.base_url(), Codes::Camera);
    let customer = kiosk.customer().await;
    let mut hands = Customer { card: None, webcam: Some(&webcam) };
    let walk = customer.walk(&mut hands, &Manner::default()).await.expect("a result");
    print_stages(&walk);
    assert_eq!((walk.outcome.as_str(), walk.code.as_str()), ("done", "0000"), "{}", kiosk.log());
    let submit = submitted(&bank);
    let selfie = submit.get("customerSelfieImage").and_then(Value::as_str).unwrap_or_default();
    let selfie = STANDARD.decode(selfie).expect("the selfie is Base64");
    assert!(selfie.len() <= SELFIE_BYTES_MAX, "{} bytes", selfie.len());
    let selfie = Frame::from_jpeg(&selfie).expect("the selfie is a JPEG");
    let verdict = SelfieGate::new().judge(&selfie);
    assert!(matches!(verdict, Verdict::Good(_)), "what the bank has shows no face: {verdict:?}");
    let person = Person::of_card("full-photo").and_reference(SHOWN);
    let found = person.found_in(kiosk.log().as_bytes());
    assert!(found.is_empty(), "the log holds {found:?}");
}
