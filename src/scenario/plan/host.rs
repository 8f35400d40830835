//! Valid hosts of a run: a base URL, the address of a Redis server, or the demo target.

use url::Url;

use super::address::SCHEMES;
use crate::scenario::secrets::userinfo::MASK;

/// Value of `host` for the embedded demo target.
pub const DEMO_HOST: &str = "demo";

/// True for the address of a Redis or Valkey server.
pub fn is_redis(host: &str) -> bool {
    let scheme = host.trim_start().split("://").next().unwrap_or_default();
    SCHEMES.iter().any(|(known, _)| scheme.eq_ignore_ascii_case(known))
}

/// A host in a message, without a query, which may contain a secret.
pub(crate) fn shown(host: &str) -> String {
    format!("{:?}", host.split(['?', '#']).next().unwrap_or_default())
}

/// Validates a base URL and removes trailing slashes; a path is kept as prefix.
pub(crate) fn base_url(host: &str) -> Result<String, String> {
    match not_base_url(host) {
        None => Ok(host.trim().trim_end_matches('/').to_owned()),
        Some(why) => Err(format!("{} is not a base URL ({why}): write http://host:port or https://host", shown(host))),
    }
}

/// Why this is not a base URL, without repeating it; `None` if it is one.
pub(crate) fn not_base_url(host: &str) -> Option<String> {
    match Url::parse(host.trim()) {
        Err(url::ParseError::RelativeUrlWithoutBase) => Some("it does not start with http:// or https://".to_owned()),
        Err(why) => Some(why.to_string()),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => Some("only http and https are possible".to_owned()),
        // Copied from a report or an error.
        Ok(url) if url.username() == MASK => Some("*** hides a user name and password: write them".to_owned()),
        Ok(url) if url.query().is_some() || url.fragment().is_some() => Some("it has a query or a fragment".to_owned()),
        Ok(_) => None,
    }
}
