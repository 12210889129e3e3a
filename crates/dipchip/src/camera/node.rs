//! The camera nodes of this machine: what each says of itself, and which of them is meant.
//!
//! A USB camera has two nodes under one name, of which only one delivers pictures. A node is real if it hangs
//! on a USB port that no program plays; a relay of pictures into a virtual one would show the bank any face.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use agent::config::{CameraChoice, DevicePattern, VirtualCameras};
use agent::ports::DeviceError;
use nokhwa::utils::ApiBackend;
use v4l::Device;
use v4l::capability::Flags;

use super::fault;
use super::mode::{self, Mode};

/// Where the kernel says what is plugged in where.
const CLASS: &str = "/sys/class/video4linux";
/// Linux itself as the maker of a device: another computer that plays a camera over a cable (`usb.ids`).
const PLAYED_BY_LINUX: &str = "1d6b";
/// Host controllers without a plug: USB over a network, and the kernel's loop to its own gadgets.
const PLAYED_PORTS: [&str; 2] = ["usb-vhci_hcd", "usb-dummy_hcd"];

/// A node that delivers pictures.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Node {
    /// Its device file.
    pub path: PathBuf,
    /// The name that the camera gives itself.
    pub name: String,
    /// The USB port, such as `1-2.3`, if it hangs on one.
    pub port: Option<String>,
    /// Is there no lens behind it, as far as can be told?
    pub is_virtual: bool,
    /// The formats and sizes that can be used, each at its best rate.
    pub modes: Vec<String>,
}

/// All that deliver pictures, for a person to choose from.
///
/// # Errors
/// [`DeviceError::Faulty`] if the crate cannot list them. A node that does not answer is left out.
pub fn nodes() -> Result<Vec<Node>, DeviceError> {
    let mut nodes = Vec::new();
    for path in paths()? {
        let Ok((device, about)) = look(&path) else { continue };
        let modes = mode::all(&device).unwrap_or_default();
        let modes = modes.iter().map(Mode::to_string).collect();
        let About { name, port, is_virtual, .. } = about;
        nodes.push(Node { path, name, port, is_virtual, modes });
    }
    Ok(nodes)
}

/// Opens the first node that is meant and can be used, in its best mode.
pub fn open(choice: &CameraChoice) -> Result<(Device, Mode), DeviceError> {
    // The reason that stands nearest to a camera that works.
    let mut reason = DeviceError::Gone;
    for pattern in &choice.devices {
        for path in meant(pattern)? {
            match open_node(&path, pattern, choice) {
                Ok(Some(opened)) => return Ok(opened),
                Ok(None) | Err(DeviceError::Gone) => {}
                Err(error) => reason = error,
            }
        }
    }
    Err(reason)
}

/// Where to look for what is meant.
fn meant(pattern: &DevicePattern) -> Result<Vec<PathBuf>, DeviceError> {
    match pattern {
        DevicePattern::Path(path) => Ok(vec![path.clone()]),
        DevicePattern::Name(_) | DevicePattern::Port(_) => paths(),
    }
}

fn open_node(
    path: &Path,
    pattern: &DevicePattern,
    choice: &CameraChoice,
) -> Result<Option<(Device, Mode)>, DeviceError> {
    let (device, about) = look(path)?;
    let is_meant = match pattern {
        DevicePattern::Path(_) => true,
        DevicePattern::Name(name) => name.matches(&about.name),
        DevicePattern::Port(port) => about.port.as_deref() == Some(port.as_str()),
    };
    if !is_meant {
        return Ok(None);
    }
    if about.is_virtual && choice.virtual_cameras == VirtualCameras::Refuse {
        return Err(DeviceError::Refused);
    }
    let modes = mode::offered(&device, choice.width, choice.height);
    let mut last = DeviceError::Faulty;
    for mode in modes.map_err(|error| fault(&error))? {
        match mode.set(&device) {
            Ok(()) => return Ok(Some((device, mode))),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// What a node says of itself.
struct About {
    name: String,
    port: Option<String>,
    is_virtual: bool,
}

/// Opens a node that delivers pictures; one for metadata alone is as good as not there.
fn look(path: &Path) -> Result<(Device, About), DeviceError> {
    let device = Device::with_path(path).map_err(|error| fault(&error))?;
    let said = device.query_caps().map_err(|error| fault(&error))?;
    if !said.capabilities.contains(Flags::VIDEO_CAPTURE | Flags::STREAMING) {
        return Err(DeviceError::Gone);
    }
    let usb = usb_folder(path).ok();
    let port = usb.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
    let maker = usb.as_ref().and_then(|usb| fs::read_to_string(usb.join("idVendor")).ok());
    let is_virtual = is_played(&said.bus, maker.as_deref());
    Ok((device, About { name: said.card, port: port.map(str::to_owned), is_virtual }))
}

/// Does a program play this camera, by where it hangs and by who made it?
fn is_played(bus: &str, maker: Option<&str>) -> bool {
    let is_plugged =
        bus.starts_with("usb-") && !PLAYED_PORTS.iter().any(|played| bus.starts_with(played));
    !is_plugged || maker.is_some_and(|maker| maker.trim() == PLAYED_BY_LINUX)
}

/// The kernel's folder of the USB device behind a node: `device` leads to its interface, such as `1-2:1.0`.
fn usb_folder(path: &Path) -> io::Result<PathBuf> {
    let node = path.canonicalize()?;
    let name = node.file_name().ok_or(io::ErrorKind::NotFound)?;
    let interface = Path::new(CLASS).join(name).join("device").canonicalize()?;
    let device = interface.parent().ok_or(io::ErrorKind::NotFound)?;
    if device.join("idVendor").exists() {
        Ok(device.to_owned())
    } else {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// Every node of video, in the order of their numbers.
fn paths() -> Result<Vec<PathBuf>, DeviceError> {
    let cameras = nokhwa::query(ApiBackend::Video4Linux).map_err(|_| DeviceError::Faulty)?;
    let mut numbers: Vec<u32> =
        cameras.iter().filter_map(|camera| camera.index().as_index().ok()).collect();
    numbers.sort_unstable();
    Ok(numbers.iter().map(|number| PathBuf::from(format!("/dev/video{number}"))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bus: &str, maker: Option<&str>, expected: bool) {
        assert_eq!(is_played(bus, maker), expected, "{bus} {maker:?}");
    }

    #[test]
    fn a_camera_on_a_usb_port_is_real() {
        check("usb-0000:00:14.0-1.2", Some("1234\n"), false);
        check("usb-0000:00:14.0-1.2", None, false);
    }

    #[test]
    fn what_hangs_on_no_port_is_played_by_a_program() {
        check("platform:v4l2loopback-000", None, true);
        check("platform:vivid-000", None, true);
        check("", None, true);
    }

    #[test]
    fn what_hangs_on_a_port_without_a_plug_or_is_a_computer_is_played_too() {
        check("usb-vhci_hcd.0-1", Some("1234"), true);
        check("usb-dummy_hcd.0-1", Some("1234"), true);
        check("usb-0000:00:14.0-1", Some("1d6b\n"), true);
    }
}
