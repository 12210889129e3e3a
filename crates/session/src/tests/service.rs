//! Out of service: what closes a machine, what it does meanwhile, and what opens it again.

use std::time::Duration;

use protocol::{Alert, Consents, Endpoint, FaceCompare, Reference};

use super::bench::{Bench, identity, reference};
use crate::{BankAnswer, Command, DopaPolicy, Event, Policy, Request, Screen, Stage};

const PROBE_EVERY: Duration = Duration::from_secs(300);

fn bench() -> Bench {
    Bench::new(Policy { dopa: DopaPolicy::Off, ..Policy::default() })
}

#[track_caller]
fn check_closed(bench: &Bench, code: &str) {
    let Screen::OutOfService { trouble } = bench.session.view().screen else {
        panic!("it serves customers, expected {code}")
    };
    assert_eq!(trouble.to_string(), code);
    assert!(["out_of_service", "clock_wrong"].contains(&trouble.text()), "{}", trouble.text());
    assert!(!bench.session.needs().code, "no code is looked for");
}

/// To the end of the journey that found it out.
fn leave(bench: &mut Bench) {
    bench.give(Event::CardRemoved);
    assert_eq!(bench.session.stage(), Stage::Idle);
}

fn consents() -> BankAnswer {
    BankAnswer::Consents(Consents { texts: Vec::new() })
}

#[test]
fn a_fault_of_the_configuration_closes_the_machine_until_a_probe_is_answered() {
    let mut bench = bench();
    bench.gather().code(Endpoint::ValidateQr, "-103").check_end("failed", "-103");
    leave(&mut bench);
    check_closed(&bench, "-103");
    let found = bench.tick;
    let orders = bench.orders.len();
    bench.gather().give(Event::Started);
    assert_eq!(bench.orders.len(), orders, "nobody is served");
    bench.give(Event::CardRemoved).wait();
    assert_eq!(bench.tick, found + PROBE_EVERY);
    assert!(matches!(bench.orders.last(), Some(Command::Ask { request: Request::Consents, .. })));
    bench.code(Endpoint::Consents, "-103");
    check_closed(&bench, "-103");
    bench.wait().answer(consents());
    assert!(matches!(bench.session.view().screen, Screen::Attract));
    assert_eq!(bench.session.deadline(), None);
    bench.gather().validate(FaceCompare::NotRequired).read_card().confirm().accept();
    bench.check_end("done", "");
}

#[test]
fn an_envelope_that_the_bank_does_not_open_is_tried_before_anybody_is_let_in() {
    let mut bench = bench();
    bench.gather().code(Endpoint::ValidateQr, "1501").wait().code(Endpoint::ValidateQr, "1501");
    leave(&mut bench);
    check_closed(&bench, "1501");
    bench.wait().code(Endpoint::ValidateQr, "1501");
    check_closed(&bench, "1501");
    bench.wait().code(Endpoint::ValidateQr, "1100");
    assert!(matches!(bench.session.view().screen, Screen::Attract));
}

#[test]
fn a_fault_after_a_lost_answer_closes_the_machine_as_well() {
    let mut bench = bench();
    bench.gather().validate(FaceCompare::NotRequired).read_card().confirm();
    bench.code(Endpoint::Submit, "NET_CUT");
    for _ in 0..3 {
        bench.wait().code(Endpoint::Submit, "-102");
    }
    bench.check_end("unresolved", "-102");
    leave(&mut bench);
    check_closed(&bench, "-102");
}

#[test]
fn what_the_token_or_the_outbox_finds_closes_the_machine_but_ends_no_journey() {
    let mut bench = bench();
    bench.gather().validate(FaceCompare::NotRequired).read_card();
    let condition = "OAUTH_INVALID_CLIENT".parse().unwrap();
    bench.give(Event::Unserved { at: Endpoint::Token, condition });
    assert_eq!(bench.session.stage(), Stage::Confirm);
    bench.confirm().code(Endpoint::Token, "OAUTH_INVALID_CLIENT");
    leave(&mut bench);
    check_closed(&bench, "OAUTH_INVALID_CLIENT");
}

#[test]
fn a_journey_that_the_bank_serves_opens_the_machine() {
    let mut bench = bench();
    bench.gather().validate(FaceCompare::NotRequired).read_card();
    let condition = "-103".parse().unwrap();
    bench.give(Event::Unserved { at: Endpoint::Token, condition });
    bench.confirm().accept().check_end("done", "");
    leave(&mut bench);
    assert!(matches!(bench.session.view().screen, Screen::Attract));
}

fn show(bench: &mut Bench, number: u32, code: &str) {
    let reference = Reference::parse(&format!("SIM-0000-{number}")).unwrap();
    bench.give(Event::ReferenceRead(reference)).give(Event::CardInserted);
    bench.give(Event::IdentityRead(identity())).code(Endpoint::ValidateQr, code);
}

fn pages(bench: &Bench) -> usize {
    let page = |order: &&Command| matches!(order, Command::Alert { level: Alert::Page, .. });
    bench.orders.iter().filter(page).count()
}

#[test]
fn five_codes_of_other_cards_in_an_hour_page_the_operator() {
    let mut bench = bench();
    for number in 1..=5 {
        assert_eq!(pages(&bench), 0, "after {} of them", number - 1);
        show(&mut bench, number, "1102");
        bench.give(Event::CardRemoved).give(Event::Cancelled);
        bench.wait();
    }
    assert_eq!(pages(&bench), 1);
    assert_eq!(bench.session.out_of_service(), None, "honest customers are still served");
}

#[test]
fn three_codes_that_belong_elsewhere_close_the_machine() {
    let mut bench = bench();
    for number in 1..=3 {
        assert_eq!(bench.session.out_of_service(), None);
        show(&mut bench, number, "9403");
        bench.check_end("refused", "9403");
        leave(&mut bench);
    }
    check_closed(&bench, "9403");
}

#[test]
fn one_code_that_belongs_elsewhere_shown_again_and_again_closes_nothing() {
    let mut bench = bench();
    for _ in 0..6 {
        bench.give(Event::ReferenceRead(reference())).give(Event::CardInserted);
        bench.give(Event::IdentityRead(identity())).code(Endpoint::ValidateQr, "9403");
        leave(&mut bench);
    }
    assert_eq!(bench.session.out_of_service(), None);
}
