//! Each finding with a world in which it is the case: devices that work, fail or hang, a bank that is not
//! there, is not believed, or gives a token.

pub(crate) mod bench;
mod machine;
mod server;
mod world;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::*;
use crate::ports::{DeviceError, Presence, Start};
use crate::quirks::QuirkError;

use self::bench::{Bench, CardPlay, Play, REFUSED, WORKS, Watch, in_reader};
use server::Paper;
use world::World;

/// Long enough for two busy cores, and never waited for.
const LONG: Duration = Duration::from_secs(60);
/// What hangs is waited for this long.
const SHORT: Duration = Duration::from_millis(50);

const WORKS_NOTE: &str = "+++\nmatch = { reader = \"Example Reader*\" }\ngrade = \"works\"\n\
                          set = { settle_ms = 5 }\n+++\n# Example Reader\n## Symptom\n## Evidence\n\
                          ## What the agent does\n## Retire when\n";

fn quirks() -> Result<Quirks, QuirkError> {
    let refused =
        WORKS_NOTE.replace("Example Reader", "Contactless Example").replace("works", "refuse");
    Quirks::parse(&[("readers/example.md", WORKS_NOTE), ("readers/contactless.md", &refused)])
}

async fn readers(
    bench: Bench,
    list: fn() -> Result<Vec<String>, ReaderError>,
    bound: Duration,
) -> Report {
    let devices: Arc<dyn Devices> = Arc::new(bench);
    let quirks = quirks().unwrap();
    let readers = Readers { devices: &devices, list, quirks: &quirks, bound };
    Report { findings: readers.check().await }
}

fn one_plugged_in() -> Result<Vec<String>, ReaderError> {
    Ok(vec![WORKS.to_owned()])
}

/// The one finding of this check, with its words; every warning and fault has cause and remedy.
#[track_caller]
fn check(report: &Report, check: Check, verdict: Verdict, words: &str) {
    let found: Vec<_> = report.findings.iter().filter(|one| one.check == check).collect();
    let [one] = found.as_slice() else { panic!("one finding expected: {found:#?}") };
    assert_eq!(one.verdict, verdict, "{one:#?}");
    let all = [Some(&one.finding), one.cause.as_ref(), one.remedy.as_ref()];
    assert!(all.into_iter().flatten().any(|text| text.contains(words)), "{words}: {one:#?}");
    if matches!(verdict, Verdict::Warning | Verdict::Fault) {
        assert!(one.cause.is_some() && one.remedy.is_some(), "{one:#?}");
    }
}

#[tokio::test]
async fn a_card_is_read_to_the_end_and_only_its_times_are_told() {
    let report = readers(Bench::default(), one_plugged_in, LONG).await;
    check(&report, Check::Reader, Verdict::Ok, WORKS);
    check(&report, Check::ReaderNote, Verdict::Ok, "connected to 5 ms after an insertion");
    check(&report, Check::Card, Verdict::Ok, "a citizen card answers: connect ");
    let told = format!("{} {} {report:?}", report.text(), report.json());
    for secret in bench::personal() {
        assert!(!told.contains(&secret), "{secret:?} in {told}");
    }
}

#[tokio::test]
async fn a_card_that_needs_a_reset_is_a_warning() {
    let bench = Bench { card: CardPlay::AnswersAfter(Start::Cold), ..Bench::default() };
    let report = readers(bench, one_plugged_in, LONG).await;
    check(&report, Check::Card, Verdict::Warning, "only after a cold reset");
}

#[tokio::test]
async fn a_foreign_card_is_named_as_such() {
    let bench = Bench { card: CardPlay::Foreign, ..Bench::default() };
    let report = readers(bench, one_plugged_in, LONG).await;
    check(&report, Check::Card, Verdict::Fault, "another kind of card");
}

#[tokio::test]
async fn a_card_that_another_program_holds_is_a_fault() {
    let bench = Bench { card: CardPlay::Fails(ReaderError::Busy), ..Bench::default() };
    let report = readers(bench, one_plugged_in, LONG).await;
    check(&report, Check::Card, Verdict::Fault, "systemctl stop dipchip");
}

