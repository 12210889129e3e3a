//! What `dipchip read` found, as labelled lines or as one JSON object, masked unless told otherwise.
//!
//! Owns the masking: a field is personal unless it is added as plain. Everything is wiped on drop, the
//! rendered text as well.

use citizen::{BirthDate, Citizen, Date, Expiry, Identity, Name, Sex, Text};
use zeroize::Zeroizing;

/// Whether the person's data is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sight {
    /// Only that a field has a value.
    Masked,
    /// All of it.
    Revealed,
}

impl Sight {
    /// From the flag of the command line.
    pub fn of(reveal: bool) -> Self {
        if reveal { Self::Revealed } else { Self::Masked }
    }
}

/// Stands for a personal value that is there.
const MASK: &str = "•••";
/// Every field of a card with room to spare: rendering never grows, so nothing is left behind.
const RENDERED_BYTES: usize = 16 * 1024;

/// The fields found so far, in their order.
pub struct Sheet {
    sight: Sight,
    fields: Vec<Field>,
}

struct Field {
    key: &'static str,
    value: Value,
}

enum Value {
    Text(Zeroizing<String>),
    Number(u64),
}

impl Sheet {
    /// An empty sheet.
    pub fn new(sight: Sight) -> Self {
        Self { sight, fields: Vec::new() }
    }

    /// A number that says nothing of a person.
    pub fn number(&mut self, key: &'static str, number: u64) {
        self.fields.push(Field { key, value: Value::Number(number) });
    }

    /// A text that says nothing of a person.
    pub fn plain(&mut self, key: &'static str, text: &str) {
        let value = Value::Text(Zeroizing::new(text.to_owned()));
        self.fields.push(Field { key, value });
    }

    /// A text about the person.
    pub fn personal(&mut self, key: &'static str, text: &str) {
        let shown = match self.sight {
            Sight::Revealed => text,
            Sight::Masked if text.is_empty() => "",
            Sight::Masked => MASK,
        };
        self.plain(key, shown);
    }

    /// Which card, and whose.
    pub fn identity(&mut self, identity: &Identity) {
        match self.sight {
            Sight::Revealed => self.plain("citizen_id", identity.citizen_id.as_str()),
            Sight::Masked => self.plain("citizen_id", &identity.citizen_id.masked()),
        }
        self.personal("chip_number", identity.chip_number.as_str());
    }

    /// What the card says.
    pub fn citizen(&mut self, citizen: &Citizen) {
        self.personal("bp1_number", citizen.bp1_number.as_str());
        self.name(["thai_prefix", "thai_first", "thai_middle", "thai_last"], &citizen.thai_name);
        self.name(
            ["english_prefix", "english_first", "english_middle", "english_last"],
            &citizen.english_name,
        );
        self.personal("birth_date", &birth_date(citizen.birth_date));
        self.personal("sex", sex(citizen.sex));
        let issued = citizen.issue_date.map(day).unwrap_or_default();
        self.personal("issue_date", &issued);
        match citizen.expiry {
            Expiry::On(date) => self.personal("expiry_date", &day(date)),
            Expiry::ForLife => self.personal("expiry_date", "for life"),
        }
        let address = &citizen.address;
        let parts = [
            ("house_number", &address.house_number),
            ("moo", &address.moo),
            ("trok", &address.trok),
            ("soi", &address.soi),
            ("road", &address.road),
            ("sub_district", &address.sub_district),
            ("district", &address.district),
            ("province", &address.province),
        ];
        for (key, part) in parts {
            self.personal(key, part.as_str());
        }
    }

    fn name(&mut self, keys: [&'static str; 4], name: &Name) {
        let parts: [&Text; 4] = [&name.prefix, &name.first, &name.middle, &name.last];
        for (key, part) in keys.into_iter().zip(parts) {
            self.personal(key, part.as_str());
        }
    }

    /// One line a field, `label: value`.
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(RENDERED_BYTES));
        for field in &self.fields {
            text.push_str(&field.key.replace('_', " "));
            text.push_str(": ");
            match &field.value {
                Value::Text(value) => text.push_str(value),
                Value::Number(number) => text.push_str(&number.to_string()),
            }
            text.push('\n');
        }
        text
    }

    /// One JSON object on one line, its keys in the order of the sheet.
    pub fn json(&self) -> Zeroizing<String> {
        let mut json = Zeroizing::new(String::with_capacity(RENDERED_BYTES));
        for (number, field) in self.fields.iter().enumerate() {
            json.push_str(if number == 0 { "{" } else { "," });
            push_quoted(&mut json, field.key);
            json.push(':');
            match &field.value {
                Value::Text(value) => push_quoted(&mut json, value),
                Value::Number(number) => json.push_str(&number.to_string()),
            }
        }
        json.push_str(if self.fields.is_empty() { "{}\n" } else { "}\n" });
        json
    }
}

/// RFC 8259 §7, written in place: a serializer would leave its own copy of the value behind.
fn push_quoted(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                json.push('\\');
                json.push(character);
            }
            '\u{0}'..='\u{1f}' => json.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => json.push(character),
        }
    }
    json.push('"');
}

fn day(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

fn birth_date(date: BirthDate) -> String {
    match date {
        BirthDate::Year(year) => format!("{year:04}"),
        BirthDate::YearMonth { year, month } => format!("{year:04}-{month:02}"),
        BirthDate::Full(date) => day(date),
    }
}

fn sex(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "male",
        Sex::Female => "female",
    }
}

#[cfg(test)]
mod tests {
    use citizen::{ChipNumber, CitizenId};

    use super::*;

    fn sheet(sight: Sight) -> Sheet {
        let mut sheet = Sheet::new(sight);
        sheet.identity(&Identity {
            citizen_id: CitizenId::parse("1111111111119").unwrap(),
            chip_number: ChipNumber::from_bytes([0xA1; 8]),
        });
        sheet.personal("moo", "");
        sheet.personal("road", "ถนน \"ตัวอย่าง\"\n");
        sheet.number("identity_ms", 12);
        sheet
    }

    #[test]
    fn a_masked_sheet_shows_only_what_is_there() {
        let text = sheet(Sight::Masked).text();
        assert_eq!(
            *text,
            "citizen id: x-xxxx-xxxxx-11-9\nchip number: •••\nmoo: \nroad: •••\nidentity ms: 12\n"
        );
        for personal in ["1111111111119", "a1a1", "ตัวอย่าง"] {
            assert!(!sheet(Sight::Masked).json().contains(personal));
        }
    }

    #[test]
    fn a_revealed_sheet_is_one_object_of_json() {
        let json = sheet(Sight::Revealed).json();
        assert_eq!(
            *json,
            "{\"citizen_id\":\"1111111111119\",\"chip_number\":\"a1a1a1a1a1a1a1a1\",\"moo\":\"\",\
             \"road\":\"ถนน \\\"ตัวอย่าง\\\"\\u000a\",\"identity_ms\":12}\n"
        );
    }

    #[test]
    fn an_empty_sheet_is_an_empty_object() {
        assert_eq!(*Sheet::new(Sight::Masked).json(), "{}\n");
    }

    #[test]
    fn dates_are_as_precise_as_they_are_known() {
        assert_eq!(birth_date(BirthDate::Year(1981)), "1981");
        assert_eq!(birth_date(BirthDate::YearMonth { year: 1981, month: 2 }), "1981-02");
        assert_eq!(birth_date(BirthDate::Full(Date::new(1981, 2, 9).unwrap())), "1981-02-09");
    }
}
