//! Bad configurations, each with the line and the words of its refusal; and the shipped ones, all good.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use session::DopaPolicy;

use super::*;

/// The least that is a configuration; the cases below spoil or extend it.
const GOOD: &str = r#"[bank]
base_url = "https://bank.example"
public_key_file = "bank.pem"
[credentials]
client_id = { file = "id" }
client_secret = { file = "secret" }
api_key = { credential = "api_key" }
[journal]
dir = "journal"
"#;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("kiosk.toml"), Path::new("/etc/dipchip"))
}

#[track_caller]
fn refusal(text: &str) -> String {
    parse(text).expect_err("this configuration is wrong").to_string()
}

/// `GOOD` with one line exchanged, or with lines appended, is refused there and so.
#[track_caller]
fn check(old: &str, new: &str, position: &str, words: &[&str]) {
    let text = if old.is_empty() { format!("{GOOD}{new}\n") } else { GOOD.replacen(old, new, 1) };
    let refusal = refusal(&text);
    let start = format!("kiosk.toml:{position}: ");
    assert!(refusal.lines().any(|line| line.starts_with(&start)), "{start} not in:\n{refusal}");
    for word in words {
        assert!(refusal.contains(word), "{word} not in:\n{refusal}");
    }
}

#[test]
fn the_least_configuration_is_accepted_with_the_defaults_of_a_kiosk() {
    let config = parse(GOOD).unwrap();
    let policy = config.policy();
    assert_eq!(policy.dopa, DopaPolicy::BeforeSubmit);
    assert_eq!(policy.patience.idle, Duration::from_secs(30));
    assert_eq!(policy.required_with_selfie, ["103"]);
    assert_eq!(config.dialect(), &Dialect::default());
    assert_eq!(config.api.listen.to_string(), "127.0.0.1:8470");
    assert_eq!(config.journal.dir, Path::new("/etc/dipchip/journal"));
    assert_eq!(config.reader.allow, [ReaderPattern::parse("*").unwrap()]);
    assert_eq!((config.scanner, config.camera, config.printer), (None, None, None));
}

#[test]
fn the_shipped_configurations_are_good() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    for name in ["kiosk.toml", "counter.toml", "demo.toml"] {
        let loaded = Config::load(&folder.join(name));
        assert!(loaded.is_ok(), "{}", loaded.unwrap_err());
    }
}

#[test]
fn the_kiosks_file_shows_the_defaults() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    let shown = Config::load(&folder.join("kiosk.toml")).unwrap();
    let default = parse(GOOD).unwrap();
    assert_eq!(shown.dialect, default.dialect);
    assert_eq!(shown.bank.paths, default.bank.paths);
    assert_eq!(shown.bank.timeouts, default.bank.timeouts);
    assert_eq!(format!("{:?}", shown.journey), format!("{:?}", default.journey));
    assert_eq!(shown.api.listen, default.api.listen);
}

#[test]
fn a_text_that_is_no_toml_is_refused_without_repeating_the_line() {
    let text = GOOD.replacen("{ file = \"secret\" }", "\"hunter2", 1);
    let refusal = refusal(&text);
    assert!(refusal.starts_with("kiosk.toml:6:"), "{refusal}");
    assert!(!refusal.contains("hunter2"), "{refusal}");
}

#[test]
fn a_secret_that_stands_in_the_file_is_refused_and_not_repeated() {
    for literal in ["\"hunter2\"", "{ value = \"hunter2\" }", "[\"hunter2\"]"] {
        let text = GOOD.replacen("{ file = \"secret\" }", literal, 1);
        let refusal = refusal(&text);
        assert!(refusal.starts_with("kiosk.toml:6:17: credentials.client_secret: "), "{refusal}");
        assert!(refusal.contains("expected { file = \"PATH\" } or { credential = \"NAME\" }"));
        assert!(!refusal.contains("hunter2"), "{refusal}");
    }
}

