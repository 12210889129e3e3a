//! `dipchip diagnose --probe-bank` against a bank of every dialect: what it finds, and what it never calls.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use agent::config::Config;
use agent::diagnose::{self, Check, Finding, Verdict};
use simulator::bank::{Bank, Code, Endpoint, Fault, Framing, HeaderTime, Kind, OldKey, Options};
use tempfile::TempDir;

/// E1 for the way to the bank and for each form of the time, E5 for each form, E2 for each pair.
const CALLS_MOST: usize = 4 + 3 + 6;

/// A configuration for this bank, in a folder that goes with it.
fn configuration(bank: &Bank) -> (TempDir, Config) {
    let folder = tempfile::tempdir().unwrap();
    bank.write_files(folder.path()).unwrap();
    for name in ["client_id", "client_secret", "api_key"] {
        fs::set_permissions(folder.path().join(name), Permissions::from_mode(0o600)).unwrap();
    }
    let text = format!(
        "[bank]\nbase_url = \"{}\"\npublic_key_file = \"bank.pub.pem\"\nca_file = \"ca.pem\"\n\
         [credentials]\nclient_id = {{ file = \"client_id\" }}\n\
         client_secret = {{ file = \"client_secret\" }}\napi_key = {{ file = \"api_key\" }}\n\
         [journal]\ndir = \"journal\"\n",
        bank.base_url()
    );
    let config = Config::parse(&text, Path::new("kiosk.toml"), folder.path()).unwrap();
    (folder, config)
}

/// Probes the bank; the findings about the dialect, the conclusion last.
async fn probed(bank: &Bank) -> (Vec<Finding>, u8) {
    let (_folder, config) = configuration(bank);
    let report = diagnose::run_probe(&config).await;
    let told = format!("{}{}", report.text(), report.json());
    for secret in [bank.client_secret(), bank.api_key()] {
        assert!(!told.contains(secret), "a secret in the report");
    }
    let calls: Vec<Endpoint> = bank.records().iter().map(|record| record.endpoint()).collect();
    assert!(calls.len() <= CALLS_MOST, "{calls:?}");
    let harmless = [Endpoint::Token, Endpoint::Consents, Endpoint::ValidateQr];
    assert!(calls.iter().all(|called| harmless.contains(called)), "{calls:?}");
    let code = report.exit_code();
    (report.findings.into_iter().filter(|one| one.check == Check::Dialect).collect(), code)
}

#[tokio::test]
async fn each_dialect_is_found_and_no_other() {
    for (header_time, time_word) in [
        (HeaderTime::Document, "spec"),
        (HeaderTime::Rfc3339, "rfc3339"),
        (HeaderTime::Basic, "basic"),
    ] {
        for (framing, framing_word) in
            [(Framing::Base64, "base64"), (Framing::CipherTextJson, "json_cipherText")]
        {
            let bank = Bank::start(Options { header_time, framing, ..Options::default() }).unwrap();
            let (findings, exit_code) = probed(&bank).await;
            let words =
                format!("header_datetime = \"{time_word}\", data_framing = \"{framing_word}\"");
            let (conclusion, each) = findings.split_last().unwrap();
            assert_eq!(each.len(), 6);
            for one in each {
                let ours = one.finding.starts_with(&words);
                let understood = one.finding.ends_with("E2 understood (1100)");
                assert_eq!(ours, understood, "{words}: {}", one.finding);
                let same_time = one.finding.contains(&format!("= \"{time_word}\","));
                let gate = if same_time { "E5 understood (0000)" } else { "E5 refused by" };
                assert!(one.finding.contains(gate), "{}", one.finding);
                let layer = match (ours, same_time, framing) {
                    (true, _, _) => "understood",
                    (false, false, _) => "the gateway's schema (-4)",
                    (false, true, _) => "AES: the crc opened, the data did not (1402)",
                };
                assert!(one.finding.contains(layer), "{}", one.finding);
            }
            let configured = (time_word, framing_word) == ("spec", "base64");
            let verdict = if configured { Verdict::Ok } else { Verdict::Fault };
            assert_eq!((conclusion.verdict, exit_code), (verdict, u8::from(!configured)));
            if !configured {
                assert!(conclusion.remedy.as_ref().unwrap().ends_with(&words), "{conclusion:?}");
            }
        }
    }
}

/// Probes a bank that refuses in every dialect; cause and remedy of the conclusion.
#[track_caller]
fn check(prepare: impl FnOnce(&Bank), cause: &str, remedy: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let bank = Bank::start(Options::default()).unwrap();
        let (folder, config) = configuration(&bank);
        prepare(&bank);
        let report = diagnose::run_probe(&config).await;
        drop(folder);
        let conclusion = report.findings.last().unwrap();
        assert_eq!((conclusion.check, conclusion.verdict), (Check::Dialect, Verdict::Fault));
        assert!(conclusion.cause.as_ref().unwrap().ends_with(cause), "{conclusion:?}");
        assert!(conclusion.remedy.as_ref().unwrap().contains(remedy), "{conclusion:?}");
        assert_eq!(report.exit_code(), 1);
    });
}

#[test]
fn a_layer_that_refuses_every_dialect_is_named() {
    let rotated = |bank: &Bank| bank.rotate_key(OldKey::Refused).unwrap();
    check(rotated, "refused by RSA: the crc did not open (1501)", "bank.public_key_file");
    let always = |code| {
        move |bank: &Bank| {
            let kind = Kind::Code { code, acting: simulator::bank::Acting::Idle };
            bank.add_fault(Fault::new(kind.clone()).at(Endpoint::ValidateQr));
            bank.add_fault(Fault::new(kind).at(Endpoint::Consents));
        }
    };
    check(always(Code::Gateway(4)), "the gateway's schema (-4)", "X-Client-Transaction-DateTime");
    check(always(Code::Gateway(26)), "the gateway's check of the time (-26)", "timedatectl");
    check(always(Code::Gateway(25)), "check of the headers (-25)", "dialect.header_alias");
    check(always(Code::Diis(9998)), "the envelope opened (9998)", "edition of the document");
    check(always(Code::Gateway(107)), "check of the credentials (-107)", "compare the secrets");
}

#[tokio::test]
async fn a_bank_that_cannot_be_reached_is_not_probed() {
    let mut bank = Bank::start(Options::default()).unwrap();
    let (_folder, config) = configuration(&bank);
    bank.close();
    let report = diagnose::run_probe(&config).await;
    let dialect = report.findings.last().unwrap();
    assert_eq!((dialect.check, dialect.verdict), (Check::Dialect, Verdict::Skipped));
    assert_eq!(report.exit_code(), 1);
}
