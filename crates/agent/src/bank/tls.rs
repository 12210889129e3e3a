//! Whom the agent believes to be the bank: certificates always checked, and pinned where configured.
//!
//! There is no switch that turns a check off. The one call of rustls' `dangerous()` below installs a
//! verifier that asks the standard one first and only then refuses more.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
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
    /// The library refused.
    #[error("TLS could not be set up")]
    Tls(#[from] Error),
}

/// TLS 1.2 and 1.3, against a private CA or the web's roots, with pins if any are given.
pub(super) fn client_config(
    ca_pem: Option<&[u8]>,
    pins: &[SpkiPin],
) -> Result<ClientConfig, TlsSetupError> {
    let roots = Arc::new(match ca_pem {
        Some(pem) => private_roots(pem)?,
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
    });
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    if pins.is_empty() {
        return Ok(builder.with_root_certificates(roots).with_no_client_auth());
    }
    let standard = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
        .build()
        .map_err(|_| TlsSetupError::NoCertificate)?;
    let verifier = Arc::new(Pinned { standard, pins: pins.to_vec(), provider });
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
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
