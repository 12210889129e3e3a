//! Makes the session's commands happen: devices on threads, the bank over HTTPS, the journal, the local API.
//!
//! The one async crate, and the only one that reads a clock or draws randomness. It links no native library:
//! the program around it fills [`ports`].

pub mod api;
pub mod audit;
mod bank;
mod clock;
pub mod config;
mod devices;
pub mod diagnose;
pub mod explain;
pub mod failures;
pub mod handover;
pub mod journal;
pub mod log;
mod outbox;
pub mod ports;
pub mod quirks;
pub mod reading;
pub mod recording;
mod runtime;
pub mod sendings;
mod slip;

pub use runtime::{Agent, JourneyRecord, Running, StartError};
