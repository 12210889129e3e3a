//! The selfie: the verdict on one frame, its preview, and from the shutter to files that are ready to be sealed.
//!
//! The frames are the pictures of the selfie screen, good and bad, and noise without any pattern, the worst
//! that a sensor can deliver to an encoder. Each turn begins with a frame that nothing has looked at.

use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

use vision::{Frame, SelfieGate, preview_jpeg, selfie_jpegs};

use crate::table::Table;
use crate::table::Target::{Most, Untold};

/// Turns at each frame; the shortest counts.
const TURNS: u32 = 5;
/// Verdict on a frame of 640×480.
const VERDICT_MS: f64 = 15.0;
/// Shutter to the selfie and its two smaller files.
const FILES_MS: f64 = 60.0;
/// The preview of a frame: at 15 a second, a tenth of one core.
const PREVIEW_MS: f64 = 6.6;
const SIZES: [(u32, u32); 3] = [(640, 480), (1280, 720), (1920, 1080)];
const HINTS: [&[u8]; 11] = [
    include_bytes!("../../pictures/hints/good.jpg"),
    include_bytes!("../../pictures/hints/no_face.jpg"),
    include_bytes!("../../pictures/hints/one_face_only.jpg"),
    include_bytes!("../../pictures/hints/come_closer.jpg"),
    include_bytes!("../../pictures/hints/move_back.jpg"),
    include_bytes!("../../pictures/hints/centre.jpg"),
    include_bytes!("../../pictures/hints/upright.jpg"),
    include_bytes!("../../pictures/hints/more_light.jpg"),
    include_bytes!("../../pictures/hints/less_light.jpg"),
    include_bytes!("../../pictures/hints/uncover.jpg"),
    include_bytes!("../../pictures/hints/hold_still.jpg"),
];

/// The tables of this file.
pub fn measure(table: &mut Table<impl Write>) -> Result<(), Box<dyn Error>> {
    let mut gate = SelfieGate::new();
    table.head("one selfie frame")?;
    let mut verdicts = Vec::new();
    for jpeg in HINTS {
        verdicts.push(shortest(
            || Ok(Frame::from_jpeg(jpeg)?),
            |frame| {
                gate.judge(frame);
                Ok(())
            },
        )?);
    }
    table.times("verdict, 640×480", &mut verdicts, Most(VERDICT_MS), Most(VERDICT_MS))?;
    let mut shots = Vec::new();
    for jpeg in HINTS {
        shots.push(shortest(|| Ok(Frame::from_jpeg(jpeg)?), files)?);
    }
    table.times("shutter to three files, 640×480", &mut shots, Most(FILES_MS), Most(FILES_MS))?;
    let mut seen = Vec::new();
    for jpeg in HINTS {
        seen.push(shortest(|| Ok(Frame::from_jpeg(jpeg)?), preview)?);
    }
    table.times("preview of a frame, 640×480", &mut seen, Most(PREVIEW_MS), Most(PREVIEW_MS))?;
    for (width, height) in SIZES {
        let mut noisy = [shortest(|| noise(width, height), preview)?];
        let what = format!("preview of a frame, noise of {width}×{height}");
        table.times(&what, &mut noisy, Most(PREVIEW_MS), Untold)?;
    }
    for (width, height) in SIZES {
        let mut noisy = [shortest(|| noise(width, height), files)?];
        let what = format!("shutter to three files, noise of {width}×{height}");
        table.times(&what, &mut noisy, Most(FILES_MS), Untold)?;
    }
    Ok(())
}

fn shortest(
    frame: impl Fn() -> Result<Frame, Box<dyn Error>>,
    mut work: impl FnMut(&Frame) -> Result<(), Box<dyn Error>>,
) -> Result<Duration, Box<dyn Error>> {
    let mut shortest = Duration::MAX;
    for _ in 0..TURNS {
        let frame = frame()?;
        let start = Instant::now();
        work(&frame)?;
        shortest = shortest.min(start.elapsed());
    }
    Ok(shortest)
}

/// What the camera's thread does with the shot.
fn files(frame: &Frame) -> Result<(), Box<dyn Error>> {
    selfie_jpegs(frame)?;
    Ok(())
}

/// What it does with each frame while a page looks on.
fn preview(frame: &Frame) -> Result<(), Box<dyn Error>> {
    preview_jpeg(frame)?;
    Ok(())
}

fn noise(width: u32, height: u32) -> Result<Frame, Box<dyn Error>> {
    let mut state = 0x1911_2019_u32;
    let shades = (0..width * height * 3).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    Ok(Frame::from_rgb(width, height, shades.collect())?)
}
