//! Golden bytes are made once, outside Rust, and never edited: their sums are committed beside them.
//!
//! A new edition of the document gets a new folder and new lines in `tests/golden/SHA256SUMS`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use sha2::{Digest, Sha256};

use crate::findings;
use crate::tree;

const FOLDER: &str = "tests/golden/";
const SUMS: &str = "tests/golden/SHA256SUMS";

/// Recipes and the tests themselves may be improved; what they made may not change.
const NOT_GOLDEN: [&str; 7] = [".java", ".md", ".mjs", ".py", ".rs", ".sh", "SHA256SUMS"];

#[test]
fn golden_files_are_what_they_were_when_they_were_made() {
    let sums = tree::files().into_iter().find(|file| file.path == SUMS);
    let made: BTreeMap<String, String> = tree::paths()
        .into_iter()
        .filter(|path| {
            path.starts_with(FOLDER) && !NOT_GOLDEN.iter().any(|end| path.ends_with(end))
        })
        .map(|path| {
            let bytes = fs::read(tree::root().join(&path)).unwrap_or_default();
            (path.trim_start_matches(FOLDER).to_owned(), sum(&bytes))
        })
        .collect();
    let listed = sums.map(|file| file.text).unwrap_or_default();
    findings::none("the code is wrong, not the golden file", &changed(&listed, &made));
}

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What differs between the lines `SUM  PATH` and the files, either way.
fn changed(listed: &str, made: &BTreeMap<String, String>) -> Vec<String> {
    let lines = listed.lines().filter_map(|line| line.split_once("  "));
    let sums: BTreeMap<&str, &str> =
        lines.map(|(sum, path)| (path.trim_start_matches("./"), sum)).collect();
    let paths: BTreeSet<&str> =
        made.keys().map(String::as_str).chain(sums.keys().copied()).collect();
    let judge = |path: &str| match (sums.get(path), made.get(path)) {
        (Some(sum), Some(made)) if sum == made => None,
        (Some(_), Some(_)) => Some(format!("{path} changed")),
        (Some(_), None) => Some(format!("{path} is gone")),
        (None, _) => Some(format!("{path} has no line in {SUMS}")),
    };
    paths.into_iter().filter_map(judge).collect()
}

#[test]
fn an_edited_a_lost_and_an_unlisted_golden_file_are_found() {
    let empty = sum(b"");
    assert!(empty.starts_with("e3b0c442"), "SHA-256 of nothing is {empty}");
    let made = [("a", &empty), ("b", &empty), ("d", &empty)];
    let made = made.map(|(path, sum)| (path.to_owned(), sum.clone())).into();
    let found = changed(&format!("{empty}  a\n0000  b\n{empty}  c\n"), &made);
    assert_eq!(found, ["b changed", "c is gone", &format!("d has no line in {SUMS}")]);
}
