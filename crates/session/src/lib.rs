//! The journey of one customer as a pure state machine (flows (a), (b) and (c) of §1.8 of the API page).
//!
//! [`Session::handle`] takes an event and the time and returns commands; [`Session::view`] says what a
//! screen may show; [`Session::deadline`] says when to knock again. It sends nothing, reads no clock and
//! knows no JSON: what a code of the bank means is read off the table in `protocol`.

mod call;
mod doors;
mod event;
mod failure;
mod journey;
pub mod outbox;
pub mod pace;
mod policy;
mod screen;
mod state;
mod timeouts;

pub use call::CallId;
pub use event::{
    BankAnswer, CardFault, Command, Earlier, Event, Needs, Now, Request, Service, Slip, SlipResult,
};
pub use failure::{Failure, JournalFault, LocalFailure, Outcome};
pub use journey::Session;
pub use policy::{DopaPolicy, Patience, Policy};
pub use screen::{
    CardStatus, EnglishNameSource, Flow, Language, PostalChoice, Screen, Stage, View,
};
pub use timeouts::Timeouts;

#[cfg(test)]
mod tests;
