//! The transaction reference as scanned or keyed in, and the codes that people show by mistake.
//!
//! Nothing in a code is opened, fetched or shown; the rules are those of the API page, 1.9 (Doubt D41).

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Fewest characters of a reference; the document's own sample has 14.
const LENGTH_MIN: usize = 6;
/// Most characters of a reference: String(55) in §3 and §4.
const LENGTH_MAX: usize = 55;

/// A transaction reference, 6 to 55 characters of `A-Z a-z 0-9 . _ -`, byte for byte as scanned.
///
/// Whoever holds it can act on the customer's registration: Debug redacts it and drop wipes it.
#[derive(Clone, Eq, Hash, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct Reference(String);

impl Reference {
    /// Reads a scanned or keyed text; one line end after it is taken off.
    ///
    /// # Errors
    /// [`WrongCode`] says what the text is instead.
    pub fn parse(text: &str) -> Result<Self, WrongCode> {
        let text = without_line_end(text);
        if let Some(known) = known_other(text) {
            return Err(known);
        }
        if text.chars().any(is_control) {
            return Err(WrongCode::ControlCharacters);
        }
        let spelled = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if text.is_empty() || !text.bytes().all(spelled) {
            return Err(WrongCode::Unreadable);
        }
        if text.len() < LENGTH_MIN {
            return Err(WrongCode::TooShort);
        }
        if text.len() > LENGTH_MAX {
            return Err(WrongCode::TooLong);
        }
        Ok(Self(text.to_owned()))
    }

    /// The reference itself, for the bank alone.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last four characters, for slips and logs.
    #[must_use]
    pub fn last_four(&self) -> &str {
        let start = self.0.len().saturating_sub(4);
        self.0.get(start..).unwrap_or_default()
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}

/// What a code is, when it is no transaction reference.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum WrongCode {
    /// EMVCo merchant QR, PromptPay among them; the slip of a payment; a bill to be paid.
    #[error("a payment code")]
    Payment,
    /// A link.
    #[error("a website link")]
    Website,
    /// Wi-Fi credentials.
    #[error("a Wi-Fi code")]
    Wifi,
    /// A contact card, telephone number or mail address.
    #[error("a contact card")]
    Contact,
    /// An `otpauth:` secret.
    #[error("a one-time password code")]
    OneTimePassword,
    /// A LINE or ThaID link.
    #[error("a LINE or ThaID code")]
    Messaging,
    /// An IATA bar-coded boarding pass.
    #[error("a boarding pass")]
    BoardingPass,
    /// Fewer than 6 characters.
    #[error("too short for a reference")]
    TooShort,
    /// More than 55 characters.
    #[error("too long for a reference")]
    TooLong,
    /// Characters that are not seen: a scanner's own settings, a code for machines, or an attack.
    #[error("control characters in it")]
    ControlCharacters,
    /// Characters that no reference has.
    #[error("not a reference")]
    Unreadable,
}

impl WrongCode {
    /// All eleven.
    pub const ALL: [Self; 11] = [
        Self::Payment,
        Self::Website,
        Self::Wifi,
        Self::Contact,
        Self::OneTimePassword,
        Self::Messaging,
        Self::BoardingPass,
        Self::TooShort,
        Self::TooLong,
        Self::ControlCharacters,
        Self::Unreadable,
    ];

    /// The key of its sentence in `config/failures.toml`.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Payment => "wrong_code_payment",
            Self::Website => "wrong_code_website",
            Self::Wifi => "wrong_code_wifi",
            Self::Contact => "wrong_code_contact",
            Self::OneTimePassword => "wrong_code_one_time_password",
            Self::Messaging => "wrong_code_messaging",
            Self::BoardingPass => "wrong_code_boarding_pass",
            Self::TooShort => "wrong_code_too_short",
            Self::TooLong => "wrong_code_too_long",
            Self::ControlCharacters => "wrong_code_control_characters",
            Self::Unreadable => "wrong_code_unreadable",
        }
    }
}

