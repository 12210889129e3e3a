//! The other program: everything the agent talks to, without hardware and without a bank.
//!
//! Owns the simulated bank (HTTPS, strict, with its own reading of the document) and the simulated card
//! (in process, or inserted into a real pcscd over the vpcd protocol). Nothing here uses `protocol` or
//! the card layer's own map: what is tested must not check itself.

pub mod bank;
pub mod card;
pub mod cli;
pub mod customer;
pub mod demo;
pub mod world;
