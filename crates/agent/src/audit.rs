//! What happened on this machine, so that nobody can change it unnoticed: stages, consents, attempts, outcomes.
//!
//! A line is a hash, a space and a JSON object; the hash covers the object and the hash before it. No line
//! tells who a customer is: a citizen id appears as a tag under this machine's key, a consent text as its
//! SHA-256. `chain` reads such files; here they are written, by a thread that keeps nobody waiting.

mod chain;
mod file;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvError, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use citizen::CitizenId;
use protocol::{BankTime, Consent, ConsentText};
use serde::Serialize;
use session::Language;
use sha2::{Digest as _, Sha256};
use vision::{Liveness, Motion, Side};

use crate::bank::ServerId;
use crate::devices::{Fact, Facts};
use crate::journal::{DeviceKey, Purpose, Standing};

pub use chain::{Broken, Head, Verified, verify_file};
use file::AuditFile;

/// The form of the records. 1 had attempts of submits and reports alone, and no id of the bank's. Whoever verifies
/// reads a record's number and what it follows, so that files of every form are verified alike.
pub(crate) const FORM: u32 = 2;
/// Records that wait for the disk: a journey makes about forty.
const WAITING_MAX: usize = 1_024;
/// A disk that refused is tried again so soon: nobody is served meanwhile.
const TRIED_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// What the bank calls a consent is short; whatever is longer is cut.
const WORD_CHARACTERS_MAX: usize = 40;