#[test]
fn an_unknown_key_names_the_nearest_one() {
    check(
        "base_url",
        "base_ur",
        "2:1",
        &["bank.base_ur: came an unknown key, expected `base_url`"],
    );
    check("", "[jorney]\ndopa = \"off\"", "10:2", &["jorney", "expected `journey`"]);
    check("", "[camera]\ndevice = \"a\"\nwidht = 640", "12:1", &["camera.widht", "`width`"]);
}

#[test]
fn a_key_like_no_other_lists_those_there_are() {
    check("", "[log]\ncolour = \"red\"", "11:1", &["log.colour", "expected one of level"]);
}

#[test]
fn a_missing_key_is_reported_at_its_table() {
    check("base_url = \"https://bank.example\"\n", "", "1:1", &["bank.base_url: came nothing"]);
    check("dir = \"journal\"\n", "", "8:1", &["journal.dir: came nothing"]);
    check("", "[scanner]\nbaud = 9600", "10:1", &["scanner.port: came nothing"]);
}

#[test]
fn an_address_other_than_https_is_refused() {
    let words = ["bank.base_url: came \"http://bank.example\", expected an https:// address"];
    check("\"https://bank.example\"", "\"http://bank.example\"", "2:12", &words);
}

#[test]
fn an_address_with_a_password_is_refused_unseen() {
    let text = GOOD.replacen("https://bank.example", "https://me:hunter2@bank.example", 1);
    let refusal = refusal(&text);
    assert!(refusal.contains("a text (not shown)") && !refusal.contains("hunter2"), "{refusal}");
}

#[test]
fn numbers_out_of_range_are_refused_with_the_range() {
    let range = ["came 0, expected a whole number from 1 to 60"];
    check("", "[bank.timeouts]\nconnect_s = 0", "11:13", &range);
    check("", "[bank.timeouts]\nsubmit_s = 301", "11:12", &["submit_s: came 301", "5 to 300"]);
    check("", "[journey]\nidle_s = -5", "11:10", &["journey.idle_s: came -5", "5 to 3600"]);
    check("", "[journey]\nidle_s = \"30\"", "11:10", &["came \"30\", expected a whole number"]);
    check("", "[journey]\nwarning_s = 1.5", "11:13", &["came 1.5"]);
    check("", "[journey]\nmax_face_resubmits = 6", "11:22", &["came 6", "from 0 to 5"]);
    check("", "[camera]\ndevice = \"a\"\nwidth = 320", "12:9", &["camera.width: came 320"]);
    check("", "[scanner]\nport = \"a\"\nbaud = 9601", "12:8", &["came 9601, expected one of 1200"]);
}

#[test]
fn an_unknown_word_is_refused_with_those_there_are() {
    let dopa = ["came \"never\", expected \"before_submit\" or \"off\" or \"only\""];
    check("", "[journey]\ndopa = \"never\"", "11:8", &dopa);
    check("", "[journey]\nprofile = true", "11:11", &["came true", "\"kiosk\" or \"counter\""]);
    check("", "[log]\nlevel = \"INFO\"", "11:9", &["came \"INFO\"", "\"info\""]);
    check("", "[api]\npage_key = \"twice\"", "11:12", &["\"once\" or \"reusable\""]);
    check("", "[dialect]\ncountry_value = \"TAI\"", "11:17", &["\"TH\" or \"THA\""]);
    check("", "[dialect]\nmissing_en = \"x\"", "11:14", &["{ placeholder = \"TEXT\" }"]);
}

#[test]
fn the_page_is_served_on_loopback_only() {
    let words = ["api.listen: came \"0.0.0.0:8470\", expected a loopback address"];
    check("", "[api]\nlisten = \"0.0.0.0:8470\"", "11:10", &words);
    check("", "[api]\nlisten = \"192.0.2.1:80\"", "11:10", &["loopback"]);
    check("", "[api]\nlisten = \"localhost:8470\"", "11:10", &["such as \"127.0.0.1:8470\""]);
    check("", "[api]\nlisten = 8470", "11:10", &["came 8470"]);
}

