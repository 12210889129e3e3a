//! The knobs: what may go wrong between a client and the bank, at which endpoint and how often.
//! Read from JSON (`--fault`, `POST /_sim/faults`) or built in a test.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use thiserror::Error;

use super::code::Code;
use super::endpoint::Endpoint;

/// One thing to go wrong.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    #[serde(default)]
    endpoint: Option<Endpoint>,
    #[serde(default)]
    times: Times,
    #[serde(default)]
    skip: u32,
    fault: Kind,
}

/// What goes wrong.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Kind {
    /// The answer comes this much later. Other faults may come on top.
    #[serde(rename = "latency_ms", deserialize_with = "milliseconds")]
    Latency(Duration),
    /// The connection ends.
    Cut(Cut),
    /// A page of HTML with status 200 instead of the answer, as of a captive portal.
    Html(Acting),
    /// A page of HTML under a status of its own, as of a gateway or a proxy in front of the bank.
    Page {
        /// 200 to 599.
        status: u16,
        /// Whether the bank had done the work.
        #[serde(default)]
        acting: Acting,
    },
    /// The request arrives twice, as from a network or a proxy that repeats.
    Duplicate(Heard),
    /// An HTTP status with an empty body instead of the answer.
    Status {
        /// 200 to 599; with 3xx comes a `Location`.
        status: u16,
        /// Whether the bank had done the work.
        #[serde(default)]
        acting: Acting,
    },
    /// A code instead of the answer.
    Code {
        /// As in `1201`, `-201`, `HTTP_503`, `invalid_client`.
        #[serde(deserialize_with = "code")]
        code: Code,
        /// Whether the bank had done the work.
        #[serde(default)]
        acting: Acting,
    },
    /// Any body with status 200 and the usual content type instead of the answer.
    Body {
        /// The body as it is sent.
        body: String,
        /// Whether the bank had done the work.
        #[serde(default)]
        acting: Acting,
    },
}

/// Where the connection ends.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// After the headers, before the body is read: nothing was done.
    BeforeBody,
    /// After a part of the body: nothing was done.
    InsideBody,
    /// After the whole body: nothing was done.
    AfterBody,
    /// Everything was done, no byte of the answer is sent.
    BeforeAnswer,
    /// Everything was done, the answer ends in its middle.
    InsideAnswer,
}

/// Whether the bank does the work that its answer hides.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Acting {
    /// The request is thrown away.
    #[default]
    Idle,
    /// The work is done, then its answer replaced.
    Done,
}

/// Which answer to a doubled request the client hears.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// That of the request that came first.
    First,
    /// That of the repetition.
    Second,
}

/// How often a fault happens.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Times {
    /// This often, then never again.
    Count(u32),
    /// Until it is taken away.
    #[default]
    Always,
}

/// A text that is no fault.
#[derive(Debug, Error)]
#[error(
    "reading a fault: expected JSON such as {{\"fault\":{{\"cut\":\"before_answer\"}},\"endpoint\":\"E3\",\"times\":1}}"
)]
pub struct FaultError(#[from] serde_json::Error);

/// The faults that are set.
#[derive(Default)]
pub(super) struct Faults {
    list: Vec<Fault>,
}

/// What the faults make of one request.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Plan {
    pub latency: Duration,
    pub kind: Option<Kind>,
}

impl Fault {
    /// Goes wrong at every endpoint, always.
    pub fn new(kind: Kind) -> Self {
        Self { endpoint: None, times: Times::Always, skip: 0, fault: kind }
    }

    /// Only at this endpoint.
    #[must_use]
    pub fn at(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// Only so often.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.times = Times::Count(count);
        self
    }

    /// Not for the first so many requests.
    #[must_use]
    pub fn after(mut self, count: u32) -> Self {
        self.skip = count;
        self
    }

    /// Counts a request at this endpoint; whether the fault happens to it.
    fn strikes(&mut self, endpoint: Endpoint) -> bool {
        if self.endpoint.is_some_and(|only| only != endpoint) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        match &mut self.times {
            Times::Always => true,
            Times::Count(0) => false,
            Times::Count(left) => {
                *left -= 1;
                true
            }
        }
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        Ok(serde_json::from_str(text)?)
    }
}

