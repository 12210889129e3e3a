//! What §1.9 promises, held against what the bank received and what the journal says after a kill.
//!
//! Judges evidence and gathers none, so each rule is fed a broken history by a test.

use std::collections::{HashMap, HashSet};

use agent::journal::Violation;
use simulator::bank::SealedAgain;

use crate::evidence::{Entry, Kind, Receipt};

/// The first selfie and five more (C-11).
const SUBMITS_MOST: usize = 6;
/// The bank wants a selfie, or another one: an end only for a customer who took none.
const SELFIE_WANTED: [&str; 2] = ["9300", "9301"];
/// The journal's word for a submit in whose place another one was sent.
const REPLACED: &str = "REPLACED";

/// What became of one reference.
#[derive(Default)]
struct Fate {
    /// Submits that the bank received, and how many different bodies they were.
    received: u32,
    bodies: usize,
    /// Those it answered with 0000.
    accepted: u32,
    /// The program died, and each of its submits had an answer in the journal.
    closed: bool,
    /// Once the journal knew of it.
    journaled: bool,
}

#[derive(Default)]
pub struct Promises {
    fates: HashMap<String, Fate>,
    transaction_ids: HashSet<String>,
    broken: Vec<String>,
    tally: Tally,
}

/// What was seen of each kind, so that a run shows what it has shown.
#[derive(Default)]
struct Tally {
    submits: u64,
    confirmed: u64,
    inferred: u64,
    refused: u64,
    reports: u64,
}

impl Promises {
    /// The program is dead: what came to the bank, and what the journal says.
    pub fn look(&mut self, receipts: &[Receipt], journal: &(Vec<Entry>, Vec<Violation>)) {
        // Of this life: the last body of each reference, and whether the program had its answer.
        let mut answered = HashMap::new();
        for receipt in receipts {
            self.received(receipt);
            if receipt.late {
                continue;
            }
            let before = answered.insert(receipt.reference.as_str(), receipt.answered);
            if receipt.body == SealedAgain::SameBody && before == Some(true) {
                let reference = &receipt.reference;
                self.broken.push(format!("I2: {reference}: sent again although it was answered"));
            }
        }
        let (entries, violations) = journal;
        self.broken.extend(violations.iter().map(ToString::to_string));
        for (reference, fate) in &mut self.fates {
            let own: Vec<&Entry> = submits_of(entries, reference).collect();
            let attempts: u32 = own.iter().map(|entry| entry.attempts).sum();
            if fate.received > attempts {
                let received = fate.received;
                self.broken.push(format!(
                    "I3: {reference}: the bank received {received}, the journal says {attempts}"
                ));
            }
            if fate.bodies > own.len() {
                let bodies = fate.bodies;
                self.broken.push(format!(
                    "I3: {reference}: the bank received {bodies} bodies, the journal has {}",
                    own.len()
                ));
            }
            if own.len() > SUBMITS_MOST {
                self.broken.push(format!("I5: {reference}: {} submits", own.len()));
            }
        }
        for entry in entries.iter().filter(|entry| entry.kind == Kind::Submit) {
            let Some(reference) = &entry.reference else { continue };
            self.fates.entry(reference.clone()).or_default().journaled = true;
        }
        for (reference, fate) in &mut self.fates {
            let open = submits_of(entries, reference).any(|entry| entry.answer.is_none());
            fate.closed = fate.journaled && !open;
        }
    }

    fn received(&mut self, receipt: &Receipt) {
        let Receipt { kind, reference, transaction_id, body, accepted, .. } = receipt;
        if !self.transaction_ids.insert(transaction_id.clone()) {
            self.broken.push(format!("{reference}: its transaction id came before"));
        }
        let fate = self.fates.entry(reference.clone()).or_default();
        if *kind == Kind::Report {
            if fate.accepted > 0 {
                self.broken.push(format!("{reference}: accepted, and then reported as failed"));
            }
            return;
        }
        self.tally.submits += 1;
        fate.received += 1;
        fate.bodies += usize::from(*body == SealedAgain::New);
        if fate.closed {
            self.broken.push(format!("I2: {reference}: sent after its answer was in the journal"));
        }
        fate.accepted += u32::from(*accepted);
        if *accepted && fate.accepted > 1 {
            self.broken.push(format!("I1: {reference}: accepted {} times", fate.accepted));
        }
    }

