//! The matrix: every condition at every endpoint, as the page asks and as a journey does.
//!
//! `DIPCHIP_WRITE_MATRIX=1 cargo test -p tests --test conformance matrix` writes
//! `crates/protocol/MATRIX.md` anew; without it the test compares.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use agent::failures::Sentences;
use protocol::{Action, Alert, Condition, Endpoint, Resent, resent, ruling};
use session::SlipResult;

use super::page::{self, Class, Line};
use super::walk::walk;

/// SAME_THEN_LATER is the longest: 1 + 4 + 16 s and 10 + 20 + 30 s, half as long again by jitter.
const WAITED_MOST: Duration = Duration::from_secs(122);

/// What one cell comes to, in words.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Cell {
    action: String,
    repetitions: usize,
    customer: String,
    end: &'static str,
    text: String,
    alert: &'static str,
    journal: &'static str,
}

const NAMES: [(Endpoint, &str); 6] = [
    (Endpoint::Token, "E1"),
    (Endpoint::ValidateQr, "E2"),
    (Endpoint::Submit, "E3"),
    (Endpoint::ReportFailure, "E4"),
    (Endpoint::Consents, "E5"),
    (Endpoint::CheckDopa, "E6"),
];

/// Every cell: DiiS answers only from E2 on, since the token's server stands before it.
fn cells() -> impl Iterator<Item = (Condition, &'static str, Endpoint, &'static str)> {
    page::codes().into_iter().flat_map(|written| {
        let condition: Condition = written.parse().expect("the page writes conditions");
        let here = move |(endpoint, _): &(Endpoint, &str)| {
            !(matches!(condition, Condition::Diis(_)) && *endpoint == Endpoint::Token)
        };
        NAMES
            .into_iter()
            .filter(here)
            .map(move |(endpoint, name)| (condition, written, endpoint, name))
    })
}

/// What the journey, or the outbox for E4, does.
fn done(condition: Condition, endpoint: Endpoint) -> Cell {
    let ruling = ruling(condition, endpoint);
    if endpoint == Endpoint::ReportFailure {
        return reported(condition);
    }
    let walk = walk(condition, endpoint);
    let by_client = match ruling.action {
        Action::Retoken => 1,
        Action::ShrinkSelfie => walk.rounds,
        _ => 0,
    };
    let asked = walk.asked.filter(|_| walk.rounds > 0);
    let report = walk.report.map(|code| format!(", report {code}")).unwrap_or_default();
    let customer = asked.map(|stage| format!("{} {}×{report}", stage.word(), walk.rounds));
    let journal = match (endpoint, walk.slip) {
        (Endpoint::Submit, Some(SlipResult::Unresolved)) => "open",
        (Endpoint::Submit, _) => "closed",
        _ => "none",
    };
    let end = walk.outcome.word();
    let failure = walk.outcome.failure();
    Cell {
        action: word(ruling.action),
        repetitions: walk.repetitions + by_client,
        customer: customer.unwrap_or_else(|| "-".to_owned()),
        end,
        text: failure.map_or("done", |failure| failure.text()).to_owned(),
        alert: alert_word(walk.alert),
        journal,
    }
}

/// No customer waits for E4: an answer ends the entry, or the outbox asks again until 24 hours are over.
fn reported(condition: Condition) -> Cell {
    let ruling = ruling(condition, Endpoint::ReportFailure);
    let kept = resent(condition, Endpoint::ReportFailure) == Resent::KeepTrying;
    Cell {
        action: word(ruling.action),
        repetitions: 0,
        customer: "-".to_owned(),
        end: if kept { "tried again" } else { "ended" },
        text: ruling.text.to_owned(),
        alert: if kept || ruling.action == Action::Done { "none" } else { "log" },
        journal: if kept { "open" } else { "closed" },
    }
}

