//! Certificates of a server, right and wrong, all made on the spot.
//!
//! What a client makes of them is shown in `wrong_servers`.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// What a server shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Paper {
    Good,
    Expired,
    NotYetValid,
    OtherHost,
    NameInSubjectOnly,
    SelfSigned,
    OtherAuthority,
    /// Signed by a server's certificate, which is no authority.
    SignedByServer,
    ForClients,
    UnknownCriticalExtension,
    /// The right certificate, without its private key.
    Stolen,
}

/// A server's side, and what a client would have to trust.
pub(super) struct Papers {
    pub(super) config: Arc<ServerConfig>,
    pub(super) ca_pem: String,
    /// SHA-256 over the SubjectPublicKeyInfo of the server's key, in Base64.
    pub(super) pin: String,
}

pub(super) fn papers(paper: Paper) -> Papers {
    let trusted = authority("Trusted authority");
    let ca_pem = trusted.pem();
    let key = KeyPair::generate().unwrap();
    let params = server(paper);
    let chain = match paper {
        Paper::SelfSigned => vec![params.self_signed(&key).unwrap().der().clone()],
        Paper::OtherAuthority => {
            vec![params.signed_by(&key, &authority("Another authority")).unwrap().der().clone()]
        }
        Paper::SignedByServer => {
            let middle_key = KeyPair::generate().unwrap();
            let middle_params = server(Paper::Good);
            let middle = middle_params.signed_by(&middle_key, &trusted).unwrap().der().clone();
            let issuer = rcgen::Issuer::new(middle_params, middle_key);
            vec![params.signed_by(&key, &issuer).unwrap().der().clone(), middle]
        }
        Paper::Good
        | Paper::Expired
        | Paper::NotYetValid
        | Paper::OtherHost
        | Paper::NameInSubjectOnly
        | Paper::ForClients
        | Paper::UnknownCriticalExtension
        | Paper::Stolen => {
            vec![params.signed_by(&key, &trusted).unwrap().der().clone()]
        }
    };
    let pin = pin(chain.first().unwrap());
    let key = if paper == Paper::Stolen { KeyPair::generate().unwrap() } else { key };
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(
            chain,
            ring::sign::any_supported_type(&private).unwrap(),
        ))));
    Papers { config: Arc::new(config), ca_pem, pin }
}

fn server(paper: Paper) -> CertificateParams {
    let names = match paper {
        Paper::OtherHost => vec!["bank.invalid".to_owned(), "127.0.0.2".to_owned()],
        Paper::NameInSubjectOnly => Vec::new(),
        _ => vec!["127.0.0.1".to_owned()],
    };
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "127.0.0.1");
    params.extended_key_usages = vec![match paper {
        Paper::ForClients => ExtendedKeyUsagePurpose::ClientAuth,
        _ => ExtendedKeyUsagePurpose::ServerAuth,
    }];
    match paper {
        Paper::Expired => {
            params.not_before = date_time_ymd(2019, 1, 1);
            params.not_after = date_time_ymd(2020, 1, 1);
        }
        Paper::NotYetValid => params.not_before = date_time_ymd(2090, 1, 1),
        Paper::UnknownCriticalExtension => {
            // An object identifier below 2.999, which is there for examples.
            let mut unknown = CustomExtension::from_oid_content(&[2, 999, 1], vec![5, 0]);
            unknown.set_criticality(true);
            params.custom_extensions.push(unknown);
        }
        _ => {}
    }
    params
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn pin(certificate: &CertificateDer<'_>) -> String {
    let (_, parsed) = X509Certificate::from_der(certificate).unwrap();
    STANDARD.encode(Sha256::digest(parsed.public_key().raw))
}

/// A machine's certificate and key in PEM, and a server that lets in nobody without one.
pub(super) struct MachinePapers {
    pub(super) server: Papers,
    pub(super) certificate_pem: String,
    pub(super) key_pem: String,
}

pub(super) fn machine_papers() -> MachinePapers {
    let fleet = authority("The fleet's authority");
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "kiosk-0001");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = params.signed_by(&key, &fleet).unwrap();
    let mut server = papers(Paper::Good);
    let mut roots = RootCertStore::empty();
    roots.add(fleet.der().clone()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_cert_resolver(Arc::clone(&server.config.cert_resolver));
    server.config = Arc::new(config);
    MachinePapers { server, certificate_pem: certificate.pem(), key_pem: key.serialize_pem() }
}
