//! A bank of two addresses: the second is asked when the first is away, and never by itself.

use std::sync::Arc;

use protocol::Endpoint;
use rustls::ServerConfig;
use tokio::net::TcpListener;

use super::papers::{Paper, Papers, papers};
use super::server::{Seen, Step, is_token, json, start, with_token};
use super::{Trust, client_by};
use crate::bank::{AttemptError, Bank, Call};
use crate::config::{BaseUrl, Secrets};

const GOOD: &str = r#"{"statusCode":"0000","data":{}}"#;

fn client(papers: &Papers, first: u16, second: u16) -> Bank {
    let secrets = Secrets::parse("client", "a-secret", "a-key").unwrap();
    let trust = Trust::in_authority(&papers.ca_pem);
    let bank = client_by(first, &trust, &secrets, |config| {
        config.bank.failover_urls =
            BaseUrl::parse(&format!("https://127.0.0.1:{second}")).into_iter().collect();
    });
    bank.unwrap()
}

async fn good(config: &Arc<ServerConfig>) -> (u16, Arc<Seen>) {
    start(Arc::clone(config), with_token(json(GOOD))).await
}

#[tokio::test]
async fn the_call_after_one_that_reached_nobody_goes_to_the_next_host() {
    let papers = papers(Paper::Good);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let away = listener.local_addr().unwrap().port();
    drop(listener);
    let (second, seen) = good(&papers.config).await;
    let bank = client(&papers, away, second);
    let failed = bank.consents().await.unwrap_err();
    assert_eq!(failed.condition.to_string(), "NET_UNREACHABLE");
    assert_eq!(seen.asked().await, (0, 0), "a second host is asked when somebody tries again");
    bank.consents().await.unwrap();
    assert_eq!(seen.asked().await, (1, 1));
}

#[tokio::test]
async fn a_submit_whose_outcome_is_unknown_is_not_sent_elsewhere_by_the_client() {
    let papers = papers(Paper::Good);
    let cut = |head: &str, _: usize| {
        if is_token(head) { json(super::server::TOKEN) } else { vec![Step::Close] }
    };
    let (first, first_seen) = start(Arc::clone(&papers.config), cut).await;
    let (second, second_seen) = good(&papers.config).await;
    let bank = client(&papers, first, second);
    let submit = Call { endpoint: Endpoint::Submit, reference: None, body: Some(b"{}") };
    let mut ids = Vec::new();
    let mut journal = |id: &str| {
        ids.push(id.to_owned());
        Ok(())
    };
    let Err(AttemptError::Failed(failed)) = bank.send(submit, &mut journal).await else {
        panic!("the first host breaks off")
    };
    assert_eq!(failed.condition.to_string(), "NET_CUT");
    assert_eq!((first_seen.asked().await, second_seen.asked().await), ((1, 1), (0, 0)));
    assert!(bank.send(submit, &mut journal).await.is_ok(), "reconciling goes to the next host");
    assert_eq!(second_seen.asked().await.1, 1);
    assert_eq!(ids.len(), 2, "each attempt is in the journal before it leaves");
}

#[tokio::test]
async fn an_answer_keeps_the_host() {
    let papers = papers(Paper::Good);
    let refusal = with_token(json(r#"{"statusCode":"1101"}"#));
    let (first, first_seen) = start(Arc::clone(&papers.config), refusal).await;
    let (second, second_seen) = good(&papers.config).await;
    let bank = client(&papers, first, second);
    for _ in 0..2 {
        assert_eq!(bank.consents().await.unwrap_err().condition.to_string(), "1101");
    }
    assert_eq!((first_seen.asked().await, second_seen.asked().await), ((1, 2), (0, 0)));
}
