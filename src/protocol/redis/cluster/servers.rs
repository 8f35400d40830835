//! Connects to the servers of a target, and learns from them which there are.

use std::sync::Arc;
use std::time::Duration;

use ::redis::cmd;
use tokio::time::{sleep, timeout};

use super::nodes::{Kind, Nodes, View};
use super::outages::Outages;
use super::sentinel;
use super::topology::{Topology, from_shards, from_slots};
use crate::protocol::redis::error::RedisError;
use crate::protocol::redis::socket::{RedisDialer, RedisSocket};
use crate::scenario::plan::ServerAddress;

/// Time-out for asking one server again.
const LIMIT: Duration = Duration::from_secs(2);
/// Servers that are asked before giving up until the next failure.
const MAX_ASKED: usize = 8;
/// Minimum time between two times: while slots move, many commands are redirected at once.
const PAUSE: Duration = Duration::from_millis(200);

/// The servers of a target, and how to connect to them.
#[derive(Debug)]
pub struct Servers {
    /// How to connect.
    pub dialer: RedisDialer,
    /// Which there are.
    pub nodes: Nodes,
    /// How to connect to the seeds if they are Sentinels, and the name of the master.
    pub sentinel: Option<(RedisDialer, Arc<str>)>,
    /// Times without service.
    pub outages: Outages,
}

impl Servers {
    /// Connects to a server within `limit`. The first connection learns whether it is part of a cluster.
    ///
    /// # Errors
    /// When the server cannot be reached or rejects the credentials.
    pub async fn connect(&self, server: &ServerAddress, limit: Duration) -> Result<RedisSocket, RedisError> {
        let connected = async {
            let mut socket = self.dialer.open(server).await?;
            if self.nodes.are_unknown() && self.sentinel.is_none() {
                self.learn_from(&mut socket, server).await?;
            }
            Ok(socket)
        };
        timeout(limit, connected).await.unwrap_or(Err(RedisError::TimedOut(limit)))
    }

    /// Connects to a server within `limit`, to send commands, which replicas execute only if they read.
    ///
    /// # Errors
    /// When the server cannot be reached or rejects the credentials.
    pub async fn open(
        &self,
        server: &ServerAddress,
        is_replica: bool,
        limit: Duration,
    ) -> Result<RedisSocket, RedisError> {
        let opened = async {
            let mut socket = self.connect(server, limit).await?;
            if is_replica && self.nodes.is_cluster() {
                // Otherwise a replica in a cluster sends everybody to its master.
                socket.command(&cmd("READONLY")).await?;
            }
            Ok(socket)
        };
        timeout(limit, opened).await.unwrap_or(Err(RedisError::TimedOut(limit)))
    }

    /// How often the master failed, and for how long in all; of one that Sentinels watch over. Of a cluster, in which only
    /// a part of the keys is concerned, failures by reason say more.
    pub fn outages(&self) -> (u64, Duration) {
        if self.sentinel.is_some() { self.outages.so_far() } else { (0, Duration::ZERO) }
    }

    /// A server that can execute a command without keys.
    pub fn any(&self, view: &mut View) -> ServerAddress {
        view.update(&self.nodes);
        view.any(&self.nodes).clone()
    }

    /// Learns from the first server that responds, if none has been asked yet.
    ///
    /// # Errors
    /// When none responds: that of the last one.
    pub async fn learn(&self, limit: Duration) -> Result<(), RedisError> {
        let mut learned = Ok(());
        for server in self.nodes.to_ask() {
            if !self.nodes.are_unknown() {
                return Ok(());
            }
            learned = timeout(limit, self.ask(&server)).await.unwrap_or(Err(RedisError::TimedOut(limit)));
        }
        if self.nodes.are_unknown() { learned } else { Ok(()) }
    }

    /// Learns the shards again in the background, unless somebody does that already.
    pub fn learn_again(self: &Arc<Self>) {
        if !self.nodes.may_learn() {
            return;
        }
        let servers = Arc::clone(self);
        tokio::task::spawn_local(async move {
            for server in servers.nodes.to_ask().iter().take(MAX_ASKED) {
                if let Ok(Ok(())) = timeout(LIMIT, servers.ask(server)).await {
                    break;
                }
            }
            sleep(PAUSE).await;
            servers.nodes.learned();
        });
    }

    /// Asks one server which there are.
    async fn ask(&self, server: &ServerAddress) -> Result<(), RedisError> {
        if let Some((dialer, master)) = &self.sentinel {
            let topology = sentinel::topology(dialer, master, server).await;
            let topology = topology.map_err(|error| RedisError::Sentinel(Box::new(error)))?;
            self.nodes.set_topology(Kind::Sentinel, topology);
            return Ok(());
        }
        let mut socket = self.dialer.open(server).await?;
        self.learn_from(&mut socket, server).await
    }

    async fn learn_from(&self, socket: &mut RedisSocket, server: &ServerAddress) -> Result<(), RedisError> {
        let is_cluster = match self.nodes.kind() {
            Some(kind) => kind == Kind::Cluster,
            None => socket.is_cluster().await?,
        };
        if is_cluster {
            let topology = self.topology(socket, server).await?;
            self.nodes.set_topology(Kind::Cluster, topology);
        } else {
            self.nodes.set_single();
        }
        Ok(())
    }

    async fn topology(&self, socket: &mut RedisSocket, server: &ServerAddress) -> Result<Topology, RedisError> {
        let shards = match socket.command(cmd("CLUSTER").arg("SHARDS")).await {
            Ok(response) => from_shards(&response, server, self.dialer.address.tls),
            // Servers before version 7.
            Err(RedisError::Refused(error)) if error.details().is_some_and(|why| why.starts_with("Unknown sub")) => {
                from_slots(&socket.command(cmd("CLUSTER").arg("SLOTS")).await?, server)
            }
            Err(error) => return Err(error),
        };
        let none = || RedisError::Unexpected("the cluster has no nodes that serve slots".to_owned());
        Topology::new(shards).ok_or_else(none)
    }
}
