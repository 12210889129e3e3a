//! The slip as lines of text: lines 15, 16 and 17 are the bank's (§3), the rest is ours.
//!
//! Never a citizen id, a name or the reason of a refusal. Shaping Thai for a printer's raster is the
//! printer's business.

use protocol::BankTime;
use session::{Language, Slip, SlipResult};
use zeroize::Zeroizing;

/// The bank's first line; §3 counts from one.
const BANK_LINES_AT: usize = 15;

/// Between ours and the bank's; counted from one as they are.
const MARK_AT: usize = 12;
/// What a copy says of itself.
const COPY: &str = "*** สำเนา / COPY ***";

/// The lines, top to bottom. Wiped on drop.
pub(crate) fn lines(slip: &Slip, merchant: &str, terminal: &str) -> Zeroizing<Vec<String>> {
    let word = |thai: &str, english: &str| match slip.language {
        Language::Thai => thai.to_owned(),
        Language::English => english.to_owned(),
    };
    let (title, result) = match slip.result {
        SlipResult::Done => (word("สำเร็จ", "Completed"), word("กลับไปที่แอป", "Return to the app")),
        SlipResult::Pending => (
            word("ได้รับข้อมูลแล้ว", "Data received"),
            word("ตรวจสอบผลในแอป", "Check the app for the result"),
        ),
        SlipResult::Unresolved => (
            word("ยังไม่ทราบผล", "Result not confirmed"),
            word("ตรวจสอบผลในแอป", "Check the app for the result"),
        ),
    };
    let mut lines = Zeroizing::new(Vec::with_capacity(BANK_LINES_AT + 2));
    lines.extend([
        word("ยืนยันตัวตน (e-KYC)", "Identity verification (e-KYC)"),
        merchant.to_owned(),
        terminal.to_owned(),
        local_text(slip.time),
        String::new(),
        title,
        result,
    ]);
    if let Some(last_four) = &slip.reference_last_four {
        lines.push(format!("{} …{last_four}", word("อ้างอิง", "Reference")));
    }
    lines.resize(BANK_LINES_AT - 1, String::new());
    lines.extend(slip.lines.iter().map(|line| line.clone().unwrap_or_default()));
    lines
}

/// The same lines, marked as a copy on a line that nothing else uses: the bank's lines stay where they are.
pub(crate) fn copy(lines: &[String]) -> Zeroizing<Vec<String>> {
    let mut copy = Zeroizing::new(lines.to_vec());
    if let Some(free) = copy.get_mut(MARK_AT - 1) {
        COPY.clone_into(free);
    }
    copy
}

/// `2026-11-23 10:00` in Bangkok, from the stamp of §4.
fn local_text(time: BankTime) -> String {
    let stamp = time.transaction_stamp();
    let part = |from: usize, to: usize| stamp.get(from..to).unwrap_or_default();
    format!("{}-{}-{} {}:{}", part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banks_lines_stand_at_fifteen_sixteen_and_seventeen() {
        let slip = Slip {
            result: SlipResult::Done,
            reference_last_four: Some("0001".to_owned()),
            lines: [Some("ONE".to_owned()), None, Some("THREE".to_owned())],
            time: BankTime::from_millis(1_790_000_000_000),
            language: Language::English,
        };
        let lines = lines(&slip, "A shop", "T1");
        assert_eq!(lines.len(), 17);
        assert_eq!(&lines[14..], ["ONE", "", "THREE"]);
        assert_eq!(lines[3], "2026-09-21 21:13");
        let copy = copy(&lines);
        assert_eq!((&copy[14..], copy.len()), (&lines[14..], 17), "the bank's lines stay");
        assert!(lines[11].is_empty() && copy[11].contains("COPY"), "{copy:?}");
    }
}
