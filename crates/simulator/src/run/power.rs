//! Power: what a cut leaves on the disk, and what the next process makes of it.
//!
//! The process is gone with everything it knew; journal, wire, people and what lies in the reader stay.

use std::time::Duration;

use agent::handover::{self, Here, Remains};
use agent::journal::Newest;
use agent::sendings::Sendings;
use session::{Event, Failure, LocalFailure, Now, Outcome, Stage};

use super::conduct::Conduct;
use super::day::{Day, Happening};
use super::disk::{Disk, Power};
use super::fault::Fault;
use super::kiosk::Kiosk;

/// So often a machine begins with a clock that is a day off.
const WRONG_AT_BOOT_PERCENT: u64 = 40;
/// So often a power cut leaves what says that a customer is here.
const HERE_KEPT_PERCENT: u64 = 80;
/// From power on to the first screen.
const BOOT: Duration = Duration::from_secs(5);

/// What a power cut leaves of the journal. One that is no database any more is set aside, and told.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Journal {
    Kept,
    Lost,
}

impl Day {
    /// As the agent's: is a customer here, and behind whose submit?
    pub(super) fn hand_over(&mut self) {
        let seen = self.kiosk.bank_time(self.now);
        let newest = self.kiosk.sendings.newest().map_or(self.kiosk.newest_before, Newest::from);
        let here = self.kiosk.here.get_or_insert(Here { before: newest, seen });
        here.seen = seen;
        if self.kiosk.session.stage() == Stage::Idle {
            self.kiosk.here = None;
        }
    }

    /// The first look at the reader after a start: whose card still lies there is told what became of the journey.
    pub(super) fn resume(&mut self) {
        let Some(here) = self.kiosk.left.take() else { return };
        let now = Now { tick: self.now, bank_time: self.kiosk.bank_time(self.now) };
        let begun = self.kiosk.session.stage() != Stage::Idle;
        if begun || self.lies_there().is_none() || !here.may_be_here(now.bank_time) {
            return;
        }
        let remains = handover::remains(self.kiosk.sendings.entries().journal(), here);
        let Some(Remains { outcome, .. }) = remains else { return };
        let interrupted = Outcome::Stopped(Failure::Local(LocalFailure::Interrupted));
        let outcome = if self.conduct == Conduct::TellsNothingSent { interrupted } else { outcome };
        self.note(format_args!("the journey before ended: {}", outcome.word()));
        let Self { watch, wire, .. } = self;
        watch.resumed(&outcome, |reference| wire.accepted(reference));
        let _ = self.kiosk.session.handle(Event::Resumed(outcome), now);
    }

    /// The disk tells the watcher what it took; if the power went, the process is gone.
    pub(super) fn after_write(&mut self) -> Power {
        let (written, struck) = self.kiosk.sendings.entries().take();
        for one in written {
            self.watch.wrote(one, self.now);
        }
        for fault in struck {
            self.strikes(fault);
        }
        let power = self.kiosk.sendings.entries().power();
        if power == Power::Off {
            self.crash(Journal::Kept);
        }
        power
    }

    /// The process is gone with everything it knew; the disk, the wire and the people stay.
    pub(super) fn crash(&mut self, journal: Journal) {
        self.note(format_args!("power off"));
        let seed = self.chance.draw();
        let life = self.kiosk.life + 1;
        let fresh = Kiosk::new(self.policy.clone(), seed);
        let Ok(mut fresh) = fresh else { return self.watch.stuck("no memory for a journal") };
        std::mem::swap(&mut self.kiosk, &mut fresh);
        let Kiosk { sendings, clock_off_ms, here, .. } = fresh;
        let mut disk = sendings.into_entries().after_a_crash(seed);
        if journal == Journal::Lost {
            self.watch.journal_lost();
        }
        let anew = match journal {
            Journal::Lost => Some(Disk::after_a_loss(seed)),
            Journal::Kept => (self.conduct == Conduct::OutboxForgets).then(|| Disk::new(seed)),
        };
        if let Some(Ok(anew)) = anew {
            disk = anew;
        }
        self.kiosk = Kiosk::boot(self.policy.clone(), Sendings::new(disk), life, seed);
        self.kiosk.clock_off_ms = clock_off_ms;
        // Nobody waits until the disk has it.
        self.kiosk.left = here.filter(|_| self.chance.percent(HERE_KEPT_PERCENT));
        self.kiosk.outbox_at = Some(self.now + BOOT);
        self.watch.crashed();
        // A battery that is empty, or a clock chip that was set by somebody else.
        if self.chance.percent(WRONG_AT_BOOT_PERCENT) {
            self.set_clock(Fault::ClockJumps);
        }
        self.plan(BOOT, Happening::Booted(life));
    }
}