#[tokio::test]
async fn a_card_that_never_answers_is_a_fault_that_names_the_stage() {
    for (card, stage) in [
        (CardPlay::HangsConnecting, "connecting to the card did not come back"),
        (CardPlay::HangsReading, "reading the card's identity did not come back"),
    ] {
        let report = readers(Bench { card, ..Bench::default() }, one_plugged_in, SHORT).await;
        check(&report, Check::Card, Verdict::Fault, stage);
    }
}

#[tokio::test]
async fn a_hung_service_is_a_fault_within_the_bound() {
    let begun = Instant::now();
    let bench = Bench { watch: Watch::Hangs, ..Bench::default() };
    let report = readers(bench, one_plugged_in, SHORT).await;
    check(&report, Check::Reader, Verdict::Fault, "did not come back within 50ms");
    check(&report, Check::Card, Verdict::Skipped, "no reader can be asked");
    assert!(begun.elapsed() < LONG);
}

#[tokio::test]
async fn each_trouble_of_the_service_has_its_remedy() {
    for (error, verdict, words) in [
        (ReaderError::ServiceDown, Verdict::Fault, "pcscd.socket"),
        (ReaderError::Refused, Verdict::Fault, "polkit"),
        (ReaderError::NotConfigured, Verdict::Skipped, "reader.allow is empty"),
    ] {
        let bench = Bench { watch: Watch::Fails(error), ..Bench::default() };
        let report = readers(bench, one_plugged_in, LONG).await;
        check(&report, Check::Reader, verdict, words);
    }
}

#[tokio::test]
async fn a_machine_without_a_usable_reader_says_what_is_plugged_in() {
    let none = || Bench { watch: Watch::Sees(Presence::NoReader), ..Bench::default() };
    let report = readers(none(), || Ok(Vec::new()), LONG).await;
    check(&report, Check::Reader, Verdict::Fault, "no reader is plugged in");
    let report = readers(none(), one_plugged_in, LONG).await;
    check(&report, Check::Reader, Verdict::Fault, "only: Example Reader");
}

#[tokio::test]
async fn an_empty_and_a_mute_reader_are_told_apart() {
    let empty = Bench { watch: Watch::Sees(Presence::Empty), ..Bench::default() };
    let report = readers(empty, one_plugged_in, LONG).await;
    check(&report, Check::Card, Verdict::Skipped, "put one in");
    let mute = Presence::Mute { reader: WORKS.to_owned(), insertion: 1 };
    let mute = Bench { watch: Watch::Sees(mute), ..Bench::default() };
    let report = readers(mute, one_plugged_in, LONG).await;
    check(&report, Check::Card, Verdict::Fault, "upside down");
}

#[tokio::test]
async fn a_trouble_of_the_service_names_the_notes_about_it() {
    let bench = Bench { watch: Watch::Fails(ReaderError::Refused), ..Bench::default() };
    let report = readers(bench, one_plugged_in, LONG).await;
    check(&report, Check::Reader, Verdict::Fault, "see firmware-notes/services/polkit.md");
}

#[test]
fn a_configured_device_has_its_note() {
    let note = |folder: &str, key: &str, grade: &str| {
        let head = format!("match = {{ {key} = \"*a*\" }}\ngrade = \"{grade}\"");
        let about = WORKS_NOTE.split_once("\n+++\n").unwrap().1;
        (format!("{folder}/x.md"), format!("+++\n{head}\n+++\n{about}"))
    };
    let notes = [note("cameras", "camera", "works"), note("printers", "printer", "refuse")];
    let notes: Vec<_> = notes.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let quirks = Quirks::parse(&notes).unwrap();
    let text = include_str!("../../../../config/kiosk.toml").replace("/dev/video0", "/dev/a");
    let text = format!("{text}\n[printer]\ndevice = \"/dev/usb/a\"\n");
    let config = Config::parse(&text, Path::new("kiosk.toml"), Path::new("/")).unwrap();
    let found = peripherals::notes(&config, &quirks);
    let verdicts: Vec<_> = found.iter().map(|one| (one.check, one.verdict)).collect();
    let [camera, printer] = [Verdict::Ok, Verdict::Warning].map(|one| (Check::DeviceNote, one));
    assert_eq!(verdicts, [camera, printer]);
    assert!(found.iter().all(|one| one.finding.contains("/x.md")), "{found:#?}");
}

