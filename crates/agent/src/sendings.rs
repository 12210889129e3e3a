//! Who sends what: the journey under way or the outbox, over one journal (§1.8, §1.9).
//!
//! Synchronous, without a clock and without a network: whoever drives it hands in the time and carries the
//! bytes. An answer for good is written down when it comes; what the disk does not take is remembered until
//! it does, and is never sent again in between.

mod shown;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use protocol::{BankTime, Condition, Endpoint, Reference};
use session::outbox::{End, Entry, Wall};
use session::{Earlier, Outcome};
use zeroize::Zeroizing;

use crate::journal::{EntryId, Journal, JournalError, Moment, Sending, Unfinished};

pub use shown::{HeldBack, Turn};

use shown::Shown;

/// The answer of a submit in whose place the journey sends another one.
const REPLACED: &str = "REPLACED";

/// The answer of a submit that the journal refused to write down and wrote down nevertheless.
const NOT_WRITTEN: &str = "NOT_WRITTEN";

/// Reports that wait in memory for a disk that refuses: no journey begins before it, so few can come.
const UNQUEUED_MAX: usize = 8;

/// Where entries are kept: the journal, or a wrapper around it. Each call is as the journal's own.
pub trait Entries {
    /// As [`Journal::prepare`].
    ///
    /// # Errors
    /// [`JournalError`]: then it must not be sent.
    fn prepare(&self, sending: Sending<'_>, now: Moment) -> Result<EntryId, JournalError>;

    /// As [`Journal::sent`].
    ///
    /// # Errors
    /// [`JournalError`]: then the attempt must not begin.
    fn sent(&self, id: EntryId, transaction_id: &str, now: BankTime) -> Result<(), JournalError>;

    /// As [`Journal::close`].
    ///
    /// # Errors
    /// [`JournalError`]: then it may not be written.
    fn close(&self, id: EntryId, answer: &str, now: BankTime) -> Result<(), JournalError>;

    /// As [`Journal::earlier`].
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read.
    fn earlier(&self, reference: &Reference) -> Result<Earlier, JournalError>;

    /// As [`Journal::unfinished`].
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read.
    fn unfinished(&self) -> Result<Vec<Unfinished>, JournalError>;

    /// As [`Journal::body`].
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read or opened.
    fn body(&self, id: EntryId) -> Result<Zeroizing<Vec<u8>>, JournalError>;
}

impl Entries for Journal {
    fn prepare(&self, sending: Sending<'_>, now: Moment) -> Result<EntryId, JournalError> {
        self.prepare(sending, now)
    }

    fn sent(&self, id: EntryId, transaction_id: &str, now: BankTime) -> Result<(), JournalError> {
        self.sent(id, transaction_id, now)
    }

    fn close(&self, id: EntryId, answer: &str, now: BankTime) -> Result<(), JournalError> {
        self.close(id, answer, now)
    }

    fn earlier(&self, reference: &Reference) -> Result<Earlier, JournalError> {
        self.earlier(reference)
    }

    fn unfinished(&self) -> Result<Vec<Unfinished>, JournalError> {
        self.unfinished()
    }

    fn body(&self, id: EntryId) -> Result<Zeroizing<Vec<u8>>, JournalError> {
        self.body(id)
    }
}

/// Everything this machine may have to send again.
pub struct Sendings<E> {
    entries: E,
    custody: Mutex<Custody>,
}

/// What one process knows beside the journal; a restart knows nothing of it.
#[derive(Default)]
struct Custody {
    /// The journey under way sends these itself; so often it has.
    held: BTreeMap<EntryId, u32>,
    /// Whose submit the journal refused, and perhaps wrote down nevertheless: its customer was told that
    /// nothing is sent.
    refused: Vec<Reference>,
    /// Ended for good, but the journal could not be told.
    unwritten: BTreeMap<EntryId, String>,
    /// When this process met an entry.
    met: BTreeMap<EntryId, Met>,
    /// What a customer uses now.
    shown: Shown,
    /// The submit that this process wrote down last.
    newest: Option<EntryId>,
    /// Reports that the disk did not take yet, with the wire body of each.
    unqueued: Vec<(Reference, Zeroizing<Vec<u8>>)>,
}

/// When this process met an entry, by both clocks.
#[derive(Clone, Copy)]
struct Met {
    tick: Duration,
    /// How old it was by the wall clock.
    age: Duration,
}

/// A submit that is written down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Prepared {
    /// Its entry.
    pub id: EntryId,
    /// What is known of earlier submits of its reference.
    pub earlier: Earlier,
}

