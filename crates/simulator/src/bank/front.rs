//! The bank's front: takes HTTP requests, lets the knobs have their way, hands the rest to the teller.
//! It decides how much of an answer is sent, not what the answer is.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{Request, Response, header};
use futures_util::stream;
use hyper::body::{Body as _, Incoming};
use thiserror::Error;

use super::admin;
use super::code::Code;
use super::endpoint::{Endpoint, Route, route};
use super::fault::{Acting, Cut, Heard, Kind};
use super::finding::Finding;
use super::memory::Record;
use super::reply::{Envoy, Reply};
use super::teller::{Teller, Visit};

/// Between the half of an answer and the cut, so that the half is on its way.
const HALF_ANSWER_HEAD_START: Duration = Duration::from_millis(20);

/// A body too long is still read, so that the refusal arrives; beyond this the connection ends.
const DRAINED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Ends the connection without an answer.
#[derive(Debug, Error)]
#[error("the connection is cut on purpose, or the client left")]
pub(super) struct CutConnection;

/// A body as far as it was taken.
enum Taken {
    Whole(Vec<u8>),
    TooLong,
}

/// What a fault makes of a request that was read whole.
struct Script {
    acting: Acting,
    replacement: Option<(Code, Reply)>,
    delivery: Delivery,
}

/// How much of the answer is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Delivery {
    Whole,
    Half,
    Nothing,
}

/// Answers one request, or cuts its connection.
pub(super) async fn answer(
    teller: Arc<Teller>,
    request: Request<Incoming>,
) -> Result<Response<Body>, CutConnection> {
    let (head, body) = request.into_parts();
    let limit = teller.options.body_bytes_max;
    if let Some(page) = head.uri.path().strip_prefix(admin::ROOT) {
        let Taken::Whole(body) = take(body, limit).await? else { return Err(CutConnection) };
        let reply = admin::answer(&teller, &head, page, &body);
        return Ok(reply.into_response(&teller.envoy(&head.headers)));
    }
    let envoy = teller.envoy(&head.headers);
    let endpoint = match route(&head.method, head.uri.path(), &teller.options.failure_path) {
        Route::Endpoint(endpoint) => endpoint,
        Route::WrongMethod => return Ok(astray(&teller, 405, "method", &envoy)),
        Route::Unknown => return Ok(astray(&teller, 404, "path", &envoy)),
    };
    let mut record = teller.record(endpoint, &head.headers);
    let plan = teller.books().faults.plan(endpoint);
    tokio::time::sleep(plan.latency).await;
    record.fault = plan.kind.as_ref().map(Kind::words);
    if let Some(Kind::Cut(cut @ (Cut::BeforeBody | Cut::InsideBody | Cut::AfterBody))) = plan.kind {
        spoil(body, cut, limit).await;
        teller.keep(record);
        return Err(CutConnection);
    }
    let body = take(body, limit).await?;
    let heard = match plan.kind {
        Some(Kind::Duplicate(heard)) => Some(heard),
        _ => None,
    };
    let script = script(plan.kind, &envoy);
    let mut reply = perform(&teller, endpoint, &head, &body, &script, &envoy, &mut record);
    teller.keep(record);
    if let Some(heard) = heard {
        let mut record = teller.record(endpoint, &head.headers);
        record.fault = Some("the same request once more");
        let second = perform(&teller, endpoint, &head, &body, &script, &envoy, &mut record);
        teller.keep(record);
        if heard == Heard::Second {
            reply = second;
        }
    }
    match script.delivery {
        Delivery::Whole => Ok(reply.into_response(&envoy)),
        Delivery::Half => Ok(half(reply, &envoy)),
        Delivery::Nothing => Err(CutConnection),
    }
}

/// A request to no endpoint: answered as by any server, and told in the log, for whoever mistyped.
fn astray(teller: &Teller, status: u16, what: &str, envoy: &Envoy) -> Response<Body> {
    let finding = Finding::new(what, "one of the document's", "another");
    let code = Code::Http(status);
    teller.options.log.line(&format!("{} - {code} | {finding}", envoy.server_time));
    Reply::bare(status).into_response(envoy)
}

