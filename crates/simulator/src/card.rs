//! The simulated card: raw images, the chip's answers, a reader slot in this process, and two clients that
//! insert it into a reader of a real pcscd: over the vpcd protocol, or into a virtual machine's USB reader.
//!
//! It knows offsets from the images alone and nothing of the layout: what `card` makes of the bytes is
//! `card`'s own affair.

mod behaviour;
mod chip;
mod conduct;
mod image;
mod library;
mod pace;
mod replay;
mod slot;
mod vpcd;
mod vscard;
mod watch;

pub use chip::{Answering, CplcManner, Manner};
pub use conduct::{Conduct, ConductError};
pub use image::{Image, ImageError, LineFault};
pub use library::{LoadError, evil_names, load, named, names};
pub use pace::Pace;
pub use replay::{Replay, ReplayError};
pub use slot::{ConnectError, SimulatedCard, Slot, Start, Trap};
pub use vpcd::VpcdCard;
pub use vscard::VscardCard;
pub use watch::{Event, Inserted, Watch};
