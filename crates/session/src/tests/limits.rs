//! Times, removals, late answers and random events: no state without a way out.

use std::time::Duration;

use protocol::{Consent, Endpoint, FaceCompare, WrongCode};

use super::bench::{Bench, citizen, identity, photo, reference, selfie, text};
use crate::{
    BankAnswer, CardFault, CardStatus, Command, DopaPolicy, Event, Failure, JournalFault, Language,
    LocalFailure, Outcome, Policy, Screen, Service, Stage,
};

fn bench() -> Bench {
    Bench::new(Policy { dopa: DopaPolicy::Off, ..Policy::default() })
}

#[test]
fn a_card_pulled_before_sending_wipes_the_journey() {
    let mut bench = bench();
    bench.gather().validate(FaceCompare::NotRequired).give(Event::CardRemoved);
    bench.check_end("stopped", "CARD_REMOVED");
    assert_eq!(bench.asked(Endpoint::Submit), 0);
}

#[test]
fn a_card_pulled_while_sending_changes_nothing() {
    let mut bench = bench();
    bench.gather().validate(FaceCompare::NotRequired).read_card().confirm();
    bench.give(Event::CardRemoved).give(Event::Cancelled).accept().check_end("done", "");
}

#[test]
fn a_card_pulled_while_sending_sends_nothing_more_than_what_is_under_way() {
    // Another selfie, other data, the same picture in a smaller file.
    for asks in ["9301", "1302", "-21", "1900"] {
        let mut bench = bench();
        bench.gather().validate(FaceCompare::Required).agree().read_card().confirm().pose();
        bench.give(Event::CardRemoved).code(Endpoint::Submit, asks);
        bench.check_end("stopped", "CARD_REMOVED");
        assert_eq!(bench.submits().len(), 1, "{asks}");
    }
}

#[test]
fn a_card_put_back_while_sending_is_looked_at_before_anything_else_is_sent() {
    let mut bench = bench();
    bench.gather().validate(FaceCompare::Required).agree().read_card().confirm().pose();
    bench.give(Event::CardRemoved).give(Event::CardInserted).code(Endpoint::Submit, "9301");
    assert!(bench.session.needs().selfie);
    bench.give(Event::IdentityRead(identity())).pose();
    assert_eq!(bench.submits().len(), 2);
    bench.accept().check_end("done", "");
}

#[test]
fn card_data_are_reported_as_wrong_only_when_they_were_wrong_twice() {
    let mut bench = bench();
    let insert = |bench: &mut Bench| {
        bench.give(Event::CardRemoved).give(Event::CardInserted);
        bench.give(Event::IdentityRead(identity())).validate(FaceCompare::NotRequired);
    };
    bench.gather().code(Endpoint::ValidateQr, "1102");
    insert(&mut bench);
    bench.give(Event::CardFailed(CardFault::DataInvalid));
    assert!(bench.reports().is_empty(), "wrong once, and another card before");
    insert(&mut bench);
    bench.give(Event::CardFailed(CardFault::DataInvalid));
    bench.check_end("refused", "CARD_DATA_INVALID");
    assert_eq!(bench.reports(), ["02"]);
}

#[test]
fn a_card_that_cannot_be_read_is_asked_for_again_twice() {
    let mut bench = bench();
    bench.gather().validate(FaceCompare::NotRequired);
    for _ in 0..2 {
        bench.give(Event::CardFailed(CardFault::Unreadable));
        assert_eq!(bench.session.stage(), Stage::Gather);
        bench.give(Event::CardRemoved).give(Event::CardInserted);
        bench.give(Event::IdentityRead(identity())).validate(FaceCompare::NotRequired);
    }
    bench.give(Event::CardFailed(CardFault::Unreadable));
    bench.check_end("failed", "CARD_UNREADABLE");
    assert!(bench.reports().is_empty(), "the code may be used with another reader");
}

#[test]
fn a_confirmation_that_overtakes_the_tick_is_too_late_as_well() {
    let mut bench = bench();
    bench.gather().validate(FaceCompare::NotRequired).read_card();
    for _ in 0..20 {
        bench.give(Event::StillHere).pass(Duration::from_secs(29));
    }
    bench.tick += Duration::from_secs(30);
    bench.confirm().check_end("stopped", "SESSION_EXPIRED");
    assert_eq!(bench.asked(Endpoint::Submit), 0);
}

#[test]
fn a_register_that_answers_after_the_session_is_over_leads_to_no_submit() {
    let mut bench = Bench::new(Policy { dopa: DopaPolicy::BeforeSubmit, ..Policy::default() });
    bench.gather().validate(FaceCompare::NotRequired);
    bench.answer(BankAnswer::Consents(protocol::Consents { texts: vec![text("105")] }));
    bench.agree().read_card().confirm();
    assert_eq!(bench.session.stage(), Stage::Dopa);
    bench.tick += Policy::default().patience.journey;
    bench.accept().check_end("stopped", "SESSION_EXPIRED");
    assert_eq!(bench.asked(Endpoint::Submit), 0);
}

