//! What the agent needs of the machine itself: secrets, key, journal, disk, address.
//!
//! Nothing is created: what is not there yet is said to be not there.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use protocol::PublicKey;
use rustix::fs::{Access, access, statvfs};
use tokio::net::TcpListener;

use super::bounded::within;
use super::finding::{Advice, Check, Finding};
use super::journal;
use crate::config::{Config, Fault, SecretSource};

/// Of free space, in bytes: a year of journal has a tenth of it, and the system's log needs some.
const FREE_BYTES_MIN: u64 = 100_000_000;

/// Everything but devices and bank.
pub(super) async fn check(config: &Config, bound: Duration) -> Vec<Finding> {
    let shared = config.clone();
    let files = within(bound, "reading the files that the configuration names", move |stage| {
        let mut findings =
            vec![Finding::ok(Check::Configuration, "it can be read, and every key in it is known")];
        findings.extend(secrets(&shared));
        findings.push(public_keys(&shared));
        stage.enter("looking at the journal");
        findings.push(journal::check(&shared.journal.dir));
        stage.enter("asking for free space");
        findings.push(disk(&shared.journal.dir));
        findings
    });
    let mut findings = files.await.unwrap_or_else(|lost| {
        let advice = Advice::new(
            "the disk or a network file system hangs",
            "look at the system's log for errors of the disk: journalctl -k",
        );
        vec![Finding::fault(Check::Disk, lost.to_string(), advice)]
    });
    findings.push(local_api(config).await);
    findings
}

fn secrets(config: &Config) -> Vec<Finding> {
    let faults = match config.secrets() {
        Ok(_) => {
            let keys = config.credentials.sources().map(|source| source.origin().key.as_str());
            let names: Vec<_> = keys.filter_map(|key| key.split('.').nth(1)).collect();
            let finding = format!("{} are there and can be used", names.join(", "));
            return vec![Finding::ok(Check::Secrets, finding)];
        }
        Err(error) => error.faults().to_vec(),
    };
    let from_systemd = config
        .credentials
        .sources()
        .any(|source| matches!(source, SecretSource::Credential { .. }));
    let more = if from_systemd {
        "; to see what the service is handed, run this with \
         systemd-run --pipe -p LoadCredential=NAME:PATH"
    } else {
        ""
    };
    let finding = |fault: &Fault| {
        let advice = Advice::new(fault.came.clone(), format!("needed: {}{more}", fault.expected));
        Finding::fault(Check::Secrets, format!("{} cannot be used", fault.origin), advice)
    };
    faults.iter().map(finding).collect()
}

/// The key of now, and the next one while the bank changes from one to the other.
fn public_keys(config: &Config) -> Finding {
    let keys = match config.public_keys() {
        Ok(keys) => keys,
        Err(error) => {
            let came: Vec<_> = error.faults().iter().map(|fault| fault.came.as_str()).collect();
            let remedy = "put the bank's PEM files where bank.public_key_file and \
                          bank.next_public_key_file say";
            let advice = Advice::new(came.join("; "), remedy);
            return Finding::fault(Check::PublicKey, "the bank's key cannot be used", advice);
        }
    };
    let shown = |key: &PublicKey| {
        let (bits, fingerprint) = (key.bits(), key.fingerprint());
        format!("RSA, {bits} bits, SHA-256 {fingerprint}")
    };
    let shown: Vec<_> = keys.iter().map(shown).collect();
    Finding::ok(Check::PublicKey, shown.join("; next: "))
}

/// Where something would be created that is not there yet.
pub(super) fn nearest_folder(folder: &Path) -> PathBuf {
    let there = folder.ancestors().find(|ancestor| ancestor.is_dir());
    there.unwrap_or(Path::new("/")).to_owned()
}

/// May this user make files here?
pub(super) fn writable(folder: &Path) -> Result<(), io::Error> {
    Ok(access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}

fn disk(folder: &Path) -> Finding {
    let folder = nearest_folder(folder);
    let free = match statvfs(&folder) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => {
            let advice = Advice::new(error.to_string(), "check that the disk is mounted: findmnt");
            let finding = format!("free space at {} is not known", folder.display());
            return Finding::warning(Check::Disk, finding, advice);
        }
    };
    enough(free, &folder)
}

fn enough(free: u64, folder: &Path) -> Finding {
    let finding = format!("{} MB are free at {}", free / 1_000_000, folder.display());
    if free >= FREE_BYTES_MIN {
        return Finding::ok(Check::Disk, finding);
    }
    let advice = Advice::new(
        "the disk is nearly full; a journal that cannot be written stops every journey",
        "make room, for example in the system's log: journalctl --vacuum-size=100M",
    );
    Finding::fault(Check::Disk, finding, advice)
}

async fn local_api(config: &Config) -> Finding {
    let address = config.api.listen;
    match TcpListener::bind(address).await {
        Ok(_) if address.port() == 0 => {
            Finding::ok(Check::LocalApi, "any free port is taken, and there is one")
        }
        Ok(_) => Finding::ok(Check::LocalApi, format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Finding::warning(
            Check::LocalApi,
            format!("{address} is taken"),
            Advice::new(
                "the agent itself is running, most likely",
                "see who it is: ss -ltnp; if it is not the agent, change api.listen",
            ),
        ),
        Err(error) => Finding::fault(
            Check::LocalApi,
            format!("{address} cannot be listened on"),
            Advice::new(error.to_string(), "correct api.listen, such as \"127.0.0.1:8470\""),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn a_disk_that_is_nearly_full_is_a_fault() {
        let check = |free| enough(free, Path::new("/var")).verdict;
        assert_eq!(check(FREE_BYTES_MIN), Verdict::Ok);
        assert_eq!(check(FREE_BYTES_MIN - 1), Verdict::Fault);
    }

    #[test]
    fn a_folder_that_is_not_there_is_judged_by_the_one_above_and_not_created() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b");
        assert_eq!(nearest_folder(&deep), folder.path());
        assert_eq!(disk(&deep).verdict, disk(folder.path()).verdict);
        assert!(!deep.exists());
    }
}
