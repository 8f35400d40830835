//! A real nginx with a folder and a free port of its own, and an access log that can be counted.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Stops when dropped.
pub struct Nginx {
    folder: tempfile::TempDir,
    port: u16,
    child: Child,
}

/// A port nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).expect("a free port").local_addr().expect("an address").port()
}

impl Nginx {
    /// Starts it and waits until it listens.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        // One process that stays in the foreground: killing it ends all of it, and needs no rights.
        let conf = format!(
            "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr warn;\n\
             events {{ worker_connections 1024; }}\n\
             http {{\n  log_format plain '$request $status';\n  access_log access.log plain;\n\
             client_body_temp_path tmp;\n  proxy_temp_path tmp;\n  fastcgi_temp_path tmp;\n\
             uwsgi_temp_path tmp;\n  scgi_temp_path tmp;\n  keepalive_requests 100000;\n\
             server {{\n    listen 127.0.0.1:{port};\n    location = /missing {{ return 404; }}\n\
             location / {{ return 200 'hello'; }}\n  }}\n}}\n"
        );
        fs::write(folder.path().join("nginx.conf"), conf).expect("a written configuration");
        let mut prefix = folder.path().as_os_str().to_owned();
        prefix.push("/");
        let child = Command::new("nginx")
            .arg("-p")
            .arg(&prefix)
            .args(["-e", "stderr", "-c", "nginx.conf"])
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx is installed: tests/run does that");
        let mut nginx = Self { folder, port, child };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(nginx.child.try_wait().expect("a child").is_none(), "nginx has ended");
            assert!(Instant::now() < deadline, "nginx does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        nginx
    }

    /// Base URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Lets it finish what it has, ends it, and returns the lines of its access log.
    pub fn stop_and_read_log(mut self) -> Vec<String> {
        let pid = self.child.id().to_string();
        let quit = Command::new("kill").args(["-s", "TERM", &pid]).status().expect("kill runs");
        assert!(quit.success());
        self.child.wait().expect("nginx ends");
        let log = fs::read_to_string(self.folder.path().join("access.log")).expect("an access log");
        log.lines().map(str::to_owned).collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
