//! Reading audit files: does every record follow from the one before, and is the newest known one there?
//!
//! Whoever can write a file can also write it anew from its beginning, or cut its end off. The head, written
//! beside it under this machine's key and told to the system's log, names the newest record kept: a file
//! that lacks it was changed. What was recorded after the last head (a journey's part, at most) has no anchor.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::journal::{DeviceKey, Purpose};

/// Characters of a hash.
const HASH_CHARACTERS: usize = 64;
/// A record is far shorter; a line without an end must not fill the memory.
const LINE_BYTES_MAX: u64 = 4 * 1024;
/// What stands before the first record of all.
pub(super) const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The newest record known to be kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: String,
}

/// `NUMBER:HASH`.
impl FromStr for Head {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected NUMBER:HASH, as the log says it";
        let (number, hash) = text.trim().split_once(':').ok_or(expected)?;
        let number = number.parse().map_err(|_| expected)?;
        Ok(Self { number, hash: hash.to_owned() })
    }
}

/// A file whose records follow from each other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verified {
    /// How many records.
    pub records: u64,
    /// The last one.
    pub last: Head,
    /// The number of the record that it was held to; without one, nothing tells what was cut off its end.
    pub head: Option<u64>,
    /// The hash that the first record follows, which is the last one of the file before it.
    pub after: String,
}

/// Why a file is not as it was written.
#[derive(Debug, Error)]
pub enum Broken {
    /// It cannot be read.
    #[error("reading {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A line is no record.
    #[error("line {line} is no record, expected a hash, a space and a JSON object")]
    NoRecord {
        /// From 1.
        line: u64,
    },
    /// The first record does not say what it follows: records before it are missing.
    #[error("the first record is number {got}, expected one that begins a file")]
    NoBeginning {
        /// Its number.
        got: u64,
    },
    /// A record does not follow from the one before: one of them was changed, or others were between them.
    #[error("line {line} does not follow from the line before")]
    DoesNotFollow {
        /// From 1.
        line: u64,
    },
    /// The newest record known is not there, or is another one: the end is missing, or all was written anew.
    #[error("record {number} is not the one that was kept; the file ends with record {last}")]
    HeadMissing {
        /// The newest known.
        number: u64,
        /// The last one there.
        last: u64,
    },
    /// The head beside the file was not written by this machine.
    #[error("{path} was not written with this machine's key")]
    HeadForged {
        /// The head's file.
        path: PathBuf,
    },
}

/// Checks a file against the newest record known: the one given, else the one in `audit.head` beside it.
/// Of a folder it is `audit.jsonl`. An older file, which another one follows, has no head of its own: there, give
/// the next file's beginning.
///
/// # Errors
/// [`Broken`], with the first line that is wrong.
pub fn verify_file(path: &Path, head: Option<&Head>) -> Result<Verified, Broken> {
    // A folder is named for the file in it that is written to.
    let within = path.join(super::file::NAME);
    let path = if path.is_dir() { within.as_path() } else { path };
    let beside = match head {
        Some(_) => None,
        None if path.file_name().is_some_and(|name| name == super::file::NAME) => {
            head_beside(path)?
        }
        None => None,
    };
    read(path, head.or(beside.as_ref()))
}

/// A record's own words about its place.
#[derive(Deserialize)]
struct Place {
    n: u64,
    after: Option<String>,
}

/// Reads a whole file. The length of its sound part is what the writer goes on from.
pub(super) fn read(path: &Path, head: Option<&Head>) -> Result<Verified, Broken> {
    let failed = |source| Broken::Read { path: path.to_owned(), source };
    let mut lines = Lines::open(path).map_err(failed)?;
    let mut found: Option<Verified> = None;
    let mut anchored = head.is_none();
    while let Some(line) = lines.next().map_err(failed)? {
        let number = found.as_ref().map_or(0, |found| found.records) + 1;
        let (hash, place, payload) = record(&line).ok_or(Broken::NoRecord { line: number })?;
        let before = match (&found, place.after) {
            (None, Some(after)) => after,
            (None, None) => return Err(Broken::NoBeginning { got: place.n }),
            (Some(found), _) if place.n == found.last.number + 1 => found.last.hash.clone(),
            (Some(_), _) => return Err(Broken::DoesNotFollow { line: number }),
        };
        if hash != following(&before, payload) {
            return Err(Broken::DoesNotFollow { line: number });
        }
        anchored |= head.is_some_and(|head| head.number == place.n && head.hash == hash);
        let last = Head { number: place.n, hash: hash.to_owned() };
        let after = found.map_or(before, |found| found.after);
        found = Some(Verified { records: number, last, head: head.map(|head| head.number), after });
    }
    let found = found.ok_or(Broken::NoRecord { line: 1 })?;
    match head {
        Some(head) if !anchored => {
            Err(Broken::HeadMissing { number: head.number, last: found.last.number })
        }
        _ => Ok(found),
    }
}

fn record(line: &str) -> Option<(&str, Place, &str)> {
    let (hash, payload) = line.split_at_checked(HASH_CHARACTERS)?;
    let payload = payload.strip_prefix(' ')?;
    let place = serde_json::from_str(payload).ok()?;
    Some((hash, place, payload))
}

/// The hash of a record.
pub(super) fn following(before: &str, payload: &str) -> String {
    hex(&Sha256::new().chain_update(before).chain_update(payload).finalize())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The head as it stands beside an audit file: number, hash, tag.
pub(super) fn sealed_head(head: &Head, key: &DeviceKey) -> String {
    let Head { number, hash } = head;
    let text = format!("{number}:{hash}");
    let tag = hex(&key.tag(Purpose::AuditHead, text.as_bytes()));
    format!("{text} {tag}\n")
}

/// Reads the head beside a file; there is none before the first record was kept. Its tag is checked where
/// the key can be read.
pub(super) fn head_beside(path: &Path) -> Result<Option<Head>, Broken> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let beside = folder.join(super::file::HEAD);
    let text = match std::fs::read_to_string(&beside) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Broken::Read { path: beside, source }),
    };
    let forged = || Broken::HeadForged { path: beside.clone() };
    let (head, _) = text.split_once(' ').ok_or_else(forged)?;
    let head: Head = head.parse().map_err(|_| forged())?;
    match DeviceKey::read(folder) {
        Ok(key) if sealed_head(&head, &key) != text => Err(forged()),
        Ok(_) | Err(_) => Ok(Some(head)),
    }
}

/// Lines of bounded length; one without its end is none.
struct Lines {
    file: BufReader<File>,
}

impl Lines {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: BufReader::new(File::open(path)?) })
    }

    fn next(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        self.file.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        // A torn line is no record, and is found as such.
        let whole = line.strip_suffix(b"\n").unwrap_or(b"");
        Ok(Some(String::from_utf8_lossy(whole).into_owned()))
    }
}
