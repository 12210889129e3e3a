//! What one process leaves for the next: that a customer stood here, behind which submit, and until when at least
//! (§1.9).
//!
//! A number and a time in a small file beside the journal, and nothing of anybody. What was sent, and what became of
//! it, the journal says itself. Losing the file loses a sentence on the screen, so nothing waits for the disk.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use protocol::{Action, BankTime, Condition, Endpoint, Reference, Transport, ruling};
use session::{Failure, Language, LocalFailure, Outcome, Slip, SlipResult};

use crate::journal::{Journal, Memory, Newest, Past};

/// The file's name, beside the journal.
pub const FILE: &str = "customer-here";
/// Whoever was here so long ago has gone.
const HERE_MOST: Duration = Duration::from_secs(60);
/// Times that wait for the disk; more of them say nothing new.
const WAITING: usize = 8;

/// Where the loop says whether a customer is here.
#[derive(Clone)]
pub(crate) struct Handover(SyncSender<Option<Here>>);

/// A customer is here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Here {
    /// The newest submit of the journal when the customer came.
    pub before: Newest,
    /// By the wall clock.
    pub seen: BankTime,
}

/// What became of the journey that the process before did not bring to its end.
#[derive(Debug)]
pub struct Remains {
    /// As the customer is told it.
    pub outcome: Outcome,
    /// For whoever has something to keep.
    pub slip: Option<Slip>,
}

