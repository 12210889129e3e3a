//! The golden vectors of `tests/golden/2.2`, both ways: what others made is what we make, we open what
//! they sealed, and OpenSSL opens what we sealed. How the files came to be: `tests/golden/README.md`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{ErrorKind, Write},
    process::{Command, Stdio},
};

use aes::Aes256;
use base64::{Engine, engine::general_purpose::STANDARD};
use cbc::{
    Decryptor,
    cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7},
};
use citizen::{
    Address, BirthDate, Bp1Number, ChipNumber, Citizen, CitizenId, Date, Expiry, Identity, Name,
    Photo, PostalCode, Sex, Text,
};
use protocol::{
    BankTime, ClientCredentials, Consent, ConsentAnswer, CountryKey, CountryValue, CustomerData,
    CustomerInput, DEFAULT_SCOPE, DataFraming, DateForm, Dialect, DopaCheck, EnglishPrefix, Face,
    FailureReason, FailureReport, LifelongExpiry, MiddleName, MissingName, Mobile, OptionalEmpty,
    PartialBirthDate, Place, Plaintext, PublicKey, PublicKeyError, QrValidationRequest, Reference,
    Selfie, SelfieFormat, Submission, SubmissionParts, Trok, UnaskedConsents, seal, seal_report,
};
use rand::{SeedableRng, rngs::StdRng};
use rsa::{Oaep, pkcs8::DecodePrivateKey};
use sha1::Sha1;
use zeroize::Zeroizing;

macro_rules! golden {
    ($name:literal) => {
        include_str!(concat!("../../../tests/golden/2.2/", $name))
    };
}

const SECRET: &str = golden!("secret.txt");
const KEY_FILE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/2.2/test-only.key.pem");

fn text(value: &str) -> Text {
    Text::new(value.to_owned())
}

fn name([prefix, first, middle, last]: [&str; 4]) -> Name {
    Name { prefix: text(prefix), first: text(first), middle: text(middle), last: text(last) }
}

/// The customer of §4's sample.
fn sample() -> Citizen {
    Citizen {
        identity: Identity {
            citizen_id: CitizenId::parse("1111111111119").unwrap(),
            chip_number: ChipNumber::parse("6300c10e142f28a1").unwrap(),
        },
        bp1_number: Bp1Number::parse("10994078500").unwrap(),
        thai_name: name(["นาย", "ทดสอบชื่อ", "", "ทดสอบนามสกุล"]),
        english_name: name(["Mr.", "firstNameTest", "", "lastNameTest"]),
        birth_date: BirthDate::Full(Date::new(1981, 5, 1).unwrap()),
        sex: Sex::Male,
        issue_date: Some(Date::new(2020, 1, 1).unwrap()),
        expiry: Expiry::On(Date::new(2022, 1, 1).unwrap()),
        address: Address {
            full: text("1222   ซอยsoi ถนนroad ตำบลสำโรง อำเภอพระประแดง จังหวัดสมุทรปราการ"),
            house_number: text("1222"),
            soi: text("soi"),
            road: text("road"),
            sub_district: text("สำโรง"),
            district: text("พระประแดง"),
            province: text("สมุทรปราการ"),
            ..Address::default()
        },
    }
}

fn prepared(citizen: &Citizen, dialect: &Dialect) -> CustomerData {
    let input = CustomerInput {
        postal_code: PostalCode::parse("10130").unwrap(),
        mobile: Some(Mobile::parse("0819999999").unwrap()),
        english_name: None,
    };
    CustomerData::prepare(citizen, &input, dialect).unwrap()
}

fn photo() -> Photo {
    Photo::new(b"\xff\xd8\xff\xe0\x00\x10JFIF\xff\xd9".to_vec()).unwrap()
}

fn selfie() -> Selfie {
    Selfie::new(b"\xff\xd8\xff\xe1\x00\x08Exif\xff\xd9".to_vec()).unwrap()
}

fn answer(kind: &str, consent: Consent) -> ConsentAnswer {
    ConsentAnswer { kind: kind.to_owned(), version: "2.00.00".to_owned(), consent }
}

fn parts(customer: CustomerData, consents: Vec<ConsentAnswer>, place: Place) -> SubmissionParts {
    SubmissionParts {
        reference: Reference::parse("BAYMK191200001").unwrap(),
        confirmed_at: BankTime::parse_header("2019-12-03T20:30:40+07:00").unwrap(),
        customer,
        photo: photo(),
        consents,
        place,
    }
}

