//! What `dipchip read --json --reveal` prints, beside what the raw image of the card says.
//! Each side has names of its own; here is which belong together.

use serde_json::Value;

use crate::personal::expected;

/// Our field, and where the value as decoded outside Rust stands.
const TEXTS: [(&str, &str); 19] = [
    ("citizen_id", "/customerData/citizenId"),
    ("chip_number", "/chipNo"),
    ("bp1_number", "/bp1No"),
    ("thai_prefix", "/customerData/prefixTH"),
    ("thai_first", "/customerData/firstNameTH"),
    ("thai_last", "/customerData/lastNameTH"),
    ("english_prefix", "/customerData/prefixEN"),
    ("english_first", "/customerData/firstNameEN"),
    ("english_last", "/customerData/lastNameEN"),
    ("house_number", "/customerData/addrNo"),
    ("moo", "/customerData/moo"),
    ("soi", "/customerData/soi"),
    ("road", "/customerData/road"),
    ("sub_district", "/customerData/subDistrict"),
    ("district", "/customerData/district"),
    ("province", "/customerData/province"),
    ("birth_date", "/customerData/dateOfBirth"),
    ("issue_date", "/customerData/citizenIdCardIssueDate"),
    ("expiry_date", "/customerData/citizenIdCardExpireDate"),
];

/// Base64 has four characters for three bytes.
const PHOTO: (&str, &str) = ("photo_bytes", "/customerImage");

/// Which fields of what was printed differ from what the raw image says; never their values. For cards
/// whose names have no middle part: the bank has no field for it.
#[must_use]
pub fn differences(sheet: &Value, card: &str) -> Vec<&'static str> {
    let expected = expected(card);
    let theirs = |pointer: &str| expected.pointer(pointer).and_then(Value::as_str).unwrap_or("–");
    let ours = |key: &str| sheet.get(key).and_then(Value::as_str).unwrap_or_default();
    // Dates are printed with hyphens and sent without.
    let plain = |text: &str| text.replace('-', "");
    let mut differing: Vec<&str> = TEXTS
        .iter()
        .filter(|(key, pointer)| plain(ours(key)) != plain(theirs(pointer)))
        .map(|(key, _)| *key)
        .collect();
    let base64 = theirs(PHOTO.1);
    let photo_bytes = base64.len() / 4 * 3 - base64.chars().filter(|one| *one == '=').count();
    if sheet.get(PHOTO.0).and_then(Value::as_u64) != u64::try_from(photo_bytes).ok() {
        differing.push(PHOTO.0);
    }
    differing
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_empty_sheet_differs_in_everything_that_the_card_has() {
        let differing = differences(&json!({}), "somchai");
        for key in ["citizen_id", "thai_first", "birth_date", "province", "photo_bytes"] {
            assert!(differing.contains(&key), "{key}");
        }
    }
}
