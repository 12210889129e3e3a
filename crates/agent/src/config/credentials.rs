//! `[credentials]`: where the secrets are, never the secrets themselves (§2).
//!
//! Owns reading them from files of mode 0400 or 0600 and from systemd's credentials, wiping them on drop,
//! and saying which of them are missing.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::fault::{ConfigError, Fault, Origin};
use super::file::{FilePath, Readers, read};
use super::section::{Given, Section};

/// The bank's secrets have some dozen characters; a longer file is something else.
const SECRET_BYTES_MAX: u64 = 4096;
/// The longest name that systemd accepts for a credential.
const CREDENTIAL_NAME_BYTES_MAX: usize = 255;
/// Set by systemd for a service with credentials.
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

const EXPECTED: &str = "{ file = \"PATH\" } or { credential = \"NAME\" }: \
                        a secret never stands in the configuration itself";

/// Where the three secrets are.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// OAuth client id.
    pub client_id: SecretSource,
    /// OAuth client secret.
    pub client_secret: SecretSource,
    /// The key that the bank assigned to the partner.
    pub api_key: SecretSource,
}

/// Where one secret is.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// In a file that only its owner can read.
    File(FilePath),
    /// Handed over by systemd (`LoadCredential=`).
    Credential {
        /// The name within `$CREDENTIALS_DIRECTORY`.
        name: String,
        /// The line that names it.
        origin: Origin,
    },
}

/// The secrets themselves; printed nowhere, wiped on drop.
#[derive(Clone, Debug)]
pub struct Secrets {
    client_id: Secret,
    client_secret: Secret,
    api_key: Secret,
}

impl Secrets {
    /// Secrets that are at hand already; `None` if one is empty or not printable ASCII.
    #[must_use]
    pub fn parse(client_id: &str, client_secret: &str, api_key: &str) -> Option<Self> {
        Some(Self {
            client_id: Secret::parse(client_id)?,
            client_secret: Secret::parse(client_secret)?,
            api_key: Secret::parse(api_key)?,
        })
    }

    /// OAuth client id.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id.0
    }

    /// OAuth client secret.
    #[must_use]
    pub fn client_secret(&self) -> &str {
        &self.client_secret.0
    }

    /// The key that the bank assigned to the partner.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.api_key.0
    }
}

/// One secret: printable ASCII, not empty.
#[derive(Clone)]
struct Secret(Zeroizing<String>);

impl Secret {
    fn parse(text: &str) -> Option<Self> {
        let is_fit = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_fit.then(|| Self(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}

impl Credentials {
    /// Reads all three.
    ///
    /// # Errors
    /// [`ConfigError::Faults`] with a fault for each that is missing, open to others or unfit.
    pub fn read(&self) -> Result<Secrets, ConfigError> {
        self.read_from(env::var_os(CREDENTIALS_DIRECTORY).map(PathBuf::from).as_deref())
    }

    fn read_from(&self, credentials: Option<&Path>) -> Result<Secrets, ConfigError> {
        let mut faults = Vec::new();
        let mut secret = |source: &SecretSource| {
            source.read(credentials).map_err(|fault| faults.push(fault)).ok()
        };
        let client_id = secret(&self.client_id);
        let client_secret = secret(&self.client_secret);
        let api_key = secret(&self.api_key);
        match (client_id, client_secret, api_key) {
            (Some(client_id), Some(client_secret), Some(api_key)) => {
                Ok(Secrets { client_id, client_secret, api_key })
            }
            _ => Err(ConfigError::Faults(faults)),
        }
    }
}

impl SecretSource {
    fn read(&self, credentials: Option<&Path>) -> Result<Secret, Fault> {
        let (file, readers) = match self {
            Self::File(file) => (file.clone(), Readers::OwnerOnly),
            // systemd guards the directory; with an access list, the files' mode shows a group's bits.
            Self::Credential { name, origin } => {
                (credential_file(name, origin, credentials)?, Readers::Anyone)
            }
        };
        let expected = "a file that holds the secret and nothing else";
        let bytes = read(&file, expected, SECRET_BYTES_MAX, readers)?;
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let text = text.strip_suffix('\n').unwrap_or(text);
        Secret::parse(text.strip_suffix('\r').unwrap_or(text)).ok_or_else(|| {
            let came = format!("{} with something else (not shown)", file.path().display());
            file.origin().fault(came, "one line of printable ASCII without spaces")
        })
    }
}

fn credential_file(
    name: &str,
    origin: &Origin,
    credentials: Option<&Path>,
) -> Result<FilePath, Fault> {
    let directory = credentials.ok_or_else(|| {
        let expected = format!("to be started by systemd with LoadCredential={name}:PATH");
        origin.fault("no $CREDENTIALS_DIRECTORY", expected)
    })?;
    Ok(FilePath { path: directory.join(name), origin: origin.clone() })
}

pub(super) fn credentials(top: &mut Section<'_>) -> Option<Credentials> {
    top.section("credentials", |table| {
        let client_id = table.required("client_id", EXPECTED, source);
        let client_secret = table.required("client_secret", EXPECTED, source);
        let api_key = table.required("api_key", EXPECTED, source);
        Some(Credentials {
            client_id: client_id?,
            client_secret: client_secret?,
            api_key: api_key?,
        })
    })
}

fn source(given: &Given<'_>) -> Result<SecretSource, Fault> {
    match given.single() {
        Some(("file", path)) => super::file::file_path(&path).map(SecretSource::File),
        Some(("credential", name)) => credential(&name),
        _ => Err(given.refuse_unseen(EXPECTED)),
    }
}

fn credential(given: &Given<'_>) -> Result<SecretSource, Fault> {
    let expected = "the name of a credential: letters, digits, dots, dashes, underscores";
    let name = given.text(expected)?;
    let is_fit = name.len() <= CREDENTIAL_NAME_BYTES_MAX
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if !is_fit {
        return Err(given.refuse(expected));
    }
    Ok(SecretSource::Credential { name: name.to_owned(), origin: given.origin() })
}
