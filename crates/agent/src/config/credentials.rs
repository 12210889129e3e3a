//! `[credentials]`: where the secrets are, never the secrets themselves (§2).
//!
//! Owns reading them from files of mode 0400 or 0600 and from systemd's credentials, wiping them on drop,
//! and saying which of them are missing. Which ones there must be follows from the way to the bank.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::bank::{Bank, Transport};
use super::fault::{ConfigError, Fault, Origin};
use super::file::{FilePath, Readers, read};
use super::section::{Given, Section};

/// The bank's secrets have some dozen characters; a longer file is something else.
const SECRET_BYTES_MAX: u64 = 4096;
/// A private key in PEM: RSA of 4096 bits has 3.3 KB.
const KEY_BYTES_MAX: u64 = 16 * 1024;
/// The longest name that systemd accepts for a credential.
const CREDENTIAL_NAME_BYTES_MAX: usize = 255;
/// Set by systemd for a service with credentials.
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

const EXPECTED: &str = "{ file = \"PATH\" } or { credential = \"NAME\" }: \
                        a secret never stands in the configuration itself";

/// Where the secrets are.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The partner's, if this machine speaks to the bank itself.
    pub partner: Option<Partner<SecretSource>>,
    /// The private key of this machine's certificate, if it has one.
    pub client_key: Option<SecretSource>,
    /// The login at the proxy, if that wants one.
    pub proxy: Option<ProxyLogin<SecretSource>>,
}

/// What the bank gave the partner.
#[derive(Clone, Debug)]
pub struct Partner<T> {
    /// OAuth client id.
    pub client_id: T,
    /// OAuth client secret.
    pub client_secret: T,
    /// The key that the bank assigned to the partner.
    pub api_key: T,
}

/// A name and its password.
#[derive(Clone, Debug)]
pub struct ProxyLogin<T> {
    /// The name.
    pub user: T,
    /// The password.
    pub password: T,
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
    /// The partner's, if this machine speaks to the bank itself.
    pub partner: Option<Partner<Secret>>,
    /// The private key of this machine's certificate in PEM.
    pub client_key: Option<Secret>,
    /// The login at the proxy.
    pub proxy: Option<ProxyLogin<Secret>>,
}

impl Secrets {
    /// The partner's secrets, at hand already; `None` if one is empty or not printable ASCII.
    #[must_use]
    pub fn parse(client_id: &str, client_secret: &str, api_key: &str) -> Option<Self> {
        let partner = Partner {
            client_id: Secret::parse(client_id)?,
            client_secret: Secret::parse(client_secret)?,
            api_key: Secret::parse(api_key)?,
        };
        Some(Self { partner: Some(partner), client_key: None, proxy: None })
    }
}

/// One secret.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Printable ASCII, not empty.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_fit = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_fit.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// A private key in PEM.
    #[must_use]
    pub fn parse_key(text: &str) -> Option<Self> {
        let is_key = text.contains("PRIVATE KEY-----");
        is_key.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The secret, for the one place that sends it or signs with it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}

impl Credentials {
    /// Reads all of them.
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
        // Every source is read before the first `?`: each reports its own fault.
        let partner = self.partner.as_ref().and_then(|partner| {
            let client_id = secret(&partner.client_id);
            let client_secret = secret(&partner.client_secret);
            let api_key = secret(&partner.api_key);
            let (client_id, client_secret) = (client_id?, client_secret?);
            Some(Partner { client_id, client_secret, api_key: api_key? })
        });
        let proxy = self.proxy.as_ref().and_then(|proxy| {
            let (user, password) = (secret(&proxy.user), secret(&proxy.password));
            Some(ProxyLogin { user: user?, password: password? })
        });
        let client_key = self.client_key.as_ref().and_then(|source| {
            source.read_key(credentials).map_err(|fault| faults.push(fault)).ok()
        });
        if faults.is_empty() {
            Ok(Secrets { partner, client_key, proxy })
        } else {
            Err(ConfigError::Faults(faults))
        }
    }

    /// Every source, for whoever tells where they are.
    pub fn sources(&self) -> impl Iterator<Item = &SecretSource> {
        let partner = self
            .partner
            .iter()
            .flat_map(|partner| [&partner.client_id, &partner.client_secret, &partner.api_key]);
        let proxy = self.proxy.iter().flat_map(|proxy| [&proxy.user, &proxy.password]);
        partner.chain(&self.client_key).chain(proxy)
    }
}

