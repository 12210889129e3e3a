//! The camera's thread: looks for codes, or for a good face, and only while somebody wants it to.
//!
//! A frame lives in memory until the next one; none is written anywhere. The camera is closed while nobody
//! looks, so that its light tells the truth.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use vision::{
    CodeScanner, Frame, Hint, LivenessGate, SelfieError, Side, Sighting, Verdict, selfie_jpegs,
};
use zeroize::Zeroizing;

use super::{Fact, Rig, Unheard, spawn_lasting};
use crate::api::Preview;
use crate::config::Challenge;
use crate::ports::{Camera, DeviceError};

/// A frame that takes longer never comes.
const FRAME: Duration = Duration::from_secs(2);
/// Before a camera that failed is opened again.
const REOPEN: Duration = Duration::from_secs(1);
/// From one look to the next: 15 a second are as many as an eye needs to see itself move, and as a code held
/// up needs to be read at once. A quicker camera's other frames are never decoded.
const PACE: Duration = Duration::from_millis(66);
/// A search rests ten times as long as it took, so that an hour of looking at an empty hall costs a tenth of one
/// core. One that finds a code is over much sooner, and so is the rest before the next, which has to agree.
const REST: u32 = 10;
/// However slow the machine, a code that is held up waits no longer than this.
const REST_MAX: Duration = Duration::from_millis(300);
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
pub(crate) fn start(
    rig: Rig,
    gaze: Gaze,
    preview: watch::Sender<Option<Arc<Preview>>>,
    challenge: Challenge,
) {
    let eye = Eye { rig, gaze, preview, challenge };
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
            eye.preview.send_replace(None);
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
    challenge: Challenge,
}

impl Eye {
    fn look(&self, look: Look) -> Result<Seen, Unheard> {
        let camera = match self.rig.devices.camera() {
            Ok(camera) => camera,
            Err(error) => return Ok(Seen::Nothing(error)),
        };
        self.rig.facts.tell(Fact::CameraReady)?;
        let mut frames = Frames { camera, preview: &self.preview, due: Instant::now() };
        match look {
            Look::Away => Ok(Seen::Elsewhere),
            Look::Codes => self.find_code(&mut frames, look),
            Look::Selfie(_) => self.find_face(&mut frames, look),
        }
    }

    fn find_code(&self, frames: &mut Frames<'_>, look: Look) -> Result<Seen, Unheard> {
        let mut scanner = CodeScanner::new();
        let mut told: Option<Sighting> = None;
        let mut rested = Instant::now();
        while self.gaze.now() == look {
            let frame = match frames.next() {
                Ok(frame) => frame,
                Err(error) => return Ok(Seen::Nothing(error)),
            };
            let begun = Instant::now();
            if begun < rested {
                continue;
            }
            // A code that stays in view is told once.
            let sighting = scanner.steady(&frame);
            rested = begun + rest_after(begun.elapsed());
            if sighting == told {
                continue;
            }
            match &sighting {
                Some(Sighting::One(text)) => {
                    self.rig.facts.tell(Fact::Code(Zeroizing::new(text.clone())))?
                }
                Some(Sighting::Several) => self.rig.facts.tell(Fact::SeveralCodes)?,
                None => continue,
            }
            told = sighting;
        }
        Ok(Seen::Elsewhere)
    }

    fn find_face(&self, frames: &mut Frames<'_>, look: Look) -> Result<Seen, Unheard> {
        let mut gate = LivenessGate::new(side_of(self.challenge));
        let mut told: Option<Hint> = None;
        let mut good: Vec<(f64, Frame)> = Vec::new();
        while self.gaze.now() == look {
            self.rig.facts.tell(Fact::FaceAwaited)?;
            let frame = match frames.next() {
                Ok(frame) => frame,
                Err(error) => return Ok(Seen::Nothing(error)),
            };
            self.rig.facts.tell(Fact::FaceLookedFor)?;
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
            let liveness = gate.liveness();
            let best = good.pop().map(|(_, frame)| selfie_jpegs(&frame));
            good.clear();
            match best {
                Some(Ok(files)) => {
                    self.rig.facts.tell(Fact::Selfie(files.into(), liveness))?;
                    return Ok(Seen::Enough);
                }
                Some(Err(error)) => tracing::warn!(%error, "a selfie could not be encoded"),
                None => {}
            }
        }
        Ok(Seen::Elsewhere)
    }
}

/// The camera's frames, at the agent's pace.
struct Frames<'e> {
    camera: Box<dyn Camera>,
    preview: &'e watch::Sender<Option<Arc<Preview>>>,
    due: Instant,
}

impl Frames<'_> {
    fn next(&mut self) -> Result<Frame, DeviceError> {
        thread::sleep(self.due.saturating_duration_since(Instant::now()));
        // By the beat and not from look to look: waking up late once makes no later look late.
        self.due = (self.due + PACE).max(Instant::now());
        let frame = self.camera.frame(FRAME)?;
        show(&frame, self.preview, vision::preview_jpeg);
        Ok(frame)
    }
}

/// The side to ask for: by chance, so that a film has to turn to both.
fn side_of(challenge: Challenge) -> Option<Side> {
    match challenge {
        Challenge::Off => None,
        Challenge::Turn if rand::random() => Some(Side::Left),
        Challenge::Turn => Some(Side::Right),
    }
}

/// From the beginning of a search that took so long to the next one.
fn rest_after(took: Duration) -> Duration {
    (took * REST).min(REST_MAX)
}

/// Encodes the frame for those who look; while nobody does, nothing is encoded and no frame is kept.
fn show(
    frame: &Frame,
    preview: &watch::Sender<Option<Arc<Preview>>>,
    encode: impl FnOnce(&Frame) -> Result<Zeroizing<Vec<u8>>, SelfieError>,
) {
    if preview.receiver_count() == 0 {
        let kept = |shown: &mut Option<Arc<Preview>>| shown.take().is_some();
        preview.send_if_modified(kept);
        return;
    }
    if let Ok(jpeg) = encode(frame) {
        preview.send_replace(Some(Arc::new(Preview::new(jpeg))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(preview: &watch::Sender<Option<Arc<Preview>>>) -> u32 {
        let frame = Frame::from_rgb(2, 2, vec![0; 12]).unwrap();
        let mut encoded = 0;
        show(&frame, preview, |frame| {
            encoded += 1;
            vision::preview_jpeg(frame)
        });
        encoded
    }

    #[test]
    fn a_search_costs_a_tenth_of_the_time_and_a_code_waits_no_longer_than_is_said() {
        let ms = Duration::from_millis;
        assert_eq!(rest_after(ms(25)), ms(250));
        assert_eq!(rest_after(ms(900)), REST_MAX);
        assert!(rest_after(ms(2)) < PACE, "after a code the very next frame is searched");
    }

    #[test]
    fn no_frame_is_encoded_while_nobody_looks() {
        let preview = watch::Sender::new(None);
        assert_eq!((0..100).map(|_| shown(&preview)).sum::<u32>(), 0);
        let viewers = [preview.subscribe(), preview.subscribe()];
        assert_eq!(shown(&preview), 1, "once, however many look");
        assert!(preview.borrow().is_some());
        drop(viewers);
        assert_eq!(shown(&preview), 0);
        assert!(preview.borrow().is_none(), "the last frame stays behind");
    }
}
