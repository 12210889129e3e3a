//! This machine's real devices behind the agent's ports, apart from the program around them.
//!
//! Owns the drivers of card reader, camera, scanner and printer, and nothing of the command line. They are a
//! library so that a test reaches the very code that a kiosk runs.

pub mod camera;
pub mod card_reader;
pub mod devices;
mod printer;
pub mod scanner;
