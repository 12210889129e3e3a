//! The rules of the house, as far as a machine can check them: one test a rule, named as a sentence.
//!
//! A checker is a function from text to findings; the test beside it feeds it an offending text, so that
//! a rule which can no longer fail is noticed. What the rules ask for stands in `ARCHITECTURE.md`.

mod deny;
mod devices;
mod edges;
mod findings;
mod golden;
mod graph;
mod importers;
mod items;
mod layout;
mod licences;
mod manifests;
mod naming;
mod notes;
mod packaging;
mod pages;
mod personal;
mod places;
mod promises;
mod prose;
mod purity;
mod rust_file;
mod shape;
mod stages;
mod teeth;
mod tree;
mod waiting;
