//! A server that cannot be the bank is left before the first byte of a request (threats of TLS).
//!
//! Each test counts, on the server's side, what would have been readable there: nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustls::crypto::ring;
use rustls::version::TLS12;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::papers::{Paper, Papers, papers};
use super::server::{Seen, TOKEN, json, start};
use super::{SILENCE, Trust, client};

/// TLS content type of application data (RFC 8446 §5.1).
const APPLICATION_DATA: u8 = 23;

/// The client's first call against a server with these papers: what it came to.
async fn call(papers: &Papers, pins: &[String]) -> (String, usize) {
    let (port, seen) = start(Arc::clone(&papers.config), |_: &str, _| json(TOKEN)).await;
    let bank = client(port, &Trust { pins, ..Trust::in_authority(&papers.ca_pem) });
    let came = match bank.warm_up().await {
        Ok(()) => "a token".to_owned(),
        Err(failed) => failed.condition.to_string(),
    };
    (came, Seen::count(&seen.application_bytes))
}

#[track_caller]
fn check(found: (String, usize), expected: &str) {
    assert_eq!(found, (expected.to_owned(), 0));
}

#[tokio::test]
async fn the_right_server_is_spoken_to() {
    let good = papers(Paper::Good);
    let (came, bytes) = call(&good, &[]).await;
    assert_eq!(came, "a token");
    assert!(bytes > 0, "otherwise the other tests show nothing");
}

#[tokio::test]
async fn a_wrong_certificate_ends_the_handshake() {
    for paper in [
        Paper::Expired,
        Paper::NotYetValid,
        Paper::OtherHost,
        Paper::NameInSubjectOnly,
        Paper::SelfSigned,
        Paper::OtherAuthority,
        Paper::SignedByServer,
        Paper::ForClients,
        Paper::UnknownCriticalExtension,
        Paper::Stolen,
    ] {
        let found = call(&papers(paper), &[]).await;
        assert_eq!(found, ("NET_CERTIFICATE".to_owned(), 0), "{paper:?}");
    }
}

#[tokio::test]
async fn a_pin_that_nobody_bears_ends_the_handshake() {
    let (good, other) = (papers(Paper::Good), papers(Paper::Good));
    check(call(&good, &[other.pin]).await, "NET_CERTIFICATE");
}

#[tokio::test]
async fn a_pin_does_not_make_up_for_a_wrong_certificate() {
    for paper in [Paper::Expired, Paper::OtherHost, Paper::SelfSigned, Paper::OtherAuthority] {
        let wrong = papers(paper);
        let pins = [wrong.pin.clone()];
        check(call(&wrong, &pins).await, "NET_CERTIFICATE");
    }
}

#[tokio::test]
async fn one_of_two_pins_is_enough() {
    let (good, backup) = (papers(Paper::Good), papers(Paper::Good));
    let pins = [backup.pin, good.pin.clone()];
    assert_eq!(call(&good, &pins).await.0, "a token");
}

#[tokio::test]
async fn tls_1_2_is_spoken_with_and_without_pins() {
    let mut good = papers(Paper::Good);
    let mut config =
        rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS12])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&good.config.cert_resolver));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    good.config = Arc::new(config);
    let pins = [good.pin.clone()];
    assert_eq!(call(&good, &[]).await.0, "a token");
    assert_eq!(call(&good, &pins).await.0, "a token");
}

