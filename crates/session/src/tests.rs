//! Journeys through the pure session: each sentence of the API page that a state machine can keep.

mod bench;
mod forbidden;
mod journeys;
mod limits;
mod postal;
mod service;
