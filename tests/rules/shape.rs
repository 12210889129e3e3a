//! Words and shapes that the code does without, and why each of them is kept out. Clippy and rustc find
//! most others; what they find is not repeated here.

use crate::findings;
use crate::rust_file::RustFile;

/// What no line says, anywhere.
const NOWHERE: [(&str, &str); 9] = [
    ("todo!", "an unfinished thing is an issue"),
    ("unimplemented!", "an unfinished thing is an issue"),
    ("#[ignore", "a test that needs a device asks for it and says that it was skipped"),
    ("#[allow(", "expect, with a reason"),
    ("#![allow(", "expect, with a reason"),
    ("cfg(feature", "what differs is handed in"),
    ("Other(String)", "a variant for each case that a caller treats differently"),
    ("mem::forget", "what is personal is wiped on drop"),
    ("process::abort", "a fault is typed, the daemon lives"),
];

#[test]
fn no_line_says_what_the_house_does_without() {
    let findings: Vec<String> = RustFile::all().iter().flat_map(forbidden).collect();
    findings::none("the house does without", &findings);
}

#[test]
fn nothing_is_imported_by_a_star() {
    let findings: Vec<String> = RustFile::all().iter().flat_map(stars).collect();
    findings::none("a reader sees where a name comes from", &findings);
}

#[test]
fn names_are_handed_on_only_at_the_front_door_of_what_owns_them() {
    let findings: Vec<String> = RustFile::all().iter().flat_map(handed_on).collect();
    findings::none("a thing has one path", &findings);
}

#[test]
fn a_type_has_one_name() {
    let findings: Vec<String> = RustFile::all().iter().flat_map(aliases).collect();
    findings::none("a newtype, not a second name", &findings);
}

#[test]
fn errors_without_a_type_stay_in_main_and_in_tests() {
    let findings: Vec<String> = RustFile::all().iter().flat_map(untyped_errors).collect();
    findings::none("a library's errors are typed", &findings);
}

fn forbidden(file: &RustFile) -> Vec<String> {
    let mut found = Vec::new();
    for line in file.lines() {
        let said = NOWHERE.iter().filter(|(word, _)| line.code.contains(word));
        found.extend(said.map(|(word, why)| file.at(line.number, &format!("{word} ({why})"))));
    }
    found
}

/// The tests beside the code may take all of their own module: it is the page they stand on.
fn stars(file: &RustFile) -> Vec<String> {
    let star = |code: &str| {
        let code = code.trim();
        code.ends_with("::*;") || code.contains("::{*") || code.contains("::*,")
    };
    let product = file.product().filter(|line| star(line.code));
    let tests = file.test().filter(|line| star(line.code) && line.code.trim() != "use super::*;");
    product.chain(tests).map(|line| file.at(line.number, line.code.trim())).collect()
}

/// A crate hands on at its front door, a module hands on its own children, a macro goes by its module.
fn handed_on(file: &RustFile) -> Vec<String> {
    if file.path.ends_with("/lib.rs") {
        return Vec::new();
    }
    let own = |root: &str| {
        let declares = |code: &str| {
            let code = code.trim();
            code == format!("mod {root};") || code.starts_with(&format!("macro_rules! {root} "))
        };
        root == "self" || file.lines().any(|line| declares(line.code))
    };
    let foreign = |code: &str| {
        let root = handed_root(code.trim());
        root.is_some_and(|root| !own(root))
    };
    let lines = file.lines().filter(|line| foreign(line.code));
    lines.map(|line| file.at(line.number, line.code.trim())).collect()
}

/// The first word of the path in `pub use a::B;` or `pub(crate) use a::B;`.
fn handed_root(code: &str) -> Option<&str> {
    let (scope, path) = code.strip_prefix("pub")?.split_once("use ")?;
    let visible = scope == " " || scope.starts_with('(') && scope.ends_with(") ");
    path.split([':', ';', ' ']).next().filter(|_| visible)
}

/// Only at the left margin: inside a trait or its implementation, a type is associated.
fn aliases(file: &RustFile) -> Vec<String> {
    let alias = |code: &str| {
        let code = code.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        code.starts_with("type ")
    };
    let lines = file.lines().filter(|line| alias(line.code));
    lines.map(|line| file.at(line.number, line.code.trim())).collect()
}

fn untyped_errors(file: &RustFile) -> Vec<String> {
    if file.path.ends_with("/main.rs") {
        return Vec::new();
    }
    let lines = file.product().filter(|line| line.code.contains("anyhow"));
    lines.map(|line| file.at(line.number, line.code.trim())).collect()
}

#[track_caller]
fn check(checker: fn(&RustFile) -> Vec<String>, text: &str, expected: usize) {
    let found = checker(&RustFile::new("crates/x/src/a.rs", text));
    assert_eq!(found.len(), expected, "{text}: {found:?}");
}

#[test]
fn forbidden_words_are_found_in_code_and_not_in_quotes() {
    check(forbidden, "fn f() { todo!() }", 1);
    check(forbidden, "#[allow(dead_code)]\n#[ignore = \"slow\"]\nfn f() {}", 2);
    check(forbidden, "const A: &str = \"todo!()\"; // todo!()", 0);
}

#[test]
fn a_star_import_is_found() {
    check(stars, "use super::*;\nuse a::{b::*, c};\nlet x = a * b;", 2);
    check(stars, "#[cfg(test)]\nmod tests {\n    use super::*;\n    use crate::a::*;\n}", 1);
}

#[test]
fn a_name_handed_on_inside_a_crate_is_found() {
    check(handed_on, "pub use crate::a::B;\npub(crate) use c::D;\nuse e::F;", 2);
    check(
        handed_on,
        "mod a;\npub use a::B;\npub use self::a::C;\nmacro_rules! d {\n}\npub(crate) use d;",
        0,
    );
    assert!(handed_on(&RustFile::new("crates/x/src/lib.rs", "pub use a::B;")).is_empty());
}

#[test]
fn an_alias_is_found_and_an_associated_type_is_not() {
    check(aliases, "pub type A = B;\nimpl C for D {\n    type E = F;\n}", 1);
}

#[test]
fn an_untyped_error_in_a_library_is_found() {
    check(
        untyped_errors,
        "fn f() -> anyhow::Result<()> {}\n#[cfg(test)]\nmod tests { use anyhow::Ok; }",
        1,
    );
    assert!(
        untyped_errors(&RustFile::new("crates/x/src/main.rs", "use anyhow::Result;")).is_empty()
    );
}
