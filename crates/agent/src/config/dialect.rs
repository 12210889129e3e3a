//! `[dialect]`: the switches where the live bank may differ from its document (§1.7 of the API page).
//!
//! Owns the words of the file; what each switch means, and its default, is `protocol::Dialect`'s.

use protocol::{
    AddressWords, ClientAuth, Code2002, CountryKey, CountryValue, DataFraming, DateForm, Dialect,
    EnglishPrefix, HeaderAlias, HeaderTime, LifelongExpiry, MiddleName, MissingName, OptionalEmpty,
    PartialBirthDate, ReturnedReference, SelfieFormat, TokenApiKey, Trok, UnaskedConsents,
};

use super::fault::Fault;
use super::section::{Given, Section};

/// What a name or a title takes in `customerData` (§4).
const NAME_CHARACTERS_MAX: usize = 100;
/// All ranks of all services are fewer.
const PREFIXES_MAX: usize = 200;

/// Every form of the time header, by its word in the file.
pub(crate) const HEADER_TIMES: [(&str, HeaderTime); 3] =
    [("spec", HeaderTime::Spec), ("rfc3339", HeaderTime::Rfc3339), ("basic", HeaderTime::Basic)];
/// Every framing, by its word in the file.
pub(crate) const FRAMINGS: [(&str, DataFraming); 2] =
    [("base64", DataFraming::Base64), ("json_cipherText", DataFraming::JsonCipherText)];
const COUNTRY_KEYS: [(&str, CountryKey); 2] =
    [("countryCode", CountryKey::LowerCase), ("CountryCode", CountryKey::UpperCase)];
const COUNTRIES: [(&str, CountryValue); 2] =
    [("TH", CountryValue::TwoLetters), ("THA", CountryValue::ThreeLetters)];
const DATES: [(&str, DateForm); 2] =
    [("YYYYMMDD", DateForm::Compact), ("YYYY-MM-DD", DateForm::Dashed)];
const EMPTIES: [(&str, OptionalEmpty); 2] =
    [("empty", OptionalEmpty::Empty), ("omit", OptionalEmpty::Omit)];
const MIDDLE_NAMES: [(&str, MiddleName); 2] =
    [("append", MiddleName::Append), ("drop", MiddleName::Drop)];
const TROKS: [(&str, Trok); 2] = [("into_soi", Trok::IntoSoi), ("drop", Trok::Drop)];
const LIFELONG: [(&str, LifelongExpiry); 2] =
    [("99999999", LifelongExpiry::Nines), ("empty", LifelongExpiry::Empty)];
const PARTIAL_DATES: [(&str, PartialBirthDate); 3] = [
    ("zeros", PartialBirthDate::Zeros),
    ("0101", PartialBirthDate::FirstDay),
    ("refuse", PartialBirthDate::Refuse),
];
const SELFIES: [(&str, SelfieFormat); 2] =
    [("JPG", SelfieFormat::Jpg), ("JPEG", SelfieFormat::Jpeg)];
const UNASKED: [(&str, UnaskedConsents); 2] =
    [("send", UnaskedConsents::Send), ("omit", UnaskedConsents::Omit)];
const ALIASES: [(&str, HeaderAlias); 2] =
    [("none", HeaderAlias::None), ("X-Client-DateTime", HeaderAlias::ClientDateTime)];
const REFERENCES: [(&str, ReturnedReference); 2] =
    [("scanned", ReturnedReference::Scanned), ("returned", ReturnedReference::Returned)];
const ADDRESS_WORDS: [(&str, AddressWords); 2] =
    [("strip", AddressWords::Strip), ("keep", AddressWords::Keep)];
const CODES_2002: [(&str, Code2002); 2] = [("stop", Code2002::Stop), ("9301", Code2002::As9301)];
const API_KEYS: [(&str, TokenApiKey); 2] =
    [("omit", TokenApiKey::Omit), ("send", TokenApiKey::Send)];
const CLIENT_AUTHS: [(&str, ClientAuth); 2] =
    [("form", ClientAuth::Form), ("basic", ClientAuth::Basic)];

pub(super) fn dialect(top: &mut Section<'_>) -> Dialect {
    top.section("dialect", |table| Dialect {
        header_time: switch(table, "header_datetime", &HEADER_TIMES),
        data_framing: switch(table, "data_framing", &FRAMINGS),
        country_key: switch(table, "country_key", &COUNTRY_KEYS),
        country_value: switch(table, "country_value", &COUNTRIES),
        date_form: switch(table, "date_format", &DATES),
        optional_empty: switch(table, "optional_empty", &EMPTIES),
        middle_name: switch(table, "middle_name", &MIDDLE_NAMES),
        trok: switch(table, "trok", &TROKS),
        lifelong_expiry: switch(table, "lifelong_expiry", &LIFELONG),
        partial_birth_date: switch(table, "partial_dob", &PARTIAL_DATES),
        english_prefixes: table.optional("english_prefixes", english_prefixes).unwrap_or_default(),
        missing_english_name: table
            .optional("missing_en", |given| missing_name(given, "key_in"))
            .unwrap_or_default(),
        missing_last_name: table
            .optional("missing_lastname", |given| missing_name(given, "refuse"))
            .unwrap_or_default(),
        selfie_format: switch(table, "selfie_format", &SELFIES),
        unasked_consents: switch(table, "send_consents_when_not_required", &UNASKED),
        header_alias: switch(table, "header_alias", &ALIASES),
        returned_reference: switch(table, "reference", &REFERENCES),
        address_words: switch(table, "address_words", &ADDRESS_WORDS),
        code_2002: switch(table, "code_2002", &CODES_2002),
        token_api_key: switch(table, "token_api_key", &API_KEYS),
        client_auth: switch(table, "client_auth", &CLIENT_AUTHS),
    })
}

fn switch<T: Copy + Default>(table: &mut Section<'_>, key: &'static str, words: &[(&str, T)]) -> T {
    table.optional(key, |given| given.word(words)).unwrap_or_default()
}

fn english_prefixes(given: &Given<'_>) -> Result<Vec<EnglishPrefix>, Fault> {
    let pairs = given.pairs(PREFIXES_MAX, "Thai titles with their English ones")?;
    pairs
        .into_iter()
        .map(|(thai, english)| {
            Ok(EnglishPrefix { thai: thai.to_owned(), english: name(&english)?.to_owned() })
        })
        .collect()
}

fn name<'a>(given: &Given<'a>) -> Result<&'a str, Fault> {
    let expected = "a text of at most 100 characters";
    let name = given.text(expected)?;
    if name.chars().count() > NAME_CHARACTERS_MAX { Err(given.refuse(expected)) } else { Ok(name) }
}

/// `by_hand` is the word for: nothing was agreed with the bank, a person has to do something about it.
fn missing_name(given: &Given<'_>, by_hand: &str) -> Result<MissingName, Fault> {
    if let Some(("placeholder", text)) = given.single() {
        return Ok(MissingName::Placeholder(name(&text)?.to_owned()));
    }
    let words = [(by_hand, MissingWord::Refuse), ("empty", MissingWord::Empty)];
    match given.word(&words) {
        Ok(MissingWord::Refuse) => Ok(MissingName::Refuse),
        Ok(MissingWord::Empty) => Ok(MissingName::Empty),
        Err(_) => {
            let expected = format!("\"{by_hand}\" or \"empty\" or {{ placeholder = \"TEXT\" }}");
            Err(given.refuse(expected))
        }
    }
}

#[derive(Clone, Copy)]
enum MissingWord {
    Refuse,
    Empty,
}
