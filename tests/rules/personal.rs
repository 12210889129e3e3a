//! What is known of a person cannot be printed by accident: the types that hold it write their own
//! `Debug`, have no `Display`, and become JSON only in `protocol`.

use crate::findings;
use crate::items::{Derived, derived};
use crate::rust_file::{RustFile, has_word};

/// Where a type lives and what it is called.
const PERSONAL: [(&str, &[&str]); 2] = [
    (
        "crates/citizen/src/",
        &[
            "Address",
            "BirthDate",
            "Bp1Number",
            "ChipNumber",
            "Citizen",
            "CitizenId",
            "Date",
            "Expiry",
            "Identity",
            "Name",
            "Photo",
            "PostalCode",
            "Sex",
            "Text",
        ],
    ),
    (
        "crates/protocol/src/",
        &[
            "CustomerData",
            "CustomerInput",
            "DopaCheck",
            "FailureReport",
            "HttpAnswer",
            "Mobile",
            "Plaintext",
            "QrValidationRequest",
            "Reference",
            "Selfie",
            "Submission",
            "Token",
        ],
    ),
];

/// Fields that hold what is personal or secret; as bare text or bytes they may not be printed.
const FIELDS: [&str; 16] = [
    "access_token",
    "address",
    "birth_date",
    "bp1_number",
    "chip_number",
    "citizen_id",
    "client_secret",
    "first_name",
    "last_name",
    "mobile",
    "page_key",
    "password",
    "photo",
    "portrait",
    "reference",
    "selfie",
];

/// Types that print what they hold.
const BARE: [&str; 6] = ["String", "&str", "&'a str", "Vec<u8>", "[u8", "Zeroizing<"];

#[test]
fn no_type_that_holds_personal_data_can_be_printed() {
    let findings: Vec<String> = RustFile::all().iter().flat_map(printable).collect();
    findings::none("personal data prints as redacted", &findings);
}

#[test]
fn no_personal_field_is_bare_text_in_a_type_that_can_be_printed() {
    let findings: Vec<String> = RustFile::all().iter().flat_map(bare_fields).collect();
    findings::none("a derived Debug prints bare text and wiped buffers as they are", &findings);
}

#[test]
fn the_list_of_personal_types_names_types_that_exist() {
    let files = RustFile::all();
    let mut missing = Vec::new();
    for (folder, names) in PERSONAL {
        let exists = |name: &&&str| {
            let home = files.iter().filter(|file| file.path.starts_with(folder));
            home.flat_map(RustFile::product).any(|line| declares(line.code, name))
        };
        missing.extend(
            names.iter().filter(|name| !exists(name)).map(|name| format!("{folder} {name}")),
        );
    }
    findings::none("the list in this rule is stale", &missing);
}

fn declares(code: &str, name: &str) -> bool {
    has_word(code, name) && (has_word(code, "struct") || has_word(code, "enum"))
}

fn printable(file: &RustFile) -> Vec<String> {
    let Some((folder, names)) = PERSONAL.iter().find(|(folder, _)| file.path.starts_with(folder))
    else {
        return Vec::new();
    };
    let may_serialize = *folder == "crates/protocol/src/";
    let forbidden = |name: &str| name == "Debug" || name.ends_with("Serialize") && !may_serialize;
    let mut found = Vec::new();
    for item in derived(file).iter().filter(|item| names.contains(&item.name.as_str())) {
        let traits = item.traits.iter().filter(|name| forbidden(name));
        found.extend(
            traits.map(|name| file.at(item.line, &format!("{} derives {name}", item.name))),
        );
    }
    for line in file.product().filter(|line| has_word(line.code, "impl")) {
        let of = |name: &&&str| line.code.contains(&format!("Display for {name}"));
        let exact = |name: &&&str| has_word(line.code, name);
        found.extend(
            names
                .iter()
                .filter(of)
                .filter(exact)
                .map(|name| file.at(line.number, &format!("{name} implements Display"))),
        );
    }
    found
}

fn bare_fields(file: &RustFile) -> Vec<String> {
    if !file.path.starts_with("crates/") {
        return Vec::new();
    }
    let items =
        derived(file).into_iter().filter(|item| item.traits.iter().any(|name| name == "Debug"));
    let describe = |item: Derived| {
        let why = bare_field(&item.body)?;
        Some(file.at(item.line, &format!("{} derives Debug over {why}", item.name)))
    };
    items.filter_map(describe).collect()
}

fn bare_field(body: &str) -> Option<String> {
    if body.contains("Zeroizing<") {
        return Some("a wiped buffer".to_owned());
    }
    let fields = body.split(['{', '\n', '(']).filter_map(|line| line.split_once(':'));
    let bare = |kind: &str| {
        let kind = kind.trim().trim_start_matches("Option<");
        BARE.iter().any(|bare| kind.starts_with(bare))
    };
    let mut named =
        fields.map(|(name, kind)| (name.split_whitespace().next_back().unwrap_or_default(), kind));
    named.find(|(name, kind)| FIELDS.contains(name) && bare(kind)).map(|(name, _)| name.to_owned())
}

#[test]
fn a_person_who_can_be_printed_is_found() {
    let check = |path: &str, text: &str| printable(&RustFile::new(path, text)).len();
    let derived = "#[derive(Clone, Debug)]\npub struct CitizenId([u8; 13]);\n";
    assert_eq!(check("crates/citizen/src/id.rs", derived), 1);
    assert_eq!(check("crates/agent/src/id.rs", derived), 0);
    let shown = "impl fmt::Display for Name {\n}\nimpl fmt::Display for NameError {\n}\n";
    assert_eq!(check("crates/citizen/src/name.rs", shown), 1);
    let sent = "#[derive(Serialize)]\nstruct Mobile(String);\n#[derive(serde::Serialize)]\nstruct Text(String);\n";
    assert_eq!(check("crates/protocol/src/mobile.rs", sent), 0);
    assert_eq!(check("crates/citizen/src/text.rs", sent), 1);
}

#[test]
fn bare_personal_text_under_a_derived_debug_is_found() {
    let check = |text: &str| bare_fields(&RustFile::new("crates/agent/src/a.rs", text)).len();
    assert_eq!(check("#[derive(Debug)]\nstruct A {\n    pub citizen_id: String,\n}\n"), 1);
    assert_eq!(check("#[derive(Debug)]\nstruct A {\n    mobile: Option<String>,\n}\n"), 1);
    assert_eq!(check("#[derive(Debug)]\nstruct A(Zeroizing<Vec<u8>>);\n"), 1);
    assert_eq!(check("#[derive(Debug)]\nstruct A {\n    citizen_id: CitizenId,\n}\n"), 0);
    assert_eq!(check("#[derive(Clone)]\nstruct A {\n    citizen_id: String,\n}\n"), 0);
}
