//! Chance that can be had again: every draw of a simulated day follows from its seed.
//! SplitMix64, which is quick and good enough for anything but secrets.

use std::time::Duration;

/// A sequence of draws.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        // Neighbouring seeds shall have nothing in common from the first draw on.
        let mut chance = Self(seed ^ 0x5EED_0F0A_5EED_0F0A);
        chance.draw();
        chance
    }

    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 where there is none.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.draw().checked_rem(end).unwrap_or(0)
    }

    /// True in `percent` of a hundred draws.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A time between two, in milliseconds.
    pub(crate) fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to.saturating_sub(from) + 1))
    }

    /// One of several.
    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T], otherwise: T) -> T {
        let at = usize::try_from(self.below(u64::try_from(all.len()).unwrap_or(0))).unwrap_or(0);
        all.get(at).copied().unwrap_or(otherwise)
    }
}
