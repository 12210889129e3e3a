//! A proxy on the way: TLS goes through it unopened, and its faults are its own.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

use super::papers::{Paper, papers};
use super::server::{json, start, with_token};
use super::{Trust, client_by};
use crate::bank::Bank;
use crate::config::{ProxyAddress, ProxyLogin, Secret, Secrets};

const GOOD: &str = r#"{"statusCode":"0000","data":{}}"#;
/// `me:hunter2` in Base64.
const LOGIN: &str = "proxy-authorization: basic bwu6ahvudgvymg==";

/// What the proxy makes of a CONNECT.
#[derive(Clone, Copy, Debug)]
enum Manner {
    LetsThrough,
    WantsLogin,
    Says(&'static str),
    Closes,
}

/// The port, and everything that the proxy could read, in lower case.
async fn proxy(manner: Manner) -> (u16, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let read = Arc::<Mutex<String>>::default();
    let told = Arc::clone(&read);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, manner, Arc::clone(&told)));
        }
    });
    (port, read)
}

async fn serve(mut stream: TcpStream, manner: Manner, read: Arc<Mutex<String>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if !matches!(stream.read_buf(&mut head).await, Ok(1..)) {
            return;
        }
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    read.lock().await.push_str(&head);
    let answer = match manner {
        Manner::WantsLogin if !head.contains(LOGIN) => "HTTP/1.1 407 Login\r\n\r\n",
        Manner::Says(answer) => answer,
        Manner::Closes => return,
        Manner::LetsThrough | Manner::WantsLogin => {
            let target = head.split_whitespace().nth(1).unwrap().to_owned();
            let mut bank = TcpStream::connect(target).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
            let _ = copy_bidirectional(&mut stream, &mut bank).await;
            return;
        }
    };
    let _ = stream.write_all(answer.as_bytes()).await;
}

/// A client of a good bank behind this proxy, and the counter of the bank's requests.
async fn behind(
    proxy_port: u16,
    login: Option<ProxyLogin<Secret>>,
) -> (Bank, Arc<super::server::Seen>) {
    let papers = papers(Paper::Good);
    let (port, seen) = start(Arc::clone(&papers.config), with_token(json(GOOD))).await;
    let secrets = Secrets::parse("client", "a-secret", "a-key").unwrap();
    let secrets = Secrets { proxy: login, ..secrets };
    let trust = Trust::in_authority(&papers.ca_pem);
    let bank = client_by(port, &trust, &secrets, |config| {
        config.bank.proxy = ProxyAddress::parse(&format!("http://127.0.0.1:{proxy_port}"));
    });
    (bank.unwrap(), seen)
}

fn login() -> ProxyLogin<Secret> {
    let secret = |text| Secret::parse(text).unwrap();
    ProxyLogin { user: secret("me"), password: secret("hunter2") }
}

#[tokio::test]
async fn a_proxy_sees_the_banks_name_and_nothing_that_is_said_to_it() {
    let (port, read) = proxy(Manner::LetsThrough).await;
    let (bank, seen) = behind(port, None).await;
    bank.consents().await.unwrap();
    assert_eq!(seen.asked().await, (1, 1));
    let read = read.lock().await;
    assert!(read.starts_with("connect 127.0.0.1:"), "{read}");
    assert_eq!(read.matches("connect ").count(), 1, "one connection for both calls");
    assert!(!read.contains("a-key") && !read.contains("a-secret") && !read.contains("bearer"));
}

#[tokio::test]
async fn a_proxy_that_wants_a_login_gets_it_and_the_bank_does_not() {
    let (port, _) = proxy(Manner::WantsLogin).await;
    let (bank, seen) = behind(port, Some(login())).await;
    bank.consents().await.unwrap();
    for head in seen.requests.lock().await.iter() {
        assert!(!head.to_ascii_lowercase().contains("proxy-authorization"), "{head}");
    }
}

#[tokio::test]
async fn a_proxys_fault_is_its_own() {
    for (manner, expected) in [
        (Manner::WantsLogin, "HTTP_407"),
        (Manner::Says("HTTP/1.1 403 Forbidden\r\n\r\n"), "NET_PROXY"),
        (Manner::Says("HTTP/1.1 502 Bad Gateway\r\n\r\n"), "NET_PROXY"),
        (Manner::Says("SSH-2.0-server\r\n\r\n"), "NET_PROXY"),
        (Manner::Closes, "NET_PROXY"),
    ] {
        let (port, _) = proxy(manner).await;
        let (bank, seen) = behind(port, None).await;
        let failed = bank.consents().await.unwrap_err();
        assert_eq!(failed.condition.to_string(), expected, "{manner:?}");
        assert_eq!(seen.asked().await, (0, 0), "{manner:?}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_away_is_not_gone_around() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let (bank, seen) = behind(port, None).await;
    let failed = bank.consents().await.unwrap_err();
    assert_eq!(failed.condition.to_string(), "NET_PROXY");
    assert_eq!(seen.asked().await, (0, 0));
}

#[tokio::test]
async fn a_wrong_certificate_behind_a_proxy_is_the_banks() {
    let (proxy_port, _) = proxy(Manner::LetsThrough).await;
    let expired = papers(Paper::Expired);
    let (port, seen) = start(Arc::clone(&expired.config), with_token(json(GOOD))).await;
    let secrets = Secrets::parse("client", "a-secret", "a-key").unwrap();
    let trust = Trust::in_authority(&expired.ca_pem);
    let bank = client_by(port, &trust, &secrets, |config| {
        config.bank.proxy = ProxyAddress::parse(&format!("http://127.0.0.1:{proxy_port}"));
    });
    let failed = bank.unwrap().consents().await.unwrap_err();
    assert_eq!(failed.condition.to_string(), "NET_CERTIFICATE");
    assert_eq!(seen.asked().await, (0, 0));
}
