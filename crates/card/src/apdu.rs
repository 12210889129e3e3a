//! Commands, status words, and the one loop that gets a whole answer out of a card.
//!
//! T=0 cards announce data with `61 xx` or ask for another length with `6C xx`; bridges and some drivers
//! hand data and `90 00` over at once. The loop takes all three and is bounded in exchanges and bytes.
//! What is read, and how long it must be, is `reading`'s.

use std::fmt::{Debug, Display, Formatter};

use zeroize::Zeroizing;

use crate::{
    channel::Channel,
    error::{CardError, Field},
};

/// Selects the citizen applet.
pub(crate) const SELECT_APPLET: &[u8] =
    &[0x00, 0xA4, 0x04, 0x00, 0x08, 0xA0, 0x00, 0x00, 0x00, 0x54, 0x48, 0x00, 0x01];
/// Selects the card's own manager, for chips that give their number only there.
pub(crate) const SELECT_MANAGER: &[u8] = &[0x00, 0xA4, 0x04, 0x00, 0x00];
/// GET DATA of the card production life cycle: tag `9F 7F`, 45 bytes.
pub(crate) const GET_CHIP_DATA: &[u8] = &[0x80, 0xCA, 0x9F, 0x7F, 0x2D];

/// READ of the applet: the first byte of the body stays `00` and `length` within a byte, which is right
/// whether a card takes the body as block and length or as one 16-bit length.
pub(crate) const fn read(offset: u16, length: u8) -> [u8; 7] {
    let [high, low] = offset.to_be_bytes();
    [0x80, 0xB0, high, low, 0x02, 0x00, length]
}

/// Exchanges for one command. A T=0 read needs two, one wrong length a third; four times two is ample.
const EXCHANGES_PER_COMMAND_MAX: u16 = 8;
/// Exchanges over one connection. A full photo takes 52; with every field read alone and every read repeated,
/// 150.
const EXCHANGES_MAX: u16 = 256;
/// Bytes of one answer, status words aside. The longest that is asked for has 255.
const ANSWER_BYTES_MAX: usize = 512;
/// What a short APDU can bring back: 256 bytes and the status word. No buffer grows, so none is left unwiped.
const RECEIVE_BYTES: usize = 258;
/// Position of the byte that says how long a command's body is; without a body, how long the answer may be.
const LENGTH_AT: usize = 4;

/// The two bytes that end every answer.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct StatusWord(u16);

impl StatusWord {
    pub(crate) const OK: Self = Self(0x9000);
    pub(crate) const WRONG_LENGTH: Self = Self(0x6700);
    pub(crate) const FILE_NOT_FOUND: Self = Self(0x6A82);
    pub(crate) const WRONG_PARAMETERS: Self = Self(0x6A86);
    pub(crate) const WRONG_OFFSET: Self = Self(0x6B00);
    pub(crate) const UNKNOWN_INSTRUCTION: Self = Self(0x6D00);
    pub(crate) const UNKNOWN_CLASS: Self = Self(0x6E00);

    pub(crate) const fn from_bytes(bytes: [u8; 2]) -> Self {
        Self(u16::from_be_bytes(bytes))
    }

    /// Both bytes, first byte high.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0
    }
}

impl Display for StatusWord {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:04X}", self.0)
    }
}

impl Debug for StatusWord {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        Display::fmt(self, formatter)
    }
}

/// A whole answer: all data, and the last status word.
pub(crate) struct Answer {
    pub(crate) data: Zeroizing<Vec<u8>>,
    pub(crate) status: StatusWord,
}

/// Exchanges with one card, counted anew for each connection.
pub(crate) struct Exchanges {
    received: Zeroizing<Vec<u8>>,
    left: u16,
}

impl Exchanges {
    pub(crate) fn new() -> Self {
        let received = Zeroizing::new(Vec::with_capacity(RECEIVE_BYTES));
        Self { received, left: EXCHANGES_MAX }
    }

    /// A new connection has all exchanges before it.
    pub(crate) fn renew(&mut self) {
        self.left = EXCHANGES_MAX;
    }

