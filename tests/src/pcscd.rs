//! A pcscd of a test's own, with a virtual reader, and cards that the simulator puts into it.
//!
//! Everything lives in a folder of its own and ends when the values are dropped. Programs under test find
//! the service by an environment variable, which a process reads once: each test starts its own programs.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::asked::asked_for;

/// Set by `tests/run pcscd`: this machine has pcscd and the virtual driver.
const STAGE: &str = "DIPCHIP_STAGE_PCSCD";
/// By this variable the client library finds another service than the machine's.
const SOCKET_VARIABLE: &str = "PCSCLITE_CSOCK_NAME";
/// pcscd starts within half a second, on a busy machine within some.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// Connecting to a local port; on a busy machine the simulator's start takes longer.
const TAKEN_WITHIN: Duration = Duration::from_secs(20);
/// What pcscd says once its drivers listen.
const READY: &str = "daemon ready";
/// Below the ports that the system gives out by itself (32768 and up), above those of services.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// Is the stage on? Otherwise says loudly that this test shows nothing.
#[must_use]
pub fn stage_is_on(test: &str) -> bool {
    asked_for(STAGE, "pcscd", test)
}

/// Which readers the service has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Readers {
    /// None.
    None,
    /// One with two slots, [`FIRST_SLOT`] and another.
    One,
    /// The same, and another reader that a note refuses, [`REFUSED_SLOT`] being its first slot.
    OneAndRefused,
}

/// A reader whose name is that of a contactless one.
const REFUSED: &str = "Example CL Reader";
/// The name of its first slot.
pub const REFUSED_SLOT: &str = "Example CL Reader 00 00";
/// The name of the slot into which cards go.
pub const FIRST_SLOT: &str = "Virtual PCD 00 00";
/// The name of the other slot, which to a program is another reader.
pub const SECOND_SLOT: &str = "Virtual PCD 00 01";

/// A running pcscd.
pub struct PrivatePcscd {
    folder: tempfile::TempDir,
    readers: Readers,
    port: u16,
    refused_port: u16,
    service: Option<Child>,
}

impl PrivatePcscd {
    /// Starts one and waits until its reader can be used.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::TimedOut`] if it does not come up.
    pub fn start(readers: Readers) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut pcscd = Self {
            folder,
            readers,
            port: free_ports()?,
            refused_port: free_ports()?,
            service: None,
        };
        pcscd.restart()?;
        Ok(pcscd)
    }

    /// The service's socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("pcscd.comm")
    }

    /// Whoever connects here is a card in [`FIRST_SLOT`].
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A folder that lives as long as the service, for a test's own files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// One of our programs, told to use this service.
    #[must_use]
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(program(name));
        command.env(SOCKET_VARIABLE, self.socket());
        command
    }

    /// The program that runs now, told to run this one of its tests in a process that uses this service.
    ///
    /// # Panics
    /// If the system does not say which program runs.
    #[must_use]
    pub fn this_test(&self, name: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().expect("a test knows its own file"));
        command.args([name, "--exact", "--nocapture"]).env(SOCKET_VARIABLE, self.socket());
        command
    }

    /// Kills the service as a crash would. A card that was in is out.
    pub fn kill(&mut self) {
        if let Some(mut service) = self.service.take() {
            // It may have ended by itself: either way it is gone afterwards.
            let _ = service.kill();
            let _ = service.wait();
        }
    }

    /// Starts it again on the same socket and ports, after killing it if it still runs.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        let launcher = Path::new(env!("CARGO_MANIFEST_DIR")).join("pcscd/private_pcscd.py");
        let mut command = Command::new("python3");
        command.arg(launcher).arg(self.folder.path());
        if self.readers != Readers::None {
            command.arg(self.port.to_string());
        }
        if self.readers == Readers::OneAndRefused {
            command.args([&self.refused_port.to_string(), REFUSED]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let service = self.service.insert(command.spawn()?);
        let log = service.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        said(log, READY, READY_WITHIN)
    }
}

