//! The other program: everything the agent talks to, without hardware and without a bank.
//!
//! Owns the simulated bank (HTTPS, strict, with its own reading of the document), the simulated card (in
//! process, or inserted into a real pcscd over the vpcd protocol), and days of one machine in virtual time.
//! Bank and card use neither `protocol` nor the card layer's own map: what is tested must not check itself.

pub mod bank;
pub mod card;
pub mod cli;
pub mod customer;
pub mod demo;
pub mod fleet;
pub mod run;
pub mod world;
