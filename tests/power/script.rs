//! What the journal is made to do, and what each call has promised when it returns.
//!
//! A promise is a line that the script writes beside the journal: it stands in the record in its order.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use agent::journal::{Journal, Moment, Past, Sending};
use protocol::{BankTime, Endpoint, Reference};

use crate::disk::Operation;

/// Set for the process that runs the script.
pub const FOLDER: &str = "DIPCHIP_POWER_SCRIPT";
/// Where the promises are written.
pub const PROMISES: &str = "promises";
/// As a submit with a selfie.
const BODY_BYTES: usize = 30_000;
/// Submits and reports in the script.
const ENTRIES: i64 = 7;

/// The newest promise about each reference: attempts, and the answer.
#[derive(Default)]
pub struct Promises {
    of: BTreeMap<String, (u32, Option<String>)>,
    count: usize,
}

impl Promises {
    /// A line is a reference, attempts and an answer or a dash.
    pub fn add(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let reference = words.next().unwrap_or_default().to_owned();
        let attempts = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        let answer = words.next().filter(|word| *word != "-").map(str::to_owned);
        self.of.insert(reference, (attempts, answer));
        self.count += 1;
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// The first promise that this history does not keep. More may have happened than was promised: a call
    /// that did not return may have reached the disk.
    pub fn broken_by(&self, history: &[Past]) -> Option<String> {
        self.of.iter().find_map(|(reference, (attempts, answer))| {
            let same = |entry: &&Past| {
                entry.reference.as_ref().is_some_and(|one| one.as_str() == reference)
            };
            let Some(entry) = history.iter().rev().find(same) else {
                return Some(format!("{reference} is lost"));
            };
            if entry.attempts < *attempts {
                let got = entry.attempts;
                return Some(format!("{reference}: {got} attempts, promised {attempts}"));
            }
            let kept = answer.is_none() || entry.answer == *answer;
            (!kept).then(|| format!("{reference}: {:?}, promised {answer:?}", entry.answer))
        })
    }
}

/// The promise in a write of the script, if it is one.
pub fn marker(operation: &Operation) -> Option<String> {
    match operation {
        Operation::Write { name, data, .. } if name == PROMISES => {
            Some(String::from_utf8_lossy(data).into_owned())
        }
        Operation::Write { .. }
        | Operation::Sync { .. }
        | Operation::Truncate { .. }
        | Operation::Unlink { .. }
        | Operation::Rename { .. } => None,
    }
}

/// Not a test of its own: the run that the others record.
#[test]
fn the_scripted_run() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let promises = OpenOptions::new().create(true).append(true).open(folder.join(PROMISES));
    let mut promises = promises.expect("a file for the promises");
    let mut promise = |reference: &Reference, attempts: u32, answer: &str| {
        let line = format!("{} {attempts} {answer}\n", reference.as_str());
        promises.write_all(line.as_bytes()).expect("a line");
    };
    let mut journal = Journal::open(folder).expect("a journal");
    for number in 0..ENTRIES {
        let now = BankTime::from_millis(1_790_000_000_000 + number);
        let reference = Reference::parse(&format!("SIM-0000-POWER-{number:02}"));
        let reference = reference.expect("a reference");
        let report = number % 3 == 2;
        let endpoint = if report { Endpoint::ReportFailure } else { Endpoint::Submit };
        let body = vec![b'x'; if report { 900 } else { BODY_BYTES }];
        let sending = Sending { endpoint, reference: &reference, body: &body };
        let id = journal.prepare(sending, Moment::vouched(now)).expect("prepared");
        promise(&reference, 0, "-");
        let attempts = 1 + u32::from(number % 4 == 1);
        for attempt in 1..=attempts {
            journal.sent(id, "a01fa0ae-190a-49d5-9cc1-465f9f9ab0dc", now).expect("sent");
            promise(&reference, attempt, "-");
        }
        // One stays open, as after an unknown outcome.
        if number != 4 {
            journal.close(id, "0000", now).expect("closed");
            promise(&reference, attempts, "0000");
        }
        if number % 2 == 1 {
            journal.tidy(Moment::vouched(now)).expect("tidied");
        }
        if number == 5 {
            // A new start in the middle.
            drop(journal);
            journal = Journal::open(folder).expect("the journal again");
        }
    }
}
