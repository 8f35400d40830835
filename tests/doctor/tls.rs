//! A TLS server with a certificate of any age and name.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::server::free_port;
use crate::wait::until;

/// `openssl s_server`; stops when dropped.
pub struct Tls {
    port: u16,
    child: Child,
    folder: tempfile::TempDir,
}

impl Tls {
    /// Starts with a certificate that ends in this many days, or has ended if they are negative, for this name.
    pub fn start(days: &str, name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let curve = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        let now = jiff::Timestamp::now();
        let day = |days: i64| (now + jiff::SignedDuration::from_hours(24 * days)).strftime("%Y%m%d%H%M%SZ").to_string();
        let (start, end) = (day(-30), day(days.parse().expect("days")));
        std::fs::write(folder.path().join("names"), format!("subjectAltName=DNS:{name}\n")).expect("a file");
        std::fs::write(folder.path().join("index"), "").expect("a file");
        std::fs::write(folder.path().join("serial"), "01\n").expect("a file");
        let settings = "[ca]\ndefault_ca=own\n[own]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n\
                        policy=any\n[any]\ncommonName=supplied\n";
        std::fs::write(folder.path().join("ca.cnf"), settings).expect("a file");
        for line in [
            &format!("req -x509 {curve} -keyout ca.key -out ca.pem -days 200 -subj /CN=katydid-test-authority"),
            &format!("req {curve} -keyout server.key -out server.csr -subj /CN={name}"),
            &format!(
                "ca -batch -config ca.cnf -in server.csr -out server.pem -cert ca.pem -keyfile ca.key -startdate {start} \
                 -enddate {end} -extfile names -notext"
            ),
        ] {
            let output = Command::new("openssl").current_dir(folder.path()).args(line.split_whitespace()).output();
            let output = output.expect("openssl is installed: tests/run does that");
            assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let port = free_port();
        let mut command = Command::new("openssl");
        command.current_dir(folder.path()).args(["s_server", "-quiet", "-www", "-cert", "server.pem", "-key"]);
        command.args(["server.key", "-accept", &port.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("openssl");
        let server = Self { port, child, folder };
        until("a server that listens", || TcpStream::connect(("localhost", server.port)).is_ok());
        server
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// The file of its CA.
    pub fn authority(&self) -> String {
        self.folder.path().join("ca.pem").display().to_string()
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        // Both fail only if it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
