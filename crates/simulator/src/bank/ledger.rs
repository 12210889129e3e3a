//! What became of each reference: validated, submitted, failed, expired, cancelled; and which calls that
//! allows (§3 to §5, §10). Bodies have been checked before they come here.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use zeroize::Zeroizing;

use super::citizen;
use super::code::Code;
use super::consents::{ConsentText, FOR_THE_JOURNEY};
use super::endpoint::Endpoint;
use super::finding::Refusal;
use super::reference::{self, Face, Forced, Repeat, Work};

/// §10: "Maximum attempts of resubmitting new data is limited to 5", read as five after the first.
const SELFIE_REFUSALS_MAX: u8 = 6;

/// References remembered; a simulator that is asked for more starts over.
const ENTRIES_MAX: usize = 10_000;

/// Where a reference stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Never validated.
    Fresh,
    /// E2 answered 0000.
    Validated,
    /// E3 answered 0000.
    Submitted,
    /// E4 ended it, or the bank refused the customer for good.
    Failed,
    /// Its time is over.
    Expired,
    /// Cancelled in the app.
    Cancelled,
}

/// A submit, reduced to what the reference's state decides on.
pub(super) struct SubmitFacts<'a> {
    pub citizen_id: &'a str,
    pub consents: Option<&'a serde_json::Value>,
    pub selfie: Selfie,
}

/// What a submit carries of the live photo.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Selfie {
    Absent,
    /// Only one of picture and format.
    Half,
    Present,
}

/// What E2 says about a valid reference.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Validated {
    pub face: Face,
    pub consents: &'static [ConsentText],
}

/// What came of a call.
#[derive(Debug)]
pub(super) enum Outcome<T> {
    Done(T),
    /// The reference forces this code; the work may have been done nevertheless.
    Forced(Code),
}

/// Every reference that was named to this bank.
#[derive(Default)]
pub(super) struct Ledger {
    entries: HashMap<String, Entry>,
    default_face: Face,
    known: Vec<String>,
    calls: u64,
    /// Citizens whose forced code came already, for those that come once.
    forced_citizens: HashSet<String>,
}

struct Entry {
    stage: Stage,
    citizen_id: Zeroizing<String>,
    face: Face,
    consents: &'static [ConsentText],
    selfie_asked: bool,
    selfie_refusals: u8,
    forced_before: bool,
    last_call: u64,
}

impl Ledger {
    pub(super) fn new(default_face: Face, known: Vec<String>) -> Self {
        Self { default_face, known, ..Self::default() }
    }

    pub(super) fn set_default_face(&mut self, face: Face) {
        self.default_face = face;
    }

    /// Where the reference stands; `None` if this bank does not know it.
    pub(super) fn stage(&self, reference: &str) -> Option<Stage> {
        let stage = self.entries.get(reference).map_or(Stage::Fresh, |entry| entry.stage);
        self.knows(reference).then_some(stage)
    }

    /// What a code does to a reference when it is answered for no reason of its own.
    pub(super) fn suffer(&mut self, reference: &str, code: Code) {
        if let Some(entry) = self.entry(reference, "") {
            entry.suffer(code);
        }
    }

    fn knows(&self, reference: &str) -> bool {
        reference::is_simulated(reference) || self.known.iter().any(|known| known == reference)
    }

    fn entry(&mut self, reference: &str, citizen_id: &str) -> Option<&mut Entry> {
        if !self.knows(reference) {
            return None;
        }
        if self.entries.len() >= ENTRIES_MAX && !self.entries.contains_key(reference) {
            self.entries.clear();
        }
        self.calls += 1;
        let face = reference::face(reference, citizen_id, self.default_face);
        let shows = face == Face::Required || reference::wants_consents(reference);
        let entry = self.entries.entry(reference.to_owned()).or_insert(Entry {
            stage: Stage::Fresh,
            citizen_id: Zeroizing::new(String::new()),
            face,
            consents: if shows { FOR_THE_JOURNEY } else { &[] },
            selfie_asked: face == Face::Required,
            selfie_refusals: 0,
            forced_before: false,
            last_call: 0,
        });
        entry.last_call = self.calls;
        Some(entry)
    }

