//! The fuzzer writes the text fields of a card that is honest in all else.
//!
//! What comes out is compared with a decoding of TIS-620 written down here again; no value may hold a
//! character that the card did not have, none that no name has, and no day that does not exist.

#![no_main]

use card::{CardReading, Channel, ChannelError, ReadPlan};
use citizen::{Address, BirthDate, Citizen, Date, Expiry, Name, Script, Text, postal};
use libfuzzer_sys::fuzz_target;

/// The citizen id, which the fuzzer would not find by chance.
const CITIZEN_ID: &[u8; 13] = b"1111111111119";
/// Offset and length of the fields that are the fuzzer's.
const FIELDS: [(usize, usize); 8] = [
    (0x0011, 100),
    (0x0075, 100),
    (0x00D9, 8),
    (0x00E1, 1),
    (0x00E2, 20),
    (0x0167, 8),
    (0x016F, 8),
    (0x1579, 160),
];

fuzz_target!(|data: &[u8]| {
    // A tab, which no field has, ends a field; so the fuzzer can move text between fields.
    let mut image = vec![b' '; 5950];
    image[0..4].copy_from_slice(b"0003");
    image[4..17].copy_from_slice(CITIZEN_ID);
    for ((start, length), text) in FIELDS.into_iter().zip(data.split(|byte| *byte == b'\t')) {
        let text = &text[..text.len().min(length)];
        image[start..start + text.len()].copy_from_slice(text);
    }
    let field = |at: usize| {
        let (start, length) = FIELDS[at];
        &image[start..start + length]
    };
    if let Some(citizen) = read(&image) {
        check_name(&citizen.thai_name, Script::Thai, &decode(field(0)).expect("it was accepted"));
        check_name(&citizen.english_name, Script::Latin, &decode(field(1)).expect("accepted"));
        let digits = |at: usize| decode(field(at)).expect("it was accepted").trim_end().to_owned();
        check_birth(citizen.birth_date, &digits(2));
        assert!(citizen.bp1_number.as_str().len() <= 20);
        if let Some(date) = citizen.issue_date {
            check_date(date, &digits(5));
        }
        match citizen.expiry {
            Expiry::ForLife => assert_eq!(digits(6), "99999999"),
            Expiry::On(date) => check_date(date, &digits(6)),
        }
        check_address(&citizen.address, &decode(field(7)).expect("it was accepted"));
    }
    check_parsers(&String::from_utf8_lossy(data));
});

/// The parsers alone, with text of any script: they must not panic, whatever they answer.
fn check_parsers(text: &str) {
    for script in [Script::Thai, Script::Latin] {
        if let Ok(name) = Name::from_slots(text, script) {
            check_name(&name, script, text);
        }
    }
    if let Ok(address) = Address::from_slots(text) {
        check_address(&address, text);
    }
    if let Ok(date) = Date::from_buddhist(text) {
        check_date(date, text);
    }
    if let Ok(date) = BirthDate::from_buddhist(text) {
        check_birth(date, text.trim_end());
    }
}

fn check_name(name: &Name, script: Script, source: &str) {
    for part in [&name.prefix, &name.first, &name.middle, &name.last] {
        let part = part.as_str();
        assert!(source.contains(part), "a part that the card does not have");
        for letter in part.chars() {
            assert!(!letter.is_control() && !letter.is_numeric() && letter != '#');
            assert!(script == Script::Thai || letter.is_ascii());
        }
    }
}

fn check_address(address: &Address, source: &str) {
    let parts = [
        &address.house_number,
        &address.moo,
        &address.trok,
        &address.soi,
        &address.road,
        &address.sub_district,
        &address.district,
        &address.province,
    ];
    let full = address.full.as_str();
    assert!(parts.into_iter().map(Text::as_str).all(|part| source.contains(part)));
    assert!(!full.contains('#') && !full.contains("  ") && full.trim() == full);
    if let postal::Resolution::Several(codes) = postal::resolve(address) {
        assert!(codes.len() > 1, "several postal codes are more than one");
    }
}

fn check_date(date: Date, source: &str) {
    assert!(Date::new(date.year(), date.month(), date.day()).is_ok(), "no such day");
    let (year, month, day) = (date.year() + 543, date.month(), date.day());
    assert_eq!(format!("{year:04}{month:02}{day:02}"), source);
}

fn check_birth(date: BirthDate, source: &str) {
    assert!(source.starts_with(&format!("{:04}", date.year() + 543)), "another year");
    match date {
        BirthDate::Year(_) => {}
        BirthDate::YearMonth { month, .. } => assert!((1..=12).contains(&month)),
        BirthDate::Full(date) => check_date(date, source),
    }
}

/// The standard: ASCII, or Thai at a fixed distance, or no text. Padding in front is taken off as well.
fn decode(field: &[u8]) -> Option<String> {
    let start = field.iter().position(|byte| !matches!(byte, 0 | b' ')).unwrap_or(field.len());
    let end = field.iter().rposition(|byte| !matches!(byte, 0 | b' ')).map_or(start, |at| at + 1);
    let letter = |byte: &u8| match byte {
        0x20..=0x7E => Some(char::from(*byte)),
        0xA1..=0xDA | 0xDF..=0xFB => char::from_u32(0x0E00 + u32::from(*byte) - 0xA0),
        _ => None,
    };
    field.get(start..end)?.iter().map(letter).collect()
}

fn read(image: &[u8]) -> Option<Citizen> {
    let mut card = Card { image };
    let mut reading = CardReading::new(ReadPlan::default());
    let identity = reading.identity(&mut card).ok()?;
    reading.citizen(&mut card, &identity).ok()
}

/// Gives data and success at once.
struct Card<'i> {
    image: &'i [u8],
}

impl Channel for Card<'_> {
    fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        answer.clear();
        match *command {
            [0x80, 0xCA, ..] => {
                answer.extend([0x9F, 0x7F, 0x2A]);
                answer.resize(45, 0x11);
            }
            [0x80, 0xB0, high, low, _, _, length] => {
                let start = usize::from(u16::from_be_bytes([high, low]));
                answer.extend_from_slice(&self.image[start..start + usize::from(length)]);
            }
            _ => {}
        }
        answer.extend([0x90, 0x00]);
        Ok(())
    }
}
