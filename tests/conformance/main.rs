//! What the agent does about everything that the bank, or the way to it, may answer: cell by cell.
//!
//! `page` says what the document and its reading ask for, `walk` finds out what a journey does, and
//! `matrix` compares the two and keeps `crates/protocol/MATRIX.md` true.

mod matrix;
mod page;
mod people;
mod walk;
mod wire;
