//! Where a Redis or Valkey server is, and the credentials for it: the parts of its URL.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use redis::{ConnectionAddr, IntoConnectionInfo as _};
use url::Url;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ServerAddress {
    /// TCP.
    Tcp {
        /// Host name or IP address, without brackets.
        host: Arc<str>,
        /// Port; default 6379.
        port: u16,
    },
    /// A Unix socket.
    Unix(Arc<Path>),
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerAddress::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            ServerAddress::Tcp { host, port } => write!(f, "{host}:{port}"),
            ServerAddress::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

/// The parts of `redis://user:password@host:port/database`.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Host and port, or the socket.
    pub server: ServerAddress,
    /// TLS (`rediss://`, `valkeys://`).
    pub tls: bool,
    /// User name; `None`: `default`.
    pub user: Option<Arc<str>>,
    /// Password for `AUTH`.
    pub password: Option<Arc<str>>,
    /// Number of the database, selected after connecting; pub/sub ignores it.
    pub database: u32,
}

/// Schemes of Redis and Valkey URLs, and whether they use TLS.
pub(crate) const SCHEMES: [(&str, bool); 6] = [
    ("redis", false),
    ("rediss", true),
    ("valkey", false),
    ("valkeys", true),
    ("redis+unix", false),
    ("valkey+unix", false),
];

/// Invalid Redis address. The message does not contain it, because it may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid Redis address: {0}; write redis://host:6379/0, rediss:// for TLS, or redis+unix:///path/of/socket")]
pub struct AddressError(&'static str);

impl AddressError {
    /// There is no address.
    pub(crate) const MISSING: Self = Self("it is missing");
}

impl Address {
    /// Parses the URL of a Sentinel, whose port is 26379 by default.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_sentinel(text: &str) -> Result<Self, AddressError> {
        let mut address = Self::parse(text)?;
        let has_port = Url::parse(text.trim()).is_ok_and(|url| url.port().is_some());
        if let (ServerAddress::Tcp { port, .. }, false) = (&mut address.server, has_port) {
            *port = 26_379;
        }
        Ok(address)
    }

    /// Parses a URL, as the `redis` crate does: user, password and database of a Unix socket are in its query, as
    /// `?user=…&pass=…&db=…`.
    ///
    /// # Errors
    /// If it is not a valid URL with one of [`SCHEMES`].
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let mut url = Url::parse(text.trim()).map_err(|why| match why {
            url::ParseError::InvalidPort => AddressError("invalid port number"),
            _ => AddressError("it is not a URL"),
        })?;
        if url.scheme().ends_with("+sentinel") {
            return Err(AddressError(
                "servers behind Sentinel are given by `sentinel: { master: NAME, urls: […] }` in `redis`",
            ));
        }
        let (scheme, tls) = *SCHEMES.iter().find(|(scheme, _)| *scheme == url.scheme()).ok_or(AddressError(
            "it must start with redis://, rediss://, valkey://, valkeys://, redis+unix:// or valkey+unix://",
        ))?;
        let is_unix = scheme.ends_with("+unix");
        if let Some(fault) = fault(&url, is_unix) {
            return Err(AddressError(fault));
        }
        if tls {
            // TLS is ours: the crate would need a library of its own for it.
            url.set_scheme("redis").map_err(|()| AddressError("it is not a URL"))?;
        }
        let why = if is_unix { "the path of the socket is missing" } else { "user or password is not valid UTF-8" };
        let info = url.into_connection_info().map_err(|_| AddressError(why))?;
        let server = match info.addr() {
            ConnectionAddr::Tcp(host, port) => ServerAddress::Tcp { host: host.as_str().into(), port: *port },
            ConnectionAddr::Unix(path) => ServerAddress::Unix(path.as_path().into()),
            _ => return Err(AddressError("it is not a URL")),
        };
        let settings = info.redis_settings();
        let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(Into::into);
        Ok(Self {
            server,
            tls,
            user: given(settings.username()),
            password: given(settings.password()),
            database: u32::try_from(settings.db()).map_err(|_| AddressError(NO_DATABASE))?,
        })
    }
}

const NO_DATABASE: &str = "the number of the database is not valid";