    /// Everything has had its time: nothing is open, and journal and bank say the same.
    pub fn all_kept(&mut self, entries: &[Entry], failed: impl Fn(&str) -> bool) {
        for entry in entries {
            let Some(reference) = &entry.reference else {
                self.broken.push("I4: an entry has lost its reference".to_owned());
                continue;
            };
            let answer = entry.answer.as_deref().unwrap_or("open");
            if entry.kind == Kind::Report {
                self.tally.reports += 1;
                if !failed(reference) {
                    self.broken.push(format!("I4: {reference}: not reported, but {answer}"));
                }
                continue;
            }
            let accepted = self.fates.get(reference).map_or(0, |fate| fate.accepted);
            match (answer, accepted) {
                ("0000", 1) => self.tally.confirmed += 1,
                ("1602", 1) => self.tally.inferred += 1,
                (answer, 0 | 1) if SELFIE_WANTED.contains(&answer) => self.tally.refused += 1,
                (REPLACED, 0 | 1) => {}
                _ => self.broken.push(format!(
                    "I4: {reference}: ended with {answer}, accepted {accepted} times"
                )),
            }
        }
        for (reference, fate) in self.fates.iter().filter(|(_, fate)| fate.accepted > 0) {
            let known = |entry: &Entry| matches!(entry.answer.as_deref(), Some("0000" | "1602"));
            if !submits_of(entries, reference).any(known) {
                self.broken.push(format!(
                    "I4: {reference}: accepted {} times, and the journal knows nothing",
                    fate.accepted
                ));
            }
        }
    }

    /// What was broken, one promise a line.
    pub fn broken(&self) -> Option<String> {
        (!self.broken.is_empty()).then(|| self.broken.join("\n"))
    }

    /// The journal begins anew; what was counted stays.
    pub fn begin_anew(&mut self) {
        self.fates.clear();
    }

    pub fn told(&self) -> String {
        let Tally { submits, confirmed, inferred, refused, reports } = self.tally;
        format!(
            "{submits} submits arrived: {confirmed} references confirmed at once, {inferred} by \
             repetition; {refused} selfies asked for again; {reports} failures reported; {} \
             promises broken",
            self.broken.len()
        )
    }
}

