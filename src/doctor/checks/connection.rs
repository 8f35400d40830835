//! Describes connections, for all checks that open one.

use jiff::{SignedDuration, Timestamp};

use crate::doctor::line::Line;
use crate::doctor::reach::{Reached, Unreached};
use crate::protocol::net::address::host_and_port;
use crate::units;

/// A certificate that ends sooner causes a warning.
const RENEWAL: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Start of the reason where a response is not HTTP.
const NO_HTTP: &str = "malformed response";

/// Lines of a connection to `host`.
pub fn lines((host, port): (&str, u16), result: Result<Reached, Unreached>) -> Vec<Line> {
    let place = host_and_port(host, port);
    match result {
        Ok(reached) => reached_lines(&place, host, &reached),
        Err(why) => vec![unreached(&place, host, why)],
    }
}

fn reached_lines(place: &str, host: &str, reached: &Reached) -> Vec<Line> {
    let took = units::latency(reached.took);
    let address = match reached.addresses {
        _ if reached.peer.ip().to_string() == host => String::new(),
        1 => format!(" ({})", reached.peer.ip()),
        n => format!(" ({}, one of {n} addresses)", reached.peer.ip()),
    };
    let Some(tls) = &reached.tls else { return vec![Line::ok(format!("{place}{address}: connected in {took}"))] };
    let connected = Line::ok(format!("{place}{address}: {} in {took}", tls.version));
    let Some(end) = tls.not_after else { return vec![connected] };
    let left = end.duration_since(Timestamp::now());
    let words = format!("certificate of {host} {}", ends(end, left));
    let certificate = match left {
        left if left < RENEWAL => Line::warning(words, "Renew it before runs begin to fail."),
        _ => Line::ok(words),
    };
    vec![connected, certificate]
}

/// `ends 2026-12-05, in 8 days`
fn ends(end: Timestamp, left: SignedDuration) -> String {
    let date = end.strftime("%Y-%m-%d %H:%M UTC");
    let days = left.abs().as_hours() / 24;
    let days =
        if days == 0 { format!("{} h", left.abs().as_hours()) } else { units::counted(days.unsigned_abs(), "day") };
    if left.is_negative() { format!("ended {date}, {days} ago") } else { format!("ends {date}, in {days}") }
}

fn unreached(place: &str, host: &str, why: Unreached) -> Line {
    match why {
        Unreached::Name(why) => Line::error(
            format!("{host}: {why}"),
            "Check the spelling, and whether this network's name servers know it.",
        )
        .fatal(),
        Unreached::Expired(end) => {
            let ends = ends(end, end.duration_since(Timestamp::now()));
            Line::error(format!("{place}: the certificate {ends}"), "Renew it, and check this machine's clock.").fatal()
        }
        Unreached::Tls(why) => {
            // What the reason recommends is in the advice.
            let found = why.split(": set ").next().unwrap_or(&why);
            Line::error(format!("{place}: {found}"), tls_advice(&why)).fatal()
        }
        Unreached::Settings(why) => Line::error(why, "Correct the files that `tls` names.").fatal(),
        Unreached::Tcp(why) => {
            let advice = if why.contains("refused") {
                "Start the server, or correct host and port."
            } else {
                "Check network, firewall and VPN."
            };
            Line::error(format!("{place}: {why}"), advice)
        }
        Unreached::Handshake(why) => {
            Line::error(format!("{place}: {why} during the TLS handshake"), "Check whether this port speaks TLS.")
        }
        Unreached::TimedOut(step) => {
            Line::error(format!("{place}: timed out during {step}"), "Check network, firewall and VPN.")
        }
    }
}

/// What to do about a request without a response; `otherwise` if the reason does not say.
pub fn silent(why: &str, is_proxied: bool, otherwise: &'static str) -> &'static str {
    match why {
        why if why.starts_with("TLS failed") => tls_advice(why),
        _ if is_proxied => {
            "Check the proxy (HTTP_PROXY, HTTPS_PROXY and NO_PROXY, or `proxy` of the scenario), and the server behind it."
        }
        why if why.starts_with(NO_HTTP) => "Check the port: the server there does not speak HTTP.",
        _ => otherwise,
    }
}

fn tls_advice(why: &str) -> &'static str {
    match why {
        why if why.contains("unknown issuer") => "Trust its CA with tls: { ca: FILE }.",
        why if why.contains("host name") => "Use the name that the certificate is for, or renew it with this name.",
        why if why.contains("does not speak TLS") => "Use http:// for this port, or correct the port.",
        why if why.contains("client certificate") => {
            "Set tls: { cert, key } to the certificate that the server expects."
        }
        _ => "Correct the TLS settings of server or scenario.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::line::Level;
    use crate::doctor::reach::Tls;

    fn certificate(hours: i64) -> Line {
        let end = Timestamp::now() + SignedDuration::from_hours(hours);
        let reached = Reached {
            peer: ([127, 0, 0, 1], 443).into(),
            addresses: 2,
            took: std::time::Duration::from_millis(3),
            tls: Some(Tls { version: "TLS 1.3", not_after: Some(end) }),
        };
        let lines = lines(("h.test", 443), Ok(reached));
        assert_eq!(lines[0], Line::ok("h.test:443 (127.0.0.1, one of 2 addresses): TLS 1.3 in 3.0ms"));
        lines.into_iter().nth(1).expect("a line")
    }

    #[test]
    fn certificates_are_renewed_two_weeks_before_their_end() {
        assert_eq!(certificate(15 * 24).level, Level::Ok);
        let soon = certificate(8 * 24 + 1);
        assert!(soon.level == Level::Warning && soon.found.ends_with("in 8 days"), "{soon:?}");
        let today = certificate(5);
        assert!(today.found.ends_with("in 4 h") || today.found.ends_with("in 5 h"), "{today:?}");
    }

    #[test]
    fn only_names_and_tls_are_fatal() {
        let line = |why| lines(("h.test", 443), Err(why)).remove(0);
        for why in [Unreached::Name("x".into()), Unreached::Tls("x".into()), Unreached::Settings("x".into())] {
            let line = line(why);
            assert!(line.is_fatal && line.level == Level::Error, "{line:?}");
        }
        for why in [Unreached::Tcp("x".into()), Unreached::Handshake("x".into()), Unreached::TimedOut("x")] {
            let line = line(why);
            assert!(!line.is_fatal && line.level == Level::Error, "{line:?}");
        }
    }
}
