//! The address of the house registration, in the card's eight parts.
//!
//! The card writes `house#moo#trok#soi#road#sub-district#district#province`, most parts with a word in
//! front that says what they are. That word is taken off once, by part, and only if it matches; the whole
//! text stays beside the parts. Field limits and the merging of trok and soi are `protocol`'s.

use thiserror::Error;

use crate::{Text, redacted::redacted};

/// Parts of an address on the card.
const SLOTS: usize = 8;

/// An address; every part may be empty, and none has the word in front that the card writes.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Address {
    /// All of it as on the card, the parts separated by one space.
    pub full: Text,
    /// House number (บ้านเลขที่), such as `123/45`.
    pub house_number: Text,
    /// Village number (หมู่ที่).
    pub moo: Text,
    /// Alley (ตรอก).
    pub trok: Text,
    /// Lane (ซอย).
    pub soi: Text,
    /// Road (ถนน).
    pub road: Text,
    /// Sub-district: tambon (ตำบล), in Bangkok khwaeng (แขวง).
    pub sub_district: Text,
    /// District: amphoe (อำเภอ), branch (กิ่งอำเภอ), in Bangkok khet (เขต).
    pub district: Text,
    /// Province: changwat (จังหวัด), or กรุงเทพมหานคร.
    pub province: Text,
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum AddressError {
    /// Not eight parts.
    #[error("splitting an address: got {got} parts, expected 8")]
    Slots {
        /// Parts between `#` signs.
        got: usize,
    },
}

impl Address {
    /// Splits the card's text at its seven `#` signs.
    ///
    /// # Errors
    /// [`AddressError::Slots`] for another number of parts; none is guessed.
    pub fn from_slots(text: &str) -> Result<Self, AddressError> {
        let got = text.split('#').count();
        if got != SLOTS {
            return Err(AddressError::Slots { got });
        }
        let mut slots = text.split('#').map(str::trim);
        let [house_number, moo, trok, soi, road, sub_district, district, province] =
            [(); SLOTS].map(|()| slots.next().unwrap_or_default());
        let without = |text: &str, words: &[&str]| Text::from(without_word(text, words));
        Ok(Self {
            full: one_line(text),
            house_number: Text::from(house_number),
            moo: without(moo, &["หมู่ที่"]),
            trok: without(trok, &["ตรอก"]),
            soi: without(soi, &["ซอย"]),
            road: without(road, &["ถนน"]),
            sub_district: without(sub_district, &SUB_DISTRICT_WORDS),
            district: without(district, &DISTRICT_WORDS),
            province: without(province, &PROVINCE_WORDS),
        })
    }
}

/// What may stand in front of a sub-district's name.
pub(crate) const SUB_DISTRICT_WORDS: [&str; 2] = ["ตำบล", "แขวง"];
/// What may stand in front of a district's name.
pub(crate) const DISTRICT_WORDS: [&str; 3] = ["อำเภอ", "เขต", "กิ่งอำเภอ"];
/// What may stand in front of a province's name; กรุงเทพมหานคร has none, and its กรุงเทพ is part of the name.
pub(crate) const PROVINCE_WORDS: [&str; 1] = ["จังหวัด"];

/// The name without the word in front of it. Taken off once: `ตำบลสามตำบล` is the sub-district `สามตำบล`.
pub(crate) fn without_word<'a>(text: &'a str, words: &[&str]) -> &'a str {
    words.iter().find_map(|word| text.strip_prefix(word)).unwrap_or(text).trim()
}

/// `#` and runs of white space become one space. Sized beforehand, so that no copy is left behind.
fn one_line(text: &str) -> Text {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|letter: char| letter == '#' || letter.is_whitespace()) {
        if !word.is_empty() && !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    Text::new(line)
}

redacted!(Address);

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::{Address, AddressError, Text};

    #[track_caller]
    fn check(text: &str, full: &str, expected: [&str; 8]) {
        let address = Address::from_slots(text).unwrap();
        assert_eq!(parts(&address), expected);
        assert_eq!(address.full.as_str(), full);
    }

    fn parts(address: &Address) -> [&str; 8] {
        [
            &address.house_number,
            &address.moo,
            &address.trok,
            &address.soi,
            &address.road,
            &address.sub_district,
            &address.district,
            &address.province,
        ]
        .map(Text::as_str)
    }

    #[test]
    fn an_address_in_the_provinces() {
        check(
            "123/45#หมู่ที่ 4###ถนนตัวอย่าง#ตำบลในเมือง#อำเภอเมืองขอนแก่น#จังหวัดขอนแก่น",
            "123/45 หมู่ที่ 4 ถนนตัวอย่าง ตำบลในเมือง อำเภอเมืองขอนแก่น จังหวัดขอนแก่น",
            ["123/45", "4", "", "", "ตัวอย่าง", "ในเมือง", "เมืองขอนแก่น", "ขอนแก่น"],
        );
    }

    #[test]
    fn an_address_in_bangkok_keeps_the_whole_name_of_the_city() {
        check(
            "99/1##ตรอกทดสอบ#ซอยสุขุมวิท 5#ถนนสุขุมวิท#แขวงคลองเตย#เขตคลองเตย#กรุงเทพมหานคร",
            "99/1 ตรอกทดสอบ ซอยสุขุมวิท 5 ถนนสุขุมวิท แขวงคลองเตย เขตคลองเตย กรุงเทพมหานคร",
            ["99/1", "", "ทดสอบ", "สุขุมวิท 5", "สุขุมวิท", "คลองเตย", "คลองเตย", "กรุงเทพมหานคร"],
        );
    }

    #[test]
    fn only_the_matching_word_is_taken_off_and_only_once() {
        check(
            "1#ซอย 4#ถนนก#หมู่ที่ 2#ซอยข#ตำบลสามตำบล#กิ่งอำเภอสนามชัยเขต#จังหวัดกรุงเทพมหานคร",
            "1 ซอย 4 ถนนก หมู่ที่ 2 ซอยข ตำบลสามตำบล กิ่งอำเภอสนามชัยเขต จังหวัดกรุงเทพมหานคร",
            ["1", "ซอย 4", "ถนนก", "หมู่ที่ 2", "ซอยข", "สามตำบล", "สนามชัยเขต", "กรุงเทพมหานคร"],
        );
    }

    #[test]
    fn empty_parts_stay_empty() {
        check("#######", "", [""; 8]);
        check("1# # #ซอย#ถนน ###", "1 ซอย ถนน", ["1", "", "", "", "", "", "", ""]);
    }

    #[test]
    fn another_number_of_parts_is_refused() {
        for (text, got) in [("", 1), ("1#2#3#4#5#6#7", 7), ("1#2#3#4#5#6#7#8#9", 9)] {
            assert_eq!(Address::from_slots(text), Err(AddressError::Slots { got }));
        }
    }

    proptest! {
        #[test]
        fn every_eight_parts_are_found_again_in_the_whole(
            slots in proptest::collection::vec("[ก-ฮ0-9/]{0,8}", 8),
        ) {
            let address = Address::from_slots(&slots.join("#")).unwrap();
            for (part, slot) in parts(&address).into_iter().zip(&slots) {
                prop_assert!(slot.ends_with(part));
                prop_assert!(address.full.as_str().contains(slot));
            }
            prop_assert!(!address.full.as_str().contains("  "));
        }

        #[test]
        fn the_number_of_signs_alone_decides(text in "[ก-ฮ# ]{0,30}") {
            let signs = text.matches('#').count();
            prop_assert_eq!(Address::from_slots(&text).is_ok(), signs == 7);
        }
    }
}
