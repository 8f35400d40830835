//! A connection for commands, on the `redis` crate.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use ::redis::aio::{ConnectionLike as _, MultiplexedConnection};
use ::redis::{AsyncConnectionConfig, Cmd, ErrorKind, RedisConnectionInfo, Value};
use futures_util::task::AtomicWaker;

use super::checked::{CheckedStream, Passed};
use super::error::RedisError;
use super::resp::FormatError;
use super::socket::RedisSocket;

/// An open, authenticated connection. It is driven by the task that waits for a response, so that it needs no task of
/// its own.
pub struct RedisConnection {
    commands: MultiplexedConnection,
    /// Sends and receives; ends when the connection does.
    driver: Pin<Box<dyn Future<Output = ()> + Send>>,
    gate: Arc<Gate>,
    /// Wakes through the gate.
    waker: Waker,
    passed: Arc<Passed>,
    tls: Option<Duration>,
}

/// Wakes the task that waits for a response, except while it hands its command to the driver: it would run twice.
#[derive(Debug, Default)]
struct Gate {
    is_closed: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Gate {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_closed.load(Ordering::Relaxed) {
            self.task.wake();
        }
    }
}

impl fmt::Debug for RedisConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConnection").finish_non_exhaustive()
    }
}

impl RedisConnection {
    /// For commands on a socket, which must be authenticated.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn new(socket: RedisSocket) -> Result<Self, RedisError> {
        let tls = socket.tls;
        let (stream, passed) = CheckedStream::new(socket);
        // Steps have time-outs of their own. Without credentials and names, nothing is sent here.
        let config = AsyncConnectionConfig::new().set_response_timeout(None).set_pipeline_buffer_size(1);
        let info = RedisConnectionInfo::default().set_skip_set_lib_name();
        let opened = MultiplexedConnection::new_with_config(&info, stream, config).await;
        let (commands, driver) = opened.map_err(|error| failure(&error, &passed))?;
        let gate = Arc::<Gate>::default();
        let waker = Waker::from(Arc::clone(&gate));
        Ok(Self { commands, driver: Box::pin(driver), gate, waker, passed, tls })
    }

    /// Duration of the TLS handshake, if there was one.
    pub fn tls(&self) -> Option<Duration> {
        self.tls
    }

    /// Sends a command and waits for its response, which is returned with its length in bytes.
    ///
    /// # Errors
    /// When the connection fails, or the response is an error.
    pub async fn command(&mut self, command: &Cmd) -> Result<(Value, u64), RedisError> {
        self.passed.restart();
        let mut response = self.commands.req_packed_command(command);
        let driver = &mut self.driver;
        let (gate, waker) = (&self.gate, &self.waker);
        let (mut is_sent, mut is_over) = (false, false);
        // Only the driver wakes this task: the response is looked at after it.
        let mut idle = Context::from_waker(Waker::noop());
        let result = poll_fn(|context| {
            gate.task.register(context.waker());
            if !std::mem::replace(&mut is_sent, true) {
                // This wakes the driver, which is polled next anyway.
                gate.is_closed.store(true, Ordering::Relaxed);
                let sent = response.as_mut().poll(&mut idle);
                gate.is_closed.store(false, Ordering::Relaxed);
                if sent.is_ready() {
                    return sent;
                }
            }
            is_over = is_over || driver.as_mut().poll(&mut Context::from_waker(waker)).is_ready();
            response.as_mut().poll(&mut idle)
        })
        .await;
        match result {
            Ok(Value::ServerError(error)) => Err(RedisError::Refused(error)),
            Ok(value) => Ok((value, self.passed.bytes())),
            Err(error) => Err(failure(&error, &self.passed)),
        }
    }
}

/// The error of the crate in our terms.
fn failure(error: &::redis::RedisError, passed: &Passed) -> RedisError {
    if let Some(error) = passed.error() {
        return error.clone().into();
    }
    let io = std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<Arc<dyn std::error::Error + Send + Sync>>())
        .and_then(|source| source.downcast_ref::<io::Error>());
    match (error.kind(), io) {
        // The crate's word for a stream that has ended.
        (ErrorKind::Io, Some(error)) if error.raw_os_error().is_none() => match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => RedisError::Closed,
            kind => RedisError::Io(match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(tls) => io::Error::new(kind, tls.clone()),
                None => io::Error::new(kind, error.to_string()),
            }),
        },
        (ErrorKind::Io, Some(error)) => {
            RedisError::Io(error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error))
        }
        (ErrorKind::Parse, _) => FormatError::Malformed("invalid value").into(),
        _ => RedisError::Unexpected(error.to_string()),
    }
}
