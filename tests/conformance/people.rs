//! An invented customer with an invented card, as the session is handed them by devices.

use citizen::{
    Address, BirthDate, Bp1Number, ChipNumber, Citizen, CitizenId, Date, Expiry, Identity, Name,
    Photo, Script, Sex,
};
use protocol::{ConsentText, FaceCompare, QrValidation, Reference, Selfie};

/// A reference of the usual form.
pub fn reference() -> Reference {
    Reference::parse("SIM-0000-TEST-0001").expect("invented, but sound")
}

/// Who the card says it is.
pub fn identity() -> Identity {
    Identity {
        citizen_id: CitizenId::parse("1111111111119").expect("invented, but sound"),
        chip_number: ChipNumber::parse("6300c10e142f28a1").expect("invented, but sound"),
    }
}

/// The text of the card.
pub fn citizen() -> Citizen {
    let slots = "99/1###ซอยสุขุมวิท 5#ถนนสุขุมวิท#แขวงคลองเตย#เขตคลองเตย#กรุงเทพมหานคร";
    Citizen {
        identity: identity(),
        bp1_number: Bp1Number::parse("10994078500").expect("invented, but sound"),
        thai_name: Name::from_slots("นาย#สมชาย##ใจดี", Script::Thai).expect("invented, but sound"),
        english_name: Name::from_slots("Mr.#Somchai##Jaidee", Script::Latin)
            .expect("invented, but sound"),
        birth_date: BirthDate::from_buddhist("25240501").expect("invented, but sound"),
        sex: Sex::Male,
        issue_date: Some(Date::new(2022, 1, 1).expect("invented, but sound")),
        expiry: Expiry::On(Date::new(2030, 12, 31).expect("invented, but sound")),
        address: Address::from_slots(slots).expect("invented, but sound"),
    }
}

/// The frame of a JPEG and nothing in it.
fn jpeg(length: usize) -> Vec<u8> {
    [&[0xFF, 0xD8, 0xFF], vec![0; length].as_slice(), &[0xFF, 0xD9]].concat()
}

/// The portrait of nobody.
pub fn photo() -> Photo {
    Photo::new(jpeg(64)).expect("invented, but sound")
}

/// A selfie of nobody, in three sizes.
pub fn selfie() -> Selfie {
    let selfie = Selfie::new(jpeg(95)).expect("invented, but sound");
    let selfie = selfie.with_smaller(jpeg(55)).expect("invented, but sound");
    selfie.with_smaller(jpeg(35)).expect("invented, but sound")
}

/// A consent text of this type.
pub fn text(kind: &str) -> ConsentText {
    ConsentText {
        kind: kind.to_owned(),
        version: "2.00.00".to_owned(),
        thai: "ข้อความ".to_owned(),
        english: "a text".to_owned(),
    }
}

/// E2's success, with a selfie asked for.
pub fn validation() -> QrValidation {
    QrValidation {
        face_compare: FaceCompare::Required,
        consents: vec![text("103")],
        ..QrValidation::default()
    }
}
