//! Walks the parsed TOML, table by table, and remembers which keys were asked for: the rest is unknown.
//!
//! Owns positions and the collecting of faults; what a value may be is said by the groups' rules. Serde is
//! not used here because it stops at its first finding and loses the position of what was merely unwise.

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Origin};
use super::nearest::nearest;

/// What a text value may be at most, in bytes; no key needs more.
const TEXT_BYTES_MAX: usize = 1024;
/// So much of a wrong value is repeated in the fault.
const SHOWN_CHARACTERS_MAX: usize = 60;

/// The file being read, and what was found wrong in it so far.
pub(super) struct Findings<'s> {
    /// As it was given.
    pub(super) file: &'s Path,
    /// Relative paths start here.
    pub(super) base: &'s Path,
    /// The whole text.
    pub(super) text: &'s str,
    faults: RefCell<Vec<Fault>>,
}

impl<'s> Findings<'s> {
    pub(super) fn new(file: &'s Path, base: &'s Path, text: &'s str) -> Self {
        Self { file, base, text, faults: RefCell::new(Vec::new()) }
    }

    /// The position of a byte range, named by its key.
    pub(super) fn origin(&self, span: &Range<usize>, key: &str) -> Origin {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let in_line = before.get(line_start..).unwrap_or_default();
        Origin {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: in_line.chars().count() + 1,
            key: key.to_owned(),
        }
    }

    pub(super) fn report(&self, fault: Fault) {
        self.faults.borrow_mut().push(fault);
    }

    /// All faults, in the order of the file.
    pub(super) fn into_faults(self) -> Vec<Fault> {
        let mut faults = self.faults.into_inner();
        faults.sort_by_key(|fault| (fault.origin.line, fault.origin.column));
        faults
    }
}

/// One table; an absent one behaves as an empty one.
pub(super) struct Section<'a> {
    findings: &'a Findings<'a>,
    key: String,
    span: Range<usize>,
    table: Table<'a>,
    asked: Vec<&'static str>,
}

/// What stands where a table belongs.
#[derive(Clone, Copy)]
enum Table<'a> {
    Here(&'a DeTable<'a>),
    Absent,
    /// Something else, already reported: what it lacks is not reported as well.
    Wrong,
}

impl<'a> Section<'a> {
    /// Reads the whole file's top table.
    pub(super) fn top<T>(
        findings: &'a Findings<'a>,
        table: &'a DeTable<'a>,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let top = Self {
            findings,
            key: String::new(),
            span: 0..0,
            table: Table::Here(table),
            asked: vec![],
        };
        top.read(read)
    }

    fn read<T>(mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let result = read(&mut self);
        self.report_unknown();
        result
    }

    fn report_unknown(&self) {
        let Table::Here(table) = self.table else { return };
        for (name, _) in table {
            let word: &str = name.get_ref();
            if self.asked.contains(&word) {
                continue;
            }
            let expected = nearest(word, &self.asked).map_or_else(
                || format!("one of {}", self.asked.join(", ")),
                |near| format!("`{near}`, the nearest key there is"),
            );
            let origin = self.findings.origin(&name.span(), &self.path_of(word));
            self.findings.report(origin.fault("an unknown key", expected));
        }
    }

    fn path_of(&self, key: &str) -> String {
        if self.key.is_empty() { key.to_owned() } else { format!("{}.{key}", self.key) }
    }

    fn find(&mut self, key: &'static str) -> Option<Given<'a>> {
        self.asked.push(key);
        let Table::Here(table) = self.table else { return None };
        let value = table.get(key)?;
        Some(Given { findings: self.findings, key: self.path_of(key), value })
    }

    /// The value, if the key is there and the rule accepts it; a refusal is reported.
    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        rule: impl FnOnce(&Given<'a>) -> Result<T, Fault>,
    ) -> Option<T> {
        let given = self.find(key)?;
        rule(&given).map_err(|fault| self.findings.report(fault)).ok()
    }

    /// As [`Section::optional`], and an absent key is reported with what would be right.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        rule: impl FnOnce(&Given<'a>) -> Result<T, Fault>,
    ) -> Option<T> {
        let absent = match self.table {
            Table::Here(table) => !table.contains_key(key),
            Table::Absent => true,
            Table::Wrong => return None,
        };
        if absent {
            self.asked.push(key);
            let origin = self.findings.origin(&self.span, &self.path_of(key));
            self.findings.report(origin.fault("nothing", expected));
            return None;
        }
        self.optional(key, rule)
    }

