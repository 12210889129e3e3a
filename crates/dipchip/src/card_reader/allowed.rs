//! Which readers may be used, and in which order: by name, or by the USB port they are plugged into.
//!
//! PC/SC knows no ports. A driver may tell the bus and the address of its device (libccid does, as channel
//! `0x0020bbaa`), and sysfs says at which port that is. A reader that cannot be placed so fits no port.

use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::fs;
use std::path::Path;

use agent::config::{ReaderPattern, UsbPort};
use agent::quirks::{Grade, Quirks};
use pcsc::{Attribute, Context, Protocols, ShareMode};

/// Where Linux lists what is plugged in.
const USB_DEVICES: &str = "/sys/bus/usb/devices";
/// The upper half of a channel of a USB device (PC/SC part 3, `SCARD_ATTR_CHANNEL_ID`).
const USB_CHANNEL: u8 = 0x20;

/// The patterns, and at which ports the readers are that were seen last.
pub(super) struct Allowed {
    patterns: Vec<ReaderPattern>,
    /// Asked once for each time a reader is plugged in.
    ports: HashMap<CString, Option<UsbPort>>,
}

impl Allowed {
    pub(super) fn new(patterns: &[ReaderPattern]) -> Self {
        Self { patterns: patterns.to_vec(), ports: HashMap::new() }
    }

    /// Those of the plugged in readers that may be used and that no note refuses, the preferred first.
    pub(super) fn of(&mut self, context: &Context, plugged: Vec<CString>) -> Vec<CString> {
        self.ports.retain(|name, _| plugged.contains(name));
        let mut ranked: Vec<_> = plugged
            .into_iter()
            // A telephone on an antenna, or a module in an inner slot, must not hide the customer's card.
            .filter(|name| {
                Quirks::builtin().for_reader(&name.to_string_lossy()).grade != Grade::Refuse
            })
            .filter_map(|name| self.rank(context, &name).map(|rank| (rank, name)))
            .collect();
        ranked.sort();
        ranked.into_iter().map(|(_, name)| name).collect()
    }

    /// May this reader be used?
    pub(super) fn has(&mut self, context: &Context, reader: &CStr) -> bool {
        self.rank(context, reader).is_some()
    }

    fn rank(&mut self, context: &Context, reader: &CStr) -> Option<usize> {
        let asks_ports = self.patterns.iter().any(|one| matches!(one, ReaderPattern::Port(_)));
        if asks_ports && !self.ports.contains_key(reader) {
            self.ports.insert(reader.to_owned(), port_of(context, reader));
        }
        let port = self.ports.get(reader).and_then(Option::as_ref);
        rank(&self.patterns, &reader.to_string_lossy(), port)
    }
}

fn rank(patterns: &[ReaderPattern], name: &str, port: Option<&UsbPort>) -> Option<usize> {
    patterns.iter().position(|pattern| match pattern {
        ReaderPattern::Name(pattern) => pattern.matches(name),
        ReaderPattern::Port(wanted) => port == Some(wanted),
    })
}

/// Asks the reader's driver, without touching a card.
fn port_of(context: &Context, reader: &CStr) -> Option<UsbPort> {
    let reader = context.connect(reader, ShareMode::Direct, Protocols::UNDEFINED).ok()?;
    let channel = reader.get_attribute_owned(Attribute::ChannelId);
    // The crate's own drop would reset a card.
    let _ = reader.disconnect(pcsc::Disposition::LeaveCard);
    let (bus, address) = bus_and_address(&channel.ok()?)?;
    port_at(Path::new(USB_DEVICES), bus, address)
}

/// From a channel in the machine's byte order.
fn bus_and_address(channel: &[u8]) -> Option<(u8, u8)> {
    let channel = u32::from_ne_bytes(*channel.first_chunk()?);
    match channel.to_be_bytes() {
        [0, USB_CHANNEL, bus, address] => Some((bus, address)),
        _ => None,
    }
}

/// The port below `devices` whose device has this bus and address now.
fn port_at(devices: &Path, bus: u8, address: u8) -> Option<UsbPort> {
    fs::read_dir(devices).ok()?.filter_map(Result::ok).find_map(|entry| {
        let number = |name: &str| {
            let text = fs::read_to_string(entry.path().join(name)).ok()?;
            text.trim().parse::<u8>().ok()
        };
        let here = number("busnum") == Some(bus) && number("devnum") == Some(address);
        here.then(|| UsbPort::parse(entry.file_name().to_str()?)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(patterns: &[&str], name: &str, port: Option<&str>, expected: Option<usize>) {
        let patterns: Vec<_> =
            patterns.iter().map(|text| ReaderPattern::parse(text).unwrap()).collect();
        let port = port.map(|text| UsbPort::parse(text).unwrap());
        assert_eq!(rank(&patterns, name, port.as_ref()), expected);
    }

    #[test]
    fn a_reader_that_is_renamed_by_a_replug_is_the_same() {
        check(&["Example CCID Reader*"], "Example CCID Reader 00 00", None, Some(0));
        check(&["Example CCID Reader*"], "Example CCID Reader 01 00", None, Some(0));
        check(&["Example CCID Reader 00 00"], "Example CCID Reader 01 00", None, None);
    }

    #[test]
    fn a_port_fits_whatever_the_name_and_nothing_else_fits_a_port() {
        check(&["usb:1-2.3", "*"], "Example 01 00", Some("1-2.3"), Some(0));
        check(&["usb:1-2.3", "*"], "Example 00 00", Some("1-2"), Some(1));
        check(&["usb:1-2.3"], "Example 00 00", Some("1-2.30"), None);
        check(&["usb:1-2.3"], "usb:1-2.3", None, None);
    }

    #[test]
    fn a_channel_of_a_usb_device_has_a_bus_and_an_address() {
        assert_eq!(bus_and_address(&0x0020_0104_u32.to_ne_bytes()), Some((1, 4)));
        assert_eq!(bus_and_address(&0x0001_0104_u32.to_ne_bytes()), None, "a serial line");
        assert_eq!(bus_and_address(&[1, 2]), None);
    }

    #[test]
    fn the_port_of_a_device_is_found_by_its_bus_and_address() {
        let devices = tempfile::tempdir().unwrap();
        for (name, bus, address) in [("usb1", 1, 1), ("1-2", 1, 3), ("1-2.3", 1, 4), ("2-1", 2, 4)]
        {
            let folder = devices.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("busnum"), format!("{bus}\n")).unwrap();
            fs::write(folder.join("devnum"), format!("{address}\n")).unwrap();
        }
        fs::create_dir(devices.path().join("1-2:1.0")).unwrap();
        assert_eq!(port_at(devices.path(), 1, 4), UsbPort::parse("1-2.3"));
        assert_eq!(port_at(devices.path(), 1, 1), None, "the root is no port");
        assert_eq!(port_at(devices.path(), 3, 4), None);
    }
}
