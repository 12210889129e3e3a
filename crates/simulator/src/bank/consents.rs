//! The consent texts the bank shows (§3, §6) and what it makes of the answers (§4, §7).
//! Which reference asks for which of them is the ledger's to know.

use serde_json::{Value, json};

use super::finding::Refusal;

/// The version of every text, as in the document's samples.
const VERSION: &str = "2.00.00";

/// The consent without which no face may be compared.
const BIOMETRIC: &str = "103";

/// One consent as shown to the customer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ConsentText {
    kind: &'static str,
    thai: &'static str,
    english: &'static str,
}

/// Shown by E2: the comparison of the face, and the disclosure across the border.
pub(super) const FOR_THE_JOURNEY: &[ConsentText] = &[
    ConsentText {
        kind: BIOMETRIC,
        thai: "ข้าพเจ้ายินยอมให้ธนาคารจำลองเก็บและใช้ภาพใบหน้าของข้าพเจ้าเพื่อเปรียบเทียบกับภาพในบัตรประจำตัวประชาชน",
        english: "I consent to the simulated bank keeping and using the picture of my face to \
                  compare it with the picture on my citizen card.",
    },
    ConsentText {
        kind: "105",
        thai: "ข้าพเจ้ายินยอมให้ธนาคารจำลองเปิดเผยข้อมูลของข้าพเจ้าแก่ผู้รับข้อมูลในต่างประเทศ",
        english: "I consent to the simulated bank disclosing my data to recipients abroad.",
    },
];

/// Shown by E5 for `dopa`.
pub(super) const FOR_DOPA: &[ConsentText] = &[ConsentText {
    kind: "105",
    thai: "ข้าพเจ้ายินยอมให้ธนาคารจำลองตรวจสอบข้อมูลบัตรของข้าพเจ้ากับกรมการปกครอง",
    english: "I consent to the simulated bank checking my card data with the Department of \
              Provincial Administration.",
}];

/// As the answers of E2 and E5 carry them.
pub(super) fn as_json(texts: &[ConsentText]) -> Value {
    texts
        .iter()
        .map(|text| {
            json!({
                "type": text.kind,
                "version": VERSION,
                "contentTh": text.thai,
                "contentEn": text.english,
            })
        })
        .collect()
}

/// Holds the customer's answers against what was offered: each text answered once, nothing else answered,
/// and those that the service cannot do without answered with Y.
pub(super) fn judge(answers: Option<&Value>, offered: &[ConsentText]) -> Result<(), Refusal> {
    const FIELD: &str = "customerConsents";
    let answers = answers.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let part = |answer: &Value, name: &str| {
        answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    for answer in answers {
        let kind = part(answer, "type");
        if !offered.iter().any(|text| text.kind == kind) || part(answer, "version") != VERSION {
            return Err(Refusal::diis(9400, FIELD, "answers to the texts shown", "another one"));
        }
    }
    for text in offered {
        let mut given = answers.iter().filter(|answer| part(answer, "type") == text.kind);
        let Some(answer) = given.next() else {
            return Err(Refusal::diis(1900, FIELD, "an answer to each text shown", "one missing"));
        };
        if given.next().is_some() {
            return Err(Refusal::diis(9400, FIELD, "one answer to each text", "two"));
        }
        let indispensable = text.kind == BIOMETRIC || offered == FOR_DOPA;
        if indispensable && part(answer, "consent") != "Y" {
            return Err(Refusal::diis(1900, FIELD, "the consent that is needed", "a refusal"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::code::Code;
    use super::*;

    #[track_caller]
    fn check(answers: &[(&str, &str, &str)], offered: &[ConsentText], expected: Result<(), u16>) {
        let answers: Value = answers
            .iter()
            .map(|(kind, version, consent)| {
                json!({"type": kind, "version": version, "consent": consent})
            })
            .collect();
        let judged = judge(Some(&answers), offered).map_err(|refusal| refusal.code);
        assert_eq!(judged, expected.map_err(Code::Diis));
    }

    #[test]
    fn every_text_must_be_answered_and_the_biometric_one_agreed_to() {
        check(&[("103", VERSION, "Y"), ("105", VERSION, "N")], FOR_THE_JOURNEY, Ok(()));
        check(&[("103", VERSION, "Y")], FOR_THE_JOURNEY, Err(1900));
        check(&[("103", VERSION, "N"), ("105", VERSION, "Y")], FOR_THE_JOURNEY, Err(1900));
        check(&[], FOR_THE_JOURNEY, Err(1900));
    }

    #[test]
    fn an_answer_to_a_text_never_shown_is_a_data_error() {
        check(&[("104", VERSION, "Y")], &[], Err(9400));
        check(&[("105", "1.00.00", "Y")], FOR_DOPA, Err(9400));
        check(&[("105", VERSION, "Y"), ("105", VERSION, "Y")], FOR_DOPA, Err(9400));
        check(&[], &[], Ok(()));
    }

    #[test]
    fn dopa_is_not_asked_without_consent() {
        check(&[("105", VERSION, "Y")], FOR_DOPA, Ok(()));
        check(&[("105", VERSION, "N")], FOR_DOPA, Err(1900));
    }

    #[test]
    fn no_answers_at_all_are_like_an_empty_list() {
        assert!(judge(None, &[]).is_ok());
        assert!(judge(None, FOR_DOPA).is_err());
    }
}
