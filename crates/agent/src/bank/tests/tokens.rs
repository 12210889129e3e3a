//! The token on the wire: fetched once for all, in time, and renewed once where the bank refuses it.
//!
//! That it is in no file is shown over whole journeys (`tests/conformance`).

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use protocol::Endpoint;
use session::Timeouts;

use super::papers::{Paper, papers};
use super::server::{Script, Seen, Step, is_token, json, start};
use super::{Trust, client};
use crate::bank::{AttemptError, Bank, Call};

const GOOD: &str = r#"{"statusCode":"0000","data":{}}"#;

async fn bank(script: impl Script) -> (Arc<Bank>, Arc<Seen>) {
    let papers = papers(Paper::Good);
    let (port, seen) = start(Arc::clone(&papers.config), script).await;
    let bank = client(port, &Trust::in_authority(&papers.ca_pem));
    (Arc::new(bank), seen)
}

/// A server whose tokens are `t0`, `t1`, …, each good for this long.
fn tokens(
    seconds: &'static str,
    business: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static,
) -> impl Script {
    let issued = AtomicUsize::new(0);
    move |head, _| {
        if is_token(head) {
            let number = issued.fetch_add(1, Ordering::SeqCst);
            json(&format!(r#"{{"access_token":"t{number}","expires_in":{seconds}}}"#))
        } else {
            business(head)
        }
    }
}

fn bears(head: &str, token: &str) -> bool {
    head.lines().any(|line| {
        let value = line.to_ascii_lowercase();
        value.strip_prefix("authorization: bearer ").is_some_and(|value| value == token)
    })
}

fn status(line: &str, body: &str) -> Vec<Step> {
    let length = body.len();
    vec![Step::Write(
        format!("HTTP/1.1 {line}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes(),
    )]
}

/// Every way in which a bank may refuse a token.
fn refusals() -> Vec<(&'static str, Vec<Step>)> {
    let gateway = |code: &str| status("401 X", &format!(r#"{{"error":{{"code":"{code}"}}}}"#));
    vec![
        ("-100", gateway("100")),
        ("-101", gateway("-101")),
        ("-105", gateway("105")),
        ("-100", json(r#"{"statusCode":"-100"}"#)),
        ("HTTP_401", status("401 X", "")),
        ("OAUTH_INVALID_TOKEN", status("401 X", r#"{"error":"invalid_token"}"#)),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_callers_at_once_fetch_one_token() {
    let (bank, seen) = bank(tokens("3600", |_| json(GOOD))).await;
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let bank = Arc::clone(&bank);
            tokio::spawn(async move { bank.warm_up().await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(seen.asked().await, (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_callers_at_once_hear_of_one_failed_fetch() {
    let pause = Duration::from_millis(10);
    let (bank, seen) = bank(move |_: &str, _| {
        // Slow enough for everybody to have come before it ends.
        let bytes = b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n".to_vec();
        vec![Step::Drip(bytes, pause)]
    })
    .await;
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let bank = Arc::clone(&bank);
            tokio::spawn(async move { bank.warm_up().await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap_err().condition.to_string(), "HTTP_503");
    }
    assert_eq!(seen.asked().await, (1, 0));
    assert!(bank.warm_up().await.is_err());
    assert_eq!(seen.asked().await, (2, 0), "whoever comes later tries anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_callers_whose_token_is_refused_renew_it_once() {
    let (bank, seen) =
        bank(tokens(
            "3600",
            |head| {
                if bears(head, "t0") { status("401 X", "") } else { json(GOOD) }
            },
        ))
        .await;
    bank.warm_up().await.unwrap();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let bank = Arc::clone(&bank);
            tokio::spawn(async move { bank.consents().await.map(drop) })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok(()));
    }
    assert_eq!(seen.asked().await.0, 2, "the refused one and its successor");
}

#[tokio::test]
async fn a_token_serves_until_it_is_about_to_end() {
    // A lifetime of a thousandth of a second is over before the next call, whatever the machine.
    for (seconds, expected) in
        [("3600", (1, 3)), ("\"3600\"", (1, 3)), ("0.000001", (3, 3)), ("0", (1, 3))]
    {
        let (bank, seen) = bank(tokens(seconds, |_| json(GOOD))).await;
        for _ in 0..3 {
            bank.consents().await.unwrap();
        }
        assert_eq!(seen.asked().await, expected, "expires_in {seconds}");
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_the_call_repeated_once() {
    for (written, refusal) in refusals() {
        let (bank, seen) =
            bank(tokens(
                "3600",
                move |head| {
                    if bears(head, "t0") { refusal.clone() } else { json(GOOD) }
                },
            ))
            .await;
        assert_eq!(bank.consents().await.map(drop), Ok(()), "{written}");
        assert_eq!(seen.asked().await, (2, 2), "{written}");
    }
}

#[tokio::test]
async fn a_token_refused_twice_ends_the_call() {
    for (written, refusal) in refusals() {
        let (bank, seen) = bank(tokens("3600", move |_| refusal.clone())).await;
        let failed = bank.consents().await.unwrap_err();
        assert_eq!(
            (failed.at, failed.condition.to_string()),
            (Endpoint::Consents, written.to_owned())
        );
        assert_eq!(seen.asked().await, (2, 2), "{written}");
    }
}

#[tokio::test]
async fn a_submit_repeated_for_a_token_is_journaled_twice_under_two_ids() {
    let (bank, seen) =
        bank(tokens(
            "3600",
            |head| {
                if bears(head, "t0") { status("401 X", "") } else { json(GOOD) }
            },
        ))
        .await;
    let mut ids = Vec::new();
    let call = Call { endpoint: Endpoint::Submit, reference: None, body: Some(b"{}") };
    let mut journal = |id: &str| {
        ids.push(id.to_owned());
        Ok(())
    };
    assert!(bank.send(call, &mut journal).await.is_ok());
    let requests = seen.requests.lock().await;
    let sent: Vec<_> = requests.iter().filter(|head| !is_token(head)).collect();
    assert_eq!((ids.len(), sent.len()), (2, 2));
    for (id, head) in ids.iter().zip(sent) {
        assert!(head.contains(id), "the id in the journal is the one that was sent");
    }
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 2);
}

#[tokio::test]
async fn a_token_that_cannot_be_had_fails_the_call_at_the_token() {
    for (body, written) in [
        (r#"{"error":"invalid_client"}"#, "OAUTH_INVALID_CLIENT"),
        (r#"{"access_token":""}"#, "NET_NO_CODE"),
        (r#"{"access_token":"a\r\nAPI-Key: b"}"#, "NET_NO_CODE"),
        (r#"{"access_token":1}"#, "NET_NO_CODE"),
        ("{}", "NET_NO_CODE"),
    ] {
        let (bank, seen) = bank(move |_: &str, _| json(body)).await;
        let call = Call { endpoint: Endpoint::Submit, reference: None, body: Some(b"{}") };
        let came = bank.send(call, &mut |_: &str| unreachable!("nothing is to be sent")).await;
        let Err(AttemptError::Failed(failed)) = came else { panic!("{body}: {came:?}") };
        assert_eq!(
            (failed.at, failed.condition.to_string()),
            (Endpoint::Token, written.to_owned())
        );
        assert_eq!(seen.asked().await, (1, 0), "{body}");
    }
}

#[tokio::test]
async fn calls_one_after_the_other_share_one_connection() {
    let (bank, seen) = bank(tokens("3600", |_| json(GOOD))).await;
    for _ in 0..5 {
        bank.consents().await.unwrap();
    }
    assert_eq!(seen.asked().await, (1, 5));
    assert_eq!(Seen::count(&seen.handshakes), 1);
}

#[tokio::test]
async fn a_token_is_kept_at_hand_without_anybody_asking() {
    // Half of a life of two seconds is over after one.
    let inner = tokens("2", |_| json(GOOD));
    let (told, mut fetched) = tokio::sync::mpsc::unbounded_channel();
    let (bank, seen) = bank(move |head: &str, number| {
        let _ = told.send(());
        inner(head, number)
    })
    .await;
    let keeping = Arc::clone(&bank);
    let keeper = tokio::spawn(async move { keeping.keep_token(|_| {}).await });
    for _ in 0..2 {
        let patience = Duration::from_secs(20);
        tokio::time::timeout(patience, fetched.recv()).await.expect("renewed ahead of its end");
    }
    keeper.abort();
    assert_eq!(seen.asked().await.1, 0);
}

#[tokio::test]
async fn what_is_sent_invites_no_compression_and_no_cookie() {
    let (bank, seen) = bank(tokens("3600", |_| json(GOOD))).await;
    bank.consents().await.unwrap();
    let requests = seen.requests.lock().await;
    assert_eq!(requests.len(), 2);
    for head in requests.iter() {
        let lower = head.to_ascii_lowercase();
        for unwanted in ["accept-encoding", "cookie", "referer", "expect:"] {
            assert!(!lower.contains(unwanted), "{unwanted} in {head}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_makes_no_more_requests_than_the_session_waits_for() {
    for endpoint in Endpoint::ALL.into_iter().filter(|at| *at != Endpoint::Token) {
        let (bank, seen) = bank(tokens("3600", |_| status("401 X", ""))).await;
        let call = Call { endpoint, reference: None, body: Some(b"{}") };
        assert!(bank.send(call, &mut |_: &str| Ok(())).await.is_err());
        // The session counts the call as lost after the time of both, and of one more token for the clock's sake.
        let (tokens, requests) = seen.asked().await;
        let timeouts = Timeouts::default();
        let at_most = timeouts.ask * u32::try_from(tokens + 1).unwrap()
            + timeouts.request(endpoint) * u32::try_from(requests).unwrap();
        assert_eq!(at_most, timeouts.call(endpoint), "{endpoint}");
        assert!(at_most < timeouts.lost_after(endpoint), "{endpoint}");
    }
}
