//! Who is kept out: other hosts, other origins, other sites, other kinds of request (A1, A2, A3).

use super::*;

/// Every kind of route, so that none stands outside.
const EVERYWHERE: [&str; 6] =
    ["/", "/app.js", "/v1/health", "/v1/view", "/v1/events", "/nothing-here"];

#[tokio::test]
async fn the_page_is_served_under_each_of_its_own_names() {
    let stage = Stage::up().await;
    let port = stage.address.port();
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
        assert_eq!(stage.raw(&request).await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn every_other_host_is_refused_on_every_route() {
    let stage = Stage::up().await;
    let port = stage.address.port();
    let other = port.wrapping_add(1);
    let hosts = [
        "evil.test".to_owned(),
        format!("evil.test:{port}"),
        format!("127.0.0.1.evil.test:{port}"),
        format!("evil.test.localhost:{port}"),
        format!("localhost.:{port}"),
        format!("localhost.evil.test:{port}"),
        format!("xlocalhost:{port}"),
        format!("LOCALHOST:{port}"),
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "[::1]".to_owned(),
        format!("127.0.0.1:{other}"),
        "localhost:80".to_owned(),
        format!("127.0.0.1:0{port}"),
        format!("127.0.0.1:{port}:{port}"),
        format!("127.0.0.1:{port}/"),
        format!("127.0.0.1:{port},evil.test"),
        format!("127.0.0.2:{port}"),
        format!("0.0.0.0:{port}"),
        format!("127.1:{port}"),
        format!("2130706433:{port}"),
        format!("0x7f.0.0.1:{port}"),
        format!("0177.0.0.1:{port}"),
        format!("[::]:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
        format!("[0:0:0:0:0:0:0:1]:{port}"),
        format!("::1:{port}"),
        format!("user@127.0.0.1:{port}"),
        format!("127.0.0.1:{port}#"),
        format!("127.0.0.1:{port}?"),
        format!("http://127.0.0.1:{port}"),
        format!("127.0.0.1 :{port}"),
        format!("\u{ff11}27.0.0.1:{port}"),
        "null".to_owned(),
        String::new(),
    ];
    for host in &hosts {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = stage.raw(&request).await;
        assert!([400, 403].contains(&answer.status), "{host}: {}", answer.status);
        assert!(!answer.body.contains("<html"), "{host}");
    }
    for path in EVERYWHERE {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: evil.test:{port}\r\nConnection: close\r\n\r\n");
        stage.raw(&request).await.refused(403, "host");
    }
}

#[tokio::test]
async fn a_host_that_is_absent_or_repeated_is_refused() {
    let stage = Stage::up().await;
    let host = stage.address;
    stage.raw("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").await.refused(403, "host");
    stage.raw("GET / HTTP/1.0\r\n\r\n").await.refused(403, "host");
    let twice =
        format!("GET / HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stage.raw(&twice).await.refused(400, "repeated_header");
    let both =
        format!("GET / HTTP/1.1\r\nHost: evil.test\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stage.raw(&both).await.refused(400, "repeated_header");
}

#[tokio::test]
async fn a_target_that_is_no_path_is_refused() {
    let stage = Stage::up().await;
    let host = stage.address;
    for target in [format!("http://{host}/"), "http://evil.test/".to_owned()] {
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stage.raw(&request).await.refused(400, "target");
    }
    let connect = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stage.raw(&connect).await.refused(400, "target");
}

#[tokio::test]
async fn no_other_origin_reads_and_no_other_posts() {
    let stage = Stage::up().await;
    let (host, port) = (stage.address, stage.address.port());
    let origins = [
        "null".to_owned(),
        "http://evil.test".to_owned(),
        format!("https://{host}"),
        format!("http://{host}/"),
        format!("http://{host}.evil.test"),
        format!("http://localhost:{port}"),
        format!("http://127.0.0.1:{}", port.wrapping_add(1)),
        "http://127.0.0.1".to_owned(),
        format!("http://{host} http://evil.test"),
        format!("HTTP://{host}"),
        "file://".to_owned(),
        "chrome-extension://abcdefghijklmnop".to_owned(),
        "*".to_owned(),
        String::new(),
    ];
    for origin in &origins {
        let line = format!("Origin: {origin}\r\n");
        stage.get("/v1/view", &line).await.refused(403, "origin");
        stage.get("/app.js", &line).await.refused(403, "origin");
        let post = format!(
            "POST /v1/pair HTTP/1.1\r\nHost: {host}\r\n{line}Connection: close\r\n\
             Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
        );
        stage.raw(&post).await.refused(403, "origin");
    }
    let own = format!("Origin: http://{host}\r\n");
    assert_eq!(stage.get("/", &own).await.status, 200);
    stage.get("/", &format!("{own}{own}")).await.refused(400, "repeated_header");
}

#[tokio::test]
async fn a_post_without_an_origin_is_refused() {
    let stage = Stage::up().await;
    let host = stage.address;
    let post = format!(
        "POST /v1/pair HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    stage.raw(&post).await.refused(403, "origin");
}

#[tokio::test]
async fn what_the_browser_says_another_site_asks_is_refused() {
    let stage = Stage::up().await;
    for site in ["cross-site", "same-site", "Same-Origin", "", "none, same-origin"] {
        for path in EVERYWHERE {
            let answer = stage.get(path, &format!("Sec-Fetch-Site: {site}\r\n")).await;
            answer.refused(403, "site");
        }
    }
    for site in ["same-origin", "none"] {
        assert_eq!(stage.get("/", &format!("Sec-Fetch-Site: {site}\r\n")).await.status, 200);
    }
}

#[tokio::test]
async fn only_get_and_post_exist() {
    let stage = Stage::up().await;
    let (host, origin) = (stage.address, stage.origin());
    for method in ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "PROPFIND"] {
        let request = format!(
            "{method} /v1/actions HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(stage.raw(&request).await.status, 405, "{method}");
    }
    stage.get("/v1/pair", "").await.refused(405, "method");
    stage.post("/app.js", "", "{}").await.refused(405, "method");
}

#[tokio::test]
async fn a_form_or_a_text_cannot_be_posted() {
    let stage = Stage::up().await;
    let (host, origin) = (stage.address, stage.origin());
    let kinds = [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "text/plain",
        "text/plain; application/json",
        "application/json, text/plain",
        "application/jsonp",
        "application/json;charset=tis-620",
        "",
    ];
    for kind in kinds {
        let post = format!(
            "POST /v1/pair HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: close\r\n\
             Content-Type: {kind}\r\nContent-Length: 2\r\n\r\n{{}}"
        );
        stage.raw(&post).await.refused(415, "media_type");
    }
    stage
        .post("/v1/pair", "Content-Type: application/json\r\n", "{}")
        .await
        .refused(400, "repeated_header");
}

#[tokio::test]
async fn bodies_are_bounded_and_belong_to_posts() {
    let stage = Stage::up().await;
    let (host, origin) = (stage.address, stage.origin());
    let body = " ".repeat(guard::BODY_BYTES_MAX + 1);
    stage.post("/v1/pair", "", &body).await.refused(413, "body_too_long");
    let fitting = " ".repeat(guard::BODY_BYTES_MAX);
    stage.post("/v1/pair", "", &fitting).await.refused(400, "form");
    let chunk = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let chunked = format!(
        "POST /v1/pair HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}"
    );
    stage.raw(&chunked).await.refused(413, "body_too_long");
    let get = format!(
        "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    stage.raw(&get).await.refused(400, "body");
    let get = format!(
        "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    );
    stage.raw(&get).await.refused(400, "body");
}

#[tokio::test]
async fn every_answer_is_sealed_against_other_pages() {
    let stage = Stage::up().await;
    let refused = stage.get("/v1/view", "Origin: http://evil.test\r\n").await;
    let mut answers = vec![refused];
    for path in EVERYWHERE.iter().filter(|path| !path.ends_with("events")) {
        answers.push(stage.get(path, "").await);
    }
    for answer in answers {
        for line in [
            "content-security-policy: default-src 'none'; script-src 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
            "cross-origin-resource-policy: same-origin",
            "cross-origin-opener-policy: same-origin",
        ] {
            assert!(answer.head.contains(line), "{line} is missing: {}", answer.head);
        }
        assert!(!answer.head.contains("access-control-"), "{}", answer.head);
        assert!(!answer.head.contains("unsafe-"), "{}", answer.head);
        assert!(!answer.head.contains("set-cookie"), "{}", answer.head);
    }
}

#[tokio::test]
async fn a_web_socket_is_not_opened() {
    let stage = Stage::up().await;
    let token = stage.pair().await;
    let upgrade = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let answer = stage.get("/v1/view", &format!("{token}{upgrade}")).await;
    assert_ne!(answer.status, 101);
}

#[tokio::test]
async fn a_panel_stands_behind_the_same_fence() {
    let routes = Router::new()
        .route("/panel/panel.js", get(async || "0"))
        .route("/panel/insert", post(async || "done"));
    let panel = Panel { routes, script: "/panel/panel.js" };
    let stage = Stage::with(PageKeyUse::Once, Some(panel)).await;
    assert_eq!(stage.get("/panel/panel.js", "").await.status, 200);
    assert_eq!(stage.post("/panel/insert", "", "{}").await.body, "done");
    stage.get("/panel/panel.js", "Origin: http://evil.test\r\n").await.refused(403, "origin");
    let host = stage.address;
    let bare = format!(
        "POST /panel/insert HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    );
    stage.raw(&bare).await.refused(403, "origin");
    let index = stage.get("/", "").await.body;
    assert!(index.contains(r#"<script type="module" src="/panel/panel.js"></script>"#));
}
