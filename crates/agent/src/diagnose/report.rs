//! All findings of one run, as text for a terminal or as JSON for a program.
//!
//! The counts decide about the exit code; what a finding says is written where it is found.

use std::fmt::Write as _;

use serde::Serialize;

use super::finding::{Finding, Verdict};

/// Columns for the verdict and for the name of the check.
const VERDICT_COLUMNS: usize = 9;
const CHECK_COLUMNS: usize = 17;

/// All findings of one run, in the order in which a technician would go through them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// One or more for each check.
    pub findings: Vec<Finding>,
}

/// How many findings there are of each kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Summary {
    /// As it must be.
    pub ok: usize,
    /// Somebody should look.
    pub warnings: usize,
    /// Journeys fail.
    pub faults: usize,
    /// Not looked at.
    pub skipped: usize,
}

#[derive(Serialize)]
struct Written<'r> {
    findings: &'r [Finding],
    summary: Summary,
}

impl Report {
    /// Counts.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let count = |verdict| self.findings.iter().filter(|one| one.verdict == verdict).count();
        Summary {
            ok: count(Verdict::Ok),
            warnings: count(Verdict::Warning),
            faults: count(Verdict::Fault),
            skipped: count(Verdict::Skipped),
        }
    }

    /// The program's exit code: 0 without a fault, else 1.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        u8::from(self.summary().faults > 0)
    }

    /// A line for each finding, cause and remedy indented below it, the counts at the end. No colour.
    #[must_use]
    pub fn text(&self) -> String {
        let indent = " ".repeat(VERDICT_COLUMNS + CHECK_COLUMNS);
        let mut text = String::new();
        for one in &self.findings {
            let (verdict, check) = (one.verdict.word(), one.check.name());
            let finding = one.finding.replace('\n', &format!("\n{indent}"));
            let _ = writeln!(text, "{verdict:<VERDICT_COLUMNS$}{check:<CHECK_COLUMNS$}{finding}");
            for (label, words) in [("cause:  ", &one.cause), ("remedy: ", &one.remedy)] {
                if let Some(words) = words {
                    let words = words.replace('\n', &format!("\n{indent}        "));
                    let _ = writeln!(text, "{indent}{label}{words}");
                }
            }
        }
        let Summary { ok, warnings, faults, skipped } = self.summary();
        let _ =
            writeln!(text, "faults: {faults}, warnings: {warnings}, ok: {ok}, skipped: {skipped}");
        text
    }

    /// One object: `findings`, each with `check`, `verdict`, `finding`, `cause`, `remedy`; and `summary`
    /// with `ok`, `warnings`, `faults`, `skipped`.
    #[must_use]
    pub fn json(&self) -> String {
        let written = Written { findings: &self.findings, summary: self.summary() };
        serde_json::to_string_pretty(&written).expect("texts and numbers always become JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::{Advice, Check};
    use super::*;

    fn report() -> Report {
        let advice = || Advice::new("it is unplugged", "plug it in\nand run this again");
        Report {
            findings: vec![
                Finding::ok(Check::Secrets, "all three are there"),
                Finding::fault(Check::Reader, "no reader is plugged in", advice()),
                Finding::warning(Check::LocalApi, "the address is taken", advice()),
                Finding::skipped(Check::Card, "no reader"),
            ],
        }
    }

    #[test]
    fn the_text_is_aligned_and_says_cause_and_remedy() {
        let expected = "\
ok       secrets          all three are there
FAULT    reader           no reader is plugged in
                          cause:  it is unplugged
                          remedy: plug it in
                                  and run this again
warning  local API        the address is taken
                          cause:  it is unplugged
                          remedy: plug it in
                                  and run this again
skipped  card             no reader
faults: 1, warnings: 1, ok: 1, skipped: 1
";
        assert_eq!(report().text(), expected);
    }

    #[test]
    fn the_json_is_an_array_of_findings_and_the_counts() {
        let json: serde_json::Value = serde_json::from_str(&report().json()).unwrap();
        let expected = serde_json::json!({
            "check": "reader",
            "verdict": "fault",
            "finding": "no reader is plugged in",
            "cause": "it is unplugged",
            "remedy": "plug it in\nand run this again",
        });
        assert_eq!(json["findings"][1], expected);
        assert_eq!(json["findings"][0]["cause"], serde_json::Value::Null);
        assert_eq!(json["findings"][2]["check"], "local_api");
        let summary = serde_json::json!({"ok": 1, "warnings": 1, "faults": 1, "skipped": 1});
        assert_eq!(json["summary"], summary);
    }

    #[test]
    fn only_a_fault_is_an_exit_code_of_1() {
        let mut report = report();
        assert_eq!(report.exit_code(), 1);
        report.findings.retain(|one| one.verdict != Verdict::Fault);
        assert_eq!(report.exit_code(), 0);
    }
}
