//! The code table against the page it follows, row by row, and against the sentences it points to.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use proptest::prelude::{any, prop_assert, proptest};
use serde::Deserialize;

use super::{FAMILIES, MISMATCH, UNKNOWN, ruling, table};
use crate::{
    condition::Condition::{self, Diis, Gateway, Http, OAuth, Transport},
    endpoint::Endpoint,
    field::{Expected, Field, FieldError},
    reference::WrongCode,
    requests::FailureReason,
    ruling::{
        Action, Alert,
        Certainty::{self, Final, NotDone, Unknown},
    },
};

/// The condition at one endpoint: what to do, how often, what then, and whether the bank has acted.
#[track_caller]
fn check(
    endpoint: Endpoint,
    written: &str,
    (action, times, then): (Action, u8, Action),
    certainty: Certainty,
) {
    let ruling = ruling(written.parse().unwrap(), endpoint);
    assert_eq!((ruling.action, ruling.times, ruling.then), (action, times, then), "{written}");
    assert_eq!(ruling.certainty, certainty, "{written}");
}

/// A condition that ends a journey in one way.
#[track_caller]
fn check_end(endpoint: Endpoint, written: &str, action: Action, certainty: Certainty) {
    check(endpoint, written, (action, 1, action), certainty);
}

const READING: [Endpoint; 4] =
    [Endpoint::Token, Endpoint::ValidateQr, Endpoint::Consents, Endpoint::CheckDopa];
const BOTH_ENDING: [Endpoint; 2] = [Endpoint::Submit, Endpoint::ReportFailure];
const FACE_ATTEMPTS: Action = Action::StopReport(FailureReason::FaceAttempts);

#[test]
fn every_code_of_the_document_is_listed() {
    let codes = |pick: fn(Condition) -> Option<u16>| -> Vec<u16> {
        table().filter_map(|row| pick(row.condition)).collect::<BTreeSet<_>>().into_iter().collect()
    };
    let diis = codes(|condition| match condition {
        Diis(code) => Some(code),
        Gateway(_) | Http(_) | OAuth(_) | Transport(_) => None,
    });
    let gateway = codes(|condition| match condition {
        Gateway(code) => Some(code),
        Diis(_) | Http(_) | OAuth(_) | Transport(_) => None,
    });
    assert_eq!(
        diis,
        [
            0, 1100, 1101, 1102, 1103, 1200, 1201, 1202, 1301, 1302, 1303, 1399, 1402, 1501, 1600,
            1601, 1602, 1700, 1799, 1899, 1900, 2001, 2002, 2003, 9300, 9301, 9302, 9400, 9401,
            9402, 9403, 9997, 9998, 9999
        ]
    );
    assert_eq!(
        gateway,
        [
            3, 4, 6, 7, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 100, 101, 102, 103, 104, 105, 106,
            107, 108, 200, 201, 202, 300, 301
        ]
    );
}

#[test]
fn dead_references_need_a_new_qr() {
    for written in ["1100", "1101", "1103", "1200", "1600", "1601", "1602"] {
        check_end(Endpoint::ValidateQr, written, Action::RescanQr, Final);
        check_end(Endpoint::Submit, written, Action::RescanQr, Final);
        check_end(Endpoint::ReportFailure, written, Action::Done, Final);
    }
    check(Endpoint::ValidateQr, "1102", (Action::Reread, 2, Action::RescanQr), NotDone);
}

#[test]
fn what_the_bank_lacks_for_a_moment_is_tried_later() {
    for written in ["1201", "1299", "1700", "1799", "1899", "9999", "-24", "HTTP_503"] {
        check(Endpoint::Submit, written, (Action::RetryLater, 3, Action::Stop), NotDone);
    }
    for written in ["-300", "-301"] {
        check(Endpoint::Submit, written, (Action::RetrySame, 3, Action::RetryLater), NotDone);
    }
}

#[test]
fn a_failed_callback_never_becomes_a_failed_journey() {
    for written in ["1301", "1303", "1399"] {
        check(Endpoint::Submit, written, (Action::RetrySame, 2, Action::DonePending), Unknown);
        check(Endpoint::ValidateQr, written, (Action::RetrySame, 3, Action::Stop), NotDone);
    }
}

#[test]
fn what_the_customer_can_correct_is_asked_of_the_customer() {
    check(Endpoint::Submit, "1202", (Action::Reread, 1, Action::Stop), NotDone);
    check(Endpoint::Submit, "1302", (Action::RecheckInput, 1, Action::FixInApp), NotDone);
    check(Endpoint::CheckDopa, "1900", (Action::AskConsent, 2, Action::Stop), NotDone);
    check(Endpoint::Submit, "2001", (Action::Reread, 2, MISMATCH), NotDone);
    check(Endpoint::ValidateQr, "2001", (Action::Reread, 2, Action::Stop), NotDone);
}

