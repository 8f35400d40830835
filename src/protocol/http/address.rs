//! The route of a request: positions of the parts of its URL, computed once.

use reqwest::Url;

use crate::scenario::eval::template::RenderError;

/// Positions of the parts of a URL, and whether it needs TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Route {
    pub secure: bool,
    /// Byte at which `host:port` starts, after a user name and password.
    host: usize,
    /// Byte at which path and query start, and `host:port` ends.
    target: usize,
}

impl Route {
    /// Computes the parts of `url`, and normalizes `url` if needed.
    ///
    /// # Errors
    /// When it is not a valid http(s) URL.
    pub fn of(url: &mut String) -> Result<Self, RenderError> {
        if let Some(route) = normal(url) {
            return Ok(route);
        }
        let mut parsed = Url::parse(url).map_err(|why| RenderError(format!("{url:?} is not a URL: {why}")))?;
        let secure = match parsed.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(RenderError(format!("{url:?} is neither http nor https"))),
        };
        // A fragment is not sent to the server.
        parsed.set_fragment(None);
        *url = parsed.into();
        let start = scheme(secure).len();
        // A normalized URL has a path, and nothing before it contains an unescaped slash or a second @.
        let target = url[start..].find('/').map_or(url.len(), |at| start + at);
        let host = url[start..target].rfind('@').map_or(start, |at| start + at + 1);
        Ok(Self { secure, host, target })
    }

    /// `host:port`, without the port if it is the default of the scheme.
    pub fn authority<'a>(&self, url: &'a str) -> &'a str {
        &url[self.host..self.target]
    }

    /// Path and query.
    pub fn target<'a>(&self, url: &'a str) -> &'a str {
        &url[self.target..]
    }

    /// User name and password as in the URL: `user:pass%20word`.
    pub fn userinfo<'a>(&self, url: &'a str) -> Option<&'a str> {
        url.get(scheme(self.secure).len()..self.host)?.strip_suffix('@')
    }
}

fn scheme(secure: bool) -> &'static str {
    if secure { "https://" } else { "http://" }
}

/// The parts of a URL that is already normalized, else `None`. Avoids the parser for most requests.
fn normal(url: &str) -> Option<Route> {
    let secure = url.starts_with("https://");
    let rest = url.strip_prefix(scheme(secure))?;
    let slash = rest.find('/')?;
    let (authority, target) = rest.split_at(slash);
    let usual = if secure { 443 } else { 80 };
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok_and(|port| port != usual) && !port.starts_with(['0', '+']) => {
            host
        }
        Some(_) => return None,
        None => authority,
    };
    let plain_host = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-');
    if host.is_empty() || !host.bytes().all(plain_host) {
        return None;
    }
    let target = target.as_bytes();
    // A dot after a slash may start a segment that the parser would resolve.
    let resolves = target.windows(2).any(|pair| pair == b"/.");
    let host = scheme(secure).len();
    (!resolves && target.iter().all(|byte| is_unescaped(*byte))).then_some(Route { secure, host, target: host + slash })
}

/// True for bytes that need no escaping in paths and queries.
fn is_unescaped(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&()*+,;=:@/%?".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> (bool, String, String) {
        let mut url = url.to_owned();
        let route = Route::of(&mut url).expect("a URL");
        (route.secure, route.authority(&url).to_owned(), route.target(&url).to_owned())
    }

    #[test]
    fn urls_are_split_and_normalized() {
        for (url, authority, target) in [
            ("http://shop.test/", "shop.test", "/"),
            ("http://127.0.0.1:8080/a?b=c%20d", "127.0.0.1:8080", "/a?b=c%20d"),
            ("http://Shop.Test:80", "shop.test", "/"),
            ("http://shop.test?q=1", "shop.test", "/?q=1"),
            ("http://shop.test/a/../b c?d e#f", "shop.test", "/b%20c?d%20e"),
            ("http://shop.test/ü\r\nx: y", "shop.test", "/%C3%BCx:%20y"),
            ("http://[::1]:81/a", "[::1]:81", "/a"),
        ] {
            assert_eq!(of(url), (false, authority.to_owned(), target.to_owned()), "{url}");
            let secure = url.replacen("http", "https", 1).replacen("Test:80", "Test:443", 1);
            assert_eq!(of(&secure), (true, authority.to_owned(), target.to_owned()), "{secure}");
        }
    }

    #[test]
    fn the_authority_excludes_userinfo() {
        for (text, userinfo, authority) in [
            ("http://user:s%20cret@shop.test/a", Some("user:s%20cret"), "shop.test"),
            ("https://user@[::1]:81/@", Some("user"), "[::1]:81"),
            ("https://a@b:c@shop.test:444/", Some("a%40b:c"), "shop.test:444"),
            ("http://shop.test/a@b", None, "shop.test"),
            ("http://@shop.test/", None, "shop.test"),
        ] {
            let mut url = text.to_owned();
            let route = Route::of(&mut url).expect("a URL");
            assert_eq!((route.userinfo(&url), route.authority(&url)), (userinfo, authority), "{text}");
        }
    }

    #[test]
    fn the_fast_path_agrees_with_the_parser() {
        for url in [
            "http://a.b/c?d=e&f=(g)*",
            "http://a-b:1/x//y;z=1,2",
            "http://10.0.0.1:65535/%41",
            "https://a:80/",
            "http://a:443/",
        ] {
            assert!(normal(url).is_some(), "{url}");
            assert_eq!(Url::parse(url).expect("a URL").as_str(), url);
        }
        for url in [
            "http://a:99999/",
            "http://a:080/",
            "http://a/\"",
            "http://a/./b",
            "http://A/",
            "http://u@a/",
            "https://a:443/",
        ] {
            assert_eq!(normal(url), None, "{url}");
        }
    }

    #[test]
    fn invalid_urls_are_rejected() {
        for url in ["ftp://shop.test/", "http://a:99999/", "nothing", "http://"] {
            assert!(Route::of(&mut url.to_owned()).is_err(), "{url}");
        }
    }
}