#[test]
fn a_card_that_does_not_come_is_waited_for_like_any_sign_of_life() {
    let mut bench = Bench::new(Policy { dopa: DopaPolicy::Only, ..Policy::default() });
    bench.give(Event::Started);
    bench.answer(BankAnswer::Consents(protocol::Consents { texts: vec![text("105")] }));
    bench.agree().wait();
    assert!(bench.session.view().idle_warning.is_some(), "as on every screen that waits");
    bench.wait().check_end("stopped", "TIMED_OUT");
}

#[test]
fn a_card_that_comes_late_has_its_whole_time() {
    let mut bench = Bench::new(Policy { dopa: DopaPolicy::Only, ..Policy::default() });
    bench.give(Event::Started);
    bench.answer(BankAnswer::Consents(protocol::Consents { texts: vec![text("105")] }));
    bench.agree().pass(Duration::from_secs(29)).give(Event::CardInserted);
    bench.pass(Duration::from_secs(5));
    assert_eq!(bench.session.stage(), Stage::Read);
}

#[test]
fn no_more_selfies_go_out_than_allowed_whatever_is_corrected_meanwhile() {
    let mut bench = bench();
    bench.gather().validate(FaceCompare::Required).agree().read_card().confirm().pose();
    for _ in 0..5 {
        bench.code(Endpoint::Submit, "9301").pose();
    }
    bench.code(Endpoint::Submit, "1900").agree().confirm();
    bench.check_end("refused", "9301");
    assert_eq!(bench.asked(Endpoint::Submit), 6);
    assert_eq!(bench.reports(), ["06"]);
}

#[test]
fn nobody_there_brings_a_warning_and_then_the_end() {
    let mut bench = bench();
    bench.give(Event::Started).wait();
    assert_eq!(bench.session.view().idle_warning, Some(Duration::from_secs(10)));
    bench.give(Event::StillHere);
    assert_eq!(bench.session.view().idle_warning, None);
    bench.wait().wait().check_end("stopped", "TIMED_OUT");
    bench.wait();
    assert_eq!(bench.session.stage(), Stage::Idle);
}

#[test]
fn a_validated_reference_gets_too_old() {
    let mut bench = bench();
    bench.gather().validate(FaceCompare::NotRequired).read_card();
    for _ in 0..21 {
        bench.give(Event::StillHere).pass(Duration::from_secs(29));
    }
    bench.check_end("stopped", "SESSION_EXPIRED");
}

#[test]
fn a_card_left_in_after_the_end_does_not_begin_a_new_journey() {
    let mut bench = bench();
    bench.gather().validate(FaceCompare::NotRequired).read_card().confirm().accept();
    bench.wait();
    let orders = bench.orders.len();
    bench.give(Event::Started);
    assert_eq!(bench.session.view().card, CardStatus::Present);
    assert_eq!(bench.orders.len(), orders, "the old card is not read again");
    bench.give(Event::CardRemoved).give(Event::CardInserted);
    assert!(matches!(bench.orders.last(), Some(Command::ReadIdentity)));
}

#[test]
fn a_late_answer_to_an_earlier_call_changes_nothing() {
    let mut bench = bench();
    bench.gather();
    let late = bench.last_call();
    bench.validate(FaceCompare::NotRequired);
    let answer = BankAnswer::Accepted(protocol::Accepted::default());
    bench.give(Event::BankAnswered { call: late, answer });
    assert_eq!(bench.session.stage(), Stage::Read);
}

#[test]
fn a_late_answer_to_a_question_is_none_to_the_submit_under_way() {
    let mut bench = bench();
    bench.gather();
    let late = bench.last_call();
    bench.validate(FaceCompare::NotRequired).read_card().confirm();
    let answer = BankAnswer::Accepted(protocol::Accepted::default());
    bench.give(Event::BankAnswered { call: late, answer });
    assert_eq!(bench.session.stage(), Stage::Submit, "the bank has not answered the submit");
    bench.accept().check_end("done", "");
}

#[test]
fn an_answer_that_gets_lost_inside_the_machine_is_a_timeout() {
    let mut bench = bench();
    bench.gather().wait();
    assert!(matches!(bench.session.view().screen, Screen::Checking { again: true }));
}

#[test]
fn a_wrong_code_is_explained_and_the_scan_goes_on() {
    let mut bench = bench();
    bench.give(Event::WrongCodeRead(WrongCode::Payment));
    let Screen::Scan { wrong_code } = bench.session.view().screen else { panic!("no scan") };
    assert_eq!(wrong_code, Some(WrongCode::Payment));
    assert!(bench.session.needs().code);
}

