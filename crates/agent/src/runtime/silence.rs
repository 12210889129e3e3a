//! The camera's silence: the time in which a picture is waited for, not that in which one is worked on.
//!
//! A slow machine may take seconds for a verdict, which is no fault of the camera.

use std::time::Duration;

/// A camera that brought no picture for so long does not bring one for this customer.
const SILENT_MOST: Duration = Duration::from_secs(15);

/// Is a picture waited for, and since when?
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Silence {
    /// Nobody wants one.
    #[default]
    Unheeded,
    /// Since then.
    Since(Duration),
    /// One came, and is being worked on.
    Broken,
}

impl Silence {
    /// A picture came to somebody who wants one.
    pub(super) fn broken(&mut self) {
        if matches!(self, Self::Since(_)) {
            *self = Self::Broken;
        }
    }

    /// The next picture is waited for. A camera that is opened anew goes on with its silence.
    pub(super) fn resumed(&mut self, now: Duration) {
        if *self == Self::Broken {
            *self = Self::Since(now);
        }
    }

    /// When it will have lasted too long, unless a picture comes.
    pub(super) fn due(self) -> Option<Duration> {
        match self {
            Self::Since(since) => Some(since + SILENT_MOST),
            Self::Unheeded | Self::Broken => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn only_waiting_counts_as_silence() {
        let mut silence = Silence::Since(S(10));
        assert_eq!(silence.due(), Some(S(25)));
        silence.resumed(S(20));
        assert_eq!(silence.due(), Some(S(25)), "opened anew, it is as silent as before");
        silence.broken();
        assert_eq!(silence.due(), None, "a verdict may take its time");
        silence.resumed(S(60));
        assert_eq!(silence.due(), Some(S(75)));
    }

    #[test]
    fn a_camera_that_nobody_needs_is_not_silent() {
        let mut silence = Silence::default();
        silence.broken();
        silence.resumed(S(1));
        assert_eq!(silence, Silence::Unheeded);
    }
}
