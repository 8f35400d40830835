//! The cookies of one user: RFC 6265, with what browsers and curl do where it leaves room.
//!
//! In: `Set-Cookie` lines and where they came from. Out: the `Cookie` line for an address. Values are bytes, because
//! servers send Latin-1. There is no list of public suffixes: a cookie for a whole top-level domain (`Domain=com`) is
//! refused, one for `co.uk` is not.

mod date;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::HeaderValue;

/// Bytes of name and value together, at most; a longer cookie is ignored (RFC 6265, section 6.1).
const MAX_COOKIE: usize = 4_096;
/// Bytes of one attribute that is read.
const MAX_ATTRIBUTE: usize = 1_024;
/// Cookies of one domain: the oldest makes room.
const MAX_A_DOMAIN: usize = 50;
/// Cookies of one user.
const MAX_IN_ALL: usize = 3_000;

/// One user's cookies.
#[derive(Debug, Default)]
pub struct Jar(Mutex<Cookies>);

#[derive(Debug, Default)]
struct Cookies {
    /// In the order of their creation.
    all: Vec<Cookie>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Cookie {
    name: Vec<u8>,
    value: Vec<u8>,
    domain: String,
    /// Only for the very host that set it.
    host_only: bool,
    path: String,
    secure: bool,
    expires: Option<SystemTime>,
}

/// Where a response came from, or a request goes to.
struct Place<'a> {
    host: &'a str,
    path: &'a str,
    /// `https`, or this machine.
    trusted: bool,
}

impl Jar {
    /// Takes in what a response from `url` sets. `url` is in its normal form.
    pub fn set<'a>(&self, lines: impl Iterator<Item = &'a [u8]>, url: &str) {
        let Some(place) = Place::of(url) else { return };
        let mut cookies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = SystemTime::now();
        for line in lines {
            if let Some(cookie) = Cookie::read(line, &place, now) {
                cookies.put(cookie, &place, now);
            }
        }
    }

    /// The `Cookie` line for a request to `url`: longest paths first, then the oldest.
    pub fn header(&self, url: &str) -> Option<HeaderValue> {
        let cookies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cookies.all.is_empty() {
            return None;
        }
        let place = Place::of(url)?;
        let now = SystemTime::now();
        let mut fitting: Vec<&Cookie> = cookies.all.iter().filter(|cookie| cookie.goes_to(&place, now)).collect();
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
    fn put(&mut self, cookie: Cookie, place: &Place<'_>, now: SystemTime) {
        // What came the safe way is not replaced by what did not (RFC 6265bis, section 5.7).
        let shadows = |known: &Cookie| {
            known.secure
                && known.name == cookie.name
                && domain_matches(&known.domain, &cookie.domain)
                && path_matches(&cookie.path, &known.path)
        };
        if !place.trusted && !cookie.secure && self.all.iter().any(shadows) {
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
            // A cookie that is set again keeps its age.
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
            all.len() >= MAX_IN_ALL || all.iter().filter(|known| known.domain == domain).count() >= MAX_A_DOMAIN
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
    /// Reads a `Set-Cookie` line; `None` for one that is to be ignored.
    fn read(line: &[u8], place: &Place<'_>, now: SystemTime) -> Option<Self> {
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
        let is_wide = !domain.is_empty() && (domain != place.host || domain.contains('.'));
        if is_wide && (!domain_matches(place.host, domain) || !domain.contains('.')) || secure && !place.trusted {
            return None;
        }
        let path = path.and_then(|path| str::from_utf8(path).ok()).filter(|path| path.starts_with('/'));
        let path = path.unwrap_or_else(|| place.default_path()).to_owned();
        let begins = |prefix: &[u8]| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        let is_alone = domain.is_empty() && path == "/";
        if begins(b"__Secure-") && !secure || begins(b"__Host-") && !(secure && is_alone) {
            return None;
        }
        Some(Self {
            name,
            value,
            domain: if domain.is_empty() { place.host.to_owned() } else { domain.to_owned() },
            host_only: domain.is_empty(),
            path,
            secure,
            expires: max_age.or(expires),
        })
    }

    fn is_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    fn goes_to(&self, place: &Place<'_>, now: SystemTime) -> bool {
        let is_host = if self.host_only { place.host == self.domain } else { domain_matches(place.host, &self.domain) };
        is_host && path_matches(place.path, &self.path) && (place.trusted || !self.secure) && !self.is_expired(now)
    }
}

impl<'a> Place<'a> {
    /// Takes a URL apart that is in its normal form.
    fn of(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = match host.rsplit_once(':') {
            // Without brackets a colon can only come before the port.
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

    /// RFC 6265, section 5.1.4: the folder of the path.
    fn default_path(&self) -> &'a str {
        match self.path.rfind('/') {
            None | Some(0) => "/",
            Some(at) => &self.path[..at],
        }
    }
}

/// The host itself, or one below the domain; numbers have nothing below them.
fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain
        || host.strip_suffix(domain).is_some_and(|start| start.ends_with('.')) && host.parse::<Ipv4Addr>().is_err()
}

/// RFC 6265, section 5.1.4.
fn path_matches(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/'))
}

/// Name and value around the first `=`, without blanks.
fn pair(part: &[u8]) -> (&[u8], Option<&[u8]>) {
    match part.iter().position(|byte| *byte == b'=') {
        Some(at) => (part[..at].trim_ascii(), Some(part[at + 1..].trim_ascii())),
        None => (part.trim_ascii(), None),
    }
}

/// When `Max-Age` ends; `None` for what is not a number.
fn seconds(value: &[u8], now: SystemTime) -> Option<SystemTime> {
    let text = str::from_utf8(value).ok()?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if digits.len() < text.len() || digits.bytes().all(|byte| byte == b'0') {
        return Some(SystemTime::UNIX_EPOCH);
    }
    // More than a century is for ever, and no clock goes on for 2^64 seconds.
    let seconds = digits.parse::<u64>().unwrap_or(u64::MAX).min(100 * 366 * 86_400);
    now.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests;
