//! What a card is asked, in which order, and what it is never asked.
//!
//! The commands are written out, so that a change of the plan shows here byte by byte.

use citizen::{ChipNumber, Identity};

use super::fake_card::{FakeCard, Manner};
use crate::{CardError, CardReading, Flow, Progress, ReadPlan};

const GET_CHIP_DATA: &[u8] = &[0x80, 0xCA, 0x9F, 0x7F, 0x2D];
const SELECT: &[u8] =
    &[0x00, 0xA4, 0x04, 0x00, 0x08, 0xA0, 0x00, 0x00, 0x00, 0x54, 0x48, 0x00, 0x01];

fn direct(name: &str) -> FakeCard {
    FakeCard::new(name, Manner::Direct)
}

#[test]
fn the_chip_number_comes_before_the_applet_and_the_identity_needs_one_read() {
    let mut card = direct("somchai");
    let identity = CardReading::new(ReadPlan::default()).identity(&mut card).unwrap();
    assert_eq!(identity.citizen_id.as_str(), "1111111111119");
    assert_eq!(identity.chip_number.as_str(), "6300c10e142f28a1");
    assert_eq!(
        card.asked,
        [GET_CHIP_DATA, SELECT, &[0x80, 0xB0, 0x00, 0x00, 0x02, 0x00, 0xF6]].map(<[u8]>::to_vec)
    );
}

#[test]
fn a_whole_card_takes_one_command_a_stretch_and_one_a_block_of_its_photo() {
    let mut card = direct("somchai");
    let mut reading = CardReading::new(ReadPlan::default());
    let identity = reading.identity(&mut card).unwrap();
    reading.citizen(&mut card, &identity).unwrap();
    reading.photo(&mut card, &mut |_| Flow::Continue).unwrap();
    let reads = card.reads();
    assert_eq!(reads[..3], [(0x0000, 0x00F6), (0x0167, 0x017B), (0x1579, 0x1619)]);
    assert_eq!(reads.len(), 3 + 4062_usize.div_ceil(255));
    assert_eq!(reads.last().unwrap().1, 0x017B + 4062);
}

#[test]
fn what_nobody_asks_for_is_not_read() {
    for name in ["somchai", "full-photo", "no-photo-length"] {
        let mut card = direct(name);
        let mut reading = CardReading::new(ReadPlan::default());
        let identity = reading.identity(&mut card).unwrap();
        reading.citizen(&mut card, &identity).unwrap();
        reading.photo(&mut card, &mut |_| Flow::Continue).unwrap();
        for (start, end) in card.reads() {
            assert!(end <= 0x00F6 || start >= 0x0167, "the issuing office or its code");
            assert!(end <= 0x1619, "the number under the photo, or what lies behind it");
        }
    }
}

#[test]
fn a_full_photo_on_a_t0_card_takes_fifty_two_exchanges_in_all() {
    let mut card = FakeCard::new("full-photo", Manner::Announced);
    let mut reading = CardReading::new(ReadPlan::default());
    let identity = reading.identity(&mut card).unwrap();
    reading.citizen(&mut card, &identity).unwrap();
    reading.photo(&mut card, &mut |_| Flow::Continue).unwrap();
    assert_eq!(card.asked.len(), 52);
}

#[test]
fn nothing_is_read_twice() {
    let mut card = direct("somchai");
    let mut reading = CardReading::new(ReadPlan::default());
    let identity = reading.identity(&mut card).unwrap();
    assert!(reading.identity(&mut card).unwrap() == identity);
    reading.citizen(&mut card, &identity).unwrap();
    reading.photo(&mut card, &mut |_| Flow::Continue).unwrap();
    let mut reads = card.reads();
    let count = reads.len();
    reads.sort_unstable();
    reads.dedup();
    assert_eq!(reads.len(), count);
}

#[test]
fn the_photo_can_come_before_the_text() {
    let mut card = direct("somchai");
    let mut reading = CardReading::new(ReadPlan::default());
    let photo = reading.photo(&mut card, &mut |_| Flow::Continue).unwrap();
    assert_eq!(photo.bytes().len(), 4062);
    let identity = reading.identity(&mut card).unwrap();
    assert!(reading.citizen(&mut card, &identity).is_ok());
}

