//! A reading that was interrupted goes on where it was, on the same card only, and asks for nothing twice.

use citizen::{Identity, Photo};

use super::fake_card::{FakeCard, Manner, Trouble};
use crate::{CardError, CardReading, ChannelError, Field, Flow, ReadPlan};

/// Bytes of Somchai's photo.
const PHOTO_BYTES: usize = 4062;
/// Its blocks.
const BLOCKS: usize = PHOTO_BYTES.div_ceil(255);
/// Where it begins in the image.
const PHOTO_AT: usize = 0x017B;

fn somchai() -> (FakeCard, CardReading, Identity) {
    let mut card = FakeCard::new("somchai", Manner::Direct);
    let mut reading = CardReading::new(ReadPlan::default());
    let identity = reading.identity(&mut card).unwrap();
    (card, reading, identity)
}

fn photo_of(card: &mut FakeCard, reading: &mut CardReading) -> Result<Photo, CardError> {
    reading.photo(card, &mut |_| Flow::Continue)
}

fn whole_photo() -> Photo {
    let (mut card, mut reading, _) = somchai();
    photo_of(&mut card, &mut reading).unwrap()
}

/// As by another program, or by the caller.
fn reset(card: &mut FakeCard) {
    card.selected = false;
    card.trouble = Trouble::None;
}

/// Reads of the photo from this command on.
fn photo_reads(card: &FakeCard) -> Vec<(usize, usize)> {
    card.reads().into_iter().filter(|(start, end)| *start >= PHOTO_AT && *end <= 0x1579).collect()
}

/// Interrupts the photo at this block, counted from 0, and reads on after a reset.
#[track_caller]
fn check(block: usize, interrupt: impl Fn(usize) -> Trouble) {
    let (mut card, mut reading, identity) = somchai();
    reading.citizen(&mut card, &identity).unwrap();
    card.trouble = interrupt(card.asked.len() + block);
    assert!(photo_of(&mut card, &mut reading).is_err());
    reset(&mut card);
    reading.reconnected();
    assert!(photo_of(&mut card, &mut reading).unwrap() == whole_photo(), "block {block}");

    let reads = card.reads();
    let count = |wanted: (usize, usize)| reads.iter().filter(|read| **read == wanted).count();
    for once in [(0x0000, 0x00F6), (0x0000, 0x0011), (0x0167, 0x017B), (0x1579, 0x1619)] {
        assert_eq!(count(once), 1, "{once:04X?}, block {block}");
    }
    let photo = photo_reads(&card);
    assert_eq!(photo.len(), BLOCKS + 1, "only the interrupted block is read twice");
    let bytes: usize = photo.iter().map(|(start, end)| end - start).sum();
    assert!(bytes <= PHOTO_BYTES + 255 + 16, "{bytes} bytes, block {block}");
}

#[test]
fn a_photo_goes_on_at_its_block_after_a_reset_by_another_or_a_faulty_exchange() {
    for block in 0..BLOCKS {
        for error in [ChannelError::Reset, ChannelError::Faulty] {
            check(block, |at| Trouble::Channel(at, error));
        }
        // A reset that nobody told of: the applet is not selected any more.
        check(block, |at| Trouble::Says(at, &[0x6D, 0x00]));
    }
}

#[test]
fn a_caller_who_stopped_goes_on_without_asking_anything_twice() {
    let (mut card, mut reading, identity) = somchai();
    reading.citizen(&mut card, &identity).unwrap();
    let asked = card.asked.len();
    let mut stops = 0;
    let photo = loop {
        match reading.photo(&mut card, &mut |_| Flow::Stop) {
            Ok(photo) => break photo,
            Err(error) => assert_eq!(error, CardError::Stopped),
        }
        stops += 1;
    };
    assert!(photo == whole_photo());
    // Sixteen bytes of each block but the first prove that it goes on.
    let blocks = 1 + (PHOTO_BYTES - 255).div_ceil(255 - 16);
    assert_eq!((stops, card.asked.len() - asked), (blocks, blocks));
}

#[test]
fn an_exchange_that_fails_without_a_reset_is_caught_up_with_by_the_proof_alone() {
    let (mut card, mut reading, identity) = somchai();
    reading.citizen(&mut card, &identity).unwrap();
    card.trouble = Trouble::Channel(card.asked.len() + 7, ChannelError::Faulty);
    assert!(photo_of(&mut card, &mut reading).is_err());
    card.trouble = Trouble::None;
    assert!(photo_of(&mut card, &mut reading).unwrap() == whole_photo());
    assert_eq!(photo_reads(&card).len(), BLOCKS + 1);
}

