//! The hand scanner's thread: one text at a time, for as long as the agent runs.
//!
//! What is scanned while no code is wanted is read and dropped, so that it cannot wait for the next person.

use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

use super::{Fact, Rig, Unheard, spawn_lasting};
use crate::ports::{DeviceError, Scanner};

/// How long one wait for a code lasts, so that an end of the agent is noticed.
const PATIENCE: Duration = Duration::from_millis(500);
/// Before an unplugged scanner is looked for again.
const REOPEN: Duration = Duration::from_secs(1);

/// Starts the thread; a machine without scanner needs none.
pub(crate) fn start(rig: Rig) {
    spawn_lasting("scanner", move || {
        let mut last = None;
        loop {
            let error = match rig.devices.scanner() {
                Err(DeviceError::NotConfigured) => return,
                Err(error) => error,
                Ok(mut scanner) => {
                    last = None;
                    match listen(&rig, scanner.as_mut()) {
                        Ok(error) => error,
                        Err(Unheard) => return,
                    }
                }
            };
            if last.replace(error) != Some(error)
                && rig.facts.tell(Fact::ScannerTrouble(error)).is_err()
            {
                return;
            }
            thread::sleep(REOPEN);
        }
    });
}

fn listen(rig: &Rig, scanner: &mut dyn Scanner) -> Result<DeviceError, Unheard> {
    rig.facts.tell(Fact::ScannerReady)?;
    loop {
        match scanner.scan(PATIENCE) {
            Ok(Some(text)) => rig.facts.tell(Fact::Code(Zeroizing::new(text)))?,
            Ok(None) if rig.facts.0.is_closed() => return Err(Unheard),
            Ok(None) => {}
            Err(error) => return Ok(error),
        }
    }
}