/// What the page asks for.
fn asked(condition: Condition, line: &Line, name: &str) -> Cell {
    let action = match line.class {
        Class::Done => "DONE",
        Class::Rescan => "RESCAN_QR",
        Class::Reread(_) | Class::RereadThenReport(..) => "REREAD",
        Class::Same(_) | Class::SameThenLater | Class::Pending => "RETRY_SAME",
        Class::Later | Class::Quota => "RETRY_LATER",
        Class::Reseal => "RESEAL",
        Class::Retoken => "RETOKEN",
        Class::Reconcile => "RECONCILE",
        Class::Consent => "CONSENT",
        Class::Recheck => "RECHECK",
        Class::Recapture => "RECAPTURE",
        Class::Shrink => "SHRINK",
        Class::Clock => "FIX_CLOCK",
        Class::Stop => "STOP",
        Class::Config => "CONFIG_FAULT",
        Class::Bug => "BUG",
    };
    let cell = Cell {
        action: action.to_owned(),
        repetitions: 0,
        customer: "-".to_owned(),
        end: "ended",
        text: line.text.to_owned(),
        alert: line.alert,
        journal: "none",
    };
    if name == "E4" {
        asked_of_outbox(cell, line.class)
    } else {
        asked_of_journey(cell, condition, line.class, name)
    }
}

/// 1.8 (d): any answer that is not transient ends a report.
fn asked_of_outbox(cell: Cell, class: Class) -> Cell {
    let (end, journal) = match class {
        Class::Same(_)
        | Class::SameThenLater
        | Class::Later
        | Class::Quota
        | Class::Pending
        | Class::Retoken
        | Class::Reconcile
        | Class::Clock
        | Class::Config => ("tried again", "open"),
        _ => ("ended", "closed"),
    };
    let alert = if journal == "open" || class == Class::Done { "none" } else { "log" };
    Cell { end, alert, journal, ..cell }
}

fn asked_of_journey(cell: Cell, condition: Condition, class: Class, name: &str) -> Cell {
    let repetitions = match class {
        Class::Same(times) => times,
        Class::SameThenLater => 6,
        Class::Later | Class::Reconcile => 3,
        Class::Pending => 2,
        Class::Shrink => 2,
        Class::Reseal | Class::Retoken | Class::Clock => 1,
        _ => 0,
    };
    // A screen that has not come yet cannot be gone back to.
    let has_card = matches!(name, "E2" | "E3" | "E6");
    let has_data = matches!(name, "E3" | "E6");
    let customer = match class {
        Class::Reread(times) if has_card => format!("gather {times}×"),
        Class::RereadThenReport(times, code) => format!("gather {times}×, report {code}"),
        Class::Consent if has_data => "consent 2×".to_owned(),
        Class::Recheck if has_data => "confirm 1×".to_owned(),
        Class::Recapture => "selfie 5×, report 06".to_owned(),
        _ => cell.customer.clone(),
    };
    let end = match class {
        Class::Done => "done",
        Class::Pending => "pending",
        Class::Reconcile => "unresolved",
        Class::Rescan
        | Class::Reread(_)
        | Class::RereadThenReport(..)
        | Class::Recapture
        | Class::Consent
        | Class::Recheck
        | Class::Stop
            if matches!(condition, Condition::Diis(_)) =>
        {
            "refused"
        }
        _ => "failed",
    };
    let unknown = class == Class::Reconcile;
    let text = if unknown { "result_unknown".to_owned() } else { cell.text.clone() };
    let journal = match (name, unknown) {
        ("E3", true) => "open",
        ("E3", false) => "closed",
        _ => "none",
    };
    Cell { repetitions, customer, end, text, journal, ..cell }
}

fn word(action: Action) -> String {
    let word = match action {
        Action::Done => "DONE",
        Action::DonePending => "DONE_PENDING",
        Action::RetrySame => "RETRY_SAME",
        Action::RetryLater => "RETRY_LATER",
        Action::Reseal => "RESEAL",
        Action::Retoken => "RETOKEN",
        Action::Reconcile => "RECONCILE",
        Action::RescanQr => "RESCAN_QR",
        Action::Reread => "REREAD",
        Action::Recapture => "RECAPTURE",
        Action::AskConsent => "CONSENT",
        Action::FixInApp => "FIX_IN_APP",
        Action::RecheckInput => "RECHECK",
        Action::ShrinkSelfie => "SHRINK",
        Action::FixClock => "FIX_CLOCK",
        Action::Stop => "STOP",
        Action::StopReport(reason) => return format!("STOP_REPORT {}", reason.code()),
        Action::ConfigFault => "CONFIG_FAULT",
        Action::Bug => "BUG",
    };
    word.to_owned()
}

