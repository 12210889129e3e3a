//! Where the fields of layout `0003` lie in the applet's flat image.
//!
//! Everything that is known of the places is here and nowhere else. Fields nobody asks for are left out:
//! the issuing office and its code, the number under the photo, the signature.

use crate::error::Field;

/// The longest read that is proven on all cards.
pub(crate) const READ_BYTES_MAX: u8 = 0xFF;
/// Where the photo begins.
pub(crate) const PHOTO_OFFSET: u16 = 0x017B;
/// Room for the photo; what it does not fill is spaces.
pub(crate) const PHOTO_BYTES_MAX: u16 = 5118;

/// One field of the image.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    pub(crate) field: Field,
    pub(crate) offset: u16,
    /// In bytes.
    pub(crate) length: u8,
}

/// Neighbours that one read brings, or one read each where a card refuses that.
pub(crate) struct Stretch {
    /// What to call it in an error.
    pub(crate) field: Field,
    /// Without gaps.
    pub(crate) places: &'static [Place],
}

impl Stretch {
    /// Offset of the first place.
    pub(crate) fn offset(&self) -> u16 {
        self.places.first().map_or(0, |place| place.offset)
    }

    /// Bytes of all places.
    pub(crate) fn length(&self) -> u8 {
        self.places.iter().fold(0, |sum, place| sum + place.length)
    }
}

const fn place(field: Field, offset: u16, length: u8) -> Place {
    Place { field, offset, length }
}

pub(crate) const VERSION: Place = place(Field::Version, 0x0000, 4);
pub(crate) const CITIZEN_ID: Place = place(Field::CitizenId, 0x0004, 13);
pub(crate) const THAI_NAME: Place = place(Field::ThaiName, 0x0011, 100);
pub(crate) const ENGLISH_NAME: Place = place(Field::EnglishName, 0x0075, 100);
pub(crate) const BIRTH_DATE: Place = place(Field::BirthDate, 0x00D9, 8);
pub(crate) const SEX: Place = place(Field::Sex, 0x00E1, 1);
pub(crate) const REQUEST_NUMBER: Place = place(Field::RequestNumber, 0x00E2, 20);
pub(crate) const ISSUE_DATE: Place = place(Field::IssueDate, 0x0167, 8);
pub(crate) const EXPIRY_DATE: Place = place(Field::ExpiryDate, 0x016F, 8);
/// `01` for a citizen; read because it lies between what is asked for, and not looked at.
const CARD_TYPE: Place = place(Field::CardType, 0x0177, 2);
/// Big-endian.
pub(crate) const PHOTO_LENGTH: Place = place(Field::PhotoLength, 0x0179, 2);
pub(crate) const ADDRESS: Place = place(Field::Address, 0x1579, 160);

/// The first read: 246 bytes.
pub(crate) const HOLDER: Stretch = Stretch {
    field: Field::Holder,
    places: &[VERSION, CITIZEN_ID, THAI_NAME, ENGLISH_NAME, BIRTH_DATE, SEX, REQUEST_NUMBER],
};
/// What tells after a reset whether the card is still the same: the beginning of [`HOLDER`], 17 bytes.
pub(crate) const IDENTIFIER: Stretch =
    Stretch { field: Field::CitizenId, places: &[VERSION, CITIZEN_ID] };
/// The second read: 20 bytes, beginning behind the issuing office and its code.
pub(crate) const VALIDITY: Stretch =
    Stretch { field: Field::Validity, places: &[ISSUE_DATE, EXPIRY_DATE, CARD_TYPE, PHOTO_LENGTH] };
/// The third read: 160 bytes. Alone, most readers ask for 100 of them, so that is proven.
pub(crate) const ADDRESS_STRETCH: Stretch = Stretch {
    field: Field::Address,
    places: &[place(Field::Address, 0x1579, 100), place(Field::Address, 0x15DD, 60)],
};

#[cfg(test)]
mod tests {
    use super::{
        ADDRESS, ADDRESS_STRETCH, HOLDER, IDENTIFIER, PHOTO_BYTES_MAX, PHOTO_OFFSET, Stretch,
        VALIDITY,
    };

    #[track_caller]
    fn check(stretch: &Stretch, offset: u16, length: u8) {
        assert_eq!((stretch.offset(), stretch.length()), (offset, length));
        for pair in stretch.places.windows(2) {
            assert_eq!(pair[0].offset + u16::from(pair[0].length), pair[1].offset);
        }
    }

    #[test]
    fn the_places_of_a_stretch_lie_side_by_side() {
        check(&HOLDER, 0x0000, 0xF6);
        check(&IDENTIFIER, 0x0000, 0x11);
        check(&VALIDITY, 0x0167, 0x14);
        check(&ADDRESS_STRETCH, ADDRESS.offset, ADDRESS.length);
    }

    #[test]
    fn the_photo_lies_between_its_length_and_the_address() {
        assert_eq!(VALIDITY.offset() + u16::from(VALIDITY.length()), PHOTO_OFFSET);
        assert_eq!(PHOTO_OFFSET + PHOTO_BYTES_MAX, ADDRESS.offset);
    }
}
