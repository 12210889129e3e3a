//! What is known once the program is dead: what came to the bank, and what the journal says.
//!
//! The journal is looked at in a copy: looking would mend it before the program does.

use std::fs;
use std::path::Path;

use agent::journal::{Journal, Violation, violations};
use jiff::Timestamp;
use simulator::bank::{Bank, Endpoint, Record, SealedAgain};

/// A submit or a failure report that reached the bank.
pub struct Receipt {
    pub kind: Kind,
    pub reference: String,
    pub transaction_id: String,
    pub body: SealedAgain,
    /// Answered with 0000, whether or not the answer arrived.
    pub accepted: bool,
    /// Answered for good, and nothing kept the answer from arriving.
    pub answered: bool,
    /// From an earlier life: the bank had not done with it when that was looked at.
    pub late: bool,
}

/// What the bank answers to a submit in this test that no repetition changes.
const FOR_GOOD: [&str; 4] = ["0000", "1602", "9300", "9301"];

/// An entry of the journal.
pub struct Entry {
    pub kind: Kind,
    /// None is an entry that nobody can assign any more.
    pub reference: Option<String>,
    pub attempts: u32,
    pub answer: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    Submit,
    Report,
}

/// What came to the bank since the last look; the life that ended began then.
pub fn receipts(bank: &Bank, began: Timestamp) -> Vec<Receipt> {
    let receipts = bank.records().iter().filter_map(|record| receipt(record, began)).collect();
    bank.forget_records();
    receipts
}

fn receipt(record: &Record, began: Timestamp) -> Option<Receipt> {
    let kind = match record.endpoint() {
        Endpoint::Submit => Kind::Submit,
        Endpoint::ReportFailure => Kind::Report,
        _ => return None,
    };
    let code = record.code().map(|code| code.to_string()).unwrap_or_default();
    Some(Receipt {
        kind,
        // A request that was cut short told nobody whose it was.
        reference: record.reference()?.to_owned(),
        transaction_id: record.transaction_id().unwrap_or_default().to_owned(),
        body: record.sealed_again(),
        accepted: code == "0000",
        answered: FOR_GOOD.contains(&code.as_str()) && record.fault().is_none(),
        // A program sends nothing within the hundredth of a second to which the bank writes times down.
        late: record.at().parse::<Timestamp>().expect("the bank's form of a time") < began,
    })
}

/// What the journal says, and what it finds wrong with itself; nothing if the program died before it had
/// made one.
pub fn journal(folder: &Path) -> (Vec<Entry>, Vec<Violation>) {
    let copy = tempfile::tempdir().expect("a folder for the copy");
    for name in ["journal.key", "journal.sqlite", "journal.sqlite-wal"] {
        // One that is not there was not made yet.
        let _ = fs::copy(folder.join(name), copy.path().join(name));
    }
    let journal = Journal::open(copy.path()).expect("the journal opens after a kill");
    let history = journal.history().expect("the journal can be read after a kill");
    let violations = violations(&history);
    let entries = history.into_iter().map(|past| Entry {
        kind: match past.endpoint {
            protocol::Endpoint::Submit => Kind::Submit,
            _ => Kind::Report,
        },
        reference: past.reference.map(|reference| reference.as_str().to_owned()),
        attempts: past.attempts,
        answer: past.answer,
    });
    (entries.collect(), violations)
}

/// Has every entry its answer?
pub fn nothing_is_open(folder: &Path) -> bool {
    journal(folder).0.iter().all(|entry| entry.answer.is_some())
}
