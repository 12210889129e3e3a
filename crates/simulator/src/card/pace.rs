//! How slowly a simulated card answers: a fixed time an exchange, and the time of its bytes on the wire.
//! It computes; the waiting is done where the exchange is.

use std::num::NonZeroU32;
use std::time::Duration;

/// A T=0 character with its guard time (ISO 7816-3 §7.2).
const ETU_PER_BYTE: u64 = 12;

/// The pace of a card. The default is as fast as this machine.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Pace {
    /// Added to each exchange.
    pub exchange: Duration,
    /// Bits a second on the wire, 12 for a byte; `None` takes no time.
    pub baud: Option<NonZeroU32>,
}

impl Pace {
    /// How long one exchange takes.
    pub(super) fn of(self, command_bytes: usize, answer_bytes: usize) -> Duration {
        let bytes = u64::try_from(command_bytes + answer_bytes).unwrap_or(u64::MAX);
        let wire = self.baud.map_or(Duration::ZERO, |baud| {
            let etu = bytes.saturating_mul(ETU_PER_BYTE);
            Duration::from_micros(etu.saturating_mul(1_000_000) / u64::from(baud.get()))
        });
        self.exchange + wire
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_at_the_oldest_cards_speed_takes_over_five_seconds() {
        let pace = Pace { exchange: Duration::ZERO, baud: NonZeroU32::new(10_753) };
        let whole = pace.of(7, 2) * 20 + pace.of(5, 257) * 20;
        assert!((5.5..6.5).contains(&whole.as_secs_f64()), "{whole:?}");
    }

    #[test]
    fn a_fixed_delay_is_added_to_each_exchange() {
        let pace = Pace { exchange: Duration::from_millis(2), baud: None };
        assert_eq!(pace.of(7, 257), Duration::from_millis(2));
        assert_eq!(Pace::default().of(7, 257), Duration::ZERO);
    }
}
