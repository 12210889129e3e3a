//! The transaction id of an attempt: a nonce against replay, not a key of idempotency (§1.9 of the API page).
//!
//! The bank refuses one that is no UUID (−6), and one that it has seen (−23).

use rand::TryRng;
use rand::rngs::SysRng;

/// A UUID version 4, fresh for every attempt (§1.2 of the API page).
pub(super) fn transaction_id() -> String {
    let mut bytes = [0_u8; 16];
    SysRng.try_fill_bytes(&mut bytes).expect("the operating system gives random bytes after boot");
    // RFC 9562 §5.4: four bits of version, two bits of variant.
    let random = u128::from_be_bytes(bytes) & !(0xF << 76) & !(0b11 << 62);
    uuid_text(random | (4 << 76) | (0b10 << 62))
}

fn uuid_text(value: u128) -> String {
    let hex = format!("{value:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_id_is_a_lower_case_uuid_of_version_4() {
        for _ in 0..100 {
            let id = transaction_id();
            let shape: String =
                id.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
            assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
            assert_eq!(id, id.to_lowercase());
            assert_eq!(&id[14..15], "4");
            assert!(["8", "9", "a", "b"].contains(&&id[19..20]));
        }
    }

    #[test]
    fn no_two_transaction_ids_are_the_same() {
        assert_ne!(transaction_id(), transaction_id());
    }
}
