//! What must never happen: the forbidden transitions of §1.8, one by one, and people who walk away.

use protocol::{Consent, Endpoint, FaceCompare};

use super::bench::{Bench, citizen, identity, photo, reference, selfie};
use crate::{Command, DopaPolicy, Event, Policy, Stage};

fn bench() -> Bench {
    Bench::new(Policy { dopa: DopaPolicy::Off, ..Policy::default() })
}

/// Everything that people and devices can say at any time.
fn press_everything(bench: &mut Bench) {
    bench.give(Event::Started).give(Event::StillHere);
    bench.give(Event::IdentityRead(identity())).give(Event::PhotoRead(photo()));
    bench.give(Event::CitizenRead(Box::new(citizen())));
    bench.give(Event::SelfieTaken(selfie())).give(Event::ConsentsAnswered(Vec::new()));
    bench.confirm();
}

#[test]
fn nothing_is_submitted_before_the_reference_is_validated() {
    let mut bench = bench();
    bench.gather();
    press_everything(&mut bench);
    assert_eq!((bench.session.stage(), bench.asked(Endpoint::Submit)), (Stage::Validate, 0));
}

#[test]
fn no_other_person_or_chip_than_the_validated_one_is_submitted() {
    for (id, chip) in [("2222222222227", "6300c10e142f28a1"), ("1111111111119", "6300c10e142f28a2")]
    {
        let mut bench = bench();
        bench.gather().validate(FaceCompare::NotRequired);
        let mut other = citizen();
        other.identity.citizen_id = citizen::CitizenId::parse(id).unwrap();
        other.identity.chip_number = citizen::ChipNumber::parse(chip).unwrap();
        bench.give(Event::CitizenRead(Box::new(other))).give(Event::PhotoRead(photo()));
        bench.confirm().check_end("refused", "CARD_SWAPPED");
        assert_eq!(bench.asked(Endpoint::Submit), 0);
        assert_eq!(bench.reports(), ["05"], "a swap is told to the bank");
    }
}

#[test]
fn nothing_is_sent_or_reported_after_the_end() {
    let mut bench = bench();
    bench.gather().validate(FaceCompare::NotRequired).read_card().confirm();
    let call = bench.last_call();
    bench.accept().check_end("done", "");
    let orders = bench.orders.len();
    let answer = crate::BankAnswer::Accepted(protocol::Accepted::default());
    bench.give(Event::BankAnswered { call, answer });
    press_everything(&mut bench);
    assert_eq!(bench.orders.len(), orders);
    bench.check_end("done", "");
}

#[test]
fn no_failure_is_reported_while_a_submit_is_unknown() {
    let mut bench = bench();
    bench.gather().validate(FaceCompare::NotRequired).read_card().confirm();
    bench.code(Endpoint::Submit, "NET_TIMEOUT");
    bench.give(Event::CardFailed(crate::CardFault::Swapped)).give(Event::CardRemoved);
    for _ in 0..3 {
        bench.wait().code(Endpoint::Submit, "NET_TIMEOUT");
    }
    bench.check_end("unresolved", "NET_TIMEOUT");
    assert!(bench.reports().is_empty());
}

#[test]
fn a_selfie_that_nobody_asked_for_goes_nowhere() {
    let mut bench = bench();
    bench
        .gather()
        .validate(FaceCompare::NotRequired)
        .read_card()
        .give(Event::SelfieTaken(selfie()));
    bench.confirm().give(Event::SelfieTaken(selfie()));
    let submits = |order: &Command| match order {
        Command::Ask { request: crate::Request::Submit(submission), .. } => {
            let text = String::from_utf8(submission.plaintext().to_vec()).unwrap();
            Some(text.contains("customerSelfieImage"))
        }
        _ => None,
    };
    let with_selfie: Vec<bool> = bench.orders.iter().filter_map(submits).collect();
    assert_eq!(with_selfie, [false]);
}

#[test]
fn no_yes_is_sent_that_was_not_said() {
    let policy =
        Policy { required_with_selfie: Vec::new(), dopa: DopaPolicy::Off, ..Policy::default() };
    let mut bench = Bench::new(policy);
    bench.gather().validate(FaceCompare::Required);
    bench.give(Event::ConsentsAnswered(vec![Consent::Given, Consent::Refused]));
    bench.read_card().confirm().pose();
    let Some(Command::Ask { request: crate::Request::Submit(submission), .. }) =
        bench.orders.iter().rev().find(|order| matches!(order, Command::Ask { .. }))
    else {
        panic!("it is submitted");
    };
    let text = String::from_utf8(submission.plaintext().to_vec()).unwrap();
    assert_eq!(text.matches(r#""consent":"Y""#).count(), 1);
    assert_eq!(text.matches(r#""consent":"N""#).count(), 1);
}

#[test]
fn answers_that_do_not_fit_the_texts_answer_nothing() {
    let mut bench = bench();
    bench.gather().validate(FaceCompare::Required);
    bench.give(Event::ConsentsAnswered(vec![Consent::Given]));
    assert_eq!(bench.session.stage(), Stage::Consent);
}

/// Leads to a screen and lets the customer walk away from it.
#[track_caller]
fn walk_away(stage: Stage, submits: usize, lead: fn(&mut Bench) -> &mut Bench) {
    let mut bench = bench();
    lead(&mut bench);
    assert_eq!(bench.session.stage(), stage);
    let mut waits = 0;
    while bench.session.stage() != Stage::Idle {
        bench.wait();
        waits += 1;
        assert!(waits < 20, "it does not end");
    }
    assert!(!bench.session.holds_a_person());
    assert_eq!(bench.asked(Endpoint::Submit), submits);
    assert!(bench.reports().is_empty(), "whoever walks away is not reported");
}

#[test]
fn whoever_walks_away_from_any_screen_leaves_nothing_behind() {
    use FaceCompare::{NotRequired, Required};
    walk_away(Stage::Gather, 0, |bench| bench.give(Event::Started));
    walk_away(Stage::Gather, 0, |bench| bench.give(Event::ReferenceRead(reference())));
    walk_away(Stage::Validate, 0, |bench| bench.gather());
    walk_away(Stage::Consent, 0, |bench| bench.gather().validate(Required));
    walk_away(Stage::Read, 0, |bench| bench.gather().validate(NotRequired));
    walk_away(Stage::Confirm, 0, |bench| bench.gather().validate(NotRequired).read_card());
    walk_away(Stage::Selfie, 0, |bench| {
        bench.gather().validate(Required).agree().read_card().confirm()
    });
    walk_away(Stage::Submit, 1, |bench| bench.gather().validate(NotRequired).read_card().confirm());
}

#[test]
fn a_counter_waits_three_minutes_and_a_kiosk_half_a_one() {
    for (patience, seconds) in [(crate::Patience::COUNTER, 180), (crate::Patience::KIOSK, 30)] {
        let mut bench = Bench::new(Policy { patience, ..Policy::default() });
        bench.give(Event::Started);
        let due = bench.session.deadline().map(|due| due.as_secs());
        assert_eq!(due, Some(seconds));
    }
}
