//! The images that the program carries, and images from files.
//! How an image is written is `image`'s to know.

use std::fs;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::{Image, ImageError};

/// Name and text of every image in `tests/cards`, by name.
const IMAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/card_images.rs"));

/// A card that could not be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// Neither a carried image nor the name of a `.hex` file.
    #[error("loading a card: expected a file *.hex or one of {}", names().collect::<Vec<_>>().join(", "))]
    UnknownName,
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

/// A carried image by name, or one from a file whose name ends in `.hex`.
///
/// # Errors
/// [`LoadError`], by what would have to be right.
pub fn load(name: &str) -> Result<Image, LoadError> {
    if let Some(image) = named(name) {
        return Ok(image);
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
