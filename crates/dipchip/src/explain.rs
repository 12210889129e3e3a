//! `dipchip explain CODE`: a code's meaning, what the agent does about it, what the customer is told.
//!
//! Only the layout is decided here; the words are the agent's.

use agent::explain::{Explanation, explain as explained};

use crate::Exit;

/// Prints the explanation, or that there is no such code.
pub fn explain(code: &str) -> Exit {
    match explained(code) {
        Some(explanation) => {
            print!("{}", page(&explanation));
            Exit::Done
        }
        None => {
            eprintln!(
                "dipchip: no such code, expected one such as 1101, -100, HTTP_503, NET_TIMEOUT, \
                 CARD_REMOVED"
            );
            Exit::Usage
        }
    }
}

fn page(explanation: &Explanation) -> String {
    let mut page = explanation.code.clone();
    if let Some(meaning) = explanation.meaning {
        page.push_str(&format!(" · {meaning}"));
    }
    page.push('\n');
    for step in &explanation.steps {
        page.push_str(&format!("  agent    {step}\n"));
    }
    let sentences = explanation.sentences;
    page.push_str(&format!("  English  {} {}\n", sentences.english, sentences.remedy_english));
    page.push_str(&format!("  ไทย      {} {}\n", sentences.thai, sentences.remedy_thai));
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_the_code_the_steps_and_both_languages() {
        let page = page(&explained("1101").unwrap());
        assert!(page.starts_with("1101 · "), "{page}");
        assert!(page.contains("\n  agent    "), "{page}");
        assert!(page.contains("\n  English  ") && page.contains("\n  ไทย      "), "{page}");
    }

    #[test]
    fn a_local_failure_has_no_steps() {
        let page = page(&explained("CARD_REMOVED").unwrap());
        assert!(page.starts_with("CARD_REMOVED\n  English  "), "{page}");
    }
}
