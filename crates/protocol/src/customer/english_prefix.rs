//! English titles for cards that have none (Doubt D22).
//!
//! Ranks are not guessed: a partner that serves officers agrees on their English with the bank and
//! configures it.

use crate::dialect::Dialect;

/// Thai titles as cards print them, with the English that cards print beside them.
const TITLES: [(&str, &str); 8] = [
    ("นาย", "Mr."),
    ("นาง", "Mrs."),
    ("นางสาว", "Miss"),
    ("น.ส.", "Miss"),
    ("เด็กชาย", "Master"),
    ("ด.ช.", "Master"),
    ("เด็กหญิง", "Miss"),
    ("ด.ญ.", "Miss"),
];

/// The English title for a Thai one; the dialect's own come first.
pub(super) fn for_thai<'a>(thai: &str, dialect: &'a Dialect) -> Option<&'a str> {
    let configured = dialect.english_prefixes.iter().find(|prefix| prefix.thai == thai);
    configured
        .map(|prefix| prefix.english.as_str())
        .or_else(|| TITLES.iter().find(|(title, _)| *title == thai).map(|(_, english)| *english))
}
