//! The postal code, which no card carries: one is sent as it is, several are asked for, none is keyed.

use citizen::{Address, PostalCode};
use protocol::{Endpoint, FaceCompare};

use super::bench::{Bench, citizen, photo};
use crate::{DopaPolicy, Event, Policy, PostalChoice, Screen};

/// Up to the confirmation of an address in this place.
fn confirming(place: &str) -> Bench {
    let mut bench = Bench::new(Policy { dopa: DopaPolicy::Off, ..Policy::default() });
    bench.gather().validate(FaceCompare::NotRequired);
    let mut resident = citizen();
    resident.address = Address::from_slots(&format!("1#####{place}")).unwrap();
    bench.give(Event::CitizenRead(Box::new(resident)));
    bench.give(Event::PhotoRead(photo()));
    bench
}

fn say(bench: &mut Bench, code: Option<&str>) {
    let postal_code = code.map(|code| PostalCode::parse(code).unwrap());
    bench.give(Event::Confirmed { postal_code, mobile: None, english_name: None });
}

#[track_caller]
fn check_offered(bench: &Bench, expected: &[&str]) {
    let Screen::Confirm { postal, .. } = bench.session.view().screen else {
        panic!("it asks for the confirmation")
    };
    let offered = match postal {
        PostalChoice::One(code) => vec![code],
        PostalChoice::Several(codes) => codes.to_vec(),
        PostalChoice::Unknown => Vec::new(),
    };
    assert_eq!(offered.iter().map(PostalCode::as_str).collect::<Vec<_>>(), expected);
    assert_eq!(bench.asked(Endpoint::Submit), 0);
}

#[track_caller]
fn check_sent(bench: &Bench, code: &str) {
    let [submit] = &bench.submits()[..] else { panic!("one submit") };
    assert!(submit.contains(&format!(r#""zipCode":"{code}""#)), "{submit}");
}

#[test]
fn of_several_codes_the_customer_chooses_one_and_no_other_is_taken() {
    let mut bench = confirming("แขวงพระโขนงเหนือ#เขตวัฒนา#กรุงเทพมหานคร");
    for refused in [None, Some("40000"), Some("10250")] {
        check_offered(&bench, &["10110", "10260"]);
        say(&mut bench, refused);
    }
    check_offered(&bench, &["10110", "10260"]);
    say(&mut bench, Some("10260"));
    check_sent(&bench, "10260");
}

#[test]
fn a_disputed_code_is_asked_for() {
    let mut bench = confirming("ตำบลจอหอ#อำเภอเมืองนครราชสีมา#จังหวัดนครราชสีมา");
    check_offered(&bench, &["30000", "30310"]);
    say(&mut bench, None);
    check_offered(&bench, &["30000", "30310"]);
    say(&mut bench, Some("30310"));
    check_sent(&bench, "30310");
}

#[test]
fn the_only_code_is_sent_unasked() {
    let mut bench = confirming("ตำบลในเมือง#อำเภอเมืองขอนแก่น#จังหวัดขอนแก่น");
    check_offered(&bench, &["40000"]);
    say(&mut bench, None);
    check_sent(&bench, "40000");
}

#[test]
fn the_code_of_an_unknown_place_is_keyed() {
    let mut bench = confirming("ตำบลตัวอย่าง#อำเภอเมืองขอนแก่น#จังหวัดขอนแก่น");
    check_offered(&bench, &[]);
    say(&mut bench, None);
    check_offered(&bench, &[]);
    say(&mut bench, Some("40000"));
    check_sent(&bench, "40000");
}
