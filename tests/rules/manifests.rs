//! The manifests of our crates: one list of versions, one list of lints, no features. What the packages
//! resolve to is left to `graph` and its readers.

use toml::{Table, Value};

use crate::findings;
use crate::tree;

/// Lints that the workspace sets and no crate may loosen.
const LINTS: [(&str, &str, &str); 8] = [
    ("rust", "missing_docs", "warn"),
    ("rust", "unsafe_code", "forbid"),
    ("clippy", "allow_attributes", "warn"),
    ("clippy", "as_conversions", "warn"),
    ("clippy", "indexing_slicing", "warn"),
    ("clippy", "panic", "warn"),
    ("clippy", "unwrap_used", "warn"),
    ("clippy", "wildcard_imports", "warn"),
];

#[test]
fn the_workspace_keeps_its_lints() {
    let manifest = parse(&tree::read("Cargo.toml"));
    findings::none("a lint was loosened", &loosened(&manifest));
}

#[test]
fn every_crate_takes_lints_and_versions_from_the_workspace() {
    let manifests = tree::files_ending("Cargo.toml");
    let members = manifests.iter().filter(|file| file.path != "Cargo.toml");
    let findings: Vec<String> = members
        .flat_map(|file| {
            let found = own_ways(&parse(&file.text));
            found.into_iter().map(|what| format!("{}: {what}", file.path)).collect::<Vec<_>>()
        })
        .collect();
    findings::none("one list of versions, one list of lints, no features", &findings);
}

fn parse(text: &str) -> Table {
    text.parse().expect("a manifest is TOML")
}

fn loosened(manifest: &Table) -> Vec<String> {
    let lints = manifest.get("workspace").and_then(|table| table.get("lints"));
    let level = |tool: &str, lint: &str| Some(lints?.get(tool)?.get(lint)?.as_str()?.to_owned());
    let wrong =
        LINTS.iter().filter(|(tool, lint, wanted)| level(tool, lint).as_deref() != Some(wanted));
    wrong.map(|(tool, lint, wanted)| format!("{tool}::{lint} is not {wanted:?}")).collect()
}

fn own_ways(manifest: &Table) -> Vec<String> {
    let mut found = Vec::new();
    let inherited = |value: Option<&Value>| {
        value.and_then(|value| value.get("workspace")?.as_bool()) == Some(true)
    };
    if !inherited(manifest.get("lints")) {
        found.push("lints of its own".to_owned());
    }
    if manifest.contains_key("features") {
        found.push("features".to_owned());
    }
    for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let needs = manifest.get(kind).and_then(Value::as_table).into_iter().flatten();
        let own = needs.filter(|(_, need)| !inherited(Some(need)));
        found.extend(own.map(|(name, _)| format!("{name} with a version of its own")));
    }
    found
}

#[test]
fn a_loosened_lint_is_found() {
    let manifest =
        parse("[workspace.lints.rust]\nunsafe_code = \"warn\"\nmissing_docs = \"warn\"\n");
    assert_eq!(loosened(&manifest).len(), LINTS.len() - 1);
}

#[test]
fn a_crate_with_ways_of_its_own_is_found() {
    let manifest = parse("[features]\nfast = []\n[dependencies]\na = \"1\"\nb.workspace = true\n");
    assert_eq!(
        own_ways(&manifest),
        ["lints of its own", "features", "a with a version of its own"]
    );
}
