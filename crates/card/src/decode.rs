//! From stretches of the card's image to a citizen.
//!
//! Every value is checked by the type it becomes; an error names the field and never the data. A field is
//! decoded on the stack, so that nothing is allocated but the texts that are kept. What the
//! bank makes of partly known dates or empty names is `protocol`'s.

use citizen::{
    Address, BirthDate, Bp1Number, Citizen, CitizenId, Date, Expiry, Identity, Name, Script, Sex,
};
use zeroize::Zeroizing;

use crate::{
    error::{CardError, TextError},
    map::{
        ADDRESS, BIRTH_DATE, CITIZEN_ID, ENGLISH_NAME, EXPIRY_DATE, ISSUE_DATE, PHOTO_BYTES_MAX,
        PHOTO_LENGTH, Place, REQUEST_NUMBER, SEX, Stretch, THAI_NAME, VERSION,
    },
    tis620,
};

/// A stretch as it was read; wiped on drop.
pub(crate) struct Section {
    pub(crate) stretch: &'static Stretch,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

impl Section {
    /// The bytes of one place.
    fn bytes(&self, place: Place) -> Result<&[u8], CardError> {
        let (field, expected) = (place.field, usize::from(place.length));
        let start = usize::from(place.offset.saturating_sub(self.stretch.offset()));
        let got = self.bytes.len().saturating_sub(start);
        self.bytes.get(start..start + expected).ok_or(CardError::Length { field, expected, got })
    }

    /// The text of one place, without its padding, made into a value.
    fn value<T, E: Into<TextError>>(
        &self,
        place: Place,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, CardError> {
        let error = |source| CardError::Text { field: place.field, source };
        let parsed = tis620::decode(self.bytes(place)?, parse);
        parsed.map_err(|bytes| error(bytes.into()))?.map_err(|rule| error(rule.into()))
    }
}

/// How much of the photo's room the photo takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum PhotoExtent {
    /// As long as the card says, in bytes.
    Stated(u16),
    /// The card does not say: read all the room, and cut behind the last end of a JPEG.
    Unstated,
}

impl PhotoExtent {
    /// Bytes to read.
    pub(crate) const fn bytes(self) -> u16 {
        match self {
            Self::Stated(length) => length,
            Self::Unstated => PHOTO_BYTES_MAX,
        }
    }
}

/// Refuses every layout but `0003`.
///
/// # Errors
/// [`CardError::OldLayout`] for `0002`, [`CardError::UnknownLayout`] for any other.
pub(crate) fn layout(holder: &Section) -> Result<(), CardError> {
    let version = |text: &str| match text {
        "0003" => Ok(Ok(())),
        "0002" => Ok(Err(CardError::OldLayout)),
        _ => Ok(Err(CardError::UnknownLayout)),
    };
    holder.value::<_, TextError>(VERSION, version)?
}

/// The holder's number.
///
/// # Errors
/// [`CardError::Text`] naming the citizen id.
pub(crate) fn citizen_id(holder: &Section) -> Result<CitizenId, CardError> {
    holder.value(CITIZEN_ID, CitizenId::parse)
}

/// All that the three stretches tell of the holder.
///
/// # Errors
/// [`CardError::Text`] naming the first field that is not what it must be.
pub(crate) fn citizen(
    identity: &Identity,
    holder: &Section,
    validity: &Section,
    address: &Section,
) -> Result<Citizen, CardError> {
    Ok(Citizen {
        identity: identity.clone(),
        bp1_number: holder.value(REQUEST_NUMBER, bp1_number)?,
        thai_name: holder.value(THAI_NAME, thai_name)?,
        english_name: holder.value(ENGLISH_NAME, |text| Name::from_slots(text, Script::Latin))?,
        birth_date: holder.value(BIRTH_DATE, BirthDate::from_buddhist)?,
        sex: holder.value(SEX, sex)?,
        issue_date: validity.value(ISSUE_DATE, Date::from_buddhist_if_known)?,
        expiry: validity.value(EXPIRY_DATE, Expiry::from_buddhist)?,
        address: address.value(ADDRESS, written_address)?,
    })
}

/// How long the photo is by the card's own word.
///
/// # Errors
/// [`CardError::Length`] if the stretch does not reach that far.
pub(crate) fn photo_extent(validity: &Section) -> Result<PhotoExtent, CardError> {
    let length = validity.bytes(PHOTO_LENGTH)?;
    let stated = length.iter().fold(0, |sum, byte| sum << 8 | u16::from(*byte));
    Ok(if (1..=PHOTO_BYTES_MAX).contains(&stated) {
        PhotoExtent::Stated(stated)
    } else {
        PhotoExtent::Unstated
    })
}

/// The request number block holds the BP1 number, a slash, and what nobody asks for.
fn bp1_number(text: &str) -> Result<Bp1Number, TextError> {
    let number = text.split('/').next().unwrap_or_default().trim();
    if number.is_empty() {
        return Err(TextError::Blank);
    }
    Ok(Bp1Number::parse(number)?)
}

/// Nobody is without a first name: a card that says so was misread.
fn thai_name(text: &str) -> Result<Name, TextError> {
    let name = Name::from_slots(text, Script::Thai)?;
    if name.first.is_empty() { Err(TextError::Blank) } else { Ok(name) }
}

fn sex(text: &str) -> Result<Sex, TextError> {
    match text {
        "1" => Ok(Sex::Male),
        "2" => Ok(Sex::Female),
        _ => Err(TextError::Sex),
    }
}

fn written_address(text: &str) -> Result<Address, TextError> {
    if text.is_empty() { Err(TextError::Blank) } else { Ok(Address::from_slots(text)?) }
}
