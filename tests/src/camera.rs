//! A camera for a program under test, on a machine without any: `camera.c` answers for the driver.
//!
//! The program opens, asks, maps and waits as ever; only the kernel's side is not the kernel's. What stands
//! before the camera is a picture, which may change while the program looks.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The name of the device file, in the camera's folder.
const NODE: &str = "video77";
/// The driver's side, and what it sees: names within the camera's folder.
const DRIVER: &str = "camera.so";
const PICTURE: &str = "camera.jpg";

/// A camera, plugged in as long as its folder has a picture.
pub struct Camera {
    folder: PathBuf,
}

impl Camera {
    /// Makes a camera in this folder, that sees one of `tests/pictures`.
    ///
    /// # Errors
    /// What the system says, or that there is no C compiler.
    pub fn plug_in(folder: &Path, picture: &str) -> io::Result<Self> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/camera.c");
        let driver = folder.join(DRIVER);
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).args([&driver, &source]).arg("-ldl");
        if !compiler.status()?.success() {
            return Err(io::Error::other("camera.c does not compile"));
        }
        // The program finds a file there; when it opens it, the library answers.
        std::fs::write(folder.join(NODE), [])?;
        let camera = Self { folder: folder.to_owned() };
        camera.sees(picture)?;
        Ok(camera)
    }

    /// Changes what stands before the camera: one of `tests/pictures`.
    ///
    /// # Errors
    /// What the system says.
    pub fn sees(&self, picture: &str) -> io::Result<()> {
        let (new, now) = (self.folder.join("camera.new"), self.folder.join(PICTURE));
        // In one step: half a picture is none.
        std::fs::write(&new, self::picture(picture))?;
        std::fs::rename(new, now)
    }

    /// Stops sending frames, as a camera whose firmware hangs, until it sees something again.
    ///
    /// # Errors
    /// What the system says.
    pub fn stall(&self) -> io::Result<()> {
        std::fs::write(self.folder.join(PICTURE), [])
    }

    /// Is pulled, until it sees something again.
    ///
    /// # Errors
    /// What the system says.
    pub fn pull(&self) -> io::Result<()> {
        std::fs::remove_file(self.folder.join(PICTURE))
    }

    /// Lets a program have it.
    pub fn lend<'a>(&self, program: &'a mut Command) -> &'a mut Command {
        program
            .env("LD_PRELOAD", self.folder.join(DRIVER))
            .env("CAMERA_NODE", self.folder.join(NODE))
            .env("CAMERA_PICTURE", self.folder.join(PICTURE))
    }

    /// The section of the configuration. A program plays this camera, which a kiosk has to be told.
    #[must_use]
    pub fn section(&self) -> String {
        let device = self.folder.join(NODE);
        format!("\n[camera]\ndevice = \"{}\"\nvirtual_cameras = \"allow\"\n", device.display())
    }
}

/// One of `tests/pictures`, as a file.
///
/// # Panics
/// If there is no such picture.
#[must_use]
pub fn picture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures").join(name);
    std::fs::read(path).expect("a picture of tests/pictures")
}
