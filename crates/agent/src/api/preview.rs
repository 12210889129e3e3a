//! What the camera sees, for an eye: `GET /v1/preview.mjpeg` as one endless answer, `GET /v1/preview.jpg` as
//! single pictures.
//!
//! A page can send its token with each single picture, which a picture element could not; a counter's own
//! program takes the endless one. Only while somebody waits here is a frame encoded at all. A viewer that is
//! slow misses frames; none waits for it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use super::Shared;
use super::desk::{Preview, body, chunk};
use super::refusal::Refusal;

/// The page, the program of a counter, and room for those that closed without saying so.
pub(super) const VIEWERS_MAX: usize = 4;
/// A camera that looks shows its next frame within this time, unless it fails.
const NEXT_WITHIN: Duration = Duration::from_secs(1);
/// Stands between the pictures (RFC 2046 §5.1.1).
const BOUNDARY: &str = "frame";

/// How many more may look.
pub(super) struct Viewers(Arc<Semaphore>);

impl Default for Viewers {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(VIEWERS_MAX)))
    }
}

/// One who looks: as long as it lives, frames are encoded.
struct Viewer {
    frames: watch::Receiver<Option<Arc<Preview>>>,
    _place: OwnedSemaphorePermit,
}

impl Viewer {
    fn arrive(api: &Shared) -> Result<Self, Refusal> {
        let place = Arc::clone(&api.viewers.0).try_acquire_owned();
        let place = place.map_err(|_| Refusal::TooManyViewers)?;
        Ok(Self { frames: api.desk.preview.subscribe(), _place: place })
    }

    /// The next frame that the camera shows, however long that takes.
    async fn next(&mut self) -> Option<Arc<Preview>> {
        loop {
            self.frames.changed().await.ok()?;
            let frame = self.frames.borrow_and_update().clone();
            if frame.is_some() {
                return frame;
            }
        }
    }
}

/// The next frame, or 204 while no camera looks.
pub(super) async fn frame(State(api): State<Arc<Shared>>) -> Response {
    let mut viewer = match Viewer::arrive(&api) {
        Ok(viewer) => viewer,
        Err(refusal) => return refusal.into_response(),
    };
    match timeout(NEXT_WITHIN, viewer.next()).await {
        Ok(Some(frame)) => ([(CONTENT_TYPE, "image/jpeg")], body(frame)).into_response(),
        Ok(None) | Err(_) => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Every frame that the viewer keeps up with, until it leaves.
pub(super) async fn stream(State(api): State<Arc<Shared>>) -> Response {
    let viewer = match Viewer::arrive(&api) {
        Ok(viewer) => viewer,
        Err(refusal) => return refusal.into_response(),
    };
    let kind = format!("multipart/x-mixed-replace; boundary={BOUNDARY}");
    ([(CONTENT_TYPE, kind)], Body::from_stream(parts(viewer))).into_response()
}

fn parts(viewer: Viewer) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let parts = stream::unfold(viewer, async |mut viewer| {
        let frame = viewer.next().await?;
        let length = frame.bytes().len();
        let head =
            format!("--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {length}\r\n\r\n");
        let part = [Bytes::from(head), chunk(frame), Bytes::from_static(b"\r\n")];
        Some((part, viewer))
    });
    parts.flat_map(stream::iter).map(Ok)
}
