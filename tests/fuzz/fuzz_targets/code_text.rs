//! The fuzzer writes what a scanner or a camera read, or what was typed.
//!
//! What comes out is held against the rules written down here a second time: what is taken for a reference
//! is spelled as one, and everything else is named by what it is, in the same words.

#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::{Reference, WrongCode};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let expected = second_reading(&text);
    match Reference::parse(&text) {
        Ok(reference) => {
            assert_eq!(expected, None, "a wrong code was taken for a reference");
            let spelled = reference.as_str();
            assert_eq!(spelled, text.trim_end_matches(['\r', '\n']));
            assert!(text.len() - spelled.len() <= 2, "more than one line end was taken off");
            assert!(reference.last_four().len() == 4);
            assert_eq!(format!("{reference:?}"), "‹redacted›");
        }
        Err(wrong_code) => {
            assert_eq!(expected, Some(wrong_code));
            assert!(wrong_code.text().starts_with("wrong_code_"));
        }
    }
});

/// What is wrong with a code, if anything, by cutting it up instead of by looking at its beginning.
fn second_reading(text: &str) -> Option<WrongCode> {
    let line = match text.as_bytes() {
        [line @ .., b'\r', b'\n'] | [line @ .., b'\n' | b'\r'] => &text[..line.len()],
        _ => text,
    };
    let lower: Vec<char> =
        line.chars().take(80).map(|letter| letter.to_ascii_lowercase()).collect();
    let lower: String = lower.into_iter().collect();
    known(&lower).or_else(|| {
        let spelled = line.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        let hidden = |c: char| {
            let turning = [0x200E..=0x200F, 0x202A..=0x202E, 0x2066..=0x2069];
            c.is_control() || turning.iter().any(|range| range.contains(&u32::from(c)))
        };
        match line.chars().count() {
            _ if line.chars().any(hidden) => Some(WrongCode::ControlCharacters),
            0 => Some(WrongCode::Unreadable),
            _ if !spelled => Some(WrongCode::Unreadable),
            1..=5 => Some(WrongCode::TooShort),
            6..=55 => None,
            _ => Some(WrongCode::TooLong),
        }
    })
}

fn known(lower: &str) -> Option<WrongCode> {
    let numbers = |text: &str| text.chars().all(|letter| letter.is_ascii_digit());
    let letters: Vec<char> = lower.chars().collect();
    let part =
        |from: usize, to: usize| -> String { letters.iter().skip(from).take(to - from).collect() };
    let slip = part(0, 2) == "00" && numbers(&part(2, 4)) && part(4, 14) == "0006000001";
    let bill = part(0, 1) == "|" && letters.len() >= 14 && numbers(&part(1, 14));
    if part(0, 6) == "000201" || slip || bill {
        return Some(WrongCode::Payment);
    }
    let (scheme, rest) = lower.split_once(':').unwrap_or((lower, ""));
    if lower.contains(':') {
        match scheme {
            "http" | "https" => {
                let rest = lower.find("//").map_or(lower, |at| &lower[at + 2..]);
                return Some(link(rest));
            }
            "line" | "thaid" => return Some(WrongCode::Messaging),
            "wifi" => return Some(WrongCode::Wifi),
            "begin" if rest.starts_with("vcard") => return Some(WrongCode::Contact),
            "mecard" | "tel" | "mailto" | "smsto" | "sms" => return Some(WrongCode::Contact),
            "otpauth" | "otpauth-migration" => return Some(WrongCode::OneTimePassword),
            _ => {}
        }
    }
    if lower.starts_with("www.") {
        let rest = lower.find("//").map_or(lower, |at| &lower[at + 2..]);
        return Some(link(rest));
    }
    let pass = letters.len() >= 58
        && letters[0] == 'm'
        && ('1'..='4').contains(&letters[1])
        && letters[2..22].contains(&'/');
    pass.then_some(WrongCode::BoardingPass)
}

fn link(rest: &str) -> WrongCode {
    let end = rest.find(|letter| "/?#\\".contains(letter)).unwrap_or(rest.len());
    let authority = &rest[..end];
    let host = authority.rfind('@').map_or(authority, |at| &authority[at + 1..]);
    let host = host.find(':').map_or(host, |at| &host[..at]);
    let dotted = format!(".{host}");
    let of =
        [".line.me", ".lin.ee", ".bora.dopa.go.th"].iter().any(|owner| dotted.ends_with(owner));
    if of { WrongCode::Messaging } else { WrongCode::Website }
}
