//! A server with one thread per connection and hardly any work per response, so that measured times are the requested
//! delay, even in a debug build.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
struct Shared {
    delayed: AtomicU64,
    delays: Mutex<Vec<Duration>>,
    /// Responses wait until this time.
    stalled_until: Mutex<Option<Instant>>,
}

/// Runs until the process ends.
#[derive(Debug)]
pub struct Plain {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Plain {
    /// Starts on a free port. `/two-delays` takes 20 ms, and 80 ms every tenth time; other paths respond at once.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::<Shared>::default();
        let server_state = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&server_state);
                // Small stacks, because there are hundreds of threads.
                let thread = std::thread::Builder::new().stack_size(64 << 10);
                thread.spawn(move || serve(stream, &shared)).expect("a thread");
            }
        });
        Self { address, shared }
    }

    /// Base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes all requests received from now on wait until this time has passed.
    pub fn stall(&self, length: Duration) {
        *self.shared.stalled_until.lock().expect("no panic") = Some(Instant::now() + length);
    }

    /// The delay of each response of `/two-delays`.
    pub fn delays(&self) -> Vec<Duration> {
        self.shared.delays.lock().expect("no panic").clone()
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    let _ = stream.set_nodelay(true);
    let mut head = [0; 4_096];
    loop {
        // A small request over loopback arrives in one piece.
        let Ok(length @ 1..) = stream.read(&mut head) else { return };
        let started = Instant::now();
        let until = *shared.stalled_until.lock().expect("no panic");
        if let Some(rest) = until.and_then(|until| until.checked_duration_since(started)) {
            // The stall requested by the test.
            std::thread::sleep(rest);
        }
        let delayed = head[..length].starts_with(b"GET /two-delays ");
        if delayed {
            let n = shared.delayed.fetch_add(1, Ordering::Relaxed);
            // The delay that a test measures.
            std::thread::sleep(Duration::from_millis(if n.is_multiple_of(10) { 80 } else { 20 }));
        }
        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").is_err() {
            return;
        }
        if delayed {
            shared.delays.lock().expect("no panic").push(started.elapsed());
        }
    }
}
