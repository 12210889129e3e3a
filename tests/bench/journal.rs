//! What the journal costs a customer who confirms, and how soon a machine with a long past serves again.
//!
//! Everything happens on the disk under `TMPDIR`. The disk's own two syncs are measured in turns beside the
//! journal's, so that a busy disk slows both; how many syncs there are, `tests/power` counts. Ends with an
//! error if a target is missed, so that it can stand in a build.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use agent::journal::{Journal, Moment, Sending};
use agent::sendings::Sendings;
use protocol::{BankTime, Endpoint, Reference};
use session::DopaPolicy;
use tests::stage::Stage;

/// Closed entries of a machine with a long past: as many as are kept.
const CLOSED: u32 = 10_000;
/// Open entries beside them: a bank that has not answered for hours.
const OPEN: u32 = 50;
/// A submit with the largest selfie that is sent.
const BODY_BYTES: usize = 190_000;
/// Submits whose times are told.
const SUBMITS: u32 = 200;
/// Starts whose times are told.
const STARTS: usize = 9;
/// The invented instant of all entries.
const NOW: BankTime = BankTime::from_millis(1_795_402_800_000);
const TRANSACTION: &str = "a01fa0ae-190a-49d5-9cc1-465f9f9ab0dc";

fn main() -> Result<(), Box<dyn Error>> {
    let past = past()?;
    let mut table = Table { out: io::stdout().lock(), missed: 0 };
    writeln!(table.out, "| what | got | target | |\n|---|---|---|---|")?;
    submits(&mut table, past.path())?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(starts(&mut table, past.path()))?;
    if table.missed > 0 {
        return Err(format!("{} targets were missed", table.missed).into());
    }
    Ok(())
}

/// A journal with a long past. Made in memory: thirty thousand syncs would be measured by nobody.
fn past() -> Result<tempfile::TempDir, Box<dyn Error>> {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())?;
    let journal = Journal::open(folder.path())?;
    let body = vec![b'x'; BODY_BYTES];
    for number in 0..CLOSED + OPEN {
        let reference = reference(number)?;
        let body = if number < CLOSED { body.get(..900).unwrap_or(&body) } else { &body };
        let sending = Sending { endpoint: Endpoint::Submit, reference: &reference, body };
        let id = journal.prepare(sending, Moment::vouched(NOW))?;
        journal.sent(id, TRANSACTION, NOW)?;
        if number < CLOSED {
            journal.close(id, "0000", NOW)?;
        }
        if number % 1_000 == 0 {
            journal.tidy(Moment::unvouched(NOW))?;
        }
    }
    journal.tidy(Moment::unvouched(NOW))?;
    Ok(folder)
}

fn reference(number: u32) -> Result<Reference, Box<dyn Error>> {
    Reference::parse(&format!("SIM-0000-BENCH-{number:06}")).map_err(|_| "a reference".into())
}

fn submits(table: &mut Table<impl Write>, past: &Path) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    copy(past, folder.path())?;
    let sendings = Sendings::new(Journal::open(folder.path())?);
    let mut plain = File::create(folder.path().join("plain"))?;
    let body = vec![b'x'; BODY_BYTES];
    let (mut waits, mut answers, mut syncs) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..SUBMITS {
        let reference = reference(1_000_000 + number)?;
        let start = Instant::now();
        let prepared = sendings.submit(&reference, &body, Moment::vouched(NOW))?;
        sendings.sent(prepared.id, TRANSACTION, NOW)?;
        waits.push(start.elapsed());
        let start = Instant::now();
        sendings.answered(prepared.id, Ok(()), NOW)?;
        answers.push(start.elapsed());
        let start = Instant::now();
        plain.write_all(&body)?;
        plain.sync_data()?;
        plain.write_all(b"sent")?;
        plain.sync_data()?;
        syncs.push(start.elapsed());
        if number % 20 == 0 {
            // As the outbox does when nobody waits.
            sendings.entries().tidy(Moment::unvouched(NOW))?;
        }
    }
    let what = format!("before the first byte of a submit, beside {CLOSED} closed and {OPEN} open");
    table.row(&what, ms(of(&mut waits, 0.5)), "ms", Some(10.0))?;
    table.row("the same, 95 of 100", ms(of(&mut waits, 0.95)), "ms", None)?;
    let what = "the same bytes written plainly to this disk, with two syncs";
    table.row(what, ms(of(&mut syncs, 0.5)), "ms", None)?;
    table.row("the same, 95 of 100", ms(of(&mut syncs, 0.95)), "ms", None)?;
    let what = "the answer, written while its customer already sees it";
    table.row(what, ms(of(&mut answers, 0.5)), "ms", None)?;
    Ok(())
}

/// From the start of the agent to the first view that the page gets, with the journal's past in its folder.
async fn starts(table: &mut Table<impl Write>, past: &Path) -> Result<(), Box<dyn Error>> {
    let mut stage = Stage::open(DopaPolicy::Off).await;
    let mut times = Vec::new();
    for number in 0..STARTS {
        stage.stop_agent().await;
        let folder = stage.folder.path().join("journal");
        // Moved: a thread that ends may write to its files for a moment longer.
        fs::rename(&folder, stage.folder.path().join(format!("before-{number}")))?;
        copy(past, &folder)?;
        let start = Instant::now();
        stage.start_agent().await;
        let customer = stage.customer().await;
        customer.view().await?;
        times.push(start.elapsed());
        customer.leave().await?;
    }
    let what = format!("from the start to the first view, with {CLOSED} closed and {OPEN} open");
    table.row(&what, ms(of(&mut times, 0.5)), "ms", Some(1_500.0))?;
    let what = format!("the slowest of {STARTS} starts");
    table.row(&what, ms(of(&mut times, 1.0)), "ms", Some(1_500.0))?;
    Ok(())
}

/// Copies a journal's files, and has them on the disk before anything is measured.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for file in fs::read_dir(from)? {
        let file = file?.path();
        let copied = to.join(file.file_name().unwrap_or_default());
        fs::copy(&file, &copied)?;
        File::open(&copied)?.sync_all()?;
    }
    Ok(())
}

fn of(times: &mut [Duration], part: f64) -> Duration {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    // The place of a part below one in a list of a few hundred.
    let place = (0..=last).find(|&place| at_most(place, last) >= part).unwrap_or(last);
    times.get(place).copied().unwrap_or_default()
}

fn at_most(place: usize, last: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    number(place) / number(last.max(1))
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

struct Table<W> {
    out: W,
    missed: u32,
}

impl<W: Write> Table<W> {
    fn row(&mut self, what: &str, got: f64, unit: &str, most: Option<f64>) -> io::Result<()> {
        let missed = most.is_some_and(|most| got > most);
        self.missed += u32::from(missed);
        let bound = most.map_or(String::new(), |most| format!("≤ {most} {unit}"));
        let verdict = match most {
            Some(_) if missed => "MISSED",
            Some(_) => "met",
            None => "",
        };
        writeln!(self.out, "| {what} | {got:.1} {unit} | {bound} | {verdict} |")
    }
}
