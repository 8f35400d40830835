//! Host and port as in a URL.

/// `host:port`, with brackets around an IPv6 address.
pub fn host_and_port(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// The host, without brackets, and the port; `default` if `authority` has none.
pub fn split_authority(authority: &str, default: u16) -> (&str, u16) {
    let (host, port) = match authority.rsplit_once(':') {
        // Without brackets, a colon can only precede the port.
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap_or(default)),
        _ => (authority, default),
    };
    (host.trim_start_matches('[').trim_end_matches(']'), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_are_split() {
        for (authority, host, port) in [
            ("shop.test", "shop.test", 80),
            ("shop.test:8080", "shop.test", 8080),
            ("127.0.0.1:1", "127.0.0.1", 1),
            ("[::1]", "::1", 80),
            ("[::1]:81", "::1", 81),
        ] {
            assert_eq!(split_authority(authority, 80), (host, port), "{authority}");
        }
    }
}
