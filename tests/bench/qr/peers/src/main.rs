//! The same frames read by our reader and by four others in one run: who reads what, how fast, and wrongly.
//!
//! Each frame goes to all of them in turn, so that a busy machine slows all. Ours is asked once a frame, as
//! if no other frame followed. `zxing-cpp` and `zbar` stand in a Python process beside this one, which tells
//! the time of the call alone. Ends with an error if a text was read that is in no frame, or a target missed.

use std::collections::{BTreeMap, HashSet};
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use code_frames::{Class, CodeFrame};
use image::{ImageFormat, load_from_memory_with_format};
use rxing::helpers::detect_multiple_in_luma_with_hints;
use rxing::{BarcodeFormat, DecodeHints};
use vision::{CodeScanner, Frame};

/// Frames of each fault: 25 make 300 QR codes.
const QR_EACH: u32 = 25;
/// The same for barcodes.
const BARCODES_EACH: u32 = 10;
/// Frames without a code.
const EMPTY: u32 = 60;

/// Looks at each frame; `peers.py` takes as many.
const LOOKS: u32 = 3;

/// The readers, in the order of the columns.
const READERS: [&str; 5] = ["ours", "rxing 0.9.3", "rqrr 0.11.0", "zxing-cpp 3.1.1", "zbar 0.23"];

fn main() -> Result<(), Box<dyn Error>> {
    let python = std::env::args().nth(1).ok_or("expected the Python that has the other readers")?;
    let mut peers = Peers::start(&python)?;
    let mut wrong = 0;
    for (kind, name, frames) in [
        (Kind::Qr, "QR", code_frames::qr(QR_EACH).collect::<Vec<_>>()),
        (Kind::Barcode, "Code 128", code_frames::barcodes(BARCODES_EACH).collect()),
    ] {
        let mut tally = Tally::default();
        for frame in frames.into_iter().chain(code_frames::empty(EMPTY)) {
            tally.add(&frame, peers.read(kind, &frame)?);
        }
        tally.print(name);
        wrong += tally.wrong.first().copied().unwrap_or_default();
    }
    if wrong > 0 {
        return Err(format!("{wrong} texts were read that no frame shows").into());
    }
    Ok(())
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Qr,
    Barcode,
}

/// What a reader said of a frame.
struct Answer {
    texts: Vec<String>,
    took: Duration,
}

struct Peers {
    child: Child,
    frames: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peers {
    fn start(python: &str) -> Result<Self, Box<dyn Error>> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/peers.py");
        let mut child = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // zbar tells its standard error whatever it doubts.
            .stderr(Stdio::null())
            .spawn()?;
        let frames = child.stdin.take().ok_or("it has an input")?;
        let answers = BufReader::new(child.stdout.take().ok_or("it has an output")?);
        Ok(Self { child, frames, answers })
    }

    fn read(&mut self, kind: Kind, frame: &CodeFrame) -> Result<Vec<Answer>, Box<dyn Error>> {
        let luma = load_from_memory_with_format(&frame.jpeg, ImageFormat::Jpeg)?.into_luma8();
        let (width, height) = luma.dimensions();
        let ours = Frame::from_jpeg(&frame.jpeg)?;
        let mut answers = vec![
            timed(|| CodeScanner::new().read(&ours)),
            timed(|| rxing(kind, luma.as_raw(), width, height)),
            timed(|| if kind == Kind::Qr { rqrr(&luma) } else { Vec::new() }),
        ];
        self.frames.write_all(if kind == Kind::Qr { b"Q" } else { b"B" })?;
        self.frames.write_all(luma.as_raw())?;
        self.frames.flush()?;
        for _ in 0..2 {
            answers.push(self.answer()?);
        }
        Ok(answers)
    }

    fn answer(&mut self) -> Result<Answer, Box<dyn Error>> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            return Err(format!("the Python process ended: {}", self.child.wait()?).into());
        }
        let mut parts = line.trim_end().split('\t');
        let micros: f64 = parts.next().unwrap_or_default().parse()?;
        Ok(Answer {
            texts: parts.map(unhexed).collect(),
            took: Duration::from_secs_f64(micros / 1e6),
        })
    }
}

/// The texts, and the shortest of some looks: on a busy machine the others tell of its neighbours.
fn timed(read: impl Fn() -> Vec<String>) -> Answer {
    let look = || {
        let start = Instant::now();
        let texts = read();
        Answer { texts, took: start.elapsed() }
    };
    let first = look();
    let took = (1..LOOKS).map(|_| look().took).fold(first.took, Duration::min);
    Answer { took, ..first }
}

