//! A certificate of this machine, and the way by a relay that knows it by that.
//!
//! The server lets in nobody without a certificate of the fleet's authority.

use std::sync::Arc;

use super::papers::{MachinePapers, Paper, machine_papers, papers};
use super::server::{Script, Seen, is_token, json, start, with_token};
use super::{Trust, client_by};
use crate::bank::{Bank, BankSetupError, TlsSetupError};
use crate::config::{Config, Secret, Secrets, Transport};

const GOOD: &str = r#"{"statusCode":"0000","data":{}}"#;

fn machine_secrets(key_pem: &str) -> Secrets {
    Secrets { partner: None, client_key: Secret::parse_key(key_pem), proxy: None }
}

fn by_relay(config: &mut Config) {
    config.bank.transport = Transport::Relay;
}

async fn relay(machine: &MachinePapers, script: impl Script) -> (Bank, Arc<Seen>) {
    let (port, seen) = start(Arc::clone(&machine.server.config), script).await;
    let trust = Trust {
        machine_pem: &machine.certificate_pem,
        ..Trust::in_authority(&machine.server.ca_pem)
    };
    let bank = client_by(port, &trust, &machine_secrets(&machine.key_pem), by_relay);
    (bank.unwrap(), seen)
}

#[tokio::test]
async fn a_relay_is_asked_with_the_machines_certificate_and_no_secret_of_the_partner() {
    let machine = machine_papers();
    let (bank, seen) = relay(&machine, with_token(json(GOOD))).await;
    bank.warm_up().await.unwrap();
    bank.consents().await.unwrap();
    bank.validate_qr(br#"{"data":"a","crc":"b"}"#).await.unwrap();
    assert_eq!(seen.asked().await, (0, 2), "the token is the relay's business");
    for head in seen.requests.lock().await.iter() {
        let lower = head.to_ascii_lowercase();
        assert!(lower.contains("x-client-transaction-id: "), "{head}");
        assert!(!lower.contains("authorization:") && !lower.contains("api-key:"), "{head}");
    }
}

#[tokio::test]
async fn a_relay_that_refuses_is_not_asked_for_a_token() {
    let machine = machine_papers();
    let refusal = super::server::head("401 X", "", b"");
    let (bank, seen) = relay(&machine, move |_: &str, _| refusal.clone()).await;
    let failed = bank.consents().await.unwrap_err();
    assert_eq!(failed.condition.to_string(), "HTTP_401");
    assert_eq!(seen.asked().await, (0, 1));
}

#[tokio::test]
async fn a_bank_that_wants_a_certificate_gets_it_with_the_partners_secrets() {
    let machine = machine_papers();
    let (port, seen) = start(Arc::clone(&machine.server.config), with_token(json(GOOD))).await;
    let trust = Trust {
        machine_pem: &machine.certificate_pem,
        ..Trust::in_authority(&machine.server.ca_pem)
    };
    let partner = Secrets::parse("client", "a-secret", "a-key").unwrap();
    let secrets = Secrets { client_key: Secret::parse_key(&machine.key_pem), ..partner };
    let bank = client_by(port, &trust, &secrets, |_| {}).unwrap();
    bank.consents().await.unwrap();
    assert_eq!(seen.asked().await, (1, 1));
    let requests = seen.requests.lock().await;
    let asked = requests.iter().find(|head| !is_token(head)).unwrap().to_ascii_lowercase();
    assert!(asked.contains("authorization: bearer") && asked.contains("api-key: a-key"));
}

#[tokio::test]
async fn without_its_certificate_a_machine_is_not_let_in() {
    let machine = machine_papers();
    let (port, seen) = start(Arc::clone(&machine.server.config), with_token(json(GOOD))).await;
    let trust = Trust::in_authority(&machine.server.ca_pem);
    let bank = client_by(port, &trust, &machine_secrets(""), by_relay).unwrap();
    assert!(bank.consents().await.is_err());
    assert_eq!(seen.asked().await, (0, 0));
}

#[test]
fn a_key_that_is_not_the_certificates_is_refused_before_anything_is_sent() {
    let (machine, other) = (machine_papers(), machine_papers());
    let made = |machine_pem: &str, key_pem: &str| {
        let ca_pem = papers(Paper::Good).ca_pem;
        let trust = Trust { machine_pem, ..Trust::in_authority(&ca_pem) };
        client_by(1, &trust, &machine_secrets(key_pem), by_relay).map(drop)
    };
    assert!(made(&machine.certificate_pem, &machine.key_pem).is_ok());
    let refused = made(&machine.certificate_pem, &other.key_pem).unwrap_err();
    assert!(matches!(refused, BankSetupError::Tls(TlsSetupError::NotAPair)), "{refused:?}");
    let refused = made("no certificate", &machine.key_pem).unwrap_err();
    assert!(matches!(refused, BankSetupError::Tls(TlsSetupError::ClientCertificate)));
    let empty = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let refused = made(&machine.certificate_pem, empty).unwrap_err();
    assert!(matches!(refused, BankSetupError::Tls(TlsSetupError::ClientKey)), "{refused:?}");
}
