//! E4: the partner's final finding against a verification (§5).
//!
//! Which findings are reported, and when, is the session's; the codes are agreed in Doubt D31.

use std::fmt;

use citizen::CitizenId;
use serde::Serialize;

use super::NAMESPACE;
use crate::plaintext::Plaintext;

/// A final finding on the partner's side, never trouble with a device or a customer who left.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum FailureReason {
    /// The card's expiry has passed.
    CardExpired,
    /// Check digit or layout wrong, twice.
    CardDataInvalid,
    /// Another citizen's card, or staff: the face is not the card's.
    IdMismatch,
    /// On the partner's own list.
    PartnerBlacklist,
    /// Staff, or a card that was swapped.
    FraudSuspected,
    /// All resubmits of the selfie used up.
    FaceAttempts,
}

impl FailureReason {
    /// All six.
    pub const ALL: [Self; 6] = [
        Self::CardExpired,
        Self::CardDataInvalid,
        Self::IdMismatch,
        Self::PartnerBlacklist,
        Self::FraudSuspected,
        Self::FaceAttempts,
    ];

    /// `detailError.code`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::CardExpired => "01",
            Self::CardDataInvalid => "02",
            Self::IdMismatch => "03",
            Self::PartnerBlacklist => "04",
            Self::FraudSuspected => "05",
            Self::FaceAttempts => "06",
        }
    }

    /// `detailError.message`: English, nothing personal.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::CardExpired => "card expired",
            Self::CardDataInvalid => "card data invalid",
            Self::IdMismatch => "identity mismatch",
            Self::PartnerBlacklist => "refused by partner",
            Self::FraudSuspected => "fraud suspected",
            Self::FaceAttempts => "face attempts used up",
        }
    }
}

/// A report that ends the reference as failed.
#[derive(Clone, Eq, PartialEq)]
pub struct FailureReport {
    citizen_id: CitizenId,
    reason: FailureReason,
}

impl FailureReport {
    /// Reports a finding against this citizen's verification; the reference goes beside the envelope.
    #[must_use]
    pub fn new(citizen_id: &CitizenId, reason: FailureReason) -> Self {
        Self { citizen_id: citizen_id.clone(), reason }
    }

    /// The JSON to seal.
    #[must_use]
    pub fn plaintext(&self) -> Plaintext {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            identifier: &'a str,
            namespace: &'static str,
            detail_error: DetailError,
        }
        #[derive(Serialize)]
        struct DetailError {
            code: &'static str,
            message: &'static str,
        }
        Plaintext::of(&Body {
            identifier: self.citizen_id.as_str(),
            namespace: NAMESPACE,
            detail_error: DetailError { code: self.reason.code(), message: self.reason.message() },
        })
    }
}

impl fmt::Debug for FailureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailureReport").field("reason", &self.reason).finish_non_exhaustive()
    }
}
