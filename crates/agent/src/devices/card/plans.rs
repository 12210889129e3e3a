//! Which cards refuse a read across fields: remembered by their answer to reset.
//!
//! A bounded memory of this process: what is forgotten costs a card one refused read.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use card::ReadPlan;

/// Answers to reset that are remembered. Some ten kinds of the card are known.
const REMEMBERED_MAX: usize = 32;
/// The longest answer to reset (ISO/IEC 7816-3); what is longer is none.
const ATR_BYTES_MAX: usize = 33;

/// The memory; shared by the card threads that follow each other.
#[derive(Debug, Default)]
pub(super) struct Plans {
    /// Cards that are read field by field, the latest last.
    field_by_field: Mutex<VecDeque<Vec<u8>>>,
}

impl Plans {
    /// How a card with this answer to reset is to be read.
    pub(super) fn of(&self, atr: &[u8]) -> ReadPlan {
        if self.remembered().iter().any(|one| one == atr) {
            ReadPlan::FieldByField
        } else {
            ReadPlan::Spanning
        }
    }

    /// Notes how a card with this answer to reset was read.
    pub(super) fn learn(&self, atr: &[u8], plan: ReadPlan) {
        let known = plan == ReadPlan::Spanning || self.of(atr) == ReadPlan::FieldByField;
        if known || atr.is_empty() || atr.len() > ATR_BYTES_MAX {
            return;
        }
        let mut remembered = self.remembered();
        if remembered.len() == REMEMBERED_MAX {
            remembered.pop_front();
        }
        remembered.push_back(atr.to_vec());
    }

    fn remembered(&self) -> MutexGuard<'_, VecDeque<Vec<u8>>> {
        self.field_by_field.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learned_of_one_answer_to_reset_says_nothing_of_another() {
        let plans = Plans::default();
        plans.learn(&[0x3B, 1], ReadPlan::FieldByField);
        plans.learn(&[0x3B, 2], ReadPlan::Spanning);
        assert_eq!(plans.of(&[0x3B, 1]), ReadPlan::FieldByField);
        assert_eq!(plans.of(&[0x3B, 2]), ReadPlan::Spanning);
        plans.learn(&[], ReadPlan::FieldByField);
        assert_eq!(plans.of(&[]), ReadPlan::Spanning, "a card without an answer is any card");
    }

    #[test]
    fn the_memory_is_bounded_and_forgets_the_oldest() {
        let plans = Plans::default();
        for atr in 0..=REMEMBERED_MAX {
            plans.learn(&atr.to_be_bytes(), ReadPlan::FieldByField);
            plans.learn(&atr.to_be_bytes(), ReadPlan::FieldByField);
        }
        assert_eq!(plans.of(&0_usize.to_be_bytes()), ReadPlan::Spanning);
        assert_eq!(plans.of(&1_usize.to_be_bytes()), ReadPlan::FieldByField);
        assert_eq!(plans.remembered().len(), REMEMBERED_MAX);
    }
}
