//! A camera that a program feeds (v4l2loopback): refused by a kiosk that was not told, and read by one that was.

use std::fs::File;
use std::io::{self, Write as _};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;
use simulator::bank::{Bank, Options};
use tests::camera::picture;

use crate::camera::diagnosed;
use crate::kiosk::{Codes, Kiosk, config};
use crate::machine::{ran, stage_is_on};

/// A number that no other camera of the machine gets.
const NODE: &str = "/dev/video40";
/// 15 frames a second.
const EVERY: Duration = Duration::from_millis(66);

/// A plugged-in camera that shows one picture over and over; dropping it pulls it.
struct Loopback {
    shown: Arc<Mutex<Vec<u8>>>,
    over: Arc<AtomicBool>,
    feeder: Option<JoinHandle<io::Result<()>>>,
}

impl Loopback {
    fn plug_in(picture: Vec<u8>) -> io::Result<Self> {
        let module =
            ["v4l2loopback", "video_nr=40", "card_label=Loopback Camera", "exclusive_caps=0"];
        ran(Command::new("modprobe").args(module))?;
        ran(Command::new("udevadm").arg("settle"))?;
        let format = "--set-fmt-video-out=width=640,height=480,pixelformat=MJPG";
        ran(Command::new("v4l2-ctl").args(["-d", NODE, "-c", "keep_format=1", format]))?;
        let mut node = File::options().write(true).open(NODE)?;
        let (shown, over) = (Arc::new(Mutex::new(picture)), Arc::new(AtomicBool::new(false)));
        let (before, told) = (Arc::clone(&shown), Arc::clone(&over));
        let feeder = thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                // One write is one frame.
                let frame = lock(&before).clone();
                node.write_all(&frame)?;
                thread::park_timeout(EVERY);
            }
            Ok(())
        });
        Ok(Self { shown, over, feeder: Some(feeder) })
    }

    fn show(&self, picture: Vec<u8>) {
        *lock(&self.shown) = picture;
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(feeder) = self.feeder.take() {
            feeder.join().expect("the feeder ends").expect("the feeder could write");
        }
        ran(Command::new("modprobe").args(["-r", "v4l2loopback"])).expect("the driver is free");
    }
}

fn lock(shown: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

#[tokio::test]
async fn a_camera_that_a_program_feeds_is_refused_unless_it_is_allowed() {
    if !stage_is_on("a_camera_that_a_program_feeds_is_refused_unless_it_is_allowed") {
        return;
    }
    let loopback = Loopback::plug_in(picture("no-face.jpg")).expect("plugged in");
    let folder = tempfile::tempdir().expect("a folder");
    let told = config("https://127.0.0.1:9", Codes::Camera);
    let untold = told.replace("virtual_cameras = \"allow\"\n", "");
    assert_ne!(told, untold);
    std::fs::write(folder.path().join("kiosk.toml"), untold).expect("written");
    let (verdict, finding) = diagnosed(folder.path());
    assert_eq!(verdict, "fault", "{finding}");
    assert!(finding.contains("not one that the configuration allows"), "{finding}");

    let bank = Bank::start(Options::default()).expect("the simulated bank starts");
    bank.write_files(&folder.path().join("bank")).expect("the credentials are written");
    let kiosk = Kiosk::start(folder, &bank.base_url(), Codes::Camera);
    let customer = kiosk.customer().await;
    customer.act(&json!({"action": "start"})).await.expect("started");
    customer.until_screen("scan").await.expect("a code is wanted");
    let shown = Instant::now();
    loopback.show(picture("code128.jpg"));
    customer.until_screen("insert_card").await.expect("the barcode is read");
    println!("barcode shown until it is read: {} ms", shown.elapsed().as_millis());
    drop(kiosk);
}
