//! The fuzzer is a client of the simulated bank: what it sends is opened and held against the tables.
//!
//! RSA takes a millisecond, so most inputs begin behind it, with what a `crc` opened to; a whole wire body
//! goes through it when its `crc` is long enough. No input may make the bank panic, be taken for a good
//! body without being one, or put what was sent into a sentence of the log.

#![no_main]

use std::sync::OnceLock;

use aes::Aes256;
use base64::{Engine, engine::general_purpose::STANDARD};
use cbc::Encryptor;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use libfuzzer_sys::fuzz_target;
use simulator::bank::{Code, Endpoint, Examiner, Framing, Verdict};

const ENDPOINTS: [Endpoint; 4] =
    [Endpoint::ValidateQr, Endpoint::Submit, Endpoint::ReportFailure, Endpoint::CheckDopa];
const SECRET: &[u8; 49] = b"32KeyValue.Secret1234567890asdfg@16IVValue.Secret";
/// The longest name of a request that a sentence may repeat; anything longer that was sent is a leak.
const NAME_SHOWN_MAX: usize = 32;

fn examiner(framing: Framing) -> &'static Examiner {
    static BOTH: OnceLock<[Examiner; 2]> = OnceLock::new();
    let both = BOTH.get_or_init(|| {
        [Framing::Base64, Framing::CipherTextJson].map(|framing| {
            Examiner::new(framing, jiff::civil::date(2026, 11, 26)).expect("there is chance")
        })
    });
    &both[usize::from(framing == Framing::CipherTextJson)]
}

fuzz_target!(|data: &[u8]| {
    let [chosen, rest @ ..] = data else { return };
    let endpoint = ENDPOINTS[usize::from(chosen & 3)];
    let framing = if chosen & 4 == 0 { Framing::Base64 } else { Framing::CipherTextJson };
    let examiner = examiner(framing);
    let verdict = match (chosen >> 3) & 3 {
        0 => examiner.wire(endpoint, rest),
        1 => {
            let (secret, data) = rest.split_at(rest.len().min(usize::from(chosen >> 5) + 45));
            let verdict = examiner.sealed(endpoint, secret, &String::from_utf8_lossy(data));
            check_secret(secret, &verdict);
            verdict
        }
        2 => {
            // The ciphertext is the fuzzer's, its Base64 and framing are right: padding and what it hides.
            let verdict = examiner.sealed(endpoint, SECRET, &framed(framing, rest));
            assert!(rest.len() % 16 == 0 && !rest.is_empty() || verdict.code == Code::Diis(1402));
            verdict
        }
        _ => {
            let open = examiner.plaintext(endpoint, rest);
            let sealed = examiner.sealed(endpoint, SECRET, &framed(framing, &encrypted(rest)));
            assert_eq!(open, sealed, "what is sealed is judged as what is not");
            check_plaintext(endpoint, rest, &open);
            open
        }
    };
    check_sentence(rest, &verdict);
});

fn framed(framing: Framing, cipher_text: &[u8]) -> String {
    let data = STANDARD.encode(cipher_text);
    match framing {
        Framing::Base64 => data,
        Framing::CipherTextJson => format!("{{\"cipherText\":\"{data}\"}}"),
    }
}

fn encrypted(plaintext: &[u8]) -> Vec<u8> {
    let (key, iv) = SECRET.split_at(32);
    let cipher = Encryptor::<Aes256>::new_from_slices(key, &iv[1..]).expect("the lengths are right");
    cipher.encrypt_padded_vec::<Pkcs7>(plaintext)
}

/// Another shape than 32 characters, `@`, 16 characters is RSA's fault (1501), before anything else.
fn check_secret(secret: &[u8], verdict: &Verdict) {
    let shaped = secret.len() == 49
        && secret.iter().enumerate().all(|(at, byte)| (*byte == b'@') == (at == 32))
        && secret.iter().all(u8::is_ascii_graphic);
    let refused = verdict.code == Code::Diis(1501);
    // The framing is taken off first, and its fault is told first.
    assert!(refused != shaped || verdict.code == Code::Diis(1402));
}

/// A good body is an object with the table's names, a whole citizen id, and nothing twice.
fn check_plaintext(endpoint: Endpoint, plaintext: &[u8], verdict: &Verdict) {
    let json = serde_json::from_slice::<serde_json::Value>(plaintext);
    if json.is_err() {
        assert_eq!(verdict.code, Code::Diis(9998));
    }
    if verdict.code != Code::SUCCESS {
        assert!(matches!(verdict.code, Code::Diis(9998 | 9400)), "{verdict:?}");
        return;
    }
    let json = json.expect("a good body is JSON");
    let id = match endpoint {
        Endpoint::ValidateQr | Endpoint::ReportFailure => json.pointer("/identifier"),
        _ => json.pointer("/customerData/citizenId"),
    };
    let digits = id.and_then(|id| id.as_str()).expect("a good body names its citizen");
    assert!(digits.len() == 13 && digits.bytes().all(|byte| byte.is_ascii_digit()));
    // Every string of a good body is bounded; a name that came twice would make the text longer than it.
    assert!(json.as_object().is_some_and(|object| object.len() <= 11));
}

/// A sentence may repeat a short plain name, never more of what was sent.
fn check_sentence(sent: &[u8], verdict: &Verdict) {
    let Some(finding) = &verdict.finding else {
        return assert_eq!(verdict.code, Code::SUCCESS);
    };
    assert_ne!(verdict.code, Code::SUCCESS);
    assert!(finding.contains(": expected ") && finding.contains(", got "), "{finding}");
    assert!(!finding.chars().any(char::is_control), "{finding}");
    let field = finding.split(": expected ").next().unwrap_or_default();
    for name in field.split('.') {
        assert!(name.chars().count() <= NAME_SHOWN_MAX, "{finding}");
    }
    let digits = finding.bytes().filter(u8::is_ascii_digit).count();
    assert!(digits < 13 || !sent.iter().any(u8::is_ascii_digit), "{finding}");
}
