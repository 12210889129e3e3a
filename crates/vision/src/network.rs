//! The face network: BlazeFace short-range (Bazarevsky et al., 2019), evaluated as it stands.
//!
//! Owns the layers and their arithmetic: 128×128 colours in, 896 raw guesses out. What a guess means is
//! `faces`'s. A general runtime would be larger than this crate, and start threads of its own; the shape of
//! this one network is fixed, so twenty lines a kind of layer do.

use zeroize::Zeroizing;

/// The weights as half-precision numbers, layer by layer; origin, licence and recipe lie beside them.
const WEIGHTS: &[u8] = include_bytes!("../model/blazeface-short-range.f16");
/// Pixels each way of the picture that goes in.
pub(crate) const SIDE: usize = 128;
/// Numbers of one guess: box, then six points, each as offsets in pixels of the input.
pub(crate) const GUESS: usize = 16;
/// Channels that are computed at once; every map's channels are filled up with zeros to a multiple.
const LANES: usize = 8;
/// Pixels that are computed at once; every map here has a multiple of it.
const PIXELS: usize = 4;
/// The first layer looks at 5×5 pixels of three colours, every second pixel.
const STEM: Stem = Stem { reach: 5, colours: 3, channels: 24 };
/// The blocks' channels and strides in order.
const BLOCKS: [(usize, usize); 16] = [
    (24, 1),
    (28, 1),
    (32, 2),
    (36, 1),
    (42, 1),
    (48, 2),
    (56, 1),
    (64, 1),
    (72, 1),
    (80, 1),
    (88, 1),
    (96, 2),
    (96, 1),
    (96, 1),
    (96, 1),
    (96, 1),
];
/// After so many blocks the map of 16×16 is read, after all of them the one of 8×8.
const FINE_BLOCKS: usize = 11;
/// Guesses a pixel of the finer map, 16×16.
const FINE_GUESSES: usize = 2;
/// Guesses a pixel of the coarser map, 8×8.
const COARSE_GUESSES: usize = 6;

/// The loaded network.
pub(crate) struct Network {
    stem: Pointwise,
    blocks: Vec<Block>,
    scores: [Pointwise; 2],
    guesses: [Pointwise; 2],
}

/// The answer of one of the two grids.
pub(crate) struct Grid {
    /// Cells each way.
    pub(crate) side: u8,
    /// Guesses in each cell.
    pub(crate) guesses_each: usize,
    /// Logits, cell by cell from the top left.
    pub(crate) scores: Vec<f32>,
    /// [`GUESS`] numbers for each score.
    pub(crate) guesses: Zeroizing<Vec<f32>>,
}

struct Stem {
    reach: usize,
    colours: usize,
    channels: usize,
}

struct Block {
    stride: usize,
    depthwise: Depthwise,
    pointwise: Pointwise,
}

impl Network {
    /// Unpacks the weights.
    pub(crate) fn new() -> Self {
        let mut weights = Weights(WEIGHTS);
        let stem = weights.pointwise(STEM.reach * STEM.reach * STEM.colours, STEM.channels);
        let mut channels = STEM.channels;
        let blocks = BLOCKS.map(|(wider, stride)| {
            let depthwise = weights.depthwise(channels);
            let pointwise = weights.pointwise(channels, wider);
            channels = wider;
            Block { stride, depthwise, pointwise }
        });
        let fine = BLOCKS.get(FINE_BLOCKS - 1).map_or(0, |(channels, _)| *channels);
        let sizes = [(fine, FINE_GUESSES), (channels, COARSE_GUESSES)];
        let scores = sizes.map(|(from, guesses)| weights.pointwise(from, guesses));
        let guesses = sizes.map(|(from, guesses)| weights.pointwise(from, guesses * GUESS));
        Self { stem, blocks: blocks.into(), scores, guesses }
    }

    /// Looks at [`SIDE`]×[`SIDE`] pixels of three colours each, −1 to 1, rows from the top; a shorter picture
    /// ends in the middle grey. The finer grid comes first.
    pub(crate) fn look(&self, picture: &[f32]) -> [Grid; 2] {
        let mut map = self.stem.apply(&patches(picture));
        map.rectify();
        let (first, last) = self.blocks.split_at(FINE_BLOCKS.min(self.blocks.len()));
        let fine = first.iter().fold(map, |map, block| block.apply(map));
        let [fine_scores, coarse_scores] = &self.scores;
        let [fine_guesses, coarse_guesses] = &self.guesses;
        let fine_grid = grid(16, FINE_GUESSES, fine_scores, fine_guesses, &fine);
        let coarse = last.iter().fold(fine, |map, block| block.apply(map));
        let coarse_grid = grid(8, COARSE_GUESSES, coarse_scores, coarse_guesses, &coarse);
        [fine_grid, coarse_grid]
    }
}

