//! `customerData` of §4 and §7: a citizen's data, fitted to the bank's fields or refused by name.
//!
//! Only the full address is ever cut. The rules are those of the API page, 1.3; where they are a choice,
//! `Dialect` holds it. Reading the card belongs to `card`, asking the customer to the session.

use std::fmt;

use citizen::{
    Address, BirthDate, Bp1Number, Citizen, Date, Expiry, Identity, Name, PostalCode, Text,
};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    dialect::{
        AddressWords, CountryValue, DateForm, Dialect, LifelongExpiry, MiddleName, MissingName,
        OptionalEmpty, PartialBirthDate, Trok,
    },
    field::{Duty, Expected, Field, FieldError},
    input::{EnglishName, Mobile},
};

mod english_prefix;

/// What the customer or the staff added to the card's data. Debug redacts it.
#[derive(Clone, Eq, PartialEq)]
pub struct CustomerInput {
    /// The postal code, looked up or chosen; it is not on the card.
    pub postal_code: PostalCode,
    /// The mobile number, if one was given.
    pub mobile: Option<Mobile>,
    /// The English name, if the card has none; a name on the card is never replaced.
    pub english_name: Option<EnglishName>,
}

impl fmt::Debug for CustomerInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerInput(‹redacted›)")
    }
}

/// A customer's data, checked against every limit. Debug redacts it, drop wipes it.
#[derive(Clone, Eq, PartialEq)]
pub struct CustomerData {
    identity: Identity,
    bp1_number: Bp1Number,
    fields: Vec<(Field, Text)>,
    left_out: Vec<Field>,
    dialect: Dialect,
}

impl CustomerData {
    /// Fits a citizen's data to the bank's fields.
    ///
    /// # Errors
    /// [`FieldError`] for the first field that is missing or does not fit.
    pub fn prepare(
        citizen: &Citizen,
        input: &CustomerInput,
        dialect: &Dialect,
    ) -> Result<Self, FieldError> {
        let mut left_out = Vec::new();
        let moo = citizen.address.moo.as_str().trim();
        let moo = if moo.bytes().all(|byte| byte.is_ascii_digit()) {
            moo
        } else {
            left_out.push(Field::Moo);
            ""
        };
        let mut fields = vec![
            (Field::Mobile, text(input.mobile.as_ref().map_or("", Mobile::as_str))),
            (Field::CitizenId, text(citizen.identity.citizen_id.as_str())),
        ];
        fields.extend(names(citizen, input.english_name.as_ref(), dialect)?);
        fields.extend(dates(citizen, dialect)?);
        let address = &citizen.address;
        let words = Words::of(address);
        fields.extend([
            (Field::FullAddress, full_address(address)),
            (Field::CountryCode, text(country(dialect))),
            (Field::PostalCode, text(input.postal_code.as_str())),
            (Field::Province, part(&address.province, words.province, dialect)),
            (Field::District, part(&address.district, words.district, dialect)),
            (Field::SubDistrict, part(&address.sub_district, words.sub_district, dialect)),
            (Field::Road, part(&address.road, "ถนน", dialect)),
            (Field::Soi, soi(address, dialect)),
            (Field::Moo, text(moo)),
            (Field::HouseNumber, trimmed(&address.house_number)),
        ]);
        for (field, value) in &fields {
            field.check_length(value.as_str(), dialect)?;
            let may_be_empty = field.duty() == Duty::Optional || agreed_empty(*field, dialect);
            if value.is_empty() && !may_be_empty {
                return Err(missing(*field));
            }
        }
        Ok(Self {
            identity: citizen.identity.clone(),
            bp1_number: citizen.bp1_number.clone(),
            fields,
            left_out,
            dialect: dialect.clone(),
        })
    }

    /// Does somebody have to key in the English name, because the card has none and nothing was agreed
    /// with the bank instead (Doubt D22)?
    #[must_use]
    pub fn lacks_english_name(citizen: &Citizen, dialect: &Dialect) -> bool {
        let blank = |text: &Text| text.as_str().trim().is_empty();
        let english = &citizen.english_name;
        let last = blank(&english.last) && !blank(&citizen.thai_name.last);
        dialect.missing_english_name == MissingName::Refuse && (blank(&english.first) || last)
    }