    /// E2.
    pub(super) fn validate(
        &mut self,
        reference: &str,
        citizen_id: &str,
    ) -> Result<Outcome<Validated>, Refusal> {
        let refuse = |code, got| Refusal::diis(code, "reference", "a valid one", got);
        let by_citizen = self.forced_by_citizen(citizen_id, Endpoint::ValidateQr);
        let entry =
            self.entry(reference, citizen_id).ok_or_else(|| refuse(1100, "an unknown one"))?;
        let forced = entry.forced(reference, Endpoint::ValidateQr).or(by_citizen);
        if let Some(Forced { code, work: Work::LeftUndone, .. }) = forced {
            entry.suffer(code);
            return Ok(Outcome::Forced(code));
        }
        match entry.stage {
            Stage::Fresh => {
                entry.stage = Stage::Validated;
                citizen_id.clone_into(&mut entry.citizen_id);
            }
            Stage::Validated if *entry.citizen_id == citizen_id => {}
            Stage::Validated => {
                return Err(Refusal::diis(1102, "identifier", "the person registered", "another"));
            }
            Stage::Submitted => return Err(refuse(1602, "a used one")),
            Stage::Failed | Stage::Cancelled => return Err(refuse(1103, "an ended one")),
            Stage::Expired => return Err(refuse(1101, "an expired one")),
        }
        let validated = Validated { face: entry.face, consents: entry.consents };
        Ok(forced.map_or(Outcome::Done(validated), |forced| Outcome::Forced(forced.code)))
    }

    /// E3.
    pub(super) fn submit(
        &mut self,
        reference: &str,
        facts: &SubmitFacts<'_>,
    ) -> Result<Outcome<()>, Refusal> {
        let by_citizen = self.forced_by_citizen(facts.citizen_id, Endpoint::Submit);
        let entry = self.open_entry(reference, "transactionRef", facts.citizen_id)?;
        if entry.selfie_refusals >= SELFIE_REFUSALS_MAX {
            return Err(Refusal::diis(1200, "transactionRef", "at most 5 resubmits", "one more"));
        }
        let forced = entry.forced(reference, Endpoint::Submit).or(by_citizen);
        if let Some(Forced { code, work: Work::LeftUndone, .. }) = forced {
            entry.allows_selfie(facts.selfie)?;
            entry.suffer(code);
            return Ok(Outcome::Forced(code));
        }
        entry.still_open("transactionRef")?;
        super::consents::judge(facts.consents, entry.offered(facts.consents.is_some()))?;
        entry.allows_selfie(facts.selfie)?;
        entry.stage = Stage::Submitted;
        Ok(forced.map_or(Outcome::Done(()), |forced| Outcome::Forced(forced.code)))
    }

    /// E4.
    pub(super) fn fail(
        &mut self,
        reference: &str,
        citizen_id: &str,
    ) -> Result<Outcome<()>, Refusal> {
        let by_citizen = self.forced_by_citizen(citizen_id, Endpoint::ReportFailure);
        let entry = self.open_entry(reference, "reference", citizen_id)?;
        let forced = entry.forced(reference, Endpoint::ReportFailure).or(by_citizen);
        if let Some(Forced { code, work: Work::LeftUndone, .. }) = forced {
            entry.suffer(code);
            return Ok(Outcome::Forced(code));
        }
        entry.still_open("reference")?;
        entry.stage = Stage::Failed;
        Ok(forced.map_or(Outcome::Done(()), |forced| Outcome::Forced(forced.code)))
    }

    /// E6 carries no reference: the one that this person validated last decides, then the person.
    pub(super) fn check_dopa(&mut self, citizen_id: &str) -> Option<Forced> {
        let latest = self
            .entries
            .iter_mut()
            .filter(|(_, entry)| *entry.citizen_id == citizen_id)
            .max_by_key(|(_, entry)| entry.last_call);
        let forced =
            latest.and_then(|(reference, entry)| entry.forced(reference, Endpoint::CheckDopa));
        forced.or_else(|| self.forced_by_citizen(citizen_id, Endpoint::CheckDopa))
    }