/// An entry that the outbox may send now.
pub struct Due {
    /// Its number.
    pub id: EntryId,
    /// What it ends, where the path may want it.
    pub reference: Option<Reference>,
    /// What the policy wants to know of it.
    pub entry: Entry,
}

impl<E: Entries> Sendings<E> {
    /// What a process finds at its start.
    pub fn new(entries: E) -> Self {
        Self { entries, custody: Mutex::default() }
    }

    /// The place where entries are kept.
    pub fn entries(&self) -> &E {
        &self.entries
    }

    /// The process is gone, the place stays.
    pub fn into_entries(self) -> E {
        self.entries
    }

    /// Writes down the submit of the journey under way. An earlier one of the same journey was refused for
    /// good, or this one would not be asked for: it is closed first, so that a power cut between the two
    /// cannot send it again.
    ///
    /// # Errors
    /// [`JournalError`]: then it must not be sent.
    pub fn submit(
        &self,
        reference: &Reference,
        body: &[u8],
        now: Moment,
    ) -> Result<Prepared, JournalError> {
        let held: Vec<EntryId> = self.custody().held.keys().copied().collect();
        held.into_iter().try_for_each(|id| self.end(id, REPLACED, now.at))?;
        let earlier = self.entries.earlier(reference)?;
        let sending = Sending { endpoint: Endpoint::Submit, reference, body };
        match self.entries.prepare(sending, now) {
            Ok(id) => {
                let mut custody = self.custody();
                custody.refused.retain(|refused| refused != reference);
                custody.held.insert(id, 0);
                custody.newest = Some(id);
                Ok(Prepared { id, earlier })
            }
            Err(error) => {
                self.custody().refused.push(reference.clone());
                Err(error)
            }
        }
    }

    /// What is known of earlier submits of a reference, before the bank is asked about it.
    ///
    /// # Errors
    /// [`JournalError`] if the journal cannot be read.
    pub fn earlier(&self, reference: &Reference) -> Result<Earlier, JournalError> {
        self.entries.earlier(reference)
    }

    /// The submit that this process wrote down last, if any.
    pub fn newest(&self) -> Option<EntryId> {
        self.custody().newest
    }

    /// A customer shows this code: until [`Self::gone`] the outbox begins nothing of it.
    pub fn shows(&self, code: &Reference) {
        self.custody().shown.shows(code);
    }

    /// The customer is gone. What was held back meanwhile need not wait any longer.
    pub fn gone(&self) -> HeldBack {
        self.custody().shown.gone()
    }

    /// May the bank be asked about the customer's code? Not while the outbox waits for an answer about it: a
    /// report that ends it may be on its way.
    pub fn is_free(&self) -> bool {
        self.custody().shown.is_free()
    }

    /// The outbox wants to send an entry, now or later; each that goes out is to be [`Self::landed`].
    pub fn begins(&self, id: EntryId, reference: Option<&Reference>) -> Turn {
        self.custody().shown.begins(id, reference)
    }

    /// The outbox waits for no answer to this entry any more.
    pub fn landed(&self, id: EntryId) {
        self.custody().shown.landed(id);
    }

