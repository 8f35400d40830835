//! Asks a Sentinel where a master and its replicas are.

use std::sync::Arc;

use ::redis::{Value, cmd};

use super::topology::{SLOTS, Shard, Topology, fields, items, number, server};
use crate::protocol::redis::error::RedisError;
use crate::protocol::redis::socket::RedisDialer;
use crate::protocol::redis::value::text;
use crate::scenario::plan::ServerAddress;

/// The master of this name and its replicas, as one shard with all slots.
///
/// # Errors
/// When the connection fails, or the Sentinel knows no such master.
pub async fn topology(dialer: &RedisDialer, master: &Arc<str>, asked: &ServerAddress) -> Result<Topology, RedisError> {
    let mut socket = dialer.open(asked).await?;
    let found = socket.command(cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(&**master)).await?;
    let none = || RedisError::Unexpected(format!("it knows no master with the name {master}"));
    let address = |value: &Value| match items(value) {
        [host, port] => server(&text(host), number(port)?, asked),
        _ => None,
    };
    let master_address = address(&found).ok_or_else(none)?;
    let replicas = match socket.command(cmd("SENTINEL").arg("REPLICAS").arg(&**master)).await {
        Ok(response) => items(&response).iter().filter_map(|replica| in_service(replica, asked)).collect(),
        // Before version 5 they have another name; without them the master is read.
        Err(RedisError::Refused(_)) => Vec::new(),
        Err(error) => return Err(error),
    };
    Topology::new(vec![Shard { master: master_address, replicas, slots: vec![0..=SLOTS - 1] }]).ok_or_else(none)
}

/// The address of a replica, if it follows its master.
fn in_service(replica: &Value, asked: &ServerAddress) -> Option<ServerAddress> {
    let fields = fields(replica);
    let field = |name: &str| fields.get(name).map(|value| text(value)).unwrap_or_default();
    let is_down = field("flags").split(',').any(|flag| ["s_down", "o_down", "disconnected"].contains(&flag));
    if is_down || field("master-link-status") == "err" {
        return None;
    }
    server(&field("ip"), number(fields.get("port")?)?, asked)
}
