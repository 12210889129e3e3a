//! Was a reference sent by this machine before, so that the bank may have it from us (§1.9)?
//! A reference that the bank calls used is then used by its own customer.

use protocol::Reference;
use rusqlite::params;
use session::Earlier;

use super::device_key::Purpose;
use super::open::Open;
use super::{JournalError, at};

impl Open {
    /// See [`super::Journal::earlier`].
    pub(super) fn earlier(&self, reference: &Reference) -> Result<Earlier, JournalError> {
        let tag = self.key.tag(Purpose::Reference, reference.as_str().as_bytes());
        let query = "SELECT 1 FROM sends WHERE tag = ?1 AND endpoint = 'submit' AND attempts > 0 \
                     AND (answer IS NULL OR answer IN \
                     ('0000', '1602', '1301', '1303', '1399', 'REPLACED', 'GIVEN_UP')) LIMIT 1";
        let found = |query, values: &[&dyn rusqlite::ToSql]| {
            let statement = self.store.connection.prepare_cached(query);
            let found = statement.and_then(|mut query| query.exists(values));
            found.map_err(at("looking for an earlier submit"))
        };
        Ok(if found(query, params![tag.as_slice()])? {
            Earlier::MayHaveArrived
        } else if found("SELECT 1 FROM losses", params![])? {
            Earlier::Unknown
        } else {
            Earlier::Nothing
        })
    }
}
