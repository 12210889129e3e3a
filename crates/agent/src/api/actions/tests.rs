//! Each form of an action, and the forms that are refused without repeating what they said.

use std::collections::BTreeSet;

use super::*;

#[track_caller]
fn check(body: &str, expected: &str) {
    let event = read(body.as_bytes()).unwrap_or_else(|refusal| panic!("{body}: {refusal}"));
    let text = match &event {
        Event::ReferenceRead(reference) => format!("ReferenceRead {}", reference.as_str()),
        Event::Confirmed { postal_code, mobile, english_name } => {
            let postal_code = postal_code.as_ref().map_or("-", PostalCode::as_str);
            let mobile = mobile.as_ref().map_or("-", Mobile::as_str);
            let name = english_name.as_ref();
            let name = name.map(|name| format!(" {}+{}", name.first(), name.last()));
            format!("Confirmed {postal_code} {mobile}{}", name.unwrap_or_default())
        }
        other => format!("{other:?}"),
    };
    assert_eq!(text, expected);
}

#[track_caller]
fn check_refused(body: &str) {
    let refusal = read(body.as_bytes()).expect_err(body);
    let Refusal::Form { expected, got } = refusal else { panic!("{body}: {refusal}") };
    let said = format!("{expected}{got}{refusal}");
    for secret in ["0812345678", "secret", "12345678901"] {
        assert!(!said.contains(secret), "{body}: {said}");
    }
}

