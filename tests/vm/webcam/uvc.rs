//! What a webcam says of itself: descriptors after USB Video Class 1.0, and its answers to control requests.
//!
//! It streams over a bulk endpoint, 640 by 480: MJPG at 15 frames a second, uncompressed at 5, as cameras
//! behind a slow bus do.

use std::borrow::Cow;
use std::time::Duration;

pub const WIDTH: u16 = 640;
pub const HEIGHT: u16 = 480;
/// Two bytes a pixel.
const FRAME_BYTES: u32 = 640 * 480 * 2;
/// What each piece of a frame begins with.
pub const PIECE_HEADER: usize = 2;
/// One piece at most.
const PIECE_MAX: u32 = 16_384;
/// Times in units of 100 ns.
const SECOND: u32 = 10_000_000;
const NAME: &str = "Simulated Webcam";

const CLASS_INTERFACE: u8 = 0x24;
const STREAMING_ENDPOINT: u8 = 0x82;

/// What it can stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    Mjpg,
    Yuyv,
}

impl Format {
    const fn per_second(self) -> u32 {
        match self {
            Self::Mjpg => 15,
            Self::Yuyv => 5,
        }
    }

    const fn interval(self) -> u32 {
        SECOND / self.per_second()
    }

    /// The time from frame to frame.
    pub fn every(self) -> Duration {
        Duration::from_secs(1) / self.per_second()
    }
}

/// What the driver has chosen by its last probe or commit.
#[derive(Clone, Copy, Debug)]
pub struct Selection {
    index: u8,
}

impl Default for Selection {
    fn default() -> Self {
        Self { index: 1 }
    }
}

impl Selection {
    pub fn format(self) -> Format {
        if self.index == 2 { Format::Yuyv } else { Format::Mjpg }
    }

    /// One frame: the picture, or grey where it would have to be unpacked.
    pub fn frame(self, jpeg: &[u8]) -> Cow<'_, [u8]> {
        match self.format() {
            Format::Mjpg => Cow::Borrowed(jpeg),
            Format::Yuyv => Cow::Owned(vec![0x80; usize::try_from(FRAME_BYTES).unwrap_or(0)]),
        }
    }

    /// The streaming parameters, 26 bytes as version 1.0 has them.
    fn parameters(self) -> Vec<u8> {
        let mut bytes = vec![1, 0, self.index, 1];
        bytes.extend(self.format().interval().to_le_bytes());
        bytes.extend([0; 10]);
        bytes.extend(FRAME_BYTES.to_le_bytes());
        bytes.extend(PIECE_MAX.to_le_bytes());
        bytes
    }
}

/// The header of a piece: which frame it belongs to, and whether that ends here.
pub fn piece_header(parity: u8, ends: bool) -> [u8; PIECE_HEADER] {
    [2, 0x80 | parity | if ends { 2 } else { 0 }]
}

/// Answers a control request; `None` is a stall.
pub fn control(chosen: &mut Selection, setup: &[u8; 8], data: &[u8]) -> Option<Vec<u8>> {
    let [kind, request, value_low, value, index, entity, length_low, length_high] = *setup;
    let length = usize::from(u16::from_le_bytes([length_low, length_high]));
    let mut answer = match (kind, request) {
        (0x80, 6) => descriptor(value, value_low)?,
        (0x80..=0x82, 0) => vec![0, 0],
        (0x80, 8) => vec![1],
        (0x81, 10) => vec![0],
        (0x00..=0x02, _) => Vec::new(),
        // The streaming interface: probe is 1, commit 2.
        (0x21, 1) if (index, entity) == (1, 0) && (1..=2).contains(&value) => {
            chosen.index = data.get(2).copied().unwrap_or(1).clamp(1, 2);
            Vec::new()
        }
        (0xA1, 0x81..=0x83 | 0x87) if index == 1 => chosen.parameters(),
        (0xA1, 0x85) if index == 1 => vec![26, 0],
        (0xA1, 0x86) if index == 1 => vec![3],
        _ => return None,
    };
    answer.truncate(length);
    Some(answer)
}

