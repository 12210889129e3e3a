//! What a bank that asks for time gets: the wait is handed on, and a long one closes the way.

use std::sync::Arc;
use std::time::Duration;

use protocol::Endpoint;

use super::papers::{Paper, papers};
use super::server::{Script, Seen, Step, head, is_token, json, start, with_token};
use super::{Trust, client};
use crate::bank::{AttemptError, Bank, Call};

async fn bank(script: impl Script) -> (Bank, Arc<Seen>) {
    let papers = papers(Paper::Good);
    let (port, seen) = start(Arc::clone(&papers.config), script).await;
    (client(port, &Trust::in_authority(&papers.ca_pem)), seen)
}

fn gateway(code: &str, fields: &str) -> Vec<Step> {
    head("500 X", fields, format!(r#"{{"error":{{"code":"{code}"}}}}"#).as_bytes())
}

#[tokio::test]
async fn a_stated_wait_is_handed_on_with_whatever_was_refused() {
    let date = "Date: Wed, 11 Dec 2019 03:18:00 GMT\r\nX-Server-DateTime: nonsense\r\n";
    let until = format!("{date}Retry-After: Wed, 11 Dec 2019 03:18:40 GMT\r\n");
    for (answer, written, seconds) in [
        (head("408 X", "Retry-After: 5\r\n", b""), "HTTP_408", 5),
        (head("425 X", "Retry-After: 6\r\n", b""), "HTTP_425", 6),
        (head("429 X", "Retry-After: 7\r\n", b""), "HTTP_429", 7),
        (head("503 X", "Retry-After: 8\r\n", b""), "HTTP_503", 8),
        (gateway("300", "Retry-After: 9\r\n"), "-300", 9),
        (gateway("301", "Retry-After: 10\r\n"), "-301", 10),
        (head("503 X", "", b""), "HTTP_503", 0),
        (head("503 X", "Retry-After: soon\r\n", b""), "HTTP_503", 0),
    ] {
        let (bank, _) = bank(with_token(answer)).await;
        let failed = bank.consents().await.unwrap_err();
        let found = (failed.condition.to_string(), failed.wait_at_least);
        assert_eq!(found, (written.to_owned(), Duration::from_secs(seconds)));
    }
    let (bank, _) = bank(with_token(head("503 X", &until, b""))).await;
    let failed = bank.fetch_failure().await;
    assert_eq!(failed, Some(Duration::from_secs(40)));
}

impl Bank {
    /// How long a refused call for consents is to wait, whatever the clock says.
    async fn fetch_failure(&self) -> Option<Duration> {
        let call = Call { endpoint: Endpoint::Consents, reference: None, body: None };
        let answer = self.attempt(call, None, "id").await.ok()?;
        Some(answer.wait_at_least)
    }
}

#[tokio::test]
async fn an_exhausted_quota_closes_the_way_for_every_call() {
    let (bank, seen) = bank(with_token(gateway("108", ""))).await;
    let failed = bank.consents().await.unwrap_err();
    assert_eq!(
        (failed.condition.to_string(), failed.wait_at_least),
        ("-108".into(), Duration::ZERO)
    );
    for _ in 0..3 {
        let failed = bank.validate_qr(b"{}").await.unwrap_err();
        assert_eq!(
            (failed.at, failed.condition.to_string()),
            (Endpoint::ValidateQr, "-108".into())
        );
        assert!(failed.wait_at_least > Duration::from_secs(14 * 60), "{failed:?}");
    }
    let submit = Call { endpoint: Endpoint::Submit, reference: None, body: Some(b"{}") };
    let sent = bank.send(submit, &mut |_: &str| unreachable!("nothing is journaled as sent")).await;
    assert!(matches!(sent, Err(AttemptError::Failed(_))));
    assert_eq!(seen.asked().await, (1, 1), "nothing more was sent");
}

#[tokio::test]
async fn a_token_server_that_asks_for_minutes_is_left_alone() {
    let busy = head("503 X", "Retry-After: 600\r\n", b"");
    let script = move |head: &str, _: usize| {
        assert!(is_token(head), "without a token nothing is asked");
        busy.clone()
    };
    let (bank, seen) = bank(script).await;
    for _ in 0..3 {
        assert_eq!(bank.warm_up().await.unwrap_err().condition.to_string(), "HTTP_503");
    }
    assert_eq!(seen.asked().await, (1, 0));
}

#[tokio::test]
async fn what_is_not_sent_in_a_pause_is_not_in_doubt() {
    let (bank, seen) = bank(with_token(head("408 X", "Retry-After: 600\r\n", b""))).await;
    let submit = Call { endpoint: Endpoint::Submit, reference: None, body: Some(b"{}") };
    let mut sent = 0;
    let mut conditions = Vec::new();
    for _ in 0..2 {
        let mut journal = |_: &str| {
            sent += 1;
            Ok(())
        };
        let Err(AttemptError::Failed(failed)) = bank.send(submit, &mut journal).await else {
            panic!("the bank has no time")
        };
        conditions.push(failed.condition.to_string());
    }
    assert_eq!((conditions, sent), (vec!["HTTP_408".to_owned(), "HTTP_503".to_owned()], 1));
    assert_eq!(seen.asked().await, (1, 1));
}

#[tokio::test]
async fn a_short_wait_closes_nothing() {
    let answer = |head_of: &str, number: usize| match (is_token(head_of), number) {
        (true, _) => json(super::server::TOKEN),
        (false, 1) => head("429 X", "Retry-After: 15\r\n", b""),
        (false, _) => json(r#"{"statusCode":"0000","data":{}}"#),
    };
    let (bank, _) = bank(answer).await;
    assert!(bank.consents().await.is_err());
    assert!(bank.consents().await.is_ok(), "the session waits, not the client");
}
