//! A small T=0 card with its own idea of where things lie, and the ways in which one can misbehave.
//!
//! Strict on purpose: it refuses what real chips were seen to refuse, and remembers what it was asked.

use super::images::Image;
use crate::{Channel, ChannelError};

/// Where fields begin, for a card that does not let reads run across them.
const FIELDS: [usize; 18] = [
    0x0000, 0x0004, 0x0011, 0x0075, 0x00D9, 0x00E1, 0x00E2, 0x00F6, 0x015A, 0x0167, 0x016F, 0x0177,
    0x0179, 0x017B, 0x1579, 0x1619, 0x1627, 0x173E,
];

/// How the card hands data over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Manner {
    /// `61 xx`, then GET RESPONSE.
    Announced,
    /// Data and `90 00` at once.
    Direct,
    /// `6C xx` until the length is right.
    Corrected,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// From this exchange on, counted from 0, there is no answer.
    Channel(usize, ChannelError),
    /// From this exchange on, the card says the same whatever it is asked.
    Says(usize, &'static [u8]),
    /// Reads bring this much less than they should, this often.
    Short { bytes: usize, times: usize },
    /// Reads bring this much more than they should.
    Long { bytes: usize },
    /// Every read brings another number of bytes.
    Wavering,
    /// Reads across a field's border are refused with this.
    NoSpan([u8; 2]),
    /// Reads of more bytes than this are refused with `67 00`.
    NoMoreThan(usize),
}

/// The card, and the memory of what it was asked.
pub struct FakeCard {
    pub image: Image,
    pub manner: Manner,
    pub trouble: Trouble,
    /// Whether the citizen applet is selected.
    pub selected: bool,
    /// Whether the chip's life cycle data is given while the applet is not selected.
    pub gives_chip_data: bool,
    /// Every command.
    pub asked: Vec<Vec<u8>>,
    /// Bytes that went over the wire, either way.
    pub bytes: usize,
    pending: Vec<u8>,
    reads: usize,
}

impl FakeCard {
    pub fn new(name: &str, manner: Manner) -> Self {
        Self {
            image: Image::of(name),
            manner,
            trouble: Trouble::None,
            selected: false,
            gives_chip_data: true,
            asked: Vec::new(),
            bytes: 0,
            pending: Vec::new(),
            reads: 0,
        }
    }

    pub fn with(name: &str, trouble: Trouble) -> Self {
        Self { trouble, ..Self::new(name, Manner::Announced) }
    }

    /// Overwrites a part of the image.
    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.image.bytes[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    /// Start and end of every read, in the order asked.
    pub fn reads(&self) -> Vec<(usize, usize)> {
        let read = |command: &Vec<u8>| match command[..] {
            [0x80, 0xB0, high, low, 0x02, 0x00, length, ..] => {
                let start = usize::from(u16::from_be_bytes([high, low]));
                Some((start, start + usize::from(length)))
            }
            _ => None,
        };
        self.asked.iter().filter_map(read).collect()
    }

    /// Data or a status word, before it is put into the card's manner.
    fn obey(&mut self, command: &[u8]) -> Result<Vec<u8>, [u8; 2]> {
        match *command {
            [0x80, 0xCA, 0x9F, 0x7F, _] if self.gives_chip_data && !self.selected => {
                Ok(self.image.chip_data.clone())
            }
            [0x80, 0xCA, ..] => Err([0x6A, 0x88]),
            [0x00, 0xA4, 0x04, 0x00, 0x08, 0xA0, 0, 0, 0, 0x54, 0x48, 0, 1, ..] => {
                self.selected = true;
                Ok(vec![0x6F, 0x08, 0x84, 0x06, 0xA0, 0, 0, 0, 0x54, 0x48])
            }
            [0x00, 0xA4, 0x04, 0x00, 0x00] => {
                self.selected = false;
                Err([0x90, 0x00])
            }
            [0x80, 0xB0, high, low, 0x02, 0x00, length, ..] if self.selected => {
                self.read(usize::from(u16::from_be_bytes([high, low])), usize::from(length))
            }
            _ => Err([0x6D, 0x00]),
        }
    }

    fn read(&mut self, start: usize, length: usize) -> Result<Vec<u8>, [u8; 2]> {
        let crosses = |field: &usize| start < *field && *field < start + length;
        match self.trouble {
            Trouble::NoSpan(status) if FIELDS.iter().any(crosses) => return Err(status),
            Trouble::NoMoreThan(most) if length > most => return Err([0x67, 0x00]),
            _ => {}
        }
        let mut data =
            self.image.bytes.get(start..start + length).map(<[u8]>::to_vec).ok_or([0x6B, 0x00])?;
        self.reads += 1;
        match self.trouble {
            Trouble::Short { bytes, times } if self.reads <= times => {
                data.truncate(length.saturating_sub(bytes));
            }
            Trouble::Long { bytes } => data.resize(length + bytes, b' '),
            Trouble::Wavering => data.truncate(length.saturating_sub(self.reads)),
            _ => {}
        }
        Ok(data)
    }

    /// Hands data over in the card's manner; `expected` is the length the command asked for, if it did.
    fn hand_over(&mut self, data: Vec<u8>, expected: Option<u8>) -> Vec<u8> {
        let length = u8::try_from(data.len() % 256).expect("a remainder of 256 fits a byte");
        match self.manner {
            Manner::Announced if data.len() <= 256 => {
                self.pending = data;
                vec![0x61, length]
            }
            Manner::Corrected if expected != Some(length) => vec![0x6C, length],
            _ => [data, vec![0x90, 0x00]].concat(),
        }
    }

    fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        if let [0x00, 0xC0, 0x00, 0x00, expected] = *command {
            let data = std::mem::take(&mut self.pending);
            let right = usize::from(expected) == data.len() % 256;
            return if right && !data.is_empty() {
                [data, vec![0x90, 0x00]].concat()
            } else {
                vec![0x6F, 0x00]
            };
        }
        self.pending.clear();
        let expected = match *command {
            [_, _, _, _, expected] => Some(expected),
            [_, _, _, _, body, ..] if command.len() == usize::from(body) + 6 => {
                command.last().copied()
            }
            _ => None,
        };
        // A card that corrects the length has not yet read: it must not count twice.
        let reads = self.reads;
        match self.obey(command) {
            Ok(data) => {
                let answer = self.hand_over(data, expected);
                if answer.first() == Some(&0x6C) && answer.len() == 2 {
                    self.reads = reads;
                }
                answer
            }
            Err(status) => status.to_vec(),
        }
    }
}

impl Channel for FakeCard {
    fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        let exchange = self.asked.len();
        self.asked.push(command.to_vec());
        answer.clear();
        match self.trouble {
            Trouble::Channel(from, error) if exchange >= from => return Err(error),
            Trouble::Says(from, words) if exchange >= from => answer.extend_from_slice(words),
            _ => {
                let words = self.answer(command);
                answer.extend_from_slice(&words);
            }
        }
        self.bytes += command.len() + answer.len();
        Ok(())
    }
}
