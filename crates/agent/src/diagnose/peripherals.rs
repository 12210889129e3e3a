//! Camera, scanner and printer: does each open, does the camera deliver, and what do the notes say of them.
//!
//! None of them is written to, and no frame leaves this file.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::bounded::{Lost, within};
use super::finding::{Advice, Check, Finding};
use crate::config::{Config, ScannerChoice};
use crate::ports::{DeviceError, Devices};
use crate::quirks::{Grade, Peripheral, Quirks};

/// A frame that takes longer never comes; the first one may wake the camera up.
const FRAME: Duration = Duration::from_secs(2);
/// Enough to tell 5 from 30 frames a second, in a moment.
const FRAMES: u32 = 10;
/// Mean brightness, of 255; a lit room has four times as much, a covered lens less than half.
const DARK: u64 = 24;

/// What a look through the camera found; the frames themselves are gone.
struct Look {
    width: u32,
    height: u32,
    first: Duration,
    others: Duration,
    brightness: u64,
}

/// Opens the camera and takes some frames.
pub(super) async fn camera(devices: &Arc<dyn Devices>, bound: Duration) -> Finding {
    let devices = Arc::clone(devices);
    let looked = within(bound, "opening the camera", move |stage| {
        let begun = Instant::now();
        let mut camera = devices.camera()?;
        stage.enter("taking a frame");
        let mut frame = camera.frame(FRAME)?;
        let first = begun.elapsed();
        for _ in 0..FRAMES {
            frame = camera.frame(FRAME)?;
        }
        let (others, luma) = (begun.elapsed() - first, frame.luma());
        let pixels = u64::try_from(luma.len()).unwrap_or(u64::MAX).max(1);
        let brightness = luma.iter().copied().map(u64::from).sum::<u64>() / pixels;
        let (width, height) = (frame.width(), frame.height());
        Ok::<_, DeviceError>(Look { width, height, first, others, brightness })
    });
    match looked.await {
        Ok(Ok(look)) => seen(&look),
        Ok(Err(DeviceError::NotConfigured)) => Finding::skipped(
            Check::Camera,
            "no camera is configured; errands that need a selfie cannot be done here",
        ),
        Ok(Err(error)) => failed(Check::Camera, error),
        Err(lost) => hung(Check::Camera, lost),
    }
}

fn seen(look: &Look) -> Finding {
    let Look { width, height, brightness, .. } = look;
    let per_second = f64::from(FRAMES) / look.others.as_secs_f64().max(0.001);
    let finding = format!(
        "{width}×{height} pixels, first frame after {} ms, then {per_second:.0} frames a second, \
         brightness {brightness} of 255",
        look.first.as_millis(),
    );
    if *brightness >= DARK {
        return Finding::ok(Check::Camera, finding);
    }
    let advice = Advice::new(
        "the lens is covered, or there is no light before the machine",
        "uncover the lens and light the place where customers stand",
    );
    Finding::warning(Check::Camera, finding, advice)
}

/// Opens the scanner.
pub(super) async fn scanner(devices: &Arc<dyn Devices>, bound: Duration) -> Finding {
    let devices = Arc::clone(devices);
    let opened = within(bound, "opening the scanner", move |_| devices.scanner().map(drop));
    match opened.await {
        Ok(Ok(())) => {
            Finding::ok(Check::Scanner, "the scanner's port opens; scan a code to test it")
        }
        Ok(Err(DeviceError::NotConfigured)) => Finding::skipped(
            Check::Scanner,
            "no scanner is configured; codes are read by the camera, if there is one, or keyed in",
        ),
        Ok(Err(error)) => failed(Check::Scanner, error),
        Err(lost) => hung(Check::Scanner, lost),
    }
}

/// Opens the printer, prints nothing.
pub(super) async fn printer(devices: &Arc<dyn Devices>, bound: Duration) -> Finding {
    let devices = Arc::clone(devices);
    let opened = within(bound, "opening the printer", move |_| devices.printer().map(drop));
    match opened.await {
        Ok(Ok(())) => Finding::ok(Check::Printer, "the printer opens; nothing was printed"),
        Ok(Err(DeviceError::NotConfigured)) => Finding::skipped(
            Check::Printer,
            "no printer is configured; journeys end without a slip",
        ),
        Ok(Err(error)) => failed(Check::Printer, error),
        Err(lost) => hung(Check::Printer, lost),
    }
}

/// What the notes say of the devices that the configuration names.
pub(super) fn notes(config: &Config, quirks: &Quirks) -> Vec<Finding> {
    let cameras = config.camera.iter().flat_map(|camera| &camera.devices);
    let cameras = cameras.map(|device| (Peripheral::Camera, Check::Camera, device.text()));
    let scanner = config.scanner.as_ref().map(ScannerChoice::device);
    let printer = config.printer.as_ref().map(|printer| printer.device.to_string_lossy());
    let scanner = scanner.map(|device| (Peripheral::Scanner, Check::Scanner, device));
    let printer = printer.map(|device| (Peripheral::Printer, Check::Printer, device));
    let note = |(kind, check, device): (Peripheral, Check, Cow<'_, str>)| {
        let (grade, note) = quirks.for_peripheral(kind, &device)?;
        let (name, title, path) = (check.name(), &note.title, &note.path);
        let finding = format!("{name} {device}: {title} ({}); see {path}", grade.word());
        Some(match grade {
            Grade::Works | Grade::ShouldWork => Finding::ok(Check::DeviceNote, finding),
            Grade::Refuse => {
                let advice = Advice::new(
                    "such a device cannot do what is needed here; the note says why",
                    format!("configure another {name}"),
                );
                Finding::warning(Check::DeviceNote, finding, advice)
            }
        })
    };
    cameras.chain(scanner).chain(printer).filter_map(note).collect()
}

/// A printer never fails a journey; without the others one cannot be done, or not in the usual way.
fn bad(check: Check, finding: String, advice: Advice) -> Finding {
    if check == Check::Printer {
        Finding::warning(check, finding, advice)
    } else {
        Finding::fault(check, finding, advice)
    }
}

fn failed(check: Check, error: DeviceError) -> Finding {
    let name = check.name();
    let advice = match error {
        DeviceError::NotConfigured => {
            return Finding::skipped(check, format!("no {name} is configured"));
        }
        DeviceError::Gone => Advice::new(
            "it is unplugged, its device file is another one, or this user may not open it",
            "compare the configured device with /dev, and this user's groups with its owner",
        ),
        DeviceError::Refused => Advice::new(
            "a program plays this camera, or it hangs on no USB port of this machine",
            "configure the camera that customers look into, or allow it by camera.virtual_cameras",
        ),
        DeviceError::Busy => Advice::new(
            "the running agent or another program holds it",
            "stop it (systemctl stop dipchip) and run this again",
        ),
        DeviceError::TimedOut => Advice::new(
            "the cable, a hub without power of its own, or too many devices at one USB port",
            format!("unplug the {name}, plug it in directly, and run this again"),
        ),
        DeviceError::Faulty => Advice::new(
            "it does not offer what the configuration asks for, or it is broken",
            format!("compare the settings of {name} in the configuration with the device's own"),
        ),
    };
    bad(check, format!("{name}: {error}"), advice)
}

fn hung(check: Check, lost: Lost) -> Finding {
    let name = check.name();
    let advice = Advice::new(
        format!("the {name} or its driver hangs"),
        format!("unplug the {name}, plug it in again, and run this again"),
    );
    bad(check, lost.to_string(), advice)
}