fn script(fault: Option<Kind>, envoy: &Envoy) -> Script {
    let instead = |acting, code, reply| Script {
        acting,
        replacement: Some((code, reply)),
        delivery: Delivery::Whole,
    };
    let honest = |delivery| Script { acting: Acting::Done, replacement: None, delivery };
    match fault {
        Some(Kind::Cut(Cut::InsideAnswer)) => honest(Delivery::Half),
        Some(Kind::Cut(_)) => honest(Delivery::Nothing),
        Some(Kind::Html(acting)) => instead(acting, Code::Http(200), Reply::html()),
        Some(Kind::Page { status, acting }) => {
            instead(acting, Code::Http(status), Reply::page(status))
        }
        Some(Kind::Status { status, acting }) => {
            instead(acting, Code::Http(status), Reply::bare(status))
        }
        Some(Kind::Code { code, acting }) => instead(acting, code, Reply::code(code, envoy)),
        Some(Kind::Body { body, acting }) => instead(acting, Code::Http(200), Reply::raw(body)),
        Some(Kind::Latency(_) | Kind::Duplicate(_)) | None => honest(Delivery::Whole),
    }
}

/// Does the work, unless the script leaves it out, and says what is answered.
fn perform(
    teller: &Teller,
    endpoint: Endpoint,
    head: &Parts,
    body: &Taken,
    script: &Script,
    envoy: &Envoy,
    record: &mut Record,
) -> Reply {
    let honest = match (script.acting, body) {
        (Acting::Idle, _) => None,
        (Acting::Done, Taken::Whole(body)) => {
            let visit = Visit { endpoint, path: head.uri.path(), headers: &head.headers, body };
            Some(teller.serve(&visit, envoy, record))
        }
        (Acting::Done, Taken::TooLong) => {
            let code = Code::Gateway(22);
            record.code = Some(code);
            record.finding = Some(Finding::new("body", "a shorter one", "more").to_string());
            Some(Reply::code(code, envoy))
        }
    };
    match (&script.replacement, honest) {
        (Some((_, reply)), Some(_)) => reply.clone(),
        (Some((code, reply)), None) => {
            record.code = Some(*code);
            reply.clone()
        }
        (None, Some(reply)) => reply,
        // No script leaves the work out without an answer of its own.
        (None, None) => Reply::bare(500),
    }
}

/// The first half of the answer under the length of the whole, then the end of the connection.
fn half(reply: Reply, envoy: &Envoy) -> Response<Body> {
    let whole = reply.body.len();
    let first = Bytes::copy_from_slice(reply.body.get(..whole / 2).unwrap_or_default());
    let mut response = reply.into_response(envoy);
    response.headers_mut().insert(header::CONTENT_LENGTH, whole.into());
    let parts = stream::unfold(Some(first), |first| async move {
        if let Some(first) = first {
            return Some((Ok(first), None));
        }
        tokio::time::sleep(HALF_ANSWER_HEAD_START).await;
        Some((Err(CutConnection), None))
    });
    *response.body_mut() = Body::from_stream(parts);
    response
}

/// Reads the whole body, but keeps none that is longer than `limit`.
async fn take(mut body: Incoming, limit: usize) -> Result<Taken, CutConnection> {
    let mut bytes = Vec::new();
    let mut length = 0;
    while let Some(data) = next_data(&mut body).await? {
        length += data.len();
        if length > DRAINED_BYTES_MAX {
            return Err(CutConnection);
        }
        if length <= limit {
            bytes.extend_from_slice(&data);
        }
    }
    Ok(if length > limit { Taken::TooLong } else { Taken::Whole(bytes) })
}

/// Reads as much as comes before the cut; a client that leaves first is cut off all the same.
async fn spoil(mut body: Incoming, cut: Cut, limit: usize) {
    match cut {
        Cut::InsideBody => drop(next_data(&mut body).await),
        Cut::AfterBody => drop(take(body, limit).await),
        Cut::BeforeBody | Cut::BeforeAnswer | Cut::InsideAnswer => {}
    }
}

async fn next_data(body: &mut Incoming) -> Result<Option<Bytes>, CutConnection> {
    loop {
        match poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
            None => return Ok(None),
            Some(Err(_)) => return Err(CutConnection),
            Some(Ok(frame)) => {
                // Trailers carry nothing here.
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}
