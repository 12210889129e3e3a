//! What is known of single devices: the heads of the notes in `firmware-notes/`.
//!
//! The notes are part of the program and read strictly: a closed set of keys for each folder, five headings,
//! every fault with file and line. What a key brings about is the work of whoever asks; the code knows keys,
//! no models. How a note is written is `note`'s to know.

mod note;

use std::sync::OnceLock;
use std::time::Duration;

use serde::Deserialize;

use crate::ports::ReaderError;

use self::note::{CardKeys, Head, Keys, ReaderKeys, fits};

pub use self::note::QuirkError;

/// A note's path from the top of the project, and its text as it stood when the program was built.
macro_rules! note {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../", $path)))
    };
}

/// Every note there is; a test compares it with the folder.
const NOTES: [(&str, &str); 19] = [
    note!("firmware-notes/cameras/uvc-metadata-node.md"),
    note!("firmware-notes/cards/th-nid-6.md"),
    note!("firmware-notes/cards/thai-3b67.md"),
    note!("firmware-notes/readers/acs-acr122u.md"),
    note!("firmware-notes/readers/acs-acr1281-sam.md"),
    note!("firmware-notes/readers/acs-acr39u.md"),
    note!("firmware-notes/readers/acs-acr3x-renamed.md"),
    note!("firmware-notes/readers/alcor-ak9563.md"),
    note!("firmware-notes/readers/alcor-au9540.md"),
    note!("firmware-notes/readers/any-contactless.md"),
    note!("firmware-notes/readers/any-picc.md"),
    note!("firmware-notes/readers/any-sam.md"),
    note!("firmware-notes/scanners/keyboard-mode.md"),
    note!("firmware-notes/services/duplicate-entries.md"),
    note!("firmware-notes/services/pcscd-restart.md"),
    note!("firmware-notes/services/plugging.md"),
    note!("firmware-notes/services/polkit.md"),
    note!("firmware-notes/services/usb-timeouts.md"),
    note!("firmware-notes/services/windows-without-reader.md"),
];

static BUILTIN: OnceLock<Quirks> = OnceLock::new();

/// The notes, ready to be asked.
#[derive(Debug, Default)]
pub struct Quirks {
    readers: Vec<Entry<ReaderKeys>>,
    cards: Vec<Entry<CardKeys>>,
    peripherals: Vec<(Peripheral, Entry<()>)>,
    services: Vec<(ReaderError, Note)>,
}

/// One note, for the devices that its pattern fits.
#[derive(Debug)]
struct Entry<K> {
    /// In lower case, with `*` for any run of characters.
    pattern: String,
    grade: Grade,
    keys: K,
    note: Note,
}

/// What the notes say of one reader.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReaderQuirk {
    /// What to expect of it.
    pub grade: Grade,
    /// Between an insertion and the first connect; at most 5 s.
    pub settle: Duration,
    /// Within which time a card's identity must come; `None`: as long as any card needs.
    pub identity_within: Option<Duration>,
    /// How many calls may hang in it before it is left alone; `None`: as many as in any reader.
    pub hanging_max: Option<u8>,
    /// Where it is written, the most exact first; none for a reader that no note is about.
    pub notes: Vec<Note>,
}

/// What the notes say of cards with one answer to reset.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CardQuirk {
    /// P2 of GET RESPONSE, to be tried once the card has refused `00` with `6A 86`.
    pub get_response_p2: Option<u8>,
    /// Where it is written, the most exact first.
    pub notes: Vec<Note>,
}

/// A device that is neither reader nor card.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Peripheral {
    /// By its device file or its name.
    Camera,
    /// By its device file.
    Scanner,
    /// By its device file.
    Printer,
}

/// A note for people to read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note {
    /// From the top of the project, `firmware-notes/readers/….md`.
    pub path: String,
    /// The device as its label names it.
    pub title: String,
}

/// What to expect of a device.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Seen to work.
    Works,
    /// Nothing is known against it.
    ShouldWork,
    /// It cannot do what is needed and is never used.
    Refuse,
}

impl Grade {
    /// The word of the note.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::ShouldWork => "should-work",
            Self::Refuse => "refuse",
        }
    }
}

