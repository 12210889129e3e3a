//! Lists the cards of `tests/cards` and of `evil` in it, so that the program carries them and `--card NAME` needs no file.
//! Whether they are sound is tested in `src/card/library.rs`.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../tests/cards");
    println!("cargo::rerun-if-changed={}", folder.display());
    write_list(&folder, "hex", "card_images.rs")?;
    write_list(&folder.join("evil"), "card", "evil_cards.rs")
}

/// Name and text of every file of the folder with this ending, by name.
fn write_list(folder: &Path, ending: &str, target: &str) -> Result<(), Box<dyn Error>> {
    let mut cards: Vec<PathBuf> = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == ending))
        .collect();
    cards.sort();
    let mut list = "&[\n".to_owned();
    for path in cards {
        let name = path.file_stem().and_then(|name| name.to_str()).ok_or("a name in UTF-8")?;
        writeln!(list, "    ({name:?}, include_str!({:?})),", path.canonicalize()?)?;
    }
    list.push(']');
    Ok(fs::write(Path::new(&env::var("OUT_DIR")?).join(target), list)?)
}
