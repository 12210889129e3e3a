//! When several frames agree on what is shown to the camera.
//!
//! Owns the memory over frames: which texts were seen, how often and how long ago. A single frame may misread
//! a barcode, and a hand that shakes hides a code in some frames, so gaps are forgiven for a while.

use std::fmt::{self, Debug, Formatter};

use zeroize::Zeroizing;

/// Frames that must show the same text ("one decode = three equal frames").
const AGREEING: u32 = 3;
/// Frames that must show a second text before it counts as a second code and not as a misreading.
const AGREEING_RIVAL: u32 = 2;
/// Frames after which a text no longer seen is forgotten: 0.4 s of a camera with 15 frames a second.
const GAP_MAX: u32 = 6;

/// What the camera is shown.
#[derive(Clone, Eq, PartialEq)]
pub enum Sighting {
    /// One code with this text, which may be anything, of any length.
    One(String),
    /// Two or more different codes; the customer must show one alone.
    Several,
}

impl Debug for Sighting {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(_) => out.write_str("One(‹redacted›)"),
            Self::Several => out.write_str("Several"),
        }
    }
}

/// The texts of the last frames. Wiped on drop.
#[derive(Default)]
pub(crate) struct Sightings {
    texts: Vec<Tally>,
}

struct Tally {
    text: Zeroizing<String>,
    seen: u32,
    gap: u32,
}

impl Sightings {
    /// Counts one frame's texts in, and says what is sure by now.
    ///
    /// A text alone needs three frames; while any other text is remembered none is chosen.
    pub(crate) fn add(&mut self, texts: Vec<String>) -> Option<Sighting> {
        for tally in &mut self.texts {
            tally.gap += 1;
        }
        for text in texts {
            match self.texts.iter_mut().find(|tally| *tally.text == text) {
                Some(tally) => {
                    tally.seen = tally.seen.saturating_add(1);
                    tally.gap = 0;
                    drop(Zeroizing::new(text));
                }
                None => self.texts.push(Tally { text: Zeroizing::new(text), seen: 1, gap: 0 }),
            }
        }
        self.texts.retain(|tally| tally.gap < GAP_MAX);
        match self.texts.as_slice() {
            [alone] if alone.seen >= AGREEING => Some(Sighting::One(alone.text.to_string())),
            [] | [_] => None,
            several => {
                let sure = several.iter().filter(|tally| tally.seen >= AGREEING_RIVAL).count();
                (sure >= 2).then_some(Sighting::Several)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each string is a frame, its words are the texts in view; the answer is of the last frame.
    #[track_caller]
    fn check(frames: &[&str], expected: Option<&Sighting>) {
        let mut sightings = Sightings::default();
        let mut last = None;
        for frame in frames {
            last = sightings.add(frame.split_whitespace().map(str::to_owned).collect());
        }
        assert!(last.as_ref() == expected, "{frames:?}");
    }

    #[test]
    fn three_equal_frames_make_a_sighting() {
        let a = Sighting::One("A".to_owned());
        check(&["A", "A"], None);
        check(&["A", "A", "A"], Some(&a));
        check(&["A", "A", "A", "A"], Some(&a));
    }

    #[test]
    fn frames_without_a_code_are_forgiven_for_a_while() {
        let a = Sighting::One("A".to_owned());
        check(&["A", "", "", "A", "", "", "A"], Some(&a));
        check(&["A", "A", "", "", "", "", "", "", "A"], None);
    }

    #[test]
    fn a_code_that_left_the_view_is_no_longer_reported_for_ever() {
        check(&["A", "A", "A", "", "", "", "", "", ""], None);
    }

    #[test]
    fn two_codes_in_view_are_several_and_never_one_of_them() {
        check(&["A B", "A B"], Some(&Sighting::Several));
        check(&["A", "A B", "A B"], Some(&Sighting::Several));
        check(&["A", "A", "A B"], None);
    }

    #[test]
    fn a_single_misreading_only_delays() {
        let a = Sighting::One("A".to_owned());
        check(&["A", "X", "A", "A"], None);
        check(&["A", "X", "A", "A", "A", "A", "A", "A"], Some(&a));
    }

    #[test]
    fn a_second_phone_replaces_the_first_once_that_is_forgotten() {
        let b = Sighting::One("B".to_owned());
        check(&["A", "A", "A", "B", "B"], Some(&Sighting::Several));
        check(&["A", "A", "A", "B", "B", "B", "B", "B", "B"], Some(&b));
    }

    #[test]
    fn a_text_is_not_shown_by_debug() {
        let shown = format!("{:?}", Sighting::One("SIM-0000-DEMO-0001".to_owned()));
        assert_eq!(shown, "One(‹redacted›)");
    }
}
