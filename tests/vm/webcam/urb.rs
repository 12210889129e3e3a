//! Requests of the kernel's virtual host controller and their answers, as USB/IP writes them: big-endian
//! words, 48 bytes of header, then the data that go with it.

use std::io::{self, Read};

/// Bus and number by which the kernel calls the device; any will do.
pub const DEVICE: u32 = 65_537;

const SUBMIT: u32 = 1;
const UNLINK: u32 = 2;
const SUBMITTED: u32 = 3;
const UNLINKED: u32 = 4;
const HEADER: usize = 48;
/// No request of a camera is longer.
const DATA_MAX: usize = 1024 * 1024;

/// What the kernel asks for.
pub enum Incoming {
    Submit(Submit),
    Unlink { number: u32, of: u32 },
}

/// A request to an endpoint.
pub struct Submit {
    pub number: u32,
    pub inbound: bool,
    pub endpoint: u32,
    /// How many bytes may come, or how many went out.
    pub length: usize,
    pub setup: [u8; 8],
    pub data: Vec<u8>,
}

/// Waits for the next one.
pub fn receive(mut line: impl Read) -> io::Result<Incoming> {
    let mut header = [0; HEADER];
    line.read_exact(&mut header)?;
    let (words, _) = header.as_chunks::<4>();
    let word = |index: usize| words.get(index).map_or(0, |bytes| u32::from_be_bytes(*bytes));
    match word(0) {
        SUBMIT => {
            let (inbound, length) = (word(3) == 1, usize::try_from(word(6)).unwrap_or(usize::MAX));
            if length > DATA_MAX {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let mut data = vec![0; if inbound { 0 } else { length }];
            line.read_exact(&mut data)?;
            let setup = header.last_chunk().copied().unwrap_or_default();
            let (number, endpoint) = (word(1), word(4));
            Ok(Incoming::Submit(Submit { number, inbound, endpoint, length, setup, data }))
        }
        UNLINK => Ok(Incoming::Unlink { number: word(1), of: word(5) }),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// These bytes came in.
pub fn done(submit: &Submit, data: &[u8]) -> Vec<u8> {
    let data = data.get(..submit.length.min(data.len())).unwrap_or_default();
    answer(SUBMITTED, submit.number, 0, data.len(), data)
}

/// All that went out was taken.
pub fn taken(submit: &Submit) -> Vec<u8> {
    answer(SUBMITTED, submit.number, 0, submit.length, &[])
}

/// It came to nothing.
pub fn failed(submit: &Submit, status: i32) -> Vec<u8> {
    answer(SUBMITTED, submit.number, status, 0, &[])
}

/// The answer to an unlink.
pub fn unlinked(number: u32, status: i32) -> Vec<u8> {
    answer(UNLINKED, number, status, 0, &[])
}

fn answer(kind: u32, number: u32, status: i32, length: usize, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    let words = [kind, number, 0, 0, 0, status.cast_unsigned(), length, 0, 0, 0, 0, 0];
    [words.map(u32::to_be_bytes).as_flattened(), data].concat()
}
