//! A pair of pseudo-terminals: a serial scanner whose other end is in the test's hands.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// The scanner's end is a path, the hand's end is this value; dropping it unplugs the scanner.
pub struct Pty {
    hand: File,
    path: PathBuf,
    // Kept open, so that the line does not hang up while the program under test opens it anew.
    _line: File,
}

impl Pty {
    /// A new pair in raw mode.
    ///
    /// # Errors
    /// What the system says.
    pub fn open() -> io::Result<Self> {
        let hand = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&hand)?;
        unlockpt(&hand)?;
        let name = ptsname(&hand, Vec::new())?;
        let path = PathBuf::from(name.to_string_lossy().into_owned());
        let line =
            rustix::fs::open(&path, OFlags::RDWR | OFlags::NOCTTY, rustix::fs::Mode::empty())?;
        let mut modes = rustix::termios::tcgetattr(&line)?;
        modes.make_raw();
        rustix::termios::tcsetattr(&line, rustix::termios::OptionalActions::Now, &modes)?;
        Ok(Self { hand: File::from(hand), path, _line: File::from(line) })
    }

    /// The path that the program under test opens.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Scans a code: its text and a line end, as scanners send it.
    ///
    /// # Errors
    /// What the system says.
    pub fn scan(&mut self, text: &str) -> io::Result<()> {
        self.hand.write_all(format!("{text}\r\n").as_bytes())
    }
}
