//! Each outside thing comes in through one door, so that changing it touches one place. The doors are
//! listed here; what lies behind them is the business of the modules.

use crate::findings;
use crate::rust_file::{RustFile, in_a_name};

/// An outside thing and the one place where it is imported.
struct Door {
    thing: &'static str,
    /// The file, or the folder of the module, without `.rs`.
    home: &'static str,
    /// Where else one single file may import it.
    one_file_in: &'static [&'static str],
}

const DOORS: [Door; 8] = [
    Door {
        thing: "reqwest",
        home: "crates/agent/src/bank",
        one_file_in: &["crates/simulator/", "tests/"],
    },
    Door { thing: "pcsc", home: "crates/dipchip/src/card_reader", one_file_in: &[] },
    Door { thing: "nokhwa", home: "crates/dipchip/src/camera", one_file_in: &[] },
    Door { thing: "rusqlite", home: "crates/agent/src/journal", one_file_in: &[] },
    Door { thing: "serial2", home: "crates/dipchip/src/scanner", one_file_in: &[] },
    Door { thing: "evdev", home: "crates/dipchip/src/scanner", one_file_in: &["tests/"] },
    Door { thing: "v4l", home: "crates/dipchip/src/camera", one_file_in: &[] },
    Door { thing: "tracing_subscriber", home: "crates/agent/src/log", one_file_in: &[] },
];

/// The one file that may install a verifier of certificates: it wraps the standard one to pin a key.
const VERIFIER: &str = "crates/agent/src/bank/tls.rs";

#[test]
fn every_outside_thing_is_imported_in_one_place() {
    let files = RustFile::all();
    let findings: Vec<String> = DOORS.iter().flat_map(|door| elsewhere(door, &files)).collect();
    findings::none("an outside thing has one importer", &findings);
}

#[test]
fn no_code_switches_off_the_check_of_a_certificate() {
    let findings: Vec<String> = RustFile::all().iter().flat_map(unverified).collect();
    findings::none("certificates are verified, everywhere", &findings);
}

fn elsewhere(door: &Door, files: &[RustFile]) -> Vec<String> {
    let imports = |file: &&RustFile| file.lines().any(|line| comes_from(line.code, door.thing));
    let at_home = |path: &str| {
        let rest = path.strip_prefix(door.home);
        rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    };
    let mut guests = door.one_file_in.to_vec();
    let mut found = Vec::new();
    for file in files.iter().filter(imports).filter(|file| !at_home(&file.path)) {
        match guests.iter().position(|folder| file.path.starts_with(folder)) {
            Some(guest) => drop(guests.swap_remove(guest)),
            None => found
                .push(format!("{} imports {}, at home in {}", file.path, door.thing, door.home)),
        }
    }
    found
}

/// Does the line reach into the crate, as in `use pcsc::Card` or `pcsc::Context::establish`?
fn comes_from(code: &str, thing: &str) -> bool {
    code.match_indices(thing).any(|(at, _)| {
        let before = code.get(..at).unwrap_or_default();
        let after = code.get(at + thing.len()..).unwrap_or_default();
        let starts = !before.ends_with(|c: char| in_a_name(c) || c == ':' || c == '.');
        let whole = after.starts_with(';') || after.starts_with(" as ");
        starts && (after.starts_with("::") || whole && before.trim_end().ends_with("use"))
    })
}

fn unverified(file: &RustFile) -> Vec<String> {
    let suspicious = |code: &str| match file.path.as_str() {
        VERIFIER => code.contains("danger_accept"),
        _ => code.contains("danger"),
    };
    let lines = file.lines().filter(|line| suspicious(line.code));
    lines.map(|line| file.at(line.number, line.code.trim())).collect()
}

#[test]
fn a_second_importer_is_found() {
    let file = |path: &str| RustFile::new(path, "//! x\nuse reqwest::Client;\n");
    let [reqwest, pcsc, ..] = &DOORS;
    let at_home = [file("crates/agent/src/bank.rs"), file("crates/agent/src/bank/client.rs")];
    assert!(elsewhere(reqwest, &at_home).is_empty());
    assert!(
        elsewhere(reqwest, &[file("tests/a.rs"), file("crates/simulator/src/a.rs")]).is_empty()
    );
    assert_eq!(elsewhere(reqwest, &[file("tests/a.rs"), file("tests/b.rs")]).len(), 1);
    assert_eq!(elsewhere(reqwest, &[file("crates/agent/src/banker.rs")]).len(), 1);
    assert!(elsewhere(pcsc, &[file("crates/agent/src/a.rs")]).is_empty());
}

#[test]
fn an_import_is_told_from_a_name_that_looks_like_it() {
    assert!(comes_from("use pcsc::{Card, Context};", "pcsc"));
    assert!(comes_from("    let c = pcsc::Context::establish(s);", "pcsc"));
    assert!(comes_from("use pcsc as service;", "pcsc"));
    assert!(!comes_from("use crate::pcsc::Reader;", "pcsc"));
    assert!(!comes_from("let pcsc = start_pcscd();", "pcsc"));
}

#[test]
fn a_switched_off_check_is_found_even_where_the_verifier_lives() {
    let text = "//! x\nfn f(b: Builder) { b.danger_accept_invalid_certs(true); }\n";
    assert_eq!(unverified(&RustFile::new(VERIFIER, text)).len(), 1);
    let pinning = "//! x\nfn f(c: &mut Config) { c.dangerous().set(v); }\n";
    assert_eq!(unverified(&RustFile::new(VERIFIER, pinning)).len(), 0);
    assert_eq!(unverified(&RustFile::new("crates/simulator/src/bank.rs", pinning)).len(), 1);
}
