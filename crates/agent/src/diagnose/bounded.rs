//! Work that may hang, on a thread of its own and with a bound: what does not come back is left behind.
//!
//! Threads cannot be stopped from outside; the program ends soon after and takes them along.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::devices::spawn;

/// What the work is at, so that a hang can be told in words.
#[derive(Clone)]
pub(super) struct Stage(Arc<Mutex<&'static str>>);

impl Stage {
    /// From now on the work is at this: "opening the camera".
    pub(super) fn enter(&self, doing: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = doing;
    }

    fn now(&self) -> &'static str {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The work did not come back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Lost {
    /// What it was at.
    at: &'static str,
    how: How,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum How {
    /// The bound is over.
    Hung(Duration),
    /// The thread ended without an answer.
    Died,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.how {
            How::Hung(bound) => write!(f, "{} did not come back within {bound:?}", self.at),
            How::Died => write!(f, "{} ended without an answer", self.at),
        }
    }
}

/// Does the work on a thread with this name and waits for it no longer than the bound.
pub(super) async fn within<T: Send + 'static>(
    bound: Duration,
    first: &'static str,
    work: impl FnOnce(&Stage) -> T + Send + 'static,
) -> Result<T, Lost> {
    let stage = Stage(Arc::new(Mutex::new(first)));
    let (answer, answered) = oneshot::channel();
    let working = stage.clone();
    spawn("diagnose", move || {
        // Nobody waits for an answer that comes too late.
        let _ = answer.send(work(&working));
    });
    let how = match timeout(bound, answered).await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(_)) => How::Died,
        Err(_) => How::Hung(bound),
    };
    Err(Lost { at: stage.now(), how })
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const BOUND: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn work_that_comes_back_is_answered() {
        assert_eq!(within(Duration::from_secs(10), "adding", |_| 1 + 1).await, Ok(2));
    }

    #[tokio::test]
    async fn work_that_hangs_is_left_behind_and_says_where() {
        let hung = within(BOUND, "opening", |stage| {
            stage.enter("reading");
            loop {
                thread::park();
            }
        });
        let lost: Result<(), Lost> = hung.await;
        assert_eq!(lost.unwrap_err().to_string(), "reading did not come back within 50ms");
    }

    #[tokio::test]
    async fn work_that_dies_says_where() {
        let died = within(Duration::from_secs(10), "opening", |_| -> () { panic!("a defect") });
        assert_eq!(died.await.unwrap_err().to_string(), "opening ended without an answer");
    }
}
