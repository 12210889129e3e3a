//! Which dialect the bank speaks: E1, E5 and E2 over every form of the time header and every framing.
//!
//! An answer about the reference proves that the envelope was understood; any other names the layer that
//! refused. The reference and the citizen are nobody's. E3, E4 and E6 are never called: they leave traces.

use std::sync::Arc;
use std::time::Duration;

use citizen::CitizenId;
use protocol::{
    Condition, DataFraming, Dialect, Endpoint, HeaderTime, QrValidationRequest, Reference,
};
use tokio::time::timeout;

use super::finding::{Advice, Check, Finding};
use crate::bank::{Bank, Failed, Keyring};
use crate::clock::Clock;
use crate::config::{Config, FRAMINGS, HEADER_TIMES, Secrets};

/// Of the form of a reference, and none that a bank gives out.
const REFERENCE: &str = "DIPCHIP-PROBE-000000";
/// The citizen of every example; the check digit is right, the number is nobody's.
const CITIZEN_ID: &str = "1111111111119";

/// One way of speaking, by the words of the configuration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Manner {
    header_time: (&'static str, HeaderTime),
    framing: (&'static str, DataFraming),
}

/// What came of one manner.
struct Tried {
    manner: Manner,
    /// E5, which has no envelope; it is the same for both framings.
    headers: Heard,
    /// E2.
    envelope: Heard,
}

/// An answer, as far as it tells of the dialect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Heard {
    Understood(Condition),
    Refused(Layer, Condition),
    Nothing,
}

/// Where a request got stuck, from the outside in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Layer {
    Way,
    Credentials,
    Headers,
    Clock,
    Schema,
    Rsa,
    Aes,
    Plaintext,
    Bank,
}

/// A finding for each manner, and one on what is configured. Twelve calls and three tokens at most, one after
/// another, each within `bound`.
pub(super) async fn check(config: &Config, bound: Duration) -> Vec<Finding> {
    let (keys, secrets) = match (config.public_keys(), config.secrets()) {
        (Ok(keys), Ok(secrets)) => (Keyring::new(keys), secrets),
        (Err(fault), _) | (_, Err(fault)) => {
            let finding = format!("not probed, because a file is missing: {fault}");
            return vec![Finding::skipped(Check::Dialect, finding)];
        }
    };
    let clock = Arc::new(Clock::new());
    let mut tried = Vec::new();
    for header_time in HEADER_TIMES {
        let dialect = Dialect { header_time: header_time.1, ..config.dialect().clone() };
        match Probe::new(config, dialect, &secrets, &keys, &clock, bound) {
            Ok(probe) => tried.extend(probe.manners(header_time).await),
            Err(advice) => {
                return vec![Finding::fault(Check::Dialect, "the bank cannot be asked", advice)];
            }
        }
    }
    let mut findings: Vec<Finding> = tried.iter().map(Tried::finding).collect();
    findings.push(concluded(&tried, config.dialect()));
    findings
}

struct Probe<'a> {
    bank: Bank,
    keys: &'a Keyring,
    bound: Duration,
}

impl<'a> Probe<'a> {
    fn new(
        config: &Config,
        dialect: Dialect,
        secrets: &Secrets,
        keys: &'a Keyring,
        clock: &Arc<Clock>,
        bound: Duration,
    ) -> Result<Self, Advice> {
        let bank = Bank::new(config.bank.clone(), dialect, secrets, Arc::clone(clock));
        let remedy = "correct the section [bank] of the configuration";
        let bank = bank.map_err(|error| Advice::new(error.to_string(), remedy))?;
        Ok(Self { bank, keys, bound })
    }

