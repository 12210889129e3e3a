//! No test waits for time to pass: it waits for the thing itself, with a bound.
//!
//! Where a real service or a real device can only be asked again and again, the one file that does it is
//! listed here with its reason.

use crate::findings;
use crate::rust_file::{RustFile, has_word};

/// A file and why the thing it waits for cannot be waited for otherwise.
const MAY_SLEEP: [(&str, &str); 1] =
    [("crates/agent/src/bank/tests/server.rs", "a server that answers slowly is what is tested")];

#[test]
fn no_test_sleeps() {
    let findings: Vec<String> = RustFile::all().iter().flat_map(sleeping).collect();
    findings::none("a test waits for a thing, not for time", &findings);
}

#[test]
fn every_file_that_may_sleep_still_does() {
    let files = RustFile::all();
    let sleeps = |path: &str| {
        files.iter().any(|file| file.path == path && file.lines().any(|line| asleep(line.code)))
    };
    let stale: Vec<&str> =
        MAY_SLEEP.iter().map(|(path, _)| *path).filter(|path| !sleeps(path)).collect();
    findings::none("the list in this rule is stale", &stale);
}

fn sleeping(file: &RustFile) -> Vec<String> {
    if MAY_SLEEP.iter().any(|(path, _)| *path == file.path) {
        return Vec::new();
    }
    let lines = file.test().filter(|line| asleep(line.code));
    lines.map(|line| file.at(line.number, line.code.trim())).collect()
}

fn asleep(code: &str) -> bool {
    (has_word(code, "sleep") || has_word(code, "sleep_ms")) && !code.contains("fn sleep")
}

#[test]
fn a_sleeping_test_is_found_and_a_sleeping_product_is_not() {
    let text = "fn f() { thread::sleep(a); }\n#[cfg(test)]\nmod tests {\n    fn g() { time::sleep(b).await; }\n}\n";
    let found = sleeping(&RustFile::new("crates/x/src/a.rs", text));
    assert_eq!(found.len(), 1, "{found:?}");
}