/// What is recorded. Nothing in it is of a person.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub(crate) enum Happened {
    /// The agent started, and writes records of this form.
    Started { version: &'static str, form: u32 },
    /// A journey came to a stage.
    Stage { journey: u64, stage: &'static str },
    /// Whose card it was, for whoever has this machine's key and asks about one citizen.
    Card { journey: u64, citizen: String },
    /// A consent text was answered.
    Consent {
        journey: u64,
        kind: String,
        version: String,
        language: &'static str,
        /// SHA-256 of the text exactly as it stood on the screen.
        text_sha256: String,
        answer: &'static str,
    },
    /// An attempt begins, under this X-Client-Transaction-ID.
    Attempt {
        endpoint: &'static str,
        /// The journal's entry of a submit or a report.
        #[serde(skip_serializing_if = "Option::is_none")]
        entry: Option<String>,
        /// The session's number of a call that a journey made.
        #[serde(skip_serializing_if = "Option::is_none")]
        call: Option<u64>,
        transaction_id: String,
    },
    /// The bank's gateway calls the attempt by this X-Server-Transaction-ID.
    Served { transaction_id: String, server_transaction_id: String },
    /// What the bank said to a call of a journey.
    Answer { journey: u64, call: u64, endpoint: String, code: String },
    /// A selfie was taken, or its challenge asked for in vain: what the challenge was, and what was seen move.
    /// No more is known of who stood there, and nothing of it goes to the bank.
    Selfie { journey: u64, turned: &'static str, motion: &'static str },
    /// A failure is to be reported to the bank.
    Reported { journey: u64, reason: &'static str },
    /// The operator was told.
    Alert { journey: u64, code: String },
    /// A journey ended.
    Outcome { journey: u64, outcome: &'static str, code: String },
    /// The outbox brought an entry to its end.
    Settled { entry: String, answer: String },
    /// The journal is no longer as it was.
    Journal { standing: &'static str },
    /// The machine turns customers away, or serves them again.
    Service { service: &'static str, code: String },
}

/// When a record must be on the disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Keep {
    Soon,
    Now,
}

impl Happened {
    /// The text of a consent as evidence.
    pub(crate) fn consent(
        journey: u64,
        (text, answer): &(ConsentText, Consent),
        language: Language,
    ) -> Self {
        let (word, shown) = match language {
            Language::Thai => ("th", &text.thai),
            Language::English => ("en", &text.english),
        };
        let short = |text: &str| text.chars().take(WORD_CHARACTERS_MAX).collect();
        Self::Consent {
            journey,
            kind: short(&text.kind),
            version: short(&text.version),
            language: word,
            text_sha256: chain::hex(&Sha256::digest(shown.as_bytes())),
            answer: match answer {
                Consent::Given => "Y",
                Consent::Refused => "N",
            },
        }
    }

    /// By which id the bank's support finds an attempt.
    pub(crate) fn served(transaction_id: &str, server_id: &ServerId) -> Self {
        let transaction_id = transaction_id.to_owned();
        Self::Served { transaction_id, server_transaction_id: server_id.to_string() }
    }

    /// What is known of a selfie besides that it is a good picture.
    pub(crate) fn selfie(journey: u64, liveness: Liveness) -> Self {
        Self::Selfie {
            journey,
            turned: match liveness.turned {
                None => "not_asked",
                Some(Side::Left) => "left",
                Some(Side::Right) => "right",
            },
            motion: match liveness.motion {
                Motion::Unknown => "unknown",
                Motion::Frozen => "frozen",
                Motion::Still => "still",
                Motion::Moving => "moving",
            },
        }
    }

    /// A journey ended while its challenge was asked for: nobody turned, or what stood there could not.
    pub(crate) fn unturned(journey: u64) -> Self {
        Self::Selfie { journey, turned: "not_done", motion: "unknown" }
    }

    fn keep(&self) -> Keep {
        match self {
            Self::Started { .. }
            | Self::Consent { .. }
            | Self::Outcome { .. }
            | Self::Settled { .. } => Keep::Now,
            Self::Stage { .. }
            | Self::Card { .. }
            | Self::Attempt { .. }
            | Self::Served { .. }
            | Self::Answer { .. }
            | Self::Selfie { .. }
            | Self::Reported { .. }
            | Self::Alert { .. }
            | Self::Journal { .. }
            | Self::Service { .. } => Keep::Soon,
        }
    }
}

/// Writes what waits, in order; what the disk refuses waits for the next record.
fn write_down(
    file: &mut AuditFile,
    waiting: &mut VecDeque<(BankTime, Happened)>,
) -> std::io::Result<()> {
    while let Some((at, happened)) = waiting.front() {
        file.append(*at, happened)?;
        let keep = happened.keep();
        waiting.pop_front();
        if keep == Keep::Now {
            file.keep()?;
        }
    }
    Ok(())
}

/// Waits for one more record, or, where some wait for the disk, for the time to try it again.
fn next(
    inbox: &Receiver<(BankTime, Happened)>,
    waiting: &mut VecDeque<(BankTime, Happened)>,
) -> Result<(), RecvError> {
    let record = if waiting.is_empty() {
        inbox.recv()?
    } else {
        match inbox.recv_timeout(TRIED_AGAIN_AFTER) {
            Ok(record) => record,
            Err(RecvTimeoutError::Timeout) => return Ok(()),
            Err(RecvTimeoutError::Disconnected) => return Err(RecvError),
        }
    };
    if waiting.len() >= WAITING_MAX {
        waiting.pop_front();
        tracing::error!("a record of the audit was lost: the disk fails for too long");
    }
    waiting.push_back(record);
    Ok(())
}

fn lock(standing: &Mutex<Standing>) -> MutexGuard<'_, Standing> {
    standing.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where records go; clones share it. The thread ends with the last of them.
#[derive(Clone)]
pub(crate) struct Audit {
    records: SyncSender<(BankTime, Happened)>,
    key: Option<DeviceKey>,
    standing: Arc<Mutex<Standing>>,
}

impl Audit {
    /// Begins, or goes on, in the journal's folder. Where it cannot be written, and when it can again, is told.
    pub(crate) fn start(folder: &Path, facts: Facts) -> Self {
        let key = DeviceKey::of_folder(folder).ok();
        let (records, inbox) = mpsc::sync_channel::<(BankTime, Happened)>(WAITING_MAX);
        let mut file = AuditFile::new(folder, key.clone());
        let standing = Arc::<Mutex<Standing>>::default();
        let shared = Arc::clone(&standing);
        crate::devices::spawn("audit", move || {
            let mut waiting = VecDeque::new();
            while let Ok(()) = next(&inbox, &mut waiting) {
                let written = write_down(&mut file, &mut waiting);
                let found = written.as_ref().map_or_else(Standing::of, |()| Standing::Sound);
                let before = std::mem::replace(&mut *lock(&shared), found);
                if before != found {
                    match written {
                        Ok(()) => tracing::info!("the audit keeps what it is given"),
                        Err(error) => {
                            tracing::error!(%error, "alert: the audit file cannot be written");
                        }
                    }
                    // Without a listener the process is at its end.
                    let _ = facts.0.blocking_send(Fact::JournalChanged);
                }
            }
        });
        Self { records, key, standing }
    }

    /// Can what happens be written down?
    pub(crate) fn standing(&self) -> Standing {
        *lock(&self.standing)
    }

    /// Records, without waiting for the disk.
    pub(crate) fn record(&self, at: BankTime, happened: Happened) {
        if self.records.try_send((at, happened)).is_err() {
            tracing::error!("a record of the audit was lost: the disk is too slow");
        }
    }

    /// Whose card it is.
    pub(crate) fn card(&self, at: BankTime, journey: u64, citizen_id: &CitizenId) {
        if let Some(key) = &self.key {
            let tag = key.tag(Purpose::Citizen, citizen_id.as_str().as_bytes());
            self.record(at, Happened::Card { journey, citizen: chain::hex(&tag) });
        }
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::journal::KEY_BYTES;

    fn text() -> ConsentText {
        ConsentText {
            kind: "103".to_owned(),
            version: "2.00.00".to_owned(),
            thai: "ข้อความ".to_owned(),
            english: "a text".to_owned(),
        }
    }

    #[track_caller]
    fn check(answer: Consent, language: Language, [word, sha256, said]: [&str; 3]) {
        let happened = Happened::consent(1, &(text(), answer), language);
        let expected = format!(
            r#"{{"what":"consent","journey":1,"kind":"103","version":"2.00.00","language":"{word}","text_sha256":"{sha256}","answer":"{said}"}}"#
        );
        assert_eq!(serde_json::to_string(&happened).unwrap(), expected);
    }

    #[test]
    fn a_consent_is_kept_as_it_stood_on_the_screen_and_was_answered() {
        // What sha256sum says of the two texts.
        let thai = "9c866376e429ed86b12b1f3af9434e4dd52a19c3660de2e33bcedd32ee998c3d";
        let english = "734194ede5b063e654d63cb95a682ca1551b45e3cc86e88f1a85c1286eedd4ac";
        check(Consent::Given, Language::Thai, ["th", thai, "Y"]);
        check(Consent::Refused, Language::English, ["en", english, "N"]);
    }

    #[test]
    fn what_is_evidence_is_on_the_disk_before_anything_else_is_written() {
        let consent = Happened::consent(1, &(text(), Consent::Given), Language::Thai);
        assert_eq!(consent.keep(), Keep::Now);
        let ended = Happened::Outcome { journey: 1, outcome: "done", code: "0000".to_owned() };
        assert_eq!(ended.keep(), Keep::Now);
    }

    /// What is recorded of an invented citizen by a machine with this key.
    fn tagged(byte: u8) -> String {
        let (records, inbox) = mpsc::sync_channel(1);
        let key = Some(DeviceKey::new(Zeroizing::new([byte; KEY_BYTES])));
        let citizen_id = CitizenId::parse("1111111111119").unwrap();
        let standing = Arc::default();
        Audit { records, key, standing }.card(BankTime::from_millis(0), 1, &citizen_id);
        let (_, happened) = inbox.try_recv().expect("it is recorded");
        let Happened::Card { citizen, .. } = happened else { panic!("{happened:?}") };
        citizen
    }

    #[test]
    fn a_citizen_is_matched_by_whoever_has_this_machines_key_and_by_nobody_else() {
        assert_eq!(tagged(1), tagged(1));
        assert_ne!(tagged(1), tagged(2), "a million numbers are soon hashed without a key");
    }
}
