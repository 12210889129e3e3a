//! Was a reference sent by this machine before, so that the bank may have it from us (§1.9)?
//! A reference that the bank calls used is then used by its own customer.

use protocol::Reference;
use rusqlite::{OptionalExtension as _, params};

use super::device_key::Purpose;
use super::open::Open;
use super::{JournalError, at};

/// What the journal knows of earlier submits of a reference.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Earlier {
    /// None that the bank can have accepted.
    Nothing,
    /// One was accepted, or was sent and never heard of again.
    MayHaveArrived,
}

impl Open {
    /// See [`super::Journal::earlier`].
    pub(super) fn earlier(&self, reference: &Reference) -> Result<Earlier, JournalError> {
        let tag = self.key.tag(Purpose::Reference, reference.as_str().as_bytes());
        let query = "SELECT 1 FROM sends WHERE tag = ?1 AND endpoint = 'submit' AND attempts > 0 \
                     AND (answer IS NULL OR answer IN \
                     ('0000', '1602', '1301', '1303', '1399', 'REPLACED', 'GIVEN_UP')) LIMIT 1";
        let statement = self.store.connection.prepare_cached(query);
        let found = statement
            .and_then(|mut query| query.query_row(params![tag.as_slice()], |_| Ok(())).optional());
        Ok(match found.map_err(at("looking for an earlier submit"))? {
            Some(()) => Earlier::MayHaveArrived,
            None => Earlier::Nothing,
        })
    }
}