/// What a server without TLS does with a connection.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// Sends these bytes as soon as the client has said something.
    Says(&'static [u8]),
    /// Sends these bytes at once.
    Greets(&'static [u8]),
    Closes,
    IsSilent,
}

/// TLS 1.1's answer to a hello: version 3.2, no session, TLS_RSA_WITH_AES_128_CBC_SHA.
const HELLO_1_1: &[u8] = b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02\
    \x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\
    \x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x00\x00\x2f\x00";
/// TLS 1.0's.
const HELLO_1_0: &[u8] = b"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01\
    \x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\
    \x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x00\x00\x2f\x00";
/// SSL 3.0's.
const HELLO_3_0: &[u8] = b"\x16\x03\x00\x00\x2a\x02\x00\x00\x26\x03\x00\
    \x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\
    \x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x00\x00\x2f\x00";
/// TLS 1.2 with a cipher suite that the client has not offered: TLS_RSA_WITH_NULL_SHA256.
const HELLO_NULL: &[u8] = b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03\
    \x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\
    \x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x52\x00\x00\x3b\x00";
/// A fatal alert: protocol_version (70).
const ALERT: &[u8] = b"\x15\x03\x03\x00\x02\x02\x46";
const PLAIN_HTTP: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
const GARBAGE: &[u8] = b"\xff\xfe\x00\x00 no protocol of any kind, and on and on \x80\x81\x82";

/// Calls a server of that manner: what it came to, how long it took, and how many bytes of a request
/// arrived, in clear or in records of application data.
async fn call_raw(manner: Manner) -> (String, Duration, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let bytes = Arc::new(AtomicUsize::new(0));
    let told = Arc::clone(&bytes);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let told = Arc::clone(&told);
            tokio::spawn(async move {
                let mut received = Vec::new();
                match manner {
                    Manner::Closes => return,
                    Manner::Greets(words) => drop(stream.write_all(words).await),
                    Manner::Says(words) => {
                        drop(stream.read_buf(&mut received).await);
                        drop(stream.write_all(words).await);
                    }
                    Manner::IsSilent => {}
                }
                while matches!(stream.read_buf(&mut received).await, Ok(1..)) {}
                told.fetch_add(request_bytes(&received), Ordering::SeqCst);
            });
        }
    });
    let ca_pem = papers(Paper::Good).ca_pem;
    let bank = client(port, &Trust::in_authority(&ca_pem));
    let begun = Instant::now();
    let came = bank.warm_up().await.unwrap_err().condition.to_string();
    (came, begun.elapsed(), bytes.load(Ordering::SeqCst))
}

/// Bytes that are no part of a handshake: in a record of application data, or in no record at all.
fn request_bytes(mut received: &[u8]) -> usize {
    let mut count = 0;
    while let [kind, _, _, high, low, rest @ ..] = received {
        let length = usize::from(*high) * 256 + usize::from(*low);
        let handshake = (20..APPLICATION_DATA).contains(kind);
        count += if handshake { 0 } else { length.max(1) };
        received = rest.get(length..).unwrap_or_default();
    }
    count
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_of_today_hears_nothing() {
    for (manner, expected) in [
        (Manner::Says(HELLO_1_1), "NET_TLS"),
        (Manner::Says(HELLO_1_0), "NET_TLS"),
        (Manner::Says(HELLO_3_0), "NET_TLS"),
        (Manner::Says(HELLO_NULL), "NET_TLS"),
        (Manner::Says(ALERT), "NET_TLS"),
        (Manner::Says(PLAIN_HTTP), "NET_TLS"),
        (Manner::Greets(PLAIN_HTTP), "NET_TLS"),
        (Manner::Says(GARBAGE), "NET_TLS"),
        (Manner::Closes, "NET_UNREACHABLE"),
    ] {
        let (came, took, bytes) = call_raw(manner).await;
        assert_eq!((came.as_str(), bytes), (expected, 0), "{manner:?}");
        assert!(took < SILENCE, "{manner:?} took {took:?}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_left_in_time() {
    let (came, took, bytes) = call_raw(Manner::IsSilent).await;
    assert_eq!((came.as_str(), bytes), ("NET_UNREACHABLE", 0));
    assert!(took < SILENCE * 2, "{took:?}");
}

#[tokio::test]
async fn nobody_at_the_port_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let ca_pem = papers(Paper::Good).ca_pem;
    let bank = client(port, &Trust::in_authority(&ca_pem));
    let failed = bank.warm_up().await.unwrap_err();
    assert_eq!(failed.condition.to_string(), "NET_UNREACHABLE");
}

#[test]
fn a_request_in_clear_or_in_application_data_would_be_counted() {
    assert_eq!(request_bytes(b"\x16\x03\x01\x00\x02ab\x15\x03\x03\x00\x02cd"), 0);
    assert_eq!(request_bytes(b"\x16\x03\x01\x00\x02ab\x17\x03\x03\x00\x03xyz"), 3);
    assert!(request_bytes(b"POST /auth/oauth/v2/token HTTP/1.1\r\n") > 0);
}