    /// Queues a failure report; it outlives the journey. One that the disk does not take is queued when it
    /// does, if this process lives so long.
    ///
    /// # Errors
    /// [`JournalError`]: then it is not on the disk yet.
    pub fn report(
        &self,
        reference: &Reference,
        body: &[u8],
        now: Moment,
    ) -> Result<(), JournalError> {
        let queued = self.queue(reference, body, now);
        if queued.is_err() {
            let mut custody = self.custody();
            if custody.unqueued.len() < UNQUEUED_MAX {
                custody.unqueued.push((reference.clone(), Zeroizing::new(body.to_vec())));
            }
        }
        queued
    }

    fn queue(&self, reference: &Reference, body: &[u8], now: Moment) -> Result<(), JournalError> {
        let sending = Sending { endpoint: Endpoint::ReportFailure, reference, body };
        self.entries.prepare(sending, now).map(drop)
    }

    /// Says that an attempt begins: called before its first byte leaves (I3).
    ///
    /// # Errors
    /// [`JournalError`]: then it must not begin.
    pub fn sent(
        &self,
        id: EntryId,
        transaction_id: &str,
        now: BankTime,
    ) -> Result<(), JournalError> {
        self.entries.sent(id, transaction_id, now)?;
        if let Some(attempts) = self.custody().held.get_mut(&id) {
            *attempts = attempts.saturating_add(1);
        }
        Ok(())
    }

    /// What the bank said to the journey's own submit; an answer for good is written down, whatever the
    /// journey makes of it.
    ///
    /// # Errors
    /// [`JournalError`] if it could not be written yet.
    pub fn answered(
        &self,
        id: EntryId,
        answer: Result<(), (Endpoint, Condition)>,
        now: BankTime,
    ) -> Result<(), JournalError> {
        let attempts = self.custody().held.get(&id).copied();
        let Some(attempts) = attempts else { return Ok(()) };
        let endpoint = Endpoint::Submit;
        let (age_when_met, known_for) = (Duration::ZERO, Duration::ZERO);
        let entry = Entry { endpoint, attempts, created: now, age_when_met, known_for };
        let end = match answer {
            Ok(()) => Some(End::Accepted),
            Err((at, condition)) => entry.ended_by(at, condition, Wall::Vouched(now)),
        };
        end.map_or(Ok(()), |end| self.end(id, &end.to_string(), now))
    }

    /// The journey is over: what it could not find out is the outbox's, the rest ends as it ended.
    ///
    /// # Errors
    /// [`JournalError`] if an end could not be written yet.
    pub fn leave(&self, outcome: Option<Outcome>, now: BankTime) -> Result<(), JournalError> {
        let answer = match outcome {
            Some(Outcome::Unresolved(_)) | None => {
                self.custody().held.clear();
                return Ok(());
            }
            Some(outcome) => {
                outcome.failure().map_or_else(|| End::Accepted.to_string(), |code| code.to_string())
            }
        };
        let held: Vec<EntryId> = self.custody().held.keys().copied().collect();
        let ends: Vec<_> = held.into_iter().map(|id| self.end(id, &answer, now)).collect();
        ends.into_iter().collect()
    }

    /// What the outbox may send, oldest first. Whatever could not be written down before is tried first.
    ///
    /// # Errors
    /// [`JournalError`]: then nothing is sent.
    pub fn due(&self, tick: Duration, now: Moment) -> Result<Vec<Due>, JournalError> {
        let unwritten: Vec<_> = self.custody().unwritten.clone().into_iter().collect();
        unwritten.iter().try_for_each(|(id, answer)| self.end(*id, answer, now.at))?;
        for one in self.entries.unfinished()?.iter().filter(|one| self.is_refused(one)) {
            self.end(one.id, NOT_WRITTEN, now.at)?;
        }
        self.custody().refused.clear();
        while let Some((reference, body)) = self.unqueued() {
            self.queue(&reference, &body, now)?;
            self.custody().unqueued.remove(0);
        }
        let unfinished = self.entries.unfinished()?;
        let mut custody = self.custody();
        custody.met.retain(|id, _| unfinished.iter().any(|entry| entry.id == *id));
        let mut due = Vec::new();
        for one in unfinished {
            let age = one.age(now.at);
            let Unfinished { id, endpoint, reference, attempts, created } = one;
            if custody.held.contains_key(&id) {
                continue;
            }
            let met = Met { tick, age };
            let Met { tick: met_at, age: age_when_met } = *custody.met.entry(id).or_insert(met);
            let known_for = tick.saturating_sub(met_at);
            let created = created.at;
            let entry = Entry { endpoint, attempts, created, age_when_met, known_for };
            due.push(Due { id, reference, entry });
        }
        Ok(due)
    }