#[test]
fn a_selfie_is_sent_again_five_times_and_then_reported() {
    for written in ["9300", "9301", "9302"] {
        check(Endpoint::Submit, written, (Action::Recapture, 5, FACE_ATTEMPTS), NotDone);
        check_end(Endpoint::ValidateQr, written, Action::Stop, NotDone);
    }
    let ruling = ruling(Diis(9301), Endpoint::Submit);
    assert_eq!(ruling.after(4), Action::Recapture);
    assert_eq!(ruling.after(5), FACE_ATTEMPTS);
}

#[test]
fn final_refusals_end_the_journey() {
    check_end(Endpoint::Submit, "2002", Action::Stop, Final);
    check_end(Endpoint::Submit, "2003", Action::Stop, Final);
    check_end(Endpoint::ValidateQr, "9403", Action::Stop, NotDone);
    check_end(Endpoint::Submit, "-20", Action::Stop, NotDone);
    check_end(Endpoint::Submit, "-27", Action::Stop, NotDone);
}

#[test]
fn a_blacklisted_customer_reads_what_any_refused_one_reads() {
    let blacklisted = ruling(Diis(2003), Endpoint::Submit);
    for generic in [Diis(2999), Gateway(20), Gateway(27)] {
        assert_eq!(ruling(generic, Endpoint::Submit).text, blacklisted.text);
    }
    assert_eq!((blacklisted.text, blacklisted.alert), ("refused", Alert::None));
}

#[test]
fn sealing_faults_are_sealed_anew_once() {
    for written in ["1402", "1501", "1400", "1599"] {
        check(Endpoint::Submit, written, (Action::Reseal, 1, Action::ConfigFault), NotDone);
    }
    check(Endpoint::ValidateQr, "9400", (Action::Reseal, 1, Action::Bug), NotDone);
    assert_eq!(ruling(Diis(1501), Endpoint::Submit).alert, Alert::Page);
}

#[test]
fn our_own_faults_and_wrong_configurations_are_told_apart() {
    let faults = ["9401", "9402", "-19", "-25", "-102", "-103", "-104", "-106", "-107"];
    let faults = faults.into_iter().chain(["HTTP_403", "HTTP_404", "HTTP_302", "HTTP_418"]);
    let faults = faults.chain(["NET_CERTIFICATE", "NET_REDIRECTED", "OAUTH_INVALID_CLIENT"]);
    for written in faults {
        check_end(Endpoint::Submit, written, Action::ConfigFault, NotDone);
    }
    for written in ["9998", "-3", "-4", "-6", "-7", "-28", "HTTP_400"] {
        check_end(Endpoint::Submit, written, Action::Bug, NotDone);
    }
    check_end(Endpoint::Token, "HTTP_400", Action::ConfigFault, NotDone);
}

#[test]
fn a_token_is_fetched_again_once_but_not_for_the_token_call() {
    for written in ["-100", "-101", "-105", "HTTP_401", "OAUTH_INVALID_TOKEN"] {
        check(Endpoint::Submit, written, (Action::Retoken, 1, Action::ConfigFault), NotDone);
        check_end(Endpoint::Token, written, Action::ConfigFault, NotDone);
    }
}

#[test]
fn too_large_a_body_gets_a_smaller_selfie_where_there_is_one() {
    for written in ["-21", "-22", "HTTP_413"] {
        check(Endpoint::Submit, written, (Action::ShrinkSelfie, 2, Action::Bug), NotDone);
        check_end(Endpoint::ValidateQr, written, Action::Bug, NotDone);
    }
}

#[test]
fn the_clock_and_the_quota_have_rules_of_their_own() {
    check(Endpoint::Submit, "-26", (Action::FixClock, 1, Action::ConfigFault), NotDone);
    assert_eq!(ruling(Gateway(108), Endpoint::Submit).wait_at_least, Duration::from_secs(900));
    assert_eq!(ruling(Diis(9999), Endpoint::Submit).wait_at_least, Duration::ZERO);
}

#[test]
fn a_lost_answer_is_reconciled_where_it_ends_a_reference() {
    let lost = ["9997", "9500", "-23", "-200", "-201", "-202", "-999", "HTTP_408", "HTTP_500"];
    let lost = lost.into_iter().chain(["HTTP_502", "HTTP_504", "HTTP_599", "NET_CUT"]);
    let lost = lost.chain(["NET_TIMEOUT", "NET_NOT_JSON", "NET_TOO_LARGE", "NET_NO_CODE"]);
    for written in lost {
        for endpoint in BOTH_ENDING {
            check_end(endpoint, written, Action::Reconcile, Unknown);
        }
        for endpoint in READING {
            let ruling = ruling(written.parse().unwrap(), endpoint);
            assert_ne!(ruling.action, Action::Reconcile, "{written} at {endpoint}");
        }
    }
}

