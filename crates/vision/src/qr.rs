//! The texts of QR codes in a plane: finder patterns by threshold, modules out of the grey itself.
//!
//! Three finder patterns are searched in black and white, which is fast. If the modules cannot be told apart
//! there, they are measured anew in the grey plane (`grid`), where blur and noise leave more of them. Dark
//! on light and light on dark (phones in dark mode) are both tried.

use std::cmp::Reverse;

use rxing::common::cpp_essentials::ConcentricPattern;
use rxing::common::{BitMatrix, DetectorRXingResult, HybridBinarizer};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{
    FindFinderPatterns, FinderPatternSet, GenerateFinderPatternSets, SampleQR,
};
use rxing::{Binarizer, Luma8Source};

use crate::grid::{Grid, Polarity};
use crate::plane::Plane;

/// Sets of three patterns that are tried, the most plausible first: noise makes many.
const SETS_MAX: usize = 6;
/// More patterns than this are noise or a chequered shirt; what is left out would be tried last.
const PATTERNS_MAX: usize = 40;

/// The texts of all QR codes in view, each once; light on dark only if there is nothing dark on light.
pub(crate) fn read(plane: &Plane) -> Vec<String> {
    let Some(mut matrix) = black_and_white(plane) else { return Vec::new() };
    let texts = decode(plane, &matrix, Polarity::DarkOnLight);
    if !texts.is_empty() {
        return texts;
    }
    matrix.flip_self();
    decode(plane, &matrix, Polarity::LightOnDark)
}

fn black_and_white(plane: &Plane) -> Option<BitMatrix> {
    let side = |pixels: usize| u32::try_from(pixels).ok();
    let (width, height) = (side(plane.width())?, side(plane.height())?);
    let source = Luma8Source::new_with_slice(plane.pixels(), width, height).ok()?;
    HybridBinarizer::new(source).get_black_matrix().ok().cloned()
}

fn decode(plane: &Plane, matrix: &BitMatrix, polarity: Polarity) -> Vec<String> {
    let mut patterns = FindFinderPatterns(matrix, true, 0);
    patterns.sort_by_key(|pattern| Reverse(pattern.size));
    patterns.truncate(PATTERNS_MAX);
    let mut used: Vec<ConcentricPattern> = Vec::new();
    let mut texts = Vec::new();
    for set in GenerateFinderPatternSets(&mut patterns).into_iter().take(SETS_MAX) {
        let three = [set.tl, set.tr, set.bl];
        if three.iter().any(|pattern| used.contains(pattern)) {
            continue;
        }
        let text = sampled(matrix, &set).or_else(|| measured(plane, &set, polarity));
        if let Some(text) = text {
            used.extend(three);
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
    texts
}

/// One pixel a module, in black and white.
fn sampled(matrix: &BitMatrix, set: &FinderPatternSet) -> Option<String> {
    text_of(SampleQR(matrix, set).ok()?.getBits())
}

/// Nine places a module, in grey, sharpened against what the neighbours spill over.
fn measured(plane: &Plane, set: &FinderPatternSet, polarity: Polarity) -> Option<String> {
    Grid::all_that_fit(plane, set, polarity)
        .find_map(|grid| grid.readings().find_map(|bits| text_of(&bits)))
}

fn text_of(bits: &BitMatrix) -> Option<String> {
    let decoded = Decode(bits).ok().filter(|decoded| decoded.isValid())?;
    Some(decoded.text()).filter(|text| !text.is_empty())
}
