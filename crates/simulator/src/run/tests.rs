//! The simulation itself: it can be had again, meets every fault, and finds every seeded defect.

use super::*;

/// Enough days to find each defect, and bounded: the search for one ends with the first.
const DAYS: u64 = 10_000;

#[test]
fn the_same_seed_is_the_same_day_to_the_letter() {
    for seed in [1, 7, 4711] {
        let day = |notes| Day::new(seed, Conduct::Sound, notes).unwrap().run();
        let (first, again) = (day(Notes::Kept), day(Notes::Kept));
        assert_eq!(first.notes, again.notes);
        assert_eq!(first.sum, day(Notes::Sum).sum, "with and without notes");
        assert_ne!(first.sum, Day::new(seed + 1, Conduct::Sound, Notes::Sum).unwrap().run().sum);
    }
}

#[test]
fn every_fault_strikes_at_every_stage_where_it_can_and_breaks_no_rule() {
    let report = run(&Seeds(1..=DAYS)).unwrap();
    assert!(report.is_sound(), "{report}");
    let missing = report.coverage.missing();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_seeded_defect_is_found() {
    for defect in Conduct::DEFECTS {
        let report = simulate(&Seeds(1..=DAYS), defect).unwrap();
        assert!(!report.is_sound(), "{defect:?} is not found in {DAYS} days");
    }
}

#[test]
fn a_broken_rule_is_told_with_its_day_and_the_way_to_have_it_again() {
    let report = simulate(&Seeds(1..=DAYS), Conduct::SentTooLate).unwrap().to_string();
    assert!(report.contains("breaks I3"), "{report}");
    assert!(report.contains("simulator run --seeds"), "{report}");
}

#[test]
fn seeds_are_one_number_or_two() {
    assert_eq!("5".parse(), Ok(Seeds(5..=5)));
    assert_eq!("1..10".parse(), Ok(Seeds(1..=10)));
    for text in ["", "a", "3..1", "-1", "1..2..3"] {
        assert_eq!(text.parse::<Seeds>(), Err(NotSeeds), "{text}");
    }
}
