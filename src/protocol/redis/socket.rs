//! A connection: opened, authenticated, then used for one command at a time, or to receive messages.

use std::sync::Arc;
use std::time::Duration;

use ::redis::{Cmd, Value, cmd};

use super::error::RedisError;
use super::resp::{FormatError, Inbox};
use super::stream::RedisStream;
use super::value::{parse, text};
use crate::protocol::net::resolve::CachingResolver;
use crate::scenario::plan::{Address, RedisProtocol, ServerAddress};

/// Our name in `CLIENT LIST`.
const NAME: &str = "katydid";

/// What is needed to connect; shared by all users.
#[derive(Debug)]
pub struct RedisDialer {
    /// Credentials, and whether to use TLS; where the servers are is not read.
    pub address: Address,
    /// The version of RESP to request.
    pub protocol: RedisProtocol,
    pub resolver: CachingResolver,
    /// Built once, because loading root certificates is expensive.
    pub tls: Arc<rustls::ClientConfig>,
}

/// An open, authenticated connection.
#[derive(Debug)]
pub struct RedisSocket {
    stream: RedisStream,
    inbox: Inbox,
    /// Duration of the TLS handshake, if there was one.
    pub tls: Option<Duration>,
    /// Whether the server is part of a cluster; `None` if it has not said so.
    is_cluster: Option<bool>,
}

impl RedisDialer {
    /// Connects, authenticates and selects the database.
    ///
    /// # Errors
    /// When the server cannot be reached or rejects the credentials.
    pub async fn open(&self, server: &ServerAddress) -> Result<RedisSocket, RedisError> {
        let tls = self.address.tls.then_some(&self.tls);
        let (stream, tls) = RedisStream::open(server, &self.resolver, tls).await?;
        let mut socket = RedisSocket { stream, inbox: Inbox::default(), tls, is_cluster: None };
        socket.authenticate(&self.address, self.protocol).await?;
        Ok(socket)
    }
}

fn other(why: &'static str) -> RedisError {
    RedisError::Format(FormatError::NotRedis(why))
}

impl RedisSocket {
    async fn authenticate(&mut self, address: &Address, protocol: RedisProtocol) -> Result<(), RedisError> {
        let user = address.user.as_deref();
        let password = address.password.as_deref();
        let is_new = protocol == RedisProtocol::Resp3 && self.hello(user.unwrap_or("default"), password).await?;
        if !is_new {
            if let Some(password) = password {
                // Before version 6, servers have no user names.
                self.command(cmd("AUTH").arg(user).arg(password)).await?;
            }
            match self.command(cmd("CLIENT").arg("SETNAME").arg(NAME)).await {
                // Optional: an ACL may forbid it.
                Err(RedisError::Refused(error)) if error.code() == "NOPERM" => {}
                Ok(Value::Array(_) | Value::Map(_)) => return Err(other("unexpected response to CLIENT")),
                named => drop(named?),
            }
        }
        if address.database > 0 {
            self.command(cmd("SELECT").arg(address.database)).await?;
        }
        Ok(())
    }

    /// Switches to RESP3. False if the server does not support it.
    async fn hello(&mut self, user: &str, password: Option<&str>) -> Result<bool, RedisError> {
        let mut hello = cmd("HELLO");
        hello.arg(3);
        if let Some(password) = password {
            hello.arg("AUTH").arg(user).arg(password);
        }
        match self.command(hello.arg("SETNAME").arg(NAME)).await {
            // A real response describes the server; an echo server repeats the command.
            Ok(Value::Map(fields)) => {
                let mode = fields.iter().find(|(name, _)| text(name) == "mode");
                self.is_cluster = mode.map(|(_, mode)| text(mode) == "cluster");
                Ok(true)
            }
            Ok(Value::Array(words)) if words.len() > 6 && !words.contains(&Value::BulkString(b"SETNAME".to_vec())) => {
                Ok(true)
            }
            Ok(_) => Err(other("unexpected response to HELLO")),
            Err(RedisError::Refused(error)) if error.code() == "NOPROTO" || is_unknown_command(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the server is part of a cluster; asks it if it has not said so.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn is_cluster(&mut self) -> Result<bool, RedisError> {
        if let Some(known) = self.is_cluster {
            return Ok(known);
        }
        match self.command(cmd("INFO").arg("cluster")).await {
            Ok(info) => Ok(text(&info).contains("cluster_enabled:1")),
            // An ACL may forbid it, or an old server may have no such section.
            Err(RedisError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Sends a command and waits for its response.
    ///
    /// # Errors
    /// When the connection fails, or the response is an error.
    pub async fn command(&mut self, command: &Cmd) -> Result<Value, RedisError> {
        self.exchange(&command.get_packed_command()).await.map(|(value, _)| value)
    }

    /// Sends an encoded command and waits for its response, which is returned with its length in bytes.
    ///
    /// # Errors
    /// When the connection fails, or the response is an error.
    pub async fn exchange(&mut self, command: &[u8]) -> Result<(Value, u64), RedisError> {
        if let Err(error) = self.stream.send(command).await {
            // A server that refuses a connection sends the reason before it closes: report that first.
            return match self.response().await {
                Err(refused @ RedisError::Refused(_)) => Err(refused),
                _ => Err(error.into()),
            };
        }
        self.response().await
    }

    async fn response(&mut self) -> Result<(Value, u64), RedisError> {
        loop {
            while let Some(response) = self.inbox.next()? {
                // Not subscribed here, but a server may push anyway.
                if response.first() == Some(&b'>') {
                    continue;
                }
                let size = response.len() as u64;
                return match parse(response)? {
                    Value::ServerError(error) => Err(RedisError::Refused(error)),
                    value => Ok((value, size)),
                };
            }
            self.stream.receive(&mut self.inbox).await?;
        }
    }

    /// Sends bytes without waiting for a response.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), RedisError> {
        Ok(self.stream.send(bytes).await?)
    }

    /// Waits until bytes arrive, and returns their number. Cancel safe.
    ///
    /// # Errors
    /// When the connection is broken or has ended.
    pub async fn receive(&mut self) -> Result<usize, RedisError> {
        self.stream.receive(&mut self.inbox).await
    }

    /// Bytes waiting in the socket buffer.
    pub fn unread(&self) -> u64 {
        self.stream.unread()
    }

    /// The next complete response in the inbox, if there is one.
    ///
    /// # Errors
    /// When it is not valid RESP.
    pub fn next_response(&mut self) -> Result<Option<&[u8]>, RedisError> {
        Ok(self.inbox.next()?)
    }
}

fn is_unknown_command(error: &::redis::ServerError) -> bool {
    error.code() == "ERR" && error.details().is_some_and(|details| details.starts_with("unknown command"))
}
