//! Fills the server before the users start: the commands of `redis.prefill`, pipelined on a connection of its own; in a
//! cluster, on one to each node.
//!
//! In: the plan. Out: the number of commands done so far, and an error that says why not all were executed. Memory is
//! bounded by the size of a batch for each node, and of one command.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ::redis::{Cmd, Value, cmd};
use tokio::time::timeout;

use super::client::RedisClientFactory;
use super::cluster::{Route, View};
use super::error::RedisError;
use super::shared::{CONNECT_TIMEOUT, RedisShared};
use super::socket::RedisSocket;
use super::trace::words;
use super::{arguments, nested_errors, value};
use crate::scenario::eval::template::Scope;
use crate::scenario::plan::{Prefill, ServerAddress, redis_keys};

/// Maximum commands of a batch.
const MAX_COMMANDS: usize = 1_000;
/// A batch ends when it has this many bytes.
const ENOUGH_BYTES: usize = 256 * 1024;
/// Maximum time until a batch is executed.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum characters of an error, and of the name of a command.
const MAX_ERROR: usize = 500;
const MAX_NAME: usize = 32;

/// Executes the commands, and counts them in `done`.
///
/// # Errors
/// When the server is a read-only replica, a command fails, or the connection does; the commands before are executed.
pub async fn prefill(
    factory: RedisClientFactory,
    fills: &[Prefill],
    mut scope: Scope,
    done: &AtomicU64,
) -> Result<(), String> {
    let mut filler = Filler::new(factory.shared(), done);
    let learned = filler.shared.servers.learn(CONNECT_TIMEOUT).await;
    learned.map_err(|error| filler.shown(&error))?;
    for fill in fills {
        for number in 0..fill.count {
            scope.iteration = number;
            filler.add(fill, &mut scope).await?;
        }
        filler.flush().await?;
    }
    Ok(())
}

/// A server, and the commands that it has to execute next.
struct Lane {
    server: ServerAddress,
    socket: RedisSocket,
    batch: Vec<u8>,
    commands: usize,
}

struct Filler<'d> {
    shared: Arc<RedisShared>,
    done: &'d AtomicU64,
    view: View,
    lanes: Vec<Lane>,
    command: Cmd,
    word: String,
    bytes: Vec<u8>,
    /// Name of the current command.
    name: String,
}

impl<'d> Filler<'d> {
    fn new(shared: Arc<RedisShared>, done: &'d AtomicU64) -> Self {
        let (view, lanes, command) = (View::default(), Vec::new(), Cmd::new());
        Self { shared, done, view, lanes, command, word: String::new(), bytes: Vec::new(), name: String::new() }
    }

    fn shown(&self, error: &RedisError) -> String {
        self.shared.secrets.clip(&error.reason(&self.shared.secrets).to_string(), MAX_ERROR)
    }

    /// Adds a command to the batch of its server, and sends the batch if it is large enough.
    async fn add(&mut self, fill: &Prefill, scope: &mut Scope) -> Result<(), String> {
        self.command.clear();
        let filled = arguments::fill(&fill.command, scope, &mut self.command, (&mut self.word, &mut self.bytes));
        filled.map_err(|error| {
            let why = self.shared.secrets.clip(&error.0, MAX_ERROR);
            format!("command {} of {}: {why}", scope.iteration + 1, fill.count)
        })?;
        arguments::name(words(&self.command).next().unwrap_or_default(), MAX_NAME, &mut self.name);
        self.view.update(&self.shared.servers.nodes);
        let word = |at| words(&self.command).nth(at);
        let key = redis_keys::positions(word, self.command.args_iter().len()).next().and_then(word);
        let route = key.map_or(Route::Any, Route::Master);
        let Some((server, _)) = self.view.server(&self.shared.servers.nodes, route) else {
            return Err("cluster: no node serves the slot of a key".to_owned());
        };
        let at = match self.lanes.iter().position(|lane| lane.server == *server) {
            Some(at) => at,
            None => {
                let server = server.clone();
                let socket = self.open(&server).await?;
                self.lanes.push(Lane { server, socket, batch: Vec::new(), commands: 0 });
                self.lanes.len() - 1
            }
        };
        let lane = &mut self.lanes[at];
        self.command.write_packed_command(&mut lane.batch);
        lane.commands += 1;
        if lane.commands < MAX_COMMANDS && lane.batch.len() < ENOUGH_BYTES {
            return Ok(());
        }
        self.execute(at).await
    }

    /// Sends what is left.
    async fn flush(&mut self) -> Result<(), String> {
        for at in 0..self.lanes.len() {
            self.execute(at).await?;
        }
        Ok(())
    }

    async fn open(&self, server: &ServerAddress) -> Result<RedisSocket, String> {
        let opened = self.shared.servers.connect(server, CONNECT_TIMEOUT).await;
        let mut socket = opened.map_err(|error| self.shown(&error))?;
        match timeout(TIMEOUT, primary_of(&mut socket)).await {
            Ok(None) => Ok(socket),
            Ok(Some(primary)) => Err(format!("the server is a read-only replica of {primary}; prefill its primary")),
            Err(_) => Err(self.shown(&RedisError::TimedOut(TIMEOUT))),
        }
    }

    /// Executes the batch of a server.
    async fn execute(&mut self, at: usize) -> Result<(), String> {
        let lane = &mut self.lanes[at];
        let executed = timeout(TIMEOUT, lane.execute(&self.shared, &self.name, self.done)).await;
        match executed {
            Ok(Ok(None)) => Ok(()),
            Ok(Ok(Some(why))) => Err(why),
            Ok(Err(error)) => Err(self.shown(&error)),
            Err(_) => Err(self.shown(&RedisError::TimedOut(TIMEOUT))),
        }
    }
}

impl Lane {
    /// Sends the commands and reads as many responses; returns why a command failed.
    async fn execute(
        &mut self,
        shared: &RedisShared,
        name: &str,
        done: &AtomicU64,
    ) -> Result<Option<String>, RedisError> {
        self.socket.send(&self.batch).await?;
        while self.commands > 0 {
            let Some(response) = self.socket.next_response()? else {
                self.socket.receive().await?;
                continue;
            };
            // Pushed, and not a response.
            if response.first() == Some(&b'>') {
                continue;
            }
            let value = value::parse(response)?;
            self.commands -= 1;
            let failure = match value {
                Value::ServerError(error) => Some(RedisError::Refused(error).reason(&shared.secrets)),
                value => nested_errors::failure(name, &value, &[], &shared.secrets).map(|(reason, _)| reason),
            };
            if let Some(reason) = failure {
                let number = done.load(Ordering::Relaxed) + 1;
                let reason = shared.secrets.clip(&reason.to_string(), MAX_ERROR);
                return Ok(Some(format!("command {number} ({name}): {reason}")));
            }
            done.fetch_add(1, Ordering::Relaxed);
        }
        self.batch.clear();
        Ok(None)
    }
}

/// The primary of a replica that accepts no writes; `None` if the server is none, or does not say.
async fn primary_of(socket: &mut RedisSocket) -> Option<String> {
    let info = value::text(&socket.command(cmd("INFO").arg("replication")).await.ok()?);
    let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    if field("role") != Some("slave") || field("slave_read_only") == Some("0") {
        return None;
    }
    let primary = format!("{}:{}", field("master_host").unwrap_or("?"), field("master_port").unwrap_or("?"));
    Some(crate::clean::line(&primary).chars().take(100).collect())
}
