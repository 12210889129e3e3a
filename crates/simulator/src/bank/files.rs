//! What a client needs to talk to the bank, as files: one value each, readable by the owner only.
//! How the values are made is `bank`'s.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Bank;

const OWNER_ONLY: u32 = 0o600;

/// A file that could not be written.
#[derive(Debug, Error)]
#[error("writing {} failed", path.display())]
pub struct FilesError {
    path: PathBuf,
    source: io::Error,
}

/// Writes all files, making the directory if need be. A value has no line end behind it.
pub(super) fn write(bank: &Bank, directory: &Path) -> Result<(), FilesError> {
    fs::create_dir_all(directory)
        .map_err(|source| FilesError { path: directory.to_owned(), source })?;
    for (name, content) in [
        ("ca.pem", bank.ca_pem()),
        ("bank.pub.pem", &bank.public_key_pem()),
        ("client_id", bank.client_id()),
        ("client_secret", bank.client_secret()),
        ("api_key", bank.api_key()),
        ("admin_token", bank.admin_token()),
        ("base_url", &bank.base_url()),
    ] {
        let path = directory.join(name);
        write_one(&path, content).map_err(|source| FilesError { path, source })?;
    }
    Ok(())
}

fn write_one(path: &Path, content: &str) -> io::Result<()> {
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(OWNER_ONLY).open(path)?;
    // A file of an earlier run may have had other permissions.
    file.set_permissions(fs::Permissions::from_mode(OWNER_ONLY))?;
    file.write_all(content.as_bytes())
}
