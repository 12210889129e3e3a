//! The fuzzer is the card: its bytes decide what each command is answered.
//!
//! Whatever it says, a reading does not panic, stays within its exchanges and bytes, and succeeds only if
//! every byte that it needed came whole and with success. A reading that failed goes on over another
//! connection, as the agent's does, and must join only what belongs together.

#![no_main]

use card::{CardError, CardReading, Channel, ChannelError, Flow, ReadPlan};
use citizen::{Citizen, Photo};
use libfuzzer_sys::fuzz_target;

/// A lawful card, so that the fuzzer gets past the first check.
const IMAGE: &str = include_str!("../../cards/tiny-photo.hex");
/// Connections over which a reading goes on.
const CONNECTIONS: usize = 3;
/// Exchanges that no reading goes beyond over one of them.
const EXCHANGES_MAX: usize = 256;
/// Bytes that no reading takes in over one before it gives up: 40 commands, asked twice, 512 bytes each.
const BYTES_MAX: usize = 80 * 512;
/// Bytes of the longest answer that the fuzzer gives.
const ANSWER_BYTES_MAX: usize = 600;

fuzz_target!(|data: &[u8]| {
    let mut card = Card::new(data);
    // The length decides, so that no input changes its meaning by it.
    let patience = if data.len() % 4 == 3 { Flow::Stop } else { Flow::Continue };
    let outcome = read(&mut card, patience);
    if let Some((citizen, photo)) = outcome {
        for (start, end) in [(0x0000, 0x00F6), (0x0167, 0x017B), (0x1579, 0x1619)] {
            assert!(card.whole(start, end).is_some(), "success without {start:04X} to {end:04X}");
        }
        let id = card.whole(0x0004, 0x0011).expect("checked above");
        assert_eq!(citizen.identity.citizen_id.as_str().as_bytes(), id);
        let end = 0x017B + photo.bytes().len();
        assert!(card.whole(0x017B, end).as_deref() == Some(photo.bytes()), "another photo");
    }
});

/// Everything, or nothing; over several connections. Whoever wants to stop does so after every block.
fn read(card: &mut Card<'_>, patience: Flow) -> Option<(Citizen, Photo)> {
    let mut reading = CardReading::new(ReadPlan::default());
    for _ in 0..CONNECTIONS {
        (card.exchanges, card.bytes) = (0, 0);
        let outcome = read_on(&mut reading, card, patience);
        assert!(card.exchanges <= EXCHANGES_MAX, "{} exchanges", card.exchanges);
        assert!(card.bytes <= BYTES_MAX + ANSWER_BYTES_MAX, "{} bytes", card.bytes);
        if let Ok(whole) = outcome {
            return Some(whole);
        }
        card.pending.clear();
        reading.reconnected();
    }
    None
}

fn read_on(
    reading: &mut CardReading,
    card: &mut Card<'_>,
    patience: Flow,
) -> Result<(Citizen, Photo), CardError> {
    let identity = reading.identity(card)?;
    let citizen = reading.citizen(card, &identity)?;
    loop {
        match reading.photo(card, &mut |_| patience) {
            Err(CardError::Stopped) => {}
            photo => return photo.map(|photo| (citizen, photo)),
        }
    }
}

/// Answers by the fuzzer's bytes; when they are used up, honestly.
struct Card<'d> {
    script: &'d [u8],
    image: Vec<u8>,
    chip_data: Vec<u8>,
    /// What GET RESPONSE will bring.
    pending: Vec<u8>,
    /// Offset and length of the read that is being answered, and what has come of it.
    open: Option<(usize, usize, Vec<u8>)>,
    /// Every byte that came in a whole, successful read.
    given: Vec<Option<u8>>,
    exchanges: usize,
    bytes: usize,
}

impl<'d> Card<'d> {
    fn new(script: &'d [u8]) -> Self {
        let (image, chip_data) = lawful();
        let given = vec![None; image.len()];
        Self {
            script,
            image,
            chip_data,
            pending: Vec::new(),
            open: None,
            given,
            exchanges: 0,
            bytes: 0,
        }
    }

