//! Licence expressions, as packages declare them: are they satisfied by a list of allowed licences?
//!
//! `OR`, `AND`, `WITH` and brackets of SPDX, and the old `/` for `OR`.

/// Is there a way to use the package under allowed licences alone?
pub fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any(&mut rest, allowed) && rest.is_empty()
}

fn any(rest: &mut &[&str], allowed: &[String]) -> bool {
    let mut good = all(rest, allowed);
    while let Some(("OR", after)) = rest.split_first().map(|(word, after)| (*word, after)) {
        *rest = after;
        good |= all(rest, allowed);
    }
    good
}

fn all(rest: &mut &[&str], allowed: &[String]) -> bool {
    let mut good = one(rest, allowed);
    while let Some(("AND", after)) = rest.split_first().map(|(word, after)| (*word, after)) {
        *rest = after;
        good &= one(rest, allowed);
    }
    good
}

fn one(rest: &mut &[&str], allowed: &[String]) -> bool {
    let Some((word, after)) = rest.split_first() else { return false };
    *rest = after;
    if *word == "(" {
        let good = any(rest, allowed);
        *rest = rest.split_first().map_or(*rest, |(_, after)| after);
        return good;
    }
    let mut name = (*word).to_owned();
    if let ["WITH", exception, after @ ..] = *rest {
        name = format!("{name} WITH {exception}");
        *rest = after;
    }
    allowed.contains(&name)
}

#[track_caller]
fn check(expression: &str, expected: bool) {
    let allowed = ["MIT", "Apache-2.0", "BSD-3-Clause"].map(str::to_owned);
    assert_eq!(satisfied(expression, &allowed), expected, "{expression}");
}

#[test]
fn one_allowed_choice_is_enough() {
    check("MIT", true);
    check("Unlicense/MIT", true);
    check("GPL-3.0 OR Apache-2.0 WITH LLVM-exception OR MIT", true);
}

#[test]
fn every_part_of_a_sum_must_be_allowed() {
    check("(Apache-2.0 OR GPL-3.0) AND BSD-3-Clause", true);
    check("MIT AND GPL-3.0", false);
    check("MIT AND (GPL-3.0 OR ISC)", false);
}

#[test]
fn what_is_not_allowed_or_not_declared_is_refused() {
    check("GPL-3.0-only", false);
    check("Apache-2.0 WITH LLVM-exception", false);
    check("", false);
    check("MIT MIT", false);
}
