//! Readings of whole cards, from raw images that were not made with our map.
//!
//! `plan` is what a good card is asked, `record` what its data become, `fields` what is wrong with bad
//! data, `evil` what a bad card leads to, `resume` what an interruption does, `heap` what memory it takes;
//! `catalogue` is every card of `tests/cards` that is refused.

mod catalogue;
mod conduct;
mod evil;
mod fake_card;
mod fields;
mod heap;
mod images;
mod plan;
mod record;
mod resume;
