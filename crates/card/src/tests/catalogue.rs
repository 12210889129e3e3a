//! Every card of `tests/cards` that must be refused ends in its own typed error, soon, and for good.
//!
//! What the lawful ones become is compared in `record`.

use citizen::{AddressError, CitizenIdError, DateError, NameError, NamePart, Script};

use super::conduct::EvilCard;
use super::fake_card::{FakeCard, Manner};
use super::images::{CONDUCT, LAWFUL, REFUSED};
use crate::{
    CardError, CardReading, Channel, ChannelError, Field, Flow, ReadPlan, TextError, Tis620Error,
    apdu::StatusWord,
};

/// Exchanges in which a card with bad content is found out, its photo of the smallest size included.
const CONTENT_EXCHANGES_MAX: usize = 52;
/// Bytes that such a card costs at most: all text, all the room for the photo, and each command.
const CONTENT_BYTES_MAX: usize = 6200;
/// Seconds that those take on the slowest card: a whole reading, as of a card that is in order.
const CONTENT_SECONDS_MAX: f64 = 7.1;
/// Exchanges that misconduct may cost from its beginning on: two tries of one command, eight each.
const CONDUCT_EXCHANGES_MAX: usize = 16;
/// Bytes that it may cost, either way; the most generous card gives 256 and a status word each time.
const CONDUCT_BYTES_MAX: usize = CONDUCT_EXCHANGES_MAX * (13 + 258);
/// Seconds that those take on the slowest card, at 2 ms an exchange, 12 etu a byte and 10,750 baud.
const CONDUCT_SECONDS_MAX: f64 = 2.0;

fn text(field: Field, source: impl Into<TextError>) -> CardError {
    CardError::Text { field, source: source.into() }
}

fn letter(field: Field, part: NamePart, script: Script) -> CardError {
    text(field, NameError::Character { part, script })
}

fn length(field: Field, expected: usize, got: usize) -> CardError {
    CardError::Length { field, expected, got }
}

fn refused(field: Field, status: StatusWord) -> CardError {
    CardError::Refused { field, status }
}

/// Why a card is refused that has something on it which no card has.
fn wrong_content(name: &str) -> Option<CardError> {
    Some(match name {
        "address-blank" => text(Field::Address, TextError::Blank),
        "address-nine-slots" => text(Field::Address, AddressError::Slots { got: 9 }),
        "address-no-break-space" => text(Field::Address, Tis620Error::Undefined),
        "address-seven-slots" => text(Field::Address, AddressError::Slots { got: 7 }),
        "bad-text" | "name-bidi" | "name-utf-8" => text(Field::ThaiName, Tis620Error::Undefined),
        "birth-gregorian" => text(Field::BirthDate, DateError::Year),
        "birth-month-13" => text(Field::BirthDate, DateError::Month),
        "birth-no-such-day" => text(Field::BirthDate, DateError::Day),
        "birth-unknown" => text(Field::BirthDate, DateError::Unknown),
        "chip-number-ones" | "chip-number-zeros" => CardError::ChipNumberUnavailable,
        "empty" | "layout-0004" => CardError::UnknownLayout,
        "expiry-leap-day" => text(Field::ExpiryDate, DateError::Day),
        "expiry-partial" => text(Field::ExpiryDate, DateError::Unknown),
        "expiry-thai-digits" => text(Field::ExpiryDate, DateError::Form),
        "id-blank" => text(Field::CitizenId, CitizenIdError::Length { got: 0 }),
        "id-check-digit" => text(Field::CitizenId, CitizenIdError::CheckDigit),
        "id-letters" => text(Field::CitizenId, CitizenIdError::NotDigits),
        "id-short" => text(Field::CitizenId, CitizenIdError::Length { got: 12 }),
        // In UTF-8, where a Thai digit takes three bytes.
        "id-thai-digits" => text(Field::CitizenId, CitizenIdError::Length { got: 39 }),
        "issue-date-letters" => text(Field::IssueDate, DateError::Form),
        "layout-ff" => text(Field::Version, Tis620Error::Undefined),
        "name-blank" | "name-no-first" => text(Field::ThaiName, TextError::Blank),
        "name-c1-control" => text(Field::EnglishName, Tis620Error::Undefined),
        "name-digits" => letter(Field::ThaiName, NamePart::First, Script::Thai),
        "name-escape" => text(Field::EnglishName, Tis620Error::Control),
        "name-five-slots" => text(Field::ThaiName, NameError::Slots { got: 5 }),
        "name-markup" | "name-thai-in-english" => {
            letter(Field::EnglishName, NamePart::First, Script::Latin)
        }
        "name-newline" | "name-nul-inside" => text(Field::ThaiName, Tis620Error::Control),
        "name-two-slots" => text(Field::ThaiName, NameError::Slots { got: 2 }),
        "old-layout" => CardError::OldLayout,
        "photo-blank" | "photo-no-jpeg" | "photo-shifted" => CardError::PhotoMissing,
        "photo-bomb" | "photo-length-short" | "photo-truncated" => CardError::PhotoDamaged,
        "request-number-blank" => text(Field::RequestNumber, TextError::Blank),
        "sex-3" => text(Field::Sex, TextError::Sex),
        _ => return None,
    })
}

