//! No file names a machine, a person's folder or a registry, and none keeps a list of things to do.
//!
//! The words are put together from halves, so that this file does not find itself. Lock files are left
//! out: cargo and npm write what they fetched into them.

use crate::findings;
use crate::tree::{self, File};

/// Folders that exist on one machine only.
const FOLDERS: [&str; 5] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("C:\\Us", "ers"),
];

/// Hosts that packages come from.
const REGISTRIES: [&str; 9] = [
    concat!("crates", ".io"),
    concat!("deb.deb", "ian.org"),
    concat!("docker", ".io"),
    concat!("files.python", "hosted.org"),
    concat!("npm", "js.org"),
    concat!("proxy.go", "lang.org"),
    concat!("py", "pi.org"),
    concat!("security.deb", "ian.org"),
    concat!("snapshot.deb", "ian.org"),
];

/// Words that stand for an issue nobody filed.
const UNFILED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];

#[test]
fn no_file_names_a_folder_of_one_machine() {
    none_of(&FOLDERS, "a path that exists on one machine");
}

#[test]
fn no_file_names_a_registry() {
    none_of(&REGISTRIES, "where packages come from is the machine's own setting");
}

#[test]
fn no_file_keeps_a_list_of_things_to_do() {
    none_of(&UNFILED, "file an issue");
}

#[track_caller]
fn none_of(words: &[&str], rule: &str) {
    let files = tree::files();
    let own = files.iter().filter(|file| !is_lock(&file.path));
    let findings: Vec<String> = own.flat_map(|file| naming(file, words)).collect();
    findings::none(rule, &findings);
}

fn is_lock(path: &str) -> bool {
    path.ends_with(".lock") || path.ends_with("package-lock.json")
}

/// A word that starts with a letter or a slash must not go on from a longer one.
fn naming(file: &File, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let alone = |word: &&&str| {
            line.match_indices(**word).any(|(at, _)| {
                let before = line.get(..at).and_then(|text| text.chars().next_back());
                !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
            })
        };
        let named = words.iter().filter(alone);
        found.extend(named.map(|word| format!("{}:{}: {word}", file.path, number + 1)));
    }
    found
}

#[test]
fn a_path_of_a_machine_and_a_registry_are_found() {
    let check =
        |text: String, words: &[&str]| naming(&File { path: "a.md".to_owned(), text }, words).len();
    assert_eq!(check(format!("cd {}main", concat!("/wo", "rk/")), &FOLDERS), 1);
    assert_eq!(check(format!("frame{}", concat!("/wo", "rk/")), &FOLDERS), 0);
    assert_eq!(check(format!("https://static.{}/x", concat!("crates", ".io")), &REGISTRIES), 1);
    assert_eq!(check(format!("// {}: later", concat!("TO", "DO")), &UNFILED), 1);
    assert!(is_lock("Cargo.lock") && is_lock("tests/browser/package-lock.json"));
}
