//! The pages that a newcomer reads are short and true: what they name exists. How their lines are broken
//! is left to `prose`.

use crate::findings;
use crate::rust_file::RustFile;
use crate::tree;

/// `ARCHITECTURE.md` is read in one sitting.
const ARCHITECTURE_LINES_MAX: usize = 200;
/// `README.md` is one page.
const README_LINES_MAX: usize = 60;

/// Top folders whose paths a page may name.
const FOLDERS: [&str; 6] =
    [".ci/", "config/", "crates/", "firmware-notes/", "packaging/", "tests/"];

#[test]
fn the_first_two_pages_are_short() {
    let lines = |page: &str| tree::read(page).lines().count();
    assert!(lines("ARCHITECTURE.md") <= ARCHITECTURE_LINES_MAX, "ARCHITECTURE.md grew");
    assert!(lines("README.md") <= README_LINES_MAX, "README.md is more than a page");
}

#[test]
fn every_path_that_a_page_names_exists() {
    let paths = tree::paths();
    let mut findings = Vec::new();
    for page in ["ARCHITECTURE.md", "README.md", "tests/README.md"] {
        let text = tree::read(page);
        findings.extend(lost_paths(&text, &paths).map(|path| format!("{page}: {path}")));
    }
    findings::none("a page names what is not there", &findings);
}

#[test]
fn every_rule_in_the_architecture_names_tests_that_exist() {
    let page = tree::read("ARCHITECTURE.md");
    let files = RustFile::all();
    let exists = |name: &str| {
        let head = format!("fn {name}(");
        files.iter().any(|file| file.code.contains(&head))
    };
    let names = test_names(&page);
    assert!(names.len() >= 10, "the rules name too few tests: {names:?}");
    let lost: Vec<&str> = names.into_iter().filter(|name| !exists(name)).collect();
    findings::none("a rule names a test that is not there", &lost);
}

#[test]
fn every_doubt_about_the_banks_document_names_its_tests() {
    let page = tree::read("crates/protocol/DOUBTS.md");
    let files = RustFile::all();
    let exists = |name: &str| {
        let head = format!("fn {name}(");
        files.iter().any(|file| file.code.contains(&head))
    };
    let doubts = doubts(&page);
    assert!(doubts.len() >= 48, "the close reading has 48 doubts, the page {}", doubts.len());
    findings::none("a doubt without a test that exists", &untested(&doubts, exists));
}

/// Each row's number and the tests in its last column.
fn doubts(page: &str) -> Vec<(&str, Vec<&str>)> {
    let rows = page.lines().filter(|line| line.starts_with("| D"));
    let cells = rows.map(|line| line.trim_matches('|').split('|').map(str::trim));
    cells
        .filter_map(|mut cells| {
            let number = cells.next()?;
            Some((number, test_names(cells.next_back()?)))
        })
        .collect()
}

fn untested<'a>(doubts: &[(&'a str, Vec<&'a str>)], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let lost = |(number, tests): &(&str, Vec<&str>)| {
        let lost = tests.iter().find(|test| !exists(test));
        match (tests.is_empty(), lost) {
            (true, _) => Some(format!("{number} names none")),
            (false, Some(test)) => Some(format!("{number} names {test}")),
            (false, None) => None,
        }
    };
    doubts.iter().filter_map(lost).collect()
}

fn lost_paths<'a>(page: &'a str, paths: &'a [String]) -> impl Iterator<Item = &'a str> {
    let named =
        code_words(page).filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)));
    let plain = named.filter(|word| !word.contains(['*', '{', '<', ' ']));
    plain.filter(|word| {
        let word = word.trim_end_matches('/');
        let folder = format!("{word}/");
        !paths.iter().any(|path| path == word || path.starts_with(&folder))
    })
}

/// Names in back ticks that look like sentences.
fn test_names(page: &str) -> Vec<&str> {
    let plain = |word: &&str| {
        word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    code_words(page).filter(plain).filter(|word| word.matches('_').count() >= 3).collect()
}

fn code_words(page: &str) -> impl Iterator<Item = &str> {
    page.split('`').enumerate().filter(|(at, _)| at % 2 == 1).map(|(_, word)| word)
}

#[test]
fn a_path_and_a_test_that_are_not_there_are_found() {
    let page =
        "See `crates/card/src/lib.rs`, `crates/gone/`, `crates/*/x` and `no_file_is_ever_lost`.";
    let paths = ["crates/card/src/lib.rs".to_owned()];
    assert_eq!(lost_paths(page, &paths).collect::<Vec<_>>(), ["crates/gone/"]);
    assert_eq!(test_names(page), ["no_file_is_ever_lost"]);
}

#[test]
fn a_doubt_without_its_test_is_found() {
    let page = "| doubt | tests |\n|---|---|\n| D1 | `this_one_is_there` |\n\
                | D2 | `that_one_is_gone` |\n| D3 | none |\n";
    let found = untested(&doubts(page), |name| name == "this_one_is_there");
    assert_eq!(found, ["D2 names that_one_is_gone", "D3 names none"]);
}
