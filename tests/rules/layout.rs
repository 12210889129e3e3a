//! How a file is laid out: its opening words, its size and that of its functions, the order of its parts.
//! Which words it may use is left to `shape`.

use std::ops::RangeInclusive;

use crate::findings;
use crate::rust_file::{Line, RustFile, block_end, line_of};
use crate::tree;

/// Lines of `//!` over the product: fewer say too little, more belong to a page.
const OPENING_LINES: RangeInclusive<usize> = 2..=6;
/// Lines of `//!` over tests, where one may say it all.
const OPENING_LINES_OF_TESTS: RangeInclusive<usize> = 1..=6;
/// Code lines of one file, tests included.
const FILE_LINES_MAX: usize = 600;
/// Code lines that nine files of ten keep below.
const FILE_LINES_USUAL: usize = 350;
/// Code lines of one function: a screen.
const FUNCTION_LINES_MAX: usize = 60;

/// Names of files that collect what has no noun of its own.
const VAGUE: [&str; 9] =
    ["base", "common", "helper", "helpers", "manager", "misc", "shared", "util", "utils"];

/// Our packages, which may stand among the others or among our own in the order of imports.
const OURS: [&str; 10] = [
    "agent",
    "card",
    "citizen",
    "dipchip",
    "hardware",
    "protocol",
    "session",
    "simulator",
    "tests",
    "vision",
];

#[test]
fn every_file_opens_with_what_it_owns() {
    let findings: Vec<String> = RustFile::all().iter().filter_map(opening).collect();
    findings::none("a file opens with two to six lines of //!", &findings);
}

#[test]
fn no_file_is_longer_than_the_wall() {
    let files = RustFile::all();
    let findings: Vec<String> =
        files.iter().filter_map(|file| longer(file, FILE_LINES_MAX)).collect();
    findings::none("what does the file hide?", &findings);
    let long: Vec<String> =
        files.iter().filter_map(|file| longer(file, FILE_LINES_USUAL)).collect();
    assert!(long.len() * 10 <= files.len(), "more than one file in ten is long: {long:#?}");
}

#[test]
fn every_function_fits_a_screen() {
    let findings: Vec<String> = RustFile::all().iter().flat_map(long_functions).collect();
    findings::none("a function has at most 60 lines", &findings);
}

#[test]
fn no_file_is_named_after_nothing() {
    let paths = tree::paths();
    let findings: Vec<&String> = paths.iter().filter(|path| is_vague(path)).collect();
    findings::none("one file, one noun", &findings);
}

#[test]
fn the_tests_of_a_file_stand_last() {
    let findings: Vec<String> = RustFile::all().iter().filter_map(code_after_tests).collect();
    findings::none("the public thing first, tests last", &findings);
}

#[test]
fn imports_stand_in_three_groups() {
    let findings: Vec<String> = RustFile::all().iter().flat_map(disordered_imports).collect();
    findings::none("std, others, ours, with a line between", &findings);
}

fn opening(file: &RustFile) -> Option<String> {
    let lines = file.text.lines().take_while(|line| line.starts_with("//!")).count();
    let found = format!("opens with {lines} lines of //!");
    let tests = file.product().next().is_none();
    let range = if tests { OPENING_LINES_OF_TESTS } else { OPENING_LINES };
    (!range.contains(&lines)).then(|| file.at(1, &found))
}

fn longer(file: &RustFile, limit: usize) -> Option<String> {
    let lines = file.lines().filter(|line| !line.code.trim().is_empty()).count();
    (lines > limit).then(|| format!("{}: {lines} code lines, limit {limit}", file.path))
}

fn long_functions(file: &RustFile) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in file.code.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if !is_function(line) || file.test().any(|test| test.number == line_of(&file.code, start)) {
            continue;
        }
        let body = file.code.get(start..).unwrap_or_default();
        let opens = body.find('{').zip(body.find(';')).is_none_or(|(brace, end)| brace < end);
        let Some(end) = block_end(&file.code, start).filter(|_| opens) else { continue };
        let text = file.code.get(start..end).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
        if lines > FUNCTION_LINES_MAX {
            let name = line.trim().trim_end_matches('{');
            found.push(file.at(line_of(&file.code, start), &format!("{lines} lines in {name}")));
        }
    }
    found
}

fn is_function(line: &str) -> bool {
    let words = line.trim_start().split(' ');
    let mut rest = words.skip_while(|word| {
        word.starts_with("pub") || ["async", "const", "extern", "default"].contains(word)
    });
    rest.next() == Some("fn")
}

fn is_vague(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    path.ends_with(".rs") && VAGUE.contains(&stem)
}

fn code_after_tests(file: &RustFile) -> Option<String> {
    let first = file.test().next()?;
    let module = |line: &Line<'_>| line.code.trim_start().starts_with("mod ");
    let module = file.test().find(module).filter(|_| file.product().next().is_some())?;
    let after =
        file.product().find(|line| line.number > module.number && !line.code.trim().is_empty());
    after.filter(|_| first.number > 0).map(|line| file.at(line.number, "stands below the tests"))
}

