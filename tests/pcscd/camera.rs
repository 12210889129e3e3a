//! A camera that stalls, is pulled and comes back before the production program, and what it costs; the driver
//! is played by `tests::camera`, because a machine of the continuous build has none.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use simulator::bank::{Bank, Options};
use simulator::customer::Customer;
use tests::camera::Camera;
use tests::kiosk;
use tests::pcscd::{program, stage_is_on};

use crate::journey::poll;

/// What ought to take two seconds may take longer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Frames of the preview from which its rate is told.
const FRAMES: usize = 45;
/// So long the threads of the camera are watched.
const WATCHED: Duration = Duration::from_secs(3);

/// The program before a camera. There is no card service, which is no matter here.
struct Kiosk {
    folder: tempfile::TempDir,
    camera: Camera,
    program: Child,
    _bank: Bank,
}

impl Kiosk {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bank = Bank::start(Options::default()).expect("the simulated bank starts");
        bank.write_files(&folder.path().join("bank")).expect("the credentials are written");
        let camera = Camera::plug_in(folder.path(), "no-face.jpg").expect("a camera");
        let config = kiosk::config(&bank.base_url(), "*", "idle_s = 600", "debug");
        let file = folder.path().join("kiosk.toml");
        fs::write(&file, config + &camera.section()).expect("the configuration is written");
        let log = File::create(folder.path().join("log")).expect("a log file");
        let mut command = Command::new(program("dipchip"));
        command.args(["serve", "--config"]).arg(&file).stdin(Stdio::null()).stdout(Stdio::null());
        let program = camera.lend(&mut command).stderr(log).spawn().expect("the program starts");
        Self { folder, camera, program, _bank: bank }
    }

    fn page(&self) -> PathBuf {
        self.folder.path().join("page.url")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).expect("a log")
    }

    /// A customer whose code is wanted.
    async fn before_the_camera(&self) -> Customer {
        let address = poll(PATIENCE, || fs::read_to_string(self.page()).ok()).await;
        let customer = Customer::arrive(address.expect("a page").trim()).await.expect("it opens");
        customer.act(&json!({"action": "start"})).await.expect("started");
        customer.until_screen("scan").await.expect("a code is wanted");
        self.until("ready").await;
        customer
    }

    /// Waits until the agent says this of the camera, and says how long that took.
    async fn until(&self, state: &str) -> Duration {
        let begun = Instant::now();
        let said = || kiosk::health(&self.page(), "camera").filter(|said| said == state);
        assert!(poll(PATIENCE, said).await.is_some(), "not {state}: {}", self.log());
        begun.elapsed()
    }

    /// What the processor has spent on the threads of this name.
    fn processor(&self, name: &str) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.program.id())).expect("it runs");
        let spent = tasks.flatten().filter_map(|task| {
            let is_named = fs::read_to_string(task.path().join("comm")).ok()?.trim() == name;
            let said = fs::read_to_string(task.path().join("schedstat")).ok()?;
            let ns = said.split(' ').next()?.parse().ok()?;
            is_named.then_some(Duration::from_nanos(ns))
        });
        spent.sum()
    }
}

