//! The table that a benchmark prints, and the count of the targets it missed.

use std::error::Error;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// What a figure should be.
#[derive(Clone, Copy)]
pub enum Target {
    /// At most.
    Most(f64),
    /// At least.
    Least(f64),
    /// It is told for information.
    Untold,
}

/// Markdown, row by row.
pub struct Table<W> {
    out: W,
    missed: u32,
}

impl<W: Write> Table<W> {
    /// A table without rows.
    pub fn new(out: W) -> Self {
        Self { out, missed: 0 }
    }

    /// Begins a subject.
    pub fn head(&mut self, subject: &str) -> io::Result<()> {
        writeln!(self.out, "\n| {subject} | got | target | |\n|---|---|---|---|")
    }

    /// One figure.
    pub fn row(&mut self, what: &str, got: f64, unit: &str, target: Target) -> io::Result<()> {
        let (bound, met) = match target {
            Target::Most(most) => (format!("≤ {most} {unit}"), Some(got <= most)),
            Target::Least(least) => (format!("≥ {least} {unit}"), Some(got >= least)),
            Target::Untold => (String::new(), None),
        };
        self.missed += u32::from(met == Some(false));
        let verdict = met.map_or("", |met| if met { "met" } else { "MISSED" });
        writeln!(self.out, "| {what} | {got:.2} {unit} | {bound} | {verdict} |")
    }

    /// Median, 95th percentile and longest of many times, in milliseconds; the first two have targets.
    pub fn times(
        &mut self,
        what: &str,
        times: &mut [Duration],
        median: Target,
        most: Target,
    ) -> io::Result<()> {
        times.sort_unstable();
        for (word, share, target) in
            [("median", 50, median), ("95 %", 95, most), ("longest", 100, Target::Untold)]
        {
            self.row(&format!("{what}: {word}"), at_share(times, share), "ms", target)?;
        }
        Ok(())
    }

    /// The verdict on all subjects.
    pub fn end(self) -> Result<(), Box<dyn Error>> {
        match self.missed {
            0 => Ok(()),
            missed => Err(format!("{missed} targets were missed").into()),
        }
    }
}

/// Turns of a piece of work.
const TURNS: u32 = 5;

/// What a piece of work gives, and the shortest of some turns: on a busy machine the others tell of its
/// neighbours.
pub fn timed<T>(work: impl Fn() -> T) -> (T, Duration) {
    let turn = || {
        let start = Instant::now();
        let result = work();
        (result, start.elapsed())
    };
    let (result, first) = turn();
    (result, (1..TURNS).map(|_| turn().1).fold(first, Duration::min))
}

fn at_share(sorted: &[Duration], share: usize) -> f64 {
    let at = (sorted.len() * share).div_ceil(100).saturating_sub(1);
    sorted.get(at).map_or(0.0, |took| took.as_secs_f64() * 1e3)
}
