//! Texts that leave no copies of themselves behind: the JSON of a view, and the lines that go into it.
//!
//! A vector or string that grows by itself frees its old memory as it is; these wipe what they outgrow.

use std::io;

use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

/// A view with a portrait takes about 12 kB.
const ROOM: usize = 16 * 1024;

/// Serializes into memory that is wiped on drop, whatever it grew to on the way.
pub(super) fn json(value: &impl Serialize) -> Zeroizing<Vec<u8>> {
    let mut sheet = Sheet { text: Zeroizing::new(Vec::with_capacity(ROOM)) };
    serde_json::to_writer(&mut sheet, value)
        .expect("views have text keys only, and writing to memory does not fail");
    sheet.text
}

struct Sheet {
    text: Zeroizing<Vec<u8>>,
}

impl io::Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let needed = self.text.len() + bytes.len();
        if needed > self.text.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed * 2));
            larger.extend_from_slice(&self.text);
            self.text = larger;
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A line of a person's data, made here and wiped on drop.
pub(super) struct Line(Zeroizing<String>);

impl Line {
    /// Takes a text over as it is.
    pub(super) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Joins the parts in memory that does not grow.
    pub(super) fn joined(parts: &[&str], between: &str) -> Self {
        let room = parts.iter().map(|part| part.len() + between.len()).sum();
        let mut line = Zeroizing::new(String::with_capacity(room));
        for part in parts.iter().filter(|part| !part.is_empty()) {
            let gap = if line.is_empty() { "" } else { between };
            line.push_str(gap);
            line.push_str(part);
        }
        Self(line)
    }

    /// The text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_longer_than_its_first_room_is_whole() {
        let long = "ก".repeat(ROOM);
        let text = json(&long);
        assert_eq!(text.as_slice(), serde_json::to_vec(&long).unwrap());
    }

    #[test]
    fn a_line_is_joined_without_its_empty_parts() {
        assert_eq!(Line::joined(&["", "4", "", "July", "1981", ""], " ").as_str(), "4 July 1981");
        assert_eq!(Line::joined(&[], " ").as_str(), "");
    }
}