    /// Whose data these are: a submission takes chip and citizen number from here.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The number of the request for the card.
    #[must_use]
    pub const fn bp1_number(&self) -> &Bp1Number {
        &self.bp1_number
    }

    /// Optional fields whose value on the card does not fit and was left out; worth a warning.
    #[must_use]
    pub fn left_out(&self) -> &[Field] {
        &self.left_out
    }

    pub(crate) const fn dialect(&self) -> &Dialect {
        &self.dialect
    }
}

impl fmt::Debug for CustomerData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}

impl Serialize for CustomerData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        for (field, value) in &self.fields {
            if field.duty() == Duty::Optional
                && value.is_empty()
                && self.dialect.optional_empty == OptionalEmpty::Omit
            {
                continue;
            }
            object.serialize_entry(field.name_in(&self.dialect), value.as_str())?;
        }
        object.end()
    }
}

fn text(value: &str) -> Text {
    Text::new(value.to_owned())
}

fn trimmed(value: &Text) -> Text {
    text(value.as_str().trim())
}

const fn missing(field: Field) -> FieldError {
    FieldError { field, expected: Expected::Filled, got: 0 }
}

/// Whether the dialect lets this required field be empty.
fn agreed_empty(field: Field, dialect: &Dialect) -> bool {
    let last_name_empty = dialect.missing_last_name == MissingName::Empty;
    let english_empty = dialect.missing_english_name == MissingName::Empty;
    match field {
        Field::LastNameThai => last_name_empty,
        Field::LastNameEnglish => last_name_empty || english_empty,
        Field::FirstNameEnglish => english_empty,
        _ => false,
    }
}

fn names(
    citizen: &Citizen,
    keyed: Option<&EnglishName>,
    dialect: &Dialect,
) -> Result<[(Field, Text); 6], FieldError> {
    let (thai, english) = (&citizen.thai_name, &citizen.english_name);
    let or_keyed = |on_card: Text, keyed: Option<&str>| match keyed {
        Some(keyed) if on_card.is_empty() => text(keyed),
        Some(_) | None => on_card,
    };
    let english_first = or_keyed(first_name(english, dialect), keyed.map(EnglishName::first));
    let english_last = or_keyed(trimmed(&english.last), keyed.map(EnglishName::last));
    let thai_prefix = trimmed(&thai.prefix);
    let english_prefix = match english.prefix.as_str().trim() {
        "" => text(
            english_prefix::for_thai(thai_prefix.as_str(), dialect)
                .ok_or(missing(Field::PrefixEnglish))?,
        ),
        prefix => text(prefix),
    };
    let no_last_name = thai.last.as_str().trim().is_empty();
    let last_name_rule =
        if no_last_name { &dialect.missing_last_name } else { &dialect.missing_english_name };
    Ok([
        (Field::PrefixThai, thai_prefix),
        (Field::FirstNameThai, first_name(thai, dialect)),
        (
            Field::LastNameThai,
            present(Field::LastNameThai, trimmed(&thai.last), &dialect.missing_last_name)?,
        ),
        (Field::PrefixEnglish, english_prefix),
        (
            Field::FirstNameEnglish,
            present(Field::FirstNameEnglish, english_first, &dialect.missing_english_name)?,
        ),
        (Field::LastNameEnglish, present(Field::LastNameEnglish, english_last, last_name_rule)?),
    ])
}

/// The first name, and after one space the middle name, for which the document has no field.
fn first_name(name: &Name, dialect: &Dialect) -> Text {
    let (first, middle) = (name.first.as_str().trim(), name.middle.as_str().trim());
    match dialect.middle_name {
        MiddleName::Append if !middle.is_empty() => Text::new(format!("{first} {middle}")),
        MiddleName::Append | MiddleName::Drop => text(first),
    }
}

fn present(field: Field, value: Text, rule: &MissingName) -> Result<Text, FieldError> {
    match rule {
        _ if !value.is_empty() => Ok(value),
        MissingName::Refuse => Err(missing(field)),
        MissingName::Placeholder(placeholder) => Ok(text(placeholder)),
        MissingName::Empty => Ok(value),
    }
}

