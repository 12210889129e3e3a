//! The table of promises in `crates/session/README.md` names tests that exist.

use std::collections::BTreeSet;

use crate::findings;
use crate::rust_file::RustFile;
use crate::tree;

const PAGE: &str = "crates/session/README.md";

#[test]
fn every_promise_of_the_session_names_a_test_that_exists() {
    let page = tree::read(PAGE);
    let promised = promised(&page);
    assert!(promised.len() > 40, "the table has lost its rows");
    let files = RustFile::all();
    let tests: BTreeSet<&str> = files.iter().flat_map(|file| tests_of(&file.text)).collect();
    let findings: Vec<&str> = promised.into_iter().filter(|name| !tests.contains(name)).collect();
    findings::none("no test is called so", &findings);
}

/// The last cell of each row, without its back ticks.
fn promised(page: &str) -> Vec<&str> {
    let cells = page.lines().filter_map(|line| line.strip_suffix("` |")?.rsplit_once("| `"));
    cells.map(|(_, name)| name).collect()
}

/// The functions that carry a test's attribute.
pub fn tests_of(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut waiting = false;
    for line in text.lines().map(str::trim) {
        waiting |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        let name = line.trim_start_matches("async ").strip_prefix("fn ");
        if let Some((name, _)) = name.filter(|_| waiting).and_then(|rest| rest.split_once('(')) {
            names.push(name);
            waiting = false;
        }
    }
    names
}

#[test]
fn a_promise_without_a_test_is_found() {
    let page = "| promise | test |\n|---|---|\n| x | `it_holds_always` |\n| y | `it_is_gone` |\n";
    assert_eq!(promised(page), ["it_holds_always", "it_is_gone"]);
    let text = "#[test]\nfn it_holds_always() {}\nfn it_is_gone() {}\n";
    assert_eq!(tests_of(text), ["it_holds_always"]);
}
