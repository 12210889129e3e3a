//! The journal's disk: the agent's own journal over a database in memory, which refuses, lies, or loses the
//! power in the middle of a transaction when it is told to.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;

use agent::journal::{
    DeviceKey, EntryId, Journal, JournalError, KEY_BYTES, Moment, Sending, Store, Unfinished,
};
use agent::sendings::Entries;
use protocol::{BankTime, Endpoint, Reference};
use rand::SeedableRng;
use rand::rngs::StdRng;
use session::Earlier;
use zeroize::Zeroizing;

use super::fault::Fault;

/// A journal that can be made to fail.
pub(super) struct Disk {
    journal: Journal,
    planned: RefCell<VecDeque<Fault>>,
    written: RefCell<Vec<Written>>,
    struck: RefCell<Vec<Fault>>,
    power: Cell<Power>,
}

/// A transaction that is on the disk.
pub(super) enum Written {
    Prepared { id: EntryId, endpoint: Endpoint, reference: String },
    Sent { transaction_id: String },
    Closed { id: EntryId, answer: String },
}

#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Power {
    On,
    Off,
}

impl Disk {
    pub(super) fn new(seed: u64) -> Result<Self, JournalError> {
        Ok(Self::over(Store::in_memory()?, seed))
    }

    /// In the place of one that is lost.
    pub(super) fn after_a_loss(seed: u64) -> Result<Self, JournalError> {
        Ok(Self::over(Store::in_memory_after_a_loss()?, seed))
    }

    fn over(store: Store, seed: u64) -> Self {
        let key = DeviceKey::new(Zeroizing::new([7; KEY_BYTES]));
        Self {
            journal: Journal::new(store, key, StdRng::seed_from_u64(seed)),
            planned: RefCell::default(),
            written: RefCell::default(),
            struck: RefCell::default(),
            power: Cell::new(Power::On),
        }
    }

    /// What the next process finds.
    pub(super) fn after_a_crash(self, seed: u64) -> Self {
        Self::over(self.journal.into_store(), seed)
    }

    /// Lets the next write fail so.
    pub(super) fn plan(&self, fault: Fault) {
        self.planned.borrow_mut().push_back(fault);
    }

    pub(super) fn heal(&self) {
        self.planned.borrow_mut().clear();
    }

    pub(super) fn journal(&self) -> &Journal {
        &self.journal
    }

    pub(super) fn power(&self) -> Power {
        self.power.get()
    }

    /// What was committed since the last look, and what struck.
    pub(super) fn take(&self) -> (Vec<Written>, Vec<Fault>) {
        (self.written.take(), self.struck.take())
    }

    pub(super) fn tidy(&self, now: Moment) -> Result<(), JournalError> {
        self.journal.tidy(now)
    }

    fn write<T>(
        &self,
        commit: impl FnOnce() -> Result<T, JournalError>,
        record: impl FnOnce(&T) -> Written,
    ) -> Result<T, JournalError> {
        let fault = self.planned.borrow_mut().pop_front();
        self.struck.borrow_mut().extend(fault);
        if matches!(fault, Some(Fault::CrashBeforeCommit | Fault::CrashAfterCommit)) {
            self.power.set(Power::Off);
        }
        if matches!(fault, Some(Fault::DiskRefuses | Fault::CrashBeforeCommit)) {
            return Err(refusal());
        }
        let value = commit()?;
        self.written.borrow_mut().push(record(&value));
        match fault {
            Some(Fault::DiskLies | Fault::CrashAfterCommit) => Err(refusal()),
            _ => Ok(value),
        }
    }
}

fn refusal() -> JournalError {
    JournalError::Folder { what: "disk", source: io::Error::from(io::ErrorKind::StorageFull) }
}

impl Entries for Disk {
    fn prepare(&self, sending: Sending<'_>, now: Moment) -> Result<EntryId, JournalError> {
        let (endpoint, reference) = (sending.endpoint, sending.reference.as_str().to_owned());
        let record = |id: &EntryId| Written::Prepared { id: *id, endpoint, reference };
        self.write(|| self.journal.prepare(sending, now), record)
    }

    fn sent(&self, id: EntryId, transaction_id: &str, now: BankTime) -> Result<(), JournalError> {
        let record = |(): &()| Written::Sent { transaction_id: transaction_id.to_owned() };
        self.write(|| self.journal.sent(id, transaction_id, now), record)
    }

    fn close(&self, id: EntryId, answer: &str, now: BankTime) -> Result<(), JournalError> {
        let record = |(): &()| Written::Closed { id, answer: answer.to_owned() };
        self.write(|| self.journal.close(id, answer, now), record)
    }

    fn earlier(&self, reference: &Reference) -> Result<Earlier, JournalError> {
        self.journal.earlier(reference)
    }

    fn unfinished(&self) -> Result<Vec<Unfinished>, JournalError> {
        if self.power() == Power::Off {
            return Err(refusal());
        }
        self.journal.unfinished()
    }

    fn body(&self, id: EntryId) -> Result<Zeroizing<Vec<u8>>, JournalError> {
        if self.power() == Power::Off {
            return Err(refusal());
        }
        self.journal.body(id)
    }
}

#[cfg(test)]
mod tests {
    use agent::journal::Moment;

    use super::*;

    const NOW: BankTime = BankTime::from_millis(1_795_402_800_000);

    /// How often an entry was sent, as the process after a fault under its second sending finds it.
    fn sent_after(fault: Fault) -> u32 {
        let disk = Disk::new(1).unwrap();
        let reference = Reference::parse("SIM-0000-0001").unwrap();
        let sending = Sending { endpoint: Endpoint::Submit, reference: &reference, body: b"body" };
        let id = disk.prepare(sending, Moment::vouched(NOW)).unwrap();
        disk.sent(id, "first", NOW).unwrap();
        disk.plan(fault);
        assert!(disk.sent(id, "second", NOW).is_err(), "{fault}");
        let crashed = matches!(fault, Fault::CrashBeforeCommit | Fault::CrashAfterCommit);
        assert_eq!(disk.power() == Power::Off, crashed, "{fault}");
        let unfinished = disk.after_a_crash(2).unfinished().unwrap();
        unfinished.first().map_or(0, |entry| entry.attempts)
    }

    #[test]
    fn a_transaction_is_there_as_a_whole_or_not_at_all_whatever_the_caller_was_told() {
        assert_eq!(sent_after(Fault::CrashBeforeCommit), 1);
        assert_eq!(sent_after(Fault::CrashAfterCommit), 2);
        assert_eq!(sent_after(Fault::DiskRefuses), 1);
        assert_eq!(sent_after(Fault::DiskLies), 2);
    }
}
