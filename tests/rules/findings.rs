//! How a rule reports: every finding with its place, all of them at once. Whether something is a finding
//! is the business of the rules.

/// Fails with the whole list, so that one run shows everything there is to repair.
#[track_caller]
pub fn none<T: AsRef<str>>(rule: &str, findings: &[T]) {
    let list: Vec<&str> = findings.iter().map(AsRef::as_ref).collect();
    assert!(list.is_empty(), "{rule}\n  {}\n", list.join("\n  "));
}

#[test]
#[should_panic(expected = "crates/x.rs:3: here")]
fn a_finding_fails_the_rule_and_is_shown() {
    none("nothing may be here", &["crates/x.rs:3: here"]);
}
