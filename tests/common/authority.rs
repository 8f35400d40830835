//! Certificates for test servers.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Creates a private CA, and a certificate signed by it for `localhost`.
pub fn make_certificates(folder: &Path) {
    fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n").expect("a written file");
    let curve = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    for line in [
        &format!("req -x509 {curve} -keyout ca.key -out ca.pem -days 2 -subj /CN=katydid-test-authority"),
        &format!("req {curve} -keyout server.key -out server.csr -subj /CN=localhost"),
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names",
    ] {
        let output = Command::new("openssl").current_dir(folder).args(line.split(' ')).output();
        let output = output.expect("openssl is installed: tests/run does that");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