#[test]
fn an_upside_down_card_is_explained_from_the_attract_screen() {
    let mut bench = bench();
    bench.give(Event::CardFailed(CardFault::Mute));
    let Screen::InsertCard { trouble } = bench.session.view().screen else { panic!("no sentence") };
    assert_eq!(trouble.map(|trouble| trouble.to_string()), Some("CARD_UPSIDE_DOWN".to_owned()));
}

#[test]
fn the_language_holds_for_one_journey_and_every_screen() {
    let mut bench = bench();
    bench.give(Event::Started).give(Event::LanguageChosen(Language::English)).gather();
    assert_eq!(bench.session.view().language, Language::English);
    bench.give(Event::Cancelled);
    assert_eq!(bench.session.view().language, Language::English, "the result is still theirs");
    bench.give(Event::CardRemoved);
    assert_eq!(bench.session.view().language, Language::Thai, "the next person begins anew");
}

/// One of everything that can happen, by number.
fn event(number: u64, bench: &Bench) -> Event {
    let codes = ["1101", "1102", "1202", "1302", "1900", "2001", "9301", "NET_CUT", "1399", "-201"];
    let failed = |at| {
        let written = codes[usize::try_from(number / 32).unwrap() % codes.len()];
        let condition = written.parse().unwrap();
        BankAnswer::Failed { at, condition, wait_at_least: Duration::ZERO }
    };
    let answered = |answer| {
        let asked = |order: &Command| matches!(order, Command::Ask { .. } | Command::Resend(_));
        if bench.orders.iter().any(asked) {
            Event::BankAnswered { call: bench.last_call(), answer }
        } else {
            Event::Tick
        }
    };
    match number % 20 {
        0 => Event::Started,
        1 => Event::ReferenceRead(reference()),
        2 | 3 => Event::CardInserted,
        4 => Event::CardRemoved,
        5 | 6 => Event::IdentityRead(identity()),
        7 => Event::CitizenRead(Box::new(citizen())),
        8 => Event::PhotoRead(photo()),
        9 => Event::CardFailed(CardFault::Unreadable),
        10 | 11 => Event::ConsentsAnswered(vec![Consent::Given; 2]),
        12 => Event::Confirmed { postal_code: None, mobile: None, english_name: None },
        13 => Event::SelfieTaken(selfie()),
        14 => answered(BankAnswer::QrValidated(protocol::QrValidation::default())),
        15 => answered(BankAnswer::Accepted(protocol::Accepted::default())),
        16 => answered(failed(Endpoint::Submit)),
        17 => answered(failed(Endpoint::ValidateQr)),
        18 => Event::StillHere,
        _ => Event::Tick,
    }
}

#[test]
fn whatever_happens_every_state_ends_by_waiting_alone() {
    for seed in 0..500_u64 {
        let mut bench = bench();
        let mut chance = seed;
        for _ in 0..60 {
            chance = chance
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let next = event(chance >> 33, &bench);
            bench.give(next).pass(Duration::from_millis(chance >> 54));
        }
        let mut waits = 0;
        while bench.session.stage() != Stage::Idle {
            bench.wait();
            waits += 1;
            assert!(waits < 40, "seed {seed} does not end");
        }
        let submits = bench.asked(Endpoint::Submit);
        let validations = bench.asked(Endpoint::ValidateQr);
        assert!(submits == 0 || validations > 0, "seed {seed} submits without validation");
    }
}

#[test]
fn a_machine_out_of_service_begins_no_journey_and_breaks_none_off() {
    let mut bench = bench();
    bench.give(Event::ServiceChanged(Service::Closed(JournalFault::Full))).give(Event::Started);
    bench.give(Event::ReferenceRead(reference())).give(Event::CardInserted);
    assert_eq!(bench.session.stage(), Stage::Idle);
    assert!(bench.orders.is_empty(), "{:?}", bench.orders);
    bench.give(Event::CardRemoved).give(Event::ServiceChanged(Service::Open));
    bench.gather().validate(FaceCompare::NotRequired);
    bench
        .give(Event::ServiceChanged(Service::Closed(JournalFault::Full)))
        .read_card()
        .confirm()
        .accept();
    bench.check_end("done", "");
}

/// A busy bank, until the customer is asked.
fn busy(bench: &mut Bench, at: Endpoint) {
    for _ in 0..3 {
        bench.code(at, "9999").wait();
    }
    bench.code(at, "9999");
    assert!(matches!(bench.session.view().screen, Screen::Busy { .. }), "the customer is asked");
}

