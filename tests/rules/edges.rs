//! Who may know whom among our own crates, and how far native libraries and the simulator reach: read
//! off the resolved packages, so that a detour through a third crate counts as well.

use std::collections::BTreeSet;

use crate::findings;
use crate::graph::{Graph, Kind, Package, sketch};

/// What each of our packages may use of ours: the arrows of the picture in `ARCHITECTURE.md`.
const MAY_USE: [(&str, &[&str]); 11] = [
    ("citizen", &[]),
    ("card", &["citizen"]),
    ("protocol", &["citizen"]),
    ("vision", &["code-frames"]),
    ("code-frames", &[]),
    ("session", &["citizen", "protocol"]),
    ("agent", &["card", "citizen", "protocol", "session", "vision"]),
    ("dipchip", &["agent", "card", "citizen", "vision"]),
    ("hardware", &["agent", "card", "citizen", "dipchip", "simulator", "tests"]),
    ("simulator", &["agent", "card", "citizen", "protocol", "session", "vision"]),
    ("tests", &["agent", "card", "citizen", "protocol", "session", "simulator", "vision"]),
];

/// What the agent may link: the cipher library and the journal's database, both compiled from source.
const COMPILED_IN: [&str; 2] = ["libsqlite3-sys", "ring"];

/// What needs a library or a tool of the machine to be built.
const OF_THE_MACHINE: [&str; 5] =
    ["clang-sys", "openssl-sys", "pcsc-sys", "libudev-sys", "v4l2-sys-mit"];

#[test]
fn our_crates_know_each_other_only_as_the_picture_says() {
    let graph = Graph::of_the_workspace();
    let findings: Vec<String> =
        graph.ours().flat_map(|package| extra_edges(graph, package)).collect();
    findings::none("an arrow that the picture does not have", &findings);
}

#[test]
fn card_and_protocol_do_not_know_each_other() {
    let graph = Graph::of_the_workspace();
    assert!(!reaches(graph, "card", "protocol"), "card knows the bank's messages");
    assert!(!reaches(graph, "protocol", "card"), "protocol knows the card");
}

#[test]
fn session_asks_for_no_serde() {
    let findings = serde_asked_for(Graph::of_the_workspace().our("session"));
    findings::none("the bank's JSON is protocol's, the page's JSON is the agent's", &findings);
}

#[test]
fn the_agent_links_no_library_of_the_machine() {
    let findings = linked(Graph::of_the_workspace(), "agent");
    findings::none("the agent links what cargo compiles, and nothing else", &findings);
}

#[test]
fn the_production_program_cannot_contain_the_simulator() {
    assert!(!reaches(Graph::of_the_workspace(), "dipchip", "simulator"));
}

#[test]
fn the_demo_is_built_without_any_library_of_the_machine() {
    let closure = Graph::of_the_workspace().closure("simulator", &[Kind::Normal, Kind::Build]);
    let names = closure.iter().map(|package| package.name.as_str());
    let findings: Vec<&str> = names.filter(|name| OF_THE_MACHINE.contains(name)).collect();
    findings::none("the demo needs Rust and a C compiler alone", &findings);
}

fn extra_edges(graph: &Graph, package: &Package) -> Vec<String> {
    let ours: BTreeSet<&str> = graph.ours().map(|package| package.name.as_str()).collect();
    let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == package.name) else {
        return vec![format!("{} is not in the picture", package.name)];
    };
    let used = package.declared.iter().map(String::as_str).filter(|name| ours.contains(name));
    let extra = used.filter(|name| !allowed.contains(name) && *name != package.name);
    extra.map(|name| format!("{} uses {name}", package.name)).collect()
}

fn reaches(graph: &Graph, from: &str, to: &str) -> bool {
    let kinds = [Kind::Normal, Kind::Build, Kind::Dev];
    graph.closure(from, &kinds).iter().any(|package| package.name == to)
}

fn serde_asked_for(package: &Package) -> Vec<&String> {
    package.declared.iter().filter(|name| name.starts_with("serde")).collect()
}

fn linked(graph: &Graph, name: &str) -> Vec<String> {
    let closure = graph.closure(name, &[Kind::Normal]);
    let native = closure.iter().filter(|package| package.links.is_some());
    let foreign = native.filter(|package| !COMPILED_IN.contains(&package.name.as_str()));
    foreign.map(|package| format!("{name} links through {}", package.name)).collect()
}

#[test]
fn an_arrow_too_many_is_found() {
    let graph = sketch(&["our card: citizen, protocol", "our citizen:", "our protocol: citizen"]);
    assert_eq!(extra_edges(&graph, graph.our("card")), ["card uses protocol"]);
    assert!(extra_edges(&graph, graph.our("protocol")).is_empty());
    assert!(reaches(&graph, "card", "protocol"));
}

#[test]
fn a_crate_that_the_picture_lacks_is_found() {
    let graph = sketch(&["our helpers:"]);
    assert_eq!(extra_edges(&graph, graph.our("helpers")), ["helpers is not in the picture"]);
}

#[test]
fn a_native_library_is_found() {
    let graph = sketch(&[
        "our agent: ring, tls",
        "ring=ring_core:",
        "tls: openssl-sys",
        "openssl-sys=ssl:",
    ]);
    assert_eq!(linked(&graph, "agent"), ["agent links through openssl-sys"]);
}

#[test]
fn serde_in_the_session_is_found() {
    let graph = sketch(&["our session: serde_json", "serde_json:"]);
    assert_eq!(serde_asked_for(graph.our("session")), ["serde_json"]);
}
