//! Files that the configuration names: PEM texts and secrets, read whole within a bound.
//!
//! Owns reading and refusing them at the line that names them; what stands in them is others' business.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::fault::{Fault, Origin};
use super::section::Given;

/// A chain of certificates takes some kilobytes; a bundle of all public authorities is not meant.
const PEM_BYTES_MAX: u64 = 64 * 1024;
/// Reading, writing or running by the group or by anyone.
const OTHERS_MASK: u32 = 0o077;

/// A path with the place in the configuration that names it.
#[derive(Clone, Debug)]
pub struct FilePath {
    pub(super) path: PathBuf,
    pub(super) origin: Origin,
}

impl FilePath {
    /// The path, relative to nothing.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The line that names it, for faults found in what it holds.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Reads a PEM file, at most 64 KiB.
    ///
    /// # Errors
    /// A [`Fault`] at the line that names the file, if it is not there, no file, too long or unreadable.
    pub fn read_pem(&self) -> Result<Vec<u8>, Fault> {
        let expected = "a readable PEM file";
        let bytes = read(self, expected, PEM_BYTES_MAX, Readers::Anyone)?;
        Ok(bytes.to_vec())
    }
}

/// Who may be able to read a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Readers {
    Anyone,
    OwnerOnly,
}

/// Reads a whole file; every fault stands at the line that names it.
pub(super) fn read(
    file: &FilePath,
    expected: &str,
    bytes_max: u64,
    readers: Readers,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let shown = file.path.display();
    let fault = |came: String| file.origin.fault(came, expected);
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => fault(format!("{shown}, which is not there")),
        ErrorKind::PermissionDenied => fault(format!("{shown}, which this user may not read")),
        kind => fault(format!("{shown}, which cannot be read: {kind}")),
    };
    let mut open = File::open(&file.path).map_err(failed)?;
    // Asked of the open file, so that it cannot be exchanged in between.
    let metadata = open.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(fault(format!("{shown}, which is no file")));
    }
    let mode = metadata.mode() & 0o777;
    if readers == Readers::OwnerOnly && mode & OTHERS_MASK != 0 {
        let came = format!("{shown} with mode {mode:04o}, open to others");
        return Err(file.origin.fault(came, format!("{expected}, mode 0400 or 0600")));
    }
    if metadata.len() > bytes_max {
        return Err(fault(format!("{shown} with more than {bytes_max} bytes")));
    }
    // One allocation that never grows: growing would leave copies of a secret behind.
    let room = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    open.by_ref().take(bytes_max).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// The rule for a path to a file.
pub(super) fn file_path(given: &Given<'_>) -> Result<FilePath, Fault> {
    Ok(FilePath { path: given.path()?, origin: given.origin() })
}