    /// The wire body of an open entry, byte for byte.
    ///
    /// # Errors
    /// [`JournalError`] if it cannot be read, or not be opened with this machine's key.
    pub fn body(&self, id: EntryId) -> Result<Zeroizing<Vec<u8>>, JournalError> {
        self.entries.body(id)
    }

    /// The oldest report that is not on the disk yet.
    fn unqueued(&self) -> Option<(Reference, Zeroizing<Vec<u8>>)> {
        self.custody().unqueued.first().cloned()
    }

    /// An entry has ended: it is written down, now or as soon as the disk takes it, and not sent again.
    ///
    /// # Errors
    /// [`JournalError`] if it could not be written yet.
    pub fn end(&self, id: EntryId, answer: &str, now: BankTime) -> Result<(), JournalError> {
        {
            let mut custody = self.custody();
            custody.held.remove(&id);
            custody.unwritten.insert(id, answer.to_owned());
        }
        self.entries.close(id, answer, now)?;
        self.custody().unwritten.remove(&id);
        Ok(())
    }

    /// Is it the entry of a submit that the journal refused to write down?
    fn is_refused(&self, one: &Unfinished) -> bool {
        let custody = self.custody();
        let refused = one.reference.as_ref().is_some_and(|this| custody.refused.contains(this));
        let never_sent = one.attempts == 0 && !custody.held.contains_key(&one.id);
        refused && never_sent && one.endpoint == Endpoint::Submit
    }

    fn custody(&self) -> MutexGuard<'_, Custody> {
        self.custody.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use rand::SeedableRng as _;
    use rand::rngs::StdRng;
    use session::outbox::Sendable;
    use session::{Failure, JournalFault, LocalFailure};

    use super::*;
    use crate::journal::{DeviceKey, KEY_BYTES, Store};

    /// A journal whose disk can be made to refuse.
    struct Disk {
        journal: Journal,
        refuses: Cell<bool>,
        /// Writes, and says that it did not.
        lies: Cell<bool>,
    }

    impl Disk {
        fn try_write<T>(
            &self,
            write: impl FnOnce(&Journal) -> Result<T, JournalError>,
        ) -> Result<T, JournalError> {
            if self.refuses.get() {
                return Err(JournalError::NoRandomness);
            }
            let written = write(&self.journal)?;
            if self.lies.get() { Err(JournalError::NoRandomness) } else { Ok(written) }
        }
    }

    impl Entries for Disk {
        fn prepare(&self, sending: Sending<'_>, now: Moment) -> Result<EntryId, JournalError> {
            self.try_write(|journal| journal.prepare(sending, now))
        }

        fn sent(&self, id: EntryId, wire: &str, now: BankTime) -> Result<(), JournalError> {
            self.try_write(|journal| journal.sent(id, wire, now))
        }

        fn close(&self, id: EntryId, answer: &str, now: BankTime) -> Result<(), JournalError> {
            self.try_write(|journal| journal.close(id, answer, now))
        }

        fn earlier(&self, reference: &Reference) -> Result<Earlier, JournalError> {
            self.journal.earlier(reference)
        }

        fn unfinished(&self) -> Result<Vec<Unfinished>, JournalError> {
            self.journal.unfinished()
        }

        fn body(&self, id: EntryId) -> Result<Zeroizing<Vec<u8>>, JournalError> {
            self.journal.body(id)
        }
    }