#[test]
fn a_place_longer_than_the_banks_field_is_refused() {
    let long = ["place.branch_id: came \"123456789012345678901\", expected at most 20 characters"];
    check("", "[place]\nbranch_id = \"123456789012345678901\"", "11:13", &long);
    check("", "[place]\nterminal_id = \"a b\"", "11:15", &["place.terminal_id", "letters, digits"]);
}

#[test]
fn a_path_template_has_only_the_holes_that_its_endpoint_fills() {
    check("", "[bank.paths]\nsubmit = \"/s/{reference}\"", "11:10", &["bank.paths.submit"]);
    check("", "[bank.paths]\nsubmit = \"submit\"", "11:10", &["from the first / on"]);
    check("", "[bank.paths]\ntoken = \"/t?x=1\"", "11:9", &["without query"]);
    let good = format!("{GOOD}[bank.paths]\nreport_failure = \"/r/{{reference}}/failure\"\n");
    assert_eq!(parse(&good).unwrap().bank.paths.report_failure, "/r/{reference}/failure");
}

#[test]
fn a_pin_is_a_sha_256_in_base64() {
    check("[credentials]", "pins = [\"abc\"]\n[credentials]", "4:9", &["bank.pins: came \"abc\""]);
    check(
        "[credentials]",
        "pins = \"abc\"\n[credentials]",
        "4:8",
        &["expected a list of at most 8"],
    );
}

#[test]
fn a_single_pin_is_refused_because_the_next_key_would_lock_the_machine_out() {
    let pin = |letter: &str| format!("\"{}=\"", letter.repeat(43));
    let (one, two) = (pin("A"), pin("E"));
    for pins in ["[]".to_owned(), format!("[{one}]"), format!("[{one}, {one}]")] {
        let line = format!("pins = {pins}\n[credentials]");
        check("[credentials]", &line, "4:8", &["at least two different ones", "backup"]);
    }
    let good = GOOD.replacen("[credentials]", &format!("pins = [{one}, {two}]\n[credentials]"), 1);
    assert_eq!(parse(&good).unwrap().bank.pins.len(), 2);
}

/// `GOOD` by way of a relay.
const RELAY: &str = r#"[bank]
transport = "relay"
base_url = "https://relay.example"
public_key_file = "bank.pem"
client_certificate_file = "machine.pem"
[credentials]
client_key = { file = "machine.key" }
[journal]
dir = "journal"
"#;

#[test]
fn a_relay_needs_this_machines_certificate_and_none_of_the_partners_secrets() {
    let config = parse(RELAY).unwrap();
    assert_eq!(config.bank.transport, Transport::Relay);
    assert!(config.credentials.partner.is_none());
    assert_eq!(config.credentials.sources().count(), 1);
    let without = RELAY.replacen("client_certificate_file = \"machine.pem\"\n", "", 1);
    let refused = refusal(&without);
    assert!(refused.contains("bank.client_certificate_file: came nothing"), "{refused}");
    let without = RELAY.replacen("client_key = { file = \"machine.key\" }\n", "", 1);
    assert!(refusal(&without).contains("credentials.client_key: came nothing"));
    for key in ["client_id", "client_secret", "api_key"] {
        let with =
            RELAY.replacen("[journal]", &format!("{key} = {{ file = \"x\" }}\n[journal]"), 1);
        let refused = refusal(&with);
        assert!(refused.contains(&format!("credentials.{key}: came a table (not shown)")));
        assert!(refused.contains("the relay holds it"), "{refused}");
    }
}

