//! Which way a request goes: plain `http` the lean one, everything else the general one.

use reqwest::Url;

use crate::scenario::template::RenderError;

const PLAIN: &str = "http://";

/// The way of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// HTTP/1.1 without TLS; path and query begin at this byte of the URL, the authority ends there.
    Plain(usize),
    /// Anything else.
    General,
}

impl Route {
    /// The way for `url`, which is put into its normal form if it is not in it already.
    ///
    /// # Errors
    /// When it is no URL that HTTP could request.
    pub fn of(url: &mut String) -> Result<Self, RenderError> {
        if let Some(target) = normal(url) {
            return Ok(Route::Plain(target));
        }
        let mut parsed = Url::parse(url).map_err(|why| RenderError(format!("{url:?} is not a URL: {why}")))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(RenderError(format!("{url:?} is neither http nor https")));
        }
        // A fragment is the reader's business, not the server's.
        parsed.set_fragment(None);
        let anonymous = parsed.username().is_empty() && parsed.password().is_none();
        let is_plain = parsed.scheme() == "http" && anonymous;
        *url = parsed.into();
        let target = url[PLAIN.len()..].find('/').filter(|_| is_plain);
        Ok(target.map_or(Route::General, |at| Route::Plain(PLAIN.len() + at)))
    }

    /// `host:port` of a plain URL.
    pub fn authority(url: &str, target: usize) -> &str {
        &url[PLAIN.len()..target]
    }
}

/// Where the path begins in a URL that parsing would leave as it is; a quick look that spares most requests the parser.
fn normal(url: &str) -> Option<usize> {
    let rest = url.strip_prefix(PLAIN)?;
    let slash = rest.find('/')?;
    let (authority, target) = rest.split_at(slash);
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok_and(|port| port != 80) && !port.starts_with(['0', '+']) => host,
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
    (!resolves && target.iter().all(|byte| stays(*byte))).then_some(PLAIN.len() + slash)
}

/// True for what stands unescaped in paths and queries alike.
fn stays(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&()*+,;=:@/%?".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> (Option<(String, String)>, String) {
        let mut url = url.to_owned();
        match Route::of(&mut url).expect("a URL") {
            Route::Plain(at) => (Some((Route::authority(&url, at).to_owned(), url[at..].to_owned())), url),
            Route::General => (None, url),
        }
    }

    #[test]
    fn plain_urls_are_split_and_normal() {
        for (url, authority, target) in [
            ("http://shop.test/", "shop.test", "/"),
            ("http://127.0.0.1:8080/a?b=c%20d", "127.0.0.1:8080", "/a?b=c%20d"),
            ("http://Shop.Test:80", "shop.test", "/"),
            ("http://shop.test?q=1", "shop.test", "/?q=1"),
            ("http://shop.test/a/../b c?d e#f", "shop.test", "/b%20c?d%20e"),
            ("http://shop.test/ü\r\nx: y", "shop.test", "/%C3%BCx:%20y"),
            ("http://[::1]:81/a", "[::1]:81", "/a"),
        ] {
            assert_eq!(of(url).0, Some((authority.to_owned(), target.to_owned())), "{url}");
        }
    }

    #[test]
    fn the_quick_look_agrees_with_the_parser() {
        for url in ["http://a.b/c?d=e&f=(g)*", "http://a-b:1/x//y;z=1,2", "http://10.0.0.1:65535/%41"] {
            assert!(normal(url).is_some(), "{url}");
            assert_eq!(Url::parse(url).expect("a URL").as_str(), url);
        }
        for url in ["http://a:99999/", "http://a:080/", "http://a/\"", "http://a/./b", "http://A/", "http://u@a/"] {
            assert_eq!(normal(url), None, "{url}");
        }
    }

    #[test]
    fn everything_else_goes_the_general_way() {
        assert_eq!(of("https://shop.test/").0, None);
        assert_eq!(of("http://user:secret@shop.test/").0, None);
        for url in ["ftp://shop.test/", "http://a:99999/", "nothing", "http://"] {
            assert!(Route::of(&mut url.to_owned()).is_err(), "{url}");
        }
    }
}
