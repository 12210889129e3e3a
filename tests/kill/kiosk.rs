//! One kiosk whose program lives for a moment at a time: parts, plan of a life, and its end.
//!
//! pcscd, card, scanner and bank stay; a life begins with the program's start, which is the recovery of the
//! life before. The card lies in the reader from the start on, as after a power cut.
#![expect(clippy::panic, reason = "the helpers of a test fail it with the program's log")]

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::future::pending;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use agent::handover::FILE;
use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use simulator::bank::{Bank, Options};
use simulator::customer::{Customer, Hands, Manner};
use tests::camera::Camera;
use tests::kiosk;
use tests::pcscd::{InsertedCard, PrivatePcscd, Readers};
use tests::pty::Pty;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use crate::evidence;
use crate::plan::{Death, Here, Plan, Wait};

/// The page is there within a tenth of that.
const SERVED_WITHIN: Duration = Duration::from_millis(2_500);
/// The outbox's first round follows the start; what it leaves waits for 15 s at most, plus half.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);
/// What still comes after the result, such as the answer's way into the journal.
const AFTER_RESULT: Duration = Duration::from_millis(300);
/// What stands before the camera: a portrait of nobody.
pub const FACE: &str = "face.jpg";
/// What the customer types, where nobody is killed.
pub const MOBILE: &str = "0898765432";
/// Lines of the log that a failure shows.
const LINES_KEPT: usize = 80;
pub struct Kiosk {
    pcscd: PrivatePcscd,
    pub bank: Bank,
    /// When the last life began.
    pub began: Timestamp,
    pty: Pty,
    camera: Camera,
    card: InsertedCard,
    lies: &'static str,
    lines: Arc<Mutex<VecDeque<String>>>,
    deaths: BTreeMap<&'static str, u32>,
}

impl Kiosk {
    pub fn open() -> Self {
        let pcscd = PrivatePcscd::start(Readers::One).expect("pcscd starts");
        let bank = Bank::start(Options::default()).expect("the simulated bank starts");
        bank.write_files(&pcscd.folder().join("bank")).expect("the credentials are written");
        let pty = Pty::open().expect("a pseudo-terminal");
        let camera = Camera::plug_in(pcscd.folder(), FACE).expect("a camera");
        let config = kiosk::config(&bank.base_url(), "Virtual PCD*", "", "debug")
            + &kiosk::scanner(pty.path().to_str().expect("a plain path"))
            + &camera.section();
        fs::write(pcscd.folder().join("kiosk.toml"), config).expect("the configuration is written");
        let lies = "somchai";
        let card = InsertedCard::insert(&pcscd, lies).expect("a card goes in");
        let (lines, deaths) = (Arc::default(), BTreeMap::new());
        let began = Timestamp::now();
        Self { pcscd, bank, began, pty, camera, card, lies, lines, deaths }
    }

    /// Where the journal lies.
    pub fn journal(&self) -> PathBuf {
        self.pcscd.folder().join("journal")
    }

    /// One life of the program, with a customer as far as it goes.
    pub async fn live_and_die(&mut self, plan: &Plan) {
        if self.lies != plan.card {
            self.card.order(&format!("become {}", plan.card)).expect("the card's simulator runs");
            self.lies = plan.card;
        }
        self.bank.clear_faults();
        if let Some(fault) = &plan.fault {
            self.bank.add_fault(fault.clone());
        }
        if plan.here == Here::Lost {
            // There was none where nobody stood there.
            let _ = fs::remove_file(self.journal().join(FILE));
        }
        self.began = Timestamp::now();
        let mut program = self.start(plan.death);
        let page = self.pcscd.folder().join("page.url");
        let mut hands = Finger { pty: &mut self.pty, reference: &plan.reference };
        let met = tokio::select! {
            () = program.death(plan.death) => program.met(),
            () = meet(&page, &mut hands) => Met::Elsewhere,
        };
        program.kill();
        let word = match (met, plan.death) {
            (_, Death::After(_)) => "at random",
            (Met::AtPoint, Death::At { point, .. }) => point.name,
            (Met::Elsewhere, Death::At { .. }) => "a point that did not come",
        };
        *self.deaths.entry(word).or_default() += 1;
    }

    /// A life that ends when the caller says so.
    pub fn live(&self) -> Program {
        self.start(Death::After(Duration::MAX))
    }

    /// Puts the card in if it is out.
    pub fn put_the_card_in(&self) {
        self.card.order("insert").expect("the card's simulator runs");
    }

    /// Walks to a good result, before a page that hears and sees everything; returns the slip's lines.
    pub async fn walk(&mut self, customer: &Customer, reference: &str) -> Vec<String> {
        let _page = customer.look_on().await.expect("the page listens and looks");
        let mut hands = Finger { pty: &mut self.pty, reference };
        let manner = Manner { mobile: Some(MOBILE.to_owned()), ..Manner::default() };
        let walk = customer.walk(&mut hands, &manner).await;
        let walk = walk.unwrap_or_else(|error| panic!("{error}: {}", self.log()));
        assert_eq!(walk.outcome, "done", "{}", self.log());
        walk.slip
    }

