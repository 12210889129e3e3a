//! The chip's answers to commands: SELECT, READ, GET RESPONSE, GET DATA, as a T=0 card gives them or as a
//! bridge in between does. Pure: no time, no reader.

use super::Image;
use super::conduct::Change;

const CITIZEN_AID: &[u8] = &[0xA0, 0x00, 0x00, 0x00, 0x54, 0x48, 0x00, 0x01];

/// What SELECT of the applet brings: 10 bytes, whose content no reader uses.
const APPLET_FCI: &[u8] = &[0x6F, 0x08, 0x84, 0x06, 0xA0, 0x00, 0x00, 0x00, 0x54, 0x48];

/// What SELECT of the card manager brings.
const MANAGER_FCI: &[u8] = &[0x6F, 0x03, 0x84, 0x01, 0x00];

/// The length that GET DATA of the chip data must ask for.
const CPLC_LENGTH: u8 = 0x2D;

/// How a chip behaves where chips differ.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Manner {
    /// How an answer with data comes.
    pub answering: Answering,
    /// When it gives its chip data.
    pub cplc: CplcManner,
}

/// How an answer with data comes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Answering {
    /// `61 xx`, then the data by GET RESPONSE, as over T=0.
    #[default]
    T0,
    /// The same, with P2 = 01 in GET RESPONSE; `00` is refused, and what waited is lost.
    T0OtherP2,
    /// Data and `90 00` at once, as over T=1 bridges and some drivers.
    Direct,
    /// `6C xx` until the command itself asks for the right length, then the data.
    Corrected,
}

/// When a chip gives its chip data.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum CplcManner {
    /// Always.
    #[default]
    Always,
    /// Until an applet is selected.
    BeforeSelect,
    /// Never.
    Refused,
}

/// A powered chip.
pub(super) struct Chip {
    image: Image,
    manner: Manner,
    selected: Selected,
    pending: Vec<u8>,
    change: Option<Change>,
    /// How often data were changed, and the first that were.
    changes: usize,
    first: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Selected {
    Manager,
    Applet,
}

#[derive(Clone, Copy)]
struct Status(u8, u8);

impl Status {
    const DONE: Self = Self(0x90, 0x00);
    const WRONG_LENGTH: Self = Self(0x67, 0x00);
    const CONDITIONS: Self = Self(0x69, 0x85);
    const NO_FILE: Self = Self(0x6A, 0x82);
    const WRONG_PARAMETERS: Self = Self(0x6A, 0x86);
    const NO_DATA: Self = Self(0x6A, 0x88);
    const WRONG_OFFSET: Self = Self(0x6B, 0x00);
    const NO_INSTRUCTION: Self = Self(0x6D, 0x00);
    const NO_CLASS: Self = Self(0x6E, 0x00);
}

impl Chip {
    pub(super) fn new(image: Image, manner: Manner) -> Self {
        Self {
            image,
            manner,
            selected: Selected::Manager,
            pending: Vec::new(),
            change: None,
            changes: 0,
            first: Vec::new(),
        }
    }

    pub(super) fn atr(&self) -> &[u8] {
        self.image.atr()
    }

    /// Warm or cold: the selected applet and whatever waited are gone.
    pub(super) fn reset(&mut self) {
        self.selected = Selected::Manager;
        self.pending.clear();
    }

    /// From now on, data are not given as they are.
    pub(super) fn give_changed(&mut self, change: Change) {
        self.change = Some(change);
    }

    /// All data that a command brings, in whatever manner.
    pub(super) fn all_of(&mut self, command: &[u8]) -> Vec<u8> {
        let mut data = self.answer(command);
        data.truncate(data.len().saturating_sub(2));
        data.append(&mut self.pending);
        data
    }

    /// Answers one command; the status word comes last.
    pub(super) fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        let [class, instruction, p1, p2, body @ ..] = command else {
            return status(Status::WRONG_LENGTH);
        };
        let pending = std::mem::take(&mut self.pending);
        match (class, instruction) {
            (0x00, 0xC0) => self.waiting_data(pending, [*p1, *p2], body),
            (0x00, 0xA4) => self.select([*p1, *p2], body),
            (0x80, 0xB0) => self.read([*p1, *p2], body),
            (0x80, 0xCA) => self.chip_data([*p1, *p2], body),
            (0x00 | 0x80, _) => status(Status::NO_INSTRUCTION),
            _ => status(Status::NO_CLASS),
        }
    }

    fn select(&mut self, parameters: [u8; 2], body: &[u8]) -> Vec<u8> {
        if parameters != [0x04, 0x00] {
            return status(Status::WRONG_PARAMETERS);
        }
        let (aid, expected) = match body {
            // A command without a body has no place for a length: it asks for whatever there is.
            [] | [0] => (&[][..], Some(length_byte(MANAGER_FCI.len()))),
            [length, rest @ ..] => match rest.split_at_checked(usize::from(*length)) {
                Some((aid, [])) => (aid, None),
                Some((aid, [expected])) => (aid, Some(*expected)),
                _ => return status(Status::WRONG_LENGTH),
            },
        };
        if aid.is_empty() {
            self.selected = Selected::Manager;
            self.give(MANAGER_FCI.to_vec(), expected)
        } else if aid == CITIZEN_AID && self.image.file().is_some() {
            self.selected = Selected::Applet;
            self.give(APPLET_FCI.to_vec(), expected)
        } else {
            status(Status::NO_FILE)
        }
    }

