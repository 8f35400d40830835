//! A connection: opened, authenticated, then used for one command at a time.

use std::sync::Arc;
use std::time::Duration;

use super::error::RedisError;
use super::resp::{FormatError, Inbox, RedisValue, encode};
use super::stream::RedisStream;
use crate::protocol::net::resolve::CachingResolver;
use crate::scenario::plan::{Address, RedisProtocol};

/// Our name in `CLIENT LIST`.
const NAME: &str = "katydid";

/// What is needed to connect; shared by all users.
#[derive(Debug)]
pub struct RedisDialer {
    /// Host, port and credentials.
    pub address: Address,
    /// The version of RESP to request.
    pub protocol: RedisProtocol,
    pub resolver: CachingResolver,
    /// Built once, because loading root certificates is expensive.
    pub tls: Arc<rustls::ClientConfig>,
}

/// An open, authenticated connection.
#[derive(Debug)]
pub struct RedisConnection {
    stream: RedisStream,
    inbox: Inbox,
    tls: Option<Duration>,
}

impl RedisDialer {
    /// Connects, authenticates and selects the database.
    ///
    /// # Errors
    /// When the server cannot be reached or rejects the credentials.
    pub async fn open(&self) -> Result<RedisConnection, RedisError> {
        let (stream, tls) = RedisStream::open(&self.address, &self.resolver, &self.tls).await?;
        let mut connection = RedisConnection { stream, inbox: Inbox::default(), tls };
        connection.authenticate(&self.address, self.protocol).await?;
        Ok(connection)
    }
}

fn other(why: &'static str) -> RedisError {
    RedisError::Format(FormatError::NotRedis(why))
}

impl RedisConnection {
    /// Duration of the TLS handshake, if there was one.
    pub fn tls(&self) -> Option<Duration> {
        self.tls
    }

    async fn authenticate(&mut self, address: &Address, protocol: RedisProtocol) -> Result<(), RedisError> {
        let user = address.user.as_deref().unwrap_or("default");
        let new = protocol == RedisProtocol::Resp3 && self.hello(user, address.password.as_deref()).await?;
        if !new {
            match (&address.user, &address.password) {
                (Some(user), Some(password)) => drop(self.command(&["AUTH", user, password]).await?),
                // Before version 6, servers have no user names.
                (None, Some(password)) => drop(self.command(&["AUTH", password]).await?),
                (_, None) => {}
            }
            match self.command(&["CLIENT", "SETNAME", NAME]).await {
                // Optional: an ACL may forbid it.
                Err(RedisError::Refused(text)) if text.starts_with("NOPERM") => {}
                Ok(RedisValue::List(_) | RedisValue::Map(_)) => return Err(other("unexpected response to CLIENT")),
                named => drop(named?),
            }
        }
        if address.database > 0 {
            self.command(&["SELECT", &address.database.to_string()]).await?;
        }
        Ok(())
    }

    /// Switches to RESP3. False if the server does not support it.
    async fn hello(&mut self, user: &str, password: Option<&str>) -> Result<bool, RedisError> {
        let response = match password {
            Some(password) => self.command(&["HELLO", "3", "AUTH", user, password, "SETNAME", NAME]).await,
            None => self.command(&["HELLO", "3", "SETNAME", NAME]).await,
        };
        match response {
            // A real response describes the server; an echo server repeats the command.
            Ok(RedisValue::Map(_)) => Ok(true),
            Ok(RedisValue::List(words))
                if words.len() > 6 && !words.contains(&RedisValue::Text(b"SETNAME".to_vec())) =>
            {
                Ok(true)
            }
            Ok(_) => Err(other("unexpected response to HELLO")),
            Err(RedisError::Refused(text))
                if ["ERR unknown command", "NOPROTO"].iter().any(|e| text.starts_with(e)) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Sends a command and waits for its response.
    ///
    /// # Errors
    /// When the connection fails, or the response is an error.
    pub async fn command(&mut self, words: &[&str]) -> Result<RedisValue, RedisError> {
        let mut out = Vec::with_capacity(64);
        encode::command(&mut out, words);
        self.exchange(&out).await.map(|(value, _)| value)
    }

    /// Sends an encoded command and waits for its response, which is returned with its length in bytes.
    ///
    /// # Errors
    /// When the connection fails, or the response is an error.
    pub async fn exchange(&mut self, command: &[u8]) -> Result<(RedisValue, u64), RedisError> {
        if let Err(error) = self.stream.send(command).await {
            // A server that refuses a connection sends the reason before it closes: report that first.
            return match self.response().await {
                Err(refused @ RedisError::Refused(_)) => Err(refused),
                _ => Err(error.into()),
            };
        }
        self.response().await
    }

    async fn response(&mut self) -> Result<(RedisValue, u64), RedisError> {
        loop {
            while let Some(response) = self.inbox.next()? {
                // Not subscribed here, but a server may push anyway.
                if response.first() == Some(&b'>') {
                    continue;
                }
                let size = response.len() as u64;
                return match RedisValue::read(response)? {
                    RedisValue::Error(text) => Err(RedisError::Refused(text)),
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
