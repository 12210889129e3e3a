//! No maker and no model of a device stands in the code: a device fact is a note in `firmware-notes/`,
//! and the code knows keys. Citing a note by its path is allowed.

use crate::findings;
use crate::tree::{self, File};

/// Makers and families seen in the field; the models of the notes are added by the test.
const MAKERS: [&str; 26] = [
    "acr122",
    "acr122u",
    "acr38",
    "acr38u",
    "acr39",
    "acr39u",
    "alcor",
    "bixolon",
    "cherry smartterminal",
    "datalogic",
    "epson",
    "feitian",
    "gemalto",
    "gemplus",
    "honeywell",
    "identiv",
    "logitech",
    "newland",
    "omnikey",
    "realtek",
    "scr3310",
    "smartcard reader 433",
    "symbol ds",
    "xprinter",
    "zebra",
    "zkteco",
];

#[test]
fn no_maker_or_model_of_a_device_stands_in_the_code() {
    let files = tree::files();
    let models = models(&files);
    let code = files.iter().filter(|file| file.path.starts_with("crates/"));
    let findings: Vec<String> = code.flat_map(|file| named(file, &models)).collect();
    findings::none("a device fact is a note, the code knows keys", &findings);
}

/// Words with a digit in them, from the names of the notes and from what they match.
fn models(files: &[File]) -> Vec<String> {
    let mut words: Vec<String> = MAKERS.map(str::to_owned).into();
    for note in files.iter().filter(|file| file.path.starts_with("firmware-notes/")) {
        let slug = note.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".md");
        let matched = note.text.lines().find(|line| line.starts_with("match"));
        let text = format!("{slug} {}", matched.unwrap_or_default()).to_lowercase();
        let parts = text.split(|c: char| !c.is_ascii_alphanumeric());
        let model = |word: &&str| {
            let digits = word.chars().any(|c| c.is_ascii_digit());
            digits && word.chars().any(|c| c.is_ascii_alphabetic()) && word.len() >= 4
        };
        words.extend(parts.filter(model).map(str::to_owned));
    }
    words.sort();
    words.dedup();
    words
}

fn named(file: &File, models: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let plain = without_citations(&line.to_lowercase());
        for model in models.iter().filter(|model| stands_in(&plain, model)) {
            found.push(format!("{}:{}: {model}", file.path, number + 1));
        }
    }
    found
}

fn without_citations(line: &str) -> String {
    let words = line.split(' ').filter(|word| !word.contains("firmware-notes/"));
    words.collect::<Vec<_>>().join(" ")
}

/// Found at the start of a word, whatever follows: a model has many endings.
fn stands_in(line: &str, model: &str) -> bool {
    let starts =
        |at: usize| !line.get(..at).is_some_and(|text| text.ends_with(char::is_alphanumeric));
    line.match_indices(model).any(|(at, _)| starts(at))
}

#[test]
fn a_model_in_the_code_is_found_and_a_cited_note_is_not() {
    let note = File {
        path: "firmware-notes/readers/example-zz77.md".to_owned(),
        text: "+++\nmatch = { reader = \"EXAMPLE*QX4400*\" }\n+++\n".to_owned(),
    };
    let models = models(&[note]);
    let check = |text: &str| {
        let file = File { path: "crates/agent/src/a.rs".to_owned(), text: text.to_owned() };
        named(&file, &models).len()
    };
    assert_eq!(check("if reader.contains(\"QX4400-U\") {}"), 1);
    assert_eq!(check("// the zz77 is slow"), 1);
    assert_eq!(check("// The Alcor is slow."), 1);
    assert_eq!(check("// Why: firmware-notes/readers/example-zz77.md says so."), 0);
    assert_eq!(check("let falcorn = 1;"), 0);
}
