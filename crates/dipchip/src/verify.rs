//! `dipchip audit verify` and `dipchip journal verify`: is what this machine wrote down still what it wrote?
//!
//! Judging is the agent's; here are the words and the exit code.

use std::path::Path;

use agent::audit::{self, Broken, Head};
use agent::journal::{self, JournalError};

use crate::Exit;
use crate::error_text::chain;

/// Checks an audit file.
pub fn audit(file: &Path, head: Option<&Head>) -> Exit {
    match audit::verify_file(file, head) {
        Ok(found) => {
            println!(
                "{}: {} records, each follows from the one before",
                file.display(),
                found.records
            );
            println!("last   {}:{}", found.last.number, found.last.hash);
            match found.head {
                Some(number) => println!("head   {number}: all up to it are there"),
                None => println!("head   none: nothing tells what was cut off the end"),
            }
            println!("after  {}", found.after);
            Exit::Done
        }
        // It names its file by itself.
        Err(error @ Broken::Read { .. }) => {
            eprintln!("dipchip: {}", chain(&error));
            Exit::Usage
        }
        Err(error) => {
            eprintln!("dipchip: {}: {}", file.display(), chain(&error));
            Exit::Fault
        }
    }
}

/// Checks the journal in a folder; a running agent is not disturbed.
pub fn journal(folder: &Path) -> Exit {
    match journal::verify(folder) {
        Ok(found) if found.is_empty() => {
            println!("{}: sound; every promise kept that it can tell of", folder.display());
            Exit::Done
        }
        Ok(found) => {
            found.iter().for_each(|violation| eprintln!("dipchip: {violation}"));
            Exit::Fault
        }
        Err(error) => {
            eprintln!("dipchip: {}: {}", folder.display(), chain(&error));
            match error {
                JournalError::Unreadable { .. } => Exit::Usage,
                _ => Exit::Fault,
            }
        }
    }
}
