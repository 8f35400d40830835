//! A real nginx with a folder and a free port of its own, and an access log that can be counted.

#[path = "../common/authority.rs"]
pub mod authority;

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use authority::make_certificates;

use crate::command::signal;
use crate::wait::until;

/// Stops when dropped.
pub struct Nginx {
    folder: tempfile::TempDir,
    port: u16,
    secure: bool,
    child: Child,
}

/// A port nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).expect("a free port").local_addr().expect("an address").port()
}

impl Nginx {
    /// Answers everything, but has no `/missing`.
    pub fn start() -> Self {
        Self::with("", "location = /missing { return 404; }\nlocation / { return 200 'hello'; }")
    }

    /// With these parts of the sections `http` and `server`; `PORT` stands for the port and `FOLDER` for its folder.
    pub fn with(http: &str, server: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::begin(folder, http, &format!("listen 127.0.0.1:PORT;\n{server}"))
    }

    /// The same behind TLS, with the certificate `server.pem` of a private authority `ca.pem` in its folder. Speaks
    /// HTTP/2 too where `version_2`.
    pub fn secure(version_2: bool, server: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        make_certificates(folder.path());
        let http2 = if version_2 { " http2" } else { "" };
        let listen =
            format!("listen 127.0.0.1:PORT ssl{http2};\nssl_certificate server.pem;\nssl_certificate_key server.key;");
        let mut nginx = Self::begin(folder, "", &format!("{listen}\n{server}"));
        nginx.secure = true;
        nginx
    }

    fn begin(folder: tempfile::TempDir, http: &str, server: &str) -> Self {
        let port = free_port();
        // One process that stays in the foreground: killing it ends all of it, and needs no rights.
        let conf = format!(
            "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr crit;\n\
             events {{ worker_connections 1024; }}\n\
             http {{\n  log_format plain '$request $status $body_bytes_sent $msec cookie=[$http_cookie] \
             accepts=[$http_accept_encoding] host=[$http_host]';\n  access_log access.log plain;\n\
             client_body_temp_path tmp;\n  proxy_temp_path tmp;\n  fastcgi_temp_path tmp;\n\
             uwsgi_temp_path tmp;\n  scgi_temp_path tmp;\n  keepalive_requests 100000;\n{http}\n\
             server {{\n{server}\n  }}\n}}\n"
        );
        let prefix = folder.path().display().to_string();
        let conf = conf.replace("PORT", &port.to_string()).replace("FOLDER", &prefix);
        fs::write(folder.path().join("nginx.conf"), conf).expect("a written configuration");
        let child = spawn(folder.path());
        let mut nginx = Self { folder, port, secure: false, child };
        nginx.wait();
        nginx
    }

    fn wait(&mut self) {
        until("an nginx that listens", || {
            assert!(self.child.try_wait().expect("a child").is_none(), "nginx has ended");
            TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
    }

    /// Base URL.
    pub fn url(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        // The certificate is for the name.
        let host = if self.secure { "localhost" } else { "127.0.0.1" };
        format!("{scheme}://{host}:{}", self.port)
    }

    /// A file of its folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child that can be killed");
        self.child.wait().expect("an end");
    }

    /// Starts it again on the same port.
    pub fn revive(&mut self) {
        self.child = spawn(self.folder.path());
        self.wait();
    }

    /// The lines of its access log so far.
    pub fn log(&self) -> Vec<String> {
        let log = fs::read_to_string(self.file("access.log")).expect("an access log");
        log.lines().map(str::to_owned).collect()
    }

    /// Lets it finish what it has, ends it, and returns the lines of its access log.
    pub fn stop_and_read_log(mut self) -> Vec<String> {
        signal("TERM", self.child.id());
        self.child.wait().expect("nginx ends");
        self.log()
    }
}

fn spawn(folder: &Path) -> Child {
    let mut prefix = folder.as_os_str().to_owned();
    prefix.push("/");
    let mut command = Command::new("nginx");
    command.arg("-p").arg(&prefix).args(["-e", "stderr", "-c", "nginx.conf"]).stdin(Stdio::null());
    command.spawn().expect("nginx is installed: tests/run does that")
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