/// Every switch on its other side.
fn other_dialect() -> Dialect {
    Dialect {
        country_key: CountryKey::UpperCase,
        country_value: CountryValue::ThreeLetters,
        date_form: DateForm::Dashed,
        optional_empty: OptionalEmpty::Omit,
        middle_name: MiddleName::Drop,
        trok: Trok::Drop,
        lifelong_expiry: LifelongExpiry::Empty,
        partial_birth_date: PartialBirthDate::FirstDay,
        english_prefixes: vec![EnglishPrefix {
            thai: "ร.ต.".to_owned(),
            english: "Sub Lt.".to_owned(),
        }],
        missing_english_name: MissingName::Placeholder("-".to_owned()),
        missing_last_name: MissingName::Placeholder("-".to_owned()),
        selfie_format: SelfieFormat::Jpeg,
        unasked_consents: UnaskedConsents::Omit,
        ..Dialect::default()
    }
}

/// Someone on whose card everything is unusual.
fn unusual() -> Citizen {
    let usual = sample();
    Citizen {
        thai_name: name(["ร.ต.", "ทดสอบชื่อ", "กลาง", ""]),
        english_name: Name::default(),
        birth_date: BirthDate::Year(1981),
        expiry: Expiry::ForLife,
        address: Address {
            full: text("1222  ตรอกtrok ซอยsoi ถนนroad ตำบลสำโรง อำเภอพระประแดง จังหวัดสมุทรปราการ"),
            trok: text("trok"),
            ..usual.address.clone()
        },
        ..usual
    }
}

#[track_caller]
fn check(ours: &[u8], golden: &str) {
    assert_eq!(std::str::from_utf8(ours).unwrap(), golden);
}

#[test]
fn the_token_request_is_the_golden_form() {
    let secret = Zeroizing::new("test+only&secret=1".to_owned());
    let credentials =
        ClientCredentials::new("test-only-id".to_owned(), secret, DEFAULT_SCOPE.to_owned());
    check(&credentials.form(), golden!("e1-token.form"));
}

#[test]
fn the_validation_request_is_the_golden_one() {
    let reference = Reference::parse("BAYMK191200001").unwrap();
    let request = QrValidationRequest::new(&reference, &sample().identity.citizen_id);
    check(&request.plaintext(), golden!("e2-validation.json"));
}

#[test]
fn a_submission_without_selfie_is_the_golden_one() {
    let customer = prepared(&sample(), &Dialect::default());
    let parts = parts(customer, Vec::new(), Place::default());
    let submission = Submission::new(parts, Face::NotRequired);
    check(&submission.plaintext(), golden!("e3-submit.json"));
}

fn submission_with_selfie() -> Submission {
    let consents = vec![answer("103", Consent::Given), answer("105", Consent::Refused)];
    let customer = prepared(&sample(), &Dialect::default());
    let parts = parts(customer, consents, Place::new("B-1", "K0001").unwrap());
    Submission::new(parts, Face::Required(selfie()))
}

#[test]
fn a_submission_with_selfie_is_the_golden_one() {
    check(&submission_with_selfie().plaintext(), golden!("e3-submit-selfie.json"));
}

#[test]
fn every_switch_of_the_dialect_changes_what_it_says() {
    let consents = vec![answer("103", Consent::Given), answer("105", Consent::Refused)];
    let customer = prepared(&unusual(), &other_dialect());
    let parts = parts(customer, consents, Place::default());
    let submission = Submission::new(parts, Face::Required(selfie()));
    check(&submission.plaintext(), golden!("e3-submit-dialect.json"));
}

fn failure_report() -> FailureReport {
    FailureReport::new(&sample().identity.citizen_id, FailureReason::CardExpired)
}

#[test]
fn a_failure_report_is_the_golden_one() {
    check(&failure_report().plaintext(), golden!("e4-failure.json"));
}

#[test]
fn a_dopa_check_is_the_golden_one() {
    let customer = prepared(&sample(), &Dialect::default());
    let consents = vec![answer("105", Consent::Given)];
    let request = DopaCheck::new(customer, photo(), consents, Place::default());
    check(&request.plaintext(), golden!("e6-dopa.json"));
}

