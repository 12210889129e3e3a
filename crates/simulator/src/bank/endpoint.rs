//! The six endpoints as the bank offers them (§2 to §7): names, methods, paths.
//! What is checked and answered there belongs to the other modules.

use std::fmt;

use axum::http::Method;
use serde::Deserialize;

/// One of the bank's six endpoints.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
pub enum Endpoint {
    /// §2, `POST /auth/oauth/v2/token`.
    #[serde(rename = "E1")]
    Token,
    /// §3, `POST …/qr/validation`.
    #[serde(rename = "E2")]
    ValidateQr,
    /// §4, `POST …/submit`.
    #[serde(rename = "E3")]
    Submit,
    /// §5, `PUT …/reference/status/failure`.
    #[serde(rename = "E4")]
    ReportFailure,
    /// §6, `GET …/consents/dopa`.
    #[serde(rename = "E5")]
    Consents,
    /// §7, `POST …/dopa`.
    #[serde(rename = "E6")]
    CheckDopa,
}

/// What the path and method of a request lead to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Route {
    Endpoint(Endpoint),
    /// The path exists, the method does not.
    WrongMethod,
    Unknown,
}

const ROOT: &str = "/native/ndid/alternativeSource";
const TOKEN_PATH: &str = "/auth/oauth/v2/token";

impl Endpoint {
    /// `E1` to `E6`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "E1",
            Self::ValidateQr => "E2",
            Self::Submit => "E3",
            Self::ReportFailure => "E4",
            Self::Consents => "E5",
            Self::CheckDopa => "E6",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [
            Self::Token,
            Self::ValidateQr,
            Self::Submit,
            Self::ReportFailure,
            Self::Consents,
            Self::CheckDopa,
        ]
        .into_iter()
        .find(|endpoint| endpoint.name() == name)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Finds the endpoint. `failure_path` is where E4 is offered, since §5 gives two spellings.
pub(super) fn route(method: &Method, path: &str, failure_path: &str) -> Route {
    let (endpoint, expected) = if path == TOKEN_PATH {
        (Endpoint::Token, Method::POST)
    } else if path == failure_path {
        (Endpoint::ReportFailure, Method::PUT)
    } else {
        match path.strip_prefix(ROOT) {
            Some("/qr/validation") => (Endpoint::ValidateQr, Method::POST),
            Some("/submit") => (Endpoint::Submit, Method::POST),
            Some("/dopa") => (Endpoint::CheckDopa, Method::POST),
            Some(rest) if rest.starts_with("/consents/") => (Endpoint::Consents, Method::GET),
            Some(_) | None => return Route::Unknown,
        }
    };
    if *method == expected { Route::Endpoint(endpoint) } else { Route::WrongMethod }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILURE: &str = "/native/ndid/alternativeSource/reference/status/failure";

    #[track_caller]
    fn check(method: Method, path: &str, expected: Route) {
        assert_eq!(route(&method, path, FAILURE), expected);
    }

    #[test]
    fn each_endpoint_is_found_by_its_method_and_path() {
        check(Method::POST, TOKEN_PATH, Route::Endpoint(Endpoint::Token));
        check(Method::PUT, FAILURE, Route::Endpoint(Endpoint::ReportFailure));
        check(
            Method::GET,
            "/native/ndid/alternativeSource/consents/dopa",
            Route::Endpoint(Endpoint::Consents),
        );
        check(
            Method::POST,
            "/native/ndid/alternativeSource/qr/validation",
            Route::Endpoint(Endpoint::ValidateQr),
        );
    }

    #[test]
    fn a_wrong_method_is_told_from_a_wrong_path() {
        check(Method::POST, FAILURE, Route::WrongMethod);
        check(Method::POST, "/native/ndid/alternativeSource/submit/", Route::Unknown);
        check(
            Method::PUT,
            "/native/ndid/alternativeSource/reference/reference/status/failure",
            Route::Unknown,
        );
    }
}
