//! One connection: opened, introduced, and then one command and its reply at a time.

use std::sync::Arc;
use std::time::Duration;

use super::error::WireError;
use super::resp::{FormatError, Inbox, Value, encode};
use super::stream::Stream;
use crate::protocol::net::resolve::CachingResolver;
use crate::scenario::plan::{Address, RedisProtocol};

/// How we are called in the server's list of clients.
const NAME: &str = "katydid";

/// Everything needed to connect; shared by all users.
#[derive(Debug)]
pub struct Dialer {
    /// Where to, and as whom.
    pub address: Address,
    /// Which protocol is asked for.
    pub protocol: RedisProtocol,
    /// Names that were looked up.
    pub resolver: CachingResolver,
    /// Built once, because loading root certificates is dear.
    pub tls: Arc<rustls::ClientConfig>,
}

/// An open connection to a server that has let us in.
#[derive(Debug)]
pub struct Connection {
    stream: Stream,
    inbox: Inbox,
    tls: Option<Duration>,
}

impl Dialer {
    /// Connects, logs in and chooses the database.
    ///
    /// # Errors
    /// When the server cannot be reached or does not let us in.
    pub async fn open(&self) -> Result<Connection, WireError> {
        let (stream, tls) = Stream::open(&self.address, &self.resolver, &self.tls).await?;
        let mut connection = Connection { stream, inbox: Inbox::default(), tls };
        connection.greet(&self.address, self.protocol).await?;
        Ok(connection)
    }
}

fn other(why: &'static str) -> WireError {
    WireError::Format(FormatError::NotRedis(why))
}

impl Connection {
    /// How long the TLS handshake took, if there was one.
    pub fn tls(&self) -> Option<Duration> {
        self.tls
    }

    async fn greet(&mut self, address: &Address, protocol: RedisProtocol) -> Result<(), WireError> {
        let user = address.user.as_deref().unwrap_or("default");
        let new = protocol == RedisProtocol::Resp3 && self.hello(user, address.password.as_deref()).await?;
        if !new {
            match (&address.user, &address.password) {
                (Some(user), Some(password)) => drop(self.ask(&["AUTH", user, password]).await?),
                // Servers before 6 know no users.
                (None, Some(password)) => drop(self.ask(&["AUTH", password]).await?),
                (_, None) => {}
            }
            match self.ask(&["CLIENT", "SETNAME", NAME]).await {
                // Only a name: who may not give one needs none.
                Err(WireError::Refused(text)) if text.starts_with("NOPERM") => {}
                Ok(Value::List(_) | Value::Map(_)) => return Err(other("it does not answer CLIENT as a Redis does")),
                named => drop(named?),
            }
        }
        if address.database > 0 {
            self.ask(&["SELECT", &address.database.to_string()]).await?;
        }
        Ok(())
    }

    /// Switches to RESP3. False when the server is too old for it, or does not speak it.
    async fn hello(&mut self, user: &str, password: Option<&str>) -> Result<bool, WireError> {
        let reply = match password {
            Some(password) => self.ask(&["HELLO", "3", "AUTH", user, password, "SETNAME", NAME]).await,
            None => self.ask(&["HELLO", "3", "SETNAME", NAME]).await,
        };
        match reply {
            // The answer tells about the server; what only repeats the command is none.
            Ok(Value::Map(_)) => Ok(true),
            Ok(Value::List(words)) if words.len() > 6 && !words.contains(&Value::Text(b"SETNAME".to_vec())) => Ok(true),
            Ok(_) => Err(other("it does not answer HELLO as a Redis does")),
            Err(WireError::Refused(text)) if ["ERR unknown command", "NOPROTO"].iter().any(|e| text.starts_with(e)) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Sends a command and waits for its reply.
    ///
    /// # Errors
    /// When the connection breaks, or the server answers with an error.
    pub async fn ask(&mut self, words: &[&str]) -> Result<Value, WireError> {
        let mut out = Vec::with_capacity(64);
        encode::command(&mut out, words);
        self.exchange(&out).await.map(|(value, _)| value)
    }

    /// Sends a whole command as bytes and waits for its reply, which comes with its length.
    ///
    /// # Errors
    /// When the connection breaks, or the server answers with an error.
    pub async fn exchange(&mut self, command: &[u8]) -> Result<(Value, u64), WireError> {
        if let Err(error) = self.stream.send(command).await {
            // A server that refuses a connection says why and closes it: its word comes first.
            return match self.reply().await {
                Err(said @ WireError::Refused(_)) => Err(said),
                _ => Err(error.into()),
            };
        }
        self.reply().await
    }

    async fn reply(&mut self) -> Result<(Value, u64), WireError> {
        loop {
            while let Some(reply) = self.inbox.next()? {
                // Nobody has subscribed on this connection, but a server may push what it likes.
                if reply.first() == Some(&b'>') {
                    continue;
                }
                let size = reply.len() as u64;
                return match Value::read(reply)? {
                    Value::Error(text) => Err(WireError::Refused(text)),
                    value => Ok((value, size)),
                };
            }
            self.stream.receive(&mut self.inbox).await?;
        }
    }

    /// Sends bytes without waiting for anything.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), WireError> {
        Ok(self.stream.send(bytes).await?)
    }

    /// Waits until something has arrived; returns how many bytes. Nothing is lost when it is dropped half-way.
    ///
    /// # Errors
    /// When the connection is broken or has ended.
    pub async fn receive(&mut self) -> Result<usize, WireError> {
        self.stream.receive(&mut self.inbox).await
    }

    /// Bytes that have arrived and are not received yet.
    pub fn unread(&self) -> u64 {
        self.stream.unread()
    }

    /// What has arrived, one whole reply at a time.
    ///
    /// # Errors
    /// When it is no reply.
    pub fn arrived(&mut self) -> Result<Option<&[u8]>, WireError> {
        Ok(self.inbox.next()?)
    }
}
