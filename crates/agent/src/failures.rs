//! The sentences of `config/failures.toml`: what happened and what to do, in Thai and English.
//!
//! The file is part of the program, read strictly and once. Which key belongs to which failure is decided
//! in `protocol` (codes, wrong codes) and `session` (local failures); the page only shows.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

/// The file's text, as it stood when the program was built.
const FILE: &str = include_str!("../../../config/failures.toml");
/// What is shown for a key that the file does not know.
const FALLBACK: &str = "out_of_service";

static TABLE: OnceLock<BTreeMap<String, Sentences>> = OnceLock::new();

/// What a screen says of one failure. Plain text, no markup.
#[derive(Debug, Eq, PartialEq)]
pub struct Sentences {
    /// What happened, in Thai.
    pub thai: String,
    /// What happened, in English.
    pub english: String,
    /// What to do, in Thai.
    pub remedy_thai: String,
    /// What to do, in English.
    pub remedy_english: String,
}

impl Sentences {
    /// The sentences of a key; those of `out_of_service` for a key that the file does not know.
    #[must_use]
    pub fn of(key: &str) -> &'static Self {
        let table = TABLE.get_or_init(table);
        table
            .get(key)
            .or_else(|| table.get(FALLBACK))
            .expect("a test reads the file and finds the fallback in it")
    }

    /// Does the file know this key?
    #[must_use]
    pub fn known(key: &str) -> bool {
        TABLE.get_or_init(table).contains_key(key)
    }
}

fn table() -> BTreeMap<String, Sentences> {
    read(FILE).expect("a test reads the file that is built in")
}

fn read(text: &str) -> Result<BTreeMap<String, Sentences>, toml::de::Error> {
    let entries: BTreeMap<String, Entry> = toml::from_str(text)?;
    Ok(entries.into_iter().map(|(key, entry)| (key, entry.into())).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    thai: String,
    english: String,
    remedy: Remedy,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remedy {
    thai: String,
    english: String,
}

impl From<Entry> for Sentences {
    fn from(entry: Entry) -> Self {
        Self {
            thai: entry.thai,
            english: entry.english,
            remedy_thai: entry.remedy.thai,
            remedy_english: entry.remedy.english,
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::WrongCode;
    use session::LocalFailure;

    use super::*;

    /// `journey.md`: at most 25 words on a failure screen.
    const WORDS_MAX: usize = 25;
    /// Thai writes no spaces between words; five characters a word is generous.
    const THAI_CHARACTERS_MAX: usize = 5 * WORDS_MAX;

    #[test]
    fn every_key_that_the_code_table_uses_has_its_sentences() {
        for row in protocol::table() {
            assert!(Sentences::known(row.ruling.text), "{} of {}", row.ruling.text, row.condition);
        }
    }

    #[test]
    fn every_local_failure_and_wrong_code_has_its_sentences() {
        let local = LocalFailure::ALL.iter().map(LocalFailure::text);
        for key in local.chain(WrongCode::ALL.map(WrongCode::text)) {
            assert!(Sentences::known(key), "{key}");
        }
    }

    #[test]
    fn an_unknown_key_is_out_of_service() {
        assert_eq!(Sentences::of("no_such_key"), Sentences::of(FALLBACK));
        assert!(!Sentences::known("no_such_key"));
    }

    #[test]
    fn no_failure_needs_more_than_25_words() {
        for (key, said) in TABLE.get_or_init(table) {
            let words =
                said.english.split_whitespace().chain(said.remedy_english.split_whitespace());
            assert!(words.count() <= WORDS_MAX, "{key}: too many words in English");
            let thai = said.thai.chars().chain(said.remedy_thai.chars());
            assert!(thai.count() <= THAI_CHARACTERS_MAX, "{key}: too long in Thai");
        }
    }

    #[test]
    fn every_sentence_is_in_its_own_language_and_without_markup() {
        let is_thai = |character: char| ('\u{0e01}'..='\u{0e5b}').contains(&character);
        for (key, said) in TABLE.get_or_init(table) {
            for thai in [&said.thai, &said.remedy_thai] {
                assert!(thai.chars().any(is_thai), "{key}: no Thai");
            }
            for english in [&said.english, &said.remedy_english] {
                assert!(!english.is_empty() && !english.chars().any(is_thai), "{key}: no English");
            }
            let all = [&said.thai, &said.remedy_thai, &said.english, &said.remedy_english];
            assert!(all.iter().all(|text| !text.contains(['<', '>'])), "{key}: markup");
        }
    }

    #[track_caller]
    fn check_refused(text: &str) {
        assert!(read(text).is_err(), "{text}");
    }

    #[test]
    fn a_file_with_anything_missing_or_unknown_is_refused() {
        check_refused("[a]\nthai = \"ก\"\nenglish = \"a\"");
        check_refused("[a]\nthai = \"ก\"\nremedy = { thai = \"ก\", english = \"a\" }");
        check_refused("[a]\nthai = \"ก\"\nenglish = \"a\"\nremedy = { thai = \"ก\" }");
        check_refused(
            "[a]\nthai = \"ก\"\nenglish = \"a\"\ncode = 1\nremedy = { thai = \"ก\", english = \"a\" }",
        );
        check_refused("a = 1");
    }

    #[test]
    fn the_blacklist_says_what_any_neutral_refusal_says() {
        let neutral = Sentences::of("refused");
        let text = format!("{}{}", neutral.english, neutral.remedy_english).to_lowercase();
        assert!(!text.contains("blacklist") && !text.contains("list"));
    }
}