fn descriptor(kind: u8, index: u8) -> Option<Vec<u8>> {
    match (kind, index) {
        (1, _) => Some(device()),
        (2, _) => Some(configuration()),
        (3, 0) => Some(vec![4, 3, 0x09, 0x04]),
        (3, 1..=3) => Some(text(NAME)),
        _ => None,
    }
}

fn text(words: &str) -> Vec<u8> {
    let units = words.encode_utf16().flat_map(u16::to_le_bytes);
    sized([3].into_iter().chain(units).collect())
}

/// Puts the length in front, which counts itself.
fn sized(rest: Vec<u8>) -> Vec<u8> {
    let length = u8::try_from(rest.len() + 1).unwrap_or(u8::MAX);
    [vec![length], rest].concat()
}

fn device() -> Vec<u8> {
    // USB 2.0, miscellaneous with association, 64 bytes at endpoint 0, one configuration.
    sized(vec![1, 0x00, 0x02, 0xEF, 2, 1, 64, 0x6B, 0x1D, 0x05, 0x01, 0x00, 0x01, 1, 2, 3, 1])
}

fn configuration() -> Vec<u8> {
    let interfaces = [
        // Two interfaces that are one video function.
        sized(vec![0x0B, 0, 2, 0x0E, 3, 0, 0]),
        interface(0, 0, 1),
        control_interface(),
        interface(1, 1, 2),
        streaming_interface(),
        // Bulk, 512 bytes.
        sized(vec![5, STREAMING_ENDPOINT, 2, 0x00, 0x02, 0]),
    ]
    .concat();
    let total = u16::try_from(9 + interfaces.len()).unwrap_or(u16::MAX).to_le_bytes();
    let head = sized([&[2], &total[..], &[2, 1, 0, 0x80, 250]].concat());
    [head, interfaces].concat()
}

fn interface(number: u8, endpoints: u8, subclass: u8) -> Vec<u8> {
    sized(vec![4, number, 0, endpoints, 0x0E, subclass, 0, 0])
}

fn control_interface() -> Vec<u8> {
    let terminals = [
        // 1 is a camera without controls, 2 is the USB line, fed by 1.
        sized(vec![CLASS_INTERFACE, 2, 1, 0x01, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0]),
        sized(vec![CLASS_INTERFACE, 3, 2, 0x01, 0x01, 0, 1, 0]),
    ]
    .concat();
    let total = u16::try_from(13 + terminals.len()).unwrap_or(u16::MAX).to_le_bytes();
    let clock = 48_000_000_u32.to_le_bytes();
    let head = [&[CLASS_INTERFACE, 1, 0x00, 0x01], &total[..], &clock, &[1, 1]].concat();
    [sized(head), terminals].concat()
}

fn streaming_interface() -> Vec<u8> {
    let yuyv = [
        0x59, 0x55, 0x59, 0x32, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B,
        0x71,
    ];
    let formats = [
        sized(vec![CLASS_INTERFACE, 6, 1, 1, 1, 1, 0, 0, 0, 0]),
        frame(7, Format::Mjpg),
        sized([&[CLASS_INTERFACE, 4, 2, 1], &yuyv[..], &[16, 1, 0, 0, 0, 0]].concat()),
        frame(5, Format::Yuyv),
        // Colours as most cameras have them.
        sized(vec![CLASS_INTERFACE, 0x0D, 1, 1, 4]),
    ]
    .concat();
    let total = u16::try_from(15 + formats.len()).unwrap_or(u16::MAX).to_le_bytes();
    let tail = [STREAMING_ENDPOINT, 0, 2, 0, 0, 0, 1, 0, 0];
    [sized([&[CLASS_INTERFACE, 1, 2], &total[..], &tail].concat()), formats].concat()
}

fn frame(kind: u8, format: Format) -> Vec<u8> {
    let bits = (FRAME_BYTES * 8 * format.per_second()).to_le_bytes();
    let interval = format.interval().to_le_bytes();
    let size = [WIDTH.to_le_bytes(), HEIGHT.to_le_bytes()].concat();
    let rest = [&bits[..], &bits, &FRAME_BYTES.to_le_bytes(), &interval, &[1], &interval].concat();
    sized([&[CLASS_INTERFACE, kind, 1, 0], &size[..], &rest].concat())
}
