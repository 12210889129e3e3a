//! The bank's answers as HTTP: bodies of the document's samples, the gateway's error object, headers of §10.
//! Which answer is due is decided elsewhere.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::code::{Code, diis_message, gateway_answer};

/// An answer before it becomes HTTP.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    pub status: u16,
    pub content_type: &'static str,
    pub location: Option<&'static str>,
    pub body: Vec<u8>,
}

/// What goes into the headers of every answer.
#[derive(Clone, Debug)]
pub(super) struct Envoy {
    pub server_time: String,
    pub date: String,
    pub server_id: String,
    /// The client's transaction id, if it sent one that may be echoed.
    pub client_id: Option<String>,
}

const JSON: &str = "application/json;charset=UTF-8";

/// A stand-in for what a hotel, a proxy or a load balancer puts in the bank's place.
const PORTAL: &str = "<!DOCTYPE html><html><head><title>Sign in</title></head>\
                      <body><h1>Welcome to the free network</h1></body></html>";

impl Reply {
    /// A DiiS answer. The document gives HTTP statuses to the gateway's codes only, so it is 200.
    pub(super) fn diis(code: u16, data: Value) -> Self {
        let body = json!({
            "data": data,
            "statusCode": format!("{code:04}"),
            "statusMessage": diis_message(code),
        });
        Self::json(200, &body)
    }

    /// An answer that consists of a code.
    pub(super) fn code(code: Code, envoy: &Envoy) -> Self {
        match code {
            Code::Diis(code) => Self::diis(code, json!({})),
            Code::Gateway(code) => Self::gateway(code, envoy),
            Code::OAuth(name) => {
                let status = match name {
                    "invalid_client" => 401,
                    "temporarily_unavailable" => 503,
                    "server_error" => 500,
                    _ => 400,
                };
                Self::json(status, &json!({"error": name}))
            }
            Code::Http(status) => Self::bare(status),
        }
    }

    /// The error object of §10. The sample writes the code without its sign.
    fn gateway(code: u16, envoy: &Envoy) -> Self {
        let (status, message) = gateway_answer(code);
        let body = json!({
            "error": {
                "code": code.to_string(),
                "message": message,
                "messageTH": "ไม่สามารถทำรายการได้",
                "serverDateTime": envoy.server_time,
                "clientTransactionID": envoy.client_id,
                "serverTransactionID": envoy.server_id,
            }
        });
        Self::json(status, &body)
    }

    /// The answer of E1.
    pub(super) fn token(token: &str, seconds: u64) -> Self {
        let body = json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": seconds,
            "scope": "data:submission",
        });
        Self::json(200, &body)
    }

    /// A status without a body.
    pub(super) fn bare(status: u16) -> Self {
        let location = (300..400).contains(&status).then_some("https://portal.invalid/");
        Self { status, content_type: "text/plain", location, body: Vec::new() }
    }

    /// A portal's page.
    pub(super) fn html() -> Self {
        let body = PORTAL.as_bytes().to_vec();
        Self { status: 200, content_type: "text/html", location: None, body }
    }

    /// A gateway's own page.
    pub(super) fn page(status: u16) -> Self {
        let body = format!(
            "<html>\r\n<head><title>{status}</title></head>\r\n<body><center><h1>{status}</h1></center>\
             </body>\r\n</html>\r\n"
        );
        Self { status, body: body.into_bytes(), ..Self::html() }
    }

    /// Any body under the usual type.
    pub(super) fn raw(body: String) -> Self {
        Self { status: 200, content_type: JSON, location: None, body: body.into_bytes() }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self { status, ..Self::raw(body.to_string()) }
    }

    /// Becomes HTTP.
    pub(super) fn into_response(self, envoy: &Envoy) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        let mut put = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        put(header::CONTENT_TYPE.as_str(), self.content_type);
        put(header::CACHE_CONTROL.as_str(), "no-store");
        put(header::DATE.as_str(), &envoy.date);
        put("x-server-datetime", &envoy.server_time);
        put("x-server-transaction-id", &envoy.server_id);
        if let Some(id) = &envoy.client_id {
            put("x-client-transaction-id", id);
        }
        if let Some(location) = self.location {
            put(header::LOCATION.as_str(), location);
        }
        *response.body_mut() = Body::from(self.body);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envoy() -> Envoy {
        Envoy {
            server_time: "2019-09-01T18:39:35.45+07:00".to_owned(),
            date: "Sun, 01 Sep 2019 11:39:35 GMT".to_owned(),
            server_id: "s".to_owned(),
            client_id: Some("c".to_owned()),
        }
    }

    #[track_caller]
    fn check(code: Code, status: u16, pointer: &str, expected: Value) {
        let reply = Reply::code(code, &envoy());
        assert_eq!(reply.status, status);
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        assert_eq!(body.pointer(pointer).cloned().unwrap_or_default(), expected);
    }

    #[test]
    fn each_family_of_codes_has_its_body() {
        check(Code::Diis(1101), 200, "/statusCode", json!("1101"));
        check(Code::Diis(1101), 200, "/data", json!({}));
        check(Code::Gateway(100), 401, "/error/code", json!("100"));
        check(Code::Gateway(26), 400, "/error/serverDateTime", json!(envoy().server_time));
        check(Code::OAuth("invalid_client"), 401, "/error", json!("invalid_client"));
        check(Code::Http(503), 503, "", Value::Null);
    }

    #[test]
    fn every_answer_carries_the_gateways_headers() {
        let response = Reply::bare(302).into_response(&envoy());
        assert_eq!(response.status(), 302);
        assert_eq!(response.headers()["x-client-transaction-id"], "c");
        assert_eq!(response.headers()["x-server-datetime"], envoy().server_time);
        assert_eq!(response.headers()["location"], "https://portal.invalid/");
    }
}
