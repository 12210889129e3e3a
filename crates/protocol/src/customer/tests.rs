//! Every limit and every transformation of customer data, and that an error never says the value.

use citizen::{
    Address, BirthDate, Bp1Number, ChipNumber, Citizen, CitizenId, Date, Expiry, Identity, Name,
    PostalCode, Sex, Text,
};
use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};
use serde_json::Value;

use super::{CustomerData, CustomerInput, text};
use crate::{
    dialect::{
        AddressWords, DateForm, Dialect, EnglishPrefix, LifelongExpiry, MiddleName, MissingName,
        PartialBirthDate, Trok,
    },
    field::{Expected, Field, FieldError},
    input::EnglishName,
};

fn name([prefix, first, middle, last]: [&str; 4]) -> Name {
    Name { prefix: text(prefix), first: text(first), middle: text(middle), last: text(last) }
}

fn usual() -> Citizen {
    Citizen {
        identity: Identity {
            citizen_id: CitizenId::parse("1111111111119").unwrap(),
            chip_number: ChipNumber::parse("6300c10e142f28a1").unwrap(),
        },
        bp1_number: Bp1Number::parse("10994078500").unwrap(),
        thai_name: name(["นาย", "สมชาย", "", "ใจดี"]),
        english_name: name(["Mr.", "Somchai", "", "Jaidee"]),
        birth_date: BirthDate::Full(Date::new(1981, 5, 1).unwrap()),
        sex: Sex::Male,
        issue_date: Some(Date::new(2020, 2, 29).unwrap()),
        expiry: Expiry::On(Date::new(2029, 5, 1).unwrap()),
        address: Address {
            full: text("123/45  หมู่ที่ 4   ถนนตัวอย่าง ตำบลในเมือง"),
            house_number: text("123/45"),
            moo: text("4"),
            road: text("ตัวอย่าง"),
            sub_district: text("ในเมือง"),
            district: text("เมืองขอนแก่น"),
            province: text("ขอนแก่น"),
            ..Address::default()
        },
    }
}

fn prepared(citizen: &Citizen, dialect: &Dialect) -> Result<CustomerData, FieldError> {
    prepared_with(citizen, None, dialect)
}

fn prepared_with(
    citizen: &Citizen,
    english_name: Option<EnglishName>,
    dialect: &Dialect,
) -> Result<CustomerData, FieldError> {
    let postal_code = PostalCode::parse("40000").unwrap();
    let input = CustomerInput { postal_code, mobile: None, english_name };
    CustomerData::prepare(citizen, &input, dialect)
}

/// One field of the usual citizen after a change.
#[track_caller]
fn check(field: &str, expected: &str, change: impl FnOnce(&mut Citizen)) {
    check_in(&Dialect::default(), field, expected, change);
}

#[track_caller]
fn check_in(dialect: &Dialect, field: &str, expected: &str, change: impl FnOnce(&mut Citizen)) {
    let mut citizen = usual();
    change(&mut citizen);
    let value = serde_json::to_value(prepared(&citizen, dialect).unwrap()).unwrap();
    assert_eq!(value.get(field).and_then(Value::as_str), Some(expected), "{field}");
}

#[track_caller]
fn check_refused(
    dialect: &Dialect,
    field: Field,
    expected: Expected,
    change: impl FnOnce(&mut Citizen),
) {
    let mut citizen = usual();
    change(&mut citizen);
    let error = prepared(&citizen, dialect).unwrap_err();
    assert_eq!((error.field, error.expected), (field, expected));
}

#[test]
fn a_middle_name_follows_the_first() {
    check("firstNameTH", "สมชาย กลาง", |citizen| {
        citizen.thai_name.middle = text("กลาง")
    });
    check("firstNameEN", "Somchai Klang", |citizen| citizen.english_name.middle = text("Klang"));
    let drop = Dialect { middle_name: MiddleName::Drop, ..Dialect::default() };
    check_in(&drop, "firstNameTH", "สมชาย", |citizen| {
        citizen.thai_name.middle = text("กลาง")
    });
}

#[track_caller]
fn check_prefix(thai: &str, english: &str) {
    check("prefixEN", english, |citizen| {
        citizen.thai_name.prefix = text(thai);
        citizen.english_name.prefix = Text::default();
    });
}

