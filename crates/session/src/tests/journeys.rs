//! Whole journeys: flows (a), (b) and (c), and the bank's refusals.

use std::time::Duration;

use citizen::{ChipNumber, Identity};
use protocol::{Consent, Endpoint, FaceCompare};

use super::bench::{Bench, citizen, identity, reference, text, validation};
use crate::{
    BankAnswer, CardFault, Command, DopaPolicy, Earlier, EnglishNameSource, Event, JournalFault,
    Outcome, Policy, Screen, Stage,
};

fn without_dopa() -> Bench {
    Bench::new(Policy { dopa: DopaPolicy::Off, ..Policy::default() })
}

/// Up to the submit, without DOPA and without selfie.
fn submitting() -> Bench {
    let mut bench = without_dopa();
    bench.gather().validate(FaceCompare::NotRequired).read_card().confirm();
    bench
}

/// Up to the first selfie's submit.
fn submitting_a_face() -> Bench {
    let mut bench = without_dopa();
    bench.gather().validate(FaceCompare::Required).agree().read_card().confirm().pose();
    bench
}

#[test]
fn a_journey_without_selfie_and_without_dopa_ends_done() {
    let mut bench = submitting();
    bench.accept().check_end("done", "");
    assert!(bench.orders.iter().any(|order| matches!(order, Command::Print(_))));
    assert_eq!(bench.asked(Endpoint::CheckDopa), 0);
}

#[test]
fn card_first_and_code_first_lead_to_the_same_place() {
    let mut bench = without_dopa();
    bench.give(Event::CardInserted).give(Event::IdentityRead(identity()));
    assert_eq!(bench.session.stage(), Stage::Gather);
    bench.give(Event::ReferenceRead(reference()));
    assert_eq!(bench.session.stage(), Stage::Validate);
}

#[test]
fn dopa_is_asked_before_the_submit_and_only_with_its_consent() {
    let mut bench = Bench::new(Policy::default());
    bench.gather().validate(FaceCompare::NotRequired);
    assert!(matches!(bench.session.view().screen, Screen::Consents { .. }));
    bench.agree().read_card().confirm();
    assert_eq!(bench.asked(Endpoint::CheckDopa), 1);
    assert_eq!(bench.asked(Endpoint::Submit), 0);
    bench.accept();
    assert_eq!(bench.asked(Endpoint::Submit), 1);
    bench.accept().check_end("done", "");
}

#[test]
fn a_refused_dopa_consent_ends_the_journey_with_nothing_sent() {
    let mut bench = Bench::new(Policy::default());
    bench.gather().validate(FaceCompare::NotRequired);
    bench.give(Event::ConsentsAnswered(vec![Consent::Refused]));
    bench.check_end("stopped", "CONSENT_REFUSED");
    assert_eq!(bench.asked(Endpoint::CheckDopa) + bench.asked(Endpoint::Submit), 0);
    assert!(bench.reports().is_empty(), "a refused consent is not reported");
}

#[test]
fn a_selfie_is_taken_only_after_its_consent_and_sent_with_it() {
    let mut bench = without_dopa();
    bench.gather().validate(FaceCompare::Required).agree().read_card();
    assert!(!bench.session.needs().selfie);
    bench.confirm();
    assert!(bench.session.needs().selfie);
    assert_eq!(bench.asked(Endpoint::Submit), 0);
    bench.pose().accept().check_end("done", "");
}

#[test]
fn without_the_biometric_consent_no_selfie_is_taken() {
    let mut bench = without_dopa();
    bench.gather().validate(FaceCompare::Required);
    bench.give(Event::ConsentsAnswered(vec![Consent::Refused, Consent::Given]));
    bench.check_end("stopped", "CONSENT_REFUSED");
}

