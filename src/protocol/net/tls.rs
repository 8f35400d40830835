//! TLS configurations: built once for each set of options, because loading root certificates takes milliseconds and
//! 100 KiB.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::scenario::plan::{ClientOptions, HttpVersion};

/// TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The library rejects the settings, such as a key that does not match its certificate.
    #[error("cannot set up TLS: {0}")]
    Settings(#[from] rustls::Error),
    /// A file of the scenario is invalid.
    #[error("tls: {what} cannot be read: {why}")]
    File {
        /// Which one: `ca`, `certificate` or `key`.
        what: &'static str,
        /// The error.
        why: String,
    },
}

/// A configuration for each of `clients`.
pub fn configurations(clients: &[ClientOptions]) -> Result<Vec<ClientConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let usual = system_roots();
    clients.iter().map(|options| configuration(options, &provider, &usual)).collect()
}

/// A single configuration with these options.
pub fn of(options: &ClientOptions) -> Result<ClientConfig, TlsError> {
    configuration(options, &Arc::new(ring::default_provider()), &system_roots())
}

fn configuration(
    options: &ClientOptions,
    provider: &Arc<CryptoProvider>,
    usual: &Arc<RootCertStore>,
) -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider)).with_safe_default_protocol_versions()?;
    let builder = match &options.ca {
        _ if options.insecure => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(Arc::clone(provider))))
        }
        Some(pem) => builder.with_root_certificates(own_roots(pem)?),
        None => builder.with_root_certificates(Arc::clone(usual)),
    };
    let mut config = match &options.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain = certificates("certificate", &identity.certificate)?;
            let key = PrivateKeyDer::from_pem_slice(&identity.key)
                .map_err(|error| TlsError::File { what: "key", why: error.to_string() })?;
            builder.with_client_auth_cert(chain, key)?
        }
    };
    config.alpn_protocols = match options.http_version {
        HttpVersion::Any => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        HttpVersion::One => vec![b"http/1.1".to_vec()],
        HttpVersion::Two => vec![b"h2".to_vec()],
    };
    Ok(config)
}

/// The root certificates of the system (which may include private ones), or Mozilla's if there are none. Loaded once:
/// checks, load and sinks use the same.
fn system_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    Arc::clone(ROOTS.get_or_init(|| Arc::new(load_system_roots())))
}

fn load_system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // Certificates that the library cannot parse are skipped.
    let _ = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

fn own_roots(pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("ca", pem)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

fn certificates(what: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match all {
        Ok(none) if none.is_empty() => Err(TlsError::File { what, why: "it contains no certificate".to_owned() }),
        Ok(all) => Ok(all),
        Err(error) => Err(TlsError::File { what, why: error.to_string() }),
    }
}

/// `tls: { insecure: true }`: accepts any certificate, but still verifies that the server owns its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::plan::Identity;

    #[test]
    fn the_configured_versions_are_offered() {
        let of = |http_version| ClientOptions { http_version, ..ClientOptions::default() };
        let configs = configurations(&[of(HttpVersion::Any), of(HttpVersion::One), of(HttpVersion::Two)]);
        let offered: Vec<usize> = configs.expect("valid").iter().map(|config| config.alpn_protocols.len()).collect();
        assert_eq!(offered, [2, 1, 1]);
    }

    #[test]
    fn root_certificates_are_loaded_once() {
        assert!(Arc::ptr_eq(&system_roots(), &system_roots()));
    }

    #[test]
    fn invalid_certificate_files_are_named() {
        let bad = |text: &str| Some(Arc::from(text.as_bytes()));
        let ca = ClientOptions { ca: bad("nothing"), ..ClientOptions::default() };
        let error = configurations(&[ca]).expect_err("no certificate");
        assert_eq!(error.to_string(), "tls: ca cannot be read: it contains no certificate");
        let identity = Identity { certificate: b"x".as_slice().into(), key: b"y".as_slice().into() };
        let own = ClientOptions { identity: Some(identity), ..ClientOptions::default() };
        assert!(configurations(&[own]).expect_err("none").to_string().starts_with("tls: certificate"));
    }
}
