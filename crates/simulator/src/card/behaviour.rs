//! A powered chip and its conduct: what comes of a command, be it an answer, silence or departure.
//!
//! An honest chip answers everything itself. What an evil one says is here; which data it gives instead of
//! its own is changed inside the chip, before they are handed over in its manner.

use super::chip::Chip;
use super::conduct::{Conduct, Way};
use super::{Image, Manner};

/// A drip comes from so many bytes, again and again.
const DRIP_SOURCE_BYTES: usize = 200;

/// A chip in a slot.
pub(super) struct Behaviour {
    chip: Chip,
    conduct: Option<Conduct>,
    /// Commands since the misconduct began, that one included.
    turns: usize,
    /// What an honest chip would have given to the first of them.
    first: Vec<u8>,
}

/// What comes of a command.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Reply {
    Answer(Vec<u8>),
    /// No answer, now or later.
    Silence,
    /// The card leaves the reader.
    Departure,
}

impl Behaviour {
    pub(super) fn new(image: Image, manner: Manner) -> Self {
        let conduct = image.conduct().cloned();
        Self { chip: Chip::new(image, manner), conduct, turns: 0, first: Vec::new() }
    }

    pub(super) fn atr(&self) -> &[u8] {
        self.chip.atr()
    }

    /// Warm or cold. What has begun to misbehave goes on.
    pub(super) fn reset(&mut self) {
        self.chip.reset();
    }

    pub(super) fn reply(&mut self, command: &[u8]) -> Reply {
        let Some(conduct) = &self.conduct else { return Reply::Answer(self.chip.answer(command)) };
        if self.turns == 0 && !conduct.begins_with(command) {
            return Reply::Answer(self.chip.answer(command));
        }
        self.turns += 1;
        match &conduct.way {
            Way::Says(words) => {
                let turn = (self.turns - 1) % words.len().max(1);
                Reply::Answer(words.get(turn).cloned().unwrap_or_default())
            }
            Way::Echoes => Reply::Answer([command, &[0x90, 0x00]].concat()),
            Way::Mute => Reply::Silence,
            Way::Leaves => Reply::Departure,
            Way::Drips(bytes) => {
                if self.turns == 1 {
                    self.first = self.chip.all_of(command);
                }
                let start = (self.turns - 1) * bytes % DRIP_SOURCE_BYTES;
                let drip = self.first.iter().skip(start).take(*bytes).copied();
                Reply::Answer(drip.chain([0x61, 0xFF]).collect())
            }
            Way::Gives(change) => {
                self.chip.give_changed(*change);
                Reply::Answer(self.chip.answer(command))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SELECT: &[u8] = &[0x00, 0xA4, 0x04, 0x00, 8, 0xA0, 0, 0, 0, 0x54, 0x48, 0, 1];
    const READ: &[u8] = &[0x80, 0xB0, 0x00, 0x00, 2, 0, 4];
    const MORE: &[u8] = &[0x00, 0xC0, 0x00, 0x00, 4];

    /// Selects the applet of a card that misbehaves from its first field on, and sends these commands.
    #[track_caller]
    fn check(conduct: &str, exchanges: &[(&[u8], Reply)]) {
        let image = Image::parse("atr = 3B00\n0000: 30 30 30 33\n").unwrap();
        let text = format!("image = x\nfrom = holder\nconduct = {conduct}\n");
        let image = image.misbehaving(Conduct::parse(&text).unwrap().1);
        let mut card = Behaviour::new(image, Manner::default());
        assert_eq!(card.reply(SELECT), Reply::Answer(vec![0x61, 0x0A]));
        for (command, reply) in exchanges {
            assert_eq!(card.reply(command), *reply, "{conduct}");
        }
    }

    fn answer(bytes: &[u8]) -> Reply {
        Reply::Answer(bytes.to_vec())
    }

    #[test]
    fn words_are_said_in_turn() {
        check(
            "says 61FF 6C04",
            &[
                (READ, answer(&[0x61, 0xFF])),
                (MORE, answer(&[0x6C, 4])),
                (SELECT, answer(&[0x61, 0xFF])),
            ],
        );
    }

    #[test]
    fn a_drip_goes_on_and_on() {
        check(
            "drips 2",
            &[
                (READ, answer(&[b'0', b'0', 0x61, 0xFF])),
                (MORE, answer(&[b'0', b'3', 0x61, 0xFF])),
                (MORE, answer(&[0x61, 0xFF])),
            ],
        );
    }

    #[test]
    fn an_echo_a_silence_and_a_departure() {
        check("echoes", &[(READ, answer(&[READ, &[0x90, 0]].concat()))]);
        check("silent timed-out", &[(READ, Reply::Silence), (SELECT, Reply::Silence)]);
        check("silent removed", &[(READ, Reply::Departure)]);
    }

    #[test]
    fn changed_data_come_in_the_manner_of_the_card() {
        check(
            "short 1",
            &[
                (READ, answer(&[0x61, 3])),
                (MORE, answer(&[0x6C, 3])),
                (&[0x00, 0xC0, 0, 0, 3], answer(b"000\x90\x00")),
            ],
        );
        check("long 1", &[(READ, answer(&[0x61, 5])), (MORE, answer(b"0003\x61\x01"))]);
        check("wavers", &[(READ, answer(&[0x61, 3])), (READ, answer(&[0x61, 2]))]);
    }
}