#[test]
fn a_secret_that_nothing_uses_is_refused() {
    let with = |line: &str| GOOD.replacen("[journal]", &format!("{line}\n[journal]"), 1);
    let refused = refusal(&with("client_key = { file = \"x\" }"));
    assert!(refused.contains("expected no such key without bank.client_certificate_file"));
    let refused = refusal(&with("proxy_user = { file = \"x\" }"));
    assert!(refused.contains("expected no such key without bank.proxy"), "{refused}");
    let proxied = |text: &str| {
        text.replacen("[credentials]", "proxy = \"http://proxy.example:3128\"\n[credentials]", 1)
    };
    assert!(
        parse(&proxied(GOOD)).unwrap().credentials.proxy.is_none(),
        "not every one wants a login"
    );
    let refused = refusal(&proxied(&with("proxy_user = { file = \"x\" }")));
    assert!(refused.contains("credentials.proxy_password: came nothing"), "{refused}");
    let refused = refusal(&proxied(&with("proxy_password = { file = \"x\" }")));
    assert!(refused.contains("without credentials.proxy_user"), "{refused}");
}

#[test]
fn a_proxy_with_a_password_in_its_address_is_refused_unseen() {
    let line = "proxy = \"http://me:hunter2@proxy.example:3128\"\n[credentials]";
    let text = GOOD.replacen("[credentials]", line, 1);
    let refused = refusal(&text);
    assert!(
        refused.starts_with("kiosk.toml:4:9: bank.proxy: came a text (not shown)"),
        "{refused}"
    );
    assert!(!refused.contains("hunter2"));
}

#[test]
fn a_reader_name_has_its_star_at_the_end() {
    check(
        "",
        "[reader]\nallow = [\"ok*\", \"*bad\"]",
        "11:17",
        &["came \"*bad\"", "only at its end"],
    );
    check("", "[reader]\nallow = \"Reader*\"", "11:9", &["a list of at most 16 names of readers"]);
    for port in ["usb:", "usb:1", "usb:1-", "usb:1-2.", "usb:1-2:1.0", "usb:/dev/bus/usb/001/004"] {
        let list = format!("[reader]\nallow = [\"usb:1-2.3\", \"{port}\"]");
        check("", &list, "11:23", &["a port such as \"usb:1-2.3\""]);
    }
}

#[test]
fn a_table_is_not_a_value() {
    check("[journal]\ndir = \"journal\"\n", "", "1:1", &["journal.dir: came nothing"]);
    check("", "[log]\nlevel = { info = true }", "11:9", &["log.level: came a table"]);
    let refusal = refusal(&format!("reader = 5\n{GOOD}"));
    assert_eq!(refusal, "kiosk.toml:1:10: reader: came 5, expected a table, [reader]");
}

#[test]
fn every_fault_is_found_in_one_run_in_the_order_of_the_file() {
    let text = "[bank]\nbase_url = 1\n[journey]\ndopa = 2\n[place]\nbranch = 3\n";
    let error = parse(text).unwrap_err();
    let found: Vec<_> =
        error.faults().iter().map(|fault| (fault.origin.line, fault.origin.key.as_str())).collect();
    let mut sorted = found.clone();
    sorted.sort_by_key(|(line, _)| *line);
    assert_eq!(found, sorted);
    for key in ["bank.base_url", "bank.public_key_file", "credentials.api_key", "journal.dir"] {
        assert!(found.iter().any(|(_, at)| *at == key), "{key} not in {found:?}");
    }
    assert!(found.contains(&(4, "journey.dopa")) && found.contains(&(6, "place.branch")));
}

#[test]
fn a_column_counts_characters() {
    let words = ["dialect.english_prefixes.พ.ต.: came 5"];
    check("", "[dialect.english_prefixes]\n\"พ.ต.\" = 5", "11:10", &words);
}

#[test]
fn a_file_that_is_not_there_is_said_to_be_unreadable() {
    let error = Config::load(Path::new("/nonexistent/kiosk.toml")).unwrap_err();
    assert_eq!(error.to_string(), "reading /nonexistent/kiosk.toml, expected a configuration file");
    assert!(error.faults().is_empty());
}

