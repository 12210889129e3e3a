//! Why the local API refuses a request: what was expected and what kind of thing came.
//!
//! A refusal says what was expected and what kind of thing came, never what it was.
//!
//! Never what it said: neither the answer nor the log repeats a request.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use thiserror::Error;

/// A refused request.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub(super) enum Refusal {
    #[error("the request target is not a path")]
    Target,
    #[error("the method is neither GET nor POST, or not the route's")]
    Method,
    #[error("a header that must be single is repeated")]
    Repeated,
    #[error("the host is not this machine's own address")]
    Host,
    #[error("the origin is not the page's own")]
    Origin,
    #[error("the browser says that another site asks")]
    Site,
    #[error("the body is no JSON by its media type")]
    MediaType,
    #[error("a body came where none belongs")]
    Body,
    #[error("the body is too long")]
    BodyTooLong,
    #[error("the body took too long")]
    BodyTooSlow,
    #[error("the token is missing or wrong")]
    Token,
    #[error("the page key is wrong or was used")]
    Key,
    #[error("too many wrong page keys")]
    TooManyKeys,
    #[error("too many event streams")]
    TooManyStreams,
    #[error("too many viewers of the camera")]
    TooManyViewers,
    #[error("the agent is too busy, or stopping")]
    Busy,
    #[error("the JSON is not of the form expected")]
    Form {
        /// What would be right.
        expected: &'static str,
        /// What kind of thing came.
        got: &'static str,
    },
    #[error("there is nothing at this path")]
    NothingHere,
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::Target | Self::Repeated | Self::Body | Self::Form { .. } => {
                StatusCode::BAD_REQUEST
            }
            Self::Token | Self::Key => StatusCode::UNAUTHORIZED,
            Self::Host | Self::Origin | Self::Site => StatusCode::FORBIDDEN,
            Self::NothingHere => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyKeys => StatusCode::TOO_MANY_REQUESTS,
            Self::TooManyStreams | Self::TooManyViewers | Self::Busy => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// Code, what was expected, what came.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Target => ("target", "a path", "a target of another form"),
            Self::Method => ("method", "the route's method, GET or POST", "another method"),
            Self::Repeated => ("repeated_header", "each header once", "a repeated header"),
            Self::Host => ("host", "the address that the page is served at", "none or another"),
            Self::Origin => ("origin", "the page's own origin", "none or another"),
            Self::Site => ("site", "same-origin or none", "another site"),
            Self::MediaType => ("media_type", "application/json", "none or another"),
            Self::Body => ("body", "no body", "a body"),
            Self::BodyTooLong => ("body_too_long", "at most 16384 bytes", "more"),
            Self::BodyTooSlow => ("body_too_slow", "the whole body within 5 s", "less"),
            Self::Token => {
                ("token", "Authorization: Bearer and the paired token", "none or another")
            }
            Self::Key => ("page_key", "the key of the page's address, not used before", "another"),
            Self::TooManyKeys => ("too_many_keys", "at most 5 wrong keys a minute", "more"),
            Self::TooManyStreams => ("too_many_streams", "at most 8 event streams", "more"),
            Self::TooManyViewers => ("too_many_viewers", "at most 4 viewers", "more"),
            Self::Busy => ("busy", "an agent that takes events", "one that is busy or stopping"),
            Self::Form { expected, got } => ("form", expected, got),
            Self::NothingHere => ("nothing_here", "a path of the API or the page", "another"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        tracing::warn!(reason = %self, "a local request was refused");
        let (code, expected, got) = self.words();
        let said = serde_json::json!({
            "error": { "code": code, "expected": expected, "got": got }
        });
        (self.status(), [(CONTENT_TYPE, "application/json")], said.to_string()).into_response()
    }
}