    /// Walks to the result, takes the card out and leaves; returns the slip's lines.
    pub async fn whole_journey(&mut self, reference: &str) -> Vec<String> {
        let customer = self.customer().await;
        let slip = self.walk(&customer, reference).await;
        self.card.order("eject").expect("the card's simulator runs");
        customer.until(|view| view["card"] == "absent").await.expect("the card is out");
        customer.until_screen("attract").await.expect("the end");
        slip
    }

    /// A customer before the page.
    pub async fn customer(&self) -> Customer {
        let page = self.pcscd.folder().join("page.url");
        let address = poll(SETTLED_WITHIN, || fs::read_to_string(&page).ok()).await;
        let address = address.unwrap_or_else(|| panic!("no page: {}", self.log()));
        Customer::arrive(address.trim()).await.expect("the page opens")
    }

    /// A life without a customer, in which the outbox brings everything to its end.
    pub async fn settle_everything(&mut self) {
        self.bank.clear_faults();
        self.began = Timestamp::now();
        let mut program = self.start(Death::After(SETTLED_WITHIN));
        let journal = self.journal();
        poll(SETTLED_WITHIN, || evidence::nothing_is_open(&journal).then_some(())).await;
        program.kill();
    }

    /// A new journal, so that looking at it stays quick.
    pub fn begin_anew(&mut self) {
        fs::remove_dir_all(self.journal()).expect("the journal's folder is there");
    }

    /// The last lines of the program's log.
    pub fn log(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// How often a life ended where.
    pub fn table(&self) -> String {
        self.deaths.iter().map(|(point, times)| format!("{times:>6}  {point}\n")).collect()
    }

    fn start(&self, death: Death) -> Program {
        // An address of the life before would lead nowhere.
        let _ = fs::remove_file(self.pcscd.folder().join("page.url"));
        let mut command = self.pcscd.command("dipchip");
        command.args(["serve", "--config"]).arg(self.pcscd.folder().join("kiosk.toml"));
        self.camera.lend(&mut command);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let (died, deaths) = unbounded_channel();
        let log = child.stderr.take().expect("as just asked for");
        let (pid, lines) = (Pid::from_child(&child), Arc::clone(&self.lines));
        thread::spawn(move || watch(log, death, pid, &lines, &died));
        Program { child, deaths, met: Met::Elsewhere }
    }
}

/// Did the life end where it should?
#[derive(Clone, Copy, Eq, PartialEq)]
enum Met {
    AtPoint,
    Elsewhere,
}

/// The running program.
pub struct Program {
    child: Child,
    deaths: UnboundedReceiver<()>,
    met: Met,
}

impl Program {
    /// Returns when the time has come, or the watch has killed it.
    async fn death(&mut self, death: Death) {
        let within = match death {
            Death::After(time) => time,
            Death::At { patience, .. } => patience,
        };
        if let Ok(Some(())) = timeout(within, self.deaths.recv()).await {
            self.met = Met::AtPoint;
        }
    }

    fn met(&self) -> Met {
        self.met
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn kill(&mut self) {
        // The watch may have been quicker: either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the log, and kills at the line that is waited for.
fn watch(
    log: ChildStderr,
    death: Death,
    pid: Pid,
    kept: &Mutex<VecDeque<String>>,
    died: &UnboundedSender<()>,
) {
    let mut wait = Wait::of(death);
    for line in BufReader::new(log).lines().map_while(Result::ok) {
        if let Some(later) = wait.ends_with(&line) {
            let since = Instant::now();
            while since.elapsed() < later {
                std::hint::spin_loop();
            }
            let _ = kill_process(pid, Signal::KILL);
            let _ = died.send(());
        }
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= LINES_KEPT {
            kept.pop_front();
        }
        kept.push_back(line);
    }
}

/// Walks a journey as far as the program lives; then waits for its end. After a result only little comes.
async fn meet(page: &Path, hands: &mut Finger<'_>) {
    let address = poll(SERVED_WITHIN, || fs::read_to_string(page).ok()).await;
    if let Some(address) = address
        && let Ok(customer) = Customer::arrive(address.trim()).await
    {
        // It breaks off where the program ends.
        if customer.walk(hands, &Manner::default()).await.is_ok() {
            let _ = timeout(AFTER_RESULT, pending::<()>()).await;
            return;
        }
    }
    pending().await
}

/// What is left to do by hand: the card is in.
struct Finger<'a> {
    pty: &'a mut Pty,
    reference: &'a str,
}

impl Hands for Finger<'_> {
    fn insert_card(&mut self) {}

    fn show_code(&mut self) {
        self.pty.scan(self.reference).unwrap_or_else(|error| panic!("scanning: {error}"));
    }

    fn face_camera(&mut self) {}
}

pub async fn poll<T>(within: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    let mut every = tokio::time::interval(Duration::from_millis(5));
    while begun.elapsed() < within {
        every.tick().await;
        if let Some(found) = look() {
            return Some(found);
        }
    }
    None
}
