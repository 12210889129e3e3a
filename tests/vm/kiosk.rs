//! `dipchip serve` in the machine, and what its page says of the reader.
//! The customer before it is `simulator`'s.
#![expect(clippy::panic, reason = "the helpers of a test fail it with the program's log")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use simulator::customer::Customer;
use tests::kiosk;
use tests::pcscd::program;

/// An emulated processor is some twenty times slower than a real one, and shares a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Where codes are read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Codes {
    /// By the scanner on the USB serial line.
    Scanner,
    /// By the webcam.
    Camera,
    /// By the scanner as a keyboard.
    Keyboard,
}

/// The production program; dropping it ends it.
pub struct Kiosk {
    folder: tempfile::TempDir,
    program: Child,
}

impl Kiosk {
    /// Starts it for this bank; its files are in `folder`.
    pub fn start(folder: tempfile::TempDir, bank: &str, codes: Codes) -> Self {
        let file = folder.path().join("kiosk.toml");
        fs::write(&file, config(bank, codes)).expect("the configuration is written");
        let log = File::create(folder.path().join("log")).expect("a log file");
        let program = Command::new(program("dipchip"))
            .args(["serve", "--config"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        Self { folder, program }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).expect("a log")
    }

    /// What the agent itself says of a device, such as `ready`.
    pub fn health(&self, device: &str) -> Option<String> {
        kiosk::health(&self.path("page.url"), device)
    }

    pub async fn customer(&self) -> Customer {
        let address = until(|| fs::read_to_string(self.path("page.url")).ok()).await;
        let address = address.unwrap_or_else(|| panic!("no page: {}", self.log()));
        Customer::arrive(address.trim()).await.expect("the page opens")
    }

    /// Waits until the page tells this of the reader, or nothing.
    pub async fn reader_trouble(&self, customer: &Customer, expected: Option<&str>) {
        let begun = Instant::now();
        let mut every = tokio::time::interval(LOOK);
        loop {
            every.tick().await;
            let view = customer.view().await.expect("the program is alive");
            let told = view.pointer("/reader_trouble/code").and_then(Value::as_str);
            if told == expected {
                return;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "expected {expected:?}, got {told:?}: {}",
                self.log()
            );
        }
    }
}

impl Drop for Kiosk {
    fn drop(&mut self) {
        // It may have ended by itself: either way it is gone afterwards.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// Waits until a look finds something.
pub async fn until<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    let mut every = tokio::time::interval(LOOK);
    while begun.elapsed() < PATIENCE {
        every.tick().await;
        if let Some(found) = look() {
            return Some(found);
        }
    }
    None
}

/// The same on the thread of a hand.
pub fn until_now(mut look: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if look() {
            return true;
        }
        thread::park_timeout(LOOK);
    }
    false
}

/// Where the gadget's serial line comes out.
pub const SCANNER: &str = "/dev/ttyACM0";

/// The configuration for this bank. A customer here has all the time that an emulated machine needs.
pub fn config(bank: &str, codes: Codes) -> String {
    assert!(Path::new(SCANNER).exists(), "the serial gadget is plugged in");
    let scanner = match codes {
        Codes::Scanner => kiosk::scanner(SCANNER),
        Codes::Camera => String::new(),
        Codes::Keyboard => {
            "\n[scanner]\nkeyboard = \"Code scanner*\"\nkey_gap_ms = 1000\n".to_owned()
        }
    };
    // All cameras here are played by a program, and a kiosk refuses those.
    let camera = "\n[camera]\ndevice = [\"Simulated Webcam*\", \"Loopback Camera*\", \"vivid*\"]\n\
                  virtual_cameras = \"allow\"\n";
    kiosk::config(bank, "*", "idle_s = 600", "debug") + &scanner + camera
}
