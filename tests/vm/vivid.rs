//! The kernel's own test camera (vivid) and its buttons, which break it as real ones break: a spoilt frame, a
//! stream that dies, a camera that is gone. The agent drops the frame, opens anew, and takes it up again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::json;
use simulator::bank::{Bank, Options};

use crate::camera::diagnosed;
use crate::kiosk::{Codes, Kiosk, config, until_now};
use crate::machine::{ran, stage_is_on};

/// The test camera; dropping it unloads its driver.
struct Vivid {
    node: PathBuf,
}

impl Vivid {
    fn plug_in() -> io::Result<Self> {
        // One camera, pictures alone.
        ran(Command::new("modprobe").args(["vivid", "n_devs=1", "node_types=0x1"]))?;
        ran(Command::new("udevadm").arg("settle"))?;
        let nodes = fs::read_dir("/sys/class/video4linux")?.flatten().map(|entry| entry.path());
        let is_vivid = |node: &PathBuf| {
            fs::read_to_string(node.join("name")).is_ok_and(|name| name.starts_with("vivid"))
        };
        let node = nodes.into_iter().find(is_vivid).ok_or(io::ErrorKind::NotFound)?;
        let name = node.file_name().ok_or(io::ErrorKind::NotFound)?;
        Ok(Self { node: Path::new("/dev").join(name) })
    }

    /// Presses one of its buttons.
    fn press(&self, button: &str) {
        let pressed =
            Command::new("v4l2-ctl").arg("-d").arg(&self.node).args(["-c", button]).status();
        assert!(pressed.is_ok_and(|status| status.success()), "{button}");
    }
}

impl Drop for Vivid {
    fn drop(&mut self) {
        // The agent may just be looking whether it is back.
        let unloaded = || ran(Command::new("modprobe").args(["-r", "vivid"])).is_ok();
        assert!(until_now(unloaded), "somebody holds the camera");
    }
}

#[tokio::test]
async fn a_camera_that_breaks_in_every_way_is_taken_up_again() {
    if !stage_is_on("a_camera_that_breaks_in_every_way_is_taken_up_again") {
        return;
    }
    let vivid = Vivid::plug_in().expect("plugged in");
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("kiosk.toml"), config("https://127.0.0.1:9", Codes::Camera))
        .expect("written");
    let (verdict, finding) = diagnosed(folder.path());
    println!("{finding}");
    assert_eq!(verdict, "ok", "{finding}");

    let bank = Bank::start(Options::default()).expect("the simulated bank starts");
    bank.write_files(&folder.path().join("bank")).expect("the credentials are written");
    let kiosk = Kiosk::start(folder, &bank.base_url(), Codes::Camera);
    let customer = kiosk.customer().await;
    customer.act(&json!({"action": "start"})).await.expect("started");
    let is = |state: &str| until_now(|| kiosk.health("camera").is_some_and(|said| said == state));
    assert!(is("ready"), "{}", kiosk.log());

    vivid.press("inject_v4l2_buf_flag_error=1");
    let broken = Instant::now();
    vivid.press("inject_fatal_streaming_error=1");
    assert!(is("missing"), "the stream did not die: {}", kiosk.log());
    assert!(is("ready"), "not opened anew: {}", kiosk.log());
    println!("stream died until the camera is ready: {} ms", broken.elapsed().as_millis());

    vivid.press("disconnect=1");
    assert!(is("missing"), "not missed: {}", kiosk.log());
    drop(vivid);
    let plugged = Instant::now();
    let again = Vivid::plug_in().expect("plugged in again");
    assert!(is("ready"), "not healed: {}", kiosk.log());
    println!("driver loaded again until the camera is ready: {} ms", plugged.elapsed().as_millis());
    drop(kiosk);
    drop(again);
}
