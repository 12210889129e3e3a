//! The bank's clock against ours, as its answers state it: corrected in the header, or nothing is sent.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use protocol::{BankTime, Dialect, Endpoint, HeaderTime};

use super::papers::{Paper, papers};
use super::server::{Script, Seen, TOKEN, head, is_token, start};
use super::{Trust, client};
use crate::bank::{AttemptError, Bank, Call};

const GOOD: &str = r#"{"statusCode":"0000","data":{}}"#;

async fn bank(script: impl Script) -> (Bank, Arc<Seen>) {
    let papers = papers(Paper::Good);
    let (port, seen) = start(Arc::clone(&papers.config), script).await;
    (client(port, &Trust::in_authority(&papers.ca_pem)), seen)
}

fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// The head's lines of a server whose clock is so many seconds ahead of ours.
fn stated(ahead: i64) -> String {
    let time = BankTime::from_millis(now_ms() + ahead * 1_000);
    let dialect = Dialect { header_time: HeaderTime::Rfc3339, ..Dialect::default() };
    format!(
        "X-Server-DateTime: {}\r\nDate: Wed, 11 Dec 2019 03:18:00 GMT\r\n",
        time.header(&dialect)
    )
}

/// A server whose clock is `ahead`, and whose answers to all but the token are `business`.
fn server(
    ahead: i64,
    business: impl Fn(usize) -> &'static str + Send + Sync + 'static,
) -> impl Script {
    move |asked: &str, number: usize| {
        let body = if is_token(asked) { TOKEN } else { business(number) };
        head("200 OK", &stated(ahead), body.as_bytes())
    }
}

/// How many seconds ahead of ours the time in this request's head is.
fn sent_ahead(request: &str) -> i64 {
    let lower = request.to_ascii_lowercase();
    let line = lower.lines().find_map(|line| line.strip_prefix("x-client-transaction-datetime: "));
    // The document's form, 2019-12-11t101800.449+0700, as one that can be read.
    let (date, time) = line.unwrap().split_once('t').unwrap();
    let (hour, rest) = time.split_at(2);
    let (minute, rest) = rest.split_at(2);
    let rfc3339 = format!("{date}T{hour}:{minute}:{rest}");
    (BankTime::parse_header(&rfc3339).unwrap().millis() - now_ms()) / 1_000
}

#[tokio::test]
async fn the_gateways_own_time_corrects_the_header_before_any_date() {
    let (bank, seen) = bank(server(120, |_| GOOD)).await;
    bank.consents().await.unwrap();
    let requests = seen.requests.lock().await;
    let asked = requests.iter().find(|head| !is_token(head)).unwrap();
    assert!((115..=125).contains(&sent_ahead(asked)), "{asked}");
}

#[tokio::test]
async fn a_clock_too_wrong_to_be_corrected_sends_nothing_that_carries_it() {
    for ahead in [3_600, -86_400] {
        let (bank, seen) = bank(server(ahead, |_| GOOD)).await;
        bank.warm_up().await.unwrap();
        let failed = bank.validate_qr(b"{}").await.unwrap_err();
        let found = (failed.at, failed.condition.to_string());
        assert_eq!(found, (Endpoint::ValidateQr, "NET_CLOCK".to_owned()));
        let submit = Call { endpoint: Endpoint::Submit, reference: None, body: Some(b"{}") };
        let sent =
            bank.send(submit, &mut |_: &str| unreachable!("nothing is journaled as sent")).await;
        assert!(matches!(sent, Err(AttemptError::Failed(_))));
        assert_eq!(seen.asked().await, (3, 0), "each time the clock is compared once more");
    }
}

#[tokio::test]
async fn a_clock_that_was_set_right_is_found_right_by_the_next_call() {
    let script = |asked: &str, number: usize| {
        let body = if is_token(asked) { TOKEN } else { GOOD };
        head("200 OK", &stated(if number == 0 { 3_600 } else { 0 }), body.as_bytes())
    };
    let (bank, seen) = bank(script).await;
    bank.warm_up().await.unwrap();
    // One of two is in the middle: the larger one; the third answer decides.
    assert!(bank.consents().await.is_err());
    bank.consents().await.unwrap();
    assert_eq!(seen.asked().await.1, 1);
}

#[tokio::test]
async fn a_refused_time_is_corrected_for_the_repetition() {
    let refused = r#"{"error":{"code":"26"}}"#;
    let script = move |asked: &str, number: usize| match number {
        // The token's server has another clock than the gateway.
        _ if is_token(asked) => head("200 OK", &stated(0), TOKEN.as_bytes()),
        0..=3 => head("400 X", &stated(100), refused.as_bytes()),
        _ => head("200 OK", &stated(100), GOOD.as_bytes()),
    };
    let (bank, seen) = bank(script).await;
    for _ in 0..4 {
        let _ = bank.consents().await;
    }
    let requests = seen.requests.lock().await;
    let asked: Vec<_> = requests.iter().filter(|head| !is_token(head)).collect();
    assert!(sent_ahead(asked[0]).abs() < 5 && (95..=105).contains(&sent_ahead(asked[1])));
}