    /// A table below this one; an absent one is read as an empty one.
    pub(super) fn section<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Section<'a>) -> T,
    ) -> T {
        self.below(key).read(read)
    }

    /// A table below this one, only if it is there.
    pub(super) fn optional_section<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Section<'a>) -> Option<T>,
    ) -> Option<T> {
        let below = self.below(key);
        match below.table {
            Table::Here(_) => below.read(read),
            Table::Absent | Table::Wrong => None,
        }
    }

    fn below(&mut self, key: &'static str) -> Section<'a> {
        let given = self.find(key);
        let table = match given.as_ref().map(|given| (given, given.value.get_ref().as_table())) {
            Some((_, Some(table))) => Table::Here(table),
            Some((given, None)) => {
                self.findings.report(given.refuse(format!("a table, [{}]", given.key)));
                Table::Wrong
            }
            None => Table::Absent,
        };
        let span = given.map_or_else(|| self.span.clone(), |given| given.value.span());
        let key = self.path_of(key);
        Section { findings: self.findings, key, span, table, asked: Vec::new() }
    }
}

/// One value as it stands in the file.
pub(super) struct Given<'a> {
    findings: &'a Findings<'a>,
    key: String,
    value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Given<'a> {
    /// Where it stands.
    pub(super) fn origin(&self) -> Origin {
        self.findings.origin(&self.value.span(), &self.key)
    }

    /// A fault that repeats the value.
    pub(super) fn refuse(&self, expected: impl Into<String>) -> Fault {
        self.origin().fault(shown(self.value.get_ref()), expected)
    }

    /// A fault that names only the kind of value: what stands here may be a secret.
    pub(super) fn refuse_unseen(&self, expected: impl Into<String>) -> Fault {
        self.origin().fault(format!("{} (not shown)", kind(self.value.get_ref())), expected)
    }

    /// A text that is not empty, without control characters.
    pub(super) fn text(&self, expected: &str) -> Result<&'a str, Fault> {
        let text = self.text_or_empty(expected)?;
        if text.is_empty() { Err(self.refuse(expected)) } else { Ok(text) }
    }

    /// A text without control characters, perhaps empty.
    pub(super) fn text_or_empty(&self, expected: &str) -> Result<&'a str, Fault> {
        let text = self.value.get_ref().as_str().ok_or_else(|| self.refuse(expected))?;
        if text.len() > TEXT_BYTES_MAX || text.chars().any(char::is_control) {
            return Err(self.refuse(expected));
        }
        Ok(text)
    }

    /// A whole number in a range.
    pub(super) fn number(&self, range: std::ops::RangeInclusive<u32>) -> Result<u32, Fault> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        self.value
            .get_ref()
            .as_integer()
            .and_then(|integer| u32::from_str_radix(integer.as_str(), integer.radix()).ok())
            .filter(|number| range.contains(number))
            .ok_or_else(|| self.refuse(expected))
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Fault> {
        let came = self.value.get_ref().as_str();
        words.iter().find(|(word, _)| came == Some(word)).map(|(_, meaning)| *meaning).ok_or_else(
            || {
                let all: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                self.refuse(all.join(" or "))
            },
        )
    }

    /// A path; a relative one starts at the configuration file's directory.
    pub(super) fn path(&self) -> Result<PathBuf, Fault> {
        Ok(self.findings.base.join(self.text("a path")?))
    }

    /// Is it a list, rather than one value?
    pub(super) fn is_list(&self) -> bool {
        self.value.get_ref().is_array()
    }

    /// A list of at most `most` values.
    pub(super) fn list(&self, most: usize, of: &str) -> Result<Vec<Given<'a>>, Fault> {
        let expected = format!("a list of at most {most} {of}");
        let list = self.value.get_ref().as_array().filter(|list| list.len() <= most);
        let list = list.ok_or_else(|| self.refuse(expected))?;
        Ok(list
            .iter()
            .map(|value| Given { findings: self.findings, key: self.key.clone(), value })
            .collect())
    }

    /// A table of at most `most` keys that the file is free to choose, with their values.
    pub(super) fn pairs(&self, most: usize, of: &str) -> Result<Vec<(&'a str, Given<'a>)>, Fault> {
        let expected = format!("a table of at most {most} {of}");
        let table = self.value.get_ref().as_table().filter(|table| table.len() <= most);
        let table = table.ok_or_else(|| self.refuse(expected))?;
        Ok(table
            .iter()
            .map(|(name, value)| {
                let name: &str = name.get_ref();
                let key = format!("{}.{name}", self.key);
                (name, Given { findings: self.findings, key, value })
            })
            .collect())
    }

    /// The only key and value of an inline table such as `{ file = "…" }`.
    pub(super) fn single(&self) -> Option<(&'a str, Given<'a>)> {
        let mut pairs = self.pairs(1, "key").ok()?;
        pairs.pop()
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) if text.chars().count() > SHOWN_CHARACTERS_MAX => {
            let start: String = text.chars().take(SHOWN_CHARACTERS_MAX).collect();
            format!("{start:?}… ({} characters)", text.chars().count())
        }
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Array(list) => format!("a list of {}", list.len()),
        DeValue::Datetime(_) | DeValue::Table(_) => kind(value).to_owned(),
    }
}
