//! The text of a recording, and that nothing of a card's holder gets into one.

use std::sync::Arc;
use std::time::Duration;

use card::{CardReading, Channel, Flow, ReadPlan};

use super::invented::{Invented, Source};
use super::*;
use crate::diagnose::tests::bench::{Bench, WORKS, personal};
use crate::ports::{Devices, ExchangeFault, Faulty, Plan, Plans};
use crate::reading;

const TEXT: &str = "dipchip recording 1\nholder = invented\nreader = Example Reader 00 00\n\n\
    # A word to whoever reads this.\n\
    connect as-it-is = 3B00 in 12 us\n80CA9F7F2D = 6C2D in 3 us\n00C0000000 = - in 4 us\n\
    hold = reset in 5 us\nconnect cold = mute in 200000 us\n80B0000002000D = removed in 6 us\n";

#[track_caller]
fn refused(from: &str, to: &str, expected: &str) {
    let error = Recording::parse(&TEXT.replacen(from, to, 1)).expect_err("it is no recording");
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn a_recording_is_read_line_by_line_and_written_to_the_same() {
    let recording = Recording::parse(TEXT).unwrap();
    assert_eq!(recording.reader, "Example Reader 00 00");
    assert_eq!(recording.steps.len(), 6);
    let hold = Step::Hold { error: ChannelError::Reset, took: Duration::from_micros(5) };
    assert_eq!(recording.steps.get(3), Some(&hold));
    let without_remark = TEXT.replace("# A word to whoever reads this.\n", "");
    assert_eq!(recording.text(), without_remark);
}

#[test]
fn a_text_that_is_no_recording_is_refused_at_its_line() {
    refused("recording 1", "recording 2", "line 1: came \"dipchip recording 2\"");
    refused("invented", "Somchai", "line 2: came \"holder = Somchai\", expected holder = invented");
    refused(
        "80CA9F7F2D",
        "80CA9F7F2",
        "line 7: came \"80CA9F7F2 = 6C2D in 3 us\", expected a command",
    );
    refused("6C2D", "6C2", "an answer in hexadecimal digits");
    refused("cold", "hot", "connect as-it-is, warm or cold");
    refused("3 us", "3 ms", "a time such as");
    refused(" = removed", "", "COMMAND = ANSWER");
    refused("hold = reset", "hold = 9000", "why the card was not held");
    assert_eq!(Recording::parse("dipchip recording 1"), Err(RecordingError::End(HOLDER)));
    assert_eq!(Recording::parse(&"x".repeat(TEXT_BYTES_MAX + 1)), Err(RecordingError::Size));
    let endless = TEXT.to_owned() + &"hold = busy in 1 us\n".repeat(STEPS_MAX);
    assert_eq!(Recording::parse(&endless), Err(RecordingError::Size));
}

/// What a recorder wrote while the card of a bench was read, and whether it was read.
fn recorded(plans: Plans) -> (Recording, String, bool) {
    let devices = Faulty::new(Arc::new(Bench::default()), plans);
    let recorder = Recorder::begin(Vec::new(), WORKS).unwrap();
    let mut reader = Recorded::new(devices.card_reader().unwrap(), &recorder);
    let mut connection =
        crate::ports::CardReader::connect(&mut reader, WORKS, Start::AsItIs).unwrap();
    let connection = connection.as_mut();
    let mut card = CardReading::new(ReadPlan::default());
    let read = reading::identity(connection, &mut card)
        .and_then(|identity| reading::citizen(connection, &mut card, &identity))
        .and_then(|_| reading::photo(connection, &mut card, &mut |_| Flow::Continue));
    let steps = recorder.end().unwrap();
    let text = recorder.written();
    let recording = Recording::parse(&text).unwrap();
    assert_eq!(recording.steps.len(), steps);
    (recording, text, read.is_ok())
}

#[test]
fn nothing_of_the_holder_gets_into_a_recording() {
    let (recording, text, read) = recorded(Plans::default());
    assert!(read && recording.steps.len() > 10);
    let answers = recording.steps.iter().filter_map(|step| match step {
        Step::Exchange { outcome: Ok(answer), .. } => Some(answer.as_slice()),
        _ => None,
    });
    let said = answers.collect::<Vec<_>>().concat();
    for value in personal() {
        let hex: String = value.bytes().map(|byte| format!("{byte:02X}")).collect();
        assert!(!text.contains(&hex) && !text.contains(&value), "{value}");
        assert!(!said.windows(value.len()).any(|window| window == value.as_bytes()), "{value}");
    }
    assert!(said.windows(13).any(|window| window == b"1111111111119"), "the invented person");
}

#[test]
fn lengths_status_words_and_failures_are_those_that_came() {
    let short = Plan::once(3, ExchangeFault::Short(5));
    let (recording, _, _) = recorded(Plans { exchanges: short, ..Plans::default() });
    let lengths = recording.steps.iter().filter_map(|step| match step {
        Step::Exchange { outcome: Ok(answer), .. } => Some(answer.len()),
        _ => None,
    });
    assert_eq!(lengths.skip(2).take(2).collect::<Vec<_>>(), [7, 248], "short, then read again");
    let removed = Plan::once(9, ExchangeFault::Fails(ChannelError::Removed));
    let (recording, _, read) = recorded(Plans { exchanges: removed, ..Plans::default() });
    let Some(Step::Exchange { outcome, .. }) = recording.steps.last() else {
        panic!("an exchange")
    };
    assert_eq!((outcome, read), (&Err(ChannelError::Removed), false));
}

/// Answers everything with the same.
struct Parrot(&'static [u8]);

impl Channel for Parrot {
    fn transmit(&mut self, _: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        answer.clear();
        answer.extend_from_slice(self.0);
        Ok(())
    }
}

#[test]
fn data_for_a_command_that_is_not_known_ends_the_recording_and_not_the_reading() {
    let recorder = Recorder::begin(Vec::new(), WORKS).unwrap();
    let mut channel = Recorded::new(Parrot(b"secret\x90\x00"), &recorder);
    let mut answer = Vec::new();
    assert_eq!(channel.transmit(&[0x00, 0xB2, 0x01, 0x0C], &mut answer), Ok(()));
    assert_eq!(answer, b"secret\x90\x00");
    let error = recorder.end().expect_err("the data could be anybody's");
    assert!(error.to_string().contains("the command 00 B2"), "{error}");
    assert!(!recorder.written().contains("00B2"));
}

/// Whatever a card says at a place of its image, two cards leave the same behind.
#[test]
fn what_is_written_depends_on_lengths_and_not_on_what_came() {
    let made = |real: &[u8]| Invented::default().data(Source::Image(0x0011), 0, real);
    assert_eq!(made(&[0xB9; 100]), made(&[0x20; 100]));
    let chip = |real: &[u8]| Invented::default().data(Source::Chip, 0, real);
    assert_eq!(chip(&[0x11; 45]), chip(&[0x77; 45]));
    assert_eq!(chip(&[0x11; 42]).len(), 42);
}

#[test]
fn a_card_keeps_its_layout_the_length_of_its_photo_and_its_lack_of_a_number() {
    let mut invented = Invented::default();
    assert_eq!(invented.data(Source::Image(0), 0, b"0002"), b"0002");
    assert_eq!(invented.data(Source::Image(0), 0, b"1234"), b"0003");
    assert_eq!(invented.data(Source::Image(0x0179), 0, &[0x10, 0x01]), [0x10, 0x01]);
    assert_eq!(invented.data(Source::Image(0x0179), 0, b"34"), [0, 0]);
    assert!(
        Invented::default().data(Source::Chip, 0, &[0; 45])[13..21].iter().all(|byte| *byte == 0)
    );
    let blank = Invented::default().data(Source::Image(0x017B), 0, &[0x20; 255]);
    assert!(!blank.starts_with(&[0xFF, 0xD8]));
}
