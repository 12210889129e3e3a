//! The defects that `tests/teeth/run` puts in can still be put in, and name a test that exists.

use std::collections::BTreeSet;
use std::process::Command;

use crate::findings;
use crate::promises::tests_of;
use crate::rust_file::RustFile;
use crate::tree;

const DEFECTS: &str = "tests/teeth/defects/";

#[test]
fn every_defect_can_still_be_put_in() {
    let defects = tree::files_ending(".patch");
    let defects: Vec<_> = defects.iter().filter(|file| file.path.starts_with(DEFECTS)).collect();
    assert!(defects.len() > 25, "{} defects", defects.len());
    let fits = |path: &str| {
        let check = ["apply", "--check", path];
        Command::new("git").args(check).current_dir(tree::root()).output().expect("git").status
    };
    let unfit = defects.iter().filter(|file| !fits(&file.path).success());
    let findings: Vec<&str> = unfit.map(|file| file.path.as_str()).collect();
    findings::none("it fits no more: the lines around it have changed, make it anew", &findings);
}

#[test]
fn every_defect_says_what_is_lost_and_which_test_says_so() {
    let files = RustFile::all();
    let tests: BTreeSet<&str> = files.iter().flat_map(|file| tests_of(&file.text)).collect();
    let defects = tree::files_ending(".patch");
    let defects = defects.iter().filter(|file| file.path.starts_with(DEFECTS));
    let findings: Vec<String> = defects
        .filter_map(|file| Some(format!("{}: {}", file.path, lack(&file.text, &tests)?)))
        .collect();
    findings::none("the head of a defect", &findings);
}

/// What the head of a patch lacks, if anything.
fn lack(patch: &str, tests: &BTreeSet<&str>) -> Option<String> {
    let Some((head, _)) = patch.split_once("\ndiff ") else {
        return Some("expected a head, and the patch".to_owned());
    };
    let said = |word: &str| head.lines().find_map(|line| line.strip_prefix(word));
    if !said("Promise: ").is_some_and(|promise| promise.ends_with('.')) {
        return Some("expected a sentence after `Promise:`".to_owned());
    }
    let Some((_, name)) = said("Test: ").and_then(|test| test.rsplit_once(" -- --exact ")) else {
        return Some("expected `Test: cargo test … -- --exact NAME`".to_owned());
    };
    let name = name.rsplit_once("::").map_or(name, |(_, name)| name);
    (!tests.contains(name)).then(|| format!("no test is called {name}"))
}

#[test]
fn a_defect_without_its_promise_or_its_test_is_found() {
    let tests = BTreeSet::from(["it_holds"]);
    let head = |promise: &str, test: &str| format!("{promise}\n{test}\ndiff --git a/x b/x\n");
    let lack = |promise, test| lack(&head(promise, test), &tests);
    let sound = "Test: cargo test -p x --lib -- --exact a::tests::it_holds";
    assert_eq!(lack("Promise: It holds.", sound), None);
    assert!(lack("It holds.", sound).is_some());
    assert!(lack("Promise: It holds.", "Test: cargo test -p x it_holds").is_some());
    assert!(lack("Promise: It holds.", "Test: cargo test -- --exact it_is_gone").is_some());
}
