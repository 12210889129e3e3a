//! What the camera's thread costs while it looks for a code: the processor's time, not the clock's, so that
//! other work on the machine changes little. Run by `cargo bench -p vision --bench scanning`.
//!
//! Each frame is decoded from its JPEG, as the agent does 15 times a second, and searched; what that makes of
//! one core follows from how long a search rests. The frames are `tests/pictures` with a little noise of their
//! own, because a camera never sends the same picture twice.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads its pictures")]
#![expect(clippy::disallowed_macros, reason = "a benchmark prints its table")]

use std::fs;

use vision::{CodeScanner, Frame};

/// How often the agent looks through the camera in a second.
const RATE: f64 = 15.0;
/// Of one core.
const TARGET_PERCENT: f64 = 15.0;
/// Ten seconds of scanning.
const FRAMES: u32 = 150;
/// Frames of one view that differ in their noise.
const VIEWS: u32 = 5;

/// A search rests so many times as long as it took, at most [`REST_MAX_MS`]: as in the agent's camera thread.
const REST: f64 = 10.0;
/// See [`REST`].
const REST_MAX_MS: f64 = 300.0;

fn main() {
    println!(
        "| view | read in | decoding, ms | searching, ms | searches/s | of one core | target |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (view, file) in [
        ("nobody", "no-face.jpg"),
        ("a person without a code", "face.jpg"),
        ("a QR code on a phone", "qr-demo.jpg"),
        ("a barcode on paper", "code128.jpg"),
    ] {
        let frames: Vec<Vec<u8>> = (0..VIEWS).map(|number| noisy(file, number)).collect();
        let mut scanner = CodeScanner::new();
        let (mut seen, mut decoding, mut searching) = (0, 0.0, 0.0);
        for (jpeg, _) in frames.iter().cycle().zip(0..FRAMES) {
            let begun = processor_ms();
            let frame = Frame::from_jpeg(jpeg).expect("a frame");
            let decoded = processor_ms();
            seen += u32::from(scanner.steady(&frame).is_some());
            decoding += decoded - begun;
            searching += processor_ms() - decoded;
        }
        let (decoding, searching) = (decoding / f64::from(FRAMES), searching / f64::from(FRAMES));
        let searches = (1000.0 / (searching * REST).min(REST_MAX_MS)).min(RATE);
        let percent = (decoding * RATE + searching * searches) / 10.0;
        let verdict = if percent <= TARGET_PERCENT { "met" } else { "missed" };
        println!(
            "| {view} | {seen} of {FRAMES} | {decoding:.2} | {searching:.2} | {searches:.1} | \
             {percent:.1} % | {TARGET_PERCENT:.0} %: {verdict} |"
        );
    }
}

/// The picture with noise of one fixed seed a number, as JPEG again.
fn noisy(file: &str, number: u32) -> Vec<u8> {
    let path = format!("{}/../../tests/pictures/{file}", env!("CARGO_MANIFEST_DIR"));
    let jpeg = fs::read(path).expect("a picture of tests/pictures");
    let mut picture = image::load_from_memory(&jpeg).expect("a JPEG").into_rgb8();
    let mut state = 0x9E37_79B9_u32.wrapping_mul(number + 1);
    for value in picture.iter_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *value = value.saturating_add(u8::try_from(state >> 29).unwrap_or_default());
    }
    let mut noisy = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut noisy, 85);
    picture.write_with_encoder(encoder).expect("an encoded picture");
    noisy
}

/// What the processor has spent on this thread, in milliseconds.
fn processor_ms() -> f64 {
    let said = fs::read_to_string("/proc/thread-self/schedstat").expect("the kernel counts");
    let ns: f64 = said.split(' ').next().and_then(|ns| ns.parse().ok()).expect("nanoseconds");
    ns / 1e6
}
