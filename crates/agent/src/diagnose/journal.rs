//! The journal as a technician must know it: writable, sound, guarded, and what still waits in it.
//!
//! Looking changes nothing in it; how it is looked at is the journal's own business.

use std::path::Path;

use protocol::BankTime;

use super::finding::{Advice, Check, Finding};
use super::machine::{nearest_folder, writable};
use crate::clock::Clock;
use crate::journal::JournalError;
use crate::journal::inspection::{Inspection, Integrity, KeyGuard};

/// The outbox tries at least every ten minutes; what waits for longer waits for somebody.
const WAITS_LONG_MS: i64 = 60 * 60 * 1_000;

/// Looks at the journal in this folder.
pub(super) fn check(folder: &Path) -> Finding {
    if let Err(error) = writable(&nearest_folder(folder)) {
        let advice = Advice::new(
            error.to_string(),
            "run this as the service's user (sudo -u dipchip); if it fails for that user, too, \
             correct the folder's owner",
        );
        let finding = format!("{} cannot be written", folder.display());
        return Finding::fault(Check::Journal, finding, advice);
    }
    match Inspection::of(folder) {
        Ok(inspection) => judge(&inspection, Clock::new().bank_time()),
        Err(error) => unreadable(&error),
    }
}

fn judge(inspection: &Inspection, now: BankTime) -> Finding {
    let Inspection::Present { integrity, key, unfinished, oldest, set_aside } = *inspection else {
        let finding = "there is none yet; the agent makes one at its first start";
        return Finding::ok(Check::Journal, finding);
    };
    let fault = |finding, cause, remedy| {
        Finding::fault(Check::Journal, finding, Advice::new(cause, remedy))
    };
    if integrity == Integrity::Damaged {
        let cause = "the disk lost or changed something, or the file was edited";
        let remedy = "stop the agent, keep a copy of the folder for the bank's questions, \
                      and replace the disk";
        return fault("the database does not keep its own rules", cause, remedy);
    }
    match key {
        KeyGuard::OwnerOnly => {}
        KeyGuard::Others => {
            let remedy = "chmod 600 journal.key, and find out who could read it";
            return fault("its key can be read by others", "the file's mode was changed", remedy);
        }
        KeyGuard::Missing => {
            let cause = "journal.key was deleted or not restored with the rest";
            let remedy = "restore it; without it what still waits cannot be sent";
            return fault("its key is missing", cause, remedy);
        }
    }
    if set_aside > 0 {
        let finding = format!("sound, but {set_aside} damaged journals were set aside beside it");
        let advice = Advice::new(
            "the disk lost or changed something; what waited in them was not sent",
            "keep the files for the bank's questions, ask it about the days in their names, \
             and replace the disk",
        );
        return Finding::warning(Check::Journal, finding, advice);
    }
    let age_ms = oldest.map_or(0, |oldest| now.millis().saturating_sub(oldest.millis()));
    let finding = format!("sound; {unfinished} sends wait for the bank's answer");
    if age_ms < WAITS_LONG_MS {
        return Finding::ok(Check::Journal, finding);
    }
    let finding = format!("{finding}, the oldest for {} h", age_ms / WAITS_LONG_MS);
    let advice = Advice::new(
        "the agent does not run, or the bank could not be reached for long",
        "start the agent and mend what else is found here; after 24 h only the bank can say \
         what became of them",
    );
    Finding::warning(Check::Journal, finding, advice)
}

fn unreadable(error: &JournalError) -> Finding {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    let cause = cause.unwrap_or_else(|| "it was not written by this program".to_owned());
    let remedy = match error {
        JournalError::Folder { .. } | JournalError::Unreadable { .. } => {
            "run this as the service's user (sudo -u dipchip)"
        }
        JournalError::Newer { .. } => "install the program's newer version again",
        JournalError::Database { .. }
        | JournalError::Damaged { .. }
        | JournalError::Unusable { .. }
        | JournalError::Sealed
        | JournalError::NoRandomness
        | JournalError::Endpoint { .. }
        | JournalError::Broken
        | JournalError::Crowded { .. }
        | JournalError::Closed { .. } => {
            "run this as the service's user; if it fails again, keep a copy of the folder \
             for the bank's questions and replace the disk"
        }
    };
    Finding::fault(Check::Journal, error.to_string(), Advice::new(cause, remedy))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    fn now() -> BankTime {
        BankTime::from_millis(1_790_000_000_000)
    }

    #[track_caller]
    fn look(change: impl FnOnce(&mut Integrity, &mut KeyGuard, &mut Option<BankTime>)) -> Finding {
        let (mut integrity, mut key, mut oldest) = (Integrity::Sound, KeyGuard::OwnerOnly, None);
        change(&mut integrity, &mut key, &mut oldest);
        let unfinished = u32::from(oldest.is_some());
        judge(&Inspection::Present { integrity, key, unfinished, oldest, set_aside: 0 }, now())
    }

    #[test]
    fn a_sound_journal_says_what_waits_in_it() {
        let found = look(|_, _, oldest| *oldest = Some(now()));
        let expected = "sound; 1 sends wait for the bank's answer";
        assert_eq!((found.verdict, found.finding.as_str()), (Verdict::Ok, expected));
    }

    #[test]
    fn what_waits_for_hours_is_a_warning() {
        let since = BankTime::from_millis(now().millis() - 3 * HOUR_MS);
        let found = look(|_, _, oldest| *oldest = Some(since));
        assert_eq!(found.verdict, Verdict::Warning);
        assert!(found.finding.ends_with("the oldest for 3 h"), "{found:?}");
    }

    #[test]
    fn a_journal_that_was_set_aside_is_a_warning() {
        let (integrity, key) = (Integrity::Sound, KeyGuard::OwnerOnly);
        let (unfinished, oldest, set_aside) = (0, None, 1);
        let found = Inspection::Present { integrity, key, unfinished, oldest, set_aside };
        assert_eq!(judge(&found, now()).verdict, Verdict::Warning);
    }

    #[test]
    fn damage_and_an_open_or_lost_key_are_faults() {
        assert_eq!(look(|integrity, _, _| *integrity = Integrity::Damaged).verdict, Verdict::Fault);
        assert_eq!(look(|_, key, _| *key = KeyGuard::Others).verdict, Verdict::Fault);
        assert_eq!(look(|_, key, _| *key = KeyGuard::Missing).verdict, Verdict::Fault);
    }

    #[test]
    fn a_journal_that_is_not_there_yet_is_in_order_and_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(check(&folder.path().join("journal")).verdict, Verdict::Ok);
        assert!(!folder.path().join("journal").exists());
    }

    #[test]
    fn a_file_that_is_no_database_is_a_fault() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("journal.sqlite"), [b'x'; 4096]).unwrap();
        let found = check(folder.path());
        assert_eq!(found.verdict, Verdict::Fault);
        assert!(found.cause.is_some() && found.remedy.is_some());
    }
}