#[test]
fn a_missing_english_title_comes_from_the_thai_one() {
    check_prefix("นาย", "Mr.");
    check_prefix("นาง", "Mrs.");
    check_prefix("นางสาว", "Miss");
    check_prefix("น.ส.", "Miss");
    check_prefix("ด.ช.", "Master");
    check_prefix("เด็กชาย", "Master");
    check_prefix("ด.ญ.", "Miss");
    check_prefix("เด็กหญิง", "Miss");
}

#[test]
fn a_rank_needs_an_agreed_english_title() {
    let rank = |citizen: &mut Citizen| {
        citizen.thai_name.prefix = text("พ.ต.อ.");
        citizen.english_name.prefix = Text::default();
    };
    check_refused(&Dialect::default(), Field::PrefixEnglish, Expected::Filled, rank);
    let prefix = EnglishPrefix { thai: "พ.ต.อ.".to_owned(), english: "Pol. Col.".to_owned() };
    let agreed = Dialect { english_prefixes: vec![prefix], ..Dialect::default() };
    check_in(&agreed, "prefixEN", "Pol. Col.", rank);
}

#[test]
fn a_missing_name_is_never_invented() {
    let strict = Dialect::default();
    let no_english = |citizen: &mut Citizen| citizen.english_name = Name::default();
    check_refused(&strict, Field::FirstNameEnglish, Expected::Filled, no_english);
    let no_last = |citizen: &mut Citizen| citizen.thai_name.last = Text::default();
    check_refused(&strict, Field::LastNameThai, Expected::Filled, no_last);
    let no_first = |citizen: &mut Citizen| citizen.thai_name.first = Text::default();
    check_refused(&strict, Field::FirstNameThai, Expected::Filled, no_first);
    let no_prefix = |citizen: &mut Citizen| citizen.thai_name.prefix = Text::default();
    check_refused(&strict, Field::PrefixThai, Expected::Filled, no_prefix);
}

#[test]
fn a_keyed_name_fills_what_the_card_lacks_and_nothing_else() {
    let dialect = Dialect::default();
    let keyed = || EnglishName::parse("Somsak", "Keyed").ok();
    let english = |citizen: &Citizen| {
        let value =
            serde_json::to_value(prepared_with(citizen, keyed(), &dialect).unwrap()).unwrap();
        ["prefixEN", "firstNameEN", "lastNameEN"]
            .map(|name| value[name].as_str().unwrap().to_owned())
    };
    let mut citizen = usual();
    assert!(!CustomerData::lacks_english_name(&citizen, &dialect));
    assert_eq!(english(&citizen), ["Mr.", "Somchai", "Jaidee"]);
    citizen.english_name.last = Text::default();
    assert!(CustomerData::lacks_english_name(&citizen, &dialect));
    assert_eq!(english(&citizen), ["Mr.", "Somchai", "Keyed"]);
    citizen.english_name = Name::default();
    assert!(CustomerData::lacks_english_name(&citizen, &dialect));
    assert_eq!(english(&citizen), ["Mr.", "Somsak", "Keyed"]);
    let agreed = MissingName::Placeholder("-".to_owned());
    let agreed = Dialect { missing_english_name: agreed, ..Dialect::default() };
    assert!(!CustomerData::lacks_english_name(&citizen, &agreed));
}

#[test]
fn an_agreed_placeholder_fills_a_missing_name() {
    let dash = || MissingName::Placeholder("-".to_owned());
    let agreed = Dialect {
        missing_english_name: dash(),
        missing_last_name: MissingName::Empty,
        ..Dialect::default()
    };
    let no_english = |citizen: &mut Citizen| citizen.english_name = Name::default();
    check_in(&agreed, "firstNameEN", "-", no_english);
    check_in(&agreed, "lastNameEN", "-", no_english);
    check_in(&agreed, "prefixEN", "Mr.", no_english);
    let one_name = |citizen: &mut Citizen| {
        citizen.thai_name.last = Text::default();
        citizen.english_name.last = Text::default();
    };
    check_in(&agreed, "lastNameTH", "", one_name);
    check_in(&agreed, "lastNameEN", "", one_name);
}

