//! The accept loop: how many connections, how long a request's head may take, and what stopping means.
//!
//! A connection that stops reading its answer holds its place until the peer closes: with the bounds
//! here another process on this machine can crowd the page out, but not exhaust memory.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// After an accept that failed for want of descriptors there may be some again.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// What one peer after another may take.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// A browser opens six; the rest waits in the backlog.
    pub(super) connections: usize,
    /// From the first byte of a head to its last, and from one request to the next.
    pub(super) head: Duration,
    /// Head and target together, in bytes.
    pub(super) head_bytes: usize,
    /// Lines of a head.
    pub(super) headers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let head = Duration::from_secs(10);
        Self { connections: 32, head, head_bytes: 16 * 1024, headers: 48 }
    }
}

/// Serves until `stop` is done, then cuts what is still open.
pub(super) async fn run(
    listener: TcpListener,
    routes: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let mut stop = pin!(stop);
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            () = &mut stop => break,
            // Ended connections are taken off the list as they end.
            Some(_) = open.join_next() => {}
            accepted = accept(&listener, &places) => {
                if let Some((stream, place)) = accepted {
                    open.spawn(speak(stream, routes.clone(), limits, place));
                }
            }
        }
    }
    open.shutdown().await;
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) if peer.ip().is_loopback() => Some((stream, place)),
        Ok((_, _)) => {
            tracing::warn!(reason = "the peer is not on this machine", "a connection was refused");
            None
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            sleep(ACCEPT_AGAIN).await;
            None
        }
    }
}

async fn speak(stream: TcpStream, routes: Router, limits: Limits, place: OwnedSemaphorePermit) {
    // An event of a few bytes must not wait for more.
    let _ = stream.set_nodelay(true);
    let spoken = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.head_bytes)
        .max_headers(limits.headers)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes))
        .await;
    if let Err(error) = spoken {
        tracing::debug!(%error, "a local connection broke off");
    }
    drop(place);
}
