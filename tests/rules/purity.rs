//! The pure crates do no input or output, read no clock, draw no chance and spawn nothing: by what they
//! are built of, by what their code says, and by what clippy forbids in them.

use crate::findings;
use crate::graph::{Graph, Kind, PURE, sketch};
use crate::rust_file::RustFile;
use crate::tree;

/// Packages through which the outside would come in.
const OUTSIDE: [&str; 19] = [
    "async-std",
    "axum",
    "evdev",
    "hyper",
    "mio",
    "nokhwa",
    "pcsc",
    "pcsc-sys",
    "reqwest",
    "rusqlite",
    "rustls",
    "serial2",
    "smol",
    "socket2",
    "tempfile",
    "tokio",
    "tracing-subscriber",
    "ureq",
    "v4l",
];

/// What pure code does not say.
const SAID: [&str; 18] = [
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
    "std::env::",
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "io::stdin",
    "io::stdout",
    "io::stderr",
    "println!",
    "SysRng",
    "OsRng",
    "rand::rng",
    "thread_rng",
];

/// What each pure crate's `clippy.toml` bans at least.
const BANNED: [&str; 11] = [
    "std::time::Instant::now",
    "std::time::SystemTime::now",
    "std::thread::spawn",
    "std::thread::sleep",
    "std::env::var",
    "std::fs::read",
    "std::fs::write",
    "std::fs::File",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::println",
];

#[test]
fn the_pure_crates_are_built_of_nothing_that_reaches_outside() {
    let graph = Graph::of_the_workspace();
    let findings: Vec<String> = PURE.iter().flat_map(|name| reaching(graph, name)).collect();
    findings::none("a pure crate does no input or output", &findings);
}

#[test]
fn the_code_of_the_pure_crates_names_no_clock_file_socket_or_chance() {
    let findings: Vec<String> = RustFile::all()
        .iter()
        .filter(|file| PURE.iter().any(|name| file.path.starts_with(&format!("crates/{name}/"))))
        .flat_map(impure)
        .collect();
    findings::none(
        "a pure crate is handed time and chance, and returns what it decides",
        &findings,
    );
}

#[test]
fn clippy_bans_clock_file_socket_and_thread_in_every_pure_crate() {
    for name in PURE {
        let path = format!("crates/{name}/clippy.toml");
        findings::none(&format!("{path} lost a ban"), &missing_bans(&tree::read(&path)));
    }
}

fn reaching(graph: &Graph, name: &str) -> Vec<String> {
    let closure = graph.closure(name, &[Kind::Normal]);
    let outside = closure.iter().filter(|package| OUTSIDE.contains(&package.name.as_str()));
    outside.map(|package| format!("{name} is built with {}", package.name)).collect()
}

fn impure(file: &RustFile) -> Vec<String> {
    let said = |code: &str| SAID.into_iter().find(|word| code.contains(word));
    file.product()
        .filter_map(|line| said(line.code).map(|word| file.at(line.number, word)))
        .collect()
}

fn missing_bans(clippy: &str) -> Vec<String> {
    let bans: toml::Table = clippy.parse().expect("clippy.toml is TOML");
    let lists = ["disallowed-methods", "disallowed-types", "disallowed-macros"];
    let entries = lists.iter().filter_map(|list| bans.get(*list)?.as_array()).flatten();
    let paths: Vec<&str> = entries.filter_map(|entry| entry.get("path")?.as_str()).collect();
    BANNED.iter().filter(|path| !paths.contains(*path)).map(ToString::to_string).collect()
}

#[test]
fn a_pure_crate_built_on_a_runtime_is_found() {
    let graph = sketch(&["our session: quick, dev axum", "quick: tokio", "tokio:", "axum:"]);
    assert_eq!(reaching(&graph, "session"), ["session is built with tokio"]);
}

#[test]
fn pure_code_that_reads_the_clock_is_found_but_not_its_tests() {
    let text = "//! x\nfn f() { Instant::now(); }\n#[cfg(test)]\nmod tests { use std::fs; }\n";
    let file = RustFile::new("crates/session/src/a.rs", text);
    assert_eq!(impure(&file), ["crates/session/src/a.rs:2: Instant::now"]);
}

#[test]
fn a_lost_ban_is_found() {
    let text = "disallowed-methods = [{ path = \"std::fs::read\", reason = \"x\" }]";
    assert_eq!(missing_bans(text).len(), BANNED.len() - 1);
}
