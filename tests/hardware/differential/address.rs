//! Random addresses in real places: the names are those of the postal table, in every way cards write them.

use std::sync::OnceLock;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::wording::{one, rarely, thai};

/// Room on the card.
const BYTES_MAX: usize = 160;
const BANGKOK: &str = "กรุงเทพมหานคร";
const TABLE: &str = include_str!("../../../crates/citizen/data/postal.txt");

/// An address as it is written, and what it says.
pub struct Written {
    /// Eight parts with `#` between them.
    pub text: String,
    pub line: String,
    /// Without the words in front.
    pub parts: [String; 8],
    pub postal_codes: Vec<String>,
    /// Which of the rarer ways of writing came up.
    pub kinds: Vec<&'static str>,
}

/// One row of the table.
struct Place {
    province: &'static str,
    district: &'static str,
    sub_district: &'static str,
    codes: Vec<&'static str>,
}

fn places() -> &'static [Place] {
    static PLACES: OnceLock<Vec<Place>> = OnceLock::new();
    PLACES.get_or_init(|| {
        let (mut province, mut district) = ("", "");
        let mut places = Vec::new();
        for line in TABLE.lines() {
            let (kind, rest) = line.split_at(1);
            match kind {
                "=" => province = rest,
                "+" => district = rest,
                _ => {
                    let mut words = rest.split(' ');
                    let sub_district = words.next().unwrap();
                    let codes = words.collect();
                    places.push(Place { province, district, sub_district, codes });
                }
            }
        }
        places
    })
}

/// One part: as the card writes it, and what it says.
#[derive(Clone, Default)]
struct Slot {
    written: String,
    says: String,
}

impl Slot {
    /// With one of the words in front, with or without a space, or with none.
    fn named(chance: &mut StdRng, name: &str, words: &[&str]) -> Self {
        // A name that begins with such a word is never written without one: nobody could tell.
        let bare = rarely(chance, 5) && !words.iter().any(|word| name.starts_with(word));
        let word = if bare || words.is_empty() { "" } else { one(chance, words) };
        let space = if !word.is_empty() && rarely(chance, 8) { " " } else { "" };
        Self { written: format!("{word}{space}{name}"), says: name.to_owned() }
    }

    fn sometimes(
        chance: &mut StdRng,
        one_in: u32,
        words: &[&str],
        name: fn(&mut StdRng) -> String,
    ) -> Self {
        if !rarely(chance, one_in) {
            return Self::default();
        }
        let name = name(chance);
        Self::named(chance, &name, words)
    }
}

/// An address of at most 160 bytes; one in twenty takes all of them.
pub fn random(chance: &mut StdRng) -> Written {
    let place = &places()[chance.random_range(0..places().len())];
    let mut kinds = Vec::new();
    let house = house(chance);
    let mut slots = [
        Slot::named(chance, &house, &[]),
        Slot::sometimes(chance, 2, &["หมู่ที่"], |chance| {
            chance.random_range(1..30).to_string()
        }),
        Slot::sometimes(chance, 8, &["ตรอก"], street),
        Slot::sometimes(chance, 3, &["ซอย"], street),
        Slot::sometimes(chance, 2, &["ถนน"], street),
        sub_district(chance, place, &mut kinds),
        district(chance, place, &mut kinds),
        Slot::named(chance, place.province, &["จังหวัด"]),
    ];
    for at in [4, 3, 2] {
        if bytes(&slots) > BYTES_MAX {
            slots[at] = Slot::default();
        }
    }
    if rarely(chance, 20) {
        let missing = BYTES_MAX - bytes(&slots);
        slots[4].written.push_str(&"ก".repeat(missing));
        slots[4].says.push_str(&"ก".repeat(missing));
        kinds.push("address of 160 bytes");
    }
    if bytes(&slots) > 100 {
        kinds.push("address of more than 100 bytes");
    }
    if slots[2..5].iter().all(|slot| !slot.says.is_empty()) {
        kinds.push("trok, soi and road");
    }
    if place.codes.len() > 1 {
        kinds.push("several postal codes");
    }
    if place.province == BANGKOK {
        kinds.push("Bangkok");
    }
    let text = slots.clone().map(|slot| slot.written).join("#");
    Written {
        line: text.replace('#', " ").split_whitespace().collect::<Vec<_>>().join(" "),
        text,
        parts: slots.map(|slot| slot.says),
        postal_codes: place.codes.iter().map(|code| (*code).to_owned()).collect(),
        kinds,
    }
}

/// On the card each character is one byte.
fn bytes(slots: &[Slot; 8]) -> usize {
    slots.iter().map(|slot| slot.written.chars().count()).sum::<usize>() + slots.len() - 1
}

fn sub_district(chance: &mut StdRng, place: &Place, kinds: &mut Vec<&'static str>) -> Slot {
    let mut name = place.sub_district.to_owned();
    if rarely(chance, 20) {
        // Typed as two letters that look like one.
        name = name.replace('แ', "เเ").replace('ำ', "\u{0E4D}า");
        kinds.push("vowels of two letters");
    }
    Slot::named(chance, &name, if place.province == BANGKOK { &["แขวง"] } else { &["ตำบล"] })
}

fn district(chance: &mut StdRng, place: &Place, kinds: &mut Vec<&'static str>) -> Slot {
    if place.province == BANGKOK {
        return Slot::named(chance, place.district, &["เขต"]);
    }
    let capital = place.district.strip_prefix("เมือง") == Some(place.province);
    if capital && rarely(chance, 10) {
        kinds.push("capital district without its province");
        return Slot {
            written: "อำเภอเมือง".to_owned(), says: "เมือง".to_owned()
        };
    }
    Slot::named(chance, place.district, &["อำเภอ", "กิ่งอำเภอ"])
}

fn house(chance: &mut StdRng) -> String {
    let number = chance.random_range(1..2000);
    match chance.random_range(0..5) {
        0 => format!("{number}/{}", chance.random_range(1..500)),
        1 => format!("{number}/{}-{}", chance.random_range(1..50), chance.random_range(50..99)),
        2 => format!("{number} ก"),
        _ => number.to_string(),
    }
}

/// A name of a street, sometimes with a number, sometimes with more spaces than it needs.
fn street(chance: &mut StdRng) -> String {
    let name = thai(chance, 16);
    let space = if rarely(chance, 10) { "  " } else { " " };
    let number = chance.random_range(1..120);
    match chance.random_range(0..4) {
        0 => format!("{name}{space}{number}"),
        1 => format!("{name}{space}{number}/{}", chance.random_range(1..30)),
        2 => format!("{name} - {}", thai(chance, 8)),
        _ => name,
    }
}
