//! UUIDs: the bank's own, and what it takes for one of a client's (RFC 9562, version 4).
//! Tokens and keys of the simulated bank are made of them as well.

/// A fresh one, lower case with hyphens.
pub(super) fn uuid() -> String {
    const VERSION: u128 = 0x4 << 76;
    const VERSION_MASK: u128 = 0xF << 76;
    const VARIANT: u128 = 0b10 << 62;
    const VARIANT_MASK: u128 = 0b11 << 62;
    let random: u128 = rand::random();
    let bits = (random & !VERSION_MASK & !VARIANT_MASK) | VERSION | VARIANT;
    let digits = format!("{bits:032x}");
    let mut text = String::with_capacity(36);
    for (position, digit) in digits.chars().enumerate() {
        if matches!(position, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

/// Whether the text is a version 4 UUID in lower case with hyphens.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(position, byte)| match position {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => byte == b'4',
            19 => matches!(byte, b'8' | b'9' | b'a' | b'b'),
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_own_identifiers_pass_its_own_test() {
        let (one, other) = (uuid(), uuid());
        assert!(is_uuid(&one) && is_uuid(&other) && one != other);
    }

    #[test]
    fn anything_but_a_version_4_uuid_is_refused() {
        for text in [
            "",
            "a01fa0ae190a49d59cc1465f9f9ab0dc",
            "A01FA0AE-190A-49D5-9CC1-465F9F9AB0DC",
            "a01fa0ae-190a-19d5-9cc1-465f9f9ab0dc",
            "a01fa0ae-190a-49d5-0cc1-465f9f9ab0dc",
            "{01fa0ae-190a-49d5-9cc1-465f9f9ab0dc",
        ] {
            assert!(!is_uuid(text), "{text}");
        }
        assert!(is_uuid("a01fa0ae-190a-49d5-9cc1-465f9f9ab0dc"));
    }
}