    /// `80 B0 offset(2) 02 00 length`, with or without a length expected behind.
    fn read(&mut self, offset: [u8; 2], body: &[u8]) -> Vec<u8> {
        if self.selected != Selected::Applet {
            return status(Status::NO_INSTRUCTION);
        }
        let (length, expected) = match *body {
            [2, 0, length] => (length, None),
            [2, 0, length, expected] => (length, Some(expected)),
            _ => return status(Status::WRONG_LENGTH),
        };
        if length == 0 {
            return status(Status::WRONG_LENGTH);
        }
        let start = usize::from(u16::from_be_bytes(offset));
        let bytes = self.image.file().and_then(|file| file.get(start..start + usize::from(length)));
        match bytes.map(<[u8]>::to_vec) {
            Some(bytes) => self.give(bytes, expected),
            None => status(Status::WRONG_OFFSET),
        }
    }

    /// Case 2 of T=0: the data follow the command at once if it asks for their length.
    fn chip_data(&mut self, tag: [u8; 2], body: &[u8]) -> Vec<u8> {
        let refused = match self.manner.cplc {
            CplcManner::Always => false,
            CplcManner::BeforeSelect => self.selected == Selected::Applet,
            CplcManner::Refused => true,
        };
        match self.image.cplc() {
            Some(cplc) if tag == [0x9F, 0x7F] && !refused => match body {
                [CPLC_LENGTH] => with_status(cplc.to_vec(), Status::DONE),
                _ => status(Status(0x6C, CPLC_LENGTH)),
            },
            _ => status(Status::NO_DATA),
        }
    }

    fn waiting_data(&mut self, pending: Vec<u8>, parameters: [u8; 2], body: &[u8]) -> Vec<u8> {
        if pending.is_empty() {
            return status(Status::CONDITIONS);
        }
        let p2 = u8::from(self.manner.answering == Answering::T0OtherP2);
        if parameters != [0, p2] {
            return status(Status::WRONG_PARAMETERS);
        }
        let asked = match body {
            [0] => 256,
            [length] => usize::from(*length),
            _ => return status(Status::WRONG_LENGTH),
        };
        if asked > pending.len() {
            let right = length_byte(pending.len());
            self.pending = pending;
            return status(Status(0x6C, right));
        }
        let (now, later) = pending.split_at(asked);
        self.pending = later.to_vec();
        if later.is_empty() {
            with_status(now.to_vec(), Status::DONE)
        } else {
            with_status(now.to_vec(), Status(0x61, length_byte(later.len())))
        }
    }

    /// Hands data over to a command that expects so many bytes, if it says how many.
    fn give(&mut self, mut data: Vec<u8>, expected: Option<u8>) -> Vec<u8> {
        if let Some(change) = self.change {
            if self.changes == 0 {
                self.first.clone_from(&data);
            }
            self.changes += 1;
            data = change.of(data, self.changes, &self.first);
        }
        let right = length_byte(data.len());
        match self.manner.answering {
            Answering::Corrected if expected != Some(right) => status(Status(0x6C, right)),
            Answering::Direct | Answering::Corrected => with_status(data, Status::DONE),
            Answering::T0 | Answering::T0OtherP2 => {
                self.pending = data;
                status(Status(0x61, right))
            }
        }
    }
}

/// 0 stands for 256 and more.
fn length_byte(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(0)
}

fn status(word: Status) -> Vec<u8> {
    with_status(Vec::new(), word)
}

