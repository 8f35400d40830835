//! Maps network and TLS errors to failure reasons.

use std::error::Error;
use std::io;

use super::address::host_and_port;
use crate::clean;
use crate::scenario::secrets::Redactor;
use crate::stats::sample::REFUSED_BY;
use crate::stats::{Example, Reason};

/// The example of a failure without a response: the chain of errors on one line, `a: b: c`.
pub fn example(error: &(dyn Error + 'static)) -> Example {
    let mut texts: Vec<String> = chain(error).map(ToString::to_string).collect();
    texts.dedup();
    Example { detail: texts.join(": "), ..Example::default() }
}

/// An error and its causes, the deepest last.
pub fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |e| <dyn Error>::source(*e))
}

/// Describes a TLS error without the terms of the library.
pub fn tls_words(error: &rustls::Error) -> std::sync::Arc<str> {
    use rustls::{AlertDescription as Alert, CertificateError as Bad, Error};
    let words = match error {
        Error::InvalidCertificate(bad) => match bad {
            Bad::Expired | Bad::ExpiredContext { .. } => "the server's certificate has expired",
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => "the server's certificate is not valid yet",
            Bad::Revoked => "the server's certificate was revoked",
            Bad::UnknownIssuer => "the server's certificate has an unknown issuer: set its CA with tls: { ca }",
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
                "the server's certificate is not valid for the requested host name"
            }
            Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => "the certificate is not valid for a server",
            Bad::BadSignature => "the signature of the server's certificate does not match the trusted CA",
            Bad::BadEncoding => "the server's certificate cannot be read",
            // These errors come from another library, and only as text.
            other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
                "the server sent a CA certificate: it needs a certificate signed by the CA"
            }
            other if format!("{other:?}").contains("UnsupportedCertVersion") => {
                "the server's certificate is not X.509 version 3"
            }
            other if format!("{other:?}").contains("UnsupportedSignatureAlgorithm") => {
                "the signature algorithm of the server's certificate is not supported"
            }
            _ => "the server's certificate is not valid",
        },
        Error::InvalidMessage(_) => "the server does not speak TLS, or sent an invalid message",
        Error::PeerIncompatible(_) => "no TLS version or cipher suite in common with the server",
        Error::NoApplicationProtocol | Error::AlertReceived(Alert::NoApplicationProtocol) => {
            "the server does not support the requested HTTP version"
        }
        Error::AlertReceived(alert) => match alert {
            Alert::CertificateRequired => "the server requires a client certificate: set tls: { cert, key }",
            Alert::UnknownCA => "the server does not trust the CA of the client certificate",
            Alert::BadCertificate | Alert::CertificateUnknown | Alert::UnsupportedCertificate => {
                "the server rejected the client certificate"
            }
            Alert::CertificateExpired => "the client certificate has expired",
            Alert::CertificateRevoked => "the client certificate was revoked",
            Alert::AccessDenied => "the server denied access for the client certificate",
            Alert::HandshakeFailure => {
                "the server refused the handshake: no common cipher suite, or it requires a client certificate"
            }
            Alert::ProtocolVersion => "no TLS version in common with the server",
            Alert::UnrecognisedName => "the server does not recognize the requested host name",
            Alert::InternalError => "the server reported an internal error",
            _ => "the server refused the connection",
        },
        Error::DecryptError | Error::PeerMisbehaved(_) | Error::InappropriateHandshakeMessage { .. } => {
            "the server violated the TLS protocol"
        }
        Error::NoCertificatesPresented => "the server sent no certificate",
        Error::PeerSentOversizedRecord => "the server sent an oversized TLS record",
        // These have a message of their own; all others would print types of the library.
        Error::General(_) | Error::Other(_) => return fold(&error.to_string()),
        _ => "the TLS handshake failed",
    };
    words.into()
}

/// Adds the address to an error that says the connection was refused.
pub fn refused_by(error: io::Error, host: &str, port: u16) -> io::Error {
    match error.kind() {
        kind @ io::ErrorKind::ConnectionRefused => {
            io::Error::new(kind, format!("{REFUSED_BY}{}", host_and_port(host, port)))
        }
        _ => error,
    }
}

/// The reason for an I/O error, if it is a known one.
pub fn io_reason(error: &io::Error) -> Option<Reason> {
    // A TLS error is wrapped in one or two I/O errors, and `source` does not return it.
    if let Some(inner) = error.get_ref() {
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return Some(Reason::Tls(tls_words(tls)));
        }
        if let Some(nested) = inner.downcast_ref::<io::Error>() {
            return io_reason(nested);
        }
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Some(Reason::ConnectionRefused),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
            Some(Reason::ConnectionReset)
        }
        io::ErrorKind::UnexpectedEof => Some(Reason::ConnectionClosed),
        io::ErrorKind::AddrNotAvailable => Some(Reason::Generator("no free local port".into())),
        _ => match error.raw_os_error() {
            // EMFILE and ENFILE: the same numbers on every Unix.
            Some(23 | 24) => Some(Reason::Generator("too many open files".into())),
            Some(_) => Some(Reason::Network(fold(&clean::cause(error)))),
            None => None,
        },
    }
}

/// Folds a message of the system or a library; for text from a server use [`Redactor::fold`].
pub fn fold(text: &str) -> std::sync::Arc<str> {
    Redactor::default().fold(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn io_errors_have_plain_reasons() {
        let of = |kind: io::ErrorKind| io_reason(&io::Error::from(kind));
        assert_eq!(of(io::ErrorKind::ConnectionRefused), Some(Reason::ConnectionRefused));
        assert_eq!(of(io::ErrorKind::BrokenPipe), Some(Reason::ConnectionReset));
        assert_eq!(io_reason(&io::Error::from_raw_os_error(24)), Some(Reason::Generator("too many open files".into())));
        let unreachable = io_reason(&io::Error::from_raw_os_error(101));
        assert!(matches!(unreachable, Some(Reason::Network(why)) if !why.contains("os error")));
        let tls = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::DecryptError);
        assert!(matches!(io_reason(&io::Error::other(tls)), Some(Reason::Tls(_))));
    }

    #[test]
    fn tls_errors_have_plain_reasons() {
        use rustls::{AlertDescription as Alert, CertificateError as Bad, Error, InvalidMessage};
        for (error, words) in [
            (Error::InvalidCertificate(Bad::UnknownIssuer), "has an unknown issuer"),
            (Error::InvalidCertificate(Bad::Expired), "has expired"),
            (Error::InvalidCertificate(Bad::NotValidForName), "not valid for the requested"),
            (Error::InvalidCertificate(Bad::UnhandledCriticalExtension), "is not valid"),
            (Error::InvalidMessage(InvalidMessage::InvalidContentType), "does not speak TLS"),
            (Error::AlertReceived(Alert::CertificateRequired), "requires a client certificate"),
            (Error::AlertReceived(Alert::HandshakeFailure), "refused the handshake"),
            (Error::AlertReceived(Alert::UserCanceled), "refused the connection"),
        ] {
            let text = tls_words(&error);
            assert!(text.contains(words), "{error:?}: {text}");
        }
    }

    #[test]
    fn numbers_are_folded() {
        assert_eq!(&*fold("port 40123, id 7\r\n"), "port N, id N  ");
    }
}
