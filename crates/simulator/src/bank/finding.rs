//! Why a request was refused: the code and one sentence about a field. Never a value, never a length.
//! The sentences go into records and log; the client sees the code alone.

use std::borrow::Cow;
use std::fmt;

use super::code::Code;

/// One thing wrong with one request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Refusal {
    pub code: Code,
    pub finding: Finding,
}

/// Which field, what the document wants there, what kind of thing was there instead.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    field: String,
    expected: Cow<'static, str>,
    got: &'static str,
}

/// The longest foreign name that a finding repeats. The longest of the document has 25 letters.
const NAME_SHOWN_MAX: usize = 32;

impl Finding {
    pub(super) fn new(
        field: &str,
        expected: impl Into<Cow<'static, str>>,
        got: &'static str,
    ) -> Self {
        Self { field: field.to_owned(), expected: expected.into(), got }
    }

    /// The finding as seen from the object around it.
    pub(super) fn within(mut self, outer: &str) -> Self {
        self.field = format!("{outer}.{}", self.field);
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: expected {}, got {}", self.field, self.expected, self.got)
    }
}

impl Refusal {
    pub(super) fn new(code: Code, finding: Finding) -> Self {
        Self { code, finding }
    }

    /// Refused by DiiS.
    pub(super) fn diis(
        code: u16,
        field: &str,
        expected: impl Into<Cow<'static, str>>,
        got: &'static str,
    ) -> Self {
        Self::new(Code::Diis(code), Finding::new(field, expected, got))
    }

    /// Refused by the gateway.
    pub(super) fn gateway(
        code: u16,
        field: &str,
        expected: impl Into<Cow<'static, str>>,
        got: &'static str,
    ) -> Self {
        Self::new(Code::Gateway(code), Finding::new(field, expected, got))
    }

    pub(super) fn within(mut self, outer: &str) -> Self {
        self.finding = self.finding.within(outer);
        self
    }
}

/// A name from a request, fit for a sentence: a client may have put a value where a name belongs.
pub(super) fn shown_name(name: &str) -> &str {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    if plain && name.len() <= NAME_SHOWN_MAX && digits <= 2 { name } else { "‹odd name›" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_names_the_whole_way_to_the_field() {
        let finding = Finding::new("zipCode", "five digits", "text").within("customerData");
        assert_eq!(finding.to_string(), "customerData.zipCode: expected five digits, got text");
    }

    #[test]
    fn a_value_in_the_place_of_a_name_is_not_repeated() {
        assert_eq!(shown_name("bp1No"), "bp1No");
        for name in ["1111111111119", "นาย", "a b", "x12345"] {
            assert_eq!(shown_name(name), "‹odd name›");
        }
    }
}