#[test]
fn birth_dates_keep_the_precision_they_have() {
    check("dateOfBirth", "19810501", |_| {});
    check("dateOfBirth", "19810000", |citizen| citizen.birth_date = BirthDate::Year(1981));
    let month = BirthDate::YearMonth { year: 1981, month: 5 };
    check("dateOfBirth", "19810500", |citizen| citizen.birth_date = month);
    let first = Dialect { partial_birth_date: PartialBirthDate::FirstDay, ..Dialect::default() };
    check_in(&first, "dateOfBirth", "19810501", |citizen| citizen.birth_date = month);
    let refuse = Dialect { partial_birth_date: PartialBirthDate::Refuse, ..Dialect::default() };
    check_refused(&refuse, Field::DateOfBirth, Expected::WholeDate, |citizen| {
        citizen.birth_date = month;
    });
    let dashed = Dialect { date_form: DateForm::Dashed, ..Dialect::default() };
    check_in(&dashed, "dateOfBirth", "1981-05-00", |citizen| citizen.birth_date = month);
}

#[test]
fn the_cards_dates_are_sent_as_they_are() {
    check("citizenIdCardIssueDate", "20200229", |_| {});
    check("citizenIdCardIssueDate", "", |citizen| citizen.issue_date = None);
    check("citizenIdCardExpireDate", "20290501", |_| {});
    check("citizenIdCardExpireDate", "99999999", |citizen| citizen.expiry = Expiry::ForLife);
    let empty = Dialect { lifelong_expiry: LifelongExpiry::Empty, ..Dialect::default() };
    check_in(&empty, "citizenIdCardExpireDate", "", |citizen| citizen.expiry = Expiry::ForLife);
}

#[test]
fn religion_is_always_empty() {
    check("religion", "", |_| {});
}

#[test]
fn a_trok_goes_into_the_soi() {
    let trok = |citizen: &mut Citizen| citizen.address.trok = text("วัด");
    let soi = |citizen: &mut Citizen| citizen.address.soi = text("สุข 5");
    check("soi", "", |_| {});
    check("soi", "สุข 5", soi);
    check("soi", "ตรอกวัด", trok);
    let both = |citizen: &mut Citizen| {
        trok(citizen);
        soi(citizen);
    };
    check("soi", "ตรอกวัด ซอยสุข 5", both);
    let drop = Dialect { trok: Trok::Drop, ..Dialect::default() };
    check_in(&drop, "soi", "สุข 5", both);
}

#[test]
fn the_words_of_an_address_can_be_kept() {
    let keep = Dialect { address_words: AddressWords::Keep, ..Dialect::default() };
    let soi = |citizen: &mut Citizen| citizen.address.soi = text("สุข 5");
    for (field, stripped, kept) in [
        ("province", "ขอนแก่น", "จังหวัดขอนแก่น"),
        ("district", "เมืองขอนแก่น", "อำเภอเมืองขอนแก่น"),
        ("subDistrict", "ในเมือง", "ตำบลในเมือง"),
        ("road", "ตัวอย่าง", "ถนนตัวอย่าง"),
        ("soi", "สุข 5", "ซอยสุข 5"),
    ] {
        check(field, stripped, soi);
        check_in(&keep, field, kept, soi);
    }
    let bangkok = |citizen: &mut Citizen| {
        citizen.address.province = text("กรุงเทพมหานคร");
        citizen.address.district = text("คลองเตย");
        citizen.address.road = Text::default();
    };
    check_in(&keep, "province", "กรุงเทพมหานคร", bangkok);
    check_in(&keep, "district", "เขตคลองเตย", bangkok);
    check_in(&keep, "road", "", bangkok);
}

#[test]
fn a_moo_is_a_number_or_left_out() {
    check("moo", "4", |_| {});
    check("moo", "", |citizen| citizen.address.moo = text("สี่"));
    let mut citizen = usual();
    assert_eq!(prepared(&citizen, &Dialect::default()).unwrap().left_out(), []);
    citizen.address.moo = text("4 ก");
    assert_eq!(prepared(&citizen, &Dialect::default()).unwrap().left_out(), [Field::Moo]);
}