/// A directory of its own for one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("config-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        let file = self.0.join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
    }

    fn config(&self) -> Config {
        let text = GOOD.replacen("{ credential = \"api_key\" }", "{ file = \"key\" }", 1);
        Config::parse(&text, Path::new("kiosk.toml"), &self.0).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn secrets_are_read_from_files_of_their_own() {
    let folder = Folder::new();
    folder.write("id", "client\n", 0o600);
    folder.write("secret", "hunter2\r\n", 0o400);
    folder.write("key", "key-1", 0o600);
    let secrets = folder.config().secrets().unwrap();
    let partner = secrets.partner.as_ref().unwrap();
    assert_eq!(partner.client_id.expose(), "client");
    assert_eq!(partner.client_secret.expose(), "hunter2");
    assert_eq!(partner.api_key.expose(), "key-1");
    assert!(!format!("{secrets:?}").contains("hunter2"));
}

#[test]
fn each_unfit_secret_is_named_with_its_line_and_never_shown() {
    let folder = Folder::new();
    folder.write("id", "client", 0o640);
    folder.write("secret", "hunter2 hunter3", 0o600);
    let refusal = folder.config().secrets().unwrap_err().to_string();
    let lines: Vec<_> = refusal.lines().collect();
    assert_eq!(lines.len(), 3, "{refusal}");
    assert!(lines[0].starts_with("kiosk.toml:5:22: credentials.client_id.file: came "));
    assert!(lines[0].contains("mode 0640, open to others") && lines[0].contains("0400 or 0600"));
    assert!(lines[1].starts_with("kiosk.toml:6:26: credentials.client_secret.file: came "));
    assert!(lines[1].contains("one line of printable ASCII") && !refusal.contains("hunter"));
    assert!(lines[2].contains("which is not there, expected a file that holds the secret"));
}

#[test]
fn a_private_key_that_others_can_read_is_refused() {
    let folder = Folder::new();
    let config = || Config::parse(RELAY, Path::new("kiosk.toml"), &folder.0).unwrap().secrets();
    folder.write("machine.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n", 0o600);
    assert!(config().unwrap().client_key.is_some());
    folder.write("machine.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n", 0o644);
    let refusal = config().unwrap_err().to_string();
    assert!(refusal.contains("credentials.client_key.file"), "{refusal}");
    assert!(refusal.contains("mode 0644, open to others"), "{refusal}");
    folder.write("machine.key", "-----BEGIN CERTIFICATE-----\nAAAA\n", 0o600);
    let refusal = config().unwrap_err().to_string();
    assert!(refusal.contains("something else (not shown)") && !refusal.contains("AAAA"));
}

#[test]
fn two_public_keys_are_two() {
    let folder = Folder::new();
    let pem = include_str!("../../../../tests/golden/2.2/test-only.spki.pem");
    folder.write("bank.pem", pem, 0o644);
    folder.write("next.pem", pem, 0o644);
    let text =
        GOOD.replacen("[credentials]", "next_public_key_file = \"next.pem\"\n[credentials]", 1);
    let config = Config::parse(&text, Path::new("kiosk.toml"), &folder.0).unwrap();
    let refusal = config.public_keys().unwrap_err().to_string();
    assert!(refusal.contains("bank.next_public_key_file") && refusal.contains("the key of now"));
    assert_eq!(folder.config().public_keys().unwrap().len(), 1);
}

#[test]
fn an_endless_secret_is_refused() {
    let folder = Folder::new();
    folder.write("id", &"x".repeat(5000), 0o600);
    let refusal = folder.config().secrets().unwrap_err().to_string();
    assert!(refusal.contains("with more than 4096 bytes"), "{refusal}");
}

#[test]
fn the_files_that_a_configuration_names_can_be_looked_for() {
    let folder = Folder::new();
    let refusal = folder.config().check_files().unwrap_err().to_string();
    let missing = "kiosk.toml:3:19: bank.public_key_file: came ";
    assert!(refusal.starts_with(missing), "{refusal}");
    assert_eq!(refusal.lines().count(), 4, "{refusal}");
}

#[test]
fn a_camera_is_named_by_file_name_or_port_and_several_in_order() {
    let devices = |value: &str| {
        let config = parse(&format!("{GOOD}[camera]\ndevice = {value}\n")).unwrap();
        config.camera.unwrap().devices
    };
    let file = DevicePattern::Path("/dev/video0".into());
    let name = DevicePattern::Name(NamePattern::parse("Example Camera*").unwrap());
    let port = DevicePattern::Port(UsbPort::parse("1-2.3").unwrap());
    assert_eq!(devices("\"/dev/video0\""), std::slice::from_ref(&file));
    let several = devices("[\"usb:1-2.3\", \"Example Camera*\", \"/dev/video0\"]");
    assert_eq!(several, [port, name, file]);
    for wrong in ["[]", "\"usb:1\"", "\"a*b\"", "7", "[\"\"]"] {
        let refusal = refusal(&format!("{GOOD}[camera]\ndevice = {wrong}\n"));
        assert!(refusal.contains("camera.device: came"), "{refusal}");
    }
}

#[test]
fn a_counter_has_the_patience_of_a_counter_unless_told() {
    let idle = |lines: &str| {
        parse(&format!("{GOOD}[journey]\n{lines}\n")).unwrap().policy().patience.idle.as_secs()
    };
    assert_eq!(idle("profile = \"counter\""), 180);
    assert_eq!(idle("profile = \"counter\"\nidle_s = 60"), 60);
    assert_eq!(idle("profile = \"kiosk\""), 30);
}

#[test]
fn a_kiosk_asks_for_a_turn_of_the_head_and_a_counter_does_not_unless_told() {
    let liveness =
        |lines: &str| parse(&format!("{GOOD}[journey]\n{lines}\n")).unwrap().journey.liveness;
    assert_eq!(liveness(""), Challenge::Turn);
    assert_eq!(liveness("profile = \"counter\""), Challenge::Off);
    assert_eq!(liveness("liveness = \"off\""), Challenge::Off);
    assert_eq!(liveness("profile = \"counter\"\nliveness = \"turn\""), Challenge::Turn);
    check("", "[journey]\nliveness = \"blink\"", "11:12", &["came \"blink\"", "off", "turn"]);
}

#[test]
fn a_camera_that_a_program_plays_is_refused_unless_it_is_allowed() {
    let choice = |line: &str| {
        parse(&format!("{GOOD}[camera]\ndevice = \"a\"\n{line}\n")).unwrap().camera.unwrap()
    };
    assert_eq!(choice("").virtual_cameras, VirtualCameras::Refuse);
    assert_eq!(choice("virtual_cameras = \"allow\"").virtual_cameras, VirtualCameras::Allow);
    let words = ["\"refuse\" or \"allow\""];
    check("", "[camera]\ndevice = \"a\"\nvirtual_cameras = true", "12:19", &words);
}

#[test]
fn a_scanner_is_a_line_or_a_keyboard_and_never_any_keyboard() {
    let config =
        parse(&format!("{GOOD}[scanner]\nkeyboard = \"usb:1-2\"\nsuffix = \"#\"\n")).unwrap();
    let device = DevicePattern::Port(UsbPort::parse("1-2").unwrap());
    let key_gap = Duration::from_millis(100);
    let suffix = "#".to_owned();
    let expected = ScannerKeyboard { device, prefix: String::new(), suffix, key_gap };
    assert_eq!(config.scanner, Some(ScannerChoice::Keyboard(expected)));
    check("", "[scanner]\nkeyboard = \"*\"", "11:12", &["scanner.keyboard: came \"*\""]);
    let gap = "[scanner]\nkeyboard = \"A\"\nkey_gap_ms = 5";
    check(
        "",
        gap,
        "12:14",
        &["scanner.key_gap_ms: came 5, expected a whole number from 20 to 1000"],
    );
    let both = "[scanner]\nkeyboard = \"A\"\nport = \"/dev/ttyACM0\"";
    check("", both, "12:8", &["scanner.port", "scanner.keyboard names the scanner"]);
    let baud = "[scanner]\nkeyboard = \"A\"\nbaud = 9600";
    check("", baud, "12:8", &["scanner.baud: came 9600, expected nothing"]);
}
