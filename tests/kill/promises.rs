//! What §1.9 promises, held against what the bank received and what the journal says after a kill.
//!
//! The journal is looked at in a copy: looking would mend it before the program does.
#![expect(clippy::panic, reason = "a broken promise fails the test with what led to it")]

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use agent::journal::{Journal, Past, violations};
use simulator::bank::{Endpoint, Record, Stage};

use crate::kiosk::{Kiosk, Plan};

/// What became of one reference.
#[derive(Default)]
struct Fate {
    /// Submits that the bank received.
    received: u32,
    /// Those it answered with 0000.
    accepted: u32,
    /// The journal holds a definitive answer.
    answered: bool,
}

#[derive(Default)]
pub struct Promises {
    fates: HashMap<String, Fate>,
    /// The last record of the bank that was looked at.
    seen: u64,
    broken: Vec<String>,
    submits: u64,
    confirmed: u64,
    inferred: u64,
    reports: u64,
}

impl Promises {
    /// The program is dead: what came to the bank, and then what the journal says.
    pub fn look(&mut self, kiosk: &Kiosk) {
        for record in kiosk.bank.records() {
            if record.number() > self.seen {
                self.seen = record.number();
                self.received(&record);
            }
        }
        let history = history(&kiosk.journal());
        let broken = violations(&history);
        self.broken.extend(broken.iter().map(ToString::to_string));
        let mut attempts: HashMap<&str, u32> = HashMap::new();
        for entry in history.iter().filter(|entry| is_submit(entry)) {
            let Some(reference) = &entry.reference else { continue };
            *attempts.entry(reference.as_str()).or_default() += entry.attempts;
            let fate = self.fates.entry(reference.as_str().to_owned()).or_default();
            fate.answered |= matches!(entry.answer.as_deref(), Some("0000" | "1602"));
        }
        for (reference, fate) in &self.fates {
            let journaled = attempts.get(reference.as_str()).copied().unwrap_or(0);
            if fate.received > journaled {
                let received = fate.received;
                self.broken.push(format!(
                    "I3: {reference}: the bank received {received}, the journal says {journaled}"
                ));
            }
        }
    }

    fn received(&mut self, record: &Record) {
        let Some(reference) = record.reference().filter(|_| record.endpoint() == Endpoint::Submit)
        else {
            return;
        };
        let fate = self.fates.entry(reference.to_owned()).or_default();
        fate.received += 1;
        self.submits += 1;
        if fate.answered {
            self.broken.push(format!("I2: {reference}: sent after its answer was in the journal"));
        }
        if record.code().is_some_and(|code| code.to_string() == "0000") {
            fate.accepted += 1;
            if fate.accepted > 1 {
                self.broken.push(format!("I1: {reference}: accepted {} times", fate.accepted));
            }
        }
    }

    /// Everything has had its time: nothing is open, and journal and bank say the same.
    pub fn all_kept(&mut self, kiosk: &Kiosk) {
        for entry in history(&kiosk.journal()) {
            let Some(reference) = &entry.reference else {
                self.broken.push(format!("entry {} has lost its reference", entry.id));
                continue;
            };
            let (name, answer) = (reference.as_str(), entry.answer.as_deref().unwrap_or("open"));
            let accepted = self.fates.get(name).map_or(0, |fate| fate.accepted);
            match answer {
                "0000" if is_submit(&entry) => self.confirmed += 1,
                "1602" if is_submit(&entry) => self.inferred += 1,
                _ if is_submit(&entry) => {
                    self.broken.push(format!("I4: {name}: ended with {answer}"));
                }
                _ if kiosk.bank.stage(name) == Some(Stage::Failed) => self.reports += 1,
                _ => self.broken.push(format!("I4: {name}: its failure is not reported: {answer}")),
            }
            if is_submit(&entry) && accepted != 1 {
                self.broken.push(format!("I4: {name}: {answer}, but accepted {accepted} times"));
            }
        }
        let lost = self.fates.iter().filter(|(_, fate)| fate.accepted > 0 && !fate.answered);
        let lost =
            lost.map(|(name, _)| format!("I4: {name}: accepted, and the journal knows nothing"));
        self.broken.extend(lost.collect::<Vec<_>>());
    }

    /// # Panics
    /// If a promise was broken.
    pub fn or_else(&self, kiosk: &Kiosk, plan: &Plan) {
        if !self.broken.is_empty() {
            let broken = self.broken.join("\n");
            panic!("{broken}\nafter {}\n{}", plan.told(), kiosk.log());
        }
    }

    pub fn begin_anew(&mut self) {
        self.fates.clear();
    }

    pub fn told(&self) -> String {
        let Self { submits, confirmed, inferred, reports, .. } = self;
        format!(
            "{submits} submits arrived: {confirmed} references confirmed at once, {inferred} by \
             repetition; {reports} failures reported; 0 promises broken"
        )
    }
}

/// Has every entry its answer?
pub fn nothing_is_open(folder: &Path) -> bool {
    history(folder).iter().all(|entry| entry.answer.is_some())
}

fn is_submit(entry: &Past) -> bool {
    entry.endpoint == protocol::Endpoint::Submit
}

/// Of a copy; empty if the program died before it had made a journal.
fn history(folder: &Path) -> Vec<Past> {
    let copy = tempfile::tempdir().expect("a folder for the copy");
    for name in ["journal.key", "journal.sqlite", "journal.sqlite-wal"] {
        // One that is not there was not made yet.
        let _ = fs::copy(folder.join(name), copy.path().join(name));
    }
    let journal = Journal::open(copy.path()).expect("the journal opens after a kill");
    journal.history().expect("the journal can be read after a kill")
}