    fn sendings() -> Sendings<Disk> {
        let key = DeviceKey::new(Zeroizing::new([7; KEY_BYTES]));
        let journal = Journal::new(Store::in_memory().unwrap(), key, StdRng::seed_from_u64(1));
        Sendings::new(Disk { journal, refuses: Cell::new(false), lies: Cell::new(false) })
    }

    fn reference() -> Reference {
        Reference::parse("SIM-0000-TEST-0001").unwrap()
    }

    const NOW: BankTime = BankTime::from_millis(1_795_402_800_000);

    fn now() -> Moment {
        Moment::vouched(NOW)
    }

    fn due(sendings: &Sendings<Disk>) -> usize {
        sendings.due(Duration::ZERO, now()).map_or(0, |due| due.len())
    }

    /// A submit that was sent once.
    fn submitted(sendings: &Sendings<Disk>) -> EntryId {
        let prepared = sendings.submit(&reference(), b"body", now()).unwrap();
        sendings.sent(prepared.id, "id", NOW).unwrap();
        prepared.id
    }

    #[test]
    fn what_a_journey_holds_is_not_the_outboxs() {
        let sendings = sendings();
        submitted(&sendings);
        assert_eq!(due(&sendings), 0);
        sendings.leave(None, NOW).unwrap();
        assert_eq!(due(&sendings), 1);
    }

    #[test]
    fn an_answer_for_good_ends_a_submit_before_the_journey_ends() {
        let sendings = sendings();
        let id = submitted(&sendings);
        let refused = Err((Endpoint::Submit, Condition::Diis(9301)));
        sendings.answered(id, refused, NOW).unwrap();
        let restarted = Sendings::new(sendings.into_entries());
        assert_eq!(due(&restarted), 0, "a restart does not send a refused selfie again");
    }

    #[test]
    fn an_answer_that_the_disk_did_not_take_is_not_sent_again_and_written_later() {
        let sendings = sendings();
        let id = submitted(&sendings);
        sendings.entries().refuses.set(true);
        assert!(sendings.answered(id, Ok(()), NOW).is_err());
        assert!(sendings.leave(None, NOW).is_ok());
        assert_eq!(due(&sendings), 0);
        sendings.entries().refuses.set(false);
        assert_eq!(due(&sendings), 0);
        assert!(sendings.entries().unfinished().unwrap().is_empty(), "it is written by now");
    }

    #[test]
    fn a_journey_that_failed_before_the_sending_leaves_nothing_to_send() {
        let sendings = sendings();
        sendings.submit(&reference(), b"body", now()).unwrap();
        sendings.entries().refuses.set(true);
        let failed = Outcome::Failed(Failure::Local(LocalFailure::Journal(JournalFault::Full)));
        assert!(sendings.leave(Some(failed), NOW).is_err());
        sendings.entries().refuses.set(false);
        assert_eq!(due(&sendings), 0);
    }

    #[test]
    fn a_report_that_the_disk_did_not_take_is_queued_when_it_does() {
        let sendings = sendings();
        sendings.entries().refuses.set(true);
        assert!(sendings.report(&reference(), b"report", now()).is_err());
        assert!(sendings.due(Duration::ZERO, now()).is_err());
        sendings.entries().refuses.set(false);
        let due = sendings.due(Duration::ZERO, now()).unwrap();
        assert_eq!(due.len(), 1);
        assert_eq!(sendings.body(due[0].id).unwrap().as_slice(), b"report");
        assert_eq!(sendings.due(Duration::ZERO, now()).unwrap().len(), 1, "it is queued once");
    }

