//! The cookies of one user: RFC 6265, and where it leaves a choice, what browsers and curl do.
//!
//! In: `Set-Cookie` lines and the URL they came from. Out: the `Cookie` line for a URL. Values are bytes, because
//! servers send Latin-1. There is no public suffix list: a cookie for a top-level domain (`Domain=com`) is
//! rejected, one for `co.uk` is not.

mod date;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::HeaderValue;

/// Maximum bytes of name and value together; a longer cookie is ignored (RFC 6265, section 6.1).
const MAX_COOKIE: usize = 4_096;
/// Maximum bytes of an attribute; a longer one is ignored.
const MAX_ATTRIBUTE: usize = 1_024;
/// Maximum cookies of one domain; a new one evicts the oldest.
const MAX_PER_DOMAIN: usize = 50;
/// Maximum cookies of one user.
const MAX_COOKIES: usize = 3_000;

/// One user's cookies.
#[derive(Debug, Default)]
pub struct Jar(Mutex<Cookies>);

#[derive(Debug, Default)]
struct Cookies {
    /// In order of creation.
    all: Vec<Cookie>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Cookie {
    name: Vec<u8>,
    value: Vec<u8>,
    domain: String,
    /// Sent only to the host that set it, not to its subdomains.
    host_only: bool,
    path: String,
    secure: bool,
    expires: Option<SystemTime>,
}

/// The URL of a response or a request.
struct CookieUrl<'a> {
    host: &'a str,
    path: &'a str,
    /// `https`, or a loopback address.
    trusted: bool,
}

impl Jar {
    /// Stores the cookies that a response from `url` sets. `url` is normalized.
    pub fn set<'a>(&self, lines: impl Iterator<Item = &'a [u8]>, url: &str) {
        let Some(url) = CookieUrl::of(url) else { return };
        let mut cookies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = SystemTime::now();
        for line in lines {
            if let Some(cookie) = Cookie::read(line, &url, now) {
                cookies.store(cookie, &url, now);
            }
        }
    }

    /// The `Cookie` line for a request to `url`: longest paths first, then oldest first.
    pub fn header(&self, url: &str) -> Option<HeaderValue> {
        let cookies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cookies.all.is_empty() {
            return None;
        }
        let url = CookieUrl::of(url)?;
        let now = SystemTime::now();
        let mut fitting: Vec<&Cookie> = cookies.all.iter().filter(|cookie| cookie.applies_to(&url, now)).collect();
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let mut line = Vec::new();
        for cookie in fitting {
            if !line.is_empty() {
                line.extend_from_slice(b"; ");
            }
            line.extend_from_slice(&cookie.name);
            line.push(b'=');
            line.extend_from_slice(&cookie.value);
        }
        HeaderValue::from_bytes(&line).ok().filter(|line| !line.is_empty())
    }
}

impl Cookies {
    fn store(&mut self, cookie: Cookie, url: &CookieUrl<'_>, now: SystemTime) {
        // A cookie set over HTTPS cannot be replaced over HTTP (RFC 6265bis, section 5.7).
        let shadows = |known: &Cookie| {
            known.secure
                && known.name == cookie.name
                && domain_matches(&known.domain, &cookie.domain)
                && path_matches(&cookie.path, &known.path)
        };
        if !url.trusted && !cookie.secure && self.all.iter().any(shadows) {
            return;
        }
        let is_same = |known: &Cookie| {
            known.name == cookie.name
                && known.domain == cookie.domain
                && known.host_only == cookie.host_only
                && known.path == cookie.path
        };
        let known = self.all.iter().position(is_same);
        match (known, cookie.is_expired(now)) {
            (Some(at), true) => drop(self.all.remove(at)),
            // A cookie that is replaced keeps its creation time.
            (Some(at), false) => self.all[at] = cookie,
            (None, true) => {}
            (None, false) => {
                self.make_room(&cookie.domain, now);
                self.all.push(cookie);
            }
        }
    }

    fn make_room(&mut self, domain: &str, now: SystemTime) {
        let is_full = |all: &[Cookie]| {
            all.len() >= MAX_COOKIES || all.iter().filter(|known| known.domain == domain).count() >= MAX_PER_DOMAIN
        };
        if is_full(&self.all) {
            self.all.retain(|known| !known.is_expired(now));
        }
        while is_full(&self.all) {
            let oldest = self.all.iter().position(|known| known.domain == domain).unwrap_or(0);
            self.all.remove(oldest);
        }
    }
}

