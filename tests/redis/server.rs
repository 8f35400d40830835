//! Redis servers on free ports, and servers that pretend to be Redis.

#[path = "../common/authority.rs"]
mod authority;

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use authority::make_certificates;

use crate::wait::until;

/// A running server; stops when dropped.
pub struct Redis {
    pub port: u16,
    program: PathBuf,
    arguments: Vec<String>,
    child: Option<Child>,
    folder: tempfile::TempDir,
}

impl Redis {
    /// Starts with additional arguments.
    pub fn start(arguments: &str) -> Self {
        Self::of("redis-server".into(), arguments)
    }

    /// Starts a node of a cluster: its second port is 10,000 above the first.
    pub fn start_in_cluster(arguments: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let arguments = arguments.split_whitespace().map(str::to_owned).collect();
        let free = std::iter::repeat_with(free_port)
            .find(|port| port.checked_add(10_000).is_some_and(|bus| TcpListener::bind(("127.0.0.1", bus)).is_ok()));
        let port = free.expect("two free ports");
        let mut redis = Self { port, program: "redis-server".into(), arguments, child: None, folder };
        redis.revive();
        redis
    }

    /// Starts a Sentinel with this configuration.
    pub fn sentinel(configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let text = format!("port {port}\nbind 127.0.0.1\n{configuration}");
        std::fs::write(folder.path().join("sentinel.conf"), text).expect("a written file");
        let mut command = Command::new("redis-server");
        command.args(["sentinel.conf", "--sentinel"]).current_dir(folder.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("redis-server is there");
        until("a Sentinel that listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        let (program, arguments) = ("redis-server".into(), Vec::new());
        Self { port, program, arguments, child: Some(child), folder }
    }

    /// Starts a Valkey, from the package that tests/run installs.
    pub fn valkey() -> Self {
        Self::of(valkey_server(), "")
    }

    fn of(program: PathBuf, arguments: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let arguments = arguments.split_whitespace().map(str::to_owned).collect();
        let mut redis = Self { port: free_port(), program, arguments, child: None, folder };
        redis.revive();
        redis
    }

    /// Starts with TLS on `localhost`, with a certificate of a private CA.
    pub fn with_tls() -> Self {
        Self::over_tls("no")
    }

    /// Like [`with_tls`](Self::with_tls), but requires client certificates of that CA.
    pub fn with_client_certificates() -> Self {
        Self::over_tls("yes")
    }

    fn over_tls(client_certificates: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        make_certificates(folder.path());
        let port = free_port();
        let line = format!(
            "--tls-port {port} --tls-cert-file server.pem --tls-key-file server.key --tls-ca-cert-file ca.pem \
             --tls-auth-clients {client_certificates}"
        );
        let arguments = line.split_whitespace().map(str::to_owned).collect();
        let mut redis = Self { port, program: "redis-server".into(), arguments, child: None, folder };
        redis.spawn("0");
        redis
    }

    /// Restarts on the same port.
    pub fn revive(&mut self) {
        let port = self.port.to_string();
        self.spawn(&port);
    }

    fn spawn(&mut self, plain_port: &str) {
        let mut command = Command::new(&self.program);
        command.args(["--port", plain_port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.args(&self.arguments).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        self.child = Some(command.spawn().expect("the server is installed: tests/run does that"));
        until("a Redis that listens", || TcpStream::connect(("127.0.0.1", self.port)).is_ok());
    }

    /// Kills the server.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Both fail only if it has already ended.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// False after [`kill`](Self::kill).
    pub fn is_up(&self) -> bool {
        self.child.is_some()
    }

    /// Sends a signal, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let id = self.child.as_ref().expect("a running Redis").id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(status.expect("kill is there").success());
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Like [`tell`](Self::tell), but the whole response to a command that returns a string.
    pub fn tell_all(&self, line: &str) -> String {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a running Redis");
        let mut stream = BufReader::new(stream);
        write!(stream.get_mut(), "{line}\r\n").expect("a sent command");
        let mut head = String::new();
        stream.read_line(&mut head).expect("an answer");
        let length = head.trim().strip_prefix('$').and_then(|digits| digits.parse().ok()).expect("a string");
        let mut text = vec![0; length];
        stream.read_exact(&mut text).expect("an answer");
        String::from_utf8_lossy(&text).into_owned()
    }

    pub fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Sends a command over a plain socket; returns the first bytes of the response.
    pub fn tell(&self, line: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a running Redis");
        write!(stream, "{line}\r\n").expect("a sent command");
        let mut answer = [0; 4096];
        let length = stream.read(&mut answer).expect("an answer");
        String::from_utf8_lossy(&answer[..length]).into_owned()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The server in the package, whose path contains the versions of Python and of the machine.
fn valkey_server() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/valkey/lib");
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_name() == "valkey-server" {
                return entry.path();
            }
            if entry.path().is_dir() {
                folders.push(entry.path());
            }
        }
    }
    panic!("no valkey-server: tests/run installs it");
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port()
}

/// A server that responds to everything with the same bytes, and closes the connection if `closes`.
pub fn pretender(answer: &'static [u8], closes: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("redis://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            std::thread::spawn(move || {
                while matches!(stream.read(&mut [0; 4096]), Ok(1..)) {
                    if stream.write_all(answer).is_err() || closes {
                        return;
                    }
                }
            });
        }
    });
    url
}