fn grid(side: u8, guesses_each: usize, scores: &Pointwise, guesses: &Pointwise, map: &Map) -> Grid {
    Grid {
        side,
        guesses_each,
        scores: scores.apply(map).channels(guesses_each).to_vec(),
        guesses: guesses.apply(map).channels(guesses_each * GUESS),
    }
}

impl Block {
    fn apply(&self, mut map: Map) -> Map {
        let mut deep = self.pointwise.apply(&self.depthwise.apply(&map, self.stride));
        if self.stride == 2 {
            map = map.pooled();
        }
        deep.add(&map);
        deep.rectify();
        deep
    }
}

/// A square of pixels, each with its channels in whole lanes. Wiped on drop: the first ones are the picture.
struct Map {
    side: usize,
    lanes: usize,
    values: Zeroizing<Vec<[f32; LANES]>>,
}

impl Map {
    fn new(side: usize, channels: usize) -> Self {
        let lanes = channels.div_ceil(LANES);
        Self { side, lanes, values: Zeroizing::new(vec![[0.0; LANES]; side * side * lanes]) }
    }

    fn rows(&self) -> impl Iterator<Item = &[[f32; LANES]]> {
        self.values.chunks_exact(self.side * self.lanes)
    }

    fn rectify(&mut self) {
        self.values.as_flattened_mut().iter_mut().for_each(|value| *value = value.max(0.0));
    }

    /// Adds a map of the same side and as many channels or fewer.
    fn add(&mut self, other: &Self) {
        let pixels = self.values.chunks_exact_mut(self.lanes);
        for (pixel, added) in pixels.zip(other.values.chunks_exact(other.lanes)) {
            for (value, added) in pixel.as_flattened_mut().iter_mut().zip(added.as_flattened()) {
                *value += added;
            }
        }
    }

    /// The largest of each two by two pixels.
    fn pooled(&self) -> Self {
        let mut pooled = Self::new(self.side / 2, self.lanes * LANES);
        let width = pooled.side * self.lanes;
        let twice: Vec<_> = self.rows().collect();
        for (pair, row) in
            twice.as_chunks::<2>().0.iter().zip(pooled.values.chunks_exact_mut(width))
        {
            let [upper, lower] = pair;
            let four = upper.chunks_exact(2 * self.lanes).zip(lower.chunks_exact(2 * self.lanes));
            for ((upper, lower), pixel) in four.zip(row.chunks_exact_mut(self.lanes)) {
                let (a, b) = upper.as_flattened().split_at(self.lanes * LANES);
                let (c, d) = lower.as_flattened().split_at(self.lanes * LANES);
                let four = a.iter().zip(b).zip(c.iter().zip(d));
                for (value, ((a, b), (c, d))) in pixel.as_flattened_mut().iter_mut().zip(four) {
                    *value = a.max(*b).max(c.max(*d));
                }
            }
        }
        pooled
    }

    /// With a border of zeros: `before` rows and columns, and what is then missing to `side`.
    fn padded(&self, before: usize, side: usize) -> Self {
        let mut padded = Self::new(side, self.lanes * LANES);
        let rows = padded.values.chunks_exact_mut(side * self.lanes).skip(before);
        for (to, from) in rows.zip(self.rows()) {
            let inner = to.iter_mut().skip(before * self.lanes);
            inner.zip(from).for_each(|(to, from)| *to = *from);
        }
        padded
    }

    /// The first channels of every pixel, without what fills up the lanes.
    fn channels(&self, count: usize) -> Zeroizing<Vec<f32>> {
        let mut values = Zeroizing::new(Vec::with_capacity(self.side * self.side * count));
        for pixel in self.values.chunks_exact(self.lanes) {
            values.extend(pixel.as_flattened().iter().take(count));
        }
        values
    }
}

