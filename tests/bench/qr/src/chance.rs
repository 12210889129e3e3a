//! The chance of a frame: a sequence that its numbers alone decide, today and in ten years.
//!
//! SplitMix64, written out: the generators of a crate may change between versions, and with them the set.

/// A sequence of draws.
pub(crate) struct Chance(u64);

impl Chance {
    /// The sequence that these numbers stand for.
    pub(crate) fn of(numbers: &[u64]) -> Self {
        let mut chance = Self(0x2019_1211);
        for number in numbers {
            chance.0 = chance.next() ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
        chance
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Evenly from `low` to `high`.
    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        let top = u16::try_from(self.next() >> 48).unwrap_or(u16::MAX);
        low + (high - low) * f32::from(top) / f32::from(u16::MAX)
    }

    /// One of `0..count`.
    pub(crate) fn below(&mut self, count: u64) -> u64 {
        self.next() % count.max(1)
    }

    /// About normal with a deviation of 1: four even draws out of one number.
    pub(crate) fn normal(&mut self) -> f32 {
        let bytes = self.next().to_le_bytes();
        let sum: f32 = bytes.chunks_exact(2).map(|pair| pair.iter().fold(0.0, weighted)).sum();
        (sum / 65_536.0 - 2.0) * 1.732
    }

    /// One of two.
    pub(crate) fn coin(&mut self) -> bool {
        self.below(2) == 1
    }

    /// An invented reference of `min` to `max` characters, as the bank spells them (§3).
    pub(crate) fn reference(&mut self, min: u64, max: u64) -> String {
        const SPELLED: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
        const CAPITALS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let length = min + self.below(max - min + 1);
        let letters = if self.coin() { SPELLED } else { CAPITALS };
        let count = u64::try_from(letters.len()).unwrap_or(1);
        let mut letter = || {
            let at = usize::try_from(self.below(count)).unwrap_or(0);
            letters.get(at).map_or('X', |letter| char::from(*letter))
        };
        (0..length).map(|_| letter()).collect()
    }
}

fn weighted(sum: f32, byte: &u8) -> f32 {
    sum * 256.0 + f32::from(*byte)
}
