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

/// Opens the endless preview.
async fn look(stage: &Stage, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    let host = stage.address;
    let request = format!("GET /v1/preview.mjpeg HTTP/1.1\r\nHost: {host}\r\n{token}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Waits until so many look at the camera.
async fn viewers(stage: &Stage, expected: usize) {
    let reached = async {
        while stage.preview.receiver_count() != expected {
            tokio::task::yield_now().await;
        }
    };
    timeout(MOST, reached).await.expect("the viewers in time");
}

fn show(stage: &Stage, jpeg: &[u8]) {
    let frame = Preview::new(Zeroizing::new(jpeg.to_vec()));
    stage.preview.send_replace(Some(Arc::new(frame)));
}

#[tokio::test]
async fn a_preview_is_the_next_frame_or_none() {
    let stage = Stage::up().await;
    let token = stage.pair().await;
    show(&stage, b"an old frame");
    assert_eq!(stage.get("/v1/preview.jpg", &token).await.status, 204);
    let (answer, ()) = tokio::join!(stage.get("/v1/preview.jpg", &token), async {
        viewers(&stage, 1).await;
        show(&stage, b"frame");
    });
    assert_eq!((answer.status, answer.body.as_str()), (200, "frame"));
    assert!(answer.head.contains("content-type: image/jpeg"));
    viewers(&stage, 0).await;
}

#[tokio::test]
async fn a_stream_of_frames_has_each_as_a_part_of_its_own() {
    let stage = Stage::up().await;
    let token = stage.pair().await;
    let stream = look(&stage, &token).await;
    viewers(&stage, 1).await;
    let mut reader = Reader { stream, seen: String::new() };
    for frame in ["first", "second"] {
        show(&stage, frame.as_bytes());
        let length = frame.len();
        let part = format!("Content-Type: image/jpeg\r\nContent-Length: {length}\r\n\r\n");
        reader.sees(&part).await;
        reader.sees(frame).await;
    }
    let head = reader.seen.to_ascii_lowercase();
    assert!(head.contains("content-type: multipart/x-mixed-replace; boundary=frame"), "{head}");
    assert_eq!(reader.seen.matches("--frame\r\n").count(), 2);
    drop(reader);
    viewers(&stage, 0).await;
}

#[tokio::test]
async fn the_fifth_viewer_is_refused_until_one_leaves() {
    let stage = Stage::up().await;
    let token = stage.pair().await;
    let mut open = Vec::new();
    for count in 1..=preview::VIEWERS_MAX {
        open.push(look(&stage, &token).await);
        viewers(&stage, count).await;
    }
    stage.get("/v1/preview.mjpeg", &token).await.refused(503, "too_many_viewers");
    stage.get("/v1/preview.jpg", &token).await.refused(503, "too_many_viewers");
    open.pop();
    viewers(&stage, preview::VIEWERS_MAX - 1).await;
    assert_eq!(stage.get("/v1/preview.jpg", &token).await.status, 204);
}

#[tokio::test]
async fn a_slow_viewer_misses_frames_and_keeps_none_waiting() {
    const FRAMES: usize = 400;
    const BYTES: usize = 100_000;
    let stage = Stage::up().await;
    let token = stage.pair().await;
    let mut slow = look(&stage, &token).await;
    viewers(&stage, 1).await;
    let mut held = Vec::new();
    for _ in 0..FRAMES {
        let frame = Arc::new(Preview::new(Zeroizing::new(vec![b'.'; BYTES])));
        held.push(Arc::downgrade(&frame));
        stage.preview.send_replace(Some(frame));
        tokio::task::yield_now().await;
    }
    // What the sockets hold of them is memory of the kernel; of the rest none is kept for the viewer.
    let kept = held.iter().filter(|frame| frame.strong_count() > 0).count();
    assert!(kept <= 8, "{kept} frames wait for a viewer that does not read");
    show(&stage, b"the newest");
    let mut seen = Vec::new();
    while !seen.rsplit(|byte| *byte == b'\n').take(8).any(|line| line == b"the newest\r") {
        let mut bytes = vec![0; 65_536];
        let read = timeout(MOST, slow.read(&mut bytes)).await.expect("in time").unwrap();
        assert_ne!(read, 0, "the stream ended");
        seen.extend_from_slice(&bytes[..read]);
    }
    assert!(seen.len() < FRAMES * BYTES, "every frame was sent");
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
