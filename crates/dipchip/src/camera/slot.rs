//! One place for one frame between two threads: a newer frame wipes the one that nobody has taken.
//!
//! There is never a queue, so that what is looked at is what is before the lens now.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use agent::ports::DeviceError;
use zeroize::Zeroizing;

/// The place. The thread that fills it and the one that empties it each hold it.
#[derive(Default)]
pub struct Slot {
    inside: Mutex<Inside>,
    changed: Condvar,
}

#[derive(Default)]
struct Inside {
    /// The bytes of a frame, as the camera sent them.
    newest: Option<Zeroizing<Vec<u8>>>,
    end: Option<DeviceError>,
    refused: bool,
}

impl Slot {
    /// Puts a frame in. Nobody waits.
    pub fn put(&self, frame: Zeroizing<Vec<u8>>) {
        self.lock().newest = Some(frame);
        self.changed.notify_one();
    }

    /// Says why there will be no more frames.
    pub fn fail(&self, error: DeviceError) {
        self.lock().end.get_or_insert(error);
        self.changed.notify_one();
    }

    /// Says that no more frames are wanted, and wipes the one that is here.
    pub fn refuse(&self) {
        let mut inside = self.lock();
        inside.refused = true;
        inside.newest = None;
    }

    /// Are no more frames wanted?
    pub fn is_refused(&self) -> bool {
        self.lock().refused
    }

    /// Takes the newest frame, at most `patience` from now. One that came before the end is still handed out.
    pub fn take(&self, patience: Duration) -> Result<Zeroizing<Vec<u8>>, DeviceError> {
        let inside = self.lock();
        let empty = |inside: &mut Inside| inside.newest.is_none() && inside.end.is_none();
        let waited = self.changed.wait_timeout_while(inside, patience, empty);
        let (mut inside, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let frame = inside.newest.take();
        frame.ok_or(inside.end.unwrap_or(DeviceError::TimedOut))
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says, when it is dropped, that no frame comes any more, whatever ended the thread that holds it.
pub struct Ending<'a>(pub &'a Slot);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.fail(DeviceError::Gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(byte: u8) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(vec![byte])
    }

    #[test]
    fn the_newest_frame_is_handed_out_once() {
        let slot = Slot::default();
        slot.put(frame(1));
        slot.put(frame(2));
        assert_eq!(slot.take(Duration::ZERO), Ok(frame(2)));
        assert_eq!(slot.take(Duration::ZERO), Err(DeviceError::TimedOut));
    }

    #[test]
    fn the_first_reason_for_the_end_stands() {
        let slot = Slot::default();
        slot.put(frame(1));
        slot.fail(DeviceError::Busy);
        drop(Ending(&slot));
        assert_eq!(slot.take(Duration::ZERO), Ok(frame(1)));
        assert_eq!(slot.take(Duration::MAX), Err(DeviceError::Busy));
        assert_eq!(slot.take(Duration::MAX), Err(DeviceError::Busy));
    }

    #[test]
    fn a_thread_that_panics_ends_the_wait() {
        let slot = Slot::default();
        drop(Ending(&slot));
        assert_eq!(slot.take(Duration::MAX), Err(DeviceError::Gone));
    }

    #[test]
    fn a_frame_that_is_no_longer_wanted_is_gone() {
        let slot = Slot::default();
        slot.put(frame(1));
        slot.refuse();
        assert!(slot.is_refused());
        assert_eq!(slot.take(Duration::ZERO), Err(DeviceError::TimedOut));
    }
}
