//! The switches of the dialect that are about heads and answers, each on both of its sides.

use std::sync::Arc;

use protocol::{ClientAuth, Code2002, Dialect, HeaderAlias, TokenApiKey};

use super::papers::{Paper, papers};
use super::server::{Script, Seen, is_token, json, start, with_token};
use super::{Trust, client_by};
use crate::bank::Bank;
use crate::config::Secrets;

const GOOD: &str = r#"{"statusCode":"0000","data":{}}"#;

async fn bank(dialect: Dialect, script: impl Script) -> (Bank, Arc<Seen>) {
    let papers = papers(Paper::Good);
    let (port, seen) = start(Arc::clone(&papers.config), script).await;
    let secrets = Secrets::parse("client", "a-secret", "a-key").unwrap();
    let trust = Trust::in_authority(&papers.ca_pem);
    let bank = client_by(port, &trust, &secrets, |config| config.dialect = dialect);
    (bank.unwrap(), seen)
}

/// The heads of the token's request and of another one, in lower case.
async fn heads(dialect: Dialect) -> (String, String) {
    let (bank, seen) = bank(dialect, with_token(json(GOOD))).await;
    bank.consents().await.unwrap();
    let requests = seen.requests.lock().await;
    let head = |token| requests.iter().find(|head| is_token(head) == token).unwrap();
    (head(true).to_ascii_lowercase(), head(false).to_ascii_lowercase())
}

/// The value of a line of a head.
fn line<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn the_alias_of_the_time_header_can_be_switched_on() {
    let (_, asked) = heads(Dialect::default()).await;
    assert_eq!(line(&asked, "x-client-datetime"), None);
    let alias = Dialect { header_alias: HeaderAlias::ClientDateTime, ..Dialect::default() };
    let (token, asked) = heads(alias).await;
    let time = line(&asked, "x-client-transaction-datetime");
    assert!(time.is_some() && line(&asked, "x-client-datetime") == time, "{asked}");
    assert_eq!(line(&token, "x-client-datetime"), None);
}

#[tokio::test]
async fn the_token_call_shows_the_api_key_only_if_switched_on() {
    let (token, _) = heads(Dialect::default()).await;
    assert_eq!(line(&token, "api-key"), None);
    let send = Dialect { token_api_key: TokenApiKey::Send, ..Dialect::default() };
    let (token, _) = heads(send).await;
    assert_eq!(line(&token, "api-key"), Some("a-key"));
}

#[tokio::test]
async fn the_client_is_named_in_the_form_or_in_the_header() {
    let (token, _) = heads(Dialect::default()).await;
    assert_eq!(line(&token, "authorization"), None);
    let basic = Dialect { client_auth: ClientAuth::Basic, ..Dialect::default() };
    let (token, _) = heads(basic).await;
    // `client:a-secret` in Base64.
    assert_eq!(line(&token, "authorization"), Some("basic y2xpzw50ometc2vjcmv0"));
    let length = |head: &str| line(head, "content-length").unwrap().parse::<usize>().unwrap();
    assert_eq!(length(&token), "grant_type=client_credentials&scope=ndid%3Aalternative".len());
}

#[tokio::test]
async fn the_code_2002_ends_a_journey_or_asks_for_another_selfie() {
    for (code_2002, expected) in [(Code2002::Stop, "2002"), (Code2002::As9301, "9301")] {
        let dialect = Dialect { code_2002, ..Dialect::default() };
        let (bank, _) = bank(dialect, with_token(json(r#"{"statusCode":"2002"}"#))).await;
        let failed = bank.consents().await.unwrap_err();
        assert_eq!(failed.condition.to_string(), expected);
    }
}

#[tokio::test]
async fn another_scope_than_asked_for_is_taken() {
    let script = |head: &str, _: usize| match is_token(head) {
        true => json(r#"{"access_token":"t","expires_in":900,"scope":"data:submission"}"#),
        false => json(GOOD),
    };
    let (bank, _) = bank(Dialect::default(), script).await;
    assert!(bank.consents().await.is_ok());
}
