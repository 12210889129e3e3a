//! Lists the card images of `tests/cards`, so that the program carries them and `--card NAME` needs no file.
//! Whether they are sound is tested in `src/card/library.rs`.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../tests/cards");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut images: Vec<PathBuf> = fs::read_dir(&folder)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "hex"))
        .collect();
    images.sort();
    let mut list = "&[\n".to_owned();
    for path in images {
        let name = path.file_stem().and_then(|name| name.to_str()).ok_or("a name in UTF-8")?;
        writeln!(list, "    ({name:?}, include_str!({:?})),", path.canonicalize()?)?;
    }
    list.push(']');
    let target = Path::new(&env::var("OUT_DIR")?).join("card_images.rs");
    Ok(fs::write(target, list)?)
}
