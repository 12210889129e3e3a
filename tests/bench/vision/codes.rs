//! Reading codes: how many of the set one look at one frame reads, and how long it takes.
//!
//! Frames come decoded, as the camera hands them over; a look starts with a scanner that has seen nothing.

use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::time::Duration;

use code_frames::CodeFrame;
use vision::{CodeScanner, Frame};

use crate::table::Target::{Least, Most, Untold};
use crate::table::{Table, timed};

/// QR frames of each of the twelve faults.
const QR_EACH: u32 = 25;
/// Barcode frames of each of the ten faults.
const BARCODES_EACH: u32 = 10;
/// Frames without a code.
const EMPTY: u32 = 60;

/// The tables of this file.
pub fn measure(table: &mut Table<impl Write>) -> Result<(), Box<dyn Error>> {
    table.head("one look at a 640×480 frame")?;
    let mut qr = Looks::at(code_frames::qr(QR_EACH))?;
    table.row("QR codes read", qr.share(), "%", Least(95.0))?;
    table.times("frame with a QR code", &mut qr.times, Most(2.0), Most(15.0))?;
    let mut barcodes = Looks::at(code_frames::barcodes(BARCODES_EACH))?;
    table.row("barcodes read", barcodes.share(), "%", Least(75.0))?;
    table.times("frame with a barcode", &mut barcodes.times, Untold, Most(15.0))?;
    let mut empty = Looks::at(code_frames::empty(EMPTY))?;
    table.times("frame without a code", &mut empty.times, Untold, Most(15.0))?;
    let wrong = qr.wrong + barcodes.wrong + empty.wrong;
    table.row("frames with a text that is not in them", f64::from(wrong), "", Most(0.0))?;
    Ok(())
}

/// What the looks at one set came to.
struct Looks {
    shown: u32,
    right: u32,
    wrong: u32,
    times: Vec<Duration>,
}

impl Looks {
    fn at(frames: impl Iterator<Item = CodeFrame>) -> Result<Self, Box<dyn Error>> {
        let mut looks = Self { shown: 0, right: 0, wrong: 0, times: Vec::new() };
        for shown in frames {
            let frame = Frame::from_jpeg(&shown.jpeg)?;
            let (texts, took) = timed(|| black_box(CodeScanner::new().read(black_box(&frame))));
            let is_right = |text: &String| shown.text.as_ref() == Some(text);
            looks.shown += 1;
            looks.right += u32::from(texts.iter().any(is_right));
            looks.wrong += u32::from(!texts.iter().all(is_right));
            looks.times.push(took);
        }
        Ok(looks)
    }

    fn share(&self) -> f64 {
        100.0 * f64::from(self.right) / f64::from(self.shown)
    }
}
