//! Where a request goes: the parts of its URL, found once.

use reqwest::Url;

use crate::scenario::eval::template::RenderError;

/// Where in a URL its parts are, and whether they are reached through TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Route {
    /// `https`.
    pub secure: bool,
    /// `host:port` begins at this byte; a user name and password come before it.
    host: usize,
    /// Path and query begin at this byte, where `host:port` ends.
    target: usize,
}

impl Route {
    /// The parts of `url`, which is put into its normal form if it is not in it already.
    ///
    /// # Errors
    /// When it is no URL that HTTP could request.
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
        // A fragment is the reader's business, not the server's.
        parsed.set_fragment(None);
        *url = parsed.into();
        let start = scheme(secure).len();
        // A normal URL has a path, and nothing before it holds an unescaped slash or a second @.
        let target = url[start..].find('/').map_or(url.len(), |at| start + at);
        let host = url[start..target].rfind('@').map_or(start, |at| start + at + 1);
        Ok(Self { secure, host, target })
    }

    /// `host:port`, without the port where it is the scheme's own.
    pub fn authority<'a>(&self, url: &'a str) -> &'a str {
        &url[self.host..self.target]
    }

    /// Path and query.
    pub fn target<'a>(&self, url: &'a str) -> &'a str {
        &url[self.target..]
    }

    /// User name and password as they are in the URL: `user:pass%20word`.
    pub fn userinfo<'a>(&self, url: &'a str) -> Option<&'a str> {
        url.get(scheme(self.secure).len()..self.host)?.strip_suffix('@')
    }
}

fn scheme(secure: bool) -> &'static str {
    if secure { "https://" } else { "http://" }
}

/// The parts of a URL that parsing would leave as it is; a quick look that spares most requests the parser.
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
    // A dot after a slash may be a segment that the parser would resolve.
    let resolves = target.windows(2).any(|pair| pair == b"/.");
    let host = scheme(secure).len();
    (!resolves && target.iter().all(|byte| stays(*byte))).then_some(Route { secure, host, target: host + slash })
}

/// True for what stands unescaped in paths and queries alike.
fn stays(byte: u8) -> bool {
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
    fn urls_are_split_and_normal() {
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
    fn a_user_in_the_url_is_no_part_of_its_authority() {
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
    fn the_quick_look_agrees_with_the_parser() {
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
    fn what_http_cannot_request_is_refused() {
        for url in ["ftp://shop.test/", "http://a:99999/", "nothing", "http://"] {
            assert!(Route::of(&mut url.to_owned()).is_err(), "{url}");
        }
    }
}
