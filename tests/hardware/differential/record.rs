//! What a card says, field by field, in words that may be compared and printed: everybody here is invented.

use citizen::{BirthDate, Citizen, Date, Expiry, Name, Photo, PostalCode, Sex, Text, postal};

use super::image::hex;

/// Every field of a citizen, the postal codes of the address, and the photo.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Record {
    pub chip_number: String,
    pub citizen_id: String,
    /// Prefix, first, middle, last.
    pub thai_name: [String; 4],
    pub english_name: [String; 4],
    /// Gregorian, as precise as it is known: `1981-07-04`, `1981-07`, `1981`.
    pub birth_date: String,
    pub sex: char,
    pub bp1_number: String,
    /// Empty if it is not wholly known.
    pub issue_date: String,
    /// Or `for life`.
    pub expiry: String,
    /// The whole text in one line.
    pub address: String,
    /// House, moo, trok, soi, road, sub-district, district, province.
    pub address_parts: [String; 8],
    pub postal_codes: Vec<String>,
    /// Hexadecimal.
    pub photo: String,
}

impl Record {
    /// The first line in which the two differ.
    pub fn difference(&self, other: &Self) -> Option<(String, String)> {
        let lines = |record: &Self| format!("{record:#?}").lines().map(str::to_owned).collect();
        let (ours, theirs): (Vec<String>, Vec<String>) = (lines(self), lines(other));
        ours.into_iter().zip(theirs).find(|(ours, theirs)| ours != theirs)
    }

    /// What was read.
    pub fn of(citizen: &Citizen, photo: &Photo) -> Self {
        let address = &citizen.address;
        let parts = [
            &address.house_number,
            &address.moo,
            &address.trok,
            &address.soi,
            &address.road,
            &address.sub_district,
            &address.district,
            &address.province,
        ];
        Self {
            chip_number: citizen.identity.chip_number.as_str().to_owned(),
            citizen_id: citizen.identity.citizen_id.as_str().to_owned(),
            thai_name: name(&citizen.thai_name),
            english_name: name(&citizen.english_name),
            birth_date: birth(citizen.birth_date),
            sex: if citizen.sex == Sex::Male { '1' } else { '2' },
            bp1_number: citizen.bp1_number.as_str().to_owned(),
            issue_date: citizen.issue_date.map(day).unwrap_or_default(),
            expiry: match citizen.expiry {
                Expiry::On(last) => day(last),
                Expiry::ForLife => "for life".to_owned(),
            },
            address: text(&address.full),
            address_parts: parts.map(text),
            postal_codes: match postal::resolve(address) {
                postal::Resolution::One(code) => vec![code.as_str().to_owned()],
                postal::Resolution::Several(codes) => {
                    codes.iter().map(PostalCode::as_str).map(str::to_owned).collect()
                }
                postal::Resolution::Unknown => Vec::new(),
            },
            photo: hex(photo.bytes()),
        }
    }
}

fn name(name: &Name) -> [String; 4] {
    [&name.prefix, &name.first, &name.middle, &name.last].map(text)
}

fn text(text: &Text) -> String {
    text.as_str().to_owned()
}

fn birth(date: BirthDate) -> String {
    match date {
        BirthDate::Year(year) => format!("{year:04}"),
        BirthDate::YearMonth { year, month } => format!("{year:04}-{month:02}"),
        BirthDate::Full(date) => day(date),
    }
}

fn day(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}
