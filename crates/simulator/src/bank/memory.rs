//! What the bank received, for those who test: each request with its decrypted body, in order, bounded.
//! Held in memory only, never logged; the persons are invented all the same.

use std::collections::VecDeque;
use std::fmt;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::code::Code;
use super::endpoint::Endpoint;

/// The oldest record is dropped beyond this many.
const RECORDS_MAX: usize = 1_000;

/// One request as the bank saw and answered it.
#[derive(Clone)]
pub struct Record {
    number: u64,
    at: String,
    pub(super) endpoint: Endpoint,
    pub(super) transaction_id: Option<String>,
    pub(super) client_time: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) code: Option<Code>,
    pub(super) finding: Option<String>,
    pub(super) fault: Option<&'static str>,
    pub(super) plaintext: Option<Zeroizing<String>>,
    pub(super) sealed_again: SealedAgain,
}

/// Whether the body had come before, byte for byte.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SealedAgain {
    /// The first time, or no envelope at all.
    #[default]
    New,
    /// A repetition of an earlier body, as after an unknown outcome.
    SameBody,
}

#[derive(Default)]
pub(super) struct Memory {
    records: VecDeque<Record>,
    count: u64,
}

impl Record {
    pub(super) fn new(endpoint: Endpoint, at: String) -> Self {
        Self {
            number: 0,
            at,
            endpoint,
            transaction_id: None,
            client_time: None,
            reference: None,
            code: None,
            finding: None,
            fault: None,
            plaintext: None,
            sealed_again: SealedAgain::New,
        }
    }

    /// Counts from 1 over the bank's life.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Which endpoint was called.
    pub fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    /// The bank's time at arrival, in the form of `X-Server-DateTime`.
    pub fn at(&self) -> &str {
        &self.at
    }

    /// `X-Client-Transaction-ID` as it came.
    pub fn transaction_id(&self) -> Option<&str> {
        self.transaction_id.as_deref()
    }

    /// `X-Client-Transaction-DateTime` as it came.
    pub fn client_time(&self) -> Option<&str> {
        self.client_time.as_deref()
    }

    /// The reference, from the plaintext or, for E4, in clear.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// What the bank decided, whether or not the answer arrived; `None` if the request was cut before.
    pub fn code(&self) -> Option<Code> {
        self.code
    }

    /// Why it was refused: a field, what was expected, what kind of thing was there.
    pub fn finding(&self) -> Option<&str> {
        self.finding.as_deref()
    }

    /// What a knob did to this request, in words.
    pub fn fault(&self) -> Option<&'static str> {
        self.fault
    }

    /// The decrypted body, exactly as it was sealed; `None` if nothing could be opened.
    pub fn plaintext(&self) -> Option<&str> {
        self.plaintext.as_deref().map(String::as_str)
    }

    /// The decrypted body as JSON; null if there is none or it is no JSON.
    pub fn json(&self) -> Value {
        self.plaintext().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// Whether this body is a repetition.
    pub fn sealed_again(&self) -> SealedAgain {
        self.sealed_again
    }

    /// For the admin route. The plaintext is given as JSON where it is some.
    pub(super) fn to_admin_json(&self) -> Value {
        json!({
            "number": self.number,
            "endpoint": self.endpoint.name(),
            "at": self.at,
            "transaction_id": self.transaction_id,
            "client_time": self.client_time,
            "reference": self.reference,
            "code": self.code.map(|code| code.to_string()),
            "finding": self.finding,
            "fault": self.fault,
            "same_body": self.sealed_again == SealedAgain::SameBody,
            "plaintext": self.json(),
        })
    }

    /// One line for the bank's log.
    pub(super) fn log_line(&self) -> String {
        let code = self.code.map_or_else(|| "-".to_owned(), |code| code.to_string());
        let mut line = format!("{} {} {code}", self.at, self.endpoint);
        for part in [self.finding.as_deref(), self.fault].into_iter().flatten() {
            line.push_str(" | ");
            line.push_str(part);
        }
        line
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Record")
            .field("number", &self.number)
            .field("endpoint", &self.endpoint)
            .field("code", &self.code)
            .field("finding", &self.finding)
            .field("fault", &self.fault)
            .field("plaintext", &"‹redacted›")
            .finish_non_exhaustive()
    }
}

impl Memory {
    pub(super) fn keep(&mut self, mut record: Record) {
        self.count += 1;
        record.number = self.count;
        if self.records.len() >= RECORDS_MAX {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.iter()
    }

    pub(super) fn forget(&mut self) {
        self.records.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let mut record = Record::new(Endpoint::Submit, "2026-11-23T10:18:00.00+07:00".to_owned());
        record.plaintext = Some(Zeroizing::new(r#"{"citizenId":"1111111111119"}"#.to_owned()));
        record.reference = Some("SIM-0001".to_owned());
        record
    }

    #[test]
    fn the_oldest_record_makes_room() {
        let mut memory = Memory::default();
        for _ in 0..=RECORDS_MAX {
            memory.keep(record());
        }
        assert_eq!(memory.records().count(), RECORDS_MAX);
        assert_eq!(memory.records().next().map(Record::number), Some(2));
    }

    #[test]
    fn neither_debug_nor_the_log_line_tells_who_it_was() {
        let mut record = record();
        record.code = Some(Code::Diis(9400));
        record.finding = Some("zipCode: expected five digits, got another text".to_owned());
        record.fault = Some("cut before the answer");
        for text in [format!("{record:?}"), record.log_line()] {
            assert!(!text.contains("1111111111119") && !text.contains("SIM-0001"), "{text}");
        }
        assert_eq!(
            record.log_line(),
            "2026-11-23T10:18:00.00+07:00 E3 9400 | zipCode: expected five digits, got another text \
             | cut before the answer"
        );
    }

    #[test]
    fn the_admin_route_gives_the_plaintext_as_json() {
        assert_eq!(record().to_admin_json()["plaintext"]["citizenId"], "1111111111119");
    }
}