    /// The bytes from one offset up to another, if all of them were given.
    fn whole(&self, start: usize, end: usize) -> Option<Vec<u8>> {
        self.given.get(start..end)?.iter().copied().collect()
    }

    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.script.split_first()?;
        self.script = rest;
        Some(first)
    }

    fn take(&mut self, bytes: usize) -> Vec<u8> {
        let (taken, rest) = self.script.split_at(bytes.min(self.script.len()));
        self.script = rest;
        taken.to_vec()
    }

    /// What an honest card has for this command; nothing if it knows no such command.
    fn honest(&mut self, command: &[u8]) -> Vec<u8> {
        match *command {
            [0x80, 0xCA, ..] => self.chip_data.clone(),
            [0x00, 0xA4, ..] => vec![0x6F; 10],
            [0x00, 0xC0, ..] => std::mem::take(&mut self.pending),
            [0x80, 0xB0, high, low, 0x02, 0x00, length, ..] => {
                let start = usize::from(u16::from_be_bytes([high, low]));
                self.image.get(start..start + usize::from(length)).unwrap_or_default().to_vec()
            }
            _ => Vec::new(),
        }
    }

    /// One answer; the first byte of the script says of which kind.
    fn answer(&mut self, command: &[u8]) -> Result<Vec<u8>, ChannelError> {
        let mut data = self.honest(command);
        let Some(kind) = self.next() else { return Ok([data, vec![0x90, 0x00]].concat()) };
        let amount = usize::from(self.next().unwrap_or_default());
        match kind % 16 {
            0..=3 => {}
            4 => {
                let length = u8::try_from(data.len() % 256).unwrap_or_default();
                self.pending = data;
                return Ok(vec![0x61, length]);
            }
            5 => return Ok(vec![0x6C, u8::try_from(data.len() % 256).unwrap_or_default()]),
            6 => data.truncate(data.len().saturating_sub(amount)),
            7 => data.resize(data.len() + amount, b' '),
            8 => return Ok([data, self.take(2)].concat()),
            9 => return Ok(self.take(amount)),
            10 => return Ok([self.take(amount), vec![0x90, 0x00]].concat()),
            11 => return Ok(vec![kind / 16 * 3 + 0x60, self.next().unwrap_or_default()]),
            12 => {
                let rest = data.split_off(data.len().min(amount));
                let length = u8::try_from(rest.len() % 256).unwrap_or_default();
                self.pending = rest;
                return Ok([data, vec![0x61, length]].concat());
            }
            // Overwrites a part of what is honest, then and later.
            13 => {
                let at = usize::from(self.next().unwrap_or_default());
                let bytes = self.take(amount % 24);
                self.overwrite(command, at, &bytes);
                data = self.honest(command);
            }
            14 => return Ok(vec![0x41; ANSWER_BYTES_MAX - 44 + amount % 44]),
            _ => {
                return Err(match amount % 6 {
                    0 => ChannelError::Removed,
                    1 => ChannelError::Reset,
                    2 => ChannelError::Gone,
                    3 => ChannelError::TimedOut,
                    4 => ChannelError::Busy,
                    _ => ChannelError::Faulty,
                });
            }
        }
        Ok([data, vec![0x90, 0x00]].concat())
    }

    fn overwrite(&mut self, command: &[u8], at: usize, bytes: &[u8]) {
        let place = match *command {
            [0x80, 0xB0, high, low, ..] => {
                let start = usize::from(u16::from_be_bytes([high, low])) + at;
                self.image.get_mut(start..start + bytes.len())
            }
            [0x80, 0xCA, ..] => self.chip_data.get_mut(at..at + bytes.len()),
            _ => None,
        };
        if let Some(place) = place {
            place.copy_from_slice(bytes);
        }
    }

    /// Notes which bytes of the image a whole and successful read has brought.
    fn note(&mut self, command: &[u8], answer: &[u8]) {
        match *command {
            [0x80, 0xB0, high, low, 0x02, 0x00, length, ..] => {
                let start = usize::from(u16::from_be_bytes([high, low]));
                self.open = Some((start, usize::from(length), Vec::new()));
            }
            [0x00, 0xC0, ..] => {}
            _ => self.open = None,
        }
        let (Some((start, length, so_far)), Some((data, status))) =
            (&mut self.open, answer.split_last_chunk::<2>())
        else {
            self.open = None;
            return;
        };
        // Nothing counts that comes with a demand for another length.
        if status[0] != 0x6C {
            so_far.extend_from_slice(data);
        }
        if *status == [0x90, 0x00] && so_far.len() == *length {
            for (given, byte) in self.given.iter_mut().skip(*start).zip(so_far.iter()) {
                *given = Some(*byte);
            }
        }
        if !matches!(status[0], 0x61 | 0x6C) {
            self.open = None;
        }
    }
}

impl Channel for Card<'_> {
    fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        self.exchanges += 1;
        answer.clear();
        let words = self.answer(command)?;
        self.note(command, &words);
        self.bytes += words.len();
        answer.extend_from_slice(&words);
        Ok(())
    }
}

/// Image and chip data of the lawful card.
fn lawful() -> (Vec<u8>, Vec<u8>) {
    static LAWFUL: std::sync::OnceLock<(Vec<u8>, Vec<u8>)> = std::sync::OnceLock::new();
    let parse = || {
        let (mut image, mut chip_data) = (vec![b' '; 5950], Vec::new());
        for line in IMAGE.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if let Some((offset, row)) = line.split_once(": ") {
                let start = usize::from_str_radix(offset, 16).expect("a hexadecimal offset");
                let bytes = hex(row);
                image[start..start + bytes.len()].copy_from_slice(&bytes);
            } else if let Some(data) = line.strip_prefix("cplc = ") {
                chip_data = hex(data);
            }
        }
        (image, chip_data)
    };
    LAWFUL.get_or_init(parse).clone()
}

fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        digits.chars().filter_map(|c| u8::try_from(c.to_digit(16)?).ok()).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}