impl Drop for Kiosk {
    fn drop(&mut self) {
        // It may have ended by itself: either way it is gone afterwards.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

#[tokio::test]
async fn a_camera_that_stalls_or_is_pulled_is_taken_up_again() {
    if !stage_is_on("a_camera_that_stalls_or_is_pulled_is_taken_up_again") {
        return;
    }
    let kiosk = Kiosk::start();
    let customer = kiosk.before_the_camera().await;
    kiosk.camera.stall().expect("stalled");
    println!("stalled until it is given up: {} ms", kiosk.until("failed").await.as_millis());
    kiosk.camera.sees("no-face.jpg").expect("frames come again");
    println!("frames come again until it is ready: {} ms", kiosk.until("ready").await.as_millis());

    kiosk.camera.pull().expect("pulled");
    println!("pulled until it is missed: {} ms", kiosk.until("missing").await.as_millis());
    kiosk.camera.sees("qr-demo.jpg").expect("plugged in");
    println!("plugged in until it is ready: {} ms", kiosk.until("ready").await.as_millis());
    customer.until_screen("insert_card").await.expect("the code is read");
}

#[test]
fn a_camera_that_a_program_plays_is_refused_by_a_kiosk_that_was_not_told() {
    if !stage_is_on("a_camera_that_a_program_plays_is_refused_by_a_kiosk_that_was_not_told") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let camera = Camera::plug_in(folder.path(), "face.jpg").expect("a camera");
    let told = kiosk::config("https://127.0.0.1:9", "*", "", "info") + &camera.section();
    let untold = told.replace("virtual_cameras = \"allow\"\n", "");
    assert_ne!(told, untold);
    for (config, expected) in [(untold, "not one that the configuration allows"), (told, "640×480")]
    {
        let file = folder.path().join("kiosk.toml");
        fs::write(&file, config).expect("written");
        let mut command = Command::new(program("dipchip"));
        command.args(["diagnose", "--json", "--config"]).arg(&file);
        let output = camera.lend(&mut command).output().expect("the program runs");
        let report: Value = serde_json::from_slice(&output.stdout).expect("one object");
        let findings = report.get("findings").and_then(Value::as_array).expect("findings");
        let is_camera =
            |finding: &&Value| finding.get("check").is_some_and(|check| check == "camera");
        let finding = findings.iter().find(is_camera).expect("the camera is checked").to_string();
        assert!(finding.contains(expected), "{finding}");
    }
}

#[tokio::test]
async fn the_preview_is_a_stream_of_frames_and_costs_nothing_without_a_viewer() {
    if !stage_is_on("the_preview_is_a_stream_of_frames_and_costs_nothing_without_a_viewer") {
        return;
    }
    let kiosk = Kiosk::start();
    let _customer = kiosk.before_the_camera().await;
    let threads = ["camera", "camera-capture"];
    let before = threads.map(|name| kiosk.processor(name));
    let begun = Instant::now();
    while begun.elapsed() < WATCHED {
        thread::park_timeout(WATCHED.saturating_sub(begun.elapsed()));
    }
    for (name, before) in threads.iter().zip(before) {
        let share = (kiosk.processor(name) - before).div_duration_f64(begun.elapsed());
        println!("thread {name} while scanning: {:.1} % of one core", share * 100.0);
    }
    let begun = Instant::now();
    let seen = preview(&kiosk, FRAMES);
    let rate = f64::from(u32::try_from(FRAMES).unwrap_or(u32::MAX)) / begun.elapsed().as_secs_f64();
    println!("preview: {rate:.1} frames/s");
    assert!(seen >= FRAMES, "{seen} frames came");
}

/// Looks at the endless preview until so many frames have come, or the stream ends.
fn preview(kiosk: &Kiosk, frames: usize) -> usize {
    let url = fs::read_to_string(kiosk.page()).expect("a page");
    let (host, key) = url.trim().trim_start_matches("http://").split_once("/#key=").expect("a key");
    let body = json!({ "key": key }).to_string();
    let request = format!(
        "POST /v1/pair HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut line = TcpStream::connect(host).expect("the page answers");
    line.write_all(request.as_bytes()).expect("asked");
    let mut answer = String::new();
    line.read_to_string(&mut answer).expect("an answer");
    let said = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let said: Value = serde_json::from_str(said).expect("a token");
    let token = said.get("token").and_then(Value::as_str).expect("a token");

    let mut line = TcpStream::connect(host).expect("the page answers");
    line.set_read_timeout(Some(PATIENCE)).expect("a deadline");
    let request = format!(
        "GET /v1/preview.mjpeg HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    line.write_all(request.as_bytes()).expect("asked");
    let mark = b"--frame\r\n";
    let (mut seen, mut tail, mut chunk) = (0, Vec::new(), vec![0; 65_536]);
    while seen < frames {
        match line.read(&mut chunk) {
            Ok(0) | Err(_) => break,
            Ok(bytes) => tail.extend_from_slice(chunk.get(..bytes).unwrap_or_default()),
        }
        seen += tail.windows(mark.len()).filter(|window| window == mark).count();
        // A mark may be cut by the end of what was read.
        tail.drain(..tail.len().saturating_sub(mark.len() - 1));
    }
    seen
}
