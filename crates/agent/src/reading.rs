//! A card read among other programs: in short holds, and up the recovery ladder.
//!
//! Used by the card thread, by the diagnosis, and by programs that read a card without a session. What is
//! read, and that an interrupted reading goes on where it was, is `card`'s; how one connects is the port's.

use std::thread;
use std::time::{Duration, Instant};

use card::{CardError, CardReading, ChannelError, Flow, Progress};
use citizen::{Citizen, Identity, Photo};

use crate::ports::{CardConnection, ReaderError, Start};

/// Before the next block, a hold of this length ends. The slowest card's block takes 0.3 s, and Windows resets
/// a card only after 5 s; a fast card's whole photo takes 0.4 s and is never interrupted.
const HOLD: Duration = Duration::from_secs(1);
/// Between two holds. pcsc-lite lets a waiting program look every 100 ms whether the card is free: a shorter
/// gap would go by unseen.
const LET_GO: Duration = Duration::from_millis(150);
/// Interruptions of one order that are recovered from, however far it gets in between.
const CLIMBS_MAX: u8 = 16;

/// Reads who the card is, in one hold.
///
/// # Errors
/// As [`CardReading::identity`].
pub fn identity(
    connection: &mut dyn CardConnection,
    reading: &mut CardReading,
) -> Result<Identity, CardError> {
    reading.identity(connection.hold()?.as_mut())
}

/// Reads the rest of the text, in one hold.
///
/// # Errors
/// As [`CardReading::citizen`].
pub fn citizen(
    connection: &mut dyn CardConnection,
    reading: &mut CardReading,
    identity: &Identity,
) -> Result<Citizen, CardError> {
    reading.citizen(connection.hold()?.as_mut(), identity)
}

/// Reads the photo, in holds of about a second with the card let go of in between.
///
/// # Errors
/// As [`CardReading::photo`].
pub fn photo(
    connection: &mut dyn CardConnection,
    reading: &mut CardReading,
    progress: &mut dyn FnMut(Progress) -> Flow,
) -> Result<Photo, CardError> {
    loop {
        let mut wanted = Flow::Continue;
        let mut channel = connection.hold()?;
        let held = Instant::now();
        let outcome = reading.photo(channel.as_mut(), &mut |at| {
            wanted = progress(at);
            let let_go = at.read < at.total && held.elapsed() >= HOLD;
            if let_go { Flow::Stop } else { wanted }
        });
        drop(channel);
        match (outcome, wanted) {
            (Err(CardError::Stopped), Flow::Continue) => thread::sleep(LET_GO),
            (outcome, _) => return outcome,
        }
    }
}

/// The recovery ladder: connect again and leave the card as it is, then a warm reset, then a cold one, then
/// it is the customer's turn.
#[derive(Debug, Default)]
pub struct Ladder {
    last: Option<Start>,
    climbs: u8,
}

impl Ladder {
    /// The lowest untried rung among those that can help; `None` if there is none.
    pub fn climb(&mut self, cures: &'static [Start]) -> Option<Start> {
        let next =
            cures.iter().copied().find(|start| self.last.is_none_or(|last| *start > last))?;
        self.climbs += 1;
        if self.climbs > CLIMBS_MAX {
            return None;
        }
        self.last = Some(next);
        Some(next)
    }

    /// Something new was read: the next interruption is another one.
    pub fn rest(&mut self) {
        self.last = None;
    }
}

/// What can help a reading that failed so: starts, from the mildest to the strongest.
#[must_use]
pub fn cures_of_card(error: &CardError) -> &'static [Start] {
    match error {
        CardError::Channel(ChannelError::Reset | ChannelError::Faulty)
        | CardError::Interleaved { .. }
        | CardError::Refused { .. }
        | CardError::Length { .. }
        | CardError::NoStatusWord { .. } => &[Start::AsItIs, Start::Warm, Start::Cold],
        CardError::ChipNumberUnavailable => &[Start::Warm, Start::Cold],
        // Read once more: another program may have selected something else that answers the same reads.
        CardError::Text { .. } | CardError::PhotoMissing | CardError::PhotoDamaged => {
            &[Start::AsItIs]
        }
        CardError::Channel(
            ChannelError::Removed
            | ChannelError::Gone
            | ChannelError::TimedOut
            | ChannelError::Busy,
        )
        | CardError::NotThaiCitizenCard { .. }
        | CardError::OldLayout
        | CardError::UnknownLayout
        | CardError::AnotherCard
        | CardError::Endless { .. }
        | CardError::Stopped => &[],
    }
}

/// What can help a connection that failed so.
#[must_use]
pub fn cures_of_reader(error: ReaderError) -> &'static [Start] {
    match error {
        ReaderError::Faulty | ReaderError::Mute => &[Start::AsItIs, Start::Warm, Start::Cold],
        ReaderError::NotConfigured
        | ReaderError::ServiceDown
        | ReaderError::Refused
        | ReaderError::Gone
        | ReaderError::NoCard
        | ReaderError::Busy => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[Start] = &[Start::AsItIs, Start::Warm, Start::Cold];

    #[test]
    fn a_ladder_is_climbed_rung_by_rung_and_ends() {
        let mut ladder = Ladder::default();
        let climbed: Vec<_> = std::iter::from_fn(|| ladder.climb(ALL)).collect();
        assert_eq!(climbed, ALL);
    }

    #[test]
    fn rungs_that_cannot_help_are_left_out() {
        let mut ladder = Ladder::default();
        let cures = cures_of_card(&CardError::ChipNumberUnavailable);
        assert_eq!(ladder.climb(cures), Some(Start::Warm));
        assert_eq!(ladder.climb(cures_of_card(&CardError::PhotoDamaged)), None);
        assert_eq!(ladder.climb(cures), Some(Start::Cold));
        assert_eq!(ladder.climb(cures_of_card(&CardError::AnotherCard)), None);
    }

    #[test]
    fn whoever_gets_on_in_between_begins_below_and_not_for_ever() {
        let mut ladder = Ladder::default();
        for _ in 0..CLIMBS_MAX {
            assert_eq!(ladder.climb(ALL), Some(Start::AsItIs));
            ladder.rest();
        }
        assert_eq!(ladder.climb(ALL), None);
    }
}
