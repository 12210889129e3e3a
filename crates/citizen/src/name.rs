//! A person's name in its parts, and how the card separates them.
//!
//! The card writes `prefix#first#middle#last`, some cards leave the middle slot out. What the bank, which
//! has no middle name, gets is `protocol`'s decision.

use thiserror::Error;

use crate::{Text, redacted::redacted};

/// Punctuation that occurs in Thai and foreign names and titles.
const PUNCTUATION: [char; 8] = [' ', '\'', '(', ')', ',', '-', '.', '/'];

/// A name in one script; every part may be empty.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Name {
    /// Title or rank: `นาย`, `น.ส.`, `Mr.`.
    pub prefix: Text,
    /// Given name.
    pub first: Text,
    /// Middle name; usually empty.
    pub middle: Text,
    /// Family name; a few people have none.
    pub last: Text,
}

/// In which letters a name must be written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Script {
    /// Thai letters; Latin ones too, since some foreigners' names stay as they are.
    Thai,
    /// Latin letters alone.
    Latin,
}

/// A part of a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NamePart {
    /// Title or rank.
    Prefix,
    /// Given name.
    First,
    /// Middle name.
    Middle,
    /// Family name.
    Last,
}

/// Why a text is no name.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum NameError {
    /// Neither three nor four parts.
    #[error("splitting a name: got {got} parts, expected 3 or 4")]
    Slots {
        /// Parts between `#` signs.
        got: usize,
    },
    /// A character that no name of this script has.
    #[error("splitting a name: the {part:?} part has a character that no {script:?} name has")]
    Character {
        /// Where it stands.
        part: NamePart,
        /// What was expected.
        script: Script,
    },
}

impl Name {
    /// Splits `prefix#first#middle#last` or `prefix#first#last`; blank text is an empty name.
    ///
    /// # Errors
    /// [`NameError`] for another number of parts, or for digits, signs and letters of another script.
    pub fn from_slots(text: &str, script: Script) -> Result<Self, NameError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut slots = text.split('#').map(str::trim);
        let first_four = [(); 4].map(|()| slots.next());
        let [prefix, first, middle, last] = match first_four {
            [Some(prefix), Some(first), Some(middle), Some(last)] if slots.next().is_none() => {
                [prefix, first, middle, last]
            }
            [Some(prefix), Some(first), Some(last), None] => [prefix, first, "", last],
            _ => return Err(NameError::Slots { got: text.split('#').count() }),
        };
        Ok(Self {
            prefix: part(prefix, NamePart::Prefix, script)?,
            first: part(first, NamePart::First, script)?,
            middle: part(middle, NamePart::Middle, script)?,
            last: part(last, NamePart::Last, script)?,
        })
    }

    /// Whether no part is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        [&self.prefix, &self.first, &self.middle, &self.last].into_iter().all(Text::is_empty)
    }
}

/// One part, if all its characters may occur in a name.
fn part(text: &str, part: NamePart, script: Script) -> Result<Text, NameError> {
    let known = |letter: char| {
        letter.is_ascii_alphabetic()
            || PUNCTUATION.contains(&letter)
            || script == Script::Thai && is_thai_letter(letter)
    };
    if text.chars().all(known) {
        Ok(Text::from(text))
    } else {
        Err(NameError::Character { part, script })
    }
}

/// Consonants, vowels, tone marks, ฯ and ๆ; not ฿, digits or section marks.
const fn is_thai_letter(letter: char) -> bool {
    matches!(letter, 'ก'..='\u{0E3A}' | 'เ'..='\u{0E4E}')
}

redacted!(Name);

#[cfg(test)]
mod tests {
    use super::{Name, NameError, NamePart, Script};

    #[track_caller]
    fn check(text: &str, script: Script, expected: Result<[&str; 4], NameError>) {
        let parsed = Name::from_slots(text, script);
        let parts = parsed.as_ref().map_err(|error| *error).map(|name| {
            [&name.prefix, &name.first, &name.middle, &name.last].map(super::Text::as_str)
        });
        assert_eq!(parts, expected);
    }

    #[test]
    fn a_name_without_a_middle_part() {
        check("นาย#สมชาย##ใจดี", Script::Thai, Ok(["นาย", "สมชาย", "", "ใจดี"]));
        check("Mr.#Somchai##Jaidee", Script::Latin, Ok(["Mr.", "Somchai", "", "Jaidee"]));
    }