/// Why a card is refused for what it does.
fn wrong_conduct(name: &str) -> Option<CardError> {
    let foreign = |status| CardError::NotThaiCitizenCard { status };
    Some(match name {
        "changes-chip-number" | "changes-citizen-id" => CardError::AnotherCard,
        "chip-data-empty" => length(Field::ChipNumber, 45, 0),
        "chip-number-refused" => CardError::ChipNumberUnavailable,
        "drip" | "endless-61-holder" | "loop-6c-zero" => {
            CardError::Endless { field: Field::Holder }
        }
        "drip-photo" | "endless-61-photo" => CardError::Endless { field: Field::Photo },
        "echo" => length(Field::ChipNumber, 45, 5),
        "empty-applet" => length(Field::Validity, 20, 0),
        "endless-61" | "loop-6c" => CardError::Endless { field: Field::ChipNumber },
        "endless-61-applet" => CardError::Endless { field: Field::Applet },
        "foreign" => foreign(StatusWord::FILE_NOT_FOUND),
        "foreign-class" => foreign(StatusWord::UNKNOWN_CLASS),
        "foreign-instruction" => foreign(StatusWord::UNKNOWN_INSTRUCTION),
        "garbled" => ChannelError::Faulty.into(),
        "half-status-word" => CardError::NoStatusWord { field: Field::Address, got: 1 },
        "long-address" => length(Field::Address, 160, 174),
        "long-beyond-measure" | "loop-61-6c" => CardError::Endless { field: Field::Validity },
        "long-by-one" => length(Field::Holder, 246, 247),
        "loop-6c-two-lengths" => CardError::Endless { field: Field::Address },
        "mute" | "mute-in-text" => ChannelError::TimedOut.into(),
        "no-status-word" => CardError::NoStatusWord { field: Field::Holder, got: 0 },
        "nothing-and-success" => length(Field::Holder, 246, 0),
        "other-length-each-time" => length(Field::Holder, 246, 244),
        "photo-repeats" => CardError::PhotoDamaged,
        "pulled" => ChannelError::Removed.into(),
        "reader-gone" => ChannelError::Gone.into(),
        "reset-by-another" => ChannelError::Reset.into(),
        "short-address" => length(Field::Address, 160, 100),
        "short-by-one" => length(Field::Holder, 246, 245),
        "short-photo" => length(Field::Photo, 255, 237),
        "applet-locked" => refused(Field::Applet, StatusWord::from_bytes([0x69, 0x83])),
        "dead-applet" => refused(Field::IssueDate, StatusWord::WRONG_OFFSET),
        "interleaved" => refused(Field::Photo, StatusWord::from_bytes([0x69, 0x85])),
        "reads-forbidden" => refused(Field::Holder, StatusWord::from_bytes([0x69, 0x82])),
        _ => return None,
    })
}

/// A reading of everything.
fn read<C: Channel>(card: &mut C) -> Result<(), CardError> {
    let mut reading = CardReading::new(ReadPlan::default());
    let identity = reading.identity(card)?;
    reading.citizen(card, &identity)?;
    reading.photo(card, &mut |_| Flow::Continue).map(|_| ())
}

