//! Whole journeys in one process: the real agent, the simulated bank over HTTPS, simulated devices.
//!
//! Each test walks as the page would, through `/v1`, and looks at what the bank remembers.

mod codes;
mod contract;
mod disk;
mod faults;
mod flows;
mod keys;
mod notes;
mod recordings;
mod recovery;
mod restart;
mod secrecy;
mod stage;
mod storage;
