//! Sends a command to the server that is responsible for it, wherever that is at the time.

use std::sync::Arc;
use std::time::Instant;

use ::redis::{Cmd, RedisError as CrateError, ServerErrorKind, Value, cmd};

use super::lanes::Lanes;
use crate::protocol::redis::cluster::{Route, Servers, View, server};
use crate::protocol::redis::error::RedisError;
use crate::protocol::redis::shared::CONNECT_TIMEOUT;
use crate::protocol::result::StepResult;

/// Maximum number of servers that a command is sent to, one after the other, as in other clients.
const MAX_TRIPS: usize = 6;

/// Maximum bytes of a buffer that a user keeps between commands.
pub(super) const MAX_IDLE_BUFFER: usize = 16 * 1024;

/// The way of a command.
pub(super) struct Trip {
    /// Lane of the server.
    position: usize,
    /// The slot is moving: the server has to be told that it is meant.
    is_asked: bool,
    /// How often a server named another one.
    pub redirects: u64,
    /// A connection was opened on the way.
    pub has_connected: bool,
}

/// The connections of a user, and what it knows of the servers.
#[derive(Debug)]
pub(super) struct Routes {
    servers: Arc<Servers>,
    view: View,
    lanes: Lanes,
    /// Buffer for encoded commands.
    out: Vec<u8>,
}

impl Routes {
    pub(super) fn new(servers: Arc<Servers>) -> Self {
        Self { servers, view: View::default(), lanes: Lanes::default(), out: Vec::new() }
    }

    /// True if there are several servers, so that keys and what a command does matter.
    pub(super) fn are_several(&self) -> bool {
        self.view.can_change()
    }

    /// True if the servers are known to be a cluster.
    pub(super) fn is_cluster(&self) -> bool {
        self.view.is_cluster()
    }

    /// Closes all connections.
    pub(super) fn close(&mut self) {
        self.lanes = Lanes::default();
    }

    /// Takes over what is known of the servers. Trips that have begun are not valid any more.
    pub(super) fn update(&mut self) {
        if self.view.update(&self.servers.nodes) {
            let Self { view, lanes, .. } = self;
            lanes.retain(|server| view.has(server));
        }
    }

    /// A trip of a command. `None` if no node serves the slot of its key.
    pub(super) fn trip(&mut self, route: Route<'_>) -> Option<Trip> {
        self.update();
        let (server, is_replica) = self.view.server(&self.servers.nodes, route)?;
        let position = self.lanes.position(server, is_replica);
        Some(Trip { position, is_asked: false, redirects: 0, has_connected: false })
    }

    /// Waits for the pause after a failed connect; returns the time waited.
    pub(super) async fn wait_before_connect(&mut self, trip: &Trip) -> std::time::Duration {
        self.lanes.at(trip.position).wait_before_connect().await
    }

    /// Connects, if that is needed. The first connection of all may show that the servers are a cluster, so that the
    /// command has to go elsewhere.
    pub(super) async fn connect(
        &mut self,
        trip: &mut Trip,
        route: Route<'_>,
        result: &mut StepResult,
    ) -> Result<(), RedisError> {
        loop {
            let lane = self.lanes.at(trip.position);
            if lane.link().is_some() {
                return Ok(());
            }
            let started = Instant::now();
            lane.connecting(started);
            if self.servers.nodes.must_learn() {
                Box::pin(self.servers.learn(CONNECT_TIMEOUT)).await?;
                let Some(better) = self.trip(route) else { return Err(unserved()) };
                if better.position != trip.position {
                    trip.position = better.position;
                    continue;
                }
            }
            let lane = self.lanes.at(trip.position);
            // Boxed: rare and large, and would otherwise grow the future of every user.
            match Box::pin(self.servers.open(&lane.server, lane.is_replica, CONNECT_TIMEOUT)).await {
                Ok(link) => {
                    trip.has_connected = true;
                    let took = started.elapsed();
                    result.timings.connect = Some(result.timings.connect.unwrap_or_default() + took);
                    if let Some(details) = &mut result.details {
                        details.add_tls(link.tls);
                    }
                    lane.connected(link);
                }
                Err(error) => {
                    self.failed();
                    return Err(error);
                }
            }
            if trip.redirects == 0 && self.view.update(&self.servers.nodes) {
                let Some(better) = self.trip(route) else { return Err(unserved()) };
                trip.position = better.position;
            }
        }
    }

    /// Sends the command, connecting and following redirects where that is needed. Returns the response with its length
    /// in bytes.
    pub(super) async fn send(
        &mut self,
        trip: &mut Trip,
        route: Route<'_>,
        command: &Cmd,
        result: &mut StepResult,
    ) -> Result<(Value, u64), RedisError> {
        for _ in 0..MAX_TRIPS {
            self.connect(trip, route, result).await?;
            let lane = self.lanes.at(trip.position);
            let sent = match lane.begin() {
                None => Err(RedisError::Closed),
                Some(link) => {
                    if trip.is_asked {
                        link.command(&cmd("ASKING")).await?;
                    }
                    self.out.clear();
                    self.out.shrink_to(MAX_IDLE_BUFFER);
                    command.write_packed_command(&mut self.out);
                    link.exchange(&self.out).await
                }
            };
            lane.answered();
            let Err(error) = sent else {
                self.servers.outages.over();
                return sent;
            };
            if error.is_fatal() {
                lane.close();
                self.failed();
                return Err(error);
            }
            if !self.redirect(trip, &error) {
                return Err(error);
            }
        }
        Err(RedisError::Unexpected(format!("redirected more than {} times", MAX_TRIPS - 1)))
    }

    /// Follows a redirect, if the error is one: the slot is elsewhere, or on its way.
    fn redirect(&mut self, trip: &mut Trip, error: &RedisError) -> bool {
        let RedisError::Refused(refused) = error else { return false };
        if refused.kind() == Some(ServerErrorKind::ReadOnly) && self.view.can_change() && !self.view.is_cluster() {
            // A master that has become a replica: Sentinel knows the new one.
            self.lanes.at(trip.position).close();
            self.failed();
        }
        let is_ask = refused.kind() == Some(ServerErrorKind::Ask);
        if !(self.view.is_cluster() && (is_ask || refused.kind() == Some(ServerErrorKind::Moved))) {
            return false;
        }
        let error = CrateError::from(refused.clone());
        let named = error.redirect_node().and_then(|(node, _)| node.rsplit_once(':'));
        let asked = &self.lanes.at(trip.position).server;
        let Some(to) = named.and_then(|(host, port)| server(host, port.parse().ok()?, asked)) else { return false };
        if !is_ask {
            self.servers.learn_again();
        }
        trip.position = self.lanes.position(&to, false);
        trip.is_asked = is_ask;
        trip.redirects += 1;
        true
    }

    /// A server did not respond: another one may have taken over.
    fn failed(&mut self) {
        if self.view.can_change() {
            self.servers.outages.begin();
            self.servers.learn_again();
        }
        self.view.turn();
    }
}

/// The error of a command whose slot no node serves.
pub(super) fn unserved() -> RedisError {
    RedisError::Unexpected("cluster: no node serves the slot of this key".to_owned())
}