#[test]
fn texts_that_both_want_are_shown_once() {
    let mut bench = Bench::new(Policy::default());
    bench.gather().validate(FaceCompare::Required);
    let Screen::Consents { texts } = bench.session.view().screen else { panic!("no consents") };
    let kinds: Vec<_> = texts.iter().map(|text| text.kind.as_str()).collect();
    assert_eq!(kinds, ["103", "105"]);
}

#[test]
fn dopa_alone_needs_no_code() {
    let mut bench = Bench::new(Policy { dopa: DopaPolicy::Only, ..Policy::default() });
    assert!(!bench.session.needs().code);
    bench.give(Event::Started);
    bench.answer(BankAnswer::Consents(protocol::Consents { texts: vec![text("105")] }));
    bench.agree();
    assert!(matches!(bench.session.view().screen, Screen::InsertCard { .. }));
    bench.give(Event::CardInserted).give(Event::IdentityRead(identity()));
    bench.read_card().confirm();
    assert_eq!(bench.asked(Endpoint::CheckDopa), 1);
    bench.accept().check_end("done", "");
    assert_eq!(bench.asked(Endpoint::ValidateQr) + bench.asked(Endpoint::Submit), 0);
}

#[test]
fn an_expired_qr_is_refused_before_the_card_is_read() {
    let mut bench = without_dopa();
    bench.gather().code(Endpoint::ValidateQr, "1101").check_end("refused", "1101");
    assert!(!bench.orders.iter().any(|order| matches!(order, Command::ReadCard(_))));
    assert!(bench.reports().is_empty(), "an unvalidated reference is not reported");
}

#[test]
fn a_code_of_another_card_asks_for_the_right_card_twice() {
    let mut bench = without_dopa();
    bench.gather();
    for _ in 0..2 {
        bench.code(Endpoint::ValidateQr, "1102");
        let Screen::InsertCard { trouble: Some(trouble) } = bench.session.view().screen else {
            panic!("the right card is asked for");
        };
        assert_eq!(trouble.to_string(), "1102");
        bench.give(Event::CardRemoved).give(Event::CardInserted);
        bench.give(Event::IdentityRead(identity()));
    }
    bench.code(Endpoint::ValidateQr, "1102").check_end("refused", "1102");
}

#[test]
fn whoever_gives_up_over_a_finding_of_the_bank_leaves_with_it() {
    let mut bench = without_dopa();
    bench.gather().code(Endpoint::ValidateQr, "1102").give(Event::Cancelled);
    bench.check_end("refused", "1102");
}

#[test]
fn an_expired_card_is_reported_after_a_validated_code() {
    let mut bench = without_dopa();
    bench.gather().validate(FaceCompare::NotRequired);
    let mut expired = citizen();
    expired.expiry = citizen::Expiry::from_buddhist("25681231").unwrap();
    bench.give(Event::CitizenRead(Box::new(expired)));
    bench.give(Event::PhotoRead(super::bench::photo()));
    bench.check_end("refused", "CARD_EXPIRED");
    assert_eq!(bench.reports(), ["01"]);
    assert_eq!(bench.asked(Endpoint::Submit), 0);
}

