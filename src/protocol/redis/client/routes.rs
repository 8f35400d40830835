//! Sends a command to the server that is responsible for it, wherever that is at the time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::redis::{Cmd, RedisError as CrateError, ServerErrorKind, Value, cmd};

use super::lanes::Lanes;
use crate::protocol::context::UserContext;
use crate::protocol::redis::cluster::{Route, Servers, View, server};
use crate::protocol::redis::error::RedisError;
use crate::protocol::redis::shared::CONNECT_TIMEOUT;
use crate::protocol::result::StepResult;
use crate::scenario::plan::EndpointId;
use crate::stats::Remarks;

/// Maximum number of servers that a command is sent to, one after the other, as in other clients.
const MAX_TRIPS: usize = 6;

/// Maximum bytes of a buffer that a user keeps between commands.
pub(super) const MAX_IDLE_BUFFER: usize = 16 * 1024;

/// The way of a command.
pub(super) struct Trip {
    /// Lane of the server; `None` if no node serves the slot of the key.
    position: Option<usize>,
    /// The slot is moving: the server has to be told that it is meant.
    is_asked: bool,
    /// How often a server named another one.
    redirects: u64,
    /// A connection was opened on the way.
    pub has_connected: bool,
}

impl Trip {
    /// Reports redirects, if there were any.
    pub(super) fn report(&self, row: EndpointId, context: &dyn UserContext) {
        if self.redirects > 0 {
            context.record_remarks(row, &Remarks { redirects: self.redirects, ..Remarks::default() });
        }
    }
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

    /// A trip of a command.
    pub(super) fn trip(&mut self, route: Route<'_>) -> Trip {
        let position = self.position(route);
        Trip { position, is_asked: false, redirects: 0, has_connected: false }
    }

    fn position(&mut self, route: Route<'_>) -> Option<usize> {
        self.update();
        let (server, is_replica) = self.view.server(&self.servers.nodes, route)?;
        Some(self.lanes.position(server, is_replica))
    }

    /// Waits for the pause after a failed connect; returns the time waited.
    pub(super) async fn wait_before_connect(&mut self, trip: &Trip) -> Duration {
        match trip.position {
            Some(position) => self.lanes.at(position).wait_before_connect().await,
            None => Duration::ZERO,
        }
    }

    /// Connects, if that is needed. The first connection of all may show that the servers are a cluster, so that the
    /// command has to go elsewhere. Returns the position of the connection.
    pub(super) async fn connect(
        &mut self,
        trip: &mut Trip,
        route: Route<'_>,
        result: &mut StepResult,
    ) -> Result<usize, RedisError> {
        loop {
            let position = trip.position.ok_or_else(unserved)?;
            let lane = self.lanes.at(position);
            if lane.link().is_some() {
                return Ok(position);
            }
            let started = Instant::now();
            lane.connecting(started);
            if self.servers.nodes.must_learn() {
                Box::pin(self.servers.learn(CONNECT_TIMEOUT)).await?;
                trip.position = self.position(route);
                if trip.position != Some(position) {
                    continue;
                }
            }
            let lane = self.lanes.at(position);
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
                trip.position = self.position(route);
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
            let position = self.connect(trip, route, result).await?;
            let lane = self.lanes.at(position);
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
            if !self.redirect(trip, position, &error) {
                return Err(error);
            }
        }
        Err(RedisError::Unexpected(format!("redirected more than {} times", MAX_TRIPS - 1)))
    }

    /// Follows a redirect, if the error is one: the slot is elsewhere, or on its way.
    fn redirect(&mut self, trip: &mut Trip, position: usize, error: &RedisError) -> bool {
        let RedisError::Refused(refused) = error else { return false };
        if refused.kind() == Some(ServerErrorKind::ReadOnly) && self.view.can_change() && !self.view.is_cluster() {
            // A master that has become a replica: Sentinel knows the new one.
            self.lanes.at(position).close();
            self.failed();
        }
        let is_ask = refused.kind() == Some(ServerErrorKind::Ask);
        if !(self.view.is_cluster() && (is_ask || refused.kind() == Some(ServerErrorKind::Moved))) {
            return false;
        }
        let error = CrateError::from(refused.clone());
        let named = error.redirect_node().and_then(|(node, _)| node.rsplit_once(':'));
        let asked = &self.lanes.at(position).server;
        let Some(to) = named.and_then(|(host, port)| server(host, port.parse().ok()?, asked)) else { return false };
        if !is_ask {
            self.servers.learn_again();
        }
        trip.position = Some(self.lanes.position(&to, false));
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

fn unserved() -> RedisError {
    RedisError::Unexpected("cluster: no node serves the slot of this key".to_owned())
}