#[test]
fn a_busy_bank_leaves_the_choice_to_the_customer() {
    let mut bench = bench();
    bench.gather();
    busy(&mut bench, Endpoint::ValidateQr);
    bench.give(Event::KeepWaiting).wait();
    bench.validate(FaceCompare::NotRequired).read_card().confirm();
    busy(&mut bench, Endpoint::Submit);
    let sent = bench.resent();
    bench.give(Event::KeepWaiting);
    assert!(matches!(bench.session.view().screen, Screen::Sending { again: true }));
    bench.wait();
    assert_eq!(bench.resent(), sent + 1, "the same body");
    bench.accept().check_end("done", "");
}

#[test]
fn whoever_stops_waiting_for_a_busy_bank_has_sent_nothing_that_could_arrive() {
    for give_up in [Event::Cancelled, Event::CardRemoved] {
        let mut bench = bench();
        bench.gather().validate(FaceCompare::NotRequired).read_card().confirm();
        busy(&mut bench, Endpoint::Submit);
        bench.give(give_up).check_end("failed", "9999");
        assert!(bench.reports().is_empty(), "the reference stays valid");
    }
}

#[test]
fn nobody_who_answers_is_nobody_who_waits() {
    let mut bench = bench();
    bench.gather();
    busy(&mut bench, Endpoint::ValidateQr);
    bench.wait();
    assert!(bench.session.view().idle_warning.is_some());
    bench.wait().check_end("failed", "9999");
}

#[test]
fn whoever_comes_while_the_bank_is_away_is_told_sooner_until_it_answers() {
    let tries = |bench: &mut Bench| {
        let before = bench.resent();
        bench.give(Event::CardRemoved).gather();
        while !matches!(bench.session.view().screen, Screen::Busy { .. }) {
            bench.code(Endpoint::ValidateQr, "9999");
            if matches!(bench.session.view().screen, Screen::Checking { .. }) {
                bench.wait();
            }
        }
        bench.give(Event::Cancelled);
        bench.resent() - before
    };
    let mut bench = bench();
    assert_eq!(tries(&mut bench), 3);
    assert_eq!(tries(&mut bench), 1, "the customer before has found out");
    bench.give(Event::CardRemoved).gather().code(Endpoint::ValidateQr, "1100");
    assert_eq!(tries(&mut bench), 3, "the bank was there");
    let condition = "HTTP_503".parse().unwrap();
    bench.give(Event::Unserved { at: Endpoint::Token, condition });
    assert_eq!(tries(&mut bench), 1, "no token could be had a moment ago");
    bench.tick += Duration::from_secs(11 * 60);
    assert_eq!(tries(&mut bench), 3, "long ago");
}

#[test]
fn every_answer_to_a_consent_is_attested_in_the_language_shown() {
    let mut bench = bench();
    bench.gather().validate(FaceCompare::Required);
    bench.give(Event::LanguageChosen(Language::English)).agree();
    let attested = bench.orders.iter().find_map(|order| match order {
        Command::Attest { answers, language } => Some((answers, *language)),
        _ => None,
    });
    let (answers, language) = attested.expect("the evidence is handed over");
    assert_eq!(language, Language::English);
    assert!(!answers.is_empty() && answers.iter().all(|(_, answer)| *answer == Consent::Given));
}

#[test]
fn a_slip_is_printed_again_once_and_only_where_there_is_one() {
    let copies = |bench: &Bench| {
        let copy = |order: &&Command| matches!(order, Command::PrintCopy);
        bench.orders.iter().filter(copy).count()
    };
    let mut done = bench();
    done.give(Event::CopyWanted);
    done.gather().validate(FaceCompare::NotRequired).read_card().confirm().accept();
    done.give(Event::CopyWanted).give(Event::CopyWanted);
    assert_eq!(copies(&done), 1);
    let mut refused = bench();
    refused.gather().code(Endpoint::ValidateQr, "1101").give(Event::CopyWanted);
    assert_eq!(copies(&refused), 0);
}

#[test]
fn whoever_still_stands_here_after_a_restart_is_told_what_became_of_it() {
    let interrupted = Outcome::Stopped(Failure::Local(LocalFailure::Interrupted));
    for (outcome, copies) in [(Outcome::Done, 1), (interrupted, 0)] {
        let mut bench = bench();
        bench.give(Event::Resumed(outcome)).give(Event::CardInserted);
        assert_eq!(bench.outcome(), outcome);
        assert!(bench.orders.is_empty(), "the card of that journey is not read again");
        bench.give(Event::CopyWanted);
        assert_eq!(bench.orders.len(), copies);
        bench.wait();
        assert_eq!((bench.tick, bench.session.stage()), (Duration::from_secs(60), Stage::Idle));
        bench.give(Event::CardRemoved).gather();
        assert_eq!(bench.asked(Endpoint::ValidateQr), 1, "the next card begins a journey");
    }
}
