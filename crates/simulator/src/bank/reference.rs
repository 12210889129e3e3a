//! What a reference asks of the simulated bank: magic words that force a code, a photo or consents.
//! How often a forced code was already answered is the ledger's to remember.

use super::citizen;
use super::code::Code;
use super::endpoint::Endpoint;

/// The longest reference (§3).
const LENGTH_MAX: usize = 55;

/// Every reference that begins so is known to the bank, whether it forces something or not.
const KNOWN_PREFIX: &str = "SIM-";

/// A code that the reference forces.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Forced {
    pub code: Code,
    pub at: Endpoint,
    pub repeat: Repeat,
    pub work: Work,
}

/// How often a forced code comes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Repeat {
    Always,
    Once,
}

/// Whether the bank does what was asked before it answers with the forced code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Work {
    LeftUndone,
    Done,
}

/// Whether the customer's face is to be compared (§3, `faceCompare`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Face {
    /// `Y`: consents and a live photo are needed.
    Required,
    /// `N`.
    #[default]
    NotRequired,
}

/// Whether the reference has the shape of one at all: 1 to 55 of `A-Z a-z 0-9 . _ -`.
pub(super) fn is_well_formed(reference: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !reference.is_empty() && reference.len() <= LENGTH_MAX && reference.bytes().all(plain)
}

/// Whether every simulated bank knows the reference.
pub(super) fn is_simulated(reference: &str) -> bool {
    reference.starts_with(KNOWN_PREFIX) && is_well_formed(reference)
}

/// `Y` for `SIM-Y…`, for `…-FACE…` and where the code that reference or citizen force is about a face, `N` for `SIM-N…`, else what
/// the bank was started with.
pub(super) fn face(reference: &str, citizen_id: &str, default: Face) -> Face {
    let about_a_face = forced(reference)
        .or_else(|| citizen::forced(citizen_id))
        .is_some_and(|forced| matches!(forced.code, Code::Diis(1899 | 2002 | 9301 | 9302)));
    if about_a_face || reference.starts_with("SIM-Y") || reference.contains("-FACE") {
        Face::Required
    } else if reference.starts_with("SIM-N") {
        Face::NotRequired
    } else {
        default
    }
}

/// Whether consents are to be shown although no face is compared.
pub(super) fn wants_consents(reference: &str) -> bool {
    reference.contains("-CONSENT")
}

/// Reads the code that a reference forces: `SIM-1101`, `SIM-G100`, `SIM-H503`, each with an endpoint
/// (`-E3`), `-ONCE` and `-ACTED` behind, in any order and with other words between.
pub(super) fn forced(reference: &str) -> Option<Forced> {
    let mut words = reference.strip_prefix(KNOWN_PREFIX)?.split('-');
    let code = code_word(words.next()?)?;
    let mut forced =
        Forced { code, at: usual_endpoint(code), repeat: Repeat::Always, work: Work::LeftUndone };
    for word in words {
        match word {
            "ONCE" => forced.repeat = Repeat::Once,
            "ACTED" => forced.work = Work::Done,
            "E2" | "E3" | "E4" | "E6" => {
                forced.at = Endpoint::from_name(word).unwrap_or(forced.at);
            }
            _ => {}
        }
    }
    Some(forced)
}

fn code_word(word: &str) -> Option<Code> {
    let number = |digits: &str| -> Option<u16> {
        if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
    };
    if let Some(digits) = word.strip_prefix('G') {
        return number(digits).filter(|code| (1..1000).contains(code)).map(Code::Gateway);
    }
    if let Some(digits) = word.strip_prefix('H') {
        return number(digits).filter(|status| (200..600).contains(status)).map(Code::Http);
    }
    number(word).filter(|code| word.len() == 4 && *code >= 1000).map(Code::Diis)
}

/// §10 groups its codes: those of the QR module come from §3, all others from §4.
pub(super) fn usual_endpoint(code: Code) -> Endpoint {
    match code {
        Code::Diis(1100..=1199) => Endpoint::ValidateQr,
        Code::Diis(_) | Code::Gateway(_) | Code::OAuth(_) | Code::Http(_) => Endpoint::Submit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reference: &str, expected: Option<(Code, Endpoint, Repeat, Work)>) {
        let read = forced(reference).map(|read| (read.code, read.at, read.repeat, read.work));
        assert_eq!(read, expected);
    }

    #[test]
    fn a_code_comes_where_the_document_lists_it() {
        let always = |code, at| Some((Code::Diis(code), at, Repeat::Always, Work::LeftUndone));
        check("SIM-1101", always(1101, Endpoint::ValidateQr));
        check("SIM-1602", always(1602, Endpoint::Submit));
        check("SIM-2003-0007", always(2003, Endpoint::Submit));
        check("SIM-1201-E6", always(1201, Endpoint::CheckDopa));
        check("SIM-1602-E2-A", always(1602, Endpoint::ValidateQr));
    }

    #[test]
    fn gateway_codes_and_bare_statuses_can_be_forced_too() {
        check(
            "SIM-G201-ACTED-ONCE",
            Some((Code::Gateway(201), Endpoint::Submit, Repeat::Once, Work::Done)),
        );
        check(
            "SIM-H503-E2",
            Some((Code::Http(503), Endpoint::ValidateQr, Repeat::Always, Work::LeftUndone)),
        );
    }

    #[test]
    fn an_ordinary_reference_forces_nothing() {
        for reference in
            ["SIM-0001", "SIM-A1101", "SIM-FACE-1101", "SIM-11011", "BAY-1101", "SIM-G"]
        {
            check(reference, None);
        }
    }

    #[test]
    fn the_photo_is_asked_for_by_word_or_by_default() {
        for (reference, default, expected) in [
            ("SIM-Y001", Face::NotRequired, Face::Required),
            ("SIM-7-FACE", Face::NotRequired, Face::Required),
            ("SIM-7", Face::NotRequired, Face::NotRequired),
            ("SIM-7", Face::Required, Face::Required),
            ("SIM-N7", Face::Required, Face::NotRequired),
            ("SIM-9301-ONCE", Face::NotRequired, Face::Required),
            ("SIM-9300", Face::NotRequired, Face::NotRequired),
        ] {
            assert_eq!(face(reference, "", default), expected, "{reference}");
        }
    }

    #[test]
    fn a_reference_has_at_most_55_plain_characters() {
        assert!(is_well_formed(&"A".repeat(55)));
        for bad in ["", "SIM-1;DROP", "SIM 1", "SIM-๑", &"A".repeat(56)] {
            assert!(!is_well_formed(bad));
        }
    }
}