#[test]
fn a_card_without_an_english_name_is_not_sent_under_an_invented_one() {
    let mut bench = without_dopa();
    bench.gather().validate(FaceCompare::NotRequired);
    let mut nameless = citizen();
    nameless.english_name = citizen::Name::default();
    bench.give(Event::CitizenRead(Box::new(nameless)));
    bench.give(Event::PhotoRead(super::bench::photo())).confirm();
    let Screen::Confirm { english_name, .. } = bench.session.view().screen else {
        panic!("it waits for the name")
    };
    assert_eq!(english_name, EnglishNameSource::Keyed);
    assert_eq!(bench.asked(Endpoint::Submit), 0);
    let postal_code = citizen::PostalCode::parse("10110").ok();
    let keyed = protocol::EnglishName::parse("Somchai", "Keyed").ok();
    bench.give(Event::Confirmed { postal_code, mobile: None, english_name: keyed });
    let [submit] = &bench.submits()[..] else { panic!("one submit") };
    assert!(submit.contains(r#""firstNameEN":"Somchai","lastNameEN":"Keyed""#), "{submit}");
}

#[test]
fn a_rank_without_an_agreed_english_title_is_not_sent() {
    let mut bench = without_dopa();
    bench.gather().validate(FaceCompare::NotRequired);
    let mut ranked = citizen();
    ranked.thai_name =
        citizen::Name::from_slots("พ.ต.อ.#สมชาย##ใจดี", citizen::Script::Thai).unwrap();
    ranked.english_name =
        citizen::Name::from_slots("#Somchai##Jaidee", citizen::Script::Latin).unwrap();
    bench.give(Event::CitizenRead(Box::new(ranked)));
    bench.give(Event::PhotoRead(super::bench::photo())).confirm();
    bench.check_end("failed", "ENGLISH_NAME_MISSING");
    assert_eq!(bench.asked(Endpoint::Submit), 0);
}

#[test]
fn another_card_in_the_middle_is_reported_as_suspected_fraud() {
    let mut bench = without_dopa();
    bench.gather().validate(FaceCompare::NotRequired);
    bench.give(Event::CardFailed(CardFault::Swapped)).check_end("refused", "CARD_SWAPPED");
    assert_eq!(bench.reports(), ["05"]);
}

#[test]
fn the_blacklist_looks_like_any_refusal_and_is_not_reported() {
    let mut bench = submitting();
    bench.code(Endpoint::Submit, "2003").check_end("refused", "2003");
    assert!(bench.reports().is_empty());
    let Outcome::Refused(failure) = bench.outcome() else { panic!("refused") };
    assert_eq!(failure.text(), "refused");
}

#[test]
fn a_used_reference_is_refused_unless_it_was_used_by_us() {
    let mut bench = submitting();
    bench.code(Endpoint::Submit, "1602").check_end("refused", "1602");

    let mut bench = submitting();
    bench.code(Endpoint::Submit, "NET_CUT").wait().code(Endpoint::Submit, "1602");
    assert_eq!(bench.outcome(), Outcome::DoneInferred);
}

#[test]
fn a_reference_that_an_earlier_journey_may_have_used_up_is_done() {
    let mut bench = submitting();
    let call = bench.last_call();
    bench.give(Event::Earlier(call, Earlier::MayHaveArrived)).code(Endpoint::Submit, "1602");
    assert_eq!(bench.outcome(), Outcome::DoneInferred);
}

#[test]
fn whoever_comes_back_with_a_reference_that_we_used_up_is_told_that_it_is_done() {
    let mut bench = without_dopa();
    bench.gather();
    let call = bench.last_call();
    bench.give(Event::Earlier(call, Earlier::MayHaveArrived)).code(Endpoint::ValidateQr, "1602");
    assert_eq!(bench.outcome(), Outcome::DoneInferred);
}

#[test]
fn where_the_journal_was_lost_a_used_reference_is_unresolved() {
    let lost = |bench: &Bench| Event::Earlier(bench.last_call(), Earlier::Unknown);

    let mut bench = without_dopa();
    bench.gather();
    bench.give(lost(&bench)).code(Endpoint::ValidateQr, "1602").check_end("unresolved", "1602");
    assert!(bench.is_paged());

    let mut bench = submitting();
    bench.give(lost(&bench)).code(Endpoint::Submit, "1602").check_end("unresolved", "1602");
    assert!(bench.is_paged());

    // What the bank says of this sending alone is believed.
    let mut bench = submitting();
    bench.give(lost(&bench)).code(Endpoint::Submit, "2003").check_end("refused", "2003");
    let mut bench = submitting();
    bench.give(lost(&bench)).accept().check_end("done", "");
}

#[test]
fn a_request_that_comes_late_is_still_our_own() {
    let mut bench = submitting_a_face();
    bench.code(Endpoint::Submit, "NET_TIMEOUT").wait().code(Endpoint::Submit, "9301");
    bench.pose().code(Endpoint::Submit, "1602");
    assert_eq!(bench.outcome(), Outcome::DoneInferred);
}

#[test]
fn an_outcome_that_nobody_finds_out_is_unresolved_and_alerted() {
    let mut bench = submitting();
    for _ in 0..3 {
        bench.code(Endpoint::Submit, "NET_TIMEOUT").wait();
    }
    bench.code(Endpoint::Submit, "NET_TIMEOUT").check_end("unresolved", "NET_TIMEOUT");
    assert_eq!(bench.resent(), 3, "the same sealed body, three times more");
    assert_eq!(bench.asked(Endpoint::Submit), 1);
    assert!(bench.is_paged());
}

#[test]
fn a_face_that_never_matches_is_sent_six_times_and_then_reported() {
    let mut bench = submitting_a_face();
    for left in (0..5).rev() {
        bench.code(Endpoint::Submit, "9301");
        let Screen::Selfie { left: shown, trouble } = bench.session.view().screen else {
            panic!("another selfie is taken");
        };
        assert_eq!(shown, left);
        assert_eq!(trouble.map(|trouble| trouble.to_string()), Some("9301".to_owned()));
        bench.pose();
    }
    bench.code(Endpoint::Submit, "9301").check_end("refused", "9301");
    assert_eq!(bench.asked(Endpoint::Submit), 6);
    assert_eq!(bench.reports(), ["06"]);
}

#[test]
fn a_selfie_wanted_late_is_not_taken_without_its_consent() {
    let mut bench = submitting();
    bench.code(Endpoint::Submit, "9300");
    assert!(!bench.session.needs().selfie);
    assert_eq!(bench.outcome().word(), "refused");
}

#[test]
fn a_selfie_that_nobody_sent_cannot_have_failed() {
    for (code, taken) in [("9301", false), ("9302", false), ("9300", true)] {
        let mut bench = without_dopa();
        let mut validated = validation(FaceCompare::NotRequired);
        validated.consents = vec![text("103")];
        bench.gather().answer(BankAnswer::QrValidated(validated)).agree().read_card().confirm();
        bench.code(Endpoint::Submit, code);
        assert_eq!(bench.session.needs().selfie, taken, "{code}");
        if taken {
            bench.pose().code(Endpoint::Submit, "9301");
            assert!(bench.session.needs().selfie, "this one was sent");
        } else {
            bench.check_end("refused", code);
        }
    }
}

#[test]
fn consents_that_the_bank_misses_are_asked_again_twice() {
    let mut bench = submitting_a_face();
    for _ in 0..2 {
        bench.code(Endpoint::Submit, "1900");
        assert!(matches!(bench.session.view().screen, Screen::Consents { .. }));
        bench.agree().confirm().pose();
    }
    bench.code(Endpoint::Submit, "1900").check_end("refused", "1900");
}

#[test]
fn dopa_is_asked_once_about_one_card() {
    let mut bench = Bench::new(Policy::default());
    bench.gather().validate(FaceCompare::NotRequired).agree().read_card().confirm().accept();
    bench.code(Endpoint::Submit, "1302").confirm();
    assert_eq!((bench.asked(Endpoint::CheckDopa), bench.asked(Endpoint::Submit)), (1, 2));
}

#[test]
fn a_face_that_is_wanted_without_its_consent_is_not_taken() {
    let mut bench = without_dopa();
    bench.gather();
    let face_compare = FaceCompare::Required;
    let validation = protocol::QrValidation { face_compare, ..Default::default() };
    bench.answer(BankAnswer::QrValidated(validation)).check_end("failed", "NET_DRIFT");
}

#[test]
fn details_that_differ_are_looked_at_once_more() {
    let mut bench = submitting();
    bench.code(Endpoint::Submit, "1302");
    assert_eq!(bench.session.stage(), Stage::Confirm);
    bench.confirm().code(Endpoint::Submit, "1302").check_end("refused", "1302");
}

#[test]
fn a_citizen_id_that_never_matches_is_reported() {
    let mut bench = submitting();
    for _ in 0..2 {
        bench.code(Endpoint::Submit, "2001");
        bench.give(Event::CardRemoved).give(Event::CardInserted);
        bench.give(Event::IdentityRead(identity()));
        bench.validate(FaceCompare::NotRequired).read_card().confirm();
    }
    bench.code(Endpoint::Submit, "2001").check_end("refused", "2001");
    assert_eq!(bench.reports(), ["03"]);
}

#[test]
fn a_callback_that_fails_leaves_the_rest_to_the_app() {
    let mut bench = submitting();
    bench.code(Endpoint::Submit, "1399").wait();
    bench.code(Endpoint::Submit, "1399").wait();
    bench.code(Endpoint::Submit, "1399").check_end("pending", "1399");
}

#[test]
fn a_journal_that_cannot_be_written_keeps_the_submit_from_being_sent() {
    for (fault, code) in [
        (JournalFault::Full, "DISK_FULL"),
        (JournalFault::ReadOnly, "DISK_READ_ONLY"),
        (JournalFault::Failing, "DISK_FAILING"),
        (JournalFault::Damaged, "JOURNAL_DAMAGED"),
        (JournalFault::Crowded, "ANSWERS_MISSING"),
    ] {
        let mut bench = submitting();
        bench.give(Event::JournalFailed(fault));
        bench.check_end("failed", code);
    }
}

#[test]
fn a_journal_that_fails_after_a_lost_answer_leaves_the_outcome_unresolved() {
    let mut bench = submitting();
    bench.code(Endpoint::Submit, "NET_CUT").wait().give(Event::JournalFailed(JournalFault::Full));
    bench.check_end("unresolved", "DISK_FULL");
    assert!(bench.is_paged());
}

/// At each screen that holds the card's data, the reader goes away and comes back.
fn reader_back(screen: &str) -> Bench {
    let mut bench = without_dopa();
    bench.gather().validate(FaceCompare::Required).agree().read_card();
    if screen == "selfie" {
        bench.confirm();
    }
    bench.give(Event::CardFailed(CardFault::ServiceDown));
    let looks = |bench: &Bench| {
        bench.orders.iter().filter(|one| matches!(one, Command::ReadIdentity)).count()
    };
    let before = looks(&bench);
    bench.give(Event::CardInserted);
    assert_eq!(looks(&bench), before + 1, "at {screen} the card is looked at again");
    bench
}

#[test]
fn a_card_is_looked_at_again_when_its_reader_was_away() {
    for screen in ["confirm", "selfie"] {
        let mut bench = reader_back(screen);
        bench.give(Event::IdentityRead(identity()));
        if screen == "confirm" {
            bench.confirm();
        }
        bench.pose().accept().check_end("done", "");
    }
}

#[test]
fn another_card_after_the_reader_was_away_is_reported_as_suspected_fraud() {
    for screen in ["confirm", "selfie"] {
        let mut bench = reader_back(screen);
        let chip_number = ChipNumber::parse("00000000000000ff").unwrap();
        bench.give(Event::IdentityRead(Identity { chip_number, ..identity() }));
        bench.check_end("refused", "CARD_SWAPPED");
        assert_eq!((bench.reports(), bench.submits().len()), (vec!["05"], 0));
    }
}

#[test]
fn nothing_is_sent_of_a_card_that_nobody_has_looked_at_again() {
    let mut bench = reader_back("selfie");
    bench.pose();
    assert!(matches!(bench.session.view().screen, Screen::Confirm { .. }));
    bench.confirm();
    assert_eq!(bench.submits().len(), 0);
    bench.give(Event::IdentityRead(identity())).confirm().pose().accept().check_end("done", "");
}

#[test]
fn a_card_that_cannot_be_looked_at_again_is_asked_for_again() {
    let mut bench = reader_back("confirm");
    bench.give(Event::CardFailed(CardFault::Unreadable));
    assert!(matches!(bench.session.view().screen, Screen::InsertCard { trouble: Some(_) }));
}

#[test]
fn a_submit_sealed_anew_goes_out_whatever_the_reader_sees_by_then() {
    let mut bench = submitting();
    bench.give(Event::CardFailed(CardFault::ReaderGone)).code(Endpoint::Submit, "9400").wait();
    assert_eq!(bench.session.stage(), Stage::Submit);
    let [first, anew] = bench.submits().try_into().expect("sealed anew");
    assert_eq!(first, anew, "the same once more");
    bench.accept().check_end("done", "");
}

#[test]
fn a_reader_that_comes_back_under_a_submit_does_not_end_it() {
    let mut bench = submitting();
    bench.give(Event::CardFailed(CardFault::ServiceDown)).give(Event::CardInserted);
    let chip_number = ChipNumber::parse("00000000000000ff").unwrap();
    bench.give(Event::IdentityRead(Identity { chip_number, ..identity() }));
    bench.code(Endpoint::Submit, "NET_CUT").wait().accept().check_end("done", "");
}

#[test]
fn a_card_that_fails_after_the_validation_may_be_put_in_again() {
    let mut bench = without_dopa();
    bench.gather().validate(FaceCompare::NotRequired);
    bench.give(Event::CardFailed(CardFault::ServiceDown));
    assert!(matches!(bench.session.view().screen, Screen::InsertCard { trouble: Some(_) }));
    bench.give(Event::CardInserted).give(Event::IdentityRead(identity()));
    bench.validate(FaceCompare::NotRequired).read_card().confirm().accept();
    bench.check_end("done", "");
}

#[test]
fn a_selfie_too_large_for_the_bank_goes_out_in_two_smaller_files() {
    for too_large in ["-21", "-22", "HTTP_413"] {
        let mut bench = submitting_a_face();
        bench.code(Endpoint::Submit, too_large).code(Endpoint::Submit, too_large);
        assert_eq!(bench.session.stage(), Stage::Submit, "{too_large}: nobody is asked");
        let lengths: Vec<_> = bench.submits().iter().map(String::len).collect();
        assert_eq!(lengths.len(), 3);
        assert!(lengths.is_sorted_by(|a, b| a > b), "{lengths:?}");
        bench.code(Endpoint::Submit, too_large).check_end("failed", too_large);
        assert_eq!(bench.submits().len(), 3);
        assert!(bench.reports().is_empty(), "the reference may be used elsewhere");
    }
}

#[test]
fn a_size_refused_after_a_lost_answer_leaves_the_outcome_unresolved() {
    let mut bench = submitting_a_face();
    bench.code(Endpoint::Submit, "NET_CUT").wait().code(Endpoint::Submit, "HTTP_413");
    bench.code(Endpoint::Submit, "-22").code(Endpoint::Submit, "HTTP_413");
    bench.check_end("unresolved", "HTTP_413");
}

#[test]
fn a_size_refused_after_a_lost_answer_and_too_late_for_another_leaves_the_outcome_unresolved() {
    let mut bench = submitting_a_face();
    bench.code(Endpoint::Submit, "NET_CUT").wait();
    bench.tick += Duration::from_secs(600);
    bench.code(Endpoint::Submit, "-22").check_end("unresolved", "-22");

    let mut bench = submitting_a_face();
    bench.code(Endpoint::Submit, "NET_CUT").wait().give(Event::CardRemoved);
    bench.code(Endpoint::Submit, "-22").check_end("unresolved", "-22");
}

#[test]
fn a_smaller_selfie_that_the_bank_takes_is_the_size_of_the_next_one() {
    let mut bench = submitting_a_face();
    bench.code(Endpoint::Submit, "-22").code(Endpoint::Submit, "9301").pose().accept();
    bench.check_end("done", "");
    let lengths: Vec<_> = bench.submits().iter().map(String::len).collect();
    let [large, small, again] = lengths.as_slice() else { panic!("{lengths:?}") };
    assert!(large > small && small == again, "{lengths:?}");
}

#[test]
fn a_submit_without_a_selfie_that_is_too_large_is_our_fault() {
    let mut bench = submitting();
    bench.code(Endpoint::Submit, "-22").check_end("failed", "-22");
    assert_eq!(bench.asked(Endpoint::Submit), 1);
}

#[test]
fn a_bank_that_names_a_time_is_not_asked_before_it() {
    let mut bench = without_dopa();
    bench.gather();
    let answer = BankAnswer::Failed {
        at: Endpoint::ValidateQr,
        condition: "HTTP_429".parse().unwrap(),
        wait_at_least: Duration::from_secs(40),
    };
    bench.answer(answer);
    assert_eq!(bench.session.deadline(), Some(bench.tick + Duration::from_secs(40)));
    bench.pass(Duration::from_secs(39));
    assert_eq!(bench.resent(), 0);
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.resent(), 1);
}

#[test]
fn the_banks_own_reference_is_sent_on_only_if_switched_on() {
    let scanned = protocol::ReturnedReference::Scanned;
    let returned = protocol::ReturnedReference::Returned;
    for (switch, expected) in [(scanned, "SIM-0000-TEST-0001"), (returned, "THE-BANKS-OWN-0001")] {
        let dialect = protocol::Dialect { returned_reference: switch, ..Default::default() };
        let mut bench = Bench::new(Policy { dopa: DopaPolicy::Off, dialect, ..Policy::default() });
        bench.gather().validate(FaceCompare::NotRequired).read_card().confirm();
        let [submit] = &bench.submits()[..] else { panic!("one submit") };
        assert!(submit.contains(&format!(r#""transactionRef":"{expected}""#)), "{submit}");
    }
}

#[test]
fn the_place_may_allow_fewer_selfies_than_the_bank() {
    for most in [0, 1] {
        let dopa = DopaPolicy::Off;
        let policy = Policy { dopa, face_resubmits_max: most, ..Policy::default() };
        let mut bench = Bench::new(policy);
        bench.gather().validate(FaceCompare::Required).agree().read_card().confirm().pose();
        for _ in 0..most {
            bench.code(Endpoint::Submit, "9301").pose();
        }
        bench.code(Endpoint::Submit, "9301").check_end("refused", "9301");
        assert_eq!(bench.asked(Endpoint::Submit), usize::from(most) + 1);
    }
}

#[test]
fn a_field_that_does_not_fit_is_named_and_nothing_is_sent() {
    let mut bench = without_dopa();
    bench.gather().validate(FaceCompare::NotRequired);
    let mut odd = citizen();
    odd.address.house_number = citizen::Text::new("9".repeat(21));
    bench.give(Event::CitizenRead(Box::new(odd)));
    bench.give(Event::PhotoRead(super::bench::photo())).confirm();
    bench.check_end("failed", "FIELD_INVALID:addrNo");
    assert_eq!(bench.asked(Endpoint::Submit), 0);
}

#[test]
fn a_field_that_is_left_out_is_told_to_the_operator() {
    let mut bench = without_dopa();
    bench.gather().validate(FaceCompare::NotRequired);
    let mut odd = citizen();
    odd.address.moo = citizen::Text::new("4 ก".to_owned());
    bench.give(Event::CitizenRead(Box::new(odd)));
    bench.give(Event::PhotoRead(super::bench::photo())).confirm();
    let told = bench.orders.iter().any(|order| match order {
        Command::Alert { failure, .. } => failure.to_string() == "FIELD_INVALID:moo",
        _ => false,
    });
    assert!(told);
    assert_eq!(bench.asked(Endpoint::Submit), 1);
}