fn dates(citizen: &Citizen, dialect: &Dialect) -> Result<[(Field, Text); 4], FieldError> {
    let birth = match (citizen.birth_date, dialect.partial_birth_date) {
        (BirthDate::Full(date), _) => day(date, dialect),
        (BirthDate::Year(_), PartialBirthDate::Refuse) => return Err(partial(4)),
        (BirthDate::YearMonth { .. }, PartialBirthDate::Refuse) => return Err(partial(6)),
        (BirthDate::Year(year), PartialBirthDate::Zeros) => written(year, 0, 0, dialect),
        (BirthDate::Year(year), PartialBirthDate::FirstDay) => written(year, 1, 1, dialect),
        (BirthDate::YearMonth { year, month }, PartialBirthDate::Zeros) => {
            written(year, month, 0, dialect)
        }
        (BirthDate::YearMonth { year, month }, PartialBirthDate::FirstDay) => {
            written(year, month, 1, dialect)
        }
    };
    let expiry = match (citizen.expiry, dialect.lifelong_expiry) {
        (Expiry::On(date), _) => day(date, dialect),
        (Expiry::ForLife, LifelongExpiry::Nines) => text("99999999"),
        (Expiry::ForLife, LifelongExpiry::Empty) => Text::default(),
    };
    let issued = citizen.issue_date.map_or_else(Text::default, |date| day(date, dialect));
    Ok([
        (Field::DateOfBirth, birth),
        (Field::Religion, Text::default()),
        (Field::IssueDate, issued),
        (Field::ExpiryDate, expiry),
    ])
}

const fn partial(got: usize) -> FieldError {
    FieldError { field: Field::DateOfBirth, expected: Expected::WholeDate, got }
}

fn day(date: Date, dialect: &Dialect) -> Text {
    written(date.year(), date.month(), date.day(), dialect)
}

fn written(year: u16, month: u8, day: u8, dialect: &Dialect) -> Text {
    Text::new(match dialect.date_form {
        DateForm::Compact => format!("{year:04}{month:02}{day:02}"),
        DateForm::Dashed => format!("{year:04}-{month:02}-{day:02}"),
    })
}

const fn country(dialect: &Dialect) -> &'static str {
    match dialect.country_value {
        CountryValue::TwoLetters => "TH",
        CountryValue::ThreeLetters => "THA",
    }
}

/// What the parts of an address are called where it lies.
struct Words {
    province: &'static str,
    district: &'static str,
    sub_district: &'static str,
}

impl Words {
    /// Bangkok is no province (จังหวัด) and has words of its own for its districts.
    fn of(address: &Address) -> Self {
        if address.province.as_str().trim().starts_with("กรุงเทพ") {
            Self { province: "", district: "เขต", sub_district: "แขวง" }
        } else {
            Self {
                province: "จังหวัด", district: "อำเภอ", sub_district: "ตำบล"
            }
        }
    }
}

/// A part of the address, with or without the word that says what it is.
fn part(value: &Text, word: &str, dialect: &Dialect) -> Text {
    match (dialect.address_words, value.as_str().trim()) {
        (AddressWords::Keep, name) if !name.is_empty() => Text::new(format!("{word}{name}")),
        (AddressWords::Keep | AddressWords::Strip, name) => text(name),
    }
}

/// Soi, with the trok before it when there is one; then both carry their words, so that they can be told apart.
fn soi(address: &Address, dialect: &Dialect) -> Text {
    let (trok, soi) = (address.trok.as_str().trim(), address.soi.as_str().trim());
    match dialect.trok {
        Trok::Drop => part(&address.soi, "ซอย", dialect),
        Trok::IntoSoi if trok.is_empty() => part(&address.soi, "ซอย", dialect),
        Trok::IntoSoi if soi.is_empty() => Text::new(format!("ตรอก{trok}")),
        Trok::IntoSoi => Text::new(format!("ตรอก{trok} ซอย{soi}")),
    }
}

/// The address on one line, cut after the last whole word that fits.
fn full_address(address: &Address) -> Text {
    let length_max = Field::FullAddress.length_max();
    let mut line = String::with_capacity(address.full.as_str().len());
    let mut length = 0;
    for word in address.full.as_str().split_whitespace() {
        let word_length = word.chars().count();
        let space = usize::from(!line.is_empty());
        if length + space + word_length > length_max {
            if line.is_empty() {
                line.extend(word.chars().take(length_max));
            }
            break;
        }
        if space == 1 {
            line.push(' ');
        }
        line.push_str(word);
        length += space + word_length;
    }
    Text::new(line)
}

#[cfg(test)]
mod tests;
