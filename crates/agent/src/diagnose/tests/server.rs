//! The least of a bank: TLS on loopback with a paper of choice, and a token for whoever asks.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A year in which every certificate of these tests but the ended one is good.
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                      Date: Wed, 01 Jan 2020 00:00:00 GMT\r\nContent-Length: 64\r\n\
                      Connection: close\r\n\r\n";
const TOKEN: &str = "{\"access_token\":\"t0ken\",\"token_type\":\"Bearer\",\"expires_in\":3600}";

/// What the bank shows of itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Paper {
    Good,
    EndsSoon,
    Ended,
    OtherName,
    OtherAuthority,
}

/// Starts the bank; its address and the authority that should be trusted.
pub(super) async fn start(paper: Paper) -> (SocketAddr, String) {
    let (config, ca_pem) = papers(paper);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(acceptor.clone(), stream));
        }
    });
    (address, ca_pem)
}

async fn serve(acceptor: TlsAcceptor, stream: TcpStream) {
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let mut request = Vec::new();
    // The form's last field is the secret: with it the request is whole.
    while !request.windows(14).any(|window| window == b"client_secret=") {
        match stream.read_buf(&mut request).await {
            Ok(1..) => {}
            Ok(0) | Err(_) => return,
        }
    }
    let _ = stream.write_all(format!("{ANSWER}{TOKEN}").as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn papers(paper: Paper) -> (ServerConfig, String) {
    let trusted = authority("Trusted");
    let ca_pem = trusted.pem();
    let name = if paper == Paper::OtherName { "bank.invalid" } else { "127.0.0.1" };
    let mut leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let now = date_time_ymd(1970, 1, 1) + since_1970();
    match paper {
        Paper::EndsSoon => {
            leaf.not_after = now + std::time::Duration::from_secs(2 * 86_400 + 3_600)
        }
        Paper::Ended => {
            leaf.not_before = date_time_ymd(2019, 1, 1);
            leaf.not_after = date_time_ymd(2020, 1, 1);
        }
        Paper::Good | Paper::OtherName | Paper::OtherAuthority => {}
    }
    let signer = if paper == Paper::OtherAuthority { authority("Other") } else { trusted };
    let key = KeyPair::generate().unwrap();
    let signed = leaf.signed_by(&key, &signer).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![signed.der().clone()],
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    (config, ca_pem)
}

fn since_1970() -> std::time::Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap()
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}
