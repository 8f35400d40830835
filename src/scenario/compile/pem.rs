//! Certificates and keys in PEM format. They are validated at compile time, so that errors have a position.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::builder::Builder;
use super::fields::Fields;
use crate::scenario::plan::Identity;
use crate::scenario::syntax::node::Node;

impl Builder<'_> {
    /// `ca`: trusted certificates.
    pub(super) fn authority(&mut self, node: &Node) -> Option<Arc<[u8]>> {
        let (name, bytes) = self.pem(node, "ca", "CERTIFICATE")?;
        let mut roots = RootCertStore::empty();
        for certificate in self.chain(node, &name, &bytes)? {
            if let Err(why) = roots.add(certificate) {
                self.error(node, format!("a certificate in {name} cannot be trusted: {why}"));
                return None;
            }
        }
        Some(bytes)
    }

    /// `cert` and `key` of a client certificate.
    pub(super) fn identity(&mut self, node: &Node, fields: &Fields<'_>) -> Option<Identity> {
        let cert = fields.get("cert").map(|n| (n, self.pem(n, "cert", "CERTIFICATE")));
        let key = fields.get("key").map(|n| (n, self.pem(n, "key", "PRIVATE KEY")));
        let ((cert_node, cert), (key_node, key)) = match (cert, key) {
            (Some(cert), Some(key)) => (cert, key),
            _ => return None,
        };
        let ((cert_name, certificate), (key_name, key)) = (cert?, key?);
        let chain = self.chain(cert_node, &cert_name, &certificate)?;
        let private = match PrivateKeyDer::from_pem_slice(&key) {
            Ok(private) => private,
            Err(_) if String::from_utf8_lossy(&key).contains("ENCRYPTED") => {
                let note = "remove it: openssl pkey -in key.pem -out plain.pem";
                self.report(key_node.at.clone(), format!("the key in {key_name} has a password"), note);
                return None;
            }
            Err(why) => {
                self.error(key_node, format!("the key in {key_name} cannot be read: {why}"));
                return None;
            }
        };
        match CertifiedKey::from_der(chain, private, &ring::default_provider()) {
            Ok(_) => Some(Identity { certificate, key }),
            Err(rustls::Error::InconsistentKeys(_)) => {
                let message = format!("the key in {key_name} does not belong to the certificate in {cert_name}");
                self.report(key_node.at.clone(), message, "set `key` to the key of the certificate");
                None
            }
            Err(why) => {
                self.error(node, format!("{cert_name} and {key_name} cannot be used: {why}"));
                None
            }
        }
    }

    fn chain(&mut self, node: &Node, name: &str, pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
        let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        all.map_err(|why| self.error(node, format!("the certificate in {name} cannot be read: {why}"))).ok()
    }

    fn pem(&mut self, node: &Node, what: &str, mark: &str) -> Option<(String, Arc<[u8]>)> {
        let name = self.constant_text(node, what)?;
        let bytes = self.read_file(node, &name)?;
        let has =
            String::from_utf8_lossy(&bytes).lines().any(|line| line.starts_with("-----BEGIN ") && line.contains(mark));
        if !has {
            self.error(node, format!("{name} has no {mark} in PEM form"));
            return None;
        }
        Some((name, bytes.to_vec().into()))
    }
}
