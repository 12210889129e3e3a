//! What a card says becomes what the bank must get: compared with records that were written beside the
//! images, by another program.

use citizen::{BirthDate, Citizen, Date, Expiry, Name, Photo, Text, postal};
use serde_json::Value;

use super::fake_card::{FakeCard, Manner, Trouble};
use super::images::LAWFUL;
use crate::{CardError, CardReading, Flow, ReadPlan};

const MANNERS: [Manner; 3] = [Manner::Announced, Manner::Direct, Manner::Corrected];

fn read(card: &mut FakeCard) -> Result<(Citizen, Photo), CardError> {
    let mut reading = CardReading::new(ReadPlan::default());
    let identity = reading.identity(card)?;
    let citizen = reading.citizen(card, &identity)?;
    let photo = reading.photo(card, &mut |_| Flow::Continue)?;
    Ok((citizen, photo))
}

/// Compares in words that may be printed: everybody on these cards is invented.
#[track_caller]
fn check(name: &str, expected: &Value, (citizen, photo): &(Citizen, Photo)) {
    let data = &expected["customerData"];
    let pairs = [
        (&expected["chipNo"], citizen.identity.chip_number.as_str().to_owned()),
        (&expected["bp1No"], citizen.bp1_number.as_str().to_owned()),
        (&expected["customerImage"], base64(photo.bytes())),
        (&data["citizenId"], citizen.identity.citizen_id.as_str().to_owned()),
        (&data["prefixTH"], string(&citizen.thai_name.prefix)),
        (&data["firstNameTH"], first_names(&citizen.thai_name)),
        (&data["lastNameTH"], string(&citizen.thai_name.last)),
        (&data["prefixEN"], string(&citizen.english_name.prefix)),
        (&data["firstNameEN"], first_names(&citizen.english_name)),
        (&data["lastNameEN"], string(&citizen.english_name.last)),
        (&data["dateOfBirth"], born(citizen.birth_date)),
        (&data["citizenIdCardIssueDate"], citizen.issue_date.map(day).unwrap_or_default()),
        (&data["citizenIdCardExpireDate"], expires(citizen.expiry)),
        (&data["fullAddress"], string(&citizen.address.full)),
        (&data["province"], string(&citizen.address.province)),
        (&data["district"], string(&citizen.address.district)),
        (&data["subDistrict"], string(&citizen.address.sub_district)),
        (&data["road"], string(&citizen.address.road)),
        (&data["soi"], lane(citizen)),
        (&data["moo"], string(&citizen.address.moo)),
        (&data["addrNo"], string(&citizen.address.house_number)),
    ];
    for (expected, got) in pairs {
        assert_eq!(expected.as_str().unwrap_or_default(), got, "{name}");
    }
    let codes: Vec<&str> =
        expected["zipCodes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(codes, postal_codes(citizen), "{name}");
}

fn string(text: &Text) -> String {
    text.as_str().to_owned()
}

fn first_names(name: &Name) -> String {
    format!("{} {}", name.first.as_str(), name.middle.as_str()).trim().to_owned()
}

fn day(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

fn born(date: BirthDate) -> String {
    match date {
        BirthDate::Year(year) => format!("{year:04}0000"),
        BirthDate::YearMonth { year, month } => format!("{year:04}{month:02}00"),
        BirthDate::Full(date) => day(date),
    }
}

fn expires(expiry: Expiry) -> String {
    match expiry {
        Expiry::On(date) => day(date),
        Expiry::ForLife => "99999999".to_owned(),
    }
}

fn lane(citizen: &Citizen) -> String {
    match (citizen.address.trok.as_str(), citizen.address.soi.as_str()) {
        ("", soi) => soi.to_owned(),
        (trok, "") => format!("ตรอก{trok}"),
        (trok, soi) => format!("ตรอก{trok} ซอย{soi}"),
    }
}

fn postal_codes(citizen: &Citizen) -> Vec<String> {
    match postal::resolve(&citizen.address) {
        postal::Resolution::One(code) => vec![code.as_str().to_owned()],
        postal::Resolution::Several(codes) => {
            codes.iter().map(|code| code.as_str().to_owned()).collect()
        }
        postal::Resolution::Unknown => Vec::new(),
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0_usize, |bits, at| {
            bits << 8 | usize::from(group.get(at).copied().unwrap_or_default())
        });
        for at in 0..4 {
            let sign = char::from(ALPHABET[bits >> (18 - 6 * at) & 0x3F]);
            text.push(if at <= group.len() { sign } else { '=' });
        }
    }
    text
}

#[test]
fn every_readable_card_becomes_its_record_in_every_manner() {
    for (name, _, expected) in LAWFUL {
        let expected: Value = serde_json::from_str(expected).unwrap();
        for manner in MANNERS {
            let mut card = FakeCard::new(name, manner);
            check(name, &expected, &read(&mut card).unwrap());
        }
    }
}

#[test]
fn a_card_that_refuses_long_reads_becomes_the_same_record() {
    for trouble in [
        Trouble::NoSpan([0x6B, 0x00]),
        Trouble::NoSpan([0x6A, 0x86]),
        Trouble::NoSpan([0x67, 0x00]),
    ] {
        for (name, _, expected) in LAWFUL {
            let expected: Value = serde_json::from_str(expected).unwrap();
            check(name, &expected, &read(&mut FakeCard::with(name, trouble)).unwrap());
        }
    }
}

#[test]
fn a_card_that_reads_a_hundred_bytes_at_most_gives_its_text() {
    let mut card = FakeCard::with("bangkok", Trouble::NoMoreThan(100));
    let mut reading = CardReading::new(ReadPlan::default());
    let identity = reading.identity(&mut card).unwrap();
    assert!(reading.citizen(&mut card, &identity).is_ok());
}

#[test]
fn a_card_that_was_short_once_is_read_again() {
    let mut card = FakeCard::with("somchai", Trouble::Short { bytes: 1, times: 1 });
    assert!(read(&mut card).is_ok());
}
