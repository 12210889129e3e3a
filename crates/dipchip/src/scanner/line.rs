//! Where one code ends in what a scanner sends, and what of it the scanner has added.
//!
//! Everything here is bounded: the length of a code, and how many wait. What a code means is decided in
//! `protocol`.

use std::time::{Duration, Instant};

use agent::ports::DeviceError;
use zeroize::Zeroizing;

/// No reference has more than 55 characters; what is longer is cut here and refused later.
pub const CODE_BYTES_MAX: usize = 512;

/// Cuts the bytes of a line into codes.
pub struct CodeLine {
    prefix: String,
    suffix: String,
    open: Zeroizing<Vec<u8>>,
    ended: Vec<Zeroizing<Vec<u8>>>,
}

/// Whether a device has sent anything while it was waited for.
pub enum Came {
    /// It has, and the line has taken it.
    Something,
    /// It was silent.
    Nothing,
}

/// What becomes of a code that has begun when its device falls silent.
#[derive(Clone, Copy)]
pub enum AtSilence {
    /// It has ended: the device marks no end.
    Ends,
    /// It is dropped: a device that ends its codes does not pause within one.
    IsDropped,
}

/// Codes that wait to be taken; a scanner cannot be that much faster than the agent.
const WAITING_MAX: usize = 4;

impl CodeLine {
    /// Codes between these marks.
    pub fn new(prefix: &str, suffix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
            open: Zeroizing::new(Vec::with_capacity(CODE_BYTES_MAX)),
            ended: Vec::new(),
        }
    }

    /// Has a code begun that has not ended?
    fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// The next code, waited for with this patience; a code that has begun is waited for until the device was
    /// silent for so long. `read` waits once, for the time it is told, and pushes what comes.
    ///
    /// # Errors
    /// Whatever `read` meets.
    pub fn next(
        &mut self,
        patience: Duration,
        (silence, then): (Duration, AtSilence),
        mut read: impl FnMut(&mut Self, Duration) -> Result<Came, DeviceError>,
    ) -> Result<Option<String>, DeviceError> {
        let started = Instant::now();
        loop {
            if let Some(code) = self.take() {
                return Ok(Some(code));
            }
            let begun = self.is_open();
            let rest = patience.saturating_sub(started.elapsed());
            match (read(self, if begun { silence } else { rest })?, then) {
                (Came::Something, _) => {}
                (Came::Nothing, _) if !begun => return Ok(None),
                (Came::Nothing, AtSilence::Ends) => self.end(),
                (Came::Nothing, AtSilence::IsDropped) => {
                    tracing::debug!("what came too slowly for a scanner was dropped");
                    self.forget();
                }
            }
        }
    }

    /// Takes bytes; CR and LF end a code.
    pub fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\r' | b'\n' => self.end(),
                _ if self.open.len() < CODE_BYTES_MAX => self.open.push(*byte),
                _ => {}
            }
        }
    }

    /// Ends the code that has begun, if one has.
    fn end(&mut self) {
        if self.is_open() && self.ended.len() < WAITING_MAX {
            self.ended.push(self.open.clone());
        }
        zeroize::Zeroize::zeroize(&mut *self.open);
    }

    /// Drops the code that has begun.
    fn forget(&mut self) {
        zeroize::Zeroize::zeroize(&mut *self.open);
    }

    /// The oldest code that has ended and is more than its marks.
    fn take(&mut self) -> Option<String> {
        while !self.ended.is_empty() {
            let bytes = self.ended.remove(0);
            let text = String::from_utf8_lossy(&bytes);
            let text = text.strip_prefix(&self.prefix).unwrap_or(&text);
            let text = text.strip_suffix(&self.suffix).unwrap_or(text);
            if !text.is_empty() {
                return Some(text.to_owned());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(prefix: &str, suffix: &str, sent: &[u8], expected: &[&str]) {
        let mut line = CodeLine::new(prefix, suffix);
        line.push(sent);
        let codes: Vec<String> = std::iter::from_fn(|| line.take()).collect();
        assert_eq!(codes, expected);
    }

    #[test]
    fn a_line_end_of_either_kind_ends_a_code() {
        check("", "", b"BAYMK191200001\r\n", &["BAYMK191200001"]);
        check("", "", b"A1\rB2\nC3\r\n", &["A1", "B2", "C3"]);
    }

    #[test]
    fn a_code_without_end_is_not_yet_one() {
        check("", "", b"BAYMK1912", &[]);
    }

    #[test]
    fn empty_lines_are_no_codes() {
        check("", "", b"\r\n\r\n\n", &[]);
        check("<", ">", b"<>\r", &[]);
    }

    #[test]
    fn the_scanners_own_marks_are_cut_off() {
        check("]Q3", "#", b"]Q3BAYMK191200001#\r", &["BAYMK191200001"]);
        check("]Q3", "#", b"BAYMK191200001\r", &["BAYMK191200001"]);
    }

    #[test]
    fn a_code_without_bound_is_cut() {
        let mut sent = vec![b'9'; 100_000];
        sent.push(b'\r');
        check("", "", &sent, &["9".repeat(CODE_BYTES_MAX).as_str()]);
    }

    #[test]
    fn bytes_that_are_no_text_are_still_one_code() {
        check("", "", b"\xff\xfeAB\r", &["\u{fffd}\u{fffd}AB"]);
    }

    #[test]
    fn codes_that_nobody_takes_are_bounded() {
        check("", "", &b"A\r".repeat(100), &["A"; WAITING_MAX]);
    }

    #[test]
    fn a_code_that_is_dropped_leaves_nothing_for_the_next() {
        let mut line = CodeLine::new("", "");
        line.push(b"HALF");
        line.forget();
        line.push(b"WHOLE\r");
        assert_eq!(line.take().as_deref(), Some("WHOLE"));
        assert_eq!(line.take(), None);
    }
}
