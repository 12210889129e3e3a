//! The bank's clock: its offset from this machine's, its way of writing times, and how it reads a client's.
//! The shapes are those of the headers in §3 and §10; dates inside bodies are `shape::dates`' affair.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// How far a client's clock may be off before −26 (§10 leaves `${offset}` open).
const WINDOW: SignedDuration = SignedDuration::from_secs(300);

/// The shape of `X-Client-Transaction-DateTime` that the bank accepts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum HeaderTime {
    /// The document's own `2019-12-11T101800.449+0700`.
    #[default]
    Document,
    /// `2019-12-11T10:18:00.449+07:00`.
    Rfc3339,
    /// `20191211T101800.449+0700`.
    Basic,
}

/// Why a client's time was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TimeFault {
    Shape,
    OutsideWindow,
}

/// The bank's clock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    offset: SignedDuration,
}

impl HeaderTime {
    /// `0` stands for any digit, `+` for either sign; everything else for itself.
    fn mask(self) -> &'static [u8] {
        match self {
            Self::Document => b"0000-00-00T000000.000+0000",
            Self::Rfc3339 => b"0000-00-00T00:00:00.000+00:00",
            Self::Basic => b"00000000T000000.000+0000",
        }
    }

    fn format(self) -> &'static str {
        match self {
            Self::Document => "%Y-%m-%dT%H%M%S%.3f%z",
            Self::Rfc3339 => "%Y-%m-%dT%H:%M:%S%.3f%:z",
            Self::Basic => "%Y%m%dT%H%M%S%.3f%z",
        }
    }

    fn parse(self, text: &str) -> Option<Timestamp> {
        let mask = self.mask();
        let fits = |(byte, mask): (u8, &u8)| match mask {
            b'0' => byte.is_ascii_digit(),
            b'+' => byte == b'+' || byte == b'-',
            _ => byte == *mask,
        };
        if text.len() != mask.len() || !text.bytes().zip(mask).all(fits) {
            return None;
        }
        Timestamp::strptime(self.format(), text).ok()
    }
}

impl Clock {
    pub(super) fn set_offset(&mut self, offset: SignedDuration) {
        self.offset = offset;
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::now().saturating_add(self.offset).unwrap_or(Timestamp::MAX)
    }

    /// Today in Bangkok.
    pub(super) fn today(&self) -> Date {
        self.now().to_zoned_datetime(bangkok()).date()
    }

    /// As in `X-Server-DateTime`: `2019-09-01T18:39:35.45+07:00`.
    pub(super) fn server_header(&self) -> String {
        self.now().to_zoned_datetime(bangkok()).strftime("%Y-%m-%dT%H:%M:%S%.2f%:z").to_string()
    }

    /// As in `Date` (RFC 9110 §5.6.7).
    pub(super) fn date_header(&self) -> String {
        self.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// Reads a client's time and holds it against the bank's.
    pub(super) fn accept(&self, text: &str, shape: HeaderTime) -> Result<(), TimeFault> {
        let client = shape.parse(text).ok_or(TimeFault::Shape)?;
        if self.now().duration_since(client).abs() > WINDOW {
            return Err(TimeFault::OutsideWindow);
        }
        Ok(())
    }
}

/// Seven hours ahead, without summer time.
fn bangkok() -> TimeZone {
    TimeZone::fixed(Offset::constant(7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(shape: HeaderTime, text: &str, milliseconds: Option<i64>) {
        assert_eq!(shape.parse(text).map(|time| time.as_millisecond()), milliseconds);
    }

    #[test]
    fn the_documents_own_time_is_read() {
        check(HeaderTime::Document, "2019-12-11T101800.449+0700", Some(1_576_034_280_449));
        check(HeaderTime::Rfc3339, "2019-12-11T10:18:00.449+07:00", Some(1_576_034_280_449));
        check(HeaderTime::Basic, "20191211T101800.449+0700", Some(1_576_034_280_449));
        check(HeaderTime::Document, "2019-12-11T031800.449+0000", Some(1_576_034_280_449));
    }

    #[test]
    fn any_other_shape_is_refused() {
        for text in [
            "2019-12-11T10:18:00.449+07:00",
            "2019-12-11T101800+0700",
            "2019-12-11T101800.449Z",
            "2019-13-11T101800.449+0700",
            "201912-11T101800.449+0700",
            "",
        ] {
            check(HeaderTime::Document, text, None);
        }
    }

    #[test]
    fn a_clock_outside_the_window_is_told_from_a_bad_shape() {
        let clock = Clock::default();
        assert_eq!(
            clock.accept("2019-12-11T101800.449+0700", HeaderTime::Document),
            Err(TimeFault::OutsideWindow)
        );
        assert_eq!(clock.accept("yesterday", HeaderTime::Document), Err(TimeFault::Shape));
    }
}
