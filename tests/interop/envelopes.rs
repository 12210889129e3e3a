//! The envelope of §8 and §9 between us and other languages: they open what we seal, the simulated bank
//! opens what they seal. The stored vectors of `tests/golden` show the same for one day; this is every day.

use std::fs;
use std::path::Path;
use std::process::Command;

use citizen::CitizenId;
use jiff::civil::date;
use protocol::{
    DataFraming, FailureReason, FailureReport, Plaintext, PublicKey, QrValidationRequest,
    Reference, seal, seal_report,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use simulator::bank::{Code, Endpoint, Examiner, Framing};

use crate::{python, succeeded};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/2.2");
const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/interop");

/// A program in another language that opens and seals what lies in a folder.
#[derive(Clone, Copy)]
enum Partner {
    Java,
    Python,
}

impl Partner {
    /// Whether it is there to be run.
    fn run(self, verb: &str, key: &Path, folder: &Path) -> bool {
        let (mut command, program) = match self {
            Self::Java => (Command::new("java"), "Envelope.java"),
            Self::Python => (Command::new(python()), "envelope.py"),
        };
        command.arg(format!("{HERE}/{program}")).arg(verb).args([key, folder]);
        succeeded(&mut command).is_some()
    }
}

fn reference() -> Reference {
    Reference::parse("SIM-0001").unwrap()
}

fn validation() -> Plaintext {
    QrValidationRequest::new(&reference(), &CitizenId::parse("1111111111119").unwrap()).plaintext()
}

fn report() -> Plaintext {
    let citizen_id = CitizenId::parse("1111111111119").unwrap();
    FailureReport::new(&citizen_id, FailureReason::CardExpired).plaintext()
}

/// Seals both requests in both framings, many times over: chance may not make one that does not open.
fn they_open_what_we_seal(partner: Partner) {
    let folder = tempfile::tempdir().unwrap();
    let key = fs::read(format!("{GOLDEN}/test-only.spki.pem")).unwrap();
    let key = PublicKey::from_pem(&key).unwrap();
    let mut rng = StdRng::seed_from_u64(20_261_126);
    let framings = [("plain", DataFraming::Base64), ("framed", DataFraming::JsonCipherText)];
    let mut expected = Vec::new();
    for round in 0..25 {
        for (word, framing) in framings {
            let sealed = seal(validation(), framing, &key, &mut rng).unwrap();
            let reported = seal_report(&reference(), report(), framing, &key, &mut rng).unwrap();
            for (what, body, plaintext) in
                [("e2", sealed, validation()), ("e4", reported, report())]
            {
                let name = format!("{what}-{word}-{round}");
                fs::write(folder.path().join(format!("{name}.body")), body).unwrap();
                expected.push((name, plaintext));
            }
        }
    }
    let private = Path::new(GOLDEN).join("test-only.key.pem");
    if !partner.run("open", &private, folder.path()) {
        return;
    }
    for (name, plaintext) in expected {
        let opened = fs::read(folder.path().join(format!("{name}.opened"))).unwrap();
        assert!(opened == *plaintext, "{name}");
    }
}

/// Seals the document's requests with their program; the bank finds in each what it finds in its plaintext.
fn the_bank_opens_what_they_seal(partner: Partner) {
    let folder = tempfile::tempdir().unwrap();
    let examiner = Examiner::new(Framing::Base64, date(2026, 11, 26)).unwrap();
    let key = folder.path().join("bank.pub.pem");
    fs::write(&key, examiner.public_key_pem()).unwrap();
    let requests = [
        ("e2-validation", Endpoint::ValidateQr),
        ("e3-submit-selfie", Endpoint::Submit),
        ("e6-dopa", Endpoint::CheckDopa),
    ];
    for (name, _) in requests {
        let plain = folder.path().join(format!("{name}.plain"));
        fs::copy(format!("{GOLDEN}/{name}.json"), plain).unwrap();
    }
    if !partner.run("seal", &key, folder.path()) {
        return;
    }
    for (name, endpoint) in requests {
        let sealed = fs::read(folder.path().join(format!("{name}.sealed"))).unwrap();
        let plain = fs::read(folder.path().join(format!("{name}.plain"))).unwrap();
        let verdict = examiner.wire(endpoint, &sealed);
        assert_eq!(verdict, examiner.plaintext(endpoint, &plain), "{name}");
        let unopened = [Code::Diis(1402), Code::Diis(1501)];
        assert!(!unopened.contains(&verdict.code), "{name}: {verdict:?}");
        assert!(endpoint != Endpoint::ValidateQr || verdict.code == Code::SUCCESS, "{verdict:?}");
    }
}

#[test]
fn java_opens_what_we_seal() {
    they_open_what_we_seal(Partner::Java);
}

#[test]
fn the_bank_opens_what_java_seals() {
    the_bank_opens_what_they_seal(Partner::Java);
}

#[test]
fn python_opens_what_we_seal() {
    they_open_what_we_seal(Partner::Python);
}

#[test]
fn the_bank_opens_what_python_seals() {
    the_bank_opens_what_they_seal(Partner::Python);
}
