//! A reader slot in this process: cards come and go by one handle and are talked to by another, from
//! different threads. It counts insertions, resets and exchanges, and springs traps.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use ::card::{Channel, ChannelError};
use thiserror::Error;

use super::behaviour::{Behaviour, Reply};
use super::{Image, Manner, Pace};

/// A caller in this process waits so long for a card that is silent by its own conduct.
const PATIENCE: Duration = Duration::from_secs(5);

/// The slot. Clones are the same slot.
#[derive(Clone)]
pub struct Slot {
    shared: Arc<Shared>,
}

/// Something to happen at an exchange, counted from 1 since the card came in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trap {
    /// The card leaves instead of answering.
    Remove {
        /// Which exchange.
        at: u32,
    },
    /// The card falls silent until it is reset or leaves.
    Mute {
        /// Which exchange.
        at: u32,
        /// How long a caller waits before it is told that the card is silent.
        patience: Duration,
    },
}

/// In which state a connection finds the card.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Start {
    /// As it is.
    AsItIs,
    /// After a reset.
    Reset,
}

/// No connection.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ConnectError {
    /// Nothing is in.
    #[error("no card is in the slot")]
    NoCard,
    /// The card does not answer to reset.
    #[error("the card in the slot does not answer to reset")]
    Mute,
}

/// A connection to the card that was in the slot when it was made.
pub struct SimulatedCard {
    slot: Slot,
    insertion: u32,
    resets: u32,
    atr: Vec<u8>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    content: Content,
    pace: Pace,
    trap: Option<Trap>,
    insertions: u32,
    resets: u32,
    exchanges: u32,
    silent: Option<Duration>,
}

enum Content {
    Nothing,
    /// A chip that answers to reset.
    Chip(Box<Behaviour>),
    /// Upside down, dirty or dead.
    Dead,
}

/// What came of one exchange.
pub(super) enum Exchange {
    Answer(Vec<u8>, Duration),
    /// A trap took the card out.
    Trapped,
    /// The card had left before.
    Gone,
    Silent(Duration),
}

