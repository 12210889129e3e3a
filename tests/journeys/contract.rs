//! The commands that other programs rely on: `simulator demo --once`, its exit codes and its last line.

use std::process::{Command, Stdio};

use serde_json::Value;
use tests::pcscd::program;

/// Runs the demonstration once and compares exit code, outcome and code.
#[track_caller]
fn check(arguments: &[&str], expected: (i32, &str, &str)) -> Value {
    let output = Command::new(program("simulator"))
        .args(["demo", "--once", "--json"])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let last = text.lines().last().unwrap_or_default();
    let summary: Value = serde_json::from_str(last).expect("the last line is one object");
    let word = |key: &str| summary.get(key).and_then(Value::as_str).unwrap_or_default();
    let got = (output.status.code().unwrap_or(-1), word("outcome"), word("code"));
    assert_eq!(got, expected, "demo --once {}", arguments.join(" "));
    summary
}

#[test]
fn a_demonstration_succeeds_with_and_without_selfie_and_dopa() {
    for face in ["y", "n"] {
        for dopa in ["before-submit", "off"] {
            check(&["--face", face, "--dopa", dopa], (0, "done", "0000"));
        }
    }
    check(&["--dopa", "only", "--lang", "en"], (0, "done", "0000"));
}

#[test]
fn a_demonstration_fails_rightly() {
    for code in ["1101", "1102", "1602", "2003"] {
        check(&["--reference", &format!("SIM-{code}")], (3, "refused", code));
    }
    check(&["--card", "expired"], (3, "refused", "CARD_EXPIRED"));
    check(&["--card", "old-layout"], (4, "stopped", "CUSTOMER_CANCELLED"));
}

#[test]
fn the_last_line_names_every_stage_with_its_time() {
    let summary = check(&["--face", "y"], (0, "done", "0000"));
    let stages = summary.get("stages").and_then(Value::as_array).expect("a list");
    let names: Vec<_> = stages.iter().filter_map(|stage| stage.get("name")?.as_str()).collect();
    let expected = ["gather", "validate", "consent", "read", "confirm", "dopa", "selfie", "submit"];
    // The card may be read before the consents are answered.
    let missing: Vec<_> =
        expected.iter().filter(|name| **name != "read" && !names.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?} are not among {names:?}");
    assert!(stages.iter().all(|stage| stage.get("ms").is_some_and(Value::is_u64)));
}

#[test]
fn wrong_usage_ends_with_2() {
    for arguments in [["--card", "nobody"], ["--face", "maybe"]] {
        let status = Command::new(program("simulator"))
            .args(["demo", "--once"])
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("the program runs");
        assert_eq!(status.code(), Some(2), "{arguments:?}");
    }
}
