//! A frame in, an answer out: QR and barcode text, the selfie gate, JPEG within a byte budget.
//!
//! Owns what a picture says. It opens no camera, keeps no picture and decides nothing about the journey:
//! the agent hands frames in, the session hears texts, hints and verdicts. Every frame may be a customer's
//! face or reference, so pixels are wiped on drop and no `Debug` shows them.

mod barcode;
mod clarity;
mod codes;
mod encode;
mod faces;
mod frame;
mod grid;
mod jpeg;
mod liveness;
mod network;
mod plane;
mod qr;
mod scaled;
mod selfie;
mod sighting;

pub use codes::CodeScanner;
pub use encode::{SELFIE_BYTES_MAX, SelfieError, preview_jpeg, selfie_jpegs};
pub use frame::{Frame, FrameError};
pub use liveness::{Liveness, LivenessGate, Motion, Side};
pub use selfie::{Hint, SelfieGate, Verdict};
pub use sighting::Sighting;
