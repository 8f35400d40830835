//! The connections of one user: one to each server that it has used.

use std::time::{Duration, Instant};

use tokio::time::sleep_until;

use crate::protocol::redis::socket::RedisSocket;
use crate::scenario::plan::ServerAddress;

/// Pause after a failed connect; doubles up to [`MAX_PAUSE`].
const MIN_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// The connection to one server.
#[derive(Debug)]
pub(super) struct Lane {
    pub server: ServerAddress,
    /// To be asked as a replica.
    pub is_replica: bool,
    link: Option<RedisSocket>,
    /// A command has no response yet. If it never gets one, because its step timed out, the connection cannot be used
    /// again: a late response must not be taken for the next one.
    is_busy: bool,
    /// Earliest time of the next connect, after a failed one.
    not_before: Option<Instant>,
    pause: Duration,
}

impl Lane {
    /// The connection, if it is open and can be used.
    pub(super) fn link(&mut self) -> Option<&mut RedisSocket> {
        if self.is_busy {
            self.close();
        }
        self.link.as_mut()
    }

    /// The connection, for a command whose response is pending until [`answered`](Self::answered).
    pub(super) fn begin(&mut self) -> Option<&mut RedisSocket> {
        self.is_busy = true;
        self.link.as_mut()
    }

    /// The command that was begun has its response.
    pub(super) fn answered(&mut self) {
        self.is_busy = false;
    }

    /// Closes the connection.
    pub(super) fn close(&mut self) {
        (self.link, self.is_busy) = (None, false);
    }

    /// To be called before connecting, in case the step's time-out aborts that.
    pub(super) fn connecting(&mut self, now: Instant) {
        self.not_before = Some(now + self.pause);
        self.pause = (self.pause * 2).min(MAX_PAUSE);
    }

    /// The connection has been opened.
    pub(super) fn connected(&mut self, link: RedisSocket) {
        (self.link, self.is_busy) = (Some(link), false);
        (self.not_before, self.pause) = (None, MIN_PAUSE);
    }

    /// Waits for the pause after a failed connect, so that a server which is down is not flooded; returns the time
    /// waited.
    pub(super) async fn wait_before_connect(&mut self) -> Duration {
        let now = Instant::now();
        match self.not_before.take() {
            Some(until) if self.link().is_none() && until > now => {
                sleep_until(until.into()).await;
                now.elapsed()
            }
            _ => Duration::ZERO,
        }
    }
}

/// All connections of one user.
#[derive(Debug, Default)]
pub(super) struct Lanes(Vec<Lane>);

impl Lanes {
    /// The position of the lane to a server; it is added if it is new.
    pub(super) fn position(&mut self, server: &ServerAddress, is_replica: bool) -> usize {
        let is_it = |lane: &Lane| lane.server == *server && lane.is_replica == is_replica;
        let known = self.0.iter().position(is_it);
        known.unwrap_or_else(|| {
            let (link, not_before) = (None, None);
            let server = server.clone();
            self.0.push(Lane { server, is_replica, link, is_busy: false, not_before, pause: MIN_PAUSE });
            self.0.len() - 1
        })
    }

    /// A lane by its position.
    pub(super) fn at(&mut self, position: usize) -> &mut Lane {
        &mut self.0[position]
    }

    /// Closes the connections to servers that are no longer wanted. Positions change.
    pub(super) fn retain(&mut self, is_wanted: impl Fn(&ServerAddress) -> bool) {
        self.0.retain(|lane| is_wanted(&lane.server));
    }
}