/// What the first layer sees of the picture, a pixel of the next map each: with it that layer is a pointwise
/// one. Half the size, so the border is one pixel before and two behind.
fn patches(picture: &[f32]) -> Map {
    let mut patches = Map::new(SIDE / 2, STEM.reach * STEM.reach * STEM.colours);
    let lanes = patches.lanes;
    let (row_length, border) = ((SIDE + STEM.reach - 2) * STEM.colours, STEM.colours);
    let mut padded = Zeroizing::new(vec![0.0_f32; row_length * (SIDE + STEM.reach - 2)]);
    let inner = padded.chunks_exact_mut(row_length).skip(1);
    for (to, from) in inner.zip(picture.chunks(SIDE * STEM.colours)) {
        to.iter_mut().skip(border).zip(from).for_each(|(to, from)| *to = *from);
    }
    let rows: Vec<_> = padded.chunks_exact(row_length).collect();
    let reach = STEM.reach * STEM.colours;
    let targets = patches.values.chunks_exact_mut(SIDE / 2 * lanes);
    for (seen, target) in rows.windows(STEM.reach).step_by(2).zip(targets) {
        for (column, patch) in target.chunks_exact_mut(lanes).enumerate() {
            let parts = patch.as_flattened_mut().chunks_exact_mut(reach);
            for (part, row) in parts.zip(seen) {
                let from = row.iter().skip(column * 2 * STEM.colours);
                part.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            }
        }
    }
    patches
}

/// Every channel out of all channels of the same pixel.
struct Pointwise {
    channels: usize,
    /// For each lane of the output the weights of every input channel.
    weights: Vec<Vec<[f32; LANES]>>,
    bias: Vec<[f32; LANES]>,
}

impl Pointwise {
    fn apply(&self, map: &Map) -> Map {
        let mut out = Map::new(map.side, self.channels);
        let lanes = out.lanes;
        let pixels = map.values.chunks_exact(map.lanes * PIXELS);
        for (from, to) in pixels.zip(out.values.chunks_exact_mut(lanes * PIXELS)) {
            let from = from.as_flattened();
            for (lane, (weights, bias)) in self.weights.iter().zip(&self.bias).enumerate() {
                let sums = sums(from, map.lanes * LANES, weights, bias);
                let targets = to.iter_mut().skip(lane).step_by(lanes);
                targets.zip(sums).for_each(|(to, sum)| *to = sum);
            }
        }
        out
    }
}

/// One lane of [`PIXELS`] pixels, `channels` numbers each: small enough for registers.
fn sums(
    pixels: &[f32],
    channels: usize,
    weights: &[[f32; LANES]],
    bias: &[f32; LANES],
) -> [[f32; LANES]; PIXELS] {
    let mut sums = [*bias; PIXELS];
    let (upper, lower) = pixels.split_at((2 * channels).min(pixels.len()));
    let (a, b) = upper.split_at(channels.min(upper.len()));
    let (c, d) = lower.split_at(channels.min(lower.len()));
    let four = a.iter().zip(b).zip(c.iter().zip(d));
    for (weights, ((a, b), (c, d))) in weights.iter().zip(four) {
        for (sums, value) in sums.iter_mut().zip([a, b, c, d]) {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += value * weight;
            }
        }
    }
    sums
}

/// Every channel out of the same channel of 3×3 pixels.
struct Depthwise {
    taps: Vec<Vec<[f32; LANES]>>,
    bias: Vec<[f32; LANES]>,
}

impl Depthwise {
    /// A step of two leaves the border before out: the sides are even.
    fn apply(&self, map: &Map, stride: usize) -> Map {
        let padded = map.padded(2 - stride, map.side + 2);
        let mut out = Map::new(map.side / stride, map.lanes * LANES);
        let (width, lanes) = (out.side * out.lanes, out.lanes);
        let rows: Vec<_> = padded.rows().collect();
        let targets = out.values.chunks_exact_mut(width);
        for (seen, target) in rows.windows(3).step_by(stride).zip(targets) {
            for pixel in target.chunks_exact_mut(lanes) {
                pixel.iter_mut().zip(&self.bias).for_each(|(to, bias)| *to = *bias);
            }
            for (row, taps) in seen.iter().zip(self.taps.chunks(3)) {
                for (column, tap) in taps.iter().enumerate() {
                    let from = row.chunks_exact(lanes).skip(column).step_by(stride);
                    for (to, from) in target.chunks_exact_mut(lanes).zip(from) {
                        add_products(to, from, tap);
                    }
                }
            }
        }
        out
    }
}

fn add_products(to: &mut [[f32; LANES]], from: &[[f32; LANES]], weights: &[[f32; LANES]]) {
    for ((to, from), weights) in to.iter_mut().zip(from).zip(weights) {
        for ((sum, value), weight) in to.iter_mut().zip(from).zip(weights) {
            *sum += value * weight;
        }
    }
}

