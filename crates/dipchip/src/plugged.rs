//! `dipchip devices`: the cameras and scanners that are plugged in, and how the configuration names each.
//!
//! Nothing is taken for this program alone and no frame is asked for, so it can be run beside the agent. Card
//! readers are listed by `dipchip read --list`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use dipchip::camera::nodes;
use dipchip::scanner::keyboards;

use crate::Exit;
use crate::read::{Form, write};
use crate::sheet::{Sheet, Sight};

/// Where serial lines stand under names that outlast a replug.
const SERIAL_LINES: &str = "/dev/serial/by-id";
/// More serial lines than any kiosk has.
const SERIAL_LINES_MAX: usize = 32;

/// Prints every device on a sheet of its own.
///
/// # Errors
/// If the list cannot be written.
pub fn list(form: Form) -> io::Result<Exit> {
    let cameras = match nodes() {
        Ok(cameras) => cameras,
        Err(error) => {
            eprintln!("dipchip: listing cameras: {error}");
            return Ok(Exit::Fault);
        }
    };
    let (lines, keyboards) = (serial_lines(Path::new(SERIAL_LINES)), keyboards());
    let nothing = cameras.is_empty() && lines.is_empty() && keyboards.is_empty();
    for camera in cameras {
        let mut sheet = described("camera.device", &camera.path);
        sheet.plain("name", &printable(&camera.name));
        port(&mut sheet, camera.port.as_deref());
        sheet.plain("kind", if camera.is_virtual { "virtual" } else { "real" });
        sheet.plain("modes", &camera.modes.join(", "));
        write(&sheet, form)?;
    }
    for line in lines {
        write(&described("scanner.port", &line), form)?;
    }
    for keyboard in keyboards {
        let mut sheet = described("scanner.keyboard", &keyboard.path);
        sheet.plain("name", &printable(&keyboard.name));
        port(&mut sheet, keyboard.port.as_deref());
        write(&sheet, form)?;
    }
    if nothing {
        eprintln!(
            "dipchip: no camera and no scanner is plugged in, or this user may not open them"
        );
    }
    Ok(Exit::Done)
}

/// The key of the configuration that may name this device, and its device file.
fn described(key: &str, path: &Path) -> Sheet {
    let mut sheet = Sheet::new(Sight::Revealed);
    sheet.plain("setting", key);
    sheet.plain("device", &printable(&path.to_string_lossy()));
    sheet
}

fn port(sheet: &mut Sheet, port: Option<&str>) {
    if let Some(port) = port {
        sheet.plain("port", &format!("usb:{port}"));
    }
}

/// A name comes from a device, and a terminal obeys control characters.
fn printable(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).collect()
}

fn serial_lines(folder: &Path) -> Vec<PathBuf> {
    // A machine without one has no such folder.
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut lines: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).take(SERIAL_LINES_MAX).collect();
    lines.sort();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_lines_are_listed_in_order_and_none_is_no_fault() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["usb-B-if00", "usb-A-if00"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let lines = serial_lines(folder.path());
        let expected = ["usb-A-if00", "usb-B-if00"].map(|name| folder.path().join(name));
        assert_eq!(lines, expected);
        assert!(serial_lines(&folder.path().join("none")).is_empty());
    }

    #[test]
    fn a_device_cannot_steer_the_terminal() {
        assert_eq!(printable("Evil\u{1b}[2J Camera\n"), "Evil[2J Camera");
    }
}
