//! The audit's files: appending, keeping, beginning a new one, and going on after a crash.
//!
//! A crash can tear the last line: it is cut off, because no promise was made about it yet. A file that is
//! broken elsewhere is left as evidence, and a new one begins that says so by what it follows.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use protocol::BankTime;
use serde::Serialize;

use super::Happened;
use super::chain::{self, Broken, Head, NOTHING};
use crate::journal::DeviceKey;

/// The file that is written to.
pub(super) const NAME: &str = "audit.jsonl";
/// The newest record kept.
pub(super) const HEAD: &str = "audit.head";
/// A file becomes no longer: about 40,000 records, which are read in a moment at the start.
const BYTES_MAX: u64 = 8 * 1024 * 1024;
/// So many older files are kept: with 300 customers a day, three months.
const OLDER_MAX: usize = 30;

/// The file that is written to, once it is open.
pub(super) struct AuditFile {
    folder: PathBuf,
    key: Option<DeviceKey>,
    open: Option<Writing>,
}

struct Writing {
    file: File,
    bytes: u64,
    last: Head,
}

/// A record as it is written.
#[derive(Serialize)]
struct Record<'a> {
    n: u64,
    /// Milliseconds since 1970, by the bank's clock.
    at: i64,
    /// Only in the first record of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a str>,
    #[serde(flatten)]
    happened: &'a Happened,
}

impl AuditFile {
    pub(super) fn new(folder: &Path, key: Option<DeviceKey>) -> Self {
        Self { folder: folder.to_owned(), key, open: None }
    }

    /// Appends a record. It survives the process, and the machine after [`Self::keep`].
    pub(super) fn append(&mut self, at: BankTime, happened: &Happened) -> io::Result<()> {
        let mut writing = match self.open.take() {
            Some(writing) if writing.bytes >= BYTES_MAX => self.rotate(&writing)?,
            Some(writing) => writing,
            None => self.resume(at)?,
        };
        writing.append(at, happened)?;
        self.open = Some(writing);
        Ok(())
    }

    /// Makes everything so far durable, and moves the head.
    pub(super) fn keep(&mut self) -> io::Result<()> {
        let Some(writing) = &self.open else { return Ok(()) };
        writing.file.sync_data()?;
        if let Some(key) = &self.key {
            let (new, path) = (self.folder.join("audit.head.new"), self.folder.join(HEAD));
            let mut head = File::create(&new)?;
            head.write_all(chain::sealed_head(&writing.last, key).as_bytes())?;
            head.sync_data()?;
            fs::rename(new, path)?;
        }
        let Head { number, hash } = &writing.last;
        tracing::debug!(head = format!("{number}:{hash}"), "the audit is kept");
        Ok(())
    }

    /// Goes on where the last process ended.
    fn resume(&self, at: BankTime) -> io::Result<Writing> {
        fs::create_dir_all(&self.folder)?;
        let path = self.folder.join(NAME);
        if !path.exists() {
            return Writing::begin(&path, Head { number: 0, hash: NOTHING.to_owned() });
        }
        cut_torn_line(&path)?;
        match chain::verify_file(&path, None) {
            Ok(found) => {
                let file = options().open(&path)?;
                let bytes = file.metadata()?.len();
                Ok(Writing { file, bytes, last: found.last })
            }
            // What cannot be read was not changed as far as anybody knows.
            Err(Broken::Read { source, .. }) => Err(source),
            Err(error) => {
                tracing::error!(%error, "alert: the audit file was changed; it is set aside");
                let aside = format!("audit-broken-{:015}.jsonl", at.millis());
                fs::rename(&path, self.folder.join(aside))?;
                // The numbers go on after the newest one known, so that the gap is seen.
                let known = chain::head_beside(&path).ok().flatten();
                let known = known.unwrap_or(Head { number: 0, hash: NOTHING.to_owned() });
                Writing::begin(&path, known)
            }
        }
    }

    /// Begins a new file, whose first record follows the last one of this.
    fn rotate(&self, writing: &Writing) -> io::Result<Writing> {
        writing.file.sync_all()?;
        let path = self.folder.join(NAME);
        let older = format!("audit-{:012}.jsonl", writing.last.number);
        fs::rename(&path, self.folder.join(older))?;
        let mut kept: Vec<PathBuf> = fs::read_dir(&self.folder)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                name.starts_with("audit-") && name.ends_with(".jsonl")
            })
            .collect();
        kept.sort();
        let surplus = kept.len().saturating_sub(OLDER_MAX);
        kept.into_iter().take(surplus).try_for_each(fs::remove_file)?;
        Writing::begin(&path, writing.last.clone())
    }
}

impl Writing {
    fn begin(path: &Path, after: Head) -> io::Result<Self> {
        Ok(Self { file: options().create_new(true).open(path)?, bytes: 0, last: after })
    }

    fn append(&mut self, at: BankTime, happened: &Happened) -> io::Result<()> {
        let after = (self.bytes == 0).then_some(self.last.hash.as_str());
        let n = self.last.number + 1;
        let record = Record { n, at: at.millis(), after, happened };
        let payload = serde_json::to_string(&record).map_err(io::Error::other)?;
        let hash = chain::following(&self.last.hash, &payload);
        let line = format!("{hash} {payload}\n");
        self.file.write_all(line.as_bytes())?;
        self.bytes += u64::try_from(line.len()).unwrap_or(0);
        self.last = Head { number: n, hash };
        Ok(())
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.append(true).mode(0o600);
    options
}

/// A line without its end was being written when the process or the machine died.
fn cut_torn_line(path: &Path) -> io::Result<()> {
    let bytes = fs::read(path)?;
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    if whole < bytes.len() {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(u64::try_from(whole).unwrap_or(0))?;
        file.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
