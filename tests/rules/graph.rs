//! What is built out of what: the resolved packages, as `cargo metadata` tells them.
//!
//! For the platform of the shipped package, x86-64 Linux; the locked versions, from the local cache if
//! everything is there.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::tree;

/// Our packages that stay free of the outside.
pub const PURE: [&str; 5] = ["citizen", "card", "protocol", "session", "vision"];

/// Every resolved package.
pub struct Graph {
    packages: BTreeMap<String, Package>,
}

/// One resolved package.
pub struct Package {
    pub name: String,
    pub licence: String,
    /// Where it came from; nothing for our own.
    pub source: Option<String>,
    /// The native library that it links, if any.
    pub links: Option<String>,
    /// The names of what its manifest asks for, of every kind.
    pub declared: BTreeSet<String>,
    /// The names of its test targets, those of its own sources left out.
    pub tests: Vec<String>,
    needs: Vec<Need>,
}

struct Need {
    id: String,
    kinds: Vec<Kind>,
}

/// What a package needs another one for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Linked into what is built.
    Normal,
    /// Run or linked while building.
    Build,
    /// Used by its tests.
    Dev,
}

impl Graph {
    /// The graph of this workspace.
    pub fn of_the_workspace() -> &'static Self {
        static GRAPH: OnceLock<Graph> = OnceLock::new();
        GRAPH.get_or_init(|| Self::read(&metadata()))
    }

    fn read(metadata: &Value) -> Self {
        let mut packages = BTreeMap::new();
        for package in array(metadata.get("packages")) {
            packages.insert(text(package.get("id")), Package::read(package));
        }
        for node in array(metadata.pointer("/resolve/nodes")) {
            if let Some(package) = packages.get_mut(&text(node.get("id"))) {
                package.needs = array(node.get("deps")).map(Need::read).collect();
            }
        }
        Self { packages }
    }

    pub fn packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.values()
    }

    /// Our own packages.
    pub fn ours(&self) -> impl Iterator<Item = &Package> {
        self.packages().filter(|package| package.source.is_none())
    }

    /// One of our own packages.
    #[track_caller]
    pub fn our(&self, name: &str) -> &Package {
        self.ours().find(|package| package.name == name).expect(name)
    }

    /// Everything that building this package of ours takes, through needs of the given kinds, itself
    /// left out. Tests of outside packages are never built.
    #[track_caller]
    pub fn closure(&self, name: &str, kinds: &[Kind]) -> Vec<&Package> {
        let mut open = vec![self.our(name)];
        let mut seen = BTreeSet::new();
        let mut closure = Vec::new();
        while let Some(package) = open.pop() {
            let wanted = |need: &&Need| need.kinds.iter().any(|kind| kinds.contains(kind));
            for need in package.needs.iter().filter(wanted) {
                if seen.insert(&need.id)
                    && let Some(found) = self.packages.get(&need.id)
                {
                    closure.push(found);
                    open.push(found);
                }
            }
        }
        closure
    }
}

impl Package {
    fn read(package: &Value) -> Self {
        let declared = array(package.get("dependencies")).map(|need| text(need.get("name")));
        let is_test = |target: &&Value| array(target.get("kind")).any(|kind| kind == "test");
        let tests = array(package.get("targets")).filter(is_test);
        Self {
            name: text(package.get("name")),
            licence: text(package.get("license")),
            source: package.get("source").and_then(Value::as_str).map(str::to_owned),
            links: package.get("links").and_then(Value::as_str).map(str::to_owned),
            declared: declared.collect(),
            tests: tests.map(|target| text(target.get("name"))).collect(),
            needs: Vec::new(),
        }
    }
}

impl Need {
    fn read(need: &Value) -> Self {
        let kind = |value: &Value| match value.get("kind").and_then(Value::as_str) {
            Some("build") => Kind::Build,
            Some("dev") => Kind::Dev,
            Some(_) | None => Kind::Normal,
        };
        let kinds = array(need.get("dep_kinds")).map(kind).collect();
        Self { id: text(need.get("pkg")), kinds }
    }
}

fn array(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn metadata() -> Value {
    let ask = |more: &[&str]| {
        Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked"])
            .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
            .args(more)
            .current_dir(tree::root())
            .output()
            .expect("cargo runs, for it runs this test")
    };
    let mut output = ask(&["--offline"]);
    if !output.status.success() {
        output = ask(&[]);
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
}

/// A graph from a few lines, for the tests of the rules: `our a: b, dev c, build d` is a package of ours
/// and what it needs, `b=ssl:` one that links a library.
pub fn sketch(lines: &[&str]) -> Graph {
    let package = |line: &&str| {
        let (head, needs) = line.split_once(':').expect("a colon behind the name");
        let source = if head.starts_with("our ") { None } else { Some("registry".to_owned()) };
        let head = head.trim_start_matches("our ");
        let (name, links) =
            head.split_once('=').map_or((head, None), |(n, l)| (n, Some(l.to_owned())));
        let needs: Vec<Need> =
            needs.split(',').map(str::trim).filter(|n| !n.is_empty()).map(need).collect();
        let declared = needs.iter().map(|need| need.id.clone()).collect();
        let licence = "MIT".to_owned();
        (
            name.to_owned(),
            Package {
                name: name.to_owned(),
                licence,
                source,
                links,
                declared,
                tests: Vec::new(),
                needs,
            },
        )
    };
    Graph { packages: lines.iter().map(package).collect() }
}

fn need(words: &str) -> Need {
    let (kind, name) = match words.split_once(' ') {
        Some(("dev", name)) => (Kind::Dev, name),
        Some(("build", name)) => (Kind::Build, name),
        Some(_) | None => (Kind::Normal, words),
    };
    Need { id: name.to_owned(), kinds: vec![kind] }
}

#[test]
fn a_closure_follows_only_the_kinds_asked_for() {
    let graph = sketch(&["our a: b, dev e", "b: c, build d", "c:", "d:", "e:"]);
    let names = |kinds: &[Kind]| {
        let closure = graph.closure("a", kinds);
        let names: BTreeSet<&str> = closure.iter().map(|package| package.name.as_str()).collect();
        names.into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&[Kind::Normal]), "b c");
    assert_eq!(names(&[Kind::Normal, Kind::Build]), "b c d");
    assert_eq!(names(&[Kind::Dev]), "e");
}

#[test]
fn the_graph_of_the_workspace_knows_who_uses_whom() {
    let graph = Graph::of_the_workspace();
    let closure = graph.closure("session", &[Kind::Normal]);
    assert!(closure.iter().any(|package| package.name == "protocol"));
    assert!(closure.iter().any(|package| package.source.is_some() && !package.licence.is_empty()));
}
