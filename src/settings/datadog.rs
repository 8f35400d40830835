//! Addresses of Datadog: its API, and the DogStatsD server of an agent.

use std::ffi::OsStr;
use std::path::PathBuf;

use url::{ParseError, Url};

use super::host::is_http;
use super::value::{shown, string};

/// Sites of Datadog. They share nothing: a key of one is invalid on the others.
const SITES: [&str; 9] = [
    "datadoghq.com",
    "us3.datadoghq.com",
    "us5.datadoghq.com",
    "datadoghq.eu",
    "ap1.datadoghq.com",
    "ap2.datadoghq.com",
    "uk1.datadoghq.com",
    "ddog-gov.com",
    "us2.ddog-gov.com",
];
/// Port of DogStatsD.
const DOGSTATSD_PORT: u16 = 8125;

/// A site of Datadog.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DatadogSite {
    /// Name of the site, or host and port of the URL.
    pub name: String,
    /// Base URL of the API, without a slash at its end.
    pub api: String,
}

impl DatadogSite {
    /// Parses the name of a site, the URL of its web page, or another URL of an API.
    pub(super) fn parse(value: &OsStr) -> Result<Self, String> {
        let text = string(value)?;
        let text = text.trim().trim_end_matches('/');
        let error = || format!("expected one of {}, or the URL of an API, found {:?}", SITES.join(", "), shown(text));
        let site = |name: &str| Self { name: name.to_owned(), api: format!("https://api.{name}") };
        if SITES.contains(&text) {
            return Ok(site(text));
        }
        let url = Url::parse(text).map_err(|why| if is_http(text) { format!("not a URL: {why}") } else { error() })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(error());
        }
        let host = url.host_str().ok_or_else(error)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("expected a URL without user and password".to_owned());
        }
        let without_name = host.strip_prefix("app.").or_else(|| host.strip_prefix("api.")).unwrap_or(host);
        if SITES.contains(&without_name) {
            return Ok(site(without_name));
        }
        let is_plain = url.query().is_none() && url.fragment().is_none();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        match is_plain {
            true => Ok(Self { name: format!("{host}{port}"), api: text.to_owned() }),
            false => Err("expected a URL without a query or a fragment".to_owned()),
        }
    }
}

/// Address of a DogStatsD server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatsdAddress {
    /// Host and port, over UDP.
    Udp(String, u16),
    /// A datagram socket.
    Unix(PathBuf),
}

impl StatsdAddress {
    /// Parses `HOST`, `HOST:PORT`, `udp://HOST:PORT`, `unix:///PATH` or a path.
    pub(super) fn parse(value: &OsStr) -> Result<Self, String> {
        let text = string(value)?;
        let error = || format!("expected HOST:PORT or unix:///PATH, found {:?}", shown(&text));
        if let Some(path) = text.strip_prefix("unix://").or(Some(&*text).filter(|text| text.starts_with('/'))) {
            return if path.starts_with('/') { Ok(Self::Unix(PathBuf::from(path))) } else { Err(error()) };
        }
        let authority = text.strip_prefix("udp://").unwrap_or(&text);
        // A URL has all forms of hosts, IPv6 included.
        let url = Url::parse(&format!("http://{authority}/")).map_err(|why| match why {
            ParseError::InvalidPort => format!("expected HOST:PORT with a port up to 65535, found {:?}", shown(&text)),
            _ => error(),
        })?;
        let is_plain =
            url.username().is_empty() && url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let host = url.host_str().filter(|_| is_plain && !authority.contains('/')).ok_or_else(error)?;
        // Port 80 is the default of the URL, and none that a server of metrics has.
        Ok(Self::Udp(host.trim_matches(['[', ']']).to_owned(), url.port().unwrap_or(DOGSTATSD_PORT)))
    }
}

impl std::fmt::Display for StatsdAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Udp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Udp(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_names_or_urls() {
        let api = |text: &str| DatadogSite::parse(text.as_ref()).map(|site| site.api);
        for text in ["datadoghq.eu", "https://app.datadoghq.eu/", "https://api.datadoghq.eu", "https://datadoghq.eu"] {
            assert_eq!(api(text).as_deref(), Ok("https://api.datadoghq.eu"), "{text}");
        }
        assert_eq!(api("http://127.0.0.1:4815/dd/").as_deref(), Ok("http://127.0.0.1:4815/dd"));
        for (text, why) in [
            ("datadog.eu", "expected one of datadoghq.com, "),
            ("eu", "expected one of datadoghq.com, "),
            ("", "found an empty string"),
            ("ftp://x", "expected one of datadoghq.com, "),
            ("https://u:p@x", "without user and password"),
            ("https://x/?a=b", "without a query"),
            ("http://127.0.0.1:99999", "not a URL: invalid port number"),
        ] {
            assert!(api(text).is_err_and(|error| error.contains(why)), "{text}: {:?}", api(text));
        }
    }

    #[test]
    fn a_port_out_of_range_is_named() {
        for text in ["127.0.0.1:99999", "agent:port", "udp://[::1]:-1"] {
            let error = StatsdAddress::parse(text.as_ref()).unwrap_err();
            assert!(error.contains("a port up to 65535"), "{text}: {error}");
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        let api = |text: &str| DatadogSite::parse(text.as_ref()).map(|site| site.api);
        for text in ["u:pw0rd@datadoghq.eu", "//u:pw0rd@x", "https://u:pw0rd@datadoghq.eu", "u:pw0rd@h:1/p?q=1"] {
            let error = api(text).expect_err(text);
            assert!(!error.contains("pw0rd"), "{error}");
        }
        let error = StatsdAddress::parse("u:pw0rd@127.0.0.1:8125".as_ref()).unwrap_err();
        assert!(error.ends_with("found \"***@127.0.0.1:8125\""), "{error}");
    }

    #[test]
    fn statsd_addresses_are_hosts_or_sockets() {
        for (text, expected) in [
            ("127.0.0.1", Some("127.0.0.1:8125")),
            ("udp://agent:9125", Some("agent:9125")),
            ("[::1]:9125", Some("[::1]:9125")),
            ("unix:///var/run/dsd.socket", Some("/var/run/dsd.socket")),
            ("/var/run/dsd.socket", Some("/var/run/dsd.socket")),
            ("unix://dsd.socket", None),
            ("http://agent:9125", None),
            ("agent:port", None),
            ("", None),
        ] {
            let address = StatsdAddress::parse(text.as_ref()).map(|address| address.to_string());
            assert_eq!(address.as_deref().ok(), expected, "{text}");
        }
    }
}
