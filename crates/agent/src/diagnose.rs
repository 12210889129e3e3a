//! Looks at everything a journey needs and says, for a technician, what is found, why, and what to do.
//!
//! Each check is bounded in time: what hangs is a finding. A card that is in is read to the end and
//! forgotten; nothing of a person is in any finding. Nothing is repaired or created here.

mod bank;
mod bounded;
mod card;
mod certificate;
mod finding;
mod journal;
mod machine;
mod peripherals;
mod probe;
mod reader;
mod report;
mod token;
mod tunnel;

use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::ports::{Devices, ReaderError, prepared};
use crate::quirks::Quirks;

pub use finding::{Check, Finding, Verdict};
pub use report::{Report, Summary};

use reader::Readers;

/// One check, at most: the slowest card needs 6 s for all its blocks, nothing else comes near it.
const CHECK_MOST: Duration = Duration::from_secs(10);

/// Lists the readers that are plugged in, allowed or not, by their full names.
///
/// # Errors
/// [`ReaderError`] by the service.
pub struct ReaderList(pub fn() -> Result<Vec<String>, ReaderError>);

/// Runs every check, those of devices, bank and machine side by side; at most about a minute.
///
/// Threads of devices that hang are left behind: end the program soon after.
pub async fn run(config: &Config, devices: &Arc<dyn Devices>, list: ReaderList) -> Report {
    let devices = &prepared(Arc::clone(devices));
    let readers = Readers { devices, list: list.0, quirks: Quirks::builtin(), bound: CHECK_MOST };
    inspect(config, &readers).await
}

/// Looks at the readers and the card only: what can be done without a configuration.
pub async fn run_readers(devices: &Arc<dyn Devices>, list: ReaderList) -> Report {
    let devices = &prepared(Arc::clone(devices));
    let readers = Readers { devices, list: list.0, quirks: Quirks::builtin(), bound: CHECK_MOST };
    let mut findings = vec![Finding::skipped(
        Check::Configuration,
        "none was given, only the readers are looked at; for the rest add --config FILE",
    )];
    findings.extend(readers.check().await);
    Report { findings }
}

/// Looks at the way to the bank and finds out which dialect it speaks, by harmless calls alone (E1, E2, E5);
/// at most about two minutes.
pub async fn run_probe(config: &Config) -> Report {
    let mut findings = bank::check(config, CHECK_MOST).await;
    let unreached = findings.iter().any(|one| match one.check {
        Check::Clock => false,
        _ => matches!(one.verdict, Verdict::Fault | Verdict::Skipped),
    });
    if unreached {
        let reason = "not probed, because the way to the bank is not in order";
        findings.push(Finding::skipped(Check::Dialect, reason));
    } else {
        findings.extend(probe::check(config, CHECK_MOST).await);
    }
    Report { findings }
}

async fn inspect(config: &Config, readers: &Readers<'_>) -> Report {
    let (devices, bound) = (readers.devices, readers.bound);
    let notes = peripherals::notes(config, readers.quirks);
    let (machine, readers, camera, scanner, printer, bank) = tokio::join!(
        machine::check(config, bound),
        readers.check(),
        peripherals::camera(devices, bound),
        peripherals::scanner(devices, bound),
        peripherals::printer(devices, bound),
        bank::check(config, bound),
    );
    let findings = [machine, readers, vec![camera, scanner, printer], notes, bank].concat();
    Report { findings }
}

#[cfg(test)]
pub(crate) mod tests;