impl SecretSource {
    /// The line that names it.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        match self {
            Self::File(file) => file.origin(),
            Self::Credential { origin, .. } => origin,
        }
    }

    fn file(&self, credentials: Option<&Path>) -> Result<(FilePath, Readers), Fault> {
        match self {
            Self::File(file) => Ok((file.clone(), Readers::OwnerOnly)),
            // systemd guards the directory; with an access list, the files' mode shows a group's bits.
            Self::Credential { name, origin } => {
                Ok((credential_file(name, origin, credentials)?, Readers::Anyone))
            }
        }
    }

    /// A private key in PEM; whether it fits its certificate is seen where both are used.
    fn read_key(&self, credentials: Option<&Path>) -> Result<Secret, Fault> {
        let (file, readers) = self.file(credentials)?;
        let expected = "a file that holds a private key in PEM";
        let bytes = read(&file, expected, KEY_BYTES_MAX, readers)?;
        let text =
            std::str::from_utf8(&bytes).ok().filter(|text| text.contains("PRIVATE KEY-----"));
        let text = text.map(|text| Secret(Zeroizing::new(text.to_owned())));
        text.ok_or_else(|| {
            let came = format!("{} with something else (not shown)", file.path().display());
            file.origin().fault(came, expected)
        })
    }

    fn read(&self, credentials: Option<&Path>) -> Result<Secret, Fault> {
        let (file, readers) = self.file(credentials)?;
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

/// Whether a secret must be there.
#[derive(Clone, Copy)]
enum Wanted {
    Required,
    Allowed,
    /// A secret that nothing uses can only be lost; the text says why nothing does.
    Unwanted(&'static str),
}

/// The keys that this way to the bank needs, and no other. A bank that could not be read has faults of its
/// own, and then any of the keys may be there.
pub(super) fn credentials(top: &mut Section<'_>, bank: Option<&Bank>) -> Credentials {
    let partner = match bank.map(|bank| bank.transport) {
        Some(Transport::Relay) => {
            Wanted::Unwanted("no such key with bank.transport = \"relay\": the relay holds it")
        }
        Some(Transport::Direct) | None => Wanted::Required,
    };
    let client_key = match bank.map(|bank| bank.client_certificate_file.is_some()) {
        Some(true) => Wanted::Required,
        Some(false) => Wanted::Unwanted("no such key without bank.client_certificate_file"),
        None => Wanted::Allowed,
    };
    let user = match bank.map(|bank| bank.proxy.is_some()) {
        Some(true) | None => Wanted::Allowed,
        Some(false) => Wanted::Unwanted("no such key without bank.proxy"),
    };
    top.section("credentials", |table| {
        let client_id = secret(table, "client_id", partner);
        let client_secret = secret(table, "client_secret", partner);
        let api_key = secret(table, "api_key", partner);
        let client_key = secret(table, "client_key", client_key);
        let user = secret(table, "proxy_user", user);
        let password = match user {
            Some(_) => Wanted::Required,
            None => Wanted::Unwanted("no such key without credentials.proxy_user"),
        };
        let password = secret(table, "proxy_password", password);
        let partner = match (client_id, client_secret, api_key) {
            (Some(client_id), Some(client_secret), Some(api_key)) => {
                Some(Partner { client_id, client_secret, api_key })
            }
            _ => None,
        };
        let proxy = user.zip(password).map(|(user, password)| ProxyLogin { user, password });
        Credentials { partner, client_key, proxy }
    })
}

fn secret(table: &mut Section<'_>, key: &'static str, wanted: Wanted) -> Option<SecretSource> {
    match wanted {
        Wanted::Required => table.required(key, EXPECTED, source),
        Wanted::Allowed => table.optional(key, source),
        Wanted::Unwanted(why) => table.optional(key, |given| Err(given.refuse_unseen(why))),
    }
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