    #[test]
    fn a_name_with_a_middle_part() {
        check("น.ส.#มาลี#แอนน์#ทดสอบ", Script::Thai, Ok(["น.ส.", "มาลี", "แอนน์", "ทดสอบ"]));
    }

    #[test]
    fn a_card_that_leaves_the_middle_slot_out() {
        check("นาง#มาลี#ทดสอบ", Script::Thai, Ok(["นาง", "มาลี", "", "ทดสอบ"]));
    }

    #[test]
    fn blank_text_is_an_empty_name() {
        for text in ["", "   ", "###", " # # "] {
            check(text, Script::Latin, Ok(["", "", "", ""]));
            assert!(Name::from_slots(text, Script::Latin).unwrap().is_empty());
        }
    }

    #[test]
    fn a_person_without_a_family_name() {
        check("นาย#สมชาย##", Script::Thai, Ok(["นาย", "สมชาย", "", ""]));
    }

    #[test]
    fn titles_and_foreign_names_keep_their_punctuation() {
        check(
            "ว่าที่ ร.ต. (หญิง)#อัน-นา##ณ อยุธยา",
            Script::Thai,
            Ok(["ว่าที่ ร.ต. (หญิง)", "อัน-นา", "", "ณ อยุธยา"]),
        );
        check("Miss#Jane##O'Neil, Jr.", Script::Latin, Ok(["Miss", "Jane", "", "O'Neil, Jr."]));
    }

    #[test]
    fn another_number_of_parts_is_refused() {
        check("สมชาย", Script::Thai, Err(NameError::Slots { got: 1 }));
        check("สมชาย#ใจดี", Script::Thai, Err(NameError::Slots { got: 2 }));
        check("ก#ข#ค#ง#จ", Script::Thai, Err(NameError::Slots { got: 5 }));
    }

    /// Every letter of a Thai name, written out: consonants, vowels, tone marks, ฯ and ๆ.
    const THAI_LETTERS: &str = "กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรฤลฦวศษสหฬอฮฯะ\u{E31}าำ\u{E34}\u{E35}\u{E36}\u{E37}\u{E38}\u{E39}\u{E3A}เแโใไๅๆ\u{E47}\u{E48}\u{E49}\u{E4A}\u{E4B}\u{E4C}\u{E4D}\u{E4E}";
    const LATIN_LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const MARKS: &str = " '(),-./";

    #[test]
    fn of_all_characters_these_and_no_others_stand_in_a_name() {
        let mut found = [String::new(), String::new()];
        for letter in ('\0'..=char::MAX).filter(|letter| *letter != '#') {
            let text = format!("ก#ข{letter}ค##ง");
            found[0].extend(Name::from_slots(&text, Script::Thai).ok().map(|_| letter));
            let text = format!("A#B{letter}C##D");
            found[1].extend(Name::from_slots(&text, Script::Latin).ok().map(|_| letter));
        }
        let sorted = |sets: &[&str]| {
            let mut letters: Vec<char> = sets.concat().chars().collect();
            letters.sort_unstable();
            letters.into_iter().collect::<String>()
        };
        assert_eq!(found[0], sorted(&[THAI_LETTERS, LATIN_LETTERS, MARKS]));
        assert_eq!(found[1], sorted(&[LATIN_LETTERS, MARKS]));
    }

    #[test]
    fn what_no_name_has_is_refused() {
        let error = |part, script| Err(NameError::Character { part, script });
        check("นาย#สม1ชาย##ใจดี", Script::Thai, error(NamePart::First, Script::Thai));
        check("นาย#สมชาย##ใจ๑ดี", Script::Thai, error(NamePart::Last, Script::Thai));
        check("นาย#สมชาย#฿#ใจดี", Script::Thai, error(NamePart::Middle, Script::Thai));
        check("<b>#สมชาย##ใจดี", Script::Thai, error(NamePart::Prefix, Script::Thai));
        check("Mr.#สมชาย##Jaidee", Script::Latin, error(NamePart::First, Script::Latin));
        check("นาย#สม\u{200B}ชาย##ใจดี", Script::Thai, error(NamePart::First, Script::Thai));
    }
}
