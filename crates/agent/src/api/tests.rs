//! The API over real loopback sockets, byte for byte: what a browser or another program could send.

mod fence;
mod files;
mod routes;
mod streams;

use std::net::SocketAddr;
use std::time::Duration;

use session::Event;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::*;
use crate::config::PageKeyUse;

/// Nothing on loopback takes as long.
const MOST: Duration = Duration::from_secs(10);
/// What the first view of a stage says.
const FIRST: &str = r#"{"sequence":1}"#;

/// An API that runs, and the agent's ends of it.
struct Stage {
    address: SocketAddr,
    key: String,
    events: mpsc::Receiver<Event>,
    shown: watch::Sender<Arc<Shown>>,
    preview: watch::Sender<Option<Arc<Preview>>>,
    health: watch::Sender<Health>,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<io::Result<()>>,
}

impl Stage {
    async fn up() -> Self {
        Self::with(PageKeyUse::Reusable, None).await
    }

    async fn with(uses: PageKeyUse, panel: Option<Panel>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let page_key = PageKey::draw(uses).unwrap();
        let (_, key) = page_key.url(address).split_once("#key=").map(owned).unwrap();
        let (shown, shown_out) = watch::channel(Arc::new(view(FIRST)));
        let (events_in, events) = mpsc::channel(2);
        let preview = watch::Sender::new(None);
        let (health, health_out) = watch::channel(Health::default());
        let (stop, stopped) = oneshot::channel::<()>();
        let desk = Desk {
            shown: shown_out,
            events: events_in,
            preview: preview.clone(),
            health: health_out,
        };
        let options = ApiOptions::new(page_key, address, Profile::Kiosk);
        let served = tokio::spawn(async move {
            let stop = async { drop(stopped.await) };
            serve(listener, desk, options, panel, stop).await
        });
        Self { address, key, events, shown, preview, health, stop, served }
    }

    fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends bytes, reads to the end.
    async fn raw(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        // A refused request may be answered before it was read whole: then the end is a reset.
        let _ = timeout(MOST, stream.read_to_end(&mut bytes)).await.expect("an answer in time");
        Answer::parse(&bytes)
    }

    /// A request as the page sends it, but for what `extra` lines add.
    async fn get(&self, path: &str, extra: &str) -> Answer {
        let host = self.address;
        let head =
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{extra}\r\n");
        self.raw(&head).await
    }

    async fn post(&self, path: &str, extra: &str, body: &str) -> Answer {
        let (host, origin, length) = (self.address, self.origin(), body.len());
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n{extra}\r\n{body}"
        );
        self.raw(&request).await
    }

    async fn pair(&self) -> String {
        let answer = self.post("/v1/pair", "", &format!(r#"{{"key":"{}"}}"#, self.key)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let said: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        format!("Authorization: Bearer {}\r\n", said["token"].as_str().unwrap())
    }
}

fn owned((url, key): (&str, &str)) -> (String, String) {
    (url.to_owned(), key.to_owned())
}

fn view(json: &str) -> Shown {
    Shown::new(Zeroizing::new(json.as_bytes().to_vec()))
}

/// What came back.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    fn code(&self) -> String {
        let said: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        said.pointer("/error/code").and_then(|code| code.as_str()).unwrap_or_default().to_owned()
    }

    #[track_caller]
    fn refused(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status, self.code().as_str()),
            (status, code),
            "{} {}",
            self.head,
            self.body
        );
    }
}
