//! A server that plays a recording: it answers each request as recorded, and keeps what arrived.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use super::exchange::Exchange;

/// A request as received.
#[derive(Debug, Clone, Default)]
pub struct Received {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// The server.
pub struct Server {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    /// Answers the requests in the order of the recording.
    pub fn start(exchanges: Vec<Exchange>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let seen = Arc::clone(&received);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some((request, stream)) = read(stream) else { continue };
                let number = {
                    let mut all = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    all.push(request);
                    all.len() - 1
                };
                answer(stream, exchanges.get(number));
            }
        });
        Self { address, received }
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn read(stream: TcpStream) -> Option<(Received, TcpStream)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut words = line.split_whitespace();
    let mut request =
        Received { method: words.next()?.to_owned(), target: words.next()?.to_owned(), ..Received::default() };
    loop {
        line.clear();
        reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        request.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    request.body = vec![0; length];
    reader.read_exact(&mut request.body).ok()?;
    Some((request, reader.into_inner()))
}

fn answer(mut stream: TcpStream, exchange: Option<&Exchange>) {
    let Some(exchange) = exchange else {
        let _ = stream.write_all(b"HTTP/1.1 599 Too Many\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
    };
    let mut head = format!("HTTP/1.1 {} X\r\nConnection: close\r\n", exchange.status);
    for (name, value) in &exchange.response_headers {
        // The site is this server.
        let value = match url::Url::parse(value) {
            Ok(url) if *name == "Location" => url[url::Position::BeforePath..].to_owned(),
            _ => value.clone(),
        };
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !exchange.response_media.is_empty() {
        head.push_str(&format!("Content-Type: {}\r\n", exchange.response_media));
    }
    if exchange.status != 204 {
        head.push_str(&format!("Content-Length: {}\r\n", exchange.response.len()));
    }
    let _ = stream.write_all(format!("{head}\r\n{}", exchange.response).as_bytes());
}
