//! Asks servers about their cluster.

use std::sync::Arc;
use std::time::Duration;

use ::redis::cmd;
use tokio::time::{sleep, timeout};

use super::topology::{Topology, from_shards, from_slots};
use crate::protocol::redis::error::RedisError;
use crate::protocol::redis::shared::RedisShared;
use crate::protocol::redis::socket::RedisSocket;
use crate::scenario::plan::ServerAddress;

/// Time-out for asking one server again.
const LIMIT: Duration = Duration::from_secs(2);
/// Servers that are asked before giving up until the next failure.
const MAX_ASKED: usize = 8;
/// Minimum time between two times: while slots move, many commands are redirected at once.
const PAUSE: Duration = Duration::from_millis(200);

/// Learns whether a server is part of a cluster, and its shards.
///
/// # Errors
/// When the connection fails, or the server does not say what its shards are.
pub async fn nodes(shared: &RedisShared, socket: &mut RedisSocket, server: &ServerAddress) -> Result<(), RedisError> {
    let is_cluster = match shared.nodes.is_cluster() {
        Some(known) => known,
        None => socket.is_cluster().await?,
    };
    if is_cluster {
        let topology = topology(shared, socket, server).await?;
        shared.nodes.set_topology(topology);
    } else {
        shared.nodes.set_single();
    }
    Ok(())
}

async fn topology(
    shared: &RedisShared,
    socket: &mut RedisSocket,
    server: &ServerAddress,
) -> Result<Topology, RedisError> {
    let shards = match socket.command(cmd("CLUSTER").arg("SHARDS")).await {
        Ok(response) => from_shards(&response, server, shared.dialer.address.tls),
        // Servers before version 7.
        Err(RedisError::Refused(error))
            if error.details().is_some_and(|words| words.starts_with("Unknown subcommand")) =>
        {
            from_slots(&socket.command(cmd("CLUSTER").arg("SLOTS")).await?, server)
        }
        Err(error) => return Err(error),
    };
    let none = || RedisError::Unexpected("the cluster has no nodes that serve slots".to_owned());
    Topology::new(shards).ok_or_else(none)
}

/// Learns the shards again in the background, unless somebody does that already.
pub fn again(shared: &Arc<RedisShared>) {
    if !shared.nodes.may_learn() {
        return;
    }
    let shared = Arc::clone(shared);
    tokio::task::spawn_local(async move {
        for server in shared.nodes.to_ask().iter().take(MAX_ASKED) {
            let asked = async {
                let mut socket = shared.dialer.open(server).await?;
                topology(&shared, &mut socket, server).await
            };
            if let Ok(Ok(topology)) = timeout(LIMIT, asked).await {
                shared.nodes.set_topology(topology);
                break;
            }
        }
        sleep(PAUSE).await;
        shared.nodes.learned();
    });
}
