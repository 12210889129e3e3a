//! `GET /v1/preview.jpg`: the camera's last frame, as often as an eye needs it and no oftener.
//!
//! Single pictures instead of one endless answer: a page can send its token with each, and a picture
//! element could not.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, sleep_until};

use super::Shared;
use super::desk::body;

/// 15 frames a second, over all readers together.
const PACE: Duration = Duration::from_millis(66);

/// The frame, or 204 while no camera looks.
pub(super) async fn frame(State(api): State<Arc<Shared>>) -> Response {
    sleep_until(api.pace.turn(Instant::now())).await;
    let preview = api.desk.preview.borrow().as_ref().map(Arc::clone);
    match preview {
        Some(preview) => ([(CONTENT_TYPE, "image/jpeg")], body(preview)).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Gives turns; no more of them wait than there are connections.
#[derive(Default)]
pub(super) struct Pace(Mutex<Option<Instant>>);

impl Pace {
    /// When the one who asks now is due.
    fn turn(&self, now: Instant) -> Instant {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.map_or(now, |last| now.max(last + PACE));
        *last = Some(due);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_go_out_one_after_another_however_many_ask_at_once() {
        let pace = Pace::default();
        let now = Instant::now();
        let turns: Vec<_> = (0..4).map(|_| pace.turn(now)).collect();
        assert_eq!(turns, [now, now + PACE, now + 2 * PACE, now + 3 * PACE]);
    }

    #[test]
    fn one_who_comes_late_does_not_wait() {
        let pace = Pace::default();
        let now = Instant::now();
        pace.turn(now);
        assert_eq!(pace.turn(now + 2 * PACE), now + 2 * PACE);
    }
}