impl Kind {
    /// For the record: what was done to the request.
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::Latency(_) => "answered late",
            Self::Cut(Cut::BeforeBody) => "cut before the body",
            Self::Cut(Cut::InsideBody) => "cut inside the body",
            Self::Cut(Cut::AfterBody) => "cut after the body",
            Self::Cut(Cut::BeforeAnswer) => "cut before the answer",
            Self::Cut(Cut::InsideAnswer) => "cut inside the answer",
            Self::Html(_) => "answered with HTML",
            Self::Page { .. } => "answered with a gateway's page",
            Self::Duplicate(_) => "arrived twice",
            Self::Status { .. } => "answered with a bare status",
            Self::Code { .. } => "answered with another code",
            Self::Body { .. } => "answered with another body",
        }
    }
}

impl Faults {
    pub(super) fn new(list: Vec<Fault>) -> Self {
        Self { list }
    }

    pub(super) fn add(&mut self, fault: Fault) {
        self.list.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.list.clear();
    }

    /// All latencies that strike add up; of the others the first wins and the rest wait.
    pub(super) fn plan(&mut self, endpoint: Endpoint) -> Plan {
        let mut plan = Plan::default();
        for fault in &mut self.list {
            let is_latency = matches!(fault.fault, Kind::Latency(_));
            if (!is_latency && plan.kind.is_some()) || !fault.strikes(endpoint) {
                continue;
            }
            match &fault.fault {
                Kind::Latency(latency) => plan.latency += *latency,
                kind => plan.kind = Some(kind.clone()),
            }
        }
        self.list.retain(|fault| fault.times != Times::Count(0));
        plan
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u32::deserialize(deserializer).map(Self::Count)
    }
}

fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}

fn code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Code, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Fault>) {
        assert_eq!(text.parse::<Fault>().ok(), expected);
    }

    #[test]
    fn faults_are_read_from_json() {
        check(
            r#"{"endpoint":"E3","times":1,"fault":{"cut":"before_answer"}}"#,
            Some(Fault::new(Kind::Cut(Cut::BeforeAnswer)).at(Endpoint::Submit).times(1)),
        );
        check(
            r#"{"fault":{"latency_ms":250},"skip":2}"#,
            Some(Fault::new(Kind::Latency(Duration::from_millis(250))).after(2)),
        );
        check(
            r#"{"fault":{"code":{"code":"-201","acting":"done"}}}"#,
            Some(Fault::new(Kind::Code { code: Code::Gateway(201), acting: Acting::Done })),
        );
        check(
            r#"{"fault":{"status":{"status":503}}}"#,
            Some(Fault::new(Kind::Status { status: 503, acting: Acting::Idle })),
        );
        check(
            r#"{"fault":{"page":{"status":502,"acting":"done"}}}"#,
            Some(Fault::new(Kind::Page { status: 502, acting: Acting::Done })),
        );
        check(
            r#"{"fault":{"duplicate":"second"}}"#,
            Some(Fault::new(Kind::Duplicate(Heard::Second))),
        );
        check(r#"{"fault":{"html":"idle"}}"#, Some(Fault::new(Kind::Html(Acting::Idle))));
    }

    #[test]
    fn what_is_no_fault_is_refused() {
        for text in ["", "{}", r#"{"fault":{"cut":"now"}}"#, r#"{"fault":{"html":"idle"},"x":1}"#] {
            check(text, None);
        }
    }

    #[test]
    fn a_fault_strikes_its_endpoint_as_often_as_told() {
        let mut faults = Faults::new(vec![
            Fault::new(Kind::Html(Acting::Idle)).at(Endpoint::Submit).after(1).times(2),
        ]);
        let struck: Vec<bool> = (0..5)
            .map(|_| {
                assert_eq!(faults.plan(Endpoint::Token), Plan::default());
                faults.plan(Endpoint::Submit).kind.is_some()
            })
            .collect();
        assert_eq!(struck, [false, true, true, false, false]);
    }

    #[test]
    fn latencies_add_up_and_other_faults_take_turns() {
        let late = Fault::new(Kind::Latency(Duration::from_millis(10)));
        let mut faults = Faults::new(vec![
            late.clone().times(1),
            Fault::new(Kind::Cut(Cut::BeforeBody)).times(1),
            late,
            Fault::new(Kind::Html(Acting::Idle)).times(1),
        ]);
        let kinds: Vec<(u128, Option<Kind>)> = (0..3)
            .map(|_| faults.plan(Endpoint::Token))
            .map(|plan| (plan.latency.as_millis(), plan.kind))
            .collect();
        assert_eq!(
            kinds,
            [
                (20, Some(Kind::Cut(Cut::BeforeBody))),
                (10, Some(Kind::Html(Acting::Idle))),
                (10, None)
            ]
        );
    }
}