#[test]
fn what_was_not_sent_is_simply_sent_again() {
    for written in ["NET_UNREACHABLE", "NET_TLS"] {
        check(Endpoint::Submit, written, (Action::RetrySame, 3, Action::Stop), NotDone);
    }
}

#[test]
fn a_success_without_a_code_is_asked_once_more_where_that_is_harmless() {
    check(Endpoint::ValidateQr, "NET_NO_CODE", (Action::RetrySame, 1, Action::Stop), NotDone);
    check_end(Endpoint::ValidateQr, "NET_NOT_JSON", Action::ConfigFault, NotDone);
}

#[test]
fn unlisted_codes_follow_their_family() {
    check_end(Endpoint::Submit, "1999", Action::Stop, Unknown);
    check_end(Endpoint::ValidateQr, "0007", Action::Stop, Unknown);
    check(Endpoint::CheckDopa, "9000", (Action::RetryLater, 3, Action::Stop), NotDone);
    check_end(Endpoint::Submit, "5000", Action::Reconcile, Unknown);
    check_end(Endpoint::ValidateQr, "5000", Action::Stop, Unknown);
    check_end(Endpoint::ValidateQr, "-999", Action::Stop, Unknown);
}

#[test]
fn success_is_the_one_done_of_every_other_endpoint() {
    for endpoint in Endpoint::ALL {
        check_end(endpoint, "0000", Action::Done, Final);
        for row in table().filter(|row| row.condition != Condition::SUCCESS) {
            let done = ruling(row.condition, endpoint).action == Action::Done;
            assert!(!done || endpoint == Endpoint::ReportFailure, "{}", row.condition);
        }
    }
}

#[test]
fn no_row_is_hidden_by_an_earlier_one() {
    for row in table() {
        let seen = Endpoint::ALL.into_iter().any(|endpoint| {
            row.scope.covers(endpoint) && ruling(row.condition, endpoint) == row.ruling
        });
        assert!(seen, "{} {:?}", row.condition, row.scope);
    }
}

/// What `config/failures.toml` says under one key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sentence {
    thai: String,
    english: String,
    remedy: Remedy,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remedy {
    thai: String,
    english: String,
}

fn sentences() -> BTreeMap<String, Sentence> {
    toml::from_str(include_str!("../../../../config/failures.toml")).unwrap()
}

/// Most words on a failure screen, English as counted here.
const WORDS_MAX: usize = 25;

#[test]
fn every_sentence_is_whole_and_short() {
    let thai = |text: &str| text.chars().any(|character| ('ก'..='๛').contains(&character));
    for (key, sentence) in sentences() {
        assert!(thai(&sentence.thai) && thai(&sentence.remedy.thai), "{key}");
        let words = [&sentence.english, &sentence.remedy.english]
            .map(|text| text.split_whitespace().count());
        assert!(words.iter().all(|count| *count > 0), "{key}");
        assert!(words.iter().sum::<usize>() <= WORDS_MAX, "{key}");
    }
}

#[test]
fn every_text_of_this_crate_has_its_sentence() {
    let sentences = sentences();
    let missing = |field| FieldError { field, expected: Expected::Filled, got: 0 };
    let texts = table()
        .map(|row| row.ruling.text)
        .chain(FAMILIES.iter().map(|family| family.ruling.text))
        .chain([UNKNOWN.text])
        .chain(WrongCode::ALL.map(WrongCode::text))
        .chain([Field::LastNameEnglish, Field::Moo].map(|field| missing(field).text()));
    for text in texts {
        assert!(sentences.contains_key(text), "{text}");
    }
}

#[test]
fn every_text_of_the_session_and_the_devices_has_its_sentence() {
    let sentences = sentences();
    let texts = [
        "card_removed card_unreadable card_upside_down not_thai_card old_card card_expired",
        "card_swapped chip_number_unavailable card_data_invalid card_busy reader_gone",
        "reader_service_down reader_hung camera_gone camera_busy no_selfie scanner_gone",
        "printer_failed postal_code_unknown consent_refused customer_cancelled timed_out",
        "session_expired bank_unreachable bank_busy result_unknown out_of_service disk_full",
        "clock_wrong done done_pending disk_read_only disk_failing journal_damaged answers_missing",
    ];
    for text in texts.iter().flat_map(|line| line.split_whitespace()) {
        assert!(sentences.contains_key(text), "{text}");
    }
}

fn any_condition() -> impl proptest::strategy::Strategy<Value = Condition> {
    use proptest::strategy::Strategy;
    (0..3_u8, any::<u16>()).prop_map(|(kind, code)| match kind {
        0 => Diis(code),
        1 => Gateway(code),
        _ => Http(code),
    })
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_condition_has_a_ruling_with_bounds(condition in any_condition()) {
        for endpoint in Endpoint::ALL {
            let ruling = ruling(condition, endpoint);
            prop_assert!((1..=5).contains(&ruling.times));
            prop_assert!(!ruling.meaning.is_empty());
        }
    }
}
