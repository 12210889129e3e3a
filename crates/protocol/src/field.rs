//! The fields that carry a customer's data, with the document's names, lengths and duties (§4, §7).
//!
//! Spelling follows the JSON samples (Doubt D27). What goes into a field is `customer`'s.

use std::fmt;

use crate::dialect::{CountryKey, DateForm, Dialect};

/// One field of E3 and E6 with a length in the document.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Field {
    /// `mobile`.
    Mobile,
    /// `citizenId`.
    CitizenId,
    /// `prefixTH`.
    PrefixThai,
    /// `firstNameTH`, with the middle name.
    FirstNameThai,
    /// `lastNameTH`.
    LastNameThai,
    /// `prefixEN`.
    PrefixEnglish,
    /// `firstNameEN`, with the middle name.
    FirstNameEnglish,
    /// `lastNameEN`.
    LastNameEnglish,
    /// `dateOfBirth`.
    DateOfBirth,
    /// `religion`, which is never read and never sent.
    Religion,
    /// `citizenIdCardIssueDate`.
    IssueDate,
    /// `citizenIdCardExpireDate`.
    ExpiryDate,
    /// `fullAddress`.
    FullAddress,
    /// `countryCode`.
    CountryCode,
    /// `zipCode`.
    PostalCode,
    /// `province`.
    Province,
    /// `district`.
    District,
    /// `subDistrict`.
    SubDistrict,
    /// `road`.
    Road,
    /// `soi`, a side street.
    Soi,
    /// `moo`, the village's number.
    Moo,
    /// `addrNo`.
    HouseNumber,
    /// `chipNo`.
    ChipNumber,
    /// `bp1No`, the number of the request for the card (บ.ป.1).
    Bp1Number,
    /// `branchId`.
    BranchId,
    /// `terminalId`.
    TerminalId,
}

/// Whether a request without a value is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Duty {
    Required,
    Optional,
}

impl Field {
    /// The JSON name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::CitizenId => "citizenId",
            Self::PrefixThai => "prefixTH",
            Self::FirstNameThai => "firstNameTH",
            Self::LastNameThai => "lastNameTH",
            Self::PrefixEnglish => "prefixEN",
            Self::FirstNameEnglish => "firstNameEN",
            Self::LastNameEnglish => "lastNameEN",
            Self::DateOfBirth => "dateOfBirth",
            Self::Religion => "religion",
            Self::IssueDate => "citizenIdCardIssueDate",
            Self::ExpiryDate => "citizenIdCardExpireDate",
            Self::FullAddress => "fullAddress",
            Self::CountryCode => "countryCode",
            Self::PostalCode => "zipCode",
            Self::Province => "province",
            Self::District => "district",
            Self::SubDistrict => "subDistrict",
            Self::Road => "road",
            Self::Soi => "soi",
            Self::Moo => "moo",
            Self::HouseNumber => "addrNo",
            Self::ChipNumber => "chipNo",
            Self::Bp1Number => "bp1No",
            Self::BranchId => "branchId",
            Self::TerminalId => "terminalId",
        }
    }

    /// The JSON name as this bank spells it.
    pub(crate) const fn name_in(self, dialect: &Dialect) -> &'static str {
        match (self, dialect.country_key) {
            (Self::CountryCode, CountryKey::UpperCase) => "CountryCode",
            _ => self.name(),
        }
    }

    /// Most characters, as Unicode scalar values.
    #[must_use]
    pub const fn length_max(self) -> usize {
        match self {
            Self::Moo => 2,
            Self::CountryCode => 3,
            Self::PostalCode => 5,
            Self::DateOfBirth | Self::IssueDate | Self::ExpiryDate => 8,
            Self::Mobile => 10,
            Self::CitizenId => 13,
            Self::Religion
            | Self::HouseNumber
            | Self::ChipNumber
            | Self::Bp1Number
            | Self::BranchId
            | Self::TerminalId => 20,
            Self::Soi => 50,
            Self::PrefixThai
            | Self::FirstNameThai
            | Self::LastNameThai
            | Self::PrefixEnglish
            | Self::FirstNameEnglish
            | Self::LastNameEnglish
            | Self::Province
            | Self::District
            | Self::SubDistrict
            | Self::Road => 100,
            Self::FullAddress => 200,
        }
    }

    pub(crate) const fn duty(self) -> Duty {
        match self {
            Self::CitizenId
            | Self::PrefixThai
            | Self::FirstNameThai
            | Self::LastNameThai
            | Self::PrefixEnglish
            | Self::FirstNameEnglish
            | Self::LastNameEnglish
            | Self::DateOfBirth
            | Self::PostalCode
            | Self::Province
            | Self::District
            | Self::SubDistrict
            | Self::ChipNumber
            | Self::Bp1Number => Duty::Required,
            Self::Mobile
            | Self::Religion
            | Self::IssueDate
            | Self::ExpiryDate
            | Self::FullAddress
            | Self::CountryCode
            | Self::Road
            | Self::Soi
            | Self::Moo
            | Self::HouseNumber
            | Self::BranchId
            | Self::TerminalId => Duty::Optional,
        }
    }

    /// Checks a text's length.
    pub(crate) fn check_length(self, text: &str, dialect: &Dialect) -> Result<(), FieldError> {
        let dated = matches!(self, Self::DateOfBirth | Self::IssueDate | Self::ExpiryDate);
        let dashes = if dated && dialect.date_form == DateForm::Dashed { 2 } else { 0 };
        let length_max = self.length_max() + dashes;
        let got = text.chars().count();
        if got > length_max {
            return Err(FieldError { field: self, expected: Expected::AtMost(length_max), got });
        }
        Ok(())
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A value does not fit its field. Never holds the value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("preparing {field}: expected {expected}, got {got} characters")]
pub struct FieldError {
    /// The field.
    pub field: Field,
    /// What fits.
    pub expected: Expected,
    /// How many characters there were.
    pub got: usize,
}

impl FieldError {
    /// The key of its sentence in `config/failures.toml`.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        match (self.field, self.expected) {
            (
                Field::PrefixEnglish | Field::FirstNameEnglish | Field::LastNameEnglish,
                Expected::Filled,
            ) => "english_name_missing",
            _ => "field_invalid",
        }
    }
}

/// What fits a field.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Expected {
    /// No more than so many characters.
    AtMost(usize),
    /// At least one character.
    Filled,
    /// Exactly so many digits, beginning with 0 where it is a telephone number.
    Digits(usize),
    /// A date with its day and month.
    WholeDate,
    /// ASCII letters, digits, and the marks `-` `_` `.` `/`.
    Plain,
    /// ASCII letters, with single spaces, hyphens, apostrophes and full stops among them.
    Latin,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(length_max) => write!(f, "at most {length_max} characters"),
            Self::Filled => f.write_str("a value"),
            Self::Digits(length) => write!(f, "{length} digits"),
            Self::WholeDate => f.write_str("a date with day and month"),
            Self::Plain => f.write_str("ASCII letters, digits and - _ . /"),
            Self::Latin => {
                f.write_str("Latin letters, spaces, hyphens, apostrophes and full stops")
            }
        }
    }
}
