//! What the tests share: a stage for whole journeys, a real pcscd, and the search for personal values.

pub mod asked;
pub mod camera;
pub mod kiosk;
pub mod pcscd;
pub mod personal;
pub mod pty;
pub mod sheet;
pub mod stage;