fn alert_word(alert: Alert) -> &'static str {
    match alert {
        Alert::None => "none",
        Alert::Count => "count",
        Alert::Warn => "warn",
        Alert::Page => "page",
    }
}

/// The head of the printed matrix.
const HEAD: &str = "\
# Conformance matrix

What the agent does about every answer, at every endpoint, when the bank gives it again and again.
Made by `DIPCHIP_WRITE_MATRIX=1 cargo test -p tests --test conformance matrix`; without the variable the test compares.
The test holds each row against a second reading of the API page's tables (`tests/conformance/page.rs`).

E1 is the token, fetched on the way to E2; E2 the QR validation; E3 the submit; E4 the failure report; E5 the consent texts; E6 the DOPA check.
Repetitions are those that nobody is asked about; for RETOKEN the one is the client's own.
Customer is what the customer is asked to do again, how often at most, and the code of the failure report that follows.
No customer waits for E4: the outbox ends it, or tries again for 24 hours.
The journal keeps E3 and E4 alone; an entry left open is the outbox's.
Of SHRINK the repetitions are the smaller files of the same selfie.

";

fn printed() -> String {
    let mut page = HEAD.to_owned();
    let mut keys = std::collections::BTreeSet::new();
    page.push_str(
        "| answer | at | action | repetitions | customer | end | sentence | alert | journal |\n",
    );
    page.push_str("|---|---|---|---|---|---|---|---|---|\n");
    for (condition, written, endpoint, name) in cells() {
        let Cell { action, repetitions, customer, end, text, alert, journal } =
            done(condition, endpoint);
        writeln!(
            page,
            "| {written} | {name} | {action} | {repetitions} | {customer} | {end} | {text} | {alert} | {journal} |"
        )
        .expect("a text takes all that is written");
        keys.insert(text);
    }
    page.push_str("\n## Sentences\n\n| sentence | English | Thai |\n|---|---|---|\n");
    for key in keys {
        let Sentences { thai, english, remedy_thai, remedy_english } = Sentences::of(&key);
        writeln!(page, "| {key} | {english} {remedy_english} | {thai} {remedy_thai} |")
            .expect("a text takes all that is written");
    }
    page
}

#[test]
fn every_cell_is_what_the_page_asks_for() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (condition, written, endpoint, name) in cells() {
        count += 1;
        let asked = asked(condition, page::expected(written, name), name);
        let done = done(condition, endpoint);
        if asked != done {
            wrong.push(format!("{written} at {name}:\n  asked {asked:?}\n  done  {done:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cells:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 300, "only {count} cells");
}

#[test]
fn every_cell_has_its_sentence_in_both_languages() {
    for (condition, written, endpoint, name) in cells() {
        for key in [ruling(condition, endpoint).text, &done(condition, endpoint).text] {
            assert!(Sentences::known(key), "{written} at {name}: {key}");
            let sentences = Sentences::of(key);
            let thai = |c: char| ('\u{0E00}'..='\u{0E7F}').contains(&c);
            assert!(sentences.thai.contains(thai), "{key} has no Thai");
            assert!(!sentences.english.is_empty() && sentences.english.is_ascii(), "{key}");
        }
    }
}

#[test]
fn every_row_of_the_code_table_is_on_the_page() {
    let codes = page::codes();
    for row in protocol::table() {
        let written = row.condition.to_string();
        assert!(codes.contains(&written.as_str()), "{written}");
    }
}

#[test]
fn nobody_waits_longer_than_two_minutes_for_an_answer_that_never_changes() {
    for (condition, written, endpoint, name) in cells() {
        if endpoint != Endpoint::ReportFailure {
            let waited = walk(condition, endpoint).waited;
            assert!(waited <= WAITED_MOST, "{written} at {name}: {waited:?}");
        }
    }
}

#[test]
fn the_printed_matrix_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/protocol/MATRIX.md");
    let printed = printed();
    if std::env::var_os("DIPCHIP_WRITE_MATRIX").is_some() {
        std::fs::write(&path, &printed).expect("the matrix can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(printed.lines()).find(|(kept, printed)| kept != printed);
    assert!(kept == printed, "write it anew as its head says; first difference: {differs:?}");
}
