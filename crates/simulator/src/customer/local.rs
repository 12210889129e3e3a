//! HTTP to the agent's own API on this machine: pairs with the page's key, then asks and acts.
//!
//! It is a client as any paired program may be one; the contract is `/v1/openapi.json`.

use axum::body::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use hyper::{Method, Request, Response, StatusCode, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// A view with portrait and consents stays far below.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Why the agent's API did not answer as it should.
#[derive(Debug, Error)]
pub enum LocalError {
    /// Not an address of a page.
    #[error("the page's address is not of the form http://HOST:PORT/#key=KEY")]
    Address,
    /// No connection.
    #[error("the agent's API cannot be reached")]
    Unreachable(#[source] std::io::Error),
    /// A broken exchange.
    #[error("the exchange with the agent's API broke off")]
    Broken,
    /// An answer that is no JSON.
    #[error("the agent's API answered with something that is no JSON")]
    NotJson,
    /// An error status.
    #[error("the agent's API refused with HTTP status {status}")]
    Refused {
        /// The status.
        status: u16,
    },
}

/// A paired client.
pub(super) struct Local {
    host: String,
    token: String,
}

impl Local {
    pub(super) async fn pair(page_url: &str) -> Result<Self, LocalError> {
        let rest = page_url.strip_prefix("http://").ok_or(LocalError::Address)?;
        let (host, key) = rest.split_once("/#key=").ok_or(LocalError::Address)?;
        let mut local = Self { host: host.to_owned(), token: String::new() };
        let answer = local.post("/v1/pair", &json!({"key": key})).await?;
        let token = answer.get("token").and_then(Value::as_str).ok_or(LocalError::NotJson)?;
        local.token = token.to_owned();
        Ok(local)
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, LocalError> {
        self.exchange(Method::GET, path, Bytes::new()).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, LocalError> {
        self.exchange(Method::POST, path, body.to_string().into()).await
    }

    /// Reads an endless answer until it ends, and keeps nothing of it.
    pub(super) async fn watch(&self, path: &str) -> Result<Watching, LocalError> {
        let mut answer = self.open(Method::GET, path, Bytes::new()).await?;
        if answer.status() != StatusCode::OK {
            return Err(LocalError::Refused { status: answer.status().as_u16() });
        }
        let reading = async move { while let Some(Ok(_)) = answer.frame().await {} };
        Ok(Watching(tokio::spawn(reading)))
    }

    async fn exchange(&self, method: Method, path: &str, body: Bytes) -> Result<Value, LocalError> {
        let answer = self.open(method, path, body).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|_| LocalError::Broken)?.to_bytes();
        match status {
            StatusCode::OK => serde_json::from_slice(&body).map_err(|_| LocalError::NotJson),
            refused => Err(LocalError::Refused { status: refused.as_u16() }),
        }
    }

    async fn open(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Response<Incoming>, LocalError> {
        let stream = TcpStream::connect(&self.host).await.map_err(LocalError::Unreachable)?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|_| LocalError::Broken)?;
        tokio::spawn(connection);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.host)
            .header(ORIGIN, format!("http://{}", self.host))
            .header(CONTENT_TYPE, "application/json");
        if !self.token.is_empty() {
            request = request.header(AUTHORIZATION, format!("Bearer {}", self.token));
        }
        let request = request.body(Full::new(body)).map_err(|_| LocalError::Address)?;
        sender.send_request(request).await.map_err(|_| LocalError::Broken)
    }
}

/// An endless answer under way; dropping it hangs up.
#[derive(Debug)]
pub struct Watching(JoinHandle<()>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.abort();
    }
}
