//! Postal codes, and which of them an address can have.
//!
//! The card has no postal code. The table in `data/` knows every sub-district's codes; several are offered
//! for choice and an unknown name is said to be unknown: a code is never guessed. Where tables of others
//! agree on another code than ours, both are offered. Choosing is the session's.

use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    Address, Text,
    address::{DISTRICT_WORDS, PROVINCE_WORDS, SUB_DISTRICT_WORDS, without_word},
    redacted::redacted,
};

/// A postal code: five digits.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PostalCode([u8; 5]);

/// Why a text is no postal code.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("parsing a postal code: expected five ASCII digits")]
pub struct PostalCodeError;

impl PostalCode {
    /// Checks five ASCII digits; whether the post knows the code is not asked.
    ///
    /// # Errors
    /// [`PostalCodeError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, PostalCodeError> {
        let digits: [u8; 5] = text.as_bytes().try_into().map_err(|_| PostalCodeError)?;
        if digits.iter().all(u8::is_ascii_digit) { Ok(Self(digits)) } else { Err(PostalCodeError) }
    }

    /// The five digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("parse let only ASCII digits in")
    }
}

/// What the table knows of an address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Resolution {
    /// The sub-district has one code.
    One(PostalCode),
    /// The sub-district has several, in rising order; the customer knows which.
    Several(Vec<PostalCode>),
    /// The table has no such sub-district.
    Unknown,
}

/// Looks up the postal codes of an address by sub-district, district and province.
///
/// Names match with or without the word in front, in whatever spacing. Names that were abolished are known
/// if the gazette names their successors.
#[must_use]
pub fn resolve(address: &Address) -> Resolution {
    let province = plain(&address.province, &PROVINCE_WORDS);
    let mut district = plain(&address.district, &DISTRICT_WORDS);
    if district.as_str() == CAPITAL_DISTRICT {
        district = plain(&Text::new([CAPITAL_DISTRICT, &province].concat()), &[]);
    }
    let sub_district = plain(&address.sub_district, &SUB_DISTRICT_WORDS);
    let codes: Vec<PostalCode> = codes(&province, &district, &sub_district)
        .split(' ')
        .filter_map(|code| PostalCode::parse(code).ok())
        .collect();
    match *codes.as_slice() {
        [] => Resolution::Unknown,
        [code] => Resolution::One(code),
        _ => Resolution::Several(codes),
    }
}

/// Provinces by `=name`, in each districts by `+name`, in each sub-districts by ` name code…`, abolished
/// ones by `-name code…`; all sorted. Made by `data/make.py`, which NOTICE belongs to.
const TABLE: &str = include_str!("../data/postal.txt");
/// The district around a provincial capital has its name behind this; old papers leave the name out.
const CAPITAL_DISTRICT: &str = "เมือง";

/// The codes of one sub-district with spaces between them; nothing if there is no such row.
fn codes(province: &str, district: &str, sub_district: &str) -> &'static str {
    let within = |block: &'static str, name: &str| block.strip_prefix(name)?.strip_prefix('\n');
    let row = |line: &'static str| {
        line.strip_prefix([' ', '-'])?.strip_prefix(sub_district)?.strip_prefix(' ')
    };
    TABLE
        .split('=')
        .find_map(|block| within(block, province))
        .and_then(|block| block.split('+').find_map(|block| within(block, district)))
        .and_then(|block| block.lines().find_map(row))
        .unwrap_or_default()
}

/// The name as the table writes it: no word in front, no spaces, vowels in one way of typing.
fn plain(name: &Text, words: &[&str]) -> Zeroizing<String> {
    let name = without_word(name.as_str(), words);
    let mut plain = Zeroizing::new(String::with_capacity(name.len()));
    for letter in name.chars().filter(|letter| !letter.is_whitespace()) {
        match (plain.chars().next_back(), letter) {
            // Two letters that look like one: เ + เ is แ, and the ring with า behind it is ำ.
            (Some('เ'), 'เ') => replace_last(&mut plain, 'แ'),
            (Some('\u{0E4D}'), 'า') => replace_last(&mut plain, 'ำ'),
            _ => plain.push(letter),
        }
    }
    plain
}

fn replace_last(text: &mut String, letter: char) {
    text.pop();
    text.push(letter);
}