fn submits_of<'a>(entries: &'a [Entry], reference: &'a str) -> impl Iterator<Item = &'a Entry> {
    entries.iter().filter(move |entry| {
        entry.kind == Kind::Submit && entry.reference.as_deref() == Some(reference)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: &str = "SIM-0000-KILL-000001";

    /// Evidence, life by life.
    #[derive(Default)]
    struct Case {
        promises: Promises,
        ids: u32,
    }

    impl Case {
        fn receipt(&mut self, kind: Kind, body: SealedAgain, accepted: bool) -> Receipt {
            self.ids += 1;
            let (reference, transaction_id) = (REFERENCE.to_owned(), self.ids.to_string());
            Receipt {
                kind,
                reference,
                transaction_id,
                body,
                accepted,
                answered: false,
                late: false,
            }
        }

        /// A life in which the bank received submits, each with whether it was accepted.
        fn life(mut self, submits: &[(SealedAgain, bool)], entries: &[Entry]) -> Self {
            let receipts: Vec<_> = submits
                .iter()
                .map(|(body, accepted)| self.receipt(Kind::Submit, *body, *accepted))
                .collect();
            self.promises.look(&receipts, &(copies(entries), Vec::new()));
            self
        }

        /// Everything has had its time.
        fn end(mut self, entries: &[Entry]) -> Self {
            self.promises.all_kept(entries, |_| true);
            self
        }

        #[track_caller]
        fn breaks(self, expected: Option<&str>) {
            let broken = self.promises.broken();
            assert_eq!(broken.as_deref().and_then(|text| text.get(..2)), expected, "{broken:?}");
        }
    }

    fn submit(attempts: u32, answer: Option<&str>) -> Entry {
        let (reference, answer) = (Some(REFERENCE.to_owned()), answer.map(str::to_owned));
        Entry { kind: Kind::Submit, reference, attempts, answer }
    }

    fn copies(entries: &[Entry]) -> Vec<Entry> {
        entries.iter().map(|one| submit(one.attempts, one.answer.as_deref())).collect()
    }

    const FIRST: (SealedAgain, bool) = (SealedAgain::New, true);
    const AGAIN: (SealedAgain, bool) = (SealedAgain::SameBody, false);
    const REFUSED: (SealedAgain, bool) = (SealedAgain::New, false);

    #[test]
    fn a_submit_that_is_settled_by_repetition_breaks_nothing() {
        let end = [submit(2, Some("1602"))];
        Case::default()
            .life(&[FIRST], &[submit(1, None)])
            .life(&[AGAIN], &end)
            .end(&end)
            .breaks(None);
    }

    #[test]
    fn another_selfie_in_one_life_breaks_nothing() {
        let end = [submit(1, Some("9301")), submit(1, Some("0000"))];
        Case::default().life(&[REFUSED, FIRST], &end).end(&end).breaks(None);
    }

    #[test]
    fn a_sending_that_the_journal_does_not_know_is_found() {
        Case::default().life(&[FIRST], &[submit(0, None)]).breaks(Some("I3"));
        Case::default().life(&[FIRST], &[]).breaks(Some("I3"));
    }

    #[test]
    fn a_body_that_was_sealed_anew_is_found() {
        Case::default().life(&[REFUSED, FIRST], &[submit(2, None)]).breaks(Some("I3"));
    }

    #[test]
    fn a_sending_after_the_answer_is_found() {
        let done = [submit(1, Some("0000"))];
        let again = [submit(2, Some("1602"))];
        Case::default().life(&[FIRST], &done).life(&[AGAIN], &again).breaks(Some("I2"));
        let refused = [submit(1, Some("9301"))];
        Case::default().life(&[REFUSED], &refused).life(&[AGAIN], &again).breaks(Some("I2"));
    }

    #[test]
    fn a_sending_after_an_answer_of_the_same_life_is_found() {
        let cases = [
            (false, SealedAgain::SameBody, Some("I2")),
            (false, SealedAgain::New, None),
            (true, SealedAgain::SameBody, None),
        ];
        for (late, body, expected) in cases {
            let mut case = Case::default();
            let mut first = case.receipt(Kind::Submit, SealedAgain::New, false);
            (first.answered, first.late) = (true, late);
            let second = case.receipt(Kind::Submit, body, true);
            let entries = vec![submit(1, Some("9301")), submit(1, Some("0000"))];
            case.promises.look(&[first, second], &(entries, Vec::new()));
            case.breaks(expected);
        }
    }

    #[test]
    fn two_acceptances_are_found() {
        Case::default()
            .life(&[FIRST, (SealedAgain::SameBody, true)], &[submit(2, None)])
            .breaks(Some("I1"));
    }

    #[test]
    fn a_submit_without_an_end_is_found() {
        for entries in [&[submit(1, None)][..], &[submit(1, Some("GIVEN_UP"))], &[]] {
            let sent = Case::default().life(&[FIRST], &[submit(1, None)]).end(entries);
            sent.breaks(Some("I4"));
        }
        let unsent = [submit(0, None)];
        Case::default().life(&[], &unsent).end(&unsent).breaks(Some("I4"));
    }

    #[test]
    fn a_success_that_never_was_is_found() {
        let claimed = [submit(1, Some("0000"))];
        Case::default().life(&[REFUSED], &claimed).end(&claimed).breaks(Some("I4"));
    }

    #[test]
    fn a_seventh_selfie_is_found() {
        let seven: Vec<Entry> = (0..7).map(|_| submit(1, Some("9301"))).collect();
        Case::default().life(&[REFUSED], &seven).breaks(Some("I5"));
    }

    #[test]
    fn a_report_after_success_and_a_second_use_of_an_id_are_found() {
        let mut case = Case::default().life(&[FIRST], &[submit(1, Some("0000"))]);
        let report = case.receipt(Kind::Report, SealedAgain::New, true);
        case.promises.look(&[report], &(vec![submit(1, Some("0000"))], Vec::new()));
        assert!(case.promises.broken().is_some_and(|text| text.contains("reported as failed")));
        let mut case = Case::default();
        let receipts = [FIRST, AGAIN].map(|(body, accepted)| {
            case.ids = 0;
            case.receipt(Kind::Submit, body, accepted)
        });
        case.promises.look(&receipts, &(vec![submit(2, None)], Vec::new()));
        assert!(case.promises.broken().is_some_and(|text| text.contains("transaction id")));
    }
}
