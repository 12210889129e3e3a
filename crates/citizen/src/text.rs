//! Personal text: a string that is wiped when dropped and never printed.
//!
//! It checks nothing; the types that hold it do.

use zeroize::Zeroizing;

use crate::redacted::redacted;

/// A piece of personal text in UTF-8. Dropping it overwrites its memory.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Text(Zeroizing<String>);

impl Text {
    /// Takes the text over; the string's own memory is the one that will be wiped.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

redacted!(Text);

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn debug_never_shows_the_text() {
        assert_eq!(format!("{:?}", Text::from("สมชาย")), "Text(‹redacted›)");
        assert_eq!(format!("{:#?}", Some(Text::default())).matches("‹redacted›").count(), 1);
    }

    #[test]
    fn equal_text_is_equal_and_no_text_is_empty() {
        assert_eq!(Text::new("ก".to_owned()), Text::from("ก"));
        assert!(Text::default().is_empty());
        assert!(!Text::from(" ").is_empty());
    }
}