fn private_key() -> rsa::PrivateKey {
    rsa::PrivateKey::from_pkcs8_pem(golden!("test-only.key.pem")).unwrap()
}

fn public_key() -> PublicKey {
    PublicKey::from_pem(golden!("test-only.spki.pem").as_bytes()).unwrap()
}

fn secret_of(crc: &str) -> String {
    let sealed = STANDARD.decode(crc).unwrap();
    String::from_utf8(private_key().decrypt(Oaep::<Sha1>::new(), &sealed).unwrap()).unwrap()
}

fn opened(data: &str, secret: &str) -> String {
    let (key, iv) = secret.split_once('@').unwrap();
    let cipher = Decryptor::<Aes256>::new_from_slices(key.as_bytes(), iv.as_bytes()).unwrap();
    let sealed = STANDARD.decode(data).unwrap();
    String::from_utf8(cipher.decrypt_padded_vec::<Pkcs7>(&sealed).unwrap()).unwrap()
}

#[test]
fn the_documents_aes_opens_with_the_test_side() {
    assert_eq!(opened(golden!("aes-validation.data"), SECRET), golden!("aes-validation.json"));
    assert_eq!(opened(golden!("aes-thai.data"), SECRET), golden!("aes-thai.json"));
}

#[test]
fn the_crc_of_openssl_python_and_java_is_the_same_oaep() {
    for crc in [golden!("openssl.crc"), golden!("python.crc"), golden!("java.crc")] {
        assert_eq!(secret_of(crc), SECRET);
    }
}

#[test]
fn envelopes_of_python_and_java_open() {
    for envelope in [golden!("python.envelope.json"), golden!("java.envelope.json")] {
        let envelope: serde_json::Value = serde_json::from_str(envelope).unwrap();
        let field = |name: &str| envelope[name].as_str().unwrap().to_owned();
        let plaintext = opened(&field("data"), &secret_of(&field("crc")));
        assert_eq!(plaintext, golden!("e2-validation.json"));
    }
}

/// The two sealed fields of a wire body.
struct Sealed {
    data: String,
    crc: String,
}

fn fields(body: &[u8]) -> Sealed {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap();
    let field = |name: &str| body.get(name).unwrap().as_str().unwrap().to_owned();
    Sealed { data: field("data"), crc: field("crc") }
}

fn sealed(plaintext: Plaintext, framing: DataFraming) -> Vec<u8> {
    seal(plaintext, framing, &public_key(), &mut StdRng::seed_from_u64(7)).unwrap()
}

#[test]
fn our_envelope_opens_with_the_test_side() {
    let envelope = fields(&sealed(submission_with_selfie().plaintext(), DataFraming::Base64));
    let secret = secret_of(&envelope.crc);
    let (key, iv) = secret.split_once('@').unwrap();
    assert_eq!((key.len(), iv.len()), (32, 16));
    assert!(format!("{key}{iv}").bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_eq!(opened(&envelope.data, &secret), golden!("e3-submit-selfie.json"));
}

#[test]
fn openssl_opens_our_envelope() {
    let envelope = fields(&sealed(submission_with_selfie().plaintext(), DataFraming::Base64));
    let crc = STANDARD.decode(&envelope.crc).unwrap();
    let oaep = ["rsa_padding_mode:oaep", "rsa_oaep_md:sha1", "rsa_mgf1_md:sha1"];
    let mut arguments = vec!["pkeyutl", "-decrypt", "-inkey", KEY_FILE];
    arguments.extend(oaep.into_iter().flat_map(|option| ["-pkeyopt", option]));
    let Some(secret) = openssl(&arguments, &crc) else { return };
    let secret = String::from_utf8(secret).unwrap();
    let (key, iv) = secret.split_once('@').unwrap();
    let (key, iv) = (hex(key), hex(iv));
    let data = STANDARD.decode(&envelope.data).unwrap();
    let opened = openssl(&["enc", "-d", "-aes-256-cbc", "-K", &key, "-iv", &iv], &data).unwrap();
    check(&opened, golden!("e3-submit-selfie.json"));
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Runs OpenSSL; `None` where it is not installed, which a build server may not say.
#[expect(clippy::disallowed_macros, reason = "a test that is skipped has to say so")]
fn openssl(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let spawned = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Err(error) if error.kind() == ErrorKind::NotFound && option_env!("CI").is_none() => {
            eprintln!("skipped: openssl is not installed");
            return None;
        }
        spawned => spawned.expect("openssl starts"),
    };
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout)
}

