//! The HTTP server: bounded in connections, in size of requests, and in time.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::page::Page;
use super::request::{self, BAD, MAX_REQUEST, Request};
use crate::clean;

/// Maximum number of connections; further ones wait in the queue of the system.
const MAX_CONNECTIONS: usize = 16;
/// Time for a request and its response.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Delay after a failure to accept a connection, such as for lack of open files.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// The endpoints of this process: all its runs share them.
static OPEN: Mutex<Vec<(SocketAddr, Arc<Endpoint>)>> = Mutex::new(Vec::new());

/// An open port with its page. Stays open until the program ends.
#[derive(Debug)]
pub struct Endpoint {
    address: SocketAddr,
    page: Arc<Page>,
}

impl Endpoint {
    /// Opens an endpoint, or returns the one that this process has opened for the same address.
    ///
    /// # Errors
    /// If the address cannot be used, for example because the port is in use.
    pub fn open(requested: SocketAddr) -> Result<Arc<Self>, String> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, endpoint)) = open.iter().find(|(address, _)| *address == requested) {
            return Ok(Arc::clone(endpoint));
        }
        let endpoint = Self::start(requested).map_err(|error| {
            let (why, advice) = cannot_listen(requested, &error);
            format!("metrics: {why}. {advice}")
        })?;
        let endpoint = Arc::new(endpoint);
        open.push((requested, Arc::clone(&endpoint)));
        Ok(endpoint)
    }

    /// The endpoint that this process has opened for this address.
    pub fn opened(requested: SocketAddr) -> Option<Arc<Self>> {
        let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.iter().find(|(address, _)| *address == requested).map(|(_, endpoint)| Arc::clone(endpoint))
    }

    fn start(requested: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(requested)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let page = Arc::<Page>::default();
        let shown = Arc::clone(&page);
        let body = move || {
            let local = tokio::task::LocalSet::new();
            local.block_on(&runtime, serve(listener, shown));
        };
        std::thread::Builder::new().name("metrics".to_owned()).spawn(body)?;
        Ok(Self { address, page })
    }

    /// The address, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it serves.
    pub fn page(&self) -> &Page {
        &self.page
    }
}

/// Why an address cannot be opened, and what to do about it.
pub fn cannot_listen(address: SocketAddr, error: &io::Error) -> (String, &'static str) {
    match error.kind() {
        io::ErrorKind::AddrInUse => (format!("{address} is in use"), "Choose another port for metrics."),
        io::ErrorKind::AddrNotAvailable => {
            (format!("{} is not an address of this machine", address.ip()), "Use 127.0.0.1 or 0.0.0.0.")
        }
        io::ErrorKind::PermissionDenied => {
            (format!("port {} needs more rights", address.port()), "Choose a port from 1024 on.")
        }
        _ => (format!("cannot listen on {address}: {}", clean::cause(error)), "Choose another address."),
    }
}

async fn serve(listener: TcpListener, page: Arc<Page>) {
    // Cannot fail: the runtime has I/O, and the listener is non-blocking.
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let page = Arc::clone(&page);
                tokio::task::spawn_local(async move {
                    // A slow client gets no response.
                    let _ = tokio::time::timeout(TIMEOUT, respond(stream, &page)).await;
                    drop(slot);
                });
            }
            Err(_) => tokio::time::sleep(ACCEPT_BACKOFF).await,
        }
    }
}

async fn respond(mut stream: TcpStream, page: &Page) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let request = loop {
        if let Some(request) = request::parse(&bytes) {
            break request;
        }
        if bytes.len() >= MAX_REQUEST {
            break BAD;
        }
        let mut chunk = [0; 1_024];
        match stream.read(&mut chunk).await? {
            0 => return Ok(()),
            read => bytes.extend_from_slice(&chunk[..read]),
        }
    };
    match request {
        Request::Metrics(format) => {
            let text = page.text(format);
            stream.write_all(request::head("200 OK", format.content_type(), text.len()).as_bytes()).await?;
            stream.write_all(text.as_bytes()).await?;
            stream.shutdown().await?;
            page.count();
        }
        Request::Refused(status, body) => {
            stream.write_all(request::head(status, "text/plain; charset=utf-8", body.len()).as_bytes()).await?;
            stream.write_all(body.as_bytes()).await?;
            stream.shutdown().await?;
        }
    }
    Ok(())
}
