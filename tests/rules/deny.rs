//! What `deny.toml` says is true of the resolved packages: licences, bans, sources, and a reason for each
//! outside crate that we ask for ourselves.
//!
//! `cargo deny` reads the same file; here its essential parts are checked without installing it.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::findings;
use crate::graph::{Graph, Package};
use crate::licences::satisfied;
use crate::tree;

/// Characters of a reason: below this it says nothing.
const REASON_MIN: usize = 40;

/// The one place that packages may come from, as cargo writes it.
const REGISTRY: &str = concat!("registry+https://github.com/rust-lang/crates", ".io-index");

#[test]
fn every_licence_in_the_tree_is_allowed() {
    let allowed = strings(deny().get("licenses").and_then(|table| table.get("allow")));
    let packages = Graph::of_the_workspace().packages();
    let findings: Vec<String> =
        packages.filter_map(|package| unlicensed(package, &allowed)).collect();
    findings::none("a licence that nobody allowed", &findings);
}

#[test]
fn no_banned_crate_is_in_the_tree() {
    let entries = deny().get("bans").and_then(|table| table.get("deny")).cloned();
    let named = |entry: &Value| Some(entry.get("crate")?.as_str()?.to_owned());
    let list = entries
        .and_then(|entries| Some(entries.as_array()?.iter().filter_map(named).collect::<Vec<_>>()));
    let banned = list.expect("deny.toml lists bans");
    assert!(banned.len() >= 4, "the list of bans is shorter than it was: {banned:?}");
    let packages = Graph::of_the_workspace().packages();
    let findings: Vec<&str> = packages
        .map(|package| package.name.as_str())
        .filter(|name| is_banned(name, &banned))
        .collect();
    findings::none("a banned crate came in", &findings);
}

#[test]
fn every_package_is_ours_or_from_the_one_registry() {
    let packages = Graph::of_the_workspace().packages();
    let findings: Vec<String> = packages.filter_map(strange_source).collect();
    findings::none("packages come from the registry, by version", &findings);
}

#[test]
fn every_outside_crate_that_we_ask_for_has_its_reason() {
    let wanted = wanted(&tree::read("Cargo.toml"));
    findings::none(
        "deny.toml says what for, and why not twenty lines of ours",
        &unreasoned(&wanted, &tree::read("deny.toml")),
    );
}

fn deny() -> Table {
    tree::read("deny.toml").parse().expect("deny.toml is TOML")
}

fn strings(list: Option<&Value>) -> Vec<String> {
    let values = list.and_then(Value::as_array).into_iter().flatten();
    values.filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

fn unlicensed(package: &Package, allowed: &[String]) -> Option<String> {
    let finding = format!("{}: {:?}", package.name, package.licence);
    (!satisfied(&package.licence, allowed)).then_some(finding)
}

fn is_banned(name: &str, banned: &[String]) -> bool {
    banned.iter().any(|ban| ban == name)
}

fn strange_source(package: &Package) -> Option<String> {
    let source = package.source.as_deref().filter(|source| *source != REGISTRY)?;
    Some(format!("{} comes from {source}", package.name))
}

/// The outside crates of the workspace's manifest: those without a path.
fn wanted(manifest: &str) -> BTreeSet<String> {
    let manifest: Table = manifest.parse().expect("Cargo.toml is TOML");
    let list = manifest.get("workspace").and_then(|table| table.get("dependencies")?.as_table());
    let outside = list.into_iter().flatten().filter(|(_, need)| need.get("path").is_none());
    outside.map(|(name, _)| name.clone()).collect()
}

/// Lines `# why NAME: reason`, one for each wanted crate and none for any other.
fn unreasoned(wanted: &BTreeSet<String>, deny: &str) -> Vec<String> {
    let lines = deny.lines().filter_map(|line| line.strip_prefix("# why ")?.split_once(": "));
    let reasons: BTreeMap<&str, &str> = lines.collect();
    let mut found = Vec::new();
    for name in wanted {
        match reasons.get(name.as_str()) {
            None => found.push(format!("no reason for {name}")),
            Some(reason) if reason.len() < REASON_MIN => {
                found.push(format!("too short a reason for {name}"))
            }
            Some(_) => {}
        }
    }
    let stale = reasons.keys().filter(|name| !wanted.contains(**name));
    found.extend(stale.map(|name| format!("{name} is not asked for any more")));
    found
}

#[test]
fn a_crate_without_a_reason_is_found_and_so_is_a_stale_reason() {
    let wanted =
        wanted("[workspace.dependencies]\ncard = { path = \"x\" }\nserde = \"1\"\ntoml = \"1\"\n");
    assert_eq!(wanted, ["serde", "toml"].map(str::to_owned).into());
    let deny = format!("# why toml: short\n# why rand: {}\n", "long ".repeat(10));
    let found = unreasoned(&wanted, &deny);
    assert_eq!(
        found,
        ["no reason for serde", "too short a reason for toml", "rand is not asked for any more"]
    );
}

#[test]
fn a_package_from_elsewhere_is_found() {
    let graph = crate::graph::sketch(&["our a: b", "b:"]);
    let found: Vec<String> = graph.packages().filter_map(strange_source).collect();
    assert_eq!(found, ["b comes from registry"]);
}

#[test]
fn a_licence_and_a_crate_that_nobody_allowed_are_found() {
    let graph = crate::graph::sketch(&["openssl-sys:"]);
    let isc = ["ISC".to_owned()];
    assert_eq!(graph.packages().filter_map(|package| unlicensed(package, &isc)).count(), 1);
    assert!(is_banned("openssl-sys", &["openssl-sys".to_owned()]));
}
