//! The machine's outbox, driven as the agent drives it: round by round, by the policy and the pace that it shares
//! with the agent.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use agent::journal::EntryId;
use agent::sendings::{Due, Turn};
use protocol::{Alert, FailureReason, FailureReport, Reference};
use session::Event;
use session::outbox::{End, Entry, Sendable, ends_the_round};

use super::conduct::Conduct;
use super::day::Day;
use super::disk::Power;
use super::kiosk::{Body, with_reference};
use super::person::Card;
use super::wire::{Answer, Asker};

/// As the agent's outbox, where nothing is left.
const IDLE: Duration = Duration::from_secs(15);
/// As the agent's: a journal that cannot be used is tried again after so long.
const UNUSABLE: Duration = Duration::from_secs(600);

/// A round of the outbox under way.
pub(super) struct Round {
    due: VecDeque<Due>,
    current: Option<Due>,
    left: Left,
    bell: Bell,
}

/// Did something new come while the round was under way? Then another follows at once.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Bell {
    Still,
    Rung,
}

#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Left {
    Nothing,
    Something,
}

impl Day {
    pub(super) fn ring(&mut self) {
        self.kiosk.pace.settled();
        self.kiosk.outbox_at = Some(self.now);
    }

    pub(super) fn begin_round(&mut self) {
        self.kiosk.outbox_at = None;
        if let Some(round) = &mut self.kiosk.round {
            round.bell = Bell::Rung;
            return;
        }
        let now = self.moment();
        let due = self.kiosk.sendings.due(self.now, now);
        if self.after_write() == Power::Off {
            return;
        }
        match due {
            Ok(due) if due.is_empty() => self.kiosk.pace.settled(),
            Ok(due) => {
                let left = Left::Nothing;
                self.kiosk.round =
                    Some(Round { due: due.into(), current: None, left, bell: Bell::Still });
                self.next_due();
            }
            Err(_) => self.kiosk.outbox_at = Some(self.now + UNUSABLE),
        }
    }

    fn next_due(&mut self) {
        let wall = self.wall();
        let Some(round) = &mut self.kiosk.round else { return };
        let Some(due) = round.due.pop_front() else {
            let left = round.left;
            return self.end_round(left);
        };
        match due.entry.sendable(wall) {
            Sendable::Now => {}
            Sendable::Later => {
                round.left = Left::Something;
                return self.next_due();
            }
            Sendable::Never(end) => return self.entry_ended(due.id, end),
        }
        let Ok(body) = self.kiosk.sendings.body(due.id) else {
            return self.end_round(Left::Something);
        };
        let bytes = Some(Rc::new(body.to_vec()));
        let body = Body { endpoint: due.entry.endpoint, bytes, entry: Some(due.id) };
        if let Some(round) = &mut self.kiosk.round {
            round.current = Some(due);
        }
        self.attempt(Asker::Outbox, &body);
    }

    /// A customer is here with the code of what goes out now.
    pub(super) fn must_wait(&self) -> bool {
        let current = self.kiosk.round.as_ref().and_then(|round| round.current.as_ref());
        current.is_some_and(|due| {
            let turn = self.kiosk.sendings.begins(due.id, due.reference.as_ref());
            turn == Turn::AfterTheCustomer
        })
    }

    /// The entry stays for another round.
    pub(super) fn next_due_later(&mut self) {
        let held = self.kiosk.round.as_mut().and_then(|round| {
            round.left = Left::Something;
            round.current.take()
        });
        if let Some(held) = held {
            self.note(format_args!("entry {} waits for its customer", held.id));
            self.landed(held.id);
        }
        self.next_due();
    }

    pub(super) fn outbox_hears(&mut self, answer: Answer) {
        let Some(due) = self.kiosk.round.as_mut().and_then(|round| round.current.take()) else {
            return;
        };
        self.landed(due.id);
        let now = self.kiosk.bank_time(self.now);
        let entry = Entry { attempts: due.entry.attempts.saturating_add(1), ..due.entry };
        let failed = answer.as_ref().err().copied();
        let (end, over) = match answer {
            Ok(_) => (Some(End::Accepted), false),
            Err((at, condition)) => {
                (entry.ended_by(at, condition, self.wall()), ends_the_round(at, condition))
            }
        };
        if let Some((at, condition)) = failed.filter(|_| over) {
            self.take(Event::Unserved { at, condition });
        }
        match end {
            Some(end) => self.entry_ended(due.id, end),
            None if self.conduct == Conduct::GivesUpSilently => {
                let _ = self.kiosk.sendings.end(due.id, "GIVEN_UP", now);
                self.after_write();
                self.next_due();
            }
            None if over => self.end_round(Left::Something),
            None => {
                if let Some(round) = &mut self.kiosk.round {
                    round.left = Left::Something;
                }
                self.next_due();
            }
        }
    }

    fn entry_ended(&mut self, id: EntryId, end: End) {
        self.note(format_args!("entry {id} ends with {end}"));
        if end.alert() >= Alert::Warn {
            self.watch.alerted(id);
        }
        let now = self.kiosk.bank_time(self.now);
        let written = self.kiosk.sendings.end(id, &end.to_string(), now);
        if self.after_write() == Power::Off {
            return;
        }
        match written {
            Ok(()) => self.next_due(),
            Err(_) => {
                self.kiosk.round = None;
                self.kiosk.outbox_at = Some(self.now + UNUSABLE);
            }
        }
    }

    pub(super) fn end_round(&mut self, left: Left) {
        let round = self.kiosk.round.take();
        let rung = round.as_ref().is_some_and(|round| round.bell == Bell::Rung);
        if let Some(unsent) = round.and_then(|round| round.current) {
            self.landed(unsent.id);
        }
        if rung {
            self.kiosk.pace.settled();
            self.kiosk.outbox_at = Some(self.now);
        } else if left == Left::Something {
            self.tidy();
            let wait = self.kiosk.pace.unsettled(self.chance.draw());
            let at = self.now + wait;
            self.kiosk.outbox_at = Some(self.kiosk.outbox_at.map_or(at, |rung| rung.min(at)));
        } else {
            self.kiosk.pace.settled();
            // What a disk wrote that said it had not rings no bell: the agent looks again by itself.
            self.kiosk.outbox_at.get_or_insert(self.now + IDLE);
        }
    }

    /// The agent does it after every round; it changes nothing while nothing is left.
    fn tidy(&mut self) {
        let now = self.moment();
        // A disk that refuses is tried again after the next round.
        let _ = self.kiosk.sendings.entries().tidy(now);
    }

    /// A failure report that has nothing to do with today's customers.
    pub(super) fn report_of_another_day(&mut self) {
        let number = self.chance.below(1_000_000);
        let Ok(reference) = Reference::parse(&format!("SIM-OLD-{number}")) else { return };
        let citizen_id = Card::Somying.citizen().identity.citizen_id;
        let plaintext = FailureReport::new(&citizen_id, FailureReason::CardExpired).plaintext();
        let body = with_reference(&plaintext, reference.as_str());
        let now = self.moment();
        let _ = self.kiosk.sendings.report(&reference, &body, now);
        if self.after_write() == Power::On {
            self.ring();
        }
    }
}
