//! A scanner that types, through the kernel's USB stack, usbhid and evdev: read by the agent and by nobody else.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use simulator::bank::{Bank, Options};

use crate::kiosk::{Codes, Kiosk, until_now};
use crate::machine::stage_is_on;

/// The gadget's end of the keyboard: each report says which keys are down.
const REPORTS: &str = "/dev/hidg0";
/// Its name, as the gadget gives it.
const NAME: &str = "Code scanner";
const REFERENCE: &str = "SIM-0000-VM-0002";
/// `O_NONBLOCK` of Linux: a read without keys is an error instead of a wait.
const WITHOUT_WAITING: i32 = 0o4000;
const LEFT_SHIFT: u8 = 2;
const ENTER: u8 = 40;

/// Types as a scanner does: every key down and up.
fn type_keys(keys: impl IntoIterator<Item = (u8, u8)>) {
    let mut reports = File::options().write(true).open(REPORTS).expect("the gadget is there");
    for (modifiers, usage) in keys {
        reports.write_all(&[modifiers, 0, usage, 0, 0, 0, 0, 0]).expect("down");
        reports.write_all(&[0; 8]).expect("up");
    }
}

/// The key of a character and what is held with it (HID usage tables, page 7).
fn key(character: u8) -> (u8, u8) {
    match character {
        b'A'..=b'Z' => (LEFT_SHIFT, character - b'A' + 4),
        b'1'..=b'9' => (0, character - b'1' + 30),
        b'0' => (0, 39),
        b'-' => (0, 45),
        _ => (0, ENTER),
    }
}

/// Another program that listens to the same input device.
struct Bystander(File);

impl Bystander {
    fn beside(name: &str) -> Self {
        let node = input_node(name).expect("the keyboard is plugged in");
        let open = File::options().read(true).custom_flags(WITHOUT_WAITING).open(node);
        Self(open.expect("an input device opens for anyone who may"))
    }

    /// How many bytes of events came to it since the last look.
    fn hears(&mut self) -> usize {
        let mut bytes = [0; 4096];
        match self.0.read(&mut bytes) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => unreachable!("the keyboard is still plugged in: {error}"),
        }
    }
}

fn input_node(name: &str) -> Option<PathBuf> {
    let inputs = fs::read_dir("/sys/class/input").ok()?.flatten();
    let node = inputs.map(|entry| entry.path()).find(|input| {
        let said = fs::read_to_string(input.join("device/name")).unwrap_or_default();
        said.trim() == name && input.to_string_lossy().contains("/event")
    })?;
    Some(Path::new("/dev/input").join(node.file_name()?))
}

#[tokio::test]
async fn a_scanner_that_types_is_read_by_the_agent_and_by_nobody_else() {
    if !stage_is_on("a_scanner_that_types_is_read_by_the_agent_and_by_nobody_else") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let bank = Bank::start(Options::default()).expect("the simulated bank starts");
    bank.write_files(&folder.path().join("bank")).expect("the credentials are written");
    let kiosk = Kiosk::start(folder, &bank.base_url(), Codes::Keyboard);
    let customer = kiosk.customer().await;
    let ready = || kiosk.health("scanner").is_some_and(|state| state == "ready");
    assert!(until_now(ready), "the keyboard is not taken: {}", kiosk.log());
    let mut bystander = Bystander::beside(NAME);
    customer.act(&json!({"action": "start"})).await.expect("started");
    customer.until_screen("scan").await.expect("a code is wanted");
    type_keys(REFERENCE.bytes().map(key).chain([key(b'\r')]));
    customer.until_screen("insert_card").await.expect("the code is read");
    assert_eq!(bystander.hears(), 0, "another program heard what was scanned");
    assert!(!kiosk.log().contains(REFERENCE), "the log holds the reference");

    // The ear was not deaf: once the program is gone, it hears the same keys.
    drop(kiosk);
    type_keys([key(b'A')]);
    assert!(until_now(|| bystander.hears() > 0), "the keyboard is still taken");
}
