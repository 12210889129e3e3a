//! The camera's thread: looks for codes, or for a good face, and only while somebody wants it to.
//!
//! A frame lives in memory until the next one; none is written anywhere. The camera is closed while nobody
//! looks, so that its light tells the truth.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use vision::{
    CodeScanner, Frame, Hint, SELFIE_BYTES_MAX, SELFIE_BYTES_SMALLER, SelfieError, SelfieGate,
    Sighting, Verdict,
};
use zeroize::Zeroizing;

use super::{Fact, Rig, Unheard, spawn_lasting};
use crate::api::Preview;
use crate::ports::{Camera, DeviceError};

/// A frame that takes longer never comes.
const FRAME: Duration = Duration::from_secs(2);
/// Before a camera that failed is opened again.
const REOPEN: Duration = Duration::from_secs(1);
/// So many good faces in a row make a selfie.
const GOOD_FRAMES: usize = 3;

/// What the camera is wanted for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Look {
    /// Nothing: closed.
    #[default]
    Away,
    /// Codes.
    Codes,
    /// The selfie with this number; the next one has another.
    Selfie(u64),
}

/// The runtime's end of the camera thread.
#[derive(Clone, Default)]
pub(crate) struct Gaze(Arc<(Mutex<Look>, Condvar)>);

impl Gaze {
    pub(crate) fn turn(&self, look: Look) {
        let (wanted, changed) = &*self.0;
        *wanted.lock().unwrap_or_else(PoisonError::into_inner) = look;
        changed.notify_all();
    }

    fn now(&self) -> Look {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps until something other than `done` is wanted.
    fn wait(&self, done: Look) -> Look {
        let (wanted, changed) = &*self.0;
        let guard = wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |look: &mut Look| *look == Look::Away || *look == done;
        *changed.wait_while(guard, idle).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the thread.
pub(crate) fn start(rig: Rig, gaze: Gaze, preview: watch::Sender<Option<Arc<Preview>>>) {
    let eye = Eye { rig, gaze, preview };
    spawn_lasting("camera", move || {
        let mut done = Look::Away;
        loop {
            let look = eye.gaze.wait(done);
            done = Look::Away;
            match eye.look(look) {
                Ok(Seen::Enough) => done = look,
                Ok(Seen::Elsewhere) => {}
                Ok(Seen::Nothing(DeviceError::NotConfigured)) if look == Look::Codes => done = look,
                Ok(Seen::Nothing(error)) => {
                    if eye.rig.facts.tell(Fact::CameraTrouble(error)).is_err() {
                        return;
                    }
                    thread::sleep(REOPEN);
                }
                Err(Unheard) => return,
            }
            let _ = eye.preview.send(None);
        }
    });
}

/// Why looking ended.
enum Seen {
    /// What was wanted is there.
    Enough,
    /// Something else is wanted by now.
    Elsewhere,
    /// The camera failed.
    Nothing(DeviceError),
}

struct Eye {
    rig: Rig,
    gaze: Gaze,
    preview: watch::Sender<Option<Arc<Preview>>>,
}

impl Eye {
    fn look(&self, look: Look) -> Result<Seen, Unheard> {
        let mut camera = match self.rig.devices.camera() {
            Ok(camera) => camera,
            Err(error) => return Ok(Seen::Nothing(error)),
        };
        self.rig.facts.tell(Fact::CameraReady)?;
        match look {
            Look::Away => Ok(Seen::Elsewhere),
            Look::Codes => self.find_code(camera.as_mut(), look),
            Look::Selfie(_) => self.find_face(camera.as_mut(), look),
        }
    }

    fn find_code(&self, camera: &mut dyn Camera, look: Look) -> Result<Seen, Unheard> {
        let mut scanner = CodeScanner::new();
        let mut told: Option<Sighting> = None;
        while self.gaze.now() == look {
            let frame = match self.frame(camera) {
                Ok(frame) => frame,
                Err(error) => return Ok(Seen::Nothing(error)),
            };
            // A code that stays in view is told once.
            let sighting = scanner.steady(&frame);
            if sighting == told {
                continue;
            }
            match &sighting {
                Some(Sighting::One(text)) => self.rig.facts.tell(Fact::Code(text.clone()))?,
                Some(Sighting::Several) => self.rig.facts.tell(Fact::SeveralCodes)?,
                None => continue,
            }
            told = sighting;
        }
        Ok(Seen::Elsewhere)
    }

    fn find_face(&self, camera: &mut dyn Camera, look: Look) -> Result<Seen, Unheard> {
        let mut gate = SelfieGate::new();
        let mut told: Option<Hint> = None;
        let mut good: Vec<(f64, Frame)> = Vec::new();
        while self.gaze.now() == look {
            let frame = match self.frame(camera) {
                Ok(frame) => frame,
                Err(error) => return Ok(Seen::Nothing(error)),
            };
            match gate.judge(&frame) {
                Verdict::Good(score) => good.push((score, frame)),
                Verdict::Hint(hint) => {
                    good.clear();
                    if told.replace(hint) != Some(hint) {
                        self.rig.facts.tell(Fact::Hint(hint))?;
                    }
                }
            }
            if good.len() < GOOD_FRAMES {
                continue;
            }
            good.sort_by(|(a, _), (b, _)| a.total_cmp(b));
            let best = good.pop().map(|(_, frame)| files_of(&frame));
            good.clear();
            match best {
                Some(Ok(files)) => {
                    self.rig.facts.tell(Fact::Selfie(files))?;
                    return Ok(Seen::Enough);
                }
                Some(Err(error)) => tracing::warn!(%error, "a selfie could not be encoded"),
                None => {}
            }
        }
        Ok(Seen::Elsewhere)
    }

    fn frame(&self, camera: &mut dyn Camera) -> Result<Frame, DeviceError> {
        let frame = camera.frame(FRAME)?;
        if let Ok(jpeg) = vision::preview_jpeg(&frame) {
            let _ = self.preview.send(Some(Arc::new(Preview::new(jpeg))));
        }
        Ok(frame)
    }
}

/// The selfie and its smaller files, largest first: made now, because the frame is not kept.
fn files_of(frame: &Frame) -> Result<Vec<Zeroizing<Vec<u8>>>, SelfieError> {
    let budgets = [SELFIE_BYTES_MAX].into_iter().chain(SELFIE_BYTES_SMALLER);
    budgets.map(|bytes_max| vision::selfie_jpeg(frame, bytes_max)).collect()
}