#[test]
fn a_wire_body_has_the_documents_two_or_three_fields() {
    let body = sealed(failure_report().plaintext(), DataFraming::Base64);
    let Sealed { data, crc } = fields(&body);
    check(&body, &format!("{{\"data\":\"{data}\",\"crc\":\"{crc}\"}}"));
    let reference = Reference::parse("BAYMK191200001").unwrap();
    let (plaintext, rng) = (failure_report().plaintext(), &mut StdRng::seed_from_u64(7));
    let body = seal_report(&reference, plaintext, DataFraming::Base64, &public_key(), rng).unwrap();
    check(
        &body,
        &format!("{{\"reference\":\"BAYMK191200001\",\"data\":\"{data}\",\"crc\":\"{crc}\"}}"),
    );
}

#[test]
fn the_python_samples_framing_can_be_switched_on() {
    let plain = fields(&sealed(failure_report().plaintext(), DataFraming::Base64));
    let framed = fields(&sealed(failure_report().plaintext(), DataFraming::JsonCipherText));
    let inner: serde_json::Value = serde_json::from_str(&framed.data).unwrap();
    assert_eq!(inner, serde_json::json!({ "cipherText": plain.data }));
    assert_eq!(framed.crc, plain.crc);
}

#[track_caller]
fn check_key(file: &str) {
    let key = PublicKey::from_pem(file.as_bytes()).unwrap();
    assert_eq!(key.fingerprint(), golden!("test-only.fingerprint"));
    assert_eq!(key.bits(), 2048);
}

#[test]
fn the_key_is_read_in_every_form_that_banks_send() {
    check_key(golden!("test-only.spki.pem"));
    check_key(golden!("test-only.pkcs1.pem"));
    check_key(golden!("test-only.certificate.pem"));
    check_key(golden!("test-only.certificate-v1.pem"));
}

#[test]
fn the_key_is_read_however_its_lines_are_laid_out() {
    let spki = golden!("test-only.spki.pem");
    check_key(&spki.replace('\n', "\r\n"));
    check_key(&format!("subject=the bank\n\n{spki}\n"));
    check_key(&spki.replace('\n', "\n    "));
    check_key(&format!("\u{feff}{spki}"));
    let body: String = spki.lines().filter(|line| !line.starts_with("---")).collect();
    check_key(&body);
    check_key(&format!("-----BEGIN PUBLIC KEY-----{body}-----END PUBLIC KEY-----"));
    check_key(&format!("-----BEGIN RSA PUBLIC KEY-----\n{body}\n-----END RSA PUBLIC KEY-----"));
}

#[track_caller]
fn check_refused(file: &[u8], expected: &str) {
    let error: PublicKeyError = PublicKey::from_pem(file).unwrap_err();
    assert_eq!(error.to_string(), format!("reading the public key: {expected}"));
}

#[test]
fn what_is_no_key_for_us_is_refused_by_name() {
    check_refused(
        golden!("refused-1024.spki.pem").as_bytes(),
        "expected at least 2048 bits, got 1024",
    );
    let not_rsa = "expected an RSA key as SPKI, PKCS#1 or X.509, got";
    check_refused(golden!("refused-ec.spki.pem").as_bytes(), &format!("{not_rsa} \"PUBLIC KEY\""));
    check_refused(
        golden!("test-only.key.pem").as_bytes(),
        "expected a public key, got PRIVATE KEY; remove that file",
    );
    check_refused(b"", "expected Base64, got nothing");
    check_refused(b"MIIB", &format!("{not_rsa} text without a BEGIN line"));
    check_refused(
        b"see attachment",
        "expected Base64 in text without a BEGIN line, got other characters",
    );
    check_refused(
        b"-----BEGIN PUBLIC KEY-----\nMIIB",
        "expected an END line after BEGIN PUBLIC KEY, got the end of the file",
    );
    check_refused(&[0x30, 0x82, 0xff], "expected a PEM text, got binary data (DER?)");
    check_refused(&[b'A'; 70_000], "expected at most 65536 bytes, got more");
}