    fn forced_by_citizen(&mut self, citizen_id: &str, endpoint: Endpoint) -> Option<Forced> {
        let forced = citizen::forced(citizen_id).filter(|forced| forced.at == endpoint)?;
        if forced.repeat == Repeat::Once {
            if self.forced_citizens.len() >= ENTRIES_MAX {
                self.forced_citizens.clear();
            }
            let first = self.forced_citizens.insert(citizen_id.to_owned());
            return first.then_some(forced);
        }
        Some(forced)
    }

    /// Puts a reference where a tester wants it; whether this bank knows it.
    pub(super) fn put(&mut self, reference: &str, stage: Stage) -> bool {
        let known = self.entry(reference, "").map(|entry| {
            entry.stage = stage;
            if stage == Stage::Fresh {
                entry.citizen_id.clear();
                entry.selfie_refusals = 0;
                entry.forced_before = false;
            }
        });
        known.is_some()
    }

    /// The entry that E3 and E4 are about: known, validated, and by this person.
    fn open_entry(
        &mut self,
        reference: &str,
        field: &str,
        citizen_id: &str,
    ) -> Result<&mut Entry, Refusal> {
        let entry = self
            .entry(reference, citizen_id)
            .ok_or_else(|| Refusal::diis(1600, field, "a known reference", "an unknown one"))?;
        if entry.stage == Stage::Fresh {
            return Err(Refusal::diis(1200, field, "a validated reference", "a fresh one"));
        }
        if !entry.citizen_id.is_empty() && *entry.citizen_id != citizen_id {
            return Err(Refusal::diis(2001, "citizenId", "the person validated", "another"));
        }
        Ok(entry)
    }
}

impl Entry {
    fn forced(&mut self, reference: &str, endpoint: Endpoint) -> Option<Forced> {
        let forced = reference::forced(reference).filter(|forced| forced.at == endpoint)?;
        if forced.repeat == Repeat::Once && self.forced_before {
            return None;
        }
        self.forced_before = true;
        Some(forced)
    }

    /// What a forced code means for the reference.
    fn suffer(&mut self, code: Code) {
        match code {
            Code::Diis(1101) => self.stage = Stage::Expired,
            Code::Diis(1103 | 1601) => self.stage = Stage::Cancelled,
            Code::Diis(1202 | 2002 | 2003) => self.stage = Stage::Failed,
            Code::Diis(1301 | 1303 | 1399) => self.stage = Stage::Submitted,
            Code::Diis(9300) => self.selfie_asked = true,
            Code::Diis(9301 | 9302) => {
                self.selfie_refusals = self.selfie_refusals.saturating_add(1)
            }
            Code::Diis(_) | Code::Gateway(_) | Code::OAuth(_) | Code::Http(_) => {}
        }
    }

