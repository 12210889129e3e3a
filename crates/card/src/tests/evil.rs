//! Cards that misbehave, and cards that leave: each ends in its own typed error, within the bounds.
//!
//! What a caller then does about it is not decided here.

use proptest::prelude::{any, prop_assert, proptest};

use super::fake_card::{FakeCard, Manner, Trouble};
use crate::{CardError, CardReading, Channel, ChannelError, Field, Flow, ReadPlan};

/// More exchanges than any reading may take.
const EXCHANGES_MAX: usize = 256;

fn read<C: Channel>(card: &mut C) -> Result<(), CardError> {
    let mut reading = CardReading::new(ReadPlan::default());
    let identity = reading.identity(card)?;
    reading.citizen(card, &identity)?;
    reading.photo(card, &mut |_| Flow::Continue).map(|_| ())
}

#[track_caller]
fn check(trouble: Trouble, expected: &CardError) {
    let mut card = FakeCard::with("somchai", trouble);
    assert_eq!(read(&mut card).as_ref(), Err(expected), "{trouble:?}");
    assert!(card.asked.len() <= EXCHANGES_MAX);
}

/// How many exchanges a good reading of this card takes.
fn exchanges(name: &str, manner: Manner) -> usize {
    let mut card = FakeCard::new(name, manner);
    read(&mut card).unwrap();
    card.asked.len()
}

#[test]
fn a_card_pulled_at_any_exchange_is_a_removed_card_and_never_a_success() {
    for manner in [Manner::Announced, Manner::Direct, Manner::Corrected] {
        for at in 0..exchanges("full-photo", manner) {
            let trouble = Trouble::Channel(at, ChannelError::Removed);
            let mut card = FakeCard::new("full-photo", manner);
            card.trouble = trouble;
            assert_eq!(read(&mut card), Err(CardError::Channel(ChannelError::Removed)));
            assert_eq!(card.asked.len(), at + 1, "nothing is sent to a card that is gone");
        }
    }
}

#[test]
fn every_failure_of_the_channel_comes_through_as_it_is() {
    for error in [
        ChannelError::Removed,
        ChannelError::Reset,
        ChannelError::Gone,
        ChannelError::TimedOut,
        ChannelError::Busy,
        ChannelError::Faulty,
    ] {
        for at in [0, 2, 5, 12] {
            check(Trouble::Channel(at, error), &CardError::Channel(error));
        }
    }
}

#[test]
fn a_card_that_always_announces_more_is_left() {
    check(Trouble::Says(0, &[0x61, 0x10]), &CardError::Endless { field: Field::ChipNumber });
    check(Trouble::Says(2, &[0x61, 0x00]), &CardError::Endless { field: Field::Applet });
    check(Trouble::Says(4, &[1, 2, 3, 0x61, 0x01]), &CardError::Endless { field: Field::Holder });
    check(Trouble::Says(12, &[0x61, 0xFF]), &CardError::Endless { field: Field::Photo });
}

#[test]
fn a_card_that_always_wants_another_length_is_left() {
    check(Trouble::Says(0, &[0x6C, 0x05]), &CardError::Endless { field: Field::ChipNumber });
    check(Trouble::Says(6, &[0x6C, 0x05]), &CardError::Endless { field: Field::Validity });
    check(Trouble::Says(8, &[0x6C, 0xA0]), &CardError::Endless { field: Field::Address });
}

#[test]
fn an_answer_of_the_wrong_length_is_asked_for_twice_and_never_used() {
    let length = |got| CardError::Length { field: Field::Holder, expected: 246, got };
    check(Trouble::Short { bytes: 1, times: 1000 }, &length(245));
    check(Trouble::Short { bytes: 200, times: 1000 }, &length(46));
    check(Trouble::Long { bytes: 1 }, &length(247));
    check(Trouble::Long { bytes: 10 }, &length(256));
    check(Trouble::Wavering, &length(244));
    let mut card = FakeCard::new("somchai", Manner::Direct);
    card.trouble = Trouble::Long { bytes: 300 };
    assert_eq!(read(&mut card), Err(CardError::Endless { field: Field::Holder }));
}

#[test]
fn success_without_data_is_not_an_empty_field() {
    let empty = |field, expected| CardError::Length { field, expected, got: 0 };
    check(Trouble::Says(0, &[0x90, 0x00]), &empty(Field::ChipNumber, 45));
    check(Trouble::Says(4, &[0x90, 0x00]), &empty(Field::Holder, 246));
    check(Trouble::Says(6, &[0x90, 0x00]), &empty(Field::Validity, 20));
    check(Trouble::Says(8, &[0x90, 0x00]), &empty(Field::Address, 160));
    check(Trouble::Says(10, &[0x90, 0x00]), &empty(Field::Photo, 255));
}

#[test]
fn an_answer_too_short_for_a_status_word_is_an_error() {
    check(Trouble::Says(0, &[0x90]), &CardError::NoStatusWord { field: Field::ChipNumber, got: 1 });
    check(Trouble::Says(2, &[]), &CardError::NoStatusWord { field: Field::Applet, got: 0 });
    check(Trouble::Says(11, &[0x61]), &CardError::NoStatusWord { field: Field::Photo, got: 1 });
}

#[test]
fn a_card_without_the_applet_is_no_thai_card() {
    for status in [&[0x6A, 0x82], &[0x6D, 0x00], &[0x6E, 0x00]] {
        let mut card = FakeCard::with("somchai", Trouble::Says(2, status));
        assert!(matches!(read(&mut card), Err(CardError::NotThaiCitizenCard { .. })));
    }
    let mut card = FakeCard::with("somchai", Trouble::Says(2, &[0x69, 0x85]));
    assert!(matches!(read(&mut card), Err(CardError::Refused { field: Field::Applet, .. })));
}

#[test]
fn a_refused_read_is_made_field_by_field_once_and_then_given_up() {
    let refused = |from, status| {
        let mut card = FakeCard::with("somchai", Trouble::Says(from, status));
        let error = read(&mut card).unwrap_err();
        (error.to_string(), card.asked.len() - from)
    };
    let text = |field| format!("reading {field}: card answered 6B00, expected 9000");
    assert_eq!(refused(4, &[0x6B, 0x00]), (text("the layout version"), 2));
    assert_eq!(refused(6, &[0x6B, 0x00]), (text("the issue date"), 2));
    assert_eq!(refused(10, &[0x6B, 0x00]), (text("the photo"), 1));
    // Another program selected something else: reading on would read that.
    assert_eq!(refused(6, &[0x69, 0x85]).1, 1);
}

/// Says whatever chance says.
struct Babbler {
    words: Vec<Vec<u8>>,
    asked: usize,
}

impl Channel for Babbler {
    fn transmit(&mut self, _: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        answer.clear();
        answer.extend(&self.words[self.asked % self.words.len()]);
        self.asked += 1;
        Ok(())
    }
}

proptest! {
    #[test]
    fn no_words_of_a_card_make_a_reading_panic_or_run_on(
        words in proptest::collection::vec(any::<Vec<u8>>(), 1..20),
    ) {
        let mut card = Babbler { words, asked: 0 };
        prop_assert!(read(&mut card).is_err());
        prop_assert!(card.asked <= EXCHANGES_MAX);
    }

    #[test]
    fn no_image_makes_a_reading_panic(
        offset in 0_usize..5600, bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut card = FakeCard::new("expired", Manner::Direct);
        card.write(offset, &bytes);
        let _outcome = read(&mut card);
        prop_assert!(card.asked.len() <= EXCHANGES_MAX);
    }
}