fn with_status(mut data: Vec<u8>, Status(first, second): Status) -> Vec<u8> {
    data.extend([first, second]);
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chip(manner: Manner) -> Chip {
        let cplc = format!("9F7F2A{}", "07".repeat(42));
        let text = format!("atr = 3B00\ncplc = {cplc}\n0004: 31 32 33 34\n173C: AB CD\n");
        Chip::new(Image::parse(&text).unwrap(), manner)
    }

    fn bytes(hex: &str) -> Vec<u8> {
        hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
    }

    /// Sends commands to a fresh chip, each with its answer.
    #[track_caller]
    fn check(manner: Manner, exchanges: &[(&str, &str)]) {
        let mut chip = chip(manner);
        for (command, answer) in exchanges {
            if *command == "reset" {
                chip.reset();
            } else {
                assert_eq!(chip.answer(&bytes(command)), bytes(answer), "{command}");
            }
        }
    }

    const T0: Manner = Manner { answering: Answering::T0, cplc: CplcManner::Always };
    const DIRECT: Manner = Manner { answering: Answering::Direct, cplc: CplcManner::Always };
    const CORRECTED: Manner = Manner { answering: Answering::Corrected, cplc: CplcManner::Always };
    const SELECT: &str = "00 A4 04 00 08 A0 00 00 00 54 48 00 01";

    #[test]
    fn over_t0_data_come_by_waiting_data() {
        check(
            T0,
            &[
                (SELECT, "61 0A"),
                ("00 C0 00 00 0A", "6F 08 84 06 A0 00 00 00 54 48 90 00"),
                ("80 B0 00 04 02 00 04", "61 04"),
                ("00 C0 00 00 04", "31 32 33 34 90 00"),
                ("80 B0 17 3C 02 00 02", "61 02"),
                ("00 C0 00 00 00", "6C 02"),
                ("00 C0 00 00 02", "AB CD 90 00"),
            ],
        );
    }

    #[test]
    fn a_bridge_gives_data_at_once() {
        check(
            DIRECT,
            &[
                (SELECT, "6F 08 84 06 A0 00 00 00 54 48 90 00"),
                ("80 B0 00 04 02 00 04 04", "31 32 33 34 90 00"),
            ],
        );
    }

    #[test]
    fn some_cards_name_the_right_length_and_wait_to_be_asked_for_it() {
        check(
            CORRECTED,
            &[
                (SELECT, "6C 0A"),
                (
                    "00 A4 04 00 08 A0 00 00 00 54 48 00 01 0A",
                    "6F 08 84 06 A0 00 00 00 54 48 90 00",
                ),
                ("80 B0 00 04 02 00 04", "6C 04"),
                ("80 B0 00 04 02 00 04 03", "6C 04"),
                ("80 B0 00 04 02 00 04 04", "31 32 33 34 90 00"),
                ("00 A4 04 00 00", "6F 03 84 01 00 90 00"),
            ],
        );
    }

    #[test]
    fn data_may_be_fetched_in_parts_and_are_lost_by_any_other_command() {
        check(
            T0,
            &[
                (SELECT, "61 0A"),
                ("00 C0 00 00 08", "6F 08 84 06 A0 00 00 00 61 02"),
                ("00 C0 00 00 02", "54 48 90 00"),
                ("00 C0 00 00 02", "69 85"),
                ("80 B0 00 04 02 00 04", "61 04"),
                ("80 CA 9F 7F 00", "6C 2D"),
                ("00 C0 00 00 04", "69 85"),
            ],
        );
    }

    #[test]
    fn the_applet_must_be_selected_again_after_a_reset() {
        check(
            T0,
            &[
                ("80 B0 00 04 02 00 04", "6D 00"),
                (SELECT, "61 0A"),
                ("reset", ""),
                ("00 C0 00 00 0A", "69 85"),
                ("80 B0 00 04 02 00 04", "6D 00"),
            ],
        );
    }

    #[test]
    fn wrong_commands_have_their_status_words() {
        check(
            T0,
            &[
                ("00 A4 04", "67 00"),
                ("00 A4 00 00 02 3F 00", "6A 86"),
                ("00 A4 04 00 08 A0 00 00 00 54 48 00 02", "6A 82"),
                ("00 A4 04 00 08 A0 00", "67 00"),
                ("A0 B0 00 00 02 00 04", "6E 00"),
                ("80 B2 00 00 02 00 04", "6D 00"),
                (SELECT, "61 0A"),
                ("80 B0 17 3D 02 00 02", "6B 00"),
                ("80 B0 FF FF 02 00 02", "6B 00"),
                ("80 B0 00 00 02 01 00", "67 00"),
                ("80 B0 00 00 02 00 00", "67 00"),
                ("80 B0 00 00 04", "67 00"),
            ],
        );
    }

    #[test]
    fn the_chip_data_come_for_the_right_length() {
        let mut chip = chip(T0);
        assert_eq!(chip.answer(&bytes("80 CA 9F 7F 00")), [0x6C, 0x2D]);
        assert_eq!(chip.answer(&bytes("80 CA 9F 7F")), [0x6C, 0x2D]);
        let answer = chip.answer(&bytes("80 CA 9F 7F 2D"));
        assert_eq!(answer.len(), 47);
        assert!(answer.starts_with(&[0x9F, 0x7F, 0x2A]) && answer.ends_with(&[0x90, 0x00]));
        assert_eq!(chip.answer(&bytes("80 CA 00 66 00")), [0x6A, 0x88]);
    }

    #[test]
    fn some_chips_refuse_their_data_later_or_always() {
        let before = Manner { cplc: CplcManner::BeforeSelect, ..T0 };
        check(
            before,
            &[
                ("80 CA 9F 7F 00", "6C 2D"),
                (SELECT, "61 0A"),
                ("80 CA 9F 7F 2D", "6A 88"),
                ("00 A4 04 00", "61 05"),
                ("80 CA 9F 7F 00", "6C 2D"),
            ],
        );
        check(Manner { cplc: CplcManner::Refused, ..T0 }, &[("80 CA 9F 7F 2D", "6A 88")]);
    }

    #[test]
    fn another_card_has_no_such_applet() {
        let mut chip = Chip::new(Image::foreign(), T0);
        assert_eq!(chip.answer(&bytes(SELECT)), [0x6A, 0x82]);
        assert_eq!(chip.answer(&bytes("80 CA 9F 7F 2D")), [0x6A, 0x88]);
    }
}
