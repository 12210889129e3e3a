//! The machine around the program: its card service, the USB reader that is plugged in and out, the card.
//! How the wires are led into the machine is decided in `tests/vm/run`.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use simulator::card::{Event, Inserted as _, Manner, Pace, VscardCard, Watch, load};
use tests::asked::asked_for;
use tests::pcscd::said;

/// Set inside the machine.
const STAGE: &str = "DIPCHIP_STAGE_VM";
/// Leads to the card in the USB reader.
const CARD_PORT: &str = "/dev/virtio-ports/card";
/// Leads to the machine's own controls (QMP).
const CONTROL_PORT: &str = "/dev/virtio-ports/control";
/// An emulated processor is some twenty times slower than a real one, and shares a busy machine.
const SEEN_WITHIN: Duration = Duration::from_secs(60);
/// What pcscd says once its drivers are loaded.
const READY: &str = "daemon ready";

/// Is the stage on? Otherwise says loudly that this test shows nothing.
pub fn stage_is_on(test: &str) -> bool {
    asked_for(STAGE, "vm", test)
}

/// Runs a command of the machine to its end.
pub fn ran(command: &mut Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{command:?}: {}: {said}", output.status)))
}

/// The machine's card service, started by hand as systemd would.
pub struct Service {
    child: Option<Child>,
}

impl Service {
    pub fn start() -> io::Result<Self> {
        let mut service = Self { child: None };
        service.restart()?;
        Ok(service)
    }

    /// Kills the service as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself: either way it is gone afterwards.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it, and says since when it can be used.
    pub fn restart(&mut self) -> io::Result<Instant> {
        self.kill();
        let mut command = Command::new("pcscd");
        command.args(["--foreground", "--info"]);
        // Newer ones ask polkit, which has no bus to be asked over here.
        let help = Command::new("pcscd").arg("--help").output()?;
        if String::from_utf8_lossy(&help.stdout).contains("disable-polkit") {
            command.arg("--disable-polkit");
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = self.child.insert(command.spawn()?);
        let log = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        said(log, READY, SEEN_WITHIN)?;
        Ok(Instant::now())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A card of `tests/cards` in the machine's USB reader; dropping it takes the card out.
pub struct Card {
    inserted: VscardCard,
    events: Receiver<Event>,
}

impl Card {
    /// Puts it in, and returns once the reader has taken it.
    pub fn insert(name: &str) -> io::Result<Self> {
        let (sender, events) = mpsc::channel();
        let watch = Watch::new(move |event| sender.send(event).unwrap_or_default());
        let image = load(name).map_err(io::Error::other)?;
        let (port, manner, pace) = (Path::new(CARD_PORT), Manner::default(), Pace::default());
        let inserted = VscardCard::new(port, image, manner, pace, watch)?;
        let card = Self { inserted, events };
        card.seen(Event::Inserted)?;
        Ok(card)
    }

    /// Waits until this has happened.
    pub fn seen(&self, expected: Event) -> io::Result<()> {
        let begun = Instant::now();
        loop {
            let rest = SEEN_WITHIN.saturating_sub(begun.elapsed());
            match self.events.recv_timeout(rest) {
                Ok(event) if event == expected => return Ok(()),
                Ok(_) => {}
                Err(_) => return Err(io::ErrorKind::TimedOut.into()),
            }
        }
    }

    /// Takes it out and puts another in.
    pub fn swap(&self, name: &str) -> io::Result<()> {
        self.inserted.swap(load(name).map_err(io::Error::other)?, Manner::default());
        self.seen(Event::Inserted)
    }

    /// Takes it out at this exchange, counted from 1.
    pub fn remove_at(&self, at: u32) {
        self.inserted.remove_at(at);
    }

    /// How many exchanges the card has seen since it came in.
    pub fn exchanges(&self) -> u32 {
        self.inserted.exchanges()
    }
}

/// The machine's controls, by which its hands plug the reader.
pub struct Controls {
    port: File,
    answers: BufReader<File>,
}

impl Controls {
    pub fn open() -> io::Result<Self> {
        let port = File::options().read(true).write(true).open(CONTROL_PORT)?;
        let answers = BufReader::new(port.try_clone()?);
        let mut controls = Self { port, answers };
        // Agreed once a machine; a second time is an error that changes nothing.
        let _ = controls.execute("qmp_capabilities", &json!({}));
        Ok(controls)
    }

    /// Pulls the reader's plug.
    pub fn unplug_reader(&mut self) -> io::Result<()> {
        self.execute("device_del", &json!({"id": "reader"}))?;
        self.until(|said| {
            said.get("event").is_some_and(|event| event == "DEVICE_DELETED")
                && said.pointer("/data/device").is_some_and(|device| device == "reader")
        })
        .map(drop)
    }

    /// Plugs the reader in; a card that is inserted lies in it again.
    pub fn plug_reader(&mut self) -> io::Result<()> {
        let reader = json!({"driver": "usb-ccid", "id": "reader", "bus": "usb.0"});
        self.execute("device_add", &reader)?;
        let card = json!({"driver": "ccid-card-passthru", "bus": "reader.0", "chardev": "card"});
        self.execute("device_add", &card)
    }

    fn execute(&mut self, command: &str, arguments: &Value) -> io::Result<()> {
        writeln!(self.port, "{}", json!({"execute": command, "arguments": arguments}))?;
        let answer = self.until(|said| said.get("return").or(said.get("error")).is_some())?;
        match answer.get("error") {
            None => Ok(()),
            Some(error) => Err(io::Error::other(format!("{command}: {error}"))),
        }
    }

    fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> io::Result<Value> {
        loop {
            let mut line = String::new();
            if self.answers.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let said: Value = serde_json::from_str(&line).map_err(io::Error::other)?;
            if wanted(&said) {
                return Ok(said);
            }
        }
    }
}
