//! The local API `/v1` and the page (`journey.md`, Local API; `threats.md`, A1 to A4, A6, A7, A21, A25).
//!
//! It shows what the runtime rendered and passes on what a person did; it decides nothing of a journey.
//! Each route stands behind `guard`, all of `/v1` but pairing and health behind the token of `pairing`.

mod actions;
mod desk;
mod events;
mod guard;
mod pages;
mod pairing;
mod preview;
mod refusal;
mod render;
mod server;
mod sheet;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;

use crate::config::Profile;

pub use desk::{Desk, DeviceState, Extras, Health, Preview, Shown};
pub use pairing::{NoRandomness, PageKey, UrlFile};
pub use render::render;

use guard::Hosts;
use pairing::Pairing;
use refusal::Refusal;
use server::Limits;

/// What the API is, for programs; a test compares it with the routes and actions of this module.
const OPENAPI: &str = include_str!("api/openapi.json");

/// How the API is opened.
pub struct ApiOptions {
    page_key: PageKey,
    url_file: Option<UrlFile>,
    address: SocketAddr,
    profile: Profile,
}

impl ApiOptions {
    /// The key that opens the page, where it is served, and for whom.
    #[must_use]
    pub fn new(page_key: PageKey, address: SocketAddr, profile: Profile) -> Self {
        Self { page_key, url_file: None, address, profile }
    }

    /// Where the next key is to be found once one has opened the page.
    #[must_use]
    pub fn renewed_in(self, url_file: Option<UrlFile>) -> Self {
        Self { url_file, ..self }
    }
}

/// What the program around the agent adds to the page: routes below `/panel/`, behind the same guard, and
/// one ES module that the page loads.
pub struct Panel {
    /// The routes; every path begins with `/panel/`.
    pub routes: Router,
    /// Path of the module, such as `/panel/panel.js`.
    pub script: &'static str,
}

/// Serves until `stop` is done. Streams that are open then are cut.
///
/// # Errors
/// [`io::Error`] with kind `Other` if the operating system gives no randomness for the token.
pub async fn serve(
    listener: TcpListener,
    desk: Desk,
    options: ApiOptions,
    panel: Option<Panel>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let routes = routes(desk, options, panel).map_err(io::Error::other)?;
    server::run(listener, routes, Limits::default(), stop).await;
    Ok(())
}

/// What the routes share.
struct Shared {
    desk: Desk,
    pairing: Pairing,
    subscribers: events::Subscribers,
    viewers: preview::Viewers,
}

fn routes(desk: Desk, options: ApiOptions, panel: Option<Panel>) -> Result<Router, NoRandomness> {
    let ApiOptions { page_key, url_file, address, profile } = options;
    let shared = Arc::new(Shared {
        desk,
        pairing: Pairing::new(page_key, url_file)?,
        subscribers: events::Subscribers::default(),
        viewers: preview::Viewers::default(),
    });
    let with_token = Router::new()
        .route("/v1/view", get(view))
        .route("/v1/events", get(events::stream))
        .route("/v1/actions", post(actions::act))
        .route("/v1/openapi.json", get(openapi))
        .route("/v1/preview.jpg", get(preview::frame))
        .route("/v1/preview.mjpeg", get(preview::stream))
        .route_layer(from_fn_with_state(shared.clone(), pairing::with_token));
    let open =
        Router::new().route("/v1/pair", post(pairing::pair)).route("/v1/health", get(health));
    let script = panel.as_ref().map(|panel| panel.script);
    let added = panel.map_or_else(Router::new, |panel| panel.routes);
    Ok(with_token
        .merge(open)
        .with_state(shared)
        .merge(pages::routes(profile, script))
        .merge(added)
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Hosts::at(address.port()), guard::stand))
        .layer(from_fn(guard::seal_answer)))
}

async fn view(State(api): State<Arc<Shared>>) -> Response {
    let shown = api.desk.shown.borrow().clone();
    ([(CONTENT_TYPE, "application/json")], desk::body(shown)).into_response()
}

async fn health(State(api): State<Arc<Shared>>) -> Response {
    let health = api.desk.health.borrow().clone();
    ([(CONTENT_TYPE, "application/json")], health.json()).into_response()
}

async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

async fn nothing_here() -> Refusal {
    Refusal::NothingHere
}

async fn wrong_method() -> Refusal {
    Refusal::Method
}

#[cfg(test)]
mod tests;
