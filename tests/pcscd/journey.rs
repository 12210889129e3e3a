//! Whole journeys with the production program: real pcscd and driver, a scanner on a pty, the bank over HTTPS.
//!
//! Walked through `/v1` as the page would. The bank's decrypted record must say what the raw image says,
//! and the program's log nothing of the person.
#![expect(clippy::panic, reason = "the helpers of a test fail it with the program's log")]

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use simulator::bank::{Bank, Cut, Endpoint, Fault, Kind, Options, SealedAgain};
use simulator::customer::{Customer, Hands, Manner, Walk};
use tests::kiosk;
use tests::pcscd::{InsertedCard, PrivatePcscd, Readers, stage_is_on};
use tests::personal::{Person, expected};
use tests::pty::Pty;

/// The program starts within a second, on a busy machine within some.
const STARTED_WITHIN: Duration = Duration::from_secs(30);
/// pcscd's comings and goings are noticed within a second or two.
pub(crate) const NOTICED_WITHIN: Duration = Duration::from_secs(30);

/// A view takes some milliseconds, on a busy machine some hundreds; a hanging card's call never returns.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// The production program among real parts; dropping it ends all of them.
pub(crate) struct Kiosk {
    pub(crate) pcscd: PrivatePcscd,
    pub(crate) bank: Bank,
    pty: Pty,
    pub(crate) program: Child,
    pub(crate) card: Option<InsertedCard>,
    pub(crate) reference: String,
}

impl Kiosk {
    pub(crate) fn start() -> Self {
        let pcscd = PrivatePcscd::start(Readers::One).expect("pcscd starts");
        let bank = Bank::start(Options::default()).expect("the simulated bank starts");
        bank.write_files(&pcscd.folder().join("bank")).expect("the credentials are written");
        let pty = Pty::open().expect("a pseudo-terminal");
        let config = kiosk::config(&bank.base_url(), "Virtual PCD*", "", "trace")
            + &kiosk::scanner(pty.path().to_str().expect("a plain path"));
        fs::write(pcscd.folder().join("kiosk.toml"), config).expect("the configuration is written");
        let program = serve(&pcscd);
        let (card, reference) = (None, String::new());
        Self { pcscd, bank, pty, program, card, reference }
    }

    /// Kills the program as a power cut would, and starts it again.
    fn restart_program(&mut self) {
        self.program.kill().expect("the program runs");
        self.program.wait().expect("a child");
        fs::remove_file(self.path("page.url")).expect("the old address");
        self.program = serve(&self.pcscd);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.pcscd.folder().join(name)
    }

    pub(crate) async fn customer(&self) -> Customer {
        let address = poll(STARTED_WITHIN, || fs::read_to_string(self.path("page.url")).ok()).await;
        let address = address.unwrap_or_else(|| panic!("no page: {}", self.log()));
        Customer::arrive(address.trim()).await.expect("the page opens")
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).expect("a log")
    }

    async fn walk(&mut self, customer: &Customer, reference: &str) -> Walk {
        self.reference = reference.to_owned();
        let walk = customer.walk(self, &Manner::default()).await;
        let walk = walk.unwrap_or_else(|error| panic!("{error}: {}", self.log()));
        self.card = None;
        customer.leave().await.expect("the page is free again");
        walk
    }

    pub(crate) fn submits(&self) -> Vec<Value> {
        let submits =
            self.bank.records().into_iter().filter(|record| record.endpoint() == Endpoint::Submit);
        submits.map(|record| record.json()).collect()
    }
}

impl Hands for Kiosk {
    fn insert_card(&mut self) {
        self.card = Some(InsertedCard::insert(&self.pcscd, "somchai").expect("a card goes in"));
    }

    fn show_code(&mut self) {
        let reference = self.reference.clone();
        self.pty.scan(&reference).expect("the scanner is plugged in");
    }

    fn face_camera(&mut self) {}
}