fn rxing(kind: Kind, luma: &[u8], width: u32, height: u32) -> Vec<String> {
    let format = match kind {
        Kind::Qr => BarcodeFormat::QR_CODE,
        Kind::Barcode => BarcodeFormat::CODE_128,
    };
    let mut hints = DecodeHints {
        PossibleFormats: Some(HashSet::from([format])),
        TryHarder: Some(true),
        AlsoInverted: Some(true),
        ..DecodeHints::default()
    };
    let found = detect_multiple_in_luma_with_hints(luma.to_vec(), width, height, &mut hints);
    found.unwrap_or_default().iter().map(|result| result.getText().to_owned()).collect()
}

fn rqrr(luma: &image::GrayImage) -> Vec<String> {
    let width = usize::try_from(luma.width()).unwrap_or(0);
    let height = usize::try_from(luma.height()).unwrap_or(0);
    let pixels = luma.as_raw();
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        pixels.get(y * width + x).copied().unwrap_or_default()
    });
    let grids = picture.detect_grids();
    grids.iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect()
}

fn unhexed(text: &str) -> String {
    let digits = text.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    let bytes = digits.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect();
    String::from_utf8(bytes).unwrap_or_else(|_| "not UTF-8".to_owned())
}

/// What all readers made of one set.
#[derive(Default)]
struct Tally {
    classes: BTreeMap<Class, (u32, Vec<u32>)>,
    wrong: Vec<u32>,
    coded: Vec<Vec<Duration>>,
    empty: Vec<Vec<Duration>>,
}

impl Tally {
    fn add(&mut self, frame: &CodeFrame, answers: Vec<Answer>) {
        let readers = answers.len();
        let (shown, hits) = self.classes.entry(frame.class).or_default();
        *shown += 1;
        hits.resize(readers, 0);
        self.wrong.resize(readers, 0);
        let times = if frame.text.is_some() { &mut self.coded } else { &mut self.empty };
        times.resize(readers, Vec::new());
        let columns = hits.iter_mut().zip(&mut self.wrong).zip(times);
        for (answer, ((hits, wrong), times)) in answers.into_iter().zip(columns) {
            times.push(answer.took);
            let right = |text: &String| frame.text.as_ref() == Some(text);
            *hits += u32::from(answer.texts.iter().any(right));
            *wrong += u32::from(answer.texts.iter().any(|text| !right(text)));
        }
    }

    fn print(&mut self, name: &str) {
        println!("\n| {name} | frames | {} |", READERS.join(" | "));
        println!("|---|{}", "---|".repeat(READERS.len() + 1));
        let mut sum = (0, vec![0; READERS.len()]);
        for (class, (shown, hits)) in self.classes.iter().filter(|(c, _)| **c != Class::Empty) {
            print_row(class.name(), &shown.to_string(), hits);
            sum.0 += shown;
            sum.1.iter_mut().zip(hits).for_each(|(sum, hits)| *sum += hits);
        }
        print_row("all", &sum.0.to_string(), &sum.1);
        let shares = sum
            .1
            .iter()
            .map(|hits| format!("{:.1} %", 100.0 * f64::from(*hits) / f64::from(sum.0)));
        print_row("share", "", &shares.collect::<Vec<_>>());
        print_row("frames with a wrong text", "", &self.wrong);
        for (what, times) in [("a code", &mut self.coded), ("no code", &mut self.empty)] {
            times.iter_mut().for_each(|times| times.sort());
            for (word, share) in [("median", 50), ("95 %", 95), ("longest", 100)] {
                let cells: Vec<String> = times.iter().map(|times| at_share(times, share)).collect();
                print_row(&format!("{what}: {word}, ms"), "", &cells);
            }
        }
    }
}

fn print_row(name: &str, frames: &str, cells: &[impl ToString]) {
    let cells: Vec<String> = cells.iter().map(ToString::to_string).collect();
    println!("| {name} | {frames} | {} |", cells.join(" | "));
}

/// The time within which this share of the frames was read, in milliseconds.
fn at_share(sorted: &[Duration], share: usize) -> String {
    let at = (sorted.len() * share).div_ceil(100).saturating_sub(1);
    sorted.get(at).map_or_else(String::new, |took| format!("{:.2}", took.as_secs_f64() * 1e3))
}