/// The weights that have not been read yet.
struct Weights(&'static [u8]);

impl Weights {
    fn next(&mut self) -> f32 {
        let Some((bits, rest)) = self.0.split_first_chunk() else { return 0.0 };
        self.0 = rest;
        half(u16::from_le_bytes(*bits))
    }

    /// The next numbers in whole lanes.
    fn lanes(&mut self, channels: usize) -> Vec<[f32; LANES]> {
        let mut lanes = vec![[0.0; LANES]; channels.div_ceil(LANES)];
        lanes.as_flattened_mut().iter_mut().take(channels).for_each(|value| *value = self.next());
        lanes
    }

    fn pointwise(&mut self, from: usize, channels: usize) -> Pointwise {
        let by_input: Vec<_> = (0..from).map(|_| self.lanes(channels)).collect();
        let lane = |lane: usize| {
            by_input.iter().map(|all| all.get(lane).copied().unwrap_or_default()).collect()
        };
        let weights = (0..channels.div_ceil(LANES)).map(lane).collect();
        Pointwise { channels, weights, bias: self.lanes(channels) }
    }

    fn depthwise(&mut self, channels: usize) -> Depthwise {
        let taps = (0..9).map(|_| self.lanes(channels)).collect();
        Depthwise { taps, bias: self.lanes(channels) }
    }
}

/// A half-precision number (IEEE 754 binary16); none of the weights is infinite.
fn half(bits: u16) -> f32 {
    let (exponent, fraction) = (u32::from(bits >> 10) & 0x1F, bits & 0x3FF);
    let size = if exponent == 0 {
        f32::from(fraction) * f32::from_bits((127 - 24) << 23)
    } else {
        f32::from_bits(((exponent + 127 - 15) << 23) | (u32::from(fraction) << 13))
    };
    if bits >> 15 == 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pattern that anything can compute, and what LiteRT 2 makes of it with the original file: the guess's
    /// number, its logit and the first, third, ninth and last of its numbers.
    const REFERENCE: [(usize, f32, [f32; 4]); 5] = [
        (0, -4.059_767, [0.9449, 23.9675, 1.4926, -4.128]),
        (271, -4.001_537, [-1.2936, 33.774, -7.2904, -5.3171]),
        (511, -5.047_579, [-0.6823, 48.4488, -2.0142, -5.2524]),
        (512, -4.569_497, [-0.6379, 45.8516, -1.8116, -4.5996]),
        (700, -5.393_582, [-2.436, 77.0058, 0.9928, -6.5963]),
    ];

    #[test]
    fn the_network_gives_what_the_reference_gives() {
        let shade = |at: u32| f32::from(u8::try_from(at * 7919 % 65_521 % 256).unwrap());
        let pattern: Vec<f32> = (0..128 * 128 * 3).map(|at| shade(at) / 127.5 - 1.0).collect();
        let [fine, coarse] = Network::new().look(&pattern);
        let scores = [fine.scores, coarse.scores].concat();
        let guesses = [fine.guesses.to_vec(), coarse.guesses.to_vec()].concat();
        assert_eq!((scores.len(), guesses.len()), (896, 896 * GUESS));
        for (number, score, [first, third, ninth, last]) in REFERENCE {
            let guess = &guesses[number * GUESS..][..GUESS];
            let got = [scores[number], guess[0], guess[2], guess[8], guess[15]];
            for (got, expected) in got.into_iter().zip([score, first, third, ninth, last]) {
                assert!((got - expected).abs() < 0.001, "{number}: {got}, expected {expected}");
            }
        }
    }

    #[test]
    fn the_weights_are_read_to_their_last_byte() {
        let layers = 37;
        let numbers = 101_390;
        assert_eq!(WEIGHTS.len(), numbers * 2);
        assert_eq!(1 + BLOCKS.len() * 2 + 4, layers);
    }

    #[test]
    fn half_precision_is_what_the_standard_says() {
        let check = |bits, expected: f32| assert_eq!(half(bits).to_bits(), expected.to_bits());
        check(0x3C00, 1.0);
        check(0xC000, -2.0);
        check(0x7BFF, 65_504.0);
        check(0x3555, 0.333_251_95);
        check(0x0001, 5.960_464_5e-8);
        check(0x8000, -0.0);
    }
}
