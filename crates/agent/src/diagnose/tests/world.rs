//! A folder with a configuration, its files, and a bank or none.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::server::{self, Paper};
use crate::config::Config;

/// What a test lives in; gone when dropped.
pub(super) struct World {
    pub(super) config: Config,
    folder: TempDir,
}

impl World {
    /// Stands in every secret file.
    pub(super) const SECRET: &str = "not-for-any-eye";

    /// The bank's port is closed.
    pub(super) fn without_a_bank() -> Self {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self::at(&format!("https://{closed}"), "[api]\nlisten = \"127.0.0.1:0\"\n")
    }

    /// A bank that shows this paper, answers every request with a token, and lives in 2020.
    pub(super) async fn with_a_bank(paper: Paper) -> Self {
        let (address, ca_pem) = server::start(paper).await;
        let world = Self::at(&format!("https://{address}"), "[api]\nlisten = \"127.0.0.1:0\"\n");
        fs::write(world.path("ca.pem"), ca_pem).unwrap();
        world
    }

    /// The bank's address, and what else the configuration says.
    pub(super) fn at(base_url: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "[bank]\nbase_url = \"{base_url}\"\npublic_key_file = \"bank.pub.pem\"\n\
             ca_file = \"ca.pem\"\n[credentials]\nclient_id = {{ file = \"client_id\" }}\n\
             client_secret = {{ file = \"client_secret\" }}\napi_key = {{ file = \"api_key\" }}\n\
             [journal]\ndir = \"journal\"\n{more}"
        );
        let config = Config::parse(&text, Path::new("kiosk.toml"), folder.path()).unwrap();
        let world = Self { config, folder };
        for name in ["client_id", "client_secret", "api_key"] {
            fs::write(world.path(name), Self::SECRET).unwrap();
            fs::set_permissions(world.path(name), Permissions::from_mode(0o600)).unwrap();
        }
        let key = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/2.2/test-only.spki.pem");
        fs::copy(key, world.path("bank.pub.pem")).unwrap();
        world
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }
}
