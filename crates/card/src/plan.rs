//! How much a card lets itself be asked for at once.
//!
//! Which cards need which plan is not known here: the caller remembers it by the card's answer to reset and
//! hands it in again.

/// How the text is asked for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ReadPlan {
    /// Neighbouring fields in one read: the fewest exchanges.
    #[default]
    Spanning,
    /// Every field alone, for a card that has refused a read across fields.
    FieldByField,
}