impl Quirks {
    /// The notes that the program was built with.
    #[must_use]
    pub fn builtin() -> &'static Self {
        BUILTIN.get_or_init(|| Self::parse(&NOTES).expect("a test reads every note of the list"))
    }

    /// Reads notes, each given by its path and its text.
    ///
    /// # Errors
    /// [`QuirkError`] for the first note that is not as it must be.
    pub fn parse(notes: &[(&str, &str)]) -> Result<Self, QuirkError> {
        let mut quirks = Self::default();
        for (path, text) in notes {
            quirks.add(Head::parse(path, text)?);
        }
        Ok(quirks)
    }

    fn add(&mut self, head: Head) {
        let Head { keys, grade, note } = head;
        match keys {
            Keys::Reader(pattern, keys) => self.readers.push(Entry { pattern, grade, keys, note }),
            Keys::Card(pattern, keys) => self.cards.push(Entry { pattern, grade, keys, note }),
            Keys::Peripheral(kind, pattern) => {
                self.peripherals.push((kind, Entry { pattern, grade, keys: (), note }));
            }
            Keys::Service(fault) => self.services.push((fault, note)),
        }
    }

    /// What is known of the reader with this full PC/SC name. Of several notes about it, each key is taken
    /// from the one with the longest pattern that sets it.
    #[must_use]
    pub fn for_reader(&self, name: &str) -> ReaderQuirk {
        let fitting = fitting(&self.readers, name);
        let key = |of: fn(&ReaderKeys) -> Option<u64>| fitting.iter().find_map(|one| of(&one.keys));
        let hanging_max = key(|keys| keys.hanging_max.map(|most| most.get().into()));
        ReaderQuirk {
            grade: fitting.first().map_or(Grade::ShouldWork, |one| one.grade),
            settle: Duration::from_millis(
                key(|keys| keys.settle_ms.map(|ms| ms.get())).unwrap_or(0),
            ),
            identity_within: key(|keys| keys.identity_within_ms.map(|ms| ms.get()))
                .map(Duration::from_millis),
            hanging_max: hanging_max.and_then(|most| u8::try_from(most).ok()),
            notes: notes(&fitting),
        }
    }

    /// What is known of cards with this answer to reset.
    #[must_use]
    pub fn for_card(&self, atr: &[u8]) -> CardQuirk {
        let atr: String = atr.iter().map(|byte| format!("{byte:02x}")).collect();
        let fitting = fitting(&self.cards, &atr);
        let get_response_p2 = fitting.iter().find_map(|one| one.keys.get_response_p2);
        CardQuirk { get_response_p2, notes: notes(&fitting) }
    }

    /// What is known of a camera, scanner or printer, by the words of the configuration: the most exact
    /// note's grade, and that note.
    #[must_use]
    pub fn for_peripheral(&self, kind: Peripheral, device: &str) -> Option<(Grade, &Note)> {
        let of_kind = self.peripherals.iter().filter(|(which, _)| *which == kind);
        let device = device.to_lowercase();
        let fitting = of_kind.map(|(_, entry)| entry).filter(|entry| fits(&entry.pattern, &device));
        fitting.max_by_key(|entry| entry.pattern.len()).map(|entry| (entry.grade, &entry.note))
    }

    /// What is known of the smart card service that explains this fault.
    pub fn for_fault(&self, fault: ReaderError) -> impl Iterator<Item = &Note> {
        self.services.iter().filter(move |(of, _)| *of == fault).map(|(_, note)| note)
    }
}

/// The notes about a device, the most exact first.
fn fitting<'n, K>(entries: &'n [Entry<K>], name: &str) -> Vec<&'n Entry<K>> {
    let name = name.to_lowercase();
    let mut fitting: Vec<_> = entries.iter().filter(|entry| fits(&entry.pattern, &name)).collect();
    fitting.sort_by_key(|entry| std::cmp::Reverse(entry.pattern.len()));
    fitting
}

fn notes<K>(entries: &[&Entry<K>]) -> Vec<Note> {
    entries.iter().map(|entry| entry.note.clone()).collect()
}

#[cfg(test)]
mod tests;
