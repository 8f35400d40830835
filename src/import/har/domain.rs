//! Registrable domains: which hosts belong together.

/// The part of a host under which everything belongs to one owner: `example.co.uk` of `api.example.co.uk`. An address, and
/// a host without a domain, is whole.
pub fn registrable(host: &str) -> &str {
    let is_address = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
    if is_address { host } else { psl::domain_str(host).unwrap_or(host) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registrable_domains() {
        for (host, wanted) in [
            ("api.example.com", "example.com"),
            ("a.b.example.co.uk", "example.co.uk"),
            ("one.github.io", "one.github.io"),
            ("localhost", "localhost"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "[::1]"),
            ("api", "api"),
        ] {
            assert_eq!(registrable(host), wanted, "{host}");
        }
    }
}
