//! How an evil card misbehaves: from which command on, and in which way.
//!
//! Owns the format of `tests/cards/evil`, and the few offsets by which such a card tells what it is asked
//! for. Conduct that is a reader's and not a card's (`silent gone`), and cards that are others after a
//! reset, cannot be played here.

use thiserror::Error;

/// Misconduct, from its first command on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Conduct {
    begins: Stage,
    pub(super) way: Way,
}

/// What the card does once it has begun.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Way {
    /// Says these words in turn, whatever it is asked.
    Says(Vec<Vec<u8>>),
    /// Gives so many bytes at a time and announces the next.
    Drips(usize),
    /// Says what it was asked, and success.
    Echoes,
    /// Falls silent.
    Mute,
    /// Leaves the reader.
    Leaves,
    /// Gives data as an honest card does, but other data.
    Gives(Change),
}

/// What becomes of the data that an honest card would give.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Change {
    /// So many bytes are left out.
    Short(usize),
    /// So many bytes are added.
    Long(usize),
    /// One byte more is left out each time.
    Wavers,
    /// The first data come again and again, cut to what was asked for.
    Repeats,
}

/// What a command asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    ChipNumber,
    Applet,
    Holder,
    Validity,
    Address,
    Photo,
}

/// A text that is no conduct of a card.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ConductError {
    /// A line is missing.
    #[error("reading an evil card: expected the lines image, from and conduct")]
    Line,
    /// No stage of that name.
    #[error("reading an evil card: expected a stage of tests/cards/README.md")]
    Stage,
    /// No such way, or none that a card could have.
    #[error("reading an evil card: expected a conduct that a card can have by itself")]
    Way,
}

impl Conduct {
    /// The name of the image that is on an evil card, and how the card misbehaves.
    ///
    /// # Errors
    /// [`ConductError`] by what would have to be right.
    pub fn parse(text: &str) -> Result<(&str, Self), ConductError> {
        let value = |key: &str| {
            let mut lines = text.lines();
            lines
                .find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))
                .ok_or(ConductError::Line)
        };
        let begins = stage(value("from")?).ok_or(ConductError::Stage)?;
        let way = way(value("conduct")?).ok_or(ConductError::Way)?;
        Ok((value("image")?, Self { begins, way }))
    }

    /// Is this the command with which it begins?
    pub(super) fn begins_with(&self, command: &[u8]) -> bool {
        asked_for(command) == Some(self.begins)
    }
}

impl Change {
    /// What is given instead of the data; `turn` counts from 1, `first` is what was given first.
    pub(super) fn of(self, mut data: Vec<u8>, turn: usize, first: &[u8]) -> Vec<u8> {
        let asked = data.len();
        match self {
            Self::Short(bytes) => data.truncate(asked.saturating_sub(bytes)),
            Self::Long(bytes) => data.resize(asked + bytes, b' '),
            Self::Wavers => data.truncate(asked.saturating_sub(turn)),
            Self::Repeats => data = first.iter().copied().take(asked).collect(),
        }
        data
    }
}

/// By the places of the card's fields.
fn asked_for(command: &[u8]) -> Option<Stage> {
    match *command {
        [0x80, 0xCA, ..] => Some(Stage::ChipNumber),
        [0x00, 0xA4, 0x04, 0x00, 0x08, ..] => Some(Stage::Applet),
        [0x80, 0xB0, high, low, ..] => Some(match u16::from_be_bytes([high, low]) {
            0x0000..0x0167 => Stage::Holder,
            0x0167..0x017B => Stage::Validity,
            0x017B..0x1579 => Stage::Photo,
            _ => Stage::Address,
        }),
        _ => None,
    }
}

fn stage(word: &str) -> Option<Stage> {
    Some(match word {
        "chip-number" => Stage::ChipNumber,
        "applet" => Stage::Applet,
        "holder" => Stage::Holder,
        "validity" => Stage::Validity,
        "address" => Stage::Address,
        "photo" => Stage::Photo,
        _ => return None,
    })
}

