//! The production program in a virtual machine: real USB drivers for card reader and scanner, a real kernel.
//!
//! This program runs inside the machine, whose wires lead back into it by ports: over one it is the card in
//! the USB reader, over another it plugs and unplugs. So one clock times everything. Run by `tests/run vm`.

mod camera;
mod cards;
mod healing;
mod journey;
mod keyboard;
mod kiosk;
mod loopback;
mod machine;
mod vivid;
mod webcam;
