//! Until when a card is valid: a day, or for the holder's life.
//!
//! Whether an expired card ends a journey is the session's decision; today is handed in.

use crate::{Date, DateError, redacted::redacted};

/// How a card says that it never expires. Subtracting 543 from it makes the famous year 9456.
const FOR_LIFE: &str = "99999999";

/// The end of a card's validity.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Expiry {
    /// The last day on which the card is valid.
    On(Date),
    /// The card never expires.
    ForLife,
}

impl Expiry {
    /// Reads `YYYYMMDD` in the Buddhist Era, or `99999999` for life.
    ///
    /// # Errors
    /// [`DateError`]; an expiry is known to the day or it is none.
    pub fn from_buddhist(text: &str) -> Result<Self, DateError> {
        if text == FOR_LIFE { Ok(Self::ForLife) } else { Date::from_buddhist(text).map(Self::On) }
    }

    /// Whether the card is no longer valid on this day; it still is on its last.
    #[must_use]
    pub fn expired_on(self, today: Date) -> bool {
        match self {
            Self::On(last) => today > last,
            Self::ForLife => false,
        }
    }
}

redacted!(Expiry);

#[cfg(test)]
mod tests {
    use super::Expiry;
    use crate::{Date, DateError};

    #[test]
    fn a_card_is_valid_on_its_last_day_and_not_on_the_next() {
        let expiry = Expiry::from_buddhist("25630229").unwrap();
        assert!(!expiry.expired_on(Date::new(2020, 2, 29).unwrap()));
        assert!(expiry.expired_on(Date::new(2020, 3, 1).unwrap()));
    }

    #[test]
    fn a_card_for_life_never_expires() {
        let expiry = Expiry::from_buddhist("99999999").unwrap();
        assert!(expiry == Expiry::ForLife);
        assert!(!expiry.expired_on(Date::new(9999, 12, 31).unwrap()));
    }

    #[test]
    fn one_text_of_all_that_begin_like_it_is_for_life() {
        for end in 0..10_000 {
            let expiry = Expiry::from_buddhist(&format!("9999{end:04}"));
            assert_eq!(expiry.is_ok(), end == 9999, "9999{end:04}");
        }
    }

    #[test]
    fn an_unknown_end_is_an_error_and_not_for_life() {
        for (text, error) in [
            ("", DateError::Unknown),
            ("25690000", DateError::Unknown),
            ("99991299", DateError::Year),
            ("99991231", DateError::Year),
            ("99990000", DateError::Year),
            ("9999999", DateError::Form),
        ] {
            assert_eq!(Expiry::from_buddhist(text), Err(error), "{text}");
        }
    }
}