fn way(words: &str) -> Option<Way> {
    let words: Vec<&str> = words.split(' ').collect();
    Some(match *words.as_slice() {
        ["says", "-"] => Way::Says(vec![Vec::new()]),
        ["says", ref said @ ..] if !said.is_empty() => {
            Way::Says(said.iter().map(|digits| hex(digits)).collect::<Option<_>>()?)
        }
        ["drips", bytes] => Way::Drips(bytes.parse().ok().filter(|bytes| *bytes > 0)?),
        ["echoes"] => Way::Echoes,
        ["silent", "timed-out"] => Way::Mute,
        ["silent", "removed"] => Way::Leaves,
        ["short", bytes] => Way::Gives(Change::Short(bytes.parse().ok()?)),
        ["long", bytes] => Way::Gives(Change::Long(bytes.parse().ok()?)),
        ["wavers"] => Way::Gives(Change::Wavers),
        ["repeats"] => Way::Gives(Change::Repeats),
        _ => return None,
    })
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let byte = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(conduct: &str, expected: Result<Way, ConductError>) {
        let text = format!("# Evil.\nimage = somchai\nfrom = photo\nconduct = {conduct}\n");
        let read = Conduct::parse(&text);
        let expected = expected.map(|way| ("somchai", Conduct { begins: Stage::Photo, way }));
        assert_eq!(read, expected, "{conduct}");
    }

    #[test]
    fn each_way_is_read() {
        check("says 6110 01026C05", Ok(Way::Says(vec![vec![0x61, 0x10], vec![1, 2, 0x6C, 5]])));
        check("says -", Ok(Way::Says(vec![vec![]])));
        check("drips 3", Ok(Way::Drips(3)));
        check("echoes", Ok(Way::Echoes));
        check("silent timed-out", Ok(Way::Mute));
        check("silent removed", Ok(Way::Leaves));
        check("short 18", Ok(Way::Gives(Change::Short(18))));
        check("long 1", Ok(Way::Gives(Change::Long(1))));
        check("wavers", Ok(Way::Gives(Change::Wavers)));
        check("repeats", Ok(Way::Gives(Change::Repeats)));
    }

    #[test]
    fn what_no_card_can_do_by_itself_is_refused() {
        for words in [
            "silent gone",
            "becomes bangkok",
            "says",
            "says 6",
            "says zz",
            "drips 0",
            "short x",
            "",
        ] {
            check(words, Err(ConductError::Way));
        }
        let text = |from| format!("image = somchai\nfrom = {from}\nconduct = echoes\n");
        assert_eq!(Conduct::parse(&text("second-reading")), Err(ConductError::Stage));
        assert_eq!(Conduct::parse("from = photo\nconduct = echoes\n"), Err(ConductError::Line));
    }

    #[test]
    fn it_begins_with_the_command_for_its_stage() {
        let begins = |stage, command: &[u8]| {
            Conduct { begins: stage, way: Way::Echoes }.begins_with(command)
        };
        assert!(begins(Stage::ChipNumber, &[0x80, 0xCA, 0x9F, 0x7F, 0x2D]));
        assert!(begins(Stage::Applet, &[0x00, 0xA4, 0x04, 0x00, 0x08, 0xA0]));
        assert!(begins(Stage::Holder, &[0x80, 0xB0, 0x00, 0x04, 2, 0, 13]));
        assert!(begins(Stage::Validity, &[0x80, 0xB0, 0x01, 0x67, 2, 0, 8]));
        assert!(begins(Stage::Photo, &[0x80, 0xB0, 0x01, 0x7B, 2, 0, 255]));
        assert!(begins(Stage::Address, &[0x80, 0xB0, 0x15, 0x79, 2, 0, 100]));
        assert!(!begins(Stage::Photo, &[0x00, 0xC0, 0x00, 0x00, 0xFF]));
    }

    #[test]
    fn data_are_changed_as_the_way_says() {
        let of = |change: Change, turn| change.of(vec![1, 2, 3], turn, &[9, 8, 7, 6]);
        assert_eq!(of(Change::Short(1), 1), [1, 2]);
        assert_eq!(of(Change::Short(9), 1), [0; 0]);
        assert_eq!(of(Change::Long(2), 1), [1, 2, 3, b' ', b' ']);
        assert_eq!(of(Change::Wavers, 2), [1]);
        assert_eq!(of(Change::Repeats, 3), [9, 8, 7]);
    }
}