    async fn manners(&self, header_time: (&'static str, HeaderTime)) -> Vec<Tried> {
        let headers = Heard::of(timeout(self.bound, self.bank.consents()).await);
        let mut tried = Vec::new();
        for framing in FRAMINGS {
            let envelope = self.validate(framing.1).await;
            tried.push(Tried { manner: Manner { header_time, framing }, headers, envelope });
        }
        tried
    }

    async fn validate(&self, framing: DataFraming) -> Heard {
        let reference = Reference::parse(REFERENCE).expect("it has the form of a reference");
        let citizen_id = CitizenId::parse(CITIZEN_ID).expect("its check digit is right");
        let plaintext = QrValidationRequest::new(&reference, &citizen_id).plaintext();
        match self.keys.seal(plaintext, framing) {
            Ok((body, _)) => Heard::of(timeout(self.bound, self.bank.validate_qr(&body)).await),
            Err(_) => Heard::Nothing,
        }
    }
}

impl Heard {
    fn of<T, E>(answer: Result<Result<T, Failed>, E>) -> Self {
        match answer {
            Ok(Ok(_)) => Self::Understood(Condition::SUCCESS),
            Ok(Err(Failed { at: Endpoint::Token, condition, .. })) => {
                Self::Refused(Layer::Credentials, condition)
            }
            Ok(Err(Failed { condition, .. })) => match layer(condition) {
                Some(layer) => Self::Refused(layer, condition),
                None => Self::Understood(condition),
            },
            Err(_) => Self::Nothing,
        }
    }

    fn words(self) -> String {
        match self {
            Self::Understood(condition) => format!("understood ({condition})"),
            Self::Refused(layer, condition) => {
                format!("refused by {} ({condition})", layer.words())
            }
            Self::Nothing => "no answer in time".to_owned(),
        }
    }
}

/// Which layer a condition speaks of; none if the bank has judged what was asked.
fn layer(condition: Condition) -> Option<Layer> {
    Some(match condition {
        Condition::Diis(1501) => Layer::Rsa,
        Condition::Diis(1402) => Layer::Aes,
        Condition::Diis(9400 | 9998) => Layer::Plaintext,
        Condition::Diis(9401..=9403) => Layer::Credentials,
        Condition::Diis(1000..=2999) => return None,
        Condition::Diis(_) => Layer::Bank,
        Condition::Gateway(4 | 20..=22 | 27 | 28) => Layer::Schema,
        Condition::Gateway(3 | 6 | 7 | 19 | 23 | 25) => Layer::Headers,
        Condition::Gateway(26) => Layer::Clock,
        Condition::Gateway(100..=107) | Condition::OAuth(_) | Condition::Http(401) => {
            Layer::Credentials
        }
        Condition::Gateway(_) => Layer::Bank,
        Condition::Http(_) | Condition::Transport(_) => Layer::Way,
    })
}

impl Layer {
    fn words(self) -> &'static str {
        match self {
            Self::Way => "the way to the bank",
            Self::Credentials => "the check of the credentials",
            Self::Headers => "the gateway's check of the headers",
            Self::Clock => "the gateway's check of the time",
            Self::Schema => "the gateway's schema",
            Self::Rsa => "RSA: the crc did not open",
            Self::Aes => "AES: the crc opened, the data did not",
            Self::Plaintext => "the plaintext's schema: the envelope opened",
            Self::Bank => "the bank, which is out of order",
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Way | Self::Bank => "run this again in some minutes, then ask the bank",
            Self::Credentials => "compare the secrets with what the bank assigned",
            Self::Headers => {
                "try dialect.header_alias, then ask the bank which headers its gateway wants"
            }
            Self::Clock => "turn time synchronisation on: timedatectl set-ntp true",
            Self::Schema => {
                "ask the bank for the form of X-Client-Transaction-DateTime and of data"
            }
            Self::Rsa => "compare bank.public_key_file with the key that the bank uses now",
            Self::Aes => {
                "ask the bank what the field data holds: Base64, or JSON with a cipherText"
            }
            Self::Plaintext => "ask the bank for its edition of the document",
        }
    }
}

impl Manner {
    fn words(self) -> String {
        let (header_time, framing) = (self.header_time.0, self.framing.0);
        format!("header_datetime = \"{header_time}\", data_framing = \"{framing}\"")
    }
}

impl Tried {
    fn understood(&self) -> bool {
        matches!(self.envelope, Heard::Understood(_))
    }