#[test]
fn the_identifier_alone_is_enough_until_later_on_the_same_card() {
    let (mut card, mut reading, identity) = somchai();
    for _ in 0..3 {
        reset(&mut card);
        reading.reconnected();
        assert!(reading.identity(&mut card).unwrap() == identity);
    }
    reset(&mut card);
    assert!(reading.citizen(&mut card, &identity).is_err(), "a reset that nobody told of");
    let citizen = reading.citizen(&mut card, &identity).unwrap();
    assert!(citizen.identity == identity);
    let whole = card.reads().into_iter().filter(|read| *read == (0x0000, 0x00F6)).count();
    assert_eq!(whole, 1, "the holder's data is read once");
}

#[test]
fn text_that_was_interrupted_goes_on_with_what_is_missing() {
    let (mut card, mut reading, identity) = somchai();
    // The chip's data and the selection are not needed for it: the second exchange is the address.
    card.trouble = Trouble::Channel(card.asked.len() + 1, ChannelError::Reset);
    let error = reading.citizen(&mut card, &identity).map(|_| ()).unwrap_err();
    assert_eq!(error, ChannelError::Reset.into());
    reset(&mut card);
    reading.reconnected();
    assert!(reading.citizen(&mut card, &identity).is_ok());
    assert_eq!(card.reads()[3..], [(0x0000, 0x0011), (0x1579, 0x1619)]);
}

#[test]
fn text_that_was_wrong_is_read_again() {
    let (mut card, mut reading, identity) = somchai();
    let right = card.image.bytes[0x016F..0x0177].to_vec();
    card.write(0x016F, b"25759999");
    assert!(matches!(
        reading.citizen(&mut card, &identity).map(|_| ()),
        Err(CardError::Text { field: Field::ExpiryDate, .. })
    ));
    card.write(0x016F, &right);
    assert!(reading.citizen(&mut card, &identity).is_ok());
}

/// Part of a photo is read, then another card lies in the reader.
#[track_caller]
fn check_swap(swap: impl Fn(&mut FakeCard)) {
    let (mut card, mut reading, identity) = somchai();
    reading.citizen(&mut card, &identity).unwrap();
    card.trouble = Trouble::Channel(card.asked.len() + 5, ChannelError::Faulty);
    assert!(photo_of(&mut card, &mut reading).is_err());
    reset(&mut card);
    swap(&mut card);
    let before = photo_reads(&card).len();
    for _ in 0..2 {
        reading.reconnected();
        let outcome = photo_of(&mut card, &mut reading).map(|_| ());
        assert_eq!(outcome, Err(CardError::AnotherCard));
        let outcome = reading.citizen(&mut card, &identity).map(|_| ());
        assert_eq!(outcome, Err(CardError::AnotherCard));
        assert_eq!(reading.identity(&mut card).map(|_| ()), Err(CardError::AnotherCard));
    }
    assert_eq!(photo_reads(&card).len(), before, "no byte of it is asked for");
}

#[test]
fn two_cards_are_never_joined_even_if_one_of_chip_number_and_identifier_is_the_same() {
    check_swap(|card| card.image.chip_data[13..21].fill(0x5A));
    check_swap(|card| card.write(0x0004, b"1234567890121"));
    check_swap(|card| card.write(0x0004, b"123456789012x"));
}

#[test]
fn another_program_that_selected_something_else_is_noticed_and_what_was_read_stays_right() {
    let (mut card, mut reading, _) = somchai();
    let stopped = reading.photo(&mut card, &mut |_| Flow::Stop).map(|_| ());
    assert_eq!(stopped, Err(CardError::Stopped));
    // Another applet that answers the same reads, with something of its own.
    let right = card.image.bytes.clone();
    card.image.bytes.fill(0x42);
    let outcome = photo_of(&mut card, &mut reading).map(|_| ());
    assert_eq!(outcome, Err(CardError::Interleaved { field: Field::Photo }));
    card.image.bytes = right;
    assert!(photo_of(&mut card, &mut reading).unwrap() == whole_photo());
}

#[test]
fn a_refused_spanning_read_is_not_asked_for_again_by_a_reading_that_is_told_so() {
    let refusing = || FakeCard::with("somchai", Trouble::NoSpan([0x6A, 0x86]));
    let read = |card: &mut FakeCard, plan| {
        let mut reading = CardReading::new(plan);
        let identity = reading.identity(card).unwrap();
        reading.citizen(card, &identity).unwrap();
        reading.plan()
    };
    let (mut first, mut second) = (refusing(), refusing());
    let learned = read(&mut first, ReadPlan::Spanning);
    assert_eq!(learned, ReadPlan::FieldByField);
    assert_eq!(read(&mut second, learned), ReadPlan::FieldByField);
    let refused = |card: &FakeCard| {
        card.reads()
            .iter()
            .filter(|read| [(0x0000, 0x00F6), (0x0167, 0x017B)].contains(read))
            .count()
    };
    assert_eq!((refused(&first), refused(&second)), (1, 0));
}