redacted!(PostalCode);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{PostalCode, PostalCodeError, Resolution, TABLE, resolve};
    use crate::{Address, Text};

    fn codes(resolution: &Resolution) -> Vec<&str> {
        match resolution {
            Resolution::One(code) => vec![code.as_str()],
            Resolution::Several(codes) => codes.iter().map(PostalCode::as_str).collect(),
            Resolution::Unknown => Vec::new(),
        }
    }

    fn address(sub_district: &str, district: &str, province: &str) -> Address {
        Address {
            sub_district: Text::from(sub_district),
            district: Text::from(district),
            province: Text::from(province),
            ..Address::default()
        }
    }

    #[track_caller]
    fn check(sub_district: &str, district: &str, province: &str, expected: &[&str]) {
        let resolution = resolve(&address(sub_district, district, province));
        assert_eq!(codes(&resolution), expected, "{sub_district}, {district}, {province}");
        assert_eq!(matches!(resolution, Resolution::Several(_)), expected.len() > 1);
    }

    /// Every row of the table: what kind it is, its three names, its codes.
    fn rows() -> Vec<(char, [&'static str; 3], Vec<&'static str>)> {
        let (mut province, mut district) = ("", "");
        let mut rows = Vec::new();
        for line in TABLE.lines() {
            let (kind, rest) = line.split_at(1);
            match kind {
                "=" => province = rest,
                "+" => district = rest,
                _ => {
                    let mut words = rest.split(' ');
                    let name = words.next().unwrap();
                    let kind = kind.chars().next().unwrap();
                    rows.push((kind, [name, district, province], words.collect()));
                }
            }
        }
        rows
    }

    #[test]
    fn every_sub_district_resolves_to_exactly_its_codes_in_every_spelling() {
        for (_, [name, district, province], codes) in rows() {
            check(name, district, province, &codes);
            if province == "กรุงเทพมหานคร" {
                check(&format!("แขวง{name}"), &format!("เขต{district}"), province, &codes);
            } else {
                let province = format!("จังหวัด{province}");
                check(&format!("ตำบล{name}"), &format!("อำเภอ{district}"), &province, &codes);
                check(&format!("ตำบล {name}"), &format!("กิ่งอำเภอ{district}"), &province, &codes);
            }
        }
    }

    #[test]
    fn the_table_is_as_large_as_its_source() {
        let rows = rows();
        let present: Vec<_> = rows.iter().filter(|(kind, ..)| *kind == ' ').collect();
        let distinct = |at: fn(&[&'static str; 3]) -> Vec<&'static str>| {
            present.iter().map(|(_, names, _)| at(names)).collect::<BTreeSet<_>>().len()
        };
        // Two of the 7,436 sub-districts in the source have a second spelling, one of them two.
        assert_eq!((rows.len(), present.len()), (7541, 7438));
        assert_eq!(distinct(|[_, _, province]| vec![province]), 77);
        assert_eq!(distinct(|[_, district, province]| vec![province, district]), 928);
        // 160 in the source, and 47 whose code is disputed.
        assert_eq!(present.iter().filter(|(.., codes)| codes.len() > 1).count(), 207);
        let codes: BTreeSet<_> = present.iter().flat_map(|(.., codes)| codes).collect();
        assert_eq!(codes.len(), 978);
        assert!(codes.into_iter().all(|code| PostalCode::parse(code).is_ok()));
    }

    #[test]
    fn an_address_as_the_card_writes_it() {
        for (text, expected) in [
            ("1#######", &[][..]),
            ("1#####ตำบลในเมือง#อำเภอเมืองขอนแก่น#จังหวัดขอนแก่น", &["40000"]),
            ("1#####แขวงคลองเตย#เขตคลองเตย#กรุงเทพมหานคร", &["10110"]),
            ("1#####แขวงพระบรมมหาราชวัง#เขตพระนคร#กรุงเทพมหานคร", &["10200"]),
        ] {
            let address = Address::from_slots(text).unwrap();
            assert_eq!(codes(&resolve(&address)), expected);
        }
    }

    #[test]
    fn several_codes_are_all_offered() {
        check("พระโขนงเหนือ", "วัฒนา", "กรุงเทพมหานคร", &["10110", "10260"]);
    }

    #[test]
    fn a_disputed_code_is_offered_and_never_the_only_one() {
        let disputed = include_str!("../data/disputed.txt").lines();
        let mut places = 0;
        for line in disputed.filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            let [province, district, sub_district, code] = words[..] else { panic!("{line}") };
            let resolution = resolve(&address(sub_district, district, province));
            assert!(matches!(resolution, Resolution::Several(_)), "{line}");
            assert!(codes(&resolution).contains(&code), "{line}");
            places += 1;
        }
        assert_eq!(places, 47);
    }

    #[test]
    fn the_capital_district_may_come_without_the_name_of_its_province() {
        check("ตำบลในเมือง", "อำเภอเมือง", "จังหวัดขอนแก่น", &["40000"]);
        check("ตำบลในเมือง", "อำเภอเมือง", "กรุงเทพมหานคร", &[]);
    }

    #[test]
    fn a_name_that_the_gazette_abolished_leads_to_its_successors() {
        check("แขวงพระโขนงเหนือ", "เขตคลองเตย", "กรุงเทพมหานคร", &["10110", "10260"]);
    }

    #[test]
    fn vowels_typed_as_two_letters_match() {
        check("ลําปลาทิว", "ลาดกระบัง", "กรุงเทพมหานคร", &["10520"]);
        check("เเสมดํา", "บางขุนเทียน", "กรุงเทพมหานคร", &["10150"]);
    }

    #[test]
    fn a_name_in_the_wrong_place_is_unknown_and_not_guessed() {
        check("คลองเตย", "คลองเตย", "ขอนแก่น", &[]);
        check("คลองเตย", "พระนคร", "กรุงเทพมหานคร", &[]);
        check("คลองเต", "คลองเตย", "กรุงเทพมหานคร", &[]);
        check("คลองเตย", "คลองเตย", "มหานคร", &[]);
        check("", "", "", &[]);
        check("\n", "=", "+", &[]);
        check("", "คลองเตย", "กรุงเทพมหานคร", &[]);
    }

    #[test]
    fn a_postal_code_has_five_ascii_digits() {
        assert_eq!(PostalCode::parse("10110").unwrap().as_str(), "10110");
        for text in ["", "1011", "101100", "1011x", "๑๐๑๑๐", " 0110"] {
            assert_eq!(PostalCode::parse(text), Err(PostalCodeError));
        }
        assert_eq!(format!("{:?}", PostalCode::parse("10110").unwrap()), "PostalCode(‹redacted›)");
    }
}
