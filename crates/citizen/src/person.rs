//! A citizen: all that the card tells of its holder and we may ask.
//!
//! What is not asked has no place here: religion, the issuing office and its code, the laser number.

use crate::{
    Address, BirthDate, Bp1Number, ChipNumber, CitizenId, Date, Expiry, Name, redacted::redacted,
};

/// Which card this is, and whose.
#[derive(Clone, Eq, PartialEq)]
pub struct Identity {
    /// The holder's number.
    pub citizen_id: CitizenId,
    /// The chip's number.
    pub chip_number: ChipNumber,
}

/// The sex that the card states.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Sex {
    /// `1` on the card.
    Male,
    /// `2` on the card.
    Female,
}

/// The holder of a card.
#[derive(Clone, Eq, PartialEq)]
pub struct Citizen {
    /// Which card, and whose.
    pub identity: Identity,
    /// The request under which the card was made.
    pub bp1_number: Bp1Number,
    /// Name in Thai; the first name is never empty on a card that could be read.
    pub thai_name: Name,
    /// Name in English; wholly empty on some cards.
    pub english_name: Name,
    /// As precise as the card knows it.
    pub birth_date: BirthDate,
    /// As the card states it.
    pub sex: Sex,
    /// When the card was issued, if it says so to the day.
    pub issue_date: Option<Date>,
    /// Until when the card is valid.
    pub expiry: Expiry,
    /// Address of the house registration.
    pub address: Address,
}

redacted!(Citizen, Identity, Sex);

#[cfg(test)]
mod tests {
    use super::{Identity, Sex};
    use crate::{ChipNumber, CitizenId};

    fn identity(chip: u8) -> Identity {
        Identity {
            citizen_id: CitizenId::parse("1111111111119").unwrap(),
            chip_number: ChipNumber::from_bytes([chip; 8]),
        }
    }

    #[test]
    fn the_same_person_with_another_card_is_another_identity() {
        assert!(identity(1) == identity(1));
        assert!(identity(1) != identity(2));
    }

    #[test]
    fn debug_shows_nothing_of_the_holder() {
        assert_eq!(format!("{:?}", identity(1)), "Identity(‹redacted›)");
        assert_eq!(format!("{:?}", Sex::Female), "Sex(‹redacted›)");
    }
}
