//! Validation of the target host.

use crate::scenario::plan::Address;
use crate::scenario::plan::host::not_base_url;
use crate::scenario::{DEMO_HOST, is_redis};

/// Accepts an HTTP(S) base URL, the address of a Redis server, or `demo`.
///
/// # Errors
/// Says what is expected. The value is not printed: it may contain a password.
pub fn parse_host(text: &str) -> Result<String, String> {
    let host = text.trim();
    if host.chars().any(char::is_control) {
        return Err("it has a control character".to_owned());
    }
    if host == DEMO_HOST {
        return Ok(host.to_owned());
    }
    if is_redis(host) {
        return Address::parse(host).map(|_| host.to_owned()).map_err(|why| why.to_string());
    }
    match not_base_url(host) {
        None => Ok(host.to_owned()),
        // What is wrong after the scheme, such as a port or a query.
        Some(why) if is_http(host) => Err(format!("not a base URL ({why}): write http://host:port or https://host")),
        Some(_) => Err("write a base URL such as https://staging.example.com, the address of a Redis such as \
                  redis://127.0.0.1:6379, or demo"
            .to_owned()),
    }
}

/// True for a value that starts like an http(s) URL, whose error can then say what is wrong in it.
pub(super) fn is_http(text: &str) -> bool {
    let scheme = text.split("://").next().filter(|scheme| scheme.len() < text.len()).unwrap_or_default();
    ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
}
