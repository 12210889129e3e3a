//! A Rust file as the rules see it: its code without comments and without what stands in quotes, line by
//! line, and which of the lines are test code.
//!
//! A small lexer, not a parser: it knows comments, strings, raw strings, characters and lifetimes. Words
//! in quotes never count as code, which lets the rules name what they forbid.

use crate::tree::{self, File};

/// One file of Rust.
pub struct RustFile {
    pub path: String,
    pub text: String,
    /// The text with comments and the inside of quotes blanked; as many lines as the text.
    pub code: String,
    /// For each line: is it test code?
    tests: Vec<bool>,
}

/// One line of code and its number, counted from 1.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    pub number: usize,
    pub code: &'a str,
}

impl RustFile {
    pub fn new(path: &str, text: &str) -> Self {
        let code = blank(text);
        let tests = test_lines(path, &code);
        Self { path: path.to_owned(), text: text.to_owned(), code, tests }
    }

    /// Every Rust file of the project.
    pub fn all() -> Vec<Self> {
        let read = |file: File| Self::new(&file.path, &file.text);
        tree::files_ending(".rs").into_iter().map(read).collect()
    }

    /// Every line.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.code.lines().enumerate().map(|(at, code)| Line { number: at + 1, code })
    }

    /// The lines that end up in a program.
    pub fn product(&self) -> impl Iterator<Item = Line<'_>> {
        self.lines().filter(|line| !self.is_test(line.number))
    }

    /// The lines that only tests use.
    pub fn test(&self) -> impl Iterator<Item = Line<'_>> {
        self.lines().filter(|line| self.is_test(line.number))
    }

    /// `path:line: what`.
    pub fn at(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }

    fn is_test(&self, number: usize) -> bool {
        self.tests.get(number - 1).copied().unwrap_or(false)
    }
}

/// Does the word stand in the code on its own, not as a part of a longer name?
pub fn has_word(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code.get(..at).and_then(|text| text.chars().next_back());
        let after = code.get(at + word.len()..).and_then(|text| text.chars().next());
        let part = |neighbour: Option<char>| neighbour.is_some_and(in_a_name);
        !part(before) && !part(after)
    })
}

/// May the character stand inside a name?
pub fn in_a_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The index behind the `}` that closes the first `{` at or after `from`, in blanked code.
pub fn block_end(code: &str, from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, character) in code.char_indices().filter(|(at, _)| *at >= from) {
        match character {
            '{' => depth += 1,
            '}' if depth <= 1 => return Some(at + 1),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The number of the line that holds the index.
pub fn line_of(code: &str, at: usize) -> usize {
    code.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

fn test_lines(path: &str, code: &str) -> Vec<bool> {
    let lines = code.lines().count();
    let whole =
        path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("tests.rs");
    let mut tests = vec![whole; lines];
    for (at, mark) in code.match_indices("#[cfg(test)]") {
        let rest = code.get(at + mark.len()..).unwrap_or_default();
        let end = match rest.find(['{', ';']) {
            Some(stop) if rest.get(stop..).is_some_and(|text| text.starts_with('{')) => {
                block_end(code, at + mark.len() + stop).unwrap_or(code.len())
            }
            Some(stop) => at + mark.len() + stop,
            None => code.len(),
        };
        let (first, last) = (line_of(code, at), line_of(code, end));
        for line in tests.iter_mut().take(last).skip(first - 1) {
            *line = true;
        }
    }
    tests
}

/// Blanks comments and the inside of quotes; line ends stay.
fn blank(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let before = code.chars().next_back();
        let taken = foreign(rest, before);
        if taken == 0 {
            code.push(character);
            rest = rest.get(character.len_utf8()..).unwrap_or_default();
        } else {
            let (passage, after) = rest.split_at(taken);
            let keep = |c: char| if c == '\n' { '\n' } else { ' ' };
            code.extend(passage.chars().map(keep));
            rest = after;
        }
    }
    code
}

/// How many bytes at the start of `rest` are a comment or in quotes; 0 if it starts with code.
fn foreign(rest: &str, before: Option<char>) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    if !before.is_some_and(in_a_name)
        && let Some(length) = raw_string(rest)
    {
        return length;
    }
    if rest.starts_with('"') {
        return quoted(rest, '"');
    }
    if is_character(rest) { quoted(rest, '\'') } else { 0 }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
        if tail.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if tail.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += tail.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r"].into_iter().find(|prefix| rest.starts_with(prefix))?;
    let opening = rest.get(prefix.len()..)?;
    let hashes = opening.len() - opening.trim_start_matches('#').len();
    let body = opening.get(hashes..)?.strip_prefix('"')?;
    let closing = format!("\"{}", "#".repeat(hashes));
    let start = prefix.len() + hashes + 1;
    Some(body.find(&closing).map_or(rest.len(), |end| start + end + closing.len()))
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// `'x'` and `'\n'` are characters, `'a` alone is a lifetime.
fn is_character(rest: &str) -> bool {
    let mut characters = rest.chars();
    characters.next() == Some('\'')
        && match characters.next() {
            Some('\\') => true,
            Some(_) => characters.next() == Some('\''),
            None => false,
        }
}

#[track_caller]
fn check(text: &str, code: &str) {
    let blanked = blank(text);
    let seen: Vec<&str> = blanked.split_whitespace().collect();
    assert_eq!(seen.join(" "), code, "of {text:?}");
    assert_eq!(blanked.lines().count(), text.lines().count(), "lines of {text:?}");
}

#[test]
fn comments_of_every_kind_are_not_code() {
    check("a // b\nc /* d /* e */ f */ g", "a c g");
}

#[test]
fn what_stands_in_quotes_is_not_code() {
    check(r#"f("todo!()\" x", 'y', '\'', b"z") g"#, "f( , , , b ) g");
    check("f(r#\"a \" b\"#, br\"c\") r#type", "f( , ) r#type");
}

#[test]
fn a_lifetime_is_code() {
    check("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}");
}

#[test]
fn a_test_module_is_told_from_the_product() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n";
    let file = RustFile::new("crates/x/src/lib.rs", text);
    let product: Vec<&str> = file.product().map(|line| line.code).collect();
    assert_eq!(product, ["fn a() {}", "fn c() {}"]);
    assert_eq!(file.test().count(), 4);
    assert_eq!(RustFile::new("tests/a.rs", text).product().count(), 0);
}

#[test]
fn a_word_is_found_only_on_its_own() {
    assert!(has_word("use pcsc::Card;", "pcsc"));
    assert!(!has_word("start_pcscd(pcsc_socket)", "pcsc"));
}
