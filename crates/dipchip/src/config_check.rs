//! `dipchip config check FILE`: every place in a configuration that is wrong, and every file it lacks.
//!
//! What is wrong, and how that is said, is the agent's.

use std::path::Path;

use agent::config::Config;

use crate::Exit;

/// Prints what is wrong, one line each, or that nothing is.
pub fn check(file: &Path) -> Exit {
    let checked = Config::load(file).and_then(|config| config.check_files());
    match checked {
        Ok(()) => {
            println!("{}: good", file.display());
            Exit::Done
        }
        Err(error) => {
            eprintln!("{}", crate::error_text::chain(&error));
            Exit::Usage
        }
    }
}
