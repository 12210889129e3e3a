//! Whom the agent believes to be the bank: certificates always checked, and pinned where configured.
//!
//! There is no switch that turns a check off. The one call of rustls' `dangerous()` below installs a
//! verifier that asks the standard one first and only then refuses more.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use sha2::{Digest, Sha256};
use thiserror::Error as ThisError;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::config::SpkiPin;

/// Why TLS could not be set up.
#[derive(Debug, ThisError)]
pub enum TlsSetupError {
    /// The CA file.
    #[error("bank.ca_file holds no PEM certificate, expected at least one")]
    NoCertificate,
    /// A certificate in it.
    #[error("bank.ca_file holds a certificate that cannot be read")]
    Certificate,
    /// This machine's certificate.
    #[error("bank.client_certificate_file holds no PEM certificate that can be read")]
    ClientCertificate,
    /// Its key.
    #[error("credentials.client_key holds no private key in PEM that can be read")]
    ClientKey,
    /// Both can be read, but they are not a pair.
    #[error(
        "credentials.client_key is not the key of the certificate in bank.client_certificate_file, \
         expected a pair"
    )]
    NotAPair,
    /// The library refused.
    #[error("TLS could not be set up")]
    Tls(#[from] Error),
}

/// This machine's certificate, leaf first, and its private key, both in PEM.
pub(super) struct Identity<'a> {
    pub(super) chain_pem: &'a [u8],
    pub(super) key_pem: &'a [u8],
}

/// TLS 1.2 and 1.3, against a private CA or the web's roots, with pins if any are given, and with a
/// certificate of this machine if it has one.
pub(super) fn client_config(
    ca_pem: Option<&[u8]>,
    pins: &[SpkiPin],
    identity: Option<&Identity<'_>>,
) -> Result<ClientConfig, TlsSetupError> {
    let roots = Arc::new(match ca_pem {
        Some(pem) => private_roots(pem)?,
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
    });
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let builder = if pins.is_empty() {
        builder.with_root_certificates(roots)
    } else {
        let standard = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
            .build()
            .map_err(|_| TlsSetupError::NoCertificate)?;
        let verifier = Arc::new(Pinned { standard, pins: pins.to_vec(), provider });
        builder.dangerous().with_custom_certificate_verifier(verifier)
    };
    let Some(identity) = identity else { return Ok(builder.with_no_client_auth()) };
    let chain = CertificateDer::pem_slice_iter(identity.chain_pem).collect::<Result<Vec<_>, _>>();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or(TlsSetupError::ClientCertificate)?;
    let key =
        PrivateKeyDer::from_pem_slice(identity.key_pem).map_err(|_| TlsSetupError::ClientKey)?;
    builder.with_client_auth_cert(chain, key).map_err(|error| match error {
        Error::InconsistentKeys(_) => TlsSetupError::NotAPair,
        Error::InvalidCertificate(_) => TlsSetupError::ClientCertificate,
        _ => TlsSetupError::ClientKey,
    })
}

fn private_roots(pem: &[u8]) -> Result<RootCertStore, TlsSetupError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| TlsSetupError::Certificate)?;
        roots.add(certificate).map_err(|_| TlsSetupError::Certificate)?;
    }
    if roots.is_empty() { Err(TlsSetupError::NoCertificate) } else { Ok(roots) }
}

/// The standard verifier, and then: some certificate of the chain carries a pinned key.
#[derive(Debug)]
struct Pinned {
    standard: Arc<WebPkiServerVerifier>,
    pins: Vec<SpkiPin>,
    provider: Arc<CryptoProvider>,
}

impl Pinned {
    fn knows(&self, certificate: &CertificateDer<'_>) -> bool {
        X509Certificate::from_der(certificate).is_ok_and(|(_, parsed)| {
            let digest = Sha256::digest(parsed.public_key().raw);
            self.pins.iter().any(|pin| pin.bytes().as_slice() == digest.as_slice())
        })
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.standard.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        if self.knows(end_entity) || intermediates.iter().any(|one| self.knows(one)) {
            return Ok(verified);
        }
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