/// Scanners end a line with CR, LF or both; anything beyond one line end is part of the code.
fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// Not seen when printed: the controls, and the marks that turn the direction of writing around.
fn is_control(character: char) -> bool {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() || turns
}

/// Longest opening that decides what a code is; a code may have 7,000 characters.
const OPENING_MAX: usize = 80;

fn known_other(text: &str) -> Option<WrongCode> {
    let opening: String =
        text.chars().take(OPENING_MAX).map(|character| character.to_ascii_lowercase()).collect();
    let begins = |openings: &[&str]| openings.iter().any(|known| opening.starts_with(known));
    if is_payment(&opening) {
        return Some(WrongCode::Payment);
    }
    if begins(&["http:", "https:", "www."]) {
        let messenger = is_of_messenger(host(&opening));
        return Some(if messenger { WrongCode::Messaging } else { WrongCode::Website });
    }
    if begins(&["line:", "thaid:"]) {
        return Some(WrongCode::Messaging);
    }
    if begins(&["wifi:"]) {
        return Some(WrongCode::Wifi);
    }
    if begins(&["begin:vcard", "mecard:", "tel:", "mailto:", "smsto:", "sms:"]) {
        return Some(WrongCode::Contact);
    }
    if begins(&["otpauth:", "otpauth-migration:"]) {
        return Some(WrongCode::OneTimePassword);
    }
    is_boarding_pass(&opening).then_some(WrongCode::BoardingPass)
}