impl Handover {
    /// Begins, and gives what the process before has left.
    pub(crate) fn start(
        folder: &Path,
        journal: &Journal,
        now: BankTime,
    ) -> (Self, Option<Remains>) {
        let path = folder.join(FILE);
        let here = left(&path).filter(|here| here.may_be_here(now));
        let remains = here.and_then(|here| remains(journal, here));
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

impl Here {
    /// Seen a moment ago: by a clock that was set back meanwhile, nobody can say.
    #[must_use]
    pub fn may_be_here(&self, now: BankTime) -> bool {
        now.since(self.seen) <= HERE_MOST && self.seen.since(now) == Duration::ZERO
    }
}

fn keep(path: &Path, here: Option<Here>) {
    let kept = match here {
        Some(Here { before, seen }) => fs::write(path, format!("{before} {}\n", seen.millis())),
        None => fs::remove_file(path),
    };
    if let Err(error) = kept {
        tracing::debug!(%error, "whether a customer is here could not be kept");
    }
}

/// Reads the file once: what it says is said to one process only.
fn left(path: &Path) -> Option<Here> {
    let text = fs::read_to_string(path).ok()?;
    let _ = fs::remove_file(path);
    let (before, seen) = text.trim().split_once(' ')?;
    Some(Here { before: before.parse().ok()?, seen: seen.parse().ok().map(BankTime::from_millis)? })
}

/// What the customer is told: nothing, where the bank's answer was the end of the code; and never that nothing was
/// sent, where the journal cannot say so.
#[must_use]
pub fn remains(journal: &Journal, here: Here) -> Option<Remains> {
    let last = match (journal.last_submit(), journal.remembers()) {
        (Ok(last), Ok(Memory::Whole)) => last.filter(|last| !here.before.is(last.id)),
        // Whose it was, nobody knows.
        _ => return Some(told(unknown(), SlipResult::Unresolved, None, here.seen)),
    };
    let interrupted = Outcome::Stopped(Failure::Local(LocalFailure::Interrupted));
    let interrupted = Remains { outcome: interrupted, slip: None };
    let Some(Past { answer, reference, created, .. }) = last else { return Some(interrupted) };
    let told = |outcome, result| Some(told(outcome, result, reference.as_ref(), created));
    let Some(answer) = answer else { return told(unknown(), SlipResult::Unresolved) };
    let condition: Condition = answer.parse().ok()?;
    let pending = Failure::Bank { condition, text: "done_pending" };
    match ruling(condition, Endpoint::Submit).action {
        Action::Done => told(Outcome::Done, SlipResult::Done),
        _ if condition == Condition::ALREADY_USED => told(Outcome::DoneInferred, SlipResult::Done),
        Action::RetrySame => told(Outcome::Pending(pending), SlipResult::Pending),
        Action::Recapture | Action::AskConsent | Action::RecheckInput | Action::Reread => {
            Some(interrupted)
        }
        _ => None,
    }
}

fn unknown() -> Outcome {
    let condition = Condition::Transport(Transport::Cut);
    Outcome::Unresolved(Failure::Bank { condition, text: "result_unknown" })
}

fn told(
    outcome: Outcome,
    result: SlipResult,
    reference: Option<&Reference>,
    time: BankTime,
) -> Remains {
    let slip = Slip {
        result,
        reference_last_four: reference.map(|one| one.last_four().to_owned()),
        // The bank's lines were the process's alone.
        lines: [None, None, None],
        time,
        language: Language::default(),
    };
    Remains { outcome, slip: Some(slip) }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;
    use crate::journal::{DeviceKey, KEY_BYTES, Moment, Sending, Store};

    const NOW: BankTime = BankTime::from_millis(1_795_402_800_000);

    fn ago(seconds: i64) -> BankTime {
        BankTime::from_millis(1_795_402_800_000 - seconds * 1_000)
    }

    fn journal() -> Journal {
        over(Store::in_memory().unwrap())
    }

    fn over(store: Store) -> Journal {
        Journal::new(store, DeviceKey::new([7; KEY_BYTES].into()), StdRng::seed_from_u64(1))
    }

    /// A submit, and how it ended; written an hour from now, as if the clock had been set meanwhile.
    fn submit(journal: &Journal, answer: Option<&str>) {
        let reference = Reference::parse("SIM-0000-TEST-0001").unwrap();
        let sending = Sending { endpoint: Endpoint::Submit, reference: &reference, body: b"body" };
        let id = journal.prepare(sending, Moment::vouched(ago(-3_600))).unwrap();
        journal.sent(id, "a", NOW).unwrap();
        answer.into_iter().for_each(|answer| journal.close(id, answer, NOW).unwrap());
    }

    /// A customer who came now.
    fn came(journal: &Journal) -> Here {
        Here { before: journal.newest().unwrap(), seen: ago(5) }
    }

    fn words(remains: Option<Remains>) -> Option<(&'static str, &'static str)> {
        remains.map(|remains| {
            let text = remains.outcome.failure().map_or("done", |failure| failure.text());
            (remains.outcome.word(), text)
        })
    }

    #[track_caller]
    fn check(answer: Option<&str>, expected: Option<(&str, &str)>) {
        let journal = journal();
        let here = came(&journal);
        submit(&journal, answer);
        assert_eq!(words(remains(&journal, here)), expected, "{answer:?}");
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
        let journal = journal();
        for answer in [None, Some("0000")] {
            let remains = remains(&journal, came(&journal)).expect("a customer stood here");
            assert_eq!(remains.outcome.failure().map(|one| one.text()), Some("interrupted"));
            assert!(remains.slip.is_none());
            submit(&journal, answer);
        }
    }

    #[test]
    fn a_submit_is_told_from_the_one_before_where_all_older_ones_are_gone() {
        let first = journal();
        submit(&first, Some("0000"));
        submit(&first, Some("0000"));
        let here = came(&first);
        // Numbers begin anew in a table that was emptied.
        let emptied = journal();
        submit(&emptied, Some("0000"));
        assert_eq!(words(remains(&emptied, here)), Some(("done", "done")));
    }

    #[test]
    fn where_the_journal_was_lost_nobody_is_told_that_nothing_was_sent() {
        let before = journal();
        submit(&before, Some("0000"));
        let here = came(&before);
        let anew = over(Store::in_memory_after_a_loss().unwrap());
        let expected = Some(("unresolved", "result_unknown"));
        let remains_of_it = remains(&anew, here);
        assert!(remains_of_it.as_ref().is_some_and(|remains| remains.slip.is_some()));
        assert_eq!(words(remains_of_it), expected);
        submit(&anew, Some("0000"));
        assert_eq!(words(remains(&anew, here)), expected, "its numbers begin anew");
    }

    #[test]
    fn what_is_left_is_read_once_and_only_for_a_minute() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let before = journal().newest().unwrap();
        for (seen, expected) in [(ago(60), true), (ago(61), false), (ago(-1), false)] {
            let here = Here { before, seen };
            keep(&path, Some(here));
            assert_eq!(left(&path), Some(here));
            assert_eq!(here.may_be_here(NOW), expected);
            assert_eq!(left(&path), None, "once");
        }
        keep(&path, Some(Here { before, seen: ago(9) }));
        keep(&path, None);
        assert_eq!(left(&path), None);
        fs::write(&path, b"\xff not a number and a time").unwrap();
        assert_eq!(left(&path), None);
    }
}
