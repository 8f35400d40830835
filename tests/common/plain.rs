//! A server of one thread a connection: it does next to nothing for a reply, so that what is measured of it is the
//! delay that it was asked for, also in a build without optimisation.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
struct Shared {
    delayed: AtomicU64,
    delays: Mutex<Vec<Duration>>,
    /// Replies wait until this moment.
    stalled_until: Mutex<Option<Instant>>,
}

/// Lives as long as the process.
#[derive(Debug)]
pub struct Plain {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Plain {
    /// On a free port. `/two-delays` takes 20 ms, every tenth time 80 ms; all else is answered at once.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::<Shared>::default();
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&theirs);
                // Hundreds of them: a small stack each.
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

    /// Every request that comes from now on waits until so much time has passed.
    pub fn stall(&self, length: Duration) {
        *self.shared.stalled_until.lock().expect("no panic") = Some(Instant::now() + length);
    }

    /// How long each reply of `/two-delays` took.
    pub fn delays(&self) -> Vec<Duration> {
        self.shared.delays.lock().expect("no panic").clone()
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    let _ = stream.set_nodelay(true);
    let mut head = [0; 4_096];
    loop {
        // A small request from the same machine comes in one piece.
        let Ok(length @ 1..) = stream.read(&mut head) else { return };
        let started = Instant::now();
        let until = *shared.stalled_until.lock().expect("no panic");
        if let Some(rest) = until.and_then(|until| until.checked_duration_since(started)) {
            // The stall that a test asked for.
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
