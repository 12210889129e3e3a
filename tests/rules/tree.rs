//! The files of the project: those under version control, and those about to be.
//!
//! Build products and installed packages are not among them. Without git, as in an unpacked archive, the
//! folders are walked instead.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders that hold what was built or installed, never what was written.
const FOREIGN: [&str; 4] = [".git", "__pycache__", "node_modules", "target"];

/// A text file and where it lies, relative to the root, with `/` between the parts.
pub struct File {
    pub path: String,
    pub text: String,
}

/// The top folder of the project.
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests lie one folder below the root").to_path_buf()
}

/// The text of a file that must exist.
#[track_caller]
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect(path)
}

/// Every path of the project, sorted.
pub fn paths() -> Vec<String> {
    let mut paths = listed_by_git().unwrap_or_else(walked);
    paths.retain(|path| root().join(path).is_file());
    paths.sort();
    paths.dedup();
    paths
}

/// Every file that is text, sorted by path.
pub fn files() -> Vec<File> {
    let read = |path: String| {
        let text = fs::read_to_string(root().join(&path)).ok()?;
        Some(File { path, text })
    };
    paths().into_iter().filter_map(read).collect()
}

/// Every text file whose name ends so.
pub fn files_ending(end: &str) -> Vec<File> {
    files().into_iter().filter(|file| file.path.ends_with(end)).collect()
}

fn listed_by_git() -> Option<Vec<String>> {
    let listing = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let names = String::from_utf8(listing.stdout).ok()?;
    Some(names.split_terminator('\0').map(str::to_owned).collect())
}

fn walked() -> Vec<String> {
    let mut open = vec![PathBuf::new()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(root().join(&folder)).into_iter().flatten().flatten();
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = folder.join(&name);
            if !root().join(&path).is_dir() {
                found.push(path.to_string_lossy().replace('\\', "/"));
            } else if !FOREIGN.contains(&name.as_str()) {
                open.push(path);
            }
        }
    }
    found
}

#[test]
fn the_tree_holds_its_own_manifest_and_nothing_that_was_built() {
    for paths in [paths(), walked()] {
        assert!(paths.iter().any(|path| path == "Cargo.toml"), "no manifest in {paths:?}");
        assert!(!paths.iter().any(|path| path.starts_with("target/")), "build products listed");
    }
}