    #[test]
    fn a_clock_that_jumps_makes_no_entry_older_than_this_process_saw() {
        let sendings = sendings();
        submitted(&sendings);
        sendings.leave(None, NOW).unwrap();
        sendings.due(Duration::ZERO, now()).unwrap();
        let years = BankTime::from_millis(NOW.millis() + 100_000_000_000);
        let lost = Condition::Transport(protocol::Transport::Unreachable);
        for (hours, expected) in [(2, None), (25, Some(End::GivenUp))] {
            let due =
                sendings.due(Duration::from_secs(hours * 3_600), Moment::vouched(years)).unwrap();
            let end = due[0].entry.ended_by(Endpoint::Submit, lost, Wall::Vouched(years));
            assert_eq!(end, expected, "after {hours} h");
        }
    }

    #[test]
    fn an_entry_of_a_clock_that_nobody_vouched_for_is_not_old_when_it_is_met() {
        let sendings = sendings();
        let prepared = sendings.submit(&reference(), b"body", Moment::unvouched(NOW)).unwrap();
        let restarted = Sendings::new(sendings.into_entries());
        let day = BankTime::from_millis(NOW.millis() + 86_400_000);
        let sendable = |minutes: u64| {
            let due =
                restarted.due(Duration::from_secs(60 * minutes), Moment::vouched(day)).unwrap();
            assert_eq!(due[0].id, prepared.id);
            due[0].entry.sendable(Wall::Vouched(day))
        };
        assert_eq!(sendable(0), Sendable::Now, "it was young by its own clock");
        assert_eq!(sendable(11), Sendable::Never(End::NotSent));
    }

    #[test]
    fn what_a_customer_uses_the_outbox_leaves_alone() {
        let sendings = sendings();
        sendings.report(&reference(), b"report", now()).unwrap();
        let other = Reference::parse("SIM-0000-TEST-0002").unwrap();
        let Due { id, reference: code, .. } =
            sendings.due(Duration::ZERO, now()).unwrap().remove(0);
        assert_eq!(sendings.begins(id, code.as_ref()), Turn::Now);
        sendings.shows(&other);
        assert!(sendings.is_free());
        sendings.shows(&reference());
        assert!(!sendings.is_free(), "the report may be on its way");
        sendings.landed(id);
        assert!(sendings.is_free());
        assert_eq!(sendings.begins(id, code.as_ref()), Turn::AfterTheCustomer);
        assert_eq!(sendings.gone(), HeldBack::Something);
        assert_eq!(sendings.begins(id, code.as_ref()), Turn::Now);
        assert_eq!(sendings.gone(), HeldBack::Nothing);
    }

    #[test]
    fn a_second_journey_hears_that_the_first_may_have_arrived() {
        let sendings = sendings();
        let first = submitted(&sendings);
        sendings.leave(None, NOW).unwrap();
        let second = sendings.submit(&reference(), b"later", now()).unwrap();
        assert_eq!(second.earlier, Earlier::MayHaveArrived);
        assert_ne!(second.id, first);
        sendings.leave(None, NOW).unwrap();
        assert_eq!(due(&sendings), 1, "two submits of one reference are never under way");
    }

    #[test]
    fn a_refusal_leaves_nothing_that_may_have_arrived_and_a_success_does() {
        for (answer, expected) in [
            (Err((Endpoint::Submit, Condition::Diis(9301))), Earlier::Nothing),
            (Ok(()), Earlier::MayHaveArrived),
        ] {
            let sendings = sendings();
            assert_eq!(sendings.earlier(&reference()).unwrap(), Earlier::Nothing);
            let id = submitted(&sendings);
            sendings.answered(id, answer, NOW).unwrap();
            assert_eq!(sendings.earlier(&reference()).unwrap(), expected);
        }
    }

    #[test]
    fn a_submit_that_the_disk_took_and_denied_is_not_sent_either() {
        let sendings = sendings();
        sendings.entries().lies.set(true);
        assert!(sendings.submit(&reference(), b"body", now()).is_err());
        sendings.entries().lies.set(false);
        assert_eq!(sendings.entries().unfinished().unwrap().len(), 1);
        assert_eq!(due(&sendings), 0, "its customer was told that nothing is sent");
    }
}
