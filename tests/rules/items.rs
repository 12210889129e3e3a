//! The derived items of a Rust file: which traits stand over which type, and what the type holds. What
//! follows from it is decided by the rules on naming and on personal data.

use crate::rust_file::{RustFile, block_end, in_a_name, line_of};

/// A type with a `derive`.
pub struct Derived {
    pub line: usize,
    pub name: String,
    /// As written, in the order written.
    pub traits: Vec<String>,
    /// From the name to the end of the item, without comments.
    pub body: String,
}

/// Every derived struct and enum of the file, test code included.
pub fn derived(file: &RustFile) -> Vec<Derived> {
    let starts = file.code.match_indices("#[derive(");
    starts.filter_map(|(at, mark)| read(&file.code, at, at + mark.len())).collect()
}

fn read(code: &str, start: usize, list: usize) -> Option<Derived> {
    let list_end = list + code.get(list..)?.find(")]")?;
    let traits = code.get(list..list_end)?.split(',').map(str::trim);
    let traits = traits.filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let rest = code.get(list_end..)?;
    let keyword = ["struct ", "enum ", "union "]
        .iter()
        .filter_map(|word| Some((rest.find(word)?, word.len())));
    let (found, length) = keyword.min()?;
    let name_start = list_end + found + length;
    let name: String = code.get(name_start..)?.chars().take_while(|c| in_a_name(*c)).collect();
    let tail = code.get(name_start..)?;
    let end = match tail.find(['{', ';'])? {
        stop if tail.get(stop..)?.starts_with('{') => block_end(code, name_start)?,
        stop => name_start + stop,
    };
    let body = code.get(name_start..end)?.to_owned();
    Some(Derived { line: line_of(code, start), name, traits, body })
}

#[test]
fn a_derived_item_is_read_with_its_traits_and_its_body() {
    let text = "//! x\n/// A struct of note.\n#[derive(Clone, Debug)]\n#[serde(x)]\npub struct A {\n    b: String,\n}\n\
        #[derive(Copy)]\nenum C { D }\n#[derive(Eq)]\nstruct E(u8);\n";
    let items = derived(&RustFile::new("crates/x/src/a.rs", text));
    let names: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["A", "C", "E"]);
    let first = items.first().expect("three items");
    assert_eq!((first.line, first.traits.join(" ").as_str()), (3, "Clone Debug"));
    assert!(first.body.contains("b: String"));
}
