//! The fuzzer is the camera: it decides the format, the size it claims and every byte of the frame.
//!
//! No frame may panic, and one that is accepted is whole: of the size it claims, with an end if it is a
//! JPEG, and of the brightness that a second calculation in floats gives. Sizes in a JPEG's header are made
//! small before it is decoded, or most of the time would go into clearing memory; the check of large ones is
//! a test beside the code.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vision::{Frame, FrameError};

/// Longest side of a raw frame here.
const SIDE_MAX: u32 = 32;

fuzz_target!(|data: &[u8]| {
    let [format, width, height, bytes @ ..] = data else { return };
    let (width, height) = (u32::from(*width) % (SIDE_MAX + 2), u32::from(*height) % (SIDE_MAX + 2));
    match format % 4 {
        0 | 1 => jpeg(bytes),
        2 => yuyv(width, height, bytes),
        _ => rgb(width, height, bytes),
    }
});

fn jpeg(bytes: &[u8]) {
    let bytes = made_small(bytes);
    match Frame::from_jpeg(&bytes) {
        Ok(frame) => {
            assert!(bytes.starts_with(&[0xFF, 0xD8]), "it does not begin as a JPEG");
            assert!(bytes.windows(2).any(|pair| pair == [0xFF, 0xD9]), "it has no end");
            check_size(&frame, None);
        }
        Err(FrameError::CutShort | FrameError::Undecodable | FrameError::Size { .. }) => {}
        Err(error) => panic!("no error of a JPEG: {error}"),
    }
}

/// Sets the high bytes of height and width in every start of frame to zero.
fn made_small(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for at in 0..bytes.len().saturating_sub(8) {
        let is_start = matches!(
            bytes[at..],
            [0xFF, 0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF, ..]
        );
        if is_start {
            bytes[at + 5] = 0;
            bytes[at + 7] = 0;
        }
    }
    bytes
}

fn yuyv(width: u32, height: u32, bytes: &[u8]) {
    let frame = match Frame::from_yuyv(width, height, bytes) {
        Ok(frame) => frame,
        Err(FrameError::Size { .. }) => return assert!(width == 0 || height == 0),
        Err(FrameError::OddWidth { .. }) => return assert!(width % 2 == 1),
        Err(FrameError::Length { expected, got }) => {
            assert_eq!((u32::try_from(expected), got), (Ok(width * height * 2), bytes.len()));
            return assert_ne!(expected, got);
        }
        Err(error) => panic!("no error of raw pixels: {error}"),
    };
    check_size(&frame, Some((width, height)));
    for (pair, luma) in bytes.chunks(4).zip(frame.luma().chunks(2)) {
        for (y, luma) in [pair[0], pair[2]].into_iter().zip(luma) {
            let expected = luma_of(rgb_of(y, pair[1], pair[3]));
            assert!((expected - f64::from(*luma)).abs() < 2.5, "{expected} and {luma}");
        }
    }
}

fn rgb(width: u32, height: u32, bytes: &[u8]) {
    match Frame::from_rgb(width, height, bytes.to_vec()) {
        Ok(frame) => {
            check_size(&frame, Some((width, height)));
            for (pixel, luma) in bytes.chunks(3).zip(frame.luma()) {
                let expected = luma_of([pixel[0], pixel[1], pixel[2]].map(f64::from));
                assert!((expected - f64::from(*luma)).abs() < 1.5, "{expected} and {luma}");
            }
        }
        Err(FrameError::Size { .. }) => assert!(width == 0 || height == 0),
        Err(FrameError::Length { expected, got }) => assert_ne!(expected, got),
        Err(error) => panic!("no error of raw pixels: {error}"),
    }
}

fn check_size(frame: &Frame, claimed: Option<(u32, u32)>) {
    let size = (frame.width(), frame.height());
    assert!(claimed.is_none_or(|claimed| claimed == size));
    assert!((1..=4096).contains(&size.0) && (1..=4096).contains(&size.1));
    assert_eq!(u32::try_from(frame.luma().len()), Ok(size.0 * size.1));
}

/// BT.601, limited range, in floats.
fn rgb_of(y: u8, u: u8, v: u8) -> [f64; 3] {
    let grey = 255.0 / 219.0 * (f64::from(y) - 16.0);
    let (u, v) = (f64::from(u) - 128.0, f64::from(v) - 128.0);
    [grey + 1.596 * v, grey - 0.391 * u - 0.813 * v, grey + 2.018 * u].map(|c| c.clamp(0.0, 255.0))
}

fn luma_of([red, green, blue]: [f64; 3]) -> f64 {
    0.299 * red + 0.587 * green + 0.114 * blue
}
