//! Every test target is run by a stage of `tests/run`, and the continuous build runs all the stages: a
//! test that nobody runs is worse than none.

use crate::findings;
use crate::graph::Graph;
use crate::tree;

#[test]
fn every_test_target_is_run_by_a_stage() {
    let script = tree::read("tests/run");
    let targets = Graph::of_the_workspace().ours().flat_map(|package| &package.tests);
    let findings: Vec<&String> = targets.filter(|name| !is_run(name, &script)).collect();
    findings::none("no stage of tests/run runs it", &findings);
}

#[test]
fn the_continuous_build_runs_the_same_command_as_a_person() {
    assert!(tree::read(".ci/run").lines().any(|line| line.starts_with("exec tests/run")));
}

fn is_run(target: &str, script: &str) -> bool {
    let call = format!("target {target}");
    let is_call = |line: &str| line == call || line.starts_with(&format!("{call} "));
    script.lines().any(|line| is_call(line.trim()))
}

#[test]
fn the_target_of_these_rules_is_known() {
    let tests = &Graph::of_the_workspace().our("tests").tests;
    assert!(tests.contains(&"rules".to_owned()), "{tests:?}");
}

#[test]
fn a_target_that_no_stage_runs_is_found() {
    let script = "stage_rules() {\n    target rules || failed=1\n}\n# target lost\n";
    assert!(is_run("rules", script));
    assert!(!is_run("rule", script));
    assert!(!is_run("lost", script));
}