fn disordered_imports(file: &RustFile) -> Vec<String> {
    let mut found = Vec::new();
    let (mut rank, mut group) = (0, Vec::new());
    for line in file.lines().take_while(|line| !ends_the_head(line.code)) {
        if let Some(root) = import_root(line.code) {
            let child = file.lines().any(|line| line.code == format!("mod {root};"));
            group.push(if child { "self" } else { root });
        } else if line.code.trim().is_empty() && is_blank(&file.text, line.number) {
            match rank_of(&group) {
                Ok(None) => {}
                Ok(Some(next)) if next >= rank => rank = next,
                Ok(Some(_)) => found.push(file.at(line.number - 1, "this group stands too late")),
                Err(mixed) => found.push(file.at(line.number - 1, mixed)),
            }
            group.clear();
        }
    }
    found
}

fn is_blank(text: &str, number: usize) -> bool {
    text.lines().nth(number - 1).is_some_and(|line| line.trim().is_empty())
}

fn ends_the_head(code: &str) -> bool {
    let words =
        ["const ", "enum ", "fn ", "impl", "macro_rules", "static ", "struct ", "trait ", "type "];
    let code = code.trim_start_matches("pub").trim_start_matches("(crate)").trim_start();
    words.iter().any(|word| code.starts_with(word))
}

fn import_root(code: &str) -> Option<&str> {
    let path = code.strip_prefix("use ")?;
    path.trim_start_matches("::").split([':', ';', ' ']).next()
}

/// 0 for std, 1 for others, 2 for ours; our packages may stand with either of the last two and decide
/// nothing by themselves.
fn rank_of(group: &[&str]) -> Result<Option<u8>, &'static str> {
    let rank = |root: &&str| match *root {
        "std" | "core" | "alloc" => Some(0),
        "crate" | "self" | "super" => Some(2),
        root if OURS.contains(&root) => None,
        _ => Some(1),
    };
    let ranks: Vec<u8> = group.iter().filter_map(rank).collect();
    let (low, high) = (ranks.iter().min(), ranks.iter().max());
    if low != high || ranks.len() < group.len() && low == Some(&0) {
        return Err("this group mixes std, others and ours");
    }
    Ok(low.copied())
}

#[test]
fn a_file_without_an_opening_is_found() {
    let check = |text: &str| opening(&RustFile::new("crates/x/src/a.rs", text)).is_some();
    assert!(check("use std::fs;\n"));
    assert!(check("//! One line.\n"));
    assert!(opening(&RustFile::new("crates/x/src/tests.rs", "//! One line.\n")).is_none());
    assert!(!check("//! What it owns,\n//! and what it leaves.\n"));
}

#[test]
fn a_file_and_a_function_that_grew_too_long_are_found() {
    let body = "    f();\n".repeat(59);
    let text = format!("//! x\npub fn long<T>(t: T)\n{{\n{body}}}\nfn short() {{ f(); }}\n");
    let file = RustFile::new("crates/x/src/a.rs", &text);
    assert_eq!(long_functions(&file).len(), 1);
    assert!(longer(&file, 60).is_some());
    assert!(longer(&file, FILE_LINES_MAX).is_none());
    let fitting = RustFile::new("crates/x/src/a.rs", &text.replacen("    f();\n", "// why\n", 4));
    assert_eq!(long_functions(&fitting).len(), 0);
}

#[test]
fn a_vague_name_is_found() {
    assert!(is_vague("crates/agent/src/utils.rs") && is_vague("tests/common.rs"));
    assert!(!is_vague("crates/agent/src/common_name.rs"));
}

#[test]
fn code_below_the_tests_is_found() {
    let check = |text: &str| code_after_tests(&RustFile::new("crates/x/src/a.rs", text)).is_some();
    assert!(check("fn a() {}\n#[cfg(test)]\nmod tests {\n}\nfn b() {}\n"));
    assert!(!check("fn a() {}\n#[cfg(test)]\nmod tests {\n}\n"));
}

#[test]
fn imports_out_of_order_are_found() {
    let check = |text: &str| disordered_imports(&RustFile::new("crates/x/src/a.rs", text)).len();
    assert_eq!(
        check("use std::fs;\n\nuse serde::A;\nuse card::B;\n\nuse crate::c;\n\nfn f() {}\n"),
        0
    );
    assert_eq!(
        check("use std::fs;\n\nuse serde::A;\n\nuse card::B;\nuse crate::c;\n\nfn f() {}\n"),
        0
    );
    assert_eq!(check("use crate::c;\n\nuse std::fs;\n\nfn f() {}\n"), 1);
    assert_eq!(check("use serde::A;\nuse std::fs;\n\nfn f() {}\n"), 1);
}