/// The identity; then the card is reset, and the rest is read from whatever is there now.
fn read_over_a_reset(card: &mut EvilCard) -> Result<(), CardError> {
    let mut reading = CardReading::new(ReadPlan::default());
    let identity = reading.identity(card)?;
    card.reset();
    reading.reconnected();
    reading.citizen(card, &identity)?;
    reading.photo(card, &mut |_| Flow::Continue).map(|_| ())
}

/// On the slowest card: 2 ms an exchange, 12 etu a byte, 10,750 baud.
fn seconds(exchanges: usize, bytes: usize) -> f64 {
    let microseconds = exchanges * 2000 + bytes * 12_000_000 / 10_750;
    f64::from(u32::try_from(microseconds).expect("less than an hour")) / 1e6
}

#[test]
fn every_card_with_wrong_content_ends_in_its_own_error_within_exchanges_bytes_and_time() {
    for (name, _) in REFUSED {
        let expected = wrong_content(name).expect(name);
        for manner in [Manner::Announced, Manner::Direct, Manner::Corrected] {
            let mut card = FakeCard::new(name, manner);
            assert_eq!(read(&mut card), Err(expected.clone()), "{name}, {manner:?}");
            let (exchanges, bytes) = (card.asked.len(), card.bytes);
            assert!(exchanges <= CONTENT_EXCHANGES_MAX, "{name}: {exchanges} exchanges");
            assert!(bytes <= CONTENT_BYTES_MAX, "{name}: {bytes} bytes");
            assert!(seconds(exchanges, bytes) <= CONTENT_SECONDS_MAX, "{name}");
        }
    }
}

#[test]
fn every_card_of_wrong_conduct_ends_in_its_own_error_within_exchanges_bytes_and_time() {
    for (name, text) in CONDUCT {
        let expected = wrong_conduct(name).expect(name);
        let mut card = EvilCard::parse(text);
        assert_eq!(read_over_a_reset(&mut card), Err(expected), "{name}");
        let (exchanges, bytes) = (card.exchanges_begun, card.bytes_begun);
        assert!((1..=CONDUCT_EXCHANGES_MAX).contains(&exchanges), "{name}: {exchanges} exchanges");
        assert!(bytes <= CONDUCT_BYTES_MAX, "{name}: {bytes} bytes");
        let seconds = seconds(exchanges, bytes);
        assert!(seconds <= CONDUCT_SECONDS_MAX, "{name}: {seconds} s");
    }
}

#[test]
fn a_card_of_wrong_conduct_is_not_read_the_second_time_either() {
    for (name, text) in CONDUCT.iter().filter(|(name, _)| !name.starts_with("changes-")) {
        let mut card = EvilCard::parse(text);
        assert!(read(&mut card).is_err(), "{name}");
        card.reset();
        assert!(read(&mut card).is_err(), "{name}");
    }
}

#[test]
fn the_catalogue_has_thirty_lawful_and_thirty_evil_cards_and_a_sentence_for_each() {
    assert!(LAWFUL.len() >= 30 && REFUSED.len() + CONDUCT.len() >= 30);
    let lawful = LAWFUL.iter().map(|(name, text, _)| (name, text));
    let evil = REFUSED.iter().chain(CONDUCT).map(|(name, text)| (name, text));
    let mut sentences = Vec::new();
    for (name, text) in lawful.chain(evil) {
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("# ") && first.ends_with('.'), "{name}");
        sentences.push(first);
    }
    let count = sentences.len();
    sentences.sort_unstable();
    sentences.dedup();
    assert_eq!(sentences.len(), count, "two cards are there for the same thing");
}

#[test]
fn no_card_of_the_folder_is_left_out() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cards");
    let names = |path: &str, ending: &str| {
        let entries = std::fs::read_dir(format!("{folder}{path}")).unwrap();
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(ending).map(str::to_owned)
        };
        let mut names: Vec<String> = entries.filter_map(name).collect();
        names.sort();
        names
    };
    let mut images: Vec<&str> = LAWFUL.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names("/expected", ".json"), images);
    images.extend(REFUSED.iter().map(|(name, _)| *name));
    images.sort_unstable();
    assert_eq!(names("", ".hex"), images);
    let conduct: Vec<&str> = CONDUCT.iter().map(|(name, _)| *name).collect();
    assert_eq!(names("/evil", ".card"), conduct);
}
