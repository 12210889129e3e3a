//! The production program against a real pcscd: reading, waiting, and every way in which that ends badly.
//!
//! The readers are virtual, the service, the driver and the wire protocol are not. Run by `tests/run pcscd`.

mod camera;
mod cards;
mod journey;
mod preference;
mod readers;
mod service;
mod sharing;
