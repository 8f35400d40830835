//! A server of unusual responses. Each row has its own loopback address, so that it has its own cookies.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned, crypto};

use crate::Outcome;
use crate::rows::Row;

/// The protocol that rows are served over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    Plain,
    Tls,
    H2,
}

#[derive(Clone)]
struct Shared {
    rows: Arc<Vec<Row>>,
    reports: Arc<Mutex<HashMap<usize, Outcome>>>,
}

/// Runs until the process ends.
pub struct Server {
    pub wire: Wire,
    port: u16,
    shared: Shared,
}

impl Server {
    pub fn start(wire: Wire, rows: Vec<Row>) -> Self {
        let listener = TcpListener::bind("0.0.0.0:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Shared { rows: Arc::new(rows), reports: Arc::default() };
        let server_state = shared.clone();
        let tls = (wire != Wire::Plain).then(|| Arc::new(configuration(wire)));
        std::thread::spawn(move || match (wire, tls) {
            (Wire::H2, Some(tls)) => serve_http2(listener, &server_state, tls),
            (_, tls) => {
                for stream in listener.incoming().flatten() {
                    let (shared, tls) = (server_state.clone(), tls.clone());
                    std::thread::spawn(move || {
                        let row = row_of(stream.local_addr().expect("an address"));
                        // The client may disconnect at any time.
                        let _ = match tls {
                            None => serve(stream, row, &shared),
                            Some(tls) => serve_tls(stream, row, &shared, tls),
                        };
                    });
                }
            }
        });
        Self { wire, port, shared }
    }

    pub fn url(&self, host: &str, path: &str) -> String {
        let scheme = if self.wire == Wire::Plain { "http" } else { "https" };
        format!("{scheme}://{host}:{}{path}", self.port)
    }

    /// The URL of a row.
    pub fn row(&self, row: usize, path: &str) -> String {
        self.url(&format!("127.0.1.{}", row + 1), path)
    }

    /// The outcomes of all rows, as received by the server.
    pub fn reports(&self) -> HashMap<usize, Outcome> {
        self.shared.reports.lock().expect("no panic").clone()
    }
}

fn configuration(wire: Wire) -> ServerConfig {
    let folder = tempfile::tempdir().expect("a folder");
    crate::authority::make_certificates(folder.path());
    let chain = CertificateDer::pem_file_iter(folder.path().join("server.pem")).expect("a file");
    let chain = chain.collect::<Result<_, _>>().expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(folder.path().join("server.key")).expect("a key");
    let builder = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    let mut config = builder.with_single_cert(chain, key).expect("a certificate of this key");
    let protocol = if wire == Wire::H2 { b"h2".to_vec() } else { b"http/1.1".to_vec() };
    config.alpn_protocols = vec![protocol];
    config
}

fn row_of(address: SocketAddr) -> Option<usize> {
    match address.ip() {
        IpAddr::V4(ip) if ip.octets()[2] == 1 => Some(usize::from(ip.octets()[3]) - 1),
        _ => None,
    }
}

fn serve_tls(stream: TcpStream, row: Option<usize>, shared: &Shared, tls: Arc<ServerConfig>) -> std::io::Result<()> {
    let connection = ServerConnection::new(tls).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    serve(&mut stream, row, shared)?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// Responds to one request and closes, because the end of the connection matters for many rows.
fn serve(mut stream: impl Read + Write, row: Option<usize>, shared: &Shared) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.push(byte[0]);
    }
    let line_end = head.iter().position(|byte| *byte == b'\r').unwrap_or(0);
    let target = head[..line_end].split(|byte| *byte == b' ').nth(1).unwrap_or_default().to_vec();
    let header = |name: &[u8]| {
        let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        lines
            .find(|line| line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name))
            .map(|line| line[name.len()..].trim_ascii().to_vec())
    };
    let length = header(b"content-length:").and_then(|value| String::from_utf8(value).ok()?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let bytes = answer(row, &target, &header(b"cookie:").unwrap_or_default(), &body, shared);
    stream.write_all(&bytes)?;
    stream.flush()
}

/// The response of the row, or an echo of the request line and cookies for other paths.
fn answer(row: Option<usize>, target: &[u8], cookies: &[u8], body: &[u8], shared: &Shared) -> Vec<u8> {
    let path = String::from_utf8_lossy(target).into_owned();
    let Some(row) = row else {
        let row: Option<usize> = path.strip_prefix("/report/").and_then(|row| row.parse().ok());
        let fields: HashMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
        if let Some(row) = row {
            let field = |name: &str| fields.get(name).map_or("", String::as_str);
            let outcome = Outcome::new(field("s"), field("b"), field("c"));
            shared.reports.lock().expect("no panic").insert(row, outcome);
        }
        // A POST is not retried, but the thread that closes may lag behind the next report.
        return b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_vec();
    };
    let own = shared.rows[row].responses.iter().find(|(known, _)| *known == path);
    match own {
        Some((_, bytes)) => bytes.clone(),
        None => {
            let body = [target, b" ", cookies].concat();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            [head.as_bytes(), &body].concat()
        }
    }
}

fn serve_http2(listener: TcpListener, shared: &Shared, tls: Arc<ServerConfig>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let acceptor = tokio_rustls::TlsAcceptor::from(tls);
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("a listener that can wait");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listening socket");
        while let Ok((stream, _)) = listener.accept().await {
            let (shared, acceptor) = (shared.clone(), acceptor.clone());
            tokio::spawn(async move {
                let row = row_of(stream.local_addr().expect("an address"));
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let mut builder = h2::server::Builder::new();
                builder.max_header_list_size(1 << 20);
                let Ok(mut connection) = builder.handshake::<_, bytes::Bytes>(stream).await else { return };
                while let Some(Ok((request, respond))) = connection.accept().await {
                    tokio::spawn(respond_with(request, respond, row, shared.clone()));
                }
            });
        }
    });
}

async fn respond_with(
    request: http::Request<h2::RecvStream>,
    mut respond: h2::server::SendResponse<bytes::Bytes>,
    row: Option<usize>,
    shared: Shared,
) {
    let (parts, mut incoming) = request.into_parts();
    let mut body = Vec::new();
    while let Some(Ok(piece)) = incoming.data().await {
        let _ = incoming.flow_control().release_capacity(piece.len());
        body.extend_from_slice(&piece);
    }
    let cookies: Vec<&[u8]> = parts.headers.get_all("cookie").iter().map(|value| value.as_bytes()).collect();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let bytes = answer(row, target.as_bytes(), &cookies.join(&b"; "[..]), &body, &shared);
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let mut lines = bytes[..end].split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let status: u16 = String::from_utf8_lossy(&lines.next().expect("a status line")[9..12]).parse().expect("a status");
    let mut response = http::Response::new(());
    *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
    for line in lines.filter(|line| !line.starts_with(b"connection:")) {
        let colon = line.iter().position(|byte| *byte == b':').expect("a header");
        let name = http::HeaderName::from_bytes(&line[..colon]).expect("a name");
        let value = http::HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).expect("a value");
        response.headers_mut().append(name, value);
    }
    let body = bytes[end + 4..].to_vec();
    if let Ok(mut stream) = respond.send_response(response, body.is_empty()) {
        let _ = stream.send_data(body.into(), true);
    }
}