/// What is wrong with a URL that the crate accepts, or refuses without saying where.
fn fault(url: &Url, is_unix: bool) -> Option<&'static str> {
    let is_number = |text: &str| text.parse::<u32>().is_ok();
    let mut options = url.query_pairs();
    if is_unix {
        let known = |key: &str| ["db", "user", "pass"].contains(&key);
        let database = options.clone().find(|(key, _)| key == "db");
        return if url.host_str().is_some_and(|host| !host.is_empty()) {
            Some("a socket has three slashes: redis+unix:///path/of/socket")
        } else if database.is_some_and(|(_, number)| !is_number(&number)) {
            Some(NO_DATABASE)
        } else {
            options.any(|(key, _)| !known(&key)).then_some("a socket has the options `db`, `user` and `pass`")
        };
    }
    match url.host_str() {
        None | Some("") => return Some("it has no host"),
        Some("0.0.0.0" | "[::]") => return Some("0.0.0.0 and :: are addresses to listen on, not to connect to"),
        Some(_) => {}
    }
    let database = url.path().trim_matches('/');
    if !database.is_empty() && !is_number(database) {
        return Some("the database after the host is not a number");
    }
    if options.next().is_some() || url.fragment().is_some() {
        return Some("options after `?` or `#` have no effect; use `protocol` and `tls` in `redis`");
    }
    None
}

impl fmt::Debug for Address {
    /// Passwords are not printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_parsed() {
        let parsed = |text: &str| Address::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        for (text, server, tls, database) in [
            ("redis://127.0.0.1", "127.0.0.1:6379", false, 0),
            ("rediss://load:p%40ss%2F@cache.test:7000/3", "cache.test:7000", true, 3),
            ("redis://:secret@[::1]:1/", "[::1]:1", false, 0),
            ("valkey://h:7000/3", "h:7000", false, 3),
            ("VALKEYS://load:p%40ss@h:7000/3", "h:7000", true, 3),
            ("redis+unix:///run/redis/redis.sock?db=2&user=load&pass=p%40ss%2F", "/run/redis/redis.sock", false, 2),
            ("valkey+unix:///run/a%20b.sock", "/run/a b.sock", false, 0),
        ] {
            let address = parsed(text);
            assert_eq!(format!("{address:?}"), server, "{text}");
            assert_eq!((address.tls, address.database), (tls, database), "{text}");
        }
        for (text, user, password) in [
            ("redis://127.0.0.1", None, None),
            ("rediss://load:p%40ss%2F@cache.test:7000/3", Some("load"), Some("p@ss/")),
            ("redis://:secret@[::1]:1/", None, Some("secret")),
            ("redis+unix:///s?db=2&user=load&pass=p%40ss%2F", Some("load"), Some("p@ss/")),
        ] {
            let address = parsed(text);
            assert_eq!((address.user.as_deref(), address.password.as_deref()), (user, password), "{text}");
        }
    }

    #[test]
    fn invalid_urls_are_explained() {
        for (text, why) in [
            ("", "it is not a URL"),
            ("localhost:6379", "it must start with redis://"),
            ("http://x", "it must start with redis://"),
            ("valkeyss://h", "it must start with redis://"),
            ("redis://", "it has no host"),
            ("valkey://", "it has no host"),
            ("valkey:h", "it has no host"),
            ("redis://0.0.0.0", "addresses to listen on"),
            ("redis://h/x", "not a number"),
            ("redis://h/-1", "not a number"),
            ("redis://h:99999", "invalid port number"),
            ("redis://h?protocol=resp3", "use `protocol` and `tls` in `redis`"),
            ("rediss://h#insecure", "use `protocol` and `tls` in `redis`"),
            ("redis://u:%ff@h", "not valid UTF-8"),
            ("redis+unix://run/redis.sock", "three slashes"),
            ("redis+unix:///s?db=x", "number of the database"),
            ("redis+sentinel://h:26379/mymaster", "`sentinel: { master: NAME, urls: […] }`"),
            ("redis+unix:///s?password=x", "`db`, `user` and `pass`"),
        ] {
            let error = Address::parse(text).expect_err(text).to_string();
            assert!(error.contains(why) && !error.contains("99999"), "{text}: {error}");
        }
    }
}
