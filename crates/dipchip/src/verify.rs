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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const AUDIT: &str = include_str!("../../agent/src/audit/file/form-1.jsonl");

    #[track_caller]
    fn check(text: &str, expected: Exit) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("audit.jsonl");
        fs::write(&file, text).unwrap();
        assert_eq!(audit(&file, None), expected);
    }

    #[test]
    fn the_exit_code_tells_a_changed_audit_file_from_a_sound_one() {
        check(AUDIT, Exit::Done);
        check(&AUDIT.replacen("0000\"}", "0001\"}", 1), Exit::Fault);
        let lines: Vec<&str> = AUDIT.lines().collect();
        check(&format!("{}\n{}\n", lines[0], lines[2]), Exit::Fault);
        check(&format!("{}\n{}\n{}\n", lines[0], lines[2], lines[1]), Exit::Fault);
        assert_eq!(audit(Path::new("/nonexistent/audit.jsonl"), None), Exit::Usage);
    }
}
