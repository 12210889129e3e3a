//! `simulator fleet`: a hundred thousand machines before one bank, in virtual time, through an outage of the bank
//! and one of its token endpoint.
//!
//! Every machine runs the agent's own session and the outbox's own policy and pace; what it holds beside them
//! (devices, journal, token) is reduced to times. Counted is what leaves for the bank, answered or not.

mod machine;
mod plot;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use machine::Machine;

pub use plot::svg;

/// Requests are counted in steps of so many seconds.
const STEP: u64 = 10;
/// What is normal is measured in these seconds, after the first customers have found their way.
const NORMAL: Range<u64> = 300..600;
/// The bank answers with −201 alone.
const BANK_AWAY: Range<u64> = 600..1_200;
/// The token endpoint answers with 503 alone.
const TOKEN_AWAY: Range<u64> = 2_400..3_000;
/// Then it is over, whatever is still open.
const END: Duration = Duration::from_secs(4_800);

/// What is asked of a fleet.
#[derive(Clone, Copy, Debug)]
pub struct Fleet {
    /// How many machines.
    pub kiosks: u32,
    /// Between two customers of one machine, on average.
    pub customer_every: Duration,
    /// Everything follows from it.
    pub seed: u64,
}

/// What became of it.
#[derive(Default)]
pub struct Report {
    kiosks: u32,
    steps: Vec<u64>,
    tally: Tally,
    open: usize,
}

/// Counted over all machines.
#[derive(Default)]
struct Tally {
    journeys: u64,
    done: u64,
    /// Went away without success.
    failed: u64,
    unresolved: u64,
    /// Were shown that the bank is asked again, and the longest time of one.
    waited: u64,
    waited_most: Duration,
    /// When the last entry of an outbox was settled.
    drained: Duration,
}

impl Fleet {
    /// Lets the time pass.
    #[must_use]
    pub fn run(self) -> Report {
        let mut machines: Vec<Machine> =
            (0..self.kiosks).map(|number| Machine::new(&self, number)).collect();
        let mut queue: BinaryHeap<Reverse<(Duration, usize)>> = BinaryHeap::new();
        queue.extend(machines.iter().enumerate().map(|(at, machine)| Reverse((machine.due(), at))));
        let mut report = Report { kiosks: self.kiosks, ..Report::default() };
        while let Some(Reverse((now, number))) = queue.pop() {
            if now >= END {
                break;
            }
            let Some(machine) = machines.get_mut(number) else { continue };
            let requests = machine.wake(now, &mut report.tally);
            report.count(now, requests);
            queue.push(Reverse((machine.due(), number)));
        }
        report.open = machines.iter().map(Machine::open).sum();
        report
    }
}

impl Report {
    fn count(&mut self, now: Duration, requests: u64) {
        let step = usize::try_from(now.as_secs() / STEP).unwrap_or(usize::MAX);
        if step >= self.steps.len() {
            self.steps.resize(step.saturating_add(1), 0);
        }
        if let Some(counted) = self.steps.get_mut(step) {
            *counted += requests;
        }
    }

    /// Requests in a usual step.
    fn normal(&self) -> u64 {
        let steps = self.between(NORMAL);
        let count = u64::try_from(steps.len()).unwrap_or(1).max(1);
        steps.iter().sum::<u64>() / count
    }

    /// The step with most requests in a time, in percent of what is normal.
    fn peak_percent(&self, seconds: Range<u64>) -> u64 {
        let most = self.between(seconds).iter().copied().max().unwrap_or(0);
        most.saturating_mul(100) / self.normal().max(1)
    }

    fn between(&self, seconds: Range<u64>) -> &[u64] {
        let at = |second: u64| usize::try_from(second / STEP).unwrap_or(usize::MAX);
        let end = at(seconds.end).min(self.steps.len());
        self.steps.get(at(seconds.start).min(end)..end).unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times = |percent: u64| format!("{}.{:02}", percent / 100, percent % 100);
        let Tally { journeys, done, failed, unresolved, waited, waited_most, drained } =
            &self.tally;
        writeln!(
            f,
            "{} machines, {journeys} journeys: {done} done, {failed} without success, {unresolved} unresolved",
            self.kiosks
        )?;
        writeln!(f, "normal: {} requests a second", self.normal() / STEP)?;
        let rows = [
            ("while the bank is away", BANK_AWAY),
            ("after it is back", BANK_AWAY.end..TOKEN_AWAY.start),
            ("while the token endpoint is away", TOKEN_AWAY),
            ("after it is back", TOKEN_AWAY.end..END.as_secs()),
        ];
        for (when, seconds) in rows {
            let peak = self.peak_percent(seconds);
            let verdict =
                if peak <= 200 { "within the goal of 2.00" } else { "beyond the goal of 2.00" };
            writeln!(f, "peak {when}: {} times normal, {verdict}", times(peak))?;
        }
        let after = drained.as_secs().saturating_sub(BANK_AWAY.end);
        writeln!(
            f,
            "submits left open by the outage: the last settled {after} s after its end, {} still open",
            self.open
        )?;
        write!(
            f,
            "kept waiting for a repetition: {waited} customers, the longest {} s",
            waited_most.as_secs()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fleet(kiosks: u32) -> Report {
        Fleet { kiosks, customer_every: Duration::from_secs(600), seed: 1 }.run()
    }

    fn small() -> Report {
        fleet(500)
    }

    #[test]
    fn a_fleet_passes_both_outages_within_twice_its_normal_requests() {
        // Fewer machines add the noise of single customers.
        let report = fleet(10_000);
        assert!(report.peak_percent(NORMAL.start..END.as_secs()) <= 200, "{report}");
        assert!(report.tally.done > 0 && report.tally.failed > 0, "{report}");
        assert_eq!(report.open, 0, "every submit that was left open is settled");
    }

    #[test]
    fn the_same_seed_is_the_same_fleet() {
        assert_eq!(small().to_string(), small().to_string());
    }

    #[test]
    fn a_plot_names_both_outages() {
        let plot = svg(&small());
        assert!(plot.starts_with("<svg") && plot.ends_with("</svg>\n"));
        assert!(plot.contains("bank away") && plot.contains("token endpoint away"));
    }
}