#[tokio::test]
async fn a_refused_reader_is_named_with_its_note_and_its_card_is_left_alone() {
    let bench = || Bench { watch: Watch::Sees(in_reader(REFUSED)), ..Bench::default() };
    let report = readers(bench(), || Ok(vec![REFUSED.to_owned()]), LONG).await;
    check(&report, Check::ReaderNote, Verdict::Fault, "see readers/contactless.md");
    check(&report, Check::Card, Verdict::Skipped, "never used");

    let both = || Ok(vec![REFUSED.to_owned(), WORKS.to_owned()]);
    let report = readers(bench(), both, LONG).await;
    let verdicts: Vec<_> = report.findings.iter().map(|one| one.verdict).collect();
    assert_eq!(verdicts, [Verdict::Ok, Verdict::Warning, Verdict::Ok, Verdict::Skipped]);
}

#[tokio::test]
async fn a_name_with_control_characters_cannot_speak_to_the_terminal() {
    let list = || Ok(vec!["Evil\u{1b}[2JReader".to_owned()]);
    let report = readers(Bench::default(), list, LONG).await;
    assert!(report.text().contains("Evil[2JReader"));
    assert!(!report.text().contains('\u{1b}'));
}

#[tokio::test]
async fn without_a_configuration_only_the_readers_are_looked_at() {
    let devices: Arc<dyn Devices> = Arc::new(Bench::default());
    let report = run_readers(&devices, ReaderList(one_plugged_in)).await;
    check(&report, Check::Configuration, Verdict::Skipped, "--config FILE");
    check(&report, Check::Card, Verdict::Ok, "a citizen card answers");
    assert_eq!((report.findings.len(), report.exit_code()), (4, 0));
}

async fn peripherals(bench: Bench, bound: Duration) -> Report {
    let devices: Arc<dyn Devices> = Arc::new(bench);
    let camera = peripherals::camera(&devices, bound).await;
    let scanner = peripherals::scanner(&devices, bound).await;
    Report { findings: vec![camera, scanner, peripherals::printer(&devices, bound).await] }
}

#[tokio::test]
async fn devices_that_work_are_in_order() {
    let report = peripherals(Bench::default(), LONG).await;
    check(&report, Check::Camera, Verdict::Ok, "64×48 pixels");
    check(&report, Check::Scanner, Verdict::Ok, "opens");
    check(&report, Check::Printer, Verdict::Ok, "nothing was printed");
}

#[tokio::test]
async fn a_covered_camera_is_a_warning() {
    let report = peripherals(Bench { brightness: 3, ..Bench::default() }, LONG).await;
    check(&report, Check::Camera, Verdict::Warning, "brightness 3 of 255");
}

#[tokio::test]
async fn devices_that_are_not_configured_are_skipped() {
    let none = Play::Fails(DeviceError::NotConfigured);
    let bench = Bench { camera: none, scanner: none, printer: none, ..Bench::default() };
    let report = peripherals(bench, LONG).await;
    assert_eq!(report.summary().skipped, 3);
}

#[tokio::test]
async fn a_lost_device_is_a_fault_and_a_lost_printer_a_warning() {
    for error in [
        DeviceError::Gone,
        DeviceError::Busy,
        DeviceError::Refused,
        DeviceError::TimedOut,
        DeviceError::Faulty,
    ] {
        let lost = Play::Fails(error);
        let bench = Bench { camera: lost, scanner: lost, printer: lost, ..Bench::default() };
        let report = peripherals(bench, LONG).await;
        check(&report, Check::Camera, Verdict::Fault, &error.to_string());
        check(&report, Check::Scanner, Verdict::Fault, &error.to_string());
        check(&report, Check::Printer, Verdict::Warning, &error.to_string());
    }
}

