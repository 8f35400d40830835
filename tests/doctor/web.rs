//! An HTTP server with a given response.

use std::io::{Read, Write};
use std::net::TcpListener;

/// Responds to every request with this status line and headers, and this body. Runs until the process ends.
pub fn web(head: &str, body: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let response = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let response = response.clone();
            std::thread::spawn(move || {
                // A check of the connection sends nothing.
                if matches!(stream.read(&mut [0; 4096]), Ok(1..)) {
                    let _ = stream.write_all(response.as_bytes());
                }
            });
        }
    });
    url
}
