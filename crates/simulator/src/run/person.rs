//! Invented people with their cards, and what one of them may be up to.
//! Nobody here exists; the numbers are those of the card library.

use std::sync::LazyLock;

use citizen::{
    Address, BirthDate, Bp1Number, ChipNumber, Citizen, CitizenId, Date, Expiry, Identity, Name,
    Photo, Script, Sex,
};
use protocol::Selfie;

/// A card, by its holder.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Card {
    Somchai,
    /// The same person's older card: another chip.
    SomchaisOther,
    Somying,
    /// Ran out years ago.
    Expired,
    /// Without an English name.
    Nameless,
}

impl Card {
    pub(crate) const ALL: [Self; 5] =
        [Self::Somchai, Self::SomchaisOther, Self::Somying, Self::Expired, Self::Nameless];

    /// What the chip says.
    pub(crate) fn citizen(self) -> Citizen {
        let (id, chip) = match self {
            Self::Somchai | Self::Expired | Self::Nameless => ("1111111111119", "6300c10e142f28a1"),
            Self::SomchaisOther => ("1111111111119", "6300c10e142f28a2"),
            Self::Somying => ("2222222222227", "6300c10e142f28a3"),
        };
        let mut citizen = SOMCHAI.clone();
        citizen.identity = Identity {
            citizen_id: CitizenId::parse(id).expect("an invented number with its check digit"),
            chip_number: ChipNumber::parse(chip).expect("sixteen hex digits"),
        };
        match self {
            Self::Expired => {
                citizen.expiry = Expiry::from_buddhist("25601231").expect("a day of 2017");
            }
            Self::Nameless => citizen.english_name = Name::default(),
            Self::Somchai | Self::SomchaisOther | Self::Somying => {}
        }
        citizen
    }
}

/// The smallest portrait.
pub(crate) fn photo() -> Photo {
    Photo::new(jpeg()).expect("begins and ends as JPEG does")
}

/// A selfie unlike the ones before it, in three sizes: its number is the ninth byte of each.
pub(crate) fn selfie(number: u8) -> Selfie {
    let sized = |bytes: usize| {
        let mut bytes = jpeg_of(bytes);
        if let Some(byte) = bytes.get_mut(8) {
            *byte = number;
        }
        bytes
    };
    let selfie = Selfie::new(sized(48)).and_then(|selfie| selfie.with_smaller(sized(36)));
    let selfie = selfie.and_then(|selfie| selfie.with_smaller(sized(24)));
    selfie.expect("begins and ends as JPEG does")
}

fn jpeg() -> Vec<u8> {
    jpeg_of(24)
}

fn jpeg_of(zeros: usize) -> Vec<u8> {
    [&[0xFF, 0xD8, 0xFF], vec![0; zeros].as_slice(), &[0xFF, 0xD9]].concat()
}

static SOMCHAI: LazyLock<Citizen> = LazyLock::new(|| {
    let slots = "99/1###ซอยสุขุมวิท 5#ถนนสุขุมวิท#แขวงคลองเตย#เขตคลองเตย#กรุงเทพมหานคร";
    let known = "an invented card in the layout of a real one";
    Citizen {
        identity: Identity {
            citizen_id: CitizenId::parse("1111111111119").expect(known),
            chip_number: ChipNumber::parse("6300c10e142f28a1").expect(known),
        },
        bp1_number: Bp1Number::parse("10994078500").expect(known),
        thai_name: Name::from_slots("นาย#สมชาย##ใจดี", Script::Thai).expect(known),
        english_name: Name::from_slots("Mr.#Somchai##Jaidee", Script::Latin).expect(known),
        birth_date: BirthDate::from_buddhist("25240501").expect(known),
        sex: Sex::Male,
        issue_date: Some(Date::new(2022, 1, 1).expect(known)),
        expiry: Expiry::On(Date::new(2030, 12, 31).expect(known)),
        address: Address::from_slots(slots).expect(known),
    }
});
