//! `simulator run`: simulated days of one machine in virtual time, one seed one day, watched by invariants.
//!
//! The session, the outbox's policy, the sendings and the journal's schema are the agent's own; devices, bank,
//! network, disk, clock and people are simulated, and so is everything that may go wrong with them.

mod chance;
mod conduct;
mod day;
mod disk;
mod fault;
mod hands;
mod kiosk;
mod outbox;
mod person;
mod power;
mod watch;
mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::{Duration, Instant};

use agent::journal::JournalError;
use thiserror::Error;

pub(crate) use chance::Chance;
pub(crate) use person::{Card, photo};

use conduct::Conduct;
use day::{Day, Notes};
use fault::Coverage;

/// Which days are simulated: `A..B`, both of them among it, or one alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seeds(RangeInclusive<u64>);

/// The text names no seeds.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("expected a seed, or the first and the last as A..B")]
pub struct NotSeeds;

impl FromStr for Seeds {
    type Err = NotSeeds;

    fn from_str(text: &str) -> Result<Self, NotSeeds> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let number = |text: &str| text.trim_start_matches('=').parse().map_err(|_| NotSeeds);
        let (first, last): (u64, u64) = (number(first)?, number(last)?);
        if first <= last { Ok(Self(first..=last)) } else { Err(NotSeeds) }
    }
}

/// What many days came to.
#[derive(Default)]
pub struct Report {
    days: u64,
    journeys: u64,
    took: Duration,
    ends: BTreeMap<&'static str, u64>,
    coverage: Coverage,
    /// Of everything that happened, so that two runs can be compared.
    sum: u64,
    /// The first day that broke a rule.
    broken: Option<Broken>,
}

struct Broken {
    seed: u64,
    rule: &'static str,
    what: String,
    notes: Vec<String>,
}

impl Report {
    /// Did every day keep every rule?
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.broken.is_none()
    }
}

/// Simulates the days until one breaks a rule.
///
/// # Errors
/// [`JournalError`] if there is no memory for a journal.
pub fn run(seeds: &Seeds) -> Result<Report, JournalError> {
    simulate(seeds, Conduct::Sound)
}

/// Everything that happens on the first of these days, a line each.
///
/// # Errors
/// [`JournalError`] if there is no memory for a journal.
pub fn trace(seeds: &Seeds) -> Result<Vec<String>, JournalError> {
    Ok(Day::new(*seeds.0.start(), Conduct::Sound, Notes::Kept)?.run().notes)
}

fn simulate(seeds: &Seeds, conduct: Conduct) -> Result<Report, JournalError> {
    let begun = Instant::now();
    let mut report = Report::default();
    for seed in seeds.0.clone() {
        let day = Day::new(seed, conduct, Notes::Sum)?.run();
        report.days += 1;
        report.journeys += day.journeys;
        report.coverage.add(&day.coverage);
        report.sum = report.sum.rotate_left(1) ^ day.sum;
        for (word, count) in day.ends {
            *report.ends.entry(word).or_default() += count;
        }
        if let Some(violation) = day.violation {
            let notes = Day::new(seed, conduct, Notes::Kept)?.run().notes;
            report.broken =
                Some(Broken { seed, rule: violation.rule, what: violation.what, notes });
            break;
        }
    }
    report.took = begun.elapsed();
    Ok(report)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Broken { seed, rule, what, notes }) = &self.broken {
            for note in notes {
                writeln!(f, "{note}")?;
            }
            writeln!(f, "seed {seed} breaks {rule}: {what}")?;
            return writeln!(f, "again with: simulator run --seeds {seed} --trace");
        }
        writeln!(f, "{}\n", self.coverage)?;
        let missing = self.coverage.missing();
        writeln!(f, "{} pairs of fault and stage met", self.coverage.cells())?;
        for (fault, stage) in missing.iter().take(20) {
            writeln!(f, "never met: {fault} at {}", stage.word())?;
        }
        let ends: Vec<String> =
            self.ends.iter().map(|(word, count)| format!("{word} {count}")).collect();
        writeln!(f, "ends: {}", ends.join(", "))?;
        writeln!(f, "sum of everything that happened: {:016x}", self.sum)?;
        let millis = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = self.journeys.saturating_mul(1_000) / millis;
        write!(
            f,
            "{} days, {} journeys, no rule broken, {:.1} s, {rate} journeys a second",
            self.days,
            self.journeys,
            self.took.as_secs_f64()
        )
    }
}

#[cfg(test)]
mod tests;
