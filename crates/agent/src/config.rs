//! The configuration: one strict TOML file, read whole or refused whole (§1.10 of the API page).
//!
//! Owns keys, ranges and the sentences about what would be right; every fault names file, line and column,
//! and one run finds them all. The values' work is done elsewhere. Secrets stay out of the file and are
//! read on their own, so that a check can say which are missing.

mod bank;
mod credentials;
mod devices;
mod dialect;
mod fault;
mod file;
mod journey;
mod machine;
mod nearest;
mod section;

use std::fs::File;
use std::io::Read as _;
use std::iter;
use std::path::Path;

use protocol::{Dialect, PublicKey};
use session::Policy;
use toml::de::DeTable;

pub use bank::{Bank, BaseUrl, ProxyAddress, SpkiPin, Transport};
pub use credentials::{Credentials, Partner, ProxyLogin, Secret, SecretSource, Secrets};
pub use devices::{
    CameraChoice, DevicePattern, NamePattern, PrinterPath, Reader, ReaderPattern, ScannerChoice,
    ScannerKeyboard, ScannerPort, UsbPort, VirtualCameras,
};
pub(crate) use dialect::{FRAMINGS, HEADER_TIMES};
pub use fault::{ConfigError, Fault, Origin};
pub use file::FilePath;
pub use journey::{Challenge, Journey, Profile, Site};
pub use machine::{Api, Journal, Log, LogLevel, PageKeyUse};

use section::{Findings, Section};

/// The longest configuration; with all comments it has a tenth of it.
const CONFIG_BYTES_MAX: u64 = 128 * 1024;

/// Everything that a machine's operator decides.
#[derive(Clone, Debug)]
pub struct Config {
    /// The way to the bank.
    pub bank: Bank,
    /// Where the secrets are.
    pub credentials: Credentials,
    /// How to speak to the bank.
    pub dialect: Dialect,
    /// How journeys go.
    pub journey: Journey,
    /// Where this machine stands.
    pub site: Site,
    /// The card readers.
    pub reader: Reader,
    /// The code scanner, if there is one.
    pub scanner: Option<ScannerChoice>,
    /// The camera, if there is one.
    pub camera: Option<CameraChoice>,
    /// The slip printer, if there is one.
    pub printer: Option<PrinterPath>,
    /// The local API.
    pub api: Api,
    /// The journal.
    pub journal: Journal,
    /// The log.
    pub log: Log,
}

impl Config {
    /// Reads a configuration file; of the files that it names, none.
    ///
    /// # Errors
    /// [`ConfigError`]: the file cannot be had, or every place in it that is wrong.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { file: file.to_owned(), source };
        let open = File::open(file).map_err(unreadable)?;
        let mut bytes = Vec::new();
        open.take(CONFIG_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > CONFIG_BYTES_MAX) {
            return Err(ConfigError::TooLong { file: file.to_owned(), limit: CONFIG_BYTES_MAX });
        }
        let text =
            String::from_utf8(bytes).map_err(|_| ConfigError::NotText { file: file.to_owned() })?;
        let absolute = std::path::absolute(file).map_err(unreadable)?;
        Self::parse(&text, file, absolute.parent().unwrap_or(Path::new("/")))
    }

    /// Reads a configuration from its text: `file` is its name in faults, relative paths start at `base`.
    ///
    /// # Errors
    /// [`ConfigError::Faults`]: every place that is wrong.
    pub fn parse(text: &str, file: &Path, base: &Path) -> Result<Self, ConfigError> {
        let findings = Findings::new(file, base, text);
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            // Only the parser's message: its full form repeats the line, which may hold a secret.
            let origin = findings.origin(&error.span().unwrap_or(0..0), "");
            findings.report(origin.fault("what is no TOML", error.message().replace('\n', ", ")));
        }
        if !errors.is_empty() {
            return Err(ConfigError::Faults(findings.into_faults()));
        }
        let config = Section::top(&findings, table.get_ref(), Self::read);
        let faults = findings.into_faults();
        match config {
            Some(config) if faults.is_empty() => Ok(config),
            _ => Err(ConfigError::Faults(faults)),
        }
    }

    fn read(top: &mut Section<'_>) -> Option<Self> {
        // All groups are read before the first `?`: each reports its own faults.
        let bank = bank::bank(top);
        let credentials = credentials::credentials(top, bank.as_ref());
        let dialect = dialect::dialect(top);
        let journey = journey::journey(top);
        let site = journey::site(top);
        let reader = devices::reader(top);
        let scanner = devices::scanner(top);
        let camera = devices::camera(top);
        let printer = devices::printer(top);
        let api = machine::api(top);
        let journal = machine::journal(top);
        let log = machine::log(top);
        Some(Self {
            bank: bank?,
            credentials,
            dialect,
            journey,
            site,
            reader,
            scanner,
            camera,
            printer,
            api,
            journal: journal?,
            log,
        })
    }

    /// What the session must know of it.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy {
            dopa: self.journey.dopa,
            patience: self.journey.patience,
            required_with_selfie: self.journey.required_consents.clone(),
            face_resubmits_max: self.journey.face_resubmits_max,
            place: self.site.place.clone(),
            dialect: self.dialect.clone(),
            timeouts: self.bank.timeouts,
        }
    }

    /// How to speak to the bank.
    #[must_use]
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// Reads the secrets.
    ///
    /// # Errors
    /// [`ConfigError::Faults`] with one fault for each that is missing or unfit.
    pub fn secrets(&self) -> Result<Secrets, ConfigError> {
        self.credentials.read()
    }

    /// Reads the bank's public keys: that of now, then the announced one if there is any.
    ///
    /// # Errors
    /// [`ConfigError::Faults`] at the lines that name their files, if one cannot be read or holds no such
    /// key, or if both are the same.
    pub fn public_keys(&self) -> Result<Vec<PublicKey>, ConfigError> {
        let files =
            || iter::once(&self.bank.public_key_file).chain(&self.bank.next_public_key_file);
        let (mut keys, mut faults) = (Vec::new(), Vec::new());
        for file in files() {
            match public_key(file) {
                Ok(key) if keys.contains(&key) => {
                    let came = format!("{}, the key of now", file.path().display());
                    faults
                        .push(file.origin().fault(came, "the next key, as the bank announced it"));
                }
                Ok(key) => keys.push(key),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok(keys) } else { Err(ConfigError::Faults(faults)) }
    }

    /// Looks whether the files that it names can be had: authorities, certificate, public keys and secrets.
    ///
    /// # Errors
    /// [`ConfigError::Faults`] with one fault for each that is missing or unfit.
    pub fn check_files(&self) -> Result<(), ConfigError> {
        let mut faults = Vec::new();
        faults.extend(self.bank.ca_file.iter().filter_map(|file| file.read_pem().err()));
        let certificate = self.bank.client_certificate_file.iter();
        faults.extend(certificate.filter_map(|file| file.read_pem().err()));
        for read in [self.public_keys().map(drop), self.secrets().map(drop)] {
            match read {
                Err(ConfigError::Faults(missing)) => faults.extend(missing),
                Err(error) => return Err(error),
                Ok(()) => {}
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(ConfigError::Faults(faults)) }
    }
}

fn public_key(file: &FilePath) -> Result<PublicKey, Fault> {
    PublicKey::from_pem(&file.read_pem()?).map_err(|error| {
        let came = format!("{} ({error})", file.path().display());
        file.origin().fault(came, "the bank's RSA public key in PEM, at least 2048 bits")
    })
}

#[cfg(test)]
mod tests;