impl Cookie {
    /// Parses a `Set-Cookie` line; `None` if it is to be ignored.
    fn read(line: &[u8], url: &CookieUrl<'_>, now: SystemTime) -> Option<Self> {
        let mut parts = line.split(|byte| *byte == b';');
        let (name, value) = pair(parts.next()?);
        let (name, value) = (name.to_vec(), value?.to_vec());
        let odd = |byte: &u8| *byte != b'\t' && byte.is_ascii_control();
        if name.is_empty() || name.len() + value.len() > MAX_COOKIE || name.iter().chain(&value).any(odd) {
            return None;
        }
        let (mut domain, mut path, mut secure, mut expires, mut max_age) = (None, None, false, None, None);
        for (key, value) in parts.map(pair) {
            let value = value.unwrap_or_default();
            if value.len() > MAX_ATTRIBUTE {
                continue;
            }
            match key.to_ascii_lowercase().as_slice() {
                b"domain" => domain = Some(value),
                b"path" => path = Some(value),
                b"secure" => secure = true,
                b"expires" => expires = date::parse(value).or(expires),
                b"max-age" => max_age = seconds(value, now).or(max_age),
                _ => {}
            }
        }
        let domain = String::from_utf8_lossy(domain.unwrap_or_default()).to_ascii_lowercase();
        let domain = domain.strip_prefix('.').unwrap_or(&domain);
        let is_wide = !domain.is_empty() && (domain != url.host || domain.contains('.'));
        if is_wide && (!domain_matches(url.host, domain) || !domain.contains('.')) || secure && !url.trusted {
            return None;
        }
        let path = path.and_then(|path| str::from_utf8(path).ok()).filter(|path| path.starts_with('/'));
        let path = path.unwrap_or_else(|| url.default_path()).to_owned();
        let begins = |prefix: &[u8]| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        let is_alone = domain.is_empty() && path == "/";
        if begins(b"__Secure-") && !secure || begins(b"__Host-") && !(secure && is_alone) {
            return None;
        }
        Some(Self {
            name,
            value,
            domain: if domain.is_empty() { url.host.to_owned() } else { domain.to_owned() },
            host_only: domain.is_empty(),
            path,
            secure,
            expires: max_age.or(expires),
        })
    }

    fn is_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    fn applies_to(&self, url: &CookieUrl<'_>, now: SystemTime) -> bool {
        let is_host = if self.host_only { url.host == self.domain } else { domain_matches(url.host, &self.domain) };
        is_host && path_matches(url.path, &self.path) && (url.trusted || !self.secure) && !self.is_expired(now)
    }
}

impl<'a> CookieUrl<'a> {
    /// Splits a normalized URL.
    fn of(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = match host.rsplit_once(':') {
            // Without brackets, a colon can only precede the port.
            Some((host, port)) if !port.ends_with(']') => host,
            _ => host,
        };
        let path = path.split(['?', '#']).next().filter(|path| !path.is_empty()).unwrap_or("/");
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let is_here = host == "localhost"
            || host.ends_with(".localhost")
            || bare.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback())
            || bare.parse().is_ok_and(|ip: Ipv6Addr| ip.is_loopback());
        Some(Self { host, path, trusted: is_here || matches!(scheme, "https" | "wss") })
    }

    /// RFC 6265, section 5.1.4: the path up to the last slash.
    fn default_path(&self) -> &'a str {
        match self.path.rfind('/') {
            None | Some(0) => "/",
            Some(at) => &self.path[..at],
        }
    }
}

/// True for the domain itself and its subdomains; an IP address has none.
fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain
        || host.strip_suffix(domain).is_some_and(|start| start.ends_with('.')) && host.parse::<Ipv4Addr>().is_err()
}

/// RFC 6265, section 5.1.4.
fn path_matches(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/'))
}

/// Name and value around the first `=`, trimmed.
fn pair(part: &[u8]) -> (&[u8], Option<&[u8]>) {
    match part.iter().position(|byte| *byte == b'=') {
        Some(at) => (part[..at].trim_ascii(), Some(part[at + 1..].trim_ascii())),
        None => (part.trim_ascii(), None),
    }
}

/// When `Max-Age` expires; `None` if it is not a number.
fn seconds(value: &[u8], now: SystemTime) -> Option<SystemTime> {
    let text = str::from_utf8(value).ok()?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if digits.len() < text.len() || digits.bytes().all(|byte| byte == b'0') {
        return Some(SystemTime::UNIX_EPOCH);
    }
    // Capped at a century: larger values would overflow the clock.
    let seconds = digits.parse::<u64>().unwrap_or(u64::MAX).min(100 * 366 * 86_400);
    now.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests;