/// EMVCo's merchant code begins with its version (QRCPS-MPM 1.1, table 3.2); the code on a Thai transfer
/// slip with a template that names its kind; a Thai bill with a bar before the payee's tax number.
fn is_payment(opening: &str) -> bool {
    let is_digits = |part: Option<&str>| {
        part.is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    opening.starts_with("000201")
        || opening.starts_with("00")
            && is_digits(opening.get(2..4))
            && opening.get(4..).is_some_and(|rest| rest.starts_with("0006000001"))
        || opening.starts_with('|') && is_digits(opening.get(1..14))
}

/// The host of a link, without name and port.
fn host(link: &str) -> &str {
    let rest = link.split_once("//").map_or(link, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default()
}

fn is_of_messenger(host: &str) -> bool {
    let of = |owner: &&str| {
        host.strip_suffix(owner).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    ["line.me", "lin.ee", "bora.dopa.go.th"].iter().any(of)
}

/// IATA Resolution 792: `M`, the number of legs, then 20 characters `SURNAME/GIVEN`; 60 in all at least.
fn is_boarding_pass(opening: &str) -> bool {
    let mut characters = opening.chars();
    characters.next() == Some('m')
        && characters.next().is_some_and(|legs| matches!(legs, '1'..='4'))
        && characters.take(20).any(|character| character == '/')
        && opening.chars().count() >= 58
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

    use super::{Reference, WrongCode};

    #[track_caller]
    fn check(text: &str, expected: Result<&str, WrongCode>) {
        let parsed = Reference::parse(text);
        assert_eq!(parsed.as_ref().map(Reference::as_str), expected.as_ref().copied());
    }

    #[test]
    fn the_samples_of_the_document_are_references() {
        check("BAYMK191200001", Ok("BAYMK191200001"));
        let token = "IFOL5cCwcPvQmySXbMcsURl3cKLkje9NaedV53I79adlSpScK5wD7aa";
        check(token, Ok(token));
    }

    #[test]
    fn one_line_end_is_taken_off_and_no_more() {
        check("BAYMK1\r\n", Ok("BAYMK1"));
        check("BAYMK1\n", Ok("BAYMK1"));
        check("BAYMK1\r", Ok("BAYMK1"));
        check("BAYMK1\n\n", Err(WrongCode::ControlCharacters));
        check(" BAYMK1", Err(WrongCode::Unreadable));
    }

    #[test]
    fn lengths_are_bounded() {
        check("", Err(WrongCode::Unreadable));
        check("ABCDE", Err(WrongCode::TooShort));
        check(&"A".repeat(55), Ok(&"A".repeat(55)));
        check(&"A".repeat(56), Err(WrongCode::TooLong));
    }

    #[test]
    fn what_people_show_by_mistake_is_named() {
        check("00020101021129370016A000000677010111", Err(WrongCode::Payment));
        check("https://bank.example/verify", Err(WrongCode::Website));
        check("HTTP://EXAMPLE.COM", Err(WrongCode::Website));
        check("https://line.me/ti/p/abc", Err(WrongCode::Messaging));
        check("line://ti/p/abc", Err(WrongCode::Messaging));
        check("https://imauth.bora.dopa.go.th/x", Err(WrongCode::Messaging));
        check("WIFI:S:Cafe;T:WPA;P:secret;;", Err(WrongCode::Wifi));
        check("BEGIN:VCARD\nVERSION:3.0", Err(WrongCode::Contact));
        check("tel:0812345678", Err(WrongCode::Contact));
        check("otpauth://totp/x?secret=A", Err(WrongCode::OneTimePassword));
        let pass = "M1TESTER/SOMCHAI      EABC123 BKKCNXTG 0102 326Y012A0001 100";
        check(pass, Err(WrongCode::BoardingPass));
    }

    #[test]
    fn the_slip_of_a_payment_and_a_bill_are_payments() {
        check(
            "0041000600000101030140220011122233344TEST1235102TH91040000",
            Err(WrongCode::Payment),
        );
        check("0038000600000101030060217A0000000000000000", Err(WrongCode::Payment));
        check("|099999999999900\r1234\r5678\r10000", Err(WrongCode::Payment));
        check("0041000700000101030140220011122", Ok("0041000700000101030140220011122"));
        check("|0999", Err(WrongCode::Unreadable));
    }

    #[test]
    fn the_messenger_is_known_by_its_host_alone() {
        check("https://LIN.EE/abc", Err(WrongCode::Messaging));
        check("https://liff.line.me:443/abc", Err(WrongCode::Messaging));
        check("https://airline.me/abc", Err(WrongCode::Website));
        check("https://line.me.example/abc", Err(WrongCode::Website));
        check("https://line.me@example.com/abc", Err(WrongCode::Website));
        check("https://example.com/?from=line.me", Err(WrongCode::Website));
    }

    #[test]
    fn what_is_not_seen_when_printed_is_named() {
        for text in
            ["ABC\0DEF", "ABC\u{202e}DEF", "\u{1d}0104912345", "ABCDEF\t", "ABC\rDEF", "\u{9b}A"]
        {
            check(text, Err(WrongCode::ControlCharacters));
        }
    }

    #[test]
    fn hostile_texts_are_unreadable() {
        for text in ["';DROP TABLE--", "{\"a\":1}", "<script>", "กขคงจฉ", "../../etc", "AB CDEF"]
        {
            check(text, Err(WrongCode::Unreadable));
        }
    }

    #[test]
    fn a_reference_shows_only_its_last_four() {
        let reference = Reference::parse("BAYMK191200001").unwrap();
        assert_eq!(reference.last_four(), "0001");
        assert_eq!(format!("{reference:?}"), "‹redacted›");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_a_reference_or_named(text in any::<String>()) {
            if let Ok(reference) = Reference::parse(&text) {
                prop_assert!((6..=55).contains(&reference.as_str().len()));
                prop_assert!(text.starts_with(reference.as_str()));
            }
        }

        #[test]
        fn every_spelled_text_comes_back_byte_for_byte(text in "[A-Za-z0-9._-]{6,55}") {
            let lower = text.to_ascii_lowercase();
            if !lower.starts_with("www.") && !lower.starts_with("00") {
                let reference = Reference::parse(&text).unwrap();
                prop_assert_eq!(reference.as_str(), text);
            }
        }
    }
}
