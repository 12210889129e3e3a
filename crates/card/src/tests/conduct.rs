//! A card that misbehaves as its file in `tests/cards/evil` says: from a stage on, in one way.
//!
//! It wraps a card that behaves, and counts what it is asked from the moment the misconduct begins.

use super::fake_card::{FakeCard, Manner};
use crate::{Channel, ChannelError};

/// What the card is asked for; the order is that of a reading.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    ChipNumber,
    Applet,
    Holder,
    Validity,
    Address,
    Photo,
    SecondReading,
}

/// In which way the card misbehaves.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Conduct {
    /// Gives these words in turn, whatever it is asked.
    Says(Vec<Vec<u8>>),
    /// Gives no answer.
    Silent(ChannelError),
    /// Gives so many bytes at a time and announces the next.
    Drips(usize),
    /// Leaves so many bytes out.
    Short(usize),
    /// Gives so many bytes more.
    Long(usize),
    /// Gives another number of bytes each time.
    Wavers,
    /// Says what it was asked, and success.
    Echoes,
    /// Gives the first thing again and again.
    Repeats,
    /// Has this card's image after a reset.
    Becomes(String),
    /// Has another chip number after a reset.
    OtherChip,
}

/// The card, and what it cost.
pub struct EvilCard {
    honest: FakeCard,
    begins: Stage,
    conduct: Conduct,
    begun: bool,
    first: Option<Vec<u8>>,
    /// Commands in all.
    pub exchanges: usize,
    /// Commands since the misconduct began.
    pub exchanges_begun: usize,
    /// Bytes that went over the wire, either way, since then.
    pub bytes_begun: usize,
}

impl EvilCard {
    /// Reads `key = value` lines; the format is written down in `tests/cards/README.md`.
    pub fn parse(text: &str) -> Self {
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
            line.expect("a line with this key")
        };
        Self {
            // Data and success at once: what is announced is announced by the conduct.
            honest: FakeCard::new(value("image"), Manner::Direct),
            begins: stage(value("from")),
            conduct: conduct(value("conduct")),
            begun: false,
            first: None,
            exchanges: 0,
            exchanges_begun: 0,
            bytes_begun: 0,
        }
    }

    /// The card is reset: the applet is no longer selected, and some cards are no longer themselves.
    pub fn reset(&mut self) {
        self.honest.selected = false;
        if self.begins != Stage::SecondReading {
            return;
        }
        self.begun = true;
        match &self.conduct {
            Conduct::Becomes(name) => {
                let chip_data = std::mem::take(&mut self.honest.image.chip_data);
                self.honest = FakeCard::new(name, Manner::Direct);
                self.honest.image.chip_data = chip_data;
            }
            Conduct::OtherChip => self.honest.image.chip_data[13..21].fill(0x5A),
            other => panic!("{other:?} is no conduct of a second reading"),
        }
    }

    /// What the card says now; `None` if that is what an honest one says.
    fn misbehave(&mut self, command: &[u8], honest: &[u8]) -> Option<Vec<u8>> {
        let turn = self.exchanges_begun - 1;
        let data = honest.get(..honest.len().saturating_sub(2)).unwrap_or_default();
        let success = |data: &[u8]| [data, &[0x90, 0x00]].concat();
        match &self.conduct {
            Conduct::Says(words) => Some(words[turn % words.len()].clone()),
            Conduct::Drips(bytes) => {
                let start = (turn * bytes) % 200;
                let source = self.first.get_or_insert_with(|| data.to_vec());
                Some([&source[start..start + bytes], &[0x61, 0xFF]].concat())
            }
            Conduct::Short(bytes) => Some(success(&data[..data.len().saturating_sub(*bytes)])),
            Conduct::Long(bytes) => Some(success(&[data, &vec![b' '; *bytes]].concat())),
            Conduct::Wavers => Some(success(&data[..data.len().saturating_sub(turn + 1)])),
            Conduct::Echoes => Some(success(command)),
            Conduct::Repeats => {
                let length = data.len();
                let source = self.first.get_or_insert_with(|| data.to_vec());
                Some(success(&source[..length]))
            }
            Conduct::Silent(_) | Conduct::Becomes(_) | Conduct::OtherChip => None,
        }
    }
}

impl Channel for EvilCard {
    fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        self.exchanges += 1;
        self.begun |= stage_of(command) == Some(self.begins);
        self.honest.transmit(command, answer)?;
        if !self.begun {
            return Ok(());
        }
        self.exchanges_begun += 1;
        if let Conduct::Silent(error) = self.conduct {
            return Err(error);
        }
        let honest = answer.clone();
        if let Some(words) = self.misbehave(command, &honest) {
            answer.clear();
            answer.extend_from_slice(&words);
        }
        self.bytes_begun += command.len() + answer.len();
        Ok(())
    }
}

/// What a command asks for, by the card's own offsets.
fn stage_of(command: &[u8]) -> Option<Stage> {
    match *command {
        [0x80, 0xCA, ..] => Some(Stage::ChipNumber),
        [0x00, 0xA4, 0x04, 0x00, 0x08, ..] => Some(Stage::Applet),
        [0x80, 0xB0, high, low, ..] => Some(match u16::from_be_bytes([high, low]) {
            0x0000..0x00F6 => Stage::Holder,
            0x0167..0x017B => Stage::Validity,
            0x017B..0x1579 => Stage::Photo,
            _ => Stage::Address,
        }),
        _ => None,
    }
}

fn stage(word: &str) -> Stage {
    match word {
        "chip-number" => Stage::ChipNumber,
        "applet" => Stage::Applet,
        "holder" => Stage::Holder,
        "validity" => Stage::Validity,
        "address" => Stage::Address,
        "photo" => Stage::Photo,
        "second-reading" => Stage::SecondReading,
        other => panic!("{other} is no stage"),
    }
}

fn conduct(words: &str) -> Conduct {
    let words: Vec<&str> = words.split(' ').collect();
    let number = |text: &str| text.parse().expect("a number of bytes");
    match words[..] {
        ["says", "-"] => Conduct::Says(vec![Vec::new()]),
        ["says", ..] => Conduct::Says(words[1..].iter().map(|word| hex(word)).collect()),
        ["silent", why] => Conduct::Silent(match why {
            "timed-out" => ChannelError::TimedOut,
            "removed" => ChannelError::Removed,
            "reset" => ChannelError::Reset,
            "gone" => ChannelError::Gone,
            "faulty" => ChannelError::Faulty,
            other => panic!("{other} is no silence"),
        }),
        ["drips", bytes] => Conduct::Drips(number(bytes)),
        ["short", bytes] => Conduct::Short(number(bytes)),
        ["long", bytes] => Conduct::Long(number(bytes)),
        ["wavers"] => Conduct::Wavers,
        ["echoes"] => Conduct::Echoes,
        ["repeats"] => Conduct::Repeats,
        ["becomes", name] => Conduct::Becomes(name.to_owned()),
        ["other", "chip"] => Conduct::OtherChip,
        _ => panic!("{words:?} is no conduct"),
    }
}

fn hex(digits: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("two hexadecimal digits");
    (0..digits.len()).step_by(2).map(byte).collect()
}