#[tokio::test]
async fn devices_that_hang_are_left_behind() {
    let hung = Play::Hangs;
    let bench = Bench { camera: hung, scanner: hung, printer: hung, ..Bench::default() };
    let report = peripherals(bench, SHORT).await;
    check(&report, Check::Camera, Verdict::Fault, "opening the camera did not come back");
    check(&report, Check::Scanner, Verdict::Fault, "opening the scanner did not come back");
    check(&report, Check::Printer, Verdict::Warning, "opening the printer did not come back");
}

async fn bank(world: &World) -> Report {
    Report { findings: bank::check(&world.config, LONG).await }
}

#[tokio::test]
async fn a_closed_port_is_a_refused_connection_and_nothing_later_is_tried() {
    let report = bank(&World::without_a_bank()).await;
    check(&report, Check::NameResolution, Verdict::Ok, "127.0.0.1");
    check(&report, Check::Connection, Verdict::Fault, "connection refused");
    check(&report, Check::Connection, Verdict::Fault, "compare bank.base_url");
    for later in [Check::Certificate, Check::Token, Check::Clock] {
        check(&report, later, Verdict::Skipped, "not tried");
    }
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_a_fault() {
    // A label has at most 63 letters (RFC 1035 §2.3.4): no resolver asks anybody for this one.
    let host = format!("{}.invalid", "a".repeat(64));
    let report = bank(&World::at(&format!("https://{host}"), "")).await;
    check(&report, Check::NameResolution, Verdict::Fault, "could not be resolved");
    check(&report, Check::Connection, Verdict::Skipped, "not tried");
}

#[tokio::test]
async fn a_believed_bank_gives_a_token_and_the_time() {
    let report = bank(&World::with_a_bank(Paper::Good).await).await;
    check(&report, Check::Connection, Verdict::Ok, "accepts in");
    check(&report, Check::Certificate, Verdict::Ok, "its chain ends in");
    check(&report, Check::Token, Verdict::Ok, "the bank gave a token");
    check(&report, Check::Clock, Verdict::Fault, "days ahead of the bank's");
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_a_warning() {
    let report = bank(&World::with_a_bank(Paper::EndsSoon).await).await;
    check(&report, Check::Certificate, Verdict::Warning, "ends in 2 days");
    check(&report, Check::Token, Verdict::Ok, "the bank gave a token");
}

#[tokio::test]
async fn a_bank_that_is_not_believed_is_asked_for_nothing() {
    for (paper, words) in [
        (Paper::OtherAuthority, "none of the trusted authorities"),
        (Paper::Ended, "it has ended"),
        (Paper::OtherName, "for another name"),
    ] {
        let report = bank(&World::with_a_bank(paper).await).await;
        check(&report, Check::Certificate, Verdict::Fault, words);
        check(&report, Check::Token, Verdict::Skipped, "not tried");
        check(&report, Check::Clock, Verdict::Skipped, "not tried");
    }
}

#[tokio::test]
async fn a_missing_ca_file_is_a_fault_of_the_certificate() {
    let world = World::with_a_bank(Paper::Good).await;
    world.remove("ca.pem");
    let report = bank(&world).await;
    check(&report, Check::Certificate, Verdict::Fault, "which is not there");
}

#[tokio::test]
async fn a_whole_run_has_every_check_and_no_fault_but_the_clock() {
    let world = World::with_a_bank(Paper::Good).await;
    let devices: Arc<dyn Devices> = Arc::new(Bench::default());
    let report = run(&world.config, &devices, ReaderList(one_plugged_in)).await;
    let summary = report.summary();
    assert_eq!((summary.faults, summary.warnings, summary.skipped), (1, 0, 0), "{}", report.text());
    assert_eq!(report.findings.len(), 17);
    assert_eq!(report.exit_code(), 1);
}
