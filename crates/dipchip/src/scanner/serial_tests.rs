//! Codes cut from bytes, and from a pseudo-terminal as a real line.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::*;

#[track_caller]
fn check(prefix: &str, suffix: &str, sent: &[u8], expected: &[&str]) {
    let mut line = CodeLine::new(prefix, suffix);
    line.push(sent);
    let codes: Vec<String> = std::iter::from_fn(|| line.take()).collect();
    assert_eq!(codes, expected);
}

#[test]
fn a_line_end_of_either_kind_ends_a_code() {
    check("", "", b"BAYMK191200001\r\n", &["BAYMK191200001"]);
    check("", "", b"A1\rB2\nC3\r\n", &["A1", "B2", "C3"]);
}

#[test]
fn a_code_without_end_is_not_yet_one() {
    check("", "", b"BAYMK1912", &[]);
}

#[test]
fn empty_lines_are_no_codes() {
    check("", "", b"\r\n\r\n\n", &[]);
    check("<", ">", b"<>\r", &[]);
}

#[test]
fn the_scanners_own_marks_are_cut_off() {
    check("]Q3", "#", b"]Q3BAYMK191200001#\r", &["BAYMK191200001"]);
    check("]Q3", "#", b"BAYMK191200001\r", &["BAYMK191200001"]);
}

#[test]
fn a_code_without_bound_is_cut() {
    let mut sent = vec![b'9'; 100_000];
    sent.push(b'\r');
    check("", "", &sent, &["9".repeat(CODE_BYTES_MAX).as_str()]);
}

#[test]
fn bytes_that_are_no_text_are_still_one_code() {
    check("", "", b"\xff\xfeAB\r", &["\u{fffd}\u{fffd}AB"]);
}

#[test]
fn codes_that_nobody_takes_are_bounded() {
    check("", "", &b"A\r".repeat(100), &["A"; WAITING_MAX]);
}

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
