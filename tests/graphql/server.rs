//! A GraphQL server in JavaScript (GraphQL Yoga).

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// A running server; stops when dropped.
pub struct Yoga {
    child: Child,
    port: u16,
}

impl Yoga {
    /// Starts on a free port.
    pub fn start() -> Self {
        let packages = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/graphql");
        let mut child = Command::new("node")
            .args([concat!(env!("CARGO_MANIFEST_DIR"), "/tests/graphql/yoga.mjs"), packages])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node, which tests/run looks for");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("its port");
        let port = line.trim().parse().expect("a port: tests/run installs the server's packages");
        Self { child, port }
    }

    /// Base URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Number of requests to `/graphql`.
    pub fn count(&self) -> u64 {
        self.number("/count")
    }

    /// A counter of the server.
    pub fn number(&self, path: &str) -> u64 {
        let body = get(&self.url(), path);
        // The number is the whole body, or one chunk.
        body.lines().find_map(|line| line.trim().parse().ok().filter(|_| !line.is_empty())).expect("a number")
    }
}

/// The body of a page.
pub fn get(url: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).expect("a live server");
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a live server");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("a reply");
    reply.split_once("\r\n\r\n").expect("a body").1.to_owned()
}

impl Drop for Yoga {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
