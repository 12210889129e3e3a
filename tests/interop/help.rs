//! The first call in `simulator bank --help`, pasted into a shell as a partner would.

use std::process::Command;

use simulator::bank::{Bank, Code, Endpoint, Options, Stage};

use crate::succeeded;

const HELP: &str = include_str!("../../crates/simulator/src/cli/bank_help.txt");

/// The lines below a heading, up to the next empty one.
fn section(heading: &str) -> String {
    let below = HELP.split_once(heading).unwrap().1;
    let lines = below.lines().skip(1).take_while(|line| !line.is_empty());
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_first_call_of_the_help_works_as_it_is_typed() {
    let bank = Bank::start(Options::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    bank.write_files(folder.path()).unwrap();
    let mut shell = Command::new("bash");
    shell.args(["-eu", "-c", &section("A FIRST CALL")]).env("DIR", folder.path());
    let Some(printed) = succeeded(&mut shell) else { return };

    assert!(printed.contains("\"statusCode\":\"0000\""), "{printed}");
    assert!(printed.contains("{\"stage\":\"validated\"}"), "{printed}");
    assert_eq!(bank.stage("SIM-0001"), Some(Stage::Validated));
    let seen: Vec<_> =
        bank.records().iter().map(|record| (record.endpoint(), record.code())).collect();
    let good = [Endpoint::Token, Endpoint::Consents, Endpoint::ValidateQr];
    assert_eq!(seen, good.map(|endpoint| (endpoint, Some(Code::SUCCESS))));
}
