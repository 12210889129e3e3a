//! Which key was meant: the nearest one by edit distance, if any is near enough.
//!
//! What is said about it is `section`'s.

/// The candidate that differs from `word` by the fewest edits, if by few enough to be a slip.
pub(super) fn nearest<'c>(word: &str, candidates: &[&'c str]) -> Option<&'c str> {
    candidates
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(edits, candidate)| *edits <= edits_max(candidate))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// About one in three letters, and two for a word of five: swapping two letters counts as two.
fn edits_max(word: &str) -> usize {
    (word.chars().count() + 1) / 3
}

/// Levenshtein distance: insertions, deletions and replacements, one row of the matrix at a time.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, left) in one.chars().enumerate() {
        let mut fresh = vec![line + 1];
        let mut last = line + 1;
        for ((above, above_left), right) in row.iter().skip(1).zip(&row).zip(&other) {
            let replaced = above_left + usize::from(left != *right);
            last = replaced.min(above + 1).min(last + 1);
            fresh.push(last);
        }
        row = fresh;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expected: Option<&str>) {
        assert_eq!(nearest(word, &["base_url", "ca_file", "pins"]), expected);
    }

    #[test]
    fn a_missing_letter_is_near() {
        check("base_ur", Some("base_url"));
    }

    #[test]
    fn swapped_letters_are_near() {
        check("base_rul", Some("base_url"));
        check("ca_flie", Some("ca_file"));
    }

    #[test]
    fn another_word_is_not_near() {
        check("colour", None);
        check("", None);
    }
}
