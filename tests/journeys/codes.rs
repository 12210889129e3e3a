//! Codes that people show by mistake: each is explained in a sentence of its own, none is opened or shown.

use std::collections::BTreeSet;

use protocol::WrongCode;
use serde_json::{Value, json};
use session::DopaPolicy;
use simulator::bank::Endpoint;
use tests::stage::Stage;

use crate::stage::check;

/// What is shown, what it is, and a part of it that may stand nowhere.
const SHOWN: [(&str, WrongCode, &str); 15] = [
    (
        "00020101021129370016A000000677010111011300668123456785802TH53037646304ABCD",
        WrongCode::Payment,
        "0066812345678",
    ),
    (
        "0041000600000101030140220011122233344TEST1235102TH91040000",
        WrongCode::Payment,
        "22233344TEST",
    ),
    ("https://evil.example/pay?to=INVENTED", WrongCode::Website, "evil.example"),
    ("WIFI:S:Invented Cafe;T:WPA;P:invented-secret;;", WrongCode::Wifi, "invented-secret"),
    ("BEGIN:VCARD\nVERSION:3.0\nFN:Invented Person", WrongCode::Contact, "Invented Person"),
    ("otpauth://totp/x?secret=INVENTEDSEED", WrongCode::OneTimePassword, "INVENTEDSEED"),
    ("https://line.me/ti/p/inventedfriend", WrongCode::Messaging, "inventedfriend"),
    ("https://imauth.bora.dopa.go.th/invented", WrongCode::Messaging, "imauth"),
    (
        "M1INVENTED/PERSON     EABC123 BKKCNXTG 0102 326Y012A0001 100",
        WrongCode::BoardingPass,
        "INVENTED/PERSON",
    ),
    ("Zq_9", WrongCode::TooShort, "Zq_9"),
    (
        "INVENTED00000000000000000000000000000000000000000000LONG56",
        WrongCode::TooLong,
        "INVENTED000",
    ),
    ("INVENTED\u{1b}]0;0001", WrongCode::ControlCharacters, "INVENTED"),
    ("INVENTED\u{202e}0001", WrongCode::ControlCharacters, "INVENTED"),
    ("<img src=x onerror=alert(1)>", WrongCode::Unreadable, "onerror"),
    ("สวัสดีชาวโลก", WrongCode::Unreadable, "สวัสดี"),
];

#[tokio::test]
async fn every_wrong_code_is_explained_in_its_own_sentence_and_the_right_one_goes_on() {
    let captured = agent::log::captured();
    let stage = Stage::open(DopaPolicy::Off).await;
    let customer = stage.customer().await;
    customer.act(&json!({"action": "start"})).await.expect("started");
    let mut sentences = BTreeSet::new();
    for (text, wrong_code, part) in SHOWN {
        stage.world.show_code(text);
        let key = |view: &Value| view.pointer("/screen/wrong_code/key").map(ToString::to_string);
        let expected = Some(format!("{:?}", wrong_code.text()));
        let view = customer.until(|view| key(view) == expected).await.expect("it is explained");
        for language in ["th", "en"] {
            let said = view.pointer(&format!("/screen/wrong_code/text/{language}"));
            let said = said.and_then(Value::as_str).expect("a sentence");
            assert!(!said.is_empty(), "{wrong_code:?} in {language}");
            sentences.insert(said.to_owned());
        }
        assert!(!view.to_string().contains(part), "the page shows {part}");
        let log = captured.bytes();
        assert!(!String::from_utf8_lossy(&log).contains(part), "the log shows {part}");
    }
    assert_eq!(sentences.len(), 2 * WrongCode::ALL.len(), "each its own, in both languages");
    let asked = stage.bank.records().iter().filter(|one| one.endpoint() != Endpoint::Token).count();
    assert_eq!(asked, 0, "nothing of a wrong code is sent to anyone");
    check(&stage.walk("somchai", "SIM-0000-RIGHT-0001").await, "done", "0000");
}
