//! A webcam through the real uvcvideo driver: found by its name, streaming in the right format, hanging,
//! pulled and plugged in again, and reading a code.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};
use simulator::bank::{Bank, Options};
use tests::camera::picture;
use tests::pcscd::program;

use crate::kiosk::{Codes, Kiosk, config, until_now};
use crate::machine::stage_is_on;
use crate::webcam::{Format, Webcam};

/// The diagnosis gives a camera ten seconds, which an emulated machine beside other work may exceed.
const DIAGNOSES_MAX: u32 = 6;

/// What the diagnosis says of the camera: its verdict and the words.
pub fn diagnosed(folder: &Path) -> (String, String) {
    let output = Command::new(program("dipchip"))
        .args(["diagnose", "--json", "--config"])
        .arg(folder.join("kiosk.toml"))
        .output()
        .expect("the program starts");
    let report: Value = serde_json::from_slice(&output.stdout).expect("one object");
    let findings = report.get("findings").and_then(Value::as_array).expect("findings");
    let camera = findings
        .iter()
        .find(|finding| finding.get("check").is_some_and(|check| check == "camera"))
        .expect("the camera is checked");
    let word = |key: &str| camera.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    (word("verdict"), word("finding"))
}

/// What the list of devices says of the webcam: of its two nodes the one that delivers pictures.
fn listed() -> Value {
    let output = Command::new(program("dipchip"))
        .args(["devices", "--json"])
        .output()
        .expect("the program starts");
    let said = String::from_utf8(output.stdout).expect("text");
    let devices = said.lines().map(|line| serde_json::from_str::<Value>(line).expect("an object"));
    let is_camera = |device: &Value| {
        device.get("setting").is_some_and(|setting| setting == "camera.device")
            && device.get("name").is_some_and(|name| name.to_string().contains("Simulated Webcam"))
    };
    let mut cameras: Vec<Value> = devices.filter(is_camera).collect();
    assert_eq!(cameras.len(), 1, "{said}");
    cameras.remove(0)
}

#[test]
fn a_webcam_is_found_by_name_streams_and_is_told_when_it_hangs_or_is_gone() {
    if !stage_is_on("a_webcam_is_found_by_name_streams_and_is_told_when_it_hangs_or_is_gone") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("kiosk.toml"), config("https://127.0.0.1:9", Codes::Camera))
        .expect("written");
    let webcam = Webcam::plug_in(picture("face.jpg")).expect("plugged in");
    let nodes = || fs::read_dir("/sys/class/video4linux").map_or(0, Iterator::count);
    assert!(until_now(|| nodes() == 2), "one node for pictures, one for metadata");
    let mut found = diagnosed(folder.path());
    for _ in 1..DIAGNOSES_MAX {
        println!("{}", found.1);
        if found.0 == "ok" {
            break;
        }
        found = diagnosed(folder.path());
    }
    let (verdict, finding) = found;
    assert_eq!(verdict, "ok", "{finding}");
    assert!(finding.contains("640×480"), "{finding}");
    assert_eq!(webcam.format(), Format::Mjpg, "the quicker format is chosen");
    let listed = listed();
    let port = listed.get("port").and_then(Value::as_str).unwrap_or_default();
    assert!(port.starts_with("usb:"), "{listed}");
    assert_eq!(listed.get("kind").and_then(Value::as_str), Some("virtual"), "{listed}");
    let modes = listed.get("modes").and_then(Value::as_str).unwrap_or_default();
    assert_eq!(modes, "YUYV 640×480 5/s, MJPG 640×480 15/s");

    webcam.stall(true);
    let (verdict, finding) = diagnosed(folder.path());
    println!("{finding}");
    assert_eq!(verdict, "fault", "{finding}");
    drop(webcam);
    assert!(until_now(|| nodes() == 0), "unplugged");
    let (verdict, finding) = diagnosed(folder.path());
    println!("{finding}");
    assert_eq!(verdict, "fault", "{finding}");
}

#[tokio::test]
async fn a_camera_that_is_plugged_in_again_reads_the_code() {
    if !stage_is_on("a_camera_that_is_plugged_in_again_reads_the_code") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let bank = Bank::start(Options::default()).expect("the simulated bank starts");
    bank.write_files(&folder.path().join("bank")).expect("the credentials are written");
    let webcam = Webcam::plug_in(picture("no-face.jpg")).expect("plugged in");
    let kiosk = Kiosk::start(folder, &bank.base_url(), Codes::Camera);
    let customer = kiosk.customer().await;
    customer.act(&json!({"action": "start"})).await.expect("started");
    assert!(until_now(|| webcam.frames() > 2), "no frames: {}", kiosk.log());

    let pulled = Instant::now();
    drop(webcam);
    let missed = || kiosk.health("camera").is_some_and(|state| state == "missing");
    assert!(until_now(missed), "not missed: {}", kiosk.log());
    println!("camera pulled until it is missed: {} ms", pulled.elapsed().as_millis());
    let plugged = Instant::now();
    let webcam = Webcam::plug_in(picture("qr-demo.jpg")).expect("plugged in");
    assert!(until_now(|| webcam.frames() > 0), "not healed: {}", kiosk.log());
    println!("camera plugged in until frames come: {} ms", plugged.elapsed().as_millis());
    customer.until_screen("insert_card").await.expect("the code is read");
    println!("camera plugged in until the code is read: {} ms", plugged.elapsed().as_millis());
}