    /// The texts that answers are held against. When the photo was asked for late (9300), nobody may have
    /// shown any, so answers are welcome but not demanded.
    fn offered(&self, answered: bool) -> &'static [ConsentText] {
        let asked_late = self.selfie_asked && self.face == Face::NotRequired;
        if asked_late && answered { FOR_THE_JOURNEY } else { self.consents }
    }

    fn still_open(&self, field: &str) -> Result<(), Refusal> {
        let refuse = |code, got| Err(Refusal::diis(code, field, "an open reference", got));
        match self.stage {
            Stage::Fresh | Stage::Validated => Ok(()),
            Stage::Submitted => refuse(1602, "a used one"),
            Stage::Failed => refuse(1602, "an ended one"),
            Stage::Cancelled => refuse(1601, "a cancelled one"),
            Stage::Expired => refuse(1101, "an expired one"),
        }
    }

    fn allows_selfie(&self, selfie: Selfie) -> Result<(), Refusal> {
        const FIELD: &str = "customerSelfieImage";
        match (selfie, self.selfie_asked) {
            (Selfie::Present, true) | (Selfie::Absent, false) => Ok(()),
            (Selfie::Half, _) => {
                Err(Refusal::diis(9998, FIELD, "picture and format together", "only one"))
            }
            (Selfie::Absent, true) => Err(Refusal::diis(9300, FIELD, "a live photo", "nothing")),
            (Selfie::Present, false) => {
                Err(Refusal::diis(9400, FIELD, "nothing, as faceCompare is N", "a picture"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const SOMCHAI: &str = "1111111111119";
    const SOMYING: &str = "2222222222227";

    fn ledger() -> Ledger {
        Ledger::new(Face::NotRequired, vec!["BAYMK191200001".to_owned()])
    }

    fn code<T>(outcome: Result<Outcome<T>, Refusal>) -> String {
        match outcome {
            Ok(Outcome::Done(_)) => "0000".to_owned(),
            Ok(Outcome::Forced(code)) => code.to_string(),
            Err(refusal) => refusal.code.to_string(),
        }
    }

    fn agreed() -> Value {
        json!([
            {"type": "103", "version": "2.00.00", "consent": "Y"},
            {"type": "105", "version": "2.00.00", "consent": "Y"},
        ])
    }

    /// Runs calls on one reference: `E2`, `E3`, `E4`, a capital `X` behind for another person, `+` for a
    /// submit with consents, `*` for one with consents and selfie, `s` for one with a selfie alone.
    #[track_caller]
    fn check(reference: &str, calls: &[(&str, &str)]) {
        let mut ledger = ledger();
        let agreed = agreed();
        for (step, (call, expected)) in calls.iter().enumerate() {
            let person = if call.ends_with('X') { SOMYING } else { SOMCHAI };
            let consents = call.ends_with(['+', '*']).then_some(&agreed);
            let selfie = if call.ends_with(['*', 's']) { Selfie::Present } else { Selfie::Absent };
            let facts = SubmitFacts { citizen_id: person, consents, selfie };
            let answered = match call.get(..2) {
                Some("E2") => code(ledger.validate(reference, person)),
                Some("E3") => code(ledger.submit(reference, &facts)),
                _ => code(ledger.fail(reference, person)),
            };
            assert_eq!(answered, *expected, "step {step}: {call}");
        }
    }

    #[test]
    fn a_reference_is_good_for_one_submit() {
        check(
            "SIM-0001",
            &[("E3", "1200"), ("E2", "0000"), ("E2", "0000"), ("E3", "0000"), ("E3", "1602")],
        );
        check("SIM-0001", &[("E2", "0000"), ("E3", "0000"), ("E2", "1602"), ("E4", "1602")]);
    }

    #[test]
    fn a_reported_failure_ends_it() {
        check(
            "SIM-0001",
            &[("E4", "1200"), ("E2", "0000"), ("E4", "0000"), ("E3", "1602"), ("E2", "1103")],
        );
    }

    #[test]
    fn it_belongs_to_the_person_who_validated_it() {
        check("SIM-1", &[("E2", "0000"), ("E2X", "1102"), ("E3X", "2001"), ("E4X", "2001")]);
    }

    #[test]
    fn an_unknown_reference_is_told_so() {
        check("BAYMK191200002", &[("E2", "1100"), ("E3", "1600"), ("E4", "1600")]);
        check("BAYMK191200001", &[("E2", "0000"), ("E3", "0000")]);
    }

    #[test]
    fn a_compared_face_needs_consents_first_and_a_photo_then() {
        check(
            "SIM-1-FACE",
            &[("E2", "0000"), ("E3", "1900"), ("E3s", "1900"), ("E3+", "9300"), ("E3*", "0000")],
        );
        check("SIM-1-CONSENT", &[("E2", "0000"), ("E3", "1900"), ("E3+", "0000")]);
    }

    #[test]
    fn a_photo_that_nobody_asked_for_is_refused() {
        check("SIM-1", &[("E2", "0000"), ("E3s", "9400"), ("E3", "0000")]);
        check("SIM-9300-ONCE", &[("E2", "0000"), ("E3", "9300"), ("E3s", "0000")]);
    }

    #[test]
    fn a_code_is_forced_always_once_or_after_the_work() {
        check("SIM-1101", &[("E2", "1101"), ("E2", "1101")]);
        check("SIM-1102-ONCE", &[("E2", "1102"), ("E2X", "0000"), ("E3X", "0000")]);
        check("SIM-2003", &[("E2", "0000"), ("E3", "2003"), ("E4", "1602")]);
        check("SIM-G201-ACTED-ONCE", &[("E2", "0000"), ("E3", "-201"), ("E3", "1602")]);
        check("SIM-H503-ONCE", &[("E2", "0000"), ("E3", "HTTP_503"), ("E3", "0000")]);
        check("SIM-1301-ONCE", &[("E2", "0000"), ("E3", "1301"), ("E3", "1602")]);
        check("SIM-1602", &[("E2", "0000"), ("E3", "1602")]);
    }

    #[test]
    fn a_sixth_resubmit_of_a_photo_is_one_too_many() {
        let mut ledger = ledger();
        let agreed = agreed();
        let facts =
            SubmitFacts { citizen_id: SOMCHAI, consents: Some(&agreed), selfie: Selfie::Present };
        assert_eq!(code(ledger.validate("SIM-9301-FACE", SOMCHAI)), "0000");
        for _ in 0..6 {
            assert_eq!(code(ledger.submit("SIM-9301-FACE", &facts)), "9301");
        }
        assert_eq!(code(ledger.submit("SIM-9301-FACE", &facts)), "1200");
    }

    #[test]
    fn a_dopa_check_follows_the_persons_last_reference() {
        let mut ledger = ledger();
        assert!(ledger.check_dopa(SOMCHAI).is_none());
        assert_eq!(code(ledger.validate("SIM-1201-E6-ONCE", SOMCHAI)), "0000");
        assert_eq!(ledger.check_dopa(SOMCHAI).map(|forced| forced.code), Some(Code::Diis(1201)));
        assert!(ledger.check_dopa(SOMCHAI).is_none());
        assert!(ledger.check_dopa(SOMYING).is_none());
    }

    #[test]
    fn a_magic_citizen_forces_a_code_at_every_endpoint_that_names_one() {
        for (at, calls) in [("E2", 0), ("E3", 1), ("E4", 1)] {
            for words in ["9999", "G202", "H503", "1101"] {
                let mut ledger = ledger();
                let citizen_id = citizen::of_words(&format!("{at}-{words}")).unwrap();
                let forced = citizen::forced(&citizen_id).unwrap().code.to_string();
                let facts =
                    SubmitFacts { citizen_id: &citizen_id, consents: None, selfie: Selfie::Absent };
                let validated = code(ledger.validate("SIM-N1", &citizen_id));
                assert_eq!(validated, if calls == 0 { forced.as_str() } else { "0000" });
                let submitted = |ledger: &mut Ledger| code(ledger.submit("SIM-N1", &facts));
                let failed = |ledger: &mut Ledger| code(ledger.fail("SIM-N1", &citizen_id));
                match at {
                    "E3" => assert_eq!(submitted(&mut ledger), forced),
                    "E4" => assert_eq!(failed(&mut ledger), forced),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn a_magic_citizen_forces_a_dopa_check_without_any_reference() {
        let mut ledger = ledger();
        let always = citizen::of_words("E6-1202").unwrap();
        let once = citizen::of_words("E6-G201-ONCE").unwrap();
        for _ in 0..2 {
            assert_eq!(ledger.check_dopa(&always).unwrap().code, Code::Diis(1202));
        }
        assert_eq!(ledger.check_dopa(&once).unwrap().code, Code::Gateway(201));
        assert!(ledger.check_dopa(&once).is_none());
    }

    #[test]
    fn a_tester_puts_a_reference_where_it_is_wanted() {
        let mut ledger = ledger();
        assert!(ledger.put("SIM-1", Stage::Expired) && !ledger.put("BAY-1", Stage::Expired));
        assert_eq!(code(ledger.validate("SIM-1", SOMCHAI)), "1101");
        assert!(ledger.put("SIM-1", Stage::Cancelled));
        assert_eq!(code(ledger.validate("SIM-1", SOMCHAI)), "1103");
        assert!(ledger.put("SIM-1", Stage::Fresh));
        assert_eq!(code(ledger.validate("SIM-1", SOMYING)), "0000");
        assert_eq!(ledger.stage("SIM-1"), Some(Stage::Validated));
    }
}
