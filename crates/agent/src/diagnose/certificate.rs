//! What the bank's certificates say: accepted and until when, or refused and why.
//!
//! The handshake itself is made in `bank`; whom to believe is decided by the agent's bank client.

use std::io;

use protocol::BankTime;
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, Error};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::finding::{Advice, Check, Finding};

/// From so few days on, somebody should ask the bank for its next certificate and pins.
const EXPIRES_SOON_DAYS: i64 = 30;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// The chain was accepted; the one that ends first counts.
pub(super) fn accepted(chain: &[CertificateDer<'_>], now: BankTime) -> Finding {
    let ends_ms = |certificate: &CertificateDer<'_>| {
        let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
        parsed.validity().not_after.timestamp().checked_mul(1_000)
    };
    let Some(end_ms) = chain.iter().filter_map(ends_ms).min() else {
        return Finding::ok(Check::Certificate, "the bank's certificate is accepted");
    };
    let days = end_ms.saturating_sub(now.millis()) / DAY_MS;
    let finding = format!("the bank's certificate is accepted, its chain ends in {days} days");
    if days >= EXPIRES_SOON_DAYS {
        return Finding::ok(Check::Certificate, finding);
    }
    let advice = Advice::new(
        "the bank has not yet renewed it, or this machine's clock is ahead",
        "ask the bank for the day of renewal, and whether bank.ca_file and bank.pins must change",
    );
    Finding::warning(Check::Certificate, finding, advice)
}

/// The handshake failed.
pub(super) fn refused(error: &io::Error) -> Finding {
    let inside = error.get_ref().and_then(|inside| inside.downcast_ref::<Error>());
    let advice = match inside {
        Some(Error::InvalidCertificate(reason)) => certificate(reason),
        Some(Error::AlertReceived(alert)) => Advice::new(
            format!("the bank's side refused the handshake ({alert:?})"),
            "ask the bank which TLS versions and which client certificate it expects",
        ),
        Some(Error::InvalidMessage(_)) => Advice::new(
            "what answers on this port does not speak TLS",
            "compare bank.base_url and its port with what the bank named",
        ),
        Some(_) | None => Advice::new(
            error.to_string(),
            "look for a proxy or firewall between that opens TLS, then ask the bank",
        ),
    };
    let found = match inside {
        Some(Error::InvalidCertificate(_)) => "the bank's certificate is refused",
        Some(_) | None => "the TLS handshake failed",
    };
    Finding::fault(Check::Certificate, found, advice)
}

fn certificate(reason: &CertificateError) -> Advice {
    use CertificateError as Reason;
    match reason {
        Reason::UnknownIssuer => Advice::new(
            "none of the trusted authorities vouches for it",
            "compare bank.ca_file with the authority that the bank named; \
             if a proxy opens TLS here, it must let this connection through",
        ),
        Reason::Expired | Reason::ExpiredContext { .. } => Advice::new(
            "it has ended, by this machine's clock",
            "check this machine's date; if that is right, tell the bank",
        ),
        Reason::NotValidYet | Reason::NotValidYetContext { .. } => Advice::new(
            "it has not begun, by this machine's clock",
            "set this machine's clock: timedatectl set-ntp true",
        ),
        Reason::NotValidForName | Reason::NotValidForNameContext { .. } => Advice::new(
            "it is for another name",
            "compare the host in bank.base_url with what the bank named",
        ),
        Reason::ApplicationVerificationFailure => Advice::new(
            "no key in its chain is one of bank.pins",
            "ask the bank, by a way you trust, whether its key has changed; then correct bank.pins",
        ),
        other => Advice::new(
            format!("it is not in order: {other:?}"),
            "tell the bank; do not work around it",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    fn of(reason: CertificateError) -> Finding {
        let error = Error::InvalidCertificate(reason);
        refused(&io::Error::new(io::ErrorKind::InvalidData, error))
    }

    #[track_caller]
    fn check(finding: &Finding, cause: &str, remedy: &str) {
        assert_eq!(finding.verdict, Verdict::Fault);
        assert!(finding.cause.as_ref().unwrap().contains(cause), "{finding:?}");
        assert!(finding.remedy.as_ref().unwrap().contains(remedy), "{finding:?}");
    }

    #[test]
    fn each_reason_has_its_own_cause_and_remedy() {
        check(&of(CertificateError::UnknownIssuer), "authorities", "bank.ca_file");
        check(&of(CertificateError::Expired), "ended", "machine's date");
        check(&of(CertificateError::NotValidYet), "not begun", "clock");
        check(&of(CertificateError::NotValidForName), "another name", "bank.base_url");
        check(&of(CertificateError::ApplicationVerificationFailure), "bank.pins", "ask the bank");
        check(&of(CertificateError::Revoked), "Revoked", "tell the bank");
        let cut = io::Error::from(io::ErrorKind::UnexpectedEof);
        check(&refused(&cut), "unexpected end of file", "proxy");
    }
}