#[test]
fn progress_rises_block_by_block_to_the_whole() {
    let mut seen: Vec<Progress> = Vec::new();
    let mut card = direct("somchai");
    CardReading::new(ReadPlan::default())
        .photo(&mut card, &mut |progress| {
            seen.push(progress);
            Flow::Continue
        })
        .unwrap();
    assert_eq!(seen.first(), Some(&Progress { read: 255, total: 4062 }));
    assert_eq!(seen.last(), Some(&Progress { read: 4062, total: 4062 }));
    assert!(seen.windows(2).all(|pair| pair[0].read < pair[1].read));
}

#[test]
fn a_caller_who_has_enough_stops_after_the_block() {
    let mut card = direct("somchai");
    let outcome = CardReading::new(ReadPlan::default()).photo(&mut card, &mut |_| Flow::Stop);
    assert_eq!(outcome.map(|_| ()), Err(CardError::Stopped));
    let photo_reads =
        card.reads().into_iter().filter(|(start, end)| *start >= 0x017B && *end <= 0x1579);
    assert_eq!(photo_reads.count(), 1);
}

#[test]
fn a_photo_without_stated_length_is_cut_at_its_end() {
    let mut stated = direct("expired");
    let mut unstated = direct("no-photo-length");
    let photo = |card: &mut FakeCard| {
        CardReading::new(ReadPlan::default()).photo(card, &mut |_| Flow::Continue).unwrap()
    };
    assert!(photo(&mut stated) == photo(&mut unstated));
    assert!(unstated.asked.len() > stated.asked.len());
}

#[test]
fn a_stated_length_that_cannot_be_is_not_believed() {
    let mut card = direct("somchai");
    card.write(0x0179, &5119_u16.to_be_bytes());
    let photo =
        CardReading::new(ReadPlan::default()).photo(&mut card, &mut |_| Flow::Continue).unwrap();
    assert_eq!(photo.bytes().len(), 4062);
}

#[test]
fn another_card_with_the_same_holder_is_another_card() {
    let mut card = direct("somchai");
    let mut reading = CardReading::new(ReadPlan::default());
    let identity = reading.identity(&mut card).unwrap();
    let other = Identity { chip_number: ChipNumber::from_bytes([7; 8]), ..identity };
    assert_eq!(reading.citizen(&mut card, &other).map(|_| ()), Err(CardError::AnotherCard));
    assert_eq!(card.reads().len(), 1);
}

#[test]
fn a_reading_after_a_reset_finds_the_same_identity() {
    let mut card = direct("somchai");
    let before = CardReading::new(ReadPlan::default()).identity(&mut card).unwrap();
    card.selected = false;
    let mut reading = CardReading::new(ReadPlan::default());
    assert!(reading.identity(&mut card).unwrap() == before);
    assert!(reading.citizen(&mut card, &before).is_ok());
}

#[test]
fn a_chip_that_hides_its_number_behind_the_applet_gives_it_to_its_manager() {
    let mut card = direct("somchai");
    card.selected = true;
    let identity = CardReading::new(ReadPlan::default()).identity(&mut card).unwrap();
    assert_eq!(identity.chip_number.as_str(), "6300c10e142f28a1");
    assert_eq!(card.asked[1], [0x00, 0xA4, 0x04, 0x00, 0x00]);
}

#[test]
fn a_chip_number_without_a_tag_is_found_three_bytes_earlier() {
    let mut card = direct("somchai");
    card.image.chip_data.drain(..3);
    let identity = CardReading::new(ReadPlan::default()).identity(&mut card).unwrap();
    assert_eq!(identity.chip_number.as_str(), "6300c10e142f28a1");
}

#[test]
fn a_chip_without_a_number_stops_the_reading_before_the_applet() {
    let blank = |byte: u8| {
        let mut card = direct("somchai");
        card.image.chip_data[13..21].fill(byte);
        card
    };
    let mut refusing = direct("somchai");
    refusing.gives_chip_data = false;
    for mut card in [blank(0x00), blank(0xFF), refusing] {
        let outcome = CardReading::new(ReadPlan::default()).identity(&mut card);
        assert_eq!(outcome.map(|_| ()), Err(CardError::ChipNumberUnavailable));
        assert!(!card.selected);
    }
}