    /// Sends a command and fetches all of its answer, whatever the final status is.
    pub(crate) fn run<C: Channel + ?Sized>(
        &mut self,
        channel: &mut C,
        command: &[u8],
        field: Field,
    ) -> Result<Answer, CardError> {
        let mut data = Zeroizing::new(Vec::with_capacity(ANSWER_BYTES_MAX));
        let mut next = command.to_vec();
        for _ in 0..EXCHANGES_PER_COMMAND_MAX {
            let status = self.exchange(channel, &next, field)?;
            let received = self.received.len().saturating_sub(2);
            if data.len() + received > ANSWER_BYTES_MAX {
                return Err(CardError::Endless { field });
            }
            let [kind, announced] = status.0.to_be_bytes();
            if kind == 0x6C {
                // The command will be sent again: what came with this answer is no part of the next.
                next = with_expected_length(next, announced);
                continue;
            }
            data.extend(self.received.iter().take(received));
            if kind != 0x61 {
                return Ok(Answer { data, status });
            }
            next = vec![0x00, 0xC0, 0x00, 0x00, announced];
        }
        Err(CardError::Endless { field })
    }

    /// One command, one answer; its status word.
    fn exchange<C: Channel + ?Sized>(
        &mut self,
        channel: &mut C,
        command: &[u8],
        field: Field,
    ) -> Result<StatusWord, CardError> {
        self.left = self.left.checked_sub(1).ok_or(CardError::Endless { field })?;
        channel.transmit(command, &mut self.received)?;
        match self.received.last_chunk() {
            Some(&status) => Ok(StatusWord::from_bytes(status)),
            None => Err(CardError::NoStatusWord { field, got: self.received.len() }),
        }
    }
}

/// The same command, asking for as many bytes as the card said it has.
fn with_expected_length(mut command: Vec<u8>, length: u8) -> Vec<u8> {
    let body = match command.get(LENGTH_AT) {
        Some(&body) if command.len() > LENGTH_AT + 1 => 1 + usize::from(body),
        _ => 0,
    };
    command.truncate(LENGTH_AT + body);
    command.push(length);
    command
}

#[cfg(test)]
mod tests {
    use super::{
        ANSWER_BYTES_MAX, EXCHANGES_MAX, EXCHANGES_PER_COMMAND_MAX, Exchanges, GET_CHIP_DATA,
        SELECT_APPLET, StatusWord, read, with_expected_length,
    };
    use crate::{
        channel::{Channel, ChannelError},
        error::{CardError, Field},
    };

    /// Answers in the written order, then says for ever the last one; notes what it was asked.
    struct Script {
        answers: Vec<Vec<u8>>,
        asked: Vec<Vec<u8>>,
    }

