//! The least of a server: it counts what arrives and writes, byte for byte, what a test wants written.
//!
//! It knows just enough of HTTP to tell where a request ends and whether it asks for a token.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A token for whoever asks.
pub(super) const TOKEN: &str =
    r#"{"access_token":"t0ken","token_type":"Bearer","expires_in":3600}"#;
/// An endless answer ends here at last, far beyond every bound of the client.
const ENDLESS_BYTES: usize = 64 * 1024 * 1024;

/// One step of an answer.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Write(Vec<u8>),
    /// The same bytes again and again, as long as anybody takes them.
    Endless(Vec<u8>),
    /// The bytes one by one, with this pause between them.
    Drip(Vec<u8>, Duration),
    /// Nothing more comes, and the connection stays.
    Silence,
    Close,
}

/// What the server has seen so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) handshakes: AtomicUsize,
    pub(super) application_bytes: AtomicUsize,
    /// Written in answer to something else than a token request.
    pub(super) written_bytes: AtomicUsize,
    /// The head of each request, in order.
    pub(super) requests: Mutex<Vec<String>>,
}

impl Seen {
    pub(super) fn count(counter: &AtomicUsize) -> usize {
        counter.load(Ordering::SeqCst)
    }

    /// Requests for a token, and all others.
    pub(super) async fn asked(&self) -> (usize, usize) {
        let requests = self.requests.lock().await;
        let tokens = requests.iter().filter(|head| is_token(head)).count();
        (tokens, requests.len() - tokens)
    }
}

pub(super) fn is_token(head: &str) -> bool {
    head.starts_with("POST /auth/oauth/")
}

/// Answers each request: its head and its number, from 0, to the steps.
pub(super) trait Script: Fn(&str, usize) -> Vec<Step> + Send + Sync + 'static {}
impl<F: Fn(&str, usize) -> Vec<Step> + Send + Sync + 'static> Script for F {}

/// A server that gives tokens, and for all else these steps.
pub(super) fn with_token(steps: Vec<Step>) -> impl Script {
    move |head, _| if is_token(head) { json(TOKEN) } else { steps.clone() }
}

/// A plain success with this body.
pub(super) fn json(body: &str) -> Vec<Step> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    vec![Step::Write(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes())]
}

/// This status, these lines of the head, this body.
pub(super) fn head(status: &str, fields: &str, body: &[u8]) -> Vec<Step> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{fields}\r\n");
    vec![Step::Write([head.as_bytes(), body].concat())]
}

/// Starts a server on a free port.
pub(super) async fn start(tls: Arc<ServerConfig>, script: impl Script) -> (u16, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (seen, script) = (Arc::<Seen>::default(), Arc::new(script));
    let told = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = TlsAcceptor::from(Arc::clone(&tls));
            tokio::spawn(serve(stream, acceptor, Arc::clone(&script), Arc::clone(&told)));
        }
    });
    (port, seen)
}

async fn serve(tcp: TcpStream, tls: TlsAcceptor, script: Arc<impl Script>, seen: Arc<Seen>) {
    let Ok(mut stream) = tls.accept(tcp).await else { return };
    seen.handshakes.fetch_add(1, Ordering::SeqCst);
    let mut waiting = Vec::new();
    while let Some(head) = request(&mut stream, &mut waiting, &seen).await {
        let number = {
            let mut requests = seen.requests.lock().await;
            requests.push(head.clone());
            requests.len() - 1
        };
        for step in script(&head, number) {
            let counted = !is_token(&head);
            if take(&mut stream, step, counted.then_some(&seen)).await.is_err() {
                return;
            }
        }
    }
}

/// Reads one request whole; its head.
async fn request(
    stream: &mut TlsStream<TcpStream>,
    waiting: &mut Vec<u8>,
    seen: &Seen,
) -> Option<String> {
    loop {
        if let Some(head) = waiting.windows(4).position(|window| window == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(waiting.get(..head)?).into_owned();
            let lower = text.to_ascii_lowercase();
            let length = lower.lines().find_map(|line| line.strip_prefix("content-length:"));
            let whole = head + 4 + length.map_or(0, |length| length.trim().parse().unwrap());
            if waiting.len() >= whole {
                waiting.drain(..whole);
                return Some(text);
            }
        }
        let read = stream.read_buf(waiting).await.ok().filter(|read| *read > 0)?;
        seen.application_bytes.fetch_add(read, Ordering::SeqCst);
    }
}

async fn take(
    stream: &mut TlsStream<TcpStream>,
    step: Step,
    seen: Option<&Arc<Seen>>,
) -> std::io::Result<()> {
    let count = |bytes: &[u8]| {
        if let Some(seen) = seen {
            seen.written_bytes.fetch_add(bytes.len(), Ordering::SeqCst);
        }
    };
    match step {
        Step::Write(bytes) => {
            stream.write_all(&bytes).await?;
            count(&bytes);
            stream.flush().await
        }
        Step::Endless(bytes) => {
            for _ in 0..ENDLESS_BYTES / bytes.len() {
                stream.write_all(&bytes).await?;
                count(&bytes);
            }
            stream.flush().await
        }
        Step::Drip(bytes, pause) => {
            for byte in bytes {
                stream.write_all(&[byte]).await?;
                stream.flush().await?;
                tokio::time::sleep(pause).await;
            }
            Ok(())
        }
        Step::Silence => std::future::pending().await,
        Step::Close => {
            stream.shutdown().await?;
            Err(std::io::ErrorKind::ConnectionAborted.into())
        }
    }
}
