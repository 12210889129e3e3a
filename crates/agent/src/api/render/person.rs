//! The confirmation screen: what the card says, as the customer checks it.
//!
//! The whole number goes only to a counter, where staff compare it; a kiosk's page gets it masked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use citizen::{Address, Citizen, CitizenId, Name, Photo, PostalCode};
use serde::Serialize;
use session::{EnglishNameSource, PostalChoice};

use super::{Both, calendar};
use crate::api::sheet::Line;
use crate::config::Profile;

/// Before the Base64 of a JPEG.
const PORTRAIT_PREFIX: &str = "data:image/jpeg;base64,";

#[derive(Serialize)]
pub(super) struct Person<'a> {
    names: Both<Line>,
    citizen_id: Number,
    birth_date: Both<Line>,
    expiry: Both<Line>,
    address: Home<'a>,
    portrait: Line,
    postal: Postal<'a>,
    /// `missing` where somebody has to key it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    english_name: Option<&'static str>,
}

impl<'a> Person<'a> {
    pub(super) fn of(
        citizen: &'a Citizen,
        photo: &Photo,
        (postal, english_name): (&PostalChoice<'a>, EnglishNameSource),
        profile: Profile,
    ) -> Self {
        Self {
            names: Both { th: whole(&citizen.thai_name), en: whole(&citizen.english_name) },
            citizen_id: Number::of(&citizen.identity.citizen_id, profile),
            birth_date: calendar::birth(citizen.birth_date),
            expiry: calendar::expiry(citizen.expiry),
            address: Home::of(&citizen.address),
            portrait: portrait(photo),
            postal: match postal {
                PostalChoice::One(code) => Postal::One(code_text(*code)),
                PostalChoice::Several(codes) => {
                    Postal::Several(codes.iter().map(PostalCode::as_str).collect())
                }
                PostalChoice::Unknown => Postal::Unknown(true),
            },
            english_name: match english_name {
                EnglishNameSource::Known => None,
                EnglishNameSource::Keyed => Some("missing"),
            },
        }
    }
}

/// As it is spoken: Thai puts no space between title and first name, but cards are read with one.
fn whole(name: &Name) -> Line {
    let parts = [&name.prefix, &name.first, &name.middle, &name.last];
    Line::joined(&parts.map(|part| part.as_str()), " ")
}

#[derive(Serialize)]
struct Number {
    masked: Line,
    /// In groups as on the card; none on a kiosk.
    full: Option<Line>,
}

impl Number {
    fn of(id: &CitizenId, profile: Profile) -> Self {
        let full = match profile {
            Profile::Kiosk => None,
            Profile::Counter => {
                let digits = id.as_str();
                let group = |from, to| digits.get(from..to).unwrap_or_default();
                let groups = [group(0, 1), group(1, 5), group(5, 10), group(10, 12), group(12, 13)];
                Some(Line::joined(&groups, "-"))
            }
        };
        Self { masked: Line::new(id.masked()), full }
    }
}

/// The parts that are sent, and the line as the card has it.
#[derive(Serialize)]
struct Home<'a> {
    full: &'a str,
    house_number: &'a str,
    moo: &'a str,
    trok: &'a str,
    soi: &'a str,
    road: &'a str,
    sub_district: &'a str,
    district: &'a str,
    province: &'a str,
}

impl<'a> Home<'a> {
    fn of(address: &'a Address) -> Self {
        Self {
            full: address.full.as_str(),
            house_number: address.house_number.as_str(),
            moo: address.moo.as_str(),
            trok: address.trok.as_str(),
            soi: address.soi.as_str(),
            road: address.road.as_str(),
            sub_district: address.sub_district.as_str(),
            district: address.district.as_str(),
            province: address.province.as_str(),
        }
    }
}

fn portrait(photo: &Photo) -> Line {
    let bytes = photo.bytes();
    let room = PORTRAIT_PREFIX.len() + bytes.len().div_ceil(3) * 4;
    let mut text = String::with_capacity(room);
    text.push_str(PORTRAIT_PREFIX);
    STANDARD.encode_string(bytes, &mut text);
    Line::new(text)
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Postal<'a> {
    One(Line),
    Several(Vec<&'a str>),
    Unknown(bool),
}

fn code_text(code: PostalCode) -> Line {
    Line::joined(&[code.as_str()], "")
}
