//! A scanner on a pseudo-terminal as a real line.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::*;

/// The scanner's end of a line, and the path of ours.
fn line() -> (File, ScannerPort) {
    let end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&end).unwrap();
    unlockpt(&end).unwrap();
    let path = ptsname(&end, Vec::new()).unwrap().into_string().unwrap();
    let port = ScannerPort {
        port: PathBuf::from(path),
        baud: 9600,
        prefix: String::new(),
        suffix: String::new(),
    };
    (File::from(end), port)
}

#[test]
fn a_code_arrives_over_a_line() {
    let (mut end, port) = line();
    let mut scanner = SerialScanner::open(&port).unwrap();
    end.write_all(b"BAYMK191200001\r\n").unwrap();
    assert_eq!(scanner.scan(Duration::from_secs(5)), Ok(Some("BAYMK191200001".to_owned())));
    assert_eq!(scanner.scan(Duration::ZERO), Ok(None));
}

#[test]
fn silence_ends_a_code_over_a_line() {
    let (mut end, port) = line();
    let mut scanner = SerialScanner::open(&port).unwrap();
    end.write_all(b"BAYMK191200001").unwrap();
    assert_eq!(scanner.scan(Duration::from_secs(5)), Ok(Some("BAYMK191200001".to_owned())));
}

#[test]
fn what_was_scanned_before_nobody_waits_for() {
    let (mut end, port) = line();
    drop(SerialScanner::open(&port).unwrap());
    end.write_all(b"OLD00001\r\n").unwrap();
    let mut scanner = SerialScanner::open(&port).unwrap();
    end.write_all(b"NEW00001\r\n").unwrap();
    assert_eq!(scanner.scan(Duration::from_secs(5)), Ok(Some("NEW00001".to_owned())));
}

#[test]
fn an_unplugged_scanner_is_gone() {
    let (end, port) = line();
    let mut scanner = SerialScanner::open(&port).unwrap();
    drop(end);
    assert_eq!(scanner.scan(Duration::from_secs(5)), Err(DeviceError::Gone));
    assert!(SerialScanner::open(&port).is_err());
}

#[test]
fn a_scanner_that_is_not_there_is_gone() {
    let port = ScannerPort {
        port: PathBuf::from("/nonexistent/ttyACM0"),
        baud: 9600,
        prefix: String::new(),
        suffix: String::new(),
    };
    assert!(matches!(SerialScanner::open(&port), Err(DeviceError::Gone)));
}
