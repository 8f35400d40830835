//! Errors of the network and of TLS as reasons of failures, in plain words.

use std::error::Error;
use std::io;

use super::address::host_and_port;
use crate::scenario::secrets::Redactor;
use crate::stats::sample::REFUSED_BY;
use crate::stats::{Example, Reason};

/// The example of a failure without a response: the whole chain of errors as one line, `a: b: c`.
pub fn example(error: &(dyn Error + 'static)) -> Example {
    let mut texts: Vec<String> = chain(error).map(ToString::to_string).collect();
    texts.dedup();
    Example { detail: texts.join(": "), ..Example::default() }
}

/// An error and its causes, the deepest last.
pub fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |e| <dyn Error>::source(*e))
}

/// Why TLS failed, in words for somebody who has never seen the library.
pub fn tls_words(error: &rustls::Error) -> std::sync::Arc<str> {
    use rustls::{AlertDescription as Alert, CertificateError as Bad, Error};
    let words = match error {
        Error::InvalidCertificate(bad) => match bad {
            Bad::Expired | Bad::ExpiredContext { .. } => "the server's certificate has expired",
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => "the server's certificate is not valid yet",
            Bad::Revoked => "the server's certificate was revoked",
            Bad::UnknownIssuer => {
                "the server's certificate is of an unknown issuer: name its authority with tls: { ca }"
            }
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
                "the server's certificate is for another name than the one that was called"
            }
            Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => "the certificate is not one for a server",
            Bad::BadSignature => "the signature of the server's certificate does not fit the authority that is trusted",
            Bad::BadEncoding => "the server's certificate cannot be read",
            // The library hands this one through from another, as a text.
            other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
                "the server's certificate is an authority's own: it needs one that the authority has signed"
            }
            other if format!("{other:?}").contains("UnsupportedCertVersion") => {
                "the server's certificate has no version 3"
            }
            other if format!("{other:?}").contains("UnsupportedSignatureAlgorithm") => {
                "the server's certificate has a signature of a kind that is not supported"
            }
            _ => "the server's certificate is not valid",
        },
        Error::InvalidMessage(_) => "the server does not speak TLS, or not as it should",
        Error::PeerIncompatible(_) => "the server offers no version or cipher that we support",
        Error::NoApplicationProtocol | Error::AlertReceived(Alert::NoApplicationProtocol) => {
            "the server does not speak the HTTP version that is asked for"
        }
        Error::AlertReceived(alert) => match alert {
            Alert::CertificateRequired => "the server wants a client certificate: give tls: { cert, key }",
            Alert::UnknownCA => "the server does not know the authority of our client certificate",
            Alert::BadCertificate | Alert::CertificateUnknown | Alert::UnsupportedCertificate => {
                "the server does not accept our client certificate"
            }
            Alert::CertificateExpired => "our client certificate has expired",
            Alert::CertificateRevoked => "our client certificate was revoked",
            Alert::AccessDenied => "the server denies access with our client certificate",
            Alert::HandshakeFailure => {
                "the server refused the handshake: no common cipher, or it wants a client certificate"
            }
            Alert::ProtocolVersion => "the server offers no TLS version that we support",
            Alert::UnrecognisedName => "the server does not know the name that was called",
            Alert::InternalError => "the server had an error of its own",
            _ => "the server refused the connection",
        },
        Error::DecryptError | Error::PeerMisbehaved(_) | Error::InappropriateHandshakeMessage { .. } => {
            "the server breaks the rules of TLS"
        }
        Error::NoCertificatesPresented => "the server sent no certificate",
        Error::PeerSentOversizedRecord => "the server sent more than TLS allows",
        // Texts of their own; all others would be the library's way to print its own types.
        Error::General(_) | Error::Other(_) => return fold(&error.to_string()),
        _ => "the connection could not be secured",
    };
    words.into()
}

/// The same error, with the address that refused the connection in its words.
pub fn refused_by(error: io::Error, host: &str, port: u16) -> io::Error {
    match error.kind() {
        kind @ io::ErrorKind::ConnectionRefused => {
            io::Error::new(kind, format!("{REFUSED_BY}{}", host_and_port(host, port)))
        }
        _ => error,
    }
}

/// Why the network failed, where that is known.
pub fn io_reason(error: &io::Error) -> Option<Reason> {
    // The handshake's error travels inside an I/O error, sometimes inside two, and `source` does not show it.
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
            Some(_) => Some(Reason::Network(fold(&error.to_string()))),
            None => None,
        },
    }
}

/// Folds a text of this machine or of a library; what a server wrote is folded by [`Redactor::fold`].
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
        let tls = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::DecryptError);
        assert!(matches!(io_reason(&io::Error::other(tls)), Some(Reason::Tls(_))));
    }

    #[test]
    fn tls_failures_are_in_words() {
        use rustls::{AlertDescription as Alert, CertificateError as Bad, Error, InvalidMessage};
        for (error, words) in [
            (Error::InvalidCertificate(Bad::UnknownIssuer), "of an unknown issuer"),
            (Error::InvalidCertificate(Bad::Expired), "has expired"),
            (Error::InvalidCertificate(Bad::NotValidForName), "for another name"),
            (Error::InvalidCertificate(Bad::UnhandledCriticalExtension), "is not valid"),
            (Error::InvalidMessage(InvalidMessage::InvalidContentType), "does not speak TLS"),
            (Error::AlertReceived(Alert::CertificateRequired), "wants a client certificate"),
            (Error::AlertReceived(Alert::HandshakeFailure), "refused the handshake"),
            (Error::AlertReceived(Alert::UserCanceled), "refused the connection"),
        ] {
            let said = tls_words(&error);
            assert!(said.contains(words), "{error:?}: {said}");
        }
    }

    #[test]
    fn numbers_do_not_make_kinds_of_their_own() {
        assert_eq!(&*fold("port 40123, id 7\r\n"), "port N, id N  ");
    }
}