impl Drop for PrivatePcscd {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A card in the reader; dropping it takes the card out.
pub struct InsertedCard {
    simulator: Child,
}

impl InsertedCard {
    /// Puts a card of `tests/cards` into the first slot, and returns once the driver has taken it. pcscd
    /// itself sees it within 0.4 s.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::TimedOut`] if the driver does not take it.
    pub fn insert(pcscd: &PrivatePcscd, name: &str) -> io::Result<Self> {
        Self::insert_into(pcscd.port(), name, &[])
    }

    /// Puts a card into the second slot; else as [`Self::insert`].
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub fn insert_second(pcscd: &PrivatePcscd, name: &str) -> io::Result<Self> {
        Self::insert_into(pcscd.port() + 1, name, &[])
    }

    /// The same for [`REFUSED_SLOT`].
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub fn insert_into_refused(pcscd: &PrivatePcscd, name: &str) -> io::Result<Self> {
        Self::insert_into(pcscd.refused_port, name, &[])
    }

    /// As [`Self::insert`], a card as slow as the oldest: its photo takes five seconds.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub fn insert_slow(pcscd: &PrivatePcscd, name: &str) -> io::Result<Self> {
        Self::insert_into(pcscd.port(), name, &["--baud", "10750", "--exchange-ms", "2"])
    }

    fn insert_into(port: u16, name: &str, pace: &[&str]) -> io::Result<Self> {
        let address = format!("127.0.0.1:{port}");
        // The end of its input would be the end of the simulator: the pipe stays open as long as it runs.
        let mut simulator = Command::new(program("simulator"))
            .args(["card", "--vpcd", &address, "--card", name])
            .args(pace)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let events = simulator.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let card = Self { simulator };
        said(events, "inserted", TAKEN_WITHIN)?;
        Ok(card)
    }

    /// Gives an order of `simulator card --help`, such as `remove-at 9`. It is carried out a moment later.
    ///
    /// # Errors
    /// What the system says.
    pub fn order(&self, order: &str) -> io::Result<()> {
        let mut input = self.simulator.stdin.as_ref().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(input, "{order}")
    }

    /// The card will answer to reset, and then nothing for as long as it is in: no call to it returns.
    /// To be called before the first exchange.
    ///
    /// # Errors
    /// What the system says.
    pub fn hang(&self) -> io::Result<()> {
        self.order("mute-at 1")
    }
}

impl Drop for InsertedCard {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.simulator.kill();
        let _ = self.simulator.wait();
    }
}

/// Waits until a program has said the words; reads on afterwards, so that it never waits for a full pipe.
///
/// # Errors
/// [`io::ErrorKind::TimedOut`] if it does not say them.
pub fn said(output: ChildStdout, words: &'static str, within: Duration) -> io::Result<()> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if line.contains(words) {
                // Whoever waited may have heard it before.
                let _ = sender.send(());
            }
        }
    });
    receiver.recv_timeout(within).map_err(|_| io::ErrorKind::TimedOut.into())
}

/// A program of the workspace, built beside the running test.
///
/// # Panics
/// If it has not been built; `tests/run` does that first.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let folder = test.parent().and_then(Path::parent).expect("tests are built two folders down");
    let program = folder.join(name);
    assert!(program.exists(), "{name} is not built, type cargo build --workspace --bins");
    program
}

/// Two ports side by side that nobody has, for the reader's two slots.
fn free_ports() -> io::Result<u16> {
    // Tests of one process run side by side: none looks where another has just looked.
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let pairs = u32::from(PORTS.end - PORTS.start) / 2;
    for _ in 0..pairs {
        let number =
            NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(std::process::id().wrapping_mul(16));
        let offset = u16::try_from(number % pairs).unwrap_or(0) * 2;
        let port = PORTS.start + offset;
        if is_free(port) && is_free(port + 1) {
            return Ok(port);
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

/// The driver listens on every address, so looking does the same.
fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}