impl Slot {
    /// An empty slot for cards of this pace.
    pub fn new(pace: Pace) -> Self {
        let state = State {
            content: Content::Nothing,
            pace,
            trap: None,
            insertions: 0,
            resets: 0,
            exchanges: 0,
            silent: None,
        };
        Self { shared: Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() }) }
    }

    /// Puts a card in; one that was in leaves.
    pub fn insert(&self, image: Image, manner: Manner) {
        self.put(Content::Chip(Box::new(Behaviour::new(image, manner))));
    }

    /// Puts something in that does not answer to reset, like a card upside down.
    pub fn insert_dead(&self) {
        self.put(Content::Dead);
    }

    /// Takes the card out; nothing happens to an empty slot.
    pub fn eject(&self) {
        self.state().content = Content::Nothing;
        self.shared.changed.notify_all();
    }

    /// Sets a trap for the card that is in, or for the next one.
    pub fn set_trap(&self, trap: Trap) {
        self.state().trap = Some(trap);
    }

    /// Which insertion is in, counted from 1; `None` if the slot is empty.
    pub fn insertion(&self) -> Option<u32> {
        self.state().insertion()
    }

    /// How many exchanges the card that is in, or was in last, has seen.
    pub fn exchanges(&self) -> u32 {
        self.state().exchanges
    }

    /// Waits until the insertion differs from `known`, or until `patience` is over, and tells it.
    pub fn wait_for_change(&self, known: Option<u32>, patience: Duration) -> Option<u32> {
        let (state, _) = self
            .shared
            .changed
            .wait_timeout_while(self.state(), patience, |state| state.insertion() == known)
            .unwrap_or_else(PoisonError::into_inner);
        state.insertion()
    }

    /// Connects to the card that is in.
    ///
    /// # Errors
    /// [`ConnectError`] if there is none, or none that answers.
    pub fn connect(&self, start: Start) -> Result<SimulatedCard, ConnectError> {
        if start == Start::Reset {
            self.reset();
        }
        let state = self.state();
        match &state.content {
            Content::Nothing => Err(ConnectError::NoCard),
            Content::Dead => Err(ConnectError::Mute),
            Content::Chip(chip) => Ok(SimulatedCard {
                slot: self.clone(),
                insertion: state.insertions,
                resets: state.resets,
                atr: chip.atr().to_vec(),
            }),
        }
    }

    /// Resets the card, as another program may: every connection made before is told so.
    pub fn reset(&self) {
        let mut state = self.state();
        state.resets = state.resets.wrapping_add(1);
        state.silent = None;
        if let Content::Chip(chip) = &mut state.content {
            chip.reset();
        }
    }

    /// The answer to reset of the card that is in.
    pub(super) fn atr(&self) -> Option<Vec<u8>> {
        match &self.state().content {
            Content::Chip(chip) => Some(chip.atr().to_vec()),
            Content::Nothing | Content::Dead => None,
        }
    }

    /// One exchange, traps included. The caller lets the time of an answer pass.
    pub(super) fn exchange(&self, command: &[u8]) -> Exchange {
        let exchange = self.state().exchange(command);
        if matches!(exchange, Exchange::Trapped) {
            self.shared.changed.notify_all();
        }
        exchange
    }

    fn put(&self, content: Content) {
        let mut state = self.state();
        state.content = content;
        state.insertions += 1;
        state.resets = state.resets.wrapping_add(1);
        state.exchanges = 0;
        state.silent = None;
        drop(state);
        self.shared.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn insertion(&self) -> Option<u32> {
        match self.content {
            Content::Nothing => None,
            Content::Chip(_) | Content::Dead => Some(self.insertions),
        }
    }

    fn exchange(&mut self, command: &[u8]) -> Exchange {
        let Content::Chip(chip) = &mut self.content else { return Exchange::Gone };
        self.exchanges += 1;
        match self.trap {
            Some(Trap::Remove { at }) if at == self.exchanges => {
                self.trap = None;
                self.content = Content::Nothing;
                return Exchange::Trapped;
            }
            Some(Trap::Mute { at, patience }) if at == self.exchanges => {
                self.trap = None;
                self.silent = Some(patience);
            }
            Some(_) | None => {}
        }
        if let Some(patience) = self.silent {
            return Exchange::Silent(patience);
        }
        match chip.reply(command) {
            Reply::Answer(answer) => {
                let time = self.pace.of(command.len(), answer.len());
                Exchange::Answer(answer, time)
            }
            Reply::Silence => {
                self.silent = Some(PATIENCE);
                Exchange::Silent(PATIENCE)
            }
            Reply::Departure => {
                self.content = Content::Nothing;
                Exchange::Trapped
            }
        }
    }
}

impl SimulatedCard {
    /// The answer to reset.
    pub fn atr(&self) -> &[u8] {
        &self.atr
    }

    /// Is this the card that was connected to, and was it not reset by another?
    ///
    /// # Errors
    /// [`ChannelError::Removed`] or [`ChannelError::Reset`].
    pub fn still_there(&self) -> Result<(), ChannelError> {
        let (insertion, resets) = {
            let state = self.slot.state();
            (state.insertion(), state.resets)
        };
        if insertion != Some(self.insertion) {
            return Err(ChannelError::Removed);
        }
        if resets == self.resets { Ok(()) } else { Err(ChannelError::Reset) }
    }

    /// Waits as a caller of a silent card does: until it leaves or patience ends.
    fn wait_in_silence(&self, patience: Duration) -> ChannelError {
        if self.slot.wait_for_change(Some(self.insertion), patience) == Some(self.insertion) {
            ChannelError::TimedOut
        } else {
            ChannelError::Removed
        }
    }
}

