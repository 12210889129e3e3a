//! What a failed exchange means: was anything sent, and whose fault was it (§1.6, part C).
//!
//! What to do about it stands in the code table of `protocol`.

use std::error::Error;

use protocol::{Condition, Transport};

/// Who is at the other end of the TCP connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FirstHop {
    /// The bank, or the partner's relay.
    Bank,
    /// A proxy on the way there.
    Proxy,
}

/// Reads the library's error down to its cause.
pub(super) fn condition(error: &reqwest::Error, first_hop: FirstHop) -> Condition {
    let tls = causes(error).find_map(tls_error);
    if first_hop == FirstHop::Proxy && error.is_connect() && tls.is_none() {
        return match causes(error).any(wants_login) {
            true => Condition::Http(407),
            false => Condition::Transport(Transport::Proxy),
        };
    }
    Condition::Transport(match tls {
        Some(rustls::Error::InvalidCertificate(_)) => Transport::Certificate,
        // After the handshake an alert counts as a cut: request bytes may already be out.
        Some(_) if error.is_connect() => Transport::TlsHandshake,
        _ if error.is_connect() => Transport::Unreachable,
        _ if error.is_timeout() => Transport::TimedOut,
        _ => Transport::Cut,
    })
}

/// The library tells a proxy that wants a login by its words alone; a test with a real one holds them.
fn wants_login(cause: &(dyn Error + 'static)) -> bool {
    cause.to_string().contains("proxy authorization required")
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

/// The TLS stream hands its error on as the inside of an I/O error, and that may be inside another one.
fn tls_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut cause = cause;
    // An I/O error's source is what its inside came from, never its inside itself.
    while let Some(inside) = cause.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref()) {
        cause = inside;
    }
    cause.downcast_ref::<rustls::Error>()
}
