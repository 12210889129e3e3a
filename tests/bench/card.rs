//! How long a card takes to read: on the wire by a model, in the processor by the clock.
//!
//! The card here counts exchanges and bytes and never waits; the model makes time of them (2 ms an
//! exchange, 12 etu a byte). The card is one of `tests/cards` with a photo of the size in question.
//! Ends with an error if a target is missed, so that it can stand in a build.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::io::{self, Write};
use std::time::{Duration, Instant};

use card::{CardError, CardReading, Channel, ChannelError, Flow, ReadPlan};

/// The image that all cards of this benchmark start from, with the smallest photo there is.
const IMAGE: &str = include_str!("../cards/tiny-photo.hex");
/// The model's time for one exchange.
const EXCHANGE: Duration = Duration::from_millis(2);
/// The model's elementary time units for one byte.
const ETU_PER_BYTE: u32 = 12;
/// Readings whose median is told.
const ROUNDS: usize = 2001;

/// What a reading has cost so far.
#[derive(Clone, Copy, Default)]
struct Cost {
    exchanges: u32,
    bytes: u32,
}

impl Cost {
    /// The model's time on a wire of so many bits a second.
    fn at(self, baud: u32) -> Duration {
        let bits = f64::from(self.bytes * ETU_PER_BYTE);
        EXCHANGE * self.exchanges + Duration::from_secs_f64(bits / f64::from(baud))
    }
}

/// How the card hands data over.
#[derive(Clone, Copy)]
enum Manner {
    /// `61 xx`, then GET RESPONSE, as on T=0.
    Announced,
    /// Data and success at once: as little card as possible around what is measured.
    Direct,
}

struct CountingCard {
    image: Vec<u8>,
    chip_data: Vec<u8>,
    manner: Manner,
    pending: Vec<u8>,
    cost: Cost,
}

impl CountingCard {
    fn with_photo(bytes: usize, manner: Manner) -> Self {
        let mut card = Self {
            image: vec![b' '; 5950],
            chip_data: Vec::new(),
            manner,
            pending: Vec::new(),
            cost: Cost::default(),
        };
        for line in IMAGE.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if let Some((offset, row)) = line.split_once(": ") {
                let start = usize::from_str_radix(offset, 16).expect("the image is well formed");
                card.write(start, &hex(row));
            } else if let Some(data) = line.strip_prefix("cplc = ") {
                card.chip_data = hex(data);
            }
        }
        card.fill_photo(bytes);
        card
    }

    fn write(&mut self, start: usize, bytes: &[u8]) {
        let place = self.image.get_mut(start..start + bytes.len());
        place.expect("it lies inside the image").copy_from_slice(bytes);
    }

    /// Makes the photo so long by a comment inside.
    fn fill_photo(&mut self, bytes: usize) {
        let field = self.image.get(0x0179..0x0179 + 2 + 269).expect("inside the image").to_vec();
        let (_, jpeg) = field.split_at(2);
        let (start, rest) = jpeg.split_at(2);
        let comment = bytes - jpeg.len() - 4;
        let size = u16::try_from(comment + 2).expect("a comment fits its segment").to_be_bytes();
        let photo = [start, &[0xFF, 0xFE], &size, &vec![b'.'; comment], rest].concat();
        let length = u16::try_from(photo.len()).expect("a photo fits its place");
        self.write(0x0179, &length.to_be_bytes());
        self.write(0x017B, &photo);
    }

    fn data(&self, command: &[u8]) -> Option<Vec<u8>> {
        match *command {
            [0x80, 0xCA, 0x9F, 0x7F, _] => Some(self.chip_data.clone()),
            [0x00, 0xA4, 0x04, 0x00, 0x08, ..] => Some(vec![0x6F; 10]),
            [0x80, 0xB0, high, low, _, _, length] => {
                let start = usize::from(u16::from_be_bytes([high, low]));
                self.image.get(start..start + usize::from(length)).map(<[u8]>::to_vec)
            }
            _ => None,
        }
    }
}

impl Channel for CountingCard {
    fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        answer.clear();
        let waiting = std::mem::take(&mut self.pending);
        match (self.data(command), self.manner) {
            (Some(data), Manner::Announced) => {
                answer.extend([0x61, u8::try_from(data.len()).map_err(|_| ChannelError::Faulty)?]);
                self.pending = data;
            }
            (Some(data), Manner::Direct) => answer.extend([data.as_slice(), &[0x90, 0]].concat()),
            (None, _) => answer.extend([waiting.as_slice(), &[0x90, 0x00]].concat()),
        }
        let bytes = u32::try_from(command.len() + answer.len()).unwrap_or(u32::MAX);
        self.cost = Cost { exchanges: self.cost.exchanges + 1, bytes: self.cost.bytes + bytes };
        Ok(())
    }
}

fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        digits.chars().filter_map(|c| u8::try_from(c.to_digit(16)?).ok()).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}

/// The cost up to the identity, up to all text, and of everything.
fn costs(photo_bytes: usize) -> Result<[Cost; 3], CardError> {
    let cost = |steps: usize| -> Result<Cost, CardError> {
        let mut card = CountingCard::with_photo(photo_bytes, Manner::Announced);
        read(&mut card, steps)?;
        Ok(card.cost)
    };
    Ok([cost(1)?, cost(2)?, cost(3)?])
}

/// The first steps of a reading: identity, text, photo.
fn read(card: &mut CountingCard, steps: usize) -> Result<(), CardError> {
    let mut reading = CardReading::new(ReadPlan::default());
    let identity = reading.identity(card)?;
    if steps > 1 {
        reading.citizen(card, &identity)?;
    }
    if steps > 2 {
        reading.photo(card, &mut |_| Flow::Continue)?;
    }
    Ok(())
}

/// The median time of so many steps in the processor.
fn median(manner: Manner, steps: usize) -> Result<Duration, CardError> {
    let mut times = Vec::with_capacity(ROUNDS);
    let mut card = CountingCard::with_photo(4967, manner);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        read(&mut card, steps)?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times.get(ROUNDS / 2).copied().unwrap_or_default())
}

/// Writes the table, and remembers what was missed.
struct Table<W> {
    out: W,
    missed: u32,
}

impl<W: Write> Table<W> {
    fn row(&mut self, what: &str, got: f64, most: f64, unit: &str) -> io::Result<()> {
        let verdict = if got <= most { "met" } else { "MISSED" };
        self.missed += u32::from(got > most);
        let got = (got * 100.0).round() / 100.0;
        writeln!(self.out, "| {what} | {got} {unit} | {most} {unit} | {verdict} |")
    }

    fn time(&mut self, what: &str, got: Duration, most_ms: f64) -> io::Result<()> {
        self.row(what, got.as_secs_f64() * 1e3, most_ms, "ms")
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut table = Table { out: io::stdout().lock(), missed: 0 };
    writeln!(table.out, "| what | got | target | |\n|---|---|---|---|")?;
    let [identity, text, all] = costs(4967)?;
    table.time("250 kbaud: identifier and chip number", identity.at(250_000), 30.0)?;
    table.time("250 kbaud: all text", text.at(250_000), 70.0)?;
    table.time("250 kbaud: everything, photo of 4,967 bytes", all.at(250_000), 420.0)?;
    table.row("exchanges, photo of 4,967 bytes", f64::from(all.exchanges), 50.0, "")?;
    let [_, _, small] = costs(3000)?;
    table.time("250 kbaud: everything, photo of 3,000 bytes", small.at(250_000), 300.0)?;
    table.time("10.75 kbaud: all text", text.at(10_750), 900.0)?;
    let overhead = median(Manner::Announced, 3)?.as_secs_f64() / all.at(250_000).as_secs_f64();
    table.row("250 kbaud: our own time on top of the wire's", overhead * 100.0, 3.0, "%")?;
    let decode = median(Manner::Direct, 2)?.as_secs_f64() * 1e6;
    table.row("an image in memory to a `Citizen`", decode, 50.0, "µs")?;
    let whole = median(Manner::Direct, 3)?.as_secs_f64() * 1e6;
    writeln!(table.out, "| an image in memory to a `Citizen` and its photo | {whole:.1} µs | | |")?;
    let slow = all.at(10_750).as_secs_f64();
    writeln!(table.out, "| 10.75 kbaud: everything, photo of 4,967 bytes | {slow:.2} s | | |")?;
    let [first, then, last] = [identity, text, all].map(|cost| (cost.exchanges, cost.bytes));
    writeln!(
        table.out,
        "| exchanges and bytes: identifier, text, everything | {first:?} {then:?} {last:?} | | |"
    )?;
    if table.missed > 0 {
        return Err(format!("{} targets were missed", table.missed).into());
    }
    Ok(())
}
