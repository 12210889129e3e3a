//! The journal's folder: database, key, and a reserve that is given up when the disk is full.
//!
//! A damaged database is set aside whole, for the bank's questions, and an empty one takes its place: what
//! waited in it is not sent, because nobody knows what became of it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use protocol::BankTime;
use rustix::fs::{FallocateFlags, fallocate, statvfs};

use super::standing::Standing;
use super::store::Before;
use super::{DeviceKey, JournalError, Open, Store};

/// The database.
pub(super) const DATABASE: &str = "journal.sqlite";
/// This machine's key, beside it.
pub(super) const KEY: &str = "journal.key";
/// Space that nobody else can take.
const RESERVE: &str = "journal.reserve";
/// Forty submits: more than are under way when a disk fills up.
const RESERVE_BYTES: u64 = 8 * 1024 * 1024;
/// What SQLite puts behind the name of a database for its other files.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];
/// Behind the name of a database that was set aside; then the time.
const SET_ASIDE: &str = ".damaged-";
/// So many are kept: a disk that damages more of them is not helped by keeping more.
const SET_ASIDE_MAX: usize = 3;

/// Where the journal of a machine lies.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Opens or creates database and key.
    pub(super) fn open(&self) -> Result<Open, JournalError> {
        // The key is made first and goes with nobody: where it lies without tables beside it, they are lost.
        let before = if self.0.join(KEY).exists() { Before::Lost } else { Before::Nothing };
        let key = DeviceKey::of_folder(&self.0)?;
        let store = Store::at(&self.0.join(DATABASE), before)?;
        // As everywhere: what is called damaged may be sound, and not be readable.
        store.check().map_err(|error| self.unreadable().map_or(error, failed("database")))?;
        Ok(Open { store, key })
    }

    /// As [`Self::open`]; a damaged database is set aside before.
    pub(super) fn open_or_begin_anew(&self, now: BankTime) -> Result<Open, JournalError> {
        match self.open() {
            Err(error) if error.standing() == Some(Standing::Damaged) => {
                tracing::error!(%error, "the journal is damaged and set aside");
                self.set_aside(now)?;
                self.open()
            }
            other => other,
        }
    }

    /// Why the database or its log cannot be read from its beginning to its end, if so.
    pub(super) fn unreadable(&self) -> Option<io::Error> {
        let mut block = vec![0; 64 * 1024];
        ["", "-wal"].into_iter().find_map(|part| {
            let path = self.0.join(format!("{DATABASE}{part}"));
            let read = File::open(path).and_then(|file| {
                let mut at = 0;
                loop {
                    match file.read_at(&mut block, at)? {
                        0 => return Ok(()),
                        read => at += u64::try_from(read).unwrap_or(u64::MAX),
                    }
                }
            });
            read.err().filter(|error| error.kind() != io::ErrorKind::NotFound)
        })
    }

    fn set_aside(&self, now: BankTime) -> Result<(), JournalError> {
        let failed = failed("folder");
        let aside = format!("{DATABASE}{SET_ASIDE}{:015}", now.millis());
        for part in PARTS {
            let from = self.0.join(format!("{DATABASE}{part}"));
            match fs::rename(from, self.0.join(format!("{aside}{part}"))) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                renamed => renamed.map_err(&failed)?,
            }
        }
        let mut kept = set_aside(&self.0).map_err(&failed)?;
        kept.sort();
        let surplus = kept.len().saturating_sub(SET_ASIDE_MAX);
        for name in kept.into_iter().take(surplus) {
            for part in PARTS {
                // A part that is not there need not go.
                let _ = fs::remove_file(self.0.join(format!("{name}{part}")));
            }
        }
        File::open(&self.0).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// Makes sure of the reserve; fails with [`io::ErrorKind::StorageFull`] where there is no room for it.
    pub(super) fn keep_reserve(&self) -> Result<(), JournalError> {
        let path = self.0.join(RESERVE);
        if fs::metadata(&path).is_ok_and(|file| file.len() == RESERVE_BYTES) {
            return Ok(());
        }
        // As much must be free beside it, or the next write would take it back at once.
        let free = statvfs(&self.0).map_err(io::Error::from).map_err(failed("folder"))?;
        if free.f_bavail.saturating_mul(free.f_frsize) < 2 * RESERVE_BYTES {
            return Err(failed("reserve")(io::ErrorKind::StorageFull.into()));
        }
        reserve(&path).map_err(|error| {
            // A part of it helps nobody.
            let _ = fs::remove_file(&path);
            failed("reserve")(error)
        })
    }

    /// Gives the reserve up; false if there was none.
    pub(super) fn free_reserve(&self) -> bool {
        fs::remove_file(self.0.join(RESERVE)).is_ok()
    }
}

/// The databases that were set aside in a folder, by their names.
pub(super) fn set_aside(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let is_one = name.starts_with(&format!("{DATABASE}{SET_ASIDE}"));
        if is_one && !PARTS.iter().skip(1).any(|part| name.ends_with(part)) {
            names.push(name);
        }
    }
    Ok(names)
}

fn reserve(path: &Path) -> io::Result<()> {
    let mut file = File::create(path)?;
    if fallocate(&file, FallocateFlags::empty(), 0, RESERVE_BYTES).is_err() {
        // Not every file system can; all of them can write.
        let zeros = [0; 64 * 1024];
        while file.metadata()?.len() < RESERVE_BYTES {
            file.write_all(&zeros)?;
        }
    }
    file.sync_all()
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> JournalError {
    move |source| JournalError::Folder { what, source }
}
