//! What lasts: event streams, previews, slow and many connections, and stopping.

use super::*;

/// An open stream of events.
struct Reader {
    stream: TcpStream,
    seen: String,
}

impl Reader {
    async fn open(stage: &Stage, token: &str) -> Self {
        let mut stream = TcpStream::connect(stage.address).await.unwrap();
        let host = stage.address;
        let request = format!("GET /v1/events HTTP/1.1\r\nHost: {host}\r\n{token}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        Self { stream, seen: String::new() }
    }

    /// Reads until the text has come.
    async fn sees(&mut self, text: &str) {
        while !self.seen.contains(text) {
            let mut bytes = [0; 1024];
            let read = timeout(MOST, self.stream.read(&mut bytes)).await.expect("an event in time");
            let read = read.expect("an open stream");
            assert_ne!(read, 0, "the stream ended before {text}: {}", self.seen);
            self.seen.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
    }

    async fn ends(mut self) {
        let mut rest = Vec::new();
        let _ = timeout(MOST, self.stream.read_to_end(&mut rest)).await.expect("an end in time");
    }
}

#[tokio::test]
async fn a_stream_has_the_view_at_once_and_every_change() {
    let stage = Stage::up().await;
    let token = stage.pair().await;
    let mut reader = Reader::open(&stage, &token).await;
    reader.sees("data: ").await;
    reader.sees(&format!("{FIRST}\r\n")).await;
    stage.shown.send_replace(Arc::new(view(r#"{"sequence":2}"#)));
    reader.sees(r#"{"sequence":2}"#).await;
    assert!(reader.seen.to_ascii_lowercase().contains("content-type: text/event-stream"));
}

#[tokio::test]
async fn a_view_is_wiped_when_the_next_one_has_been_sent() {
    let stage = Stage::up().await;
    let token = stage.pair().await;
    let mut reader = Reader::open(&stage, &token).await;
    reader.sees(FIRST).await;
    let personal = Arc::new(view(r#"{"sequence":2}"#));
    let held = Arc::downgrade(&personal);
    stage.shown.send_replace(personal);
    reader.sees(r#"{"sequence":2}"#).await;
    stage.shown.send_replace(Arc::new(view(r#"{"sequence":3}"#)));
    reader.sees(r#"{"sequence":3}"#).await;
    assert_eq!(held.strong_count(), 0, "somebody still holds the old view");
}

#[tokio::test]
async fn the_ninth_stream_is_refused_until_one_ends() {
    let stage = Stage::up().await;
    let token = stage.pair().await;
    let mut readers = Vec::new();
    for _ in 0..8 {
        let mut reader = Reader::open(&stage, &token).await;
        reader.sees(FIRST).await;
        readers.push(reader);
    }
    stage.get("/v1/events", &token).await.refused(503, "too_many_streams");
    readers.pop();
    // The server notices the closed connection when it next writes.
    for sequence in 2..200 {
        stage.shown.send_replace(Arc::new(view(&format!("{{\"sequence\":{sequence}}}"))));
        let mut reader = Reader::open(&stage, &token).await;
        reader.sees("\r\n\r\n").await;
        if reader.seen.contains("200 OK") {
            return;
        }
    }
    panic!("the place of a closed stream is never free again");
}

#[tokio::test]
async fn streams_end_when_the_agent_stops() {
    let stage = Stage::up().await;
    let token = stage.pair().await;
    let mut reader = Reader::open(&stage, &token).await;
    reader.sees(FIRST).await;
    stage.stop.send(()).unwrap();
    reader.ends().await;
    timeout(MOST, stage.served).await.expect("an end in time").unwrap().unwrap();
    assert!(TcpStream::connect(stage.address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_preview_is_the_last_frame_or_none() {
    let stage = Stage::up().await;
    let token = stage.pair().await;
    assert_eq!(stage.get("/v1/preview.jpg", &token).await.status, 204);
    let frame = Preview::new(Zeroizing::new(b"frame".to_vec()));
    stage.preview.send_replace(Some(Arc::new(frame)));
    let answer = stage.get("/v1/preview.jpg", &token).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "frame"));
    assert!(answer.head.contains("content-type: image/jpeg"));
}

/// A server whose limits are small enough to be reached in a test.
async fn limited(limits: Limits) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = Router::new().route("/", get(async || "here"));
    (address, tokio::spawn(server::run(listener, routes, limits, std::future::pending())))
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = timeout(MOST, stream.read_to_end(&mut bytes)).await.expect("an end in time");
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off() {
    let limits = Limits { head: Duration::from_millis(100), ..Limits::default() };
    let (address, server) = limited(limits).await;
    for beginning in ["", "GET / HTTP/1.1\r\nHost: a\r\n"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        assert!(!read_to_end(&mut stream).await.contains("here"));
    }
    server.abort();
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let (address, server) = limited(Limits::default()).await;
    let filler = "a".repeat(Limits::default().head_bytes);
    let many = "X: a\r\n".repeat(Limits::default().headers + 1);
    for lines in [format!("X: {filler}\r\n"), many] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let _ = stream.write_all(format!("GET / HTTP/1.1\r\n{lines}\r\n").as_bytes()).await;
        let answer = read_to_end(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    server.abort();
}

#[tokio::test]
async fn a_connection_too_many_waits_until_one_ends() {
    let (address, server) = limited(Limits { connections: 1, ..Limits::default() }).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut bytes = [0; 15];
    timeout(MOST, first.read_exact(&mut bytes)).await.expect("an answer in time").unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    second.write_all(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").await.unwrap();
    let waiting = timeout(Duration::from_millis(200), second.read(&mut bytes)).await;
    assert!(waiting.is_err(), "the second was served beside the first");
    drop(first);
    assert!(read_to_end(&mut second).await.contains("here"));
    server.abort();
}
