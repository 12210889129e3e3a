//! The devices on threads of their own: what they find becomes facts for the runtime.
//!
//! PC/SC and cameras can hang for ever, so every thread is disposable: the runtime gives up on one that
//! owes an answer for too long and starts another. A thread ends when nobody listens to it any more.

pub(crate) mod camera;
pub(crate) mod card;
pub(crate) mod scanner;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use citizen::{Citizen, Identity, Photo};
use protocol::{Condition, Endpoint};
use session::CardFault;
use tokio::sync::mpsc::Sender;
use vision::{Hint, Liveness};

use crate::ports::{DeviceError, Presence, ReaderError};

/// A device that fails at once, again and again, must not take the processor with it.
const AFTER_A_PANIC: Duration = Duration::from_secs(1);

/// What a device found. No Debug: codes and pictures are in it.
pub(crate) enum Fact {
    /// Cards came or went.
    Presence(Presence),
    /// The watch over the readers failed; it is tried again by itself.
    ReaderTrouble(ReaderError),
    /// The card thread of this generation answered.
    Card(u64, CardFact),
    /// A code was read.
    Code(zeroize::Zeroizing<String>),
    /// Two different codes were in view.
    SeveralCodes,
    /// What the face before the camera should do.
    Hint(Hint),
    /// A picture to judge is waited for.
    FaceAwaited,
    /// It came, and a face is looked for in it.
    FaceLookedFor,
    /// A good selfie, as JPEG within the bank's bounds, and what is known of who stood there.
    Selfie(Vec<zeroize::Zeroizing<Vec<u8>>>, Liveness),
    /// The camera failed; it is tried again by itself.
    CameraTrouble(DeviceError),
    /// The camera works.
    CameraReady,
    /// The scanner failed; it is tried again by itself.
    ScannerTrouble(DeviceError),
    /// The scanner works.
    ScannerReady,
    /// Journal or audit is no longer as it was.
    JournalChanged,
    /// The bank did not serve this machine, at this endpoint with this condition, while no customer waited.
    Unserved(Endpoint, Condition),
}

/// What the card thread read.
#[derive(Debug)]
pub(crate) enum CardFact {
    Identity(Identity),
    Citizen(Box<Citizen>),
    PhotoProgress(u8),
    Photo(Photo),
    Failed(CardFault),
}

/// Where facts go; a full queue makes the device wait, a closed one ends its thread.
#[derive(Clone)]
pub(crate) struct Facts(pub(crate) Sender<Fact>);

/// Nobody listens any more.
pub(crate) struct Unheard;

impl Facts {
    pub(crate) fn tell(&self, fact: Fact) -> Result<(), Unheard> {
        self.0.blocking_send(fact).map_err(|_| Unheard)
    }
}

/// Starts a named thread that is never waited for.
pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(work);
    if let Err(error) = spawned {
        tracing::error!(%error, thread = name, "a device thread could not be started");
    }
}

/// As [`spawn`], for work that must go on as long as the agent runs: a panic ends one turn of it, not the
/// device.
pub(crate) fn spawn_lasting(name: &'static str, mut work: impl FnMut() + Send + 'static) {
    spawn(name, move || {
        while catch_unwind(AssertUnwindSafe(&mut work)).is_err() {
            tracing::error!(thread = name, "a device thread failed; it begins anew");
            thread::sleep(AFTER_A_PANIC);
        }
    });
}

/// What the threads share: how to open devices, and where to report.
#[derive(Clone)]
pub(crate) struct Rig {
    pub(crate) devices: Arc<dyn crate::ports::Devices>,
    pub(crate) facts: Facts,
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_panic_ends_one_turn_and_not_the_device() {
        let (told, turns) = mpsc::channel();
        let mut turn = 0;
        spawn_lasting("test", move || {
            turn += 1;
            told.send(turn).unwrap();
            assert!(turn > 1, "the first turn fails");
        });
        let within = AFTER_A_PANIC * 10;
        assert_eq!(turns.recv_timeout(within), Ok(1));
        assert_eq!(turns.recv_timeout(within), Ok(2));
        assert!(turns.recv_timeout(within).is_err(), "work that returns is over");
    }
}
