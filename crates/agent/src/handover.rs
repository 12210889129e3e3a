//! What one process leaves for the next: that a customer stood here, since when, and until when at least (§1.9).
//!
//! Two times in a small file beside the journal, and nothing of anybody. What was sent, and what became of it, the
//! journal says itself. Losing the file loses a sentence on the screen, so nothing waits for the disk.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use protocol::{Action, BankTime, Condition, Endpoint, Transport, ruling};
use session::{Failure, Language, LocalFailure, Outcome, Slip, SlipResult};

use crate::journal::{Journal, Past};

/// The file's name.
const FILE: &str = "customer-here";
/// Whoever was here so long ago has gone.
const HERE_MOST: Duration = Duration::from_secs(60);
/// Times that wait for the disk; more of them say nothing new.
const WAITING: usize = 8;

/// Where the loop says whether a customer is here.
#[derive(Clone)]
pub(crate) struct Handover(SyncSender<Option<Here>>);

/// A customer is here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Here {
    pub(crate) since: BankTime,
    pub(crate) seen: BankTime,
}

/// What became of the journey that the process before did not bring to its end.
#[derive(Debug)]
pub(crate) struct Remains {
    pub(crate) outcome: Outcome,
    /// For whoever has something to keep.
    pub(crate) slip: Option<Slip>,
}

impl Handover {
    /// Begins, and gives what the process before has left.
    pub(crate) fn start(
        folder: &Path,
        journal: &Journal,
        now: BankTime,
    ) -> (Self, Option<Remains>) {
        let path = folder.join(FILE);
        let here = left(&path, now);
        let last = here.and_then(|_| journal.last_submit().ok()?).map(Last::from);
        let remains = here.and_then(|here| remains(here, last));
        let (sender, receiver) = sync_channel::<Option<Here>>(WAITING);
        crate::devices::spawn("handover", move || {
            while let Ok(here) = receiver.recv() {
                keep(&path, here);
            }
        });
        (Self(sender), remains)
    }

    /// A customer is here, or nobody is any more.
    pub(crate) fn tell(&self, here: Option<Here>) {
        // A disk that is too slow for it keeps an older time.
        let _ = self.0.try_send(here);
    }
}

fn keep(path: &Path, here: Option<Here>) {
    let kept = match here {
        Some(Here { since, seen }) => {
            fs::write(path, format!("{} {}\n", since.millis(), seen.millis()))
        }
        None => fs::remove_file(path),
    };
    if let Err(error) = kept {
        tracing::debug!(%error, "whether a customer is here could not be kept");
    }
}

/// Reads the file once: what it says is said to one process only.
fn left(path: &Path, now: BankTime) -> Option<Here> {
    let text = fs::read_to_string(path).ok()?;
    let _ = fs::remove_file(path);
    let (since, seen) = text.trim().split_once(' ')?;
    let time = |text: &str| text.parse().ok().map(BankTime::from_millis);
    let here = Here { since: time(since)?, seen: time(seen)? };
    (now.since(here.seen) <= HERE_MOST && here.seen.since(now) == Duration::ZERO).then_some(here)
}

/// The last submit in the journal.
struct Last {
    created: BankTime,
    answer: Option<String>,
    last_four: Option<String>,
}

impl From<Past> for Last {
    fn from(past: Past) -> Self {
        let last_four = past.reference.as_ref().map(|one| one.last_four().to_owned());
        Self { created: past.created, answer: past.answer, last_four }
    }
}

/// What the customer is told: nothing, where the bank's answer was the end of the code.
fn remains(here: Here, last: Option<Last>) -> Option<Remains> {
    let interrupted = Outcome::Stopped(Failure::Local(LocalFailure::Interrupted));
    let theirs = last.filter(|last| last.created.since(here.since) > Duration::ZERO);
    let Some(last) = theirs else {
        return Some(Remains { outcome: interrupted, slip: None });
    };
    let unknown = Condition::Transport(Transport::Cut);
    let condition = last.answer.as_deref().map_or(Some(unknown), |answer| answer.parse().ok())?;
    let bank = |text| Failure::Bank { condition, text };
    let (outcome, result) = match ruling(condition, Endpoint::Submit).action {
        _ if last.answer.is_none() => {
            (Outcome::Unresolved(bank("result_unknown")), SlipResult::Unresolved)
        }
        Action::Done => (Outcome::Done, SlipResult::Done),
        _ if condition == Condition::ALREADY_USED => (Outcome::DoneInferred, SlipResult::Done),
        Action::RetrySame => (Outcome::Pending(bank("done_pending")), SlipResult::Pending),
        Action::Recapture | Action::AskConsent | Action::RecheckInput | Action::Reread => {
            return Some(Remains { outcome: interrupted, slip: None });
        }
        _ => return None,
    };
    let slip = Slip {
        result,
        reference_last_four: last.last_four,
        // The bank's lines were the process's alone.
        lines: [None, None, None],
        time: last.created,
        language: Language::default(),
    };
    Some(Remains { outcome, slip: Some(slip) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: BankTime = BankTime::from_millis(1_795_402_800_000);

    fn ago(seconds: i64) -> BankTime {
        BankTime::from_millis(1_795_402_800_000 - seconds * 1_000)
    }

    fn last(created: BankTime, answer: Option<&str>) -> Last {
        let last_four = Some("0001".to_owned());
        Last { created, answer: answer.map(str::to_owned), last_four }
    }

    #[track_caller]
    fn check(answer: Option<&str>, expected: Option<(&str, &str)>) {
        let here = Here { since: ago(50), seen: ago(5) };
        let told = remains(here, Some(last(ago(20), answer)));
        let told = told.map(|remains| {
            let text = remains.outcome.failure().map_or("done", |failure| failure.text());
            (remains.outcome.word(), text)
        });
        assert_eq!(told, expected, "{answer:?}");
    }

    #[test]
    fn what_the_journal_says_of_the_last_submit_is_told() {
        check(Some("0000"), Some(("done", "done")));
        check(Some("1602"), Some(("done", "done")));
        check(Some("1399"), Some(("pending", "done_pending")));
        check(None, Some(("unresolved", "result_unknown")));
        check(Some("9301"), Some(("stopped", "interrupted")));
        check(Some("1101"), None);
        check(Some("2003"), None);
        check(Some("GIVEN_UP"), None);
    }

    #[test]
    fn a_submit_of_somebody_before_says_nothing_of_this_journey() {
        let here = Here { since: ago(50), seen: ago(5) };
        for last in [None, Some(last(ago(51), Some("0000")))] {
            let remains = remains(here, last).expect("a customer stood here");
            assert_eq!(remains.outcome.failure().map(|one| one.text()), Some("interrupted"));
            assert!(remains.slip.is_none());
        }
    }

    #[test]
    fn what_is_left_is_read_once_and_only_for_a_minute() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        for (seen, expected) in [(ago(60), true), (ago(61), false), (ago(-1), false)] {
            let here = Here { since: ago(90), seen };
            keep(&path, Some(here));
            assert_eq!(left(&path, NOW).is_some(), expected);
            assert_eq!(left(&path, NOW), None, "once");
        }
        keep(&path, Some(Here { since: ago(9), seen: ago(9) }));
        keep(&path, None);
        assert_eq!(left(&path, NOW), None);
        fs::write(&path, b"\xff not two times").unwrap();
        assert_eq!(left(&path, NOW), None);
    }
}
