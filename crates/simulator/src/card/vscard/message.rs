//! The messages of the vscard protocol, to bytes and from a stream of bytes. Pure.
//! What they do to the card is `vscard`'s business.

use thiserror::Error;

/// Kind, reader and length.
const HEADER: usize = 12;

/// A command is some 260 bytes; whoever announces more does not speak this protocol.
const PAYLOAD_MAX: usize = 65_536;

/// The only reader there is.
const READER: u32 = 0;

/// The magic word, version 0.0.2, no capabilities.
const INTRODUCTION: &[u8] = &[b'V', b'S', b'C', b'D', 0, 0, 0, 2, 0, 0, 0, 0];

/// What a message is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Init,
    Error,
    ReaderAdd,
    ReaderRemove,
    Atr,
    CardRemove,
    Apdu,
    /// One that no card needs.
    Other,
}

/// One message.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Message {
    pub(super) kind: Kind,
    pub(super) payload: Vec<u8>,
}

/// The bytes are no messages of this protocol.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error(
    "reading a vscard message: expected at most {PAYLOAD_MAX} bytes, {announced} are announced"
)]
pub(super) struct TooLong {
    announced: usize,
}

/// Collects bytes until they are messages.
#[derive(Default)]
pub(super) struct Inbox(Vec<u8>);

impl Kind {
    const CODES: [(Self, u32); 7] = [
        (Self::Init, 1),
        (Self::Error, 2),
        (Self::ReaderAdd, 3),
        (Self::ReaderRemove, 4),
        (Self::Atr, 5),
        (Self::CardRemove, 6),
        (Self::Apdu, 7),
    ];

    fn of(code: u32) -> Self {
        Self::CODES.iter().find(|known| known.1 == code).map_or(Self::Other, |known| known.0)
    }

    fn code(self) -> u32 {
        Self::CODES.iter().find(|known| known.0 == self).map_or(0, |known| known.1)
    }
}

impl Message {
    /// The introduction that each side begins with.
    pub(super) fn init() -> Self {
        Self { kind: Kind::Init, payload: INTRODUCTION.to_vec() }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let length = u32::try_from(self.payload.len()).unwrap_or(u32::MAX);
        let head = [self.kind.code(), READER, length].map(u32::to_be_bytes);
        [head.as_flattened(), &self.payload].concat()
    }
}

impl Inbox {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The next message, if it is here as a whole.
    pub(super) fn next(&mut self) -> Result<Option<Message>, TooLong> {
        let Some((head, rest)) = self.0.split_first_chunk::<HEADER>() else { return Ok(None) };
        let ([kind, _, length], _) = head.as_chunks::<4>() else { return Ok(None) };
        let announced = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if announced > PAYLOAD_MAX {
            return Err(TooLong { announced });
        }
        let Some(payload) = rest.get(..announced) else { return Ok(None) };
        let message =
            Message { kind: Kind::of(u32::from_be_bytes(*kind)), payload: payload.to_vec() };
        self.0.drain(..HEADER + announced);
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inbox(bytes: &[u8]) -> Inbox {
        let mut inbox = Inbox::default();
        inbox.add(bytes);
        inbox
    }

    #[test]
    fn a_message_has_three_words_in_front() {
        let atr = Message { kind: Kind::Atr, payload: vec![0x3B, 0x00] };
        assert_eq!(atr.bytes(), [0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 2, 0x3B, 0x00]);
        assert_eq!(Message::init().bytes().get(12..20), Some(&b"VSCD\0\0\0\x02"[..]));
    }

    #[test]
    fn messages_are_found_wherever_the_stream_is_cut() {
        let apdu = Message { kind: Kind::Apdu, payload: vec![0x00, 0xA4] };
        let stream = [Message::init().bytes(), apdu.bytes()].concat();
        for cut in 0..stream.len() {
            let (first, second) = stream.split_at(cut);
            let mut inbox = inbox(first);
            let mut kinds = Vec::new();
            for part in [&[][..], second] {
                inbox.add(part);
                while let Some(message) = inbox.next().unwrap() {
                    kinds.push(message.kind);
                }
            }
            assert_eq!(kinds, [Kind::Init, Kind::Apdu], "cut at {cut}");
        }
    }

    #[test]
    fn an_unknown_kind_is_passed_over_by_its_length() {
        let mut inbox = inbox(&[0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0, 1, 0xFF]);
        assert_eq!(inbox.next().unwrap().map(|message| message.kind), Some(Kind::Other));
        assert!(inbox.next().unwrap().is_none());
    }

    #[test]
    fn a_length_beyond_measure_is_no_message() {
        let mut inbox = inbox(&[0, 0, 0, 7, 0, 0, 0, 0, 0, 1, 0, 1]);
        assert_eq!(inbox.next().err(), Some(TooLong { announced: 65_537 }));
    }
}
