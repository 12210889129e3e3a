//! The switches where the live bank may differ from the document's reading.
//!
//! Each default is a decision of the API page, 1.7; `DOUBTS.md` gives the reasons. Reading them from a
//! configuration file is the agent's work.

use crate::condition::Condition;

/// How to speak to this bank. `Dialect::default()` is the reading that the project follows.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Dialect {
    /// Form of the time header (Doubt D3).
    pub header_time: HeaderTime,
    /// What the `data` field of a sealed request holds (Doubt D15).
    pub data_framing: DataFraming,
    /// Spelling of the country code's key (Doubt D6).
    pub country_key: CountryKey,
    /// The country code itself (Doubt D6).
    pub country_value: CountryValue,
    /// Form of dates in customer data (Doubt D25).
    pub date_form: DateForm,
    /// What an optional field without a value becomes (Doubt D30).
    pub optional_empty: OptionalEmpty,
    /// Where a middle name goes (Doubt D21).
    pub middle_name: MiddleName,
    /// Where a trok (ตรอก, an alley) goes (Doubt D19).
    pub trok: Trok,
    /// What a card for life sends as its expiry (Doubt D24).
    pub lifelong_expiry: LifelongExpiry,
    /// What a birth date without day or month becomes (Doubt D23).
    pub partial_birth_date: PartialBirthDate,
    /// English titles for Thai ones, ranks above all, before the built-in table (Doubt D22).
    pub english_prefixes: Vec<EnglishPrefix>,
    /// What a card without an English name becomes (Doubt D22).
    pub missing_english_name: MissingName,
    /// What a card without a last name becomes (Doubt D22).
    pub missing_last_name: MissingName,
    /// The name of the selfie's format (§4).
    pub selfie_format: SelfieFormat,
    /// Whether answers to consents go along when no selfie was asked for (Doubt D29).
    pub unasked_consents: UnaskedConsents,
    /// Whether the time header has a second name (Doubt D4).
    pub header_alias: HeaderAlias,
    /// Which reference is sent on after E2 (Doubt D8).
    pub returned_reference: ReturnedReference,
    /// Whether parts of an address keep the word that says what they are (Doubt D18).
    pub address_words: AddressWords,
    /// What the code 2002 means (Doubt D36).
    pub code_2002: Code2002,
    /// Whether the token call shows the API key (Doubt D46).
    pub token_api_key: TokenApiKey,
    /// How the token call shows the client's id and secret (Doubt D58).
    pub client_auth: ClientAuth,
}

impl Dialect {
    /// A condition as this bank means it.
    #[must_use]
    pub const fn meant(&self, condition: Condition) -> Condition {
        match (condition, self.code_2002) {
            (Condition::Diis(2002), Code2002::As9301) => Condition::Diis(9301),
            _ => condition,
        }
    }
}

/// Whether the time header has a second name.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum HeaderAlias {
    /// Only the name of the tables.
    #[default]
    None,
    /// The same time as `X-Client-DateTime` too, which §10 names (−25, −26).
    ClientDateTime,
}

/// Which reference is sent on after E2.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ReturnedReference {
    /// The one that was scanned, byte for byte.
    #[default]
    Scanned,
    /// The bank's `data.reference`, if it gave one that can be a reference.
    Returned,
}

/// Whether parts of an address keep the word that says what they are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum AddressWords {
    /// `คลองเตย`, as in the sample of §4.
    #[default]
    Strip,
    /// `แขวงคลองเตย`, as cards print it.
    Keep,
}

/// What the code 2002 means, whose text is that of 9301.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Code2002 {
    /// The end, as its group says.
    #[default]
    Stop,
    /// Another selfie, as its text says.
    As9301,
}

/// Whether the token call shows the API key.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TokenApiKey {
    /// No: §2 does not name it.
    #[default]
    Omit,
    /// Yes.
    Send,
}

/// How the token call shows the client's id and secret.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ClientAuth {
    /// In the form, as in §2.
    #[default]
    Form,
    /// In the header, as RFC 6749 §2.3.1 prefers and the gateway's −104 asks for.
    Basic,
}

/// Form of `X-Client-Transaction-DateTime`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum HeaderTime {
    /// `2019-12-11T101800.449+0700`, letter by letter as in §3.
    #[default]
    Spec,
    /// `2019-12-11T10:18:00.449+07:00`, as the gateway's own answers.
    Rfc3339,
    /// `20191211T101800.449+0700`, ISO 8601 basic.
    Basic,
}

/// What the `data` field holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum DataFraming {
    /// Base64 alone, as the Java sample of §8.
    #[default]
    Base64,
    /// `{"cipherText":"…"}` as a text, as the Python sample of §8.
    JsonCipherText,
}

/// Spelling of the country code's key.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum CountryKey {
    /// `countryCode`, as in the samples.
    #[default]
    LowerCase,
    /// `CountryCode`, as in the tables of §4 and §7.
    UpperCase,
}

/// The country code of Thailand.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum CountryValue {
    /// `TH`, as in the samples.
    #[default]
    TwoLetters,
    /// `THA`, as the field's length suggests.
    ThreeLetters,
}

/// Form of dates in customer data.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum DateForm {
    /// `YYYYMMDD`.
    #[default]
    Compact,
    /// `YYYY-MM-DD`.
    Dashed,
}

/// What an optional field without a value becomes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OptionalEmpty {
    /// The key with an empty text.
    #[default]
    Empty,
    /// No key.
    Omit,
}

/// Where a middle name goes; the document has no field for it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum MiddleName {
    /// After the first name and one space.
    #[default]
    Append,
    /// Nowhere.
    Drop,
}

/// Where a trok goes; the document has no field for it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Trok {
    /// Into `soi`: `ตรอกX ซอยY`.
    #[default]
    IntoSoi,
    /// Nowhere but the full address.
    Drop,
}

/// What a card for life sends as its expiry.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LifelongExpiry {
    /// `99999999`, as on the card.
    #[default]
    Nines,
    /// As an optional field without a value.
    Empty,
}

/// What a birth date without day or month becomes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PartialBirthDate {
    /// `19810000`: what is unknown stays unknown.
    #[default]
    Zeros,
    /// `19810101`.
    FirstDay,
    /// A [`crate::FieldError`].
    Refuse,
}

/// An English title for a Thai one.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct EnglishPrefix {
    /// As the card prints it.
    pub thai: String,
    /// As the bank wants it.
    pub english: String,
}

/// What a required name that the card does not have becomes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum MissingName {
    /// A [`crate::FieldError`]: somebody has to key it in.
    #[default]
    Refuse,
    /// This text, agreed with the bank, such as `-`.
    Placeholder(String),
    /// An empty text.
    Empty,
}

/// The name of the selfie's format; the picture is JPEG in either case.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SelfieFormat {
    /// `JPG`, as in the sample of §4.
    #[default]
    Jpg,
    /// `JPEG`.
    Jpeg,
}

/// Whether answers to consents go along when no selfie was asked for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum UnaskedConsents {
    /// What was shown and answered is sent.
    #[default]
    Send,
    /// Only with a selfie.
    Omit,
}