#[test]
fn every_action_becomes_its_event() {
    check(r#"{"action":"start"}"#, "Started");
    check(r#"{"action":"still_here"}"#, "StillHere");
    check(r#"{"action":"keep_waiting"}"#, "KeepWaiting");
    check(r#"{"action":"reprint"}"#, "CopyWanted");
    check(r#"{"action":"cancel"}"#, "Cancelled");
    check(r#"{"action":"language","language":"th"}"#, "LanguageChosen(Thai)");
    check(r#"{"language":"en","action":"language"}"#, "LanguageChosen(English)");
    check(r#"{"action":"consents","answers":["Y","N"]}"#, "ConsentsAnswered([Given, Refused])");
}

#[test]
fn a_reference_is_read_as_a_scanned_one_and_a_wrong_code_is_an_event_too() {
    check(r#"{"action":"reference","text":"BAYMK191200001"}"#, "ReferenceRead BAYMK191200001");
    check(r#"{"action":"reference","text":"BAYMK191200001\r\n"}"#, "ReferenceRead BAYMK191200001");
    check(r#"{"action":"reference","text":"https://a.test"}"#, "WrongCodeRead(Website)");
    check(r#"{"action":"reference","text":"000201010212"}"#, "WrongCodeRead(Payment)");
    check(r#"{"action":"reference","text":"\u0000\u202e"}"#, "WrongCodeRead(ControlCharacters)");
    check(r#"{"action":"reference","text":""}"#, "WrongCodeRead(Unreadable)");
}

#[test]
fn a_confirmation_may_leave_out_nothing_but_say_null() {
    check(r#"{"action":"confirm","postal_code":null,"mobile":null}"#, "Confirmed - -");
    check(r#"{"action":"confirm","postal_code":"10110","mobile":null}"#, "Confirmed 10110 -");
    check(
        r#"{"action":"confirm","postal_code":"10110","mobile":"0812345678"}"#,
        "Confirmed 10110 0812345678",
    );
    let named = |name: &str| {
        format!(r#"{{"action":"confirm","postal_code":null,"mobile":null,"english_name":{name}}}"#)
    };
    check(&named("null"), "Confirmed - -");
    check(&named(r#"{"first":"Somchai","last":""}"#), "Confirmed - - Somchai+");
    check_refused(&named(r#"{"first":"secret1","last":""}"#));
    check_refused(&named(r#"{"first":"secret"}"#));
    check_refused(&named(r#"{"first":"a","last":"b","middle":"secret"}"#));
    check_refused(r#"{"action":"confirm"}"#);
    check_refused(r#"{"action":"confirm","postal_code":null}"#);
    check_refused(r#"{"action":"confirm","mobile":null}"#);
}

#[test]
fn postal_codes_and_mobile_numbers_of_another_form_are_refused() {
    for postal_code in ["1011", "101100", "1011a", "", "๑๐๑๑๐", " 10110"] {
        check_refused(&format!(
            r#"{{"action":"confirm","postal_code":"{postal_code}","mobile":null}}"#
        ));
    }
    for mobile in ["812345678", "12345678901", "+66812345678", "081-2345678", ""] {
        check_refused(&format!(r#"{{"action":"confirm","postal_code":null,"mobile":"{mobile}"}}"#));
    }
}

#[test]
fn what_is_not_in_the_form_is_refused() {
    check_refused("");
    check_refused("null");
    check_refused("[]");
    check_refused("{}");
    check_refused("{\"action\":\"start\"");
    check_refused(r#"{"action":"start"} {"action":"start"}"#);
    check_refused(r#"{"action":"start","secret":1}"#);
    check_refused(r#"{"action":"START"}"#);
    check_refused(r#"{"action":"secret"}"#);
    check_refused(r#"{"action":["start"]}"#);
    check_refused(r#"{"action":"start","action":"cancel"}"#);
    check_refused(r#"{"action":"language"}"#);
    check_refused(r#"{"action":"language","language":"de"}"#);
    check_refused(r#"{"action":"language","language":"th","language":"en"}"#);
    check_refused(r#"{"action":"reference"}"#);
    check_refused(r#"{"action":"reference","text":1}"#);
    check_refused(r#"{"action":"reference","text":"secret","more":true}"#);
    check_refused("{\"action\":\"reference\",\"text\":\"secret\u{1}\"}");
}

#[test]
fn consents_are_answered_by_yes_and_no_and_bounded() {
    check_refused(r#"{"action":"consents","answers":[]}"#);
    check_refused(r#"{"action":"consents","answers":["y"]}"#);
    check_refused(r#"{"action":"consents","answers":[true]}"#);
    check_refused(r#"{"action":"consents","answers":"Y"}"#);
    let many = vec!["\"Y\""; ANSWERS_MAX + 1].join(",");
    check_refused(&format!(r#"{{"action":"consents","answers":[{many}]}}"#));
}

#[test]
fn a_text_longer_than_any_code_is_refused() {
    let text = "1".repeat(REFERENCE_CHARACTERS_MAX + 1);
    check_refused(&format!(r#"{{"action":"reference","text":"{text}"}}"#));
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    assert!(read(b"{\"action\":\"reference\",\"text\":\"\xff\xfe\"}").is_err());
}

/// Every action; a new one does not compile without its word.
fn words() -> BTreeSet<&'static str> {
    let word = |action| match action {
        Action::Start => "start",
        Action::Language => "language",
        Action::Reference => "reference",
        Action::Consents => "consents",
        Action::Confirm => "confirm",
        Action::StillHere => "still_here",
        Action::KeepWaiting => "keep_waiting",
        Action::Reprint => "reprint",
        Action::Cancel => "cancel",
    };
    let all = [
        Action::Start,
        Action::Language,
        Action::Reference,
        Action::Consents,
        Action::Confirm,
        Action::StillHere,
        Action::KeepWaiting,
        Action::Reprint,
        Action::Cancel,
    ];
    all.map(word).into()
}

#[test]
fn the_openapi_text_lists_exactly_these_actions_with_examples_that_are_taken() {
    let openapi: serde_json::Value = serde_json::from_str(crate::api::OPENAPI).unwrap();
    let forms = openapi.pointer("/components/schemas/Action/oneOf").unwrap().as_array().unwrap();
    let listed: Vec<&str> = forms
        .iter()
        .map(|form| form.pointer("/properties/action/const").unwrap().as_str().unwrap())
        .collect();
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), words());
    assert_eq!(listed.len(), words().len());
    for form in forms {
        let example = form.pointer("/examples/0").unwrap().to_string();
        assert!(read(example.as_bytes()).is_ok(), "{example}");
    }
}
