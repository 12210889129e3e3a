//! The bank's TLS side: an authority made at start, and a server certificate for loopback signed by it,
//! or one that a client must refuse.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use thiserror::Error;

/// What the server shows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Certificate {
    /// For 127.0.0.1 and localhost, signed by the authority in `ca.pem`.
    #[default]
    Good,
    /// The same, over since 2020.
    Expired,
    /// For another host.
    OtherHost,
    /// Signed by an authority that nobody was given.
    OtherAuthority,
}

/// The TLS side could not be made.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// The certificates.
    #[error("making the bank's certificates failed")]
    Making(#[from] rcgen::Error),
    /// The server configuration.
    #[error("setting up the bank's TLS failed")]
    Tls(#[from] rustls::Error),
}

/// What the server needs and what the client must trust.
pub(super) struct Tls {
    pub config: Arc<ServerConfig>,
    pub ca_pem: String,
}

/// Makes the authority and the certificate.
pub(super) fn make(which: Certificate) -> Result<Tls, CertificateError> {
    let authority = authority("Simulated bank authority")?;
    let ca_pem = authority.pem();
    let names = match which {
        Certificate::Good | Certificate::Expired | Certificate::OtherAuthority => {
            vec!["127.0.0.1".to_owned(), "localhost".to_owned()]
        }
        Certificate::OtherHost => vec!["bank.invalid".to_owned()],
    };
    let mut leaf = CertificateParams::new(names)?;
    leaf.distinguished_name.push(DnType::CommonName, "Simulated bank");
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    if which == Certificate::Expired {
        leaf.not_before = date_time_ymd(2019, 1, 1);
        leaf.not_after = date_time_ymd(2020, 1, 1);
    }
    let key = KeyPair::generate()?;
    let signer = if which == Certificate::OtherAuthority {
        self::authority("Another authority")?
    } else {
        authority
    };
    let signed = leaf.signed_by(&key, &signer)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![signed.der().clone()],
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Tls { config: Arc::new(config), ca_pem })
}

fn authority(name: &str) -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_certificate_can_be_served() {
        for which in [
            Certificate::Good,
            Certificate::Expired,
            Certificate::OtherHost,
            Certificate::OtherAuthority,
        ] {
            let tls = make(which).unwrap();
            assert!(tls.ca_pem.starts_with("-----BEGIN CERTIFICATE-----"), "{which:?}");
        }
    }
}