    fn finding(&self) -> Finding {
        let Self { manner, headers, envelope } = self;
        let [headers, envelope] = [headers, envelope].map(|heard| heard.words());
        let finding = format!("{}: E5 {headers}; E2 {envelope}", manner.words());
        Finding::ok(Check::Dialect, finding)
    }
}

/// What follows for the configuration.
fn concluded(tried: &[Tried], configured: &Dialect) -> Finding {
    let spoken = |one: &&Tried| {
        one.manner.header_time.1 == configured.header_time
            && one.manner.framing.1 == configured.data_framing
    };
    let Some(ours) = tried.iter().find(spoken) else {
        return Finding::skipped(
            Check::Dialect,
            "the configured dialect was not among those tried",
        );
    };
    let words = ours.manner.words();
    if ours.understood() {
        return Finding::ok(
            Check::Dialect,
            format!("the bank understands what is configured: {words}"),
        );
    }
    let finding = format!("the bank does not understand what is configured: {words}");
    let advice = match tried.iter().find(|one| one.understood()) {
        Some(other) => Advice::new(
            format!("it understands {}", other.manner.words()),
            format!("put this into the section [dialect]: {}", other.manner.words()),
        ),
        None => {
            let remedy = match ours.envelope {
                Heard::Refused(layer, _) => layer.remedy(),
                Heard::Understood(_) | Heard::Nothing => Layer::Way.remedy(),
            };
            Advice::new(format!("in every dialect; in this one {}", ours.envelope.words()), remedy)
        }
    };
    Finding::fault(Check::Dialect, finding, advice)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[track_caller]
    fn check(code: &str, expected: &str) {
        let failed = Failed {
            at: Endpoint::ValidateQr,
            condition: code.parse().unwrap(),
            wait_at_least: Duration::ZERO,
        };
        assert_eq!(Heard::of::<(), ()>(Ok(Err(failed))).words(), format!("{expected} ({code})"));
    }

    #[test]
    fn an_answer_about_the_reference_proves_that_the_envelope_was_understood() {
        for code in ["1100", "1101", "1102", "1103", "1600", "1602", "2001"] {
            check(code, "understood");
        }
    }

    #[test]
    fn every_other_answer_names_the_layer() {
        check("1402", "refused by AES: the crc opened, the data did not");
        check("1501", "refused by RSA: the crc did not open");
        check("9998", "refused by the plaintext's schema: the envelope opened");
        check("-4", "refused by the gateway's schema");
        check("-26", "refused by the gateway's check of the time");
        check("-25", "refused by the gateway's check of the headers");
        check("-107", "refused by the check of the credentials");
        check("9999", "refused by the bank, which is out of order");
        check("HTTP_404", "refused by the way to the bank");
        check("NET_TIMEOUT", "refused by the way to the bank");
    }

    #[test]
    fn the_configured_dialect_is_right_wrong_or_as_good_as_any() {
        let tried = |understood: &[usize]| -> Vec<Tried> {
            let manners = HEADER_TIMES
                .into_iter()
                .flat_map(|header_time| FRAMINGS.map(|framing| Manner { header_time, framing }));
            let refused = Condition::Gateway(4);
            let one = |(at, manner)| Tried {
                manner,
                headers: Heard::Nothing,
                envelope: match understood.contains(&at) {
                    true => Heard::Understood(Condition::Diis(1100)),
                    false => Heard::Refused(Layer::Schema, refused),
                },
            };
            manners.enumerate().map(one).collect()
        };
        let concluded = |understood: &[usize]| concluded(&tried(understood), &Dialect::default());
        assert_eq!(concluded(&[0, 3]).verdict, Verdict::Ok);
        let other = concluded(&[3]);
        assert_eq!(other.verdict, Verdict::Fault);
        let words = "header_datetime = \"rfc3339\", data_framing = \"json_cipherText\"";
        assert!(other.remedy.unwrap().ends_with(words));
        let none = concluded(&[]);
        assert_eq!(none.verdict, Verdict::Fault);
        assert!(none.cause.unwrap().ends_with("refused by the gateway's schema (-4)"));
    }
}
