//! Proxies of requests: that of the scenario, or those of the environment, interpreted as by curl.

use std::net::IpAddr;
use std::sync::Arc;

use url::Url;

/// Proxies of some requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Proxies {
    /// Proxy for `http`.
    pub http: Option<Url>,
    /// Proxy for `https`.
    pub https: Option<Url>,
    /// Hosts without proxy: names including all subdomains, addresses, address ranges, `*`.
    pub except: Vec<Arc<str>>,
}

/// An environment variable is not a valid proxy address. The value is not included, because it may contain a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyError {
    /// Name of the variable.
    pub name: &'static str,
    /// The reason.
    pub why: &'static str,
}

impl Proxies {
    /// Use this proxy for all requests.
    pub fn always(url: Url) -> Self {
        Self { http: Some(url.clone()), https: Some(url), except: Vec::new() }
    }

    /// Proxies in `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`; lower-case names have precedence.
    ///
    /// # Errors
    /// If one of them is not a valid proxy address.
    pub fn from_environment<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Result<Self, ProxyError> {
        let first = |names: &[&'static str]| {
            let set = names.iter().filter_map(|name| Some((*name, variable(name)?.trim())));
            set.into_iter().find(|(_, value)| !value.is_empty())
        };
        let proxy = |names: &[&'static str]| first(names).map(|(name, value)| parse(name, value)).transpose();
        let all = ["all_proxy", "ALL_PROXY"];
        let except = first(&["no_proxy", "NO_PROXY"]).map_or("", |(_, value)| value);
        let except = except.split([',', ' ']).filter(|host| !host.is_empty()).map(|host| host.to_lowercase().into());
        Ok(Self {
            http: proxy(&["http_proxy", "HTTP_PROXY", all[0], all[1]])?,
            https: proxy(&["https_proxy", "HTTPS_PROXY", all[0], all[1]])?,
            except: except.collect(),
        })
    }

    /// True without any proxy.
    pub fn is_none(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }

    /// True if requests to this host (without brackets) use no proxy.
    pub fn excepts(&self, host: &str, port: u16) -> bool {
        self.except.iter().any(|rule| matches(rule, host.trim_end_matches('.'), port))
    }
}

fn parse(name: &'static str, value: &str) -> Result<Url, ProxyError> {
    // Without a scheme it is a host name, as in curl.
    let url = if value.contains("://") { Url::parse(value) } else { Url::parse(&format!("http://{value}")) };
    match url {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        Ok(url) if url.scheme().starts_with("socks") => {
            Err(ProxyError { name, why: "SOCKS proxies are not supported" })
        }
        _ => Err(ProxyError { name, why: "it is not a valid proxy address" }),
    }
}

/// True if an entry of `NO_PROXY` matches this host.
fn matches(rule: &str, host: &str, port: u16) -> bool {
    if rule == "*" {
        return true;
    }
    if let Some((range, bits)) = rule.split_once('/') {
        let of = |text: &str| text.trim_matches(['[', ']']).parse::<IpAddr>();
        return matches!((of(range), of(host), bits.parse()), (Ok(range), Ok(host), Ok(bits)) if within(host, range, bits));
    }
    // A colon before a port, not one in an IPv6 address without brackets.
    let (name, wanted) = match rule.rsplit_once(':') {
        Some((name, wanted)) if !name.contains(':') || name.ends_with(']') => (name, Some(wanted)),
        _ => (rule, None),
    };
    if wanted.is_some_and(|wanted| wanted.parse() != Ok(port)) {
        return false;
    }
    let name = name.trim_matches(['[', ']']).trim_start_matches('*').trim_matches('.');
    match (name.parse::<IpAddr>(), host.parse::<IpAddr>()) {
        (Ok(name), Ok(host)) => name == host,
        // Top-level domains of names are not numbers.
        (Err(_), Err(_)) => {
            let before = host.len().checked_sub(name.len()).filter(|_| !name.is_empty() && host.ends_with(name));
            before.is_some_and(|before| before == 0 || host.as_bytes()[before - 1] == b'.')
        }
        _ => false,
    }
}

/// True if the first `bits` bits are equal.
fn within(host: IpAddr, range: IpAddr, bits: u32) -> bool {
    let (host, range, width) = match (host, range) {
        (IpAddr::V4(host), IpAddr::V4(range)) => (u128::from(host.to_bits()), u128::from(range.to_bits()), 32),
        (IpAddr::V6(host), IpAddr::V6(range)) => (host.to_bits(), range.to_bits(), 128),
        _ => return false,
    };
    bits <= width && (host ^ range).checked_shr(width - bits).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &'static str)]) -> Result<Proxies, ProxyError> {
        Proxies::from_environment(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value))
    }

    #[test]
    fn environment_is_interpreted_like_curl() {
        let text = |url: &Option<Url>| url.as_ref().map_or(String::new(), ToString::to_string);
        for (variables, http, https) in [
            (&[][..], "", ""),
            (&[("HTTP_PROXY", "http://a:1")], "http://a:1/", ""),
            (&[("http_proxy", "b:2"), ("HTTP_PROXY", "a:1")], "http://b:2/", ""),
            (&[("https_proxy", ""), ("HTTPS_PROXY", "https://u:p@a")], "", "https://u:p@a/"),
            (&[("ALL_PROXY", "a:1"), ("https_proxy", "b:2")], "http://a:1/", "http://b:2/"),
        ] {
            let proxies = of(variables).expect("proxies");
            assert_eq!(
                (text(&proxies.http), text(&proxies.https)),
                (http.to_owned(), https.to_owned()),
                "{variables:?}"
            );
        }
        for (value, why) in
            [("socks5://a:1", "SOCKS"), ("http://", "not a valid proxy"), ("ftp://a", "not a valid proxy")]
        {
            let error = of(&[("ALL_PROXY", value)]).expect_err("no proxy");
            assert!(error.name == "ALL_PROXY" && error.why.contains(why), "{error:?}");
        }
    }

    #[test]
    fn exceptions_match_subdomains_addresses_and_ranges() {
        for (rules, host, port, excepted) in [
            ("*", "shop.test", 80, true),
            ("shop.test", "shop.test", 80, true),
            ("shop.test", "a.shop.test", 80, true),
            ("shop.test", "myshop.test", 80, false),
            (".shop.test, other", "shop.test", 80, true),
            ("*.shop.test", "a.shop.test", 80, true),
            ("Shop.Test:8080", "shop.test", 8080, true),
            ("shop.test:8080", "shop.test", 80, false),
            ("shop.test", "shop.test.", 80, true),
            ("10.0.0.0/8 192.0.2.1", "10.1.2.3", 80, true),
            ("10.0.0.0/8 192.0.2.1", "192.0.2.1", 80, true),
            ("10.0.0.0/8", "11.0.0.1", 80, false),
            ("0.0.0.0/0", "11.0.0.1", 80, true),
            ("0.0.0.1", "10.0.0.1", 80, false),
            ("::1", "::1", 80, true),
            ("[::1]:81", "::1", 81, true),
            ("fd00::/8", "fd12::1", 80, true),
            ("10.0.0.0/99", "10.0.0.1", 80, false),
            ("", "shop.test", 80, false),
        ] {
            let proxies = of(&[("NO_PROXY", rules)]).expect("none");
            assert_eq!(proxies.excepts(host, port), excepted, "{rules:?}: {host}:{port}");
        }
    }
}