    impl Channel for Script {
        fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
            let at = self.asked.len().min(self.answers.len() - 1);
            self.asked.push(command.to_vec());
            answer.clear();
            answer.extend_from_slice(&self.answers[at]);
            Ok(())
        }
    }

    #[track_caller]
    fn check(answers: &[&[u8]], expected: Result<(&[u8], u16), CardError>, asked: &[&[u8]]) {
        let answers = answers.iter().map(|answer| answer.to_vec()).collect();
        let mut script = Script { answers, asked: Vec::new() };
        let outcome = Exchanges::new().run(&mut script, &read(4, 3), Field::CitizenId);
        let outcome = outcome.map(|answer| (answer.data.to_vec(), answer.status.value()));
        assert_eq!(outcome, expected.map(|(data, status)| (data.to_vec(), status)));
        assert_eq!(script.asked, asked);
    }

    const READ: &[u8] = &[0x80, 0xB0, 0x00, 0x04, 0x02, 0x00, 0x03];

    #[test]
    fn data_and_success_at_once() {
        check(&[&[1, 2, 3, 0x90, 0x00]], Ok((&[1, 2, 3], 0x9000)), &[READ]);
    }

    #[test]
    fn announced_data_is_fetched() {
        check(
            &[&[0x61, 3], &[1, 2, 3, 0x90, 0x00]],
            Ok((&[1, 2, 3], 0x9000)),
            &[READ, &[0x00, 0xC0, 0x00, 0x00, 3]],
        );
    }

    #[test]
    fn data_that_comes_in_pieces_is_put_together() {
        check(
            &[&[0x61, 2], &[1, 2, 0x61, 1], &[3, 0x90, 0x00]],
            Ok((&[1, 2, 3], 0x9000)),
            &[READ, &[0x00, 0xC0, 0x00, 0x00, 2], &[0x00, 0xC0, 0x00, 0x00, 1]],
        );
    }

    #[test]
    fn a_wrong_length_is_asked_again_with_the_right_one() {
        check(
            &[&[0x61, 0], &[0x6C, 3], &[1, 2, 3, 0x90, 0x00]],
            Ok((&[1, 2, 3], 0x9000)),
            &[READ, &[0x00, 0xC0, 0x00, 0x00, 0], &[0x00, 0xC0, 0x00, 0x00, 3]],
        );
        check(
            &[&[0x6C, 3], &[1, 2, 3, 0x90, 0x00]],
            Ok((&[1, 2, 3], 0x9000)),
            &[READ, &[0x80, 0xB0, 0x00, 0x04, 0x02, 0x00, 0x03, 3]],
        );
    }

    #[test]
    fn what_comes_with_a_wrong_length_is_not_kept() {
        check(
            &[&[7, 7, 7, 0x6C, 3], &[1, 2, 3, 0x90, 0x00]],
            Ok((&[1, 2, 3], 0x9000)),
            &[READ, &[0x80, 0xB0, 0x00, 0x04, 0x02, 0x00, 0x03, 3]],
        );
        check(
            &[&[1, 0x61, 2], &[7, 7, 0x6C, 1], &[2, 0x61, 1], &[3, 0x90, 0x00]],
            Ok((&[1, 2, 3], 0x9000)),
            &[
                READ,
                &[0x00, 0xC0, 0x00, 0x00, 2],
                &[0x00, 0xC0, 0x00, 0x00, 1],
                &[0x00, 0xC0, 0x00, 0x00, 1],
            ],
        );
    }

    #[test]
    fn the_expected_length_stands_behind_the_body() {
        assert_eq!(
            with_expected_length(GET_CHIP_DATA.to_vec(), 0x2A),
            [0x80, 0xCA, 0x9F, 0x7F, 0x2A]
        );
        let select = with_expected_length(SELECT_APPLET.to_vec(), 10);
        assert_eq!(select, [SELECT_APPLET, &[10]].concat());
        assert_eq!(with_expected_length(select, 11), [SELECT_APPLET, &[11]].concat());
    }

    #[test]
    fn a_refusal_is_an_answer() {
        check(&[&[0x6A, 0x82]], Ok((&[], 0x6A82)), &[READ]);
    }

    #[test]
    fn an_answer_without_a_status_word_is_an_error() {
        let error = |got| Err(CardError::NoStatusWord { field: Field::CitizenId, got });
        check(&[&[]], error(0), &[READ]);
        check(&[&[0x90]], error(1), &[READ]);
    }

    #[test]
    fn a_card_that_never_finishes_is_left() {
        for answer in [&[0x61, 0][..], &[0x6C, 3], &[1, 0x61, 1]] {
            let mut script = Script { answers: vec![answer.to_vec()], asked: Vec::new() };
            let outcome = Exchanges::new().run(&mut script, READ, Field::Photo).map(|_| ());
            assert_eq!(outcome, Err(CardError::Endless { field: Field::Photo }));
            assert_eq!(script.asked.len(), usize::from(EXCHANGES_PER_COMMAND_MAX));
        }
    }

    #[test]
    fn an_answer_beyond_all_measure_is_not_kept() {
        let answer = [vec![0; ANSWER_BYTES_MAX + 1], vec![0x90, 0x00]].concat();
        check(&[&answer], Err(CardError::Endless { field: Field::CitizenId }), &[READ]);
    }

    #[test]
    fn one_connection_gets_a_bounded_number_of_exchanges() {
        let mut script = Script { answers: vec![vec![0x90, 0x00]], asked: Vec::new() };
        let mut exchanges = Exchanges::new();
        for _ in 0..EXCHANGES_MAX {
            assert!(exchanges.run(&mut script, READ, Field::Photo).is_ok());
        }
        assert!(exchanges.run(&mut script, READ, Field::Photo).is_err());
        assert_eq!(script.asked.len(), usize::from(EXCHANGES_MAX));
        exchanges.renew();
        assert!(exchanges.run(&mut script, READ, Field::Photo).is_ok());
    }

    #[test]
    fn a_status_word_is_written_as_the_standard_does() {
        assert_eq!(StatusWord(0x6A82).to_string(), "6A82");
        assert_eq!(format!("{:?}", StatusWord(0x0A)), "000A");
    }
}
