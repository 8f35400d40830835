//! Address and credentials of a Redis or Valkey server: the parts of a `redis://` or `valkey://` URL.

use std::fmt;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use url::Url;

/// The parts of `redis://user:password@host:port/database`.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Host name or IP address, without brackets.
    pub host: Arc<str>,
    /// Port; default 6379.
    pub port: u16,
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
pub(crate) const SCHEMES: [(&str, bool); 4] =
    [("redis", false), ("rediss", true), ("valkey", false), ("valkeys", true)];

/// Invalid Redis address. The message does not contain it, because it may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid Redis address: {0}; write redis://host:6379/0, or rediss:// for TLS")]
pub struct AddressError(&'static str);

impl Address {
    /// Parses a URL.
    ///
    /// # Errors
    /// If it is not a valid URL with one of [`SCHEMES`].
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let url = Url::parse(text.trim()).map_err(|why| match why {
            url::ParseError::InvalidPort => AddressError("invalid port number"),
            _ => AddressError("it is not a URL"),
        })?;
        let known = SCHEMES.iter().find(|(scheme, _)| *scheme == url.scheme());
        let tls = known.ok_or(AddressError("it must start with redis://, rediss://, valkey:// or valkeys://"))?.1;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(AddressError("it has no host"))?;
        let decoded = |part: &str| -> Result<Option<Arc<str>>, AddressError> {
            let text = percent_decode_str(part).decode_utf8().map_err(|_| AddressError("it is not valid UTF-8"))?;
            Ok(Some(text).filter(|text| !text.is_empty()).map(|text| text.as_ref().into()))
        };
        let database = match url.path().trim_matches('/') {
            "" => 0,
            number => number.parse().map_err(|_| AddressError("the database after the host is not a number"))?,
        };
        Ok(Self {
            host: host.trim_start_matches('[').trim_end_matches(']').into(),
            port: url.port().unwrap_or(6379),
            tls,
            user: decoded(url.username())?,
            password: url.password().map(decoded).transpose()?.flatten(),
            database,
        })
    }
}

impl fmt::Debug for Address {
    /// Passwords are not printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_parsed() {
        let plain = Address::parse("redis://127.0.0.1").unwrap();
        assert_eq!((&*plain.host, plain.port, plain.tls, plain.database), ("127.0.0.1", 6379, false, 0));
        assert_eq!((plain.user, plain.password), (None, None));
        let full = Address::parse("rediss://load:p%40ss%2F@cache.test:7000/3").unwrap();
        assert_eq!((&*full.host, full.port, full.tls, full.database), ("cache.test", 7000, true, 3));
        assert_eq!((full.user.as_deref(), full.password.as_deref()), (Some("load"), Some("p@ss/")));
        assert_eq!(format!("{full:?}"), "cache.test:7000");
        let password_only = Address::parse("redis://:secret@[::1]:1/").unwrap();
        assert_eq!((&*password_only.host, password_only.user), ("::1", None));
        assert_eq!(password_only.password.as_deref(), Some("secret"));
        for (text, tls) in [("valkey://h:7000/3", false), ("VALKEYS://load:p%40ss@h:7000/3", true)] {
            let valkey = Address::parse(text).unwrap();
            assert_eq!((&*valkey.host, valkey.port, valkey.tls, valkey.database), ("h", 7000, tls, 3), "{text}");
        }
        for text in ["valkey://", "valkeyss://h", "valkey:h"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
        for text in ["", "localhost:6379", "http://x", "redis://", "redis://h/x", "redis://h/-1", "redis://h:99999"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }
}
