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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Frame;

    const QR: &[u8] = include_bytes!("../../../tests/pictures/qr-demo.jpg");
    const QR_TEXT: &str = "SIM-0000-DEMO-0001";

    fn plane() -> Plane {
        Frame::from_jpeg(QR).unwrap().plane()
    }

    fn inverted(plane: &Plane) -> Plane {
        Plane::new(plane.width(), plane.pixels().iter().map(|tone| 255 - tone).collect())
    }

    fn patterns(plane: &Plane) -> Vec<ConcentricPattern> {
        FindFinderPatterns(&black_and_white(plane).unwrap(), true, 0)
    }

    #[test]
    fn a_code_is_read_once_in_either_tone() {
        let plane = plane();
        assert_eq!(read(&plane), [QR_TEXT]);
        assert_eq!(read(&inverted(&plane)), [QR_TEXT]);
    }

    /// Sampled in black and white and measured in grey are two ways; each alone reads a clear code.
    #[test]
    fn both_ways_to_the_modules_lead_to_the_text() {
        let plane = plane();
        let matrix = black_and_white(&plane).unwrap();
        let sets = GenerateFinderPatternSets(&mut patterns(&plane));
        let set = sets.first().unwrap();
        assert_eq!(sampled(&matrix, set).as_deref(), Some(QR_TEXT));
        assert_eq!(measured(&plane, set, Polarity::DarkOnLight).as_deref(), Some(QR_TEXT));
        assert_eq!(measured(&plane, set, Polarity::LightOnDark), None, "the wrong tone");
    }

    #[test]
    fn three_patterns_that_are_no_code_have_no_text() {
        let plane = plane();
        let found = patterns(&plane);
        assert_eq!(found.len(), 3);
        let near = |x: f32, y: f32, pattern: &ConcentricPattern| {
            let reach = f32::from(u8::try_from(pattern.size).unwrap()) * 0.6;
            (x - pattern.p.x).abs() < reach && (y - pattern.p.y).abs() < reach
        };
        let places =
            (0_u16..480).flat_map(|y| (0_u16..640).map(move |x| (f32::from(x), f32::from(y))));
        let kept = plane.pixels().iter().zip(places).map(|(tone, (x, y))| {
            if found.iter().any(|pattern| near(x, y, pattern)) { *tone } else { 230 }
        });
        let emptied = Plane::new(plane.width(), kept.collect());
        assert_eq!(patterns(&emptied).len(), 3, "the patterns are still seen");
        assert!(read(&emptied).is_empty());
    }

    #[test]
    fn a_plane_of_any_size_without_a_code_is_read_without_a_panic() {
        for (width, height) in [(0, 0), (1, 1), (1, 300), (300, 1), (39, 40), (41, 41)] {
            assert!(read(&Plane::new(width, vec![120; width * height])).is_empty());
        }
    }
}
