//! The fence around every route, files and panel among them (`threats.md`, A1 to A3, A21).
//!
//! Loopback keeps no page of the machine's browser out: host, origin, fetch site, method and body are
//! checked before any route sees the request, and every answer, refusals too, carries the same headers.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN,
    REFERRER_POLICY, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::refusal::Refusal;

/// The longest action is a confirmation, some 100 bytes.
pub(super) const BODY_BYTES_MAX: usize = 16 * 1024;
/// On loopback a body of that size takes no time.
const BODY_MOST: Duration = Duration::from_secs(5);

/// What the page may load and run: its own files, and the portrait as a `data:` picture.
const POLICY: &str = include_str!("content_security_policy.txt");

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Answers of all kinds carry these.
const SEAL: [(HeaderName, &str); 7] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
];

/// The names under which this machine's own browser knows the page.
#[derive(Clone)]
pub(super) struct Hosts(Arc<[String; 3]>);

impl Hosts {
    pub(super) fn at(port: u16) -> Self {
        Self(Arc::new(["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}"))))
    }
}

/// Lets a request through only if it can come from the page itself or from no page at all.
pub(super) async fn stand(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(refusal) = inspect(&parts, &hosts) {
        return refusal.into_response();
    }
    let body = if parts.method == Method::POST { whole(body).await } else { Ok(Body::empty()) };
    match body {
        Ok(body) => next.run(Request::from_parts(parts, body)).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Puts the headers on that keep an answer within the page.
pub(super) async fn seal_answer(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY.trim_ascii_end()));
    for (name, value) in SEAL {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn inspect(parts: &Parts, hosts: &Hosts) -> Result<(), Refusal> {
    if parts.uri.scheme().is_some() || parts.uri.authority().is_some() {
        return Err(Refusal::Target);
    }
    if parts.method != Method::GET && parts.method != Method::POST {
        return Err(Refusal::Method);
    }
    let host = single(&parts.headers, &HOST)?.ok_or(Refusal::Host)?;
    if !hosts.0.iter().any(|own| host == own.as_str()) {
        return Err(Refusal::Host);
    }
    match single(&parts.headers, &ORIGIN)? {
        Some(origin) if !is_own_origin(origin, host) => return Err(Refusal::Origin),
        None if parts.method == Method::POST => return Err(Refusal::Origin),
        Some(_) | None => {}
    }
    match single(&parts.headers, &FETCH_SITE)? {
        Some(site) if site != "same-origin" && site != "none" => return Err(Refusal::Site),
        Some(_) | None => {}
    }
    inspect_body(parts)
}

fn inspect_body(parts: &Parts) -> Result<(), Refusal> {
    let media_type = single(&parts.headers, &CONTENT_TYPE)?;
    let length = single(&parts.headers, &CONTENT_LENGTH)?;
    if parts.method == Method::GET {
        let empty = length.is_none_or(|length| length == "0");
        let chunked = parts.headers.contains_key(TRANSFER_ENCODING);
        return if empty && !chunked { Ok(()) } else { Err(Refusal::Body) };
    }
    match media_type.map(HeaderValue::as_bytes) {
        Some(b"application/json" | b"application/json; charset=utf-8") => Ok(()),
        Some(_) | None => Err(Refusal::MediaType),
    }
}

fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(Refusal::Repeated),
    }
}

fn is_own_origin(origin: &HeaderValue, host: &HeaderValue) -> bool {
    origin.as_bytes().strip_prefix(b"http://") == Some(host.as_bytes())
}

/// Reads the body into memory that is wiped after the route has read it: it may name a mobile number.
async fn whole(body: Body) -> Result<Body, Refusal> {
    let mut text = Zeroizing::new(Vec::with_capacity(BODY_BYTES_MAX));
    let mut chunks = body.into_data_stream();
    let reading = async {
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| Refusal::BodyTooSlow)?;
            if text.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(Refusal::BodyTooLong);
            }
            text.extend_from_slice(&chunk);
        }
        Ok(())
    };
    timeout(BODY_MOST, reading).await.map_err(|_| Refusal::BodyTooSlow)??;
    Ok(Body::from(Bytes::from_owner(Wiped(text))))
}

struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
