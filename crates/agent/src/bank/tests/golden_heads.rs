//! The head of every request as it goes over the wire, beside one that was written without our code
//! (`tests/golden/heads.py`), in the document's dialect and with each switch on its other side.

use std::sync::Arc;

use protocol::{ClientAuth, Dialect, Endpoint, HeaderAlias, HeaderTime, Reference, TokenApiKey};

use super::papers::{Paper, papers};
use super::server::{json, start, with_token};
use super::{Trust, client_by};
use crate::bank::{Bank, Call};
use crate::config::Secrets;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/2.2");
/// In which order `all_heads` calls them; the first one asks for a token before.
const ORDER: [&str; 6] = ["e1", "e2", "e3", "e4", "e5", "e6"];

/// The heads of a token and five calls, in order.
async fn all_heads(dialect: Dialect, failure_path: Option<&str>) -> Vec<String> {
    let papers = papers(Paper::Good);
    let answer = json(r#"{"statusCode":"0000","data":{}}"#);
    let (port, seen) = start(Arc::clone(&papers.config), with_token(answer)).await;
    let secrets = Secrets::parse("client", "a-secret", "a-key").unwrap();
    let bank = client_by(port, &Trust::in_authority(&papers.ca_pem), &secrets, |config| {
        config.dialect = dialect;
        if let Some(path) = failure_path {
            path.clone_into(&mut config.bank.paths.report_failure);
        }
    });
    let bank: Bank = bank.unwrap();
    let reference = Reference::parse("BAYMK191200001").unwrap();
    let call = |endpoint| Call { endpoint, reference: Some(&reference), body: Some(b"{}") };
    bank.validate_qr(b"{}").await.unwrap();
    bank.send(call(Endpoint::Submit), &mut |_: &str| Ok(())).await.unwrap();
    bank.send(call(Endpoint::ReportFailure), &mut |_: &str| Ok(())).await.unwrap();
    bank.consents().await.unwrap();
    bank.send(call(Endpoint::CheckDopa), &mut |_: &str| Ok(())).await.unwrap();
    let heads = seen.requests.lock().await.clone();
    assert_eq!(heads.len(), ORDER.len(), "{heads:#?}");
    heads
}

/// A head as the golden files write it.
fn written(head: &str) -> String {
    let mut lines = head.lines();
    let request = lines.next().unwrap();
    let mut headers: Vec<String> = lines
        .map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            let name = name.to_ascii_lowercase();
            let value = match name.as_str() {
                "host" => "{host}".to_owned(),
                "content-length" => "{length}".to_owned(),
                "user-agent" if value.starts_with("dipchip/") => "{agent}".to_owned(),
                "x-client-transaction-id" if is_fresh_id(value) => "{uuid}".to_owned(),
                time if time.ends_with("datetime") => {
                    value.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
                }
                _ => value.to_owned(),
            };
            format!("{name}: {value}\n")
        })
        .collect();
    headers.sort();
    format!("{request}\n{}", headers.concat())
}

/// A UUID of version 4 in lower case.
fn is_fresh_id(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lower = |group: &&str| group.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(lower)
        && groups[2].starts_with('4')
        && groups[3].starts_with(['8', '9', 'a', 'b'])
}

async fn check(dialect: Dialect, failure_path: Option<&str>, suffix: &str) {
    let heads = all_heads(dialect, failure_path).await;
    for (name, head) in ORDER.iter().zip(heads) {
        let golden = std::fs::read_to_string(format!("{GOLDEN}/{name}{suffix}.head")).unwrap();
        assert_eq!(written(&head), golden, "{name}{suffix}");
    }
}

#[tokio::test]
async fn every_head_is_the_documents() {
    check(Dialect::default(), None, "").await;
}

#[tokio::test]
async fn every_head_follows_the_switches() {
    let dialect = Dialect {
        header_time: HeaderTime::Rfc3339,
        header_alias: HeaderAlias::ClientDateTime,
        token_api_key: TokenApiKey::Send,
        client_auth: ClientAuth::Basic,
        ..Dialect::default()
    };
    let path = "/native/ndid/alternativeSource/reference/{reference}/status/failure";
    check(dialect, Some(path), "-other").await;
}
