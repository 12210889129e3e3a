//! What a code means, in words: for `dipchip explain`, and for programs that read a card without a session.
//!
//! Owns only the English for the table's vocabulary; the table is `protocol`'s, the sentences are
//! `config/failures.toml`'s.

use card::CardError;
use protocol::{Action, Alert, Certainty, Condition, Endpoint, FailureReason, Ruling, ruling};
use session::{Failure, LocalFailure};

use crate::devices::card::{fault_of_card, fault_of_reader};
use crate::failures::Sentences;
use crate::ports::ReaderError;

/// A code, explained.
#[derive(Debug)]
pub struct Explanation {
    /// As a screen or a log shows it.
    pub code: String,
    /// For technicians, in English; `None` where the sentences say it all.
    pub meaning: Option<&'static str>,
    /// What the agent does, one line for each group of endpoints; empty for a local failure.
    pub steps: Vec<String>,
    /// What the customer is told.
    pub sentences: &'static Sentences,
}

/// Explains a code such as `1101`, `-100`, `HTTP_503`, `NET_TIMEOUT` or `CARD_REMOVED`; `None` if it is none.
#[must_use]
pub fn explain(code: &str) -> Option<Explanation> {
    let code = code.trim().to_ascii_uppercase();
    let mut locals = LocalFailure::ALL.into_iter().map(Failure::Local);
    if let Some(local) = locals.find(|local| local.to_string() == code) {
        return Some(of_failure(local));
    }
    code.parse().ok().map(of_condition)
}

/// Why a card could not be read, as a screen would say it.
#[must_use]
pub fn of_card(error: &CardError) -> Explanation {
    of_failure(Failure::Local(LocalFailure::Card(fault_of_card(error))))
}

/// Why a reader cannot be used, as a screen would say it.
#[must_use]
pub fn of_reader(error: ReaderError) -> Explanation {
    of_failure(Failure::Local(LocalFailure::Card(fault_of_reader(error))))
}

fn of_failure(failure: Failure) -> Explanation {
    Explanation {
        code: failure.to_string(),
        meaning: None,
        steps: Vec::new(),
        sentences: Sentences::of(failure.text()),
    }
}

fn of_condition(condition: Condition) -> Explanation {
    let mut groups: Vec<(Ruling, Vec<Endpoint>)> = Vec::new();
    for endpoint in Endpoint::ALL {
        let ruled = ruling(condition, endpoint);
        match groups.iter_mut().find(|(ruling, _)| *ruling == ruled) {
            Some((_, endpoints)) => endpoints.push(endpoint),
            None => groups.push((ruled, vec![endpoint])),
        }
    }
    // E3 is the call that matters most to a customer; its meaning and sentence stand for the code.
    let submit = ruling(condition, Endpoint::Submit);
    Explanation {
        code: condition.to_string(),
        meaning: Some(submit.meaning),
        steps: groups.iter().map(|(ruling, endpoints)| step(ruling, endpoints)).collect(),
        sentences: Sentences::of(submit.text),
    }
}

fn step(ruling: &Ruling, endpoints: &[Endpoint]) -> String {
    let place = if endpoints.len() == Endpoint::ALL.len() {
        "everywhere".to_owned()
    } else {
        endpoints.iter().map(Endpoint::to_string).collect::<Vec<_>>().join(", ")
    };
    let mut text = format!("{place}: {}", action(ruling.action));
    if ruling.then != ruling.action {
        text.push_str(&format!(", at most {} times, then {}", ruling.times, action(ruling.then)));
    }
    text.push_str(&format!("; {}; {}", certainty(ruling.certainty), alert(ruling.alert)));
    text
}

fn action(action: Action) -> String {
    let words = match action {
        Action::Done => "done",
        Action::DonePending => "done, the app shows the rest",
        Action::RetrySame => "send the same body again",
        Action::RetryLater => "wait, then send the same data again",
        Action::Reseal => "seal anew with a fresh key and send again",
        Action::Retoken => "fetch a new token and send again",
        Action::Reconcile => "find out what became of it by sending the same body again",
        Action::RescanQr => "ask for a new QR code",
        Action::Reread => "ask for the card again, or for the right one",
        Action::Recapture => "take a new selfie",
        Action::AskConsent => "ask for the consents again",
        Action::FixInApp => "send the customer to the app to correct the registration",
        Action::RecheckInput => "ask for mobile number and postal code again",
        Action::ShrinkSelfie => "send a smaller selfie",
        Action::FixClock => "correct the time by the bank's clock and send again",
        Action::Stop => "stop",
        Action::StopReport(reason) => return format!("stop and report \"{}\"", report(reason)),
        Action::ConfigFault => "go out of service until it is repaired",
        Action::Bug => "stop; this is our own fault",
    };
    words.to_owned()
}

fn report(reason: FailureReason) -> &'static str {
    reason.message()
}

fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::NotDone => "the bank has done nothing",
        Certainty::Final => "the bank has finished with the reference",
        Certainty::Unknown => "what the bank has done is unknown",
    }
}

fn alert(alert: Alert) -> &'static str {
    match alert {
        Alert::None => "nobody is told",
        Alert::Count => "counted",
        Alert::Warn => "the operator is told",
        Alert::Page => "the operator is called",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, expected: &str) {
        let explanation = explain(code).expect("the code is known");
        assert_eq!(explanation.code, expected);
        assert!(!explanation.sentences.english.is_empty());
    }

    #[test]
    fn every_kind_of_code_is_explained() {
        check("1101", "1101");
        check("-100", "-100");
        check("http_503", "HTTP_503");
        check("NET_TIMEOUT", "NET_TIMEOUT");
        check("OAUTH_INVALID_CLIENT", "OAUTH_INVALID_CLIENT");
        check(" card_removed ", "CARD_REMOVED");
    }

    #[test]
    fn a_code_that_is_none_is_not_explained() {
        for code in ["", "banana", "11011", "-", "CARD_"] {
            assert!(explain(code).is_none(), "{code}");
        }
    }

    #[test]
    fn endpoints_that_differ_have_a_line_each() {
        let steps = explain("9997").unwrap().steps;
        assert!(steps.len() > 1, "{steps:?}");
        assert!(steps.iter().any(|step| step.starts_with("submit, report_failure: find out")));
    }

    #[test]
    fn a_code_that_means_the_same_everywhere_has_one_line() {
        let steps = explain("-28").unwrap().steps;
        assert_eq!(steps.len(), 1, "{steps:?}");
        assert!(steps.iter().all(|step| step.starts_with("everywhere: stop; this is our own")));
    }

    #[test]
    fn a_readers_trouble_has_its_sentence() {
        assert_eq!(of_reader(ReaderError::ServiceDown).code, "READER_SERVICE_DOWN");
        assert_eq!(of_card(&CardError::OldLayout).code, "OLD_CARD");
    }
}
