//! What the keys of a scanner that plays a keyboard mean: the American layout, which every scanner has out of
//! the box, with shift and the caps lock.
//!
//! Keys are numbers of the kernel (`linux/input-event-codes.h`). What is held with Ctrl, Alt or the Windows key
//! is a command to some program and no part of a code.

/// Keys side by side: the number of the first, what they type, and what they type with shift.
const ROWS: [(u16, &[u8], &[u8]); 8] = [
    (2, b"1234567890-=", b"!@#$%^&*()_+"),
    (16, b"qwertyuiop[]", b"QWERTYUIOP{}"),
    (30, b"asdfghjkl;'`", b"ASDFGHJKL:\"~"),
    (43, b"\\zxcvbnm,./", b"|ZXCVBNM<>?"),
    (55, b"*", b"*"),
    (57, b" ", b" "),
    (71, b"789-456+1230.", b"789-456+1230."),
    (98, b"/", b"/"),
];
const SHIFTS: [u16; 2] = [42, 54];
/// Ctrl, Alt and the Windows key, on both sides.
const COMMANDS: [u16; 6] = [29, 97, 56, 100, 125, 126];
const CAPS_LOCK: u16 = 58;
/// Enter, that of the number pad, and Tab, which some scanners are set to.
const ENDS: [u16; 3] = [28, 96, 15];

/// Which keys are down, and whether letters are locked to capitals.
#[derive(Debug, Default)]
pub struct Keys {
    shifts: [bool; SHIFTS.len()],
    commands: [bool; COMMANDS.len()],
    is_locked: bool,
}

/// What a key that goes down or up does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Motion {
    /// It goes down.
    Down,
    /// It comes up.
    Up,
    /// It is held, and repeats.
    Held,
}

impl Keys {
    /// What is typed by it, if anything: a printable ASCII character, or CR for the end of a code.
    pub fn strike(&mut self, key: u16, motion: Motion) -> Option<u8> {
        let hold = |keys: &[u16], held: &mut [bool]| {
            let place = keys.iter().position(|known| *known == key);
            if let Some(held) = place.and_then(|place| held.get_mut(place)) {
                *held = motion != Motion::Up;
            }
        };
        hold(&SHIFTS, &mut self.shifts);
        hold(&COMMANDS, &mut self.commands);
        // A scanner types each character anew; a key that repeats is stuck or under a person's finger.
        if motion != Motion::Down || self.commands.contains(&true) {
            return None;
        }
        if key == CAPS_LOCK {
            self.is_locked = !self.is_locked;
        }
        if ENDS.contains(&key) {
            return Some(b'\r');
        }
        let (plain, shifted) = characters(key)?;
        let is_shifted =
            self.shifts.contains(&true) != (self.is_locked && plain.is_ascii_lowercase());
        Some(if is_shifted { shifted } else { plain })
    }
}

fn characters(key: u16) -> Option<(u8, u8)> {
    ROWS.iter().find_map(|(first, plain, shifted)| {
        let place = usize::from(key.checked_sub(*first)?);
        Some((*plain.get(place)?, *shifted.get(place)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIFT: u16 = 42;
    const RIGHT_SHIFT: u16 = 54;
    const CONTROL: u16 = 29;
    const A: u16 = 30;
    const TWO: u16 = 3;

    /// Keys struck one after another: a positive number goes down and up, a negative one is held from there on.
    #[track_caller]
    fn check(struck: &[i32], expected: &str) {
        let mut keys = Keys::default();
        let mut typed = Vec::new();
        for key in struck {
            let code = u16::try_from(key.unsigned_abs()).unwrap();
            typed.extend(keys.strike(code, Motion::Down));
            if *key > 0 {
                typed.extend(keys.strike(code, Motion::Up));
            }
        }
        assert_eq!(String::from_utf8(typed).unwrap(), expected);
    }

    #[test]
    fn the_characters_of_a_reference_are_typed_as_they_are() {
        let (letters, digits) = ([48, 30, 21, 50, 37], [2, 10, 11]);
        check(&[&letters[..], &digits[..], &[28]].concat(), "baymk190\r");
        check(&[-42, 48, 30, 21], "BAY");
    }

    #[test]
    fn every_printable_character_has_a_key() {
        let mut typed: Vec<u8> =
            ROWS.iter().flat_map(|(_, plain, with)| [*plain, *with].concat()).collect();
        typed.sort_unstable();
        typed.dedup();
        assert_eq!(typed, (b' '..=b'~').collect::<Vec<_>>());
    }

    #[test]
    fn each_key_types_one_character_with_shift_and_one_without() {
        for (first, plain, shifted) in ROWS {
            assert_eq!(plain.len(), shifted.len(), "{first}");
        }
    }

    #[test]
    fn either_shift_counts_until_it_comes_up() {
        let mut keys = Keys::default();
        keys.strike(SHIFT, Motion::Down);
        keys.strike(RIGHT_SHIFT, Motion::Down);
        keys.strike(SHIFT, Motion::Up);
        assert_eq!(keys.strike(TWO, Motion::Down), Some(b'@'));
        keys.strike(RIGHT_SHIFT, Motion::Up);
        assert_eq!(keys.strike(TWO, Motion::Down), Some(b'2'));
    }

    #[test]
    fn the_caps_lock_turns_letters_and_no_digits() {
        check(&[58, 30, 3, 58, 30], "A2a");
        check(&[58, -42, 30, 3], "a@");
    }

    #[test]
    fn commands_and_repeats_type_nothing() {
        let mut keys = Keys::default();
        keys.strike(CONTROL, Motion::Down);
        assert_eq!(keys.strike(A, Motion::Down), None);
        keys.strike(CONTROL, Motion::Up);
        assert_eq!(keys.strike(A, Motion::Down), Some(b'a'));
        assert_eq!(keys.strike(A, Motion::Held), None);
        assert_eq!(keys.strike(1, Motion::Down), None, "escape");
    }

    #[test]
    fn the_number_pad_and_its_enter_are_read() {
        check(&[71, 82, 96], "70\r");
        check(&[48, 15], "b\r");
    }
}