#[test]
fn only_the_full_address_is_cut_and_at_a_word() {
    check("fullAddress", "123/45 หมู่ที่ 4 ถนนตัวอย่าง ตำบลในเมือง", |_| {});
    let long = format!("{} {}", "ก".repeat(150), "ข".repeat(60));
    check("fullAddress", &"ก".repeat(150), |citizen| citizen.address.full = text(&long));
    let exact = format!("{} {}", "ก".repeat(150), "ข".repeat(49));
    check("fullAddress", &exact, |citizen| citizen.address.full = text(&exact));
    check("fullAddress", &"ก".repeat(200), |citizen| {
        citizen.address.full = text(&"ก".repeat(201));
    });
}

#[test]
fn every_other_over_long_field_is_refused_by_name() {
    let at_most = |field, limit: usize, set: fn(&mut Citizen, Text)| {
        let dialect = Dialect::default();
        let mut citizen = usual();
        set(&mut citizen, text(&"๛".repeat(limit)));
        prepared(&citizen, &dialect).unwrap();
        check_refused(&dialect, field, Expected::AtMost(limit), |citizen| {
            set(citizen, text(&"๛".repeat(limit + 1)));
        });
    };
    at_most(Field::PrefixThai, 100, |citizen, long| citizen.thai_name.prefix = long);
    at_most(Field::FirstNameThai, 100, |citizen, long| citizen.thai_name.first = long);
    at_most(Field::LastNameThai, 100, |citizen, long| citizen.thai_name.last = long);
    at_most(Field::PrefixEnglish, 100, |citizen, long| citizen.english_name.prefix = long);
    at_most(Field::FirstNameEnglish, 100, |citizen, long| citizen.english_name.first = long);
    at_most(Field::LastNameEnglish, 100, |citizen, long| citizen.english_name.last = long);
    at_most(Field::Province, 100, |citizen, long| citizen.address.province = long);
    at_most(Field::District, 100, |citizen, long| citizen.address.district = long);
    at_most(Field::SubDistrict, 100, |citizen, long| citizen.address.sub_district = long);
    at_most(Field::Road, 100, |citizen, long| citizen.address.road = long);
    at_most(Field::Soi, 50, |citizen, long| citizen.address.soi = long);
    at_most(Field::HouseNumber, 20, |citizen, long| citizen.address.house_number = long);
    check_refused(&Dialect::default(), Field::Moo, Expected::AtMost(2), |citizen| {
        citizen.address.moo = text("100");
    });
}

#[test]
fn required_parts_of_an_address_are_required() {
    let strict = Dialect::default();
    let refused = |field, change: fn(&mut Citizen)| {
        check_refused(&strict, field, Expected::Filled, change);
    };
    refused(Field::Province, |citizen| citizen.address.province = text(" "));
    refused(Field::District, |citizen| citizen.address.district = Text::default());
    refused(Field::SubDistrict, |citizen| citizen.address.sub_district = Text::default());
    check("road", "", |citizen| citizen.address.road = Text::default());
}

#[test]
fn an_error_says_the_field_and_never_the_value() {
    let mut citizen = usual();
    citizen.address.soi = text(&"ลับ".repeat(20));
    let error = prepared(&citizen, &Dialect::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "preparing soi: expected at most 50 characters, got 60 characters"
    );
    assert_eq!(error.text(), "field_invalid");
    assert!(!format!("{error:?}").contains('ล'));
}

#[test]
fn prepared_data_print_nothing() {
    let customer = prepared(&usual(), &Dialect::default()).unwrap();
    assert_eq!(format!("{customer:?}"), "‹redacted›");
    assert_eq!(customer.identity(), &usual().identity);
    assert_eq!(customer.bp1_number().as_str(), "10994078500");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_prepared_fits_the_documents_lengths(
        first in any::<String>(), moo in any::<String>(), full in "[ก-๛ ]{0,400}",
    ) {
        let mut citizen = usual();
        citizen.thai_name.first = text(&first);
        citizen.address.moo = text(&moo);
        citizen.address.full = text(&full);
        if let Ok(customer) = prepared(&citizen, &Dialect::default()) {
            for (field, value) in &customer.fields {
                prop_assert!(value.as_str().chars().count() <= field.length_max());
            }
        }
    }
}
