//! `GET /v1/events`: the view as server-sent events, at once and on every change.
//!
//! A reader that falls behind misses views in between, never the newest. The number of streams is bounded.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use super::Shared;
use super::desk::{Shown, chunk};
use super::refusal::Refusal;

/// The page, the program of a counter, a technician, and room for those that closed without saying so.
const STREAMS_MAX: usize = 8;
/// A reader that hears nothing for three times as long knows that the agent is gone.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// How many more may listen.
pub(super) struct Subscribers(Arc<Semaphore>);

impl Default for Subscribers {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(STREAMS_MAX)))
    }
}

pub(super) async fn stream(State(api): State<Arc<Shared>>) -> Response {
    let Ok(place) = Arc::clone(&api.subscribers.0).try_acquire_owned() else {
        return Refusal::TooManyStreams.into_response();
    };
    let mut shown = api.desk.shown.clone();
    shown.mark_changed();
    let body = Body::from_stream(views(Reader { shown, _place: place }));
    ([(CONTENT_TYPE, "text/event-stream")], body).into_response()
}

struct Reader {
    shown: watch::Receiver<Arc<Shown>>,
    _place: OwnedSemaphorePermit,
}

fn views(reader: Reader) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let parts = stream::unfold(reader, async |mut reader| {
        let parts = match timeout(KEEP_ALIVE, reader.shown.changed()).await {
            Ok(Ok(())) => {
                let shown = reader.shown.borrow_and_update().clone();
                let frame = (Bytes::from_static(b"data: "), Bytes::from_static(b"\n\n"));
                vec![frame.0, chunk(shown), frame.1]
            }
            // The agent stops.
            Ok(Err(_)) => return None,
            Err(_) => vec![Bytes::from_static(b": still here\n\n")],
        };
        Some((parts, reader))
    });
    parts.flat_map(stream::iter).map(Ok)
}
