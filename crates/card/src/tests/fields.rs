//! A field that is not what it must be is named, and its data is in no error.
//!
//! The offsets are written down here again, not taken from the map under test.

use citizen::{
    AddressError, Bp1NumberError, CitizenIdError, DateError, NameError, NamePart, Script,
};

use super::fake_card::{FakeCard, Manner};
use crate::{CardError, CardReading, Field, Flow, ReadPlan, TextError, Tis620Error};

/// Reads Somchai's card with some bytes overwritten, padded with spaces to the field's length.
#[track_caller]
fn check(offset: usize, length: usize, text: &[u8], field: Field, source: TextError) {
    let outcome = read(offset, &padded(text, length));
    assert_eq!(outcome, Err(CardError::Text { field, source }));
    let words = format!("{outcome:?} {}", outcome.as_ref().unwrap_err());
    let shown = String::from_utf8_lossy(text);
    assert!(text.len() < 4 || !words.contains(shown.as_ref()), "the error shows the data");
}

fn padded(text: &[u8], length: usize) -> Vec<u8> {
    let mut field = text.to_vec();
    field.resize(length, b' ');
    field
}

fn read(offset: usize, bytes: &[u8]) -> Result<(), CardError> {
    let mut card = FakeCard::new("somchai", Manner::Direct);
    card.write(offset, bytes);
    let mut reading = CardReading::new(ReadPlan::default());
    let identity = reading.identity(&mut card)?;
    reading.citizen(&mut card, &identity).map(|_| ())
}

#[test]
fn the_citizen_id_is_checked() {
    let check =
        |text: &[u8], error| check(0x0004, 13, text, Field::CitizenId, TextError::CitizenId(error));
    check(b"1111111111118", CitizenIdError::CheckDigit);
    check(b"111111111111", CitizenIdError::Length { got: 12 });
    check(b"11111111111ab", CitizenIdError::NotDigits);
    check(b"", CitizenIdError::Length { got: 0 });
}

#[test]
fn names_are_checked() {
    let character = |part, script| TextError::Name(NameError::Character { part, script });
    check(0x0011, 100, b"A#B", Field::ThaiName, TextError::Name(NameError::Slots { got: 2 }));
    check(0x0011, 100, b"A#B1##C", Field::ThaiName, character(NamePart::First, Script::Thai));
    check(0x0011, 100, b"", Field::ThaiName, TextError::Blank);
    check(0x0011, 100, b"A###C", Field::ThaiName, TextError::Blank);
    check(0x0011, 100, b"A\x80", Field::ThaiName, TextError::Bytes(Tis620Error::Undefined));
    check(0x0011, 100, b"A\x07B", Field::ThaiName, TextError::Bytes(Tis620Error::Control));
    check(0x0075, 100, b"A#\xA1##C", Field::EnglishName, character(NamePart::First, Script::Latin));
    assert_eq!(read(0x0075, &padded(b"", 100)), Ok(()));
}

#[test]
fn dates_are_checked() {
    check(0x00D9, 8, b"25241301", Field::BirthDate, TextError::Date(DateError::Month));
    check(0x00D9, 8, b"", Field::BirthDate, TextError::Date(DateError::Unknown));
    check(0x00D9, 8, b"19810704", Field::BirthDate, TextError::Date(DateError::Year));
    check(0x0167, 8, b"2567-7-5", Field::IssueDate, TextError::Date(DateError::Form));
    check(0x016F, 8, b"25750230", Field::ExpiryDate, TextError::Date(DateError::Day));
    check(0x016F, 8, b"25750000", Field::ExpiryDate, TextError::Date(DateError::Unknown));
    assert_eq!(read(0x0167, &padded(b"", 8)), Ok(()));
    assert_eq!(read(0x016F, b"99999999"), Ok(()));
}

#[test]
fn sex_request_number_and_address_are_checked() {
    check(0x00E1, 1, b"3", Field::Sex, TextError::Sex);
    check(0x00E1, 1, b" ", Field::Sex, TextError::Sex);
    check(0x00E2, 20, b"", Field::RequestNumber, TextError::Blank);
    check(0x00E2, 20, b"/07051234", Field::RequestNumber, TextError::Blank);
    let character = TextError::Bp1Number(Bp1NumberError::Character);
    check(0x00E2, 20, b"4001 112345/0705123", Field::RequestNumber, character);
    assert_eq!(read(0x00E2, &padded(b"40010112345", 20)), Ok(()));
    check(0x1579, 160, b"", Field::Address, TextError::Blank);
    let slots = TextError::Address(AddressError::Slots { got: 7 });
    check(0x1579, 160, b"1#2#3#4#5#6#7", Field::Address, slots);
}

#[test]
fn an_unknown_layout_is_read_no_further() {
    for (version, error) in [
        (b"0002", CardError::OldLayout),
        (b"0004", CardError::UnknownLayout),
        (b"    ", CardError::UnknownLayout),
    ] {
        assert_eq!(read(0x0000, version), Err(error));
    }
}

#[test]
fn a_card_without_a_whole_photo_gives_none() {
    let photo = |offset: usize, bytes: &[u8]| {
        let mut card = FakeCard::new("expired", Manner::Direct);
        card.write(offset, bytes);
        CardReading::new(ReadPlan::default()).photo(&mut card, &mut |_| Flow::Continue).map(|_| ())
    };
    assert_eq!(photo(0x017B, b"GIF89a"), Err(CardError::PhotoMissing));
    assert_eq!(photo(0x017B, &[b' '; 5118]), Err(CardError::PhotoMissing));
    assert_eq!(photo(0x0179, &[0x00, 0x01]), Err(CardError::PhotoMissing));
    assert_eq!(photo(0x0179, &[0x03, 0xFC]), Err(CardError::PhotoDamaged));
    assert_eq!(photo(0x0179, &[0x00, 0x00, 0xFF, 0xD8]), Ok(()));
}
