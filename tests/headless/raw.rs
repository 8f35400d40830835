//! Servers that are written byte by byte in a test, with or without TLS, and remember what they were asked.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::nginx::authority::make_certificates;

/// One connection.
pub trait Wire: Read + Write + Send {
    /// Ends TLS as TLS asks for; nothing without TLS.
    fn say_goodbye(&mut self);

    /// How long a read waits.
    fn set_read_timeout(&mut self, limit: Option<Duration>);
}

impl Wire for TcpStream {
    fn say_goodbye(&mut self) {}

    fn set_read_timeout(&mut self, limit: Option<Duration>) {
        TcpStream::set_read_timeout(self, limit).expect("a time");
    }
}

impl Wire for StreamOwned<ServerConnection, TcpStream> {
    fn say_goodbye(&mut self) {
        self.conn.send_close_notify();
        let _ = self.flush();
    }

    fn set_read_timeout(&mut self, limit: Option<Duration>) {
        self.sock.set_read_timeout(limit).expect("a time");
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Number of the connection.
    pub connection: usize,
    /// Everything up to the empty line, in lower case.
    pub head: String,
}

impl Asked {
    /// The path in the first line.
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        Some(line[name.len() + 1..].trim())
    }
}

/// Lives as long as the process.
pub struct Raw {
    folder: Arc<tempfile::TempDir>,
    secure: bool,
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// Reads requests off a connection.
pub struct Reader {
    connection: usize,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Reader {
    /// The head of the next request; its body is left where it is.
    pub fn head(&self, wire: &mut dyn Wire) -> Option<Asked> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            wire.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).to_lowercase();
        let asked = Asked { connection: self.connection, head };
        self.asked.lock().expect("no thread has failed").push(asked.clone());
        Some(asked)
    }

    /// The next request; its body is read and dropped.
    pub fn next(&self, wire: &mut dyn Wire) -> Option<Asked> {
        let asked = self.head(wire)?;
        let length: usize = asked.header("content-length").map_or(0, |value| value.parse().expect("a length"));
        let mut body = vec![0; length];
        wire.read_exact(&mut body).ok()?;
        Some(asked)
    }
}

/// Of the certificate that [`make_certificates`] leaves in a folder.
pub fn tls(folder: &std::path::Path, versions: &[&[u8]]) -> Arc<ServerConfig> {
    let chain = vec![CertificateDer::from_pem_file(folder.join("server.pem")).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("valid settings");
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key).expect("valid settings");
    config.alpn_protocols = versions.iter().map(|version| version.to_vec()).collect();
    Arc::new(config)
}

impl Raw {
    /// Serves every connection on a thread of its own, and closes it when `serve` is done.
    pub fn start(secure: bool, serve: impl Fn(&mut dyn Wire, &Reader) + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        if secure {
            make_certificates(folder.path());
        }
        Self::begin(secure, Arc::new(folder), serve)
    }

    /// The same, with the certificate of another.
    pub fn start_like(other: &Self, serve: impl Fn(&mut dyn Wire, &Reader) + Send + Sync + 'static) -> Self {
        Self::begin(other.secure, Arc::clone(&other.folder), serve)
    }

    fn begin(
        secure: bool,
        folder: Arc<tempfile::TempDir>,
        serve: impl Fn(&mut dyn Wire, &Reader) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let config = secure.then(|| tls(folder.path(), &[]));
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (serve, all) = (Arc::new(serve), Arc::clone(&asked));
        std::thread::spawn(move || {
            for (connection, stream) in listener.incoming().flatten().enumerate() {
                let _ = stream.set_nodelay(true);
                let (serve, config) = (Arc::clone(&serve), config.clone());
                let reader = Reader { connection, asked: Arc::clone(&all) };
                std::thread::spawn(move || match config {
                    Some(config) => {
                        let tls = ServerConnection::new(config).expect("a session");
                        serve(&mut StreamOwned::new(tls, stream), &reader);
                    }
                    None => serve(&mut { stream }, &reader),
                });
            }
        });
        Self { folder, secure, port, asked }
    }

    /// Base URL.
    pub fn url(&self) -> String {
        if self.secure { format!("https://localhost:{}", self.port) } else { format!("http://127.0.0.1:{}", self.port) }
    }

    /// The authority that has signed its certificate.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no thread has failed").clone()
    }
}