impl Channel for SimulatedCard {
    fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        answer.clear();
        self.still_there()?;
        match self.slot.exchange(command) {
            Exchange::Answer(bytes, time) => {
                thread::sleep(time);
                answer.extend(bytes);
                Ok(())
            }
            Exchange::Trapped | Exchange::Gone => Err(ChannelError::Removed),
            Exchange::Silent(patience) => Err(self.wait_in_silence(patience)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SELECT: &[u8] = &[0x00, 0xA4, 0x04, 0x00, 8, 0xA0, 0, 0, 0, 0x54, 0x48, 0, 1];

    fn slot() -> Slot {
        let slot = Slot::new(Pace::default());
        slot.insert(Image::parse("atr = 3B00\n0000: 30 30 30 33\n").unwrap(), Manner::default());
        slot
    }

    #[track_caller]
    fn check(card: &mut SimulatedCard, command: &[u8], expected: Result<&[u8], ChannelError>) {
        let mut answer = vec![0xEE];
        let sent = card.transmit(command, &mut answer);
        assert_eq!(sent.map(|()| answer.as_slice()), expected);
    }

    #[test]
    fn a_card_is_talked_to_until_it_leaves() {
        let slot = slot();
        let mut card = slot.connect(Start::AsItIs).unwrap();
        check(&mut card, SELECT, Ok(&[0x61, 0x0A]));
        slot.eject();
        check(&mut card, SELECT, Err(ChannelError::Removed));
        assert_eq!(slot.connect(Start::AsItIs).err(), Some(ConnectError::NoCard));
    }

    #[test]
    fn a_swapped_card_is_not_the_same() {
        let slot = slot();
        let mut card = slot.connect(Start::AsItIs).unwrap();
        slot.insert(Image::foreign(), Manner::default());
        assert_eq!(slot.insertion(), Some(2));
        check(&mut card, SELECT, Err(ChannelError::Removed));
        check(&mut slot.connect(Start::AsItIs).unwrap(), SELECT, Ok(&[0x6A, 0x82]));
    }

    #[test]
    fn a_reset_by_another_is_told() {
        let slot = slot();
        let mut card = slot.connect(Start::AsItIs).unwrap();
        let mut other = slot.connect(Start::Reset).unwrap();
        check(&mut card, SELECT, Err(ChannelError::Reset));
        check(&mut other, SELECT, Ok(&[0x61, 0x0A]));
    }

    #[test]
    fn a_trap_removes_the_card_at_its_exchange() {
        let slot = slot();
        slot.set_trap(Trap::Remove { at: 2 });
        let mut card = slot.connect(Start::AsItIs).unwrap();
        check(&mut card, SELECT, Ok(&[0x61, 0x0A]));
        check(&mut card, &[0x00, 0xC0, 0, 0, 0x0A], Err(ChannelError::Removed));
        assert_eq!((slot.insertion(), slot.exchanges()), (None, 2));
    }

    #[test]
    fn a_silent_card_answers_again_after_a_reset() {
        let slot = slot();
        slot.set_trap(Trap::Mute { at: 1, patience: Duration::ZERO });
        let mut card = slot.connect(Start::AsItIs).unwrap();
        check(&mut card, SELECT, Err(ChannelError::TimedOut));
        check(&mut card, SELECT, Err(ChannelError::TimedOut));
        let mut again = slot.connect(Start::Reset).unwrap();
        check(&mut again, SELECT, Ok(&[0x61, 0x0A]));
    }

    #[test]
    fn pulling_a_silent_card_frees_its_caller() {
        let slot = slot();
        slot.set_trap(Trap::Mute { at: 1, patience: Duration::from_secs(60) });
        let mut card = slot.connect(Start::AsItIs).unwrap();
        thread::scope(|scope| {
            let caller = scope.spawn(move || card.transmit(SELECT, &mut Vec::new()));
            while slot.exchanges() == 0 {
                thread::yield_now();
            }
            slot.eject();
            assert_eq!(caller.join().unwrap(), Err(ChannelError::Removed));
        });
    }

    #[test]
    fn a_dead_card_is_there_but_cannot_be_connected_to() {
        let slot = Slot::new(Pace::default());
        slot.insert_dead();
        assert_eq!(slot.wait_for_change(None, Duration::ZERO), Some(1));
        assert_eq!(slot.connect(Start::AsItIs).err(), Some(ConnectError::Mute));
    }

    #[test]
    fn a_waiting_monitor_is_woken() {
        let slot = slot();
        thread::scope(|scope| {
            let monitor = scope.spawn(|| slot.wait_for_change(Some(1), Duration::from_secs(60)));
            slot.eject();
            assert_eq!(monitor.join().unwrap(), None);
        });
    }
}
