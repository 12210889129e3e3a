//! The images that the program carries, and images from files.
//! How an image is written is `image`'s to know.

use std::fs;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::{Conduct, ConductError, Image, ImageError};

/// Name and text of every image in `tests/cards`, by name.
const IMAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/card_images.rs"));

/// Name and text of every card of `tests/cards/evil`, by name.
const EVIL: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/evil_cards.rs"));
/// In front of the name of an evil card.
const EVIL_FOLDER: &str = "evil/";

/// A card that could not be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// Neither a carried image nor the name of a `.hex` file.
    #[error("loading a card: expected a file *.hex or one of {}", names().collect::<Vec<_>>().join(", "))]
    UnknownName,
    /// An evil card that cannot be played.
    #[error("loading a card: this one is evil in a way that is not a card's")]
    Conduct(#[from] ConductError),
    /// The file cannot be read.
    #[error("loading a card: reading {} failed", path.display())]
    File {
        /// As given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The image is wrong.
    #[error("loading a card: {} is no card image", path.display())]
    Image {
        /// As given.
        path: PathBuf,
        /// Which line, and why.
        source: ImageError,
    },
}

/// The names of the carried images, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    IMAGES.iter().map(|(name, _)| *name)
}

/// A carried image; `None` if there is none of this name.
pub fn named(name: &str) -> Option<Image> {
    let (_, text) = IMAGES.iter().find(|(carried, _)| *carried == name)?;
    // The test below reads every one of them.
    Image::parse(text).ok()
}

/// The names of the evil cards that can be played, with their folder in front, sorted.
pub fn evil_names() -> impl Iterator<Item = String> {
    let playable = EVIL.iter().filter(|(_, text)| Conduct::parse(text).is_ok());
    playable.map(|(name, _)| format!("{EVIL_FOLDER}{name}"))
}

/// An evil card by its name without the folder.
fn evil(name: &str) -> Result<Image, LoadError> {
    let (_, text) =
        EVIL.iter().find(|(carried, _)| *carried == name).ok_or(LoadError::UnknownName)?;
    let (image, conduct) = Conduct::parse(text)?;
    Ok(named(image).ok_or(LoadError::UnknownName)?.misbehaving(conduct))
}

/// A carried image by name, `evil/` and the name of an evil card, or an image from a file whose name ends
/// in `.hex`.
///
/// # Errors
/// [`LoadError`], by what would have to be right.
pub fn load(name: &str) -> Result<Image, LoadError> {
    if let Some(image) = named(name) {
        return Ok(image);
    }
    if let Some(name) = name.strip_prefix(EVIL_FOLDER) {
        return evil(name);
    }
    if !name.ends_with(".hex") {
        return Err(LoadError::UnknownName);
    }
    let path = PathBuf::from(name);
    let text = fs::read_to_string(&path)
        .map_err(|source| LoadError::File { path: path.clone(), source })?;
    Image::parse(&text).map_err(|source| LoadError::Image { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_carried_image_is_readable() {
        for (name, text) in IMAGES {
            assert_eq!(Image::parse(text).err(), None, "{name}");
        }
        assert!(names().any(|name| name == "somchai"));
    }

    #[test]
    fn every_generation_of_cards_is_carried() {
        let cards: Vec<Image> = names().filter_map(named).collect();
        for number in ["6", "8", "9", "10", "15", "17", "18"] {
            let words = format!("TH NID {number}");
            assert!(cards.iter().any(|card| card.atr().ends_with(words.as_bytes())), "{words}");
        }
    }

    #[test]
    fn every_evil_card_that_needs_no_evil_reader_can_be_played() {
        let names: Vec<String> = evil_names().collect();
        assert!(names.iter().all(|name| load(name).is_ok()));
        let others = EVIL.iter().map(|(name, _)| format!("{EVIL_FOLDER}{name}"));
        let others: Vec<String> = others.filter(|name| !names.contains(name)).collect();
        let expected = [
            "changes-chip-number",
            "changes-citizen-id",
            "garbled",
            "reader-gone",
            "reset-by-another",
        ];
        assert_eq!(others, expected.map(|name| format!("{EVIL_FOLDER}{name}")));
        assert!(others.iter().all(|name| matches!(load(name), Err(LoadError::Conduct(_)))));
    }

    #[test]
    fn a_card_comes_by_name_or_from_a_file() {
        let file = tempfile::Builder::new().suffix(".hex").tempfile().unwrap();
        fs::write(file.path(), "atr = 3B00\n").unwrap();
        assert_eq!(load(file.path().to_str().unwrap()).unwrap().atr(), [0x3B, 0x00]);
        assert!(load("somchai").is_ok());
        assert!(matches!(load("nobody"), Err(LoadError::UnknownName)));
        assert!(matches!(load("missing.hex"), Err(LoadError::File { .. })));
        fs::write(file.path(), "nonsense\n").unwrap();
        let error = load(file.path().to_str().unwrap()).err();
        assert!(matches!(error, Some(LoadError::Image { .. })));
    }
}