impl Drop for Kiosk {
    fn drop(&mut self) {
        // It may have ended by itself: either way it is gone afterwards.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// Starts the program; its log grows over restarts.
fn serve(pcscd: &PrivatePcscd) -> Child {
    let log = File::options().create(true).append(true).open(pcscd.folder().join("log"));
    pcscd
        .command("dipchip")
        .args(["serve", "--config"])
        .arg(pcscd.folder().join("kiosk.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log.expect("a log file"))
        .spawn()
        .expect("the program starts")
}

pub(crate) async fn poll<T>(within: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    let mut every = tokio::time::interval(Duration::from_millis(50));
    while begun.elapsed() < within {
        every.tick().await;
        if let Some(found) = look() {
            return Some(found);
        }
    }
    None
}

/// The code of the trouble that the page shows, wherever it shows it.
async fn trouble(customer: &Customer) -> Option<String> {
    let view = customer.view().await.expect("the daemon is alive");
    let code = |pointer: &str| view.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    code("/screen/trouble/code").or_else(|| code("/reader_trouble/code"))
}

pub(crate) async fn until_trouble(customer: &Customer, expected: &str) {
    let begun = Instant::now();
    let mut every = tokio::time::interval(Duration::from_millis(50));
    let mut last = None;
    while begun.elapsed() < NOTICED_WITHIN {
        every.tick().await;
        last = trouble(customer).await;
        if last.as_deref() == Some(expected) {
            return;
        }
    }
    panic!("expected {expected} on the page, got {last:?}");
}

#[tokio::test]
async fn the_bank_receives_what_the_raw_card_says_through_real_parts() {
    if !stage_is_on("the_bank_receives_what_the_raw_card_says_through_real_parts") {
        return;
    }
    let mut kiosk = Kiosk::start();
    let customer = kiosk.customer().await;
    let walk = kiosk.walk(&customer, "SIM-0000-REAL-0001").await;
    assert_eq!((walk.outcome.as_str(), walk.code.as_str()), ("done", "0000"), "{}", kiosk.log());

    let submits = kiosk.submits();
    let [submit] = submits.as_slice() else { panic!("expected one submit") };
    let expected = expected("somchai");
    for key in ["chipNo", "bp1No", "customerImage"] {
        assert_eq!(submit.get(key), expected.get(key), "{key}");
    }
    for (key, value) in expected.get("customerData").and_then(Value::as_object).expect("fields") {
        assert_eq!(submit.pointer(&format!("/customerData/{key}")), Some(value), "{key}");
    }
    let person = Person::of_card("somchai").and_reference("SIM-0000-REAL-0001");
    let found = person.found_in(kiosk.log().as_bytes());
    assert!(found.is_empty(), "the log holds {found:?}");
    assert!(kiosk.log().contains("done"), "there is a log of the journey");
}

#[tokio::test]
async fn a_killed_pcscd_is_told_and_the_next_journey_works() {
    if !stage_is_on("a_killed_pcscd_is_told_and_the_next_journey_works") {
        return;
    }
    let mut kiosk = Kiosk::start();
    let customer = kiosk.customer().await;
    let walk = kiosk.walk(&customer, "SIM-1101-REAL-0002").await;
    assert_eq!((walk.outcome.as_str(), walk.code.as_str()), ("refused", "1101"));

    kiosk.pcscd.kill();
    until_trouble(&customer, "READER_SERVICE_DOWN").await;
    kiosk.pcscd.restart().expect("pcscd starts again");
    let walk = kiosk.walk(&customer, "SIM-0000-REAL-0003").await;
    assert_eq!((walk.outcome.as_str(), walk.code.as_str()), ("done", "0000"), "{}", kiosk.log());
}

#[tokio::test]
async fn a_card_that_hangs_costs_its_thread_and_not_the_daemon() {
    if !stage_is_on("a_card_that_hangs_costs_its_thread_and_not_the_daemon") {
        return;
    }
    let mut kiosk = Kiosk::start();
    let customer = kiosk.customer().await;
    customer.act(&serde_json::json!({"action": "start"})).await.expect("started");
    kiosk.insert_card();
    kiosk.card.as_ref().expect("a card").hang().expect("the card is muted");
    // The card thread stands in a call that does not return; whoever looks at the page is answered as ever.
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let asked = Instant::now();
        customer.view().await.expect("the daemon is alive");
        slowest = slowest.max(asked.elapsed());
    }
    eprintln!("a card hangs: the slowest of 20 views took {slowest:?}");
    assert!(slowest < ANSWERED_WITHIN, "{slowest:?}");
    until_trouble(&customer, "READER_HUNG").await;
    kiosk.card = None;
    customer.act(&serde_json::json!({"action": "cancel"})).await.expect("cancelled");
    customer.leave().await.expect("the page is free again");
    let walk = kiosk.walk(&customer, "SIM-0000-REAL-0004").await;
    assert_eq!((walk.outcome.as_str(), walk.code.as_str()), ("done", "0000"), "{}", kiosk.log());
}

#[tokio::test]
async fn a_submit_under_way_when_the_program_dies_is_settled_after_its_restart() {
    if !stage_is_on("a_submit_under_way_when_the_program_dies_is_settled_after_its_restart") {
        return;
    }
    let mut kiosk = Kiosk::start();
    // The bank acts and the answer is lost: the program sends again after two seconds, if it lives so long.
    let cut = Kind::Cut(Cut::BeforeAnswer);
    kiosk.bank.add_fault(Fault::new(cut).at(Endpoint::Submit).times(1));
    let customer = kiosk.customer().await;
    kiosk.reference = "SIM-0000-KILL-0001".to_owned();
    customer.act(&serde_json::json!({"action": "start"})).await.expect("started");
    kiosk.show_code();
    kiosk.insert_card();
    let consents = customer.until_screen("consents").await.expect("consents");
    let texts = consents.pointer("/screen/texts").and_then(Value::as_array).map_or(0, Vec::len);
    let agreed = serde_json::json!({"action": "consents", "answers": vec!["Y"; texts]});
    customer.act(&agreed).await.expect("agreed");
    customer.until_screen("confirm").await.expect("the data");
    let confirmed = serde_json::json!({"action": "confirm", "postal_code": null, "mobile": null});
    customer.act(&confirmed).await.expect("confirmed");
    poll(NOTICED_WITHIN, || (kiosk.submits().len() == 1).then_some(())).await.expect("sent");

    kiosk.restart_program();
    poll(NOTICED_WITHIN, || (kiosk.submits().len() == 2).then_some(())).await.expect("sent again");
    let records = kiosk.bank.records();
    let last = records.iter().rfind(|one| one.endpoint() == Endpoint::Submit).expect("two submits");
    assert_eq!(last.sealed_again(), SealedAgain::SameBody, "byte for byte the same");
    assert_eq!(last.code().map(|code| code.to_string()).as_deref(), Some("1602"));
    poll(NOTICED_WITHIN, || kiosk.log().contains("settled").then_some(())).await.expect("settled");
    let person = Person::of_card("somchai").and_reference("SIM-0000-KILL-0001");
    assert!(person.found_in(kiosk.log().as_bytes()).is_empty(), "nothing personal in the log");
}

#[tokio::test]
async fn a_stop_signal_ends_the_program_in_order() {
    if !stage_is_on("a_stop_signal_ends_the_program_in_order") {
        return;
    }
    let mut kiosk = Kiosk::start();
    drop(kiosk.customer().await);
    kill_process(Pid::from_child(&kiosk.program), Signal::TERM).expect("the program runs");
    let ended = poll(STARTED_WITHIN, || kiosk.program.try_wait().expect("a child")).await;
    assert_eq!(ended.and_then(|status| status.code()), Some(0), "{}", kiosk.log());
}
