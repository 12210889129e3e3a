//! Was a reference sent by this machine before, so that the bank may have it from us (§1.9)?
//! A reference that the bank calls used is then used by its own customer.

use protocol::Reference;
use rusqlite::{ToSql, params};
use session::Earlier;

use super::device_key::Purpose;
use super::open::Open;
use super::{JournalError, at};

/// What a journal can say of the last day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Memory {
    /// Everything that was written down.
    Whole,
    /// One was lost on it: what is not here may have been there.
    Lost,
}

impl Open {
    /// See [`super::Journal::earlier`].
    pub(super) fn earlier(&self, reference: &Reference) -> Result<Earlier, JournalError> {
        let tag = self.key.tag(Purpose::Reference, reference.as_str().as_bytes());
        let query = "SELECT 1 FROM sends WHERE tag = ?1 AND endpoint = 'submit' AND attempts > 0 \
                     AND (answer IS NULL OR answer IN \
                     ('0000', '1602', '1301', '1303', '1399', 'REPLACED', 'GIVEN_UP')) LIMIT 1";
        Ok(match (self.has(query, params![tag.as_slice()])?, self.remembers()?) {
            (true, _) => Earlier::MayHaveArrived,
            (false, Memory::Lost) => Earlier::Unknown,
            (false, Memory::Whole) => Earlier::Nothing,
        })
    }

    /// See [`super::Journal::remembers`].
    pub(super) fn remembers(&self) -> Result<Memory, JournalError> {
        let lost = self.has("SELECT 1 FROM losses", params![])?;
        Ok(if lost { Memory::Lost } else { Memory::Whole })
    }

    fn has(&self, query: &str, values: &[&dyn ToSql]) -> Result<bool, JournalError> {
        let found = self.store.connection.prepare_cached(query);
        let found = found.and_then(|mut query| query.exists(values));
        found.map_err(at("looking for an earlier submit"))
    }
}
