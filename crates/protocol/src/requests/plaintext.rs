//! JSON into memory that is wiped, also when it has to grow.
//!
//! What a field may hold is decided before; here nothing is checked any more.

use std::io;

use serde::Serialize;
use zeroize::Zeroizing;

/// Room for a request without pictures; one with pictures grows once or twice.
const CAPACITY: usize = 4 * 1024;

/// Writes a request as JSON: UTF-8, no spaces, keys in the order of the type.
pub(super) fn of(request: &impl Serialize) -> Zeroizing<Vec<u8>> {
    let mut buffer = WipedBuffer(Zeroizing::new(Vec::with_capacity(CAPACITY)));
    serde_json::to_writer(&mut buffer, request)
        .expect("texts, lists and objects under text keys are always JSON, and memory takes them");
    buffer.0
}

/// A buffer that leaves no copy behind: a growing `Vec` would.
struct WipedBuffer(Zeroizing<Vec<u8>>);

impl io::Write for WipedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let needed = self.0.len().saturating_add(bytes.len());
        if needed > self.0.capacity() {
            let mut wider = Zeroizing::new(Vec::with_capacity(needed.saturating_mul(2)));
            wider.extend_from_slice(&self.0);
            self.0 = wider;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn what_is_longer_than_the_first_room_is_whole() {
        let long = "ก".repeat(5_000);
        assert_eq!(of(&long).as_slice(), format!("\"{long}\"").as_bytes());
    }
}
